// Package experiments is the catalogue of shipped experiments, one file each.
//
// An experiment is a base spec with parameters, the flows that it compares, the
// tables and reference values that it checks, and the figures that show it.
// [Experiment.Plan] fills in the parameters and lays a user's overrides over
// the base spec; package run executes the plan. The two types to know are
// [Experiment] and [run.Plan].
package experiments
