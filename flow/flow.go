package flow

import (
	"math"

	"fisherflow/manifold"
	"fisherflow/ode"
)

// A Flow is the gradient flow
//
//	dx/dt = −G(x)⁻¹ dL(x)
//
// of a point's loss under its metric, as an [ode.Field] of n+1 components: the
// last one is the loss that the flow has dissipated, dQ/dt = dL·G⁻¹dL, so that
// L(0) − L(t) = Q(t). It is carried outside of the error norm.
type Flow struct {
	point Point
	// fisher measures lengths, whatever metric drives the flow; it is nil when
	// the driving metric does.
	fisher manifold.Metric

	gradient, velocity []float64
	work, covector     []float64
}

// New returns the flow of a point. Lengths are measured by fisher, which is
// set in the point's own coordinates, or by the point's driving metric if
// fisher is nil.
func New(point Point, fisher manifold.Metric) *Flow {
	n := point.Dim()
	return &Flow{
		point: point, fisher: fisher,
		gradient: make([]float64, n), velocity: make([]float64, n), work: make([]float64, n), covector: make([]float64, n),
	}
}

// Dim is the number of coordinates, without the dissipated loss.
func (f *Flow) Dim() int { return len(f.gradient) }

// Point is the loss and the metric that drive the flow.
func (f *Flow) Point() Point { return f.point }

// Eval stores the velocity and the rate of dissipation in dst.
func (f *Flow) Eval(dst []float64, _ float64, y []float64) error {
	n := f.Dim()
	if err := f.point.At(y[:n]); err != nil {
		return err
	}
	f.point.Gradient(f.gradient)
	if err := f.point.Raise(f.velocity, f.gradient); err != nil {
		return err
	}
	q := 0.0
	for i, v := range f.velocity {
		dst[i] = -v
		q += f.gradient[i] * v
	}
	dst[n] = q
	return nil
}

var _ ode.Field = (*Flow)(nil)

// measureAt moves the measuring metric to x.
func (f *Flow) measureAt(x []float64) error {
	if f.fisher != nil {
		return f.fisher.At(x)
	}
	return f.point.At(x)
}

// length is the Fisher length ‖v‖_G of a vector at the point of measureAt.
func (f *Flow) length(v []float64) (float64, error) {
	lower := f.point.Lower
	if f.fisher != nil {
		lower = f.fisher.Lower
	}
	if err := lower(f.work, v); err != nil {
		return math.NaN(), err
	}
	s, _ := dot(f.work, v)
	return math.Sqrt(max(0, s)), nil
}

// colength is the length ‖c‖_{G⁻¹} of a covector at the point of measureAt.
func (f *Flow) colength(c []float64) (float64, error) {
	raise := f.point.Raise
	if f.fisher != nil {
		raise = f.fisher.Raise
	}
	if err := raise(f.work, c); err != nil {
		return math.NaN(), err
	}
	s, _ := dot(f.work, c)
	return math.Sqrt(max(0, s)), nil
}

// fisherLength is the length of a vector at the point of measureAt in the exact
// Fisher metric, where the point can tell it from the driving one.
func (f *Flow) fisherLength(v []float64) (float64, error) {
	if r, ok := f.point.(FisherRuler); ok && f.fisher == nil {
		return r.FisherLength(v)
	}
	return f.length(v)
}

// Norm is the error norm in the Fisher metric: a step is accepted when its
// error has Fisher length at most tol, ½tol² in nats, in whatever chart it is
// taken. The metric is that of the point where the step begins, and of a model
// with a singular Fisher matrix the larger one of both ends: a direction in which
// the model does not change at one end is one in which it does at another.
func (f *Flow) Norm(tol float64) ode.Norm {
	n := f.Dim()
	_, both := f.point.(FisherRuler)
	both = both && f.fisher == nil
	return func(err, y0, y1 []float64) (float64, error) {
		end := 0.0
		if both {
			if e := f.measureAt(y1[:n]); e != nil {
				return math.NaN(), e
			}
			var e error
			if end, e = f.fisherLength(err[:n]); e != nil {
				return math.NaN(), e
			}
		}
		if e := f.measureAt(y0[:n]); e != nil {
			return math.NaN(), e
		}
		l, e := f.fisherLength(err[:n])
		return max(l, end) / tol, e
	}
}
