package target

import (
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/mat"
)

// Shape is a density of two unknowns of the literature on Gaussian and mixture
// flows, log p = −½ Σₖ rₖ(a, b)², without a normaliser. LogEvidence, Mean and
// Covariance are those of the exact density.
type Shape struct {
	name      string
	residuals func(lambda float64, z []float64, r *[4]residual) int
	lambda    float64

	LogEvidence float64
	Mean        [2]float64
	Covariance  [3]float64 // 11, 12, 22

	r [4]residual // workspace
	z [2]float64
}

// PolynomialShape is a shape with polynomial residuals of degree at most two,
// so that Gauss–Hermite rules of five points have its expectations exactly.
type PolynomialShape struct{ *Shape }

// A residual with its derivatives by (a, b): aa, ab, bb.
type residual struct {
	value float64
	g     [2]float64
	h     [3]float64
}

var (
	_ Hessian           = (*Shape)(nil)
	_ Cloner            = (*Shape)(nil)
	_ Named             = (*Shape)(nil)
	_ NormalExpectation = PolynomialShape{}
	_ Hessian           = PolynomialShape{}
)

// A shapeKind is a shape by its name, in the parameters of its source.
type shapeKind struct {
	name string
	// lambda says that the shape has the parameter λ of Chen et al.
	lambda     bool
	polynomial bool
	residuals  func(lambda float64, z []float64, r *[4]residual) int
	moments    func(lambda float64) (logEvidence float64, mean [2]float64, covariance [3]float64)
}

var shapes = []shapeKind{
	// Y. Chen, D. Z. Huang, J. Huang, S. Reich, A. Stuart, arXiv:2302.11024.
	{"gaussian", true, true, func(l float64, z []float64, r *[4]residual) int {
		s := math.Sqrt(l)
		r[0] = residual{z[0], [2]float64{1, 0}, [3]float64{}}
		r[1] = residual{s * z[1], [2]float64{0, s}, [3]float64{}}
		return 2
	}, func(l float64) (float64, [2]float64, [3]float64) {
		return math.Log(2 * math.Pi / math.Sqrt(l)), [2]float64{}, [3]float64{1, 0, 1 / l}
	}},
	{"logconcave", true, true, func(l float64, z []float64, r *[4]residual) int {
		s, w := math.Sqrt(l/10), 1/math.Sqrt(10)
		r[0] = residual{s*z[0] - w*z[1], [2]float64{s, -w}, [3]float64{}}
		r[1] = residual{w * z[1] * z[1], [2]float64{0, 2 * w * z[1]}, [3]float64{0, 0, 2 * w}}
		return 2
	}, func(l float64) (float64, [2]float64, [3]float64) {
		e := math.Sqrt(20) * math.Gamma(0.75) / math.Gamma(0.25)
		return math.Log(20*math.Pi/l)/2 + math.Log(math.Pow(20, 0.25)*math.Gamma(0.25)/2), [2]float64{},
			[3]float64{(e + 10) / l, e / math.Sqrt(l), e}
	}},
	{"rosenbrock", true, true, func(l float64, z []float64, r *[4]residual) int {
		return banana(math.Sqrt(l/10), 1/math.Sqrt(10), z, r)
	}, func(l float64) (float64, [2]float64, [3]float64) {
		return math.Log(20*math.Pi/l)/2 + math.Log(20*math.Pi)/2, [2]float64{1, 11}, [3]float64{10, 20, 240 + 10/l}
	}},
	// W. Lin, M. E. Khan, M. Schmidt, arXiv:1906.02914, 2002.10060; D. Z. Huang
	// et al., derivative-free Gaussian mixture variational inference.
	{"gaussian", false, true, func(_ float64, z []float64, r *[4]residual) int {
		r[0] = residual{-(z[0] + z[1]), [2]float64{-1, -1}, [3]float64{}}
		r[1] = residual{1 - (z[0] + 2*z[1]), [2]float64{-1, -2}, [3]float64{}}
		return 2
	}, func(float64) (float64, [2]float64, [3]float64) {
		return math.Log(2 * math.Pi), [2]float64{-1, 1}, [3]float64{5, -3, 2}
	}},
	{"four-modes", false, true, func(_ float64, z []float64, r *[4]residual) int {
		const c = 4.2297
		m, p := z[0]-z[1], z[0]+z[1]
		r[0] = residual{c - m*m, [2]float64{-2 * m, 2 * m}, [3]float64{-2, 2, -2}}
		r[1] = residual{c - p*p, [2]float64{-2 * p, -2 * p}, [3]float64{-2, -2, -2}}
		r[2] = residual{0.5 - z[0], [2]float64{-1, 0}, [3]float64{}}
		r[3] = residual{-z[1], [2]float64{0, -1}, [3]float64{}}
		return 4
	}, func(float64) (float64, [2]float64, [3]float64) {
		return -2.1264978855306, [2]float64{0.89155842261, 0}, [3]float64{1.53602264006, 0, 1.53602264006}
	}},
	{"circle", false, true, func(_ float64, z []float64, r *[4]residual) int {
		a, b := z[0], z[1]
		r[0] = residual{2 * (1 - (a*a + 2*a*b + 2*b*b)), [2]float64{-4 * (a + b), -4 * (a + 2*b)}, [3]float64{-4, -4, -8}}
		return 1
	}, func(float64) (float64, [2]float64, [3]float64) {
		return 1.34750832916494, [2]float64{}, [3]float64{1.02762393134, -0.51381196567, 0.51381196567}
	}},
	{"banana", false, true, func(_ float64, z []float64, r *[4]residual) int {
		return banana(math.Sqrt(10), 1/math.Sqrt(10), z, r)
	}, func(float64) (float64, [2]float64, [3]float64) {
		return math.Log(2 * math.Pi), [2]float64{1, 11}, [3]float64{10, 20, 240.1}
	}},
	{"double-banana", false, false, doubleBanana(101), func(float64) (float64, [2]float64, [3]float64) {
		return -0.05379548212986, [2]float64{-0.0053380864, 0.1360061332}, [3]float64{0.5282499407, -0.0050108783, 0.8789145383}
	}},
	{"double-banana-lks", false, false, doubleBanana(30), func(float64) (float64, [2]float64, [3]float64) {
		return -0.39828211127693, [2]float64{-0.0147053496, 0.3003537434}, [3]float64{0.4134388715, -0.0103054256, 0.4189261242}
	}},
}

// banana has residuals s(b − a²) and w(1 − a).
func banana(s, w float64, z []float64, r *[4]residual) int {
	a, b := z[0], z[1]
	r[0] = residual{s * (b - a*a), [2]float64{-2 * s * a, s}, [3]float64{-2 * s, 0, 0}}
	r[1] = residual{w * (1 - a), [2]float64{-w, 0}, [3]float64{}}
	return 2
}

// doubleBanana has residuals (ln c − ln f)/0.3, a and b with Rosenbrock's
// f = 100(b − a²)² + (1 − a)².
func doubleBanana(c float64) func(float64, []float64, *[4]residual) int {
	return func(_ float64, z []float64, r *[4]residual) int {
		a, b := z[0], z[1]
		e := b - a*a
		f := 100*e*e + (1-a)*(1-a)
		fa, fb := -400*a*e-2*(1-a), 200*e
		faa, fab, fbb := -400*e+800*a*a+2, -400*a, 200.0
		w := -1 / 0.3
		r[0] = residual{w * (math.Log(f) - math.Log(c)), [2]float64{w * fa / f, w * fb / f},
			[3]float64{w * (faa/f - fa*fa/(f*f)), w * (fab/f - fa*fb/(f*f)), w * (fbb/f - fb*fb/(f*f))}}
		r[1] = residual{a, [2]float64{1, 0}, [3]float64{}}
		r[2] = residual{b, [2]float64{0, 1}, [3]float64{}}
		return 3
	}
}

// ShapeNames lists the shapes; the first three have a parameter λ, with which
// gaussian is that of Chen et al. and without which it is that of Lin et al.
func ShapeNames() []string {
	var names []string
	for _, k := range shapes {
		if !slices.Contains(names, k.name) {
			names = append(names, k.name)
		}
	}
	return names
}

// NewShape returns the shape of that name with hyphens or underscores; lambda
// is λ > 0 where the shape has it, 0 where not.
func NewShape(name string, lambda float64) (Target, error) {
	name = strings.ReplaceAll(name, "_", "-")
	if !slices.Contains(ShapeNames(), name) {
		return nil, &NameError{Kind: "shape", Name: name, Names: ShapeNames()}
	}
	for _, k := range shapes {
		if k.name != name || k.lambda != (lambda != 0) {
			continue
		}
		if lambda < 0 || !finite(lambda) {
			break
		}
		s := &Shape{name: name, residuals: k.residuals, lambda: lambda}
		s.LogEvidence, s.Mean, s.Covariance = k.moments(lambda)
		if k.polynomial {
			return PolynomialShape{s}, nil
		}
		return s, nil
	}
	if lambda == 0 {
		return nil, &ObservationError{Row: -1, Problem: "shape " + name + " needs a positive lambda"}
	}
	return nil, &ObservationError{Row: -1, Problem: "shape " + name + " has no lambda, or one that is not positive"}
}

// Clone implements [Cloner].
func (s *Shape) Clone() Target { c := *s; return &c }

// Clone implements [Cloner].
func (s PolynomialShape) Clone() Target { c := *s.Shape; return PolynomialShape{&c} }

// Dim is 2.
func (*Shape) Dim() int { return 2 }

// Names implements [Named].
func (*Shape) Names() []string { return []string{"a", "b"} }

// Coordinates implements [Named].
func (*Shape) Coordinates() []string { return []string{"a", "b"} }

// Constrain copies.
func (*Shape) Constrain(dst, z []float64) []float64 {
	if dst == nil {
		dst = make([]float64, 2)
	}
	copy(dst, z)
	return dst
}

func (s *Shape) at(z []float64) (value float64, g [2]float64, h [3]float64) {
	n := s.residuals(s.lambda, z, &s.r)
	for i := range n {
		r := &s.r[i]
		value -= r.value * r.value / 2
		for j, d := range r.g {
			g[j] -= r.value * d
		}
		h[0] -= r.g[0]*r.g[0] + r.value*r.h[0]
		h[1] -= r.g[0]*r.g[1] + r.value*r.h[1]
		h[2] -= r.g[1]*r.g[1] + r.value*r.h[2]
	}
	return value, g, h
}

// LogDensity implements [Target].
func (s *Shape) LogDensity(grad, z []float64) (float64, error) {
	checkLength(s.Dim(), grad, z)
	value, g, _ := s.at(z)
	copy(grad, g[:])
	return value, nil
}

// Hessian implements [Hessian].
func (s *Shape) Hessian(dst *mat.SymDense, z []float64) error {
	checkLength(s.Dim(), nil, z)
	_, _, h := s.at(z)
	dst.SetSym(0, 0, h[0])
	dst.SetSym(0, 1, h[1])
	dst.SetSym(1, 1, h[2])
	return nil
}

// Gauss–Hermite with five points, for the standard normal.
var fiveNodes = [5]float64{-2.856970013872806, -1.355626179974266, 0, 1.355626179974266, 2.856970013872806}
var fiveWeights = [5]float64{0.01125741132772071, 0.2220759220056126, 0.5333333333333333, 0.2220759220056126, 0.01125741132772071}

func (s PolynomialShape) expect(mean []float64, p, c, q float64) (value float64, g [2]float64, h [3]float64) {
	l := math.Sqrt(p)
	m := 0.0
	if l > 0 {
		m = c / l
	}
	k := math.Sqrt(math.Max(0, q-m*m))
	z := s.z[:]
	for i, x := range fiveNodes {
		z[0] = mean[0] + l*x
		for j, y := range fiveNodes {
			w := fiveWeights[i] * fiveWeights[j]
			z[1] = mean[1] + m*x + k*y
			v, a, b := s.at(z)
			value += w * v
			for n := range g {
				g[n] += w * a[n]
			}
			for n := range h {
				h[n] += w * b[n]
			}
		}
	}
	return value, g, h
}

// ExpectNormal implements [NormalExpectation].
func (s PolynomialShape) ExpectNormal(grad []float64, hess *mat.SymDense, mean []float64, cov mat.Symmetric) (float64, error) {
	checkLength(s.Dim(), grad, mean)
	value, g, h := s.expect(mean, cov.At(0, 0), cov.At(0, 1), cov.At(1, 1))
	copy(grad, g[:])
	if hess != nil {
		hess.SetSym(0, 0, h[0])
		hess.SetSym(0, 1, h[1])
		hess.SetSym(1, 1, h[2])
	}
	return value, nil
}

// ExpectDiagonal implements [NormalExpectation].
func (s PolynomialShape) ExpectDiagonal(grad, curvature, mean, variance []float64) (float64, error) {
	checkLength(s.Dim(), grad, mean)
	value, g, h := s.expect(mean, variance[0], 0, variance[1])
	copy(grad, g[:])
	if curvature != nil {
		curvature[0], curvature[1] = h[0], h[2]
	}
	return value, nil
}
