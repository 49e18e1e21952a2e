package ode

import (
	"context"
	"math"
	"testing"

	"fisherflow/ode/internal/problem"

	"github.com/stretchr/testify/require"
)

// solveProblem runs a test problem with an absolute tolerance that suits it.
func solveProblem(t *testing.T, p problem.Problem, s Settings) *Trajectory {
	if s.RTol > 0 {
		s.ATol = s.RTol * p.Absolute
	}
	s.Discard = true
	r, err := Solve(context.Background(), p.Field, p.Y0, p.T0, p.T1, &s)
	require.NoError(t, err, "%s by %s at %g", p.Name, s.Method.Name(), s.RTol)
	return r
}

// hairers is what DOPRI5, DOP853 and RADAU5 of Hairer and Wanner do, in their
// own Fortran: error at the end, evaluations, accepted steps. Their count of
// rejected steps leaves out those before the first accepted one.
var hairers = []struct {
	method             Method
	problem            string
	tolerance, err     float64
	evaluations, steps int
	equal              bool // ours takes the same
}{
	{DormandPrince, "arenstorf", 1e-3, 2.354, 332, 43, true},
	{DormandPrince, "arenstorf", 1e-6, 3.962e-2, 986, 139, true},
	{DormandPrince, "arenstorf", 1e-9, 1.852e-5, 3212, 530, false},
	{DormandPrince, "pleiades", 1e-6, 2.926e-3, 1250, 160, false},
	{DormandPrince, "pleiades", 1e-9, 3.262e-7, 3566, 592, false},
	{DormandPrince, "lorenz", 1e-6, 1.079e-3, 2060, 336, false},
	{DormandPrince, "lorenz", 1e-9, 1.183e-6, 7898, 1316, false},
	{DormandPrince, "fisher_gauss", 1e-3, 1.708e-5, 128, 18, true},
	{DormandPrince, "fisher_gauss", 1e-6, 1.982e-7, 296, 47, true},
	{DormandPrince, "fisher_gauss", 1e-9, 2.722e-10, 956, 157, false},
	{DormandPrince, "heat1000", 1e-3, 2.598e-4, 170, 27, false},
	{DormandPrince, "heat1000", 1e-6, 8.428e-7, 236, 37, false},
	{DormandPrince, "heat1000", 1e-9, 9.604e-10, 482, 79, false},
	{DOP853, "arenstorf", 1e-3, 1.944, 427, 29, true},
	{DOP853, "arenstorf", 1e-6, 6.910e-3, 1035, 65, true},
	{DOP853, "arenstorf", 1e-9, 7.282e-6, 2184, 136, true},
	{DOP853, "pleiades", 1e-6, 4.512e-4, 1292, 80, false},
	{DOP853, "pleiades", 1e-9, 6.337e-7, 2727, 173, false},
	{DOP853, "lorenz", 1e-6, 4.774e-4, 1711, 114, false},
	{DOP853, "lorenz", 1e-9, 7.623e-8, 3774, 263, false},
	{DOP853, "fisher_gauss", 1e-6, 7.899e-9, 334, 24, true},
	{DOP853, "fisher_gauss", 1e-9, 3.222e-11, 621, 47, true},
	{Radau5, "vdp1000", 1e-3, 4.349e-3, 1368, 150, false},
	{Radau5, "vdp1000", 1e-6, 1.427e-6, 3008, 350, false},
	{Radau5, "vdp1000", 1e-9, 2.201e-8, 7968, 1047, false},
	{Radau5, "rober", 1e-3, 1.124e-12, 778, 109, false},
	{Radau5, "rober", 1e-6, 5.204e-16, 2158, 289, false},
}

// TestAgainstHairer: with his controllers the methods take his steps. The work
// may differ by a few where a step is barely rejected.
func TestAgainstHairer(t *testing.T) {
	for _, h := range hairers {
		p := problem.ByName(h.problem)
		s := Settings{Method: h.method, RTol: h.tolerance}
		if h.method == DOP853 {
			s.Controller = Controller{Beta1: 1, Shrink: 0.333, Grow: 6}
		}
		r := solveProblem(t, p, s)
		require.Less(t, distance(end(r), p.End), 3*h.err, "%s by %s at %g", h.problem, h.method.Name(), h.tolerance)
		if h.equal {
			require.Equal(t, h.evaluations, r.Statistics.Evaluations, "%s by %s at %g", h.problem, h.method.Name(), h.tolerance)
			require.Equal(t, h.steps, r.Statistics.Steps)
			continue
		}
		require.InEpsilon(t, h.evaluations, r.Statistics.Evaluations, 0.1, "%s by %s at %g", h.problem, h.method.Name(), h.tolerance)
	}
}

// TestErrorsAreWithinTheirTolerance on the problems whose flow contracts.
func TestErrorsAreWithinTheirTolerance(t *testing.T) {
	for _, m := range []Method{DormandPrince, Tsitouras, DOP853, Verner98, GBS, Radau5, Rosenbrock, Auto} {
		for _, name := range []string{"fisher_gauss", "heat1000"} {
			p := problem.ByName(name)
			for _, tol := range []float64{1e-3, 1e-5, 1e-7, 1e-9} {
				r := solveProblem(t, p, Settings{Method: m, RTol: tol})
				require.Less(t, distance(end(r), p.End), 100*tol, "%s by %s at %g", name, m.Name(), tol)
			}
		}
	}
}

// TestErrorsFallWithTheTolerance: over the decades from 1e-4 to 1e-10 the error
// of the end falls with a slope of about one.
func TestErrorsFallWithTheTolerance(t *testing.T) {
	for _, m := range []Method{DormandPrince, Tsitouras, DOP853, Verner98, GBS} {
		for _, name := range []string{"arenstorf", "pleiades", "lorenz", "fisher_gauss", "brusselator"} {
			p := problem.ByName(name)
			var x, y []float64
			for k := 8; k <= 20; k++ {
				tol := math.Pow(10, -float64(k)/2)
				x = append(x, 1/tol)
				y = append(y, distance(end(solveProblem(t, p, Settings{Method: m, RTol: tol})), p.End))
			}
			require.InDelta(t, 1, slope(x, y), 0.35, "%s by %s", name, m.Name())
		}
	}
}
