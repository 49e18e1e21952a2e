package ode

import (
	"math"
	"sort"
)

// An Event is a zero of a function along the solution. The function is looked at
// in eleven points of every step; where it comes near zero between them and
// turns, it is followed to the turn, so that two crossings close to each other
// are not missed. A zero at the very start is not a crossing, so that an
// integration can be continued from an event without meeting it again; a zero at
// the end of a step is met once. Where the function touches zero without
// crossing, to rounding, it may be met or not.
type Event struct {
	// Value is the function. It is looked at on the interpolant, at both ends
	// of a step and at points between.
	Value func(t float64, y []float64) (float64, error)
	// Direction restricts the event to crossings upward (+1) or downward (−1)
	// in the direction of integration; 0 means both.
	Direction int
	// Terminal ends the integration at the event.
	Terminal bool
	// Apply, if not nil, changes the state at the event, from which the
	// integration goes on as from a new start. [Hit].Y is the state before, and
	// so is what [Trajectory.At] gives for that very time.
	Apply func(t float64, y []float64) error
}

// A Hit is an event that was met.
type Hit struct {
	Event int // index in Settings.Events
	T     float64
	Y     []float64
}

// looks is the number of subintervals of a step on which a change of sign is
// looked for.
const looks = 10

// watch looks for events in the steps of an integration.
type watch struct {
	events []Event
	signs  []float64 // sign of each function just before the current step; 0: not known yet
	values []float64 // of each function at the start of the step
	y      []float64
	found  []Hit

	times, samples [looks + 1]float64 // of one function in one step
}

func newWatch(events []Event, n int) *watch {
	return &watch{
		events: events, signs: make([]float64, len(events)), values: make([]float64, len(events)), y: make([]float64, n),
	}
}

func (w *watch) begin(t float64, y []float64) error {
	for i, e := range w.events {
		g, err := e.Value(t, y)
		if err != nil {
			return err
		}
		w.signs[i], w.values[i] = sign(g), g
	}
	return nil
}

// again begins anew behind events at time t, none of which is met there again.
func (w *watch) again(t float64, y []float64) error {
	if err := w.begin(t, y); err != nil {
		return err
	}
	for _, h := range w.found {
		if h.T == t {
			w.signs[h.Event] = 0
		}
	}
	return nil
}

// step returns the events in an accepted step in time order, up to the first
// that ends it, and those at the same time.
func (w *watch) step(s *Step) ([]Hit, bool, error) {
	w.found = w.found[:0]
	for i := range w.events {
		if err := w.look(i, s); err != nil {
			return nil, false, err
		}
	}
	direction := math.Copysign(1, s.T1-s.T0)
	sort.SliceStable(w.found, func(a, b int) bool { return (w.found[b].T-w.found[a].T)*direction > 0 })
	for k, h := range w.found {
		if w.events[h.Event].Terminal || w.events[h.Event].Apply != nil {
			for k+1 < len(w.found) && w.found[k+1].T == h.T {
				k++
			}
			w.found = w.found[:k+1]
			return w.found, true, nil
		}
	}
	return w.found, false, nil
}

func (w *watch) look(i int, s *Step) error {
	e := w.events[i]
	before := w.signs[i]
	w.times[0], w.samples[0] = s.T0, w.values[i]
	for k := 1; k <= looks; k++ {
		left, right := w.times[k-1], s.T0+(s.T1-s.T0)*float64(k)/looks
		if k == looks {
			right = s.T1
		}
		g, err := w.value(e, s, right)
		if err != nil {
			return err
		}
		w.times[k], w.samples[k] = right, g
		after := sign(g)
		if after != 0 && after == before {
			if err := w.turns(i, s, k); err != nil {
				return err
			}
			continue
		}
		if before != 0 && e.wants(before) {
			t := right
			if after != 0 {
				if t, err = w.root(e, s, left, right, before); err != nil {
					return err
				}
			}
			w.meet(i, s, t)
		}
		// A zero at a point looked at has been met: what comes after it is the
		// other side, unless the function only touches zero.
		before = after
	}
	w.signs[i], w.values[i] = before, w.samples[looks]
	return nil
}

// wants reports whether the event is one of the crossings that come from the
// side of this sign.
func (e *Event) wants(before float64) bool {
	return e.Direction == 0 || float64(e.Direction) == -before
}

func (w *watch) meet(i int, s *Step, t float64) {
	w.found = append(w.found, Hit{Event: i, T: t, Y: append([]float64(nil), w.state(s, t)...)})
}

// turns looks whether the function crosses zero and comes back where the samples
// up to the k-th, which have one sign, are smallest.
func (w *watch) turns(i int, s *Step, k int) error {
	if k < 2 {
		return nil
	}
	g := w.samples[k-2 : k+1]
	side := sign(g[2])
	if sign(g[0]) != side || sign(g[1]) != side {
		return nil
	}
	// The parabola through the three has its least value side·least at k−1+at.
	slope, bend := (g[2]-g[0])/2, g[2]-2*g[1]+g[0]
	if !(side*bend > 0) {
		return nil
	}
	at := -slope / bend
	inside := math.Abs(at) <= 0.5 || k == 2 && at >= -1 && at < 0 || k == looks && at <= 1 && at > 0
	least := side * (g[1] + slope*at/2)
	if !inside || least > 0.25*min(side*g[0], side*g[1], side*g[2]) {
		return nil
	}
	a, c := w.times[k-2], w.times[k]
	e := w.events[i]
	m, value, err := w.least(e, s, a, c, side)
	if err != nil || value > 0 {
		return err
	}
	if value == 0 {
		if e.Direction == 0 {
			w.meet(i, s, m)
		}
		return nil
	}
	if e.wants(side) {
		t, err := w.root(e, s, a, m, side)
		if err != nil {
			return err
		}
		w.meet(i, s, t)
	}
	if e.wants(-side) {
		t, err := w.root(e, s, m, c, -side)
		if err != nil {
			return err
		}
		w.meet(i, s, t)
	}
	return nil
}

// least follows side·function down to its least value between a and c by golden
// sections, or to the first value that is not positive.
func (w *watch) least(e Event, s *Step, a, c, side float64) (at, value float64, err error) {
	const ratio = 0.6180339887498949
	ask := func(t float64) float64 {
		g, fault := w.value(e, s, t)
		if fault != nil {
			err = fault
		}
		return side * g
	}
	p, q := c-ratio*(c-a), a+ratio*(c-a)
	u, v := ask(p), ask(q)
	for range 40 {
		if u > v {
			a, p, u = p, q, v
			q = a + ratio*(c-a)
			v = ask(q)
		} else {
			c, q, v = q, p, u
			p = c - ratio*(c-a)
			u = ask(p)
		}
		if err != nil || min(u, v) <= 0 {
			break
		}
	}
	if u < v {
		return p, u, err
	}
	return q, v, err
}

// root bisects a change of sign down to neighbouring floats and returns the
// first time at which the sign before is gone.
func (w *watch) root(e Event, s *Step, a, b, before float64) (float64, error) {
	for {
		m := a + (b-a)/2
		if m == a || m == b {
			return b, nil
		}
		g, err := w.value(e, s, m)
		if err != nil {
			return b, err
		}
		if sign(g) == before {
			a = m
		} else {
			b = m
		}
	}
}

func (w *watch) value(e Event, s *Step, t float64) (float64, error) {
	return e.Value(t, w.state(s, t))
}

func (w *watch) state(s *Step, t float64) []float64 {
	if t == s.T1 {
		return s.Y1
	}
	return s.At(w.y, t)
}

func sign(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0
}
