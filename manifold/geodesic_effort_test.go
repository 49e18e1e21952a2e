package manifold_test

import (
	"context"
	"errors"
	"math"
	"testing"

	"fisherflow/manifold"

	"github.com/stretchr/testify/require"
)

// TestGeodesicNotFound: one line that says what, between which members and why;
// not that the family cannot do it.
func TestGeodesicNotFound(t *testing.T) {
	s, err := manifold.NewShooting(manifold.Beta{})
	require.NoError(t, err)
	s.Effort = 100
	_, _, err = s.Distance([]float64{1, 2}, []float64{30, 4})
	require.ErrorIs(t, err, manifold.ErrNotFound)
	require.NotErrorIs(t, err, errors.ErrUnsupported)
	require.EqualError(t, err, "beta: no geodesic from [1 2] to [30 4] was found: the limit on the work of one geodesic was reached; members between them are nearer and may be joined one by one")
	var g *manifold.GeodesicError
	require.ErrorAs(t, err, &g)
	require.Equal(t, []float64{30, 4}, g.To)
	// The limit is on one geodesic, not on all that a Shooting finds.
	s.Effort = 0
	_, _, err = s.Distance([]float64{1, 2}, []float64{30, 4})
	require.NoError(t, err)
}

// TestGeodesicEndsWithItsContext, whatever is asked for.
func TestGeodesicEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	p, q, dst := []float64{1, 2}, []float64{30, 4}, make([]float64, 2)
	s, err := manifold.NewShooting(manifold.Beta{})
	require.NoError(t, err)
	s.Context = ctx
	_, _, err = s.Distance(p, q)
	require.ErrorIs(t, err, context.Canceled)
	_, err = s.Log(dst, p, q)
	require.ErrorIs(t, err, context.Canceled)
	_, err = s.Geodesic(dst, p, q, 0.5)
	require.ErrorIs(t, err, context.Canceled)
	_, _, _, err = s.Midpoint(dst, p, q)
	require.ErrorIs(t, err, context.Canceled)
	_, err = s.Exp(dst, p, []float64{1, 1})
	require.ErrorIs(t, err, context.Canceled)
	_, err = s.Transport(dst, p, q, []float64{1, 1})
	require.ErrorIs(t, err, context.Canceled)
}

// TestMidpoint is Distance and Geodesic in one.
func TestMidpoint(t *testing.T) {
	s, err := manifold.NewShooting(manifold.Normal{})
	require.NoError(t, err)
	for _, far := range []float64{1, 1e4} { // shot, and by a chain
		p, q := []float64{0, 1}, []float64{far, 1}
		got, want := make([]float64, 2), make([]float64, 2)
		d, distanceError, pointError, err := s.Midpoint(got, p, q)
		require.NoError(t, err)
		exact, err := manifold.Normal{}.Distance(p, q)
		require.NoError(t, err)
		require.InDelta(t, exact, d, distanceError+1e-14)
		require.NoError(t, manifold.Normal{}.Geodesic(want, p, q, 0.5))
		gap, err := manifold.Normal{}.Distance(got, want)
		require.NoError(t, err)
		require.LessOrEqual(t, gap, pointError+1e-14)
		require.Less(t, pointError, 1e-8)
	}
}

// TestTransportAlongAChain goes over all of its pieces.
func TestTransportAlongAChain(t *testing.T) {
	s, err := manifold.NewShooting(manifold.Normal{})
	require.NoError(t, err)
	p, q, v := []float64{0, 1}, []float64{1e4, 2}, []float64{.3, -.7}
	got, want := make([]float64, 2), make([]float64, 2)
	require.NoError(t, manifold.Normal{}.Transport(want, p, q, v))
	accuracy, err := s.Transport(got, p, q, v)
	require.NoError(t, err)
	require.Less(t, accuracy, 1e-7)
	for i := range got {
		require.InDelta(t, want[i], got[i], math.Max(accuracy, 1e-8), "%d", i)
	}
}
