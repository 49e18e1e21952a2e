package special

import "math"

// A double is an unevaluated sum of two floats, of which the second is at most
// half a unit in the last place of the first: some 32 decimal digits (T. Dekker,
// Numerische Mathematik 18, 1971).
type double struct{ hi, lo float64 }

func quickSum(a, b float64) double {
	s := a + b
	return double{s, b - (s - a)}
}

func twoSum(a, b float64) double {
	s := a + b
	v := s - a
	return double{s, (a - (s - v)) + (b - v)}
}

func twoProduct(a, b float64) double {
	p := a * b
	return double{p, math.FMA(a, b, -p)}
}

func (a double) add(b double) double {
	s := twoSum(a.hi, b.hi)
	return quickSum(s.hi, s.lo+a.lo+b.lo)
}

func (a double) negate() double { return double{-a.hi, -a.lo} }

func (a double) multiply(b double) double {
	p := twoProduct(a.hi, b.hi)
	return quickSum(p.hi, p.lo+a.hi*b.lo+a.lo*b.hi)
}

func (a double) reciprocal() double {
	q := 1 / a.hi
	// One Newton step, q(1 + (1 − aq)).
	p := twoProduct(q, a.hi)
	r := (1 - p.hi) - p.lo - q*a.lo
	return quickSum(q, q*r)
}

func (a double) value() float64 { return a.hi + a.lo }
