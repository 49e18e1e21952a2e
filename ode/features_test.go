package ode

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestControllers(t *testing.T) {
	for name, c := range map[string]Controller{"default": {}, "I": I, "PI": PI, "PI34": PI34, "PID": PID} {
		r, err := Solve(context.Background(), arenstorf, arenstorfStart, 0, arenstorfSpan, &Settings{RTol: 1e-9, Controller: c})
		require.NoError(t, err)
		require.Less(t, distance(end(r), arenstorfEnd), 1e-3, name)
		s := r.Statistics
		require.Less(t, s.Rejected, s.Steps/2, name)
	}
	zero, err := Solve(context.Background(), arenstorf, arenstorfStart, 0, arenstorfSpan, nil)
	require.NoError(t, err)
	pi, err := Solve(context.Background(), arenstorf, arenstorfStart, 0, arenstorfSpan, &Settings{Controller: PI})
	require.NoError(t, err)
	require.Equal(t, zero.times, pi.times)
}

func TestSaveAtNeverTouchesTheSteps(t *testing.T) {
	free, err := Solve(context.Background(), brusselator, brusselatorStart, 0, 20, nil)
	require.NoError(t, err)
	times := append([]float64{0}, append(offGrid(20), 20)...)
	saved, err := Solve(context.Background(), brusselator, brusselatorStart, 0, 20, &Settings{SaveAt: times})
	require.NoError(t, err)
	require.Equal(t, free.times, saved.times)
	lean, err := Solve(context.Background(), brusselator, brusselatorStart, 0, 20, &Settings{SaveAt: times, Discard: true})
	require.NoError(t, err)
	require.Equal(t, saved.Saved(), lean.Saved())
	require.Len(t, saved.Saved(), len(times))
	for k, at := range times {
		require.InDeltaSlice(t, free.At(nil, at), saved.Saved()[k], 1e-15)
	}
	_, err = Solve(context.Background(), brusselator, brusselatorStart, 0, 1, &Settings{SaveAt: []float64{2}})
	require.ErrorContains(t, err, "SaveAt")
	here, err := Solve(context.Background(), brusselator, brusselatorStart, 1, 1, &Settings{SaveAt: []float64{1}})
	require.NoError(t, err)
	require.Equal(t, [][]float64{brusselatorStart}, here.Saved())
}

func TestToleranceByComponent(t *testing.T) {
	// The second component is large and unimportant.
	f := FieldFunc(func(dst []float64, at float64, y []float64) error {
		dst[0], dst[1] = -y[0], 1e3*math.Cos(30*at)
		return nil
	})
	tight, err := Solve(context.Background(), f, []float64{1, 0}, 0, 5, &Settings{RTol: 1e-9, ATol: 1e-12})
	require.NoError(t, err)
	loose, err := Solve(context.Background(), f, []float64{1, 0}, 0, 5, &Settings{RTol: 1e-9, ATols: []float64{1e-12, 1}})
	require.NoError(t, err)
	require.Less(t, 3*loose.Statistics.Steps, tight.Statistics.Steps)
	require.InDelta(t, math.Exp(-5), end(loose)[0], 1e-9)
	_, err = Solve(context.Background(), f, []float64{1, 0}, 0, 5, &Settings{ATols: []float64{1, -1}})
	require.ErrorIs(t, err, ErrTolerance)
	require.Panics(t, func() { _, _ = Solve(context.Background(), f, []float64{1, 0}, 0, 5, &Settings{ATols: []float64{1}}) })
}

func TestContinue(t *testing.T) {
	whole, err := Solve(context.Background(), brusselator, brusselatorStart, 0, 20, &Settings{RTol: 1e-9})
	require.NoError(t, err)
	half, err := Solve(context.Background(), brusselator, brusselatorStart, 0, 7.3, &Settings{RTol: 1e-9})
	require.NoError(t, err)
	rest, err := half.Continue(context.Background(), brusselator, 20)
	require.NoError(t, err)
	require.InDeltaSlice(t, end(whole), end(rest), 1e-7)
	// The step size is taken up, not found again.
	require.Greater(t, rest.Time(1)-rest.Time(0), 0.3*half.Statistics.Last)
}

// TestGoingOnBehindADiscontinuity: the times that lie behind are done with, and
// the field is the one behind the jump.
func TestGoingOnBehindADiscontinuity(t *testing.T) {
	jump := FieldFunc(func(dst []float64, at float64, _ []float64) error {
		if dst[0] = 1; at > 1 {
			dst[0] = 100
		}
		return nil
	})
	s := &Settings{Discontinuities: []float64{1}}
	for _, pause := range []float64{0.5, 1, 1.5} {
		first, err := Solve(context.Background(), jump, []float64{0}, 0, pause, &Settings{Discontinuities: s.Discontinuities[:min(1, int(pause))]})
		require.NoError(t, err)
		first.settings.Discontinuities = s.Discontinuities
		rest, err := first.Continue(context.Background(), jump, 3)
		require.NoError(t, err)
		require.InDelta(t, 201, end(rest)[0], 1e-9, "paused at %g", pause)
	}
}

// TestNorms: what each makes of the same errors.
func TestNorms(t *testing.T) {
	e, y0, y1 := []float64{1e-3, -4e-3, 0}, []float64{1, -2, 0}, []float64{-3, 1, 0}
	for want, norm := range map[float64]Norm{
		math.Sqrt((1./9 + 4) / 3):     RMS(1e-3, 0),
		2:                             Max(1e-3, 0),
		math.Sqrt((1./16 + 1./9) / 3): RMSWith(1e-3, []float64{1e-3, 1e-2, 0}),
	} {
		size, err := norm(e, y0, y1)
		require.NoError(t, err)
		require.InDelta(t, want, size, 1e-12)
	}
	size, err := Max(1e-3, 0)([]float64{math.NaN(), 1}, y0[:2], y1[:2])
	require.NoError(t, err)
	require.True(t, math.IsNaN(size))
}

func TestStream(t *testing.T) {
	require.Equal(t, Stream(1, 2).Uint64(), Stream(1, 2).Uint64())
	require.NotEqual(t, Stream(1, 2).Uint64(), Stream(1, 3).Uint64())
	require.NotEqual(t, Stream(1, 2).Uint64(), Stream(2, 2).Uint64())
}

func TestSteps(t *testing.T) {
	r, err := Solve(context.Background(), brusselator, brusselatorStart, 0, 20, nil)
	require.NoError(t, err)
	count := 0
	for step, err := range Steps(context.Background(), brusselator, brusselatorStart, 0, 20, nil) {
		require.NoError(t, err)
		count++
		require.Equal(t, r.Time(count), step.T1)
		require.Equal(t, r.State(count), step.Y1)
	}
	require.Equal(t, r.Statistics.Steps, count)
	for step := range Steps(context.Background(), brusselator, brusselatorStart, 0, 20, nil) {
		if step.T1 > 1 {
			break
		}
	}
	var last error
	for step, err := range Steps(context.Background(), brusselator, brusselatorStart, 0, 20, &Settings{MaxSteps: 5}) {
		if last = err; err != nil {
			require.Nil(t, step)
		}
	}
	require.ErrorIs(t, last, ErrMaxSteps)
}

func TestEnsemble(t *testing.T) {
	problem := func(i int) (Problem, error) {
		return Problem{Field: brusselator, Y0: []float64{1.5 + 0.01*float64(i), 3}, T1: 5}, nil
	}
	calls := 0
	one, err := Ensemble(context.Background(), 40, problem, &EnsembleSettings{Workers: 1, Progress: func(done, of int) {
		calls++
		require.Equal(t, calls, done)
		require.Equal(t, 40, of)
	}})
	require.NoError(t, err)
	require.Equal(t, 40, calls)
	many, err := Ensemble(context.Background(), 40, problem, &EnsembleSettings{Workers: 7})
	require.NoError(t, err)
	for i := range one {
		require.Equal(t, end(one[i]), end(many[i]))
	}

	boom := errors.New("boom")
	faulty := func(i int) (Problem, error) {
		if i == 3 || i == 5 {
			return Problem{}, boom
		}
		return problem(i)
	}
	_, err = Ensemble(context.Background(), 40, faulty, &EnsembleSettings{Workers: 1})
	require.ErrorIs(t, err, boom)
	require.ErrorContains(t, err, "problem 3")
	all, err := Ensemble(context.Background(), 40, faulty, &EnsembleSettings{AllErrors: true})
	require.ErrorContains(t, err, "problem 3")
	require.ErrorContains(t, err, "problem 5")
	require.Nil(t, all[3])
	require.NotNil(t, all[39])

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = Ensemble(ctx, 40, problem, nil)
	require.ErrorIs(t, err, context.Canceled)
	none, err := Ensemble(context.Background(), 0, problem, nil)
	require.NoError(t, err)
	require.Empty(t, none)
}

// TestSolvesWithinSolves: a field may solve a problem of its own with the same
// method and dimension, and what one solve leaves behind does not reach another.
func TestSolvesWithinSolves(t *testing.T) {
	inner := &Settings{Method: DOP853, RTol: 1e-10, Discard: true}
	nested := FieldFunc(func(dst []float64, at float64, y []float64) error {
		r, err := Solve(context.Background(), brusselator, brusselatorStart, 0, 0.5, inner)
		if err != nil {
			return err
		}
		dst[0], dst[1] = y[1]*end(r)[0], -y[0]*end(r)[0]
		return nil
	})
	r, err := Solve(context.Background(), brusselator, brusselatorStart, 0, 0.5, inner)
	require.NoError(t, err)
	factor := end(r)[0]
	turned, err := Solve(context.Background(), nested, []float64{1, 0}, 0, 1, inner)
	require.NoError(t, err)
	require.InDelta(t, math.Cos(factor), end(turned)[0], 1e-8)

	// A solve that fails in mid-step, then one that has to be as if it were the
	// first.
	before, err := Solve(context.Background(), brusselator, brusselatorStart, 0, 3, &Settings{RTol: 1e-8})
	require.NoError(t, err)
	for range 3 {
		_, err = Solve(context.Background(), FieldFunc(func(dst []float64, at float64, y []float64) error {
			if at > 1 {
				panic("out of ink")
			}
			return brusselator.Eval(dst, at, y)
		}), brusselatorStart, 0, 3, &Settings{RTol: 1e-3, Controller: PID})
		require.ErrorIs(t, err, ErrPanic)
	}
	after, err := Solve(context.Background(), brusselator, brusselatorStart, 0, 3, &Settings{RTol: 1e-8})
	require.NoError(t, err)
	require.Equal(t, before.times, after.times)
	require.Equal(t, before.Statistics, after.Statistics)
}
