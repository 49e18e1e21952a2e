package ode

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// The problems A to E of DETEST (Hull, Enright, Fellen & Sedgwick, SIAM J.
// Numer. Anal. 9, 1972, p. 603), on [0, 20], without C5, the five planets.
func detest() map[string]struct {
	f  FieldFunc
	y0 []float64
} {
	type item = struct {
		f  FieldFunc
		y0 []float64
	}
	scalar := func(y0 float64, f func(t, y float64) float64) item {
		return item{func(dst []float64, t float64, y []float64) error { dst[0] = f(t, y[0]); return nil }, []float64{y0}}
	}
	system := func(y0 []float64, f func(dst []float64, t float64, y []float64)) item {
		return item{func(dst []float64, t float64, y []float64) error { f(dst, t, y); return nil }, y0}
	}
	unit := func(n int) []float64 { y := make([]float64, n); y[0] = 1; return y }
	chain := func(n int, rate func(i int) float64) item {
		return system(unit(n), func(dst []float64, _ float64, y []float64) {
			in := 0.0
			for i := range y {
				out := 0.0
				if i < n-1 {
					out = rate(i) * y[i]
				}
				dst[i] = in - out
				in = out
			}
		})
	}
	rod := func(n int) item {
		return system(unit(n), func(dst []float64, _ float64, y []float64) {
			for i := range y {
				dst[i] = -2 * y[i]
				if i > 0 {
					dst[i] += y[i-1]
				}
				if i < n-1 {
					dst[i] += y[i+1]
				}
			}
		})
	}
	problems := map[string]item{
		"A1": scalar(1, func(_, y float64) float64 { return -y }),
		"A2": scalar(1, func(_, y float64) float64 { return -y * y * y / 2 }),
		"A3": scalar(1, func(t, y float64) float64 { return y * math.Cos(t) }),
		"A4": scalar(1, func(_, y float64) float64 { return y / 4 * (1 - y/20) }),
		"A5": scalar(4, func(t, y float64) float64 { return (y - t) / (y + t) }),
		"B1": system([]float64{1, 3}, func(dst []float64, _ float64, y []float64) {
			dst[0], dst[1] = 2*(y[0]-y[0]*y[1]), -(y[1] - y[0]*y[1])
		}),
		"B2": system([]float64{2, 0, 1}, func(dst []float64, _ float64, y []float64) {
			dst[0], dst[1], dst[2] = y[1]-y[0], y[0]-2*y[1]+y[2], y[1]-y[2]
		}),
		"B3": system([]float64{1, 0, 0}, func(dst []float64, _ float64, y []float64) {
			dst[0], dst[1], dst[2] = -y[0], y[0]-y[1]*y[1], y[1]*y[1]
		}),
		"B4": system([]float64{3, 0, 0}, func(dst []float64, _ float64, y []float64) {
			r := math.Hypot(y[0], y[1])
			dst[0], dst[1], dst[2] = -y[1]-y[0]*y[2]/r, y[0]-y[1]*y[2]/r, y[0]/r
		}),
		"B5": system([]float64{0, 1, 1}, func(dst []float64, _ float64, y []float64) {
			dst[0], dst[1], dst[2] = y[1]*y[2], -y[0]*y[2], -0.51*y[0]*y[1]
		}),
		"C1": chain(10, func(int) float64 { return 1 }),
		"C2": chain(10, func(i int) float64 { return float64(i + 1) }),
		"C3": rod(10),
		"C4": rod(51),
		"E1": system([]float64{0.6713967071418030, 0.09540051444747446}, func(dst []float64, t float64, y []float64) {
			dst[0], dst[1] = y[1], -(y[1]/(t+1) + (1-0.25/((t+1)*(t+1)))*y[0])
		}),
		"E2": system([]float64{2, 0}, func(dst []float64, _ float64, y []float64) {
			dst[0], dst[1] = y[1], (1-y[0]*y[0])*y[1]-y[0]
		}),
		"E3": system([]float64{0, 0}, func(dst []float64, t float64, y []float64) {
			dst[0], dst[1] = y[1], y[0]*y[0]*y[0]/6-y[0]+2*math.Sin(2.78535*t)
		}),
		"E4": system([]float64{30, 0}, func(dst []float64, _ float64, y []float64) { dst[0], dst[1] = y[1], 0.032-0.4*y[1]*y[1] }),
		"E5": system([]float64{0, 0}, func(dst []float64, t float64, y []float64) {
			dst[0], dst[1] = y[1], math.Sqrt(1+y[1]*y[1])/(25-t)
		}),
	}
	for k := range 5 {
		e := 0.1 + 0.2*float64(k)
		problems[fmt.Sprintf("D%d", k+1)] = system([]float64{1 - e, 0, 0, math.Sqrt((1 + e) / (1 - e))}, func(dst []float64, _ float64, y []float64) {
			r := math.Hypot(y[0], y[1])
			dst[0], dst[1], dst[2], dst[3] = y[2], y[3], -y[0]/(r*r*r), -y[1]/(r*r*r)
		})
	}
	return problems
}

// TestDETEST keeps the global error in a band about the tolerance: not above a
// thousand times it, apart from orbits that amplify errors, and not so far below
// it that work is wasted.
func TestDETEST(t *testing.T) {
	for name, p := range detest() {
		exact, err := Solve(context.Background(), p.f, p.y0, 0, 20, &Settings{Method: Verner98, RTol: 1e-14, ATol: 1e-15, Discard: true})
		require.NoError(t, err, name)
		again, err := Solve(context.Background(), p.f, p.y0, 0, 20, &Settings{Method: GBS, RTol: 1e-14, ATol: 1e-15, Discard: true})
		require.NoError(t, err, name)
		require.Less(t, distance(end(exact), end(again)), 3e-11, "the reference of %s", name)
		for _, m := range []Method{BogackiShampine, DormandPrince, Tsitouras, DOP853, Verner98, GBS, Radau5, Rosenbrock, Auto} {
			for _, tol := range []float64{1e-3, 1e-5, 1e-7, 1e-9} {
				if m.Order() < 5 && tol < 1e-7 {
					continue
				}
				r, err := Solve(context.Background(), p.f, p.y0, 0, 20, &Settings{Method: m, RTol: tol, ATol: tol, Discard: true})
				require.NoError(t, err, "%s by %s", name, m.Name())
				e := distance(end(r), end(exact))
				most := 1000.0
				if name[0] == 'D' {
					most = 1e5
				}
				require.Less(t, e, most*tol, "%s by %s at %g", name, m.Name(), tol)
			}
		}
	}
}
