package ode

import "math"

// A Controller chooses the sizes of the steps of an adaptive method by a
// digital filter of the errors of the last three steps, e in units of the
// tolerance,
//
//	h ← h · Safety · e₁^(−Beta1/k) e₂^(−Beta2/k) e₃^(−Beta3/k) · (h₁/h₂)^(−Alpha2),
//
// where e₁ belongs to the step just accepted, h₁ is its size, and the error
// estimate is O(hᵏ) (Söderlind, ACM Trans. Math. Softw. 29, 2003, p. 1). The
// zero value is [PI].
type Controller struct {
	Beta1, Beta2, Beta3 float64
	Alpha2              float64
	// Safety is the part of the size that is taken; zero means 0.9.
	Safety float64
	// Shrink and Grow bound the proportion of a step to the one before; zero
	// means 0.2 and 10.
	Shrink, Grow float64
}

// Controllers that are known to do well.
var (
	// I is the elementary controller, h ← h e^(−1/k).
	I = Controller{Beta1: 1}
	// PI is Gustafsson's, with the constants of Hairer & Wanner's DOPRI5.
	PI = Controller{Beta1: 0.85, Beta2: -0.2}
	// PI34 reacts more to the trend of the error (Hairer & Wanner II, IV.2).
	PI34 = Controller{Beta1: 0.7, Beta2: -0.4}
	// PID is Söderlind's H312PID, whose step sizes are the smoothest.
	PID = Controller{Beta1: 1. / 18, Beta2: 1. / 9, Beta3: 1. / 18}
)

// control is a controller at work.
type control struct {
	Controller
	order          float64 // k
	last, before   float64 // errors of the last accepted steps
	h, ratio       float64 // size of the last accepted step, and its proportion to the one before
	afterRejection bool
}

// leastError keeps a step that was right by accident from sending the next one
// off.
const leastError = 1e-4

func newControl(c Controller, m Method) control {
	if c.Beta1 == 0 && c.Beta2 == 0 && c.Beta3 == 0 {
		safety, shrink, grow := c.Safety, c.Shrink, c.Grow
		c = PI
		c.Safety, c.Shrink, c.Grow = safety, shrink, grow
	}
	if c.Safety == 0 {
		c.Safety = 0.9
	}
	if c.Shrink == 0 {
		c.Shrink = 0.2
	}
	if c.Grow == 0 {
		c.Grow = 10
	}
	k := float64(m.EmbeddedOrder() + 1)
	if t, ok := m.(*tableau); ok && t.estimate > 0 {
		k = float64(t.estimate + 1)
	}
	return control{Controller: c, order: k, last: leastError, before: leastError, ratio: 1}
}

// factor is the unclipped proportion of the next step to one of error e.
func (c *control) factor(e float64) float64 {
	if e == 0 {
		return math.Inf(1)
	}
	exponent := -c.Beta1 * math.Log(e)
	exponent -= c.Beta2 * math.Log(c.last)
	if c.Beta3 != 0 {
		exponent -= c.Beta3 * math.Log(c.before)
	}
	exponent /= c.order
	if c.Alpha2 != 0 {
		exponent -= c.Alpha2 * math.Log(c.ratio)
	}
	return c.Safety * math.Exp(exponent)
}

// accept returns the proportion of the next step to the accepted one, of size
// h and error e.
func (c *control) accept(h, e float64) float64 {
	f := min(c.Grow, max(c.Shrink, c.factor(e)))
	if c.afterRejection {
		f = min(f, 1)
	}
	c.afterRejection = false
	c.before, c.last = c.last, max(e, leastError)
	if c.h > 0 {
		c.ratio = h / c.h
	}
	c.h = h
	return f
}

// reject returns the proportion of the next attempt to the rejected step, by its
// own error alone. A smooth filter, of small Beta1, would go back too little.
func (c *control) reject(e float64) float64 {
	c.afterRejection = true
	gain := c.Beta1
	if gain < 0.5 {
		gain = 1
	}
	return max(c.Shrink, min(0.9, c.Safety*math.Exp(-gain*math.Log(e)/c.order)))
}

// refuse returns the proportion of the next attempt to a step that the field
// refused, which says nothing of how far to go back.
func (c *control) refuse() float64 {
	c.afterRejection = true
	return 0.25
}
