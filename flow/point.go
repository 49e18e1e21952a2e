package flow

import (
	"math"

	"fisherflow/manifold"
	"fisherflow/metrics"
)

// A Point is a loss and a metric at one point of parameter space, in whatever
// coordinates it was made for. It is set once, by At, and then answers for
// that point without allocation; gradient and metric share their work. It is
// used by one goroutine at a time, Clone makes another.
type Point interface {
	// Dim is the number of coordinates.
	Dim() int
	// At moves to x. An error that wraps ode.ErrDomain refuses the point.
	At(x []float64) error
	// Value is the loss.
	Value() float64
	// Magnitude is the sum of the absolute values of the terms that Value adds
	// up, in units of the loss: Value carries a rounding error of a few ulp of
	// it.
	Magnitude() float64
	// Gradient stores dL, a covector.
	Gradient(dst []float64)
	// Raise stores G⁻¹c for the metric that drives the flow.
	Raise(dst, covector []float64) error
	// Lower stores Gv for the metric that drives the flow.
	Lower(dst, vector []float64) error
	// Clone returns an independent point, not yet set.
	Clone() Point
}

// A Loss is a function on a family, asked in the family's source coordinates.
// Like a Point it is set once and used by one goroutine at a time.
type Loss interface {
	// Name is the loss's kind in spec files, as "nll".
	Name() string
	// At moves to theta.
	At(theta []float64) error
	Value() float64
	Magnitude() float64
	// Gradient stores ∂L/∂θ, a source covector.
	Gradient(dst []float64)
	Clone() Loss
}

// InChart returns the Point of a loss on a family in one of the family's
// charts, with the gradient pulled back and the metric in the chart's own
// coordinates. Metric makes the metric for a view; nil means the Fisher metric.
func InChart(family manifold.Family, chart string, loss Loss, metric func(*manifold.View) (manifold.Metric, error)) (*ChartPoint, error) {
	if metric == nil {
		metric = metrics.ForFisher
	}
	view, err := manifold.In(family, chart)
	if err != nil {
		return nil, err
	}
	m, err := metric(view)
	if err != nil {
		return nil, err
	}
	n := family.Dim()
	return &ChartPoint{
		family: family, chart: chart, view: view, loss: loss.Clone(), metric: m, make: metric,
		x: make([]float64, n), theta: make([]float64, n), source: make([]float64, n), gradient: make([]float64, n),
	}, nil
}

// A ChartPoint is the Point that [InChart] makes.
type ChartPoint struct {
	family manifold.Family
	chart  string
	view   *manifold.View
	loss   Loss
	metric manifold.Metric
	make   func(*manifold.View) (manifold.Metric, error)

	x, theta         []float64 // the point in the chart and in source coordinates
	source, gradient []float64 // dL in source and in chart coordinates
	raised           bool      // whether metric is at x
}

// Dim is the dimension of the family.
func (p *ChartPoint) Dim() int { return len(p.x) }

// View is the family in the point's chart.
func (p *ChartPoint) View() *manifold.View { return p.view }

// Theta is the point in source coordinates; it changes with At.
func (p *ChartPoint) Theta() []float64 { return p.theta }

// At moves to the chart coordinates x.
func (p *ChartPoint) At(x []float64) error {
	p.raised = false
	if err := p.view.Chart().ToSource(p.theta, x); err != nil {
		return err
	}
	copy(p.x, x)
	if err := p.loss.At(p.theta); err != nil {
		return err
	}
	p.loss.Gradient(p.source)
	p.view.Chart().Pull(p.gradient, p.x, p.theta, p.source)
	return nil
}

// Value is the loss.
func (p *ChartPoint) Value() float64 { return p.loss.Value() }

// Magnitude is the scale of the rounding error of Value.
func (p *ChartPoint) Magnitude() float64 { return p.loss.Magnitude() }

// Gradient stores the chart components of dL.
func (p *ChartPoint) Gradient(dst []float64) { copy(dst, p.gradient) }

// Raise stores G⁻¹c in chart components.
func (p *ChartPoint) Raise(dst, covector []float64) error {
	if err := p.prepare(); err != nil {
		return err
	}
	return p.metric.Raise(dst, covector)
}

// Lower stores Gv in chart components.
func (p *ChartPoint) Lower(dst, vector []float64) error {
	if err := p.prepare(); err != nil {
		return err
	}
	return p.metric.Lower(dst, vector)
}

// prepare moves the metric to the point when it is first asked for, so that
// reading the loss alone costs no factorisation.
func (p *ChartPoint) prepare() error {
	if p.raised {
		return nil
	}
	if err := p.metric.At(p.x); err != nil {
		return err
	}
	p.raised = true
	return nil
}

// GradientError is the accuracy of the gradient's chart components when the
// loss is an [Approximate] one, and zero when it is not.
func (p *ChartPoint) GradientError() float64 {
	a, ok := p.loss.(Approximate)
	if !ok || a.GradientError() == 0 {
		return 0
	}
	// Each chart component is Σ_i J_ij times the error of a source component.
	worst := 0.0
	unit, column := make([]float64, len(p.x)), make([]float64, len(p.x))
	for j := range unit {
		unit[j] = 1
		p.view.Chart().Push(column, p.x, p.theta, unit)
		unit[j] = 0
		sum := 0.0
		for _, v := range column {
			sum += math.Abs(v)
		}
		worst = max(worst, sum)
	}
	return worst * a.GradientError()
}

// Clone returns an independent point on the same family, chart and loss.
func (p *ChartPoint) Clone() Point {
	q, err := InChart(p.family, p.chart, p.loss, p.make)
	if err != nil {
		panic("flow: a point that was made once cannot be made again: " + err.Error())
	}
	return q
}

// Family is the family in its source coordinates.
func (p *ChartPoint) Family() manifold.Family { return p.family }

// Loss is the point's own copy of the loss.
func (p *ChartPoint) Loss() Loss { return p.loss }

var (
	_ Point       = (*ChartPoint)(nil)
	_ Approximate = (*ChartPoint)(nil)
)
