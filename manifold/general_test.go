package manifold_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"fisherflow/manifold"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// requireRelative compares to a relative tolerance.
func requireRelative(t *testing.T, want, got, tol float64, format string, args ...any) {
	t.Helper()
	require.LessOrEqualf(t, math.Abs(got-want), tol*math.Abs(want), format, args...)
}

// TestDivergencesOfCloseAndDistantPoints: points a relative 1e-8 apart, and far
// apart, at scales from 1e-9 to 1e9.
//
// mpmath, mp.dps = 50, arguments mpf(float(…)), p = (a, b), q = (c, d):
// Cauchy log(((b+d)**2+(a-c)**2)/(4*b*d)); Laplace
// log(d/b)+abs(a-c)/d+b/d*exp(-abs(a-c)/b)-1; Gumbel
// log(d/b)+euler*(b/d-1)+exp((c-a)/d)*gamma(1+b/d)-1+(a-c)/d; Weibull
// log(a/c)+c*log(d/b)-(1-c/a)*euler+(b/d)**c*gamma(1+c/a)-1; logistic and
// Student's t quad(lambda x: exp(l(x,p))*(expm1(l(x,q)-l(x,p))-l(x,q)+l(x,p)), breaks)
// with l(x,a,b) = -z-2*log1p(exp(-z))-log(b), z = abs(x-a)/b, and
// l(x,a,b,v) = loggamma((v+1)/2)-loggamma(v/2)-log(v*pi)/2-(v+1)/2*log1p(((x-a)/b)**2/v)-log(b).
func TestDivergencesOfCloseAndDistantPoints(t *testing.T) {
	for _, c := range []struct {
		family manifold.Family
		p, q   []float64
		want   float64
	}{
		{manifold.Cauchy{}, []float64{0, 1}, []float64{1e-8, 1.00000001}, 4.9999999196126463251e-17},
		{manifold.Cauchy{}, []float64{1, 2}, []float64{1.00000001, 2}, 6.2499999240316130748e-18},
		{manifold.Cauchy{}, []float64{-1e6, 1e-9}, []float64{-1e6, 1.00000001e-9}, 2.4999998938757969036e-17},
		{manifold.Cauchy{}, []float64{3, 1e9}, []float64{2e9, 1e8}, 2.5668705853361676585},
		{manifold.Cauchy{}, []float64{0, 1}, []float64{3, 0.5}, 1.7272209480904838291},
		{manifold.Cauchy{}, []float64{1, 1}, []float64{2, 1e3}, 5.5234609165309114999},
		{manifold.Laplace{}, []float64{0, 1}, []float64{1e-8, 1.00000001}, 9.9999998058919603291e-17},
		{manifold.Laplace{}, []float64{1, 2}, []float64{1.00000001, 2}, 1.2499999827229893261e-17},
		{manifold.Laplace{}, []float64{-1e6, 1e-9}, []float64{-1e6, 1.00000001e-9}, 4.9999997710849282644e-17},
		{manifold.Laplace{}, []float64{3, 1e9}, []float64{2e9, 1e8}, 18.050767713432139738},
		{manifold.Laplace{}, []float64{0, 1}, []float64{3, 0.5}, 4.4064269561757825765},
		{manifold.Laplace{}, []float64{1, 1}, []float64{2, 1e3}, 5.9091231584233084944},
		{manifold.Gumbel{}, []float64{0, 1}, []float64{1e-8, 1.00000001}, 9.8905597322165873827e-17},
		{manifold.Gumbel{}, []float64{1, 2}, []float64{1.00000001, 2}, 1.2499999868896559168e-17},
		{manifold.Gumbel{}, []float64{-1e6, 1e-9}, []float64{-1e6, 1.00000001e-9}, 9.118402851182696363e-17},
		{manifold.Gumbel{}, []float64{3, 1e9}, []float64{2e9, 1e9}, 4.3890560797634819637},
		{manifold.Gumbel{}, []float64{0, 1}, []float64{1.5, 0.5}, 36.055142330716923033},
		{manifold.Gumbel{}, []float64{1, 1}, []float64{2, 1e3}, 6.3305405258810843079},
		{manifold.Weibull{}, []float64{1, 1}, []float64{1.00000001, 1}, 9.1184031682550938937e-17},
		{manifold.Weibull{}, []float64{2, 3}, []float64{2, 3.00000003}, 1.9999999423567839146e-16},
		{manifold.Weibull{}, []float64{1e-6, 1e9}, []float64{1.00000001e-6, 1.00000001e9}, 9.1183991174042294368e-17},
		{manifold.Weibull{}, []float64{1e9, 1e-9}, []float64{1.00000001e9, 1e-9}, 9.1184032790887558635e-17},
		{manifold.Weibull{}, []float64{1e6, 2}, []float64{1e6, 2.00000001}, 0.000012479192468411779737},
		{manifold.Weibull{}, []float64{0.5, 2}, []float64{1, 3}, 0.6228669257830852665},
		{manifold.Logistic{}, []float64{0, 1}, []float64{1e-8, 1.00000001}, 8.8164466786755582923e-17},
		{manifold.Logistic{}, []float64{-1e6, 1e-9}, []float64{-1e6, 1.00000001e-9}, 7.1497798919059641186e-17},
		{manifold.Logistic{}, []float64{0, 1}, []float64{2, 0.5}, 1.9980054691562601005},
		{manifold.Logistic{}, []float64{0, 1}, []float64{0, 1000}, 6.2940504625685875796},
		{manifold.NewStudentT(3), []float64{0, 1}, []float64{1e-8, 1.00000001}, 8.3333331725586261817e-17},
		{manifold.NewStudentT(0.5), []float64{0, 1}, []float64{0, 1.00000001}, 1.4285713977873127885e-17},
		{manifold.NewStudentT(1e9), []float64{0, 1e-9}, []float64{1e-17, 1e-9}, 4.9999999900000001226e-17},
		{manifold.NewStudentT(3), []float64{0, 1}, []float64{2, 0.5}, 2.1850211466000161264},
		{manifold.NewStudentT(30), []float64{0, 1}, []float64{0, 100}, 4.0799525384032229864},
		{manifold.StudentTFree{}, []float64{0, 1, 3}, []float64{1e-8, 1.00000001, 3.00000003}, 6.594349736392553475e-17},
		{manifold.StudentTFree{}, []float64{0, 1, 100}, []float64{0, 1, 100.000001}, 1.6869172227651553816e-20},
		{manifold.StudentTFree{}, []float64{0, 1, 1}, []float64{0, 1, 2}, 0.11309651408933828272},
	} {
		got, err := c.family.(manifold.Diverger).KL(c.p, c.q)
		require.NoError(t, err)
		requireRelative(t, c.want, got, 1e-10, "%s %g to %g: %.17g, should be %.17g", c.family.Name(), c.p, c.q, got, c.want)
		if a, ok := c.family.(manifold.ApproximateDiverger); ok {
			_, accuracy, err := a.ApproximateKL(c.p, c.q)
			require.NoError(t, err)
			require.LessOrEqual(t, accuracy, 1e-10*c.want)
			require.LessOrEqual(t, math.Abs(got-c.want), accuracy+1e-12*c.want)
		}
	}
}

// mpmath, mp.dps = 60, v = mpf(float(…)), z = mpf(float(1.7)):
// (psi(1,v/2)-psi(1,(v+1)/2))/4-(v+5)/(2*v*(v+1)*(v+3)),
// (v+1)/2*(psi(0,(v+1)/2)-psi(0,v/2))+log(beta(v/2,mpf(1)/2))+log(v)/2 and
// loggamma((v+1)/2)-loggamma(v/2)-log(v*pi)/2-(v+1)/2*log1p(z*z/v).
func TestStudentAtExtremes(t *testing.T) {
	f := manifold.StudentTFree{}
	g := mat.NewSymDense(3, nil)
	for _, c := range []struct{ nu, information float64 }{
		{0.1, 91.854873655162150904}, {0.5, 2.6162433290898284412}, {1, 0.44746703342411321824}, {1.999, 0.060959416175707264606},
		{2, 0.060866299909220115097}, {3, 0.016911477868557662681}, {10, 0.00025038694211667180321}, {19.9, 0.000018704986376869025209},
		{20, 0.000018349046426502711966}, {100, 3.3738345280847353227e-8}, {1e4, 3.498700394881036339e-16}, {1e9, 3.4999999870000000395e-36},
	} {
		require.NoError(t, f.Fisher(g, []float64{0, 1, c.nu}))
		requireRelative(t, c.information, g.At(2, 2), 2e-14, "ν = %g: G_νν = %.17g, should be %.17g", c.nu, g.At(2, 2), c.information)
	}
	for _, c := range []struct{ nu, entropy, logDensity float64 }{
		{0.1, 12.228957898730014585, -3.7787429055864344067}, {1, 2.531024246969290793, -2.5031390434797550601},
		{3, 1.7734775718632909481, -2.3501762676142809522}, {100, 1.4289633653182438347, -2.3601971467241930836},
		{1e4, 1.4190385357045060626, -2.3638992500489670414}, {1e9, 1.418938534204672742, -2.3639385328116476682},
	} {
		h, err := f.Entropy([]float64{0, 1, c.nu})
		require.NoError(t, err)
		requireRelative(t, c.entropy, h, 1e-14, "entropy at ν = %g: %.17g", c.nu, h)
		requireRelative(t, c.logDensity, f.LogDensity([]float64{1.7}, []float64{0, 1, c.nu}), 1e-14, "log-density at ν = %g", c.nu)
		requireRelative(t, c.logDensity, manifold.NewStudentT(c.nu).LogDensity([]float64{1.7}, []float64{0, 1}), 1e-14, "log-density at ν = %g", c.nu)
	}
}

// TestNegativeBinomialAtExtremes: the information on r.
//
// mpmath, mp.dps = 70, q = mu/(r+mu): q/r*(hyp3f2(1,1,1,2,r+1,q)-1).
func TestNegativeBinomialAtExtremes(t *testing.T) {
	f := manifold.NegativeBinomialFree{}
	g := mat.NewSymDense(2, nil)
	for _, c := range []struct{ mu, r, information float64 }{
		{1, 1, 0.082240526465012505903}, {1e-9, 1, 2.4999999961111114273e-19}, {1e9, 1, 0.64493404612496060864},
		{1, 1e-6, 12815417.124242781121}, {1e9, 1e-6, 33538179.938294649874}, {1e-6, 1e-6, 193146.94033370793525},
		{1, 1e9, 4.9999999850000000367e-37}, {1e9, 1e9, 1.249999999583333333e-19}, {1e3, 7.9, 0.0082054663410924414058},
		{1e3, 8.1, 0.0077944868257177671135}, {8.9, 1, 0.39814475572917895016}, {9.1, 1, 0.40126178873221655565},
		{1e6, 0.3, 8.7690750179086158039}, {1e15, 3, 0.061600733514892603139},
	} {
		xi := []float64{c.mu, c.r}
		theta := make([]float64, 2)
		chart, _ := f.Chart("mean-r")
		require.NoError(t, chart.ToSource(theta, xi))
		require.True(t, f.FisherIn(g, "mean-r", xi, theta))
		requireRelative(t, c.information, g.At(1, 1), 1e-13, "μ = %g, r = %g: %.17g, should be %.17g", c.mu, c.r, g.At(1, 1), c.information)
		xi[0], xi[1] = math.Log(c.mu), -math.Log(c.r)
		require.True(t, f.FisherIn(g, "log-mean-log-alpha", xi, theta))
		requireRelative(t, c.r*c.r*c.information, g.At(1, 1), 1e-13, "log chart at μ = %g, r = %g", c.mu, c.r)
	}
}

// TestNegativeBinomialSums: entropy and divergence, with sums of a few terms
// and of many.
//
// mpmath, mp.dps = 40, l(x,r,p) = loggamma(r+x)-loggamma(r)-loggamma(x+1)+r*log(p)+x*log(1-p):
// sums of -exp(l)*l and exp(l)*(expm1(d)-d), d = l(x,*q)-l(x,*p), over all x
// that count.
func TestNegativeBinomialSums(t *testing.T) {
	f := manifold.NegativeBinomialFree{}
	for _, c := range []struct {
		p, q        []float64
		entropy, kl float64
	}{
		{[]float64{2.5, 0.4}, []float64{2.50000002, 0.4}, 2.3647952306962869901, 5.3106630768078456444e-17},
		{[]float64{2.5, 0.4}, []float64{2.5, 0.400000004}, 2.3647952306962869901, 2.0833333265105542726e-16},
		{[]float64{1e-6, 0.5}, []float64{1.00000001e-6, 0.5}, 0.000011135369910877684867, 3.4657347037075035151e-23},
		{[]float64{1e9, 0.99999999}, []float64{1.00000001e9, 0.99999999}, 2.5614099476685615448, 4.9999999917904633175e-16},
		{[]float64{1e4, 0.5}, []float64{10000.0001, 0.5}, 6.3706448077016481434, 2.5000624500536395808e-13},
		{[]float64{0.3, 1e-3}, []float64{0.3, 1.00000001e-3}, 6.0410130203224477322, 1.5015014795021038153e-17},
		{[]float64{2.5, 0.4}, []float64{1, 0.3}, 2.3647952306962869901, 0.17670861339989527723},
	} {
		h, accuracy, err := f.ApproximateEntropy(c.p)
		require.NoError(t, err)
		requireRelative(t, c.entropy, h, 1e-12, "entropy at %g: %.17g, should be %.17g", c.p, h, c.entropy)
		require.LessOrEqual(t, math.Abs(h-c.entropy), accuracy+1e-13*c.entropy)
		kl, _, err := f.ApproximateKL(c.p, c.q)
		require.NoError(t, err)
		requireRelative(t, c.kl, kl, 1e-10, "%g to %g: %.17g, should be %.17g", c.p, c.q, kl, c.kl)
	}
}

// TestLongSums: in strides, where the density is nearly normal, and from the
// end of the support on. To leading order the entropy is that of a normal of
// variance rq/p² and the divergence half the square of a small step.
func TestLongSums(t *testing.T) {
	f := manifold.NegativeBinomialFree{}
	p, q := []float64{1e9, 0.5}, []float64{1.00000001e9, 0.5}
	h, err := f.Entropy(p)
	require.NoError(t, err)
	require.InDelta(t, math.Log(2*math.Pi*math.E*2e9)/2, h, 1e-9)
	g := mat.NewSymDense(2, nil)
	require.NoError(t, f.Fisher(g, p))
	kl, err := f.KL(p, q)
	require.NoError(t, err)
	requireRelative(t, 50*g.At(0, 0), kl, 3e-8, "%g", kl)
	for _, theta := range [][]float64{{1e-6, 1e-15}, {0.5, 1e-12}, {2, 1e-9}} {
		h, accuracy, err := f.ApproximateEntropy(theta)
		require.NoError(t, err)
		require.Less(t, accuracy, 1e-10*math.Max(1, h), "%g", theta)
	}
	_, err = f.Entropy([]float64{1e9, 1e-9})
	require.ErrorIs(t, err, errors.ErrUnsupported)
	mixture, err := manifold.NewMixture(manifold.Poisson{}, 2)
	require.NoError(t, err)
	h, err = mixture.Entropy([]float64{.5, 1e6, 1e9})
	require.NoError(t, err)
	one, err := manifold.Poisson{}.Entropy([]float64{1e6})
	require.NoError(t, err)
	other, err := manifold.Poisson{}.Entropy([]float64{1e9})
	require.NoError(t, err)
	// Two that do not overlap: the mean entropy and that of the choice.
	require.InDelta(t, (one+other)/2+math.Ln2, h, 1e-5)
}

// TestHalfPlanesAtExtremes: distances are the same after x ↦ c + kx, geodesics
// meet their ends, and the logarithm has the distance for its length, at scales
// from 1e-9 to 1e9.
func TestHalfPlanesAtExtremes(t *testing.T) {
	g := mat.NewSymDense(2, nil)
	for _, f := range []manifold.Family{
		manifold.Normal{}, manifold.Cauchy{}, manifold.Gumbel{}, manifold.Laplace{}, manifold.Logistic{}, manifold.NewStudentT(0.1), manifold.NewStudentT(1e9),
	} {
		for _, scale := range []float64{1e-9, 1, 1e9} {
			for _, d := range [][2]float64{{1e-8, 1 + 1e-8}, {0, 2}, {3, 0.01}, {1e4, 1e4}, {1e9, 1e9}} {
				p, q := []float64{0, scale}, []float64{d[0] * scale, d[1] * scale}
				r, err := f.(manifold.Distancer).Distance(p, q)
				require.NoError(t, err)
				unscaled, err := f.(manifold.Distancer).Distance([]float64{0, 1}, d[:])
				require.NoError(t, err)
				requireRelative(t, unscaled, r, 1e-7*math.Min(1, 1e-7/r)+1e-12, "%s, scale %g to %g", f.Name(), scale, d)
				end := make([]float64, 2)
				require.NoError(t, f.(manifold.Geodesic).Geodesic(end, p, q, 1))
				left, err := f.(manifold.Distancer).Distance(end, q)
				require.NoError(t, err)
				require.Less(t, left, 1e-7, "%s, scale %g to %g", f.Name(), scale, d)
				require.NoError(t, f.(manifold.Logarithm).Log(end, p, q))
				require.NoError(t, f.(manifold.Fisherer).Fisher(g, p))
				v := mat.NewVecDense(2, end)
				requireRelative(t, r, math.Sqrt(mat.Inner(v, g, v)), 1e-9, "%s, scale %g to %g", f.Name(), scale, d)
			}
		}
	}
}

// TestRoundTripsOfGeneralFamilies at random points is that of the others, at
// the far ends of their domains.
func TestRoundTripsOfGeneralFamilies(t *testing.T) {
	plane := [][]float64{{0, 1e-9}, {1e6, 1}, {-1e3, 1e9}}
	for _, c := range []struct {
		family manifold.Family
		points [][]float64
	}{
		{manifold.Cauchy{}, plane}, {manifold.Gumbel{}, plane}, {manifold.NewStudentT(2), plane},
		{manifold.Weibull{}, [][]float64{{1e-6, 1e9}, {1e9, 1e-9}, {1, 1}}},
		{manifold.NegativeBinomialFree{}, [][]float64{{1e-6, 0.5}, {1e9, 0.5}, {2, 1e-12}, {1e-6, 1e-15}, {3, 1 - 1e-9}}},
		{manifold.Mixture{}, [][]float64{{1e-12, -1, 1, 1e-9, 1e9}, {1 - 1e-12, 0, 0, 1, 1}}},
		{manifold.Mixture{Component: manifold.Gamma{}, K: 3}, [][]float64{{.1, .2, 1e-6, 1, 1e9, 1e-9, 1, 1e9}}},
	} {
		for _, chart := range manifold.AllCharts(c.family) {
			for _, theta := range c.points {
				requireRoundTrip(t, c.family, chart, theta)
			}
		}
	}
}

func TestGeneralFamiliesDoNotAllocate(t *testing.T) {
	poisson, err := manifold.NewMixture(manifold.Poisson{}, 2)
	require.NoError(t, err)
	for _, c := range []struct {
		family manifold.Family
		theta  []float64
	}{
		{manifold.Cauchy{}, []float64{0, 1}}, {manifold.Gumbel{}, []float64{0, 1}}, {manifold.Laplace{}, []float64{0, 1}},
		{manifold.Logistic{}, []float64{0, 1}}, {manifold.NewStudentT(3), []float64{0, 1}}, {manifold.StudentTFree{}, []float64{0, 1, 4}},
		{manifold.Weibull{}, []float64{2, 3}}, {manifold.NegativeBinomialFree{}, []float64{2, .3}},
		{manifold.Mixture{}, []float64{.3, 0, 1, 1, 2}}, {poisson, []float64{.3, 1, 6}},
		{product(t, manifold.Normal{}, manifold.Weibull{}, manifold.Categorical{K: 3}), []float64{0, 1, 2, 3, .2, .3}},
	} {
		for _, name := range manifold.AllCharts(c.family) {
			v, err := manifold.In(c.family, name)
			require.NoError(t, err)
			n := v.Dim()
			xi, dst := make([]float64, n), make([]float64, n)
			require.NoError(t, v.Chart().FromSource(xi, c.theta))
			x := make([]float64, v.ObservationDim())
			require.NoError(t, v.Sample(x, xi, rand.New(rand.NewPCG(1, 1))))
			g := mat.NewSymDense(n, nil)
			step := func() {
				must(v.Fisher(g, xi))
				must(v.Score(dst, x, xi))
				v.LogDensity(x, xi)
				_, err := v.KL(xi, xi)
				must(err)
				_, err = v.Entropy(xi)
				must(err)
				v.Chart().Push(dst, xi, c.theta, c.theta)
				v.Chart().PullInverse(dst, xi, c.theta, c.theta)
			}
			step()
			require.Zero(t, testing.AllocsPerRun(2, step), "%s, %s", c.family.Name(), name)
			if m, ok := v.StructuredMetric(); ok {
				require.Zero(t, testing.AllocsPerRun(2, func() {
					must(m.At(xi))
					must(m.Raise(dst, dst))
					must(m.Lower(dst, dst))
				}), "%s, %s", c.family.Name(), name)
			}
		}
	}
}

// TestSamplesOfGeneralFamilies: the mean score over many draws is zero within
// five standard errors √(G_ii/n), and its variance the Fisher matrix; the same
// seed draws the same numbers.
func TestSamplesOfGeneralFamilies(t *testing.T) {
	const n = 20000
	for _, c := range []struct {
		family manifold.Family
		theta  []float64
	}{
		{manifold.Cauchy{}, []float64{-1, 2}}, {manifold.Gumbel{}, []float64{-1, 2}}, {manifold.Laplace{}, []float64{-1, 2}},
		{manifold.Logistic{}, []float64{-1, 2}}, {manifold.NewStudentT(.7), []float64{-1, 2}}, {manifold.StudentTFree{}, []float64{-1, 2, 5}},
		{manifold.Weibull{}, []float64{.6, 3}}, {manifold.NegativeBinomialFree{}, []float64{2, .3}},
		{manifold.Mixture{K: 3}, []float64{.3, .2, 0, 1, 4, 1, 2, .5}}, {product(t, manifold.Normal{}, manifold.Gamma{}), []float64{0, 1, 2, 3}},
	} {
		f := manifold.Own(c.family)
		dim := f.Dim()
		x, y, s := make([]float64, f.(manifold.Observed).ObservationDim()), make([]float64, f.(manifold.Observed).ObservationDim()), make([]float64, dim)
		mean, square := make([]float64, dim), make([]float64, dim)
		rng, again := rand.New(rand.NewPCG(7, 1)), rand.New(rand.NewPCG(7, 1))
		for range n {
			require.NoError(t, f.(manifold.Sampler).Sample(x, c.theta, rng))
			require.NoError(t, f.(manifold.Sampler).Sample(y, c.theta, again))
			require.Equal(t, x, y)
			require.NoError(t, f.(manifold.Observed).CheckObservation(x))
			require.NoError(t, f.(manifold.Scorer).Score(s, x, c.theta))
			for i, v := range s {
				mean[i] += v / n
				square[i] += v * v / n
			}
		}
		g := mat.NewSymDense(dim, nil)
		require.NoError(t, f.(manifold.Fisherer).Fisher(g, c.theta))
		for i := range dim {
			require.InDelta(t, 0, mean[i], 5*math.Sqrt(g.At(i, i)/n), "%s, s_%d", f.Name(), i+1)
			require.InEpsilon(t, g.At(i, i), square[i], 0.15, "%s, Var s_%d", f.Name(), i+1)
		}
		require.ErrorIs(t, f.(manifold.Sampler).Sample(x, make([]float64, dim), rng), manifold.ErrDomain)
	}
}

func TestGeneralFamiliesByName(t *testing.T) {
	for _, c := range []struct {
		name    string
		options manifold.Options
		chart   string
		names   []string
	}{
		{"student-t", manifold.Options{"nu": 3}, "softplus", []string{"mu", "softplus_inv_sigma"}},
		{"student-t", nil, "source", []string{"mu", "sigma", "nu"}},
		{"negative-binomial", nil, "log-mean-log-alpha", []string{"log_mu", "log_alpha"}},
		{"weibull", nil, "log-location-scale", []string{"m", "b"}},
		{"normal-mixture", nil, "source", []string{"w", "mu1", "mu2", "s1", "s2"}},
		{"normal-mixture", nil, "unconstrained", []string{"logit_w", "mu1", "mu2", "log_s1", "log_s2"}},
		{"normal-mixture", manifold.Options{"k": 3}, "source", []string{"w1", "w2", "mu1", "mu2", "mu3", "s1", "s2", "s3"}},
		{"mixture", manifold.Options{"of": "gamma"}, "source", []string{"w", "shape1", "shape2", "rate1", "rate2"}},
		{"mixture", manifold.Options{"of": "student-t nu=3"}, "unconstrained", []string{"logit_w", "mu1", "mu2", "log_sigma1", "log_sigma2"}},
		{"product", manifold.Options{"of": []any{"normal", "gamma"}}, "source", []string{"1.mu", "1.sigma", "2.shape", "2.rate"}},
		{"product", manifold.Options{"of": "normal,gamma"}, "natural", []string{"1.theta1", "1.theta2", "2.theta1", "2.theta2"}},
		{"product", manifold.Options{"of": []string{"normal", "gamma"}}, "unconstrained", []string{"1.mu", "1.log_sigma", "2.log_shape", "2.log_rate"}},
	} {
		f, err := manifold.New(c.name, c.options)
		require.NoError(t, err)
		require.Equal(t, c.name, f.Name())
		v, err := manifold.In(f, c.chart)
		require.NoError(t, err)
		require.Equal(t, c.names, v.Chart().Coordinates())
	}
	for _, c := range []struct {
		name    string
		options manifold.Options
		want    string
	}{
		{"student-t", manifold.Options{"nu": -1}, "student-t: option nu = -1 must be a positive number"},
		{"student-t", manifold.Options{"nu": "three"}, "must be a positive number"},
		{"student-t", manifold.Options{"df": 3}, `"df"`},
		{"normal-mixture", manifold.Options{"k": 1}, "at least 2"},
		{"mixture", manifold.Options{"of": "normal,gamma"}, "of one"},
		{"mixture", manifold.Options{"of": "multivariate-normal"}, "has no density of single numbers"},
		{"product", manifold.Options{"of": []any{"norml"}}, `no family is called "norml"`},
		{"product", manifold.Options{"of": 3}, "must be a list of families"},
		{"product", manifold.Options{"of": []any{3.0}}, "where a family's name belongs"},
		{"product", manifold.Options{"of": []any{}}, "no factors"},
		{"cauchy", manifold.Options{"nu": 3}, `"nu"`},
	} {
		_, err := manifold.New(c.name, c.options)
		require.ErrorContains(t, err, c.want)
		require.NotContains(t, err.Error(), "\n")
	}
}

func TestDomainErrorsOfGeneralFamilies(t *testing.T) {
	for _, c := range []struct {
		family manifold.Family
		theta  []float64
		want   string
	}{
		{manifold.Cauchy{}, []float64{0, -1}, "cauchy: sigma = -1 must be positive"},
		{manifold.StudentTFree{}, []float64{0, 1, 0}, "student-t: nu = 0 must be positive"},
		{manifold.Weibull{}, []float64{math.NaN(), 1}, "weibull: shape = NaN must be finite"},
		{manifold.NegativeBinomialFree{}, []float64{1, 1}, "negative-binomial: p = 1 must lie between 0 and 1"},
		{manifold.Mixture{}, []float64{1.5, 0, 0, 1, 1}, "normal-mixture: w = 1.5 must lie between 0 and 1"},
		{manifold.Mixture{K: 3}, []float64{.5, .6, 0, 0, 0, 1, 1, 1}, "w3"},
		{manifold.Mixture{}, []float64{.5, 0, 0, 1, -1}, "normal-mixture: s2 = -1 must be positive"},
		{product(t, manifold.Normal{}, manifold.Gamma{}), []float64{0, 1, -1, 1}, "product: 2.shape = -1 must be positive"},
	} {
		err := c.family.Check(c.theta)
		require.ErrorIs(t, err, manifold.ErrDomain)
		require.ErrorContains(t, err, c.want)
	}
	require.Panics(t, func() { manifold.NewStudentT(0) })
}
