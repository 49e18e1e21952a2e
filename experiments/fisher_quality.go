package experiments

import (
	"fmt"
	"html/template"

	"fisherflow/run"
)

// fisherQuality compares approximations of the Fisher matrix with it and with
// each other, at equal loss and at equal Fisher arclength.
var fisherQuality = &Experiment{
	Name:  "fisher-quality",
	Title: "What approximations of the Fisher matrix get right",
	Summary: "The flow of one network under the exact Fisher matrix and under twelve approximations of it, compared at equal loss and at equal Fisher arclength, since an approximate metric also changes the clock. " +
		"Beside it the angle, the length and the spectrum of each against the exact one as functions of the damping, at the start, on the way and late.",
	Equations: []string{
		"v = Ĝ⁻¹∇L,   Ĝ = F̂ + λI,   v* = F⁺∇L",
		"cos_F = vᵀFv* / (‖v‖_F ‖v*‖_F),   ratio = ‖v‖_F / ‖v*‖_F,   α = ∇L·v / vᵀFv",
		"stiffness: the largest eigenvalue of Ĝ⁻¹(F + λI); at most 2 for two blocks, 22 for rows, n for the diagonal",
		"law: μ(t) = y + e^{−t}(μ(0) − y)",
	},
	Markup: []template.HTML{
		`<i>v</i> = <i>Ĝ</i><sup>−1</sup>∇<i>L</i>, &ensp; <i>Ĝ</i> = <i>F̂</i> + <i>λI</i>, &ensp; <i>v</i>* = <i>F</i><sup>+</sup>∇<i>L</i>`,
		`cos<sub><i>F</i></sub> = <i>v</i><sup>⊤</sup><i>Fv</i>* / (‖<i>v</i>‖<sub><i>F</i></sub> ‖<i>v</i>*‖<sub><i>F</i></sub>), &ensp; ratio = ‖<i>v</i>‖<sub><i>F</i></sub> / ‖<i>v</i>*‖<sub><i>F</i></sub>, &ensp; <i>α</i> = ∇<i>L</i>·<i>v</i> / <i>v</i><sup>⊤</sup><i>Fv</i>`,
		`stiffness: the largest eigenvalue of <i>Ĝ</i><sup>−1</sup>(<i>F</i> + <i>λI</i>); at most 2 for two blocks, 22 for rows, <i>n</i> for the diagonal`,
		`law: <i>μ</i>(<i>t</i>) = <i>y</i> + e<sup>−<i>t</i></sup>(<i>μ</i>(0) − <i>y</i>)`,
	},
	Citations: []string{citeMartensGrosse, citeGeorge, citeOllivier, citeKunstner, citeKarakida, citeAlpaydin},
	main:      "exact",
	brief:     []string{"data.rows=[0,12]", "flow.time=[0.0,1.0]"},
	base: func(Values) string {
		return `[model]
kind = "mlp"
widths = [16, 12, 10]
activation = "tanh"
output = "softmax"
[data]
dataset = "digits"
response = "label"
predictors = ["p12", "p13", "p14", "p15", "p22", "p25", "p32", "p33", "p34", "p35", "p42", "p45", "p52", "p55", "p63", "p64"]
scale = 0.0625
shuffle = { rng = "numpy-legacy", seed = 0 }
rows = [0, 24]
test = [1437, 1797]
[flow]
metric = "sample-space"
time = [0.0, 3.0]
[ode]
method = "dopri5"
tol = 1e-4
[claims]
monotone = true
energy-identity = true
`
	},
	members: func(_ Values, main *run.Spec) ([]run.Member, error) {
		var members []run.Member
		for _, c := range qualityMembers {
			overrides := []string{fmt.Sprintf("flow.metric=%q", c.structure), fmt.Sprintf("flow.damping={kind=%q,value=%g}", c.damping, c.lambda), fmt.Sprintf("flow.estimator=%q", c.estimator)}
			if c.structure == "euclidean" {
				overrides = []string{`flow.metric="euclidean"`, "flow.time=[0.0,60.0]"}
			}
			if c.structure == "low-rank" {
				overrides = append(overrides, fmt.Sprintf("flow.rank=%d", qualityRank))
			}
			m, err := with(c.name, main, overrides...)
			if err != nil {
				return nil, err
			}
			members = append(members, m)
		}
		return members, nil
	},
	finish: finishQuality,
	draw:   drawQuality,
}

// qualityRank is that of the low-rank member.
const qualityRank = 80

type qualityMember struct {
	name, structure, estimator, damping string
	lambda                              float64
}

var qualityMembers = []qualityMember{
	{"exact + λI", "sample-space", "exact", "tikhonov", 1e-2},
	{"block per layer", "block-diagonal", "exact", "tikhonov", 1e-4},
	{"unit-wise", "unit-wise", "exact", "tikhonov", 1e-4},
	{"quasi-diagonal", "quasi-diagonal", "exact", "tikhonov", 1e-4},
	{"diagonal", "diagonal", "exact", "tikhonov", 1e-4},
	{"K-FAC", "kfac", "exact", "tikhonov", 1e-4},
	{"K-FAC, factored λ", "kfac", "exact", "factored", 1e-4},
	{"EKFAC", "ekfac", "exact", "tikhonov", 1e-4},
	{"low rank", "low-rank", "exact", "tikhonov", 1e-2},
	{"Monte Carlo", "sample-space", "monte-carlo", "tikhonov", 1e-2},
	{"empirical", "sample-space", "empirical", "tikhonov", 1e-2},
	{"gradient", "euclidean", "exact", "tikhonov", 0},
}
