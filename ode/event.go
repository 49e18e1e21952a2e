package ode

import (
	"math"
	"sort"
)

// An Event is a zero of a function along the solution. A zero at the very
// start is not a crossing, so that an integration can be continued from an
// event without meeting it again; a zero at the end of a step is met once.
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
	y      []float64
	found  []Hit
}

func newWatch(events []Event, n int) *watch {
	return &watch{events: events, signs: make([]float64, len(events)), y: make([]float64, n)}
}

func (w *watch) begin(t float64, y []float64) error {
	for i, e := range w.events {
		g, err := e.Value(t, y)
		if err != nil {
			return err
		}
		w.signs[i] = sign(g)
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
	left := s.T0
	for k := 1; k <= looks; k++ {
		right := s.T0 + (s.T1-s.T0)*float64(k)/looks
		if k == looks {
			right = s.T1
		}
		g, err := w.value(e, s, right)
		if err != nil {
			return err
		}
		after := sign(g)
		if before != 0 && after != before && (e.Direction == 0 || float64(e.Direction) == -before) {
			t := right
			if after != 0 {
				if t, err = w.root(e, s, left, right, before); err != nil {
					return err
				}
			}
			w.found = append(w.found, Hit{Event: i, T: t, Y: append([]float64(nil), w.state(s, t)...)})
		}
		switch {
		case after != 0:
			before = after
		case before != 0:
			// A zero at a point looked at has been met: what comes after it is
			// the other side, unless the function only touches zero.
			before = 0
		}
		left = right
	}
	w.signs[i] = before
	return nil
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
