// Package tanh has the hyperbolic tangent of many numbers at once, with its
// derivative, within 2 units in the last place: with AVX2 six times as fast as
// math.Tanh one by one, elsewhere as fast.
//
// With y = 2|x| = k ln 2 + r, |r| ≤ ½ ln 2, k ≥ 0 an integer, and p = eʳ − 1 by
// its series,
//
//	e = eʸ − 1 = (2ᵏ − 1) + 2ᵏp,   tanh |x| = e/(e + 2),
//
// where nothing cancels for any k and no branch depends on x. AVX2 takes four
// numbers at a time and gives the bits of the portable form, which is why no
// product is fused with a sum.
package tanh

import "math"

const (
	most  = 40 // tanh ½·40 = 1 to the last bit
	shift = 1.5 * (1 << 52)
	// ln 2 = high + low; k·high is exact.
	high = 6.93147180369123816490e-01
	low  = 1.90821492927058770002e-10
)

// Eval stores tanh s in h and its derivative 1 − tanh² s in d, slices of one
// length; d and s may be the same slice.
func Eval(h, d, s []float64) {
	h, d = h[:len(s)], d[:len(s)]
	done := 0
	if vectorised {
		if done = len(s) &^ 3; done > 0 {
			evalAVX2(&h[0], &d[0], &s[0], done)
		}
	}
	for i := done; i < len(s); i++ {
		h[i], d[i] = one(s[i])
	}
}

// one is tanh x and its derivative.
func one(x float64) (t, d float64) {
	y := math.Abs(x)
	y = min(y+y, most)
	z := float64(y*math.Log2E) + shift
	k := z - shift
	power := math.Float64frombits(math.Float64bits(z)<<52 + 1023<<52)
	r := y - float64(k*high)
	r -= float64(k * low)
	r2 := float64(r * r)
	r4 := float64(r2 * r2)
	r8 := float64(r4 * r4)
	a := 1./2 + float64(r*(1./6))
	b := 1./24 + float64(r*(1./120))
	c := 1./720 + float64(r*(1./5040))
	e := 1./40320 + float64(r*(1./362880))
	f := 1./3628800 + float64(r*(1./39916800))
	g := 1./479001600 + float64(r*(1./6227020800))
	a += float64(r2 * b)
	c += float64(r2 * e)
	f += float64(r2 * g)
	a += float64(r4 * c)
	a += float64(r8 * f)
	p := r + float64(r2*a)
	e = (power - 1) + float64(power*p)
	t = e / (e + 2)
	return math.Copysign(t, x), float64((1 - t) * (1 + t))
}
