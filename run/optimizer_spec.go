package run

import (
	"fmt"
	"slices"

	"fisherflow/descent"
	"fisherflow/internal/flops"
	"fisherflow/metrics"
)

// An OptimizerSpec says by which discrete steps a model is trained, in place of
// a flow that is integrated. Numbers that a rule does not have are zero.
type OptimizerSpec struct {
	// Rule is one of [descent.Optimizers].
	Rule string
	// Batch is the number of examples of a step, 0 for all, Steps how many are
	// made, Record every how many of them losses are measured on all data.
	Batch, Steps, Record int

	Rate, Momentum, Beta1, Beta2, Epsilon float64
	Nesterov                              bool

	// Of the rules with a metric: its structure, estimator and samples of each
	// example, and its damping, with how it is adapted if Adapt is not nil.
	Metric, Estimator string
	Samples, Rank     int
	Damping           DampingSpec
	Adapt             *descent.LevenbergMarquardt
	// The share that averages of Kronecker factors keep, and the steps from one
	// inversion of them to the next.
	Average  float64
	Interval int
	// Norm bounds a step in the metric; 0 is no bound.
	Norm float64
	// Of conjugate gradients.
	Preconditioner string
	Tolerance      float64
	MaxIterations  int
}

// optimizerRules are the keys that each rule has beside those of all.
var optimizerRules = map[string][]string{
	"sgd":         {"rate"},
	"momentum":    {"rate", "momentum", "nesterov"},
	"adam":        {"rate", "beta1", "beta2", "epsilon"},
	"fisher-step": {"rate", "epsilon", "estimator", "samples"},
	"natural-gradient": {
		"metric", "estimator", "samples", "rank", "rate", "momentum", "damping", "average", "interval", "norm", "preconditioner", "tolerance", "max-iterations",
	},
	"kfac": {"estimator", "samples", "rate", "momentum", "damping", "average", "interval", "norm"},
}

// An OptimizerRule describes a rule of [optimizer] for a listing. Beside its own
// keys each has batch, steps and record.
type OptimizerRule struct {
	Name        string
	Keys        []string
	Description string
}

// Optimizers lists the rules.
func Optimizers() []OptimizerRule {
	about := map[string]string{
		"sgd":              "gradient descent",
		"momentum":         "gradient descent with a memory of its direction",
		"adam":             "gradients over the root of their mean square",
		"fisher-step":      "gradients over the diagonal of the Fisher matrix",
		"natural-gradient": "any metric, damping fixed or adapted",
		"kfac":             "Kronecker factors, damping fixed or adapted",
	}
	var rules []OptimizerRule
	for _, name := range descent.Optimizers() {
		rules = append(rules, OptimizerRule{name, slices.Clone(optimizerRules[name]), about[name]})
	}
	return rules
}

// Library names what multiplies matrices.
func Library() string { return flops.Library() }

var optimizerKeys = []string{
	"rule", "batch", "steps", "record", "rate", "momentum", "nesterov", "beta1", "beta2", "epsilon", "metric", "estimator", "samples", "rank",
	"damping", "average", "interval", "norm", "preconditioner", "tolerance", "max-iterations",
}

// adaptive is the damping that Levenberg and Marquardt's rule changes.
const adaptive = "levenberg-marquardt"

// optimizer reads [optimizer]. That the batch fits the data is seen later.
func (s section) optimizer(spec *Spec) {
	o := &OptimizerSpec{}
	spec.Optimizer = o
	if !s.has("rule") {
		s.fail(s.path, "", "[optimizer] needs rule = \"…\" (rules: %s)", list(descent.Optimizers()))
		return
	}
	o.Rule = s.name("rule", "optimizer", "", descent.Optimizers())
	if s.err != nil {
		return
	}
	own := optimizerRules[o.Rule]
	for _, key := range sortedKeys(s.values) {
		if !slices.Contains(own, key) && !slices.Contains(optimizerKeys[:4], key) {
			s.fail(s.at(key), "", "rule %q has no %s (it has: %s)", o.Rule, key, list(own))
		}
	}
	if !s.has("steps") {
		s.fail(s.path, "", "[optimizer] needs steps = …, how many are made")
	}
	o.Batch, o.Steps = int(s.whole("batch", 0, 0)), int(s.whole("steps", 1, 1))
	o.Record = int(s.whole("record", int64(max(1, (o.Steps+99)/100)), 1))
	has := func(key string) bool { return slices.Contains(own, key) }
	share := func(key string, otherwise float64) float64 {
		x := s.number(key, otherwise)
		if x < 0 || x >= 1 {
			s.fail(s.at(key), "", "must lie in [0, 1), not %v", x)
		}
		return x
	}
	switch o.Rule {
	case "sgd":
		o.Rate = s.positive("rate", 0.1)
	case "momentum":
		o.Rate, o.Momentum, o.Nesterov = s.positive("rate", 0.1), share("momentum", 0.9), s.truth("nesterov", false)
		if s.err == nil && o.Momentum == 0 {
			s.fail(s.at("momentum"), "", "is 0: rule = \"sgd\" has none")
		}
	case "adam":
		o.Rate, o.Epsilon = s.positive("rate", 1e-3), s.positive("epsilon", 1e-8)
		o.Beta1, o.Beta2 = share("beta1", 0.9), share("beta2", 0.999)
		s.positive("beta1", 0.9)
		s.positive("beta2", 0.999)
	case "fisher-step":
		o.Rate, o.Epsilon = s.positive("rate", 0.01), s.positive("epsilon", 1e-8)
	}
	if has("estimator") {
		o.Estimator = s.name("estimator", "estimator", "exact", metrics.Estimators())
		if o.Estimator == "monte-carlo" {
			o.Samples = int(s.whole("samples", 1, 1))
		} else if s.has("samples") {
			s.fail(s.at("samples"), "", "estimator %q draws no samples", o.Estimator)
		}
	}
	if has("damping") {
		s.natural(o, share)
	}
}

// natural reads what the rules with a metric have.
func (s section) natural(o *OptimizerSpec, share func(string, float64) float64) {
	o.Metric = "kfac"
	if o.Rule == "natural-gradient" {
		o.Metric = s.name("metric", "metric", "conjugate-gradient", metrics.Structures())
	}
	only := func(key string, structures ...string) bool {
		if slices.Contains(structures, o.Metric) {
			return true
		}
		if s.has(key) {
			s.fail(s.at(key), "", "metric %q has no %s", o.Metric, key)
		}
		return false
	}
	if only("rank", "low-rank") {
		if !s.has("rank") {
			s.fail(s.path, "", "metric \"low-rank\" needs rank = …")
		}
		o.Rank = int(s.whole("rank", 1, 1))
	}
	if only("average", "kfac", "ekfac") {
		usual := 0.0
		if o.Batch > 0 {
			usual = 0.95
		}
		o.Average = share("average", usual)
	}
	if only("interval", "kfac") {
		o.Interval = int(s.whole("interval", 1, 1))
	}
	if only("tolerance", "conjugate-gradient") {
		o.Tolerance = s.positive("tolerance", 1e-3)
	}
	if only("max-iterations", "conjugate-gradient") {
		o.MaxIterations = int(s.whole("max-iterations", 250, 1))
	}
	if only("preconditioner", "conjugate-gradient") && s.has("preconditioner") {
		o.Preconditioner = s.name("preconditioner", "preconditioner", "", []string{"diagonal", "kfac", "ekfac"})
	}
	o.Norm = s.positive("norm", 0)
	s.adaptable(o)
	usual := 0.1
	if o.Adapt != nil {
		usual = 1
		if s.has("momentum") {
			s.fail(s.at("momentum"), "", "is chosen by damping of kind %q: leave it out", adaptive)
		}
	}
	o.Rate, o.Momentum = s.positive("rate", usual), share("momentum", 0)
}

// adaptable reads a damping, which levenberg-marquardt may adapt.
func (s section) adaptable(o *OptimizerSpec) {
	kinds := metrics.StructureDampings(o.Metric)
	var adapted string
	for _, kind := range []string{"factored", "tikhonov"} {
		if slices.Contains(kinds, kind) {
			adapted = kind
			break
		}
	}
	// One batch is soon fitted by a step that no damping bounds, at the cost of
	// the others.
	least := 1e-14
	if o.Batch > 0 {
		least = 1e-3
	}
	if !s.has("damping") {
		if adapted != "" {
			o.Damping, o.Adapt = DampingSpec{Kind: adapted, Value: 1}, &descent.LevenbergMarquardt{Factor: 4, Interval: 1, Least: least}
		} else {
			o.Damping.Kind = "tikhonov"
		}
		return
	}
	t, isTable := s.values["damping"].(map[string]any)
	if !isTable || t["kind"] != adaptive {
		o.Damping = s.damping(kinds)
		return
	}
	d := s.table("damping").only("kind", "value", "factor", "interval", "least", "momentum")
	if adapted == "" {
		s.fail(d.at("kind"), "", "metric %q has no damping that could be adapted", o.Metric)
	}
	o.Damping = DampingSpec{Kind: adapted, Value: d.positive("value", 1)}
	o.Adapt = &descent.LevenbergMarquardt{
		Factor: d.positive("factor", 4), Interval: int(d.whole("interval", 1, 1)), Least: d.positive("least", least), NoMomentum: !d.truth("momentum", true),
	}
	if s.err == nil && o.Adapt.Factor <= 1 {
		s.fail(d.at("factor"), "", "must be above 1, not %v", o.Adapt.Factor)
	}
}

// Optimizer makes the optimizer of the spec.
func (o *OptimizerSpec) Optimizer() descent.Optimizer {
	switch o.Rule {
	case "sgd":
		return &descent.SGD{Rate: o.Rate}
	case "momentum":
		return &descent.Momentum{Rate: o.Rate, Momentum: o.Momentum, Nesterov: o.Nesterov}
	case "adam":
		return &descent.Adam{Rate: o.Rate, Beta1: o.Beta1, Beta2: o.Beta2, Epsilon: o.Epsilon}
	case "fisher-step":
		return &descent.FisherStep{Rate: o.Rate, Epsilon: o.Epsilon, Estimator: o.Estimator, Samples: o.Samples}
	}
	return &descent.Natural{
		Structure: o.Metric, Rate: o.Rate, Momentum: o.Momentum, Norm: o.Norm, Preconditioner: o.Preconditioner, LevenbergMarquardt: o.Adapt,
		Metric: metrics.Settings{
			Estimator: o.Estimator, Samples: o.Samples, Rank: o.Rank, Average: o.Average, Interval: o.Interval,
			Tolerance: o.Tolerance, MaxIterations: o.MaxIterations, Memory: largestMemory,
			Damping: metrics.Damping{Kind: o.Damping.Kind, Value: o.Damping.Value},
		},
	}
}

// write writes the table, and nothing for a nil optimizer.
func (o *OptimizerSpec) write(w *tomlWriter) {
	if o == nil {
		return
	}
	w.table("optimizer")
	w.put("rule", o.Rule)
	values := o.values()
	for _, key := range optimizerRules[o.Rule] {
		if v, ok := values[key]; ok {
			w.put(key, v)
		} else if key == "damping" {
			w.raw(key, o.damping())
		}
	}
	w.put("batch", int64(o.Batch))
	w.put("steps", int64(o.Steps))
	w.put("record", int64(o.Record))
}

// values are those of the keys that are set, the damping apart.
func (o *OptimizerSpec) values() map[string]any {
	v := map[string]any{"nesterov": o.Nesterov}
	for key, x := range map[string]float64{
		"rate": o.Rate, "momentum": o.Momentum, "beta1": o.Beta1, "beta2": o.Beta2, "epsilon": o.Epsilon, "norm": o.Norm, "tolerance": o.Tolerance,
	} {
		if x > 0 {
			v[key] = x
		}
	}
	for key, n := range map[string]int{"samples": o.Samples, "rank": o.Rank, "interval": o.Interval, "max-iterations": o.MaxIterations} {
		if n > 0 {
			v[key] = int64(n)
		}
	}
	for key, name := range map[string]string{"metric": o.Metric, "estimator": o.Estimator, "preconditioner": o.Preconditioner} {
		if name != "" {
			v[key] = name
		}
	}
	if o.Metric == "kfac" || o.Metric == "ekfac" {
		v["average"] = o.Average
	}
	return v
}

func (o *OptimizerSpec) damping() string {
	if a := o.Adapt; a != nil {
		return fmt.Sprintf("{ kind = %s, value = %s, factor = %s, interval = %d, least = %s, momentum = %t }",
			tomlValue(adaptive), tomlValue(o.Damping.Value), tomlValue(a.Factor), a.Interval, tomlValue(a.Least), !a.NoMomentum)
	}
	if o.Damping.Kind == "tikhonov" {
		return tomlValue(o.Damping.Value)
	}
	return fmt.Sprintf("{ kind = %s, value = %s }", tomlValue(o.Damping.Kind), tomlValue(o.Damping.Value))
}
