package target

import (
	"fmt"
	"math"
)

// LotkaVolterra is the predator–prey model of C. R. Howard's data,
//
//	u′ = (α − βv)u,  v′ = (−γ + δu)v,
//
// observed at times t₁, t₂, … and, as u(0), v(0), at the start, each with a
// lognormal error of scale σ₁ or σ₂ about the solution. α, γ ~ N(1, 0.5),
// β, δ ~ N(0.05, 0.05), σ ~ LogNormal(−1, 1), u(0), v(0) ~ LogNormal(ln 10, 1);
// z is the logarithm of (α, β, γ, δ, u(0), v(0), σ₁, σ₂).
//
// The equations and their sensitivities are solved in (ln u, ln v) by the
// classical Runge–Kutta method with a fixed step, which makes the density a
// smooth function.
type LotkaVolterra struct {
	coordinateSet
	times   []float64
	first   [2]float64 // logarithms
	y       [][2]float64
	jacobi  float64 // of the lognormal densities, −Σ ln y
	state   [14]float64
	k       [4][14]float64
	between [14]float64
}

var (
	_ Cloner = (*LotkaVolterra)(nil)
	_ Named  = (*LotkaVolterra)(nil)
)

// lotkaStep is the step of the Runge–Kutta method, in years: it leaves errors
// below 1e-6 in the log density, where cycles are ten years long.
const lotkaStep = 0.01

// NewLotkaVolterra makes the target from observations at the start and at
// ascending times above 0.
func NewLotkaVolterra(first [2]float64, times []float64, y [][2]float64) (*LotkaVolterra, error) {
	if len(times) != len(y) {
		panic("target: lengths of times and observations differ")
	}
	t := &LotkaVolterra{times: times, y: make([][2]float64, len(y))}
	logs := func(row int, v [2]float64) (out [2]float64, err error) {
		for i, x := range v {
			if !(x > 0) || !finite(x) {
				return out, &ObservationError{Row: row, Problem: fmt.Sprintf("a population must be positive, not %v", x)}
			}
			out[i] = math.Log(x)
			t.jacobi -= out[i]
		}
		return out, nil
	}
	var err error
	if t.first, err = logs(-1, first); err != nil {
		return nil, err
	}
	last := 0.0
	for i := range y {
		if !(times[i] > last) {
			return nil, &ObservationError{Row: i, Problem: "times must ascend from 0"}
		}
		last = times[i]
		if t.y[i], err = logs(i, y[i]); err != nil {
			return nil, err
		}
	}
	rate, meeting := Normal{1, 0.5}, Normal{0.05, 0.05}
	start, sigma := LogNormal{math.Log(10), 1}, LogNormal{-1, 1}
	for i, p := range []Prior{rate, meeting, rate, meeting, start, start, sigma, sigma} {
		name := []string{"theta[1]", "theta[2]", "theta[3]", "theta[4]", "z_init[1]", "z_init[2]", "sigma[1]", "sigma[2]"}[i]
		c, err := newCoordinate(name, p, true)
		if err != nil {
			return nil, err
		}
		t.coordinateSet = append(t.coordinateSet, c)
	}
	return t, nil
}

// Clone implements [Cloner].
func (t *LotkaVolterra) Clone() Target { c := *t; return &c }

// Dim is 8.
func (t *LotkaVolterra) Dim() int { return 8 }

// field is the right-hand side of p = ln u and q = ln v, x = (p, q), and of the
// derivatives by the six logarithms, of p and then of q.
func (t *LotkaVolterra) field(dst, x *[14]float64, theta *[4]float64, n int) {
	prey, predator := theta[3]*math.Exp(x[0]), theta[1]*math.Exp(x[1])
	dst[0], dst[1] = theta[0]-predator, prey-theta[2]
	if n == 2 {
		return
	}
	for j := range 6 {
		dst[2+j] = -predator * x[8+j]
		dst[8+j] = prey * x[2+j]
	}
	dst[2] += theta[0]
	dst[3] -= predator
	dst[10] -= theta[2]
	dst[11] += prey
}

// advance goes on by a time span.
func (t *LotkaVolterra) advance(span float64, theta *[4]float64, n int) {
	steps := math.Ceil(span / lotkaStep)
	h := span / steps
	x, k, b := &t.state, &t.k, &t.between
	for range int(steps) {
		t.field(&k[0], x, theta, n)
		for i, c := range [3]float64{h / 2, h / 2, h} {
			for j := range n {
				b[j] = x[j] + c*k[i][j]
			}
			t.field(&k[i+1], b, theta, n)
		}
		for j := range n {
			x[j] += h / 6 * (k[0][j] + 2*(k[1][j]+k[2][j]) + k[3][j])
		}
	}
}

// LogDensity implements [Target].
func (t *LotkaVolterra) LogDensity(grad, z []float64) (float64, error) {
	checkLength(t.Dim(), grad, z)
	theta := [4]float64{math.Exp(z[0]), math.Exp(z[1]), math.Exp(z[2]), math.Exp(z[3])}
	t.state = [14]float64{z[4], z[5]}
	t.state[2+4], t.state[8+5] = 1, 1
	n := 2
	if grad != nil {
		n = 14
		clear(grad)
	}
	value := t.jacobi
	observe := func(y [2]float64) {
		for i := range 2 {
			s := z[6+i]
			w := math.Exp(-s)
			r := (y[i] - t.state[i]) * w
			value -= lnSqrt2Pi + s + r*r/2
			if grad == nil {
				continue
			}
			for j := range 6 {
				grad[j] += r * w * t.state[2+6*i+j]
			}
			grad[6+i] += r*r - 1
		}
	}
	observe(t.first)
	at := 0.0
	for i, time := range t.times {
		t.advance(time-at, &theta, n)
		at = time
		observe(t.y[i])
	}
	value += t.add(grad, z)
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return math.Inf(-1), fmt.Errorf("the populations overflow at %.6g: %w", z, ErrDomain)
	}
	return value, nil
}
