package manifold

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// A halfPlane is the geometry of a location μ and a scale σ > 0 under
//
//	ds² = (a du² + b dσ²)/σ²,  u = μ − hσ,
//
// which by x = √(a/b) u, y = σ is b times the hyperbolic half-plane, of
// curvature −1/b. Geodesics are vertical lines and half ellipses.
type halfPlane struct{ a, b, shear float64 }

// fisher stores the metric in the coordinates (μ, σ).
func (p halfPlane) fisher(dst *mat.SymDense, sigma float64) {
	w := 1 / (sigma * sigma)
	set2(dst, p.a*w, -p.a*p.shear*w, (p.b+p.a*p.shear*p.shear)*w)
}

// across is x₂ − x₁ between two points.
func (p halfPlane) across(from, to []float64) float64 {
	return math.Sqrt(p.a/p.b) * (to[0] - from[0] - p.shear*(to[1]-from[1]))
}

func (p halfPlane) distance(from, to []float64) float64 {
	return halfPlaneDistance(0, from[1], p.across(from, to), to[1], p.b)
}

func (p halfPlane) geodesic(dst, from, to []float64, s float64) {
	x, y := halfPlaneGeodesic(0, from[1], p.across(from, to), to[1], s)
	mu, sigma := from[0], from[1]
	dst[0], dst[1] = mu+math.Sqrt(p.b/p.a)*x+p.shear*(y-sigma), y
}

func (p halfPlane) log(dst, from, to []float64) {
	dx, dy := halfPlaneLog(0, from[1], p.across(from, to), to[1])
	dst[0], dst[1] = math.Sqrt(p.b/p.a)*dx+p.shear*dy, dy
}

// halfPlaneDistance is the distance between (x₁, y₁) and (x₂, y₂) under the
// metric c(dx² + dy²)/y².
func halfPlaneDistance(x1, y1, x2, y2, c float64) float64 {
	return 2 * math.Sqrt(c) * math.Asinh(math.Hypot(x2-x1, y2-y1)/(2*math.Sqrt(y1)*math.Sqrt(y2)))
}

// polar has the geodesic from (x₁, y₁) to (x₂, y₂) by its length in the
// hyperbolic metric and by the angle φ of
//
//	w = (z₂ − z₁)/(z₂ − z̄₁),
//
// which maps the half-plane to the unit disk with z₁ at the centre, where
// geodesics through it are diameters.
func polar(x1, y1, x2, y2 float64) (length, sin, cos float64) {
	dx, dy, sum := x2-x1, y2-y1, y1+y2
	near, far := math.Hypot(dx, dy), math.Hypot(dx, sum)
	if near == 0 {
		return 0, 0, 1
	}
	length = 2 * math.Asinh(near/(2*math.Sqrt(y1)*math.Sqrt(y2)))
	return length, -2 * (y1 / far) * (dx / near), (dx/near)*(dx/far) + (dy/near)*(sum/far)
}

func halfPlaneGeodesic(x1, y1, x2, y2, s float64) (x, y float64) {
	length, sin, cos := polar(x1, y1, x2, y2)
	// z = i y₁(1 + w)/(1 − w) from x₁ on, with |w| = tanh(s length/2) near 1 for
	// distant points.
	half := s * length / 2
	r, rest := math.Tanh(half), 2/(math.Exp(2*half)+1) // |w| and 1 − |w|
	versine := 1 - cos
	if cos > 0 {
		versine = sin * sin / (1 + cos)
	}
	square := rest*rest + 2*r*versine // |1 − w|²
	cosh := math.Cosh(half)
	return x1 - 2*y1*r*sin/square, y1 / cosh / cosh / square
}

func halfPlaneLog(x1, y1, x2, y2 float64) (dx, dy float64) {
	length, sin, cos := polar(x1, y1, x2, y2)
	return -y1 * length * sin, y1 * length * cos
}

// planeMetric is the metric of a half-plane as an operator.
type planeMetric struct {
	family Family
	plane  halfPlane
	sigma  float64
}

func (m *planeMetric) Dim() int { return 2 }

func (m *planeMetric) At(theta []float64) error {
	m.sigma = theta[1]
	return m.family.Check(theta)
}

func (m *planeMetric) Raise(dst, covector []float64) error {
	// In (u, σ) the metric is diagonal, and c_σ there is c_σ + h c_μ.
	w, p := m.sigma*m.sigma, m.plane
	u, s := w*covector[0]/p.a, w*(covector[1]+p.shear*covector[0])/p.b
	dst[0], dst[1] = u+p.shear*s, s
	return nil
}

func (m *planeMetric) Lower(dst, vector []float64) error {
	w, p := 1/(m.sigma*m.sigma), m.plane
	u, s := w*p.a*(vector[0]-p.shear*vector[1]), w*p.b*vector[1]
	dst[0], dst[1] = u, s-p.shear*u
	return nil
}
