package ode

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"fisherflow/ode/internal/problem"

	"github.com/stretchr/testify/require"
)

var harmonic = problem.Oscillators{}

func coordinate(i int, level float64) func(float64, []float64) (float64, error) {
	return func(_ float64, y []float64) (float64, error) { return y[i] - level, nil }
}

func TestEventTimes(t *testing.T) {
	// y = cos t: zeros at π/2 + kπ.
	s := &Settings{RTol: 1e-12, ATol: 1e-13, Events: []Event{{Value: coordinate(0, 0)}}}
	r, err := Solve(context.Background(), harmonic, []float64{1, 0}, 0, 20, s)
	require.NoError(t, err)
	require.Len(t, r.Hits, 6)
	for k, h := range r.Hits {
		require.InDelta(t, math.Pi/2+float64(k)*math.Pi, h.T, 1e-9)
	}
	s.Events[0].Direction = 1
	r, err = Solve(context.Background(), harmonic, []float64{1, 0}, 0, 20, s)
	require.NoError(t, err)
	require.Len(t, r.Hits, 3)
	require.InDelta(t, 3*math.Pi/2, r.Hits[0].T, 1e-9)
}

func TestTerminalEventCutsTheTrajectory(t *testing.T) {
	s := &Settings{RTol: 1e-10, ATol: 1e-12, Events: []Event{{Value: coordinate(0, 0), Terminal: true}}}
	r, err := Solve(context.Background(), harmonic, []float64{1, 0}, 0, math.Inf(1), s)
	require.NoError(t, err)
	require.Equal(t, Terminated, r.Reason)
	last := r.Time(r.Len() - 1)
	require.InDelta(t, math.Pi/2, last, 1e-9)
	require.InDelta(t, math.Cos(last-0.001), r.At(nil, last-0.001)[0], 1e-8)
	// Going on from the event does not meet it again at once.
	s.Events[0].Terminal = false
	on, err := Solve(context.Background(), harmonic, r.State(r.Len()-1), last, last+3, s)
	require.NoError(t, err)
	require.Empty(t, on.Hits)
}

func TestSeveralEventsInOneStepComeInOrder(t *testing.T) {
	s := &Settings{Method: RK4, Step: 1, Events: []Event{
		{Value: coordinate(0, 0.7)}, {Value: coordinate(0, 0.3)}, {Value: coordinate(0, 0.3+1e-13)},
	}}
	r, err := Solve(context.Background(), clock, []float64{0}, 0, 1, s)
	require.NoError(t, err)
	require.Len(t, r.Hits, 3)
	require.Equal(t, []int{1, 2, 0}, []int{r.Hits[0].Event, r.Hits[1].Event, r.Hits[2].Event})
	require.InDelta(t, 0.3, r.Hits[0].T, 1e-15)
}

func TestEventAtTheEnds(t *testing.T) {
	s := &Settings{Method: Euler, Step: 0.25, Events: []Event{{Value: coordinate(0, 0)}, {Value: coordinate(0, 1)}, {Value: coordinate(0, 0.5)}}}
	r, err := Solve(context.Background(), clock, []float64{0}, 0, 1, s)
	require.NoError(t, err)
	// A zero at the start is no crossing; those at the end of a step and at the
	// end of the span are met once.
	require.Len(t, r.Hits, 2)
	require.Equal(t, Hit{Event: 2, T: 0.5, Y: []float64{0.5}}, r.Hits[0])
	require.Equal(t, Hit{Event: 1, T: 1, Y: []float64{1}}, r.Hits[1])
}

func TestBouncingBall(t *testing.T) {
	ball := FieldFunc(func(dst []float64, _ float64, y []float64) error { dst[0], dst[1] = y[1], -9.81; return nil })
	y, at := []float64{10, 0}, 0.0
	floor := &Settings{Events: []Event{{Value: coordinate(0, 0), Direction: -1, Terminal: true}}}
	want := math.Sqrt(2 * 10 / 9.81)
	for range 100 {
		r, err := Solve(context.Background(), ball, y, at, math.Inf(1), floor)
		require.NoError(t, err)
		at = r.Time(r.Len() - 1)
		require.InEpsilon(t, want, at, 1e-12)
		v := -r.State(r.Len() - 1)[1]
		y = []float64{0, v}
		want += 2 * v / 9.81
	}
}

// TestBouncingBallThatGoesOn changes the state at a hundred bounces of one
// solve, elastic ones and such that lose speed.
func TestBouncingBallThatGoesOn(t *testing.T) {
	const g = 9.81
	ball := FieldFunc(func(dst []float64, _ float64, y []float64) error { dst[0], dst[1] = y[1], -g; return nil })
	for _, restitution := range []float64{1, 0.97} {
		s := &Settings{RTol: 1e-9, Events: []Event{{
			Value: coordinate(0, 0), Direction: -1,
			Apply: func(_ float64, y []float64) error {
				y[0], y[1] = 0, -restitution*y[1]
				return nil
			},
		}}}
		fall := math.Sqrt(2 * 10 / g)
		var want []float64
		at, flight := fall, 2*fall
		for range 100 {
			want = append(want, at)
			flight *= restitution
			at += flight
		}
		r, err := Solve(context.Background(), ball, []float64{10, 0}, 0, want[99]+flight/10, s)
		require.NoError(t, err)
		require.Len(t, r.Hits, 100)
		for k, h := range r.Hits {
			require.InEpsilon(t, want[k], h.T, 1e-12, "bounce %d", k)
		}
		// Between the bounces the flights are parabolas.
		h := r.At(nil, want[50]+flight/3)[0]
		v := math.Sqrt(2*g*10) * math.Pow(restitution, 51)
		require.InDelta(t, v*flight/3-g*flight*flight/18, h, 1e-9)
	}
}

// TestEventsThatBarelyCross: both crossings of a dip between two looks are met,
// in time order, and none where the function turns before zero.
func TestEventsThatBarelyCross(t *testing.T) {
	for _, c := range []float64{0.005, 0.031, 0.5, 0.55, 0.777, 0.97, 0.995} {
		for _, depth := range []float64{1e-5, 1e-8, 1e-11} {
			dip := func(d float64) Event {
				return Event{Value: func(_ float64, y []float64) (float64, error) { return (y[0]-c)*(y[0]-c) - d, nil }}
			}
			up, down := dip(depth), dip(depth)
			up.Direction, down.Direction = 1, -1
			s := &Settings{Method: RK4, Step: 1, Events: []Event{dip(depth), dip(-depth), up, down}}
			r, err := Solve(context.Background(), clock, []float64{0}, 0, 1, s)
			require.NoError(t, err)
			half := math.Sqrt(depth)
			var all []float64
			for _, h := range r.Hits {
				switch h.Event {
				case 0:
					all = append(all, h.T)
				case 1:
					t.Errorf("met a zero that is none, at %g", h.T)
				case 2:
					require.InDelta(t, c+half, h.T, 1e-15/half)
				case 3:
					require.InDelta(t, c-half, h.T, 1e-15/half)
				}
			}
			require.Len(t, r.Hits, 4, "c = %g, depth %g", c, depth)
			require.Len(t, all, 2)
			require.InDelta(t, c-half, all[0], 1e-15/half)
			require.InDelta(t, c+half, all[1], 1e-15/half)
		}
	}
}

// TestFieldThatSwitches: a mass on a spring with dry friction, whose field jumps
// where the velocity changes sign. With an event there the half swings are those
// of a spring that is moved by the friction, in closed form.
func TestFieldThatSwitches(t *testing.T) {
	const friction = 0.1
	side := -1.0
	mass := FieldFunc(func(dst []float64, _ float64, y []float64) error {
		dst[0], dst[1] = y[1], -y[0]-friction*side
		return nil
	})
	s := &Settings{Method: DOP853, RTol: 1e-13, ATol: 1e-14, Events: []Event{{
		Value: coordinate(1, 0),
		Apply: func(_ float64, y []float64) error { side, y[1] = -side, 0; return nil },
	}}}
	r, err := Solve(context.Background(), mass, []float64{2, 0}, 0, 20, s)
	require.NoError(t, err)
	require.Len(t, r.Hits, 6)
	for k, h := range r.Hits {
		require.InDelta(t, float64(k+1)*math.Pi, h.T, 1e-11)
		want := 2 - 2*friction*float64(k+1)
		require.InDelta(t, want, math.Abs(h.Y[0]), 1e-11)
	}
}

// TestDiscontinuities: the same jump at a known time costs no rejected steps,
// and no accuracy.
func TestDiscontinuities(t *testing.T) {
	switched := FieldFunc(func(dst []float64, at float64, y []float64) error {
		dst[0] = -y[0]
		if at > 1 {
			dst[0] = 3 - y[0]
		}
		return nil
	})
	want := 3 + (math.Exp(-1)-3)*math.Exp(-1)
	for name, s := range steppers() {
		for _, tol := range []float64{1e-3, 1e-5, 1e-7} {
			told, err := Solve(context.Background(), switched, []float64{1}, 0, 2, &Settings{
				Method: s.Method, Step: s.Step / 100, RTol: tol, Discontinuities: []float64{1},
			})
			require.NoError(t, err, name)
			bound := 10 * tol
			if s.Step > 0 {
				bound = math.Pow(s.Step/100, float64(s.Method.Order())) + 1e-12
			}
			require.InDelta(t, want, end(told)[0], bound, "%s at %g", name, tol)
		}
	}
	for _, m := range []Method{DormandPrince, DOP853, Verner98, GBS, Radau5, Rosenbrock, Auto} {
		told, err := Solve(context.Background(), switched, []float64{1}, 0, 2, &Settings{Method: m, RTol: 1e-10, Discontinuities: []float64{1}})
		require.NoError(t, err, m.Name())
		require.InDelta(t, want, end(told)[0], 1e-8, m.Name())
		found, err := Solve(context.Background(), switched, []float64{1}, 0, 2, &Settings{Method: m, RTol: 1e-10})
		require.NoError(t, err, m.Name())
		// Untold, it is found by rejected steps alone, or not.
		require.InDelta(t, want, end(found)[0], 1e-5, m.Name())
		require.Less(t, told.Statistics.Evaluations, found.Statistics.Evaluations, m.Name())
	}
}

// clock is y′ = 1.
var clock = FieldFunc(func(dst []float64, _ float64, _ []float64) error { dst[0] = 1; return nil })

// TestDipsOfEveryShape: functions that come down to zero, cross and turn, between
// two looks, with a third root or without.
func TestDipsOfEveryShape(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		c, depth := 1.5+7*rng.Float64(), math.Pow(10, -4-6*rng.Float64())
		skew, width := 0.18*(rng.Float64()-0.5), 0.2+2*rng.Float64()
		for k, value := range []func(x float64) float64{
			func(x float64) float64 { return x*x*(1+skew*x) - depth },
			func(x float64) float64 { return math.Cosh(width*x) - 1 - depth },
		} {
			s := &Settings{Method: RK4, Step: 10, Events: []Event{{Value: func(_ float64, y []float64) (float64, error) { return value(y[0] - c), nil }}}}
			r, err := Solve(context.Background(), clock, []float64{0}, 0, 10, s)
			require.NoError(t, err)
			require.Len(t, r.Hits, 2, "shape %d, c = %g, depth %g, skew %g, width %g", k, c, depth, skew, width)
		}
	}
}

// TestEventsThatFollowAtOnce: what comes back within the first look behind an
// event, or behind the start, is met.
func TestEventsThatFollowAtOnce(t *testing.T) {
	reset := func(to float64) *Settings {
		return &Settings{Method: RK4, Step: 20, Events: []Event{{
			Value: coordinate(0, 1), Apply: func(_ float64, y []float64) error { y[0] = to; return nil },
		}}}
	}
	r, err := Solve(context.Background(), clock, []float64{0}, 0, 100.5, reset(0))
	require.NoError(t, err)
	require.Len(t, r.Hits, 100)
	r, err = Solve(context.Background(), clock, []float64{0}, 0, 1.00105, reset(1-1e-5))
	require.NoError(t, err)
	require.Len(t, r.Hits, 105)

	// A ball that loses half of its speed comes to rest in finite time: the
	// bounces up to there are met, and it never falls through the floor.
	ball := FieldFunc(func(dst []float64, _ float64, y []float64) error { dst[0], dst[1] = y[1], -9.81; return nil })
	for _, m := range []Method{DormandPrince, BogackiShampine, DOP853, Radau5} {
		r, err := Solve(context.Background(), ball, []float64{10, 0}, 0, 60, &Settings{Method: m, Events: []Event{{
			Value: coordinate(0, 0), Direction: -1,
			Apply: func(_ float64, y []float64) error { y[0], y[1] = 0, -0.5*y[1]; return nil },
		}}})
		require.ErrorIs(t, err, ErrMinStep, m.Name())
		require.Greater(t, len(r.Hits), 40, m.Name())
		require.InDelta(t, 3*math.Sqrt(20/9.81), r.Time(r.Len()-1), 1e-9, m.Name())
		require.InDelta(t, 0, end(r)[0], 1e-9, m.Name())
	}
	// Thrown from the floor, it comes back before the first look.
	r, err = Solve(context.Background(), ball, []float64{0, 0.4}, 0, 1, &Settings{Method: RK4, Step: 1, Events: []Event{{Value: coordinate(0, 0)}}})
	require.NoError(t, err)
	require.Len(t, r.Hits, 1)
	require.InDelta(t, 0.8/9.81, r.Hits[0].T, 1e-12)
}

func TestEventsAtTheEdges(t *testing.T) {
	// A function that is not a number is an error, not a zero.
	_, err := Solve(context.Background(), clock, []float64{0}, 0, 1, &Settings{Events: []Event{{Terminal: true, Value: func(at float64, _ []float64) (float64, error) {
		if at > 0.5 && at < 0.6 {
			return math.NaN(), nil
		}
		return 1, nil
	}}}})
	require.ErrorContains(t, err, "not a number")

	// Given steps go on with their size behind an event.
	r, err := Solve(context.Background(), clock, []float64{0}, 0, 3, &Settings{Method: RK4, Step: 1, Events: []Event{{
		Value: coordinate(0, 0.25), Apply: func(float64, []float64) error { return nil },
	}}})
	require.NoError(t, err)
	require.InDeltaSlice(t, []float64{0, 0.25, 0.25, 1.25, 2.25, 3}, r.times, 1e-15)

	// Apply is the last word, with and without the steps kept, and at the end.
	for _, discard := range []bool{false, true} {
		for _, at := range []float64{1, 2} {
			r, err := Solve(context.Background(), clock, []float64{0}, 0, 2, &Settings{Discard: discard, Events: []Event{{
				Value: func(t float64, _ []float64) (float64, error) { return t - at, nil }, Terminal: true, Apply: func(_ float64, y []float64) error { y[0] = 7; return nil },
			}}})
			require.NoError(t, err)
			require.Equal(t, Terminated, r.Reason)
			require.Equal(t, []float64{7}, end(r))
		}
	}

	// An event right at a discontinuity goes on with the field behind it.
	jump := FieldFunc(func(dst []float64, at float64, _ []float64) error {
		if dst[0] = 1; at > 1 {
			dst[0] = 100
		}
		return nil
	})
	atOne := Event{Value: func(at float64, _ []float64) (float64, error) { return at - 1, nil }, Apply: func(float64, []float64) error { return nil }}
	r, err = Solve(context.Background(), jump, []float64{0}, 0, 2, &Settings{Method: RK4, Step: 0.25, Discontinuities: []float64{1}, Events: []Event{atOne}})
	require.NoError(t, err)
	require.InDelta(t, 101, end(r)[0], 1e-12)
	r, err = Solve(context.Background(), jump, []float64{1}, 1, 2, &Settings{Method: RK4, Step: 0.25, Discontinuities: []float64{1}})
	require.NoError(t, err)
	require.InDelta(t, 101, end(r)[0], 1e-12)

	// Behind a terminal event nothing is asked that could fail there.
	boom := errors.New("boom")
	beyond := Event{Value: func(_ float64, y []float64) (float64, error) {
		if y[0] > 1.05 {
			return 0, boom
		}
		return 1, nil
	}}
	r, err = Solve(context.Background(), clock, []float64{0}, 0, 2, &Settings{Events: []Event{{Value: coordinate(0, 1), Terminal: true}, beyond}})
	require.NoError(t, err)
	require.InDelta(t, 1, r.Time(r.Len()-1), 1e-15)
	_, err = Solve(context.Background(), clock, []float64{0}, 0, 2, &Settings{Events: []Event{beyond}})
	require.ErrorIs(t, err, boom)
}

func TestOverflowBetweenTheEnds(t *testing.T) {
	// Both ends of the step are finite, the polynomial between them is not.
	f := FieldFunc(func(dst []float64, at float64, y []float64) error {
		dst[0], dst[1] = 1, -1.5e308
		if at < 0.5 {
			dst[1] = 9e306
		}
		return nil
	})
	y0 := []float64{0, 1.7e308}
	for _, s := range []*Settings{
		{Method: Euler, Step: 1, Events: []Event{{Value: coordinate(0, 0.75), Terminal: true}}},
		{Method: Euler, Step: 1, SaveAt: []float64{0.75}},
	} {
		r, err := Solve(context.Background(), f, y0, 0, 1, s)
		require.ErrorIs(t, err, ErrOverflow)
		require.True(t, finite(r.State(r.Len()-1)))
	}
}
