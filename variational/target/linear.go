package target

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Linear is regression with normal errors of unknown scale, z = (β, ln σ); see
// [LinearGaussian]. [Regression] makes it.
type Linear struct {
	coordinateSet
	n, p int // data, coefficients
	rss  float64
	// upper is R of the QR factorisation X = QR, by rows, gram RᵀR.
	upper    []float64
	estimate []float64
	gram     *mat.SymDense

	delta, rotated []float64 // workspace
}

var (
	_ LinearGaussian = (*Linear)(nil)
	_ Hessian        = (*Linear)(nil)
	_ Cloner         = (*Linear)(nil)
	_ Named          = (*Linear)(nil)
)

func newLinear(set coordinateSet, x design, y []float64) (*Linear, error) {
	n, p := x.n, x.d
	t := &Linear{coordinateSet: set, n: n, p: p, upper: make([]float64, p*p), estimate: make([]float64, p), gram: mat.NewSymDense(p, nil)}
	// With fewer rows than columns rows of zeros change nothing.
	rows := max(n, p)
	full := mat.NewDense(rows, p, nil)
	scratch := make([]float64, p)
	for i := range n {
		full.SetRow(i, x.row(scratch, i))
	}
	// Columns enter with unit norm, so that the rank is not one of units.
	scale := make([]float64, p)
	for j := range p {
		if scale[j] = mat.Norm(full.ColView(j), 2); scale[j] == 0 {
			scale[j] = 1
		}
		for i := range n {
			full.Set(i, j, full.At(i, j)/scale[j])
		}
	}
	response := mat.NewVecDense(rows, nil)
	for i, v := range y {
		response.SetVec(i, v)
	}
	var qr mat.QR
	qr.Factorize(full)
	var upper, solution mat.Dense
	qr.RTo(&upper)
	if err := qr.SolveTo(&solution, false, response); err != nil && !solvable(&upper) {
		// Columns that depend on others are a matter of the priors; the least
		// squares solution of least norm serves.
		var svd mat.SVD
		if !svd.Factorize(full, mat.SVDThin) {
			return nil, fmt.Errorf("the singular values of the predictors cannot be found")
		}
		svd.SolveTo(&solution, response, svd.Rank(1e-12))
	}
	residual := mat.NewVecDense(rows, nil)
	residual.MulVec(full, solution.ColView(0))
	residual.SubVec(response, residual)
	t.rss = mat.Dot(residual, residual)
	for i := range p {
		t.estimate[i] = solution.At(i, 0) / scale[i]
		for j := i; j < p; j++ {
			t.upper[i*p+j] = upper.At(i, j) * scale[j]
		}
	}
	for i := range p {
		for j := i; j < p; j++ {
			s := 0.0
			for k := range i + 1 {
				s += t.upper[k*p+i] * t.upper[k*p+j]
			}
			t.gram.SetSym(i, j, s)
		}
	}
	if _, flat := set[p].prior.(Flat); flat {
		free := 0
		for _, c := range set[:p] {
			if _, ok := c.prior.(Flat); ok {
				free++
			}
		}
		// The likelihood left for σ falls as σ^(free−n), which must be
		// integrable at infinity under the flat prior on σ.
		if n-free < 2 {
			return nil, fmt.Errorf("%w: %d rows and %d coefficients with flat priors leave σ with a flat prior undetermined; give sigma or the coefficients priors", ErrImproper, n, free)
		}
	}
	if t.rss <= 1e-24*mat.Dot(response, response) {
		return nil, fmt.Errorf("%w: the predictors fit the response exactly, so that the likelihood is unbounded as σ → 0; use fewer predictors or more rows", ErrImproper)
	}
	return t.Clone().(*Linear), nil
}

func solvable(upper *mat.Dense) bool {
	_, p := upper.Dims()
	for i := range p {
		if math.Abs(upper.At(i, i)) < 1e-13 {
			return false
		}
	}
	return true
}

// Clone implements [Cloner].
func (t *Linear) Clone() Target {
	c := *t
	c.delta, c.rotated = make([]float64, t.p), make([]float64, t.p)
	return &c
}

// Dim is the number of coefficients and one.
func (t *Linear) Dim() int { return t.p + 1 }

// Sufficient implements [LinearGaussian].
func (t *Linear) Sufficient() (n int, rss float64, estimate []float64, gram *mat.SymDense) {
	return t.n, t.rss, t.estimate, t.gram
}

// square returns |y − Xβ|² for β = mean − 2 shift and leaves XᵀX(β − β̂) in
// delta. Shift may be nil.
func (t *Linear) square(mean []float64, shift func(i int) float64) float64 {
	p := t.p
	for i := range p {
		t.delta[i] = mean[i] - t.estimate[i]
		if shift != nil {
			t.delta[i] -= 2 * shift(i)
		}
	}
	s := t.rss
	for i := range p {
		v := 0.0
		for j := i; j < p; j++ {
			v += t.upper[i*p+j] * t.delta[j]
		}
		t.rotated[i] = v
		s += v * v
	}
	for j := range p {
		v := 0.0
		for i := range j + 1 {
			v += t.upper[i*p+j] * t.rotated[i]
		}
		t.delta[j] = v
	}
	return s
}

// LogDensity implements [Target].
func (t *Linear) LogDensity(grad, z []float64) (float64, error) {
	checkLength(t.Dim(), grad, z)
	u := z[t.p]
	square := t.square(z, nil)
	w := math.Exp(-2 * u)
	n := float64(t.n)
	value := -n*lnSqrt2Pi - n*u - w*square/2
	if grad != nil {
		for i, v := range t.delta {
			grad[i] = -w * v
		}
		grad[t.p] = w*square - n
	}
	return value + t.add(grad, z), nil
}

// Hessian implements [Hessian].
func (t *Linear) Hessian(dst *mat.SymDense, z []float64) error {
	checkLength(t.Dim(), nil, z)
	w := math.Exp(-2 * z[t.p])
	square := t.square(z, nil)
	for i := range t.p {
		for j := i; j < t.p; j++ {
			dst.SetSym(i, j, -w*t.gram.At(i, j))
		}
		dst.SetSym(i, t.p, 2*w*t.delta[i])
	}
	dst.SetSym(t.p, t.p, -2*w*square)
	for j := range t.coordinateSet {
		_, _, c := t.coordinateSet[j].at(z[j])
		dst.SetSym(j, j, dst.At(j, j)+c)
	}
	return nil
}

// trace is tr(XᵀX C) as Σ |rows of R in C|.
func (t *Linear) trace(cov mat.Symmetric) float64 {
	p, s := t.p, 0.0
	for k := range p {
		for i := k; i < p; i++ {
			v := 0.0
			for j := k; j < p; j++ {
				v += cov.At(i, j) * t.upper[k*p+j]
			}
			s += t.upper[k*p+i] * v
		}
	}
	return s
}

// ExpectNormal implements [NormalExpectation].
func (t *Linear) ExpectNormal(grad []float64, hess *mat.SymDense, mean []float64, cov mat.Symmetric) (float64, error) {
	checkLength(t.Dim(), grad, mean)
	p := t.p
	v := cov.At(p, p)
	w := math.Exp(-2*mean[p] + 2*v)
	square := t.square(mean, func(i int) float64 { return cov.At(i, p) })
	square += t.trace(cov)
	n := float64(t.n)
	value := -n*lnSqrt2Pi - n*mean[p] - w*square/2
	if grad != nil {
		for i, g := range t.delta {
			grad[i] = -w * g
		}
		grad[p] = w*square - n
	}
	if hess != nil {
		for i := range p {
			for j := i; j < p; j++ {
				hess.SetSym(i, j, -w*t.gram.At(i, j))
			}
			hess.SetSym(i, p, 2*w*t.delta[i])
		}
		hess.SetSym(p, p, -2*w*square)
	}
	for j := range t.coordinateSet {
		a, b, c := t.coordinateSet[j].expect(mean[j], cov.At(j, j))
		value += a
		if grad != nil {
			grad[j] += b
		}
		if hess != nil {
			hess.SetSym(j, j, hess.At(j, j)+c)
		}
	}
	return value, nil
}

// ExpectDiagonal implements [NormalExpectation].
func (t *Linear) ExpectDiagonal(grad, curvature, mean, variance []float64) (float64, error) {
	checkLength(t.Dim(), grad, mean)
	p := t.p
	w := math.Exp(-2*mean[p] + 2*variance[p])
	square := t.square(mean, nil)
	for i := range p {
		square += t.gram.At(i, i) * variance[i]
	}
	n := float64(t.n)
	value := -n*lnSqrt2Pi - n*mean[p] - w*square/2
	for i, g := range t.delta {
		if grad != nil {
			grad[i] = -w * g
		}
		if curvature != nil {
			curvature[i] = -w * t.gram.At(i, i)
		}
	}
	if grad != nil {
		grad[p] = w*square - n
	}
	if curvature != nil {
		curvature[p] = -2 * w * square
	}
	return value + t.expectDiagonal(grad, curvature, mean, variance), nil
}

// expectDiagonal adds the expectations of the coordinates' own terms.
func (s coordinateSet) expectDiagonal(grad, curvature, mean, variance []float64) (value float64) {
	for j := range s {
		a, b, c := s[j].expect(mean[j], variance[j])
		value += a
		if grad != nil {
			grad[j] += b
		}
		if curvature != nil {
			curvature[j] += c
		}
	}
	return value
}

func checkLength(d int, grad, z []float64) {
	if len(z) != d || grad != nil && len(grad) != d {
		panic(fmt.Sprintf("target: lengths %d and %d of a point and its gradient in %d dimensions", len(z), len(grad), d))
	}
}
