package ode

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/diff/fd"
	"gonum.org/v1/gonum/stat"
)

// Problems to fit orders on. None is linear; "duffing", "driven" and "bernoulli"
// depend on time and are coupled.
var smooth = map[string]Field{
	"brusselator": brusselator,
	"rigid": FieldFunc(func(dst []float64, _ float64, y []float64) error {
		dst[0], dst[1], dst[2] = -2*y[1]*y[2], 1.25*y[0]*y[2], -0.5*y[0]*y[1]
		return nil
	}),
	"kepler": FieldFunc(func(dst []float64, _ float64, y []float64) error {
		r := math.Hypot(y[0], y[1])
		dst[0], dst[1], dst[2], dst[3] = y[2], y[3], -y[0]/(r*r*r), -y[1]/(r*r*r)
		return nil
	}),
	"duffing": FieldFunc(func(dst []float64, t float64, y []float64) error {
		dst[0], dst[1] = y[1], y[0]-y[0]*y[0]*y[0]-0.3*y[1]+math.Cos(t)
		return nil
	}),
	"driven": FieldFunc(func(dst []float64, t float64, y []float64) error {
		dst[0], dst[1] = math.Cos(t)*y[1]-y[0]*y[0]*y[1], math.Sin(y[0]*t)-y[1]
		return nil
	}),
	"bernoulli": FieldFunc(func(dst []float64, t float64, y []float64) error {
		dst[0], dst[1] = y[0]*(1-y[0])*math.Cos(t+y[1]), math.Exp(-y[0]*y[1])-0.3*t*y[1]
		return nil
	}),
}

type orderCase struct {
	problem string
	y0      []float64
	span    float64
}

var (
	standard = []orderCase{
		{"rigid", []float64{1, 0, 0.9}, 4},
		{"driven", []float64{1, 0.5}, 4},
		{"duffing", []float64{1, 0.5}, 4},
	}
	// Of a method of high order, float64 leaves few step sizes at which neither
	// rounding nor the next term of the error matters; these problems have some.
	order5 = []orderCase{
		{"duffing", []float64{1.4, 0.9}, 11},
		{"kepler", []float64{1.3, 0, 0, 1}, 11},
		{"rigid", []float64{0.5, 0, 1.1}, 7},
	}
	extrapolation = []orderCase{
		{"driven", []float64{1, 0.4}, 4},
		{"brusselator", []float64{1.5, 2.7}, 9},
		{"kepler", []float64{1.1, 0, 0, 1}, 3},
	}
	linearised = []orderCase{
		{"bernoulli", []float64{0.4, 0.9}, 9},
		{"duffing", []float64{1.7, 0.7}, 5},
		{"rigid", []float64{0.8, 0, 0.9}, 4},
	}
	order8 = []orderCase{
		{"driven", []float64{1.1, 0.7}, 3},
		{"kepler", []float64{1.1, 0, 0, 1.5}, 4},
		{"rigid", []float64{1.1, 0, 1}, 7},
	}
	order9 = []orderCase{
		{"driven", []float64{1.4, 0.8}, 8},
		{"brusselator", []float64{1.3, 3.5}, 4},
		{"rigid", []float64{1.5, 0, 1.4}, 4}, // at the ends of steps
		{"rigid", []float64{1.5, 0, 1.4}, 9}, // between them
	}
)

// plain is a method without error control, which makes the steps it is told and
// solves its equations to rounding.
func plain(m Method) Method {
	if c, ok := m.(*collocation); ok {
		p := *c
		p.lower, p.estimate = 0, nil
		return &p
	}
	return m
}

// errorsOf is the root mean square over twelve starts of the errors at the end
// and between the steps. A single solution has step sizes at which its error
// changes sign.
func errorsOf(t *testing.T, m Method, c orderCase, n int, exact []*Trajectory) (atEnd, between float64) {
	s := fixed(m, c.span, n)
	if m.EmbeddedOrder() == 0 {
		s.Norm = nil
	}
	s.Differences = fd.Central
	y, z := make([]float64, len(c.y0)), make([]float64, len(c.y0))
	for _, e := range exact {
		r, err := Solve(context.Background(), smooth[c.problem], e.State(0), 0, c.span, s)
		if err != nil {
			return math.Inf(1), math.Inf(1) // far too few steps
		}
		d := distance(end(r), end(e))
		atEnd += d * d / float64(len(exact))
		for i := range 40 {
			at := c.span * math.Mod(float64(i+1)*0.6180339887498949, 1)
			d := distance(r.At(y, at), e.At(z, at))
			between += d * d / float64(40*len(exact))
		}
	}
	return math.Sqrt(atEnd), math.Sqrt(between)
}

func exactOf(t *testing.T, c orderCase) []*Trajectory {
	var exact []*Trajectory
	var times []float64
	for i := range 40 {
		times = append(times, c.span*math.Mod(float64(i+1)*0.6180339887498949, 1))
	}
	slices.Sort(times)
	for k := range 12 {
		y := append([]float64(nil), c.y0...)
		for i := range y {
			y[i] += 0.05 * math.Sin(float64(3*k+7*i+1))
		}
		// Steps that end at the times compared, so that no interpolant is part
		// of the reference.
		r, err := Solve(context.Background(), smooth[c.problem], y, 0, c.span, &Settings{Method: DOP853, RTol: 3e-15, ATol: 1e-15, StopAt: times})
		require.NoError(t, err)
		exact = append(exact, r)
	}
	return exact
}

func slope(n, err []float64) float64 {
	x, y := make([]float64, len(n)), make([]float64, len(n))
	for i := range n {
		x[i], y[i] = -math.Log(n[i]), math.Log(err[i])
	}
	_, b := stat.LinearRegression(x, y, nil, false)
	return b
}

// fitted returns the orders at the ends of the steps and between them, from the
// errors in a window.
func fitted(t *testing.T, m Method, c orderCase, low, high float64) (atEnd, between float64) {
	exact := exactOf(t, c)
	var n, e, nb, b []float64
	x, y := high, high
	for k := 12.; k < 8000 && len(n) < 14 && (x > low || y > low); k *= math.Sqrt(math.Sqrt2) {
		u, v := errorsOf(t, m, c, int(k), exact)
		x, y = min(x, u), min(y, v)
		if x == u && x > low {
			n, e = append(n, math.Floor(k)), append(e, x)
		}
		if y == v && y > low {
			nb, b = append(nb, math.Floor(k)), append(b, y)
		}
	}
	require.GreaterOrEqual(t, min(len(n), len(nb)), 6, "%s, %s", m.Name(), c.problem)
	return slope(n, e), slope(nb, b)
}

func TestOrders(t *testing.T) {
	for _, x := range []struct {
		method    Method
		cases     []orderCase
		low, high float64
	}{
		{Euler, standard, 1e-9, 1e-2}, {Midpoint, standard, 1e-9, 1e-4}, {Heun, standard, 1e-9, 1e-4},
		{BogackiShampine, standard, 1e-11, 1e-5}, {RK4, standard, 1e-12, 1e-6},
		{DormandPrince, standard, 4e-13, 1e-7}, {Tsitouras, order5, 4e-13, 1e-7},
		{DOP853, order8, 4e-13, 1e-7}, {Verner98, order9, 4e-13, 1e-7},
		{gbs{2}, standard, 1e-12, 1e-7}, {gbs{3}, extrapolation, 1e-12, 1e-7},
		{Radau5, standard, 1e-12, 1e-6}, {Rosenbrock, linearised, 1e-11, 1e-7},
		{ImplicitMidpoint, standard, 1e-10, 1e-4}, {Gauss4, standard, 1e-11, 1e-6}, {Gauss6, standard, 1e-12, 1e-7},
	} {
		for _, c := range x.cases {
			m := plain(x.method)
			atEnd, between := fitted(t, m, c, x.low, x.high)
			t.Logf("%s on %s: %.3f, dense %.3f", m.Name(), c.problem, atEnd, between)
			if !(m == Verner98 && c.span == 9) {
				assert.InDelta(t, m.Order(), atEnd, 0.1, "%s on %s", m.Name(), c.problem)
			}
			if !(m == Verner98 && c.span == 4 && c.problem == "rigid") {
				assert.InDelta(t, m.DenseOrder(), between, 0.1, "%s between steps, on %s", m.Name(), c.problem)
			}
		}
	}
}
