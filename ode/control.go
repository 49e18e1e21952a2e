package ode

import (
	"fmt"
	"math"
)

// A Controller chooses the sizes of the steps of an adaptive method by a
// digital filter of the errors of the last three steps, e in units of the
// tolerance,
//
//	h ← h · Safety · e₁^(−Beta1/k) e₂^(−Beta2/k) e₃^(−Beta3/k) · (h₁/h₂)^(−Alpha2),
//
// where e₁ belongs to the step just accepted, h₁ is its size, and the error
// estimate is O(hᵏ) (Söderlind, ACM Trans. Math. Softw. 29, 2003, p. 1). The
// zero value is the one that suits the method: [PI], and [Cautious] for
// explicit methods of order 8 and more.
type Controller struct {
	Beta1, Beta2, Beta3 float64
	Alpha2              float64
	// Safety is the part of the size that is taken; zero means 0.9.
	Safety float64
	// Shrink and Grow bound the proportion of a step to the one before; zero
	// means 0.2 and 10.
	Shrink, Grow float64
}

// check reports values with which no step could be chosen.
func (c Controller) check() error {
	for _, v := range []float64{c.Beta1, c.Beta2, c.Beta3, c.Alpha2, c.Safety, c.Shrink, c.Grow} {
		if v-v != 0 {
			return fmt.Errorf("Controller %+v has a value that is not finite", c)
		}
	}
	switch {
	case c.Safety < 0 || c.Safety > 1:
		return fmt.Errorf("Controller.Safety = %g must be between 0 and 1", c.Safety)
	case c.Shrink < 0 || c.Shrink >= 1:
		return fmt.Errorf("Controller.Shrink = %g must be between 0 and 1", c.Shrink)
	case c.Grow < 0 || c.Grow > 0 && c.Grow <= 1:
		return fmt.Errorf("Controller.Grow = %g must exceed 1", c.Grow)
	}
	return nil
}

// Controllers that are known to do well.
var (
	// I is the elementary controller, h ← h e^(−1/k).
	I = Controller{Beta1: 1}
	// PI is Gustafsson's, with the constants of Hairer & Wanner's DOPRI5.
	PI = Controller{Beta1: 0.85, Beta2: -0.2}
	// PI34 reacts more to the trend of the error (Hairer & Wanner II, IV.2).
	PI34 = Controller{Beta1: 0.7, Beta2: -0.4}
	// Cautious is the elementary controller with smaller steps. A rejected step
	// of many stages costs much, and the error of a high order falls fast: to the
	// same error, DOP853 and Verner98 need a tenth to a fifth fewer evaluations
	// with it than with PI.
	Cautious = Controller{Beta1: 1, Safety: 0.7}
	// PID is Söderlind's H312PID, whose step sizes are the smoothest.
	PID = Controller{Beta1: 1. / 18, Beta2: 1. / 9, Beta3: 1. / 18}
)

// control is a controller at work. Errors are kept by their binary logarithms.
type control struct {
	Controller
	k                   float64 // the order of the estimate that the gains are for
	gain1, gain2, gain3 float64 // of the errors' logarithms in that of the proportion
	last, before        float64 // errors of the last accepted steps
	h, ratio            float64 // size of the last accepted step, and the logarithm of its proportion to the one before
	afterRejection      bool
}

// leastError keeps a step that was right by accident from sending the next one
// off: log₂ 1e-4.
const leastError = -13.287712379549449

// leastSquare is the least normal number: below it lies no error worth a
// logarithm.
const leastSquare = 0x1p-1022

func newControl(c Controller, m Method) control {
	if c.Beta1 == 0 && c.Beta2 == 0 && c.Beta3 == 0 {
		suits := PI
		if t, ok := m.(*tableau); ok && t.order >= 8 {
			suits = Cautious
		}
		c.Beta1, c.Beta2 = suits.Beta1, suits.Beta2
		if c.Safety == 0 {
			c.Safety = suits.Safety
		}
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
	return control{Controller: c, last: leastError, before: leastError}
}

// restart forgets the steps so far.
func (c *control) restart() {
	c.last, c.before, c.h, c.ratio, c.afterRejection = leastError, leastError, 0, 0, false
}

// factor is the unclipped proportion of the next step to one whose error has
// this square, and the logarithm of the error. The estimate is O(hᵏ).
func (c *control) factor(square, k float64) (f, l float64) {
	if square < leastSquare {
		return math.Inf(1), math.Inf(-1)
	}
	if k != c.k {
		c.k, c.gain1, c.gain2, c.gain3 = k, -c.Beta1/k, -c.Beta2/k, -c.Beta3/k
	}
	l = 0.5 * log2(square)
	// What is known from the steps before stands aside of the chain.
	exponent := c.gain1*l + (c.gain2*c.last + c.gain3*c.before - c.Alpha2*c.ratio)
	if !(math.Abs(exponent) < 1000) {
		exponent = math.Copysign(1000, exponent)
	}
	return c.Safety * exp2(exponent), l
}

// accept returns the proportion of the next step to the accepted one, of size
// h and an error of this square.
func (c *control) accept(h, square, k float64) float64 {
	f, l := c.factor(square, k)
	if f < c.Shrink {
		f = c.Shrink
	}
	if f > c.Grow {
		f = c.Grow
	}
	if c.afterRejection && f > 1 {
		f = 1
	}
	c.afterRejection = false
	if l < leastError {
		l = leastError
	}
	c.before, c.last = c.last, l
	if c.Alpha2 != 0 {
		if c.h > 0 {
			c.ratio = log2(h / c.h)
		}
		c.h = h
	}
	return f
}

// reject returns the proportion of the next attempt to the rejected step, by its
// own error alone. A smooth filter, of small Beta1, would go back too little.
func (c *control) reject(square, k float64) float64 {
	c.afterRejection = true
	gain := c.Beta1
	if gain < 0.5 {
		gain = 1
	}
	return max(c.Shrink, min(0.9, c.Safety*exp2(max(-1000, -gain*0.5*log2(square)/k))))
}

// refuse returns the proportion of the next attempt to a step that the field
// refused, which says nothing of how far to go back.
func (c *control) refuse() float64 {
	c.afterRejection = true
	return 0.25
}

// log2 is the binary logarithm of a positive normal number to 3e-5, plenty for a
// step size. The next step waits for it, so that it has no branches, no division
// and a short chain of operations.
func log2(x float64) float64 {
	const root = 0x3fe6a09e667f3bcd // the bits of √½
	b := math.Float64bits(x)
	e := int64(b-root) >> 52
	u := math.Float64frombits(b-uint64(e)<<52) - 1 // in [√½−1, √2−1)
	q := u * u
	return float64(e) + u*((1.4426404642832142-u*0.7206292158599163)+q*((0.4857378424426293-u*0.38967522379167524)+q*0.2502878469608566))
}

// exp2 is 2^x to 4e-6, of −1000 ≤ x ≤ 1000.
func exp2(x float64) float64 {
	const shift = 0x1.8p52 // leaves the nearest whole number in the low bits
	n := x + shift
	f := x - (n - shift)
	q := f * f
	p := (0.9999999999999996 + f*0.6931210452034268) + q*((0.24022349038020135+f*0.05592197584226567)+q*0.009666368515390954)
	return math.Float64frombits(math.Float64bits(p) + math.Float64bits(n)<<52)
}
