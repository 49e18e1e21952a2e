package ode

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/diff/fd"
)

// steppers gives every method what it needs to run.
func steppers() map[string]*Settings {
	all := map[string]*Settings{}
	for _, m := range Methods() {
		s := &Settings{Method: m, RTol: 1e-6}
		if m.EmbeddedOrder() == 0 {
			s.Step = 0.01
		}
		all[m.Name()] = s
	}
	return all
}

var decay = FieldFunc(func(dst []float64, _ float64, y []float64) error { dst[0] = -y[0]; return nil })

func TestFieldsThatFail(t *testing.T) {
	boom := errors.New("boom")
	late := func(fail func(dst []float64) error) Field {
		return FieldFunc(func(dst []float64, at float64, y []float64) error {
			dst[0] = -y[0]
			if at > 0.5 {
				return fail(dst)
			}
			return nil
		})
	}
	for name, s := range steppers() {
		for _, c := range []struct {
			fail func(dst []float64) error
			want error
		}{
			{func([]float64) error { return boom }, boom},
			{func([]float64) error { panic("out of paper") }, ErrPanic},
			{func(dst []float64) error { dst[0] = math.NaN(); return nil }, ErrNonFinite},
			{func(dst []float64) error { dst[0] = math.Inf(-1); return nil }, ErrNonFinite},
			{func([]float64) error { return ErrDomain }, ErrDomain},
		} {
			r, err := Solve(context.Background(), late(c.fail), []float64{1}, 0, 1, s)
			require.ErrorIs(t, err, c.want, name)
			var where *Error
			require.ErrorAs(t, err, &where, name)
			last := r.Len() - 1
			require.Equal(t, where.T, r.Time(last), name)
			require.Equal(t, Failed, r.Reason, name)
			// What was computed before is right, and goes up to the fault unless it
			// ends the integration at once.
			require.InDelta(t, math.Exp(-r.Time(last)), r.State(last)[0], 1e-2, name)
			require.LessOrEqual(t, r.Time(last), 0.5, name)
			if refused(c.want) && r.Method.EmbeddedOrder() > 0 {
				require.InDelta(t, 0.5, r.Time(last), 1e-6, name)
			}
		}
	}
}

func TestBlowUpIsReportedWithItsTime(t *testing.T) {
	square := FieldFunc(func(dst []float64, _ float64, y []float64) error { dst[0] = y[0] * y[0]; return nil })
	for _, m := range adaptive {
		r, err := Solve(context.Background(), square, []float64{1}, 0, 2, &Settings{Method: m})
		last := r.Len() - 1
		require.Error(t, err, m.Name())
		require.InDelta(t, 1, r.Time(last), 1e-4, m.Name())
		require.Greater(t, r.State(last)[0], 1e4, m.Name())
		require.ErrorContains(t, err, "blow-up", m.Name())
	}
	// Of the steps that are given, the explicit ones overflow behind the pole, and
	// the equations of the implicit ones have no solution there.
	for _, m := range []Method{RK4, ImplicitMidpoint, Gauss4, Gauss6} {
		r, err := Solve(context.Background(), square, []float64{1}, 0, 2, &Settings{Method: m, Step: 0.01})
		require.Error(t, err, m.Name())
		require.InDelta(t, 1, r.Time(r.Len()-1), 0.1, m.Name())
	}
}

// TestZeroTolerances: a component that is zero needs no absolute tolerance.
func TestZeroTolerances(t *testing.T) {
	still := FieldFunc(func(dst []float64, _ float64, y []float64) error { dst[0], dst[1] = -y[0], 0; return nil })
	for _, m := range adaptive {
		r, err := Solve(context.Background(), still, []float64{1, 0}, 0, 1, &Settings{Method: m, RTol: 1e-8, ATols: []float64{0, 0}})
		require.NoError(t, err, m.Name())
		require.InDelta(t, math.Exp(-1), end(r)[0], 1e-6, m.Name())
	}
}

func TestStillFields(t *testing.T) {
	zero := FieldFunc(func(dst []float64, _ float64, _ []float64) error { clear(dst); return nil })
	for name, s := range steppers() {
		for _, y0 := range [][]float64{{0}, {1e300}, {1, -2, 0}, nil} {
			r, err := Solve(context.Background(), zero, y0, -1e6, 1e6, &Settings{Method: s.Method, Step: s.Step * 1e6})
			require.NoError(t, err, name)
			require.Equal(t, append([]float64(nil), y0...), append([]float64(nil), end(r)...), name)
			require.Equal(t, 1e6, r.Time(r.Len()-1), name)
		}
		r, err := Solve(context.Background(), decay, []float64{1}, 3, 3, s)
		require.NoError(t, err, name)
		require.Equal(t, 1, r.Len(), name)
		require.Equal(t, Reached, r.Reason, name)
	}
}

// TestFarAndTinySpans: the ends are hit exactly however large or small time is.
func TestFarAndTinySpans(t *testing.T) {
	for name, s := range steppers() {
		for _, span := range [][2]float64{{1e12, 1e12 + 1}, {0, 1e-200}, {-1e-9, 1e-9}, {5, 5 - 1e-12}, {1, math.Nextafter(1, 2)}} {
			step := min(1, s.Step*100) * math.Abs(span[1]-span[0]) / 4
			if r := resolution(span[0]); s.Step > 0 && step < r {
				step = r
			}
			r, err := Solve(context.Background(), decay, []float64{1}, span[0], span[1], &Settings{Method: s.Method, Step: step})
			require.NoError(t, err, "%s on %v", name, span)
			require.Equal(t, span[1], r.Time(r.Len()-1), name)
			require.InDelta(t, math.Exp(span[0]-span[1]), end(r)[0], 0.1, "%s on %v", name, span)
		}
	}
}

// TestStepThatDoesNotMoveTime is a plain error.
func TestStepThatDoesNotMoveTime(t *testing.T) {
	_, err := Solve(context.Background(), decay, []float64{1}, 1e6, 1e6+1, &Settings{Method: Gauss4, Step: 1e-12})
	require.ErrorIs(t, err, ErrMinStep)
	require.ErrorContains(t, err, "raise Step")
}

// TestCancellationWithinAStep: the context is done inside of the field, and no
// further step is begun.
func TestCancellationWithinAStep(t *testing.T) {
	for name, s := range steppers() {
		ctx, cancel := context.WithCancel(context.Background())
		asked, after := 0, 0
		f := FieldFunc(func(dst []float64, _ float64, y []float64) error {
			if asked++; asked == 100 {
				cancel()
			}
			if ctx.Err() != nil {
				after++
			}
			dst[0], dst[1] = y[1], -y[0]
			return nil
		})
		r, err := Solve(ctx, f, []float64{1, 0}, 0, 1e6, s)
		require.ErrorIs(t, err, context.Canceled, name)
		require.Equal(t, Failed, r.Reason, name)
		require.LessOrEqual(t, after, 400, name) // one attempt of the longest method, its Newton iterations included
	}
}

// TestJumpsDoNotHang: fields that jump in time and where the solution slides
// along the jump end, well or with a plain error, in a bounded number of steps.
func TestJumpsDoNotHang(t *testing.T) {
	inTime := FieldFunc(func(dst []float64, at float64, _ []float64) error {
		dst[0] = 1
		if math.Mod(at, 0.2) > 0.1 {
			dst[0] = -1
		}
		return nil
	})
	sliding := FieldFunc(func(dst []float64, _ float64, y []float64) error {
		dst[0] = -1
		if y[0] < 0.5 {
			dst[0] = 1
		}
		return nil
	})
	for name, s := range steppers() {
		limited := *s
		limited.MaxSteps = 20000
		r, err := Solve(context.Background(), inTime, []float64{1}, 0, 1, &limited)
		require.NoError(t, err, name)
		require.InDelta(t, 1, end(r)[0], 0.2, name) // a fixed step counts each half wave by whole steps
		r, err = Solve(context.Background(), sliding, []float64{1}, 0, 1, &limited)
		if err != nil {
			require.True(t, errors.Is(err, ErrMaxSteps) || errors.Is(err, ErrMinStep) || errors.Is(err, errNewton), "%s: %v", name, err)
		}
		require.InDelta(t, 0.5, end(r)[0], 0.02, name)
	}
}

// TestNormsThatAreNotNumbers reject the step.
func TestNormsThatAreNotNumbers(t *testing.T) {
	for _, m := range adaptive {
		r, err := Solve(context.Background(), decay, []float64{1}, 0, 1, &Settings{Method: m, Step: 0.1, Norm: func(_, _, _ []float64) (float64, error) { return math.NaN(), nil }})
		require.Error(t, err, m.Name())
		require.Equal(t, 1, r.Len(), m.Name())
		require.ErrorContains(t, err, "norm", m.Name())
	}
}

// TestStepBounds: no step is longer than MaxStep or shorter than MinStep, save the
// last, and where one would have to be, that is the error.
func TestStepBounds(t *testing.T) {
	for _, m := range adaptive {
		r, err := Solve(context.Background(), brusselator, brusselatorStart, 0, 3, &Settings{Method: m, RTol: 1e-3, MinStep: 1e-3, MaxStep: 0.05})
		require.NoError(t, err, m.Name())
		require.LessOrEqual(t, r.Statistics.Largest, 0.0505, m.Name())
		for i := 1; i < r.Len()-1; i++ {
			require.GreaterOrEqual(t, r.Time(i)-r.Time(i-1), 0.999e-3, m.Name())
		}
		r, err = Solve(context.Background(), arenstorf, arenstorfStart, 0, arenstorfSpan, &Settings{Method: m, RTol: 1e-9, MinStep: 0.05})
		require.ErrorIs(t, err, ErrMinStep, m.Name())
		require.Zero(t, r.Statistics.Steps, m.Name())
	}
}

func TestSettingsThatMakeNoSense(t *testing.T) {
	for want, s := range map[string]Settings{
		"MinStep":           {MinStep: 1, MaxStep: 0.1},
		"resolves":          {MaxStep: 1e-18},
		"Controller.Shrink": {Controller: Controller{Shrink: 2}},
		"Controller.Grow":   {Controller: Controller{Grow: 0.5}},
		"Controller.Safety": {Controller: Controller{Safety: -1}},
		"not finite":        {Controller: Controller{Beta1: math.NaN()}},
	} {
		_, err := Solve(context.Background(), decay, []float64{1}, 1, 2, &s)
		require.ErrorContains(t, err, want)
	}
	require.Panics(t, func() {
		_, _ = Solve(context.Background(), decay, []float64{1}, 0, 1, &Settings{Method: Radau5, Differences: fd.Central2nd})
	})
}

// TestNothingHappensAnyMore: a solve without an end, of a field that is still,
// ends with a plain error.
func TestNothingHappensAnyMore(t *testing.T) {
	still := FieldFunc(func(dst []float64, _ float64, _ []float64) error { clear(dst); return nil })
	r, err := Solve(context.Background(), still, []float64{1}, 0, math.Inf(1), &Settings{Events: []Event{{Value: coordinate(0, 2), Terminal: true}}})
	require.ErrorContains(t, err, "nothing happens any more")
	require.Less(t, r.Statistics.Steps, 1000)
}
