package manifold_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"fisherflow/manifold"

	"github.com/stretchr/testify/require"
)

// members are one or two ordinary members of each further exponential family.
var members = []member{
	{manifold.HalfNormal{}, []float64{2}},
	{manifold.Rayleigh{}, []float64{.7}},
	{manifold.MaxwellBoltzmann{}, []float64{3}},
	{manifold.Pareto{Xm: 1.5}, []float64{2.5}},
	{manifold.NormalKnownMean{Mean: .4}, []float64{2}},
	{manifold.NormalKnownVariance{SD: .7}, []float64{-1}},
	{manifold.ChiSquare{}, []float64{3}},
	{manifold.Binomial{N: 7}, []float64{.3}},
	{manifold.Geometric{}, []float64{.3}},
	{manifold.NegativeBinomial{R: 2.5}, []float64{.4}},
	{manifold.Lognormal{}, []float64{.5, .6}},
	{manifold.InverseGamma{}, []float64{5, .2}},
	{manifold.InverseGaussian{}, []float64{2, 3}},
	{manifold.Beta{}, []float64{.6, 3}},
	{manifold.Dirichlet{K: 4}, []float64{.6, 3, 2, 7}},
	{manifold.Multinomial{N: 6, K: 4}, []float64{.1, .2, .3}},
	{manifold.DiagonalNormal{}, []float64{.3, -.2, 1, .4}},
	{manifold.VonMises{}, []float64{.4, 2}},
	{manifold.VonMises{}, []float64{1, 80}},
	{manifold.VonMisesFisher{}, []float64{1, -.4, 2}},
	{manifold.VonMisesFisher{Dimension: 5}, []float64{1, -.4, 2, 0, 5}},
	{manifold.Gibbs{Levels: []float64{0, 1, 1.5, 3}}, []float64{.7}},
	{manifold.Ising{N: 3}, []float64{.3, -.2, .1, .5, -.4, .2}},
	{manifold.Wishart{}, []float64{3.5, 1.5, -.5, 1.2}},
	{manifold.Wishart{Dimension: 3}, []float64{5, 1, .4, .7, -.2, .1, 1.2}},
	{manifold.CentredNormal{Dimension: 3}, []float64{1, .4, .7, -.2, .1, 1.2}},
}

func TestSamplesOfMembers(t *testing.T) {
	for _, c := range members {
		requireSamples(t, c)
	}
}

func TestNoAllocationOfMembers(t *testing.T) {
	for _, c := range members {
		requireNoAllocation(t, c)
	}
}

// TestRoundTripsOfExtremes goes there and back in every chart from the members of
// the tables, to rounding times the condition of the way back.
func TestRoundTripsOfExtremes(t *testing.T) {
	for _, c := range extremes {
		for _, theta := range [][]float64{c.p, c.q} {
			points, err := manifold.InAllCharts(c.family, theta)
			require.NoError(t, err)
			for chart := range points {
				worst, condition := roundTrip(t, c.family, chart, theta)
				condition *= matrixCondition(c.family, theta)
				if !(worst <= math.Max(1e-12, 8*condition*0x1p-52)) {
					t.Errorf("%s, chart %s at %g: off by %.3g, condition %.3g", c.family.Name(), chart, theta, worst, condition)
				}
			}
		}
	}
}

// matrixCondition is the condition of a family's matrix parameter, 1 if there is
// none: what determinants and inverses lose beside that of single entries.
func matrixCondition(f manifold.Family, theta []float64) float64 {
	switch f.(type) {
	case manifold.CentredNormal:
		return covarianceCondition(append(make([]float64, 2), theta...), 2)
	case manifold.MultivariateNormal:
		return covarianceCondition(theta, 2)
	case manifold.Wishart:
		return covarianceCondition(append(make([]float64, 1), theta...), 2)
	}
	return 1
}

// TestDirichletExpectationsAtRandom inverts E[log x] for parameters from 1e-6 to
// 1e7, up to 19 of them, where Newton's method on all of them often fails.
func TestDirichletExpectationsAtRandom(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	for range 3000 {
		f := manifold.Dirichlet{K: 2 + rng.IntN(18)}
		alpha := make([]float64, f.K)
		for i := range alpha {
			alpha[i] = math.Exp(math.Log(1e-6) + rng.Float64()*math.Log(1e13))
		}
		requireRoundTrip(t, f, "expectation", alpha)
	}
}

// TestManyDimensions: charts, and divergences of close members against the
// structured metric, in dimension 50.
func TestManyDimensions(t *testing.T) {
	alpha, theta, p, sd := make([]float64, 50), make([]float64, 50), make([]float64, 49), make([]float64, 100)
	for i := range 50 {
		alpha[i] = math.Exp(math.Sin(float64(3 * i)))
		theta[i] = 2 * math.Cos(float64(i))
		sd[i], sd[50+i] = theta[i], alpha[i]
		if i < 49 {
			p[i] = alpha[i] / 80
		}
	}
	for _, c := range []member{
		{manifold.Dirichlet{K: 50}, alpha},
		{manifold.VonMisesFisher{Dimension: 50}, theta},
		{manifold.Multinomial{N: 9, K: 50}, p},
		{manifold.DiagonalNormal{Dimension: 50}, sd},
		{manifold.CentredNormal{Dimension: 50}, covariance(50)[50:]},
		{manifold.Wishart{Dimension: 50}, append([]float64{55}, covariance(50)[50:]...)},
	} {
		for _, chart := range manifold.AllCharts(c.family) {
			worst, condition := roundTrip(t, c.family, chart, c.theta)
			require.LessOrEqual(t, worst, 1e-12+8*condition*0x1p-52, "%s, chart %s", c.family.Name(), chart)
		}
		n := c.family.Dim()
		near, middle, delta, lowered := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
		for i, x := range c.theta {
			near[i] = x * (1 + 1e-8*math.Sin(float64(i)))
			delta[i] = near[i] - x
			middle[i] = x + delta[i]/2
		}
		// KL(p‖q) + KL(q‖p) is ΔᵀGΔ halfway, up to the fourth order.
		m := c.family.(manifold.StructuredFisher).FisherMetric()
		require.NoError(t, m.At(middle))
		require.NoError(t, m.Lower(lowered, delta))
		want := 0.0
		for i, x := range lowered {
			want += x * delta[i]
		}
		f := manifold.Own(c.family).(manifold.Diverger)
		a, err := f.KL(c.theta, near)
		require.NoError(t, err)
		b, err := f.KL(near, c.theta)
		require.NoError(t, err)
		require.InEpsilon(t, want, a+b, 1e-10, c.family.Name())
		require.NoError(t, m.Raise(lowered, lowered))
		for i := range delta {
			require.InDelta(t, delta[i], lowered[i], 1e-11*math.Abs(c.theta[i])+1e-18, "%s, raised component %d", c.family.Name(), i)
		}
	}
}
