package ode

import (
	"fmt"
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
	for i := range w.events {
		g, err := w.ask(i, t, y)
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
// that ends it, and those at the same time. A function that fails behind that
// one does no harm.
func (w *watch) step(s *Step) ([]Hit, bool, error) {
	w.found = w.found[:0]
	direction := math.Copysign(1, s.T1-s.T0)
	var failure error
	var failed float64 // where, if so
	for i := range w.events {
		if t, err := w.look(i, s); err != nil && (failure == nil || (failed-t)*direction > 0) {
			failure, failed = err, t
		}
	}
	sort.SliceStable(w.found, func(a, b int) bool { return (w.found[b].T-w.found[a].T)*direction > 0 })
	for k, h := range w.found {
		if failure != nil && (h.T-failed)*direction >= 0 {
			break
		}
		if w.events[h.Event].Terminal || w.events[h.Event].Apply != nil {
			for k+1 < len(w.found) && w.found[k+1].T == h.T {
				k++
			}
			w.found = w.found[:k+1]
			return w.found, true, nil
		}
	}
	return w.found, false, failure
}

// look looks for one event in a step. With an error it returns the time up to
// which there was none.
func (w *watch) look(i int, s *Step) (float64, error) {
	w.times[0], w.samples[0] = s.T0, w.values[i]
	var failure error
	last := 0
	for k := 1; k <= looks && failure == nil; k++ {
		w.times[k] = s.T0 + (s.T1-s.T0)*(float64(k)/looks)
		if k == looks {
			w.times[k] = s.T1
		}
		if w.times[k] == w.times[k-1] {
			// The step is too short for so many looks.
			w.samples[k], last = w.samples[k-1], k
		} else if w.samples[k], failure = w.value(i, s, w.times[k]); failure == nil {
			last = k
		}
	}
	before, left, err := w.side(i, s, last)
	for k := 1; k <= last && err == nil; k++ {
		if w.times[k] == w.times[k-1] {
			continue
		}
		after := sign(w.samples[k])
		if after != 0 && after == before {
			err = w.turns(i, s, k, last)
		} else {
			// A zero at a point looked at is met there: what comes after it is the
			// other side, unless the function only touches zero.
			err = w.cross(i, s, left, w.times[k], before, after)
			before = after
		}
		left = w.times[k]
	}
	w.signs[i], w.values[i] = before, w.samples[last]
	if failure == nil {
		failure = err
	}
	return w.times[last], failure
}

// side returns the sign of a function before its first sample in the step, and
// the time up to which it is known. Where it is not known at the start, since an
// event has just been met there, it is looked for ever closer to the start, and
// so is a crossing that follows at once.
func (w *watch) side(i int, s *Step, last int) (before, left float64, err error) {
	if before, left = w.signs[i], s.T0; before != 0 || last == 0 {
		return before, left, nil
	}
	rest, scale := math.Abs(w.samples[0]), 0.0
	for _, g := range w.samples[1 : last+1] {
		scale = math.Max(scale, math.Abs(g))
	}
	if rest > 1e-9*scale {
		return sign(w.samples[0]), left, nil // an event has put the state to one side
	}
	// From closer to the start than t resolves: a flight may be as short.
	for k := 60; k > 0; k-- {
		part := math.Ldexp(1./looks, -k)
		t := s.T0 + part*(s.T1-s.T0)
		s.piece.part(w.y, part)
		g, err := w.ask(i, t, w.y)
		if err != nil {
			return before, left, err
		}
		switch after := sign(g); {
		case before == 0:
			if math.Abs(g) > 8*rest {
				before = after
			}
		case after != before:
			if err := w.cross(i, s, left, t, before, after); err != nil {
				return before, left, err
			}
			before = after
		}
		left = t
	}
	return before, left, nil
}

// cross meets the event between two times at which the function has different
// signs.
func (w *watch) cross(i int, s *Step, left, right, before, after float64) error {
	if before == 0 || !w.events[i].wants(before) {
		return nil
	}
	if after != 0 {
		var err error
		if right, err = w.root(i, s, left, right, before); err != nil {
			return err
		}
	}
	return w.meet(i, s, right)
}

// wants reports whether the event is one of the crossings that come from the
// side of this sign.
func (e *Event) wants(before float64) bool {
	return e.Direction == 0 || float64(e.Direction) == -before
}

// meet adds a hit, once.
func (w *watch) meet(i int, s *Step, t float64) error {
	for _, h := range w.found {
		if h.Event == i && h.T == t {
			return nil
		}
	}
	y := w.state(s, t)
	if !finite(y) {
		return fmt.Errorf("%w, at an event at t = %.10g", ErrOverflow, t)
	}
	w.found = append(w.found, Hit{Event: i, T: t, Y: append([]float64(nil), y...)})
	return nil
}

// turns looks whether the function crosses zero and comes back where three
// samples up to the k-th of the last, which have one sign, are smallest.
func (w *watch) turns(i int, s *Step, k, last int) error {
	if k < 2 {
		return nil
	}
	side := sign(w.samples[k])
	g0, g1, g2 := side*w.samples[k-2], side*w.samples[k-1], side*w.samples[k]
	if !(g0 > 0 && g1 > 0) {
		return nil
	}
	// The parabola through the three is least at k−1+at.
	slope, bend := (g2-g0)/2, g2-2*g1+g0
	if !(bend > 0) {
		return nil
	}
	at := -slope / bend
	a, c := w.times[k-2], w.times[k]
	switch {
	case g1 <= g0 && g1 < g2:
	case k == 2 && at > -1 && at < 0:
		c = w.times[k-1]
	case k == last && at > 0 && at < 1:
		a = w.times[k-1]
	default:
		return nil
	}
	if g1+slope*at/2 > 0.1*max(g0, g2) {
		return nil // far from zero, even where the function is no parabola
	}
	m, value, err := w.least(i, s, a, c, side)
	switch {
	case err != nil || value > 0:
		return err
	case value == 0:
		if w.events[i].Direction == 0 {
			return w.meet(i, s, m)
		}
		return nil
	}
	if err := w.cross(i, s, a, m, side, -side); err != nil {
		return err
	}
	return w.cross(i, s, m, c, -side, side)
}

// least follows side·function down to its least value between a and c by golden
// sections, or to the first value that is not positive.
func (w *watch) least(i int, s *Step, a, c, side float64) (at, value float64, err error) {
	const ratio = 0.6180339887498949
	ask := func(t float64) float64 {
		g, fault := w.value(i, s, t)
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
func (w *watch) root(i int, s *Step, a, b, before float64) (float64, error) {
	for {
		m := a + (b-a)/2
		if m == a || m == b {
			return b, nil
		}
		g, err := w.value(i, s, m)
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

func (w *watch) value(i int, s *Step, t float64) (float64, error) {
	return w.ask(i, t, w.state(s, t))
}

// ask is the value of event i, which has to be a number.
func (w *watch) ask(i int, t float64, y []float64) (float64, error) {
	g, err := w.events[i].Value(t, y)
	if err == nil && g != g {
		err = fmt.Errorf("the function of event %d is not a number at t = %.10g", i, t)
	}
	return g, err
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
