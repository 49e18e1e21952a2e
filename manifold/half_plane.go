package manifold

import (
	"math"
	"math/cmplx"

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

// cayley maps the half-plane to the unit disk with (x₁, y₁) at the centre,
// where geodesics through it are diameters.
func cayley(x1, y1, x2, y2 float64) complex128 {
	return complex(x2-x1, y2-y1) / complex(x2-x1, y2+y1)
}

func halfPlaneGeodesic(x1, y1, x2, y2, s float64) (x, y float64) {
	w := cayley(x1, y1, x2, y2)
	r := cmplx.Abs(w)
	if r == 0 {
		return x1, y1
	}
	w *= complex(math.Tanh(s*math.Atanh(r))/r, 0)
	// z = (z₁ − w z̄₁)/(1 − w) with x₁ taken out.
	z := complex(0, y1) * (1 + w) / (1 - w)
	return x1 + real(z), imag(z)
}

func halfPlaneLog(x1, y1, x2, y2 float64) (dx, dy float64) {
	w := cayley(x1, y1, x2, y2)
	r := cmplx.Abs(w)
	if r == 0 {
		return 0, 0
	}
	v := complex(0, 2*y1*math.Atanh(r)/r) * w
	return real(v), imag(v)
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
