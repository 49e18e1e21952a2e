package ode

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A random smooth field in two dimensions that depends on time and does not
// leave a bounded region.
type randomField struct{ a, b, c, d, e float64 }

func drawField(t *rapid.T) randomField {
	number := rapid.Float64Range(-1, 1)
	return randomField{number.Draw(t, "a"), number.Draw(t, "b"), number.Draw(t, "c"), number.Draw(t, "d"), number.Draw(t, "e")}
}

func (f randomField) Eval(dst []float64, t float64, y []float64) error {
	dst[0] = math.Sin(f.a*y[1]+f.b*t) - 0.3*y[0]
	dst[1] = math.Cos(f.c*y[0]*y[1]+f.d) + f.e*math.Sin(t)*y[0]
	return nil
}

func drawStart(t *rapid.T) []float64 {
	number := rapid.Float64Range(-1, 1)
	return []float64{number.Draw(t, "y0"), number.Draw(t, "y1")}
}

var adaptive = []Method{BogackiShampine, DormandPrince, Tsitouras, DOP853, Verner98, GBS, Radau5, Rosenbrock, Auto}

func drawMethod(t *rapid.T) Method { return rapid.SampledFrom(adaptive).Draw(t, "method") }

func mustSolve(t require.TestingT, f Field, y0 []float64, t0, t1 float64, s *Settings) *Trajectory {
	r, err := Solve(context.Background(), f, y0, t0, t1, s)
	require.NoError(t, err)
	return r
}

// TestAffineEquivariance: a Runge–Kutta method commutes with z = Ay + b, to
// rounding where the steps are given, and where they are chosen, with the norm
// carried along, to as much as an error estimate that is rounding moves them.
// The first step is given: what is chosen for it depends on how far the start is
// from zero.
func TestAffineEquivariance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, y0 := drawField(t), drawStart(t)
		m := rapid.SampledFrom([]Method{BogackiShampine, DormandPrince, Tsitouras, DOP853, Verner98, GBS}).Draw(t, "method")
		angle := rapid.Float64Range(0, 3).Draw(t, "angle")
		stretch := rapid.Float64Range(0.1, 10).Draw(t, "stretch")
		sin, cos := math.Sincos(angle)
		a := [4]float64{cos * stretch, -sin, sin * stretch, cos}
		b := [2]float64{rapid.Float64Range(-3, 3).Draw(t, "b"), 0.5}
		det := a[0]*a[3] - a[1]*a[2]
		linear := func(dst, v []float64) { dst[0], dst[1] = a[0]*v[0]+a[1]*v[1], a[2]*v[0]+a[3]*v[1] }
		inverse := func(dst, v []float64) {
			dst[0], dst[1] = (a[3]*v[0]-a[1]*v[1])/det, (a[0]*v[1]-a[2]*v[0])/det
		}
		back := func(z []float64) []float64 {
			y := make([]float64, 2)
			inverse(y, []float64{z[0] - b[0], z[1] - b[1]})
			return y
		}
		moved := FieldFunc(func(dst []float64, t float64, z []float64) error {
			v := make([]float64, 2)
			if err := f.Eval(v, t, back(z)); err != nil {
				return err
			}
			linear(dst, v)
			return nil
		})
		norm := RMS(1e-7, 1e-9)
		carried := func(err, z0, z1 []float64) (float64, error) {
			e := make([]float64, 2)
			inverse(e, err)
			return norm(e, back(z0), back(z1))
		}
		z0 := make([]float64, 2)
		linear(z0, y0)
		z0[0], z0[1] = z0[0]+b[0], z0[1]+b[1]
		plain := mustSolve(t, f, y0, 0, 3, &Settings{Method: m, Norm: norm, RTol: 1e-7, Step: 0.01})
		other := mustSolve(t, moved, z0, 0, 3, &Settings{Method: m, Norm: carried, RTol: 1e-7, Step: 0.01})
		require.InDeltaSlice(t, end(plain), back(end(other)), 1e-6)
		if m != GBS { // which chooses its order by the error
			plain, other = mustSolve(t, f, y0, 0, 3, fixed(m, 3, 20)), mustSolve(t, moved, z0, 0, 3, fixed(m, 3, 20))
			require.InDeltaSlice(t, end(plain), back(end(other)), 1e-12)
		}
	})
}

// TestTimeTranslation: the time on the clock does not matter, to rounding where
// the steps are given, and to the tolerance where rounding has a say in them.
func TestTimeTranslation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, y0, m := drawField(t), drawStart(t), drawMethod(t)
		shift := rapid.Float64Range(-50, 50).Draw(t, "shift")
		later := FieldFunc(func(dst []float64, t float64, y []float64) error { return f.Eval(dst, t-shift, y) })
		s := &Settings{Method: m, RTol: 1e-6}
		require.InDeltaSlice(t, end(mustSolve(t, f, y0, 0, 3, s)), end(mustSolve(t, later, y0, shift, shift+3, s)), 1e-5)
		if m.Kind() == "explicit" && m != GBS {
			s = fixed(m, 3, 20)
			require.InDeltaSlice(t, end(mustSolve(t, f, y0, 0, 3, s)), end(mustSolve(t, later, y0, shift, shift+3, s)), 1e-12)
		}
	})
}

func TestReversal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, y0, m := drawField(t), drawStart(t), drawMethod(t)
		s := &Settings{Method: m, RTol: 1e-8}
		there := mustSolve(t, f, y0, 0, 1, s)
		require.InDeltaSlice(t, y0, end(mustSolve(t, f, end(there), 1, 0, s)), 1e-5)
	})
}

func TestSplittingTheSpan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, y0, m := drawField(t), drawStart(t), drawMethod(t)
		cut := rapid.Float64Range(0.1, 2.9).Draw(t, "cut")
		s := &Settings{Method: m, RTol: 1e-8}
		whole := mustSolve(t, f, y0, 0, 3, s)
		first := mustSolve(t, f, y0, 0, cut, s)
		require.InDeltaSlice(t, end(whole), end(mustSolve(t, f, end(first), cut, 3, s)), 1e-5)
		stopped := mustSolve(t, f, y0, 0, 3, &Settings{Method: m, RTol: 1e-8, StopAt: []float64{cut}})
		require.InDeltaSlice(t, end(whole), end(stopped), 1e-5)
	})
}

// TestInterpolantsMeetTheSteps, with their slopes where these are the field's.
func TestInterpolantsMeetTheSteps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, y0, m := drawField(t), drawStart(t), drawMethod(t)
		r := mustSolve(t, f, y0, 0, 3, &Settings{Method: m, RTol: 1e-5})
		y, slope := make([]float64, 2), make([]float64, 2)
		for i := 1; i < r.Len(); i++ {
			p := r.piece(i)
			p.at(y, p.t0)
			require.InDeltaSlice(t, r.State(i-1), y, 1e-12)
			p.at(y, p.t0+p.h)
			require.InDeltaSlice(t, r.State(i), y, 1e-12)
			if p.slopes != nil {
				continue // a collocation polynomial, or the interpolant that belongs to the method
			}
			const d = 1e-4
			p.at(slope, p.t0+p.h)
			p.at(y, p.t0+(1-d)*p.h)
			for c := range y {
				// To first order in d, with the curvature of a short step.
				require.InDelta(t, p.f1[c], (slope[c]-y[c])/(d*p.h), 0.02)
			}
		}
	})
}

// TestFieldIsNeverAskedOutside of the span, not even by the first step or by a
// Jacobian, and the end is hit exactly.
func TestFieldIsNeverAskedOutside(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, y0 := drawField(t), drawStart(t)
		m := rapid.SampledFrom(Methods()).Draw(t, "method")
		t0 := rapid.Float64Range(-3, 3).Draw(t, "t0")
		t1 := t0 + rapid.Float64Range(-3, 3).Draw(t, "span")
		inside := FieldFunc(func(dst []float64, at float64, y []float64) error {
			require.True(t, at >= min(t0, t1) && at <= max(t0, t1), "asked at %g in [%g, %g]", at, t0, t1)
			return f.Eval(dst, at, y)
		})
		s := &Settings{Method: m, RTol: 1e-5}
		if m.EmbeddedOrder() == 0 {
			s.Step = 0.07
		}
		r := mustSolve(t, inside, y0, t0, t1, s)
		require.Equal(t, t1, r.Time(r.Len()-1))
	})
}
