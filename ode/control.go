package ode

import "math"

// controller chooses step sizes by the PI rule of Gustafsson, with the
// constants of Hairer & Wanner's DOPRI5: h ← h·safety·e^{−α}·e_old^{β}.
type controller struct {
	alpha, beta    float64
	safety         float64
	shrink, grow   float64
	last           float64 // error of the last accepted step
	afterRejection bool
}

func newController(m Method) controller {
	k := float64(m.EmbeddedOrder() + 1)
	if t, ok := m.(*tableau); ok && t.estimate > 0 {
		k = float64(t.estimate + 1)
	}
	beta := 0.04
	return controller{
		alpha: 1/k - 0.75*beta, beta: beta, safety: 0.9, shrink: 0.2, grow: 10, last: 1e-4,
	}
}

// factor is the unclipped proportion of the next step to this one.
func (c *controller) factor(e float64) float64 {
	if e == 0 {
		return math.Inf(1)
	}
	return c.safety * math.Exp(c.beta*math.Log(c.last)-c.alpha*math.Log(e))
}

// accept returns the proportion of the next step to the accepted one.
func (c *controller) accept(e float64) float64 {
	f := min(c.grow, max(c.shrink, c.factor(e)))
	if c.afterRejection {
		f = min(f, 1)
	}
	c.afterRejection = false
	c.last = max(e, 1e-4)
	return f
}

// reject returns the proportion of the next attempt to the rejected step.
func (c *controller) reject(e float64) float64 {
	c.afterRejection = true
	return max(c.shrink, min(0.9, c.safety*math.Exp(-c.alpha*math.Log(e))))
}

// refuse returns the proportion of the next attempt to a step that the field
// refused, which says nothing of how far to go back.
func (c *controller) refuse() float64 {
	c.afterRejection = true
	return 0.25
}
