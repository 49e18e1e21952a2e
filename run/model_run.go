package run

import (
	"fmt"
	"math"

	"fisherflow/flow"
	"fisherflow/metrics"
	"fisherflow/network"

	"gonum.org/v1/gonum/mat"
)

// buildModel makes the problem of a spec with a [model].
func (s *Spec) buildModel(p *Problem) (*Problem, error) {
	var err error
	if p.Model, err = BuildModel(s); err != nil {
		return nil, err
	}
	p.Family, p.Observations = p.Model.family(), p.Model.Observations
	point, err := p.Model.Point(s)
	if err != nil {
		return nil, err
	}
	p.Flow = flow.New(point, nil)
	p.Loss = modelLoss{point.Evaluation()}
	if p.Source, err = p.Model.Initial(s); err != nil {
		return nil, s.Errorf("model.init", "%w", err)
	}
	p.Start = p.Source
	if err := point.At(p.Start); err != nil {
		return nil, s.Errorf("model", "the flow cannot start there: %w", err)
	}
	p.T1 = math.Inf(1)
	if s.Flow.Time != nil {
		p.T0, p.T1 = s.Flow.Time[0], s.Flow.Time[1]
	}
	p.Settings = s.settings(p.T0)
	if _, ok := s.claim("closed-form"); ok {
		if err := p.lawful(); err != nil {
			return nil, s.Errorf("claims.closed-form", "there is no closed form to compare with: %w", err)
		}
	}
	return p, nil
}

// network is the flow's point.
func (p *Problem) network() *flow.NetworkPoint { return p.Flow.Point().(*flow.NetworkPoint) }

// solved notes what the metric inverted, after an accepted step.
func (p *Problem) solved(t float64) {
	d := p.network().Tensor().Diagnosis()
	p.diagnoses = append(p.diagnoses, diagnosed{t, d})
}

type diagnosed struct {
	t float64
	metrics.Diagnosis
}

// coordinateless says that the parameters are too many to be listed step by step.
func (p *Problem) coordinateless() bool {
	return p.Model != nil && p.Model.Network.Dim() > largestPoint
}

// learn enters the losses and accuracies of the models' flows in the result,
// and what their metrics inverted.
func (o *Outcome) learn() error {
	learning := NewTable("member", "t", "train_loss", "train_accuracy", "test_loss", "test_accuracy")
	inverted := NewTable("member", "t", "rank", "dimension", "largest", "smallest", "dropped", "residual", "iterations")
	for _, p := range o.Problems {
		if p.Model == nil || p.Solution == nil {
			continue
		}
		if err := p.learn(learning); err != nil {
			return err
		}
		stride := stride([]int{len(p.diagnoses)}, trajectoryRows)
		for _, i := range thinned(len(p.diagnoses), stride) {
			d := p.diagnoses[i]
			inverted.Add(p.Name, d.t, int64(d.Rank), int64(d.Dim), d.Largest, d.Smallest, d.Dropped, d.Residual, int64(d.Iterations))
		}
	}
	o.trained(learning)
	if len(learning.Rows) > 0 {
		o.Result.AddTable("learning", learning)
	}
	if len(inverted.Rows) > 0 {
		o.Result.AddTable("metric", inverted)
	}
	return nil
}

func (p *Problem) learn(t *Table) error {
	train, err := network.NewEvaluation(p.Model.Network, p.Model.Train)
	if err != nil {
		return err
	}
	var test *network.Evaluation
	if p.Model.Test != nil {
		if test, err = train.On(*p.Model.Test); err != nil {
			return err
		}
	}
	x := make([]float64, p.Flow.Dim())
	for _, at := range p.times() {
		p.Solution.At(x, at)
		values := [4]float64{math.NaN(), math.NaN(), math.NaN(), math.NaN()}
		if train.At(x) == nil {
			values[0], values[1] = train.Value(), train.Accuracy()
		}
		if test != nil && test.At(x) == nil {
			values[2], values[3] = test.Value(), test.Accuracy()
		}
		t.Add(p.Name, at, values[0], values[1], values[2], values[3])
	}
	return nil
}

// distance is the exact Fisher length, at a, of the way from a to b.
func (p *Problem) distance() flow.Separation {
	point := p.Point().(*flow.NetworkPoint)
	way := make([]float64, p.Flow.Dim())
	return func(a, b []float64) (float64, error) {
		if err := point.At(a); err != nil {
			return math.NaN(), err
		}
		for i := range way {
			way[i] = b[i] - a[i]
		}
		return point.FisherLength(way)
	}
}

// lawful reports why the flow does not take every mean along a straight line.
func (p *Problem) lawful() error {
	w := &p.Spec.Flow
	exact := w.Metric == "fisher" || w.Metric == "sample-space" || w.Metric == "conjugate-gradient"
	if !exact || w.Damping.Value != 0 || w.Estimator != "exact" {
		return fmt.Errorf("closed forms are known under the undamped exact Fisher metric only")
	}
	if name := p.Spec.Model.Output; name == "gaussian-scale" {
		return fmt.Errorf("the means of output %q do not move along straight lines", name)
	}
	rows := p.Model.independentRows()
	if n := p.Model.Network.Dim(); rows > n {
		return fmt.Errorf("the examples' outputs have %d degrees of freedom, more than the %d parameters", rows, n)
	}
	rank, err := p.rank()
	if err != nil {
		return err
	}
	if rank < rows {
		return fmt.Errorf("the Fisher matrix has rank %d at the start, less than the outputs' %d degrees of freedom", rank, rows)
	}
	return nil
}

// estimable says that standard errors of the parameters make sense: those of a
// regression, whose Fisher matrix is regular unless predictors are collinear.
func (m *Model) estimable() bool {
	return modelKind(m.kind).regression() && m.kind != "softmax" && m.Network.Dim() <= largestPoint
}

// independentRows is N·rank(H).
func (m *Model) independentRows() int {
	n, _ := m.Train.X.Dims()
	return n * m.Network.Output().Rank(m.Network.Outputs())
}

// rank is that of the exact Fisher matrix at the start, from the Gram matrix of
// its rows.
func (p *Problem) rank() (int, error) {
	e, err := network.NewEvaluation(p.Model.Network, p.Model.Train)
	if err != nil {
		return 0, err
	}
	t, err := metrics.OnModel("sample-space", e, metrics.Settings{})
	if err != nil {
		return 0, err
	}
	if err := t.At(p.Start); err != nil {
		return 0, err
	}
	gradient := make([]float64, e.Dim())
	e.Gradient(gradient)
	if err := t.Raise(gradient, gradient); err != nil {
		return 0, err
	}
	return t.Diagnosis().Rank, nil
}

// meanLaw compares the means of all examples with T(y) + e^{−t}(μ₀ − T(y)) at
// the times of the samples.
func (p *Problem) meanLaw() (flow.Check, error) {
	c := flow.Check{Name: "closed-form", Value: math.NaN()}
	e, err := network.NewEvaluation(p.Model.Network, p.Model.Train)
	if err != nil {
		return c, err
	}
	n, k := e.Examples(), e.Outputs()
	means := func(x []float64) (*mat.Dense, error) {
		if err := e.At(x); err != nil {
			return nil, err
		}
		m := mat.NewDense(n, k, nil)
		for i := range n {
			e.Mean(m.RawRowView(i), i)
		}
		return m, nil
	}
	first, err := means(p.Start)
	if err != nil {
		return c, err
	}
	to := mat.NewDense(n, k, nil)
	steepest := 0.0
	for i := range n {
		e.Statistic(to.RawRowView(i), i)
	}
	worst, when := 0.0, p.T0
	x := make([]float64, p.Flow.Dim())
	for _, t := range p.times() {
		m, err := means(p.Solution.At(x, t))
		if err != nil {
			return c, err
		}
		decay := math.Exp(-(t - p.T0))
		for i := range n {
			for j := range k {
				y := to.At(i, j)
				if gap := math.Abs(m.At(i, j) - y - decay*(first.At(i, j)-y)); gap > worst {
					worst, when = gap, t
				}
			}
			// By Cauchy–Schwarz a mean moves by no more than the standard
			// deviation of its statistic times the length of δz.
			for j := range k {
				steepest = max(steepest, p.Model.deviation(m.At(i, j)))
			}
		}
	}
	length := safetyOfErrors*p.Solution.LocalErrors + p.Solution.Rounding
	c.Value, c.Bound = worst, steepest*math.Sqrt(float64(n))*length+64*0x1p-52*scale(first, to)
	c.Detail = fmt.Sprintf("mean %.3g off y + e^(−t)(mean at the start − y), most at t = %.4g; %d examples; error estimates of %.3g in Fisher length",
		worst, when, n, p.Solution.LocalErrors)
	return c, nil
}

// deviation is the standard deviation of a response of the given mean.
func (m *Model) deviation(mean float64) float64 {
	switch o := m.Network.Output().(type) {
	case network.Softmax:
		return math.Sqrt(mean * (1 - mean))
	case network.Multinomial:
		return math.Sqrt(mean * (1 - mean/float64(o.Trials)))
	case network.Independent:
		switch of := o.Of.(type) {
		case network.Gaussian:
			return math.Sqrt(1 / of.Fisher(0))
		case network.Poisson:
			return math.Sqrt(mean)
		case network.Gamma:
			return mean / math.Sqrt(of.Fisher(0))
		case network.NegativeBinomial:
			return mean / math.Sqrt(of.Fisher(math.Log(mean)))
		}
		return math.Sqrt(mean * (1 - mean))
	}
	return math.NaN()
}

// safetyOfErrors multiplies sums of local error estimates, as in package flow.
const safetyOfErrors = 10

func scale(ms ...*mat.Dense) float64 {
	s := 0.0
	for _, m := range ms {
		for _, v := range m.RawMatrix().Data {
			s = max(s, math.Abs(v))
		}
	}
	return s
}
