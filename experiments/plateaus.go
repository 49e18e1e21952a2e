package experiments

import (
	"context"
	"fmt"
	"html/template"
	"math"

	"fisherflow/figure"
	"fisherflow/flow"
	"fisherflow/metrics"
	"fisherflow/ode"
	"fisherflow/run"
)

// plateaus is learning by a soft committee machine, which gradient descent
// interrupts by plateaus and natural gradient descent does not.
var plateaus = &Experiment{
	Name:  "plateaus",
	Title: "Plateaus of a soft committee machine",
	Summary: "A student network of two hidden units learns a teacher of the same kind. Before its units tell apart which part of the teacher each should learn, " +
		"gradient descent rests on a plateau for most of the time; the Fisher flow has none. On-line learning with small steps, in closed form for normal inputs.",
	Equations: []string{
		"f(ξ) = Σ_i erf(J_i·ξ/√2),  ξ ~ N(0, I₄);  teacher B_n = e_n, n = 1, 2;  L = ε(J) = ½E(f − f*)²",
		"gradient descent: dJ/dt = −∂ε/∂J;   natural gradient descent: dJ/dt = −I(J)⁻¹ ∂ε/∂J",
	},
	Markup: []template.HTML{
		`<i>f</i>(<i>ξ</i>) = Σ<sub><i>i</i></sub> erf(<i>J<sub>i</sub></i>·<i>ξ</i>/√2), <i>ξ</i> ~ N(0, <i>I</i>₄); teacher <i>B<sub>n</sub></i> = <i>e<sub>n</sub></i>, <i>n</i> = 1, 2; &ensp; <i>L</i> = <i>ε</i>(<i>J</i>) = ½E(<i>f</i> − <i>f</i>*)²`,
		`gradient descent: d<i>J</i>/d<i>t</i> = −∂<i>ε</i>/∂<i>J</i>; &ensp; natural gradient descent: d<i>J</i>/d<i>t</i> = −<i>I</i>(<i>J</i>)⁻¹ ∂<i>ε</i>/∂<i>J</i>`,
	},
	Parameters: []Parameter{
		{Name: "r", Default: 1e-3, Help: "initial overlap of the units with the teacher's: J₁₁ = r, J₂₂ = 1.5 r"},
	},
	Source:    "Saad & Solla 1995, Fig. 1; Rattray, Saad & Amari 1998, Fig. 1",
	Headline:  "gradient: length of the plateau",
	Citations: []string{citeSaadSolla, citeRattrayAmari, citeRattraySaad},
	main:      "natural",
	base: func(Values) string {
		return `[flow]
metric = "fisher"
time = [0.0, 8.0]
[ode]
method = "dop853"
rtol = 1e-12
atol = 1e-15
[claims]
monotone = true
energy-identity = true
`
	},
	members: func(_ Values, main *run.Spec) ([]run.Member, error) {
		m, err := with("gradient", main, "flow.metric=euclidean", "flow.time=[0.0, 200.0]")
		return []run.Member{m}, err
	},
	surface: func(v Values, _ string, _ *run.Spec) (*run.Surface, error) { return committeeModel(v.number("r")), nil },
}

func init() { plateaus.finish, plateaus.draw = finishPlateaus, drawPlateaus }

// committeeModel is the published student and teacher.
func committeeModel(r float64) *run.Surface {
	f := newSoftCommittee(4)
	return &run.Surface{
		Family: f, Loss: newCommitteeError(f, []float64{1, 0, 0, 0, 0, 1, 0, 0}),
		Start: []float64{r, 0, math.Sqrt(0.2), 0, 0, 1.5 * r, 0.05, math.Sqrt(0.3)},
	}
}

var plateauLevels = []float64{.05, .02, .01, 1e-3, 1e-4, 1e-6}

// Times to reach the levels, computed independently; zero stands for never.
var plateauTimes = map[string][]float64{
	"gradient": {1.274426, 2.273777, 98.366957, 138.388610, 164.567863, 0},
	"natural":  {1.248877, 1.760666, 2.112921, 3.268473, 4.420171, 6.722801},
}

// escapes are the times to ε = 1e-3 by the initial breaking of the symmetry.
var escapes = []struct{ r, gradient, natural float64 }{
	{1e-1, 60.907, 3.0234}, {1e-2, 100.378, 3.1752}, {1e-3, 138.389, 3.2685}, {1e-4, 175.702, 3.3845}, {1e-5, 212.587, 3.5191},
}

// lossOf is a member's loss as a function of its state.
func lossOf(p flow.Point) func(x []float64) float64 {
	return func(x []float64) float64 {
		if p.At(x) != nil {
			return math.NaN()
		}
		return p.Value()
	}
}

func finishPlateaus(ctx context.Context, v Values, o *run.Outcome) error {
	published := plateaus.isDefault(o)
	t := run.NewTable("flow", "error", "time")
	for _, name := range []string{"gradient", "natural"} {
		p := problem(o, name)
		if p == nil || p.Solution == nil || p.Err != nil {
			continue
		}
		value := lossOf(p.Point())
		for k, level := range plateauLevels {
			at := crossing(p.Solution, level, value)
			t.Add(name, level, at)
			if want := plateauTimes[name][k]; published && want > 0 {
				reference(o, name, fmt.Sprintf("time to error %g", level), at, want, 1e-6*want)
			} else if published {
				end := value(p.Solution.Last())
				o.Result.Claims = append(o.Result.Claims, run.Claim{
					Name: "matches-reference", Member: name, Expect: run.Violated, Holds: end > level, Value: run.Number(end), Bound: run.Number(level),
					Detail: fmt.Sprintf("error at t = %g: it does not reach %g", p.T1, level),
				})
			}
		}
	}
	o.Result.AddTable("times", t)
	if published {
		if p := problem(o, "natural"); p != nil && p.Solution != nil {
			reference(o, "natural", "error at the start", p.Solution.Losses[0], 0.4716260891722235, 1e-14)
		}
		if p := problem(o, "gradient"); p != nil && p.Solution != nil && p.Err == nil {
			// From 4.00096226 to 98.36695726 (scipy's DOP853 at 1e-12 and brentq);
			// counted on a grid of spacing 0.05 it is 94.35.
			reference(o, "gradient", "length of the plateau", plateau(p), 94.36599500, 1e-6)
		}
		if p := problem(o, "natural"); p != nil && p.Solution != nil && p.Err == nil {
			reference(o, "natural", "length of the plateau", plateau(p), 0, 0)
			// ε ∝ e^{−2t} once the error is small.
			a, b := crossing(p.Solution, 1e-6, lossOf(p.Point())), crossing(p.Solution, 1e-4, lossOf(p.Point()))
			reference(o, "natural", "asymptotic rate", math.Log(100)/(a-b), 2, 1e-2)
		}
	}
	return scanEscapes(ctx, o, published)
}

// plateau is the time that a flow spends above ε = 0.01 while the error falls
// by less than 1e-3 in a unit of time.
func plateau(p *run.Problem) float64 {
	point := p.Point()
	n := p.Flow.Dim()
	g, v := make([]float64, n), make([]float64, n)
	rests := func(t float64) bool {
		if point.At(p.Solution.At(nil, t)) != nil {
			return false
		}
		point.Gradient(g)
		return point.Raise(v, g) == nil && inner(g, v) < 1e-3 && point.Value() > 0.01
	}
	total := 0.0
	for i := 1; i < p.Solution.Len(); i++ {
		t0, t1 := p.Solution.Time(i-1), p.Solution.Time(i)
		before, after := rests(t0), rests(t1)
		switch {
		case before && after:
			total += t1 - t0
		case before != after:
			a, b := t0, t1
			for range 60 {
				if m := (a + b) / 2; rests(m) == before {
					a = m
				} else {
					b = m
				}
			}
			if before {
				total += b - t0
			} else {
				total += t1 - b
			}
		}
	}
	return total
}

// scanEscapes measures the time to ε = 1e-3 for other starts.
func scanEscapes(ctx context.Context, o *run.Outcome, published bool) error {
	t := run.NewTable("r", "gradient", "natural")
	for _, e := range escapes {
		var at [2]float64
		for k, metric := range []metrics.Maker{metrics.ForEuclidean, nil} {
			m := committeeModel(e.r)
			m.Metric = metric
			s, err := integrate(ctx, m, m.Start, []float64{220, 5}[k], ode.Settings{Method: ode.DOP853, RTol: 1e-11, ATol: 1e-14})
			if err != nil {
				return fmt.Errorf("start with r = %g: %w", e.r, err)
			}
			at[k] = crossing(s, 1e-3, lossOf(s.Flow().Point().Clone()))
		}
		t.Add(e.r, at[0], at[1])
		if published {
			reference(o, "gradient", fmt.Sprintf("time to error 0.001 from r = %g", e.r), at[0], e.gradient, 5.1e-4)
			reference(o, "natural", fmt.Sprintf("time to error 0.001 from r = %g", e.r), at[1], e.natural, 5.1e-5)
		}
	}
	o.Result.AddTable("escape", t)
	return nil
}

func drawPlateaus(_ context.Context, _ Values, o *run.Outcome) ([]drawing, error) {
	problems := solved(o)
	linear := &figure.Panel{X: "time t", Y: "generalisation error ε", LogY: true, YRange: &figure.Range{Low: 1e-7, High: 1}}
	logarithmic := *linear
	logarithmic.X, logarithmic.Y, logarithmic.LogX, logarithmic.XRange = "time t (logarithmic)", "", true, &figure.Range{Low: 0.1, High: 220}
	for i, p := range problems {
		value := lossOf(p.Point())
		c := figure.Curve{Name: map[string]string{"natural": "natural gradient", "gradient": "gradient"}[p.Name], Style: figure.Style{Color: i, Dash: i}}
		end := p.Solution.Time(p.Solution.Len() - 1)
		for k := range 1201 {
			t := 1e-3 * math.Pow(end/1e-3, float64(k)/1200)
			c.X, c.Y = append(c.X, t), append(c.Y, value(p.Solution.At(nil, t)))
		}
		logarithmic.Curves = append(logarithmic.Curves, c)
		c.X, c.Y = nil, nil
		for k := range 1201 {
			t := end * float64(k) / 1200
			c.X, c.Y = append(c.X, t), append(c.Y, value(p.Solution.At(nil, t)))
		}
		linear.Curves = append(linear.Curves, c)
	}
	drawings := []drawing{{"plateau", &figure.Figure{
		Title: "Generalisation error against time", Panels: []*figure.Panel{linear, &logarithmic}, Height: 3.8,
		Caption: "Gradient descent rests on the plateau at ε ≈ 0.0117, where both units have learnt the same mean of the teacher's, " +
			"for 94 of its 139 units of time to ε = 0.001. The natural gradient passes there without slowing down and then decays as e^(−2t).",
	}}}
	overlaps := &figure.Figure{
		Title: "Overlaps of the student's units with the teacher's", Height: 3.3,
		Caption: "R_in = J_i·B_n. On the plateau all four are alike; they separate when a unit has chosen its part. The natural gradient separates them from the start.",
	}
	for _, p := range problems {
		end := p.Solution.Time(p.Solution.Len() - 1)
		panel := &figure.Panel{Title: map[string]string{"natural": "natural gradient", "gradient": "gradient"}[p.Name], X: "time t", YRange: &figure.Range{Low: -0.08, High: 1.08}}
		if len(overlaps.Panels) == 0 {
			panel.Y = "overlap"
		}
		for i := range committeeUnits {
			for n := range 2 {
				c := figure.Curve{Name: fmt.Sprintf("R%d%d", i+1, n+1), Style: figure.Style{Color: 2*i + n, Dash: 2*i + n}}
				for k := range 601 {
					t := end * float64(k) / 600
					c.X, c.Y = append(c.X, t), append(c.Y, p.Solution.At(nil, t)[4*i+n])
				}
				panel.Curves = append(panel.Curves, c)
			}
		}
		overlaps.Panels = append(overlaps.Panels, panel)
	}
	if len(overlaps.Panels) > 0 {
		drawings = append(drawings, drawing{"overlaps", overlaps})
	}
	if t, ok := o.Result.Tables["escape"]; ok {
		panel := &figure.Panel{X: "initial overlap r", Y: "time to ε = 0.001", LogX: true, YRange: &figure.Range{Low: 0, High: 230}}
		for k, name := range []string{"natural gradient", "gradient"} {
			c := figure.Curve{Name: name, Style: figure.Style{Color: k, Dash: k, Marker: true}}
			for _, row := range t.Rows {
				c.X, c.Y = append(c.X, float64(row[0].(run.Number))), append(c.Y, float64(row[2-k].(run.Number)))
			}
			panel.Curves = append(panel.Curves, c)
		}
		drawings = append(drawings, drawing{"escape", &figure.Figure{
			Title: "Time to escape against initial symmetry", Panels: []*figure.Panel{panel}, Height: 3.6,
			Caption: "The closer to symmetry learning starts, the longer gradient descent takes: some 37 units of time for each power of ten. The natural gradient hardly notices.",
		}})
	}
	return drawings, nil
}
