package experiments

import (
	"context"
	"fmt"
	"html/template"
	"math"

	"fisherflow/figure"
	"fisherflow/run"
)

// empiricalFisher compares the Fisher matrix with the sum of squared gradients
// that goes by a similar name.
var empiricalFisher = &Experiment{
	Name:  "empirical-fisher",
	Title: "The empirical Fisher matrix is not the Fisher matrix",
	Summary: "The matrix of squared gradients at the observed responses looks like the Fisher matrix and is used in its place. As a preconditioner it follows no geometry of the model: its paths bend, " +
		"they slow down where gradients are large, and at a misspecified optimum even the sign of a correlation may be wrong. Euler steps of the three fields for a least squares problem, " +
		"the matrices at optima of logistic and linear regressions, and training on two real data sets.",
	Equations: []string{
		"F = (1/N) Σ x_i x_iᵀ,   EF(θ) = (1/N) Σ r_i² x_i x_iᵀ,   r = Xθ − y",
		"gradient: −∂L/3;   natural gradient: −(F + P)⁻¹ ∂L;   empirical: −3 EF⁻¹ ∂L;   P the prior's precision",
		"logistic: F = (1/N) Σ p_i(1−p_i) x_i x_iᵀ,   EF = (1/N) Σ (p_i−y_i)² x_i x_iᵀ",
	},
	Markup: []template.HTML{
		`<i>F</i> = (1/<i>N</i>) Σ <i>x<sub>i</sub>x<sub>i</sub></i>ᵀ, &ensp; <i>EF</i>(<i>θ</i>) = (1/<i>N</i>) Σ <i>r<sub>i</sub></i>² <i>x<sub>i</sub>x<sub>i</sub></i>ᵀ, &ensp; <i>r</i> = <i>Xθ</i> − <i>y</i>`,
		`gradient: −∂<i>L</i>/3; &ensp; natural gradient: −(<i>F</i> + <i>P</i>)⁻¹ ∂<i>L</i>; &ensp; empirical: −3 <i>EF</i>⁻¹ ∂<i>L</i>; &ensp; <i>P</i> the prior’s precision`,
		`logistic: <i>F</i> = (1/<i>N</i>) Σ <i>p<sub>i</sub></i>(1−<i>p<sub>i</sub></i>) <i>x<sub>i</sub>x<sub>i</sub></i>ᵀ, &ensp; <i>EF</i> = (1/<i>N</i>) Σ (<i>p<sub>i</sub></i>−<i>y<sub>i</sub></i>)² <i>x<sub>i</sub>x<sub>i</sub></i>ᵀ`,
	},
	Source:    "Kunstner, Balles & Hennig 2019, Figs. 1–4",
	Headline:  "empirical: mean cosine with the natural gradient over the window",
	Citations: []string{citeKunstner},
	main:      "natural from 1",
	base: func(Values) string {
		return `[flow]
metric = "fisher"
time = [0.0, 49.999]
certificate = "steps"
[ode]
method = "euler"
step = 0.001
[claims]
monotone = true
`
	},
	members: func(_ Values, main *run.Spec) ([]run.Member, error) {
		var members []run.Member
		for _, rule := range fieldRules {
			for k, start := range fieldStarts {
				if rule.name == "natural" && k == 0 {
					continue // the main member
				}
				m, err := with(fmt.Sprintf("%s from %d", rule.name, k+1), main, rule.override, fmt.Sprintf("flow.start=[%g, %g]", start[0], start[1]))
				if err != nil {
					return nil, err
				}
				members = append(members, m)
			}
		}
		return members, nil
	},
	surface: fieldModel,
}

func init() {
	empiricalFisher.finish, empiricalFisher.draw = finishEmpiricalFisher, drawEmpiricalFisher
}

var (
	fieldStarts  = [][]float64{{2, 4.5}, {1, 0}, {4.5, 3}, {-.5, 3}}
	fieldOptimum = [2]float64{2.01198287598356, 1.9854732542077524}
	// Lengths of the paths from the four starts, computed independently.
	fieldLengths = map[string][]string{
		"gradient":  {"3.051", "2.241", "3.334", "2.751"},
		"natural":   {"2.515", "2.229", "2.687", "2.709"},
		"empirical": {"6.346", "6.379", "5.690", "2.741"},
	}
)

func finishEmpiricalFisher(ctx context.Context, _ Values, o *run.Outcome) error {
	if empiricalFisher.isDefault(o) {
		if err := finishFields(o); err != nil {
			return err
		}
	}
	if err := logisticOptima(o); err != nil {
		return err
	}
	if err := linearOptima(o); err != nil {
		return err
	}
	return trainAll(ctx, o)
}

// finishFields checks the fields at a point and over the window, and the paths.
func finishFields(o *run.Outcome) error {
	f := newLineFit(fieldData())
	at := func(rule int, theta []float64) [2]float64 {
		l := &ridgeLoss{fit: f}
		_ = l.At(theta)
		m := &fieldMetric{fill: fieldRules[rule].fill(f)}
		_ = m.At(theta)
		var v [2]float64
		_ = m.Raise(v[:], l.gradient[:])
		return [2]float64{-v[0], -v[1]}
	}
	for rule, want := range [][2]float64{{1.5195610270986675, 2.68103952978575}, {2.011982850, 1.985473259}, {0.7996785020, -0.1118396501}} {
		v := at(rule, []float64{0, 0})
		for i, name := range []string{"first", "second"} {
			reference(o, fieldRules[rule].name, name+" component of the field at 0", v[i], want[i], 5.1e-10)
		}
	}
	least, most, mean := math.Inf(1), math.Inf(-1), 0.0
	const across = 15
	for i := range across {
		for j := range across {
			theta := []float64{-1 + 6*float64(i)/(across-1), -1 + 6*float64(j)/(across-1)}
			u, v := at(1, theta), at(2, theta)
			c := inner(u[:], v[:]) / math.Sqrt(inner(u[:], u[:])*inner(v[:], v[:]))
			least, most, mean = math.Min(least, c), math.Max(most, c), mean+c/across/across
		}
	}
	digits(o, "empirical", "least cosine with the natural gradient over the window", least, "-0.65349", 5)
	digits(o, "empirical", "mean cosine with the natural gradient over the window", mean, "0.45661", 5)
	digits(o, "empirical", "largest cosine with the natural gradient over the window", most, "1.00000", 6)

	t := run.NewTable("field", "start", "path_length", "distance", "distance_left", "loss_at_end")
	for _, rule := range fieldRules {
		for k, start := range fieldStarts {
			name := fmt.Sprintf("%s from %d", rule.name, k+1)
			p := problem(o, name)
			if p == nil || p.Solution == nil || p.Err != nil {
				continue
			}
			s := p.Solution
			if n := s.Len() - 1; n != 49999 {
				return fmt.Errorf("%s: %d steps instead of 49999", name, n)
			}
			length := 0.0
			for i := 1; i < s.Len(); i++ {
				a, b := s.State(i-1), s.State(i)
				length += math.Hypot(b[0]-a[0], b[1]-a[1])
			}
			end := s.Last()
			left := math.Hypot(end[0]-fieldOptimum[0], end[1]-fieldOptimum[1])
			away := math.Hypot(start[0]-fieldOptimum[0], start[1]-fieldOptimum[1])
			t.Add(rule.name, k+1, length, away, left, s.Losses[s.Len()-1])
			digits(o, name, "length of the path", length, fieldLengths[rule.name][k], 4)
			near := 1e-6
			if rule.name == "gradient" {
				near = 1e-2 // its slowest rate is a thirtieth of the others'
			}
			reference(o, name, "distance left to the optimum", left, 0, near)
			if rule.name == "natural" {
				reference(o, name, "path less distance: it is straight", length-away, 0, 1e-6)
			}
			if k == 1 {
				x := s.State(10000)
				want := map[string][2]string{"gradient": {"2.0200", "1.9812"}, "natural": {"2.0119", "1.9854"}, "empirical": {"3.7036", "0.2508"}}[rule.name]
				reference(o, name, "first coordinate after 10000 steps", x[0], parse(want[0]), 5.1e-5)
				reference(o, name, "second coordinate after 10000 steps", x[1], parse(want[1]), 5.1e-5)
				if rule.name == "empirical" {
					digits(o, name, "loss after 10000 steps", s.Losses[10000], "2.3744", 5)
				}
			}
		}
	}
	o.Result.AddTable("paths", t)

	best := newtonLine(f)
	l := &ridgeLoss{fit: f}
	_ = l.At(best[:])
	reference(o, "natural", "first coordinate of the optimum", best[0], fieldOptimum[0], 1e-12)
	reference(o, "natural", "second coordinate of the optimum", best[1], fieldOptimum[1], 1e-12)
	reference(o, "natural", "least loss", l.value, 0.5086172173478241, 1e-12)
	return nil
}

// newtonLine is the minimum of the ridge loss.
func newtonLine(f *lineFit) [2]float64 {
	m := &f.moments
	metric := fieldMetric{m11: m[0][0] + fieldRidge, m12: m[1][0], m22: m[2][0] + fieldRidge}
	var x [2]float64
	_ = metric.Raise(x[:], []float64{m[0][1], m[1][1]}) // at the one point there is
	return x
}

func drawEmpiricalFisher(ctx context.Context, _ Values, o *run.Outcome) ([]drawing, error) {
	fields, err := drawFields(o)
	if err != nil {
		return nil, err
	}
	drawings := []drawing{fields}
	optima, err := drawOptima()
	if err != nil {
		return nil, err
	}
	drawings = append(drawings, optima...)
	if d, ok := drawTraining(o); ok {
		drawings = append(drawings, d)
	}
	return drawings, nil
}

// drawFields shows the data and the three fields with the paths.
func drawFields(o *run.Outcome) (drawing, error) {
	x, y := fieldData()
	window := figure.Range{Low: -1, High: 5}
	f := &figure.Figure{
		Title: "Three fields for a least squares problem", Columns: 2, Height: 6.4,
		Caption: "The data, and the fields of the gradient, the natural gradient and the gradient preconditioned by the empirical Fisher matrix, with the paths from four starts (circles) to the optimum (cross), over level sets of the loss. " +
			"Natural gradient paths are straight; those of the empirical Fisher matrix turn away from the optimum before they reach it.",
		Panels: []*figure.Panel{{
			Title: "data", X: "x", Y: "y", XRange: &figure.Range{Low: 0, High: 11},
			Curves: []figure.Curve{{X: x, Y: y, Points: true, Style: figure.Style{Color: 5, Dot: true}}},
		}},
	}
	for _, rule := range fieldRules {
		panel := &figure.Panel{Title: rule.title, X: "θ1", Y: "θ2", XRange: &window, YRange: &window}
		for k := range fieldStarts {
			p := problem(o, fmt.Sprintf("%s from %d", rule.name, k+1))
			if p == nil || p.Solution == nil {
				continue
			}
			c := figure.Curve{Style: figure.Style{Color: k, Dash: k}}
			// Of tens of thousands of steps, those that can be told apart.
			for i := range p.Solution.Len() {
				s, n := p.Solution.State(i), len(c.X)-1
				if n < 0 || i == p.Solution.Len()-1 || math.Hypot(s[0]-c.X[n], s[1]-c.Y[n]) > 0.02 {
					c.X, c.Y = append(c.X, s[0]), append(c.Y, s[1])
				}
			}
			panel.Curves = append(panel.Curves, c)
			panel.Marks = append(panel.Marks, figure.Mark{X: c.X[0], Y: c.Y[0], Kind: figure.Start, Color: k})
			if panel.Level == nil {
				point := p.Point()
				loss := lossOf(point)
				panel.Level = func(x, y float64) float64 { return loss([]float64{x, y}) }
				v := make([]float64, 2)
				panel.Field = func(x, y float64) (float64, float64) {
					if point.At([]float64{x, y}) != nil {
						return math.NaN(), math.NaN()
					}
					point.Gradient(v)
					if point.Raise(v, v) != nil {
						return math.NaN(), math.NaN()
					}
					return -v[0], -v[1]
				}
			}
		}
		panel.Marks = append(panel.Marks, figure.Mark{X: fieldOptimum[0], Y: fieldOptimum[1], Kind: figure.Target})
		f.Panels = append(f.Panels, panel)
	}
	return drawing{"fields", f}, nil
}
