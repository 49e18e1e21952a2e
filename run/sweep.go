package run

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// sweepFile says what a sweep folder holds; the cells are run folders beside it.
const sweepFile = "sweep.json"

// SweepSchema is the version of the form of [Sweep].
const SweepSchema = 1

// A Sweep is one experiment or spec at many values of its keys. Its cells are
// plans like any other: their folders are named by content, so that a cell that
// is complete is never computed again, whoever asks for it.
type Sweep struct {
	Schema int `json:"schema"`
	// Target is the name of an experiment, or the absolute path of a spec file,
	// of which SHA256 is the checksum.
	Target string `json:"target"`
	SHA256 string `json:"sha256,omitempty"`
	// Fixed are overrides of every cell.
	Fixed []string `json:"fixed"`
	// Grids are crossed axes. The cells are those of the first, then those of
	// the others that are new: what is added later leaves their numbers alone.
	Grids [][]Axis `json:"grids"`

	// Plan makes the plan of the target under overrides.
	Plan func(overrides []string) (*Plan, error) `json:"-"`

	cells []Cell
}

// A Cell of a sweep is one setting of its keys.
type Cell struct {
	Index int
	// Keys and Values are what the cell is about, in the order of the axes.
	Keys, Values []string
}

// Overrides are the cell's alone.
func (c Cell) Overrides() []string {
	out := make([]string, len(c.Keys))
	for i := range c.Keys {
		out[i] = c.Keys[i] + "=" + c.Values[i]
	}
	return out
}

func (c Cell) String() string { return strings.Join(c.Overrides(), " ") }

// NewSweep is a sweep of one grid. A target that is a file is made absolute.
func NewSweep(target string, fixed []string, axes []Axis) (*Sweep, error) {
	s := &Sweep{Schema: SweepSchema, Target: target, Fixed: append([]string{}, fixed...), Grids: [][]Axis{axes}}
	if strings.HasSuffix(target, ".toml") {
		path, err := filepath.Abs(target)
		if err != nil {
			return nil, err
		}
		if s.Target = path; err == nil {
			if s.SHA256, err = checksum(path); err != nil {
				return nil, &SpecError{File: target, Problem: "cannot be read", Err: err}
			}
		}
	}
	return s, s.lay()
}

func checksum(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// lay lays the cells out.
func (s *Sweep) lay() error {
	seen := map[string]bool{}
	s.cells = nil
	for _, axes := range s.Grids {
		crossed, err := Cross(axes)
		if err != nil {
			return err
		}
		for _, overrides := range crossed {
			c := Cell{Index: len(s.cells)}
			for _, o := range overrides {
				key, value, _ := strings.Cut(o, "=")
				c.Keys, c.Values = append(c.Keys, key), append(c.Values, value)
			}
			if id := c.identity(); !seen[id] {
				seen[id] = true
				s.cells = append(s.cells, c)
			}
		}
		if len(s.cells) > mostCells {
			return &SpecError{File: commandLine, Problem: fmt.Sprintf("the sweep has more than %d cells", mostCells)}
		}
	}
	return nil
}

func (c Cell) identity() string {
	o := c.Overrides()
	slices.Sort(o)
	return strings.Join(o, "\n")
}

// Cells are all cells, by index.
func (s *Sweep) Cells() []Cell { return s.cells }

// Keys are those that any grid sweeps, in order of appearance.
func (s *Sweep) Keys() []string {
	var keys []string
	for _, axes := range s.Grids {
		for _, a := range axes {
			for _, k := range a.Keys {
				if !slices.Contains(keys, k) {
					keys = append(keys, k)
				}
			}
		}
	}
	return keys
}

// PlanOf makes the plan of a cell.
func (s *Sweep) PlanOf(c Cell) (*Plan, error) {
	overrides := append(slices.Clone(s.Fixed), c.Overrides()...)
	p, err := s.Plan(overrides)
	if err != nil {
		return nil, &CellError{Cell: c, Err: err}
	}
	return p, nil
}

// A CellError says which cell of a sweep could not be planned or computed.
type CellError struct {
	Cell Cell
	Err  error
}

func (e *CellError) Error() string {
	return fmt.Sprintf("cell %d (%s): %v", e.Cell.Index, e.Cell, e.Err)
}

// Unwrap returns the cause.
func (e *CellError) Unwrap() error { return e.Err }

// ReadSweep reads the sweep of a folder, and reports a spec file that has
// changed since. The error wraps fs.ErrNotExist where the folder has no sweep.
func ReadSweep(dir string) (*Sweep, error) {
	path := filepath.Join(dir, sweepFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, &FolderError{Path: dir, Doing: "there is no sweep in", Err: err}
	}
	s := &Sweep{}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(s); err != nil {
		return nil, &FolderError{Path: path, Doing: "cannot read", Err: err}
	}
	if s.Schema != SweepSchema {
		return nil, &FolderError{Path: path, Doing: "cannot read", Err: fmt.Errorf("it has schema %d; this program reads %d", s.Schema, SweepSchema)}
	}
	for _, axes := range s.Grids {
		for _, a := range axes {
			if len(a.Keys) == 0 || slices.ContainsFunc(a.Values, func(v []string) bool { return len(v) != len(a.Keys) }) {
				return nil, &FolderError{Path: path, Doing: "cannot read", Err: errors.New("an axis has not one value a key")}
			}
		}
	}
	return s, s.lay()
}

// Unchanged is an error if the spec file of the sweep is not what it was.
func (s *Sweep) Unchanged() error {
	if s.SHA256 == "" {
		return nil
	}
	sum, err := checksum(s.Target)
	switch {
	case err != nil:
		return &SpecError{File: s.Target, Problem: "the spec of the sweep cannot be read", Err: err}
	case sum != s.SHA256:
		return &SpecError{File: s.Target, Problem: "the spec has changed since the sweep was made; sweep into another folder, or with --replace"}
	}
	return nil
}

// Join writes the sweep into its folder. If a sweep of the same target with the
// same fixed overrides is there, its grids come first and s becomes the union;
// any other sweep is an error, unless it is to be replaced. The cells' folders
// are not touched.
func (s *Sweep) Join(ctx context.Context, dir string, replaced bool) error {
	fail := func(err error) error {
		var where *fs.PathError
		if errors.As(err, &where) {
			err = where.Err
		}
		return &FolderError{Path: dir, Doing: "cannot make the sweep in", Err: err}
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fail(err)
	}
	lock, err := acquire(ctx, filepath.Join(dir, sweepFile), false, nil)
	if err != nil {
		return fail(err)
	}
	defer lock.release()
	there, err := ReadSweep(dir)
	switch {
	case replaced || errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	case there.Target != s.Target || !slices.Equal(there.Fixed, s.Fixed):
		return &SpecError{File: dir, Problem: fmt.Sprintf("the folder holds a sweep of %s; choose another folder with -o, or --replace",
			strings.Join(append([]string{there.Target}, there.Fixed...), " "))}
	case there.SHA256 != s.SHA256:
		return there.Unchanged()
	default:
		for _, axes := range s.Grids {
			if !slices.ContainsFunc(there.Grids, func(g []Axis) bool { return sameGrid(g, axes) }) {
				there.Grids = append(there.Grids, axes)
			}
		}
		s.Grids = there.Grids
		if err := s.lay(); err != nil {
			return err
		}
	}
	text, err := layOut(s)
	if err != nil {
		return err
	}
	if err := replace(filepath.Join(dir, sweepFile), text); err != nil {
		return fail(err)
	}
	return nil
}

func sameGrid(a, b []Axis) bool {
	return slices.EqualFunc(a, b, func(x, y Axis) bool {
		return slices.Equal(x.Keys, y.Keys) && slices.EqualFunc(x.Values, y.Values, slices.Equal)
	})
}
