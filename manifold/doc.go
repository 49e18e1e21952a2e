// Package manifold has families of probability densities as Riemannian
// manifolds: charts, Fisher metrics, divergences, distances.
//
// A family p(x|θ) is a manifold whose points are its densities and whose
// metric is the Fisher information
//
//	G(θ) = E[s sᵀ] = −E[∇² log p],  s = ∇_θ log p(x|θ).
//
// Another chart ξ of the same manifold has the score Jᵀs and the metric JᵀGJ,
// J = ∂θ/∂ξ, while log-densities, divergences and distances stay what they
// are. An exponential family log p = θ·T(x) − A(θ) + log h(x) has two charts in
// which the geometry is flat, the natural parameters θ and the expectations
// η = E[T] = ∇A(θ), with metrics ∇²A and its inverse (Amari & Nagaoka, Methods
// of Information Geometry, 2000).
//
// The two types to know are [Family], to which each family adds what it can do
// by one-method interfaces, and [View], a family seen in a chart, which is a
// family again.
package manifold
