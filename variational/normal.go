package variational

import (
	"errors"
	"fmt"
	"math"

	"fisherflow/internal/cholesky"
	"fisherflow/manifold"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack/lapack64"
	"gonum.org/v1/gonum/mat"
)

// halfLog2PiE is the entropy of the standard normal, ½ log 2πe.
const halfLog2PiE = 1.4189385332046727

// normal is q = N(m, C) with C = AAᵀ at a point of its family's source
// coordinates, and gathers the derivatives of an expectation E_q[f] there: from
// nodes z = m + Aε, or as a symmetric S = ∂E/∂C.
type normal interface {
	// dim is that of z.
	dim() int
	at(theta []float64) error
	mean() []float64
	// point stores z = m + Aε.
	point(z, eps []float64)
	// spread is xᵀCx.
	spread(x []float64) float64
	// variance is C_jj.
	variance(j int) float64
	// covariance stores C.
	covariance(dst *mat.SymDense)
	entropy() float64

	reset()
	// node adds w·g, g = ∇f(z), at the node ε.
	node(w float64, g, eps []float64)
	// outer adds w·xxᵀ to S.
	outer(w float64, x []float64)
	// shift adds w·x to ∂E/∂m.
	shift(w float64, x []float64)
	// single adds g to ∂E/∂m_j and s to S_jj.
	single(j int, g, s float64)
	// symmetric adds s to S.
	symmetric(s *mat.SymDense)
	// gradient stores the differential of −E_q[f] − H(q) in source coordinates.
	gradient(dst []float64)
	// derivatives stores ∂E/∂m and, where s is not nil, S = ∂E/∂C, restricted
	// to what the family's covariance leaves free.
	derivatives(g []float64, s *mat.SymDense)

	// move stores in dst, in source coordinates, the point that a step of a rule
	// leads to, given the derivatives; speed is ‖dL‖ in the Fisher metric.
	move(dst []float64, rule StepRule, rate float64) error
	speed() float64
	// place stores q's source coordinates for a mean and standard deviations.
	place(dst, mean, sd []float64)

	clone() normal
}

// newNormal returns q of a family of normals.
func newNormal(family manifold.Family) (normal, error) {
	switch f := family.(type) {
	case manifold.MultivariateNormal:
		d := f.Dimension
		if d == 0 {
			d = 2
		}
		return newBlocks(d), nil
	case manifold.DiagonalNormal:
		d := f.Dimension
		if d == 0 {
			d = 2
		}
		return newDiagonal(d), nil
	case interface{ Factors() []manifold.Family }:
		var sizes []int
		for _, factor := range f.Factors() {
			n, ok := factor.(manifold.MultivariateNormal)
			if !ok {
				return nil, fmt.Errorf("a product with a factor %s is no family of normals: %w", factor.Name(), errors.ErrUnsupported)
			}
			sizes = append(sizes, n.ObservationDim())
		}
		return newBlocks(sizes...), nil
	}
	return nil, fmt.Errorf("%s is no family of normals: %w", family.Name(), errors.ErrUnsupported)
}

// blocks is a normal with independent blocks of full covariance, each in
// source coordinates (m, vech C); with one block it is the full normal.
type blocks struct {
	sizes []int
	part  []*block
	m, g  []float64
}

type block struct {
	k, from, at int // size, first variable, first coordinate
	l           []float64
	bar, s      []float64 // ∂E/∂L and ∂E/∂C, lower triangles
	t, u, v, w  []float64
	noded       bool
}

func newBlocks(sizes ...int) *blocks {
	b := &blocks{sizes: sizes}
	d, at := 0, 0
	for _, k := range sizes {
		square := func() []float64 { return make([]float64, k*k) }
		b.part = append(b.part, &block{k: k, from: d, at: at, l: square(), bar: square(), s: square(), t: square(), u: square(), v: square()})
		d += k
		at += k + k*(k+1)/2
	}
	b.m, b.g = make([]float64, d), make([]float64, d)
	return b
}

func (b *blocks) clone() normal   { return newBlocks(b.sizes...) }
func (b *blocks) dim() int        { return len(b.m) }
func (b *blocks) mean() []float64 { return b.m }

func (b *blocks) at(theta []float64) error {
	for _, p := range b.part {
		copy(b.m[p.from:p.from+p.k], theta[p.at:])
		packed, n := theta[p.at+p.k:], 0
		for i := range p.k {
			n += copy(p.l[i*p.k:i*p.k+i+1], packed[n:])
		}
		if pivot, ok := cholesky.Factor(p.l, p.k); !ok {
			return &manifold.DomainError{
				Family: "multivariate-normal", Coordinate: fmt.Sprintf("pivot %d of matrix S", p.from+pivot+1), Value: p.l[pivot*p.k+pivot],
				Want: "must be positive: the matrix is not positive definite",
			}
		}
	}
	return nil
}

func (b *blocks) point(z, eps []float64) {
	for _, p := range b.part {
		for i := range p.k {
			s := b.m[p.from+i]
			for j, l := range p.l[i*p.k : i*p.k+i+1] {
				s += l * eps[p.from+j]
			}
			z[p.from+i] = s
		}
	}
}

func (b *blocks) spread(x []float64) float64 {
	sum := 0.0
	for _, p := range b.part {
		for j := range p.k {
			s := 0.0
			for i := j; i < p.k; i++ {
				s += p.l[i*p.k+j] * x[p.from+i]
			}
			sum += s * s
		}
	}
	return sum
}

func (b *blocks) variance(j int) float64 {
	p := b.holding(j)
	i, sum := j-p.from, 0.0
	for _, l := range p.l[i*p.k : i*p.k+i+1] {
		sum += l * l
	}
	return sum
}

// holding is the block of variable j.
func (b *blocks) holding(j int) *block {
	for _, p := range b.part {
		if j < p.from+p.k {
			return p
		}
	}
	panic("variational: no such variable")
}

func (b *blocks) covariance(dst *mat.SymDense) {
	dst.Zero()
	for _, p := range b.part {
		for i := range p.k {
			for j := 0; j <= i; j++ {
				s := 0.0
				for k := 0; k <= j; k++ {
					s += p.l[i*p.k+k] * p.l[j*p.k+k]
				}
				dst.SetSym(p.from+i, p.from+j, s)
			}
		}
	}
}

func (b *blocks) entropy() float64 {
	h := float64(len(b.m)) * halfLog2PiE
	for _, p := range b.part {
		h += cholesky.LogDet(p.l, p.k) / 2
	}
	return h
}

func (b *blocks) reset() {
	clear(b.g)
	for _, p := range b.part {
		clear(p.bar)
		clear(p.s)
		p.noded = false
	}
}

func (b *blocks) node(w float64, g, eps []float64) {
	for _, p := range b.part {
		p.noded = true
		for i := range p.k {
			v := w * g[p.from+i]
			b.g[p.from+i] += v
			row := p.bar[i*p.k : i*p.k+i+1]
			for j := range row {
				row[j] += v * eps[p.from+j]
			}
		}
	}
}

func (b *blocks) outer(w float64, x []float64) {
	for _, p := range b.part {
		for i := range p.k {
			v := w * x[p.from+i]
			if v == 0 {
				continue
			}
			row := p.s[i*p.k : i*p.k+i+1]
			for j := range row {
				row[j] += v * x[p.from+j]
			}
		}
	}
}

func (b *blocks) shift(w float64, x []float64) {
	for i, v := range x {
		b.g[i] += w * v
	}
}

func (b *blocks) single(j int, g, s float64) {
	p := b.holding(j)
	b.g[j] += g
	p.s[(j-p.from)*(p.k+1)] += s
}

func (b *blocks) symmetric(s *mat.SymDense) {
	for _, p := range b.part {
		for i := range p.k {
			for j := 0; j <= i; j++ {
				p.s[i*p.k+j] += s.At(p.from+i, p.from+j)
			}
		}
	}
}

// invertLower stores the inverse of a lower triangular matrix, with zeros above.
func invertLower(dst, l []float64, n int) {
	const blocked = 24
	if n < blocked {
		cholesky.Invert(dst, l, n)
		return
	}
	for i := range n {
		copy(dst[i*n:i*n+i+1], l[i*n:i*n+i+1])
		clear(dst[i*n+i+1 : i*n+n])
	}
	lapack64.Trtri(blas64.Triangular{N: n, Stride: n, Data: dst, Uplo: blas.Lower, Diag: blas.NonUnit})
}

// whole stores S + (½ entropy) C⁻¹ of a block in p.u, both triangles.
//
// From ∂E/∂L = L̄ it is S = L⁻ᵀTL⁻¹ with T_ij = T_ji = ½(LᵀL̄)_ij, i ≥ j: the
// reverse of L = chol(C) (Murray, arXiv:1602.07527).
func (p *block) whole(entropy float64) {
	k := p.k
	general := func(a []float64) blas64.General { return blas64.General{Rows: k, Cols: k, Stride: k, Data: a} }
	clear(p.t)
	if p.noded {
		for i := range k {
			for j := 0; j <= i; j++ {
				s := 0.0
				for r := i; r < k; r++ {
					s += p.l[r*k+i] * p.bar[r*k+j]
				}
				p.t[i*k+j], p.t[j*k+i] = s/2, s/2
			}
		}
	}
	for i := range k {
		p.t[i*k+i] += entropy / 2
	}
	invertLower(p.v, p.l, k)
	if p.noded {
		blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, general(p.t), general(p.v), 0, general(p.u))
		blas64.Gemm(blas.Trans, blas.NoTrans, 1, general(p.v), general(p.u), 0, general(p.t))
	} else if entropy != 0 {
		blas64.Gemm(blas.Trans, blas.NoTrans, entropy/2, general(p.v), general(p.v), 0, general(p.t))
	}
	for i := range k {
		for j := 0; j <= i; j++ {
			s := (p.t[i*k+j]+p.t[j*k+i])/2 + p.s[i*k+j]
			p.u[i*k+j], p.u[j*k+i] = s, s
		}
	}
}

func (b *blocks) gradient(dst []float64) {
	for _, p := range b.part {
		for i := range p.k {
			dst[p.at+i] = -b.g[p.from+i]
		}
		p.whole(1)
		n := p.at + p.k
		for i := range p.k {
			for j := range i {
				dst[n] = -2 * p.u[i*p.k+j]
				n++
			}
			dst[n] = -p.u[i*p.k+i]
			n++
		}
	}
}

func (b *blocks) derivatives(g []float64, s *mat.SymDense) {
	copy(g, b.g)
	if s == nil {
		return
	}
	s.Zero()
	for _, p := range b.part {
		p.whole(0)
		for i := range p.k {
			for j := 0; j <= i; j++ {
				s.SetSym(p.from+i, p.from+j, p.u[i*p.k+j])
			}
		}
	}
}

// diagonal is a normal with independent coordinates, (m, σ).
type diagonal struct {
	m, sigma []float64
	g, bar   []float64 // ∂E/∂m and ∂E/∂σ
}

func newDiagonal(d int) *diagonal {
	s := make([]float64, 4*d)
	return &diagonal{m: s[:d], sigma: s[d : 2*d], g: s[2*d : 3*d], bar: s[3*d:]}
}

func (q *diagonal) clone() normal   { return newDiagonal(len(q.m)) }
func (q *diagonal) dim() int        { return len(q.m) }
func (q *diagonal) mean() []float64 { return q.m }

func (q *diagonal) at(theta []float64) error {
	copy(q.m, theta)
	copy(q.sigma, theta[len(q.m):])
	for i, s := range q.sigma {
		if !(s > 0) || math.IsInf(s, 1) {
			return &manifold.DomainError{Family: "diagonal-normal", Coordinate: fmt.Sprintf("s%d", i+1), Value: s, Want: "must be positive and finite"}
		}
	}
	return nil
}

func (q *diagonal) point(z, eps []float64) {
	for i, m := range q.m {
		z[i] = m + q.sigma[i]*eps[i]
	}
}

func (q *diagonal) spread(x []float64) float64 {
	s := 0.0
	for i, v := range x {
		v *= q.sigma[i]
		s += v * v
	}
	return s
}

func (q *diagonal) variance(j int) float64 { return q.sigma[j] * q.sigma[j] }

func (q *diagonal) covariance(dst *mat.SymDense) {
	dst.Zero()
	for i, s := range q.sigma {
		dst.SetSym(i, i, s*s)
	}
}

func (q *diagonal) entropy() float64 {
	h := 0.0
	for _, s := range q.sigma {
		h += halfLog2PiE + math.Log(s)
	}
	return h
}

func (q *diagonal) reset() {
	clear(q.g)
	clear(q.bar)
}

func (q *diagonal) node(w float64, g, eps []float64) {
	for i, v := range g {
		v *= w
		q.g[i] += v
		q.bar[i] += v * eps[i]
	}
}

func (q *diagonal) outer(w float64, x []float64) {
	for i, v := range x {
		q.bar[i] += 2 * w * v * v * q.sigma[i]
	}
}

func (q *diagonal) shift(w float64, x []float64) {
	for i, v := range x {
		q.g[i] += w * v
	}
}

func (q *diagonal) single(j int, g, s float64) {
	q.g[j] += g
	q.bar[j] += 2 * s * q.sigma[j]
}

func (q *diagonal) symmetric(s *mat.SymDense) {
	for i := range q.bar {
		q.bar[i] += 2 * s.At(i, i) * q.sigma[i]
	}
}

func (q *diagonal) gradient(dst []float64) {
	d := len(q.m)
	for i := range d {
		dst[i] = -q.g[i]
		dst[d+i] = -q.bar[i] - 1/q.sigma[i]
	}
}

func (q *diagonal) derivatives(g []float64, s *mat.SymDense) {
	copy(g, q.g)
	if s == nil {
		return
	}
	s.Zero()
	for i, b := range q.bar {
		s.SetSym(i, i, b/(2*q.sigma[i]))
	}
}
