//go:build unix

package descent_test

import (
	"math/rand/v2"
	"syscall"
	"testing"

	"fisherflow/descent"
	"fisherflow/metrics"
	"fisherflow/network"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// cpu is the processor time of the process so far, in milliseconds.
func cpu(b *testing.B) float64 {
	var r syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &r))
	return 1e3*float64(r.Utime.Sec+r.Stime.Sec) + 1e-3*float64(r.Utime.Usec+r.Stime.Usec)
}

// BenchmarkNets times what docs/performance.md sets beside another program, on
// nets of tanh units with a softmax output and 512 examples.
func BenchmarkNets(b *testing.B) {
	for name, widths := range map[string][]int{"64-50-50-10": {64, 50, 50, 10}, "784-512-256-10": {784, 512, 256, 10}} {
		net, err := network.MLP(widths, network.Tanh{}, network.Softmax{})
		require.NoError(b, err)
		rng := rand.New(rand.NewPCG(1, 1))
		const n = 512
		d := network.Data{X: mat.NewDense(n, widths[0], nil), Y: mat.NewDense(n, 1, nil)}
		for i := range n {
			for j := range widths[0] {
				d.X.Set(i, j, rng.NormFloat64())
			}
			d.Y.Set(i, 0, float64(rng.IntN(10)))
		}
		e, err := network.NewEvaluation(net, d)
		require.NoError(b, err)
		theta, gradient, velocity := make([]float64, net.Dim()), make([]float64, net.Dim()), make([]float64, net.Dim())
		require.NoError(b, net.Initial(theta, "lecun-normal", 1))
		// moved makes each call one at a new point.
		moved := func(b *testing.B) {
			theta[0] += 1e-9
		}
		run := func(what string, f func(b *testing.B)) {
			b.Run(name+"/"+what, func(b *testing.B) {
				f(b)
				b.ResetTimer()
				start := cpu(b)
				for b.Loop() {
					moved(b)
					f(b)
				}
				b.ReportMetric((cpu(b)-start)/float64(b.N), "cpu-ms/op")
			})
		}
		run("gradient", func(b *testing.B) {
			require.NoError(b, e.At(theta))
			e.Gradient(gradient)
		})
		kfac, err := metrics.OnModel("kfac", e, metrics.Settings{Estimator: "monte-carlo", Damping: metrics.Damping{Kind: "factored", Value: 1e-2}})
		require.NoError(b, err)
		run("kfac", func(b *testing.B) {
			require.NoError(b, kfac.At(theta))
			e.Gradient(gradient)
			require.NoError(b, kfac.Raise(velocity, gradient))
		})
		product := descent.Natural{Structure: "kfac", Metric: metrics.Settings{Estimator: "monte-carlo", Damping: metrics.Damping{Kind: "factored", Value: 1}}, LevenbergMarquardt: new(descent.LevenbergMarquardt)}
		require.NoError(b, product.Init(e, 1))
		count := 0
		run("kfac with levenberg-marquardt", func(b *testing.B) {
			_, err := product.Step(theta, count)
			require.NoError(b, err)
			count++
		})
	}
}
