package manifold

import "math"

// halfPlaneDistance is the distance between (x₁, y₁) and (x₂, y₂) under the
// metric c(dx² + dy²)/y².
func halfPlaneDistance(x1, y1, x2, y2, c float64) float64 {
	return 2 * math.Sqrt(c) * math.Asinh(math.Hypot(x2-x1, y2-y1)/(2*math.Sqrt(y1)*math.Sqrt(y2)))
}

// direction is that of the geodesic from (x₁, y₁) to (x₂, y₂), the sine and cosine
// of its angle from the vertical, to the left, and its length where the curvature
// is −1.
func direction(x1, y1, x2, y2 float64) (sin, cos, length float64) {
	dx, dy := x2-x1, y2-y1
	if dx == 0 && dy == 0 {
		return 0, 1, 0
	}
	// (z₂−z₁)/(z₂−z̄₁), the place of z₂ in the unit disk with z₁ at its centre.
	sin, cos = -2*y1*dx, dx*dx+dy*(y1+y2)
	r := math.Hypot(sin, cos)
	return sin / r, cos / r, halfPlaneDistance(x1, y1, x2, y2, 1)
}

// halfPlaneGeodesic is, a length l from z₁, x₁ − y₁ sin φ sinh l/n + i y₁/n with
// n = cosh l − cos φ sinh l, which is a sum of positive terms:
// e^(−l) + (1 − cos φ) sinh l for l > 0.
func halfPlaneGeodesic(x1, y1, x2, y2, s float64) (x, y float64) {
	sin, cos, length := direction(x1, y1, x2, y2)
	l := s * length
	if l < 0 {
		l, sin, cos = -l, -sin, -cos
	}
	rest := 1 - cos
	if cos > 0 {
		rest = sin * sin / (1 + cos)
	}
	n := math.Exp(-l) + rest*math.Sinh(l)
	return x1 - y1*sin*math.Sinh(l)/n, y1 / n
}

func halfPlaneLog(x1, y1, x2, y2 float64) (dx, dy float64) {
	sin, cos, length := direction(x1, y1, x2, y2)
	return -y1 * length * sin, y1 * length * cos
}
