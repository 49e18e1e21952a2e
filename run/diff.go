package run

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A Change is a key or a number that two runs have different values of; one
// that a run does not have is empty.
type Change struct {
	Name string `json:"name"`
	A    string `json:"a"`
	B    string `json:"b"`
}

// A Difference is what two runs differ in.
type Difference struct {
	// Spec are keys of the resolved specs, Final the ends of the flows, Claims
	// the claims that come out differently or with other numbers.
	Spec   []Change `json:"spec"`
	Final  []Change `json:"final"`
	Claims []Change `json:"claims"`
	// Largest is the largest difference of two numbers as a fraction of the
	// largest of its series, Where what it is.
	Largest Number `json:"largest_difference"`
	Where   string `json:"where,omitempty"`
}

// Diff compares two run folders.
func Diff(a, b string) (*Difference, error) {
	x, err := readRun(a)
	if err != nil {
		return nil, err
	}
	y, err := readRun(b)
	if err != nil {
		return nil, err
	}
	n := compareNumbers(x.result, y.result)
	return &Difference{
		Spec:    changes(x.keys, y.keys),
		Final:   changes(finals(x.result), finals(y.result)),
		Claims:  changes(claimTexts(x.result), claimTexts(y.result)),
		Largest: Number(n.largest), Where: n.where,
	}, nil
}

type stored struct {
	result *Result
	keys   []pair
}

type pair struct{ name, value string }

func readRun(dir string) (*stored, error) {
	result, err := ReadResult(dir)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = errors.New("there is no complete run in it")
		}
		return nil, &FolderError{Path: dir, Doing: "cannot read", Err: err}
	}
	text, err := os.ReadFile(filepath.Join(dir, specFile))
	if err != nil {
		return nil, &FolderError{Path: dir, Doing: "cannot read", Err: err}
	}
	return &stored{result: result, keys: keysOf(text)}, nil
}

// keysOf are the keys of a spec in its canonical form, and their values.
func keysOf(canonical []byte) []pair {
	var keys []pair
	table := ""
	for line := range strings.Lines(string(canonical)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			table = strings.Trim(line, "[]")
			continue
		}
		if key, value, ok := strings.Cut(line, " = "); ok {
			keys = append(keys, pair{join(table, key), value})
		}
	}
	return keys
}

func finals(r *Result) []pair {
	var out []pair
	add := func(prefix string, f *Final, s *Solver) {
		if f == nil {
			return
		}
		out = append(out, pair{prefix + "t", fmt.Sprint(f.T)}, pair{prefix + "loss", fmt.Sprint(f.Loss)})
		for _, c := range f.Point {
			out = append(out, pair{prefix + c.Chart, fmt.Sprint(c.At)})
		}
		if s != nil {
			out = append(out, pair{prefix + "steps", fmt.Sprint(s.Steps)}, pair{prefix + "evaluations", fmt.Sprint(s.Evaluations)})
		}
	}
	add("", r.Final, r.Solver)
	for _, m := range r.Members {
		add(m.Name+": ", m.Final, m.Solver)
	}
	return out
}

func claimTexts(r *Result) []pair {
	var out []pair
	for _, c := range r.Claims {
		verdict := "holds"
		if c.Holds != (c.Expect == Holds) {
			verdict = "is violated"
		}
		if math.IsNaN(float64(c.Value)) {
			verdict = "was not measured"
		}
		out = append(out, pair{c.Name + " of " + c.Member, fmt.Sprintf("%s: %.3g against %.3g", verdict, float64(c.Value), float64(c.Bound))})
	}
	return out
}

func changes(a, b []pair) []Change {
	find := func(pairs []pair, name string) (string, bool) {
		i := slices.IndexFunc(pairs, func(p pair) bool { return p.name == name })
		if i < 0 {
			return "", false
		}
		return pairs[i].value, true
	}
	out := []Change{}
	for _, p := range a {
		if v, ok := find(b, p.name); !ok || v != p.value {
			out = append(out, Change{p.name, p.value, v})
		}
	}
	for _, p := range b {
		if _, ok := find(a, p.name); !ok {
			out = append(out, Change{p.name, "", p.value})
		}
	}
	return out
}

// Empty reports whether the runs have the same spec and the same numbers.
func (d *Difference) Empty() bool {
	return len(d.Spec)+len(d.Final)+len(d.Claims) == 0 && d.Largest == 0
}

// String lists the changes, one a line, under headings.
func (d *Difference) String() string {
	if d.Empty() {
		return "no difference\n"
	}
	var b strings.Builder
	section := func(title string, changes []Change) {
		if len(changes) == 0 {
			return
		}
		fmt.Fprintf(&b, "%s\n", title)
		or := func(s string) string {
			if s == "" {
				return "(none)"
			}
			return s
		}
		for _, c := range changes {
			fmt.Fprintf(&b, "  %s\n    - %s\n    + %s\n", c.Name, or(c.A), or(c.B))
		}
	}
	section("spec", d.Spec)
	section("final", d.Final)
	section("claims", d.Claims)
	if d.Largest > 0 {
		fmt.Fprintf(&b, "largest difference of two numbers: %.3g of the largest of its series, in %s\n", float64(d.Largest), d.Where)
	}
	return b.String()
}
