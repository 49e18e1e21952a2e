package variational

import (
	"context"
	"testing"

	"fisherflow/variational/target"

	"github.com/stretchr/testify/require"
)

// What is wrong with a target is what its verdict says.
func TestVerdicts(t *testing.T) {
	square := func(wrong float64) target.Function {
		return target.Function{N: 2, F: func(grad, z []float64) float64 {
			if grad != nil {
				grad[0], grad[1] = -z[0], -(1+wrong)*z[1]-0.1*wrong
			}
			return -(z[0]*z[0] + z[1]*z[1]) / 2
		}}
	}
	flat := target.Function{N: 2, F: func(grad, z []float64) float64 {
		if grad != nil {
			grad[0], grad[1] = -z[0], 0
		}
		return -z[0] * z[0] / 2
	}}
	for _, c := range []struct {
		name               string
		t                  target.Target
		converged, trusted bool
		text               string
	}{
		{"right", square(0), true, true, "trust it"},
		{"wrong gradient", square(0.01), false, false, "NOT FITTED: the gradient of the log density is wrong"},
		{"improper", flat, false, false, "the ELBO has no maximum: q spreads without end in z2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := Solve(context.Background(), c.t, &Settings{Draws: 2000})
			require.NoError(t, err)
			require.Equal(t, c.converged, f.Verdict.Converged, f.Verdict.Text)
			require.Equal(t, c.trusted, f.Verdict.Trusted, f.Verdict.Text)
			require.Contains(t, f.Verdict.Text, c.text)
		})
	}
}

// Newton's method finds the mode in which q is not, and none where there is one.
func TestOtherMode(t *testing.T) {
	modes, err := target.NewShape("four-modes", 0)
	require.NoError(t, err)
	f, err := Solve(context.Background(), modes, &Settings{Mean: []float64{2, 0}, SD: []float64{0.2, 0.2}, Draws: 5000})
	require.NoError(t, err)
	require.NotNil(t, f.other, f.Verdict.Text)
	require.False(t, f.Verdict.Trusted, f.Verdict.Text)
	p, err := target.OpenPosterior("eight_schools-eight_schools_noncentered")
	require.NoError(t, err)
	f, err = Solve(context.Background(), p.Target, &Settings{Draws: 20000})
	require.NoError(t, err)
	require.Nil(t, f.other)
}
