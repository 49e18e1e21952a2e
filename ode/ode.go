package ode

import "errors"

// ErrDomain says that a field is not defined at a point: a scale that is not
// positive, a singular metric, a state outside of a chart. A [Field] wraps it
// in the error it returns. An adaptive method then rejects the step and tries
// a smaller one; a fixed-step method stops and says where.
var ErrDomain = errors.New("outside the domain")

// A Field is the right-hand side of dy/dt = f(t, y).
//
// Eval stores f(t, y) in dst, which has the length of y, and must not keep or
// change y. An error that wraps [ErrDomain], or a value that is not finite,
// refuses the point; any other error ends the integration.
type Field interface {
	Eval(dst []float64, t float64, y []float64) error
}

// FieldFunc is a [Field] that is an ordinary function.
type FieldFunc func(dst []float64, t float64, y []float64) error

// Eval calls f.
func (f FieldFunc) Eval(dst []float64, t float64, y []float64) error {
	return f(dst, t, y)
}
