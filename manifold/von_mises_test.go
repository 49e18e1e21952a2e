package manifold_test

import (
	"testing"

	"fisherflow/manifold"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// TestUniformOnTheCircle is no member of the polar family, which says where it is:
// with G = ½I and curvature 0 in natural, G = 2I in expectation coordinates.
func TestUniformOnTheCircle(t *testing.T) {
	zero := []float64{0, 0}
	for chart, want := range map[string]float64{"natural": .5, "expectation": 2} {
		polar, err := manifold.In(manifold.VonMises{}, chart)
		require.NoError(t, err)
		err = polar.Check(zero)
		require.ErrorIs(t, err, manifold.ErrDomain)
		require.ErrorContains(t, err, "von-mises-fisher with dim=2")
		v, err := manifold.In(manifold.VonMisesFisher{Dimension: 2}, chart)
		require.NoError(t, err)
		g := mat.NewSymDense(2, nil)
		require.NoError(t, v.Fisher(g, zero))
		require.Equal(t, []float64{want, 0, 0, want}, mat.DenseCopyOf(g).RawMatrix().Data)
		gamma, accuracy, err := manifold.Christoffel(v, zero)
		require.NoError(t, err)
		require.Zero(t, accuracy)
		require.Equal(t, manifold.Tensor{{{0, 0}, {0, 0}}, {{0, 0}, {0, 0}}}, gamma)
	}
	k, err := manifold.VonMisesFisher{Dimension: 2}.Curvature(zero)
	require.NoError(t, err)
	require.Zero(t, k)
}
