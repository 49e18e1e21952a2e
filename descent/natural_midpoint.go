package descent

import "fisherflow/flow"

// NaturalMidpoint is the step
//
//	x⁺ = x − h d(x − ½h d(x)),  d = G⁻¹dL,
//
// the explicit midpoint rule (Y. Song, J. Song, S. Ermon, Accelerating natural
// gradient with higher-order invariance, ICML 2018, §3.2). Accuracy and invariance
// are of order 2.
type NaturalMidpoint struct {
	point             flow.Point
	gradient, d, half []float64
}

// Init binds the rule to p.
func (r *NaturalMidpoint) Init(p flow.Point) error {
	n := p.Dim()
	*r = NaturalMidpoint{point: p, gradient: make([]float64, n), d: make([]float64, n), half: make([]float64, n)}
	return nil
}

// Step makes a step.
func (r *NaturalMidpoint) Step(dst, x []float64, h float64) error {
	if err := slope(r.d, r.gradient, r.point, x); err != nil {
		return err
	}
	for i, d := range r.d {
		r.half[i] = x[i] - h/2*d
	}
	if err := slope(r.d, r.gradient, r.point, r.half); err != nil {
		return err
	}
	for i, d := range r.d {
		dst[i] = x[i] - h*d
	}
	return nil
}

var _ Rule = (*NaturalMidpoint)(nil)
