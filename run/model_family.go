package run

import (
	"fmt"
	"math"
	"slices"

	"fisherflow/flow"
	"fisherflow/manifold"
	"fisherflow/metrics"
	"fisherflow/network"

	"gonum.org/v1/gonum/mat"
)

// weights is the family of a model: its members are p(y|x, θ) at the examples'
// x, its one chart θ.
type weights struct {
	model *Model
	names []string
}

func (m *Model) family() manifold.Family { return &weights{model: m, names: m.coordinates()} }

// coordinates names θ: by predictor for a regression, W2[3,1] and b2[3] for the
// third unit of the second layer otherwise.
func (m *Model) coordinates() []string {
	names := make([]string, 0, m.Network.Dim())
	regression := modelKind(m.kind).regression()
	for l := range m.Network.Layers() {
		_, q, p, _, bias := m.Network.Layer(l)
		for i := range q {
			for j := range p {
				constant := bias && j == p-1
				var name string
				switch {
				case regression && constant:
					name = "intercept"
				case regression:
					name = m.Predictors[j]
				case constant:
					name = fmt.Sprintf("b%d[%d]", l+1, i+1)
				default:
					name = fmt.Sprintf("W%d[%d,%d]", l+1, i+1, j+1)
				}
				if regression && q > 1 {
					name = fmt.Sprintf("%s[%d]", name, i)
				}
				names = append(names, name)
			}
		}
	}
	return names
}

func (w *weights) Name() string { return w.model.kind }
func (w *weights) Dim() int     { return w.model.Network.Dim() }

func (w *weights) Check(theta []float64) error {
	for i, v := range theta {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("%s = %v is not finite: %w", w.names[i], v, manifold.ErrDomain)
		}
	}
	return nil
}

func (w *weights) Charts() []string { return []string{"source"} }

func (w *weights) Chart(name string) (manifold.Chart, bool) { return plain{w}, name == "source" }

// Fisher stores the exact Fisher matrix, for a regression's standard errors.
func (w *weights) Fisher(dst *mat.SymDense, theta []float64) error {
	e, err := network.NewEvaluation(w.model.Network, w.model.Train)
	if err != nil {
		return err
	}
	p, err := flow.OnNetwork(e, "fisher", metrics.Settings{})
	if err != nil {
		return err
	}
	if err := p.Tensor().At(theta); err != nil {
		return err
	}
	return metrics.Matrix(dst, p.Tensor())
}

// modelLoss is the mean loss on the examples.
type modelLoss struct{ *network.Evaluation }

func (modelLoss) Name() string       { return "nll" }
func (l modelLoss) Clone() flow.Loss { return modelLoss{l.Evaluation.Clone()} }

// plain is the chart in which nothing changes.
type plain struct{ of *weights }

func (plain) Name() string                       { return "source" }
func (c plain) Coordinates() []string            { return slices.Clone(c.of.names) }
func (c plain) ToSource(dst, xi []float64) error { copy(dst, xi); return c.of.Check(xi) }
func (plain) FromSource(dst, theta []float64) error {
	copy(dst, theta)
	return nil
}
func (plain) Push(dst, _, _, v []float64)        { copy(dst, v) }
func (plain) PushInverse(dst, _, _, v []float64) { copy(dst, v) }
func (plain) Pull(dst, _, _, c []float64)        { copy(dst, c) }
func (plain) PullInverse(dst, _, _, c []float64) { copy(dst, c) }

var (
	_ manifold.Family   = (*weights)(nil)
	_ manifold.Charted  = (*weights)(nil)
	_ manifold.Fisherer = (*weights)(nil)
	_ manifold.Chart    = plain{}
	_ flow.Loss         = modelLoss{}
)
