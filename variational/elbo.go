package variational

import (
	"fmt"

	"fisherflow/flow"
	"fisherflow/manifold"
)

// ELBO is minus the evidence lower bound of a normal q as a [flow.Loss] on
// its family,
//
//	L(q) = E_q[log q − log p(x, z)] = KL(q‖p(·|x)) − log p(x),
//
// in source coordinates. Its Fisher flow is Ċ = C − CHC, ṁ = −Cg with
// g = −E∇log p, H = −E∇²log p.
type ELBO struct {
	family      manifold.Family
	q           normal
	expectation Expectation

	value, magnitude float64
}

// NewELBO returns the loss on a family of normals: [manifold.MultivariateNormal],
// [manifold.DiagonalNormal] or, for a covariance of blocks, a product of the
// former.
func NewELBO(family manifold.Family, e Expectation) (*ELBO, error) {
	q, err := newNormal(family)
	if err != nil {
		return nil, err
	}
	if o, ok := family.(manifold.Observed); ok && o.ObservationDim() != q.dim() {
		return nil, fmt.Errorf("family of dimension %d for a target of dimension %d", o.ObservationDim(), q.dim())
	}
	return &ELBO{family: family, q: q, expectation: e}, nil
}

// Name is "elbo".
func (*ELBO) Name() string { return "elbo" }

// At moves to the source coordinates theta.
func (l *ELBO) At(theta []float64) error {
	if err := l.q.at(theta); err != nil {
		return err
	}
	l.q.reset()
	expected, magnitude, err := l.expectation.add(l.q)
	if err != nil {
		return err
	}
	h := l.q.entropy()
	l.value, l.magnitude = -expected-h, magnitude+max(h, -h)
	return nil
}

// Value is minus the ELBO.
func (l *ELBO) Value() float64 { return l.value }

// Magnitude is the sum of the absolute values of the terms of Value.
func (l *ELBO) Magnitude() float64 { return l.magnitude }

// Gradient stores the differential in source coordinates.
func (l *ELBO) Gradient(dst []float64) { l.q.gradient(dst) }

// Clone returns an independent copy, not yet set.
func (l *ELBO) Clone() flow.Loss {
	return &ELBO{family: l.family, q: l.q.clone(), expectation: l.expectation.clone()}
}

// Expectation is how E_q[log p] is evaluated.
func (l *ELBO) Expectation() Expectation { return l.expectation }

var _ flow.Loss = (*ELBO)(nil)
