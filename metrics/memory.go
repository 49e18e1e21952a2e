package metrics

import (
	"encoding"
	"encoding/binary"
	"errors"
	"math"
)

// errMemory says that bytes are not the memory of a structure.
var errMemory = errors.New("metric: the memory is not that of this structure on this model")

// memory writes numbers to bytes or reads them back, whichever it is made for.
type memory struct {
	bytes   []byte
	reading bool
	failed  bool
}

func (m *memory) numbers(x []float64) {
	if !m.reading {
		for _, v := range x {
			m.bytes = binary.LittleEndian.AppendUint64(m.bytes, math.Float64bits(v))
		}
		return
	}
	if len(m.bytes) < 8*len(x) {
		m.failed = true
		return
	}
	for i := range x {
		x[i] = math.Float64frombits(binary.LittleEndian.Uint64(m.bytes[8*i:]))
	}
	m.bytes = m.bytes[8*len(x):]
}

func (m *memory) integer(n *int) {
	x := [1]float64{float64(*n)}
	m.numbers(x[:])
	*n = int(x[0])
}

func (m *memory) flag(b *bool) {
	n := 0
	if *b {
		n = 1
	}
	m.integer(&n)
	*b = n == 1
}

// finish is the error of a reading.
func (m *memory) finish() error {
	if m.failed || m.reading && len(m.bytes) > 0 {
		return errMemory
	}
	return nil
}

// remember goes through what K-FAC keeps from one At to the next: its factors
// where they are averages, and their inverses where they are kept for a while.
func (k *kronecker) remember(m *memory) {
	if k.settings.Average == 0 && k.settings.Interval <= 1 {
		return
	}
	m.integer(&k.visits)
	m.flag(&k.stale)
	m.flag(&k.moved)
	for i := range k.layers {
		for _, s := range []*symmetric{k.layers[i].a, k.layers[i].g} {
			m.numbers(s.matrix)
			s.remember(m)
		}
	}
}

// remember goes through the factors or eigenvectors.
func (s *symmetric) remember(m *memory) {
	m.flag(&s.factored)
	m.flag(&s.decomposed)
	shift := [1]float64{s.shift}
	m.numbers(shift[:])
	s.shift = shift[0]
	if s.factored {
		if s.factor == nil {
			s.factor = make([]float64, s.n*s.n)
		}
		m.numbers(s.factor)
	}
	if s.decomposed {
		s.makeVectors()
		m.numbers(s.vectors)
		m.numbers(s.values)
	}
}

// AppendBinary appends what K-FAC remembers.
func (k *kronecker) AppendBinary(b []byte) ([]byte, error) {
	m := memory{bytes: b}
	k.remember(&m)
	return m.bytes, nil
}

// UnmarshalBinary takes it back.
func (k *kronecker) UnmarshalBinary(b []byte) error {
	m := memory{bytes: b, reading: true}
	k.remember(&m)
	return m.finish()
}

// AppendBinary appends the last solution, from which the next begins.
func (s *conjugateGradient) AppendBinary(b []byte) ([]byte, error) {
	m := memory{bytes: b}
	m.numbers(s.solution)
	return m.bytes, nil
}

// UnmarshalBinary takes it back.
func (s *conjugateGradient) UnmarshalBinary(b []byte) error {
	m := memory{bytes: b, reading: true}
	m.numbers(s.solution)
	return m.finish()
}

// Structures that remember, for those who train with them.
var _ = []interface {
	encoding.BinaryAppender
	encoding.BinaryUnmarshaler
}{(*kronecker)(nil), (*eigenKronecker)(nil), (*conjugateGradient)(nil)}
