package variational_test

import (
	"context"
	"fmt"

	"fisherflow/variational"
	"fisherflow/variational/target"
)

// A density of one's own: a function of z that returns log p(x, z), up to a
// constant, and stores its gradient.
func ExampleSolve() {
	t := target.Function{N: 2, F: func(grad, z []float64) float64 {
		x, y := z[0]-1, z[1]+2
		if grad != nil {
			grad[0], grad[1] = -4*x, -y
		}
		return -2*x*x - y*y/2
	}}
	fit, err := variational.Solve(context.Background(), t, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("mean %.3f, sd %.3f, log evidence %.3f\n", fit.Mean, fit.SD, fit.Evidence.Log)
	fmt.Println(fit.Verdict.Converged, fit.Verdict.Trusted)
	// Output:
	// mean [1.000 -2.000], sd [0.500 1.000], log evidence 1.145
	// true true
}
