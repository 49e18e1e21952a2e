package ode

import (
	"context"
	"fmt"
	"math"
	"testing"

	"fisherflow/ode/internal/problem"

	"github.com/stretchr/testify/require"
)

var (
	brusselator, brusselatorStart, brusselatorEnd, _       = known("brusselator")
	arenstorf, arenstorfStart, arenstorfEnd, arenstorfSpan = known("arenstorf")
	fisherGauss, fisherGaussStart, fisherGaussEnd, _       = known("fisher_gauss")
)

func known(name string) (f Field, start, end []float64, span float64) {
	p := problem.ByName(name)
	return p.Field, p.Y0, p.End, p.T1
}

func distance(a, b []float64) float64 {
	worst := 0.0
	for i := range a {
		worst = math.Max(worst, math.Abs(a[i]-b[i]))
	}
	return worst
}

func end(r *Trajectory) []float64 { return r.State(r.Len() - 1) }

// fixed returns settings in which a method takes n equal steps, an adaptive
// one by a norm that accepts everything.
func fixed(m Method, span float64, n int) *Settings {
	h := span / float64(n)
	return &Settings{Method: m, Step: h, MaxStep: h, Norm: func(_, _, _ []float64) (float64, error) { return 1e-9, nil }}
}

func offGrid(span float64) []float64 {
	var times []float64
	for i := 1; i < 150; i++ {
		times = append(times, span*math.Mod(float64(i)*0.6180339887498949, 1))
	}
	for i := 1; i < len(times); i++ {
		for j := i; j > 0 && times[j] < times[j-1]; j-- {
			times[j], times[j-1] = times[j-1], times[j]
		}
	}
	return times
}

func TestToleranceProportionality(t *testing.T) {
	for _, m := range []Method{BogackiShampine, DormandPrince, Tsitouras, DOP853} {
		for _, c := range []struct {
			name       string
			f          Field
			y0, y1     []float64
			span       float64
			multiplier float64
		}{
			{"brusselator", brusselator, brusselatorStart, brusselatorEnd, 20, 1000},
			{"fisher-gauss", fisherGauss, fisherGaussStart, fisherGaussEnd, 10, 100},
			{"arenstorf", arenstorf, arenstorfStart, arenstorfEnd, arenstorfSpan, 1e6},
		} {
			tolerances := []float64{1e-5, 1e-7, 1e-9, 1e-11}
			if m == BogackiShampine {
				tolerances = tolerances[:3]
			}
			first, last := 0.0, 0.0
			for i, tol := range tolerances {
				r, err := Solve(context.Background(), c.f, c.y0, 0, c.span, &Settings{Method: m, RTol: tol, ATol: tol})
				require.NoError(t, err)
				e := distance(end(r), c.y1)
				require.Less(t, e, c.multiplier*tol, "%s, %s at %g", m.Name(), c.name, tol)
				if i == 0 {
					first = e
				}
				last = e
			}
			// Over the decades the error falls in proportion, up to a decade.
			decades := math.Log10(tolerances[0] / tolerances[len(tolerances)-1])
			require.Greater(t, math.Log10(first/last), 0.8*decades-1, "%s, %s", m.Name(), c.name)
		}
	}
}

// TestDOP853Interpolant costs three evaluations in an accepted step, and nothing
// when nobody looks at it.
func TestDOP853Interpolant(t *testing.T) {
	kept, err := Solve(context.Background(), brusselator, brusselatorStart, 0, 4, &Settings{Method: DOP853})
	require.NoError(t, err)
	discarded, err := Solve(context.Background(), brusselator, brusselatorStart, 0, 4, &Settings{Method: DOP853, Discard: true})
	require.NoError(t, err)
	s := kept.Statistics
	require.Equal(t, 2+12*s.Steps+11*s.Rejected+3*s.Steps, s.Evaluations)
	require.Equal(t, s.Evaluations-3*s.Steps, discarded.Statistics.Evaluations)
	require.Equal(t, end(kept), end(discarded))
}

func TestEndIsExactAndFieldStaysInside(t *testing.T) {
	for _, m := range Methods() {
		for _, span := range [][2]float64{{0, 1}, {0.1, 0.7}, {1, -2}, {1e8, 1e8 + 1}, {-3, -3}} {
			lo, hi := math.Min(span[0], span[1]), math.Max(span[0], span[1])
			f := FieldFunc(func(dst []float64, at float64, y []float64) error {
				require.GreaterOrEqual(t, at, lo)
				require.LessOrEqual(t, at, hi)
				dst[0] = math.Cos(at) - y[0]
				return nil
			})
			stops := []float64{span[0] + 0.3*(span[1]-span[0]), span[0] + 0.7*(span[1]-span[0])}
			r, err := Solve(context.Background(), f, []float64{1}, span[0], span[1], &Settings{Method: m, Step: 0.0625, StopAt: stops})
			require.NoError(t, err)
			require.Equal(t, span[1], r.Time(r.Len()-1))
			require.Equal(t, Reached, r.Reason)
			if span[0] != span[1] {
				times := map[float64]bool{}
				for i := range r.Len() {
					times[r.Time(i)] = true
				}
				require.True(t, times[stops[0]] && times[stops[1]], "%s %v", m.Name(), span)
			} else {
				require.Equal(t, 1, r.Len())
			}
		}
	}
}

func TestBackward(t *testing.T) {
	s := &Settings{RTol: 1e-10, ATol: 1e-12}
	there, err := Solve(context.Background(), brusselator, brusselatorStart, 0, 2, s)
	require.NoError(t, err)
	back, err := Solve(context.Background(), brusselator, end(there), 2, 0, s)
	require.NoError(t, err)
	require.InDeltaSlice(t, brusselatorStart, end(back), 1e-6)
	require.InDeltaSlice(t, there.At(nil, 1.234), back.At(nil, 1.234), 1e-6)
}

func TestStopAtKeepsTheStep(t *testing.T) {
	decay := FieldFunc(func(dst []float64, _ float64, y []float64) error { dst[0] = -y[0]; return nil })
	free, err := Solve(context.Background(), decay, []float64{1}, 0, 10, nil)
	require.NoError(t, err)
	stopped, err := Solve(context.Background(), decay, []float64{1}, 0, 10, &Settings{StopAt: []float64{5, 5 + 1e-9, 5 + 2e-9}})
	require.NoError(t, err)
	require.LessOrEqual(t, stopped.Statistics.Steps, free.Statistics.Steps+6)
}

func TestEvaluationCount(t *testing.T) {
	r, err := Solve(context.Background(), arenstorf, arenstorfStart, 0, arenstorfSpan, &Settings{RTol: 1e-7})
	require.NoError(t, err)
	s := r.Statistics
	require.Positive(t, s.Rejected)
	// One at the start, one for the first step, six an attempt.
	require.Equal(t, 2+6*(s.Steps+s.Rejected), s.Evaluations)
}

func TestRefusals(t *testing.T) {
	// y' = −1/(2y) runs into y = 0 at t = 1 and is not defined beyond.
	f := FieldFunc(func(dst []float64, _ float64, y []float64) error {
		if y[0] <= 0 {
			return fmt.Errorf("y = %g: %w", y[0], ErrDomain)
		}
		dst[0] = -1 / (2 * y[0])
		return nil
	})
	r, err := Solve(context.Background(), f, []float64{1}, 0, 2, nil)
	require.ErrorIs(t, err, ErrMinStep)
	var where *Error
	require.ErrorAs(t, err, &where)
	require.InDelta(t, 1, where.T, 1e-4)
	require.InDelta(t, 1, r.Time(r.Len()-1), 1e-4)
	require.Equal(t, Failed, r.Reason)

	r, err = Solve(context.Background(), f, []float64{1}, 0, 2, &Settings{Method: RK4, Step: 0.3})
	require.ErrorIs(t, err, ErrDomain)
	require.Greater(t, r.Len(), 1)

	// A NaN in one component is refused like an error.
	nan := FieldFunc(func(dst []float64, at float64, y []float64) error {
		dst[0], dst[1] = 1, 1
		if at > 0.5 {
			dst[1] = math.NaN()
		}
		return nil
	})
	r, err = Solve(context.Background(), nan, []float64{0, 0}, 0, 1, nil)
	require.ErrorIs(t, err, ErrNonFinite)
	require.ErrorIs(t, err, ErrMinStep)
	require.InDelta(t, 0.5, r.Time(r.Len()-1), 1e-9)
	for i := range r.Len() {
		require.True(t, finite(r.State(i)))
	}
	_, err = Solve(context.Background(), nan, []float64{0, 0}, 0.6, 1, nil)
	require.ErrorIs(t, err, ErrNonFinite)
	_, err = Solve(context.Background(), nan, []float64{math.Inf(1), 0}, 0, 1, nil)
	require.ErrorContains(t, err, "not finite")

	// A start from which the first guess leaves the domain.
	edge := FieldFunc(func(dst []float64, _ float64, y []float64) error {
		if y[0] < -1e-9 {
			return ErrDomain
		}
		dst[0] = -1e3 * y[0]
		return nil
	})
	_, err = Solve(context.Background(), edge, []float64{1e-3}, 0, 1, nil)
	require.NoError(t, err)
}

func TestBlowUp(t *testing.T) {
	f := FieldFunc(func(dst []float64, _ float64, y []float64) error { dst[0] = y[0] * y[0]; return nil })
	r, err := Solve(context.Background(), f, []float64{1}, 0, 2, nil)
	require.Error(t, err)
	require.InDelta(t, 1, r.Time(r.Len()-1), 1e-6)
}

func TestPanicBecomesError(t *testing.T) {
	f := FieldFunc(func(dst []float64, at float64, y []float64) error {
		if at > 0.3 {
			panic("boom")
		}
		dst[0] = 1
		return nil
	})
	r, err := Solve(context.Background(), f, []float64{0}, 0, 1, &Settings{Method: RK4, Step: 0.1})
	require.ErrorIs(t, err, ErrPanic)
	require.ErrorContains(t, err, "boom")
	require.Greater(t, r.Len(), 2)
}

func TestBadSettings(t *testing.T) {
	decay := FieldFunc(func(dst []float64, _ float64, y []float64) error { dst[0] = -y[0]; return nil })
	for _, s := range []Settings{
		{RTol: -1}, {RTol: math.NaN()}, {ATol: -1}, {RTol: 1e-16}, {Method: RK4}, {Method: Euler, Step: -1},
		{StopAt: []float64{2}}, {StopAt: []float64{0.5, 0.2}}, {MaxSteps: -1}, {MinStep: -1},
	} {
		r, err := Solve(context.Background(), decay, []float64{1}, 0, 1, &s)
		require.Error(t, err)
		require.NotNil(t, r)
		require.Equal(t, 1, r.Len())
	}
	_, err := Solve(context.Background(), decay, []float64{1}, math.NaN(), 1, nil)
	require.Error(t, err)
	r, err := Solve(context.Background(), decay, nil, 0, 1, nil)
	require.NoError(t, err)
	require.Equal(t, 2, r.Len())
}

func TestLimitsAndCancellation(t *testing.T) {
	r, err := Solve(context.Background(), brusselator, brusselatorStart, 0, 20, &Settings{MaxSteps: 10})
	require.ErrorIs(t, err, ErrMaxSteps)
	require.LessOrEqual(t, r.Statistics.Steps, 10)

	ctx, cancel := context.WithCancel(context.Background())
	seen := 0
	r, err = Solve(ctx, brusselator, brusselatorStart, 0, 20, &Settings{Observer: func(*Step) error {
		if seen++; seen == 5 {
			cancel()
		}
		return nil
	}})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 5, r.Statistics.Steps)

	r, err = Solve(context.Background(), brusselator, brusselatorStart, 0, math.Inf(1), &Settings{Observer: func(s *Step) error {
		if s.T1 > 3 {
			return ErrStop
		}
		return nil
	}})
	require.NoError(t, err)
	require.Equal(t, Stopped, r.Reason)
}

func TestRepeatIsBitwise(t *testing.T) {
	a, err := Solve(context.Background(), arenstorf, arenstorfStart, 0, arenstorfSpan, nil)
	require.NoError(t, err)
	b, err := Solve(context.Background(), arenstorf, arenstorfStart, 0, arenstorfSpan, nil)
	require.NoError(t, err)
	require.Equal(t, a.times, b.times)
	require.Equal(t, a.blocks, b.blocks)
}

func TestDenseOutputMeetsTheSteps(t *testing.T) {
	r, err := Solve(context.Background(), brusselator, brusselatorStart, 0, 20, nil)
	require.NoError(t, err)
	for i := 1; i < r.Len(); i++ {
		p := r.piece(i)
		at := make([]float64, 2)
		p.at(at, p.t0+p.h)
		require.InDeltaSlice(t, r.State(i), at, 1e-12)
	}
	require.Panics(t, func() { r.At(nil, 20.1) })
	require.Panics(t, func() { r.At(nil, math.NaN()) })
}

func TestQuadratureOutsideTheNorm(t *testing.T) {
	// The second component would force tiny steps if it were controlled.
	f := FieldFunc(func(dst []float64, at float64, y []float64) error {
		dst[0] = -y[0]
		dst[1] = 1e6 * math.Sin(50*at)
		return nil
	})
	free, err := Solve(context.Background(), f, []float64{1, 0}, 0, 5, &Settings{Controlled: 1})
	require.NoError(t, err)
	all, err := Solve(context.Background(), f, []float64{1, 0}, 0, 5, nil)
	require.NoError(t, err)
	require.Less(t, 5*free.Statistics.Steps, all.Statistics.Steps)
}

func TestNoAllocationPerStep(t *testing.T) {
	for _, m := range Methods() {
		for _, n := range []int{2, 28, 100, 1000} {
			if n > 100 && m.Kind() == "implicit" {
				continue // gonum's BLAS and LAPACK allocate above that
			}
			f := problem.Oscillators{}
			y0 := make([]float64, n)
			y0[0] = 1
			run := func(span float64) float64 {
				s := &Settings{Method: m, Step: 0.01, MaxStep: 0.01, Discard: true}
				return testing.AllocsPerRun(5, func() {
					if _, err := Solve(context.Background(), f, y0, 0, span, s); err != nil {
						t.Fatal(err)
					}
				})
			}
			require.Equal(t, run(1), run(3), "%s, n = %d", m.Name(), n)
		}
	}
}

// lowerBand is a field of two components, the second of which depends on both.
type lowerBand struct{ FieldFunc }

func (lowerBand) Bandwidths() (lower, upper int) { return 1, 0 }

// FuzzSolve looks for panics, hangs, ends that are missed and states that are
// not finite, over fields, spans, directions and settings.
func FuzzSolve(f *testing.F) {
	f.Add(1.0, -1.0, 0.0, 1.0, 1e-6, 0.1, uint8(0), uint8(0))
	f.Add(1e300, 1e300, 0.0, 1.0, 1e-12, 0.1, uint8(2), uint8(1))
	f.Add(-1.0, 5.0, 3.0, -1e9, 0.0, 1e-30, uint8(1), uint8(2))
	f.Add(0.0, 0.0, 1e-300, 2e-300, 1e-3, 0.0, uint8(9), uint8(3))
	f.Add(-1.9, -3.0, 0.0, 1e4, 1e-10, 1e3, uint8(10), uint8(7))
	f.Add(0.5, 1e5, -2.0, 2.0, 1e-8, 1e-3, uint8(15), uint8(5))
	f.Add(0.5, -1e5, -2.0, 2.0, 1e-8, 1e-3, uint8(11), uint8(0xf0))
	f.Add(1.0, -0.5, -2134.0, 17.1, 13.75, -13.9, uint8(89), uint8(79)) // overflows between the ends of a step
	f.Fuzz(func(t *testing.T, y0, a, t0, t1, tol, h float64, kind, extras uint8) {
		field := FieldFunc(func(dst []float64, at float64, y []float64) error {
			switch {
			case extras&1 != 0 && math.Mod(at, 0.3) > 0.2:
				dst[0], dst[1] = -a, y[0]
			case y[0] < -2:
				return ErrDomain
			default:
				dst[0], dst[1] = a*y[0]+math.Sin(at)*y[0]*y[0], y[0]-y[1]
			}
			return nil
		})
		s := &Settings{Method: Methods()[int(kind)%len(Methods())], RTol: tol, Step: math.Abs(h), MaxSteps: 2000}
		if extras&2 != 0 {
			s.Events = []Event{{Value: coordinate(0, 0.25), Apply: func(_ float64, y []float64) error { y[0] = -y[0]; return nil }}}
		}
		if extras&4 != 0 {
			s.StopAt = []float64{t0 + (t1-t0)/3, t0 + (t1-t0)/2}
			s.SaveAt = s.StopAt
			s.Discontinuities = s.StopAt[:1]
		}
		s.Discard = extras&8 != 0
		if extras&16 != 0 {
			s.Norm = Max(max(tol, 1e-14), 0)
		}
		if extras&32 != 0 {
			s.ATols = []float64{0, math.Abs(h)}
		}
		var f Field = field
		if extras&64 != 0 {
			f = lowerBand{field}
		}
		if extras&128 != 0 {
			s.Controller = PID
		}
		r, err := Solve(context.Background(), f, []float64{y0, a}, t0, t1, s)
		if err == nil && r.Time(r.Len()-1) != t1 {
			t.Fatalf("ended at %g instead of %g without an error", r.Time(r.Len()-1), t1)
		}
		if y0-y0 == 0 && a-a == 0 && t0-t0 == 0 {
			for i := range r.Len() {
				if !finite(r.State(i)) {
					t.Fatalf("state %v at %g", r.State(i), r.Time(i))
				}
			}
		}
	})
}
