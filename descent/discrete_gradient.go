package descent

import (
	"math"

	"fisherflow/flow"
)

// DiscreteGradient is the midpoint rule with Gonzalez's discrete gradient
//
//	y = x − h G(x̄)⁻¹∇̄L,  ∇̄L = ∇L(x̄) + [L(y) − L(x) − ∇L(x̄)·Δ] Δ/|Δ|²,
//
// x̄ = (x + y)/2, Δ = y − x (O. Gonzalez, Time integration and discrete Hamiltonian
// systems, J. Nonlinear Sci. 6, 1996). The loss falls at any step size. Accuracy
// and invariance are of order 2.
//
// Where L is bounded below and its sets {L ≤ c} are compact in the chart there is
// a solution for every h: none lies on the boundary of {L ≤ L(x)}, so none is lost
// as h grows from zero. Elsewhere there may be none, an error that wraps
// [ErrNoSolution].
type DiscreteGradient struct{ midpointRule }

// Init binds the rule to p.
func (r *DiscreteGradient) Init(p flow.Point) error {
	r.init(p)
	r.midpointRule.gradient = r.discreteGradient
	return nil
}

// Step makes a step.
func (r *DiscreteGradient) Step(dst, x []float64, h float64) error { return r.solve(dst, x, h) }

func (r *DiscreteGradient) discreteGradient(dst, x, y []float64) error {
	if err := r.point.At(y); err != nil {
		return err
	}
	after, weight := r.point.Value(), r.point.Magnitude()
	for i := range r.middle {
		r.middle[i] = x[i] + (y[i]-x[i])/2
	}
	if err := r.point.At(r.middle); err != nil {
		return err
	}
	r.point.Gradient(dst)
	r.complete(dst, x, y, after, weight)
	return nil
}

// complete adds to a gradient the multiple of Δ that makes it a discrete one,
// where L(y) − L(x) is more than rounding.
func (r *midpointRule) complete(dst, x, y []float64, after, weight float64) {
	missing, square := after-r.before, 0.0
	for i, g := range dst {
		d := y[i] - x[i]
		missing -= g * d
		square += d * d
	}
	if math.Abs(missing) <= 8*epsilon*(weight+r.weight) || square == 0 {
		return
	}
	for i := range dst {
		dst[i] += missing * (y[i] - x[i]) / square
	}
}

const epsilon = 0x1p-52

// AverageVectorField is the midpoint rule with the mean gradient
//
//	y = x − h G(x̄)⁻¹∇̄L,  ∇̄L = ∫₀¹ ∇L(x + s(y − x)) ds,
//
// (R. McLachlan, G. Quispel, N. Robidoux, Geometric integration using discrete
// gradients, Phil. Trans. R. Soc. A 357, 1999), integrated until L(y) − L(x) comes
// out. The loss falls at any step size. Accuracy and invariance are of order 2.
type AverageVectorField struct {
	midpointRule
	at, slope []float64
}

// Init binds the rule to p.
func (r *AverageVectorField) Init(p flow.Point) error {
	r.init(p)
	r.at, r.slope = make([]float64, p.Dim()), make([]float64, p.Dim())
	r.midpointRule.gradient = r.mean
	return nil
}

// Step makes a step.
func (r *AverageVectorField) Step(dst, x []float64, h float64) error { return r.solve(dst, x, h) }

// mean is the integral by Gauss–Legendre quadrature on as many panels as it takes.
func (r *AverageVectorField) mean(dst, x, y []float64) error {
	if err := r.point.At(y); err != nil {
		return err
	}
	after, weight := r.point.Value(), r.point.Magnitude()
	for panels := 1; ; panels *= 2 {
		clear(dst)
		for p := range panels {
			for k, node := range gaussNodes {
				s := (float64(p) + node) / float64(panels)
				for i := range r.at {
					r.at[i] = x[i] + s*(y[i]-x[i])
				}
				if err := r.point.At(r.at); err != nil {
					return err
				}
				r.point.Gradient(r.slope)
				for i, g := range r.slope {
					dst[i] += gaussWeights[k] * g / float64(panels)
				}
			}
		}
		missing := after - r.before
		for i, g := range dst {
			missing -= g * (y[i] - x[i])
		}
		if math.Abs(missing) <= 1e-13*(weight+r.weight) || panels == 16 {
			break
		}
	}
	r.complete(dst, x, y, after, weight)
	return nil
}

// gaussNodes and gaussWeights are those of Gauss–Legendre quadrature with eight
// nodes on [0, 1].
var gaussNodes, gaussWeights = func() (nodes, weights [8]float64) {
	half := [4]float64{0.1834346424956498049394761, 0.5255324099163289858177390, 0.7966664774136267395915539, 0.9602898564975362316835609}
	weight := [4]float64{0.3626837833783619829651504, 0.3137066458778872873379622, 0.2223810344533744705443560, 0.1012285362903762591525314}
	for i := range half {
		nodes[3-i], nodes[4+i] = (1-half[i])/2, (1+half[i])/2
		weights[3-i], weights[4+i] = weight[i]/2, weight[i]/2
	}
	return nodes, weights
}()

var (
	_ Dissipator = (*DiscreteGradient)(nil)
	_ Dissipator = (*AverageVectorField)(nil)
)
