package run

import (
	"bytes"
	"encoding/json"
	"fmt"

	"fisherflow/ode"
)

// Schema is the version of the form of [Result].
const Schema = 1

// A Status says how a run ended.
type Status string

// The statuses of a run.
const (
	OK          Status = "ok"
	Failed      Status = "failed"      // the solver gave up; what it had is kept
	Interrupted Status = "interrupted" // by the caller; what there was is kept
)

// A Result is what came out of a run: numbers only, no times of the clock.
type Result struct {
	Schema int    `json:"schema"`
	Name   string `json:"name"`
	Status Status `json:"status"`
	// Error says why the status is not ok.
	Error string `json:"error,omitempty"`
	// RunDir is the run's folder relative to the output root, with slashes.
	RunDir string `json:"run_dir"`
	// Samples, Final and Solver are the main member's.
	Samples []Sample `json:"samples"`
	Final   *Final   `json:"final"`
	Claims  []Claim  `json:"claims"`
	Solver  *Solver  `json:"solver"`
	// Posterior is that of the main member, for a loss "elbo".
	Posterior *PosteriorResult  `json:"posterior,omitempty"`
	Members   []MemberResult    `json:"members,omitempty"`
	Tables    map[string]*Table `json:"tables,omitempty"`
	Figures   []string          `json:"figures,omitempty"`
}

// A Sample is the flow at one time.
type Sample struct {
	T    Number `json:"t"`
	Loss Number `json:"loss"`
	// Point has the coordinates in every chart of the family; it is left out
	// above 64 coordinates.
	Point Point `json:"point,omitempty"`
}

// A Final is the end of the flow.
type Final struct {
	T     Number `json:"t"`
	Loss  Number `json:"loss"`
	Point Point  `json:"point"`
	// StandardError is √(diag I⁻¹/n) in each chart, for a loss "nll".
	StandardError Point `json:"standard_error,omitempty"`
}

// A Point is one member of a family in several charts.
type Point []ChartPoint

// A ChartPoint is a point in one chart.
type ChartPoint struct {
	Chart string
	At    []Number
}

// In returns the coordinates in a chart, nil if the point does not have it.
func (p Point) In(chart string) []float64 {
	for _, c := range p {
		if c.Chart == chart {
			return Floats(c.At)
		}
	}
	return nil
}

// MarshalJSON writes the point as an object, the charts in their order.
func (p Point) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, c := range p {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := json.Marshal(c.Chart)
		if err != nil {
			return nil, err
		}
		at, err := json.Marshal(c.At)
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(at)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// UnmarshalJSON reads the object, keeping its order.
func (p *Point) UnmarshalJSON(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return fmt.Errorf("a point must be an object: %v", err)
	}
	*p = nil
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		var at []Number
		if err := d.Decode(&at); err != nil {
			return err
		}
		*p = append(*p, ChartPoint{Chart: key.(string), At: at})
	}
	return nil
}

// A Claim is a claim as it was found.
type Claim struct {
	Name   string `json:"name"`
	Member string `json:"member"`
	// Expect is "holds" or "violated", Holds whether the measurement agrees.
	Expect string `json:"expect"`
	Holds  bool   `json:"holds"`
	Value  Number `json:"value"`
	Bound  Number `json:"bound"`
	Detail string `json:"detail"`
}

// Solver is what the integration took.
type Solver struct {
	Method string `json:"method"`
	Steps  int    `json:"steps"`
	// Rejected counts attempts that the error control or the field refused.
	Rejected    int `json:"rejected"`
	Evaluations int `json:"evaluations"`
	// StiffFrom is the time from which on an explicit method found its steps
	// bounded by stability rather than accuracy; nil if it did not.
	StiffFrom *Number `json:"stiff_from,omitempty"`
}

// manySteps is when stiffness is worth a word: any flow is stiff where it rests.
const manySteps = 1000

// Advice says in a sentence what another method would do better, if one would.
func (s *Solver) Advice() string {
	if s.StiffFrom == nil || s.Steps < manySteps {
		return ""
	}
	return fmt.Sprintf("the flow is stiff from t = %.4g on: ode.method = \"auto\", \"radau5\" or \"rosenbrock\" take fewer steps", float64(*s.StiffFrom))
}

func newSolver(method string, s *ode.Statistics) Solver {
	r := Solver{Method: method, Steps: s.Steps, Rejected: s.Rejected + s.Refused, Evaluations: s.Evaluations}
	if s.Stiff {
		from := Number(s.StiffFrom)
		r.StiffFrom = &from
	}
	return r
}

// A MemberResult is one of the flows that a run compares.
type MemberResult struct {
	Name    string   `json:"name"`
	Error   string   `json:"error,omitempty"`
	Samples []Sample `json:"samples"`
	Final   *Final   `json:"final"`
	Solver  *Solver  `json:"solver"`
}

// A Table is a named table of a result. Cells are text, [Number], whole
// numbers or truth values.
type Table struct {
	Columns []string `json:"columns"`
	Rows    [][]any  `json:"rows"`
}

// NewTable returns an empty table.
func NewTable(columns ...string) *Table { return &Table{Columns: columns, Rows: [][]any{}} }

// Add appends a row of as many cells as there are columns.
func (t *Table) Add(cells ...any) {
	if len(cells) != len(t.Columns) {
		panic(fmt.Sprintf("run: %d cells in a table of %d columns", len(cells), len(t.Columns)))
	}
	row := make([]any, len(cells))
	for i, c := range cells {
		if x, ok := c.(float64); ok {
			c = Number(x)
		}
		row[i] = c
	}
	t.Rows = append(t.Rows, row)
}

// Disagreeing are the claims that do not agree with what they expect.
func (r *Result) Disagreeing() []Claim {
	var out []Claim
	for _, c := range r.Claims {
		if !c.Holds {
			out = append(out, c)
		}
	}
	return out
}

// JSON is the result as text.
func (r *Result) JSON() ([]byte, error) { return layOut(r) }

// layOut writes a value as JSON of readable lines: what fits on a line stands
// on one, as do lists of plain values.
func layOut(v any) ([]byte, error) {
	compact, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	breakLines(&out, compact, 0)
	out.WriteByte('\n')
	return out.Bytes(), nil
}

func breakLines(out *bytes.Buffer, value []byte, depth int) {
	const width = 160
	parts := elements(value)
	plain := len(parts) > 0 && value[0] == '[' && parts[0][0] != '{' && parts[0][0] != '['
	if len(parts) == 0 || plain || depth > 1 && len(value)+depth <= width {
		out.Write(value)
		return
	}
	out.WriteByte(value[0])
	for i, part := range parts {
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteByte('\n')
		for range depth + 1 {
			out.WriteByte(' ')
		}
		if value[0] == '{' {
			colon := 1 + endOfString(part)
			out.Write(part[:colon])
			part = part[colon:]
		}
		breakLines(out, part, depth+1)
	}
	out.WriteByte('\n')
	for range depth {
		out.WriteByte(' ')
	}
	out.WriteByte(value[len(value)-1])
}

// endOfString is the index after a string at the beginning of compact JSON.
func endOfString(text []byte) int {
	for i := 1; ; i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
}

// elements are the parts between the commas of a list or an object in compact
// JSON, none for a plain value.
func elements(value []byte) [][]byte {
	if value[0] != '{' && value[0] != '[' || len(value) == 2 {
		return nil
	}
	var parts [][]byte
	from, depth := 1, 0
	for i := 1; i < len(value)-1; i++ {
		switch value[i] {
		case '"':
			i += endOfString(value[i:]) - 1
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case ',':
			if depth == 0 {
				parts = append(parts, value[from:i])
				from = i + 1
			}
		}
	}
	return append(parts, value[from:len(value)-1])
}

// ParseResult reads what [Result.JSON] wrote.
func ParseResult(text []byte) (*Result, error) {
	r := &Result{}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, err
	}
	if r.Schema != Schema {
		return nil, fmt.Errorf("the result has schema %d; this program reads %d", r.Schema, Schema)
	}
	return r, nil
}
