package ode

import (
	"context"
	"fmt"
	"slices"
	"sort"
)

// A Reason says why an integration ended.
type Reason int

const (
	// Failed: the error that Solve returned.
	Failed Reason = iota
	// Reached: the end of the span.
	Reached
	// Terminated: a terminal event.
	Terminated
	// Stopped: the observer.
	Stopped
)

func (r Reason) String() string {
	return [...]string{"failed", "reached the end", "met a terminal event", "stopped by the observer"}[r]
}

// Statistics count the work of an integration.
type Statistics struct {
	Steps       int // accepted
	Rejected    int // by the error control
	Refused     int // by the field
	Evaluations int
	Jacobians   int
	// Stiff says that an explicit method found its steps bounded by stability
	// rather than accuracy, from StiffFrom on: an implicit one would take far
	// fewer.
	Stiff     bool
	StiffFrom float64
	// Smallest and Largest are the sizes of accepted steps, Last the size that
	// the controller would have taken next.
	Smallest, Largest, Last float64
}

// A Trajectory is the computed part of a solution: the states at the ends of
// the accepted steps and an interpolant between them.
type Trajectory struct {
	Method     Method
	Statistics Statistics
	Reason     Reason
	// Hits are the events met, in time order.
	Hits []Hit

	n     int
	times []float64
	// Each knot holds y, f and the extra terms of the piece that ends there.
	blocks [][]float64
	width  int
	sloped bool // whether there are slopes among them
	// Events cut steps short; the pieces of these knots are kept whole.
	cut  map[int]piece
	kept bool // whether the knots are those of every step

	saved    [][]float64
	settings Settings // as resolved, to continue with
}

const blockKnots = 256

func newTrajectory(n int, s *Settings) *Trajectory {
	return &Trajectory{Method: s.Method, n: n, width: 2 * n, kept: !s.Discard, settings: *s, times: make([]float64, 0, 2)}
}

// shape makes room in the knots for what the interpolant needs.
func (r *Trajectory) shape(a *attempt) {
	r.sloped = a.slopes != nil
	r.width += len(a.slopes) + len(a.extra)
}

// Len is the number of states, the start included.
func (r *Trajectory) Len() int { return len(r.times) }

// Time is the time of state i.
func (r *Trajectory) Time(i int) float64 { return r.times[i] }

// State is state i. It must not be changed.
func (r *Trajectory) State(i int) []float64 { return r.knot(i)[:r.n:r.n] }

// Saved are the states at the times of Settings.SaveAt that were reached, in
// their order.
func (r *Trajectory) Saved() [][]float64 { return r.saved }

// Continue integrates on from the last state to t1 with the settings of the
// trajectory and the step size that it had reached. Times of
// StopAt, SaveAt and Discontinuities that lie behind are done with.
func (r *Trajectory) Continue(ctx context.Context, f Field, t1 float64) (*Trajectory, error) {
	last := len(r.times) - 1
	t0 := r.times[last]
	direction := 1.0
	if t1 < t0 {
		direction = -1
	}
	s := r.settings
	ahead := func(times []float64) []float64 {
		var kept []float64
		for _, t := range times {
			if (t-t0)*direction > 0 && (t-t1)*direction <= 0 {
				kept = append(kept, t)
			}
		}
		return kept
	}
	s.StopAt, s.SaveAt = ahead(s.StopAt), ahead(s.SaveAt)
	jumps := ahead(s.Discontinuities)
	if slices.Contains(s.Discontinuities, t0) {
		jumps = append([]float64{t0}, jumps...) // behind which the field is asked
	}
	s.Discontinuities = jumps
	if s.Method.EmbeddedOrder() > 0 && r.Statistics.Last > 0 {
		s.Step = r.Statistics.Last
	}
	return Solve(ctx, f, r.State(last), t0, t1, &s)
}

func (r *Trajectory) knot(i int) []float64 {
	b := r.blocks[i/blockKnots]
	i %= blockKnots
	return b[i*r.width : (i+1)*r.width : (i+1)*r.width]
}

// keepWhole keeps the interpolant of the step that ends at the next knot.
func (r *Trajectory) keepWhole(p piece) {
	if !r.kept {
		return
	}
	if r.cut == nil {
		r.cut = make(map[int]piece)
	}
	r.cut[len(r.times)] = p
}

// end adds the state reached where steps were not kept one by one.
func (r *Trajectory) end(a *attempt) {
	if last := len(r.times) - 1; !r.kept && r.times[last] != a.t0 {
		r.add(a.t0, a.y0, a.f0, nil, nil)
	}
}

// add appends a knot, or replaces the last when earlier ones are discarded.
func (r *Trajectory) add(t float64, y, f, slopes, extra []float64) {
	if !r.kept && len(r.times) == 2 {
		r.times = r.times[:1]
	}
	i := len(r.times)
	if i/blockKnots == len(r.blocks) {
		size := blockKnots
		if !r.kept {
			size = 2
		}
		r.blocks = append(r.blocks, make([]float64, size*r.width))
	}
	r.times = append(r.times, t)
	k := r.knot(i)
	copy(k, y)
	copy(k[r.n:], f)
	rest := k[2*r.n:]
	if r.sloped && slopes != nil {
		rest = rest[copy(rest, slopes):]
	}
	copy(rest, extra)
}

// At stores the state at time t, by the interpolant of the step around it, in
// dst, which may be nil, and returns it. It panics if t lies outside of the
// computed span, or if the steps were discarded and t is neither end.
func (r *Trajectory) At(dst []float64, t float64) []float64 {
	if dst == nil {
		dst = make([]float64, r.n)
	}
	if len(dst) != r.n {
		panic("ode: length of dst and dimension of the trajectory differ")
	}
	last := len(r.times) - 1
	direction := 1.0
	if r.times[last] < r.times[0] {
		direction = -1
	}
	i := sort.Search(last+1, func(i int) bool { return (r.times[i]-t)*direction >= 0 })
	switch {
	case i > last || (t-r.times[0])*direction < 0 || t != t:
		panic(fmt.Sprintf("ode: t = %g is outside of the computed span [%g, %g]", t, r.times[0], r.times[last]))
	case r.times[i] == t:
		copy(dst, r.State(i))
		return dst
	case !r.kept:
		panic("ode: the steps of this trajectory were discarded")
	}
	p, ok := r.cut[i]
	if !ok {
		p = r.piece(i)
	}
	p.at(dst, t)
	return dst
}

// piece is the interpolant between knots i−1 and i.
func (r *Trajectory) piece(i int) piece {
	a, b, n := r.knot(i-1), r.knot(i), r.n
	p := piece{
		t0: r.times[i-1], h: r.times[i] - r.times[i-1],
		y0: a[:n], f0: a[n : 2*n], y1: b[:n], f1: b[n : 2*n],
	}
	rest := b[2*n:]
	if r.sloped {
		p.slopes, rest = rest[:2*n], rest[2*n:]
	}
	if len(rest) > 0 {
		p.extra = rest
	}
	return p
}
