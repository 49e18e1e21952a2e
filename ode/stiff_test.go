package ode

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// Stiff problems of the IVP test set, with their ends from Radau IIA methods of
// 7 and 9 stages in 260 bits.
var stiff = []struct {
	name     string
	f        Field
	y0       []float64
	t1       float64
	end      []float64
	absolute float64 // absolute tolerance as a part of the relative one
}{
	{
		"van der Pol, μ = 1000", FieldFunc(func(dst []float64, _ float64, y []float64) error {
			dst[0], dst[1] = y[1], 1000*(1-y[0]*y[0])*y[1]-y[0]
			return nil
		}), []float64{2, 0}, 2000, []float64{1.706167732170465008478, -8.928097010248165477786e-04}, 1,
	},
	{
		"Robertson", robertson{}, []float64{1, 0, 0}, 1e11,
		[]float64{2.083340149701294143836e-08, 8.333360770334783227175e-14, 9.999999791665151693793e-01}, 1e-8,
	},
	{
		"Oregonator", FieldFunc(func(dst []float64, _ float64, y []float64) error {
			dst[0] = 77.27 * (y[1] + y[0]*(1-8.375e-6*y[0]-y[1]))
			dst[1] = (y[2] - (1+y[0])*y[1]) / 77.27
			dst[2] = 0.161 * (y[0] - y[2])
			return nil
		}), []float64{1, 2, 3}, 360, []float64{1.000814870318522716651, 1.228178521549887426331e+03, 1.320554942846504546278e+02}, 1e-3,
	},
	{
		"HIRES", FieldFunc(func(dst []float64, _ float64, y []float64) error {
			dst[0] = -1.71*y[0] + 0.43*y[1] + 8.32*y[2] + 0.0007
			dst[1] = 1.71*y[0] - 8.75*y[1]
			dst[2] = -10.03*y[2] + 0.43*y[3] + 0.035*y[4]
			dst[3] = 8.32*y[1] + 1.71*y[2] - 1.12*y[3]
			dst[4] = -1.745*y[4] + 0.43*y[5] + 0.43*y[6]
			dst[5] = -280*y[5]*y[7] + 0.69*y[3] + 1.71*y[4] - 0.43*y[5] + 0.69*y[6]
			dst[6] = 280*y[5]*y[7] - 1.81*y[6]
			dst[7] = -dst[6]
			return nil
		}), []float64{1, 0, 0, 0, 0, 0, 0, 0.0057}, 321.8122,
		[]float64{
			7.371312573325541227290e-04, 1.442485726316159676891e-04, 5.888729740967338908256e-05, 1.175651343283125462791e-03,
			2.386356198830949257837e-03, 6.238968252741599819191e-03, 2.849998395185500993835e-03, 2.850001604814499211555e-03,
		}, 1e-4,
	},
}

// robertson knows its Jacobian.
type robertson struct{}

func (robertson) Eval(dst []float64, _ float64, y []float64) error {
	a, b, c := 0.04*y[0], 1e4*y[1]*y[2], 3e7*y[1]*y[1]
	dst[0], dst[1], dst[2] = b-a, a-b-c, c
	return nil
}

func (robertson) Jacobian(dst []float64, _ float64, y []float64) error {
	copy(dst, []float64{-0.04, 1e4 * y[2], 1e4 * y[1], 0.04, -1e4*y[2] - 6e7*y[1], -1e4 * y[1], 0, 6e7 * y[1], 0})
	return nil
}

func TestRadau5OnStiffProblems(t *testing.T) {
	for _, c := range stiff {
		r, err := Solve(context.Background(), c.f, c.y0, 0, c.t1, &Settings{Method: Radau5, RTol: 1e-8, ATol: 1e-8 * c.absolute})
		require.NoError(t, err, c.name)
		s := r.Statistics
		for i, want := range c.end {
			require.InEpsilon(t, want, end(r)[i], 1e-6, "%s, component %d: %+v", c.name, i, s)
		}
		require.Less(t, s.Steps, 3000, c.name)
	}
}

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
				if _, err := Solve(context.Background(), oscillators(n), y0, 0, span, &Settings{Method: Radau5, MaxStep: 0.01, Discard: true}); err != nil {
					t.Fatal(err)
				}
			})
		}
		require.Equal(t, run(1), run(3))
	}
}
