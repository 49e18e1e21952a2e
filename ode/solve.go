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
	w.trajectory.Statistics.Evaluations = w.field.evaluations
	return w.trajectory, err
}

// work is the state of an integration, with all of its storage.
type work struct {
	settings   Settings
	field      guarded
	stepper    stepper
	adaptive   bool
	controller control
	watch      *watch
	trajectory *Trajectory

	t, end    float64
	direction float64
	nextStop  int
	h         float64 // size of the next step, positive
	stepped   int     // attempts

	y, f, y1, f1 []float64
	errors       []float64 // nil for a method without error estimate
	coarse       []float64 // nil for a method without a second estimate
	extra        []float64 // nil for a method without extra terms
	interpolated bool
	step         Step

	// Fixed steps are counted from here, so that their times do not drift.
	gridStart float64
	gridIndex int
}

func newWork(f Field, y0 []float64, t0, t1 float64, s *Settings) (*work, error) {
	n := len(y0)
	settings, err := s.resolved(n, t0, t1)
	w := &work{settings: settings, field: guarded{field: f}, t: t0, end: t1, direction: 1, gridStart: t0}
	w.trajectory = &Trajectory{Method: settings.Method, n: n, width: 2 * n, kept: !settings.Discard, settings: settings}
	storage := make([]float64, 4*n)
	w.y, w.f, w.y1, w.f1 = storage[:n:n], storage[n:2*n:2*n], storage[2*n:3*n:3*n], storage[3*n:]
	copy(w.y, y0)
	if err != nil {
		w.trajectory.add(t0, w.y, w.f, nil)
		return w, err
	}
	if t1 < t0 {
		w.direction = -1
	}
	w.adaptive = settings.Method.EmbeddedOrder() > 0
	w.stepper = settings.Method.stepper(n)
	if m, ok := settings.Method.(*tableau); ok {
		if m.extra != nil {
			w.extra = make([]float64, n*len(m.extra))
			w.trajectory.width += n * len(m.extra)
		}
		if m.coarse != nil {
			w.coarse = make([]float64, n)
		}
	}
	// What the interpolant costs is spent only where somebody may look at it.
	w.interpolated = w.extra != nil && (!settings.Discard || settings.Observer != nil || len(settings.Events) > 0 || len(settings.SaveAt) > 0)
	if w.adaptive {
		w.errors = make([]float64, n)
		w.controller = newControl(settings.Controller, settings.Method)
	}
	if len(settings.Events) > 0 {
		w.watch = newWatch(settings.Events, n)
	}
	return w, nil
}

// fail wraps an error with the place.
func (w *work) fail(h float64, err error, advice string) error {
	w.trajectory.Reason = Failed
	return &Error{T: w.t, H: h, Y: append([]float64(nil), w.y...), Err: err, Advice: advice}
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
	if !finite(w.y) {
		w.trajectory.add(w.t, w.y, w.f, nil)
		return w.fail(0, fmt.Errorf("the initial state %.6g is not finite", w.y), "")
	}
	var fault error
	if len(w.y) > 0 {
		fault = w.field.eval(w.f, w.t, w.y)
	}
	w.trajectory.add(w.t, w.y, w.f, nil)
	if fault != nil {
		return w.fail(0, fault, "the field refuses the initial state")
	}
	if w.watch != nil {
		if err := w.watch.begin(w.t, w.y); err != nil {
			return w.fail(0, err, "")
		}
	}
	if w.t == w.end || len(w.y) == 0 {
		for range w.settings.SaveAt {
			w.trajectory.saved = append(w.trajectory.saved, append([]float64(nil), w.y...))
		}
		w.trajectory.Reason = Reached
		if w.t != w.end && !math.IsInf(w.end, 0) {
			w.trajectory.add(w.end, w.y, w.f, nil)
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
	for w.nextStop < len(w.settings.StopAt) && (w.settings.StopAt[w.nextStop]-w.t)*w.direction <= 0 {
		w.nextStop++
	}
	if w.nextStop < len(w.settings.StopAt) {
		return w.settings.StopAt[w.nextStop]
	}
	return w.end
}

// advance makes one step, of as many attempts as it takes, and reports whether
// the integration has ended.
func (w *work) advance() (ended bool, err error) {
	target := w.target()
	for {
		if w.stepped == w.settings.MaxSteps {
			return true, w.fail(w.h, fmt.Errorf("%w (%d)", ErrMaxSteps, w.stepped), "shorten the span, loosen the tolerance, raise MaxSteps, or use an implicit method if the field is stiff")
		}
		w.stepped++
		t1, cut := w.next(target)
		h := math.Abs(t1 - w.t)
		fault := w.stepper.step(&w.field, w.t, t1, w.y, w.f, w.y1, w.f1, w.errors, w.coarse)
		size := 0.0
		if fault == nil && !finite(w.y1) {
			fault = &nonFinite{component: 0, value: math.NaN(), t: t1}
		}
		if fault == nil && w.adaptive {
			size, fault = w.size()
			if fault == nil && size-size != 0 {
				fault = &nonFinite{component: 0, value: size, t: t1}
			}
		}
		if fault == nil && w.interpolated && !(size > 1) {
			fault = w.stepper.interpolate(&w.field, w.t, t1, w.y, w.extra)
		}
		switch {
		case fault != nil && !refused(fault):
			return true, w.fail(h, fault, "")
		case fault != nil && !w.adaptive:
			return true, w.fail(h, fault, "a smaller Step or an adaptive method may stay inside of the domain")
		case fault != nil:
			w.trajectory.Statistics.Refused++
			w.h = h * w.controller.refuse()
		case w.adaptive && size > 1:
			w.trajectory.Statistics.Rejected++
			w.h = h * w.controller.reject(size)
		default:
			return w.accept(t1, h, size, cut)
		}
		if least := max(w.settings.MinStep, resolution(w.t)); w.h < least {
			cause := fmt.Errorf("%w (%.3g)", ErrMinStep, least)
			advice := "the solution may end here (a blow-up or the edge of the domain), or the tolerance is too tight"
			if fault != nil {
				cause = fmt.Errorf("%w: %w", cause, fault)
			}
			return true, w.fail(w.h, cause, advice)
		}
	}
}

// size is the size of the step's error in units of the tolerance. With two
// estimates it is |e|²/√(|e|² + |ẽ|²/100), and the estimate is scaled to that.
func (w *work) size() (float64, error) {
	m := w.settings.Controlled
	size, err := w.settings.Norm(w.errors[:m], w.y[:m], w.y1[:m])
	if err != nil || w.coarse == nil || size == 0 {
		return size, err
	}
	coarse, err := w.settings.Norm(w.coarse[:m], w.y[:m], w.y1[:m])
	if err != nil {
		return size, err
	}
	share := size / math.Sqrt(size*size+0.01*coarse*coarse)
	for i := range w.errors {
		w.errors[i] *= share
	}
	return size * share, nil
}

// next returns the end of the step to attempt, and whether the target cuts it
// short.
func (w *work) next(target float64) (t1 float64, cut bool) {
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
	t1 = w.t + w.direction*h
	// A step that nearly reaches the target is stretched to it, rather than
	// leaving a sliver.
	if (w.t+w.direction*1.01*h-target)*w.direction >= 0 {
		return target, (target-t1)*w.direction < 0
	}
	return t1, false
}

// accept keeps a step, chooses the size of the next one and shows the step to
// the events and the observer.
func (w *work) accept(t1, h, size float64, cut bool) (ended bool, err error) {
	stats := &w.trajectory.Statistics
	stats.Steps++
	if stats.Smallest == 0 || h < stats.Smallest {
		stats.Smallest = h
	}
	stats.Largest = max(stats.Largest, h)
	switch {
	case !w.adaptive:
		if (w.gridStart+w.direction*float64(w.gridIndex+1)*w.h-t1)*w.direction <= 1e-9*w.h {
			w.gridIndex++
		}
	case cut:
		// The step in use before the cut is kept, unless this one shows that it
		// would have been too large.
		if f := w.controller.factor(size); f < 1 {
			w.h = min(w.h, f*h)
		}
		w.controller.afterRejection = false
	default:
		w.h = h * w.controller.accept(h, size)
	}
	stats.Last = w.h

	w.step = Step{
		Index: stats.Steps - 1, T0: w.t, T1: t1, Y0: w.y, Y1: w.y1, F0: w.f, F1: w.f1, Err: w.errors,
		piece: piece{t0: w.t, h: t1 - w.t, y0: w.y, f0: w.f, y1: w.y1, f1: w.f1, extra: w.extra},
	}
	terminal := false
	if w.watch != nil {
		hits, stop, err := w.watch.step(&w.step)
		if err != nil {
			return true, w.fail(h, err, "")
		}
		w.trajectory.Hits = append(w.trajectory.Hits, hits...)
		if stop {
			terminal = true
			if err := w.cutAt(hits[len(hits)-1]); err != nil {
				return true, err
			}
		}
	}
	var observed error
	if w.settings.Observer != nil {
		observed = w.settings.Observer(&w.step)
	}
	w.save()
	w.trajectory.add(w.step.T1, w.step.Y1, w.step.F1, w.extra)
	w.t = w.step.T1
	if terminal {
		w.trajectory.Reason = Terminated
		if observed != nil && !errors.Is(observed, ErrStop) {
			return true, w.fail(h, observed, "")
		}
		return true, nil
	}
	w.y, w.y1 = w.y1, w.y
	w.f, w.f1 = w.f1, w.f
	switch {
	case errors.Is(observed, ErrStop):
		w.trajectory.Reason = Stopped
		return true, nil
	case observed != nil:
		return true, w.fail(h, observed, "")
	case w.t == w.end:
		w.trajectory.Reason = Reached
		return true, nil
	}
	return false, nil
}

// save interpolates the states at the times of SaveAt that the step covers.
func (w *work) save() {
	r := w.trajectory
	for len(r.saved) < len(w.settings.SaveAt) {
		t := w.settings.SaveAt[len(r.saved)]
		if (t-w.step.T1)*w.direction > 0 {
			return
		}
		y := make([]float64, len(w.y))
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

// cutAt ends the last step at a terminal event. The interpolant of the whole
// step is kept, since a shorter one would be another polynomial.
func (w *work) cutAt(hit Hit) error {
	s := &w.step
	if hit.T == s.T1 {
		return nil
	}
	whole := s.piece
	for _, x := range []*[]float64{&whole.y0, &whole.f0, &whole.y1, &whole.f1, &whole.extra} {
		if *x != nil {
			*x = append([]float64(nil), *x...)
		}
	}
	w.trajectory.tail = &whole
	s.T1, s.Y1 = hit.T, hit.Y
	s.piece = whole
	s.F1 = make([]float64, len(hit.Y))
	if err := w.field.eval(s.F1, hit.T, hit.Y); err != nil {
		return w.fail(s.T1-s.T0, err, "the field refuses the state at a terminal event")
	}
	return nil
}

// firstStep chooses the first step of an adaptive method by the size of the
// solution and of its first two derivatives (Hairer, Nørsett & Wanner I, II.4).
func (w *work) firstStep() (float64, error) {
	span := math.Abs(w.end - w.t)
	limit := span
	if w.settings.MaxStep > 0 {
		limit = min(limit, w.settings.MaxStep)
	}
	m := w.settings.Controlled
	norm := func(v []float64) (float64, error) { return w.settings.Norm(v[:m], w.y[:m], w.y[:m]) }
	d0, err := norm(w.y)
	if err != nil {
		return 0, err
	}
	d1, err := norm(w.f)
	if err != nil {
		return 0, err
	}
	h := 1e-6
	if d0 >= 1e-5 && d1 >= 1e-5 {
		h = 0.01 * d0 / d1
	}
	h = min(h, limit)
	for {
		for i := range w.y1 {
			w.y1[i] = w.y[i] + w.direction*h*w.f[i]
		}
		err := w.field.eval(w.f1, w.t+w.direction*h, w.y1)
		if err == nil {
			break
		}
		if !refused(err) {
			return 0, err
		}
		if h /= 10; h < resolution(w.t) {
			return 0, fmt.Errorf("%w: %w", ErrMinStep, err)
		}
	}
	for i := range w.f1 {
		w.f1[i] = (w.f1[i] - w.f[i]) / h
	}
	d2, err := norm(w.f1)
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
