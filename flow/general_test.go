package flow_test

import (
	"context"
	"math"
	"testing"

	"fisherflow/flow"
	"fisherflow/manifold"
	"fisherflow/ode"

	"github.com/stretchr/testify/require"
)

// flowTo integrates a loss in a chart from time 0 to 1 and returns the
// trajectory and its end in source coordinates.
func flowTo(t *testing.T, f manifold.Family, chart string, loss flow.Loss, start []float64) (*flow.Result, []float64) {
	t.Helper()
	field, err := flow.OnFamily(f, chart, loss, nil)
	require.NoError(t, err)
	v, err := manifold.In(f, chart)
	require.NoError(t, err)
	xi, end := make([]float64, f.Dim()), make([]float64, f.Dim())
	require.NoError(t, v.Chart().FromSource(xi, start))
	r, err := flow.Solve(context.Background(), field, xi, 0, 1, &flow.Settings{ODE: ode.Settings{RTol: 1e-11, ATol: 1e-13}})
	require.NoError(t, err)
	require.NoError(t, v.Chart().ToSource(end, r.Last()))
	return r, end
}

// TestExactFlowsOnHalfPlanes: ½d² runs along the geodesic, of which e^{−t} is
// left, in every chart of every family with a half-plane for its geometry.
func TestExactFlowsOnHalfPlanes(t *testing.T) {
	for _, c := range []struct {
		family        manifold.Family
		start, target []float64
	}{
		{manifold.Normal{}, []float64{-.4, 1.3}, []float64{1, .8}},
		{manifold.Cauchy{}, []float64{-.4, 1.3}, []float64{1, .8}},
		{manifold.Gumbel{}, []float64{-.4, 1.3}, []float64{1, .8}},
		{manifold.Laplace{}, []float64{-.4, 1.3}, []float64{1, .8}},
		{manifold.Logistic{}, []float64{-.4, 1.3}, []float64{1, .8}},
		{manifold.NewStudentT(3), []float64{-.4, 1.3}, []float64{1, .8}},
		{manifold.Weibull{}, []float64{1.25, 2}, []float64{2, 3}},
	} {
		for _, chart := range manifold.AllCharts(c.family) {
			loss, err := flow.SquaredDistance(c.family, c.target)
			require.NoError(t, err)
			r, end := flowTo(t, c.family, chart, loss, c.start)
			want := make([]float64, 2)
			require.NoError(t, c.family.(manifold.Geodesic).Geodesic(want, c.start, c.target, -math.Expm1(-1)))
			require.InDeltaSlice(t, want, end, 1e-9, "%s, %s", c.family.Name(), chart)
			check, err := r.ClosedForm(nil)
			require.NoError(t, err)
			require.True(t, check.Holds(), "%s, %s: %s", c.family.Name(), chart, check)
			require.True(t, r.Monotone.Holds(), "%s, %s: %s", c.family.Name(), chart, r.Monotone)
			require.True(t, r.EnergyIdentity.Holds(), "%s, %s: %s", c.family.Name(), chart, r.EnergyIdentity)
		}
	}
}

// TestExactFlowOfTheCauchyDivergence: KL(t) = log(1 + e^{−2t} sinh²(r₀/2)),
// r₀ = acosh(1 + ((Δμ)² + (Δσ)²)/(2σσ*)).
func TestExactFlowOfTheCauchyDivergence(t *testing.T) {
	f := manifold.Cauchy{}
	start, target := []float64{-.4, 1.3}, []float64{1, .8}
	loss, err := flow.KL(f, target)
	require.NoError(t, err)
	sinh2 := ((start[0]-target[0])*(start[0]-target[0]) + (start[1]-target[1])*(start[1]-target[1])) / (4 * start[1] * target[1])
	for _, chart := range f.Charts() {
		r, end := flowTo(t, f, chart, loss, start)
		exact := make([]float64, 2)
		require.NoError(t, loss.(flow.Integrable).Exact(exact, start, 1))
		require.InDeltaSlice(t, exact, end, 1e-9, chart)
		require.InDelta(t, math.Log1p(math.Exp(-2)*sinh2), r.Losses[len(r.Losses)-1], 1e-10)
		check, err := r.ClosedForm(nil)
		require.NoError(t, err)
		require.True(t, check.Holds(), "%s: %s", chart, check)
	}
	other, err := flow.KL(manifold.Gumbel{}, target)
	require.NoError(t, err)
	require.ErrorContains(t, flow.HasExact(other, start), "no closed form on gumbel")
}

// TestDivergenceFlowsAgainstReferences: the flow of KL(p*‖p) for one unit of
// time. mpmath, mp.dps = 30: Gragg's extrapolation of order 20 with 8 and with
// 12 steps, the gradient by mpmath.diff of the closed forms
// log(bq/bp)+euler*(bp/bq-1)+exp((mq-mp)/bq)*gamma(1+bp/bq)-1+(mp-mq)/bq and
// log(kp/kq)+kq*log(lq/lp)-(1-kq/kp)*euler+(lp/lq)**kq*gamma(1+kq/kp)-1.
func TestDivergenceFlowsAgainstReferences(t *testing.T) {
	for _, c := range []struct {
		family              manifold.Family
		start, target, want []float64
	}{
		{manifold.Gumbel{}, []float64{-.4, 1.3}, []float64{1, .8}, []float64{0.36493387729271564815, 1.3206185200838879792}},
		{manifold.Weibull{}, []float64{1.25, 2}, []float64{2, 3}, []float64{1.5984031739356205455, 2.6335515267492606339}},
	} {
		for _, chart := range manifold.AllCharts(c.family) {
			loss, err := flow.KL(c.family, c.target)
			require.NoError(t, err)
			_, end := flowTo(t, c.family, chart, loss, c.start)
			require.InDeltaSlice(t, c.want, end, 1e-9, "%s, %s", c.family.Name(), chart)
		}
	}
}
