package metrics_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"fisherflow/metrics"
	"fisherflow/network"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// BenchmarkKFAC takes one whole step of K-FAC, gradient, factors from one drawn
// response for each of 512 examples, inverses and precondition, on networks of
// two square layers up to ten million parameters. GiB is what the process has
// from the system.
func BenchmarkKFAC(b *testing.B) {
	for _, n := range []float64{1e4, 1e5, 1e6, 1e7} {
		h := int(math.Sqrt(n/2+.25) - .5)
		b.Run(fmt.Sprintf("n=%.0e", n), func(b *testing.B) {
			net, err := network.MLP([]int{h, h, h}, network.Tanh{}, network.Softmax{})
			require.NoError(b, err)
			rng := rand.New(rand.NewPCG(7, 7))
			d := network.Data{X: mat.NewDense(512, h, nil), Y: mat.NewDense(512, 1, nil)}
			for i := range 512 {
				for j := range h {
					d.X.Set(i, j, rng.NormFloat64())
				}
				d.Y.Set(i, 0, float64(rng.IntN(h)))
			}
			theta := make([]float64, net.Dim())
			require.NoError(b, net.Initial(theta, "glorot-uniform", 1))
			e, err := network.NewEvaluation(net, d)
			require.NoError(b, err)
			m, err := metrics.OnModel("kfac", e, metrics.Settings{Estimator: "monte-carlo", Damping: metrics.Damping{Kind: "factored", Value: 1e-2}})
			require.NoError(b, err)
			v := make([]float64, net.Dim())
			took := map[string]float64{}
			part := func(name string, f func() error) {
				began := time.Now()
				if err := f(); err != nil {
					b.Fatal(err)
				}
				took[name] += time.Since(began).Seconds()
			}
			for b.Loop() {
				theta[0] += 1e-9
				part("gradient-s", func() error {
					err := e.At(theta)
					e.Gradient(v)
					return err
				})
				part("factors-s", func() error { return m.At(theta) })
				part("first-raise-s", func() error { return m.Raise(v, v) })
				part("next-raise-s", func() error { return m.Raise(v, v) })
			}
			for name, s := range took {
				b.ReportMetric(s/float64(b.N), name)
			}
			b.ReportMetric(metrics.Bytes(m)/(1<<30), "metric-GiB")
			var memory runtime.MemStats
			runtime.ReadMemStats(&memory)
			b.ReportMetric(float64(memory.Sys)/(1<<30), "GiB")
		})
	}
}
