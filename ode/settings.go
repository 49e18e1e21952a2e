package ode

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/diff/fd"
)

// Settings controls [Solve]. The zero value is useful.
type Settings struct {
	// Method is the numerical method; nil means DormandPrince.
	Method Method

	// RTol and ATol are the relative and absolute tolerances of an adaptive
	// method. Zero means 1e-6 and 1e-3·RTol.
	RTol, ATol float64
	// ATols, if not nil, are absolute tolerances of the controlled components,
	// one by one, in place of ATol.
	ATols []float64
	// Norm measures the error of a step in units of the tolerance. Nil means
	// RMS(RTol, ATol).
	Norm Norm
	// Controlled is the number of leading components that the norm sees; the
	// others are quadratures, carried along outside of it. Zero means all.
	Controlled int

	// Controller chooses the step sizes; the zero value is the one that suits
	// the method. GBS and Radau5 have their own, which GBS always uses and Radau5
	// in place of the zero value.
	Controller Controller

	// Step is the step size of a method without error control, which needs
	// it, or the first step of an adaptive method. Zero lets an adaptive
	// method choose (Hairer, Nørsett & Wanner I, II.4).
	Step float64
	// MinStep and MaxStep bound the step size of an adaptive method; only an end,
	// an output time or an event makes a step shorter. One that would have to be
	// smaller than MinStep, or than t resolves, ends the integration with
	// ErrMinStep. Zero means no bound.
	MinStep, MaxStep float64
	// MaxSteps bounds the attempted steps. Zero means 1 000 000.
	MaxSteps int

	// Differences is the formula of the derivatives that an implicit method
	// takes where the field does not give its own; its step is relative to the
	// component. Zero means fd.Forward.
	Differences fd.Formula

	// StopAt are times, ascending in the direction of integration, at which a
	// step ends exactly. The step size that was in use is kept beyond.
	StopAt []float64
	// Discontinuities are times, ascending in the direction of integration, at
	// which the field or a derivative of it jumps. A step ends there, asks the
	// field for its end one float earlier, and the next one starts anew with
	// what the field is one float later.
	Discontinuities []float64
	// SaveAt are times, ascending in the direction of integration, at which the
	// interpolated state is kept, without any influence on the steps; see
	// [Trajectory.Saved].
	SaveAt []float64
	// Events are looked for on the interpolant of every accepted step.
	Events []Event
	// Observer, if not nil, sees every accepted step. It ends the integration
	// well by returning ErrStop, and with an error by returning that.
	Observer func(*Step) error
	// Discard keeps no more of the trajectory than its first and last state. GBS,
	// which then needs no interpolant, may take longer steps.
	Discard bool
}

const defaultMaxSteps = 1_000_000

// resolved returns the settings with their defaults, checked.
func (s *Settings) resolved(n int, t0, t1 float64) (Settings, error) {
	var r Settings
	if s != nil {
		r = *s
	}
	if r.Method == nil {
		r.Method = DormandPrince
	}
	if r.RTol == 0 {
		r.RTol = 1e-6
	}
	if r.ATol == 0 {
		r.ATol = 1e-3 * r.RTol
	}
	if r.MaxSteps == 0 {
		r.MaxSteps = defaultMaxSteps
	}
	if r.Controlled == 0 {
		r.Controlled = n
	}
	adaptive := r.Method.EmbeddedOrder() > 0
	switch {
	case r.Controlled < 0 || r.Controlled > n:
		panic(fmt.Sprintf("ode: Controlled is %d with %d components", r.Controlled, n))
	case !(r.RTol > 0) || math.IsInf(r.RTol, 1):
		return r, fmt.Errorf("%w: RTol = %g must be positive and finite", ErrTolerance, r.RTol)
	case !(r.ATol >= 0) || math.IsInf(r.ATol, 1):
		return r, fmt.Errorf("%w: ATol = %g must be finite and not negative", ErrTolerance, r.ATol)
	case adaptive && r.Norm == nil && r.RTol < MinRTol:
		return r, fmt.Errorf("%w: RTol = %g asks for more than float64 has; the least is %.2g", ErrTolerance, r.RTol, MinRTol)
	case !adaptive && !(r.Step > 0):
		return r, fmt.Errorf("method %s has no step size control: Step = %g must be positive", r.Method.Name(), r.Step)
	case r.Step < 0 || math.IsNaN(r.Step) || math.IsInf(r.Step, 0):
		return r, fmt.Errorf("Step = %g must be finite and not negative", r.Step)
	case r.MinStep < 0 || r.MaxStep < 0 || math.IsNaN(r.MinStep) || math.IsNaN(r.MaxStep):
		return r, errors.New("MinStep and MaxStep must not be negative")
	case r.MaxStep > 0 && r.MinStep > r.MaxStep:
		return r, fmt.Errorf("MinStep = %g is larger than MaxStep = %g", r.MinStep, r.MaxStep)
	case r.MaxStep > 0 && r.MaxStep < resolution(t0):
		return r, fmt.Errorf("MaxStep = %g is less than t = %g resolves (%.2g)", r.MaxStep, t0, resolution(t0))
	case r.MaxSteps < 0:
		return r, fmt.Errorf("MaxSteps = %d must not be negative", r.MaxSteps)
	case math.IsNaN(t0) || math.IsInf(t0, 0) || math.IsNaN(t1):
		return r, fmt.Errorf("the span [%g, %g] is not one of finite start", t0, t1)
	}
	if r.ATols != nil {
		if len(r.ATols) != r.Controlled {
			panic(fmt.Sprintf("ode: %d absolute tolerances for %d components", len(r.ATols), r.Controlled))
		}
		for i, a := range r.ATols {
			if !(a >= 0) || math.IsInf(a, 1) {
				return r, fmt.Errorf("%w: ATols[%d] = %g must be finite and not negative", ErrTolerance, i, a)
			}
		}
	}
	if r.Norm == nil && r.ATols != nil {
		r.Norm = RMSWith(r.RTol, r.ATols)
	}
	if r.Differences.Stencil == nil {
		r.Differences = fd.Forward
	}
	if d := r.Differences; d.Derivative != 1 || !(d.Step > 0) {
		panic(fmt.Sprintf("ode: Differences of derivative %d with step %g", d.Derivative, d.Step))
	}
	if err := r.Controller.check(); err != nil {
		return r, err
	}
	if err := ordered("Discontinuities", r.Discontinuities, t0, t1); err != nil {
		return r, err
	}
	if err := ordered("StopAt", r.StopAt, t0, t1); err != nil {
		return r, err
	}
	return r, ordered("SaveAt", r.SaveAt, t0, t1)
}

// ordered wants times that ascend in the direction of integration, inside of
// the span.
func ordered(name string, times []float64, t0, t1 float64) error {
	direction := 1.0
	if t1 < t0 {
		direction = -1
	}
	last := t0
	for _, t := range times {
		if !((t-last)*direction >= 0) || (t-t1)*direction > 0 {
			return fmt.Errorf("%s time %g is out of order or outside of [%g, %g]", name, t, t0, t1)
		}
		last = t
	}
	return nil
}

// MinRTol is the least relative tolerance, ten ulp: below it the error estimate
// is rounding.
const MinRTol = 10 * 0x1p-52
