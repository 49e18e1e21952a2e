// Package special has the special functions that information geometry needs
// and that no kept library has to full accuracy: the polygamma functions,
// differences of them with logarithms and reciprocals that do not cancel, and
// their inverses. Each is accurate to 1e-14 relative over the positive reals
// (1e-15 absolute near the root of digamma) and allocates nothing.
package special
