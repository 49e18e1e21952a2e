// Package variational fits a normal q to a posterior by following the geometry
// of q until KL[q‖p] is least.
//
// For an unnormalised log density log p(x, z) on Rᵈ the loss is minus the
// evidence lower bound,
//
//	L(q) = E_q[log q − log p(x, z)] = KL(q‖p(·|x)) − log p(x),
//
// and with g = −E∇log p and H = −E∇²log p its Fisher–Rao flow is
//
//	ṁ = −Cg,   Ċ = C − CHC,
//
// in which the precision relaxes to H: dP/dt = H − P. The same loss under the
// metrics "wasserstein" and "euclidean" has the other flows of Chen, Huang,
// Huang, Reich and Stuart (arXiv:2302.11024).
//
// The two things to know are [ELBO], the loss on a family of normals, which any
// flow of package flow takes, and [Solve], which makes all choices and returns
// a [Fit] with its evidence, Pareto k̂ and verdict.
package variational
