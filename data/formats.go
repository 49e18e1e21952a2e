package data

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// largest bounds what a compressed file unfolds to.
const largest = 4 << 30

// ParseAs reads text in the format that the file's name says: .tsv and .tab
// separated by tabs, .jsonl and .ndjson one JSON object a line, .npy an array of
// NumPy, each also compressed as .gz; anything else is comma-separated, or
// separated by semicolons where the first line has those and no comma.
func ParseAs(file string, text []byte) (*Table, error) {
	name := strings.ToLower(file)
	if strings.HasSuffix(name, ".gz") {
		name = strings.TrimSuffix(name, ".gz")
		var err error
		if text, err = unfold(text); err != nil {
			return nil, &Error{File: file, Problem: fmt.Sprintf("cannot be decompressed: %v", err)}
		}
	}
	switch filepath.Ext(name) {
	case ".tsv", ".tab":
		return parse(file, text, '\t')
	case ".jsonl", ".ndjson":
		return parseLines(file, text)
	case ".npy":
		return parseNPY(file, text)
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	if bytes.IndexByte(line, ';') >= 0 && bytes.IndexByte(line, ',') < 0 {
		return parse(file, text, ';')
	}
	return parse(file, text, ',')
}

func unfold(text []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(io.LimitReader(r, largest+1))
	if err == nil && len(out) > largest {
		err = fmt.Errorf("it unfolds to more than %d GiB", largest>>30)
	}
	return out, err
}

// parseLines reads one JSON object a line. The columns are the names of the
// first object, in their order; every object has the same.
func parseLines(file string, text []byte) (*Table, error) {
	t := &Table{File: file}
	number := 0
	for line := range bytes.Lines(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))) {
		number++
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		fail := func(column, format string, args ...any) (*Table, error) {
			return nil, &Error{File: file, Line: number, Column: column, Problem: fmt.Sprintf(format, args...)}
		}
		names, cells, err := object(line)
		if err != nil {
			return fail("", "not a JSON object of plain values: %v", err)
		}
		if t.Columns == nil {
			if err := header(names); err != nil {
				return fail("", "%v", err)
			}
			t.Columns = names
		}
		if len(names) != len(t.Columns) {
			return fail("", "%d values where the first object has %d", len(names), len(t.Columns))
		}
		record := make([]string, len(names))
		filled := make([]bool, len(names))
		for i, name := range names {
			j := t.Index(name)
			if j < 0 {
				return fail(name, "the first object has no such value")
			}
			if filled[j] {
				return fail(name, "is there twice")
			}
			record[j], filled[j] = cells[i], true
		}
		t.Records, t.Lines = append(t.Records, record), append(t.Lines, number)
	}
	if len(t.Records) == 0 {
		return nil, &Error{File: file, Problem: "the file is empty"}
	}
	return t, nil
}

// object reads the names and plain values of an object, in their order; null is
// a missing value.
func object(line []byte) (names, cells []string, err error) {
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, nil, errors.Join(err, errors.New("it does not begin with {"))
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, nil, err
		}
		value, err := d.Token()
		if err != nil {
			return nil, nil, err
		}
		cell := ""
		switch v := value.(type) {
		case json.Number:
			cell = v.String()
		case string:
			cell = v
		case bool:
			cell = strconv.FormatBool(v)
		case nil:
		default:
			return nil, nil, fmt.Errorf("%q is a list or an object", key)
		}
		names, cells = append(names, key.(string)), append(cells, cell)
	}
	if _, err := d.Token(); err != nil {
		return nil, nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, nil, errors.New("something follows the object")
	}
	return names, cells, nil
}

var (
	npyType  = regexp.MustCompile(`'descr':\s*'([<>|=])([fiub])(\d)'`)
	npyOrder = regexp.MustCompile(`'fortran_order':\s*(True|False)`)
	npyShape = regexp.MustCompile(`'shape':\s*\(\s*(\d+)\s*(?:,\s*(\d+)?\s*)?\)`)
)

// parseNPY reads an array of NumPy (the NPY format, versions 1 to 3) of numbers,
// of one or two axes: an observation a row, in columns x1, x2, … .
func parseNPY(file string, text []byte) (*Table, error) {
	fail := func(format string, args ...any) (*Table, error) {
		return nil, &Error{File: file, Problem: fmt.Sprintf(format, args...)}
	}
	const magic = "\x93NUMPY"
	if len(text) < 12 || string(text[:6]) != magic {
		return fail("not an array of NumPy")
	}
	from, size := 10, int(binary.LittleEndian.Uint16(text[8:]))
	if text[6] > 1 {
		from, size = 12, int(binary.LittleEndian.Uint32(text[8:]))
	}
	if size > len(text)-from {
		return fail("the array's header is cut short")
	}
	head, body := string(text[from:from+size]), text[from+size:]
	kind, order, shape := npyType.FindStringSubmatch(head), npyOrder.FindStringSubmatch(head), npyShape.FindStringSubmatch(head)
	if kind == nil || order == nil {
		return fail("the array is not of plain numbers: %.80q", head)
	}
	if shape == nil {
		return fail("the array must have one axis or two: %.80q", head)
	}
	rows, err1 := strconv.Atoi(shape[1])
	columns, err2 := 1, error(nil)
	if shape[2] != "" {
		columns, err2 = strconv.Atoi(shape[2])
	}
	width := int(kind[3][0] - '0')
	read := number(kind[2], width, kind[1] == ">")
	switch {
	case err1 != nil || err2 != nil || rows < 1 || columns < 1:
		return fail("the array is empty")
	case read == nil:
		return fail("numbers of type %s%s are not read", kind[2], kind[3])
	case rows > len(body)/width/columns || rows*columns*width != len(body):
		return fail("the array has %d bytes where %d by %d numbers need another number of them", len(body), rows, columns)
	}
	t := &Table{File: file}
	for j := range columns {
		t.Columns = append(t.Columns, fmt.Sprintf("x%d", j+1))
	}
	for i := range rows {
		record := make([]string, columns)
		for j := range columns {
			k := i*columns + j
			if order[1] == "True" {
				k = j*rows + i
			}
			record[j] = read(body[k*width:])
		}
		t.Records, t.Lines = append(t.Records, record), append(t.Lines, i+1)
	}
	return t, nil
}

// number reads numbers of a type as text that reads back the same; nil for types
// that are not read.
func number(kind string, width int, big bool) func(b []byte) string {
	var order binary.ByteOrder = binary.LittleEndian
	if big {
		order = binary.BigEndian
	}
	bits := map[int]func(b []byte) uint64{
		1: func(b []byte) uint64 { return uint64(b[0]) },
		2: func(b []byte) uint64 { return uint64(order.Uint16(b)) },
		4: func(b []byte) uint64 { return uint64(order.Uint32(b)) },
		8: func(b []byte) uint64 { return order.Uint64(b) },
	}[width]
	switch {
	case bits == nil:
		return nil
	case kind == "f" && width == 8:
		return func(b []byte) string { return strconv.FormatFloat(math.Float64frombits(bits(b)), 'g', -1, 64) }
	case kind == "f" && width == 4:
		return func(b []byte) string {
			return strconv.FormatFloat(float64(math.Float32frombits(uint32(bits(b)))), 'g', -1, 64)
		}
	case kind == "u", kind == "b" && width == 1:
		return func(b []byte) string { return strconv.FormatUint(bits(b), 10) }
	case kind == "i":
		shift := 64 - 8*width
		return func(b []byte) string { return strconv.FormatInt(int64(bits(b))<<shift>>shift, 10) }
	}
	return nil
}
