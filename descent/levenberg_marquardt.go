package descent

import (
	"fmt"
	"math"

	"fisherflow/metrics"

	"gonum.org/v1/gonum/blas/blas64"
)

// LevenbergMarquardt adapts the damping λ of [Natural] by how well a quadratic
// model foresees the loss of the batch (J. Martens, R. Grosse, arXiv
// 1503.05671, §6.4, 6.5 and 7). With the exact Fisher matrix F,
//
//	M(δ) = g·δ + ½ δᵀ(F + λI)δ,   δ = −αΔ + μδ₀,
//
// is minimised over α and μ, δ₀ the step before, at the price of a product with
// J each. Then with
//
//	ρ = (L(θ + δ) − L(θ))/M(δ),
//
// λ is divided by Factor where ρ > ¾ and multiplied by it where ρ < ¼. A step
// that raises the loss of the batch is refused: λ is multiplied, and δ₀
// forgotten.
type LevenbergMarquardt struct {
	// Factor by which λ changes, above 1; 0 means 4.
	Factor float64
	// Interval is the number of steps from change to change; 0 means 1. (The
	// paper has 5, with a factor (20/19)⁵ = 1.29.)
	Interval int
	// Least is the λ below which it is not taken; 0 means 1e-14. Where
	// rounding exceeds it a metric is inverted as far as it has a rank. On
	// batches 1e-3 is better: the quadratic model of one batch foresees its own
	// loss well, and says nothing of the others.
	Least float64
	// NoMomentum keeps μ = 0.
	NoMomentum bool
}

// withDefaults are the settings for a damping, or what is wrong with them.
func (l LevenbergMarquardt) withDefaults(d metrics.Damping) (_ LevenbergMarquardt, err error) {
	if d.Kind != "" && d.Kind != "tikhonov" && d.Kind != "factored" {
		return l, fmt.Errorf("levenberg-marquardt adapts damping of kind tikhonov or factored, not %s", d.Kind)
	}
	if !(d.Value > 0) {
		return l, fmt.Errorf("levenberg-marquardt begins at a damping above 0, not at %g", d.Value)
	}
	if l.Factor, err = positive("factor of levenberg-marquardt", l.Factor, 4); err == nil && l.Factor <= 1 {
		err = fmt.Errorf("factor %g of levenberg-marquardt must be above 1", l.Factor)
	}
	if err != nil {
		return l, err
	}
	if l.Least, err = positive("least damping", l.Least, 1e-14); err != nil {
		return l, err
	}
	if l.Interval < 0 {
		return l, fmt.Errorf("interval %d of levenberg-marquardt must be above 0", l.Interval)
	}
	l.Interval = max(l.Interval, 1)
	return l, nil
}

// adapt makes the step of the quadratic model from the direction Δ.
func (o *Natural) adapt(theta []float64, count int, r *Report) error {
	lambda := o.lambda[0]
	slope, curvature := o.choose(lambda)
	h := o.rate
	if square := (curvature - lambda*dot(o.step, o.step)) * h * h; o.Norm > 0 && square > o.Norm {
		h *= math.Sqrt(o.Norm / square)
	}
	foreseen := h*slope + h*h*curvature/2
	for i, d := range o.step {
		o.step[i] = h * d
		o.next[i] = theta[i] + o.step[i]
	}
	loss := math.Inf(1)
	switch err := o.model.At(o.next); {
	case err == nil:
		loss = o.model.Value()
	case !isDomain(err):
		return err
	}
	// Below its rounding the loss says nothing of the model.
	if -foreseen <= 0x1p-48*math.Abs(r.Loss) && loss-r.Loss <= 0x1p-48*math.Abs(r.Loss) {
		r.Length = math.Sqrt(dot(o.step, o.step))
		copy(theta, o.next)
		return nil
	}
	r.Ratio = (loss - r.Loss) / foreseen
	r.Refused = !(loss < r.Loss)
	switch due := (count+1)%o.lm.Interval == 0; {
	case r.Refused || due && !(r.Ratio >= 0.25):
		o.setDamping(lambda * o.lm.Factor)
	case due && r.Ratio > 0.75:
		o.setDamping(max(lambda/o.lm.Factor, o.lm.Least))
	}
	if r.Refused {
		clear(o.step)
		return nil
	}
	r.Length = math.Sqrt(dot(o.step, o.step))
	copy(theta, o.next)
	return nil
}

// choose replaces δ by the step that minimises M, and returns g·δ and
// δᵀ(F + λI)δ.
func (o *Natural) choose(lambda float64) (slope, curvature float64) {
	// In the basis (−Δ, δ₀): M = bᵀc + ½ cᵀQc.
	for i, d := range o.direction {
		o.direction[i] = -d
	}
	b1 := dot(o.gradient, o.direction)
	q11 := o.tangent(0, o.direction) + lambda*dot(o.direction, o.direction)
	alpha, mu := 0.0, 0.0
	if q11 > 0 {
		alpha = -b1 / q11
	}
	var b2, q12, q22 float64
	if !o.lm.NoMomentum && dot(o.step, o.step) > 0 {
		b2 = dot(o.gradient, o.step)
		q22 = o.tangent(1, o.step) + lambda*dot(o.step, o.step)
		q12 = dot(o.tangents[1].Data, o.raisedTangent(0))/float64(o.model.Examples()) + lambda*dot(o.direction, o.step)
		// Directions that all but agree leave the first alone.
		if det := q11*q22 - q12*q12; det > 1e-10*q11*q22 {
			alpha, mu = (q12*b2-q22*b1)/det, (q12*b1-q11*b2)/det
		}
	}
	for i, d := range o.direction {
		o.step[i] = alpha*d + mu*o.step[i]
	}
	slope = alpha*b1 + mu*b2
	return slope, alpha*alpha*q11 + 2*alpha*mu*q12 + mu*mu*q22
}

// tangent stores Jv of the batch in tangents[i] and returns vᵀFv.
func (o *Natural) tangent(i int, v []float64) float64 {
	resize(&o.tangents[i], o.model.Examples(), o.model.Outputs())
	o.model.JVP(o.tangents[i], v)
	return max(0, dot(o.tangents[i].Data, o.raisedTangent(i))/float64(o.model.Examples()))
}

// raisedTangent is H times the rows of tangents[i].
func (o *Natural) raisedTangent(i int) []float64 {
	resize(&o.raised, o.model.Examples(), o.model.Outputs())
	copy(o.raised.Data, o.tangents[i].Data)
	o.model.Fishers(o.raised)
	return o.raised.Data
}

// resize gives a matrix its size, with new memory where it has too little.
func resize(m *blas64.General, rows, columns int) {
	if cap(m.Data) < rows*columns {
		m.Data = make([]float64, rows*columns)
	}
	*m = blas64.General{Rows: rows, Cols: columns, Stride: columns, Data: m.Data[:rows*columns]}
}
