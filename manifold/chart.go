package manifold

import "fisherflow/ode"

// ErrDomain is wrapped by every error that says that a point lies outside of
// a family's or a chart's domain. It is [ode.ErrDomain], so that an adaptive
// solver meets it with a smaller step.
var ErrDomain = ode.ErrDomain

// A Chart is a coordinate system ξ on a family whose own, source, coordinates
// are θ.
//
// The four linear maps act at one point that is given in both coordinate
// systems, xi and theta, since one of the two usually yields the Jacobian
// J = ∂θ/∂ξ without an inversion. dst must not overlap the other arguments
// unless a method says so. A chart keeps workspace: one goroutine at a time.
type Chart interface {
	// Name is the chart's name in spec files, as "natural".
	Name() string
	// Coordinates names the coordinates in their order.
	Coordinates() []string
	// ToSource stores θ(ξ) in dst. The error wraps ErrDomain and names the
	// coordinate when xi lies outside of the chart.
	ToSource(dst, xi []float64) error
	// FromSource stores ξ(θ) in dst; theta must lie in the family's domain.
	FromSource(dst, theta []float64) error
	// Push stores Jv, the source components of the vector whose components
	// in the chart are v.
	Push(dst, xi, theta, v []float64)
	// PushInverse stores J⁻¹v, the chart components of a source vector v.
	PushInverse(dst, xi, theta, v []float64)
	// Pull stores Jᵀc, the chart components of a source covector c.
	Pull(dst, xi, theta, c []float64)
	// PullInverse stores J⁻ᵀc, the source components of a chart covector c.
	PullInverse(dst, xi, theta, c []float64)
}

// A Weighted chart has a Euclidean inner product other than the plain one:
// on the coordinates of a symmetric matrix the Frobenius product counts an
// off-diagonal coordinate twice.
type Weighted interface {
	// Weights stores the weight of each coordinate in dst.
	Weights(dst []float64)
}
