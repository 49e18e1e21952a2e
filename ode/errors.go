package ode

import (
	"errors"
	"fmt"
)

// Causes that an [Error] wraps.
var (
	// ErrMinStep says that the step size fell below what the tolerance, the
	// field or the resolution of t allows.
	ErrMinStep = errors.New("the step size fell below its minimum")
	// ErrMaxSteps says that the number of attempted steps reached its limit.
	ErrMaxSteps = errors.New("the limit on the number of steps was reached")
	// ErrTolerance says that a tolerance cannot be met or makes no sense.
	ErrTolerance = errors.New("unusable tolerance")
	// ErrNonFinite says that the field gave a value that is not finite.
	ErrNonFinite = errors.New("the field is not finite")
	// ErrOverflow says that the solution leaves float64 between the ends of a
	// step, where an event or an output asks for it.
	ErrOverflow = errors.New("the solution overflows between the ends of a step")
	// ErrPanic says that the field panicked.
	ErrPanic = errors.New("the field panicked")
)

// Causes that reject a step.
var (
	errNorm    = errors.New("the norm of the error is not a number")
	errBetween = errors.New("the solution is less accurate between the ends of the step than at them")
)

// ErrStop is returned by an observer to end an integration well.
var ErrStop = errors.New("stop")

// An Error says where an integration ended and why.
type Error struct {
	T      float64   // time reached
	H      float64   // step size at which it ended, 0 before the first step
	Y      []float64 // state at T
	Err    error     // cause
	Advice string    // what to change, if anything
}

func (e *Error) Error() string {
	s := fmt.Sprintf("at t = %.10g", e.T)
	if e.H != 0 {
		s += fmt.Sprintf(" with step %.3g", e.H)
	}
	s += ": " + e.Err.Error()
	if e.Advice != "" {
		s += ": " + e.Advice
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
