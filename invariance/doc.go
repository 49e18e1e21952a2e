// Package invariance compares one flow as it is integrated in several charts.
//
// A gradient flow under the Fisher metric is a curve on the manifold: in the
// coordinates ξ = φ(θ) the metric becomes JᵀGJ and the gradient Jᵀ∇L, so that
// ξ̇ = J⁻¹θ̇ and the two solutions are the same curve. A flow under a metric
// that does not transform so, the Euclidean one first of all, is another curve
// in every chart. Here each chart is integrated natively, with its own metric
// and in its own coordinates, and the members of the family that the charts
// arrive at are compared at the same times by an intrinsic distance. What is
// left is the solver's error, which must fall with its tolerance.
//
// Of a network, [Defect] says how far the step of a metric depends on the
// parameters that it is computed in, and [NetworkTable] so for every metric and
// kind of change.
//
// The two types to know are [Problem], a flow without a chart, and [Gap], how
// far the charts are apart.
package invariance
