package run

import (
	"slices"

	"fisherflow/metrics"
	"fisherflow/network"
)

// A ModelSpec is a conditional model p(y|x, θ) in layers.
type ModelSpec struct {
	// Kind is one of [ModelKinds].
	Kind string
	// Input is the shape of an example of "conv", its height, width and
	// channels; Channels, Kernel, Stride and Padding are those of its
	// convolutions, one each.
	Input                             []int
	Channels, Kernel, Stride, Padding []int
	// Widths are the numbers of inputs, of units of each hidden layer, and of
	// outputs; for "conv" the dense layers behind the convolutions.
	Widths     []int
	Activation string
	// Residual adds its input to every hidden layer that has its input's size,
	// NoBias leaves the constants out.
	Residual, NoBias bool
	// Output is one of [network.Outputs], Parameter its variance, shape, r or
	// trials.
	Output    string
	Parameter float64
	// Init is one of [network.Initials], Seed that of its numbers.
	Init string
	Seed int64
}

// A ModelKind describes a kind of model for a listing.
type ModelKind struct{ Name, Output, Description string }

// regression says that the kind is a network of one layer.
func (k ModelKind) regression() bool { return k.Name != "mlp" && k.Name != "conv" }

var modelKinds = []ModelKind{
	{"mlp", "", "dense layers"},
	{"conv", "", "convolutions and dense layers behind them"},
	{"linear", "gaussian", "regression with normal errors of a given variance"},
	{"logistic", "bernoulli", "regression of 0 and 1 on the log odds"},
	{"probit", "probit", "regression of 0 and 1 on the normal scale"},
	{"softmax", "softmax", "regression of one of several labels"},
	{"poisson", "poisson", "regression of counts on the log mean"},
	{"gamma", "gamma", "regression of positive numbers on the log mean"},
	{"negative-binomial", "negative-binomial", "regression of counts that vary more than Poisson's"},
}

// Models lists the kinds of model.
func Models() []ModelKind { return slices.Clone(modelKinds) }

// ModelKinds lists the names that model.kind may have.
func ModelKinds() []string {
	var names []string
	for _, k := range modelKinds {
		names = append(names, k.Name)
	}
	return names
}

func modelKind(name string) ModelKind {
	i := slices.IndexFunc(modelKinds, func(k ModelKind) bool { return k.Name == name })
	return modelKinds[i]
}

// outputParameter is the key of an output's own number; empty for none.
var outputParameter = map[string]string{"gaussian": "variance", "gamma": "shape", "negative-binomial": "r", "multinomial": "trials"}

var modelKeys = []string{
	"kind", "input", "channels", "kernel", "stride", "padding", "widths", "activation", "residual", "bias",
	"output", "variance", "shape", "r", "trials", "init", "seed",
}

// model reads [model]; widths that the data decide are filled in later.
func (s section) model(spec *Spec) {
	m := &ModelSpec{}
	spec.Model = m
	spec.Loss.Kind = "nll"
	for _, table := range []string{"family", "loss", "target"} {
		if _, ok := s.document.tree[table]; ok {
			s.fail(table, "", "a spec with a [model] has no [%s]: leave it out", table)
		}
	}
	if !s.has("kind") {
		s.fail(s.path, "", "[model] needs kind = \"…\" (kinds: %s)", list(ModelKinds()))
		return
	}
	m.Kind = s.name("kind", "kind of model", "", ModelKinds())
	if s.err != nil {
		return
	}
	kind := modelKind(m.Kind)
	m.Output = kind.Output
	if kind.regression() {
		for _, key := range []string{"activation", "residual", "output"} {
			if s.has(key) {
				s.fail(s.at(key), "", "model %q has no %s", m.Kind, key)
			}
		}
	} else {
		if !s.has("output") {
			s.fail(s.path, "", "model %q needs output = \"…\" (outputs: %s)", m.Kind, list(network.Outputs()))
		}
		m.Output = s.name("output", "output", "", network.Outputs())
		m.Activation = s.name("activation", "activation", "tanh", network.Activations())
		m.Residual = s.truth("residual", false)
		if !s.has("widths") {
			s.fail(s.path, "", "model %q needs widths = […], %s", m.Kind, map[string]string{
				"mlp": "the numbers of inputs, hidden units and outputs", "conv": "those of the dense layers, outputs last",
			}[m.Kind])
		}
	}
	if m.Kind == "conv" && s.has("residual") {
		s.fail(s.at("residual"), "", "model \"conv\" has no residual connections in a spec")
	}
	m.Widths = s.sizes("widths", 1)
	m.NoBias = !s.truth("bias", true)
	s.convolutions(m)
	own := outputParameter[m.Output]
	for _, key := range []string{"variance", "shape", "r", "trials"} {
		if s.has(key) && key != own {
			s.fail(s.at(key), "", "output %q has no %s", m.Output, key)
		}
	}
	if own != "" {
		m.Parameter = s.positive(own, 1)
	}
	if _, err := network.OutputByName(m.Output, m.Parameter); err != nil && s.err == nil {
		s.fail(s.at(own), "", "%w", err)
	}
	init := "zeros"
	if !kind.regression() {
		init = "glorot-uniform"
	}
	m.Init = s.name("init", "initialisation", init, network.Initials())
	m.Seed = s.whole("seed", spec.Seed, 0)
}

// convolutions reads what only "conv" has.
func (s section) convolutions(m *ModelSpec) {
	keys := []string{"input", "channels", "kernel", "stride", "padding"}
	if m.Kind != "conv" {
		for _, key := range keys {
			if s.has(key) {
				s.fail(s.at(key), "", "model %q has no %s", m.Kind, key)
			}
		}
		return
	}
	for _, key := range keys[:3] {
		if !s.has(key) {
			s.fail(s.path, "", "model \"conv\" needs %s", map[string]string{
				"input":    "input = [height, width, channels]",
				"channels": "channels = […], those of each convolution",
				"kernel":   "kernel = …, the side of a patch",
			}[key])
		}
	}
	if m.Input = s.sizes("input", 1); s.err == nil && len(m.Input) != 3 {
		s.fail(s.at("input"), "", "must be [height, width, channels], not %v", m.Input)
	}
	m.Channels = s.sizes("channels", 1)
	each := func(key string, otherwise, least int) []int {
		v := s.sizes(key, least)
		if !s.has(key) {
			v = []int{otherwise}
		}
		if len(v) == 1 {
			v = slices.Repeat(v, max(1, len(m.Channels)))
		}
		if s.err == nil && len(v) != len(m.Channels) {
			s.fail(s.at(key), "", "has %s for %s", count(len(v), "number"), count(len(m.Channels), "convolution"))
		}
		return v
	}
	m.Kernel, m.Stride, m.Padding = each("kernel", 0, 1), each("stride", 1, 1), each("padding", 0, 0)
}

// sizes is a list of whole numbers.
func (s section) sizes(key string, least int) []int {
	var out []int
	for _, x := range s.numbers(key) {
		if x != float64(int32(x)) || x < float64(least) {
			s.fail(s.at(key), "", "must be whole numbers from %d on; it has %v", least, x)
			return nil
		}
		out = append(out, int(x))
	}
	return out
}

// modelData reads what [data] has for a model beyond the rest.
func (s section) modelData(spec *Spec, given bool) {
	if !given {
		s.fail("model", "", "a model needs data: [data] with file = \"….csv\" or dataset = \"…\", and response = \"…\"")
		return
	}
	s.data(spec, given)
	d := spec.Data
	if d == nil || s.err != nil {
		return
	}
	if s.has("columns") {
		s.fail(s.at("columns"), "", "a model names its columns by response and predictors: leave columns out")
	}
	d.Response, d.Predictors = s.texts("response"), s.texts("predictors")
	if len(d.Response) == 0 {
		s.fail(s.path, "", "[data] of a model needs response = \"…\", a column")
	}
	all := append(slices.Clone(d.Response), d.Predictors...)
	for i, name := range all {
		if slices.Contains(all[:i], name) {
			key := "predictors"
			if i < len(d.Response) {
				key = "response"
			}
			s.fail(s.at(key), "", "%q is named twice", name)
		}
	}
	if s.has("test") {
		d.Test = s.interval("test")
	}
	if d.Rows != nil && d.Test != nil && d.Rows[0] < d.Test[1] && d.Test[0] < d.Rows[1] {
		s.fail(s.at("test"), "", "%v overlaps the rows %v that the model learns from", *d.Test, *d.Rows)
	}
	if d.Test != nil && d.Rows == nil {
		s.fail(s.at("test"), "", "needs rows = [from, to] beside it, those that the model learns from")
	}
}

// modelFlow reads [flow] of a model.
func (s section) modelFlow(spec *Spec, model *Model) {
	w := &spec.Flow
	w.Chart = s.name("chart", "chart of "+spec.Model.Kind, "source", []string{"source"})
	w.Estimator = s.name("estimator", "estimator", "exact", metrics.Estimators())
	w.Metric = s.name("metric", "metric", model.exactMetric(w.Estimator), metrics.Structures())
	w.Damping = s.damping(metrics.StructureDampings(w.Metric))
	if w.Estimator == "monte-carlo" {
		w.Samples = int(s.whole("samples", 1, 1))
	} else if s.has("samples") {
		s.fail(s.at("samples"), "", "estimator %q draws no samples", w.Estimator)
	}
	if w.Metric == "low-rank" {
		if !s.has("rank") {
			s.fail(s.path, "", "metric \"low-rank\" needs rank = …")
		}
		w.Rank = int(s.whole("rank", 1, 1))
	} else if s.has("rank") {
		s.fail(s.at("rank"), "", "metric %q has no rank", w.Metric)
	}
	if w.Metric == "conjugate-gradient" {
		w.Tolerance = s.positive("tolerance", 1e-10)
	} else if s.has("tolerance") {
		s.fail(s.at("tolerance"), "", "metric %q has no tolerance", w.Metric)
	}
	w.Cutoff = s.positive("cutoff", 0)
	if w.Cutoff >= 1 {
		s.fail(s.at("cutoff"), "", "must be a small share, below 1, not %v", w.Cutoff)
	}
	w.Start = PointSpec{Chart: "source"}
	if s.has("start") && s.err == nil {
		w.Start = s.point("start", model.family(), []string{"source"})
	}
	s.span(spec)
	if s.err == nil && w.Time == nil && model.Network.Dim() > largestStop {
		s.fail("flow", "", "a stop rule can be judged up to %d parameters, and the model has %d: [flow] needs time = [from, to]", largestStop, model.Network.Dim())
	}
}

// largestStop is the dimension up to which package flow bounds the distance left.
const largestStop = 512

// write writes the table, and nothing for a nil model.
func (m *ModelSpec) write(w *tomlWriter) {
	if m == nil {
		return
	}
	whole := func(key string, v []int) {
		if len(v) == 0 {
			return
		}
		items := make([]any, len(v))
		for i, x := range v {
			items[i] = int64(x)
		}
		w.put(key, items)
	}
	w.table("model")
	w.put("kind", m.Kind)
	for _, c := range []struct {
		key string
		v   []int
	}{{"input", m.Input}, {"channels", m.Channels}, {"kernel", m.Kernel}, {"stride", m.Stride}, {"padding", m.Padding}, {"widths", m.Widths}} {
		whole(c.key, c.v)
	}
	if m.Activation != "" {
		w.put("activation", m.Activation)
		w.put("output", m.Output)
	}
	if m.Residual {
		w.put("residual", true)
	}
	if m.NoBias {
		w.put("bias", false)
	}
	if key := outputParameter[m.Output]; key != "" {
		w.put(key, m.Parameter)
	}
	w.put("init", m.Init)
	w.put("seed", m.Seed)
}
