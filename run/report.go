package run

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"fisherflow/manifold"
)

//go:embed report.html.tmpl
var reportText string

var reportTemplate = template.Must(template.New("report").Funcs(template.FuncMap{
	"number": readable, "short": func(x Number) string { return digits(float64(x), 3) }, "cell": readableCell, "duration": func(d time.Duration) string { return d.Round(time.Millisecond).String() },
}).Parse(reportText))

// A page is what a report shows of one run.
type page struct {
	Title, Name, Description, Summary string
	Equations                         []template.HTML
	Status                            Status
	Error                             string
	AllHold                           bool
	Claims                            []claimRow
	Figures                           []picture
	Estimates                         []estimateRow
	Observations                      int
	Flows                             []flowRow
	Tables                            []namedTable
	Spec                              string
	Others                            []otherSpec
	Provenance                        *Manifest
	Citations                         []string
}

type claimRow struct {
	Claim
	Meaning, Margin, Verdict string
}

type picture struct {
	Title, Caption string
	Source         template.URL
}

type estimateRow struct {
	Chart, Coordinate             string
	Estimate, Error, Lower, Upper Number
	HasError                      bool
}

type flowRow struct {
	Name, Chart, Metric, Method, Tolerance string
	T, Loss                                Number
	Solver                                 Solver
	Time                                   time.Duration
	Error                                  string
}

// otherSpec is in what the spec of another flow differs from the main one's.
type otherSpec struct {
	Name    string
	Changes []Change
}

type namedTable struct {
	Name string
	*Table
	Left int // rows that are not shown
}

// meanings say in plain words what a claim says.
var meanings = map[string]string{
	"monotone":          "The loss never rises along the flow.",
	"energy-identity":   "What the loss lost is what the flow dissipated: L(0) − L(T) = ∫‖dL‖² dt.",
	"resolved":          "Halving the tolerance moves the result by less than the solver’s own error estimates.",
	"stationary":        "The Fisher distance that is left to the minimum is under its bound.",
	"invariant":         "Integrated natively in several charts the flow is the same curve.",
	"closed-form":       "The computed flow is the one that a formula gives.",
	"matches-reference": "The numbers are those of the publication.",
}

// Report is the outcome as one self-contained HTML page.
func (o *Outcome) Report() ([]byte, error) {
	if o.Problems == nil {
		return nil, errors.New("a report needs an outcome that was computed, not one that was read")
	}
	p := &page{
		Title: o.Plan.Spec.Title, Name: o.Plan.Name, Description: o.Plan.Description, Equations: o.Plan.Equations,
		Status: o.Result.Status, Error: o.Result.Error, AllHold: len(o.Result.Disagreeing()) == 0,
		Spec: string(o.Plan.Spec.TOML()), Provenance: o.provenance, Citations: o.Citations(),
	}
	if p.Title == "" {
		p.Title = p.Name
	}
	if p.Description == p.Title {
		p.Description = ""
	}
	p.Summary = o.summary()
	for _, c := range o.Result.Claims {
		p.Claims = append(p.Claims, claimRow{c, meanings[c.Name], margin(c), verdict(c)})
	}
	for _, f := range o.Figures {
		if src := f.source(); src != "" {
			p.Figures = append(p.Figures, picture{f.Title, f.Caption, src})
		}
	}
	p.estimates(o)
	p.flows(o)
	for _, m := range o.Plan.Members {
		p.Others = append(p.Others, otherSpec{m.Name, changes(keysOf(o.Plan.Spec.TOML()), keysOf(m.Spec.TOML()))})
	}
	const shown = 60
	for _, name := range sortedKeys2(o.Result.Tables, nil) {
		if name == "estimates" {
			continue
		}
		t := o.Result.Tables[name]
		n := namedTable{Name: name, Table: t}
		if len(t.Rows) > shown {
			n.Table, n.Left = &Table{t.Columns, t.Rows[:shown]}, len(t.Rows)-shown
		}
		p.Tables = append(p.Tables, n)
	}
	var out bytes.Buffer
	err := reportTemplate.ExecuteTemplate(&out, "report", map[string]any{"Title": p.Title, "Runs": []*page{p}})
	return out.Bytes(), err
}

func verdict(c Claim) string {
	switch {
	case math.IsNaN(float64(c.Value)):
		return "not measured"
	case c.Holds && c.Expect == Violated:
		return "violated, as expected"
	case c.Holds:
		return "holds"
	case c.Expect == Violated:
		return "holds, which was not expected"
	}
	return "violated"
}

// margin is the distance between value and bound in words.
func margin(c Claim) string {
	value, bound := float64(c.Value), float64(c.Bound)
	switch {
	case math.IsNaN(value) || math.IsNaN(bound):
		return "—"
	case value == 0:
		return "nothing of the bound is used"
	case value <= bound:
		return fmt.Sprintf("%s times below the bound", times(bound/value))
	case bound == 0 || math.IsInf(value, 1):
		return "beyond any bound"
	}
	return fmt.Sprintf("%s times over the bound", times(value/bound))
}

func times(x float64) string {
	if x >= 1000 && x < 1e6 {
		return strconv.FormatFloat(x, 'f', 0, 64)
	}
	return digits(x, 3)
}

// readable is a number with six digits.
func readable(x Number) string { return digits(float64(x), 6) }

// digits is a number with n digits and a real minus sign.
func digits(v float64, n int) string {
	switch {
	case math.IsNaN(v):
		return "—"
	case math.IsInf(v, 1):
		return "∞"
	case math.IsInf(v, -1):
		return "−∞"
	}
	s := strconv.FormatFloat(v, 'g', n, 64)
	mantissa, exponent, ok := strings.Cut(s, "e")
	s = strings.Replace(mantissa, "-", "−", 1)
	if !ok {
		return s
	}
	e, err := strconv.Atoi(exponent)
	if err != nil {
		return s
	}
	power := strings.NewReplacer("-", "⁻", "0", "⁰", "1", "¹", "2", "²", "3", "³", "4", "⁴", "5", "⁵", "6", "⁶", "7", "⁷", "8", "⁸", "9", "⁹").Replace(strconv.Itoa(e))
	if s == "1" {
		return "10" + power
	}
	return s + "·10" + power
}

func readableCell(v any) string {
	switch x := v.(type) {
	case Number:
		return readable(x)
	case float64:
		return readable(Number(x))
	}
	return fmt.Sprint(v)
}

// summary says in a sentence or two what was run and what came of it.
func (o *Outcome) summary() string {
	p := o.Problems[0]
	s := p.Spec
	var b strings.Builder
	if p.Training != nil {
		return o.trainingSummary(p) + o.verdicts()
	}
	fmt.Fprintf(&b, "The %s flow of the loss %s", s.Flow.Metric, p.Loss.Name())
	if d := p.Observations; d != nil {
		from := d.File
		if d.Dataset != "" {
			from = "data set " + d.Dataset
		}
		columns := list(d.Columns)
		if m := p.Model; m != nil {
			columns = list(m.Response) + " by " + count(len(m.Predictors), "predictor")
		}
		fmt.Fprintf(&b, " over %s (%s, %s)", count(len(d.Rows), "observation"), from, columns)
	}
	if m := p.Model; m != nil {
		fmt.Fprintf(&b, " in the %s of a model of kind %s with output %s ", count(p.Family.Dim(), "parameter"), s.Model.Kind, s.Model.Output)
	} else if s.Own {
		fmt.Fprintf(&b, " on %s ", p.Family.Name())
	} else {
		fmt.Fprintf(&b, " on the %s family, in the chart %s, ", s.Family.Name, s.Flow.Chart)
	}
	if f := o.Result.Final; f != nil {
		fmt.Fprintf(&b, "was integrated with %s from t = %s to t = %s, where the loss is %s", s.ODE.Method, readable(Number(p.T0)), readable(f.T), readable(f.Loss))
	} else {
		b.WriteString("could not be started")
	}
	if n := len(o.Problems) - 1; n > 0 {
		fmt.Fprintf(&b, ", and compared with %s", count(n, "other flow"))
	}
	b.WriteString(". ")
	return b.String() + o.verdicts()
}

// verdicts says in a sentence what came of the claims.
func (o *Outcome) verdicts() string {
	var b strings.Builder
	claims, bad := len(o.Result.Claims), len(o.Result.Disagreeing())
	switch {
	case o.Result.Status != OK:
		fmt.Fprintf(&b, "The run %s: %s.", map[Status]string{Failed: "failed", Interrupted: "was interrupted"}[o.Result.Status], strings.TrimSuffix(o.Result.Error, "."))
	case claims == 0:
		b.WriteString("No claim was made.")
	case bad == 0:
		fmt.Fprintf(&b, "All %s came out as expected.", count(claims, "claim"))
	default:
		fmt.Fprintf(&b, "%d of %s did not come out as expected.", bad, count(claims, "claim"))
	}
	return b.String()
}

func (f Figure) source() template.URL {
	for _, kind := range []struct{ ext, mime string }{{"svg", "image/svg+xml"}, {"png", "image/png"}} {
		if text := f.Files[kind.ext]; len(text) > 0 {
			return template.URL("data:" + kind.mime + ";base64," + base64.StdEncoding.EncodeToString(text))
		}
	}
	return ""
}

func (p *page) estimates(o *Outcome) {
	f := o.Result.Final
	if f == nil {
		return
	}
	main := o.Problems[0]
	if main.Observations != nil {
		p.Observations = len(main.Observations.Rows)
	}
	if main.coordinateless() {
		return
	}
	for i, c := range f.Point {
		view, err := manifold.In(main.Family, c.Chart)
		if err != nil {
			continue
		}
		for j, name := range view.Chart().Coordinates() {
			r := estimateRow{Coordinate: name, Estimate: c.At[j]}
			if j == 0 {
				r.Chart = c.Chart
			}
			if f.StandardError != nil {
				se := f.StandardError[i].At[j]
				r.HasError, r.Error, r.Lower, r.Upper = true, se, c.At[j]-normal975*se, c.At[j]+normal975*se
			}
			p.Estimates = append(p.Estimates, r)
		}
	}
}

func (p *page) flows(o *Outcome) {
	for i, problem := range o.Problems {
		s := problem.Spec
		r := flowRow{Name: problem.Name, Chart: s.Flow.Chart, Metric: s.Flow.Metric, Method: s.ODE.Method, T: Number(math.NaN()), Loss: Number(math.NaN())}
		switch {
		case s.ODE.Norm == "fisher":
			r.Tolerance = fmt.Sprintf("%s (Fisher length)", readable(Number(s.ODE.Tol)))
		case s.ODE.Norm != "":
			r.Tolerance = fmt.Sprintf("%s, %s (%s)", readable(Number(s.ODE.RTol)), readable(Number(s.ODE.ATol)), s.ODE.Norm)
		default:
			r.Tolerance = "step " + readable(Number(s.ODE.Step))
		}
		if problem.Training != nil {
			problem.trainingRow(&r)
		}
		if v := problem.Solution; v != nil {
			last := v.Len() - 1
			r.T = Number(v.Time(last))
			if last < len(v.Losses) {
				r.Loss = Number(v.Losses[last])
			}
			r.Solver = newSolver(s.ODE.Method, &v.Statistics)
		}
		if i < len(o.Timings) {
			r.Time = o.Timings[i].Solve
		}
		if problem.Err != nil {
			r.Error = problem.Err.Error()
		}
		p.Flows = append(p.Flows, r)
	}
}

const (
	articleBegin = "<article>"
	articleEnd   = "</article>"
)

// CombineReports puts the reports of several run folders on one page.
func CombineReports(dirs ...string) ([]byte, error) {
	var runs []template.HTML
	for _, dir := range dirs {
		text, err := os.ReadFile(filepath.Join(dir, reportFile))
		if err != nil {
			return nil, &FolderError{Path: dir, Doing: "cannot read the report of", Err: err}
		}
		_, rest, ok1 := strings.Cut(string(text), articleBegin)
		article, _, ok2 := strings.Cut(rest, articleEnd)
		if !ok1 || !ok2 {
			return nil, &FolderError{Path: dir, Doing: "cannot read the report of", Err: errors.New("it is not one of this program's")}
		}
		runs = append(runs, template.HTML(articleBegin+article+articleEnd))
	}
	var out bytes.Buffer
	err := reportTemplate.ExecuteTemplate(&out, "report", map[string]any{"Title": "Fisherflow: " + count(len(dirs), "run"), "Articles": runs})
	return out.Bytes(), err
}
