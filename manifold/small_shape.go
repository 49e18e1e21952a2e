package manifold

import "fisherflow/internal/special"

// smallShape has the polygamma functions of a shape x below 1, or little above,
// without their poles,
//
//	ψ₁ = (1 + u)/x²,   ψ₂ = −2(1 + w)/x³,   ψ₃ = 6(1 + v)/x⁴,
//
// each the polygamma function of 1 + x with the power of x.
type smallShape struct{ x, t1, t2, u, w float64 }

func newSmallShape(x float64) smallShape {
	// u = x²t₁ and w = x²t₂.
	s := smallShape{x: x, t1: special.Trigamma(1 + x), t2: -x * special.Tetragamma(1+x) / 2}
	s.u, s.w = x*x*s.t1, x*x*s.t2
	return s
}

// square is g, 1/ψ₁ = x²g.
func (s smallShape) square() float64 { return 1 / (1 + s.u) }

// slope is h, (1/ψ₁)′ = 2xh.
func (s smallShape) slope() float64 { return (1 + s.w) / ((1 + s.u) * (1 + s.u)) }

// ratio is −ψ₁/(xψ₂), which is ½ at 0.
func (s smallShape) ratio() float64 { return (1 + s.u) / (1 + s.w) / 2 }

// ratioRest is (−2ψ₁/ψ₂ − x)/x³.
func (s smallShape) ratioRest() float64 { return (s.t1 - s.t2) / (1 + s.w) }

// ratioRestSlope is (−2ψ₁/ψ₂ − x)′/x² = (2ψ₁ψ₃/ψ₂² − 3)/x².
func (s smallShape) ratioRestSlope() float64 {
	t3 := s.x * s.x * special.Pentagamma(1+s.x) / 6
	return 3 * (s.t1 + t3*(1+s.u) - s.t2*(2+s.w)) / ((1 + s.w) * (1 + s.w))
}
