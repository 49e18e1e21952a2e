package manifold

import (
	"math"

	"fisherflow/internal/special"
)

// Curvature is, with f = 1/ψ₁, r = f/f′ = −ψ₁/ψ₂ and s = a + b,
//
//	f′(a)f′(b)f′(s)(r(a) + r(b) − r(s))/(4(f(s) − f(a) − f(b))²)
//
// (Le Brigant, Preston & Puechmorel, Differential Geometry and its Applications 74,
// 2021), of which the large terms of r, x/2 below 1 and x above it, are taken away
// together.
func (f Beta) Curvature(theta []float64) (float64, error) {
	if err := f.Check(theta); err != nil {
		return math.NaN(), err
	}
	a, b := math.Min(theta[0], theta[1]), math.Max(theta[0], theta[1])
	switch {
	case b < 1:
		return smallBetaCurvature(a, b), nil
	case a <= 0.25:
		return mixedBetaCurvature(a, b), nil
	}
	s := a + b
	top := ratioExcess(a) + ratioExcess(b) - ratioExcess(s)
	for _, x := range [3]float64{a, b, s} {
		top *= 1 + reciprocalSlope(x)
	}
	var d [2]float64
	return top / (4 * square(reciprocals(d[:], theta))), nil
}

// smallBetaCurvature is that for a ≤ b < 1, in units of b.
func smallBetaCurvature(a, b float64) float64 {
	sa, sb, ss := newSmallShape(a), newSmallShape(b), newSmallShape(a+b)
	p, q := a/b, (a+b)/b
	var top, bottom float64
	if p <= 0.25 {
		top = p*p*sa.ratioRest() - mean01(func(x float64) float64 { return square(x/b) * newSmallShape(x).ratioRestSlope() }, b, a)
		bottom = mean01(func(x float64) float64 { return 2 * x / b * newSmallShape(x).slope() }, b, a) - p*sa.square()
	} else {
		top = (p*p*p*sa.ratioRest() + sb.ratioRest() - q*q*q*ss.ratioRest()) / p
		bottom = (q*q*ss.square() - p*p*sa.square() - sb.square()) / p
	}
	return b * (a + b) * top * sa.slope() * sb.slope() * ss.slope() / (bottom * bottom)
}

// mixedBetaCurvature is that for a ≤ ¼ and b ≥ 1, in units of a.
func mixedBetaCurvature(a, b float64) float64 {
	sa := newSmallShape(a)
	top := sa.ratio() - mean01(func(x float64) float64 { return 1 + ratioExcessSlope(x) }, b, a)
	bottom := 1 + mean01(reciprocalSlope, b, a) - a*sa.square()
	return top * 2 * sa.slope() * (1 + reciprocalSlope(b)) * (1 + reciprocalSlope(a+b)) / (4 * bottom * bottom)
}

// reciprocalSlope is f′ − 1.
func reciprocalSlope(x float64) float64 {
	if x > flatShape {
		return 0
	}
	return special.ReciprocalTrigammaSlope(x)
}

// ratioExcess is r − x, between −½ and 0.
func ratioExcess(x float64) float64 {
	switch {
	case x < 1:
		return x * (newSmallShape(x).ratio() - 1)
	case x > flatShape:
		return -0.5
	}
	return -special.ScaledTrigammaSlope(x) / special.Tetragamma(x)
}

// ratioExcessSlope is r′ − 1 = ψ₁ψ₃/ψ₂² − 2.
func ratioExcessSlope(x float64) float64 {
	if x > flatShape {
		return 0
	}
	return special.Trigamma(x)*special.Pentagamma(x)/square(special.Tetragamma(x)) - 2
}
