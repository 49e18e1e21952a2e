package manifold_test

import (
	"math"
	"testing"

	"fisherflow/manifold"

	"github.com/stretchr/testify/require"
)

// TestGeodesicsByQuadrature: normals known by their log-density alone have the
// distance, logarithm and midpoint of normals, and the errors say how nearly.
func TestGeodesicsByQuadrature(t *testing.T) {
	f, err := manifold.NewDensity("mine", []manifold.Coordinate{{Name: "mu"}, {Name: "sigma", High: math.Inf(1)}},
		manifold.Support{Low: math.Inf(-1), High: math.Inf(1)}, func(x float64, theta []float64) float64 {
			z := (x - theta[0]) / theta[1]
			return -z*z/2 - math.Log(theta[1]) - 0.91893853320467274178
		})
	require.NoError(t, err)
	s, err := manifold.NewShooting(f)
	require.NoError(t, err)
	p, q := []float64{0, 1}, []float64{1, 1.5}
	got, want := make([]float64, 2), make([]float64, 2)
	d, distanceError, pointError, err := s.Midpoint(got, p, q)
	require.NoError(t, err)
	exact, err := manifold.Normal{}.Distance(p, q)
	require.NoError(t, err)
	require.InDelta(t, exact, d, distanceError)
	require.Less(t, distanceError, 1e-8)
	require.NoError(t, manifold.Normal{}.Geodesic(want, p, q, 0.5))
	gap, err := manifold.Normal{}.Distance(got, want)
	require.NoError(t, err)
	require.Less(t, gap, 1e-7)
	require.Less(t, pointError, 1e-7)
}

// TestGeodesicsOfMixtures: halves of a geodesic are half as long.
func TestGeodesicsOfMixtures(t *testing.T) {
	f, err := manifold.NewMixture(manifold.ExponentialRate{}, 2)
	require.NoError(t, err)
	s, err := manifold.NewShooting(f)
	require.NoError(t, err)
	p, q := []float64{.4, 1, 8}, []float64{.42, 1.05, 7.5}
	middle := make([]float64, 3)
	d, accuracy, _, err := s.Midpoint(middle, p, q)
	require.NoError(t, err)
	require.Less(t, accuracy, 1e-9)
	half, _, err := s.Distance(p, middle)
	require.NoError(t, err)
	require.InDelta(t, d/2, half, 1e-8)
}
