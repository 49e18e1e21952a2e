package ode

import (
	"context"
	"math"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
)

// The h⁵ term of Dormand–Prince's global error is so small that in float64
// the h⁶ term hides it: on the Brusselator the observed order is 5.5 to 6 down
// to rounding. So its order is fitted in 200 bits, with the coefficients of the
// tableau as the rationals they are, and the integrator is held to the result
// of the same arithmetic.

const bits = 200

func float(x float64) *big.Float { return new(big.Float).SetPrec(bits).SetFloat64(x) }

// rational is the fraction of small denominator that x is the float64 of.
func rational(x float64) *big.Float {
	p0, q0, p1, q1 := 0.0, 1.0, 1.0, 0.0
	r := x
	for {
		a := math.Floor(r)
		p0, q0, p1, q1 = p1, q1, a*p1+p0, a*q1+q0
		if p1/q1 == x {
			return new(big.Float).SetPrec(bits).Quo(float(p1), float(q1))
		}
		r = 1 / (r - a)
	}
}

func extendedBrusselator(y [2]*big.Float) [2]*big.Float {
	mul := func(a, b *big.Float) *big.Float { return new(big.Float).SetPrec(bits).Mul(a, b) }
	p := mul(mul(y[0], y[0]), y[1])
	u := new(big.Float).SetPrec(bits).Add(float(1), p)
	u.Sub(u, mul(float(4), y[0]))
	v := mul(float(3), y[0])
	v.Sub(v, p)
	return [2]*big.Float{u, v}
}

func extendedSolve(m *tableau, y0 []float64, span float64, n int) [2]*big.Float {
	h := new(big.Float).SetPrec(bits).Quo(float(span), float(float64(n)))
	scaled := func(row []float64) []*big.Float {
		w := make([]*big.Float, len(row))
		for i, x := range row {
			if x != 0 {
				w[i] = new(big.Float).SetPrec(bits).Mul(h, rational(x))
			}
		}
		return w
	}
	stages := len(m.b) - 1
	a := make([][]*big.Float, stages)
	for i := range a {
		a[i] = scaled(m.a[i])
	}
	b := scaled(m.b)
	y := [2]*big.Float{float(y0[0]), float(y0[1])}
	k := make([][2]*big.Float, stages)
	add := func(w []*big.Float) [2]*big.Float {
		var z [2]*big.Float
		for c := range z {
			z[c] = new(big.Float).SetPrec(bits).Set(y[c])
			for j, x := range w {
				if x != nil {
					z[c].Add(z[c], new(big.Float).SetPrec(bits).Mul(x, k[j][c]))
				}
			}
		}
		return z
	}
	for range n {
		for i := range k {
			k[i] = extendedBrusselator(add(a[i]))
		}
		y = add(b)
	}
	return y
}

func TestDormandPrinceOrderInExtendedPrecision(t *testing.T) {
	m := DormandPrince.(*tableau)
	const span = 2
	var last [2]*big.Float
	var differences []float64
	for _, n := range []int{2000, 4000, 8000} {
		y := extendedSolve(m, brusselatorStart, span, n)
		if last[0] != nil {
			d, _ := new(big.Float).Sub(y[0], last[0]).Float64()
			differences = append(differences, math.Abs(d))
		}
		last = y
	}
	require.InDelta(t, 5, math.Log2(differences[0]/differences[1]), 0.1)

	coarse := extendedSolve(m, brusselatorStart, span, 64)
	r, err := Solve(context.Background(), brusselator, brusselatorStart, 0, span, fixed(DormandPrince, span, 64))
	require.NoError(t, err)
	for c, want := range coarse {
		w, _ := want.Float64()
		require.InDelta(t, w, end(r)[c], 1e-14)
	}
}
