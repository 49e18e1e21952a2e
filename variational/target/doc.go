// Package target has log densities of posteriors: regressions, hierarchical
// models, time series, Gaussian processes, mixtures, test shapes, the
// posteriors that ship by name, and any function of one's own.
//
// A posterior p(θ|x) = p(x|θ)p(θ)/p(x) of parameters θ, some of them positive,
// some ordered or on a simplex, is carried to Rᵈ by an invertible transform
// θ = T(z) with
//
//	log p(x, z) = log p(x|T(z)) + log p(T(z)) + log |det ∂T/∂z|,
//
// so that a normal q(z) fits it. Every density has its normalising constants,
// so that the evidence ∫p(x, z)dz and the ELBO are absolute numbers. A prior on
// a positive parameter is the density on the whole line as written, without a
// factor for the half that is cut off (as a Stan program counts it); the
// "half-" priors have that factor. A flat prior counts 0.
//
// The two types to know are [Target], a log density with its gradient, and
// [Prior], a density that can be written as "normal(0, 10)". What a target
// knows beyond its gradient it says by further interfaces, each of one or a few
// methods: [Hessian], [NormalExpectation], [LinearModel], [Named].
package target
