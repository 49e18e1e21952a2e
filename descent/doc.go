// Package descent makes discrete steps x → x⁺ that descend a loss under a metric.
// With d = G⁻¹dL:
//
//	natural-gradient   x⁺ = x − h d(x)
//	natural-midpoint   x⁺ = x − h d(x − ½h d(x))
//
// The type to know is [Rule], which works from a [flow.Point]: any family, metric
// and loss. [Method] makes a rule a method of package ode, so that a flow is
// integrated and compared between charts with it as with any other.
//
// Models on data are trained by an [Optimizer], which sees a batch at a time and
// may remember, under a [Trainer], which draws the batches.
package descent
