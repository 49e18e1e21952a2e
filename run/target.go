package run

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"fisherflow/data"
	"fisherflow/manifold"
	"fisherflow/variational/target"

	"gonum.org/v1/gonum/mat"
)

// A TargetSpec says which posterior q is fitted to.
type TargetSpec struct {
	// Model is one of [TargetModels], Posterior one of
	// [target.PosteriorNames]; one of the two.
	Model, Posterior string
	// Response and Predictors are columns of the data.
	Response   string
	Predictors []string
	Intercept  bool
	// Errors is the column of known standard errors of eight-schools.
	Errors string
	// Options are the model's numbers, as "components" or "nu".
	Options map[string]float64
	// Priors are as the spec has them, by parameter.
	Priors map[string]string
}

// A targetModel is a model of [target] with what it reads.
type targetModel struct {
	name, description string
	// regression models have predictors and an intercept.
	regression bool
	// columns beside the response: "predictors" must be given, or "errors" may.
	predictors, errors, response bool
	// options by name, with defaults; NaN has none and need not be given.
	options map[string]float64
	// parameters are those that may have priors, beside a regression's.
	parameters []string
}

var nan = math.NaN()

var targetModels = []targetModel{
	{name: "linear", description: "regression with normal errors", regression: true, response: true, predictors: true, options: map[string]float64{"sigma": nan}},
	{name: "logistic", description: "regression of 0 and 1 on the log odds", regression: true, response: true, predictors: true},
	{name: "probit", description: "regression of 0 and 1 on the normal scale", regression: true, response: true, predictors: true},
	{name: "poisson", description: "regression of counts", regression: true, response: true, predictors: true},
	{name: "negative-binomial", description: "regression of counts that vary more than Poisson's", regression: true, response: true, predictors: true, options: map[string]float64{"phi": nan}},
	{name: "robust", description: "regression with Student t errors", regression: true, response: true, predictors: true, options: map[string]float64{"sigma": nan, "nu": nan}},
	{name: "gp-regression", description: "Gaussian process with normal noise", response: true, predictors: true, options: processOptions("noise"), parameters: []string{"rho", "alpha", "sigma"}},
	{name: "gp-poisson", description: "Gaussian process of the log rate of counts", response: true, predictors: true, options: processOptions(), parameters: []string{"rho", "alpha"}},
	{name: "gp-classification", description: "Gaussian process of the log odds of 0 and 1", response: true, predictors: true, options: processOptions(), parameters: []string{"rho", "alpha"}},
	{name: "eight-schools", description: "effects of groups with known standard errors", response: true, errors: true, options: map[string]float64{"centred": 0}, parameters: []string{"mu", "tau"}},
	{name: "arma", description: "autoregressive moving average", response: true, options: map[string]float64{"p": 1, "q": 1}, parameters: nil},
	{name: "garch", description: "time series of changing variance", response: true, options: map[string]float64{"sigma1": nan}, parameters: []string{"mu", "alpha0", "alpha1", "beta1"}},
	{name: "mixture", description: "mixture of normals", response: true, options: map[string]float64{"components": 2}, parameters: []string{"mu", "sigma", "weights"}},
}

func processOptions(more ...string) map[string]float64 {
	o := map[string]float64{"lengthscale": nan, "scale": nan, "mean": 0, "jitter": 1e-10}
	for _, name := range more {
		o[name] = nan
	}
	return o
}

// targetKeys are the keys of [target].
var targetKeys = func() []string {
	keys := []string{"model", "posterior", "response", "predictors", "intercept", "errors", "priors", "lambda"}
	for _, m := range targetModels {
		for name := range m.options {
			if !slices.Contains(keys, name) {
				keys = append(keys, name)
			}
		}
	}
	slices.Sort(keys)
	return keys
}()

// A TargetEntry describes a target for a listing.
type TargetEntry struct{ Name, Kind, Description string }

// Targets lists models, shapes and posteriors.
func Targets() []TargetEntry {
	var out []TargetEntry
	for _, m := range targetModels {
		out = append(out, TargetEntry{m.name, "model", m.description})
	}
	for _, name := range target.ShapeNames() {
		out = append(out, TargetEntry{name, "shape", "density of two unknowns"})
	}
	for _, name := range target.PosteriorNames() {
		p, err := data.OpenPosterior(name)
		if err != nil {
			continue
		}
		title, _, _ := strings.Cut(p.Title, ". ")
		out = append(out, TargetEntry{name, "posterior", title})
	}
	return out
}

// TargetModels lists the names that target.model may have.
func TargetModels() []string {
	var names []string
	for _, m := range targetModels {
		names = append(names, m.name)
	}
	return append(names, target.ShapeNames()...)
}

func modelOf(name string) (targetModel, bool) {
	name = strings.ReplaceAll(name, "_", "-")
	for _, m := range targetModels {
		if m.name == name {
			return m, true
		}
	}
	if slices.Contains(target.ShapeNames(), name) {
		return targetModel{name: name, options: map[string]float64{"lambda": nan}}, true
	}
	return targetModel{}, false
}

// elbo reads the loss of a spec with a target.
func (s section) elbo(spec *Spec) {
	if kind := s.text("kind", "elbo"); kind != "elbo" {
		s.fail(s.at("kind"), "", "a spec with a [target] has loss \"elbo\", not %q", kind)
	}
	for _, key := range sortedKeys(s.values) {
		if key != "kind" {
			s.fail(s.at(key), "", "loss \"elbo\" has no %s", key)
		}
	}
	spec.Loss.Kind = "elbo"
}

func (s section) target(spec *Spec) {
	t := &TargetSpec{Options: map[string]float64{}, Priors: map[string]string{}}
	spec.Target = t
	switch {
	case s.has("model") && s.has("posterior"):
		s.fail(s.at("posterior"), "", "model and posterior are both given: leave one out")
		return
	case s.has("posterior"):
		t.Posterior = s.name("posterior", "posterior", "", target.PosteriorNames())
		for _, key := range sortedKeys(s.values) {
			if key != "posterior" {
				s.fail(s.at(key), "", "a posterior that ships has no %s", key)
			}
		}
		if spec.Data != nil {
			s.fail("data", "", "a posterior that ships has its own data: leave [data] out")
		}
		return
	case !s.has("model"):
		s.fail(s.path, "", "[target] needs model = \"…\" or posterior = \"…\"")
		return
	}
	m, ok := modelOf(s.text("model", ""))
	if !ok {
		s.unknown("model", "model of a target", s.text("model", ""), TargetModels())
		return
	}
	t.Model = m.name
	allowed := []string{"model", "priors"}
	if m.response {
		allowed = append(allowed, "response")
	}
	if m.predictors {
		allowed = append(allowed, "predictors")
	}
	if m.regression {
		allowed = append(allowed, "intercept")
	}
	if m.errors {
		allowed = append(allowed, "errors")
	}
	allowed = append(allowed, slices.Sorted(maps.Keys(m.options))...)
	for _, key := range sortedKeys(s.values) {
		if !slices.Contains(allowed, key) {
			s.fail(s.at(key), Nearest(key, allowed), "target %q has no %s", m.name, key)
		}
	}
	t.Response = s.text("response", "")
	t.Predictors = s.texts("predictors")
	t.Errors = s.text("errors", "")
	t.Intercept = m.regression
	if v, ok := s.values["intercept"]; ok {
		if t.Intercept, ok = v.(bool); !ok {
			s.fail(s.at("intercept"), "", "must be true or false, not %s", describe(v))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.options)) {
		if v, isBool := s.values[name].(bool); isBool && name == "centred" {
			t.Options[name] = 0
			if v {
				t.Options[name] = 1
			}
			continue
		}
		if x := s.number(name, m.options[name]); !math.IsNaN(x) {
			t.Options[name] = x
		}
	}
	for _, name := range []string{"p", "q", "components"} {
		if _, ok := t.Options[name]; ok {
			t.Options[name] = float64(s.whole(name, int64(m.options[name]), 0))
		}
	}
	schools := m.name == "eight-schools" && spec.Data == nil
	switch {
	case !m.response && spec.Data != nil:
		s.fail("data", "", "target %q reads no data: leave [data] out", m.name)
	case schools && (s.has("response") || s.has("errors")):
		s.fail(s.path, "", "the schools' own data have no columns to choose: leave response and errors out, or give [data]")
	case schools || !m.response:
	case spec.Data == nil:
		s.fail(s.path, "", "target %q needs data: [data] with file = \"….csv\" or dataset = \"…\"", m.name)
	case t.Response == "":
		s.fail(s.path, "", "target %q needs response = \"…\", a column of the data", m.name)
	case m.predictors && len(t.Predictors) == 0 && !(m.regression && t.Intercept):
		s.fail(s.path, "", "target %q needs predictors = [\"…\"], columns of the data", m.name)
	case m.errors && t.Errors == "":
		s.fail(s.path, "", "target %q needs errors = \"…\", the column of standard errors", m.name)
	}
	for i, name := range t.Predictors {
		if slices.Contains(t.Predictors[:i], name) {
			s.fail(s.at("predictors"), "", "%q is named twice", name)
		}
	}
	if spec.Data != nil && len(spec.Data.Columns) > 0 {
		s.fail("data.columns", "", "a target names its columns by response and predictors: leave columns out")
	}
	s.priors(t, m)
}

// priors reads [target.priors] into canonical text.
func (s section) priors(t *TargetSpec, m targetModel) {
	p := s.table("priors")
	for _, name := range sortedKeys(p.values) {
		text := p.text(name, "")
		if name == "weights" && m.name == "mixture" {
			a, err := concentration(text, int(t.Options["components"]))
			if err != nil {
				p.fail(p.at(name), "", "%w", err)
			}
			words := make([]string, len(a))
			for i, x := range a {
				words[i] = tomlValue(x)
			}
			t.Priors[name] = "dirichlet(" + strings.Join(words, ", ") + ")"
			continue
		}
		prior, err := target.ParsePrior(text)
		var unknown *target.NameError
		switch {
		case errors.As(err, &unknown):
			p.unknown(name, unknown.Kind, unknown.Name, unknown.Names)
		case err != nil:
			p.fail(p.at(name), "", "%w", err)
		default:
			t.Priors[name] = prior.String()
		}
		// Parameters of a regression are checked with its columns.
		names := m.parameters
		if m.name == "arma" {
			names = armaNames(t)
		}
		if !m.regression && s.err == nil && !slices.Contains(names, name) {
			if len(names) == 0 {
				p.fail(p.at(name), "", "target %q has no parameters with priors", m.name)
			} else {
				p.unknown(name, "parameter of "+m.name, name, names)
			}
		}
	}
}

func armaNames(t *TargetSpec) []string {
	names := []string{"mu"}
	for _, o := range []struct {
		option, name string
	}{{"p", "phi"}, {"q", "theta"}} {
		n := int(t.Options[o.option])
		for i := range n {
			if n == 1 {
				names = append(names, o.name)
			} else {
				names = append(names, fmt.Sprintf("%s[%d]", o.name, i+1))
			}
		}
	}
	return append(names, "sigma")
}

// concentration reads "dirichlet(5, 5)" or, for two components, "beta(5, 5)".
func concentration(text string, k int) ([]float64, error) {
	name, rest, _ := strings.Cut(text, "(")
	inner, ok := strings.CutSuffix(strings.TrimSpace(rest), ")")
	if name = strings.TrimSpace(name); !ok || name != "dirichlet" && !(name == "beta" && k == 2) {
		return nil, fmt.Errorf("the prior of the weights is dirichlet(…) with %d numbers, not %q", k, text)
	}
	var a []float64
	for word := range strings.SplitSeq(inner, ",") {
		var x float64
		if _, err := fmt.Sscan(strings.TrimSpace(word), &x); err != nil || !(x > 0) || math.IsInf(x, 1) {
			return nil, fmt.Errorf("%q: %q is not a positive number", text, strings.TrimSpace(word))
		}
		a = append(a, x)
	}
	if len(a) != k {
		return nil, fmt.Errorf("%q has %s where the mixture has %d components", text, count(len(a), "number"), k)
	}
	return a, nil
}

// approximation reads q, whose dimension is that of the target.
func (s section) approximation(spec *Spec) manifold.Family {
	name := s.name("name", "family of q", "multivariate-normal", []string{"multivariate-normal", "diagonal-normal"})
	s.only("name", "covariance")
	covariance := "full"
	if name == "diagonal-normal" {
		covariance = "diagonal"
	}
	covariance = s.name("covariance", "covariance", covariance, []string{"full", "diagonal"})
	if s.err == nil && name == "diagonal-normal" && covariance == "full" {
		s.fail(s.at("covariance"), "", "a diagonal normal has no full covariance")
	}
	if s.err != nil {
		return nil
	}
	spec.Family = FamilySpec{Name: "multivariate-normal", Options: manifold.Options{"covariance": covariance}}
	p, _, err := BuildTarget(spec)
	if err != nil {
		var bad *SpecError
		if !errors.As(err, &bad) {
			// A fault of the data file keeps its own line.
			bad = &SpecError{File: spec.File, Problem: err.Error(), Err: err}
		}
		if s.err == nil {
			s.err = bad
		}
		return nil
	}
	f, err := approximation(covariance, p.Dim())
	if err != nil {
		s.fail("family", "", "%w", err)
	}
	return f
}

// approximation is the family of q in d dimensions.
func approximation(covariance string, d int) (manifold.Family, error) {
	name := "multivariate-normal"
	if covariance == "diagonal" {
		name = "diagonal-normal"
	}
	return manifold.New(name, manifold.Options{"dim": int64(d)})
}

// BuildTarget makes the target of a spec, from its data if it reads any. The
// observations are nil if it reads none. Errors are of type [*SpecError] or
// [*DataError].
func BuildTarget(s *Spec) (target.Target, *Observations, error) {
	t := s.Target
	if t.Posterior != "" {
		p, err := target.OpenPosterior(t.Posterior)
		if err != nil {
			return nil, nil, s.Errorf("target.posterior", "%w", err)
		}
		o := &Observations{Dataset: "posteriordb/" + p.Name, SHA256: p.SHA256, Source: strings.Join(append([]string{p.Source}, p.References...), "; ")}
		return p.Target, o, nil
	}
	m, ok := modelOf(t.Model)
	if !ok {
		return nil, nil, s.Errorf("target.model", "no model of a target is called %q", t.Model)
	}
	var o *Observations
	var columns [][]float64
	if s.Data != nil {
		var err error
		if o, columns, err = s.columns(); err != nil {
			return nil, nil, err
		}
	}
	p, err := t.build(m, columns)
	if err != nil {
		return nil, nil, s.targetError(err, o)
	}
	return p, o, nil
}

// columns reads response, predictors and standard errors, in this order.
func (s *Spec) columns() (*Observations, [][]float64, error) {
	t := s.Target
	o := &Observations{File: s.Data.File, Dataset: s.Data.Dataset}
	text, name, err := o.read(s)
	if err != nil {
		return nil, nil, err
	}
	sum := sha256.Sum256(text)
	o.SHA256 = hex.EncodeToString(sum[:])
	table, err := data.ParseAs(name, text)
	if err != nil {
		return nil, nil, err
	}
	keys := []string{"target.response"}
	o.Columns = []string{t.Response}
	for _, p := range t.Predictors {
		keys, o.Columns = append(keys, "target.predictors"), append(o.Columns, p)
	}
	if t.Errors != "" {
		keys, o.Columns = append(keys, "target.errors"), append(o.Columns, t.Errors)
	}
	kept, err := s.Data.keep(s, table)
	if err != nil {
		return nil, nil, err
	}
	columns := make([][]float64, len(o.Columns))
	for j, name := range o.Columns {
		at := table.Index(name)
		if at < 0 {
			return nil, nil, unknownColumn(s, keys[j], name, table)
		}
		for _, i := range kept {
			x, err := table.Number(i, at)
			if err != nil {
				return nil, nil, err
			}
			columns[j] = append(columns[j], x*s.Data.Scale)
		}
	}
	for k, i := range kept {
		row := make([]float64, len(columns))
		for j := range columns {
			row[j] = columns[j][k]
		}
		o.Rows, o.Lines = append(o.Rows, row), append(o.Lines, table.Lines[i])
	}
	return o, columns, nil
}

// build makes the target of a model from the columns.
func (t *TargetSpec) build(m targetModel, columns [][]float64) (target.Target, error) {
	priors := map[string]target.Prior{}
	for name, text := range t.Priors {
		if m.name == "mixture" && name == "weights" {
			continue
		}
		p, err := target.ParsePrior(text)
		if err != nil {
			return nil, err
		}
		priors[name] = p
	}
	option := func(name string) float64 {
		if v, ok := t.Options[name]; ok {
			return v
		}
		return 0
	}
	var y []float64
	var x *mat.Dense
	if len(columns) > 0 {
		y = columns[0]
		if n := len(t.Predictors); n > 0 {
			x = mat.NewDense(len(y), n, nil)
			for j, c := range columns[1 : 1+n] {
				x.SetCol(j, c)
			}
		}
	}
	switch {
	case m.regression:
		r := &target.Regression{
			Model: m.name, Response: t.Response, Y: y, Predictors: t.Predictors, NoIntercept: !t.Intercept,
			Priors: priors, Coefficients: priors["coefficients"], Fixed: t.Options,
		}
		if x != nil {
			r.X = x
		} else {
			r.X = &target.Sparse{Rows: len(y), Start: make([]int, len(y)+1)}
		}
		delete(priors, "coefficients")
		return r.New()
	case strings.HasPrefix(m.name, "gp-"):
		p := &target.Process{
			Likelihood: map[string]string{"gp-regression": "gaussian", "gp-poisson": "poisson", "gp-classification": "logistic"}[m.name],
			X:          x, Y: y, Mean: option("mean"), Lengthscale: option("lengthscale"), Scale: option("scale"), Noise: option("noise"),
			Priors: priors, Jitter: option("jitter"),
		}
		return p.New()
	case m.name == "eight-schools":
		effects, errors := target.EightSchools()
		if len(columns) > 0 {
			effects, errors = y, columns[len(columns)-1]
		}
		return target.NewSchools(effects, errors, option("centred") != 0, priors["mu"], priors["tau"])
	case m.name == "arma":
		return target.NewARMA(y, int(option("p")), int(option("q")), priors)
	case m.name == "garch":
		first := option("sigma1")
		if first == 0 {
			return nil, errors.New("target \"garch\" needs sigma1, the first standard deviation")
		}
		return target.NewGARCH(y, first, priors)
	case m.name == "mixture":
		var a []float64
		if text, ok := t.Priors["weights"]; ok {
			var err error
			if a, err = concentration(text, int(option("components"))); err != nil {
				return nil, err
			}
		}
		return target.NewMixture(y, int(option("components")), priors["mu"], priors["sigma"], a)
	}
	return target.NewShape(m.name, option("lambda"))
}

// targetError says where in the spec or in the data an error of a target is.
func (s *Spec) targetError(err error, o *Observations) error {
	var unknown *target.NameError
	var bad *target.ObservationError
	switch {
	case errors.As(err, &unknown):
		e := s.Errorf("target.priors."+unknown.Name, "no %s is called %q (there are: %s)", unknown.Kind, unknown.Name, list(unknown.Names))
		e.Suggestion = Nearest(unknown.Name, unknown.Names)
		return e
	case errors.As(err, &bad) && o != nil:
		name := o.File
		if name == "" {
			name = o.Dataset
		}
		d := &DataError{File: name, Column: bad.Column, Problem: bad.Problem}
		if bad.Row >= 0 && bad.Row < len(o.Lines) {
			d.Line = o.Lines[bad.Row]
		}
		return d
	}
	return s.Errorf("target", "%w", err)
}

// write writes the table, and nothing for a nil target.
func (t *TargetSpec) write(w *tomlWriter) {
	if t == nil {
		return
	}
	w.table("target")
	if t.Posterior != "" {
		w.put("posterior", t.Posterior)
		return
	}
	w.put("model", t.Model)
	if t.Response != "" {
		w.put("response", t.Response)
	}
	if len(t.Predictors) > 0 {
		w.put("predictors", t.Predictors)
	}
	if m, _ := modelOf(t.Model); m.regression {
		w.put("intercept", t.Intercept)
	}
	if t.Errors != "" {
		w.put("errors", t.Errors)
	}
	for _, name := range slices.Sorted(maps.Keys(t.Options)) {
		if x := t.Options[name]; x == math.Trunc(x) && math.Abs(x) < 1<<31 {
			w.put(name, int64(x))
		} else {
			w.put(name, x)
		}
	}
	if len(t.Priors) > 0 {
		w.table("target.priors")
		for _, name := range slices.Sorted(maps.Keys(t.Priors)) {
			w.put(name, t.Priors[name])
		}
	}
}
