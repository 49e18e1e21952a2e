package flow

import (
	"errors"
	"fmt"
	"math"

	"fisherflow/ode"
)

// Detail says how densely a trajectory is certified.
type Detail int

const (
	// Auto is Full up to 64 coordinates and Steps above. A discrete rule has
	// nothing between its steps, which are looked at alone.
	Auto Detail = iota
	// Full looks at the ends of every step and at eight points inside, the
	// Gauss–Legendre nodes, on the dense output.
	Full
	// Steps looks at the ends of every step.
	Steps
	// Off certifies nothing.
	Off
)

const autoFull = 64

func (d Detail) resolve(n int) Detail {
	if d != Auto {
		return d
	}
	if n <= autoFull {
		return Full
	}
	return Steps
}

// ε is the unit roundoff of float64.
const epsilon = 0x1p-53

// safety multiplies sums of local error estimates where they stand for the
// error of the whole: a step's estimate may be small by accident, more so at
// loose tolerances, and a flow may drive its errors apart for a while before it
// contracts. Over many families, charts, losses and tolerances the sum alone is
// exceeded by up to six times.
const safety = 10.0

// gauss are the nodes and weights of Gauss–Legendre quadrature on [0, 1].
var gauss = [...]struct{ node, weight float64 }{
	{0.01985507175123188, 0.05061426814518813},
	{0.10166676129318664, 0.11119051722668724},
	{0.23723379504183550, 0.15685332293894364},
	{0.40828267875217510, 0.18134189168918099},
	{0.59171732124782490, 0.18134189168918099},
	{0.76276620495816450, 0.15685332293894364},
	{0.89833323870681336, 0.11119051722668724},
	{0.98014492824876812, 0.05061426814518813},
}

// An audit follows an integration step by step and gathers its certificate.
//
// The bound on a rise of the loss is derived as follows. A computed point
// misses the exact flow through the step's start by at most d, in Fisher
// length: the step's error estimate e and the rounding of the coordinates.
// A displacement d changes the loss by at most ‖dL‖d + ½‖∇²L‖d² to second
// order, with ‖∇²L‖ about 1 in Fisher units, and both ends of a comparison are
// displaced: 2‖dL‖d + d². To this comes the rounding of the loss itself, a few
// ulp of the magnitude of its terms.
type audit struct {
	flow     *Flow
	detail   Detail
	adaptive bool // the method has an error estimate

	// The last point looked at.
	loss, size, speed float64

	losses, speeds, lengths []float64

	worst     rise
	unchecked int
	points    int

	firstLoss, firstSize float64
	energyBound          float64 // Σ ‖dL‖d + d² + |error of Q|
	energyRounding       float64
	dissipated           float64

	estimated float64 // Σ‖e‖, the Fisher lengths of the error estimates
	rounded   float64 // Σ of the rounding of the coordinates
	travelled float64

	state, absolute, defect, mean, rate []float64
	candidates                          []candidate
}

// candidate is a rise of the loss from one point looked at to the next: the
// difference of the losses, or dL/dt times the time between if that is more.
type candidate struct {
	value, size, t float64
	inside         bool
}

// rise is the place where the loss comes closest to rising more than it may.
type rise struct {
	value, rounding, solver, t float64
	set                        bool
}

func (r rise) excess() float64 { return r.value - r.rounding - r.solver }

func newAudit(f *Flow, detail Detail, adaptive bool) *audit {
	n := f.Dim()
	return &audit{
		flow: f, detail: detail.resolve(n), adaptive: adaptive,
		state: make([]float64, n+1), absolute: make([]float64, n), defect: make([]float64, n),
		mean: make([]float64, n+1), rate: make([]float64, n+1),
	}
}

// begin looks at the start.
func (a *audit) begin(x0 []float64) error {
	loss, size, _, err := a.look(x0)
	if err != nil {
		return err
	}
	if a.speed, err = a.speedAt(x0); err != nil {
		return err
	}
	if math.IsNaN(loss) || math.IsInf(loss, 0) {
		return fmt.Errorf("the loss is %g: %w", loss, ode.ErrDomain)
	}
	a.loss, a.size, a.firstLoss, a.firstSize = loss, size, loss, size
	a.keep()
	return nil
}

func (a *audit) keep() {
	a.losses = append(a.losses, a.loss)
	a.speeds = append(a.speeds, a.speed)
	a.lengths = append(a.lengths, a.travelled)
}

// look moves to x and returns the loss, its magnitude and dL/dt; the velocity
// and the rate of dissipation stay in a.rate.
func (a *audit) look(x []float64) (loss, size, slope float64, err error) {
	if err = a.flow.Eval(a.rate, 0, x); err != nil {
		return
	}
	for i, g := range a.flow.gradient {
		slope += g * a.rate[i]
	}
	p := a.flow.point
	return p.Value(), p.Magnitude(), slope, nil
}

// speedAt is ‖dL‖_{G⁻¹} at x, where look has just been.
func (a *audit) speedAt(x []float64) (float64, error) {
	f := a.flow
	if f.fisher != nil {
		if err := f.fisher.At(x[:f.Dim()]); err != nil {
			return math.NaN(), err
		}
	}
	return f.colength(f.gradient)
}

// step looks at an accepted step.
func (a *audit) step(s *ode.Step) error {
	n := a.flow.Dim()
	h := math.Abs(s.T1 - s.T0)
	startLoss, startSize, startSpeed := a.loss, a.size, a.speed

	// The solver has just been at the end of the step, with most methods: a
	// point that keeps what it computed there answers at once.
	loss, size, slope, err := a.look(s.Y1)
	if err != nil {
		return err
	}
	if a.speed, err = a.speedAt(s.Y1); err != nil {
		return err
	}
	a.loss, a.size = loss, size
	a.points++

	// Lengths at the start of the step.
	estimate, wide := 0.0, 0.0
	if err := a.flow.measureAt(s.Y0[:n]); err != nil {
		return err
	}
	if s.Err != nil {
		if estimate, wide, err = a.sizes(s.Err[:n]); err != nil {
			return err
		}
	}
	for i := range a.absolute {
		a.absolute[i] = epsilon * math.Abs(s.Y0[i])
	}
	roundoff, err := a.flow.length(a.absolute)
	if err != nil {
		return err
	}
	for i := range a.defect {
		a.defect[i] = s.Y1[i] - s.Y0[i]
	}
	chord, err := a.flow.length(a.defect)
	if err != nil {
		return err
	}

	candidates := a.candidates[:0]
	clear(a.mean)
	if a.detail == Full {
		before := startLoss
		beforeSize, beforeNode := startSize, 0.0
		for _, g := range gauss {
			t := s.T0 + g.node*(s.T1-s.T0)
			s.At(a.state, t)
			loss, size, slope, err := a.look(a.state)
			a.points++
			if err != nil || math.IsNaN(loss) {
				if err != nil && !errors.Is(err, ode.ErrDomain) {
					return err
				}
				a.unchecked++
				continue
			}
			candidates = append(candidates, candidate{
				value: max(loss-before, slope*(g.node-beforeNode)*h), size: size + beforeSize, t: t, inside: true,
			})
			before, beforeSize, beforeNode = loss, size, g.node
			for i, r := range a.rate {
				a.mean[i] += g.weight * r
			}
		}
	}
	candidates = append(candidates, candidate{value: max(loss-startLoss, slope*h), size: size + startSize, t: s.T1})
	a.candidates = candidates

	// The local error: the method's estimate, or for a method without one the
	// residual of the integral equation on the interpolant.
	// The step is not chosen for the integral of the dissipation, whose embedded
	// estimate may then say too little: where the interpolant is looked at, Gauss
	// quadrature along it has a say too.
	local, quadrature := estimate, 0.0
	full := a.detail == Full && a.unchecked == 0
	if s.Err != nil {
		quadrature = math.Abs(s.Err[n])
	}
	if full {
		quadrature = max(quadrature, math.Abs(s.Y1[n]-s.Y0[n]-(s.T1-s.T0)*a.mean[n]))
	}
	if full && s.Err == nil {
		for i := range a.defect {
			a.defect[i] -= (s.T1 - s.T0) * a.mean[i]
		}
		if err := a.flow.measureAt(s.Y0[:n]); err != nil {
			return err
		}
		if local, wide, err = a.sizes(a.defect); err != nil {
			return err
		}
	}
	steepest := max(startSpeed, a.speed)
	for _, c := range candidates {
		d, w := 4*roundoff, 4*roundoff
		// A fixed step answers for its own ends: only between them may the
		// interpolant be excused.
		if a.adaptive || c.inside {
			d += local
			w += wide
		}
		a.note(rise{
			value: c.value, rounding: 8 * epsilon * c.size, solver: 2*steepest*d + w*w, t: c.t, set: true,
		})
	}
	a.energyBound += steepest*local + wide*wide + quadrature
	a.energyRounding += steepest*2*roundoff + 2*epsilon*math.Abs(s.Y1[n])
	if approximate, ok := a.flow.point.(Approximate); ok {
		change := 0.0
		for i := range n {
			change += math.Abs(s.Y1[i] - s.Y0[i])
		}
		a.energyBound += 2 * approximate.GradientError() * change
	}
	a.dissipated = s.Y1[n]
	a.estimated += local
	a.rounded += 2 * roundoff
	a.travelled += chord
	a.keep()
	return nil
}

// sizes are the length of a vector as the flow measures it, which bounds the
// slope of the loss along it, and one that is no less than its exact Fisher
// length, which bounds the curvature.
func (a *audit) sizes(v []float64) (size, wide float64, err error) {
	size, err = a.flow.length(v)
	if _, ok := a.flow.point.(FisherRuler); !ok || err != nil {
		return size, size, err
	}
	wide, err = a.flow.fisherLength(v)
	return size, max(size, wide), err
}

func (a *audit) note(r rise) {
	if !a.worst.set || math.IsNaN(r.value) || r.excess() > a.worst.excess() {
		a.worst = r
	}
}

// monotone is the claim that the loss never rises.
func (a *audit) monotone() Check {
	if a.detail == Off {
		return Check{Name: "monotone", Value: math.NaN(), Detail: "not certified: certificate = \"off\""}
	}
	w := a.worst
	c := Check{Name: "monotone", Value: max(0, w.value), Bound: w.rounding + w.solver}
	switch {
	case a.unchecked > 0:
		c.Value = math.Inf(1)
		c.Detail = fmt.Sprintf("the interpolant leaves the domain at %d of %d points: ask for a tighter tolerance", a.unchecked, a.points)
	case !w.set:
		c.Detail = "no step was taken"
	default:
		c.Detail = fmt.Sprintf("closest at t = %.6g: rise %.3g, rounding %.3g, solver error %.3g; %d points",
			w.t, max(0, w.value), w.rounding, w.solver, a.points)
	}
	return c
}

// energyIdentity is the claim L(0) − L(T) = ∫‖dL‖²_{G⁻¹}dt.
func (a *audit) energyIdentity() Check {
	if a.detail == Off {
		return Check{Name: "energy-identity", Value: math.NaN(), Detail: "not certified: certificate = \"off\""}
	}
	rounding := 8*epsilon*(a.firstSize+a.size) + a.energyRounding
	return Check{
		Name:  "energy-identity",
		Value: math.Abs(a.firstLoss - a.loss - a.dissipated),
		Bound: safety*a.energyBound + rounding,
		Detail: fmt.Sprintf("loss fell by %.12g, integral %.12g; rounding %.3g, solver error %.3g times %g",
			a.firstLoss-a.loss, a.dissipated, rounding, a.energyBound, safety),
	}
}
