package run

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"fisherflow/flow"
	"fisherflow/manifold"

	"gonum.org/v1/gonum/mat"
)

const (
	// interpolated is the number of samples of a flow without output times.
	interpolated = 101
	// largestPoint is the number of coordinates up to which a sample has its
	// point in all charts.
	largestPoint = 64
)

// Compute executes a plan without a folder. What is wrong with the specs or
// the data is reported before anything is computed; when a solver gives up or
// the context ends, the outcome holds what there was, and the error says why.
// A claim that does not agree with what it expects is no error.
func Compute(ctx context.Context, plan *Plan, options Options) (*Outcome, error) {
	problems, err := plan.Build()
	if err != nil {
		return nil, err
	}
	o := &Outcome{Plan: plan, Problems: problems}
	return o, o.compute(ctx, options)
}

// compute integrates the flows one after the other, judges their claims and
// has the plan and the drawing function finish.
func (o *Outcome) compute(ctx context.Context, options Options) error {
	o.Result = &Result{Schema: Schema, Name: o.Plan.Name, Status: OK, Claims: []Claim{}, Samples: []Sample{}}
	for i, p := range o.Problems {
		began := time.Now()
		if p.Training != nil {
			o.train(ctx, p, i, options.Progress)
		} else {
			o.solve(ctx, p, i, options.Progress)
		}
		timing := Timing{Member: p.Name, Solve: time.Since(began)}
		began = time.Now()
		err := o.report(ctx, p, i == 0)
		timing.Claims = time.Since(began)
		o.Timings = append(o.Timings, timing)
		if err != nil {
			return o.fail(err)
		}
	}
	if err := o.learn(); err != nil {
		return o.fail(err)
	}
	if o.Plan.Finish != nil {
		if err := o.Plan.Finish(ctx, o); err != nil {
			return o.fail(err)
		}
	}
	if options.Figures != nil && !o.Plan.Spec.NoFigures {
		figures, err := options.Figures(ctx, o)
		if err != nil {
			return o.fail(fmt.Errorf("figures: %w", err))
		}
		o.Figures = figures
		for _, f := range figures {
			o.Result.Figures = append(o.Result.Figures, f.paths()...)
		}
	}
	return nil
}

func (o *Outcome) fail(err error) error {
	o.Result.Status = Failed
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		o.Result.Status = Interrupted
	}
	o.Result.Error = err.Error()
	return err
}

// solve integrates a flow, and keeps what there is from time to time.
func (o *Outcome) solve(ctx context.Context, p *Problem, index int, progress func(Progress)) {
	record, err := o.keeper.record(p, index)
	if err != nil {
		p.Err = err
		return
	}
	settings := p.Settings
	if record != nil {
		settings.Recorder = &record.Recorder
	}
	settings.Observer = func(step flow.Progress) error {
		if p.Model != nil {
			if err := record.diagnose(p, step.T); err != nil {
				return err
			}
		}
		if progress != nil {
			progress(Progress{Member: p.Name, Index: index, Members: len(o.Problems), T0: p.T0, T1: p.T1, Progress: step})
		}
		return o.keeper.due(o.Problems)
	}
	if p.Target != nil {
		// A fit is several flows: it is made again.
		settings.Recorder = nil
		p.fit(ctx, settings)
	} else {
		p.Solution, p.Err = flow.Solve(ctx, p.Flow, p.Start, p.T0, p.T1, &settings)
	}
	if p.Err == nil {
		return
	}
	if errors.Is(p.Err, flow.ErrRecord) {
		p.Err = o.keeper.damaged(p.Err)
		return
	}
	p.Err = fmt.Errorf("%s: %w", p.Name, p.Err)
	if ctx.Err() != nil {
		if err := o.keeper.keep(o.Problems); err != nil {
			p.Err = fmt.Errorf("%w; no checkpoint is left: %w", p.Err, err)
		}
	}
}

// report enters a flow in the result.
func (o *Outcome) report(ctx context.Context, p *Problem, main bool) error {
	m := MemberResult{Name: p.Name, Samples: []Sample{}}
	if p.Solution != nil {
		var err error
		if m.Samples, err = p.samples(); err != nil {
			return err
		}
		if m.Final, err = p.final(); err != nil {
			return err
		}
		solver := newSolver(p.Spec.ODE.Method, &p.Solution.Statistics)
		m.Solver = &solver
	}
	if p.Err != nil {
		m.Error = p.Err.Error()
	}
	if p.Training != nil {
		var err error
		if m, err = p.reportTraining(); err != nil {
			return err
		}
	}
	if main {
		o.Result.Samples, o.Result.Final, o.Result.Solver = m.Samples, m.Final, m.Solver
		o.posterior(p)
		if m.Final != nil && m.Final.StandardError != nil {
			o.Result.AddTable("estimates", p.estimates(m.Final))
		}
	} else {
		o.Result.Members = append(o.Result.Members, m)
	}
	claims, err := p.judge(ctx)
	o.Result.Claims = append(o.Result.Claims, claims...)
	if p.Err != nil && !(p.Optional && ctx.Err() == nil) {
		return p.Err
	}
	return err
}

// AddTable adds a table to the result.
func (r *Result) AddTable(name string, t *Table) {
	if r.Tables == nil {
		r.Tables = map[string]*Table{}
	}
	r.Tables[name] = t
}

// times are those of the samples, as far as the flow came.
func (p *Problem) times() []float64 {
	end := p.Solution.Time(p.Solution.Len() - 1)
	var times []float64
	if output := p.Spec.ODE.Output; len(output) > 0 {
		for _, t := range output {
			if t <= end {
				times = append(times, t)
			}
		}
		return times
	}
	if end == p.T0 {
		return []float64{p.T0}
	}
	for i := range interpolated {
		times = append(times, p.T0+(end-p.T0)*float64(i)/(interpolated-1))
	}
	times[interpolated-1] = end
	return times
}

func (p *Problem) samples() ([]Sample, error) {
	atlas, err := p.atlas()
	if err != nil {
		return nil, err
	}
	point := p.Point()
	x := make([]float64, p.Flow.Dim())
	samples := []Sample{}
	for _, t := range p.times() {
		p.Solution.At(x, t)
		s := Sample{T: Number(t), Loss: Number(math.NaN())}
		if err := point.At(x); err == nil {
			s.Loss = Number(point.Value())
		}
		if len(x) <= largestPoint {
			s.Point = atlas.point(x)
		}
		samples = append(samples, s)
	}
	return samples, nil
}

// An atlas takes points of a flow's chart to all charts of the family.
type atlas struct {
	own    *manifold.View
	views  []*manifold.View
	source []float64
}

// atlas has all charts of the family, or only the flow's own where a point has
// many coordinates.
func (p *Problem) atlas() (*atlas, error) {
	own, err := p.View()
	if err != nil {
		return nil, err
	}
	a := &atlas{own: own, source: make([]float64, p.Family.Dim())}
	names := []string{p.Spec.Flow.Chart}
	if charted, ok := p.Family.(manifold.Charted); ok && p.Family.Dim() <= largestPoint {
		names = charted.Charts()
	}
	for _, name := range names {
		view, err := manifold.In(p.Family, name)
		if err != nil {
			return nil, err
		}
		a.views = append(a.views, view)
	}
	return a, nil
}

// point is x, in the flow's chart, in the atlas' charts; NaN in those that do
// not reach it.
func (a *atlas) point(x []float64) Point {
	fault := a.own.Chart().ToSource(a.source, x)
	var out Point
	for _, view := range a.views {
		at := make([]float64, len(x))
		switch {
		case view.Chart().Name() == a.own.Chart().Name():
			copy(at, x)
		case fault != nil || view.Chart().FromSource(at, a.source) != nil:
			for i := range at {
				at[i] = math.NaN()
			}
		}
		out = append(out, ChartPoint{Chart: view.Chart().Name(), At: Numbers(at)})
	}
	return out
}

func (p *Problem) final() (*Final, error) {
	atlas, err := p.atlas()
	if err != nil {
		return nil, err
	}
	x := p.Solution.Last()
	last := p.Solution.Len() - 1
	f := &Final{T: Number(p.Solution.Time(last)), Loss: Number(math.NaN()), Point: atlas.point(x)}
	if last < len(p.Solution.Losses) {
		f.Loss = Number(p.Solution.Losses[last])
	} else if point := p.Point(); point.At(x) == nil {
		f.Loss = Number(point.Value())
	}
	if p.Observations != nil && p.Target == nil && (p.Model == nil || p.Model.estimable()) {
		f.StandardError = standardErrors(atlas, f.Point, len(p.Observations.Rows))
	}
	return f, nil
}

// standardErrors are √(diag I⁻¹/n) in each chart at the point, those of an
// efficient estimator from n observations to first order; NaN where the
// information is singular.
func standardErrors(a *atlas, at Point, n int) Point {
	var out Point
	for i, view := range a.views {
		x := Floats(at[i].At)
		errs := make([]float64, len(x))
		for j := range errs {
			errs[j] = math.NaN()
		}
		fisher := mat.NewSymDense(len(x), nil)
		var factor mat.Cholesky
		var inverse mat.SymDense
		if view.Fisher(fisher, x) == nil && scaledFactor(&factor, &inverse, fisher) == nil {
			for j := range errs {
				errs[j] = math.Sqrt(inverse.At(j, j) / float64(n))
			}
		}
		out = append(out, ChartPoint{Chart: at[i].Chart, At: Numbers(errs)})
	}
	return out
}

// scaledFactor inverts a positive definite matrix by way of its correlation
// form, which the scales of the coordinates leave well conditioned.
func scaledFactor(factor *mat.Cholesky, inverse *mat.SymDense, m *mat.SymDense) error {
	n := m.SymmetricDim()
	scale := make([]float64, n)
	for i := range scale {
		scale[i] = math.Sqrt(m.At(i, i))
		if !(scale[i] > 0) || math.IsInf(scale[i], 1) {
			return errors.New("not positive definite")
		}
	}
	correlation := mat.NewSymDense(n, nil)
	for i := range n {
		for j := i; j < n; j++ {
			correlation.SetSym(i, j, m.At(i, j)/scale[i]/scale[j])
		}
	}
	if !factor.Factorize(correlation) {
		return errors.New("not positive definite")
	}
	// A large condition number is reported as an error beside a result that is
	// as good as the matrix allows.
	var condition mat.Condition
	if err := factor.InverseTo(inverse); err != nil && !errors.As(err, &condition) {
		return err
	}
	for i := range n {
		for j := i; j < n; j++ {
			inverse.SetSym(i, j, inverse.At(i, j)/scale[i]/scale[j])
		}
	}
	return nil
}

// normal975 is the 97.5 % point of the standard normal distribution.
const normal975 = 1.959963984540054

// estimates are the coordinates of the end with their standard errors and
// 95 % intervals, estimate ± 1.96 standard errors in each chart's own
// coordinates.
func (p *Problem) estimates(f *Final) *Table {
	t := NewTable("chart", "coordinate", "estimate", "standard_error", "lower", "upper")
	for i, c := range f.Point {
		view, err := manifold.In(p.Family, c.Chart)
		if err != nil {
			continue
		}
		for j, name := range view.Chart().Coordinates() {
			x, se := float64(c.At[j]), float64(f.StandardError[i].At[j])
			t.Add(c.Chart, name, x, se, x-normal975*se, x+normal975*se)
		}
	}
	return t
}
