package flow_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"fisherflow/flow"
	"fisherflow/manifold"
	"fisherflow/ode"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/diff/fd"
)

var families = []struct {
	family        manifold.Family
	start, target []float64
}{
	{manifold.Normal{}, []float64{-.4, 1.3}, []float64{1, .8}},
	{manifold.Gamma{}, []float64{1.5, .5}, []float64{4, 2}},
	{manifold.ExponentialRate{}, []float64{.7}, []float64{2}},
	{manifold.Poisson{}, []float64{2.5}, []float64{7}},
	{manifold.Bernoulli{}, []float64{.2}, []float64{.7}},
	{manifold.Categorical{K: 4}, []float64{.1, .2, .3}, []float64{.4, .3, .2}},
	{manifold.MultivariateNormal{}, []float64{0, .3, 1, .2, 1}, []float64{1, -1, 2, .8, 1}},
}

// losses makes every loss that the family has.
func losses(t *testing.T, f manifold.Family, target []float64) []flow.Loss {
	t.Helper()
	c := make([]float64, f.Dim())
	for i := range c {
		c[i] = .05 * math.Cos(float64(i))
	}
	rng := rand.New(rand.NewPCG(1, 2))
	rows := make([][]float64, 40)
	for i := range rows {
		rows[i] = make([]float64, f.(manifold.Observed).ObservationDim())
		require.NoError(t, f.(manifold.Sampler).Sample(rows[i], target, rng))
	}
	var all []flow.Loss
	add := func(l flow.Loss, err error) {
		t.Helper()
		require.NoError(t, err)
		all = append(all, l)
	}
	add(flow.NLL(f, rows))
	add(flow.KL(f, target))
	add(flow.ReverseKL(f, target))
	add(flow.Expectation(f, c))
	add(flow.Linear(f, "natural", c))
	add(flow.Linear(f, "source", c))
	add(flow.Entropy(f))
	add(flow.NegativeEntropy(f))
	add(flow.FreeEnergy(f, c, .7))
	if _, ok := f.(manifold.Distancer); ok {
		add(flow.SquaredDistance(f, target))
	}
	all = append(all, flow.Function("my own", f, func(theta []float64) (float64, error) {
		s := 0.0
		for i, x := range theta {
			s += math.Sin(x + float64(i))
		}
		return s, nil
	}))
	return all
}

// TestGradients compares every loss's gradient with a difference of its value.
func TestGradients(t *testing.T) {
	for _, c := range families {
		for _, loss := range losses(t, c.family, c.target) {
			value := func(x []float64) float64 {
				require.NoError(t, loss.At(x))
				return loss.Value()
			}
			numeric := fd.Gradient(nil, value, c.start, &fd.Settings{Formula: fd.Central, Step: 1e-5})
			require.NoError(t, loss.At(c.start))
			got := make([]float64, c.family.Dim())
			loss.Gradient(got)
			for i := range got {
				require.InDelta(t, numeric[i], got[i], 2e-8*math.Max(1, math.Abs(got[i])), "%s, %s, coordinate %d", c.family.Name(), loss.Name(), i)
			}
			if a, ok := loss.(flow.Approximate); ok {
				require.Less(t, a.GradientError(), 1e-8, "%s, %s", c.family.Name(), loss.Name())
			}
			require.GreaterOrEqual(t, loss.Magnitude(), math.Abs(loss.Value())*(1-1e-12))
			clone := loss.Clone()
			require.NoError(t, clone.At(c.start))
			require.Equal(t, loss.Name(), clone.Name())
			require.InDelta(t, loss.Value(), clone.Value(), 1e-15*loss.Magnitude())
		}
	}
}

// TestNLLIsTheMeanOfTheDensities: by the rows, whatever the statistic says.
func TestNLLIsTheMeanOfTheDensities(t *testing.T) {
	for _, c := range families {
		rng := rand.New(rand.NewPCG(3, 4))
		rows := make([][]float64, 25)
		want := 0.0
		for i := range rows {
			rows[i] = make([]float64, c.family.(manifold.Observed).ObservationDim())
			require.NoError(t, c.family.(manifold.Sampler).Sample(rows[i], c.target, rng))
			want -= c.family.(manifold.LogDensity).LogDensity(rows[i], c.start) / 25
		}
		loss, err := flow.NLL(c.family, rows)
		require.NoError(t, err)
		require.NoError(t, loss.At(c.start))
		require.InDelta(t, want, loss.Value(), 1e-13*math.Max(1, math.Abs(want)), c.family.Name())
	}
}

// TestEveryLossFlowsDown: the certificate holds in every chart for every loss
// at tight and loose tolerances, and the closed form where there is one; half
// the tolerance changes nothing of importance.
func TestEveryLossFlowsDown(t *testing.T) {
	for _, c := range families {
		for _, loss := range losses(t, c.family, c.target) {
			for _, chart := range c.family.(manifold.Charted).Charts() {
				for kind, s := range map[string]flow.Settings{
					"rtol 1e-9": {ODE: ode.Settings{RTol: 1e-9}},
					"rtol 1e-4": {ODE: ode.Settings{RTol: 1e-4}},
					"tol 1e-7":  {Tol: 1e-7},
					"rk4":       {ODE: ode.Settings{Method: ode.RK4, Step: .01}},
				} {
					name := c.family.Name() + ", " + loss.Name() + ", " + chart + ", " + kind
					f, err := flow.OnFamily(c.family, chart, loss, nil)
					require.NoError(t, err)
					r, err := flow.Solve(context.Background(), f, inChart(t, c.family, chart, c.start), 0, .4, &s)
					require.NoError(t, err, name)
					require.True(t, r.Monotone.Holds(), "%s: %s", name, r.Monotone)
					require.True(t, r.EnergyIdentity.Holds(), "%s: %s", name, r.EnergyIdentity)
					distance, _, err := flow.Intrinsic(c.family, chart)
					require.NoError(t, err)
					resolved, err := r.Resolved(context.Background(), distance)
					require.NoError(t, err)
					require.True(t, resolved.Holds(), "%s: %s", name, resolved)
					if flow.HasExact(loss, c.start) != nil {
						continue
					}
					check, err := r.ClosedForm(nil)
					require.NoError(t, err, name)
					require.True(t, check.Holds(), "%s: %s", name, check)
					if kind == "rtol 1e-9" {
						require.Less(t, check.Value, 1e-7, name)
					}
				}
			}
		}
	}
}

func TestBadLosses(t *testing.T) {
	g := manifold.Gamma{}
	for _, c := range []struct {
		want string
		err  error
	}{
		{"no observations", second(flow.NLL(g, nil))},
		{"observation 2", second(flow.NLL(g, [][]float64{{1}, {-3}}))},
		{"rate = -1 must be positive", second(flow.KL(g, []float64{1, -1}))},
		{"has 3 coordinates", second(flow.ReverseKL(g, []float64{1, 1, 1}))},
		{"coefficients", second(flow.Expectation(g, []float64{1}))},
		{"temperature", second(flow.FreeEnergy(g, []float64{1, 1}, -1))},
		{"no chart", second(flow.Linear(g, "polar", []float64{1, 1}))},
		{"no Fisher–Rao distance", second(flow.SquaredDistance(g, []float64{1, 1}))},
	} {
		require.ErrorContains(t, c.err, c.want)
	}
}

func second(_ flow.Loss, err error) error { return err }
