package run

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Statuses of cells that have no result.
const (
	Missing Status = "missing" // not computed yet
	Running Status = "running" // a process has it in hand
)

// A Row is a cell of a sweep and what came of it, a row of its table. It holds
// nothing that differs from one execution of the cell to the next.
type Row struct {
	Cell
	Status Status
	Error  string
	RunDir string
	// Columns and Measured are numbers, truth values and text by name.
	Columns  []string
	Measured []any
	// Claims are the number of claims, Disagreeing of those that do not agree
	// with what they expect.
	Claims, Disagreeing int
}

// mostFinal is the number of coordinates up to which the table has the end of
// the flow.
const mostFinal = 16

func (r *Row) put(column string, value any) {
	if slices.Contains(r.Keys, column) {
		column = "result." + column // a key of the sweep has the name
	}
	r.Columns, r.Measured = append(r.Columns, column), append(r.Measured, value)
}

// fill enters a result.
func (r *Row) fill(result *Result) {
	r.Status, r.Error, r.RunDir = result.Status, result.Error, strings.TrimSuffix(result.RunDir, partial)
	r.Claims, r.Disagreeing = len(result.Claims), len(result.Disagreeing())
	r.Columns, r.Measured = nil, nil
	r.put("claims", r.Claims)
	r.put("disagreeing", r.Disagreeing)
	if f := result.Final; f != nil {
		r.put("t", f.T)
		r.put("loss", f.Loss)
	}
	if s := result.Solver; s != nil {
		r.put("steps", s.Steps)
		r.put("rejected", s.Rejected)
		r.put("evaluations", s.Evaluations)
	}
	several := false
	for _, c := range result.Claims {
		several = several || c.Member != result.Claims[0].Member
	}
	for _, c := range result.Claims {
		name := "claim." + c.Name
		if several {
			name += "." + c.Member
		}
		if slices.Contains(r.Columns, name) {
			continue // a claim of the same name at another place of the experiment
		}
		r.put(name, c.Holds)
		r.put(name+".value", c.Value)
		r.put(name+".bound", c.Bound)
	}
	if f := result.Final; f != nil && len(f.Point) > 0 && len(f.Point[0].At) <= mostFinal {
		for i, x := range f.Point[0].At {
			r.put(fmt.Sprintf("final.%s.%d", f.Point[0].Chart, i+1), x)
		}
	}
}

// Number is the numeric value of a column: a measurement, or a key of the cell.
func (r *Row) Number(column string) (float64, bool) {
	if i := slices.Index(r.Columns, column); i >= 0 {
		switch v := r.Measured[i].(type) {
		case Number:
			return float64(v), true
		case int:
			return float64(v), true
		case bool:
			if v {
				return 1, true
			}
			return 0, true
		}
		return 0, false
	}
	if i := slices.Index(r.Keys, column); i >= 0 {
		x, err := strconv.ParseFloat(r.Values[i], 64)
		return x, err == nil
	}
	return 0, false
}

// A SweepTable is the table of a sweep: index, the keys, status, then what was
// measured, then the folder and the error.
type SweepTable struct {
	Keys    []string
	Columns []string // of what was measured, over all rows
	Rows    []Row
}

// NewSweepTable makes the table of rows.
func NewSweepTable(keys []string, rows []Row) *SweepTable {
	t := &SweepTable{Keys: keys, Rows: rows}
	known := map[string]bool{}
	for _, r := range rows {
		for i, c := range r.Columns {
			if known[c] {
				continue
			}
			known[c] = true
			// After the column that it follows in its row.
			at := len(t.Columns)
			if i > 0 {
				at = slices.Index(t.Columns, r.Columns[i-1]) + 1
			}
			t.Columns = slices.Insert(t.Columns, at, c)
		}
	}
	return t
}

// CSV is the table as comma-separated values with a header. What a cell does
// not have is empty.
func (t *SweepTable) CSV() ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	header := append([]string{"index"}, t.Keys...)
	header = append(append(append(header, "status"), t.Columns...), "run_dir", "error")
	if err := w.Write(header); err != nil {
		return nil, err
	}
	for _, r := range t.Rows {
		line := make([]string, 0, len(header))
		line = append(line, strconv.Itoa(r.Index))
		for _, k := range t.Keys {
			v := ""
			if i := slices.Index(r.Keys, k); i >= 0 {
				v = r.Values[i]
			}
			line = append(line, v)
		}
		line = append(line, string(r.Status))
		for _, c := range t.Columns {
			v := ""
			if i := slices.Index(r.Columns, c); i >= 0 {
				v = text(r.Measured[i])
			}
			line = append(line, v)
		}
		if err := w.Write(append(line, r.RunDir, r.Error)); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return b.Bytes(), w.Error()
}

func text(v any) string {
	if x, ok := v.(Number); ok {
		return strconv.FormatFloat(float64(x), 'g', -1, 64)
	}
	return fmt.Sprint(v)
}

// JSONLines is the table with one JSON object a row, of the columns that the
// row has.
func (t *SweepTable) JSONLines() ([]byte, error) {
	var b bytes.Buffer
	for _, r := range t.Rows {
		fmt.Fprintf(&b, `{"index":%d`, r.Index)
		put := func(key string, value any) error {
			k, err := json.Marshal(key)
			if err != nil {
				return err
			}
			v, err := json.Marshal(value)
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, ",%s:%s", k, v)
			return nil
		}
		for i, k := range r.Keys {
			o, err := ParseOverride(k + "=" + r.Values[i])
			if err != nil {
				return nil, err
			}
			value := o.Value
			if x, ok := value.(float64); ok {
				value = Number(x)
			}
			if err := put(k, value); err != nil {
				return nil, err
			}
		}
		if err := put("status", r.Status); err != nil {
			return nil, err
		}
		for i, c := range r.Columns {
			if err := put(c, r.Measured[i]); err != nil {
				return nil, err
			}
		}
		if err := put("run_dir", r.RunDir); err != nil {
			return nil, err
		}
		if r.Error != "" {
			if err := put("error", r.Error); err != nil {
				return nil, err
			}
		}
		b.WriteString("}\n")
	}
	return b.Bytes(), nil
}

// Tables of a sweep folder.
const (
	tableCSV   = "table.csv"
	tableLines = "table.jsonl"
)

// Write puts table.csv and table.jsonl into the sweep's folder, each at once.
func (t *SweepTable) Write(dir string) error {
	for _, w := range []struct {
		name string
		make func() ([]byte, error)
	}{{tableCSV, t.CSV}, {tableLines, t.JSONLines}} {
		text, err := w.make()
		if err != nil {
			return err
		}
		if err := replaceShared(filepath.Join(dir, w.name), text); err != nil {
			return &FolderError{Path: dir, Doing: "cannot write the table in", Err: err}
		}
	}
	return nil
}

// replaceShared is replace for a file that several processes may write at once.
func replaceShared(path string, text []byte) error {
	next, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.next")
	if err != nil {
		return err
	}
	_, err = next.Write(text)
	if err == nil {
		err = next.Chmod(0o644)
	}
	if closed := next.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(next.Name(), path)
	}
	if err != nil {
		os.Remove(next.Name())
	}
	return err
}
