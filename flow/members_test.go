package flow_test

import (
	"context"
	"fmt"
	"testing"

	"fisherflow/flow"
	"fisherflow/manifold"
	"fisherflow/ode"

	"github.com/stretchr/testify/require"
)

// members are a start and a target in each further exponential family, and
// coefficients under which the flows that move in a straight line stay in the
// domain for the time of the test.
var members = []struct {
	family        manifold.Family
	start, target []float64
}{
	{manifold.HalfNormal{}, []float64{1}, []float64{2}},
	{manifold.Rayleigh{}, []float64{2}, []float64{.5}},
	{manifold.MaxwellBoltzmann{}, []float64{1}, []float64{3}},
	{manifold.Pareto{Xm: 1.5}, []float64{1}, []float64{3}},
	{manifold.NormalKnownMean{Mean: .4}, []float64{1}, []float64{.3}},
	{manifold.NormalKnownVariance{SD: .7}, []float64{1}, []float64{-2}},
	{manifold.ChiSquare{}, []float64{1}, []float64{6}},
	{manifold.Binomial{N: 7}, []float64{.2}, []float64{.9}},
	{manifold.Geometric{}, []float64{.2}, []float64{.7}},
	{manifold.NegativeBinomial{R: 2.5}, []float64{.6}, []float64{.1}},
	{manifold.Lognormal{}, []float64{-1, 2}, []float64{1, .5}},
	{manifold.InverseGamma{}, []float64{1, .5}, []float64{4, 2}},
	{manifold.InverseGaussian{}, []float64{1, 2}, []float64{3, 1}},
	{manifold.Beta{}, []float64{1, .5}, []float64{4, 2}},
	{manifold.Dirichlet{K: 3}, []float64{1, .5, 2}, []float64{4, 2, 1}},
	{manifold.Multinomial{N: 5, K: 3}, []float64{.1, .7}, []float64{.5, .3}},
	{manifold.DiagonalNormal{}, []float64{-2, 1, 2, .5}, []float64{1, 0, .5, 1}},
	{manifold.CentredNormal{}, []float64{1, 0, 1}, []float64{2, .8, 1}},
	{manifold.VonMises{}, []float64{.5, 1}, []float64{1.5, 4}},
	{manifold.VonMisesFisher{}, []float64{1, .5, -.5}, []float64{2, -1, 1}},
	{manifold.Gibbs{Levels: []float64{0, 1, 1.5, 3}}, []float64{.3}, []float64{2}},
	{manifold.Ising{N: 3}, []float64{.3, -.2, .1, .5, -.4, .2}, []float64{-.3, .4, .1, 0, .4, .2}},
	{manifold.Wishart{}, []float64{3, 1, 0, 1}, []float64{6, 2, .8, 1}},
}

// TestExactFlowsOfMembers: the m-geodesic, the e-geodesic, the straight lines of an
// expectation and of a linear function, the free energy, and the geodesic where it
// is closed, in every chart; the state to 1e-9 at a relative tolerance of 1e-11.
func TestExactFlowsOfMembers(t *testing.T) {
	for _, c := range members {
		n := c.family.Dim()
		along := func(chart string, sign float64) []float64 {
			from, to := inChart(t, c.family, chart, c.start), inChart(t, c.family, chart, c.target)
			out := make([]float64, n)
			for i := range out {
				out[i] = sign * (from[i] - to[i])
			}
			return out
		}
		losses := map[string]func() (flow.Loss, error){
			"kl":         func() (flow.Loss, error) { return flow.KL(c.family, c.target) },
			"reverse-kl": func() (flow.Loss, error) { return flow.ReverseKL(c.family, c.target) },
			// To the target at time 1, in natural and in expectation coordinates.
			"expectation": func() (flow.Loss, error) { return flow.Expectation(c.family, along("natural", 1)) },
			"linear":      func() (flow.Loss, error) { return flow.Linear(c.family, "natural", along("expectation", 1)) },
		}
		if _, constant := c.family.(manifold.Exponential).MeanLogBase(c.start); constant {
			losses["free-energy"] = func() (flow.Loss, error) {
				opposite := inChart(t, c.family, "natural", c.target)
				for i := range opposite {
					opposite[i] *= -0.7
				}
				return flow.FreeEnergy(c.family, opposite, 0.7)
			}
		}
		if _, closed := c.family.(manifold.Geodesic); closed {
			losses["squared-distance"] = func() (flow.Loss, error) { return flow.SquaredDistance(c.family, c.target) }
		}
		for kind, make := range losses {
			for _, chart := range manifold.AllCharts(c.family) {
				t.Run(fmt.Sprintf("%s/%s/%s", c.family.Name(), kind, chart), func(t *testing.T) {
					loss, err := make()
					require.NoError(t, err)
					requireExactFlow(t, c.family, chart, loss, c.start)
				})
			}
		}
	}
}

func requireExactFlow(t *testing.T, f manifold.Family, chart string, loss flow.Loss, start []float64) {
	t.Helper()
	fl, err := flow.OnFamily(f, chart, loss, nil)
	require.NoError(t, err)
	times := []float64{.25, .5, 1}
	r, err := flow.Solve(context.Background(), fl, inChart(t, f, chart, start), 0, 1, &flow.Settings{
		ODE: ode.Settings{RTol: 1e-11, ATol: 1e-14, StopAt: times},
	})
	require.NoError(t, err)
	requireExactState(t, f, chart, loss, start, r, times, 1e-9)
}
