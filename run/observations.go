package run

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"fisherflow/data"
	"fisherflow/manifold"
)

// Observations are the rows of data that a loss reads.
type Observations struct {
	// File is the file's name as the spec has it, Path where it was found;
	// both are empty for a data set that ships, which Dataset names.
	File, Path, Dataset string
	SHA256              string
	Columns             []string
	// Rows has one observation each, Lines the lines of the file they stand on.
	Rows  [][]float64
	Lines []int
	// Source is whom to cite for a data set that ships.
	Source string
}

// Observe reads the observations of a spec and checks that they lie in the
// support of its family.
func Observe(s *Spec, family manifold.Family) (*Observations, error) {
	d := s.Data
	o := &Observations{File: d.File, Dataset: d.Dataset}
	text, name, err := o.read(s)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	o.SHA256 = hex.EncodeToString(sum[:])
	table, err := data.ParseAs(name, text)
	if err != nil {
		return nil, err
	}
	columns, err := o.choose(s, family, table)
	if err != nil {
		return nil, err
	}
	kept, err := d.keep(s, table)
	if err != nil {
		return nil, err
	}
	observed, _ := family.(manifold.Observed)
	for _, i := range kept {
		row := make([]float64, len(columns))
		for j, column := range columns {
			if row[j], err = table.Number(i, column); err != nil {
				return nil, err
			}
			row[j] *= d.Scale
		}
		if observed != nil {
			if err := observed.CheckObservation(row); err != nil {
				bad := &DataError{File: name, Line: table.Lines[i], Problem: "outside of the support: " + err.Error()}
				if len(columns) == 1 {
					bad.Column = table.Columns[columns[0]]
				}
				return nil, bad
			}
		}
		o.Rows = append(o.Rows, row)
		o.Lines = append(o.Lines, table.Lines[i])
	}
	return o, nil
}

// read finds the file and returns its text and its name in messages.
func (o *Observations) read(s *Spec) (text []byte, name string, err error) {
	if o.Dataset != "" {
		set, err := data.Open(o.Dataset)
		if err != nil {
			return nil, "", s.Errorf("data.dataset", "%v", err)
		}
		o.Source = set.Source
		text, err := set.Text()
		return text, set.File, err
	}
	o.Path = o.File
	if !filepath.IsAbs(o.Path) {
		o.Path = filepath.Join(s.Dir, filepath.FromSlash(o.File))
	}
	text, err = os.ReadFile(o.Path)
	if errors.Is(err, fs.ErrNotExist) {
		if m, fault := readManifest(s.Dir); fault == nil {
			for _, f := range m.Data {
				if f.File == o.File && f.Path != "" {
					o.Path = f.Path
					text, err = os.ReadFile(o.Path)
				}
			}
		}
	}
	if err != nil {
		problem := "cannot be read"
		var where *fs.PathError
		switch {
		case errors.Is(err, fs.ErrNotExist):
			problem = "there is no such data file"
		case errors.As(err, &where):
			problem = "cannot be read: " + where.Err.Error()
		}
		p := s.Errorf("data.file", "%s", problem)
		return nil, "", &DataError{File: o.Path, Problem: fmt.Sprintf("%s (named in %s)", problem, p.where())}
	}
	if o.Path, err = filepath.Abs(o.Path); err != nil {
		return nil, "", err
	}
	return text, o.File, nil
}

// where is the place of the error, as file:line.
func (e *SpecError) where() string {
	if e.Line > 0 {
		return e.File + ":" + strconv.Itoa(e.Line)
	}
	return e.File
}

// choose returns the indices of the columns that make up an observation.
func (o *Observations) choose(s *Spec, family manifold.Family, table *data.Table) ([]int, error) {
	names := s.Data.Columns
	if len(names) == 0 {
		names = table.Columns
	}
	var columns []int
	for _, name := range names {
		j := table.Index(name)
		if j < 0 {
			return nil, unknownColumn(s, "data.columns", name, table)
		}
		columns = append(columns, j)
	}
	o.Columns = slices.Clone(names)
	if f, ok := family.(manifold.Observed); ok && f.ObservationDim() != len(columns) {
		if len(s.Data.Columns) == 0 {
			return nil, s.Errorf("data", "an observation of %s is %s, and %s has %d: choose with columns = […] from %s",
				family.Name(), count(f.ObservationDim(), "number"), table.File, len(columns), list(table.Columns))
		}
		return nil, s.Errorf("data.columns", "names %s where an observation of %s is %s",
			count(len(columns), "column"), family.Name(), count(f.ObservationDim(), "number"))
	}
	return columns, nil
}

func unknownColumn(s *Spec, key, name string, table *data.Table) error {
	err := s.Errorf(key, "%s has no column %q (columns: %s)", table.File, name, list(table.Columns))
	err.Suggestion = Nearest(name, table.Columns)
	return err
}

// keep returns the indices of the rows that are read, in order.
func (d *DataSpec) keep(s *Spec, table *data.Table) ([]int, error) {
	rows := make([]int, 0, len(table.Records))
	for i := range table.Records {
		rows = append(rows, i)
	}
	for _, c := range d.Where {
		key := join("data.where", c.Column)
		j := table.Index(c.Column)
		if j < 0 {
			return nil, unknownColumn(s, key, c.Column, table)
		}
		rows = slices.DeleteFunc(rows, func(i int) bool { return !c.admits(table.Records[i][j]) })
		if len(rows) == 0 {
			var values []string
			for i := range table.Records {
				if cell := table.Records[i][j]; !slices.Contains(values, cell) && len(values) < 10 {
					values = append(values, cell)
				}
			}
			return nil, s.Errorf(key, "keeps no row of %s; column %s has %s", table.File, c.Column, list(values))
		}
	}
	if d.Shuffle != nil {
		d.Shuffle.shuffle(rows)
	}
	if d.Rows != nil {
		if d.Rows[1] > len(rows) {
			return nil, s.Errorf("data.rows", "ends at %d; rows to choose from: %d", d.Rows[1], len(rows))
		}
		rows = rows[d.Rows[0]:d.Rows[1]]
	}
	return rows, nil
}

// admits reports whether the cell has one of the condition's values.
func (c Condition) admits(cell string) bool {
	for _, v := range c.Values {
		if text, ok := v.(string); ok {
			if cell == text {
				return true
			}
			continue
		}
		want, _ := asNumber(v)
		if x, err := strconv.ParseFloat(cell, 64); err == nil && x == want {
			return true
		}
	}
	return false
}
