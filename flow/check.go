package flow

import (
	"fmt"
	"math"
)

// A Check is a mathematical claim about a trajectory, measured: it holds when
// Value ≤ Bound. The bound is what rounding and the solver's own error
// estimates allow, so that a failure is laid at the theory's door, or says
// that the solver was not asked for enough.
type Check struct {
	Name   string
	Value  float64
	Bound  float64
	Detail string
}

// Holds reports whether the measured value is within the bound; what is not a
// number is not.
func (c Check) Holds() bool { return c.Value <= c.Bound && !math.IsInf(c.Bound, 1) }

// Margin is Bound/Value, above one when the check holds.
func (c Check) Margin() float64 { return c.Bound / c.Value }

func (c Check) String() string {
	verdict := "holds"
	if !c.Holds() {
		verdict = "VIOLATED"
	}
	return fmt.Sprintf("%s %s: %.3g against %.3g (%s)", c.Name, verdict, c.Value, c.Bound, c.Detail)
}
