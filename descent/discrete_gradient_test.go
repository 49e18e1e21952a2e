package descent_test

import (
	"context"
	"math"
	"testing"

	"fisherflow/descent"
	"fisherflow/flow"
	"fisherflow/manifold"
	"fisherflow/ode"

	"github.com/stretchr/testify/require"
)

// A gammaFit is the likelihood of a gamma sample with mean 1 and mean log
// ψ(20) − ln 20, that is KL(p*‖p) with shape and rate 20, from shape and rate 1 in
// logarithmic coordinates.
func gammaFit(t *testing.T) *flow.Flow {
	t.Helper()
	loss, err := flow.KL(manifold.Gamma{}, []float64{20, 20})
	require.NoError(t, err)
	f, err := flow.OnFamily(manifold.Gamma{}, "log", loss, nil)
	require.NoError(t, err)
	return f
}

func march(t *testing.T, name string, f *flow.Flow, start []float64, end float64, steps int) (*flow.Result, error) {
	t.Helper()
	m, ok := descent.MethodByName(name)
	require.True(t, ok, name)
	return flow.Solve(context.Background(), f, start, 0, end, &flow.Settings{ODE: ode.Settings{Method: m, Step: end / float64(steps)}, Detail: flow.Steps})
}

// TestMonotoneAtAnyStep has the published losses after ten steps. That of
// itoh-abe-fisher at h = 5 was published as 2.62e-7; scipy's brentq in place of
// ours gives 2.0286e-7 as well.
func TestMonotoneAtAnyStep(t *testing.T) {
	f := gammaFit(t)
	for _, c := range []struct {
		name         string
		h, want, tol float64
	}{
		{"discrete-gradient", 2, 0, 1e-15}, {"discrete-gradient", 5, 2.68e-9, 1e-11}, {"discrete-gradient", 20, .0152, 5e-5}, {"discrete-gradient", 100, .439, 5e-4},
		{"discrete-gradient-avf", 20, .0151, 5e-5}, {"discrete-gradient-avf", 100, .437, 5e-4},
		{"itoh-abe-fisher", 5, 2.0286e-7, 1e-11}, {"itoh-abe-fisher", 20, .0468, 5e-5}, {"itoh-abe-fisher", 100, .629, 5e-4},
	} {
		s, err := march(t, c.name, f, []float64{0, 0}, 10*c.h, 10)
		require.NoError(t, err, "%s, h = %g", c.name, c.h)
		check := s.Monotone
		require.True(t, check.Holds(), "%s, h = %g: %s", c.name, c.h, check.Detail)
		p := f.Point().Clone()
		require.NoError(t, p.At(s.Last()))
		require.InDelta(t, c.want, p.Value(), c.tol, "%s, h = %g", c.name, c.h)
	}
}

// TestOrdersOfDiscreteGradients has the published errors at t = 2 and fits orders.
func TestOrdersOfDiscreteGradients(t *testing.T) {
	f := gammaFit(t)
	exact, err := flow.Solve(context.Background(), f, []float64{0, 0}, 0, 2, &flow.Settings{ODE: ode.Settings{RTol: 1e-13, ATol: 1e-15}, Detail: flow.Off})
	require.NoError(t, err)
	for _, c := range []struct {
		name               string
		coarse, fine, rate float64
	}{
		{"discrete-gradient", 3.169e-4, 4.953e-6, 2}, {"discrete-gradient-avf", 3.212e-4, 5.021e-6, 2},
		{"itoh-abe", 0, 0, .91}, {"itoh-abe-fisher", 0, 0, 1.01}, {"natural-gradient", 0, 0, 1}, {"natural-midpoint", 0, 0, 2.01},
	} {
		var gaps []float64
		for _, n := range []int{10, 20, 40, 80} {
			s, err := march(t, c.name, f, []float64{0, 0}, 2, n)
			require.NoError(t, err)
			gaps = append(gaps, math.Hypot(s.Last()[0]-exact.Last()[0], s.Last()[1]-exact.Last()[1]))
		}
		t.Log(c.name, gaps, math.Log2(gaps[2]/gaps[3]))
		require.InDelta(t, c.rate, math.Log2(gaps[2]/gaps[3]), 0.03, c.name)
		if c.coarse > 0 {
			require.InDelta(t, c.coarse, gaps[0], 1e-7, c.name)
			require.InDelta(t, c.fine, gaps[3], 1e-9, c.name)
		}
	}
}
