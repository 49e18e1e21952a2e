// Package descent makes discrete steps x → x⁺ that descend a loss under a metric.
// With d = G⁻¹dL:
//
//	natural-gradient   x⁺ = x − h d(x)
//	natural-midpoint   x⁺ = x − h d(x − ½h d(x))
//	geodesic-…         along the Fisher–Rao geodesic, to second order or to its end
//	exponential-…      exact for an affine flow in dual coordinates
//	discrete-gradient, discrete-gradient-avf, itoh-abe, itoh-abe-fisher
//	                   x⁺ = x − h G⁻¹∇̄L(x, x⁺): the loss falls at any h
//
// [All] has their orders, of accuracy and of invariance: a geodesic correction
// buys invariance, not accuracy.
//
// The type to know is [Rule], which works from a [flow.Point]: any family, metric
// and loss. [Method] makes a rule a method of package ode, so that a flow is
// integrated and compared between charts with it as with any other.
//
// Models on data are trained by an [Optimizer], which sees a batch at a time and
// may remember, under a [Trainer], which draws the batches.
package descent
