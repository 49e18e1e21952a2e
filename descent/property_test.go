package descent_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"fisherflow/flow"
	"fisherflow/manifold"
	"fisherflow/ode"

	"github.com/stretchr/testify/require"
)

// without lists the charts without boundary, from the one to be preferred.
var without = []string{"unconstrained", "log-scale", "log-cholesky", "log-location-scale", "log-mean-log-alpha", "log", "stick", "logit", "natural", "source"}

// member is a random member in the chart.
func member(view *manifold.View, rng *rand.Rand) []float64 {
	x, theta := make([]float64, view.Dim()), make([]float64, view.Dim())
	for {
		for i := range x {
			x[i] = 0.6 * rng.NormFloat64()
		}
		if view.Chart().ToSource(theta, x) == nil && view.Base().Check(theta) == nil {
			return x
		}
	}
}

// TestNeverRises: towards a KL target on every family from a random start, a
// discrete gradient never raises the loss, at any step; the classical
// Runge–Kutta method does at large ones.
func TestNeverRises(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 0))
	rises, tried := 0, 0
	for _, name := range manifold.Names() {
		family, err := manifold.New(name, nil)
		require.NoError(t, err, name)
		_, matrix := family.(manifold.ApproximateFisherer)
		if _, closed := family.(manifold.Diverger); matrix || !closed || name == "student-t" {
			continue // a quadrature for every matrix or loss
		}
		charts := family.(manifold.Charted).Charts()
		chart := without[slices.IndexFunc(without, func(c string) bool { return slices.Contains(charts, c) })]
		if name == "von-mises" || name == "von-mises-fisher" {
			// Polar coordinates end at the uniform member, where the loss is finite.
			chart = "natural"
		}
		view, err := manifold.In(family, chart)
		require.NoError(t, err)
		start, target := member(view, rng), make([]float64, view.Dim())
		require.NoError(t, view.Chart().ToSource(target, member(view, rng)))
		loss, err := flow.KL(family, target)
		if errors.Is(err, errors.ErrUnsupported) {
			t.Logf("%s: %v", name, err)
			continue
		}
		require.NoError(t, err, name)
		f, err := flow.OnFamily(family, chart, loss, nil)
		require.NoError(t, err, name)
		for _, h := range []float64{0.1, 1, 10, 100} {
			tried++
			s, err := march(t, "discrete-gradient", f, start, 3*h, 3)
			require.NoError(t, err, "%s in %s, h = %g", name, chart, h)
			require.True(t, s.Monotone.Holds(), "%s in %s, h = %g: %s", name, chart, h, s.Monotone.Detail)
			control, err := flow.Solve(context.Background(), f, start, 0, 3*h, &flow.Settings{ODE: ode.Settings{Method: ode.RK4, Step: h}, Detail: flow.Steps})
			if h >= 10 && (err != nil || !control.Monotone.Holds()) {
				rises++
			}
		}
	}
	t.Logf("%d runs; RK4 rose or left the domain in %d of the long ones", tried, rises)
	require.Greater(t, rises, tried/4)
}
