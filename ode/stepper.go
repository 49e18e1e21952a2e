package ode

import "math"

// A stepper makes single steps of one method for one dimension, with its own
// workspace.
type stepper interface {
	// layout says what the interpolant needs beyond both ends and the field there:
	// slopes of its own, and a number of extra vectors.
	layout() (slopes bool, extra int)
	// step goes from (t0, y0) to t1, fills y1, f1 and err, and returns the square
	// of the size of the error in units of the tolerance, 0 for a method without
	// estimate. Where the square exceeds 1 it may leave f1 as it was.
	step(a *attempt) (square float64, err error)
	// interpolate fills slopes and extra for the step just made, whose error is
	// small enough. It may cost evaluations, and may still reject the step.
	interpolate(a *attempt) error
	// keep is told that the step just made stands, where keeps says that it
	// wants to know.
	keep(a *attempt)
	keeps() bool
	// reset forgets the solve that is done, for one with these settings.
	reset(s *Settings)
}

// An attempt is a step to be made: what the stepper is given, and what it
// answers.
type attempt struct {
	field   *guarded
	measure measure

	t0, t1 float64
	last   float64 // time at which the field is asked at the end; t1, or one float before a discontinuity
	first  float64 // time at which the field was asked at the start; t0, or one float behind a discontinuity
	y0, f0 []float64
	again  bool // an attempt from t0 has failed before
	looked bool // somebody looks at err or between the ends of the step
	fresh  bool // the steps before tell nothing: the first one, or one behind a discontinuity

	y1, f1 []float64
	err    []float64 // nil for a method without estimate
	slopes []float64 // dy/dθ at the start and at the end, one after the other
	extra  []float64

	// order is k where the estimate is O(hᵏ).
	order float64
	// next, if not zero, is the size of the next attempt that the method wants
	// in place of the controller's.
	next float64
	// stiff is set where an explicit method finds the field stiff.
	stiff bool
}

// measure is the size of errors in units of the tolerance.
type measure struct {
	controlled int
	rtol, atol float64
	norm       Norm    // nil: RMS(rtol, atol)
	share      float64 // of one component in a mean
}

// leastScale keeps a component that is zero, with no absolute tolerance, from
// dividing by it.
const leastScale = 0x1p-400

func newMeasure(s *Settings) measure {
	return measure{controlled: s.Controlled, rtol: s.RTol, atol: max(s.ATol, leastScale), norm: s.Norm, share: 1 / float64(s.Controlled)}
}

// square is the square of the size of err.
func (m *measure) square(err, y0, y1 []float64) (float64, error) {
	c := m.controlled
	if m.norm != nil {
		size, fault := m.norm(err[:c], y0[:c], y1[:c])
		return size * size, fault
	}
	var sums [lanes]float64
	y0, y1 = y0[:c], y1[:c]
	for i, e := range err[:c] {
		sums[i%lanes] += scaledSquare(e, y0[i], y1[i], m.rtol, m.atol)
	}
	return total(&sums) * m.share, nil
}

// size is the size of err.
func (m *measure) size(err, y0, y1 []float64) (float64, error) {
	square, fault := m.square(err, y0, y1)
	return math.Sqrt(square), fault
}
