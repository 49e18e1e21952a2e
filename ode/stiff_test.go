package ode

import (
	"context"
	"math"
	"testing"

	"fisherflow/ode/internal/problem"

	"github.com/stretchr/testify/require"
)

// TestStiffProblems: to 1e-6 in every component at a relative tolerance of 1e-8,
// with derivatives by differences as with those that the field knows.
func TestStiffProblems(t *testing.T) {
	for _, p := range problem.All {
		if !p.Stiff {
			continue
		}
		for _, m := range []Method{Radau5, Rosenbrock, Auto} {
			for _, own := range []bool{true, false} {
				p := p
				if !own {
					p.Field = FieldFunc(p.Field.Eval)
				}
				r := solveProblem(t, p, Settings{Method: m, RTol: 1e-8})
				for i, want := range p.End {
					require.InEpsilon(t, want, end(r)[i], 1e-6, "%s by %s, component %d, own derivatives: %t", p.Name, m.Name(), i, own)
				}
				require.Less(t, r.Statistics.Steps, 8000, "%s by %s", p.Name, m.Name())
			}
		}
	}
}

// TestStiffnessIsNoticed by explicit methods, with the advice in the error, and
// not where there is none.
func TestStiffnessIsNoticed(t *testing.T) {
	vanDerPol := problem.ByName("vdp1000")
	for _, m := range []Method{DormandPrince, Tsitouras, DOP853, Verner98} {
		r, err := Solve(context.Background(), vanDerPol.Field, vanDerPol.Y0, 0, 2000, &Settings{Method: m, MaxSteps: 20000, Discard: true})
		require.ErrorIs(t, err, ErrMaxSteps, m.Name())
		require.ErrorContains(t, err, "stiff", m.Name())
		require.True(t, r.Statistics.Stiff, m.Name())
		for _, name := range []string{"arenstorf", "pleiades", "lorenz", "brusselator"} {
			r := solveProblem(t, problem.ByName(name), Settings{Method: m, RTol: 1e-6})
			require.False(t, r.Statistics.Stiff, "%s by %s", name, m.Name())
		}
	}
}

// TestBandedJacobian: a banded field gives what the same field gives dense, by
// fewer evaluations.
func TestBandedJacobian(t *testing.T) {
	y0 := make([]float64, 30)
	for i := range y0 {
		y0[i] = math.Sin(float64(i))
	}
	for _, m := range []Method{Radau5, Rosenbrock} {
		s := &Settings{Method: m, RTol: 1e-8}
		own := mustSolve(t, problem.Heat{}, y0, 0, 5, s)
		differences := mustSolve(t, bandOnly{}, y0, 0, 5, s)
		dense := mustSolve(t, FieldFunc(problem.Heat{}.Eval), y0, 0, 5, s)
		require.InDeltaSlice(t, end(own), end(dense), 1e-9, m.Name())
		require.InDeltaSlice(t, end(differences), end(dense), 1e-9, m.Name())
		require.Less(t, differences.Statistics.Evaluations, dense.Statistics.Evaluations-20, m.Name())
		require.Less(t, own.Statistics.Evaluations, differences.Statistics.Evaluations, m.Name())
	}
}

// TestOwnBandInSmallSystems: a banded field writes its Jacobian in its own widths,
// also where the band is as wide as the matrix.
func TestOwnBandInSmallSystems(t *testing.T) {
	for n := 1; n < 7; n++ {
		y0 := make([]float64, n)
		y0[0] = 1
		for _, m := range []Method{Radau5, Rosenbrock} {
			s := &Settings{Method: m, RTol: 1e-8}
			own, dense := mustSolve(t, problem.Heat{}, y0, 0, 5, s), mustSolve(t, FieldFunc(problem.Heat{}.Eval), y0, 0, 5, s)
			require.InDeltaSlice(t, end(own), end(dense), 1e-8, "%s, n = %d", m.Name(), n)
			require.InDelta(t, own.Statistics.Steps, dense.Statistics.Steps, 3, "%s, n = %d", m.Name(), n)
		}
	}
}

// TestStiffInterpolants: between the steps of a stiff solution, in components of
// very different sizes, as at their ends.
func TestStiffInterpolants(t *testing.T) {
	p := problem.ByName("rober")
	var times []float64
	for k := range 200 {
		times = append(times, math.Pow(10, -3+float64(k)/20))
	}
	exact, err := Solve(context.Background(), p.Field, p.Y0, 0, 1e7, &Settings{Method: Radau5, RTol: 1e-11, ATol: 1e-19, StopAt: times})
	require.NoError(t, err)
	for _, m := range []Method{Radau5, Rosenbrock, Auto} {
		for _, tol := range []float64{1e-4, 1e-6, 1e-8} {
			r, err := Solve(context.Background(), p.Field, p.Y0, 0, 1e7, &Settings{Method: m, RTol: tol, ATol: tol * 1e-8, SaveAt: times, Discard: true})
			require.NoError(t, err)
			for k, y := range r.Saved() {
				for i, want := range exact.At(nil, times[k]) {
					require.InEpsilon(t, want, y[i], 300*tol, "%s at %g, t = %g, component %d", m.Name(), tol, times[k], i)
				}
			}
		}
	}
}

// TestAutoTurns to the implicit method and back, as the field changes.
func TestAutoTurns(t *testing.T) {
	rate := func(at float64) float64 {
		if at > 10 && at < 20 {
			return 1e4
		}
		return 1
	}
	f := FieldFunc(func(dst []float64, at float64, y []float64) error {
		dst[0] = -rate(at) * (y[0] - math.Cos(at))
		return nil
	})
	s := &Settings{Method: Auto, RTol: 1e-6, Discontinuities: []float64{10, 20}}
	r := mustSolve(t, f, []float64{1}, 0, 30, s)
	require.Less(t, r.Statistics.Steps, 400)
	s.Method = Radau5
	require.Less(t, r.Statistics.Jacobians, mustSolve(t, f, []float64{1}, 0, 30, s).Statistics.Steps)
	require.Positive(t, r.Statistics.Jacobians)
	for _, rate := range []float64{1e3, 3e3, 1e4, 1e5} {
		stiff := FieldFunc(func(dst []float64, at float64, y []float64) error { dst[0] = -rate * (y[0] - math.Cos(at)); return nil })
		require.Less(t, mustSolve(t, stiff, []float64{0}, 0, 10, &Settings{Method: Auto, RTol: 1e-6}).Statistics.Steps, 200, "rate %g", rate)
	}
}

// bandOnly knows the shape of its Jacobian and not the Jacobian.
type bandOnly struct{}

func (bandOnly) Eval(dst []float64, t float64, y []float64) error {
	return problem.Heat{}.Eval(dst, t, y)
}
func (bandOnly) Bandwidths() (lower, upper int) { return problem.Heat{}.Bandwidths() }

func TestRadau5Interpolant(t *testing.T) {
	r, err := Solve(context.Background(), brusselator, brusselatorStart, 0, 20, &Settings{Method: Radau5, RTol: 1e-8})
	require.NoError(t, err)
	fine, err := Solve(context.Background(), brusselator, brusselatorStart, 0, 20, &Settings{Method: DOP853, RTol: 1e-13})
	require.NoError(t, err)
	for _, at := range offGrid(20) {
		require.InDeltaSlice(t, fine.At(nil, at), r.At(nil, at), 2e-5)
	}
	// Backward, and through events and stop times.
	back, err := Solve(context.Background(), brusselator, fine.At(nil, 2), 2, 0, &Settings{Method: Radau5, RTol: 1e-9, StopAt: []float64{1}})
	require.NoError(t, err)
	require.InDeltaSlice(t, brusselatorStart, end(back), 1e-6)
	require.InDeltaSlice(t, fine.At(nil, 1), back.At(nil, 1), 1e-6)
}

func TestRadau5RefusalsAndAllocations(t *testing.T) {
	f := FieldFunc(func(dst []float64, _ float64, y []float64) error {
		if y[0] <= 0 {
			return ErrDomain
		}
		dst[0] = -1 / (2 * y[0])
		return nil
	})
	r, err := Solve(context.Background(), f, []float64{1}, 0, 2, &Settings{Method: Radau5})
	require.ErrorIs(t, err, ErrMinStep)
	require.InDelta(t, 1, r.Time(r.Len()-1), 1e-3)

	for _, n := range []int{2, 20} {
		y0 := make([]float64, n)
		y0[0] = 1
		run := func(span float64) float64 {
			return testing.AllocsPerRun(3, func() {
				if _, err := Solve(context.Background(), problem.Oscillators{}, y0, 0, span, &Settings{Method: Radau5, MaxStep: 0.01, Discard: true}); err != nil {
					t.Fatal(err)
				}
			})
		}
		require.Equal(t, run(1), run(3))
	}
}
