// Package metrics has the Riemannian metrics that drive a gradient flow
//
//	dθ/dt = −G(θ)⁻¹ ∇L(θ),
//
// each as an operator: it is set at a point, and from then on raises
// covectors, v = G⁻¹c, and lowers vectors, c = Gv, without allocation.
//
//	fisher     G = E[∇log p ∇log pᵀ], in closed form where the family has one
//	diagonal   the diagonal of the Fisher matrix in the chart's coordinates
//	euclidean  the identity; Frobenius on the coordinates of a symmetric matrix
//
// The Fisher metric is the only one of the three whose flow does not depend on
// the chart. The two types to know are [manifold.Metric], which every metric
// here satisfies, and [SingularError], which says where a metric has no
// inverse.
//
// Over a [Layered] model, a network on data, [OnModel] makes the Fisher matrix
// and its approximations from dense to K-FAC, see [Structures], each a [Tensor]:
// a metric that also has trace, determinant, a count of its operations and a
// [Diagnosis] of what it inverted.
package metrics
