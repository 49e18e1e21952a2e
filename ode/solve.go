package ode

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
)

// Solve integrates dy/dt = f(t, y) from y(t0) = y0 to t1, backward if t1 < t0.
// t1 may be infinite if an event or the observer ends the integration. Settings
// may be nil.
//
// The end is hit exactly, and the field is never evaluated outside of
// [t0, t1]. With every error the trajectory holds what was computed before it;
// the error is an [*Error] that says at which time, wraps its cause (ErrDomain,
// ErrNonFinite, ErrMinStep, ErrMaxSteps, ErrTolerance, ErrPanic, the context's,
// the field's or the observer's own) and says what to change.
func Solve(ctx context.Context, f Field, y0 []float64, t0, t1 float64, s *Settings) (*Trajectory, error) {
	settings, err := s.resolved(len(y0), t0, t1)
	r := newTrajectory(len(y0), &settings)
	if err != nil {
		r.add(t0, y0, make([]float64, len(y0)), nil, nil)
		return r, &Error{T: t0, Y: slices.Clone(y0), Err: err}
	}
	w := newWork(f, y0, t0, t1, r)
	err = w.run(ctx)
	r.end(&w.attempt)
	r.Statistics.Evaluations = w.field.evaluations
	r.Statistics.Jacobians = w.field.jacobians
	w.release()
	return r, err
}

// work is the state of an integration, with all of its storage.
type work struct {
	settings   *Settings
	field      guarded
	stepper    stepper
	adaptive   bool
	keeps      bool // the stepper wants to be told of accepted steps
	controller control
	watch      *watch
	trajectory *Trajectory

	attempt   attempt
	end       float64
	direction float64
	goal      float64 // the next time at which a step must end
	jump      bool    // the goal is a discontinuity
	nextStop  int
	nextJump  int
	h         float64 // size of the next step, positive
	longest   float64 // that a step may be
	least     float64 // that one may be, apart from what t resolves
	stepped   int     // attempts
	crowded   int     // events in a row that leave time where it is
	step      Step

	// Fixed steps are counted from here, so that their times do not drift.
	gridStart float64
	gridIndex int
}

// newWork makes the work, or takes one of the same shape that is done: with few
// components a short solve costs less than its storage.
func newWork(f Field, y0 []float64, t0, t1 float64, r *Trajectory) *work {
	s, n := &r.settings, len(y0)
	looked := !s.Discard || s.Observer != nil || len(s.Events) > 0 || len(s.SaveAt) > 0
	w := reuse(s.Method, n, looked)
	if w == nil {
		w = &work{}
		w.attempt.looked = looked
		w.makeStorage(n, s)
	} else {
		w.stepper.reset(s)
	}
	w.settings, w.trajectory, w.field = s, r, guarded{field: f}
	w.direction, w.end, w.gridStart = 1, t1, t0
	if t1 < t0 {
		w.direction = -1
	}
	w.longest = math.Inf(1)
	if s.MaxStep > 0 {
		w.longest = s.MaxStep
	}
	if w.least = s.MinStep; !math.IsInf(t1, 0) {
		w.least = max(w.least, 0x1p-100*math.Abs(t1-t0)) // at t = 0 the numbers go much further down
	}
	a := &w.attempt
	a.t0, a.fresh, a.measure = t0, true, newMeasure(s)
	copy(a.y0, y0)
	if w.adaptive {
		w.controller = newControl(s.Controller, s.Method)
	}
	if len(s.Events) > 0 {
		w.watch = newWatch(s.Events, n)
	}
	r.shape(a)
	return w
}

// makeStorage makes the stepper and the vectors of an attempt.
func (w *work) makeStorage(n int, s *Settings) {
	a := &w.attempt
	a.field = &w.field
	if n == 0 {
		return // there is no step to make
	}
	w.adaptive = s.Method.EmbeddedOrder() > 0
	w.stepper = s.Method.stepper(n, s)
	w.keeps = w.stepper.keeps()
	vectors := newVectors(5, n)
	a.y0, a.f0, a.y1, a.f1 = vectors[0], vectors[1], vectors[2], vectors[3]
	if w.adaptive {
		a.err = vectors[4]
	}
	slopes, extra := w.stepper.layout()
	if slopes {
		a.slopes = make([]float64, 2*n)
	}
	if extra > 0 {
		a.extra = make([]float64, extra*n+padded(n)-n)[:extra*n] // the kernels write whole blocks
	}
}

// spares are works that are done, by their method.
var spares sync.Map // of Method to *sync.Pool of *work

// reuse returns a work that is done, or nil.
func reuse(m Method, n int, looked bool) *work {
	pool, ok := spares.Load(m)
	if !ok {
		return nil
	}
	w, ok := pool.(*sync.Pool).Get().(*work)
	if !ok || len(w.attempt.y0) != n || w.attempt.looked != looked {
		return nil
	}
	return w
}

// release gives the work to the next solve.
func (w *work) release() {
	if w.stepper == nil {
		return
	}
	if _, own := w.settings.Method.(*Scheme); own {
		return // it is bound to its field
	}
	pool, ok := spares.Load(w.settings.Method)
	if !ok {
		pool, _ = spares.LoadOrStore(w.settings.Method, new(sync.Pool))
	}
	a := attempt{
		field: &w.field, looked: w.attempt.looked, y0: w.attempt.y0, f0: w.attempt.f0, y1: w.attempt.y1, f1: w.attempt.f1,
		err: w.attempt.err, slopes: w.attempt.slopes, extra: w.attempt.extra,
	}
	*w = work{stepper: w.stepper, adaptive: w.adaptive, keeps: w.keeps, attempt: a}
	pool.(*sync.Pool).Put(w)
}

// fail wraps an error with the place.
func (w *work) fail(h float64, err error, advice string) error {
	w.trajectory.Reason = Failed
	return &Error{T: w.attempt.t0, H: h, Y: append([]float64(nil), w.attempt.y0...), Err: err, Advice: advice}
}

func (w *work) run(ctx context.Context) (err error) {
	defer func() {
		if !w.field.inside {
			return
		}
		if r := recover(); r != nil {
			w.field.inside = false
			err = w.fail(0, fmt.Errorf("%w at t = %.10g, y = %.6g: %v", ErrPanic, w.field.t, w.field.y, r), "")
		}
	}()
	a := &w.attempt
	if !finite(a.y0) {
		w.trajectory.add(a.t0, a.y0, a.f0, nil, nil)
		return w.fail(0, fmt.Errorf("the initial state %.6g is not finite", a.y0), "")
	}
	var fault error
	if len(a.y0) > 0 {
		a.first = w.behind(a.t0)
		fault = w.field.eval(a.f0, a.first, a.y0)
	}
	w.trajectory.add(a.t0, a.y0, a.f0, nil, nil)
	if fault != nil {
		return w.fail(0, fault, "the field refuses the initial state")
	}
	if w.watch != nil {
		if err := w.watch.begin(a.t0, a.y0); err != nil {
			return w.fail(0, err, "")
		}
	}
	if a.t0 == w.end || len(a.y0) == 0 {
		for range w.settings.SaveAt {
			w.trajectory.saved = append(w.trajectory.saved, slices.Clone(a.y0))
		}
		w.trajectory.Reason = Reached
		if a.t0 != w.end && !math.IsInf(w.end, 0) {
			a.t0 = w.end
			w.trajectory.add(a.t0, a.y0, a.f0, nil, nil)
		}
		return nil
	}
	w.h = w.settings.Step
	if w.h == 0 {
		if w.h, fault = w.firstStep(); fault != nil {
			return w.fail(0, fault, "")
		}
	}
	if w.adaptive {
		w.h = max(w.h, resolution(a.t0), w.settings.MinStep)
	}
	w.saveStart()
	w.aim()
	for {
		if err := ctx.Err(); err != nil {
			return w.fail(w.h, err, "")
		}
		ended, err := w.advance()
		if err != nil || ended {
			return err
		}
	}
}

// aim finds the next time at which a step must end.
func (w *work) aim() {
	t := w.attempt.t0
	ahead := func(times []float64, next *int) bool {
		for *next < len(times) && (times[*next]-t)*w.direction <= 0 {
			*next++
		}
		return *next < len(times) && (times[*next]-w.goal)*w.direction <= 0
	}
	w.goal, w.jump = w.end, false
	if ahead(w.settings.StopAt, &w.nextStop) {
		w.goal = w.settings.StopAt[w.nextStop]
	}
	if ahead(w.settings.Discontinuities, &w.nextJump) {
		w.goal, w.jump = w.settings.Discontinuities[w.nextJump], true
	}
}

// advance makes one step, of as many attempts as it takes, and reports whether
// the integration has ended.
func (w *work) advance() (ended bool, err error) {
	a := &w.attempt
	a.again = false
	for {
		if w.stepped == w.settings.MaxSteps {
			return true, w.fail(w.h, fmt.Errorf("%w (%d)", ErrMaxSteps, w.stepped), w.tooManySteps())
		}
		w.stepped++
		cut := w.next()
		h := math.Abs(a.t1 - a.t0)
		switch {
		case h == 0:
			return true, w.fail(w.h, fmt.Errorf("%w: it does not move t", ErrMinStep), "raise Step")
		case math.IsInf(h, 1):
			return true, w.fail(w.h, fmt.Errorf("%w: t leaves the numbers, and nothing happens any more", ErrMaxSteps), "give an end, or an event that the solution meets")
		}
		a.next = 0
		square, fault := w.stepper.step(a)
		if square-square != 0 && fault == nil {
			fault = errNorm
		}
		if a.looked && fault == nil && !(square > 1) {
			fault = w.stepper.interpolate(a)
		}
		if fault == nil && !(square > 1) {
			return w.accept(h, square, cut)
		}
		if fault != nil && (!w.adaptive || !refused(fault)) {
			advice := ""
			if refused(fault) {
				advice = "a smaller Step or an adaptive method may stay inside of the domain"
			}
			return true, w.fail(h, fault, advice)
		}
		if fault != nil && fault != errBetween {
			w.trajectory.Statistics.Refused++
			w.h = h * w.controller.refuse()
		} else if fault != nil {
			w.trajectory.Statistics.Rejected++
			w.h = a.next
		} else {
			w.trajectory.Statistics.Rejected++
			w.h = h * w.controller.reject(square, a.order)
		}
		if a.next > 0 && a.next < h {
			w.h = a.next
		}
		a.again = true
		if least := max(w.least, resolution(a.t0)); w.h < least {
			cause := fmt.Errorf("%w (%.3g)", ErrMinStep, least)
			advice := "the solution may end here (a blow-up or the edge of the domain), or the tolerance is too tight"
			if fault != nil {
				cause = fmt.Errorf("%w: %w", cause, fault)
			}
			return true, w.fail(w.h, cause, advice)
		}
	}
}

func (w *work) tooManySteps() string {
	if s := w.trajectory.Statistics; s.Stiff {
		return fmt.Sprintf("the field looks stiff from t = %.6g on: use radau5, rosenbrock or auto", s.StiffFrom)
	}
	return "shorten the span, loosen the tolerance, raise MaxSteps, or use an implicit method if the field is stiff"
}

// next chooses the end of the step to attempt, and reports whether the goal cuts
// it short.
func (w *work) next() (cut bool) {
	a := &w.attempt
	h := w.h
	if w.adaptive {
		if h > w.longest {
			h = w.longest
		}
		// A step that nearly reaches the goal is stretched to it, rather than
		// leaving a sliver.
		left := (w.goal - a.t0) * w.direction
		if a.t1 = a.t0 + w.direction*h; left > 1.01*h {
			a.last = a.t1
			return false
		}
		cut = left < h
	} else {
		a.t1 = w.gridStart + w.direction*float64(w.gridIndex+1)*h
		if (w.goal-a.t1)*w.direction > 1e-9*h {
			a.last = a.t1
			return false
		}
		cut = true
	}
	a.t1, a.last = w.goal, w.goal
	if w.jump {
		a.last = math.Nextafter(a.t1, a.t0)
	}
	return cut
}

// accept keeps a step, chooses the size of the next one and shows the step to
// the events and the observer.
func (w *work) accept(h, square float64, cut bool) (ended bool, err error) {
	a := &w.attempt
	if w.keeps {
		w.stepper.keep(a)
	}
	stats := &w.trajectory.Statistics
	stats.Steps++
	if h < stats.Smallest || stats.Smallest == 0 {
		stats.Smallest = h
	}
	if h > stats.Largest {
		stats.Largest = h
	}
	if a.stiff && !stats.Stiff {
		stats.Stiff, stats.StiffFrom = true, a.t0
	}
	switch {
	case !w.adaptive:
		if a.t1 != w.goal || (w.gridStart+w.direction*float64(w.gridIndex+1)*w.h-a.t1)*w.direction <= 1e-9*w.h {
			w.gridIndex++
		}
	case cut:
		// The step in use before the cut is kept, unless this one shows that it
		// would have been too large.
		if f, _ := w.controller.factor(square, a.order); f < 1 {
			w.h = min(w.h, f*h)
		}
		w.controller.afterRejection = false
	case a.next > 0:
		if w.h = a.next; a.again {
			w.h = min(w.h, h)
		}
	default:
		w.h = h * w.controller.accept(h, square, a.order)
	}
	if w.adaptive && w.h < w.settings.MinStep {
		w.h = w.settings.MinStep
	}
	stats.Last = w.h
	a.fresh = false
	if a.looked {
		return w.show(h)
	}
	return w.move(nil)
}

// forward makes the end of the step the start of the next one.
func (w *work) forward() {
	a := &w.attempt
	a.t0, a.first = a.t1, a.t1
	a.y0, a.y1 = a.y1, a.y0
	a.f0, a.f1 = a.f1, a.f0
}

// move goes on from the end of the step, with what the observer said of it.
func (w *work) move(observed error) (ended bool, err error) {
	a := &w.attempt
	h := a.t1 - a.t0
	w.forward()
	if observed == nil && a.t0 != w.goal {
		return false, nil
	}
	if ended, err := w.over(h, observed); ended {
		return ended, err
	}
	if a.last != a.t1 {
		if err := w.resume(); err != nil {
			return true, err
		}
		return false, w.restart()
	}
	w.aim()
	return false, nil
}

// over reports whether the observer or the end of the span ends the integration.
func (w *work) over(h float64, observed error) (ended bool, err error) {
	switch {
	case errors.Is(observed, ErrStop):
		w.trajectory.Reason = Stopped
		return true, nil
	case observed != nil:
		return true, w.fail(math.Abs(h), observed, "")
	case w.attempt.t0 == w.end:
		w.trajectory.Reason = Reached
		return true, nil
	}
	return false, nil
}

// behind is t, or one float behind it where the field jumps.
func (w *work) behind(t float64) float64 {
	if slices.Contains(w.settings.Discontinuities, t) && t != w.end {
		return math.Nextafter(t, w.end)
	}
	return t
}

// resume asks for the field at the state reached, behind a discontinuity or with
// a state that an event has changed, and keeps both.
func (w *work) resume() error {
	a := &w.attempt
	a.first = w.behind(a.t0)
	if fault := w.field.eval(a.f0, a.first, a.y0); fault != nil {
		return w.fail(0, fault, "the field refuses the state behind a discontinuity or an event")
	}
	w.trajectory.add(a.t0, a.y0, a.f0, a.slopes, a.extra)
	return nil
}

// restart begins anew from there.
func (w *work) restart() error {
	a := &w.attempt
	a.fresh = true
	w.gridStart, w.gridIndex = a.t0, 0
	w.aim()
	if !w.adaptive {
		return nil
	}
	w.controller.restart()
	h, fault := w.firstStep()
	if fault != nil {
		return w.fail(0, fault, "")
	}
	w.h = max(h, w.settings.MinStep)
	return nil
}

// show lets the events and the observer see an accepted step, keeps it, and
// goes on.
func (w *work) show(h float64) (ended bool, err error) {
	a := &w.attempt
	s := &w.step
	*s = Step{
		Index: w.trajectory.Statistics.Steps - 1, T0: a.t0, T1: a.t1, Y0: a.y0, Y1: a.y1, F0: a.f0, F1: a.f1, Err: a.err,
		piece: piece{t0: a.t0, h: a.t1 - a.t0, y0: a.y0, f0: a.f0, y1: a.y1, f1: a.f1, slopes: a.slopes, extra: a.extra},
	}
	var hits []Hit // that end the step
	if w.watch != nil {
		found, cut, err := w.watch.step(s)
		if err != nil {
			return true, w.fail(h, err, "")
		}
		if cut {
			if err := w.cutAt(found[len(found)-1]); err != nil {
				return true, err
			}
			hits = found
		}
		w.trajectory.Hits = append(w.trajectory.Hits, found...)
	}
	var observed error
	if w.settings.Observer != nil {
		observed = w.settings.Observer(s)
	}
	if err := w.save(); err != nil {
		return true, w.fail(h, err, "")
	}
	w.trajectory.add(s.T1, s.Y1, s.F1, a.slopes, a.extra)
	if hits == nil {
		return w.move(observed)
	}
	return w.meet(hits, observed)
}

// meet applies the events at the end of a step that was cut for them, and goes on
// or ends with what they say.
func (w *work) meet(hits []Hit, observed error) (ended bool, err error) {
	a, s := &w.attempt, &w.step
	h := s.T1 - s.T0
	a.t1, a.last = s.T1, s.T1
	copy(a.y1, s.Y1)
	copy(a.f1, s.F1)
	w.forward()
	terminal, changed := false, false
	for _, hit := range hits {
		e := &w.settings.Events[hit.Event]
		terminal = terminal || e.Terminal && hit.T == a.t0
		if e.Apply == nil || hit.T != a.t0 {
			continue
		}
		changed = true
		if err := e.Apply(a.t0, a.y0); err != nil {
			return true, w.fail(0, err, "")
		}
	}
	if !finite(a.y0) {
		return true, w.fail(0, fmt.Errorf("an event left the state %.6g, which is not finite", a.y0), "")
	}
	if changed {
		if err := w.resume(); err != nil {
			return true, err
		}
	}
	if terminal && observed == nil {
		w.trajectory.Reason = Terminated
		return true, nil
	}
	if ended, err := w.over(h, observed); ended {
		return ended, err
	}
	if err := w.restart(); err != nil {
		return true, err
	}
	if w.crowded++; math.Abs(h) >= resolution(s.T0) {
		w.crowded = 0
	}
	if w.crowded > 20 {
		return true, w.fail(0, fmt.Errorf("%w: events follow each other without end", ErrMinStep), "let Apply rest the state, or make the event terminal")
	}
	return false, w.watch.again(a.t0, a.y0)
}

// saveStart keeps the start where it is among the times of SaveAt.
func (w *work) saveStart() {
	a, r := &w.attempt, w.trajectory
	for len(r.saved) < len(w.settings.SaveAt) && w.settings.SaveAt[len(r.saved)] == a.t0 {
		r.saved = append(r.saved, slices.Clone(a.y0))
	}
}

// save interpolates the states at the times of SaveAt that the step covers.
func (w *work) save() error {
	r := w.trajectory
	for len(r.saved) < len(w.settings.SaveAt) {
		t := w.settings.SaveAt[len(r.saved)]
		if (t-w.step.T1)*w.direction > 0 {
			return nil
		}
		y := make([]float64, len(w.step.Y0))
		switch t {
		case w.step.T0:
			copy(y, w.step.Y0)
		case w.step.T1:
			copy(y, w.step.Y1)
		default:
			w.step.piece.at(y, t)
		}
		if !finite(y) {
			return fmt.Errorf("%w, at an output at t = %.10g", ErrOverflow, t)
		}
		r.saved = append(r.saved, y)
	}
	return nil
}

// cutAt ends the step at an event. The interpolant of the whole step is kept,
// since a shorter one would be another polynomial.
func (w *work) cutAt(hit Hit) error {
	s := &w.step
	if hit.T == s.T1 {
		return nil
	}
	whole := s.piece
	for _, x := range []*[]float64{&whole.y0, &whole.f0, &whole.y1, &whole.f1, &whole.extra, &whole.slopes} {
		if *x != nil {
			*x = append([]float64(nil), *x...)
		}
	}
	w.trajectory.keepWhole(whole)
	s.T1, s.Y1 = hit.T, hit.Y
	s.piece = whole
	s.F1 = make([]float64, len(hit.Y))
	if err := w.field.eval(s.F1, hit.T, hit.Y); err != nil {
		return w.fail(s.T1-s.T0, err, "the field refuses the state at an event")
	}
	return nil
}

// firstStep chooses the first step of an adaptive method by the size of the
// solution and of its first two derivatives (Hairer, Nørsett & Wanner I, II.4).
func (w *work) firstStep() (float64, error) {
	a := &w.attempt
	span := math.Abs(w.end - a.t0)
	limit := min(span, w.longest)
	norm := func(v []float64) (float64, error) { return a.measure.size(v, a.y0, a.y0) }
	d0, err := norm(a.y0)
	if err != nil {
		return 0, err
	}
	d1, err := norm(a.f0)
	if err != nil {
		return 0, err
	}
	h := 1e-6
	if d0 >= 1e-5 && d1 >= 1e-5 {
		h = 0.01 * d0 / d1
	}
	h = min(h, limit)
	for {
		for i := range a.y1 {
			a.y1[i] = a.y0[i] + w.direction*h*a.f0[i]
		}
		err := w.field.eval(a.f1, a.t0+w.direction*h, a.y1)
		if err == nil {
			break
		}
		if !refused(err) {
			return 0, err
		}
		if h /= 10; h < resolution(a.t0) {
			return 0, fmt.Errorf("%w: %w", ErrMinStep, err)
		}
	}
	for i := range a.f1 {
		a.f1[i] = (a.f1[i] - a.f0[i]) / h
	}
	d2, err := norm(a.f1)
	if err != nil {
		return 0, err
	}
	order := float64(w.settings.Method.Order() + 1)
	next := max(1e-6, h*1e-3)
	if largest := max(d1, d2); largest > 1e-15 {
		next = math.Pow(0.01/largest, 1/order)
	}
	return min(100*h, next, limit), nil
}
