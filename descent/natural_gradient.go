package descent

import "fisherflow/flow"

// NaturalGradient is the step
//
//	x⁺ = x − h G(x)⁻¹ dL(x),
//
// Euler's method for the flow (S. Amari, Natural gradient works efficiently in
// learning, Neural Computation 10, 1998). In the natural coordinates of an
// exponential family it is mirror descent, and with h = 1 it reaches the minimum
// of KL(p‖p*) in one step. Accuracy and invariance are of order 1.
type NaturalGradient struct {
	point       flow.Point
	gradient, d []float64
}

// Init binds the rule to p.
func (r *NaturalGradient) Init(p flow.Point) error {
	n := p.Dim()
	*r = NaturalGradient{point: p, gradient: make([]float64, n), d: make([]float64, n)}
	return nil
}

// Step makes a step.
func (r *NaturalGradient) Step(dst, x []float64, h float64) error {
	if err := slope(r.d, r.gradient, r.point, x); err != nil {
		return err
	}
	for i, d := range r.d {
		dst[i] = x[i] - h*d
	}
	return nil
}

var _ Rule = (*NaturalGradient)(nil)
