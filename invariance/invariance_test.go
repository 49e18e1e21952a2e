package invariance

import (
	"context"
	"fmt"
	"math"
	"testing"

	"fisherflow/flow"
	"fisherflow/manifold"
	"fisherflow/metrics"
	"fisherflow/ode"

	"github.com/stretchr/testify/require"
)

var problems = []struct {
	family        manifold.Family
	start, target []float64
}{
	{manifold.Gamma{}, []float64{1, .5}, []float64{4, 2}},
	{manifold.Normal{}, []float64{-2, 2}, []float64{1, .5}},
	{manifold.MultivariateNormal{Dimension: 2}, []float64{0, 0, 1, 0, 1}, []float64{1, -1, 2, .8, 1}},
}

func problem(t *testing.T, k int, maker metrics.Maker) *Problem {
	t.Helper()
	c := problems[k]
	loss, err := flow.KL(c.family, c.target)
	require.NoError(t, err)
	return &Problem{Family: c.family, Loss: loss, Metric: maker, Start: c.start, T1: 8}
}

// TestGapFallsWithTolerance: over all charts the gap falls at least 200-fold
// for each 1000-fold tighter tolerance, and that of the Euclidean flow stays.
func TestGapFallsWithTolerance(t *testing.T) {
	tolerances := []float64{1e-5, 1e-8, 1e-11}
	for k, c := range problems {
		charts := c.family.(manifold.Charted).Charts()
		table, err := Sweep(context.Background(), problem(t, k, nil), charts, tolerances, flow.Settings{Detail: flow.Off})
		require.NoError(t, err)
		for i := 1; i < len(table.Rows); i++ {
			require.Less(t, table.Rows[i].Gap, table.Rows[i-1].Gap/200, "%s: %+v", c.family.Name(), table.Rows)
		}
		require.Greater(t, table.Order, math.Log(200)/math.Log(1000))

		control, err := Sweep(context.Background(), problem(t, k, metrics.ForEuclidean), charts, tolerances, flow.Settings{Detail: flow.Off})
		require.NoError(t, err)
		for _, row := range control.Rows {
			require.Greater(t, row.Gap, 0.1, c.family.Name())
		}
		require.Less(t, math.Abs(control.Order), 0.01)
	}
}

func TestClaim(t *testing.T) {
	for k, c := range problems {
		charts := c.family.(manifold.Charted).Charts()
		for _, s := range []flow.Settings{
			{ODE: ode.Settings{RTol: 1e-9}},
			{Tol: 1e-8},
			{ODE: ode.Settings{Method: ode.RK4, Step: 0.01}},
		} {
			check, gap, err := Check(context.Background(), problem(t, k, nil), charts, s)
			require.NoError(t, err)
			require.True(t, check.Holds(), "%s: %s", c.family.Name(), check)
			require.Len(t, gap.Results, len(charts))

			check, _, err = Check(context.Background(), problem(t, k, metrics.ForEuclidean), charts, s)
			require.NoError(t, err)
			require.False(t, check.Holds(), "%s, control: %s", c.family.Name(), check)
		}
	}
}

// TestAffineChartsAgreeToRounding: a Runge–Kutta method commutes with affine
// maps, and the natural chart of a gamma is one of its source chart.
func TestAffineChartsAgreeToRounding(t *testing.T) {
	for _, m := range []ode.Method{ode.Euler, ode.RK4} {
		g, err := Compare(context.Background(), problem(t, 0, nil), []string{"source", "natural"}, flow.Settings{ODE: ode.Settings{Method: m, Step: 0.1}})
		require.NoError(t, err)
		require.Less(t, g.Largest, 1e-13, m.Name())
	}
	// A chart that is not affine is reached at the method's order only.
	table, err := Sweep(context.Background(), problem(t, 0, nil), []string{"source", "log"}, []float64{0.04, 0.02, 0.01}, flow.Settings{ODE: ode.Settings{Method: ode.RK4, Step: 1}})
	require.NoError(t, err)
	require.InDelta(t, 4, table.Order, 0.15)
	table, err = Sweep(context.Background(), problem(t, 0, nil), []string{"source", "log"}, []float64{4e-3, 2e-3, 1e-3}, flow.Settings{ODE: ode.Settings{Method: ode.Euler, Step: 1}, Detail: flow.Off})
	require.NoError(t, err)
	require.InDelta(t, 1, table.Order, 0.05)
}

func TestBadInput(t *testing.T) {
	p := problem(t, 0, nil)
	_, err := Compare(context.Background(), p, []string{"source"}, flow.Settings{})
	require.ErrorContains(t, err, "two charts")
	_, err = Compare(context.Background(), p, []string{"source", "polar"}, flow.Settings{})
	require.ErrorContains(t, err, "polar")
}

func ExampleCheck() {
	family := manifold.Gamma{}
	loss, _ := flow.KL(family, []float64{4, 2})
	p := &Problem{Family: family, Loss: loss, Start: []float64{1, 0.5}, T1: 4}
	check, _, err := Check(context.Background(), p, family.Charts(), flow.Settings{Tol: 1e-8})
	fmt.Println(check.Name, check.Holds(), err)
	// Output: invariant true <nil>
}
