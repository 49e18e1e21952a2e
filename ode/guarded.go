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
	jacobians   int
	// The point being evaluated, for the report of a panic.
	inside bool
	t      float64
	y      []float64
}

// enter notes that the field is about to be evaluated at the state y of the
// guard; the caller clears inside when it has answered.
func (g *guarded) enter(t float64) {
	g.evaluations++
	g.inside, g.t = true, t
}

// ask evaluates the field, and leaves it to the caller to find out whether the
// values are finite.
func (g *guarded) ask(dst []float64, t float64, y []float64) error {
	g.y = y
	g.enter(t)
	err := g.field.Eval(dst, t, y)
	g.inside = false
	return err
}

// eval evaluates the field and refuses values that are not finite.
func (g *guarded) eval(dst []float64, t float64, y []float64) error {
	if err := g.ask(dst, t, y); err != nil {
		return err
	}
	if !finite(dst) {
		return blame(t, dst)
	}
	return nil
}

// blame says which value is not finite. The vectors are values of the field, at
// times up to t; where all of them are finite the state itself has overflowed.
func blame(t float64, fields ...[]float64) error {
	for _, f := range fields {
		for i, v := range f {
			if v-v != 0 {
				return &nonFinite{component: i, value: v, t: t}
			}
		}
	}
	return &nonFinite{component: -1, t: t}
}

// nonFinite refuses a point where the field is NaN or infinite.
type nonFinite struct {
	component int // −1: of the state
	value, t  float64
}

func (e *nonFinite) Error() string {
	if e.component < 0 {
		return fmt.Sprintf("%v: the state overflows near t = %.10g", ErrNonFinite, e.t)
	}
	return fmt.Sprintf("%v: component %d is %g near t = %.10g", ErrNonFinite, e.component, e.value, e.t)
}

func (e *nonFinite) Is(target error) bool { return target == ErrNonFinite }

// refused reports whether an error refuses a point, rather than ends the
// integration.
func refused(err error) bool {
	for _, target := range []error{ErrDomain, ErrNonFinite, errNewton, errSingular, errNorm, errBetween} {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}

// resolution is the smallest step that moves t.
func resolution(t float64) float64 {
	return 8 * (math.Nextafter(math.Abs(t), math.Inf(1)) - math.Abs(t))
}
