package flow_test

import (
	"context"
	"math"
	"testing"

	"fisherflow/flow"
	"fisherflow/manifold"
	"fisherflow/ode"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat"
)

// TestRungeKuttaInExpectationChart: there the flow of KL(p*‖p) is the linear
// equation η̇ = −(η − η*), on which any Runge–Kutta method multiplies the
// deviation by its stability function R(−h) in every step.
func TestRungeKuttaInExpectationChart(t *testing.T) {
	const h, steps = 0.1, 40
	stability := map[string]float64{
		"euler": 1 - h,
		"rk4":   1 - h + h*h/2 - h*h*h/6 + h*h*h*h/24,
	}
	for _, c := range duallyFlat {
		for method, r := range stability {
			t.Run(c.name+"/"+method, func(t *testing.T) {
				m, ok := ode.ByName(method)
				require.True(t, ok)
				loss := newDivergence(t, "kl", c.family, c.target)
				f, err := flow.OnFamily(c.family, "expectation", loss, nil)
				require.NoError(t, err)
				start := inChart(t, c.family, "expectation", c.start)
				target := inChart(t, c.family, "expectation", c.target)
				got, err := flow.Solve(context.Background(), f, start, 0, h*steps, &flow.Settings{ODE: ode.Settings{Method: m, Step: h}})
				require.NoError(t, err)
				require.Equal(t, steps+1, got.Len())
				for n := range got.Len() {
					for i, x := range got.State(n)[:f.Dim()] {
						want := target[i] + math.Pow(r, float64(n))*(start[i]-target[i])
						require.InDelta(t, want, x, 1e-13*math.Max(1, math.Abs(target[i])+math.Abs(start[i])), "step %d coordinate %d", n, i)
					}
				}
			})
		}
	}
}

// TestOrdersOnFisherFlow fits the order of each method on the flow of a gamma
// in source coordinates, which is not linear.
func TestOrdersOnFisherFlow(t *testing.T) {
	family := manifold.Gamma{}
	start, target := []float64{1, .5}, []float64{4, 2}
	loss := newDivergence(t, "kl", family, target)
	exact := make([]float64, 2)
	require.NoError(t, loss.(flow.Integrable).Exact(exact, start, 2))
	for _, c := range []struct {
		method string
		order  float64
		steps  []int
	}{
		{"euler", 1, []int{256, 512, 1024, 2048}},
		{"rk4", 4, []int{16, 32, 64, 128}},
	} {
		m, _ := ode.ByName(c.method)
		var x, y []float64
		for _, n := range c.steps {
			f, err := flow.OnFamily(family, "source", loss, nil)
			require.NoError(t, err)
			r, err := flow.Solve(context.Background(), f, start, 0, 2, &flow.Settings{ODE: ode.Settings{Method: m, Step: 2 / float64(n)}})
			require.NoError(t, err)
			last := r.Last()
			x = append(x, math.Log(2/float64(n)))
			y = append(y, math.Log(math.Hypot(last[0]-exact[0], last[1]-exact[1])))
		}
		_, slope := stat.LinearRegression(x, y, nil, false)
		require.InDelta(t, c.order, slope, 0.1, c.method)
	}
}

// TestDormandPrinceOrderOnFisherFlow fits the order on the flow of KL(p‖p*) of
// a Bernoulli family in its mean, which is not linear there. (On most other
// flows the h⁶ term of the error hides the h⁵ term down to rounding.)
func TestDormandPrinceOrderOnFisherFlow(t *testing.T) {
	family := manifold.Bernoulli{}
	start := []float64{.2}
	loss := newDivergence(t, "reverse-kl", family, []float64{.9})
	exact := make([]float64, 1)
	require.NoError(t, loss.(flow.Integrable).Exact(exact, start, 2))
	var x, y []float64
	for _, n := range []int{32, 64, 128} {
		f, err := flow.OnFamily(family, "source", loss, nil)
		require.NoError(t, err)
		h := 2 / float64(n)
		r, err := flow.Solve(context.Background(), f, start, 0, 2, &flow.Settings{ODE: ode.Settings{
			Step: h, MaxStep: h, Norm: func(_, _, _ []float64) (float64, error) { return 1e-9, nil },
		}})
		require.NoError(t, err)
		x = append(x, math.Log(h))
		y = append(y, math.Log(math.Abs(r.Last()[0]-exact[0])))
	}
	_, slope := stat.LinearRegression(x, y, nil, false)
	require.InDelta(t, 5, slope, 0.1)
}
