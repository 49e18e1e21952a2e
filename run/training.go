package run

import (
	"context"
	"fmt"
	"math"
	"slices"

	"fisherflow/descent"
	"fisherflow/flow"
	"fisherflow/network"
)

// A Training is the training of a model by discrete steps, and afterwards what
// came of it.
type Training struct {
	Trainer *descent.Trainer
	// Steps are the reports of all steps.
	Steps []descent.Report
	// Learned are the losses on all data, first at the start.
	Learned []Learned
}

// Learned is what a model knows after some steps: its mean loss and, for
// labels, the share that it names right, on the data that it learns from and on
// those that it is tested on. What there is not is NaN.
type Learned struct {
	Step                                             int
	TrainLoss, TrainAccuracy, TestLoss, TestAccuracy float64
	// Seconds of processor time that the process has spent on the steps so
	// far, measuring apart; of time where the system does not tell.
	Seconds float64
}

// training resolves a spec with a [model] and an [optimizer].
func (r *reader) training(s *Spec, top, model, sample, start, optimizer, claims section) error {
	model.model(s)
	optimizer.optimizer(s)
	sample.modelData(s, top.has("data"))
	if top.has("ode") {
		r.fail("ode", "", "a spec with an [optimizer] makes discrete steps and has no [ode]: leave it out")
	}
	for _, key := range sortedKeys(start.values) {
		if key != "start" {
			r.fail(start.at(key), "", "a spec with an [optimizer] has nothing of [flow] but start: its metric is that of optimizer.rule")
		}
	}
	for _, name := range sortedKeys(claims.values) {
		if name != "matches-reference" || s.Experiment == "" {
			r.fail(claims.at(name), "", "a training has no claim %q: only flows have", name)
		}
	}
	if r.err != nil {
		return r.err
	}
	m, err := BuildModel(s)
	if err != nil {
		return err
	}
	if n, _ := m.Train.X.Dims(); s.Optimizer.Batch > n {
		return s.Errorf("optimizer.batch", "is larger than the data, %d of %s: 0 takes all", s.Optimizer.Batch, count(n, "example"))
	}
	s.Flow.Chart, s.Flow.Start = "source", PointSpec{Chart: "source"}
	if start.has("start") {
		s.Flow.Start = start.point("start", m.family(), []string{"source"})
	}
	claims.claims(s, m.family(), []string{"source"}, true)
	if r.err != nil {
		return r.err
	}
	return nil
}

// buildTraining makes the problem of a spec with an [optimizer].
func (s *Spec) buildTraining(p *Problem) (*Problem, error) {
	var err error
	if p.Model, err = BuildModel(s); err != nil {
		return nil, err
	}
	p.Family, p.Observations = p.Model.family(), p.Model.Observations
	if p.Source, err = p.Model.Initial(s); err != nil {
		return nil, s.Errorf("model.init", "%w", err)
	}
	p.Start, p.T1 = p.Source, float64(s.Optimizer.Steps)
	e, err := network.NewEvaluation(p.Model.Network, p.Model.Train)
	if err != nil {
		return nil, s.Errorf("model", "%w", err)
	}
	if err := e.At(p.Start); err != nil {
		return nil, s.Errorf("model", "the training cannot start there: %w", err)
	}
	t, err := descent.NewTrainer(e, p.Start, s.Optimizer.Optimizer(), descent.Training{Batch: s.Optimizer.Batch, Seed: uint64(s.Seed)})
	if err != nil {
		return nil, s.Errorf("optimizer", "%w", err)
	}
	p.Training = &Training{Trainer: t}
	return p, nil
}

// train makes the steps that are left, and keeps what there is from time to
// time.
func (o *Outcome) train(ctx context.Context, p *Problem, index int, progress func(Progress)) {
	t := p.Training
	if err := t.run(ctx, p, func() error {
		if progress != nil {
			r := t.Steps[len(t.Steps)-1]
			progress(Progress{Member: p.Name, Index: index, Members: len(o.Problems), T0: p.T0, T1: p.T1, Progress: flow.Progress{
				T: float64(t.Trainer.Steps()), Step: r.Length, Loss: r.Loss, Steps: t.Trainer.Steps(), Position: t.Trainer.Theta(),
			}})
		}
		return o.keeper.due(o.Problems)
	}); err != nil {
		p.Err = fmt.Errorf("%s: %w", p.Name, err)
		if ctx.Err() != nil {
			if err := o.keeper.keep(o.Problems); err != nil {
				p.Err = fmt.Errorf("%w; no checkpoint is left: %w", p.Err, err)
			}
		}
	}
}

func (t *Training) run(ctx context.Context, p *Problem, each func() error) error {
	var test *network.Evaluation
	if p.Model.Test != nil {
		var err error
		if test, err = network.NewEvaluation(p.Model.Network, *p.Model.Test); err != nil {
			return err
		}
	}
	o := p.Spec.Optimizer
	seconds := 0.0
	if n := len(t.Learned); n > 0 {
		seconds = t.Learned[n-1].Seconds
	} else if err := t.measure(test, seconds); err != nil {
		return err
	}
	since := processorTime()
	return t.Trainer.Run(ctx, o.Steps, func(r descent.Report) error {
		t.Steps = append(t.Steps, r)
		if n := t.Trainer.Steps(); n%o.Record == 0 || n == o.Steps {
			seconds += (processorTime() - since).Seconds()
			if err := t.measure(test, seconds); err != nil {
				return err
			}
			since = processorTime()
		}
		return each()
	})
}

// measure appends what the model knows now.
func (t *Training) measure(test *network.Evaluation, seconds float64) error {
	l := Learned{Step: t.Trainer.Steps(), TrainLoss: math.NaN(), TrainAccuracy: math.NaN(), TestLoss: math.NaN(), TestAccuracy: math.NaN(), Seconds: seconds}
	train := t.Trainer.Model().(*network.Evaluation)
	if err := train.Batch(nil); err != nil {
		return err
	}
	theta := t.Trainer.Theta()
	if train.At(theta) == nil {
		l.TrainLoss, l.TrainAccuracy = train.Value(), train.Accuracy()
	}
	if test != nil && test.At(theta) == nil {
		l.TestLoss, l.TestAccuracy = test.Value(), test.Accuracy()
	}
	t.Learned = append(t.Learned, l)
	return nil
}

// reportTraining is what a training enters in the result.
func (p *Problem) reportTraining() (MemberResult, error) {
	t := p.Training
	m := MemberResult{Name: p.Name, Samples: []Sample{}}
	for _, l := range t.Learned {
		s := Sample{T: Number(l.Step), Loss: Number(l.TrainLoss)}
		m.Samples = append(m.Samples, s)
	}
	atlas, err := p.atlas()
	if err != nil {
		return m, err
	}
	theta := t.Trainer.Theta()
	m.Final = &Final{T: Number(t.Trainer.Steps()), Loss: Number(math.NaN()), Point: atlas.point(slices.Clone(theta))}
	if e := t.Trainer.Model().(*network.Evaluation); e.Batch(nil) == nil && e.At(theta) == nil {
		m.Final.Loss = Number(e.Value())
	}
	m.Solver = &Solver{Method: p.Spec.Optimizer.Rule, Steps: t.Trainer.Steps(), Evaluations: t.Trainer.Steps()}
	for _, r := range t.Steps {
		if r.Refused {
			m.Solver.Rejected++
		}
	}
	if p.Err != nil {
		m.Error = p.Err.Error()
	}
	return m, nil
}

// trained enters the losses and accuracies of trainings in a table of those of
// flows, and their steps in one of their own.
func (o *Outcome) trained(learning *Table) {
	steps := NewTable("member", "step", "batch_loss", "length", "damping", "ratio", "refused", "rank", "dimension", "iterations", "residual")
	var lengths []int
	for _, p := range o.Problems {
		if p.Training != nil {
			lengths = append(lengths, len(p.Training.Steps))
		}
	}
	k := stride(lengths, trajectoryRows)
	for _, p := range o.Problems {
		if p.Training == nil {
			continue
		}
		for _, l := range p.Training.Learned {
			learning.Add(p.Name, float64(l.Step), l.TrainLoss, l.TrainAccuracy, l.TestLoss, l.TestAccuracy)
		}
		for _, i := range thinned(len(p.Training.Steps), k) {
			r := p.Training.Steps[i]
			d := r.Diagnosis
			steps.Add(p.Name, int64(i+1), r.Loss, r.Length, r.Damping, r.Ratio, r.Refused, int64(d.Rank), int64(d.Dim), int64(d.Iterations), d.Residual)
		}
	}
	if len(steps.Rows) > 0 {
		o.Result.AddTable("steps", steps)
	}
}

// trainingSummary says in a sentence what was trained and how.
func (o *Outcome) trainingSummary(p *Problem) string {
	s := p.Spec
	d := p.Observations
	from := d.File
	if d.Dataset != "" {
		from = "data set " + d.Dataset
	}
	batch := "all of them at a time"
	if s.Optimizer.Batch > 0 {
		batch = fmt.Sprintf("%d of them at a time", s.Optimizer.Batch)
	}
	text := fmt.Sprintf("A %s model of %s with output %s was trained by %s on %s (%s, %s), %s, for %s",
		s.Model.Kind, count(p.Family.Dim(), "parameter"), s.Model.Output, s.Optimizer.Rule, count(len(d.Rows), "example"), from, list(d.Columns[:len(s.Data.Response)]),
		batch, count(p.Training.Trainer.Steps(), "step"))
	if f := o.Result.Final; f != nil {
		text += ", to a mean loss of " + readable(f.Loss)
	}
	if n := len(o.Problems) - 1; n > 0 {
		text += fmt.Sprintf(", and compared with %s", count(n, "other training"))
	}
	return text + ". "
}

// trainingRow is a training's row among the flows of a report.
func (p *Problem) trainingRow(r *flowRow) {
	o := p.Spec.Optimizer
	r.Metric, r.Method, r.Tolerance = o.Metric, o.Rule, "rate "+readable(Number(o.Rate))
	if m, err := p.reportTraining(); err == nil {
		r.T, r.Loss, r.Solver = m.Final.T, m.Final.Loss, *m.Solver
	}
}
