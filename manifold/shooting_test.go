package manifold_test

import (
	"math"
	"testing"

	"fisherflow/manifold"

	"github.com/stretchr/testify/require"
)

// TestShootingFindsClosedForms: distance, logarithm and midpoint where they
// are known, with an honest error.
func TestShootingFindsClosedForms(t *testing.T) {
	for _, c := range []struct {
		family manifold.Family
		p, q   []float64
	}{
		{manifold.Normal{}, []float64{0, 1}, []float64{1, 1}}, {manifold.Normal{}, []float64{0, 1}, []float64{5, .3}},
		{manifold.Normal{}, []float64{0, 1}, []float64{1e-6, 1}},
		{manifold.Categorical{K: 3}, []float64{.2, .5}, []float64{.6, .1}}, {manifold.Categorical{K: 4}, []float64{.1, .2, .3}, []float64{.4, .3, .2}},
		{manifold.Poisson{}, []float64{2}, []float64{9}}, {manifold.Bernoulli{}, []float64{.1}, []float64{.7}},
		{manifold.ExponentialRate{}, []float64{1}, []float64{40}},
		{manifold.Gumbel{}, []float64{0, 1}, []float64{2, 3}}, {manifold.Weibull{}, []float64{1, 1}, []float64{3, 2}},
		{manifold.Cauchy{}, []float64{0, 1}, []float64{2, 3}},
	} {
		s, err := manifold.NewShooting(c.family)
		require.NoError(t, err)
		want, err := c.family.(manifold.Distancer).Distance(c.p, c.q)
		require.NoError(t, err)
		d, accuracy, err := s.Distance(c.p, c.q)
		require.NoError(t, err)
		require.InDelta(t, want, d, 1e-10*math.Max(1, want), "%s %g to %g", c.family.Name(), c.p, c.q)
		require.Less(t, accuracy, 1e-10)
		require.LessOrEqual(t, math.Abs(d-want), accuracy+1e-13, c.family.Name())
		n := c.family.Dim()
		v, exact := make([]float64, n), make([]float64, n)
		_, err = s.Log(v, c.p, c.q)
		require.NoError(t, err)
		require.NoError(t, c.family.(manifold.Logarithm).Log(exact, c.p, c.q))
		require.InDeltaSlice(t, exact, v, 1e-9*math.Max(1, want), "%s", c.family.Name())
		_, err = s.Geodesic(v, c.p, c.q, 0.5)
		require.NoError(t, err)
		require.NoError(t, c.family.(manifold.Geodesic).Geodesic(exact, c.p, c.q, 0.5))
		require.InDeltaSlice(t, exact, v, 1e-9*math.Max(1, want), "%s", c.family.Name())
	}
}

// TestShootingMeetsBoundaries: the Poisson family ends at length 2√λ.
func TestShootingMeetsBoundaries(t *testing.T) {
	s, err := manifold.NewShooting(manifold.Poisson{})
	require.NoError(t, err)
	_, err = s.Geodesic(make([]float64, 1), []float64{4}, []float64{1}, 3)
	require.ErrorIs(t, err, manifold.ErrDomain)
	require.ErrorContains(t, err, "poisson: the geodesic has met the boundary at length 4")
}

// TestShootingOnTheGammaFamily: symmetry, the triangle inequality, isometry
// under a change of unit, additivity along the geodesic, and far points.
func TestShootingOnTheGammaFamily(t *testing.T) {
	s, err := manifold.NewShooting(manifold.Gamma{})
	require.NoError(t, err)
	distance := func(p, q []float64) float64 {
		d, accuracy, err := s.Distance(p, q)
		require.NoError(t, err)
		require.Less(t, accuracy, 1e-10*math.Max(1, d), "%g to %g", p, q)
		return d
	}
	points := [][]float64{{2, 1}, {.3, .1}, {1e3, 1e3}, {2, 100}}
	for _, p := range points {
		for _, q := range points {
			d := distance(p, q)
			require.InDelta(t, d, distance(q, p), 2e-10*math.Max(1, d), "%g, %g", p, q)
			require.InDelta(t, d, distance([]float64{p[0], 1e3 * p[1]}, []float64{q[0], 1e3 * q[1]}), 2e-10*math.Max(1, d), "%g, %g", p, q)
			require.LessOrEqual(t, d, distance(p, points[0])+distance(points[0], q)+1e-10)
			middle := make([]float64, 2)
			_, err := s.Geodesic(middle, p, q, 0.3)
			require.NoError(t, err)
			require.InDelta(t, 0.3*d, distance(p, middle), 1e-9*math.Max(1, d), "%g, %g", p, q)
		}
	}
}

func BenchmarkGammaDistance(b *testing.B) {
	s, err := manifold.NewShooting(manifold.Gamma{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for range b.N {
		if _, _, err := s.Distance([]float64{2, 1}, []float64{5, 3}); err != nil {
			b.Fatal(err)
		}
	}
}

// TestChainsOfGeodesics: far points, against closed forms; and where there is
// none by additivity, symmetry and an isometry.
func TestChainsOfGeodesics(t *testing.T) {
	for _, c := range []struct {
		family manifold.Family
		p, q   []float64
	}{
		{manifold.Normal{}, []float64{0, 1}, []float64{1e4, 1}}, {manifold.Normal{}, []float64{0, 1e-5}, []float64{1e3, 1}},
		{manifold.Normal{}, []float64{0, 1e-8}, []float64{1e3, 1e-3}},
		{manifold.Cauchy{}, []float64{0, 1}, []float64{1e3, 3}}, {manifold.Gumbel{}, []float64{0, 1}, []float64{-300, 0.1}},
	} {
		s, err := manifold.NewShooting(c.family)
		require.NoError(t, err)
		want, err := c.family.(manifold.Distancer).Distance(c.p, c.q)
		require.NoError(t, err)
		d, accuracy, err := s.Distance(c.p, c.q)
		require.NoError(t, err)
		require.LessOrEqual(t, accuracy, 1e-9)
		require.InDelta(t, want, d, accuracy, "%s %g to %g", c.family.Name(), c.p, c.q)
		n := c.family.Dim()
		v, exact := make([]float64, n), make([]float64, n)
		_, err = s.Log(v, c.p, c.q)
		require.NoError(t, err)
		require.NoError(t, c.family.(manifold.Logarithm).Log(exact, c.p, c.q))
		for i := range v {
			require.InDelta(t, exact[i], v[i], 1e-7*math.Hypot(exact[0], exact[1]), "%s", c.family.Name())
		}
		for _, at := range []float64{0.1, 0.7} {
			_, err = s.Geodesic(v, c.p, c.q, at)
			require.NoError(t, err)
			require.NoError(t, c.family.(manifold.Geodesic).Geodesic(exact, c.p, c.q, at))
			gap, err := c.family.(manifold.Distancer).Distance(v, exact)
			require.NoError(t, err)
			require.Less(t, gap, 1e-8, c.family.Name())
		}
	}
	s, err := manifold.NewShooting(manifold.Gamma{})
	require.NoError(t, err)
	middle := make([]float64, 2)
	for _, c := range [][2][]float64{{{1, 1}, {1e-6, 1}}} {
		p, q := c[0], c[1]
		d, accuracy, err := s.Distance(p, q)
		require.NoError(t, err)
		require.Less(t, accuracy, 1e-9)
		back, _, err := s.Distance(q, p)
		require.NoError(t, err)
		require.InDelta(t, d, back, 1e-9)
		scaled, _, err := s.Distance([]float64{p[0], 1e3 * p[1]}, []float64{q[0], 1e3 * q[1]})
		require.NoError(t, err)
		require.InDelta(t, d, scaled, 1e-9)
		_, err = s.Geodesic(middle, p, q, 0.3)
		require.NoError(t, err)
		first, _, err := s.Distance(p, middle)
		require.NoError(t, err)
		rest, _, err := s.Distance(middle, q)
		require.NoError(t, err)
		require.InDelta(t, 0.3*d, first, 1e-8)
		require.InDelta(t, d, first+rest, 1e-9)
	}
}
