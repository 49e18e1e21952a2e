package ode

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// backward is Euler's implicit method for the linear field y′ = −y.
type backward struct{}

func (backward) Step(dst, _ []float64, t0, t1 float64, y0 []float64) error {
	for i, y := range y0 {
		dst[i] = y / (1 + t1 - t0)
	}
	return nil
}

// TestSchemeIsAMethod: its steps end at the stop times, it converges at its order,
// and between the steps there is what it says.
func TestSchemeIsAMethod(t *testing.T) {
	m := &Scheme{Title: "backward", Accuracy: 1, Polygon: true, Bind: func(Field) (Map, error) { return backward{}, nil }}
	r, err := Solve(context.Background(), decay, []float64{1, 2}, 0, 1, &Settings{Method: m, Step: 0.25, StopAt: []float64{0.6}})
	require.NoError(t, err)
	require.Equal(t, 6, r.Len())
	require.InDelta(t, 1/(1.25*1.25*1.1), r.At(nil, 0.6)[0], 1e-15)
	mid := r.At(nil, 0.125)
	require.InDelta(t, (1+1/1.25)/2, mid[0], 1e-15)
	require.InDelta(t, 2*mid[0], mid[1], 1e-15)

	errs := make([]float64, 2)
	for i, h := range []float64{1e-3, 5e-4} {
		r, err := Solve(context.Background(), decay, []float64{1}, 0, 1, &Settings{Method: m, Step: h})
		require.NoError(t, err)
		errs[i] = math.Abs(r.State(r.Len() - 1)[0] - math.Exp(-1))
	}
	require.InDelta(t, 1, math.Log2(errs[0]/errs[1]), 0.01)
}

type failing struct{ err error }

func (f failing) Step(_, _ []float64, _, _ float64, _ []float64) error { return f.err }

// TestSchemeMayFail: an error of the map and one of Bind end the integration at
// the step, and say so.
func TestSchemeMayFail(t *testing.T) {
	for _, cause := range []error{errors.New("no solution"), fmt.Errorf("outside: %w", ErrDomain)} {
		m := &Scheme{Title: "failing", Accuracy: 1, Bind: func(Field) (Map, error) { return failing{cause}, nil }}
		r, err := Solve(context.Background(), decay, []float64{1}, 0, 1, &Settings{Method: m, Step: 0.5})
		require.ErrorIs(t, err, cause)
		require.Equal(t, 1, r.Len())
		m.Bind = func(Field) (Map, error) { return nil, cause }
		_, err = Solve(context.Background(), decay, []float64{1}, 0, 1, &Settings{Method: m, Step: 0.5})
		require.ErrorIs(t, err, cause)
	}
}
