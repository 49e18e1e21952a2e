package run_test

import (
	"context"
	"fmt"
	"log"

	"fisherflow/run"
)

// A gamma distribution is fitted to the lengths of 141 rivers by following the
// Fisher flow of the negative log-likelihood to its end.
func Example() {
	spec, err := run.Parse("rivers.toml", []byte(`
		family.name = "gamma"
		data.dataset = "rivers"
		loss.kind = "nll"

		[flow]
		chart = "log"
		start = { chart = "mean-shape", at = [500.0, 1.0] }
		stop = { distance = 1e-10 }

		[claims]
		monotone = true
		stationary = true
		closed-form = true
	`), []string{"ode.rtol=1e-10"})
	if err != nil {
		log.Fatal(err)
	}
	o, err := run.Compute(context.Background(), run.NewPlan(spec), run.Options{})
	if err != nil {
		log.Fatal(err)
	}
	at, se := o.Result.Final.Point.In("mean-shape"), o.Result.Final.StandardError.In("mean-shape")
	fmt.Printf("mean  %.2f ± %.2f miles\nshape %.4f ± %.4f\n", at[0], se[0], at[1], se[1])
	for _, c := range o.Result.Claims {
		fmt.Printf("%s: %t\n", c.Name, c.Holds)
	}
	// Output:
	// mean  591.18 ± 31.00 miles
	// shape 2.5787 ± 0.2895
	// monotone: true
	// stationary: true
	// closed-form: true
}
