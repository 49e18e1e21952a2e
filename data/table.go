package data

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// An Error says what is wrong with a file of observations, and where.
type Error struct {
	File    string
	Line    int    // 0: the file as a whole
	Column  string // empty: the line as a whole
	Problem string
	// Suggestion is the nearest right name, where the problem is a wrong one.
	Suggestion string
}

func (e *Error) Error() string {
	s := e.File
	if e.Line > 0 {
		s += fmt.Sprintf(":%d", e.Line)
	}
	if e.Column != "" {
		s += ": column " + e.Column
	}
	s += ": " + e.Problem
	if e.Suggestion != "" {
		s += fmt.Sprintf("; did you mean %q?", e.Suggestion)
	}
	return s
}

// A Table is a comma-separated file with a line of column names, as text.
type Table struct {
	File    string
	Columns []string
	// Records are the lines after the first, one cell per column, Lines the
	// numbers of the lines they stand on, from 1.
	Records [][]string
	Lines   []int
}

// Parse reads comma-separated text (RFC 4180, with or without a byte order
// mark) whose first line names the columns. File names it in errors, each an
// [*Error]. Blank lines are skipped and cells trimmed of space.
func Parse(file string, text []byte) (*Table, error) { return parse(file, text, ',') }

func parse(file string, text []byte, separator rune) (*Table, error) {
	fail := func(line int, column, format string, args ...any) (*Table, error) {
		return nil, &Error{File: file, Line: line, Column: column, Problem: fmt.Sprintf(format, args...)}
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if len(bytes.TrimSpace(text)) == 0 {
		return fail(0, "", "the file is empty")
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma = separator
	r.TrimLeadingSpace = separator != '\t'
	r.FieldsPerRecord = -1
	t := &Table{File: file}
	for {
		record, err := r.Read()
		if err == io.EOF {
			break
		}
		var bad *csv.ParseError
		if errors.As(err, &bad) {
			return fail(bad.StartLine, "", "not %s text: %v", map[rune]string{',': "comma-separated", ';': "semicolon-separated", '\t': "tab-separated"}[separator], bad.Err)
		}
		if err != nil {
			return fail(0, "", "%v", err)
		}
		for i := range record {
			record[i] = strings.TrimSpace(record[i])
		}
		line, _ := r.FieldPos(0)
		if t.Columns == nil {
			if err := header(record); err != nil {
				return fail(line, "", "%v", err)
			}
			t.Columns = record
			continue
		}
		if len(record) != len(t.Columns) {
			return fail(line, "", "%d cells where the first line names %d columns", len(record), len(t.Columns))
		}
		t.Records = append(t.Records, record)
		t.Lines = append(t.Lines, line)
	}
	if len(t.Records) == 0 {
		return fail(0, "", "there is no row of data after the column names")
	}
	return t, nil
}

func header(names []string) error {
	numbers := 0
	for i, name := range names {
		if name == "" {
			return fmt.Errorf("column %d has no name", i+1)
		}
		if slices.Contains(names[:i], name) {
			return fmt.Errorf("two columns are called %q", name)
		}
		if _, err := strconv.ParseFloat(name, 64); err == nil {
			numbers++
		}
	}
	if numbers == len(names) {
		return errors.New("the first line must name the columns; it has numbers")
	}
	return nil
}

// Index returns the position of a column, −1 if there is none of that name.
func (t *Table) Index(column string) int { return slices.Index(t.Columns, column) }

// Number returns a cell as a finite number. The error is an [*Error] that
// names its line and column.
func (t *Table) Number(row, column int) (float64, error) {
	cell := t.Records[row][column]
	problem := ""
	x, err := strconv.ParseFloat(cell, 64)
	switch {
	case cell == "":
		problem = "a value is missing"
	case errors.Is(err, strconv.ErrRange):
		problem = fmt.Sprintf("%s is out of the range of a number", cell)
	case err != nil:
		problem = fmt.Sprintf("%q is not a number", cell)
	case math.IsNaN(x) || math.IsInf(x, 0):
		problem = fmt.Sprintf("%s is not a finite number", cell)
	default:
		return x, nil
	}
	return math.NaN(), &Error{File: t.File, Line: t.Lines[row], Column: t.Columns[column], Problem: problem}
}

// Numbers returns a column as numbers.
func (t *Table) Numbers(column string) ([]float64, error) {
	j := t.Index(column)
	if j < 0 {
		return nil, &Error{File: t.File, Problem: fmt.Sprintf("there is no column %q (columns: %s)", column, strings.Join(t.Columns, ", "))}
	}
	x := make([]float64, len(t.Records))
	for i := range x {
		var err error
		if x[i], err = t.Number(i, j); err != nil {
			return nil, err
		}
	}
	return x, nil
}
