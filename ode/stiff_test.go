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
