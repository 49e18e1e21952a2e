package flow

import (
	"context"
	"errors"
	"fmt"
	"math"

	"fisherflow/ode"
)

// Settings says how a flow is integrated and certified. The zero value is
// Dormand–Prince with the defaults of [ode.Settings] and a full certificate.
type Settings struct {
	// ODE holds the method, tolerances, steps and stop times. Its Controlled
	// and Observer are the flow's own: use Observer below.
	ODE ode.Settings
	// Tol, if positive, is the tolerance in Fisher length and replaces the
	// norm, RTol and ATol of ODE.
	Tol float64
	// Distance, if positive, ends the flow when the Fisher distance left to
	// the minimum is bounded by it; see [Result.DistanceLeft]. An adaptive
	// method then also keeps each step's error below a tenth of the distance
	// left, so that it can arrive.
	Distance float64
	// Detail is how densely the trajectory is certified.
	Detail Detail
	// Observer, if not nil, is called after every accepted step.
	Observer func(Progress) error
	// Recorder, if not nil, records the flow's point, or answers for it.
	Recorder *Recorder
}

// Progress is the state of an integration after an accepted step.
type Progress struct {
	T, Step  float64
	Loss     float64
	Speed    float64 // ‖dL‖_{G⁻¹}, the Fisher length of the flow's velocity
	Steps    int
	Position []float64 // coordinates; valid during the call
}

// A Result is an integrated flow with its evidence.
type Result struct {
	// Trajectory is the solution; its states have one component more than
	// the flow has coordinates, the loss dissipated so far.
	*ode.Trajectory
	// Losses, Speeds and Lengths hold, for every state of the trajectory, the
	// loss, ‖dL‖_{G⁻¹} in the Fisher metric, and the Fisher length travelled
	// (the sum of chords).
	Losses, Speeds, Lengths []float64
	// Monotone and EnergyIdentity certify the trajectory.
	Monotone, EnergyIdentity Check
	// LocalErrors is the sum over the steps of the Fisher length of their
	// error estimates, Rounding that of the rounding of the coordinates. A
	// contracting flow is off by no more than their sum.
	LocalErrors, Rounding float64
	// DistanceLeft bounds the Fisher distance from the last state to the
	// minimum, +Inf where no bound is known. It is NaN until it is asked for,
	// by Settings.Distance or by [Stationary].
	DistanceLeft float64

	flow     *Flow
	settings Settings
	start    []float64
}

// Flow is the flow that was integrated.
func (r *Result) Flow() *Flow { return r.flow }

// Start is the point where the flow started.
func (r *Result) Start() []float64 { return r.start }

// Adaptive reports whether the method controlled its error.
func (r *Result) Adaptive() bool { return r.settings.method().EmbeddedOrder() > 0 }

func (s *Settings) method() ode.Method {
	if s.ODE.Method == nil {
		return ode.DormandPrince
	}
	return s.ODE.Method
}

// Solve integrates the flow from x0 over [t0, t1] and certifies it. t1 may be
// +Inf if Settings.Distance is positive.
//
// A start outside of the domain is reported before the first step. With every
// error the result holds what was computed, its certificate included, unless
// not even the start could be evaluated.
func Solve(ctx context.Context, f *Flow, x0 []float64, t0, t1 float64, settings *Settings) (*Result, error) {
	if settings == nil {
		settings = &Settings{}
	}
	n := f.Dim()
	if len(x0) != n {
		panic("flow: length of the start and dimension of the flow differ")
	}
	s := *settings
	if math.IsInf(t1, 0) && !(s.Distance > 0) {
		return nil, errors.New("a flow without an end time needs a stop distance")
	}
	adaptive := s.method().EmbeddedOrder() > 0
	given := f
	if s.Recorder != nil {
		f = f.recorded(s.Recorder)
		s.Recorder = nil // it is that of this integration alone
	}
	detail := s.Detail
	if s.method().Kind() == "discrete" && detail != Off {
		// Discrete steps are points with nothing in between.
		detail = Steps
	}
	a := newAudit(f, detail, adaptive)
	if err := a.begin(x0); err != nil {
		return nil, fmt.Errorf("start: %w", err)
	}
	r := &Result{DistanceLeft: math.NaN(), flow: given, settings: s, start: append([]float64(nil), x0...)}

	o := s.ODE
	o.Controlled = n
	if s.Tol > 0 {
		o.Norm = f.Norm(s.Tol)
	}
	if s.Distance > 0 && adaptive {
		o.Norm = a.closing(o.Norm, s.ODE)
	}
	lastChecked := math.Inf(1)
	o.Observer = func(step *ode.Step) error {
		if err := a.step(step); err != nil {
			return err
		}
		if s.Observer != nil {
			p := Progress{T: step.T1, Step: step.T1 - step.T0, Loss: a.loss, Speed: a.speed, Steps: step.Index + 1, Position: step.Y1[:n]}
			if err := s.Observer(p); err != nil {
				return err
			}
		}
		// The bound costs n evaluations: ask when it may succeed, and again
		// only after real progress.
		if s.Distance > 0 && a.speed <= 10*s.Distance && a.speed <= lastChecked/2 || a.speed == 0 && s.Distance > 0 {
			lastChecked = a.speed
			r.DistanceLeft = f.distanceLeft(step.Y1[:n], a.speed)
			if r.DistanceLeft <= s.Distance {
				return ode.ErrStop
			}
		}
		return nil
	}
	y0 := make([]float64, n+1)
	copy(y0, x0)
	trajectory, err := ode.Solve(ctx, f, y0, t0, t1, &o)
	r.Trajectory = trajectory
	r.Losses, r.Speeds, r.Lengths = a.losses, a.speeds, a.lengths
	r.Monotone, r.EnergyIdentity = a.monotone(), a.energyIdentity()
	r.LocalErrors, r.Rounding = a.estimated, a.rounded
	return r, err
}

// closing is a norm for a flow that must arrive: beside the tolerance it asks
// that the error of a step be at most a tenth of the distance left, for which
// the Fisher speed stands. Without it the steps would grow to the limit of
// stability near the minimum, and the solution stay a tolerance away from it.
func (a *audit) closing(norm ode.Norm, s ode.Settings) ode.Norm {
	if norm == nil {
		norm = ode.RMS(tolerances(s))
	}
	const share = 0.1
	n := a.flow.Dim()
	return func(err, y0, y1 []float64) (float64, error) {
		size, fault := norm(err, y0, y1)
		if fault != nil || a.speed == 0 {
			return size, fault
		}
		if fault := a.flow.measureAt(y0[:n]); fault != nil {
			return math.NaN(), fault
		}
		length, fault := a.flow.length(err[:n])
		return max(size, length/(share*a.speed)), fault
	}
}

// At stores the coordinates at time t, from the dense output, in dst, which
// may be nil, and returns it.
func (r *Result) At(dst []float64, t float64) []float64 {
	full := r.Trajectory.At(nil, t)
	n := r.flow.Dim()
	if dst == nil {
		dst = make([]float64, n)
	}
	copy(dst, full[:n])
	return dst
}

// Last is the last state's coordinates.
func (r *Result) Last() []float64 {
	return r.Trajectory.State(r.Trajectory.Len() - 1)[:r.flow.Dim()]
}
