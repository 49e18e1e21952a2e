package experiments

import (
	"context"
	"fmt"
	"html/template"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"fisherflow/figure"
	"fisherflow/run"
)

// An Experiment is an entry of the catalogue.
type Experiment struct {
	// Name is what it is called on the command line.
	Name  string
	Title string
	// Summary says in a sentence or two what it asks and shows.
	Summary string
	// Equations are in plain text, for a terminal, and Markup the same for a
	// page.
	Equations []string
	Markup    []template.HTML
	// Parameters are the experiment's own, beside the keys of its base spec.
	Parameters []Parameter
	// Source says which works, and which of their figures, are reproduced;
	// empty for an experiment of the project's own.
	Source string
	// Headline is the number that stands for the others, as "member: what".
	Headline string
	// Citations are BibTeX entries.
	Citations []string

	// base is the main member's spec as TOML, without title and seed.
	base func(v Values) string
	// main names the main member.
	main string
	// brief are overrides with which tests compute it, where the whole takes
	// long.
	brief []string
	// members are the flows it is compared with, made from the main member's
	// spec with all overrides.
	members func(v Values, main *run.Spec) ([]run.Member, error)
	// surface makes a member's surface where the base spec leaves it to the
	// experiment; see [run.Spec.Own].
	surface func(v Values, member string, s *run.Spec) (*run.Surface, error)
	// finish adds tables and claims.
	finish func(ctx context.Context, v Values, o *run.Outcome) error
	// draw draws the figures.
	draw func(ctx context.Context, v Values, o *run.Outcome) ([]drawing, error)
}

// A Parameter is a choice that an experiment leaves open.
type Parameter struct {
	Name    string
	Default any // a string, a float64 or an int64
	Help    string
	// Choices, if not empty, are the values that a string may have.
	Choices []string
}

// Values are the parameters of an experiment by name.
type Values map[string]any

func (v Values) text(name string) string {
	s, _ := v[name].(string)
	return s
}

func (v Values) number(name string) float64 {
	switch x := v[name].(type) {
	case float64:
		return x
	case int64:
		return float64(x)
	}
	return math.NaN()
}

// catalogue is in the order in which it is listed.
var catalogue = []*Experiment{riversGamma, precipNormal, spraysPoisson, halfPlane, duallyFlat, replicator, stepGeometry, higherOrderInvariance, empiricalFisher, deepLinearNetworks, plateaus, meanParameterLaw, sixPoints, fisherInvariance, fisherQuality, fisherCost, digitsKFAC, discreteGradients}

// All lists the catalogue.
func All() []*Experiment { return slices.Clone(catalogue) }

// Names lists the names of the catalogue.
func Names() []string {
	var names []string
	for _, e := range catalogue {
		names = append(names, e.Name)
	}
	return names
}

// Find returns the experiment of that name.
func Find(name string) (*Experiment, bool) {
	for _, e := range catalogue {
		if e.Name == name {
			return e, true
		}
	}
	return nil, false
}

// Plan returns the run of the experiment with the given overrides, each
// key=value: a key that names a parameter sets it, any other is a dotted path
// of the base spec. Errors are of type [*run.SpecError].
func (e *Experiment) Plan(overrides ...string) (*run.Plan, error) {
	return e.plan(nil, overrides)
}

// PlanDocument returns the run of a document that names the experiment: its
// parameters are the document's, and its keys are laid over the base spec.
func (e *Experiment) PlanDocument(d *run.Document, overrides ...string) (*run.Plan, error) {
	return e.plan(d, overrides)
}

func (e *Experiment) plan(d *run.Document, overrides []string) (*run.Plan, error) {
	values := Values{}
	for _, p := range e.Parameters {
		values[p.Name] = p.Default
	}
	if d != nil {
		given := d.Parameters()
		for _, name := range slices.Sorted(maps.Keys(given)) {
			if err := e.set(values, name, given[name], "[parameters] "+name); err != nil {
				return nil, err
			}
		}
	}
	var paths []run.Override
	for _, text := range overrides {
		o, err := run.ParseOverride(text)
		if err != nil {
			return nil, err
		}
		if _, ok := values[o.Key]; ok {
			if err := e.set(values, o.Key, o.Value, text); err != nil {
				return nil, err
			}
			continue
		}
		if !strings.Contains(o.Key, ".") && len(e.Parameters) > 0 && o.Key != "seed" && o.Key != "title" && o.Key != "figures" {
			names := slices.Sorted(maps.Keys(values))
			return nil, &run.SpecError{
				File: e.Name, Text: text, Key: o.Key, Suggestion: run.Nearest(o.Key, names),
				Problem: fmt.Sprintf("no such parameter (there are: %s; any key of the spec is given by its dotted path)", strings.Join(names, ", ")),
			}
		}
		paths = append(paths, o)
	}
	base, err := run.ParseDocument(e.Name, []byte(e.text(values)))
	if err != nil {
		return nil, err
	}
	if d != nil {
		base = d.Over(base)
	}
	if err := base.Set(paths...); err != nil {
		return nil, err
	}
	spec, err := base.Spec()
	if err != nil {
		return nil, err
	}
	p := &run.Plan{
		Name: e.Name, Spec: spec, MainName: e.main, Description: e.Summary, Equations: e.Markup, Citations: e.Citations,
	}
	if e.members != nil {
		if p.Members, err = e.members(values, spec); err != nil {
			return nil, err
		}
	}
	if e.surface != nil {
		p.Surface = func(member string, s *run.Spec) (*run.Surface, error) { return e.surface(values, member, s) }
	}
	if e.finish != nil {
		p.Finish = func(ctx context.Context, o *run.Outcome) error { return e.finish(ctx, values, o) }
	}
	return p, nil
}

// set sets a parameter after checking its kind.
func (e *Experiment) set(values Values, name string, value any, text string) error {
	fail := func(format string, args ...any) error {
		return &run.SpecError{File: e.Name, Text: text, Key: name, Problem: fmt.Sprintf(format, args...)}
	}
	for _, p := range e.Parameters {
		if p.Name != name {
			continue
		}
		if n, ok := value.(int64); ok {
			if _, ok := p.Default.(float64); ok {
				value = float64(n)
			}
		}
		switch p.Default.(type) {
		case string:
			s, ok := value.(string)
			if !ok {
				return fail("must be a name, not %v", value)
			}
			if len(p.Choices) > 0 && !slices.Contains(p.Choices, s) {
				return &run.SpecError{
					File: e.Name, Text: text, Key: name, Suggestion: run.Nearest(s, p.Choices),
					Problem: fmt.Sprintf("must be one of %s", strings.Join(p.Choices, ", ")),
				}
			}
		case float64:
			x, ok := value.(float64)
			if !ok || !(x > 0) || math.IsInf(x, 1) {
				return fail("must be a positive number, not %v", value)
			}
		}
		values[name] = value
		return nil
	}
	return &run.SpecError{
		File: e.Name, Text: text, Key: name, Problem: "the experiment has no such parameter",
		Suggestion: run.Nearest(name, slices.Sorted(maps.Keys(values))),
	}
}

// text is the base spec with its heading and parameters.
func (e *Experiment) text(values Values) string {
	var b strings.Builder
	fmt.Fprintf(&b, "experiment = %q\ntitle = %q\nseed = 1\n", e.Name, e.Title)
	if len(values) > 0 {
		b.WriteString("[parameters]\n")
		for _, name := range slices.Sorted(maps.Keys(values)) {
			switch x := values[name].(type) {
			case string:
				fmt.Fprintf(&b, "%s = %q\n", name, x)
			case float64:
				text := strconv.FormatFloat(x, 'g', -1, 64)
				if !strings.ContainsAny(text, ".e") {
					text += ".0"
				}
				fmt.Fprintf(&b, "%s = %s\n", name, text)
			default:
				fmt.Fprintf(&b, "%s = %v\n", name, x)
			}
		}
	}
	b.WriteString(e.base(values))
	return b.String()
}

// drawing is a figure and the name of its files.
type drawing struct {
	name   string
	figure *figure.Figure
}

// with is the spec with overrides, as a member.
func with(name string, main *run.Spec, overrides ...string) (run.Member, error) {
	s, err := main.With(overrides...)
	if err != nil {
		return run.Member{}, fmt.Errorf("member %s: %w", name, err)
	}
	return run.Member{Name: name, Spec: s}, nil
}

// isDefault reports whether the main member is what the catalogue says, up to
// how it is integrated: only then do published numbers apply.
func (e *Experiment) isDefault(o *run.Outcome) bool {
	plan, err := e.Plan()
	if err != nil {
		return false
	}
	strip := func(s *run.Spec) string {
		c := *s
		c.ODE, c.Claims, c.Seed = plan.Spec.ODE, plan.Spec.Claims, plan.Spec.Seed
		c.Title, c.NoFigures = plan.Spec.Title, plan.Spec.NoFigures
		return string(c.TOML())
	}
	return strip(o.Plan.Spec) == strip(plan.Spec)
}

// reference adds a claim that a number matches its reference.
func reference(o *run.Outcome, member, what string, got, want, bound float64) {
	d := math.Abs(got - want)
	o.Result.Claims = append(o.Result.Claims, run.Claim{
		Name: "matches-reference", Member: member, Expect: run.Holds, Holds: d <= bound,
		Value: run.Number(d), Bound: run.Number(bound),
		Detail: fmt.Sprintf("%s: %.12g, reference %.12g", what, got, want),
	})
}

// digits adds a claim that a number has the printed value at its digits.
func digits(o *run.Outcome, member, what string, got float64, printed string, significant int) {
	want := parse(printed)
	// Half a unit in the last printed digit.
	unit := math.Pow(10, math.Floor(math.Log10(math.Abs(want)))-float64(significant-1))
	reference(o, member, what, got, want, 0.5*unit*(1+1e-9))
}

// parse reads a printed number.
func parse(printed string) float64 {
	x, err := strconv.ParseFloat(printed, 64)
	if err != nil {
		panic("experiments: " + err.Error())
	}
	return x
}

// problem returns the computed flow of a member.
func problem(o *run.Outcome, name string) *run.Problem {
	for _, p := range o.Problems {
		if p.Name == name {
			return p
		}
	}
	return nil
}
