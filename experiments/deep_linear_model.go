package experiments

import (
	"fmt"
	"math"

	"fisherflow/flow"
	"fisherflow/internal/cholesky"
	"fisherflow/manifold"
	"fisherflow/metrics"

	"gonum.org/v1/gonum/mat"
)

// square is a 3×3 matrix by rows.
type square [9]float64

func (a square) times(b square) (c square) {
	for i := range 3 {
		for j := range 3 {
			for k := range 3 {
				c[3*i+j] += a[3*i+k] * b[3*k+j]
			}
		}
	}
	return c
}

func (a square) transposed() (t square) {
	for i := range 3 {
		for j := range 3 {
			t[3*j+i] = a[3*i+j]
		}
	}
	return t
}

func (a square) minus(b square) (c square) {
	for i := range c {
		c[i] = a[i] - b[i]
	}
	return c
}

func (a square) det() float64 {
	return a[0]*(a[4]*a[8]-a[5]*a[7]) - a[1]*(a[3]*a[8]-a[5]*a[6]) + a[2]*(a[3]*a[7]-a[4]*a[6])
}

var unit = square{1, 0, 0, 0, 1, 0, 0, 0, 1}

// layers are W₁, W₂, W₃, one after the other by rows.
func layers(theta []float64) (w [3]square) {
	for k := range w {
		copy(w[k][:], theta[9*k:])
	}
	return w
}

// composed is W₃W₂W₁.
func composed(theta []float64) square {
	w := layers(theta)
	return w[2].times(w[1]).times(w[0])
}

// around are A and B in W = A W_k B for each layer k.
func around(theta []float64) (left, right [3]square) {
	w := layers(theta)
	left = [3]square{w[2].times(w[1]), w[2], unit}
	right = [3]square{unit, w[0], w[1].times(w[0])}
	return left, right
}

// A deepLinear network is the regression y = W₃W₂W₁x + N(0, I) on inputs of
// covariance Σ: 27 parameters for 9 identifiable ones, so that its Fisher matrix
// F = Jᵀ(I⊗Σ)J has rank 9, J = ∂vec W/∂θ.
type deepLinear struct {
	parameters
	covariance square
	root       square // lower Cholesky factor of the covariance
}

func newDeepLinear(covariance square) *deepLinear {
	f := &deepLinear{parameters: parameters{name: "deep linear network"}, covariance: covariance, root: covariance}
	for k := range 3 {
		for i := range 3 {
			for j := range 3 {
				f.names = append(f.names, fmt.Sprintf("W%d_%d%d", k+1, i+1, j+1))
			}
		}
	}
	if _, ok := cholesky.Factor(f.root[:], 3); !ok {
		panic("experiments: the covariance of the inputs is not positive definite")
	}
	f.root[1], f.root[2], f.root[5] = 0, 0, 0
	return f
}

// jacobian stores (I⊗R)ᵀJ, Σ = RRᵀ, of 9 rows and 27 columns: its square is F.
func (f *deepLinear) jacobian(dst *mat.Dense, theta []float64) {
	left, right := around(theta)
	for k := range 3 {
		b := right[k].times(f.root)
		for i := range 3 {
			for j := range 3 {
				for p := range 3 {
					for q := range 3 {
						dst.Set(3*i+j, 9*k+3*p+q, left[k][3*i+p]*b[3*q+j])
					}
				}
			}
		}
	}
}

// Fisher fills dst with F.
func (f *deepLinear) Fisher(dst *mat.SymDense, theta []float64) error {
	j := mat.NewDense(9, 27, nil)
	f.jacobian(j, theta)
	dst.SymOuterK(1, j.T())
	return nil
}

// FisherMetric is F with its pseudo-inverse.
func (f *deepLinear) FisherMetric() manifold.Metric {
	return &pseudoInverse{family: f, jacobian: mat.NewDense(9, 27, nil)}
}

var (
	_ manifold.Fisherer         = (*deepLinear)(nil)
	_ manifold.StructuredFisher = (*deepLinear)(nil)
	_ flow.Loss                 = (*regression)(nil)
)

// regression is L = ½ tr(EΣEᵀ), E = W₃W₂W₁ − W*.
type regression struct {
	family *deepLinear
	target square

	value    float64
	gradient [27]float64
}

func (l *regression) Name() string { return "squared error" }

func (l *regression) At(theta []float64) error {
	e := composed(theta).minus(l.target)
	slope := e.times(l.family.covariance)
	l.value = 0
	for i, x := range e {
		l.value += x * slope[i] / 2
	}
	left, right := around(theta)
	for k := range 3 {
		g := left[k].transposed().times(slope).times(right[k].transposed())
		copy(l.gradient[9*k:], g[:])
	}
	return nil
}

func (l *regression) Value() float64 { return l.value }

// Magnitude allows for the subtraction of the target.
func (l *regression) Magnitude() float64 {
	return l.value + math.Sqrt(l.value)*math.Sqrt(inner(l.target[:], l.target[:]))
}
func (l *regression) Gradient(dst []float64) { copy(dst, l.gradient[:]) }
func (l *regression) Clone() flow.Loss       { return &regression{family: l.family, target: l.target} }

// cutOff is the eigenvalue, as a fraction of the largest, under which a
// pseudo-inverse takes a direction to be one that changes nothing.
const cutOff = 1e-10

// pseudoInverse raises with F⁺ = KᵀVΛ⁻²VᵀK, K = (I⊗R)ᵀJ, KKᵀ = VΛVᵀ.
type pseudoInverse struct {
	family   *deepLinear
	jacobian *mat.Dense
	values   [9]float64
	vectors  mat.Dense
}

func (m *pseudoInverse) Dim() int { return 27 }

func (m *pseudoInverse) At(theta []float64) error {
	m.family.jacobian(m.jacobian, theta)
	kernel := mat.NewSymDense(9, nil)
	kernel.SymOuterK(1, m.jacobian)
	var e mat.EigenSym
	if !e.Factorize(kernel, true) {
		return fmt.Errorf("the Fisher matrix has no eigenvalues: %w", manifold.ErrDomain)
	}
	e.Values(m.values[:])
	e.VectorsTo(&m.vectors)
	return nil
}

func (m *pseudoInverse) Raise(dst, covector []float64) error {
	var c, v, out mat.VecDense
	c.MulVec(m.jacobian, mat.NewVecDense(27, covector))
	v.MulVec(m.vectors.T(), &c)
	for i, l := range m.values {
		scale := 0.0
		if l > cutOff*m.values[8] {
			scale = 1 / l / l
		}
		v.SetVec(i, v.AtVec(i)*scale)
	}
	c.MulVec(&m.vectors, &v)
	out.MulVec(m.jacobian.T(), &c)
	copy(dst, out.RawVector().Data)
	return nil
}

func (m *pseudoInverse) Lower(dst, vector []float64) error {
	var c, v mat.VecDense
	c.MulVec(m.jacobian, mat.NewVecDense(27, vector))
	v.MulVec(m.jacobian.T(), &c)
	copy(dst, v.RawVector().Data)
	return nil
}

// layerWise is three times the block-diagonal part of F, one block a layer:
// 3AᵀA ⊗ BΣBᵀ with W = A W_k B. It has an inverse as long as the layers have.
type layerWise struct {
	family      *deepLinear
	left, right [3]square // AᵀA and BΣBᵀ
	roots       [2][3]square
}

func (m *layerWise) Dim() int { return 27 }

// singularLayer is the pivot of a factorisation, as a fraction of the diagonal,
// under which a layer's Fisher block has lost half of its digits.
const singularLayer = 1e-8

func (m *layerWise) At(theta []float64) error {
	left, right := around(theta)
	for k := range 3 {
		m.left[k] = left[k].transposed().times(left[k])
		m.right[k] = right[k].times(m.family.covariance).times(right[k].transposed())
		for side, g := range [2]square{m.left[k], m.right[k]} {
			root := g
			_, ok := cholesky.Factor(root[:], 3)
			for i := range 3 {
				ok = ok && root[4*i]*root[4*i] > singularLayer*g[4*i]
			}
			if !ok {
				return fmt.Errorf("the layers around layer %d are singular there, det W = %.2g: its Fisher block has no inverse: %w",
					k+1, composed(theta).det(), manifold.ErrDomain)
			}
			m.roots[side][k] = root
		}
	}
	return nil
}

func (m *layerWise) Raise(dst, covector []float64) error {
	for k := range 3 {
		var g square
		copy(g[:], covector[9*k:])
		// (AᵀA)⁻¹ g (BΣBᵀ)⁻¹, column by column and row by row.
		t := g.transposed()
		for i := range 3 {
			cholesky.Solve(m.roots[0][k][:], 3, t[3*i:3*i+3])
		}
		g = t.transposed()
		for i := range 3 {
			cholesky.Solve(m.roots[1][k][:], 3, g[3*i:3*i+3])
		}
		for i, x := range g {
			dst[9*k+i] = x / 3
		}
	}
	return nil
}

func (m *layerWise) Lower(dst, vector []float64) error {
	for k := range 3 {
		var v square
		copy(v[:], vector[9*k:])
		for i, x := range m.left[k].times(v).times(m.right[k]) {
			dst[9*k+i] = 3 * x
		}
	}
	return nil
}

func layerWiseMaker(f *deepLinear) metrics.Maker {
	return func(*manifold.View) (manifold.Metric, error) { return &layerWise{family: f}, nil }
}
