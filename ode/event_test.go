package ode

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

var harmonic = oscillators(2)

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
	line := FieldFunc(func(dst []float64, _ float64, _ []float64) error { dst[0] = 1; return nil })
	s := &Settings{Method: RK4, Step: 1, Events: []Event{
		{Value: coordinate(0, 0.7)}, {Value: coordinate(0, 0.3)}, {Value: coordinate(0, 0.3+1e-13)},
	}}
	r, err := Solve(context.Background(), line, []float64{0}, 0, 1, s)
	require.NoError(t, err)
	require.Len(t, r.Hits, 3)
	require.Equal(t, []int{1, 2, 0}, []int{r.Hits[0].Event, r.Hits[1].Event, r.Hits[2].Event})
	require.InDelta(t, 0.3, r.Hits[0].T, 1e-15)
}

func TestEventAtTheEnds(t *testing.T) {
	line := FieldFunc(func(dst []float64, _ float64, _ []float64) error { dst[0] = 1; return nil })
	s := &Settings{Method: Euler, Step: 0.25, Events: []Event{{Value: coordinate(0, 0)}, {Value: coordinate(0, 1)}, {Value: coordinate(0, 0.5)}}}
	r, err := Solve(context.Background(), line, []float64{0}, 0, 1, s)
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
