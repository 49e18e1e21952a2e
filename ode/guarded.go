package ode

import (
	"errors"
	"fmt"
	"math"
)

// guarded is a field whose refusals are told from its failures, and whose
// evaluations are counted.
type guarded struct {
	field       Field
	evaluations int
	// The point being evaluated, for the report of a panic.
	inside bool
	t      float64
	y      []float64
}

// eval evaluates the field and refuses values that are not finite.
func (g *guarded) eval(dst []float64, t float64, y []float64) error {
	g.evaluations++
	g.inside, g.t, g.y = true, t, y
	err := g.field.Eval(dst, t, y)
	g.inside = false
	if err != nil {
		return err
	}
	for i, v := range dst {
		if v-v != 0 {
			return &nonFinite{component: i, value: v, t: t}
		}
	}
	return nil
}

// nonFinite refuses a point where the field is NaN or infinite.
type nonFinite struct {
	component int
	value, t  float64
}

func (e *nonFinite) Error() string {
	return fmt.Sprintf("%v: component %d is %g at t = %.10g", ErrNonFinite, e.component, e.value, e.t)
}

func (e *nonFinite) Is(target error) bool { return target == ErrNonFinite }

// refused reports whether an error refuses a point, rather than ends the
// integration.
func refused(err error) bool {
	return errors.Is(err, ErrDomain) || errors.Is(err, ErrNonFinite)
}

func finite(y []float64) bool {
	for _, v := range y {
		if v-v != 0 {
			return false
		}
	}
	return true
}

// resolution is the smallest step that moves t.
func resolution(t float64) float64 {
	return 8 * (math.Nextafter(math.Abs(t), math.Inf(1)) - math.Abs(t))
}
