package manifold_test

import (
	"math"
	"testing"

	"fisherflow/manifold"

	"github.com/stretchr/testify/require"
)

// TestExpInvertsLog: where geodesics are closed, along them; elsewhere from the
// logarithm found by shooting.
func TestExpInvertsLog(t *testing.T) {
	for _, c := range []struct {
		family manifold.Family
		p, q   []float64
	}{
		{manifold.Normal{}, []float64{0, 1}, []float64{3, .5}},
		{manifold.Cauchy{}, []float64{0, 1}, []float64{2, .5}},
		{manifold.Gamma{}, []float64{1, 1}, []float64{4, .5}},
		{manifold.Dirichlet{K: 3}, []float64{1, .5, 2}, []float64{4, 2, 1}},
		{manifold.MultivariateNormal{}, []float64{0, 0, 1, 0, 1}, []float64{1, -1, 2, .8, 1}},
		{manifold.Categorical{K: 3}, []float64{.2, .3}, []float64{.4, .1}},
	} {
		s, err := manifold.NewShooting(c.family)
		require.NoError(t, err)
		n := c.family.Dim()
		v, got := make([]float64, n), make([]float64, n)
		if l, ok := c.family.(manifold.Logarithm); ok {
			require.NoError(t, l.Log(v, c.p, c.q))
		} else {
			_, err := s.Log(v, c.p, c.q)
			require.NoError(t, err)
		}
		lost, err := s.Exp(got, c.p, v)
		require.NoError(t, err)
		require.Less(t, lost, 1e-8, c.family.Name())
		for i := range got {
			require.InDelta(t, c.q[i], got[i], 1e-8, c.family.Name())
		}
		clear(v)
		_, err = s.Exp(got, c.p, v)
		require.NoError(t, err)
		require.Equal(t, c.p, got)
	}
}

// TestExpMeetsTheBoundary: a Poisson family is a half-line of which λ = 0 is the end.
func TestExpMeetsTheBoundary(t *testing.T) {
	s, err := manifold.NewShooting(manifold.Poisson{})
	require.NoError(t, err)
	got := make([]float64, 1)
	// Lengths are differences of 2√λ: from 4 the boundary is 4 away.
	_, err = s.Exp(got, []float64{4}, []float64{-3 * 2})
	require.NoError(t, err)
	require.InDelta(t, math.Pow(1./2, 2), got[0], 1e-9)
	_, err = s.Exp(got, []float64{4}, []float64{-5 * 2})
	require.ErrorIs(t, err, manifold.ErrDomain)
	require.ErrorContains(t, err, "boundary at length")
}
