// Package run says what a run is. A spec describes the gradient flow of a loss
// L under a metric G on a family of densities,
//
//	dθ/dt = −G(θ)⁻¹ ∇L(θ),   θ(t₀) = θ₀,
//
// seen in a chart, integrated by a method to a tolerance, with the claims that
// its trajectory must satisfy. Executing a plan, one spec or several that are
// compared, gives a result: samples of the flow, its end with standard errors,
// and every claim with its measured value beside its bound. The result is kept
// in a folder that is named by a hash of everything that determines it.
//
//	spec → Problem (family, chart, loss, metric, start) → flow.Result → Result
//
// The same spec, data, seed and binary give the same bytes, in all files but
// those that tell of time and place (manifest.json, timings.json, log.jsonl,
// report.html, and figures drawn from timings).
//
// The package draws nothing: figures are made by a function that it is handed.
// The two types to know are [Spec], what is asked, and [Result], what came out;
// [Execute] leads from one to the other.
package run
