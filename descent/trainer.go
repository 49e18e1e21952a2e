package descent

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"fisherflow/ode"
)

// Training says how the examples come to an optimizer.
type Training struct {
	// Batch is the number of examples of a step; 0 means all. They are taken in
	// turn from a random order of all examples, a new one for each epoch; what
	// is left of an epoch, less than a batch, is left out of it.
	Batch int
	// Seed of the orders, and of the optimizer's own draws.
	Seed uint64
}

// A Trainer moves the parameters of a model by the steps of an optimizer.
// Its orders and draws depend on the seed and on the number of the step alone,
// so that it goes on from its memory, see AppendBinary, to the same bits.
type Trainer struct {
	model     Model
	optimizer Optimizer
	training  Training
	theta     []float64
	examples  int
	steps     int

	pcg   *rand.PCG
	rng   *rand.Rand
	order []int
	epoch int // that order belongs to; −1: none
}

// NewTrainer returns a trainer that starts at the point start. The model is the
// trainer's from then on; the optimizer is bound to it.
func NewTrainer(m Model, start []float64, o Optimizer, s Training) (*Trainer, error) {
	if len(start) != m.Dim() {
		panic("descent: length of start and number of parameters differ")
	}
	for i, x := range start {
		if x-x != 0 {
			return nil, fmt.Errorf("parameter %d starts at %g", i+1, x)
		}
	}
	if err := m.Batch(nil); err != nil {
		return nil, err
	}
	n := m.Examples()
	if s.Batch < 0 || s.Batch > n {
		return nil, fmt.Errorf("batch %d must be 0, for all, or at most the number of examples, %d", s.Batch, n)
	}
	t := &Trainer{model: m, optimizer: o, training: s, theta: slices.Clone(start), examples: n, epoch: -1}
	if s.Batch == n {
		t.training.Batch = 0
	}
	if t.training.Batch > 0 {
		t.order = make([]int, n)
		t.pcg = rand.NewPCG(0, 0)
		t.rng = rand.New(t.pcg)
		if err := m.Batch(t.order[:t.training.Batch]); err != nil {
			return nil, err
		}
	}
	if err := o.Init(m, s.Seed); err != nil {
		return nil, err
	}
	return t, nil
}

// Model, Optimizer and Theta are what is trained, by what, and where it is.
// Theta must not be changed.
func (t *Trainer) Model() Model         { return t.model }
func (t *Trainer) Optimizer() Optimizer { return t.optimizer }
func (t *Trainer) Theta() []float64     { return t.theta }

// Steps is the number of steps made.
func (t *Trainer) Steps() int { return t.steps }

// Epochs is the number of times that the examples have been gone through.
func (t *Trainer) Epochs() float64 {
	if t.training.Batch == 0 {
		return float64(t.steps)
	}
	return float64(t.steps) / float64(t.examples/t.training.Batch)
}

// orderSeed keeps the stream of orders apart from that of an optimizer's draws.
const orderSeed = 0x9e3779b97f4a7c15

// Step makes a step on the next batch.
func (t *Trainer) Step() (Report, error) {
	if b := t.training.Batch; b > 0 {
		per := t.examples / b
		if epoch := t.steps / per; epoch != t.epoch {
			t.pcg.Seed(t.training.Seed^orderSeed, uint64(epoch))
			for i := range t.order {
				t.order[i] = i
			}
			for i := len(t.order) - 1; i > 0; i-- {
				j := t.rng.IntN(i + 1)
				t.order[i], t.order[j] = t.order[j], t.order[i]
			}
			t.epoch = epoch
		}
		first := t.steps % per * b
		if err := t.model.Batch(t.order[first : first+b]); err != nil {
			return Report{}, err
		}
	}
	r, err := t.optimizer.Step(t.theta, t.steps)
	if err != nil {
		if errors.Is(err, ode.ErrDomain) {
			return r, fmt.Errorf("step %d: %w: a smaller rate or more damping helps", t.steps+1, err)
		}
		return r, fmt.Errorf("step %d: %w", t.steps+1, err)
	}
	t.steps++
	return r, nil
}

// Run makes steps until there are so many. After each it calls observe, if that
// is not nil, which may move the model, and with batches choose another one; its
// error ends the run.
// Where the context ends, Run ends before the next step with its error, and may
// be called again.
func (t *Trainer) Run(ctx context.Context, steps int, observe func(Report) error) error {
	for t.steps < steps {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("training stopped after %d of %d steps: %w", t.steps, steps, context.Cause(ctx))
		}
		r, err := t.Step()
		if err != nil {
			return err
		}
		if observe == nil {
			continue
		}
		if err := observe(r); err != nil {
			return err
		}
	}
	return nil
}

// memoryMark begins the memory of a trainer, with the version of its form.
const memoryMark = "fisherflow training 1\n"

// AppendBinary appends all that a trainer made of the same model, optimizer and
// training needs to go on from here as this one does.
func (t *Trainer) AppendBinary(b []byte) ([]byte, error) {
	b = append(b, memoryMark...)
	for _, v := range t.shape() {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	b = binary.LittleEndian.AppendUint64(b, uint64(t.steps))
	return t.optimizer.AppendBinary(appendNumbers(b, t.theta...))
}

// shape is what must agree between a trainer and a memory.
func (t *Trainer) shape() [4]uint64 {
	return [4]uint64{uint64(len(t.theta)), uint64(t.examples), uint64(t.training.Batch), t.training.Seed}
}

// UnmarshalBinary goes back to where a trainer was when it was stored.
func (t *Trainer) UnmarshalBinary(b []byte) error {
	shape := t.shape()
	head := len(memoryMark) + 8*(len(shape)+1)
	if len(b) < head || string(b[:len(memoryMark)]) != memoryMark {
		return errors.New("not the memory of a training")
	}
	number := func(i int) uint64 { return binary.LittleEndian.Uint64(b[len(memoryMark)+8*i:]) }
	for i, what := range []string{"parameters", "examples", "examples in a batch", "as seed"} {
		if got := number(i); got != shape[i] {
			return fmt.Errorf("the memory is that of a training with %d %s, not %d", got, what, shape[i])
		}
	}
	rest, err := takeNumbers(t.theta, b[head:])
	if err != nil {
		return err
	}
	if err := t.optimizer.UnmarshalBinary(rest); err != nil {
		return err
	}
	t.steps, t.epoch = int(number(len(shape))), -1
	return nil
}
