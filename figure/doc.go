// Package figure draws what runs look like: curves of loss against time,
// trajectories over level sets and vector fields, metric ellipses, gaps against
// tolerances, steps and what they do.
//
// It draws from plain slices and functions and knows nothing of runs; it is the
// only package that imports gonum/plot. All figures share one visual language
// (theme.go): the palette of Okabe and Ito, told apart in grey by dashes and
// markers as well, and legends below the axes, where they hide nothing. PNG and
// SVG come out the same to the byte from the same data.
//
// The two types to know are [Figure], which is drawn into a file of any format,
// and [Panel], one pair of axes in it.
package figure
