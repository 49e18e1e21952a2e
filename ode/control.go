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

// control is a controller at work. Errors are kept by their binary logarithms.
type control struct {
	Controller
	last, before   float64 // errors of the last accepted steps
	h, ratio       float64 // size of the last accepted step, and the logarithm of its proportion to the one before
	afterRejection bool
}

// leastError keeps a step that was right by accident from sending the next one
// off: log₂ 1e-4.
const leastError = -13.287712379549449

func newControl(c Controller) control {
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
	return control{Controller: c, last: leastError, before: leastError}
}

// restart forgets the steps so far.
func (c *control) restart() {
	c.last, c.before, c.h, c.ratio, c.afterRejection = leastError, leastError, 0, 0, false
}

// factor is the unclipped proportion of the next step to one of error e, whose
// logarithm it returns too. The estimate is O(hᵏ).
func (c *control) factor(e, k float64) (f, l float64) {
	if e == 0 {
		return math.Inf(1), math.Inf(-1)
	}
	l = log2(e)
	// What is known from the steps before stands aside of the chain.
	known := -(c.Beta2*c.last+c.Beta3*c.before)/k - c.Alpha2*c.ratio
	exponent := known - c.Beta1/k*l
	if !(math.Abs(exponent) < 1000) {
		exponent = math.Copysign(1000, exponent)
	}
	return c.Safety * exp2(exponent), l
}

// accept returns the proportion of the next step to the accepted one, of size
// h and error e.
func (c *control) accept(h, e, k float64) float64 {
	f, l := c.factor(e, k)
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
	if c.Alpha2 != 0 && c.h > 0 {
		c.ratio = log2(h / c.h)
	}
	c.h = h
	return f
}

// reject returns the proportion of the next attempt to the rejected step, by its
// own error alone. A smooth filter, of small Beta1, would go back too little.
func (c *control) reject(e, k float64) float64 {
	c.afterRejection = true
	gain := c.Beta1
	if gain < 0.5 {
		gain = 1
	}
	return max(c.Shrink, min(0.9, c.Safety*exp2(max(-1000, -gain*log2(e)/k))))
}

// refuse returns the proportion of the next attempt to a step that the field
// refused, which says nothing of how far to go back.
func (c *control) refuse() float64 {
	c.afterRejection = true
	return 0.25
}

// log2 is the binary logarithm of a positive normal number to 1e-6, plenty for a
// step size. The next step waits for it, so that it has no branches and a short
// chain of operations.
func log2(x float64) float64 {
	const root = 0x3fe6a09e667f3bcd // the bits of √½
	b := math.Float64bits(x)
	e := int64(b-root) >> 52
	m := math.Float64frombits(b - uint64(e)<<52) // in [√½, √2)
	s := (m - 1) / (m + 1)
	q := s * s
	return float64(e) + s*((2.8853900817779268+q*0.96179669392597560)+q*q*(0.57707801635558537+q*0.41219858311113240))
}

// exp2 is 2^x to 3e-6, of −1000 ≤ x ≤ 1000.
func exp2(x float64) float64 {
	n := int64(x+1024.5) - 1024
	f := x - float64(n)
	q := f * f
	p := (1 + f*0.69314718055994531) + q*((0.24022650695910071+f*0.055504108664821580)+q*(0.0096181291076284772+f*0.0013333558146428443))
	return p * math.Float64frombits(uint64(n+1023)<<52)
}
