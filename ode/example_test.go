package ode_test

import (
	"context"
	"fmt"
	"math"

	"fisherflow/ode"
)

func Example() {
	// The harmonic oscillator, to a relative tolerance of 1e-9.
	field := ode.FieldFunc(func(dst []float64, t float64, y []float64) error {
		dst[0], dst[1] = y[1], -y[0]
		return nil
	})
	r, err := ode.Solve(context.Background(), field, []float64{1, 0}, 0, 2*math.Pi, &ode.Settings{RTol: 1e-9})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("after a half turn %.6f, after a turn %.6f\n", r.At(nil, math.Pi)[0], r.At(nil, 2*math.Pi)[0])
	// Output: after a half turn -1.000000, after a turn 1.000000
}
