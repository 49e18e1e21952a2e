// Package data has small real data sets, embedded, and the table of numbers
// and labels that a comma-separated file is.
//
// A sample x₁, …, xₙ is what a mean negative log-likelihood −(1/n) Σ log p(xᵢ|θ)
// is made of. The sets here are old and well known, so that an estimate found
// by a flow can be compared with the literature; README.md beside them says
// where each comes from.
//
// The two types to know are [Set], a data set that ships, and [Table], what is
// read from it or from a user's own file.
package data
