// Package double has arithmetic on unevaluated sums of two float64.
package double

import "math"

// A Number is an unevaluated sum of two floats, of which the second is at most
// half a unit in the last place of the first: some 32 decimal digits (T. Dekker,
// Numerische Mathematik 18, 1971).
type Number struct{ Hi, Lo float64 }

func quickSum(a, b float64) Number {
	s := a + b
	return Number{s, b - (s - a)}
}

// Sum is a + b, exactly.
func Sum(a, b float64) Number {
	s := a + b
	v := s - a
	return Number{s, (a - (s - v)) + (b - v)}
}

// Product is ab, exactly.
func Product(a, b float64) Number {
	p := a * b
	return Number{p, math.FMA(a, b, -p)}
}

// Add is a + b.
func (a Number) Add(b Number) Number {
	s := Sum(a.Hi, b.Hi)
	return quickSum(s.Hi, s.Lo+a.Lo+b.Lo)
}

// Negate is −a.
func (a Number) Negate() Number { return Number{-a.Hi, -a.Lo} }

// Multiply is ab.
func (a Number) Multiply(b Number) Number {
	p := Product(a.Hi, b.Hi)
	return quickSum(p.Hi, p.Lo+a.Hi*b.Lo+a.Lo*b.Hi)
}

// Reciprocal is 1/a.
func (a Number) Reciprocal() Number {
	q := 1 / a.Hi
	// One Newton step, q(1 + (1 − aq)).
	p := Product(q, a.Hi)
	r := (1 - p.Hi) - p.Lo - q*a.Lo
	return quickSum(q, q*r)
}

// Value is a, rounded.
func (a Number) Value() float64 { return a.Hi + a.Lo }
