package flow

import (
	"context"
	"fmt"
	"math"

	"fisherflow/ode"
)

// A Separation is a distance between two points in the coordinates of a flow.
type Separation func(a, b []float64) (float64, error)

// Resolved integrates the flow again with half the tolerance, or half the
// step, and checks how far the result moves, in the given distance, at the end
// and at every stop time.
//
// The bound for an adaptive method is ten times the sum of the error estimates
// of its steps in Fisher length. A method
// without an error estimate is run a third time with a quarter of the step:
// its result must move by no more than twice what its order says,
// 2^(p+1) times the second difference.
func (r *Result) Resolved(ctx context.Context, distance Separation) (Check, error) {
	c := Check{Name: "resolved", Value: math.NaN()}
	finer, err := r.refined(ctx, 2)
	if err != nil {
		return c, fmt.Errorf("at half the tolerance: %w", err)
	}
	if c.Value, err = separation(r, finer, distance); err != nil {
		return c, err
	}
	rounding := 4 * (r.Rounding + finer.Rounding)
	if r.Adaptive() {
		c.Bound = safety*r.LocalErrors + rounding
		c.Detail = fmt.Sprintf("half the tolerance moves the result by %.3g; %g times error estimates of %.3g, rounding %.3g",
			c.Value, safety, r.LocalErrors, rounding)
		return c, nil
	}
	finest, err := r.refined(ctx, 4)
	if err != nil {
		return c, fmt.Errorf("at a quarter of the step: %w", err)
	}
	second, err := separation(finer, finest, distance)
	if err != nil {
		return c, err
	}
	order := r.settings.method().Order()
	c.Bound = math.Ldexp(second, order+1) + rounding
	c.Detail = fmt.Sprintf("half the step moves the result by %.3g, a quarter by %.3g more: ratio %.3g, order %d says %g",
		c.Value, second, c.Value/second, order, math.Ldexp(1, order))
	return c, nil
}

// refined repeats the integration with the tolerance, or the step, divided.
func (r *Result) refined(ctx context.Context, by float64) (*Result, error) {
	s := r.settings
	s.Distance, s.Observer, s.Detail = 0, nil, Steps
	if r.Adaptive() {
		// Steps that stop times held back must be finer too, or nothing moves.
		order := float64(r.settings.method().EmbeddedOrder() + 1)
		s.ODE.MaxStep = r.Statistics.Largest * math.Pow(by, -1/order)
		switch {
		case s.Tol > 0:
			s.Tol /= by
		case s.ODE.Norm != nil:
			norm := s.ODE.Norm
			s.ODE.Norm = func(err, y0, y1 []float64) (float64, error) {
				e, fault := norm(err, y0, y1)
				return by * e, fault
			}
		default:
			s.ODE.RTol, s.ODE.ATol = tolerances(s.ODE)
			s.ODE.RTol /= by
			s.ODE.ATol /= by
		}
	} else {
		s.ODE.Step /= by
	}
	end := r.Time(r.Len() - 1)
	s.ODE.StopAt = before(s.ODE.StopAt, end)
	return Solve(ctx, r.flow, r.start, r.Time(0), end, &s)
}

// tolerances are the settings' own or the defaults of package ode.
func tolerances(s ode.Settings) (rtol, atol float64) {
	rtol, atol = s.RTol, s.ATol
	if rtol == 0 {
		rtol = 1e-6
	}
	if atol == 0 {
		atol = 1e-3 * rtol
	}
	return rtol, atol
}

func before(times []float64, end float64) []float64 {
	var kept []float64
	for _, t := range times {
		if t <= end {
			kept = append(kept, t)
		}
	}
	return kept
}

// separation is the largest distance between two results at the end and the
// stop times of the first.
func separation(a, b *Result, distance Separation) (float64, error) {
	largest, err := distance(a.Last(), b.Last())
	if err != nil {
		return math.NaN(), err
	}
	x, y := make([]float64, a.flow.Dim()), make([]float64, a.flow.Dim())
	end := a.Time(a.Len() - 1)
	for _, t := range before(a.settings.ODE.StopAt, end) {
		d, err := distance(a.At(x, t), b.At(y, t))
		if err != nil {
			return math.NaN(), err
		}
		largest = math.Max(largest, d)
	}
	return largest, nil
}
