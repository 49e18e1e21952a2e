package experiments

import (
	"context"
	"fmt"
	"html/template"
	"math"
	"strings"

	"fisherflow/run"
)

// replicator is the replicator equation as a Fisher flow on the simplex.
var replicator = &Experiment{
	Name:  "replicator",
	Title: "Replicator dynamics is Fisher flow",
	Summary: "On the simplex with the Fisher (Shahshahani) metric the gradient flow of −⟨f⟩ is the replicator equation of fitness f, " +
		"p_i(t) ∝ p_i(0) e^{f_i t}, and d⟨f⟩/dt = Var f is Fisher's fundamental theorem. Beside it the flows of both divergences to a target, and replicator equations " +
		"that are no gradient flows and must be seen to be none.",
	Equations: []string{
		"L(p) = −Σ f_i p_i,   dp_i/dt = p_i (f_i − ⟨f⟩)",
		"p_i(t) ∝ p_i(0) e^{f_i t},   d⟨f⟩/dt = Var_p f",
		"L = KL(p‖q): p(t) ∝ p₀^w q^{1−w};   L = KL(q‖p): p(t) = q + w(p₀ − q);   w = e^{−t}",
	},
	Markup: []template.HTML{
		`<i>L</i>(<i>p</i>) = −Σ <i>f<sub>i</sub> p<sub>i</sub></i>, &ensp; d<i>p<sub>i</sub></i>/d<i>t</i> = <i>p<sub>i</sub></i> (<i>f<sub>i</sub></i> − ⟨<i>f</i>⟩)`,
		`<i>p<sub>i</sub></i>(<i>t</i>) ∝ <i>p<sub>i</sub></i>(0) e<sup><i>f<sub>i</sub>t</i></sup>, &ensp; d⟨<i>f</i>⟩/d<i>t</i> = Var <i>f</i>`,
		`<i>L</i> = KL(<i>p</i>‖<i>q</i>): <i>p</i>(<i>t</i>) ∝ <i>p</i>₀<sup><i>w</i></sup> <i>q</i><sup>1−<i>w</i></sup>; &ensp; <i>L</i> = KL(<i>q</i>‖<i>p</i>): <i>p</i>(<i>t</i>) = <i>q</i> + <i>w</i>(<i>p</i>₀ − <i>q</i>); &ensp; <i>w</i> = e<sup>−<i>t</i></sup>`,
	},
	Source:    "Hofbauer & Sigmund 1998; Harper 2009; Domingo-Enrich & Pooladian 2023",
	Headline:  "reverse-kl: KL(8)/(½e^{−16}κ₂)",
	Citations: []string{citeHofbauer, citeHarper, citeDomingo},
	main:      "replicator",
	// With p₄ the remainder, f·p = f₄ + Σ (f_i − f₄)p_i: f = (1, ½, 0, −1).
	base: func(Values) string {
		return `[family]
name = "categorical"
k = 4
[loss]
kind = "expectation"
coefficients = [-2.0, -1.5, -1.0]
[flow]
chart = "source"
metric = "fisher"
start = { chart = "source", at = [0.05, 0.15, 0.3] }
time = [0.0, 8.0]
[ode]
method = "dopri5"
rtol = 1e-12
atol = 1e-15
output = [0.0, 0.5, 1.0, 2.0, 4.0, 8.0]
[claims]
monotone = true
energy-identity = true
resolved = true
closed-form = true
invariant = ["source", "natural", "stick"]
`
	},
	members: func(_ Values, main *run.Spec) ([]run.Member, error) {
		var members []run.Member
		for _, kind := range []string{"reverse-kl", "kl"} {
			s, err := run.Parse("replicator", []byte(strings.NewReplacer(
				`kind = "expectation"`, fmt.Sprintf("kind = %q\ntarget = { chart = \"source\", at = [0.4, 0.3, 0.2] }", kind),
			).Replace(withoutCoefficients(main))), nil)
			if err != nil {
				return nil, err
			}
			members = append(members, run.Member{Name: kind, Spec: s})
		}
		return members, nil
	},
	draw: drawReplicator,
}

// withoutCoefficients is the main member's spec without what only its own loss
// has.
func withoutCoefficients(main *run.Spec) string {
	c := *main
	c.Experiment, c.Parameters = "", nil
	var kept []string
	for _, line := range strings.Split(string(c.TOML()), "\n") {
		if !strings.HasPrefix(line, "coefficients") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

func init() { replicator.finish = finishReplicator }

// Values at the output times, computed independently.
var (
	replicatorFitness = []float64{-.375, -.14178142, .08721377, .44167418, .78962968, .97210068}
	replicatorReverse = []float64{.718414334, .300212998, .112289828, .0146502262, 2.58338983e-4, 8.60656608e-8}
	replicatorForward = []float64{.797683958, .234905118, .0921083135, .0150742592, 3.28858999e-4, 1.14216612e-7}
)

func finishReplicator(ctx context.Context, _ Values, o *run.Outcome) error {
	if !replicator.isDefault(o) {
		return nil
	}
	for _, c := range []struct {
		member, what string
		value        func(loss float64) float64
		want         []float64
		relative     float64
	}{
		{"replicator", "mean fitness", func(l float64) float64 { return -1 - l }, replicatorFitness, 0},
		{"reverse-kl", "KL(p‖q)", func(l float64) float64 { return l }, replicatorReverse, 1e-8},
		{"kl", "KL(q‖p)", func(l float64) float64 { return l }, replicatorForward, 1e-8},
	} {
		p := problem(o, c.member)
		if p == nil || p.Solution == nil || p.Err != nil {
			continue
		}
		point := p.Point()
		for k, t := range p.Spec.ODE.Output {
			if k >= len(c.want) {
				break
			}
			if err := point.At(p.Solution.At(nil, t)); err != nil {
				return err
			}
			bound := 5e-9
			if c.relative > 0 {
				bound = c.relative * math.Abs(c.want[k])
			}
			reference(o, c.member, fmt.Sprintf("%s at t = %g", c.what, t), c.value(point.Value()), c.want[k], bound)
		}
	}
	if err := fundamentalTheorem(o); err != nil {
		return err
	}
	if err := expansion(o); err != nil {
		return err
	}
	if err := chartGap(ctx, o); err != nil {
		return err
	}
	return playGames(ctx, o)
}

// fundamentalTheorem adds a table of ⟨f⟩, its rate and the variance of f.
func fundamentalTheorem(o *run.Outcome) error {
	p := problem(o, "replicator")
	if p == nil || p.Solution == nil || p.Err != nil {
		return nil
	}
	f := []float64{1, .5, 0, -1}
	t := run.NewTable("t", "mean_fitness", "rate", "variance")
	velocity := make([]float64, 4)
	worst := 0.0
	for _, at := range p.Spec.ODE.Output {
		x := p.Solution.At(nil, at)
		if err := p.Flow.Eval(velocity, at, append(append([]float64(nil), x...), 0)); err != nil {
			return err
		}
		last, rate, mean, square := 1.0, 0.0, 0.0, 0.0
		for i, q := range x {
			last -= q
			rate += (f[i] - f[3]) * velocity[i]
			mean += f[i] * q
			square += f[i] * f[i] * q
		}
		mean += f[3] * last
		square += f[3] * f[3] * last
		variance := square - mean*mean
		worst = math.Max(worst, math.Abs(rate-variance))
		t.Add(at, mean, rate, variance)
	}
	o.Result.AddTable("fundamental-theorem", t)
	reference(o, "replicator", "largest |d⟨f⟩/dt − Var f|", worst, 0, 1e-12)
	return nil
}
