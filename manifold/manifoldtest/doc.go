// Package manifoldtest checks that a family obeys the laws of a statistical
// manifold: that its density is one, that its score, Fisher matrix, divergence
// and entropy belong to that density, and that its charts are coordinate
// systems of one and the same manifold.
//
// [Run] is for the tests of any implementation of [manifold.Family], those of
// this project and anyone's own. The expectations that the laws speak of are
// taken from the log-density alone, by quadrature or sums that know nothing of
// the formulas under test.
package manifoldtest
