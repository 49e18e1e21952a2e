package experiments

import (
	"context"
	"fmt"
	"html/template"
	"math"
	"slices"

	"fisherflow/figure"
	"fisherflow/flow"
	"fisherflow/run"
)

// digitsKFAC trains one net by many optimizers.
var digitsKFAC = &Experiment{
	Name:  "digits-kfac",
	Title: "Handwritten digits by K-FAC and other optimizers",
	Summary: "A net of 64-50-50-10 tanh units learns 1437 handwritten digits, all of them at a time, and is tested on 360 others: " +
		"by gradient descent, momentum, Adam at three rates, and natural gradients under the diagonal of the Fisher matrix, K-FAC, EKFAC and the exact matrix, " +
		"with Levenberg and Marquardt's damping or a fixed one. Losses and accuracies against steps, and against processor time.",
	Equations: []string{
		"θ⁺ = θ + αΔ + μδ,  Δ = −(F̂ + λ)⁻¹∇L,  δ the step before",
		"α, μ = argmin ∇L·d + ½ dᵀ(F + λ)d,  λ by the ratio of the fall of L to that of the quadratic",
		"K-FAC: F̂ = ⊕ G ⊗ A over layers,  A = E[aaᵀ],  G = E[ggᵀ]",
	},
	Markup: []template.HTML{
		`<i>θ</i>⁺ = <i>θ</i> + <i>α</i>Δ + <i>μδ</i>, &ensp; Δ = −(<i>F̂</i> + <i>λ</i>)<sup>−1</sup>∇<i>L</i>, &ensp; <i>δ</i> the step before`,
		`<i>α</i>, <i>μ</i> = argmin ∇<i>L</i>·<i>d</i> + ½ <i>d</i><sup>T</sup>(<i>F</i> + <i>λ</i>)<i>d</i>, &ensp; <i>λ</i> by the ratio of the fall of <i>L</i> to that of the quadratic`,
		`K-FAC: <i>F̂</i> = ⊕ <i>G</i> ⊗ <i>A</i> over layers, &ensp; <i>A</i> = E[<i>aa</i><sup>T</sup>], &ensp; <i>G</i> = E[<i>gg</i><sup>T</sup>]`,
	},
	Parameters: []Parameter{
		{Name: "compare", Default: "all", Choices: []string{"all", "exact"}, Help: "the optimizers beside K-FAC"},
		{Name: "seeds", Default: int64(3), Help: "number of initialisations, whose medians are compared"},
		{Name: "steps", Default: int64(20), Help: "steps of the optimizers with a metric, 20 at least for the claims"},
		{Name: "gradient-steps", Default: int64(200), Help: "steps of those without one"},
	},
	Citations: []string{citeMartensGrosse, citeGeorge, citeKingmaBa, citeMartens2010, citeAlpaydin},
	brief:     []string{"seeds=1", "compare=exact"},
	main:      "K-FAC, seed 1",
	base: func(v Values) string {
		return fmt.Sprintf(`[model]
kind = "mlp"
widths = [64, 50, 50, 10]
activation = "tanh"
output = "softmax"
init = "lecun-normal"
[data]
dataset = "digits"
response = "label"
scale = 0.0625
shuffle = { rng = "numpy-legacy", seed = 0 }
rows = [0, 1437]
test = [1437, 1797]
[optimizer]
rule = "kfac"
damping = { kind = "levenberg-marquardt", value = 1.0 }
steps = %d
record = 1
`, int(v.number("steps")))
	},
	members: digitsMembers,
	finish:  finishDigits,
	draw:    drawDigits,
}

// digitsRules are the optimizers beside K-FAC, of %d steps.
var digitsRules = []struct{ name, optimizer string }{
	{"exact", `optimizer={rule="natural-gradient",metric="conjugate-gradient",preconditioner="kfac",tolerance=0.03,steps=%d,record=1}`},
	{"EKFAC", `optimizer={rule="natural-gradient",metric="ekfac",steps=%d,record=1}`},
	{"diagonal", `optimizer={rule="natural-gradient",metric="diagonal",steps=%d,record=1}`},
	{"K-FAC, fixed damping", `optimizer={rule="kfac",damping={kind="factored",value=0.001},rate=0.1,steps=%d,record=1}`},
	{"diagonal, fixed damping", `optimizer={rule="fisher-step",epsilon=0.3,rate=0.1,steps=%d,record=1}`},
	{"Adam 0.003", `optimizer={rule="adam",rate=0.003,steps=%d,record=1}`},
	{"Adam 0.01", `optimizer={rule="adam",rate=0.01,steps=%d,record=1}`},
	{"Adam 0.03", `optimizer={rule="adam",rate=0.03,steps=%d,record=1}`},
	{"momentum 0.3", `optimizer={rule="momentum",rate=0.3,steps=%d,record=1}`},
	{"gradient 0.5", `optimizer={rule="sgd",rate=0.5,steps=%d,record=1}`},
}

// gradients is the index of the first rule without a metric.
const gradients = 5

func digitsMembers(v Values, main *run.Spec) ([]run.Member, error) {
	var members []run.Member
	add := func(name string, seed int, overrides ...string) error {
		if seed > 1 {
			overrides = append(overrides, fmt.Sprintf("seed=%d", seed), fmt.Sprintf("model.seed=%d", seed))
		}
		m, err := with(fmt.Sprintf("%s, seed %d", name, seed), main, overrides...)
		m.Optional = true
		members = append(members, m)
		return err
	}
	for seed := 1; seed <= int(v.number("seeds")); seed++ {
		if seed > 1 {
			if err := add("K-FAC", seed); err != nil {
				return nil, err
			}
		}
		for i, r := range digitsRules {
			if v.text("compare") == "exact" && r.name != "exact" {
				continue
			}
			steps := int(v.number("steps"))
			if i >= gradients {
				steps = int(v.number("gradient-steps"))
			}
			if err := add(r.name, seed, fmt.Sprintf(r.optimizer, steps)); err != nil {
				return nil, err
			}
		}
	}
	return members, nil
}

// digitsNames are those of all optimizers, in the order of figures and tables.
func digitsNames() []string {
	names := []string{"K-FAC"}
	for _, r := range digitsRules {
		names = append(names, r.name)
	}
	return names
}

// digitsTrainings are those of an optimizer that came to an end, one a seed.
func digitsTrainings(o *run.Outcome, name string) []*run.Training {
	var out []*run.Training
	for seed := 1; ; seed++ {
		p := problem(o, fmt.Sprintf("%s, seed %d", name, seed))
		if p == nil {
			return out
		}
		if p.Training != nil && p.Err == nil {
			out = append(out, p.Training)
		}
	}
}

// after is what a training knew after some steps.
func after(t *run.Training, steps int) (run.Learned, bool) {
	i := slices.IndexFunc(t.Learned, func(l run.Learned) bool { return l.Step == steps })
	if i < 0 {
		return run.Learned{}, false
	}
	return t.Learned[i], true
}

// medianAfter is the median over trainings of something known after some steps;
// NaN where none came so far.
func medianAfter(ts []*run.Training, steps int, what func(run.Learned) float64) float64 {
	var values []float64
	for _, t := range ts {
		if l, ok := after(t, steps); ok {
			values = append(values, what(l))
		}
	}
	if len(values) == 0 {
		return math.NaN()
	}
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}

func trainLoss(l run.Learned) float64    { return l.TrainLoss }
func testError(l run.Learned) float64    { return 1 - l.TestAccuracy }
func testAccuracy(l run.Learned) float64 { return l.TestAccuracy }

func finishDigits(_ context.Context, v Values, o *run.Outcome) error {
	t := run.NewTable("optimizer", "seeds", "steps", "train_loss_10", "train_loss_20", "train_loss_end", "test_accuracy_10", "test_accuracy_20", "test_accuracy_end")
	for _, name := range digitsNames() {
		ts := digitsTrainings(o, name)
		if len(ts) == 0 {
			continue
		}
		end := ts[0].Trainer.Steps()
		t.Add(name, int64(len(ts)), int64(end), medianAfter(ts, 10, trainLoss), medianAfter(ts, 20, trainLoss), medianAfter(ts, end, trainLoss),
			medianAfter(ts, 10, testAccuracy), medianAfter(ts, 20, testAccuracy), medianAfter(ts, end, testAccuracy))
	}
	o.Result.AddTable("optimizers", t)
	below := func(name, what string, steps int, of func(run.Learned) float64, bound float64) {
		value := medianAfter(digitsTrainings(o, name), steps, of)
		o.Result.Claims = append(o.Result.Claims, run.NewClaim(name, run.Holds, flow.Check{
			Name: "matches-reference", Value: value, Bound: bound,
			Detail: fmt.Sprintf("median %s after %d steps: %.4g, to be %.4g at most", what, steps, value, bound),
		}))
	}
	if v.number("steps") >= 20 {
		below("K-FAC", "training loss", 20, trainLoss, 1e-3)
		below("K-FAC", "share of wrong labels in the test", 10, testError, 0.025+1e-12)
		below("exact", "training loss", 20, trainLoss, 1e-6)
	}
	return nil
}

func drawDigits(_ context.Context, _ Values, o *run.Outcome) ([]drawing, error) {
	steps := &figure.Figure{
		Title: "Training loss and test error against steps", Height: 4,
		Caption: "The mean loss of the training data and the share of the test data that is named wrongly, after every step, from the first initialisation. " +
			"All optimizers see all of the training data in each step. A step of a metric costs several times that of a gradient: see the figure against time.",
	}
	times := &figure.Figure{
		Title: "Training loss and test error against time", Height: 4,
		Caption: "The same against the processor time that the steps have taken on this machine.",
	}
	step := func(l run.Learned) float64 { return float64(l.Step) }
	second := func(l run.Learned) float64 { return l.Seconds }
	for _, f := range []struct {
		to *figure.Figure
		x  string
		of func(run.Learned) float64
	}{{steps, "steps", step}, {times, "processor time, s", second}} {
		f.to.Panels = []*figure.Panel{
			digitsPanel(o, f.x, "training loss", f.of, trainLoss, true),
			digitsPanel(o, f.x, "test error", f.of, testError, false),
		}
	}
	low, high := math.Inf(1), 0.0
	for _, p := range times.Panels {
		for _, c := range p.Curves {
			low, high = math.Min(low, slices.Min(c.X)), math.Max(high, slices.Max(c.X))
		}
	}
	if high > 0 {
		for _, p := range times.Panels {
			p.XRange = &figure.Range{Low: math.Pow(10, math.Floor(math.Log10(low))), High: math.Pow(10, math.Ceil(math.Log10(high)))}
		}
	}
	return []drawing{{"loss", steps}, {"timing-loss", times}}, nil
}

// digitsPanel draws one number of all optimizers over steps or time, the legend
// in one panel alone.
func digitsPanel(o *run.Outcome, x, y string, of, what func(run.Learned) float64, legend bool) *figure.Panel {
	p := &figure.Panel{X: x, Y: y, LogX: true, LogY: true, YRange: &figure.Range{Low: 1e-7, High: 4}}
	if !legend {
		p.YRange.Low, p.YRange.High = 4e-3, 1
	}
	for i, name := range digitsNames() {
		ts := digitsTrainings(o, name)
		if len(ts) == 0 {
			continue
		}
		c := figure.Curve{Style: figure.Style{Color: i, Dash: i / 4, Wide: i == 0}}
		if legend {
			c.Name = name
		}
		for _, l := range ts[0].Learned {
			if l.Step > 0 && of(l) > 0 && what(l) > 0 {
				c.X, c.Y = append(c.X, of(l)), append(c.Y, what(l))
			}
		}
		if len(c.X) > 1 {
			p.Curves = append(p.Curves, c)
		}
	}
	return p
}
