package run

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"fisherflow/data"
	"fisherflow/descent"
	"fisherflow/manifold"
	"fisherflow/metrics"
	"fisherflow/ode"
)

// Losses lists the kinds of loss that a spec may name.
func Losses() []string {
	return []string{"nll", "kl", "reverse-kl", "expectation", "linear", "entropy", "negative-entropy", "free-energy", "squared-distance", "elbo"}
}

// ClaimNames lists the claims that a spec may make.
func ClaimNames() []string {
	return []string{"monotone", "energy-identity", "resolved", "stationary", "invariant", "closed-form", "matches-reference"}
}

// later are names of the vocabulary that this version does not build.
var later = map[string][]string{
	"estimator": {"monte-carlo", "empirical"},
}

const (
	defaultMethod   = "dopri5"
	defaultRTol     = 1e-9
	defaultTol      = 1e-9
	defaultMaxSteps = 1_000_000
	// defaultStationary is the Fisher distance that a stationary claim without
	// a bound of its own allows in a flow without a stop rule.
	defaultStationary = 1e-6
)

// Spec gives the document its meaning. Errors are of type [*SpecError].
func (d *Document) Spec() (*Spec, error) {
	r := &reader{document: d}
	top := section{r, "", d.tree}
	top.only("title", "seed", "figures", "experiment", "parameters", "target", "model", "family", "data", "loss", "flow", "ode", "optimizer", "claims")
	s := &Spec{File: d.file, Dir: filepath.Dir(d.file), document: d}
	s.Title = top.text("title", "")
	s.Seed = top.whole("seed", 0, 0)
	s.NoFigures = !top.truth("figures", true)
	s.Experiment = top.text("experiment", "")
	if p := top.table("parameters"); len(p.values) > 0 {
		s.Parameters = p.values
		if s.Experiment == "" {
			r.fail("parameters", "", "parameters belong to a catalogue experiment: name it with experiment = \"…\"")
		}
		for _, key := range sortedKeys(p.values) {
			if !writable(p.values[key]) {
				r.fail(p.at(key), "", "must be a number, text, true, false or a list of these")
			}
		}
	}

	// Keys are checked in every table before anything is missed, since a key
	// that is missing may be there misspelt.
	family := top.table("family")
	posterior := top.table("target").only(targetKeys...)
	model := top.table("model").only(modelKeys...)
	sample := top.table("data").only("file", "dataset", "columns", "response", "predictors", "where", "scale", "shuffle", "rows", "test")
	loss := top.table("loss").only("kind", "target", "coefficients", "temperature", "chart")
	flow := top.table("flow").only("chart", "metric", "estimator", "samples", "rank", "cutoff", "tolerance", "damping", "start", "time", "stop", "certificate")
	optimizer := top.table("optimizer").only(optimizerKeys...)
	method := top.table("ode").only("method", "rtol", "atol", "tol", "norm", "step", "max-steps", "output")
	claims := top.table("claims").only(ClaimNames()...)

	var f manifold.Family
	if top.has("model") {
		if top.has("optimizer") {
			return s, r.training(s, top, model, sample, flow, optimizer, claims)
		}
		return s, r.model(s, top, model, sample, flow, method, claims)
	}
	if top.has("optimizer") {
		r.fail("optimizer", "", "trains a [model]; the flow of a family takes discrete steps by ode.method with ode.step")
	}
	for _, key := range []string{"response", "predictors", "test"} {
		if sample.has(key) {
			r.fail(sample.at(key), "", "data have %s for a [model] only", key)
		}
	}
	for _, key := range []string{"samples", "rank", "cutoff", "tolerance"} {
		if flow.has(key) {
			r.fail(flow.at(key), "", "a flow has %s over a [model] only", key)
		}
	}
	switch {
	case top.own(s):
		s.Own = true
		f = unnamed{}
	case top.has("target"):
		loss.elbo(s)
		sample.data(s, top.has("data"))
		posterior.target(s)
		f = family.approximation(s)
	default:
		f = family.family(s)
	}
	if r.err != nil {
		return nil, r.err
	}
	charts := chartNames(f)
	if s.Target == nil && !s.Own {
		loss.loss(s, f, charts)
		sample.data(s, top.has("data"))
	}
	flow.flow(s, f, charts)
	method.ode(s)
	claims.claims(s, f, charts, top.has("claims"))
	if r.err != nil {
		return nil, r.err
	}
	return s, nil
}

// writable reports whether the value can be written as TOML.
func writable(v any) bool {
	switch x := v.(type) {
	case string, bool, int64, float64:
		return true
	case []any:
		return !slices.ContainsFunc(x, func(v any) bool { return !writable(v) })
	}
	return false
}

func (s section) family(spec *Spec) manifold.Family {
	if !s.has("name") {
		if misspelt := Nearest("name", sortedKeys(s.values)); misspelt != "" {
			s.fail(s.at(misspelt), "name", "[family] has no key %q", misspelt)
		}
		s.fail("family", "", "the spec names no family: [family] needs name = \"…\"")
		return nil
	}
	name := s.name("name", "family", "", manifold.Names())
	options := manifold.Options{}
	for key, v := range s.values {
		if key == "name" {
			continue
		}
		if !writable(v) {
			s.fail(s.at(key), "", "must be a number, text or a list of these")
		}
		options[key] = v
	}
	if s.err != nil {
		return nil
	}
	spec.Family = FamilySpec{Name: name, Options: options}
	f, err := manifold.New(name, options)
	var unknown *manifold.NameError
	switch {
	case errors.As(err, &unknown) && len(unknown.Names) == 0:
		s.fail(s.at(unknown.Name), "", "%s has no options", name)
	case errors.As(err, &unknown):
		s.unknown(unknown.Name, unknown.Kind, unknown.Name, unknown.Names)
	case err != nil:
		path := "family"
		if len(options) == 1 {
			path = s.at(sortedKeys(options)[0])
		}
		s.fail(path, "", "%w", err)
	}
	return f
}

// chartNames lists a family's charts and their synonyms.
func chartNames(f manifold.Family) []string {
	names := []string{"source"}
	if c, ok := f.(manifold.Charted); ok {
		names = c.Charts()
	}
	if _, ok := f.(manifold.Exponential); ok {
		for _, synonym := range []string{"natural", "expectation"} {
			if !slices.Contains(names, synonym) {
				names = append(slices.Clip(names), synonym)
			}
		}
	}
	return names
}

// point reads { chart, at }, or a bare list in source coordinates.
func (s section) point(key string, f manifold.Family, charts []string) PointSpec {
	p := PointSpec{Chart: "source"}
	path := s.at(key)
	if t, ok := s.values[key].(map[string]any); ok {
		inner := section{s.reader, path, t}.only("chart", "at")
		p.Chart = inner.name("chart", "chart of "+f.Name(), "source", charts)
		if !inner.has("at") {
			s.fail(path, "", "needs the coordinates at = […]")
		}
		p.At = inner.numbers("at")
		path = inner.at("at")
	} else {
		p.At = s.numbers(key)
	}
	if s.err == nil && len(p.At) != f.Dim() {
		s.fail(path, "", "has %s where %s has %d", count(len(p.At), "coordinate"), f.Name(), f.Dim())
	}
	return p
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (s section) loss(spec *Spec, f manifold.Family, charts []string) {
	if !s.has("kind") {
		s.fail("loss", "", "the spec names no loss: [loss] needs kind = \"…\"")
		return
	}
	if s.text("kind", "") == "elbo" {
		s.fail(s.at("kind"), "", "loss \"elbo\" needs a [target] with model = \"…\" or posterior = \"…\"")
	}
	l := &spec.Loss
	l.Kind = s.name("kind", "loss", "", Losses())
	needs := map[string][]string{
		"kl": {"target"}, "reverse-kl": {"target"}, "squared-distance": {"target"},
		"expectation": {"coefficients"}, "linear": {"coefficients", "chart"}, "free-energy": {"coefficients", "temperature"},
	}[l.Kind]
	for _, key := range []string{"target", "coefficients", "chart", "temperature"} {
		if s.has(key) && !slices.Contains(needs, key) {
			s.fail(s.at(key), "", "loss %q has no %s", l.Kind, key)
		}
	}
	for _, key := range needs {
		switch key {
		case "target":
			if !s.has(key) {
				s.fail(s.path, "", "loss %q needs target = { at = […] }", l.Kind)
				return
			}
			p := s.point(key, f, charts)
			l.Target = &p
		case "coefficients":
			if !s.has(key) {
				s.fail(s.path, "", "loss %q needs coefficients = […]", l.Kind)
			}
			l.Coefficients = s.numbers(key)
			if s.err == nil && len(l.Coefficients) != f.Dim() {
				s.fail(s.at(key), "", "has %s where %s needs %d", count(len(l.Coefficients), "coefficient"), f.Name(), f.Dim())
			}
		case "chart":
			l.Chart = s.name(key, "chart of "+f.Name(), "source", charts)
		case "temperature":
			l.Temperature = s.number(key, 1)
			if l.Temperature < 0 {
				s.fail(s.at(key), "", "must not be negative, not %v", l.Temperature)
			}
		}
	}
}

func (s section) data(spec *Spec, given bool) {
	if spec.Loss.Kind == "elbo" && !given {
		return
	}
	if spec.Loss.Kind != "nll" && spec.Loss.Kind != "elbo" {
		if given && spec.Loss.Kind != "" {
			s.fail("data", "", "loss %q reads no data: leave [data] out, or use loss \"nll\"", spec.Loss.Kind)
		}
		return
	}
	if !given {
		s.fail("loss.kind", "", "loss \"nll\" needs data: [data] with file = \"….csv\" or dataset = \"…\"")
		return
	}
	d := &DataSpec{File: s.text("file", "")}
	if s.has("dataset") {
		d.Dataset = s.name("dataset", "data set", "", data.Names())
	}
	switch {
	case s.has("file") && s.has("dataset"):
		s.fail(s.at("dataset"), "", "file and dataset are both given: leave one out")
	case d.File == "" && d.Dataset == "":
		s.fail(s.path, "", "[data] needs file = \"….csv\" or dataset = \"…\"")
	}
	d.Columns = s.texts("columns")
	where := s.table("where")
	for _, column := range sortedKeys(where.values) {
		values := where.items(column)
		for _, v := range values {
			switch v.(type) {
			case string, int64, float64:
			default:
				s.fail(where.at(column), "", "must be a number, text or a list of these, not %s", describe(v))
			}
		}
		if len(values) == 0 {
			s.fail(where.at(column), "", "is an empty list, which keeps no row")
		}
		d.Where = append(d.Where, Condition{Column: column, Values: values})
	}
	d.Scale = s.number("scale", 1)
	if d.Scale == 0 {
		s.fail(s.at("scale"), "", "must not be 0")
	}
	switch v := s.values["shuffle"].(type) {
	case nil:
	case bool:
		if v {
			d.Shuffle = &ShuffleSpec{RNG: "pcg", Seed: spec.Seed}
		}
	default:
		t := s.table("shuffle").only("rng", "seed")
		d.Shuffle = &ShuffleSpec{RNG: t.name("rng", "random generator", "pcg", []string{"pcg", "numpy-legacy"}), Seed: t.whole("seed", spec.Seed, 0)}
		if d.Shuffle.RNG == "numpy-legacy" && d.Shuffle.Seed > 1<<32-1 {
			s.fail(t.at("seed"), "", "must be below 2³² for \"numpy-legacy\", not %d", d.Shuffle.Seed)
		}
	}
	if s.has("rows") {
		d.Rows = s.interval("rows")
	}
	spec.Data = d
}

// interval is a range [from, to) of rows.
func (s section) interval(key string) *[2]int {
	x := s.numbers(key)
	ok := len(x) == 2
	for _, v := range x {
		ok = ok && v == float64(int32(v))
	}
	if !ok || x[0] < 0 || x[1] <= x[0] {
		s.fail(s.at(key), "", "must be [from, to] with 0 ≤ from < to, not %v", x)
		return nil
	}
	return &[2]int{int(x[0]), int(x[1])}
}

func (s section) flow(spec *Spec, f manifold.Family, charts []string) {
	w := &spec.Flow
	chart := "source"
	if spec.Target != nil {
		chart = posteriorChart(spec.Family)
	}
	w.Chart = s.name("chart", "chart of "+f.Name(), chart, charts)
	names, estimators := metrics.Names(), []string{"exact"}
	if spec.Own {
		names, estimators = append(names, ownMetrics...), append(estimators, "empirical")
	}
	w.Metric = s.name("metric", "metric", "fisher", names)
	if e := s.text("estimator", "exact"); slices.Contains(later["estimator"], e) && !slices.Contains(estimators, e) {
		s.fail(s.at("estimator"), "", "estimator %q is not in this version", e)
	}
	w.Estimator = s.name("estimator", "estimator", "exact", estimators)
	w.Damping = s.damping(metrics.DampingKinds())
	if spec.Own {
		s.ownStart(spec)
	} else if s.has("start") {
		w.Start = s.point("start", f, charts)
	} else if spec.Target != nil {
		w.Start = PointSpec{Chart: "source"}
	} else {
		s.fail("flow", "", "the flow has no start: [flow] needs start = { chart = \"source\", at = […] }")
	}
	s.span(spec)
}

// damping reads a number or { kind, value }, of one of the kinds.
func (s section) damping(kinds []string) DampingSpec {
	var d DampingSpec
	switch s.values["damping"].(type) {
	case map[string]any:
		t := s.table("damping").only("kind", "value")
		d.Kind = t.name("kind", "damping", "tikhonov", kinds)
		if !t.has("value") {
			s.fail(t.path, "", "needs value = …")
		}
		d.Value = t.number("value", 0)
	default:
		d = DampingSpec{Kind: "tikhonov", Value: s.number("damping", 0)}
	}
	if d.Value < 0 {
		s.fail(s.at("damping"), "", "must not be negative, not %v", d.Value)
	}
	if d.Value == 0 {
		d.Kind = "tikhonov"
	} else if s.err == nil && !slices.Contains(kinds, d.Kind) {
		s.fail(s.at("damping"), "", "metric %q has no damping of kind %q (kinds: %s)", s.text("metric", "fisher"), d.Kind, list(kinds))
	}
	return d
}

// span reads how long the flow lasts.
func (s section) span(spec *Spec) {
	w := &spec.Flow
	if s.has("stop") {
		t := s.table("stop").only("distance")
		if s.err == nil && !t.has("distance") {
			s.fail(t.path, "", "a stop rule needs distance = …")
		}
		w.Stop = t.positive("distance", 0)
	} else if spec.Target != nil && !s.has("time") {
		w.Stop = posteriorStop
	}
	if s.has("time") {
		x := s.numbers("time")
		if len(x) != 2 || !(x[0] < x[1]) {
			s.fail(s.at("time"), "", "must be [from, to] with from < to, not %v", x)
			return
		}
		w.Time = &[2]float64{x[0], x[1]}
	} else if w.Stop == 0 {
		s.fail("flow", "", "the flow has no end: [flow] needs time = [from, to] or stop = { distance = … }")
	}
	if s.has("certificate") {
		w.Certificate = s.name("certificate", "certificate", "", []string{"full", "steps", "off"})
	}
}

// MethodNames lists the methods that a spec may name.
func MethodNames() []string {
	var names []string
	for _, m := range ode.Methods() {
		names = append(names, m.Name())
	}
	return append(names, descent.Names()...)
}

func (s section) ode(spec *Spec) {
	o := &spec.ODE
	method := defaultMethod
	if spec.Target != nil {
		method = posteriorMethod(spec.Family)
	}
	o.Method = s.name("method", "method", method, MethodNames())
	norm := "rms"
	if s.has("tol") || (spec.Target != nil || spec.Model != nil) && !s.has("rtol") && !s.has("atol") {
		norm = "fisher"
	}
	o.Norm = s.name("norm", "norm", norm, []string{"rms", "max", "fisher"})
	o.RTol, o.Tol = s.positive("rtol", 0), s.positive("tol", 0)
	if o.ATol = s.number("atol", 0); o.ATol < 0 {
		s.fail(s.at("atol"), "", "must not be negative, not %v", o.ATol)
	}
	for _, key := range []string{"rtol", "atol"} {
		switch {
		case s.has(key) && s.has("tol"):
			s.fail(s.at(key), "", "tol takes the place of rtol and atol: leave %s out", key)
		case s.has(key) && o.Norm == "fisher":
			s.fail(s.at(key), "", "the norm \"fisher\" has one tolerance, tol, in Fisher length: leave %s out", key)
		}
	}
	if s.has("tol") && o.Norm != "fisher" {
		s.fail(s.at("tol"), "", "tol is a Fisher length and needs norm = \"fisher\"; the norm %q has rtol and atol", o.Norm)
	}
	o.Step = s.positive("step", 0)
	o.MaxSteps = int(s.whole("max-steps", defaultMaxSteps, 1))
	o.Output = s.numbers("output")
	for i, t := range o.Output {
		if i > 0 && !(o.Output[i-1] < t) {
			s.fail(s.at("output"), "", "must be increasing: %v is followed by %v", o.Output[i-1], t)
		}
		if span := spec.Flow.Time; span != nil && (t < span[0] || t > span[1]) {
			s.fail(s.at("output"), "", "has %v, outside of the flow's time %v", t, *span)
		}
		if spec.Flow.Time == nil && t < 0 {
			s.fail(s.at("output"), "", "has %v, before the flow's start at 0", t)
		}
	}
	if s.err != nil {
		return
	}
	m, _ := descent.MethodByName(o.Method)
	switch {
	case m.EmbeddedOrder() == 0:
		// Nothing is controlled.
		o.RTol, o.ATol, o.Tol, o.Norm = 0, 0, 0, ""
		if o.Step == 0 {
			s.fail("ode.method", "", "method %q has no step size control: [ode] needs step = …", o.Method)
		}
	case o.Norm == "fisher":
		if !s.has("tol") {
			o.Tol = defaultTol
			if spec.Target != nil {
				o.Tol = posteriorTol
			}
			if spec.Model != nil {
				o.Tol = modelTol
			}
		}
	default:
		if !s.has("rtol") {
			o.RTol = defaultRTol
		}
		if o.RTol < ode.MinRTol {
			s.fail(s.at("rtol"), "", "asks for more than float64 has: must be at least %.2g, not %g", ode.MinRTol, o.RTol)
		}
		if !s.has("atol") {
			o.ATol = o.RTol / 1000
		}
	}
}

func (s section) claims(spec *Spec, f manifold.Family, charts []string, given bool) {
	if !given {
		if spec.Flow.Certificate != "off" {
			spec.Claims = []ClaimSpec{{Name: "monotone", Expect: Holds}, {Name: "energy-identity", Expect: Holds}}
		}
		return
	}
	for _, name := range ClaimNames() {
		if !s.has(name) {
			continue
		}
		c := ClaimSpec{Name: name, Expect: Holds}
		if s.claim(&c, s.values[name], f, charts) {
			if name == "invariant" && c.Charts == nil {
				c.Charts = f.(manifold.Charted).Charts()
			}
			if name == "stationary" && c.Bound == 0 {
				if c.Bound = spec.Flow.Stop; c.Bound == 0 {
					c.Bound = defaultStationary
				}
			}
			spec.Claims = append(spec.Claims, c)
		}
	}
	for _, c := range spec.Claims {
		switch {
		case spec.Flow.Certificate == "off" && (c.Name == "monotone" || c.Name == "energy-identity"):
			s.fail(s.at(c.Name), "", "a flow with certificate = \"off\" cannot be claimed to be %s", c.Name)
		case c.Name == "matches-reference" && spec.Experiment == "":
			s.fail(s.at(c.Name), "", "only a catalogue experiment has a reference to match")
		}
	}
}

// claim reads the value of a claim: true, false, "holds", "violated", for
// invariant a list of charts, for stationary a bound, and any of these as a
// table { expect, charts, bound }. It reports whether the claim is made.
func (s section) claim(c *ClaimSpec, value any, f manifold.Family, charts []string) bool {
	path := s.at(c.Name)
	switch v := value.(type) {
	case bool:
		return v
	case string:
		c.Expect = s.name(c.Name, "expectation of a claim", "", []string{Holds, Violated})
		return true
	case map[string]any:
		keys := []string{"expect"}
		switch c.Name {
		case "invariant":
			keys = append(keys, "charts")
		case "stationary":
			keys = append(keys, "bound")
		}
		t := section{s.reader, path, v}.only(keys...)
		c.Expect = t.name("expect", "expectation of a claim", Holds, []string{Holds, Violated})
		c.Charts = t.texts("charts")
		c.Bound = t.positive("bound", 0)
		path = t.at("charts")
	case []any:
		if c.Name != "invariant" {
			s.fail(path, "", "must be true, false, \"holds\" or \"violated\", not a list")
			return false
		}
		c.Charts = s.texts(c.Name)
	default:
		if c.Name != "stationary" {
			s.fail(path, "", "must be true, false, \"holds\" or \"violated\", not %s", describe(value))
			return false
		}
		c.Bound = s.positive(c.Name, 0)
	}
	for i, chart := range c.Charts {
		if !slices.Contains(charts, chart) {
			if near := Nearest(chart, charts); near != "" {
				s.fail(path, near, "no chart of %s is called %q", f.Name(), chart)
			}
			s.fail(path, "", "no chart of %s is called %q (there are: %s)", f.Name(), chart, list(charts))
		}
		if slices.Contains(c.Charts[:i], chart) {
			s.fail(path, "", "chart %q is named twice", chart)
		}
	}
	if c.Charts != nil && len(c.Charts) < 2 {
		s.fail(path, "", "needs two charts at least")
	}
	return true
}

func list(names []string) string { return strings.Join(names, ", ") }
