package flow_test

import (
	"context"
	"fmt"

	"fisherflow/flow"
	"fisherflow/manifold"
)

func Example() {
	family := manifold.Gamma{}
	waits := [][]float64{{3.6}, {1.8}, {3.3}, {2.3}, {4.5}, {2.9}, {4.7}}
	loss, err := flow.NLL(family, waits)
	if err != nil {
		panic(err)
	}
	f, err := flow.OnFamily(family, "mean-shape", loss, nil) // nil: the Fisher metric
	if err != nil {
		panic(err)
	}
	r, err := flow.Solve(context.Background(), f, []float64{1, 1}, 0, 100, &flow.Settings{Distance: 1e-9})
	if err != nil {
		panic(err)
	}
	fmt.Printf("mean %.6f, shape %.6f, never rising: %t\n", r.Last()[0], r.Last()[1], r.Monotone.Holds())
	// Output:
	// mean 3.300000, shape 10.292506, never rising: true
}
