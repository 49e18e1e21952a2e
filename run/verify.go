package run

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A Level is how well a stored result was reproduced.
type Level int

// The levels, from worst to best.
const (
	// Different: not even the claims come out the same.
	Different Level = iota
	// SameClaims: every claim comes out as it did, the numbers do not.
	SameClaims
	// SameNumbers: every number agrees within the tolerance.
	SameNumbers
	// SameBytes: every file that must be reproducible is, byte for byte.
	SameBytes
)

func (l Level) String() string {
	return [...]string{"different", "same claims", "same numbers within tolerance", "same bytes"}[l]
}

// A Verdict is the judgement on a stored result.
type Verdict struct {
	Dir       string  `json:"run_dir"`
	Level     string  `json:"level"`
	Tolerance float64 `json:"tolerance"`
	// Largest is the largest difference of two numbers, as a fraction of the
	// largest of its series, Where what it is.
	Largest Number `json:"largest_difference"`
	Where   string `json:"where,omitempty"`
	// Files are those whose bytes differ; Damaged those that are no longer what
	// the manifest says.
	Files   []string `json:"files_that_differ"`
	Damaged []string `json:"files_damaged"`
	Claims  []string `json:"claims_that_differ"`
	// Reproduced: the numbers are, and no file is damaged.
	Reproduced bool `json:"reproduced"`
}

// ErrMismatch says that a stored result could not be reproduced.
var ErrMismatch = errors.New("the stored result is not reproduced")

// Err is nil if the result was reproduced, and wraps ErrMismatch if not.
func (v *Verdict) Err() error {
	if v.Reproduced {
		return nil
	}
	return mismatch{v}
}

type mismatch struct{ *Verdict }

func (m mismatch) Error() string {
	switch {
	case len(m.Damaged) > 0:
		return fmt.Sprintf("%v: %s in %s is not what the manifest says (%s)", ErrMismatch, list(m.Damaged), m.Dir, m.Level)
	case m.Where != "":
		return fmt.Sprintf("%v: %s differs by %.3g, more than %.3g (%s)", ErrMismatch, m.Where, float64(m.Largest), m.Tolerance, m.Level)
	}
	return fmt.Sprintf("%v: %s", ErrMismatch, m.Level)
}

func (mismatch) Unwrap() error { return ErrMismatch }

// ExitCode is [ExitVerify].
func (mismatch) ExitCode() int { return ExitVerify }

// String is the verdict in one sentence.
func (v *Verdict) String() string {
	if err := v.Err(); err != nil {
		return err.Error()
	}
	s := fmt.Sprintf("%s: %s", v.Dir, v.Level)
	if v.Level == SameNumbers.String() {
		s += fmt.Sprintf(" (largest difference %.3g of %.3g allowed, in %s; files that differ: %s)", float64(v.Largest), v.Tolerance, v.Where, list(v.Files))
	}
	return s
}

// Verify executes a plan again, in a temporary folder, and compares with what
// is stored in dir; empty means the plan's own folder under the output root.
// The plan must be the one that made the folder: its spec is in the folder's
// spec.toml. Figures are compared if the options draw them.
func Verify(ctx context.Context, plan *Plan, dir string, options Options) (*Verdict, error) {
	if dir == "" {
		h, err := plan.Hash()
		if err != nil {
			return nil, err
		}
		root := options.Output
		if root == "" {
			root = "runs"
		}
		dir = filepath.Join(root, Slug(plan.Name), h)
	}
	stored, err := ReadResult(dir)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = errors.New("there is no complete run in it")
		}
		return nil, &FolderError{Path: dir, Doing: "cannot verify", Err: err}
	}
	manifest, err := ReadManifest(dir)
	if err != nil {
		return nil, err
	}
	place, err := os.MkdirTemp("", "fisherflow-verify-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(place)
	options.Output, options.Force = place, true
	again, err := Execute(ctx, plan, options)
	if err != nil {
		return nil, err
	}
	v := &Verdict{Dir: dir, Tolerance: tolerance(plan), Files: []string{}, Damaged: []string{}, Claims: []string{}}
	if err := v.compareFiles(manifest, again.Dir, options.Figures != nil); err != nil {
		return nil, err
	}
	v.judge(stored, again.Result)
	return v, nil
}

// tolerance is what numbers may differ by on another machine, as a fraction of
// the largest of their series: ten times what the solver was asked for, and no
// less than 1e-9; 1e-6 for a training.
func tolerance(plan *Plan) float64 {
	t := 1e-9
	for _, m := range plan.members() {
		t = max(t, 10*m.Spec.ODE.RTol, 10*m.Spec.ODE.Tol)
		if m.Spec.Optimizer != nil {
			t = max(t, trainingTolerance)
		}
	}
	return t
}

// trainingTolerance is that of trainings, which correct no rounding but pass it on
// from step to step.
const trainingTolerance = 1e-6

// reproducible reports whether a file of a run folder must be the same bytes
// in every run.
func reproducible(name string, figures bool) bool {
	switch name {
	case manifestFile, timingsFile, logFile, reportFile:
		return false
	}
	if rest, ok := strings.CutPrefix(name, figuresFolder+"/"); ok {
		// PDF files carry the time.
		return figures && !strings.HasPrefix(rest, "timing-") && !strings.HasSuffix(rest, ".pdf")
	}
	return true
}

func (v *Verdict) compareFiles(m *Manifest, again string, figures bool) error {
	for _, f := range m.Files {
		text, err := os.ReadFile(filepath.Join(v.Dir, filepath.FromSlash(f.Name)))
		if err != nil || record(f.Name, text).SHA256 != f.SHA256 {
			v.Damaged = append(v.Damaged, f.Name)
		}
		if !reproducible(f.Name, figures) {
			continue
		}
		fresh, err2 := os.ReadFile(filepath.Join(again, filepath.FromSlash(f.Name)))
		if err != nil || err2 != nil || !bytes.Equal(text, fresh) {
			v.Files = append(v.Files, f.Name)
		}
	}
	return nil
}

func (v *Verdict) judge(stored, again *Result) {
	v.Claims = claimChanges(stored, again)
	d := compareNumbers(stored, again)
	v.Largest, v.Where = Number(d.largest), d.where
	level := Different
	switch {
	case len(v.Claims) > 0:
	case len(v.Files) == 0:
		level = SameBytes
	case d.largest <= v.Tolerance:
		level = SameNumbers
	default:
		level = SameClaims
	}
	v.Level = level.String()
	v.Reproduced = level >= SameNumbers && len(v.Damaged) == 0
}

// claimChanges describes the claims that do not come out the same.
func claimChanges(a, b *Result) []string {
	type key struct{ member, name string }
	outcome := func(r *Result) (map[key]bool, []key) {
		holds, order := map[key]bool{}, []key{}
		for _, c := range r.Claims {
			k := key{c.Member, c.Name + " " + c.Expect}
			holds[k] = c.Holds
			order = append(order, k)
		}
		return holds, order
	}
	before, order := outcome(a)
	after, added := outcome(b)
	for _, k := range added {
		if !slices.Contains(order, k) {
			order = append(order, k)
		}
	}
	word := func(holds, there bool) string {
		switch {
		case !there:
			return "not made"
		case holds:
			return "agrees"
		}
		return "does not agree"
	}
	changes := []string{}
	for _, k := range order {
		x, ok1 := before[k]
		y, ok2 := after[k]
		if x != y || ok1 != ok2 {
			changes = append(changes, fmt.Sprintf("%s of %s: %s, then %s", k.name, k.member, word(x, ok1), word(y, ok2)))
		}
	}
	return changes
}

// A difference is the largest difference of two results' numbers.
type difference struct {
	largest float64
	where   string
}

// series compares two series by the largest value of the first.
func (d *difference) series(where string, a, b []float64) {
	if len(a) != len(b) {
		d.note(where+" (number of values)", math.Inf(1))
		return
	}
	scale := 0.0
	for _, x := range a {
		if !math.IsInf(x, 0) {
			scale = math.Max(scale, math.Abs(x))
		}
	}
	for i, x := range a {
		y := b[i]
		switch gap := math.Abs(x - y); {
		case x == y || math.IsNaN(x) && math.IsNaN(y):
		case math.IsNaN(gap) || scale == 0:
			d.note(where, math.Inf(1))
		default:
			d.note(where, gap/scale)
		}
	}
}

func (d *difference) note(where string, x float64) {
	if x > d.largest {
		d.largest, d.where = x, where
	}
}

func compareNumbers(a, b *Result) difference {
	d := difference{}
	d.member("", a.Samples, b.Samples, a.Final, b.Final)
	if len(a.Members) != len(b.Members) {
		d.note("the number of members", math.Inf(1))
	} else {
		for i, m := range a.Members {
			d.member(m.Name+": ", m.Samples, b.Members[i].Samples, m.Final, b.Members[i].Final)
		}
	}
	for _, name := range sortedKeys2(a.Tables, b.Tables) {
		d.table("table "+name, a.Tables[name], b.Tables[name])
	}
	return d
}

func sortedKeys2(a, b map[string]*Table) []string {
	var names []string
	for name := range a {
		names = append(names, name)
	}
	for name := range b {
		if _, ok := a[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (d *difference) member(prefix string, a, b []Sample, af, bf *Final) {
	if (af == nil) != (bf == nil) {
		d.note(prefix+"final", math.Inf(1))
	}
	if af != nil && bf != nil {
		a = append(slices.Clip(a), Sample{T: af.T, Loss: af.Loss, Point: af.Point})
		b = append(slices.Clip(b), Sample{T: bf.T, Loss: bf.Loss, Point: bf.Point})
		d.points(prefix+"standard_error", []Sample{{Point: af.StandardError}}, []Sample{{Point: bf.StandardError}})
	}
	pick := func(s []Sample, f func(Sample) float64) []float64 {
		out := make([]float64, len(s))
		for i := range s {
			out[i] = f(s[i])
		}
		return out
	}
	t := func(s Sample) float64 { return float64(s.T) }
	loss := func(s Sample) float64 { return float64(s.Loss) }
	d.series(prefix+"t", pick(a, t), pick(b, t))
	d.series(prefix+"loss", pick(a, loss), pick(b, loss))
	d.points(prefix+"point", a, b)
}

// points compares the points of samples, coordinate by coordinate.
func (d *difference) points(where string, a, b []Sample) {
	collect := func(samples []Sample) (map[string][]float64, []string) {
		values, order := map[string][]float64{}, []string{}
		for _, s := range samples {
			for _, c := range s.Point {
				for j, x := range c.At {
					k := fmt.Sprintf("%s, chart %s, coordinate %d", where, c.Chart, j+1)
					if _, ok := values[k]; !ok {
						order = append(order, k)
					}
					values[k] = append(values[k], float64(x))
				}
			}
		}
		return values, order
	}
	before, order := collect(a)
	after, others := collect(b)
	for _, k := range order {
		d.series(k, before[k], after[k])
	}
	if len(others) != len(order) {
		d.note(where+" (number of coordinates)", math.Inf(1))
	}
}

func (d *difference) table(where string, a, b *Table) {
	if a == nil || b == nil || len(a.Rows) != len(b.Rows) || !slices.Equal(a.Columns, b.Columns) {
		d.note(where+" (its form)", math.Inf(1))
		return
	}
	for j, column := range a.Columns {
		var x, y []float64
		for i := range a.Rows {
			u, ok1 := cell(a.Rows[i], j)
			v, ok2 := cell(b.Rows[i], j)
			switch {
			case ok1 && ok2:
				x, y = append(x, u), append(y, v)
			case ok1 != ok2 || fmt.Sprint(a.Rows[i][j]) != fmt.Sprint(b.Rows[i][j]):
				d.note(where+", "+column, math.Inf(1))
			}
		}
		d.series(where+", "+column, x, y)
	}
}

// cell is a cell as a number, if it is one, whether the table was just made or
// read from a file.
func cell(row []any, j int) (float64, bool) {
	if j >= len(row) {
		return 0, false
	}
	switch x := row[j].(type) {
	case Number:
		return float64(x), true
	case float64:
		return x, true
	case int:
		return float64(x), true
	case int64:
		return float64(x), true
	case string:
		switch x {
		case "NaN":
			return math.NaN(), true
		case "+Inf":
			return math.Inf(1), true
		case "-Inf":
			return math.Inf(-1), true
		}
	}
	return 0, false
}
