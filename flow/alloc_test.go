package flow_test

import (
	"context"
	"fmt"
	"testing"

	"fisherflow/flow"
	"fisherflow/manifold"
	"fisherflow/metrics"
	"fisherflow/ode"

	"github.com/stretchr/testify/require"
)

// standard is the start and a target of a multivariate normal.
func standard(d int) (f manifold.MultivariateNormal, start, target []float64) {
	f = manifold.MultivariateNormal{Dimension: d}
	start, target = make([]float64, f.Dim()), make([]float64, f.Dim())
	k := d
	for i := range d {
		target[i] = float64(i%3) - 1
		for j := 0; j <= i; j++ {
			if i == j {
				start[k], target[k] = 1, 1+float64(i%4)/4
			} else if i == j+1 {
				target[k] = 0.3
			}
			k++
		}
	}
	return f, start, target
}

type allocCase struct {
	family        manifold.Family
	start, target []float64
}

func allocCases() []allocCase {
	f, start, target := standard(20)
	return []allocCase{
		{manifold.Gamma{}, []float64{1, .5}, []float64{4, 2}},
		{manifold.Normal{}, []float64{-2, 2}, []float64{1, .5}},
		{f, start, target},
		{manifold.Categorical{K: 4}, []float64{.1, .2, .3}, []float64{.4, .3, .2}},
		{manifold.Dirichlet{K: 3}, []float64{1, .5, 2}, []float64{4, 2, 1}},
		{manifold.CentredNormal{}, []float64{1, 0, 1}, []float64{2, .8, 1}},
		{manifold.VonMisesFisher{}, []float64{1, .5, -.5}, []float64{2, -1, 1}},
		{manifold.Gibbs{}, []float64{.3}, []float64{2}},
		{manifold.Ising{}, []float64{.3, -.2, .1}, []float64{-.3, .4, .5}},
		{manifold.Wishart{}, []float64{3, 1, 0, 1}, []float64{6, 2, .8, 1}},
	}
}

// TestNoAllocationPerStep compares a short with a long integration of adaptive
// steps, of every chart.
func TestNoAllocationPerStep(t *testing.T) {
	for _, c := range allocCases() {
		for _, chart := range c.family.(manifold.Charted).Charts() {
			t.Run(c.family.Name()+"/"+chart, func(t *testing.T) {
				loss, err := flow.KL(c.family, c.target)
				require.NoError(t, err)
				f, err := flow.OnFamily(c.family, chart, loss, nil)
				require.NoError(t, err)
				y0 := append(inChart(t, c.family, chart, c.start), 0)
				steps := 0
				allocations := func(span float64) float64 {
					return leastAllocations(func() {
						r, err := ode.Solve(context.Background(), f, y0, 0, span, &ode.Settings{
							Controlled: f.Dim(), Discard: true, MaxStep: 0.02,
						})
						if err != nil {
							t.Fatal(err)
						}
						steps = r.Statistics.Steps
					})
				}
				short := allocations(0.1)
				few := steps
				require.Equal(t, short, allocations(0.6))
				require.Greater(t, steps, few+10)
			})
		}
	}
}

// leastAllocations is the least of several counts: the runtime's own, of a
// garbage collection in between, are in some of them.
func leastAllocations(f func()) float64 {
	least := testing.AllocsPerRun(1, f)
	for range 4 {
		least = min(least, testing.AllocsPerRun(1, f))
	}
	return least
}

// TestNoAllocationPerStepInFisherNorm does the same with the error norm in the
// Fisher metric.
func TestNoAllocationPerStepInFisherNorm(t *testing.T) {
	loss, err := flow.KL(manifold.Gamma{}, []float64{4, 2})
	require.NoError(t, err)
	f, err := flow.OnFamily(manifold.Gamma{}, "source", loss, nil)
	require.NoError(t, err)
	s := &ode.Settings{Controlled: 2, Discard: true, MaxStep: 0.02, Norm: f.Norm(1e-6)}
	allocations := func(span float64) float64 {
		return leastAllocations(func() {
			if _, err := ode.Solve(context.Background(), f, []float64{1, .5, 0}, 0, span, s); err != nil {
				t.Fatal(err)
			}
		})
	}
	require.Equal(t, allocations(0.1), allocations(1))
}

// BenchmarkField is one evaluation of the vector field.
func BenchmarkField(b *testing.B) {
	f50, start, target := standard(50)
	cases := append(allocCases(),
		allocCase{manifold.ExponentialRate{}, []float64{1}, []float64{3}},
		allocCase{manifold.Poisson{}, []float64{.5}, []float64{7}},
		allocCase{manifold.Bernoulli{}, []float64{.2}, []float64{.9}},
		allocCase{f50, start, target},
	)
	for _, c := range cases {
		for _, chart := range c.family.(manifold.Charted).Charts() {
			for _, metric := range []string{"fisher", "euclidean"} {
				b.Run(fmt.Sprintf("%s-%d/%s/%s", c.family.Name(), c.family.Dim(), chart, metric), func(b *testing.B) {
					loss, err := flow.KL(c.family, c.target)
					if err != nil {
						b.Fatal(err)
					}
					maker, _ := metrics.ByName(metric)
					f, err := flow.OnFamily(c.family, chart, loss, maker)
					if err != nil {
						b.Fatal(err)
					}
					v, _ := manifold.In(c.family, chart)
					y := make([]float64, f.Dim()+1)
					if err := v.Chart().FromSource(y[:f.Dim()], c.start); err != nil {
						b.Fatal(err)
					}
					dst := make([]float64, len(y))
					b.ReportAllocs()
					b.ResetTimer()
					for range b.N {
						if err := f.Eval(dst, 0, y); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}
