package flow_test

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"testing"

	"fisherflow/flow"
	"fisherflow/manifold"
	"fisherflow/ode"

	"github.com/stretchr/testify/require"
)

// duallyFlat are the flows on dually flat families whose losses Nakamura (1993)
// and Fujiwara & Amari (1995) have in closed form; losses to six digits at
// t = 0, ½, 1, 2, 4, 8, computed independently.
var duallyFlat = []struct {
	name          string
	family        manifold.Family
	start, target []float64
	kl, reverse   [6]string
}{
	{
		"normal", manifold.Normal{}, []float64{-2, 2}, []float64{1, .5},
		[6]string{"2.04254", "1.34504", "1.04752", "0.604553", "0.0899731", "7.34964e-05"},
		[6]string{"24.1137", "0.377694", "0.0739256", "0.00650686", "9.98494e-05", "3.26549e-08"},
	},
	{
		"gamma", manifold.Gamma{}, []float64{1, .5}, []float64{4, 2},
		[6]string{"0.362888", "0.227258", "0.130141", "0.0323085", "0.000913603", "3.3195e-07"},
		[6]string{"0.978229", "0.127974", "0.0320709", "0.00323104", "5.20442e-05", "1.71342e-08"},
	},
	{
		"poisson", manifold.Poisson{}, []float64{.5}, []float64{7},
		[6]string{"11.9734", "1.85562", "0.534407", "0.0603903", "0.00102401", "3.39686e-07"},
		[6]string{"5.18047", "3.327", "1.77465", "0.353137", "0.00791851", "2.74156e-06"},
	},
	{
		"bernoulli", manifold.Bernoulli{}, []float64{.2}, []float64{.9},
		[6]string{"1.14573", "0.408619", "0.175946", "0.0334539", "0.00084996", "3.0592e-07"},
		[6]string{"1.36274", "0.497872", "0.14486", "0.0135961", "0.000200736", "6.50727e-08"},
	},
	{
		"multivariate-normal", manifold.MultivariateNormal{Dimension: 2}, []float64{0, 0, 1, 0, 1}, []float64{1, -1, 2, .8, 1},
		[6]string{"1.34626", "0.461693", "0.232001", "0.0585391", "0.00183472", "6.85169e-07"},
		[6]string{"1.94786", "0.481763", "0.158065", "0.0215252", "0.000419906", "1.4288e-07"},
	},
}

var duallyFlatTimes = []float64{0, .5, 1, 2, 4, 8}

// TestDuallyFlatFlows integrates each flow natively in every chart and compares
// the state with the closed form and the loss with its exact value.
func TestDuallyFlatFlows(t *testing.T) {
	for _, c := range duallyFlat {
		for _, kind := range []string{"kl", "reverse-kl"} {
			for _, chart := range c.family.(manifold.Charted).Charts() {
				t.Run(fmt.Sprintf("%s/%s/%s", c.name, kind, chart), func(t *testing.T) {
					loss, printed := newDivergence(t, kind, c.family, c.target), c.kl
					if kind == "reverse-kl" {
						printed = c.reverse
					}
					state := integrate(t, c.family, chart, loss, c.start, 1e-10)
					requireExactState(t, c.family, chart, loss, c.start, state, duallyFlatTimes, 1e-8)

					fine := integrate(t, c.family, chart, loss, c.start, 1e-12)
					requireExactLoss(t, c.family, chart, loss, c.start, fine, printed)
				})
			}
		}
	}
}

func newDivergence(t *testing.T, kind string, f manifold.Family, target []float64) flow.Loss {
	t.Helper()
	make := flow.KL
	if kind == "reverse-kl" {
		make = flow.ReverseKL
	}
	loss, err := make(f, target)
	require.NoError(t, err)
	return loss
}

func integrate(t *testing.T, f manifold.Family, chart string, loss flow.Loss, start []float64, rtol float64) *flow.Result {
	t.Helper()
	fl, err := flow.OnFamily(f, chart, loss, nil)
	require.NoError(t, err)
	x0 := inChart(t, f, chart, start)
	r, err := flow.Solve(context.Background(), fl, x0, 0, 8, &flow.Settings{
		ODE: ode.Settings{RTol: rtol, ATol: 1e-3 * rtol, StopAt: duallyFlatTimes[1:]},
	})
	require.NoError(t, err)
	require.True(t, r.Monotone.Holds(), r.Monotone.String())
	require.True(t, r.EnergyIdentity.Holds(), r.EnergyIdentity.String())
	closed, err := r.ClosedForm(duallyFlatTimes)
	require.NoError(t, err)
	require.True(t, closed.Holds(), closed.String())
	return r
}

func inChart(t *testing.T, f manifold.Family, chart string, theta []float64) []float64 {
	t.Helper()
	v, err := manifold.In(f, chart)
	require.NoError(t, err)
	x := make([]float64, len(theta))
	require.NoError(t, v.Chart().FromSource(x, theta))
	return x
}

func requireExactState(t *testing.T, f manifold.Family, chart string, loss flow.Loss, start []float64, r *flow.Result, times []float64, tol float64) {
	t.Helper()
	exact := make([]float64, f.Dim())
	for _, time := range times {
		require.NoError(t, loss.(flow.Integrable).Exact(exact, start, time))
		want := inChart(t, f, chart, exact)
		got := r.At(nil, time)
		for i := range want {
			require.InDelta(t, want[i], got[i], tol*math.Max(1, math.Abs(want[i])), "t = %g coordinate %d", time, i)
		}
	}
}

func requireExactLoss(t *testing.T, f manifold.Family, chart string, loss flow.Loss, start []float64, r *flow.Result, printed [6]string) {
	t.Helper()
	point := r.Flow().Point()
	exact, reference := make([]float64, f.Dim()), loss.Clone()
	for k, time := range duallyFlatTimes {
		require.NoError(t, point.At(r.At(nil, time)))
		got := point.Value()
		require.NoError(t, loss.(flow.Integrable).Exact(exact, start, time))
		require.NoError(t, reference.At(exact))
		require.InEpsilon(t, reference.Value(), got, 1e-8, "t = %g", time)
		require.Equal(t, printed[k], strconv.FormatFloat(got, 'g', 6, 64), "t = %g", time)
	}
}
