package metrics

import (
	"errors"
	"testing"

	"fisherflow/manifold"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The Bures metric raises (c, S) to (c, 2(SC + CS)), is undone by Lower, and is
// one tensor in all charts.
func TestWasserstein(t *testing.T) {
	theta := []float64{1, -2, 2, 0.3, 0.5}
	// dL = c·dm + tr(S dC) with c = (1, 2) and S = [[0.5, −1], [−1, 3]].
	covector := []float64{1, 2, 0.5, -2, 3}
	// SC = [[0.7, −0.35], [−1.1, 1.2]].
	want := []float64{1, 2, 2.8, 2 * (-0.35 - 1.1), 4.8}
	family := manifold.MultivariateNormal{}
	for _, chart := range family.Charts() {
		v, err := manifold.In(family, chart)
		require.NoError(t, err)
		m, err := ForWasserstein(v)
		require.NoError(t, err)
		x, c, got, back := make([]float64, 5), make([]float64, 5), make([]float64, 5), make([]float64, 5)
		require.NoError(t, v.Chart().FromSource(x, theta))
		v.Chart().Pull(c, x, theta, covector)
		require.NoError(t, m.At(x))
		require.NoError(t, m.Raise(got, c))
		require.NoError(t, m.Lower(back, got))
		assert.InDeltaSlice(t, c, back, 1e-13, chart)
		v.Chart().Push(back, x, theta, got)
		assert.InDeltaSlice(t, want, back, 1e-13, chart)
	}
	v, err := manifold.In(manifold.DiagonalNormal{}, "source")
	require.NoError(t, err)
	m, err := ForWasserstein(v)
	require.NoError(t, err)
	got := make([]float64, 4)
	require.NoError(t, errors.Join(m.At([]float64{0, 0, 2, 3}), m.Raise(got, []float64{1, 2, 3, 4})))
	assert.Equal(t, []float64{1, 2, 3, 4}, got)
	v, err = manifold.In(manifold.Gamma{}, "source")
	require.NoError(t, err)
	_, err = ForWasserstein(v)
	require.ErrorIs(t, err, errors.ErrUnsupported)
}
