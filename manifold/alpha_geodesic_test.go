package manifold_test

import (
	"testing"

	"fisherflow/manifold"

	"github.com/stretchr/testify/require"
)

// TestAlphaGeodesicsAreTheKnownOnes: the Fisher–Rao geodesic of closed families,
// and straight lines in natural and in expectation coordinates, from a chart in
// which none of them is straight.
func TestAlphaGeodesicsAreTheKnownOnes(t *testing.T) {
	for _, c := range []struct {
		family manifold.Family
		chart  string
		p, q   []float64
	}{
		{manifold.Normal{}, "softplus", []float64{.3, 1.4}, []float64{1.1, .6}},
		{manifold.Categorical{K: 4}, "stick", []float64{.1, .4, .2}, []float64{.3, .2, .4}},
		{manifold.MultivariateNormal{}, "log-cholesky", []float64{.3, -.2, 1, .4, .7}, []float64{0, .4, 1.5, -.3, .9}},
	} {
		v, err := manifold.In(c.family, c.chart)
		require.NoError(t, err)
		n := v.Dim()
		from, want, velocity := make([]float64, n), make([]float64, n), make([]float64, n)
		require.NoError(t, v.Chart().FromSource(from, c.p))
		check := func(alpha float64, source, half []float64) {
			v.Chart().PushInverse(velocity, from, c.p, source)
			points, err := manifold.AlphaGeodesic(v, alpha, from, velocity, []float64{.5})
			require.NoError(t, err)
			require.NoError(t, v.Chart().FromSource(want, half))
			require.InDeltaSlice(t, want, points[0], 1e-9, "%s, α = %g", c.family.Name(), alpha)
		}
		source, half := make([]float64, n), make([]float64, n)
		require.NoError(t, c.family.(manifold.Logarithm).Log(source, c.p, c.q))
		require.NoError(t, c.family.(manifold.Geodesic).Geodesic(half, c.p, c.q, .5))
		check(0, source, half)
		for _, dual := range []struct {
			name     string
			alpha    float64
			geodesic func(f manifold.Exponential, dst, p, q []float64, s float64) error
		}{{"natural", 1, manifold.ExponentialGeodesic}, {"expectation", -1, manifold.MixtureGeodesic}} {
			chart, _ := c.family.(manifold.Charted).Chart(dual.name)
			a, b := make([]float64, n), make([]float64, n)
			require.NoError(t, chart.FromSource(a, c.p))
			require.NoError(t, chart.FromSource(b, c.q))
			for i := range b {
				b[i] -= a[i]
			}
			chart.Push(source, a, c.p, b)
			require.NoError(t, dual.geodesic(c.family.(manifold.Exponential), half, c.p, c.q, .5))
			check(dual.alpha, source, half)
		}
	}
}

// TestAlphaGeodesicMeetsTheBoundary: λ = 1 lies at distance 2 from λ = 0.
func TestAlphaGeodesicMeetsTheBoundary(t *testing.T) {
	v, err := manifold.In(manifold.Poisson{}, "source")
	require.NoError(t, err)
	points, err := manifold.AlphaGeodesic(v, 0, []float64{1}, []float64{-1}, []float64{1, 1.5, 3})
	require.ErrorIs(t, err, manifold.ErrDomain)
	require.ErrorContains(t, err, "length 2")
	require.Len(t, points, 2)
	require.InDelta(t, .25, points[0][0], 1e-10)
}
