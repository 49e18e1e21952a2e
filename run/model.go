package run

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"fisherflow/data"
	"fisherflow/flow"
	"fisherflow/metrics"
	"fisherflow/network"

	"gonum.org/v1/gonum/mat"
)

// modelTol is the default error of a step of a model's flow, in Fisher length.
const modelTol = 1e-6

// largestMemory is how many bytes a model's evaluation may hold.
const largestMemory = 24 << 30

// A Model is the network of a spec with its data.
type Model struct {
	Network *network.Network
	Train   network.Data
	Test    *network.Data // nil: none
	// Observations are the rows that the model learns from, response first.
	Observations         *Observations
	Response, Predictors []string

	kind string
}

// model resolves a spec with a [model].
func (r *reader) model(s *Spec, top, model, sample, flow, method, claims section) error {
	model.model(s)
	sample.modelData(s, top.has("data"))
	if r.err != nil {
		return r.err
	}
	m, err := BuildModel(s)
	if err != nil {
		return err
	}
	flow.modelFlow(s, m)
	method.ode(s)
	if r.err != nil {
		return r.err
	}
	for _, name := range []string{"invariant", "matches-reference"} {
		if claims.has(name) && (name == "invariant" || s.Experiment == "") {
			r.fail(claims.at(name), "", "a model's flow has no claim %q: experiment fisher-invariance measures what each metric keeps", name)
		}
	}
	claims.claims(s, m.family(), []string{"source"}, top.has("claims"))
	if r.err != nil {
		return r.err
	}
	return nil
}

// BuildModel reads the data of a spec with a [model] and makes its network. It
// fills in the widths of a regression, which the data decide. Errors are of
// type [*SpecError] or [*DataError].
func BuildModel(s *Spec) (*Model, error) {
	m := &Model{kind: s.Model.Kind}
	table, train, test, err := m.read(s)
	if err != nil {
		return nil, err
	}
	if m.Train, err = m.rows(s, table, train); err != nil {
		return nil, err
	}
	if test != nil {
		d, err := m.rows(s, table, test)
		if err != nil {
			return nil, err
		}
		m.Test = &d
	}
	if m.Network, err = s.network(m); err != nil {
		return nil, err
	}
	for _, part := range []struct {
		data *network.Data
		rows []int
	}{{&m.Train, train}, {m.Test, test}} {
		if part.data == nil {
			continue
		}
		var bad *network.DataError
		err := m.Network.Check(*part.data)
		if errors.As(err, &bad) {
			if bad.Row >= 0 {
				fault := &DataError{File: table.File, Line: table.Lines[part.rows[bad.Row]], Problem: bad.Problem}
				if problem, ok := strings.CutPrefix(bad.Problem, "response: "); ok && len(m.Response) == 1 {
					fault.Column, fault.Problem = m.Response[0], problem
				}
				return nil, fault
			}
			return nil, s.Errorf("model", "does not fit the data: %s", bad.Problem)
		}
		if err != nil {
			return nil, s.Errorf("model", "%w", err)
		}
	}
	if bytes := m.memory(); bytes > largestMemory {
		return nil, s.Errorf("model", "needs %.3g GiB for its %d parameters on %d examples, and %d are allowed: take fewer rows or smaller widths",
			bytes/(1<<30), m.Network.Dim(), len(train), largestMemory>>30)
	}
	return m, nil
}

// read finds the data, their columns, and the rows to learn from and to test.
func (m *Model) read(s *Spec) (table *data.Table, train, test []int, err error) {
	d := s.Data
	o := &Observations{File: d.File, Dataset: d.Dataset}
	m.Observations = o
	text, name, err := o.read(s)
	if err != nil {
		return nil, nil, nil, err
	}
	sum := sha256.Sum256(text)
	o.SHA256 = hex.EncodeToString(sum[:])
	if table, err = data.ParseAs(name, text); err != nil {
		return nil, nil, nil, err
	}
	m.Response, m.Predictors = d.Response, d.Predictors
	for _, c := range []struct {
		key   string
		names []string
	}{{"data.response", m.Response}, {"data.predictors", m.Predictors}} {
		for _, name := range c.names {
			if table.Index(name) < 0 {
				return nil, nil, nil, unknownColumn(s, c.key, name, table)
			}
		}
	}
	if len(m.Predictors) == 0 {
		for _, name := range table.Columns {
			if !slices.Contains(m.Response, name) {
				m.Predictors = append(m.Predictors, name)
			}
		}
	}
	if len(m.Predictors) == 0 {
		return nil, nil, nil, s.Errorf("data.response", "leaves no column of %s to explain it by", table.File)
	}
	o.Columns = append(slices.Clone(m.Response), m.Predictors...)
	if train, err = d.keep(s, table); err != nil {
		return nil, nil, nil, err
	}
	if d.Test != nil {
		tested := *d
		tested.Rows = nil
		all, err := tested.keep(s, table)
		if err != nil {
			return nil, nil, nil, err
		}
		if d.Test[1] > len(all) {
			return nil, nil, nil, s.Errorf("data.test", "ends at %d; rows to choose from: %d", d.Test[1], len(all))
		}
		test = all[d.Test[0]:d.Test[1]]
	}
	return table, train, test, nil
}

// rows are examples and responses of some lines. Of the numbers of a label the
// predictors alone are scaled.
func (m *Model) rows(s *Spec, table *data.Table, rows []int) (network.Data, error) {
	d := network.Data{X: mat.NewDense(len(rows), len(m.Predictors), nil), Y: mat.NewDense(len(rows), len(m.Response), nil)}
	for _, part := range []struct {
		names []string
		to    *mat.Dense
		scale float64
	}{{m.Response, d.Y, 1}, {m.Predictors, d.X, s.Data.Scale}} {
		for j, name := range part.names {
			at := table.Index(name)
			for i, row := range rows {
				x, err := table.Number(row, at)
				if err != nil {
					return d, err
				}
				part.to.Set(i, j, x*part.scale)
			}
		}
	}
	if len(m.Observations.Rows) == 0 {
		for i, row := range rows {
			m.Observations.Rows = append(m.Observations.Rows, append(slices.Clone(d.Y.RawRowView(i)), d.X.RawRowView(i)...))
			m.Observations.Lines = append(m.Observations.Lines, table.Lines[row])
		}
	}
	return d, nil
}

// network makes the network of a spec on the data of m.
func (s *Spec) network(m *Model) (*network.Network, error) {
	spec := s.Model
	output, err := network.OutputByName(spec.Output, spec.Parameter)
	if err != nil {
		return nil, s.Errorf("model", "%w", err)
	}
	var activation network.Activation
	if spec.Activation != "" {
		if activation, err = network.ActivationByName(spec.Activation); err != nil {
			return nil, s.Errorf("model.activation", "%w", err)
		}
	}
	input := network.Vector(len(m.Predictors))
	widths := spec.Widths
	switch {
	case spec.Kind == "conv":
		input = network.Shape{Height: spec.Input[0], Width: spec.Input[1], Channels: spec.Input[2]}
		if input.Len() != len(m.Predictors) {
			return nil, s.Errorf("model.input", "%v are %d numbers where the data have %s", input, input.Len(), count(len(m.Predictors), "predictor"))
		}
	case len(widths) == 0:
		widths = []int{len(m.Predictors), m.outputs(spec)}
		spec.Widths = widths
		fallthrough
	default:
		if len(widths) < 2 {
			return nil, s.Errorf("model.widths", "%v must name inputs and outputs at least", widths)
		}
		if widths[0] != len(m.Predictors) {
			return nil, s.Errorf("model.widths", "begin with %s where the data have %s", count(widths[0], "input"), count(len(m.Predictors), "predictor"))
		}
		if modelKind(spec.Kind).regression() && len(widths) != 2 {
			return nil, s.Errorf("model.widths", "a regression has inputs and outputs alone, not %v: kind = \"mlp\" has hidden layers", widths)
		}
		widths = widths[1:]
	}
	var layers []network.Layer
	size := input.Len()
	for i, c := range spec.Channels {
		l := network.Conv{Channels: c, Kernel: spec.Kernel[i], Stride: spec.Stride[i], Padding: spec.Padding[i], Activation: activation, NoBias: spec.NoBias}
		layers = append(layers, l)
	}
	for i, w := range widths {
		l := network.Dense{Units: w, Activation: activation, NoBias: spec.NoBias}
		if i == len(widths)-1 {
			l.Activation = nil
		} else {
			l.Residual = spec.Residual && len(spec.Channels) == 0 && w == size
		}
		size = w
		layers = append(layers, l)
	}
	n, err := network.New(input, layers, output)
	if err != nil {
		return nil, s.Errorf("model", "%w", err)
	}
	if n.Responses() != len(m.Response) {
		return nil, s.Errorf("data.response", "names %s where output %q with %s has %s",
			count(len(m.Response), "column"), spec.Output, count(n.Outputs(), "number"), count(n.Responses(), "response"))
	}
	return n, nil
}

// outputs is how many numbers a regression's family has.
func (m *Model) outputs(spec *ModelSpec) int {
	if spec.Output != "softmax" {
		return len(m.Response)
	}
	top := 1.0
	for i := range m.Train.Y.RawMatrix().Rows {
		top = max(top, m.Train.Y.At(i, 0))
	}
	return 1 + int(math.Min(top, 1<<20))
}

// memory is what the evaluation on the data to learn from holds, in bytes.
func (m *Model) memory() float64 {
	n, _ := m.Train.X.Dims()
	numbers := 3 * float64(m.Network.Dim())
	for l := range m.Network.Layers() {
		_, q, p, t, _ := m.Network.Layer(l)
		numbers += float64(n) * float64(t) * float64(p+4*q)
	}
	return 8 * numbers
}

// exactMetric is the structure of the exact metric that costs least: by the
// Gram matrix of the examples' gradients where there are fewer of these than
// parameters.
func (m *Model) exactMetric(estimator string) string {
	n, _ := m.Train.X.Dims()
	if estimator != "exact" && estimator != "empirical" || n*m.Network.Output().Rank(m.Network.Outputs()) >= m.Network.Dim() {
		return "fisher"
	}
	return "sample-space"
}

// Point makes the model's loss under the metric of the spec.
func (m *Model) Point(s *Spec) (*flow.NetworkPoint, error) {
	e, err := network.NewEvaluation(m.Network, m.Train)
	if err != nil {
		return nil, s.Errorf("model", "%w", err)
	}
	w := &s.Flow
	p, err := flow.OnNetwork(e, w.Metric, metrics.Settings{
		Estimator: w.Estimator, Samples: w.Samples, Seed: uint64(s.Seed), Rank: w.Rank, Tolerance: w.Tolerance, Cutoff: w.Cutoff,
		Damping: metrics.Damping{Kind: w.Damping.Kind, Value: w.Damping.Value},
	})
	if err != nil {
		return nil, s.Errorf("flow.metric", "%w", err)
	}
	return p, nil
}

// Initial is where the spec starts the model's parameters.
func (m *Model) Initial(s *Spec) ([]float64, error) {
	theta := make([]float64, m.Network.Dim())
	if s.Flow.Start.At != nil {
		copy(theta, s.Flow.Start.At)
		return theta, nil
	}
	if err := m.Network.Initial(theta, s.Model.Init, uint64(s.Model.Seed)); err != nil {
		return nil, fmt.Errorf("model.init: %w", err)
	}
	return theta, nil
}
