package manifold_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"fisherflow/manifold"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// TestSamples: the mean of the sufficient statistic over many draws is its
// expectation, within five standard errors √(Var T_i/n), and its variance the
// Fisher matrix of the natural chart; the same seed draws the same numbers.
func TestSamples(t *testing.T) {
	for _, c := range []member{
		{manifold.Normal{}, []float64{-1, 2}}, {manifold.Gamma{}, []float64{.6, 3}}, {manifold.Gamma{}, []float64{5, .2}},
		{manifold.ExponentialRate{}, []float64{3}}, {manifold.Poisson{}, []float64{4}}, {manifold.Bernoulli{}, []float64{.3}},
		{manifold.Categorical{K: 4}, []float64{.1, .2, .3}}, {manifold.MultivariateNormal{}, []float64{1, -1, 2, .8, 1}},
	} {
		requireSamples(t, c)
	}
	for _, f := range []manifold.Sampler{manifold.Normal{}, manifold.Gamma{}} {
		require.ErrorIs(t, f.Sample(make([]float64, 1), []float64{1, -1}, rand.New(rand.NewPCG(1, 1))), manifold.ErrDomain)
	}
}

// A member is one member of a family, in source coordinates.
type member struct {
	family manifold.Family
	theta  []float64
}

func requireSamples(t *testing.T, c member) {
	t.Helper()
	const n = 40000
	family := manifold.Own(c.family).(manifold.Exponential)
	dim := c.family.Dim()
	x, statistic := make([]float64, c.family.(manifold.Observed).ObservationDim()), make([]float64, dim)
	mean, square := make([]float64, dim), make([]float64, dim)
	rng, again := rand.New(rand.NewPCG(7, 1)), rand.New(rand.NewPCG(7, 1))
	y := make([]float64, len(x))
	for range n {
		require.NoError(t, family.(manifold.Sampler).Sample(x, c.theta, rng))
		require.NoError(t, family.(manifold.Sampler).Sample(y, c.theta, again))
		require.Equal(t, x, y)
		require.NoError(t, family.(manifold.Observed).CheckObservation(x))
		family.Sufficient(statistic, x)
		for i, s := range statistic {
			mean[i] += s / n
			square[i] += s * s / n
		}
	}
	natural, err := manifold.In(c.family, "natural")
	require.NoError(t, err)
	nat := make([]float64, dim)
	require.NoError(t, natural.Chart().FromSource(nat, c.theta))
	variance := mat.NewSymDense(dim, nil)
	require.NoError(t, natural.Fisher(variance, nat))
	expectation, _ := family.Chart("expectation")
	eta := make([]float64, dim)
	require.NoError(t, expectation.FromSource(eta, c.theta))
	for i := range dim {
		v := variance.At(i, i)
		require.InDelta(t, eta[i], mean[i], 5*math.Sqrt(v/n), "%s, T_%d", c.family.Name(), i+1)
		require.InEpsilon(t, v, square[i]-mean[i]*mean[i], 0.1, "%s, Var T_%d", c.family.Name(), i+1)
	}
}
