package flow

import (
	"errors"
	"fmt"
	"math"

	"fisherflow/manifold"
)

// An Integrable loss has its flow under the Fisher metric in closed form.
type Integrable interface {
	Loss
	// Exact stores the source coordinates at time t of the flow that starts
	// from the source coordinates start at time 0. The error wraps
	// [manifold.ErrDomain] when the flow has left the domain by then, and
	// errors.ErrUnsupported when the family has no closed form for this loss.
	Exact(dst, start []float64, t float64) error
}

var (
	_ Integrable = (*statisticNLL)(nil)
	_ Integrable = (*divergence)(nil)
	_ Integrable = (*freeEnergy)(nil)
	_ Integrable = (*linear)(nil)
	_ Integrable = (*squaredDistance)(nil)
	_ Integrable = (*targeted)(nil)
)

// relax moves along the straight line x(t) = x* + e^{−t}(x₀ − x*) in a chart.
func relax(dst []float64, chart manifold.Chart, start, target []float64, t float64) error {
	x := make([]float64, len(start))
	if err := chart.FromSource(x, start); err != nil {
		return err
	}
	w := math.Exp(-t)
	for i := range x {
		// The form that is exact at both ends.
		x[i] = w*x[i] + -math.Expm1(-t)*target[i]
	}
	return chart.ToSource(dst, x)
}

// Exact is the m-geodesic to the empirical mean of the sufficient statistic
// (Fujiwara & Amari 1995; Nakamura 1993).
func (l *statisticNLL) Exact(dst, start []float64, t float64) error {
	return relax(dst, l.expectation, start, l.mean, t)
}

// Exact is the m-geodesic to the target for KL(p*‖p) and the e-geodesic for
// KL(p‖p*) (Fujiwara & Amari 1995; Nakamura 1993).
func (l *divergence) Exact(dst, start []float64, t float64) error {
	if l.kind == "kl" {
		return relax(dst, l.expectation, start, l.dualTarget, t)
	}
	return relax(dst, l.natural, start, l.dualTarget, t)
}

// Exact is a motion in natural coordinates: θ₀ − ct for the expectation,
// −c/τ + e^{−τt}(θ₀ + c/τ) where the entropy takes part.
func (l *freeEnergy) Exact(dst, start []float64, t float64) error {
	if l.tau != 0 {
		if _, constant := l.family.MeanLogBase(start); !constant {
			return fmt.Errorf("%s: the base measure of %s is not constant: %w", l.kind, l.family.Name(), errors.ErrUnsupported)
		}
	}
	x := make([]float64, len(start))
	if err := l.natural.FromSource(x, start); err != nil {
		return err
	}
	// ∫₀ᵗ e^{−τs} ds, which is t where τ is zero.
	lag := t
	if l.tau != 0 {
		lag = -math.Expm1(-l.tau*t) / l.tau
	}
	for i := range x {
		x[i] = math.Exp(-l.tau*t)*x[i] - lag*l.c[i]
	}
	return l.natural.ToSource(dst, x)
}

// Exact is a straight line in the dual chart: η₀ − ct for a function linear in
// natural coordinates, θ₀ − ct for one linear in expectation coordinates.
func (l *linear) Exact(dst, start []float64, t float64) error {
	d, err := newDual(l.family)
	if err != nil {
		return fmt.Errorf("linear: %w", err)
	}
	var dual manifold.Chart
	switch l.chartName {
	case "natural":
		dual = d.expectation
	case "expectation":
		dual = d.natural
	default:
		return fmt.Errorf("linear: no closed form in chart %s: %w", l.chartName, errors.ErrUnsupported)
	}
	x := make([]float64, len(start))
	if err := dual.FromSource(x, start); err != nil {
		return err
	}
	for i := range x {
		x[i] -= t * l.c[i]
	}
	return dual.ToSource(dst, x)
}

// Exact is the geodesic to the target, of which e^{−t} is left at time t.
func (l *squaredDistance) Exact(dst, start []float64, t float64) error {
	return alongGeodesic(dst, l.family, start, l.target, t)
}

// Exact is the geodesic to the target, of which e^{−t} is left at time t.
func (l *targeted) Exact(dst, start []float64, t float64) error {
	return alongGeodesic(dst, l.Loss.(*function).family, start, l.target, t)
}

func alongGeodesic(dst []float64, family manifold.Family, start, target []float64, t float64) error {
	g, ok := family.(manifold.Geodesic)
	if !ok {
		return fmt.Errorf("squared-distance: %s has no geodesic in closed form: %w", family.Name(), errors.ErrUnsupported)
	}
	return g.Geodesic(dst, start, target, -math.Expm1(-t))
}

// HasExact reports whether the Fisher flow of the loss from the source
// coordinates start has a closed form, and if not, why.
func HasExact(loss Loss, start []float64) error {
	i, ok := loss.(Integrable)
	if !ok {
		return fmt.Errorf("the flow of loss %q has no closed form: %w", loss.Name(), errors.ErrUnsupported)
	}
	if err := i.Exact(make([]float64, len(start)), start, 0); errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}

// ClosedForm checks a trajectory of the Fisher metric in a chart against the
// exact flow of its loss: the largest intrinsic distance between them at the
// accepted steps (at most 1000 of them, evenly) and the given times. The bound
// is ten times the sum of the error estimates in Fisher length, and rounding.
func (r *Result) ClosedForm(times []float64) (Check, error) {
	c := Check{Name: "closed-form", Value: math.NaN()}
	p, ok := r.flow.point.(*ChartPoint)
	if !ok {
		return c, fmt.Errorf("closed-form: the flow is not one of a family: %w", errors.ErrUnsupported)
	}
	loss, ok := p.loss.(Integrable)
	if !ok {
		return c, HasExact(p.loss, nil)
	}
	distance, name, err := manifold.Intrinsic(p.family)
	if err != nil {
		return c, err
	}
	chart := p.view.Chart()
	n := r.flow.Dim()
	start, here, exact := make([]float64, n), make([]float64, n), make([]float64, n)
	if err := chart.ToSource(start, r.start); err != nil {
		return c, err
	}
	t0 := r.Time(0)
	worst, at := 0.0, t0
	compare := func(t float64, x []float64) error {
		if err := chart.ToSource(here, x); err != nil {
			return err
		}
		if err := loss.Exact(exact, start, t-t0); err != nil {
			return err
		}
		d, err := distance(here, exact)
		if err != nil {
			return err
		}
		if !(d <= worst) {
			worst, at = d, t
		}
		return nil
	}
	stride := 1 + (r.Len()-1)/1000
	for i := 0; i < r.Len(); i += stride {
		if err := compare(r.Time(i), r.State(i)[:n]); err != nil {
			return c, err
		}
	}
	if err := compare(r.Time(r.Len()-1), r.Last()); err != nil {
		return c, err
	}
	x := make([]float64, n)
	for _, t := range before(times, r.Time(r.Len()-1)) {
		if err := compare(t, r.At(x, t)); err != nil {
			return c, err
		}
	}
	rounding := 16*r.Rounding + 64*epsilon
	c.Value, c.Bound = worst, safety*r.LocalErrors+rounding
	c.Detail = fmt.Sprintf("largest %s distance to the exact flow, at t = %.6g; %g times error estimates of %.3g, rounding %.3g",
		name, at, safety, r.LocalErrors, rounding)
	return c, nil
}
