package special

import "math"

// ScaledE1 is e^x E₁(x), E₁(x) = ∫ e^(−t) dt/t over t > x, for x > 0; NaN
// elsewhere. Below 1 it is the power series, above it the continued fraction
// (Abramowitz & Stegun 5.1.11 and 5.1.22).
func ScaledE1(x float64) float64 {
	switch {
	case !(x > 0):
		return math.NaN()
	case math.IsInf(x, 1):
		return 0
	case x < 1:
		const euler = 0.57721566490153286061
		term, sum := 1.0, 0.0
		for k := 1.0; k < 30; k++ {
			term *= -x / k
			sum -= term / k
		}
		return math.Exp(x) * (sum - euler - math.Log(x))
	}
	// 1/(x+1 − 1/(x+3 − 4/(x+5 − …))) by Lentz's method.
	const tiny = 1e-300
	b := x + 1
	c, d := 1/tiny, 1/b
	h := d
	for k := 1.0; k < 500; k++ {
		a := -k * k
		b += 2
		d = 1 / (a*d + b)
		c = b + a/c
		step := c * d
		h *= step
		if math.Abs(step-1) < 1e-16 {
			break
		}
	}
	return h
}
