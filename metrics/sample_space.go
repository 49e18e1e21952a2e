package metrics

import (
	"math"

	"gonum.org/v1/gonum/blas/blas64"
)

// sampleSpace is the Fisher matrix itself, F̂ = UᵀU, inverted by way of the Gram
// matrix K = UUᵀ of its R rows. A covector c = Uᵀb' is raised by the
// push-through identity
//
//	(F̂ + λI)⁻¹ Uᵀb' = Uᵀ(K + λI)⁻¹ b',
//
// which loses no digits however small λ, zero included, where it is F̂⁺. The
// gradient of the model's own loss has b' = b/√N without a solution; a general
// covector is split, c = Uᵀb' + c⊥, and c⊥ divided by λ. (The form of Woodbury,
// (c − Uᵀ(K + λI)⁻¹Uc)/λ, cancels for small λ.) R³/3 operations to factor, R²
// numbers: for R < n. With R > n, where b' has a part that Uᵀ maps to zero and
// that (K + λI)⁻¹ would magnify, K is decomposed, at 9R³, and that part dropped.
type sampleSpace struct {
	*base
	gram
	gradient, perpendicular []float64
	b, x                    []float64
	roots                   blas64.General
	// What splits a general covector: K undamped and decomposed.
	plain *symmetric
	// built says that K is that of the present point: products alone do
	// without it.
	built bool
}

func newSampleSpace(b *base) (*sampleSpace, error) {
	if err := b.needs(b.gramSize(), "the Gram matrix of the examples' gradients"); err != nil {
		return nil, err
	}
	return &sampleSpace{base: b, gradient: make([]float64, b.n), perpendicular: make([]float64, b.n)}, nil
}

func (s *sampleSpace) Dim() int { return s.base.n }

// At collects the cotangents of U. K is built when it is first asked for.
func (s *sampleSpace) At(theta []float64) error {
	if err := s.model.At(theta); err != nil {
		return err
	}
	if err := s.collect(&s.moments, nil); err != nil {
		return err
	}
	s.built, s.stale = false, true
	return nil
}

// ready builds K and applies the damping to it.
func (s *sampleSpace) ready() error {
	if s.built {
		s.damp()
		return nil
	}
	if err := s.build(s.base); err != nil {
		return err
	}
	s.built = true
	if r := s.rows(); len(s.b) != r {
		s.b = make([]float64, r)
		s.plain = nil
	}
	if s.plain != nil {
		s.plain.changed()
	}
	s.stale = true
	s.damp()
	return nil
}

func (s *sampleSpace) damp() {
	if s.stale {
		s.shift = s.damping.shift(s.symmetric.trace(), s.base.n)
		s.changed()
		s.stale = false
	}
}

// own stores b' of the gradient, if the covector is it and b' is known.
func (s *sampleSpace) own(covector []float64) bool {
	if s.moments.kind == "monte-carlo" || s.moments.kind == "ggn" {
		return false
	}
	s.model.Gradient(s.gradient)
	for i, v := range covector {
		if v != s.gradient[i] {
			return false
		}
	}
	n := s.model.Examples()
	inverse := 1 / math.Sqrt(float64(n))
	if s.moments.kind == "empirical" {
		for i := range s.b {
			s.b[i] = inverse
		}
		return true
	}
	grow(&s.roots, n, s.passes)
	s.model.Roots(s.roots)
	for i := range n {
		for j := range s.passes {
			s.b[j*n+i] = inverse * s.roots.Data[i*s.passes+j]
		}
	}
	return true
}

// factorise prepares K + λI.
func (s *sampleSpace) factorise() error {
	s.kernel = s.rows() > s.base.n
	if !s.kernel {
		return s.prepare(&s.ops)
	}
	if s.decomposed {
		return nil
	}
	s.factored = false
	return s.decompose(&s.ops)
}

// Raise stores (F̂ + λI)⁻¹c, or F̂⁺c.
func (s *sampleSpace) Raise(dst, covector []float64) error {
	if err := s.ready(); err != nil {
		return err
	}
	s.diagnosis = Diagnosis{}
	cutoff := s.settings.Cutoff
	if s.own(covector) {
		if err := s.factorise(); err != nil {
			return err
		}
		s.symmetric.solve(s.b, cutoff, false, &s.diagnosis, &s.ops)
		s.mulTrans(dst, s.b)
		return nil
	}
	// b' = K⁺Uc, where Uᵀb' is the part of c in the range of F̂.
	if s.plain == nil {
		s.plain = newSymmetric(s.rows())
	}
	p := s.plain
	if !p.decomposed {
		copy(p.matrix, s.matrix)
		if err := p.decompose(&s.ops); err != nil {
			return err
		}
	}
	s.root.mul(s.b, covector)
	p.shift = 0
	p.solve(s.b, cutoff, true, &s.diagnosis, &s.ops)
	if s.shift == 0 {
		var second Diagnosis
		p.solve(s.b, 0, true, &second, &s.ops)
		s.mulTrans(dst, s.b)
		return nil
	}
	copy(s.perpendicular, covector)
	s.mulTrans(s.gradient, s.b)
	for i, v := range s.gradient {
		s.perpendicular[i] -= v
	}
	p.shift = s.shift
	s.diagnosis = Diagnosis{}
	p.solve(s.b, cutoff, true, &s.diagnosis, &s.ops)
	p.shift = 0
	s.mulTrans(s.gradient, s.b)
	for i, v := range s.gradient {
		dst[i] = v + s.perpendicular[i]/s.shift
	}
	return nil
}

// Lower stores UᵀUv + λv.
func (s *sampleSpace) Lower(dst, vector []float64) error {
	shift := s.damping.shift(0, s.base.n)
	if s.damping.Kind == "relative" && s.damping.Value > 0 {
		if err := s.ready(); err != nil {
			return err
		}
		shift = s.shift
	}
	if len(s.x) != s.rows() {
		s.x = make([]float64, s.rows())
	}
	copy(s.perpendicular, vector)
	s.root.mul(s.x, vector)
	s.mulTrans(dst, s.x)
	for i, v := range s.perpendicular {
		dst[i] += shift * v
	}
	return nil
}

// Trace is tr K + nλ.
func (s *sampleSpace) Trace() (float64, error) {
	if err := s.ready(); err != nil {
		return 0, err
	}
	return s.symmetric.trace() + float64(s.base.n)*s.shift, nil
}

// LogDet is log det(K + λI) + (n − R) log λ.
func (s *sampleSpace) LogDet() (float64, error) {
	if err := s.ready(); err != nil {
		return 0, err
	}
	extra := s.base.n - s.rows()
	if s.shift == 0 && extra > 0 {
		return math.Inf(-1), nil
	}
	if err := s.factorise(); err != nil {
		return 0, err
	}
	if extra < 0 {
		// Of the eigenvalues of K those of F̂ are the n largest.
		d := 0.0
		for _, w := range s.values[-extra:] {
			if s.shift == 0 && !(w > s.floor()) {
				return math.Inf(-1), nil
			}
			d += math.Log(max(w, 0) + s.shift)
		}
		return d, nil
	}
	d := s.logDet()
	if extra > 0 {
		d += float64(extra) * math.Log(s.shift)
	}
	return d, nil
}

var _ Tensor = (*sampleSpace)(nil)
