package flow

import (
	"math"
	"slices"

	"fisherflow/manifold"
	"fisherflow/metrics"
	"fisherflow/network"

	"gonum.org/v1/gonum/blas/blas64"
)

// OnNetwork returns the Point of the mean loss of a network on data under a
// metric that [metrics.OnModel] knows by its name, the exact Fisher matrix or
// an approximation of it. The evaluation is the point's own from then on, and
// so is a preconditioner in the settings, made on the same evaluation.
//
// Draws of the estimator "monte-carlo" are the same at every θ, so that there
// is one field to integrate; their labels jump where a probability passes the
// uniform number behind them.
func OnNetwork(e *network.Evaluation, structure string, settings metrics.Settings) (*NetworkPoint, error) {
	tensor, err := metrics.OnModel(structure, e, settings)
	if err != nil {
		return nil, err
	}
	return &NetworkPoint{evaluation: e, tensor: tensor, structure: structure, settings: settings}, nil
}

// A NetworkPoint is the Point that [OnNetwork] makes. Loss, gradient and metric
// share one forward pass; the metric is built when it is first asked for.
type NetworkPoint struct {
	evaluation *network.Evaluation
	tensor     metrics.Tensor
	structure  string
	settings   metrics.Settings

	at      []float64
	raised  bool           // whether tensor is at the point
	tangent blas64.General // of the outputs, N×C
}

// Dim is the number of parameters.
func (p *NetworkPoint) Dim() int { return p.evaluation.Dim() }

// Evaluation is the network on its data, at the point.
func (p *NetworkPoint) Evaluation() *network.Evaluation { return p.evaluation }

// Tensor is the metric that drives the flow.
func (p *NetworkPoint) Tensor() metrics.Tensor { return p.tensor }

// At moves to theta: a forward pass, unless it is there.
func (p *NetworkPoint) At(theta []float64) error {
	if slices.Equal(p.at, theta) {
		return p.evaluation.At(theta)
	}
	p.raised = false
	p.at = append(p.at[:0], theta...)
	return p.evaluation.At(theta)
}

// Value is the mean negative log-likelihood.
func (p *NetworkPoint) Value() float64 { return p.evaluation.Value() }

// Magnitude is the scale of the rounding error of Value. Beside the sum over
// examples it has that of the outputs, which the layers pass on.
func (p *NetworkPoint) Magnitude() float64 { return p.evaluation.Magnitude() * p.depth() }

// depth is how many products and sums a rounding error of the outputs adds up
// over, as independent ones.
func (p *NetworkPoint) depth() float64 {
	terms := 0
	for l := range p.evaluation.Layers() {
		_, _, in, _, _ := p.evaluation.Layer(l)
		terms += in
	}
	return math.Sqrt(float64(terms))
}

// Gradient stores ∂L/∂θ.
func (p *NetworkPoint) Gradient(dst []float64) { p.evaluation.Gradient(dst) }

// Raise stores G⁻¹c, or G⁺c where the metric is singular.
func (p *NetworkPoint) Raise(dst, covector []float64) error {
	if err := p.prepare(); err != nil {
		return err
	}
	return p.tensor.Raise(dst, covector)
}

// Lower stores Gv.
func (p *NetworkPoint) Lower(dst, vector []float64) error {
	if err := p.prepare(); err != nil {
		return err
	}
	return p.tensor.Lower(dst, vector)
}

func (p *NetworkPoint) prepare() error {
	if p.raised {
		return nil
	}
	if err := p.tensor.At(p.at); err != nil {
		return err
	}
	p.raised = true
	return nil
}

// FisherLength is the length of a vector in the exact Fisher metric, whatever
// metric drives the flow,
//
//	‖v‖_F² = (1/N) Σ_n |S_nᵀ J_n v|²,   S Sᵀ = H,
//
// ½‖v‖² in nats to leading order: one forward pass of tangents. The root of H
// keeps the digits that a quadratic form would lose where Jv is long along what
// H maps to zero.
func (p *NetworkPoint) FisherLength(vector []float64) (float64, error) {
	e := p.evaluation
	n, c := e.Examples(), e.Outputs()
	if cap(p.tangent.Data) < 2*n*c {
		p.tangent = blas64.General{Data: make([]float64, 2*n*c)}
	}
	t := blas64.General{Rows: n, Cols: c, Stride: c, Data: p.tangent.Data[:n*c]}
	factor := t
	factor.Data = p.tangent.Data[n*c : 2*n*c]
	e.JVP(t, vector)
	sum := 0.0
	for j := range e.Rank() {
		e.Factors(factor, j)
		for i := range n {
			x := 0.0
			for k, v := range t.Data[i*c : (i+1)*c] {
				x += v * factor.Data[i*c+k]
			}
			sum += x * x
		}
	}
	return math.Sqrt(sum / float64(n)), nil
}

// Clone returns an independent point on the same network, data and metric, on
// all examples and without a preconditioner.
func (p *NetworkPoint) Clone() Point {
	s := p.settings
	s.Preconditioner = nil
	q, err := OnNetwork(p.evaluation.Clone(), p.structure, s)
	if err != nil {
		panic("flow: a point that was made once cannot be made again: " + err.Error())
	}
	return q
}

// A FisherRuler measures vectors at its point in the exact Fisher metric, though
// another one may drive the flow.
type FisherRuler interface {
	FisherLength(vector []float64) (float64, error)
}

var (
	_ Point           = (*NetworkPoint)(nil)
	_ FisherRuler     = (*NetworkPoint)(nil)
	_ manifold.Metric = metrics.Tensor(nil)
)
