package descent

import "fisherflow/flow"

// GeodesicEuler is the step
//
//	x⁺ = exp_x(−h G⁻¹dL),
//
// along the family's Fisher–Rao geodesic, by [manifold.Shooting], that leaves x in
// the direction of steepest descent: Riemannian gradient descent. Two charts differ
// by rounding alone. Accuracy is of order 1.
//
// Where the family is not complete a geodesic may meet its boundary, which is an
// error that wraps ode.ErrDomain.
type GeodesicEuler struct {
	point       flow.Point
	connection  connection
	gradient, d []float64
}

// Init binds the rule to p.
func (r *GeodesicEuler) Init(p flow.Point) error {
	n := p.Dim()
	*r = GeodesicEuler{point: p, gradient: make([]float64, n), d: make([]float64, n)}
	var err error
	r.connection, err = connect(p)
	return err
}

// Step makes a step.
func (r *GeodesicEuler) Step(dst, x []float64, h float64) error {
	if err := slope(r.d, r.gradient, r.point, x); err != nil {
		return err
	}
	for i := range r.d {
		r.d[i] *= -h
	}
	return r.connection.exp(dst, x, r.d)
}

var _ Rule = (*GeodesicEuler)(nil)
