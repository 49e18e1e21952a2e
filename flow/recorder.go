package flow

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"fisherflow/ode"
)

// ErrRecord says that a record is not that of the flow which is integrated.
var ErrRecord = errors.New("the record is that of another flow")

// A Recorder keeps what a flow's point answered, so that an integration that was
// cut short can be repeated without computing it again: the solver, its error
// control and the audit take the same way to the same bytes, whatever the method.
// When the record is used up the point itself answers, and is recorded on.
//
// The zero value records from the beginning.
type Recorder struct {
	// Record is what was recorded before, nil at the beginning. It must be cut
	// where [Recorder.Written] said that it was whole.
	Record io.Reader
	// Writer takes the record; nil records nothing.
	Writer io.Writer
	// Resumed, if not nil, is called when the record has been used up, before the
	// point answers for itself. A point whose answers depend on earlier ones must
	// be given its memory back here.
	Resumed func() error

	live    bool
	frozen  bool // nothing is recorded any more
	fault   error
	written int64
	buffer  []byte
	x       []float64 // the last point
	moved   bool      // that point is the inner point's too
}

// Written is the length of the record so far.
func (r *Recorder) Written() int64 { return r.written }

// Live reports whether the point answers for itself.
func (r *Recorder) Live() bool { return r.live || r.Record == nil }

// Stop ends the recording; what has been recorded stays good.
func (r *Recorder) Stop() { r.frozen = true }

// Stopped reports whether the recording has ended.
func (r *Recorder) Stopped() bool { return r.frozen }

// idle reports whether there is nothing to do but to ask the point.
func (r *Recorder) idle() bool { return r.frozen && r.moved && r.fault == nil && r.Live() }

// Kinds of entries.
const (
	entryNumbers byte = iota + 1
	entryRefused
)

// do answers from the record, or by compute and records it. Question is the sum
// of what was asked, by which the record is checked.
func (r *Recorder) do(question uint64, dst []float64, compute func() error) error {
	if r.fault != nil {
		return r.fault
	}
	if !r.Live() {
		kind, err := r.read(question, dst)
		switch {
		case err == nil && kind == entryRefused:
			return &refusal{string(r.buffer)}
		case err == nil:
			return nil
		case !errors.Is(err, io.EOF):
			r.fault = err
			return err
		}
		r.live = true
		if r.Resumed != nil {
			if err := r.Resumed(); err != nil {
				r.fault = err
				return err
			}
		}
	}
	err := compute()
	r.write(question, dst, err)
	return err
}

// read takes an entry from the record; io.EOF is its end.
func (r *Recorder) read(question uint64, dst []float64) (kind byte, err error) {
	var head [9]byte
	if _, err := io.ReadFull(r.Record, head[:]); err != nil {
		return 0, err
	}
	if binary.LittleEndian.Uint64(head[1:]) != question {
		return 0, ErrRecord
	}
	r.written += int64(len(head))
	size := 8 * len(dst)
	if head[0] == entryRefused {
		var length [2]byte
		if _, err := io.ReadFull(r.Record, length[:]); err != nil {
			return 0, fmt.Errorf("%w: it ends inside of an entry", ErrRecord)
		}
		r.written += int64(len(length))
		size, dst = int(binary.LittleEndian.Uint16(length[:])), nil
	}
	r.buffer = append(r.buffer[:0], make([]byte, size)...)
	if _, err := io.ReadFull(r.Record, r.buffer); err != nil {
		return 0, fmt.Errorf("%w: it ends inside of an entry", ErrRecord)
	}
	for i := range dst {
		dst[i] = math.Float64frombits(binary.LittleEndian.Uint64(r.buffer[8*i:]))
	}
	r.written += int64(len(r.buffer))
	return head[0], nil
}

// A refusal is one of the domain, which the solver meets by a shorter step.
type refusal struct{ text string }

func (e *refusal) Error() string { return e.text }
func (e *refusal) Unwrap() error { return ode.ErrDomain }

func (r *Recorder) write(question uint64, dst []float64, err error) {
	if r.Writer == nil || r.frozen {
		return
	}
	if err != nil && !errors.Is(err, ode.ErrDomain) {
		r.frozen = true // the integration ends by it
		return
	}
	kind := entryNumbers
	if err != nil {
		kind = entryRefused
	}
	r.buffer = binary.LittleEndian.AppendUint64(append(r.buffer[:0], kind), question)
	if err != nil {
		text := err.Error()
		text = text[:min(len(text), math.MaxUint16)]
		r.buffer = append(binary.LittleEndian.AppendUint16(r.buffer, uint16(len(text))), text...)
	} else {
		for _, v := range dst {
			r.buffer = binary.LittleEndian.AppendUint64(r.buffer, math.Float64bits(v))
		}
	}
	n, fault := r.Writer.Write(r.buffer)
	r.written += int64(n)
	if fault != nil {
		r.fault = fault
	}
}

// Numbers records numbers that an observer computes from the flow's point.
func (r *Recorder) Numbers(dst []float64, compute func() error) error {
	return r.do(uint64(len(dst)), dst, compute)
}

// question is a sum of what is asked: which, and of what numbers.
func question(which uint64, x []float64) uint64 {
	h := which*0x9E3779B97F4A7C15 + uint64(len(x))
	for _, v := range x {
		h = (h ^ math.Float64bits(v)) * 0x100000001B3
		h ^= h >> 29
	}
	return h
}

// recorded is the flow whose point answers by way of a recorder.
func (f *Flow) recorded(r *Recorder) *Flow {
	p := &recordedPoint{Point: f.point, r: r}
	ruler, ok1 := f.point.(FisherRuler)
	approximate, ok2 := f.point.(Approximate)
	switch {
	case ok1 && ok2:
		return New(&struct {
			*recordedPoint
			recordedRuler
			recordedError
		}{p, recordedRuler{p, ruler}, recordedError{p, approximate}}, f.fisher)
	case ok1:
		return New(&struct {
			*recordedPoint
			recordedRuler
		}{p, recordedRuler{p, ruler}}, f.fisher)
	case ok2:
		return New(&struct {
			*recordedPoint
			recordedError
		}{p, recordedError{p, approximate}}, f.fisher)
	}
	return New(p, f.fisher)
}

type recordedPoint struct {
	Point
	r      *Recorder
	number [1]float64
}

// moved has the inner point where the last At was, before it is asked.
func (p *recordedPoint) moved(ask func() error) func() error {
	return func() error {
		if !p.r.moved {
			if err := p.Point.At(p.r.x); err != nil {
				return err
			}
			p.r.moved = true
		}
		return ask()
	}
}

func (p *recordedPoint) At(x []float64) error {
	if p.r.idle() {
		return p.Point.At(x)
	}
	p.r.x = append(p.r.x[:0], x...)
	p.r.moved = false
	return p.r.do(question(1, x), nil, func() error {
		err := p.Point.At(x)
		p.r.moved = err == nil
		return err
	})
}

func (p *recordedPoint) ask(which uint64, compute func() float64) float64 {
	if p.r.idle() {
		return compute()
	}
	// A fault is met again at the next At, which can report it.
	err := p.r.do(which, p.number[:], p.moved(func() error {
		p.number[0] = compute()
		return nil
	}))
	if err != nil {
		return math.NaN()
	}
	return p.number[0]
}

func (p *recordedPoint) Value() float64     { return p.ask(2, p.Point.Value) }
func (p *recordedPoint) Magnitude() float64 { return p.ask(3, p.Point.Magnitude) }

func (p *recordedPoint) Gradient(dst []float64) {
	if p.r.idle() {
		p.Point.Gradient(dst)
		return
	}
	_ = p.r.do(4, dst, p.moved(func() error {
		p.Point.Gradient(dst)
		return nil
	}))
}

func (p *recordedPoint) Raise(dst, covector []float64) error {
	if p.r.idle() {
		return p.Point.Raise(dst, covector)
	}
	return p.r.do(question(5, covector), dst, p.moved(func() error { return p.Point.Raise(dst, covector) }))
}

func (p *recordedPoint) Lower(dst, vector []float64) error {
	if p.r.idle() {
		return p.Point.Lower(dst, vector)
	}
	return p.r.do(question(6, vector), dst, p.moved(func() error { return p.Point.Lower(dst, vector) }))
}

func (p *recordedPoint) Clone() Point { return p.Point.Clone() }

type recordedRuler struct {
	p     *recordedPoint
	ruler FisherRuler
}

func (p recordedRuler) FisherLength(vector []float64) (float64, error) {
	err := p.p.r.do(question(7, vector), p.p.number[:], p.p.moved(func() (err error) {
		p.p.number[0], err = p.ruler.FisherLength(vector)
		return err
	}))
	return p.p.number[0], err
}

type recordedError struct {
	p           *recordedPoint
	approximate Approximate
}

func (p recordedError) GradientError() float64 { return p.p.ask(8, p.approximate.GradientError) }
