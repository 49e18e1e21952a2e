package flow_test

import (
	"context"
	"testing"

	"fisherflow/flow"
	"fisherflow/manifold"
	"fisherflow/metrics"
	"fisherflow/ode"

	"github.com/stretchr/testify/require"
)

// Every claim has a flow for which it must fail.

// fault is a point with a deliberate fault.
type fault struct {
	flow.Point
	gradient func(dst []float64)
	raise    func(dst, covector []float64) error
}

func (f fault) Gradient(dst []float64) {
	f.Point.Gradient(dst)
	if f.gradient != nil {
		f.gradient(dst)
	}
}

func (f fault) Raise(dst, covector []float64) error {
	if err := f.Point.Raise(dst, covector); err != nil || f.raise == nil {
		return err
	}
	return f.raise(dst, covector)
}

func gammaPoint(t *testing.T, chart string) *flow.ChartPoint {
	t.Helper()
	loss, err := flow.KL(manifold.Gamma{}, []float64{4, 2})
	require.NoError(t, err)
	p, err := flow.InChart(manifold.Gamma{}, chart, loss, nil)
	require.NoError(t, err)
	return p
}

func gammaMeasure(t *testing.T, chart string) manifold.Metric {
	t.Helper()
	v, err := manifold.In(manifold.Gamma{}, chart)
	require.NoError(t, err)
	m, err := metrics.ForFisher(v)
	require.NoError(t, err)
	return m
}

func solveFault(t *testing.T, f fault, s flow.Settings) *flow.Result {
	t.Helper()
	r, err := flow.Solve(context.Background(), flow.New(f, gammaMeasure(t, "source")), []float64{1, .5}, 0, 1, &s)
	require.NoError(t, err)
	return r
}

func TestSoundFlowHolds(t *testing.T) {
	r := solveFault(t, fault{Point: gammaPoint(t, "source")}, flow.Settings{})
	require.True(t, r.Monotone.Holds(), r.Monotone.String())
	require.True(t, r.EnergyIdentity.Holds(), r.EnergyIdentity.String())
}

func TestSignErrorInMetricIsCaught(t *testing.T) {
	r := solveFault(t, fault{Point: gammaPoint(t, "source"), raise: func(dst, _ []float64) error {
		for i := range dst {
			dst[i] = -dst[i]
		}
		return nil
	}}, flow.Settings{})
	require.False(t, r.Monotone.Holds(), r.Monotone.String())
}

func TestWrongJacobianIsCaught(t *testing.T) {
	// The gradient of another chart: a factor is missing in one component.
	r := solveFault(t, fault{Point: gammaPoint(t, "source"), gradient: func(dst []float64) { dst[0] *= 1.01 }}, flow.Settings{})
	require.False(t, r.EnergyIdentity.Holds(), r.EnergyIdentity.String())
}

func TestRisingLossIsCaught(t *testing.T) {
	r := solveFault(t, fault{Point: gammaPoint(t, "source"), gradient: func(dst []float64) {
		for i := range dst {
			dst[i] = -dst[i]
		}
	}}, flow.Settings{})
	require.False(t, r.Monotone.Holds(), r.Monotone.String())
	require.False(t, r.EnergyIdentity.Holds(), r.EnergyIdentity.String())
}

func TestStepTooLargeIsCaught(t *testing.T) {
	// In the mean the flow is λ̇ = −(λ − 7): Euler with h > 2 overshoots more
	// and more.
	loss, err := flow.KL(manifold.Poisson{}, []float64{7})
	require.NoError(t, err)
	for _, c := range []struct {
		h     float64
		holds bool
	}{{0.5, true}, {2.5, false}} {
		f, err := flow.OnFamily(manifold.Poisson{}, "source", loss, nil)
		require.NoError(t, err)
		r, err := flow.Solve(context.Background(), f, []float64{6.9}, 0, 8*c.h, &flow.Settings{ODE: ode.Settings{Method: ode.Euler, Step: c.h}})
		require.NoError(t, err)
		require.Equal(t, c.holds, r.Monotone.Holds(), "h = %g: %s", c.h, r.Monotone)
	}
}

// TestEuclideanFlowIsNotTheClosedForm is the control of closed-form.
func TestEuclideanFlowIsNotTheClosedForm(t *testing.T) {
	loss, err := flow.KL(manifold.Gamma{}, []float64{4, 2})
	require.NoError(t, err)
	for _, c := range []struct {
		metric string
		holds  bool
	}{{"fisher", true}, {"euclidean", false}, {"diagonal", false}} {
		maker, ok := metrics.ByName(c.metric)
		require.True(t, ok)
		f, err := flow.OnFamily(manifold.Gamma{}, "log", loss, maker)
		require.NoError(t, err)
		r, err := flow.Solve(context.Background(), f, []float64{0, -0.7}, 0, 2, nil)
		require.NoError(t, err)
		check, err := r.ClosedForm(nil)
		require.NoError(t, err)
		require.Equal(t, c.holds, check.Holds(), "%s: %s", c.metric, check)
		require.True(t, r.Monotone.Holds(), "%s: %s", c.metric, r.Monotone)
	}
}

func TestUnresolvedAndUnfinishedAreCaught(t *testing.T) {
	loss, err := flow.KL(manifold.Gamma{}, []float64{4, 2})
	require.NoError(t, err)
	distance, _, err := flow.Intrinsic(manifold.Gamma{}, "source")
	require.NoError(t, err)
	f, err := flow.OnFamily(manifold.Gamma{}, "source", loss, nil)
	require.NoError(t, err)

	r, err := flow.Solve(context.Background(), f, []float64{1, .5}, 0, 3, nil)
	require.NoError(t, err)
	check, err := r.Resolved(context.Background(), distance)
	require.NoError(t, err)
	require.True(t, check.Holds(), check.String())
	require.False(t, r.Stationary(1e-8).Holds())

	// Euler with a step far from its asymptotic range.
	coarse, err := flow.Solve(context.Background(), f, []float64{1, .5}, 0, 6, &flow.Settings{ODE: ode.Settings{Method: ode.Euler, Step: 1.5}})
	require.NoError(t, err)
	check, err = coarse.Resolved(context.Background(), distance)
	require.NoError(t, err)
	require.False(t, check.Holds(), check.String())

	long, err := flow.Solve(context.Background(), f, []float64{1, .5}, 0, 60, &flow.Settings{Distance: 1e-9})
	require.NoError(t, err)
	require.LessOrEqual(t, long.DistanceLeft, 1e-9)
	stationary := long.Stationary(1e-9)
	require.True(t, stationary.Holds(), stationary.String())
	left, err := distance(long.Last(), []float64{4, 2})
	require.NoError(t, err)
	require.LessOrEqual(t, left, 1e-9*1.001)
}
