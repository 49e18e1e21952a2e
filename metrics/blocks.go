package metrics

import (
	"fmt"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
)

// blocks is a metric of blocks along the diagonal of the Fisher matrix: one of
// all parameters, one a layer, or one a row of W. A block of m parameters from
// R gradients takes R m² operations to build, m³/3 to factor, m² numbers.
type blocks struct {
	*base
	blocks []block
	rows   blas64.General // gradients of some examples with respect to a block
	work   []float64
	square squareRoot
}

// block concerns the parameters from offset on: rows of the W of layers.
type block struct {
	*symmetric
	offset int
	units  []unit
	owner  int // layer, −1 for several
}

// unit is a row of the W of a layer.
type unit struct{ layer, row int }

// gradients at a time.
const chunk = 128

func newBlocks(b *base) (*blocks, error) {
	s := &blocks{base: b, work: make([]float64, b.n)}
	numbers, largest := 0.0, 0
	add := func(layer, offset, n int, units []unit) {
		s.blocks = append(s.blocks, block{offset: offset, units: units, owner: layer})
		numbers += 2 * float64(n) * float64(n)
		largest = max(largest, n)
	}
	var all []unit
	for l := range b.model.Layers() {
		offset, q, p, _, _ := b.model.Layer(l)
		var units []unit
		for i := range q {
			units = append(units, unit{l, i})
			if b.structure == "unit-wise" {
				add(l, offset+i*p, p, []unit{{l, i}})
			}
		}
		if b.structure == "block-diagonal" {
			add(l, offset, q*p, units)
		}
		all = append(all, units...)
	}
	if b.structure == "fisher" {
		add(-1, 0, b.n, all)
	}
	if err := b.needs(numbers+chunk*float64(largest), fmt.Sprintf("the matrices of %d parameters and their factors", b.n)); err != nil {
		return nil, err
	}
	for i := range s.blocks {
		k := &s.blocks[i]
		n := 0
		for _, u := range k.units {
			_, _, p, _, _ := b.model.Layer(u.layer)
			n += p
		}
		k.symmetric = newSymmetric(n)
		k.symmetric.root = func() (*squareRoot, error) {
			if ok, err := s.root(k); !ok || err != nil {
				return nil, err
			}
			return &s.square, nil
		}
		if k.owner < 0 {
			for _, u := range k.units {
				offset, _, p, _, _ := b.model.Layer(u.layer)
				for range p {
					k.first = append(k.first, offset)
				}
			}
		}
		if b.damping.Kind == "marquardt" || b.damping.Kind == "prior" {
			k.extra = make([]float64, n)
		}
	}
	s.rows.Data = make([]float64, chunk*largest)
	return s, nil
}

// At builds the blocks.
func (s *blocks) At(theta []float64) error {
	if err := s.model.At(theta); err != nil {
		return err
	}
	for i := range s.blocks {
		clear(s.blocks[i].matrix)
	}
	examples, weight := s.model.Examples(), s.moments.weight()
	for j := range s.moments.passes() {
		if err := s.moments.pass(j); err != nil {
			return err
		}
		for i := range s.blocks {
			b := &s.blocks[i]
			for from := 0; from < examples; from += chunk {
				to := min(from+chunk, examples)
				grow(&s.rows, to-from, b.n)
				column := 0
				for _, u := range b.units {
					_, _, p, t, _ := s.model.Layer(u.layer)
					a, g := s.model.Inputs(u.layer), s.model.Cotangents(u.layer)
					for e := from; e < to; e++ {
						at := (e-from)*s.rows.Stride + column
						unitRow(s.rows.Data[at:at+p], a, g, e, t, u.row)
					}
					column += p
				}
				s.ops.Gram(blas.Trans, weight, s.rows, 1, b.matrix, b.n)
			}
		}
	}
	s.stale = true
	return nil
}

// damp applies the damping to the blocks.
func (s *blocks) damp() {
	if !s.stale {
		return
	}
	s.stale = false
	shift := s.damping.shift(s.trace(), s.n)
	for i := range s.blocks {
		b := &s.blocks[i]
		b.shift, b.inflate = shift, 0
		if s.damping.Kind == "block" {
			b.inflate = s.damping.Value
		}
		for j := range b.extra {
			if s.damping.Kind == "prior" {
				b.extra[j] = s.damping.Value * s.damping.prior(b.offset+j)
			} else {
				b.extra[j] = s.damping.Value * b.matrix[j*b.n+j]
			}
		}
		b.changed()
	}
}

func (s *blocks) trace() float64 {
	t := 0.0
	for i := range s.blocks {
		t += s.blocks[i].symmetric.trace()
	}
	return t
}

// Raise solves block by block.
func (s *blocks) Raise(dst, covector []float64) error {
	s.damp()
	copy(dst, covector)
	s.diagnosis = Diagnosis{}
	for i := range s.blocks {
		b := &s.blocks[i]
		if err := b.prepare(&s.ops); err != nil {
			return err
		}
		b.solve(dst[b.offset:b.offset+b.n], s.settings.Cutoff, true, &s.diagnosis, &s.ops)
	}
	return nil
}

// Lower multiplies block by block.
func (s *blocks) Lower(dst, vector []float64) error {
	s.damp()
	copy(s.work, vector)
	for i := range s.blocks {
		b := &s.blocks[i]
		b.mul(dst[b.offset:b.offset+b.n], s.work[b.offset:b.offset+b.n], &s.ops)
	}
	return nil
}

// Trace is tr M.
func (s *blocks) Trace() (float64, error) {
	s.damp()
	t := 0.0
	for i := range s.blocks {
		b := &s.blocks[i]
		t += b.symmetric.trace()*(1+b.inflate) + float64(b.n)*b.shift
		for _, v := range b.extra {
			t += v
		}
	}
	return t, nil
}

// LogDet is log det M.
func (s *blocks) LogDet() (float64, error) {
	s.damp()
	d := 0.0
	for i := range s.blocks {
		if err := s.blocks[i].prepare(&s.ops); err != nil {
			return 0, err
		}
		d += s.blocks[i].logDet()
	}
	return d, nil
}

var _ Tensor = (*blocks)(nil)
