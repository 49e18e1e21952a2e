package experiments

import (
	"context"
	"fmt"
	"html/template"
	"math"
	"slices"

	"fisherflow/flow"
	"fisherflow/invariance"
	"fisherflow/manifold"
	"fisherflow/metrics"
	"fisherflow/run"
)

// riversGamma fits a gamma distribution to the lengths of rivers by the Fisher
// flow of the likelihood, and compares four charts and the Euclidean flow.
var riversGamma = fitExperiment(fit{
	name:  "rivers-gamma",
	title: "Lengths of rivers",
	summary: "A gamma distribution fitted to the lengths of 141 North American rivers by the Fisher flow of the mean negative log-likelihood. " +
		"The Fisher flow is the same curve in every chart and arrives at e^(-2t); the Euclidean flow is another one in each, and stiff.",
	family: "gamma", dataset: "rivers", column: "length_miles",
	start:  "{ chart = \"source\", at = [1.0, 1.0] }",
	main:   "fisher-source",
	charts: []string{"source", "natural", "log", "mean-shape"},
	// In the source chart the Euclidean flow needs over a million steps to
	// arrive; it gets the time that it can bear.
	euclidean: map[string]float64{"source": 1, "natural": 1, "log": 1, "mean-shape": 20},
	equations: []string{
		"L(a, b) = log Γ(a) − a log b − (a−1) mean(log x) + b mean(x)",
		"dθ/dt = −I(θ)⁻¹ ∇L(θ),   I = [[ψ₁(a), −1/b], [−1/b, a/b²]]",
		"exact: η(t) = η* + e^{−t}(η₀ − η*),  η = (E log x, E x)",
	},
	markup: []template.HTML{
		`<i>L</i>(<i>a</i>, <i>b</i>) = log Γ(<i>a</i>) − <i>a</i> log <i>b</i> − (<i>a</i>−1) ⟨log <i>x</i>⟩ + <i>b</i> ⟨<i>x</i>⟩`,
		`d<i>θ</i>/d<i>t</i> = −<i>I</i>(<i>θ</i>)<sup>−1</sup> ∇<i>L</i>(<i>θ</i>), &ensp; <i>I</i> = [[<i>ψ</i>₁(<i>a</i>), −1/<i>b</i>], [−1/<i>b</i>, <i>a</i>/<i>b</i>²]]`,
		`exact: <i>η</i>(<i>t</i>) = <i>η</i>* + e<sup>−<i>t</i></sup>(<i>η</i>₀ − <i>η</i>*), &ensp; <i>η</i> = (E log <i>x</i>, E <i>x</i>)`,
	},
	citations: []string{citeAmari1998, citeFujiwaraAmari, citeMcNeil},
})

// precipNormal fits a normal distribution to the precipitation of cities.
var precipNormal = fitExperiment(fit{
	name:  "precip-normal",
	title: "Precipitation of US cities",
	summary: "A normal distribution fitted to the mean annual precipitation of 70 US cities by the Fisher flow, from a start far off: " +
		"the mean moves at e^(-t) whatever the scale, while the scale first grows to cover the data.",
	family: "normal", dataset: "precip", column: "inches",
	start:     "{ chart = \"source\", at = [5.0, 2.0] }",
	main:      "fisher-source",
	charts:    []string{"source", "variance", "log-scale", "natural"},
	euclidean: map[string]float64{"source": 100, "log-scale": 100, "variance": 100, "natural": 0.05},
	equations: []string{
		"L(μ, σ) = log σ + ((x̄ − μ)² + s²)/(2σ²) + ½ log 2π",
		"dθ/dt = −I(θ)⁻¹ ∇L(θ),   I = diag(1, 2)/σ²",
		"exact: η(t) = η* + e^{−t}(η₀ − η*),  η = (μ, μ² + σ²)",
	},
	markup: []template.HTML{
		`<i>L</i>(<i>μ</i>, <i>σ</i>) = log <i>σ</i> + ((<i>x̄</i> − <i>μ</i>)² + <i>s</i>²)/(2<i>σ</i>²) + ½ log 2π`,
		`d<i>θ</i>/d<i>t</i> = −<i>I</i>(<i>θ</i>)<sup>−1</sup> ∇<i>L</i>(<i>θ</i>), &ensp; <i>I</i> = diag(1, 2)/<i>σ</i>²`,
		`exact: <i>η</i>(<i>t</i>) = <i>η</i>* + e<sup>−<i>t</i></sup>(<i>η</i>₀ − <i>η</i>*), &ensp; <i>η</i> = (<i>μ</i>, <i>μ</i>² + <i>σ</i>²)`,
	},
	citations: []string{citeAmari1998, citeFujiwaraAmari, citeMcNeil},
})

// spraysPoisson fits a Poisson distribution to insects counted under a spray.
var spraysPoisson = fitExperiment(fit{
	name:  "sprays-poisson",
	title: "Insects under a spray",
	summary: "A Poisson distribution fitted to the insects counted on plots treated with one of six sprays. In the mean the Fisher flow is " +
		"the straight line λ(t) = x̄ + e^(-t)(λ₀ − x̄); in every other chart it is a nonlinear equation with the same solution.",
	family: "poisson", dataset: "insect-sprays", column: "count", where: "spray",
	parameters: []Parameter{{Name: "spray", Default: "A", Help: "which spray", Choices: []string{"A", "B", "C", "D", "E", "F"}}},
	start:      "{ chart = \"source\", at = [1.0] }",
	main:       "fisher-source",
	charts:     []string{"source", "natural", "sqrt"},
	euclidean:  map[string]float64{"source": 100, "natural": 10, "sqrt": 10},
	equations: []string{
		"L(λ) = λ − x̄ log λ + mean(log x!)",
		"dλ/dt = −I(λ)⁻¹ L′(λ) = x̄ − λ,   I = 1/λ",
	},
	markup: []template.HTML{
		`<i>L</i>(<i>λ</i>) = <i>λ</i> − <i>x̄</i> log <i>λ</i> + ⟨log <i>x</i>!⟩`,
		`d<i>λ</i>/d<i>t</i> = −<i>I</i>(<i>λ</i>)<sup>−1</sup> <i>L</i>′(<i>λ</i>) = <i>x̄</i> − <i>λ</i>, &ensp; <i>I</i> = 1/<i>λ</i>`,
	},
	citations: []string{citeAmari1998, citeFujiwaraAmari, citeBeall},
})

// fit describes an experiment that fits a family to a data set and compares
// the Fisher with the Euclidean flow in several charts.
type fit struct {
	name, title, summary    string
	family, dataset, column string
	where                   string // column that the parameter of its name selects by
	parameters              []Parameter
	start, main             string
	charts                  []string
	euclidean               map[string]float64 // time of the Euclidean flow in each chart
	equations               []string
	markup                  []template.HTML
	citations               []string
}

func fitExperiment(f fit) *Experiment {
	e := &Experiment{
		Name: f.name, Title: f.title, Summary: f.summary, Equations: f.equations, Markup: f.markup,
		Parameters: f.parameters, Citations: f.citations, main: f.main,
	}
	e.base = func(v Values) string {
		where := ""
		if f.where != "" {
			where = fmt.Sprintf("where = { %s = %q }\n", f.where, v.text(f.where))
		}
		charts := ""
		for i, c := range f.charts {
			if i > 0 {
				charts += ", "
			}
			charts += fmt.Sprintf("%q", c)
		}
		return fmt.Sprintf(`[family]
name = %q
[data]
dataset = %q
columns = [%q]
%s[loss]
kind = "nll"
[flow]
chart = "source"
metric = "fisher"
start = %s
stop = { distance = 1e-10 }
[ode]
method = "dopri5"
norm = "fisher"
tol = 1e-9
[claims]
monotone = true
energy-identity = true
resolved = true
stationary = true
closed-form = true
invariant = [%s]
`, f.family, f.dataset, f.column, where, f.start, charts)
	}
	e.members = func(_ Values, main *run.Spec) ([]run.Member, error) {
		var members []run.Member
		add := func(name string, overrides ...string) error {
			m, err := with(name, main, overrides...)
			members = append(members, m)
			return err
		}
		for _, chart := range f.charts {
			if chart == main.Flow.Chart {
				continue
			}
			err := add("fisher-"+chart, "flow.chart="+chart, "claims.invariant=false", "claims.resolved=false")
			if err != nil {
				return nil, err
			}
		}
		for _, chart := range f.charts {
			time := fmt.Sprintf("flow.time=[0.0, %g]", f.euclidean[chart])
			err := add("euclidean-"+chart, "flow.metric=euclidean", "flow.chart="+chart, time,
				"claims.invariant=false", "claims.resolved=false", "claims.stationary=false", "claims.closed-form=false")
			if err != nil {
				return nil, err
			}
		}
		return members, nil
	}
	e.finish = func(ctx context.Context, _ Values, o *run.Outcome) error {
		if err := compareFits(o); err != nil {
			return err
		}
		return sweepCharts(ctx, o)
	}
	e.draw = drawFit
	return e
}

// compareFits tells how far each flow came.
func compareFits(o *run.Outcome) error {
	if len(o.Problems) == 0 || o.Problems[0].Solution == nil {
		return nil
	}
	main := o.Problems[0]
	distance, name, err := manifold.Intrinsic(main.Family)
	if err != nil {
		return err
	}
	end, err := lastSource(main)
	if err != nil {
		return err
	}
	best := main.Solution.Losses[len(main.Solution.Losses)-1]
	t := run.NewTable("flow", "chart", "metric", "time", "steps", "evaluations", "excess_loss", name+"_to_estimate")
	for _, p := range o.Problems {
		if p.Solution == nil {
			continue
		}
		x, err := lastSource(p)
		if err != nil {
			return err
		}
		d, err := distance(x, end)
		if err != nil {
			return err
		}
		s := p.Solution
		t.Add(p.Name, p.Spec.Flow.Chart, p.Spec.Flow.Metric, s.Time(s.Len()-1), s.Statistics.Steps, s.Statistics.Evaluations,
			math.Max(0, s.Losses[len(s.Losses)-1]-best), d)
	}
	o.Result.AddTable("flows", t)
	return nil
}

const gapTable = "invariance"

// sweepCharts integrates the Fisher flow in all charts of the plan at several
// tolerances, and as its control the Euclidean flow, whose charts must stay
// apart.
func sweepCharts(ctx context.Context, o *run.Outcome) error {
	main := o.Problems[0]
	if main.Solution == nil || main.Err != nil {
		return nil
	}
	var charts []string
	end := main.Solution.Time(main.Solution.Len() - 1)
	bearable := end // for the control, in its slowest chart
	for _, p := range o.Problems {
		if c := p.Spec.Flow.Chart; !slices.Contains(charts, c) {
			charts = append(charts, c)
		}
		if p.Spec.Flow.Metric == "euclidean" {
			bearable = math.Min(bearable, p.T1)
		}
	}
	if len(charts) < 2 {
		return nil
	}
	tolerances := []float64{1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11}
	t := run.NewTable("flow", "tolerance", "gap", "evaluations", "order")
	for _, m := range []struct {
		name  string
		maker metrics.Maker
		t1    float64
		tol   []float64
	}{{"Fisher flow", nil, end, tolerances}, {"Euclidean flow (control)", metrics.ForEuclidean, bearable, tolerances[:3]}} {
		p := &invariance.Problem{Family: main.Family, Loss: main.Loss, Metric: m.maker, Start: main.Source, T0: main.T0, T1: m.t1}
		table, err := invariance.Sweep(ctx, p, charts, m.tol, flow.Settings{Tol: 1, Detail: flow.Off})
		if err != nil {
			return fmt.Errorf("invariance gap, %s: %w", m.name, err)
		}
		least := math.Inf(1)
		for _, r := range table.Rows {
			t.Add(m.name, r.Tolerance, r.Gap, r.Evaluations, table.Order)
			least = math.Min(least, r.Gap)
		}
		if m.maker != nil {
			o.Result.Claims = append(o.Result.Claims, run.Claim{
				Name: "invariant", Member: "euclidean", Expect: run.Violated, Holds: least > 0.1, Value: run.Number(least), Bound: 0.1,
				Detail: fmt.Sprintf("control: %s distance between the charts' Euclidean flows at t ≤ %g, whatever the tolerance", table.Distance, m.t1),
			})
		}
	}
	o.Result.AddTable(gapTable, t)
	return nil
}

// lastSource is the end of a flow in source coordinates.
func lastSource(p *run.Problem) ([]float64, error) {
	view, err := p.View()
	if err != nil {
		return nil, err
	}
	theta := make([]float64, p.Family.Dim())
	return theta, view.Chart().ToSource(theta, p.Solution.Last())
}
