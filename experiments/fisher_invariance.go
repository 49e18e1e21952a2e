package experiments

import (
	"context"
	"html/template"
	"math"

	"fisherflow/figure"
	"fisherflow/flow"
	"fisherflow/invariance"
	"fisherflow/network"
	"fisherflow/run"
)

// fisherInvariance measures under which changes of a network's parameters the
// step of each metric stays what it is.
var fisherInvariance = &Experiment{
	Name:  "fisher-invariance",
	Title: "Which changes of parameters an approximate natural gradient survives",
	Summary: "A network's parameters are changed linearly, θ = Mξ, the metric is built anew in the new ones, and its step compared with the old step in Fisher length. " +
		"The exact Fisher matrix keeps all changes, blocks those within layers, K-FAC affine ones of activations; EKFAC, diagonals and damping lose them. Every entry is asserted, kept and lost.",
	Equations: []string{
		"θ = Mξ,   v = G⁻¹∇L,   v′ = G′⁻¹Mᵀ∇L",
		"defect = ‖Mv′ − v‖_F / ‖v‖_F",
		"layer form: W = Φ W′ Ω,   M = Φ ⊗ Ωᵀ",
	},
	Markup: []template.HTML{
		`<i>θ</i> = <i>Mξ</i>, &ensp; <i>v</i> = <i>G</i><sup>−1</sup>∇<i>L</i>, &ensp; <i>v</i>′ = <i>G</i>′<sup>−1</sup><i>M</i><sup>⊤</sup>∇<i>L</i>`,
		`defect = ‖<i>Mv</i>′ − <i>v</i>‖<sub><i>F</i></sub> / ‖<i>v</i>‖<sub><i>F</i></sub>`,
		`layer form: <i>W</i> = Φ <i>W</i>′ Ω, &ensp; <i>M</i> = Φ ⊗ Ω<sup>⊤</sup>`,
	},
	Parameters: []Parameter{{Name: "draws", Default: 5.0, Help: "random changes of each kind, of which the largest defect counts"}},
	Citations:  []string{citeMartensGrosse, citeOllivier, citeGeorge, citeAmari1998},
	main:       "exact",
	base: func(Values) string {
		return `[model]
kind = "mlp"
widths = [4, 3, 3]
activation = "tanh"
output = "softmax"
init = "lecun-normal"
[data]
dataset = "iris"
response = "species"
scale = 0.2
shuffle = { rng = "pcg", seed = 1 }
rows = [0, 100]
test = [100, 150]
[flow]
metric = "fisher"
damping = 1e-3
time = [0.0, 2.0]
[ode]
tol = 1e-4
[claims]
monotone = true
energy-identity = true
`
	},
	finish: finishFisherInvariance,
	draw:   drawFisherInvariance,
}

// The bounds of the table: what is kept is kept to rounding, what is lost must
// be seen to be lost.
const (
	kept = 1e-8
	lost = 1e-2
)

func finishFisherInvariance(_ context.Context, v Values, o *run.Outcome) error {
	p := o.Problems[0]
	if p.Model == nil {
		return nil
	}
	e, err := network.NewEvaluation(p.Model.Network, p.Model.Train)
	if err != nil {
		return err
	}
	table, err := invariance.NetworkTable(e, p.Start, int(v.number("draws")), uint64(p.Spec.Seed))
	if err != nil {
		return err
	}
	defects := run.NewTable(append([]string{"metric"}, invariance.Kinds()...)...)
	verdicts := run.NewTable(append([]string{"metric"}, invariance.Kinds()...)...)
	for i, m := range invariance.NetworkMetrics() {
		row, words := []any{m.Name}, []any{m.Name}
		worst, least := flow.Check{Name: "invariant", Bound: kept}, flow.Check{Name: "invariant", Value: math.Inf(1), Bound: lost}
		keeps, loses := false, false
		for _, c := range table[i] {
			row = append(row, c.Defect)
			switch {
			case !c.Applicable:
				words = append(words, "not applicable")
			case c.Keeps:
				keeps = true
				words = append(words, "yes")
				if !(c.Defect <= worst.Value) {
					worst.Value, worst.Detail = c.Defect, "largest defect of what is kept, under "+c.Kind
				}
			default:
				loses = true
				words = append(words, "no")
				if !(c.Defect >= least.Value) {
					least.Value, least.Detail = c.Defect, "smallest defect of what is lost, under "+c.Kind
				}
			}
		}
		defects.Add(row...)
		verdicts.Add(words...)
		if keeps {
			o.Result.Claims = append(o.Result.Claims, run.NewClaim(m.Name, run.Holds, worst))
		}
		if loses {
			o.Result.Claims = append(o.Result.Claims, run.NewClaim(m.Name, run.Violated, least))
		}
	}
	o.Result.AddTable("defects", defects)
	o.Result.AddTable("invariance", verdicts)
	return nil
}

func drawFisherInvariance(_ context.Context, _ Values, o *run.Outcome) ([]drawing, error) {
	table := o.Result.Tables["defects"]
	verdicts := o.Result.Tables["invariance"]
	if table == nil {
		return nil, nil
	}
	panel := &figure.Panel{X: "defect in Fisher length", LogX: true, XRange: &figure.Range{Low: 1e-16, High: 1e4}}
	keeps := figure.Curve{Name: "kept", Style: figure.Style{Color: 0, Dash: 0}, Points: true}
	loses := figure.Curve{Name: "lost", Style: figure.Style{Color: 1, Dash: 1}, Points: true}
	rows := len(table.Rows)
	for i, row := range table.Rows {
		y := float64(rows - 1 - i)
		for j := 1; j < len(row); j++ {
			d, _ := row[j].(run.Number)
			switch verdicts.Rows[i][j] {
			case "yes":
				keeps.X, keeps.Y = append(keeps.X, max(2e-16, float64(d))), append(keeps.Y, y)
			case "no":
				loses.X, loses.Y = append(loses.X, float64(d)), append(loses.Y, y)
			}
		}
	}
	for i := range table.Rows {
		panel.YNames = append(panel.YNames, table.Rows[rows-1-i][0].(string))
	}
	for k, x := range []float64{kept, lost} {
		name := ""
		if k == 0 {
			name = "bounds of the claims"
		}
		panel.Curves = append(panel.Curves, figure.Curve{Name: name, X: []float64{x, x}, Y: []float64{-0.5, float64(rows) - 0.5}, Style: figure.Style{Color: 6, Dash: 1}})
	}
	panel.Curves = append(panel.Curves, keeps, loses)
	panel.YRange = &figure.Range{Low: -0.7, High: float64(rows) - 0.3}
	f := &figure.Figure{
		Title: "What each metric keeps", Panels: []*figure.Panel{panel}, Height: 5.6,
		Caption: "The largest defect of each metric's step under random changes of the parameters, a marker for each of ten kinds of change: filled where the metric keeps it, open where it loses it. " +
			"Nothing lies between the two lines.",
	}
	return []drawing{{"invariance", f}}, nil
}
