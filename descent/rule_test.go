package descent_test

import (
	"context"
	"strings"
	"testing"

	"fisherflow/descent"
	"fisherflow/flow"
	"fisherflow/manifold"
	"fisherflow/ode"

	"github.com/stretchr/testify/require"
)

func gammaFlow(t *testing.T, chart string) (f *flow.Flow, start []float64) {
	t.Helper()
	family := manifold.Gamma{}
	loss, err := flow.KL(family, []float64{4, 2})
	require.NoError(t, err)
	f, err = flow.OnFamily(family, chart, loss, nil)
	require.NoError(t, err)
	view, err := manifold.In(family, chart)
	require.NoError(t, err)
	start = make([]float64, 2)
	require.NoError(t, view.Chart().FromSource(start, []float64{1, .5}))
	return f, start
}

// TestExplicitRulesAreRungeKutta: the natural gradient is Euler's method for the
// flow, and its midpoint rule the explicit one, in every chart.
func TestExplicitRulesAreRungeKutta(t *testing.T) {
	for name, same := range map[string]ode.Method{"natural-gradient": ode.Euler, "natural-midpoint": ode.Midpoint} {
		rule, ok := descent.MethodByName(name)
		require.True(t, ok)
		for _, chart := range (manifold.Gamma{}).Charts() {
			f, start := gammaFlow(t, chart)
			got, err := flow.Solve(context.Background(), f, start, 0, 1, &flow.Settings{ODE: ode.Settings{Method: rule, Step: 0.05}, Detail: flow.Off})
			require.NoError(t, err)
			want, err := flow.Solve(context.Background(), f, start, 0, 1, &flow.Settings{ODE: ode.Settings{Method: same, Step: 0.05}, Detail: flow.Off})
			require.NoError(t, err)
			require.Equal(t, want.Len(), got.Len())
			require.InDeltaSlice(t, want.Last(), got.Last(), 1e-13, "%s in %s", name, chart)
		}
	}
}

// TestStepsDoNotAllocate leaves out geodesics, which package manifold allocates
// for, and the exponential of a matrix.
func TestStepsDoNotAllocate(t *testing.T) {
	for _, facts := range descent.All() {
		if strings.HasPrefix(facts.Name, "geodesic-") || strings.HasPrefix(facts.Name, "exponential-") {
			continue
		}
		f, start := gammaFlow(t, "log")
		rule := facts.New()
		require.NoError(t, rule.Init(f.Point().Clone()))
		dst := make([]float64, 2)
		require.Zero(t, testing.AllocsPerRun(100, func() {
			if err := rule.Step(dst, start, 0.01); err != nil {
				panic(err)
			}
		}), facts.Name)
	}
}

// TestRulesWantAFlow: a rule needs a loss and a metric, which a plain field has not.
func TestRulesWantAFlow(t *testing.T) {
	m, _ := descent.MethodByName("natural-gradient")
	field := ode.FieldFunc(func(dst []float64, _ float64, y []float64) error { dst[0] = -y[0]; return nil })
	_, err := ode.Solve(context.Background(), field, []float64{1}, 0, 1, &ode.Settings{Method: m, Step: 0.1})
	require.ErrorContains(t, err, "gradient flows only")
}
