package ode

import (
	"context"
	"errors"
	"fmt"
	"math"
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
	w, err := newWork(f, y0, t0, t1, s)
	if err != nil {
		return w.trajectory, w.fail(0, err, "")
	}
	err = w.run(ctx)
	w.trajectory.end(&w.attempt)
	w.trajectory.Statistics.Evaluations = w.field.evaluations
	w.trajectory.Statistics.Jacobians = w.field.jacobians
	return w.trajectory, err
}

// work is the state of an integration, with all of its storage.
type work struct {
	settings   Settings
	field      guarded
	stepper    stepper
	adaptive   bool
	looked     bool // somebody looks at the steps or between their ends
	controller control
	watch      *watch
	trajectory *Trajectory

	attempt   attempt
	end       float64
	direction float64
	nextStop  int
	nextJump  int
	h         float64 // size of the next step, positive
	stepped   int     // attempts
	crowded   int     // events in a row that leave time where it is
	step      Step

	// Fixed steps are counted from here, so that their times do not drift.
	gridStart float64
	gridIndex int
}

func newWork(f Field, y0 []float64, t0, t1 float64, s *Settings) (*work, error) {
	n := len(y0)
	settings, err := s.resolved(n, t0, t1)
	w := &work{settings: settings, field: guarded{field: f}, end: t1, direction: 1, gridStart: t0}
	w.trajectory = &Trajectory{Method: settings.Method, n: n, width: 2 * n, kept: !settings.Discard, settings: settings}
	a := &w.attempt
	a.field, a.t0, a.fresh = &w.field, t0, true
	a.measure = measure{controlled: settings.Controlled, rtol: settings.RTol, atol: settings.ATol, norm: settings.Norm}
	storage := make([]float64, 4*n)
	a.y0, a.f0, a.y1, a.f1 = storage[:n:n], storage[n:2*n:2*n], storage[2*n:3*n:3*n], storage[3*n:]
	copy(a.y0, y0)
	if err != nil {
		w.trajectory.add(a.t0, a.y0, a.f0, nil, nil)
		return w, err
	}
	if t1 < t0 {
		w.direction = -1
	}
	w.adaptive = settings.Method.EmbeddedOrder() > 0
	w.stepper = settings.Method.stepper(n, &w.settings)
	w.looked = !settings.Discard || settings.Observer != nil || len(settings.Events) > 0 || len(settings.SaveAt) > 0
	slopes, extra := w.stepper.layout()
	if slopes {
		a.slopes = make([]float64, 2*n)
		w.trajectory.width += 2 * n
		w.trajectory.sloped = true
	}
	if extra > 0 {
		a.extra = make([]float64, extra*n)
		w.trajectory.width += extra * n
	}
	if w.adaptive {
		a.err = make([]float64, n)
		w.controller = newControl(settings.Controller)
	}
	if len(settings.Events) > 0 {
		w.watch = newWatch(settings.Events, n)
	}
	return w, nil
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
		fault = w.field.eval(a.f0, a.t0, a.y0)
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
			w.trajectory.saved = append(w.trajectory.saved, append([]float64(nil), a.y0...))
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

// target is the next time at which a step must end.
func (w *work) target() float64 {
	to := w.end
	t := w.attempt.t0
	for w.nextStop < len(w.settings.StopAt) && (w.settings.StopAt[w.nextStop]-t)*w.direction <= 0 {
		w.nextStop++
	}
	if w.nextStop < len(w.settings.StopAt) {
		to = w.settings.StopAt[w.nextStop]
	}
	for w.nextJump < len(w.settings.Discontinuities) && (w.settings.Discontinuities[w.nextJump]-t)*w.direction <= 0 {
		w.nextJump++
	}
	if w.nextJump < len(w.settings.Discontinuities) && (w.settings.Discontinuities[w.nextJump]-to)*w.direction <= 0 {
		to = w.settings.Discontinuities[w.nextJump]
	}
	return to
}

// advance makes one step, of as many attempts as it takes, and reports whether
// the integration has ended.
func (w *work) advance() (ended bool, err error) {
	target := w.target()
	a := &w.attempt
	a.again = false
	for {
		if w.stepped == w.settings.MaxSteps {
			return true, w.fail(w.h, fmt.Errorf("%w (%d)", ErrMaxSteps, w.stepped), w.tooManySteps())
		}
		w.stepped++
		var cut bool
		a.t1, cut = w.next(target)
		a.last = a.t1
		if w.nextJump < len(w.settings.Discontinuities) && a.t1 == w.settings.Discontinuities[w.nextJump] {
			a.last = math.Nextafter(a.t1, a.t0)
		}
		h := math.Abs(a.t1 - a.t0)
		a.next = 0
		size, fault := w.stepper.step(a)
		if fault == nil && w.looked && !(size > 1) {
			fault = w.stepper.interpolate(a)
		}
		switch {
		case fault != nil && !refused(fault):
			return true, w.fail(h, fault, "")
		case fault != nil && !w.adaptive:
			return true, w.fail(h, fault, "a smaller Step or an adaptive method may stay inside of the domain")
		case fault != nil:
			w.trajectory.Statistics.Refused++
			w.h = h * w.controller.refuse()
			if a.next > 0 && a.next < h {
				w.h = a.next
			}
		case w.adaptive && size > 1:
			w.trajectory.Statistics.Rejected++
			w.h = h * w.controller.reject(size, a.order)
			if a.next > 0 && a.next < h {
				w.h = a.next
			}
		default:
			w.stepper.keep(a)
			return w.accept(h, size, cut)
		}
		a.again = true
		if least := max(w.settings.MinStep, resolution(a.t0)); w.h < least {
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

// next returns the end of the step to attempt, and whether the target cuts it
// short.
func (w *work) next(target float64) (t1 float64, cut bool) {
	t0 := w.attempt.t0
	if !w.adaptive {
		k := float64(w.gridIndex + 1)
		t1 = w.gridStart + w.direction*k*w.h
		if (t1-target)*w.direction >= -1e-9*w.h {
			return target, true
		}
		return t1, false
	}
	h := w.h
	if w.settings.MaxStep > 0 {
		h = min(h, w.settings.MaxStep)
	}
	t1 = t0 + w.direction*h
	// A step that nearly reaches the target is stretched to it, rather than
	// leaving a sliver.
	if (t0+w.direction*1.01*h-target)*w.direction >= 0 {
		return target, (target-t1)*w.direction < 0
	}
	return t1, false
}

// accept keeps a step, chooses the size of the next one and shows the step to
// the events and the observer.
func (w *work) accept(h, size float64, cut bool) (ended bool, err error) {
	a := &w.attempt
	stats := &w.trajectory.Statistics
	stats.Steps++
	if stats.Smallest == 0 || h < stats.Smallest {
		stats.Smallest = h
	}
	stats.Largest = max(stats.Largest, h)
	if a.stiff && !stats.Stiff {
		stats.Stiff, stats.StiffFrom = true, a.t0
	}
	switch {
	case !w.adaptive:
		if (w.gridStart+w.direction*float64(w.gridIndex+1)*w.h-a.t1)*w.direction <= 1e-9*w.h {
			w.gridIndex++
		}
	case cut:
		// The step in use before the cut is kept, unless this one shows that it
		// would have been too large.
		if f, _ := w.controller.factor(size, a.order); f < 1 {
			w.h = min(w.h, f*h)
		}
		w.controller.afterRejection = false
	case a.next > 0:
		if w.h = a.next; a.again {
			w.h = min(w.h, h)
		}
	default:
		w.h = h * w.controller.accept(h, size, a.order)
	}
	stats.Last = w.h
	a.fresh = false
	if w.looked {
		return w.show(h)
	}
	return w.move(nil)
}

// move goes on from the end of the step, with what the observer said of it.
func (w *work) move(observed error) (ended bool, err error) {
	a := &w.attempt
	jump := a.last != a.t1
	h := math.Abs(a.t1 - a.t0)
	a.t0 = a.t1
	a.y0, a.y1 = a.y1, a.y0
	a.f0, a.f1 = a.f1, a.f0
	switch {
	case errors.Is(observed, ErrStop):
		w.trajectory.Reason = Stopped
		return true, nil
	case observed != nil:
		return true, w.fail(h, observed, "")
	case a.t0 == w.end:
		w.trajectory.Reason = Reached
		return true, nil
	case jump:
		return w.restart()
	}
	return false, nil
}

// restart begins anew at the state reached, behind a discontinuity or with a
// state that an event has changed.
func (w *work) restart() (ended bool, err error) {
	a := &w.attempt
	t := a.t0
	if w.nextJump < len(w.settings.Discontinuities) && t == w.settings.Discontinuities[w.nextJump] {
		t = math.Nextafter(t, w.end)
	}
	if fault := w.field.eval(a.f0, t, a.y0); fault != nil {
		return true, w.fail(0, fault, "the field refuses the state behind a discontinuity or an event")
	}
	a.fresh = true
	if w.trajectory.kept {
		w.trajectory.add(a.t0, a.y0, a.f0, a.slopes, a.extra)
	}
	if w.adaptive {
		w.controller.restart()
		h, fault := w.firstStep()
		if fault != nil {
			return true, w.fail(0, fault, "")
		}
		w.h = h
	}
	return false, nil
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
	terminal, changed := false, false
	if w.watch != nil {
		hits, cut, err := w.watch.step(s)
		if err != nil {
			return true, w.fail(h, err, "")
		}
		w.trajectory.Hits = append(w.trajectory.Hits, hits...)
		if cut {
			if err := w.cutAt(hits[len(hits)-1]); err != nil {
				return true, err
			}
			for _, hit := range hits {
				terminal = terminal || w.settings.Events[hit.Event].Terminal
				changed = changed || w.settings.Events[hit.Event].Apply != nil
			}
		}
	}
	var observed error
	if w.settings.Observer != nil {
		observed = w.settings.Observer(s)
	}
	w.save()
	w.trajectory.add(s.T1, s.Y1, s.F1, a.slopes, a.extra)
	if !changed {
		if terminal {
			a.t0 = s.T1
			w.trajectory.Reason = Terminated
			if observed != nil && !errors.Is(observed, ErrStop) {
				return true, w.fail(h, observed, "")
			}
			return true, nil
		}
		return w.move(observed)
	}
	return w.change(terminal, observed)
}

// change applies the events at the end of a step that was cut for them.
func (w *work) change(terminal bool, observed error) (ended bool, err error) {
	a, s := &w.attempt, &w.step
	crowded := math.Abs(s.T1-s.T0) < resolution(s.T0)
	a.t1, a.last = s.T1, s.T1
	copy(a.y1, s.Y1)
	copy(a.f1, s.F1)
	if ended, err := w.move(observed); ended || err != nil {
		if err == nil && terminal {
			w.trajectory.Reason = Terminated
		}
		return ended, err
	}
	for k := len(w.trajectory.Hits) - len(w.watch.found); k < len(w.trajectory.Hits); k++ {
		e := &w.settings.Events[w.trajectory.Hits[k].Event]
		if e.Apply == nil || w.trajectory.Hits[k].T != a.t0 {
			continue
		}
		if err := e.Apply(a.t0, a.y0); err != nil {
			return true, w.fail(0, err, "")
		}
	}
	if !finite(a.y0) {
		return true, w.fail(0, fmt.Errorf("an event left the state %.6g, which is not finite", a.y0), "")
	}
	if ended, err := w.restart(); ended || err != nil {
		return ended, err
	}
	if terminal {
		w.trajectory.Reason = Terminated
		return true, nil
	}
	if w.crowded++; !crowded {
		w.crowded = 0
	}
	if w.crowded > 20 {
		return true, w.fail(0, fmt.Errorf("%w: events follow each other without end", ErrMinStep), "let Apply rest the state, or make the event terminal")
	}
	return false, w.watch.again(a.t0, a.y0)
}

// save interpolates the states at the times of SaveAt that the step covers.
func (w *work) save() {
	r := w.trajectory
	for len(r.saved) < len(w.settings.SaveAt) {
		t := w.settings.SaveAt[len(r.saved)]
		if (t-w.step.T1)*w.direction > 0 {
			return
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
		r.saved = append(r.saved, y)
	}
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
	limit := span
	if w.settings.MaxStep > 0 {
		limit = min(limit, w.settings.MaxStep)
	}
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
