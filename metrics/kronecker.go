package metrics

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
)

// kronecker is K-FAC (Martens & Grosse, arXiv 1503.05671): the block of a layer
// is the Kronecker product
//
//	G ⊗ A,   G = w Σ g gᵀ,   A = (1/NT) Σ a aᵀ,   (G ⊗ A) vec V = vec(G V A),
//
// in place of the mean of the products g gᵀ ⊗ a aᵀ. It is the block itself for
// one datum, for linear networks with a Gaussian output, and where the inputs
// are the same for all examples. Over positions it is the "expand" form of
// Eschenhagen et al. (arXiv 2311.00636), for a convolution KFC (Grosse &
// Martens, arXiv 1602.01407). Np² + Rq² operations to build, (p³ + q³)/3 to
// factor, 2pq(p + q) to raise; p² + q² numbers.
type kronecker struct {
	*base
	layers []kronecked
	visits int  // number of At's
	moved  bool // whether the factors are newer than their inverses
	work   []float64
	swap   blas64.General
}

// kronecked is what K-FAC has of a layer.
type kronecked struct {
	offset, q, p, t int
	a, g            *symmetric
	spectrum        blas64.General
}

func newKronecker(b *base) (*kronecker, error) {
	k := &kronecker{base: b, work: make([]float64, b.n)}
	numbers := float64(b.n)
	for l := range b.model.Layers() {
		_, q, p, _, _ := b.model.Layer(l)
		numbers += 2 * (float64(p)*float64(p) + float64(q)*float64(q))
	}
	if err := b.needs(numbers, fmt.Sprintf("the Kronecker factors of %d layers", b.model.Layers())); err != nil {
		return nil, err
	}
	for l := range b.model.Layers() {
		offset, q, p, t, _ := b.model.Layer(l)
		k.layers = append(k.layers, kronecked{offset: offset, q: q, p: p, t: t, a: newSymmetric(p), g: newSymmetric(q)})
	}
	return k, nil
}

// At computes the factors.
func (k *kronecker) At(theta []float64) error {
	if err := k.model.At(theta); err != nil {
		return err
	}
	keep := min(k.settings.Average, 1-1/float64(k.visits+1))
	due := k.visits%max(k.settings.Interval, 1) == 0
	k.visits++
	for l := range k.layers {
		c := &k.layers[l]
		a := k.model.Inputs(l)
		k.ops.Gram(blas.Trans, (1-keep)/float64(a.Rows), a, keep, c.a.matrix, c.p)
	}
	for j := range k.moments.passes() {
		if err := k.moments.pass(j); err != nil {
			return err
		}
		beta := 1.0
		if j == 0 {
			beta = keep
		}
		for l := range k.layers {
			c := &k.layers[l]
			k.ops.Gram(blas.Trans, (1-keep)*k.moments.weight(), k.model.Cotangents(l), beta, c.g.matrix, c.q)
		}
	}
	k.moved = true
	k.stale = k.stale || due
	return nil
}

// SetDamping replaces λ, from the next inversion of the factors on.
func (k *kronecker) SetDamping(lambda float64) {
	k.damping.Value = lambda
	k.stale = k.stale || k.settings.Interval <= 1
}

// exact reports whether λ is added to the product rather than to its factors.
func (k *kronecker) exact() bool { return k.damping.Kind != "factored" && k.damping.Value > 0 }

func (k *kronecker) trace() float64 {
	t := 0.0
	for i := range k.layers {
		t += k.layers[i].a.trace() * k.layers[i].g.trace()
	}
	return t
}

// damp prepares the factors for the present λ.
func (k *kronecker) damp() error {
	if !k.stale {
		return nil
	}
	root := 0.0
	if k.damping.Kind == "factored" {
		root = math.Sqrt(k.damping.Value)
	}
	for i := range k.layers {
		c := &k.layers[i]
		// Factors of size 1 or of zeros have no scale of their own to balance.
		pi := math.Sqrt(c.a.trace() / float64(c.p) / (c.g.trace() / float64(c.q)))
		if !(pi > 0) || math.IsInf(pi, 1) {
			pi = 1
		}
		c.a.shift, c.g.shift = root*pi, root/pi
		for _, s := range []*symmetric{c.a, c.g} {
			if k.exact() {
				if s.decomposed && !k.moved {
					continue
				}
				s.changed()
				if err := s.decompose(&k.ops); err != nil {
					return err
				}
				continue
			}
			s.changed()
			if err := s.prepare(&k.ops); err != nil {
				return err
			}
		}
	}
	k.stale, k.moved = false, false
	return nil
}

// shift is what is added to the product of the factors.
func (k *kronecker) shift() float64 {
	if !k.exact() {
		return 0
	}
	return k.damping.shift(k.trace(), k.n)
}

// Raise stores G⁻¹VA⁻¹ of each layer, or its like in the eigenvectors of the
// factors where λ is added to their product.
func (k *kronecker) Raise(dst, covector []float64) error {
	if err := k.damp(); err != nil {
		return err
	}
	copy(dst, covector)
	k.diagnosis = Diagnosis{Dim: k.n}
	shift := k.shift()
	for i := range k.layers {
		c := &k.layers[i]
		v := part(dst, c.offset, c.q, c.p)
		if shift == 0 {
			k.diagnosis.Rank += c.a.rank() * c.g.rank()
			c.a.solveRight(v, &k.diagnosis, &k.ops)
			c.g.solveLeft(v, &k.diagnosis, &k.ops)
			continue
		}
		k.diagnosis.Rank += c.p * c.q
		k.rotate(c, v, func(r, s int) float64 {
			return 1 / (max(0, c.g.values[r])*max(0, c.a.values[s]) + shift)
		})
	}
	return nil
}

// rotate replaces V by U_G [(U_Gᵀ V U_A)∘f] U_Aᵀ.
func (k *kronecker) rotate(c *kronecked, v blas64.General, f func(r, s int) float64) {
	ua := blas64.General{Rows: c.p, Cols: c.p, Stride: c.p, Data: c.a.vectors}
	ug := blas64.General{Rows: c.q, Cols: c.q, Stride: c.q, Data: c.g.vectors}
	grow(&k.swap, c.q, c.p)
	k.ops.Gemm(blas.NoTrans, blas.NoTrans, 1, v, ua, 0, k.swap)
	k.ops.Gemm(blas.Trans, blas.NoTrans, 1, ug, k.swap, 0, v)
	for r := range c.q {
		for s := range c.p {
			v.Data[r*v.Stride+s] *= f(r, s)
		}
	}
	k.ops.Gemm(blas.NoTrans, blas.NoTrans, 1, ug, v, 0, k.swap)
	k.ops.Gemm(blas.NoTrans, blas.Trans, 1, k.swap, ua, 0, v)
}

// Lower stores GVA of each layer.
func (k *kronecker) Lower(dst, vector []float64) error {
	if err := k.damp(); err != nil {
		return err
	}
	copy(k.work, vector)
	shift := k.shift()
	for i := range k.layers {
		c := &k.layers[i]
		v, to := part(k.work, c.offset, c.q, c.p), part(dst, c.offset, c.q, c.p)
		grow(&k.swap, c.q, c.p)
		c.a.mulRight(k.swap, v)
		c.g.mulLeft(to, k.swap)
		k.ops.Add(2 * float64(c.p) * float64(c.q) * float64(c.p+c.q))
		for j := range to.Data {
			to.Data[j] += shift * v.Data[j]
		}
	}
	return nil
}

// Trace is tr M.
func (k *kronecker) Trace() (float64, error) {
	if err := k.damp(); err != nil {
		return 0, err
	}
	t := float64(k.n) * k.shift()
	for i := range k.layers {
		c := &k.layers[i]
		t += (c.a.trace() + float64(c.p)*c.a.shift) * (c.g.trace() + float64(c.q)*c.g.shift)
	}
	return t, nil
}

// LogDet is log det M.
func (k *kronecker) LogDet() (float64, error) {
	if err := k.damp(); err != nil {
		return 0, err
	}
	shift := k.shift()
	d := 0.0
	for i := range k.layers {
		c := &k.layers[i]
		if shift == 0 {
			d += float64(c.q)*c.a.logDet() + float64(c.p)*c.g.logDet()
			continue
		}
		for _, r := range c.g.values {
			for _, s := range c.a.values {
				d += math.Log(max(0, r)*max(0, s) + shift)
			}
		}
	}
	return d, nil
}

var _ Tensor = (*kronecker)(nil)

// eigenKronecker is EKFAC (George et al., arXiv 1806.03884): the eigenvectors
// U_G ⊗ U_A of K-FAC with the second moments
//
//	s_ij = w Σ (Σ_t (U_Gᵀg)_i (U_Aᵀa)_j)²
//
// of the gradients along them, which of all matrices with these eigenvectors is
// nearest to the block in Frobenius norm. It is not invariant under affine
// changes of a layer's activations, as K-FAC is.
type eigenKronecker struct {
	kronecker
	a []blas64.General // inputs in the eigenvectors, layer by layer
	// a² likewise, and g and g² of the present layer.
	squares []blas64.General
	g, g2   blas64.General
	row     []float64
}

func newEigenKronecker(b *base) (*eigenKronecker, error) {
	k, err := newKronecker(b)
	if err != nil {
		return nil, err
	}
	e := &eigenKronecker{kronecker: *k, row: make([]float64, widest(b.model))}
	e.a, e.squares = make([]blas64.General, len(k.layers)), make([]blas64.General, len(k.layers))
	for i := range e.layers {
		c := &e.layers[i]
		grow(&c.spectrum, c.q, c.p)
	}
	return e, nil
}

// At computes factors, eigenvectors and second moments: two sweeps of backward
// passes.
func (e *eigenKronecker) At(theta []float64) error {
	if err := e.kronecker.At(theta); err != nil {
		return err
	}
	for l := range e.layers {
		c := &e.layers[l]
		for _, s := range []*symmetric{c.a, c.g} {
			if err := s.decompose(&e.ops); err != nil {
				return err
			}
		}
		a := e.model.Inputs(l)
		grow(&e.a[l], a.Rows, c.p)
		e.ops.Gemm(blas.NoTrans, blas.NoTrans, 1, a, blas64.General{Rows: c.p, Cols: c.p, Stride: c.p, Data: c.a.vectors}, 0, e.a[l])
		if c.t == 1 {
			square(&e.squares[l], e.a[l])
		}
		clear(c.spectrum.Data)
	}
	w := e.moments.weight()
	for j := range e.moments.passes() {
		if err := e.moments.pass(j); err != nil {
			return err
		}
		for l := range e.layers {
			c := &e.layers[l]
			g := e.model.Cotangents(l)
			grow(&e.g, g.Rows, c.q)
			e.ops.Gemm(blas.NoTrans, blas.NoTrans, 1, g, blas64.General{Rows: c.q, Cols: c.q, Stride: c.q, Data: c.g.vectors}, 0, e.g)
			if c.t == 1 {
				square(&e.g2, e.g)
				e.ops.Gemm(blas.Trans, blas.NoTrans, w, e.g2, e.squares[l], 1, c.spectrum)
				continue
			}
			e.ops.Add(2 * float64(g.Rows) * float64(c.q) * float64(c.p))
			for u := range c.q {
				for i := range e.model.Examples() {
					unitRow(e.row[:c.p], e.a[l], e.g, i, c.t, u)
					for s, v := range e.row[:c.p] {
						c.spectrum.Data[u*c.p+s] += w * v * v
					}
				}
			}
		}
	}
	return nil
}

// Raise divides by s + λ in the eigenvectors.
func (e *eigenKronecker) Raise(dst, covector []float64) error {
	copy(dst, covector)
	e.diagnosis = Diagnosis{Dim: e.n}
	shift, floor := e.spread()
	for i := range e.layers {
		c := &e.layers[i]
		e.rotate(c, part(dst, c.offset, c.q, c.p), func(r, s int) float64 {
			w := c.spectrum.Data[r*c.p+s]
			if shift == 0 && !(w > floor) {
				e.diagnosis.Dropped = max(e.diagnosis.Dropped, w)
				return 0
			}
			e.diagnosis.Rank++
			return 1 / (w + shift)
		})
	}
	return nil
}

// spread is λ as it is added, and the second moment below which an undamped one
// is rounding.
func (e *eigenKronecker) spread() (shift, floor float64) {
	trace, top := 0.0, 0.0
	for i := range e.layers {
		for _, w := range e.layers[i].spectrum.Data {
			trace += w
			top = max(top, w)
		}
	}
	return e.damping.shift(trace, e.n), 4 * float64(e.n) * 0x1p-52 * top
}

// Lower multiplies by s + λ in the eigenvectors.
func (e *eigenKronecker) Lower(dst, vector []float64) error {
	copy(dst, vector)
	shift, _ := e.spread()
	for i := range e.layers {
		c := &e.layers[i]
		e.rotate(c, part(dst, c.offset, c.q, c.p), func(r, s int) float64 { return c.spectrum.Data[r*c.p+s] + shift })
	}
	return nil
}

// Trace is tr M.
func (e *eigenKronecker) Trace() (float64, error) {
	shift, _ := e.spread()
	t := float64(e.n) * shift
	for i := range e.layers {
		for _, w := range e.layers[i].spectrum.Data {
			t += w
		}
	}
	return t, nil
}

// LogDet is log det M.
func (e *eigenKronecker) LogDet() (float64, error) {
	shift, floor := e.spread()
	d := 0.0
	for i := range e.layers {
		for _, w := range e.layers[i].spectrum.Data {
			if shift == 0 && !(w > floor) {
				return math.Inf(-1), nil
			}
			d += math.Log(w + shift)
		}
	}
	return d, nil
}

var _ Tensor = (*eigenKronecker)(nil)
