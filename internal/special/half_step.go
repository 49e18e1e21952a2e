package special

import "math"

// halfStepSeries are (2^{2k}−1)B_{2k}/k, the coefficients of ν^{−2k} in the
// asymptotic series of HalfStep (Abramowitz & Stegun 6.3.18).
var halfStepSeries = [...]float64{0.5, -0.25, 0.5, -2.125, 15.5, -172.75, 2730.5, -58098.0625, 1601145.5, -55482645.25, 2361058260.5}

// fromHere is the argument from which that series is exact to rounding.
const fromHere = 32

// HalfStep is ψ((ν+1)/2) − ψ(ν/2) − 1/ν for ν > 0, about 1/(2ν²) for large ν,
// where its terms would cancel.
func HalfStep(v float64) float64 {
	if !(v > 0) {
		return math.NaN()
	}
	sum := 0.0
	for v < fromHere {
		sum += 2 / (v * (v + 1) * (v + 2))
		v += 2
	}
	z := 1 / (v * v)
	s := 0.0
	for i := len(halfStepSeries) - 1; i >= 0; i-- {
		s = z * (halfStepSeries[i] + s)
	}
	return sum + s
}

// HalfStepSlope is the derivative of HalfStep and 1/ν³, its limit for large ν
// taken out: about 1/ν⁵ there.
func HalfStepSlope(v float64) float64 {
	if !(v > 0) {
		return math.NaN()
	}
	sum := 0.0
	for v < fromHere {
		y := v * (v + 2)
		sum += (10*y + 8) / (y * y * y * (y + 1))
		v += 2
	}
	z := 1 / (v * v)
	s := 0.0
	for i := len(halfStepSeries) - 1; i >= 1; i-- {
		s = z * (-2*float64(i+1)*halfStepSeries[i] + s)
	}
	return sum + z/v*s
}

// HalfStepCurve is the derivative of HalfStepSlope, about −5/ν⁶ for large ν.
func HalfStepCurve(v float64) float64 {
	if !(v > 0) {
		return math.NaN()
	}
	sum := 0.0
	for v < fromHere {
		y, w := v*(v+2), (v+1)*(v+1)
		sum -= 2 * (v + 1) * ((20*y+24)/w + (10*y+8)*y/(w*w)) / (y * y * y * y)
		v += 2
	}
	z := 1 / (v * v)
	s := 0.0
	for i := len(halfStepSeries) - 1; i >= 1; i-- {
		k := 2 * float64(i+1)
		s = z * (k*(k+1)*halfStepSeries[i] + s)
	}
	return sum + z*z*s
}
