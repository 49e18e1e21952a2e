// Package flow turns a loss and a metric into the vector field of a gradient
// flow, and a computed trajectory into evidence.
//
// On a family p(x|θ) with Fisher information G(θ) the Fisher flow of a loss L
// is
//
//	dθ/dt = −G(θ)⁻¹ ∇L(θ),
//
// and along it
//
//	dL/dt = −‖∇L‖²_{G⁻¹},      L(0) − L(T) = ∫₀ᵀ ‖∇L‖²_{G⁻¹} dt,
//
// so that the loss never rises and what it loses is what the flow dissipates.
// In another chart ξ the gradient is Jᵀ∇L, the metric JᵀGJ, J = ∂θ/∂ξ, and the
// curve on the manifold the same.
//
// The two types to know are [Flow], a loss and a metric as a field that package
// ode integrates, and [Result], a trajectory with the certificate that the two
// lines above hold along it, to within bounds that follow from rounding and
// from the solver's own error estimates. Losses are made by [NLL], [KL],
// [ReverseKL], [Expectation], [Linear], [Entropy], [NegativeEntropy],
// [FreeEnergy], [SquaredDistance], or by [Function] from any function;
// [OnFamily] makes the flow of a loss in a chart, [OnNetwork] the loss of a
// network on data under any metric over its layers.
package flow
