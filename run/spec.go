package run

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"fisherflow/manifold"
)

// A Spec is what a run is asked to do: every choice made, every default filled
// in, every name known. [Parse] makes one from TOML text.
type Spec struct {
	// File is where the spec came from and Dir the folder that file names in
	// it are relative to. They are no part of what is asked.
	File, Dir string

	Title string
	Seed  int64
	// NoFigures leaves figures undrawn; figures = false in a spec.
	NoFigures bool
	// Experiment names the catalogue experiment that the spec is the main
	// member of, Parameters are that experiment's own; both may be empty.
	Experiment string
	Parameters map[string]any
	// Own says that the flow is on the experiment's own [Surface]: there is no
	// family, target or loss to name.
	Own bool

	Family FamilySpec
	Target *TargetSpec // nil unless the loss is elbo
	Model  *ModelSpec  // nil unless the loss is that of a conditional model
	// Optimizer trains the model by discrete steps instead of a flow; nil: a flow.
	Optimizer *OptimizerSpec
	Data      *DataSpec // nil: the loss reads none
	Loss      LossSpec
	Flow      FlowSpec
	ODE       ODESpec
	Claims    []ClaimSpec

	document *Document
}

// A FamilySpec names a family and its options.
type FamilySpec struct {
	Name    string
	Options manifold.Options
}

// A DataSpec says which observations are read. Rows are kept by Where, then
// shuffled, then cut by Rows; numbers are multiplied by Scale.
type DataSpec struct {
	File, Dataset string // one of the two
	// Columns make up an observation, in order. Empty: all of the file's.
	Columns []string
	Where   []Condition
	Scale   float64 // 1: as they are
	Shuffle *ShuffleSpec
	Rows    *[2]int // [from, to), counted from 0
	// Of a model: the columns that are explained and those that explain, all
	// the others where none are named. Scale concerns only the latter. Test are
	// the rows that it is judged on and does not learn from; nil for none.
	Response, Predictors []string
	Test                 *[2]int
}

// A Condition keeps the rows in which a column has one of the given values,
// numbers or text.
type Condition struct {
	Column string
	Values []any
}

// A ShuffleSpec is a random order: RNG is "pcg" (math/rand/v2) or
// "numpy-legacy" (the order of numpy.random.RandomState(seed).shuffle).
type ShuffleSpec struct {
	RNG  string
	Seed int64
}

// A LossSpec names a loss and what it needs.
type LossSpec struct {
	Kind string
	// Target is the member of the family for kl, reverse-kl, squared-distance.
	Target *PointSpec
	// Coefficients are c of expectation, linear and free-energy.
	Coefficients []float64
	// Chart is that in whose coordinates a linear loss is linear.
	Chart string
	// Temperature of a free energy.
	Temperature float64
}

// A PointSpec is a member of the family by its coordinates in a chart.
type PointSpec struct {
	Chart string
	At    []float64
}

// A FlowSpec says in which coordinates and under which metric the loss flows,
// from where, for how long.
type FlowSpec struct {
	Chart, Metric, Estimator string
	Damping                  DampingSpec
	// Of a model: the Samples of each example of "monte-carlo", the Rank of
	// "low-rank", the relative residual Tolerance of "conjugate-gradient", and
	// the Cutoff of pseudo-inverses; zero where there is none, or the default.
	Samples, Rank     int
	Tolerance, Cutoff float64
	Start             PointSpec
	// Time is the span; nil starts at 0 and leaves the end to Stop.
	Time *[2]float64
	// Stop ends the flow when the Fisher distance left is bounded by it;
	// 0: never.
	Stop float64
	// Certificate is "full", "steps" or "off"; empty means full up to 64
	// coordinates and steps above.
	Certificate string
}

// A DampingSpec is a damping of the metric; Value 0 is none.
type DampingSpec struct {
	Kind  string
	Value float64
}

// An ODESpec says how the flow is integrated.
type ODESpec struct {
	Method string
	// RTol and ATol with the norms "rms" and "max", Tol, a Fisher length, with
	// "fisher"; all zero for a method without error control.
	RTol, ATol, Tol float64
	Norm            string
	// Step of a method without error control, or the first step of an adaptive
	// one; 0 leaves it to the method.
	Step     float64
	MaxSteps int
	// Output are exact stop times. Empty: 101 interpolated samples.
	Output []float64
}

// A ClaimSpec is a claim that the trajectory must satisfy.
type ClaimSpec struct {
	Name string
	// Expect is "holds", or "violated" for a counter-example.
	Expect string
	// Charts are those of an invariant claim.
	Charts []string
	// Bound is that of a stationary claim: the Fisher distance left.
	Bound float64
}

// Expectations of claims.
const (
	Holds    = "holds"
	Violated = "violated"
)

// Parse reads a spec and overrides of it, each key=value. Name names it in
// errors and is the file that data files are relative to. Errors are of type
// [*SpecError].
func Parse(name string, text []byte, overrides []string) (*Spec, error) {
	d, err := ParseDocument(name, text)
	if err != nil {
		return nil, err
	}
	if err := d.override(overrides); err != nil {
		return nil, err
	}
	return d.Spec()
}

func (d *Document) override(overrides []string) error {
	var parsed []Override
	for _, text := range overrides {
		o, err := ParseOverride(text)
		if err != nil {
			return err
		}
		parsed = append(parsed, o)
	}
	return d.Set(parsed...)
}

// ReadFile reads a spec file and overrides of it. In the folder of a run the
// data file is looked for where that run found it.
func ReadFile(path string, overrides []string) (*Spec, error) {
	d, err := ReadDocument(path)
	if err != nil {
		return nil, err
	}
	if err := d.override(overrides); err != nil {
		return nil, err
	}
	return d.Spec()
}

// ReadDocument reads the text of a spec file.
func ReadDocument(path string) (*Document, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		problem := "cannot be read"
		var where *fs.PathError
		switch {
		case errors.Is(err, fs.ErrNotExist):
			problem = "there is no such file"
		case errors.As(err, &where):
			problem = "cannot be read: " + where.Err.Error()
		}
		return nil, &SpecError{File: path, Problem: problem, Err: err}
	}
	if strings.TrimSpace(string(text)) == "" {
		return nil, &SpecError{File: path, Problem: "the spec is empty"}
	}
	return ParseDocument(path, text)
}

// With returns the spec with some of its keys overridden.
func (s *Spec) With(overrides ...string) (*Spec, error) {
	d, err := ParseDocument(s.File, s.TOML())
	if err != nil {
		return nil, err
	}
	if s.document != nil {
		// A key that is not overridden still stands where it stood.
		for path := range d.where {
			if p, ok := s.document.where[path]; ok {
				d.where[path] = p
			} else {
				delete(d.where, path)
			}
		}
	}
	if err := d.override(overrides); err != nil {
		return nil, err
	}
	out, err := d.Spec()
	if err != nil {
		return nil, err
	}
	out.Dir = s.Dir
	return out, nil
}

// Name is the name of the spec's runs: that of its experiment, or of its file
// without the extension, made fit for a folder. A spec in a run's own folder
// keeps that run's name.
func (s *Spec) Name() string {
	if s.Experiment != "" {
		return Slug(s.Experiment)
	}
	if m, err := readManifest(s.Dir); err == nil && filepath.Base(s.File) == specFile {
		return Slug(m.Name)
	}
	base := filepath.Base(s.File)
	return Slug(strings.TrimSuffix(base, filepath.Ext(base)))
}

// Slug makes a name of lower-case letters, digits and single hyphens of any
// text, and "run" of text that has none.
func Slug(text string) string {
	var b strings.Builder
	gap := false
	for _, r := range strings.ToLower(text) {
		if r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			gap = true
			continue
		}
		if gap && b.Len() > 0 {
			b.WriteByte('-')
		}
		gap = false
		b.WriteRune(r)
		if b.Len() >= 80 {
			break
		}
	}
	if b.Len() == 0 {
		return "run"
	}
	return b.String()
}

// Errorf returns an error at a key of the spec.
func (s *Spec) Errorf(key, format string, args ...any) *SpecError {
	r := reader{document: s.document}
	if r.document == nil {
		r.document = &Document{file: s.File}
	}
	r.fail(key, "", format, args...)
	return r.err
}

// claim returns the spec's claim of that name.
func (s *Spec) claim(name string) (ClaimSpec, bool) {
	i := slices.IndexFunc(s.Claims, func(c ClaimSpec) bool { return c.Name == name })
	if i < 0 {
		return ClaimSpec{}, false
	}
	return s.Claims[i], true
}
