package descent

import (
	"slices"

	"fisherflow/flow"
)

// GeodesicCorrection is the step
//
//	x⁺ = x − h d − ½h² Γ(d, d),  d = G⁻¹dL,
//
// the geodesic that leaves x with velocity −d, to second order in h (Y. Song, J.
// Song, S. Ermon, Accelerating natural gradient with higher-order invariance, ICML
// 2018, §3.1). Γ are the Christoffel symbols of the second kind of the family's
// Fisher metric. Two charts differ by O(h²), the flow and either by O(h) as before.
type GeodesicCorrection struct {
	point              flow.Point
	connection         connection
	gradient, d, gamma []float64
}

// Init binds the rule to p.
func (r *GeodesicCorrection) Init(p flow.Point) error {
	n := p.Dim()
	*r = GeodesicCorrection{point: p, gradient: make([]float64, n), d: make([]float64, n), gamma: make([]float64, n)}
	var err error
	r.connection, err = connect(p)
	return err
}

// Step makes a step.
func (r *GeodesicCorrection) Step(dst, x []float64, h float64) error {
	if err := slope(r.d, r.gradient, r.point, x); err != nil {
		return err
	}
	if err := r.connection.gamma(r.gamma, x, r.d); err != nil {
		return err
	}
	for i, d := range r.d {
		dst[i] = x[i] - h*d - h*h/2*r.gamma[i]
	}
	return nil
}

// GeodesicCorrectionFast is [GeodesicCorrection] with the velocity of the step
// before, v = (x − x⁻)/h, in place of d in the correction, which networks obtain
// without another solve (Song, Song & Ermon 2018, §3.1). The first step, and one
// from a point that the rule did not make, is that of GeodesicCorrection.
type GeodesicCorrectionFast struct {
	exact          GeodesicCorrection
	last, velocity []float64 // the end of the last step, and its velocity
	moved          bool
}

// Init binds the rule to p.
func (r *GeodesicCorrectionFast) Init(p flow.Point) error {
	n := p.Dim()
	*r = GeodesicCorrectionFast{last: make([]float64, n), velocity: make([]float64, n)}
	return r.exact.Init(p)
}

// Step makes a step.
func (r *GeodesicCorrectionFast) Step(dst, x []float64, h float64) error {
	e := &r.exact
	if err := slope(e.d, e.gradient, e.point, x); err != nil {
		return err
	}
	v := e.d
	if r.moved && slices.Equal(r.last, x) {
		v = r.velocity
	}
	if err := e.connection.gamma(e.gamma, x, v); err != nil {
		return err
	}
	for i, d := range e.d {
		dst[i] = x[i] - h*d - h*h/2*e.gamma[i]
		r.velocity[i] = (dst[i] - x[i]) / h
	}
	copy(r.last, dst)
	r.moved = true
	return nil
}

var (
	_ Rule = (*GeodesicCorrection)(nil)
	_ Rule = (*GeodesicCorrectionFast)(nil)
)
