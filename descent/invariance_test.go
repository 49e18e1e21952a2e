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

// powers is the gamma family in a, b with shape aᵖ and rate b^q (Song, Song & Ermon
// 2018, §5.1).
type powers struct{ p, q float64 }

func (powers) Name() string          { return "powers" }
func (powers) Coordinates() []string { return []string{"a", "b"} }

func (c powers) ToSource(dst, x []float64) error {
	dst[0], dst[1] = math.Pow(x[0], c.p), math.Pow(x[1], c.q)
	return nil
}

func (c powers) FromSource(dst, theta []float64) error {
	dst[0], dst[1] = math.Pow(theta[0], 1/c.p), math.Pow(theta[1], 1/c.q)
	return nil
}

func (c powers) slopes(x, theta []float64) (a, b float64) {
	return c.p * theta[0] / x[0], c.q * theta[1] / x[1]
}

func (c powers) Push(dst, x, theta, v []float64) {
	a, b := c.slopes(x, theta)
	dst[0], dst[1] = a*v[0], b*v[1]
}

func (c powers) PushInverse(dst, x, theta, v []float64) {
	a, b := c.slopes(x, theta)
	dst[0], dst[1] = v[0]/a, v[1]/b
}

func (c powers) Pull(dst, x, theta, v []float64)        { c.Push(dst, x, theta, v) }
func (c powers) PullInverse(dst, x, theta, v []float64) { c.PushInverse(dst, x, theta, v) }

// Bend is D²θ(u, v).
func (c powers) Bend(dst, x, theta, u, v []float64) bool {
	dst[0] = c.p * (c.p - 1) * theta[0] / x[0] / x[0] * u[0] * v[0]
	dst[1] = c.q * (c.q - 1) * theta[1] / x[1] / x[1] * u[1] * v[1]
	return true
}

var parametrizations = []powers{{1, 1}, {1, -1}, {1, 3}, {2, 2}}

// TestOrdersOfAccuracyAndInvariance has the orders of the rules on KL to shape 4,
// rate 2 from shape 2, rate 1 in four parametrizations, to t = 2: distance to the
// exact flow, and between parametrizations.
func TestOrdersOfAccuracyAndInvariance(t *testing.T) {
	loss, err := flow.KL(manifold.Gamma{}, []float64{4, 2})
	require.NoError(t, err)
	var flows []*flow.Flow
	for _, c := range parametrizations {
		f, err := flow.OnFamily(manifold.WithChart(manifold.Gamma{}, "powers", func() manifold.Chart { return c }), "powers", loss, nil)
		require.NoError(t, err)
		flows = append(flows, f)
	}
	exact, err := flow.Solve(context.Background(), flows[0], []float64{2, 1}, 0, 2, &flow.Settings{ODE: ode.Settings{RTol: 1e-13, ATol: 1e-14}, Detail: flow.Off})
	require.NoError(t, err)
	for _, facts := range descent.All() {
		var errs, gaps []float64
		for _, n := range []int{64, 128, 256} {
			var ends [][]float64
			for k, f := range flows {
				c := parametrizations[k]
				start := make([]float64, 2)
				require.NoError(t, c.FromSource(start, []float64{2, 1}))
				s, err := march(t, facts.Name, f, start, 2, n)
				require.NoError(t, err, facts.Name)
				end := make([]float64, 2)
				require.NoError(t, c.ToSource(end, s.Last()))
				ends = append(ends, end)
			}
			errs = append(errs, math.Hypot(ends[0][0]-exact.Last()[0], ends[0][1]-exact.Last()[1]))
			gap := 0.0
			for i := range ends {
				for j := range i {
					gap = math.Max(gap, math.Hypot(ends[i][0]-ends[j][0], ends[i][1]-ends[j][1]))
				}
			}
			gaps = append(gaps, gap)
		}
		accuracy, invariance := math.Log2(errs[1]/errs[2]), math.Log2(gaps[1]/gaps[2])
		if facts.Name == "exponential-expectation" {
			// It is exact for this loss.
			require.Less(t, errs[2], 1e-12, facts.Name)
		} else {
			require.InDelta(t, facts.Accuracy, accuracy, 0.05, facts.Name)
		}
		switch {
		case facts.Invariance == 0:
			require.Less(t, gaps[2], 1e-12, facts.Name)
		case facts.Name == "itoh-abe":
			// Its quotients see these parametrizations one coordinate at a time.
			require.InDelta(t, 2, invariance, 0.05, facts.Name)
		default:
			require.InDelta(t, facts.Invariance, invariance, 0.05, facts.Name)
		}
	}
}
