package metrics

import (
	"fmt"
	"math"
)

// lowRank is V diag(w) Vᵀ + λI, with the Rank leading eigenpairs of the Fisher
// matrix, from those of the Gram matrix: R³ operations, nr numbers. A small
// error of it in Frobenius norm says little about what it raises: the
// directions left out are divided by λ.
type lowRank struct {
	*base
	gram
	rank    int
	vectors []float64 // rows
	top     []float64
	row     []float64
	c       []float64
	in      []float64
}

func newLowRank(b *base) (*lowRank, error) {
	if b.settings.Rank < 1 || b.settings.Rank > b.n {
		return nil, fmt.Errorf("metric \"low-rank\" needs a rank from 1 to %d, not %d", b.n, b.settings.Rank)
	}
	if err := b.needs(b.gramSize()+float64(b.settings.Rank)*float64(b.n), "the Gram matrix of the examples' gradients and the eigenvectors"); err != nil {
		return nil, err
	}
	r := b.settings.Rank
	return &lowRank{base: b, vectors: make([]float64, r*b.n), top: make([]float64, r), c: make([]float64, r), in: make([]float64, b.n)}, nil
}

func (s *lowRank) Dim() int { return s.base.n }

// At computes the eigenpairs.
func (s *lowRank) At(theta []float64) error {
	if err := s.model.At(theta); err != nil {
		return err
	}
	if err := s.build(s.base); err != nil {
		return err
	}
	if err := s.decompose(&s.ops); err != nil {
		return err
	}
	r, n := s.rows(), s.base.n
	if len(s.row) != r {
		s.row = make([]float64, r)
	}
	s.rank = 0
	for j := 0; j < min(s.settings.Rank, r); j++ {
		w := s.values[r-1-j]
		if !(w > s.floor()) {
			break
		}
		for i := range s.row {
			s.row[i] = s.symmetric.vectors[i*r+r-1-j] / math.Sqrt(w)
		}
		s.mulTrans(s.vectors[j*n:(j+1)*n], s.row)
		s.top[j] = w
		s.rank++
	}
	return nil
}

func (s *lowRank) spread() float64 {
	t := 0.0
	for _, w := range s.top[:s.rank] {
		t += w
	}
	return s.damping.shift(t, s.base.n)
}

// apply stores V f(w) Vᵀx + rest·x.
func (s *lowRank) apply(dst, x []float64, f func(w float64) float64, rest float64) {
	n := s.base.n
	s.ops.Add(4 * float64(n) * float64(s.rank))
	copy(s.in, x)
	for j := range s.rank {
		s.c[j] = f(s.top[j]) * dot(s.vectors[j*n:(j+1)*n], s.in)
	}
	for i, v := range s.in {
		dst[i] = rest * v
	}
	for j := range s.rank {
		for i, v := range s.vectors[j*n : (j+1)*n] {
			dst[i] += s.c[j] * v
		}
	}
}

// Raise stores c/λ − V diag(w/(λ(w + λ))) Vᵀc, and V diag(1/w) Vᵀc without
// damping.
func (s *lowRank) Raise(dst, covector []float64) error {
	shift := s.spread()
	s.diagnosis = Diagnosis{Dim: s.base.n, Rank: s.base.n}
	if shift == 0 {
		s.diagnosis.Rank, s.diagnosis.Largest = s.rank, s.top[0]
		s.diagnosis.Smallest = s.top[max(0, s.rank-1)]
		s.apply(dst, covector, func(w float64) float64 { return 1 / w }, 0)
		return nil
	}
	s.apply(dst, covector, func(w float64) float64 { return -w / (shift * (w + shift)) }, 1/shift)
	return nil
}

// Lower stores V diag(w) Vᵀv + λv.
func (s *lowRank) Lower(dst, vector []float64) error {
	s.apply(dst, vector, func(w float64) float64 { return w }, s.spread())
	return nil
}

// Trace is Σw + nλ.
func (s *lowRank) Trace() (float64, error) {
	t := float64(s.base.n) * s.spread()
	for _, w := range s.top[:s.rank] {
		t += w
	}
	return t, nil
}

// LogDet is Σ log(w + λ) + (n − r) log λ.
func (s *lowRank) LogDet() (float64, error) {
	shift := s.spread()
	d := 0.0
	for _, w := range s.top[:s.rank] {
		d += math.Log(w + shift)
	}
	if rest := s.base.n - s.rank; rest > 0 {
		d += float64(rest) * math.Log(shift)
	}
	return d, nil
}

var _ Tensor = (*lowRank)(nil)
