// Package ode solves initial value problems
//
//	dy/dt = f(t, y),  y(t₀) = y₀,  y ∈ Rⁿ,
//
// and knows nothing of statistics. A field may refuse a point (see
// [ErrDomain]); an adaptive method answers with a smaller step. Every accepted
// step carries an interpolant, so that a solution is a function of time and
// not a table, and every error comes with the part of the solution that was
// computed before it.
//
// The two types to know are [Settings], whose zero value is Dormand–Prince
// 5(4) with automatic step sizes at a relative tolerance of 1e-6, and
// [Trajectory], which [Solve] returns.
package ode
