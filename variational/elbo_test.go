package variational

import (
	"context"
	"fmt"
	"math"
	"testing"

	"fisherflow/flow"
	"fisherflow/manifold"
	"fisherflow/metrics"
	"fisherflow/ode"
	"fisherflow/variational/target"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
)

// The potentials of experiments.md E2.
func gaussian2(lambda float64) target.Target {
	return fn(2, func(grad, z []float64) (float64, error) {
		if grad != nil {
			grad[0], grad[1] = -z[0], -lambda*z[1]
		}
		return -(z[0]*z[0] + lambda*z[1]*z[1]) / 2, nil
	})
}

func logConcave2(lambda float64) target.Target {
	r := math.Sqrt(lambda)
	return fn(2, func(grad, z []float64) (float64, error) {
		u := r*z[0] - z[1]
		if grad != nil {
			grad[0] = -2 * r * u / 20
			grad[1] = -(-2*u + 4*z[1]*z[1]*z[1]) / 20
		}
		return -(u*u + math.Pow(z[1], 4)) / 20, nil
	})
}

func rosenbrock2(lambda float64) target.Target {
	return fn(2, func(grad, z []float64) (float64, error) {
		a, b := z[0], z[1]
		u, v := b-a*a, 1-a
		if grad != nil {
			grad[0] = -(-4*lambda*a*u - 2*v) / 20
			grad[1] = -2 * lambda * u / 20
		}
		return -(lambda*u*u + v*v) / 20, nil
	})
}

// solve integrates the flow of a metric on the full normals and returns the
// state at each time.
func solve(t testing.TB, target target.Target, metric, chart string, start []float64, tol float64, times ...float64) ([][]float64, *flow.Result) {
	t.Helper()
	rule, err := Tensor(2, 3)
	require.NoError(t, err)
	family := manifold.MultivariateNormal{}
	loss, err := NewELBO(family, ByRule(target, rule))
	require.NoError(t, err)
	maker, _ := metrics.ByName(metric)
	if metric == "fisher" {
		maker = nil
	}
	f, err := flow.OnFamily(family, chart, loss, maker)
	require.NoError(t, err)
	s := flow.Settings{ODE: ode.Settings{Method: ode.Auto, RTol: tol, ATol: tol, StopAt: times}}
	r, err := flow.Solve(context.Background(), f, start, 0, times[len(times)-1], &s)
	require.NoError(t, err)
	var out [][]float64
	for _, at := range times {
		out = append(out, r.At(nil, at))
	}
	return out, r
}

// The table of Chen, Huang, Huang, Reich & Stuart's flows, experiments.md E2.
func TestGaussianFlows(t *testing.T) {
	root := func(x float64) float64 { return math.Sqrt(x) }
	type truth struct{ mean, cov []float64 }
	gaussian := func(l float64) truth { return truth{[]float64{0, 0}, []float64{1, 0, 1 / l}} }
	e := root(20) * math.Gamma(0.75) / math.Gamma(0.25)
	concave := func(l float64) truth { return truth{[]float64{0, 0}, []float64{(e + 10) / l, e / root(l), e}} }
	rosen := func(l float64) truth { return truth{[]float64{1, 11}, []float64{10, 20, 240 + 10/l}} }
	far := []float64{10, 10, 4, 0, 4}
	for _, c := range []struct {
		target target.Target
		metric string
		start  []float64
		truth  truth
		want   [2][2]string
	}{
		{gaussian2(0.01), "fisher", []float64{10, 10, 0.5, 0, 2}, gaussian(0.01), [2][2]string{{"2.536", "0.2482"}, {"0.0001531", "1.499e-05"}}},
		{gaussian2(0.01), "wasserstein", []float64{10, 10, 0.5, 0, 2}, gaussian(0.01), [2][2]string{{"9.513", "0.8867"}, {"8.607", "0.7260"}}},
		{gaussian2(0.01), "euclidean", []float64{10, 10, 0.5, 0, 2}, gaussian(0.01), [2][2]string{{"9.513", "0.9702"}, {"8.607", "0.9569"}}},
		{gaussian2(1), "fisher", []float64{10, 10, 0.5, 0, 2}, gaussian(1), [2][2]string{{"0.1381", ""}, {"6.31e-06", ""}}},
		{gaussian2(1), "wasserstein", []float64{10, 10, 0.5, 0, 2}, gaussian(1), [2][2]string{{"0.09529", ""}, {"4.33e-06", ""}}},
		{gaussian2(1), "euclidean", []float64{10, 10, 0.5, 0, 2}, gaussian(1), [2][2]string{{"0.09529", ""}, {"4.33e-06", ""}}},
		{logConcave2(0.01), "fisher", far, concave(0.01), [2][2]string{{"9.011", "0.6659"}, {"0.00145", "0.01943"}}},
		{logConcave2(0.01), "wasserstein", far, concave(0.01), [2][2]string{{"9.998", "0.9879"}, {"9.911", "0.9709"}}},
		{rosenbrock2(0.1), "fisher", []float64{0, 0, 4, 0, 4}, rosen(0.1), [2][2]string{{"7.712", "0.7410"}, {"6.204", "0.6659"}}},
		{rosenbrock2(0.1), "wasserstein", []float64{0, 0, 4, 0, 4}, rosen(0.1), [2][2]string{{"10.85", "0.9614"}, {"10.54", "0.9151"}}},
	} {
		states, r := solve(t, c.target, c.metric, "source", c.start, 1e-11, 5, 15)
		require.True(t, r.Monotone.Holds(), "%v", r.Monotone)
		require.True(t, r.EnergyIdentity.Holds(), "%v", r.EnergyIdentity)
		for i, s := range states {
			mean := math.Hypot(s[0]-c.truth.mean[0], s[1]-c.truth.mean[1])
			frobenius := func(a, b, c float64) float64 { return math.Sqrt(a*a + 2*b*b + c*c) }
			cov := frobenius(s[2]-c.truth.cov[0], s[3]-c.truth.cov[1], s[4]-c.truth.cov[2]) / frobenius(c.truth.cov[0], c.truth.cov[1], c.truth.cov[2])
			printed(t, c.want[i][0], mean)
			printed(t, c.want[i][1], cov)
		}
	}
}

// printed requires that a number agrees with a printed one to its digits; an
// empty text asks nothing.
func printed(t testing.TB, want string, got float64) {
	t.Helper()
	if want == "" {
		return
	}
	var w float64
	_, err := fmt.Sscan(want, &w)
	require.NoError(t, err)
	digits := 0
	for _, r := range want {
		if r == 'e' {
			break
		}
		if r >= '1' && r <= '9' || r == '0' && digits > 0 {
			digits++
		}
	}
	unit := math.Pow(10, math.Floor(math.Log10(math.Abs(w)))-float64(digits-1))
	require.InDelta(t, w, got, 0.5001*unit, "printed %s", want)
}

// C⁻¹ and C⁻¹m of a Gaussian target relax as e^−t.
func TestGaussianFlowIsClosedForm(t *testing.T) {
	start := []float64{10, 10, 0.5, 0, 2}
	for _, chart := range []string{"source", "natural", "precision", "log-cholesky"} {
		family := manifold.MultivariateNormal{}
		ch, _ := family.Chart(chart)
		x := make([]float64, 5)
		require.NoError(t, ch.FromSource(x, start))
		states, _ := solve(t, gaussian2(0.1), "fisher", chart, x, 1e-12, 0.5, 3, 15)
		for i, at := range []float64{0.5, 3, 15} {
			w := math.Exp(-at)
			source := make([]float64, 5)
			require.NoError(t, ch.ToSource(source, states[i]))
			p1, p2 := 1-w+w*2, (1-w)*0.1+w/2
			require.InDelta(t, 1/p1, source[2], 1e-9)
			require.InDelta(t, 0, source[3], 1e-9)
			require.InDelta(t, 1/p2, source[4], 1e-9)
			require.InDelta(t, w/p1*2*10, source[0], 1e-9)
			require.InDelta(t, w/p2/2*10, source[1], 1e-9)
		}
	}
}

// The optima of experiments.md E2.
func TestOptima(t *testing.T) {
	for _, lambda := range []float64{0.01, 0.1, 1} {
		v := math.Sqrt(5. / 3)
		states, _ := solve(t, logConcave2(lambda), "fisher", "log-cholesky", []float64{10, 10, math.Log(2), 0, math.Log(2)}, 1e-11, 40)
		ch, _ := manifold.MultivariateNormal{}.Chart("log-cholesky")
		got := make([]float64, 5)
		require.NoError(t, ch.ToSource(got, states[0]))
		want := []float64{0, 0, (v + 10) / lambda, v / math.Sqrt(lambda), v}
		require.InDeltaSlice(t, want, got, 1e-8*want[2])
	}
}

// Under θ → Aθ + b the Fisher–Rao flow commutes; the other two do not
// (experiments.md E2).
func TestAffineInvariance(t *testing.T) {
	base := rosenbrock2(0.1)
	// x = Az + b, A = [[2, 1], [.5, 3]], b = (1, −2).
	moved := fn(2, func(grad, x []float64) (float64, error) {
		u, v := x[0]-1, x[1]+2
		z := []float64{(3*u - v) / 5.5, (-0.5*u + 2*v) / 5.5}
		g := make([]float64, 2)
		f, err := base.LogDensity(g, z)
		if grad != nil {
			grad[0] = (3*g[0] - 0.5*g[1]) / 5.5
			grad[1] = (-g[0] + 2*g[1]) / 5.5
		}
		return f, err
	})
	image := func(s []float64) []float64 {
		a := [2][2]float64{{2, 1}, {0.5, 3}}
		c := [2][2]float64{{s[2], s[3]}, {s[3], s[4]}}
		var ac, aca [2][2]float64
		for i := range 2 {
			for j := range 2 {
				ac[i][j] = a[i][0]*c[0][j] + a[i][1]*c[1][j]
			}
		}
		for i := range 2 {
			for j := range 2 {
				aca[i][j] = ac[i][0]*a[j][0] + ac[i][1]*a[j][1]
			}
		}
		return []float64{2*s[0] + s[1] + 1, 0.5*s[0] + 3*s[1] - 2, aca[0][0], aca[1][0], aca[1][1]}
	}
	start := []float64{0, 0, 4, 0, 4}
	for _, c := range []struct {
		metric    string
		mean, cov string
	}{{"fisher", "", ""}, {"wasserstein", "0.2947", "29.60"}, {"euclidean", "0.3124", "2.051"}} {
		one, _ := solve(t, base, c.metric, "source", start, 1e-13, 2)
		two, _ := solve(t, moved, c.metric, "source", image(start), 1e-13, 2)
		want := image(one[0])
		off := func(i, j int) float64 { return floats.Distance(want[i:j], two[0][i:j], math.Inf(1)) }
		mean, cov := off(0, 2), off(2, 5)
		if c.metric == "fisher" {
			require.Less(t, mean, 1e-10)
			require.Less(t, cov, 1e-10*want[4])
			continue
		}
		printed(t, c.mean, mean)
		printed(t, c.cov, cov)
	}
}

// fn is the target of a function.
func fn(n int, f func(grad, z []float64) (float64, error)) target.Target {
	return target.Function{N: n, F: func(grad, z []float64) float64 {
		v, err := f(grad, z)
		if err != nil {
			panic(err)
		}
		return v
	}}
}
