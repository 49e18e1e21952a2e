package target_test

import (
	"math"
	"testing"

	"fisherflow/variational/target"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// Reference: the models written again with scipy.stats densities, as
// norm(X@b, s).logpdf(y).sum() + cauchy(0, 2.5).logpdf(s) + log(s), the time
// series as plain loops, Lotka–Volterra by solve_ivp(DOP853, rtol=1e-13).
func TestPosteriorsAgainstScipy(t *testing.T) {
	cases := []struct {
		name string
		z    []float64
		want float64
	}{
		{"kidiq-kidscore_momiq", []float64{25.8, 0.60997, 2.9051}, -1878.7624131692035},
		{"kidiq-kidscore_interaction", []float64{-11.482, 51.268, 0.96889, -0.48427, 2.8888}, -1870.6886041440264},
		{"earnings-logearn_height", []float64{5.7785, 0.058817, -0.11224}, -1555.701570328656},
		{"mesquite-logmesquite", []float64{5.3515, 0.39378, 1.1512, 0.37323, 0.39432, 0.1093, -0.58343, -1.0861}, -11.979801073199107},
		{"kilpisjarvi_mod-kilpisjarvi", []float64{-61.033, 0.017664, 0.11911}, -96.75691149480939},
		{"nes1980-nes", []float64{1.6766, 0.60392, -1.2845, -0.14626, -0.38373, 0.023899, 0.095503, 0.028504, 0.22816, 0.60307}, -1411.3283660485724},
		{"sblrc-blr", []float64{0.99965, 0.99872, 0.99818, 0.99884, 0.99859, 0.038974}, -161.64498437895108},
		{"nes_logit_data-nes_logit_model", []float64{-1.4063, 0.32708}, -778.4583247722492},
		{"GLM_Poisson_Data-GLM_Poisson_model", []float64{4.2846, 1.2462, 0.069337, -0.2296}, -138.50534875832653},
		{"eight_schools-eight_schools_noncentered", []float64{0.28334, 0.08712, -0.07871, 0.053819, -0.15443, -0.069564, 0.32823, 0.065735, 4.4779, 0.8494}, -42.27118087869321},
		{"arma-arma11", []float64{0.0068229, 0.95687, -0.033703, -1.7936}, 66.98647807652246},
		{"garch-garch11", []float64{5.0509, 0.31675, 0.28712, 0.86357}, -450.5078531104972},
		{"low_dim_gauss_mix-low_dim_gauss_mix", []float64{-2.7331, 1.7232, 0.027868, 0.02236, 0.49598}, -2104.381281223918},
		{"gp_pois_regr-gp_pois_regr", []float64{1.7, 1.0, -0.49999999999999994, -0.35999999999999993, -0.21999999999999997, -0.0799999999999999, 0.06000000000000005, 0.2, 0.34000000000000014, 0.4800000000000001, 0.6200000000000001, 0.76, 0.8999999999999999}, -991.6779528209058},
		{"hudson_lynx_hare-lotka_volterra", []float64{-0.6033064765601557, -3.586322865788844, -0.2231435513142097, -3.7255434384855275, 3.526360524616161, 1.7749523509116738, -1.3862943611198906, -1.3823023398503531}, -134.05367565578558},
	}
	require.Len(t, cases, len(target.PosteriorNames()))
	for _, c := range cases {
		p, err := target.OpenPosterior(c.name)
		require.NoError(t, err)
		value, err := p.Target.LogDensity(nil, c.z)
		require.NoError(t, err)
		assert.InEpsilon(t, c.want, value, tolerance(c.name), c.name)
		worst, err := target.CheckGradient(p.Target, c.z)
		require.NoError(t, err)
		assert.Less(t, worst, 1e-6, c.name)
		g := make([]float64, len(c.z))
		assert.Zero(t, testing.AllocsPerRun(3, func() { _, _ = p.Target.LogDensity(g, c.z) }), c.name)
		// The parameters have the names of the reference, in its order.
		named := p.Target.(target.Named)
		for i, m := range p.Reference {
			assert.Equal(t, m.Name, named.Names()[i], c.name)
		}
		if len(p.Reference) > 0 {
			assert.Len(t, named.Names(), len(p.Reference))
		}
	}
	_, err := target.OpenPosterior("kidiq")
	var unknown *target.NameError
	assert.ErrorAs(t, err, &unknown)
}

// tolerance is that of the log density; the Runge–Kutta method's own error and
// the near-singular kernel allow less than the rest.
func tolerance(name string) float64 {
	switch name {
	case "hudson_lynx_hare-lotka_volterra", "gp_pois_regr-gp_pois_regr":
		return 1e-9
	}
	return 1e-12
}

// TestOptimaOfClosedForms: at the fixed point of C⁻¹ = −E∇²log p, E∇log p = 0
// the lower bound and q are those of an independent solution (numpy, closed
// forms, Newton's method), full rank and mean-field.
func TestOptimaOfClosedForms(t *testing.T) {
	for _, c := range []struct {
		name       string
		full, mean float64
	}{
		{"kidiq-kidscore_momiq", -1882.358997, -1884.268370},
		{"kidiq-kidscore_interaction", -1873.514021, -1879.081064},
		{"earnings-logearn_height", -1565.487044, -1568.345364},
		{"mesquite-logmesquite", -20.615158, -24.435705},
		{"kilpisjarvi_mod-kilpisjarvi", -103.243563, -108.577731},
		{"nes1980-nes", -1425.179207, -1432.071036},
		{"sblrc-blr", -195.688414, -196.675995},
		{"eight_schools-eight_schools_noncentered", -32.227155, -32.290448},
	} {
		p, err := target.OpenPosterior(c.name)
		require.NoError(t, err)
		e := p.Target.(target.NormalExpectation)
		d := e.Dim()
		start := func() (mean []float64, cov *mat.SymDense) {
			mean, cov = make([]float64, d), mat.NewSymDense(d, nil)
			if l, ok := e.(target.LinearGaussian); ok {
				n, rss, estimate, _ := l.Sufficient()
				copy(mean, estimate)
				mean[d-1] = math.Log(rss/float64(n)) / 2
			}
			for i := range d {
				cov.SetSym(i, i, 1e-3)
			}
			return mean, cov
		}
		g, h := make([]float64, d), mat.NewSymDense(d, nil)
		entropy := float64(d) / 2 * (1 + math.Log(2*math.Pi))

		mean, cov := start()
		var value float64
		for range 300 {
			_, err := e.ExpectNormal(g, h, mean, cov)
			require.NoError(t, err)
			// Half steps in the precision keep it positive definite here.
			var factor mat.Cholesky
			var precision mat.SymDense
			require.True(t, factor.Factorize(cov))
			require.NoError(t, ignoreCondition(factor.InverseTo(&precision)))
			for i := range d {
				for j := i; j < d; j++ {
					precision.SetSym(i, j, 0.5*precision.At(i, j)-0.5*h.At(i, j))
				}
			}
			require.True(t, factor.Factorize(&precision), c.name)
			require.NoError(t, ignoreCondition(factor.InverseTo(cov)))
			step := mat.NewVecDense(d, nil)
			step.MulVec(cov, mat.NewVecDense(d, g))
			for i := range mean {
				mean[i] += 0.5 * step.AtVec(i)
			}
		}
		value, _ = e.ExpectNormal(g, h, mean, cov)
		var factor mat.Cholesky
		factor.Factorize(cov)
		assert.InDelta(t, c.full, value+entropy+factor.LogDet()/2, 2e-6, "%s full rank", c.name)

		mean, cov = start()
		variance, curvature := make([]float64, d), make([]float64, d)
		for i := range variance {
			variance[i] = cov.At(i, i)
		}
		for range 300 {
			_, err := e.ExpectDiagonal(g, curvature, mean, variance)
			require.NoError(t, err)
			for i, w := range curvature {
				variance[i] = 1 / (0.5/variance[i] - 0.5*w)
			}
			// Newton's step for the mean takes the full second derivative.
			for i := range d {
				cov.SetSym(i, i, variance[i])
				for j := range i {
					cov.SetSym(i, j, 0)
				}
			}
			_, _ = e.ExpectNormal(g, h, mean, cov)
			h.ScaleSym(-1, h)
			step := mat.NewVecDense(d, nil)
			if factor.Factorize(h) {
				require.NoError(t, ignoreCondition(factor.SolveVecTo(step, mat.NewVecDense(d, g))))
			} else {
				step.MulVec(cov, mat.NewVecDense(d, g))
			}
			for i := range mean {
				mean[i] += 0.5 * step.AtVec(i)
			}
		}
		value, _ = e.ExpectDiagonal(g, curvature, mean, variance)
		for _, v := range variance {
			value += math.Log(v) / 2
		}
		assert.InDelta(t, c.mean, value+entropy, 2e-6, "%s mean-field", c.name)
	}
}

func ignoreCondition(err error) error {
	if _, ok := err.(mat.Condition); ok {
		return nil
	}
	return err
}
