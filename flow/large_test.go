package flow_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"fisherflow/flow"
	"fisherflow/manifold"
	"fisherflow/ode"
)

// banded is a normal with means cos i and covariances ½^|i−j|.
func banded(d int) []float64 {
	theta := make([]float64, d, d+d*(d+1)/2)
	for i := range d {
		theta[i] = math.Cos(float64(i))
	}
	for i := range d {
		for j := range i + 1 {
			theta = append(theta, math.Ldexp(1, j-i))
		}
	}
	return theta
}

// whiteNoise is the standard normal.
func whiteNoise(d int) []float64 {
	theta := make([]float64, d, d+d*(d+1)/2)
	for i := range d {
		for j := range i + 1 {
			theta = append(theta, float64(1-min(1, i-j)))
		}
	}
	return theta
}

// towards solves the Fisher flow of KL(p*‖p) from white noise to the banded
// normal p* in d dimensions, from t = 0 to 4 in source coordinates, and returns
// how far the end is from η* + e^(−4)(η₀ − η*), relative to each coordinate or 1.
func towards(d int) (worst float64, steps int, err error) {
	f := manifold.MultivariateNormal{Dimension: d}
	start, target := whiteNoise(d), banded(d)
	loss, err := flow.KL(f, target)
	if err != nil {
		return math.NaN(), 0, err
	}
	fl, err := flow.OnFamily(f, "source", loss, nil)
	if err != nil {
		return math.NaN(), 0, err
	}
	r, err := flow.Solve(context.Background(), fl, start, 0, 4, &flow.Settings{ODE: ode.Settings{RTol: 1e-4, ATol: 1e-7, Discard: true}})
	if err != nil {
		return math.NaN(), 0, err
	}
	exact := make([]float64, f.Dim())
	if err := loss.(flow.Integrable).Exact(exact, start, 4); err != nil {
		return math.NaN(), 0, err
	}
	for i, x := range r.At(nil, 4) {
		worst = math.Max(worst, math.Abs(x-exact[i])/math.Max(1, math.Abs(exact[i])))
	}
	return worst, r.Statistics.Steps, nil
}

// A normal law in 200 dimensions has 20 300 coordinates. Its Fisher matrix would
// hold 4·10⁸ numbers; the metric raises a covector in O(d³) operations without it.
func Example_multivariateNormal() {
	worst, _, err := towards(200)
	fmt.Println(manifold.MultivariateNormal{Dimension: 200}.Dim(), worst < 1e-5, err)
	// Output: 20300 true <nil>
}

// BenchmarkMultivariateNormal is that flow in 25 to 200 dimensions, and the
// slope of log time against log d.
func BenchmarkMultivariateNormal(b *testing.B) {
	var x, y []float64
	for _, d := range []int{25, 50, 100, 200} {
		b.Run(fmt.Sprintf("d=%d", d), func(b *testing.B) {
			steps := 0
			for range b.N {
				_, n, err := towards(d)
				if err != nil {
					b.Fatal(err)
				}
				steps = n
			}
			b.ReportMetric(float64(steps), "steps")
			ns := float64(b.Elapsed().Nanoseconds()) / float64(b.N)
			if n := len(x); n > 0 && x[n-1] == math.Log(float64(d)) {
				y[n-1] = math.Log(ns) // of the longer run
				return
			}
			x, y = append(x, math.Log(float64(d))), append(y, math.Log(ns))
		})
	}
	b.Run("slope", func(b *testing.B) {
		if len(x) < 2 {
			b.Skip("run all dimensions for the slope")
		}
		n, sx, sy, sxx, sxy := float64(len(x)), 0.0, 0.0, 0.0, 0.0
		for i := range x {
			sx, sy, sxx, sxy = sx+x[i], sy+y[i], sxx+x[i]*x[i], sxy+x[i]*y[i]
		}
		b.ReportMetric((n*sxy-sx*sy)/(n*sxx-sx*sx), "slope")
		b.ReportMetric(0, "ns/op")
	})
}
