package experiments

import (
	"context"
	"fmt"
	"html/template"
	"math"

	"fisherflow/figure"
	"fisherflow/network"
	"fisherflow/run"
)

// meanParameterLaw is the exact flow of over-parameterised networks, on which
// every mean runs straight to its response.
var meanParameterLaw = &Experiment{
	Name:  "mean-parameter-law",
	Title: "Exact Fisher flows of networks take every mean straight to its response",
	Summary: "Where the examples' outputs are independent functions of the parameters, the undamped exact Fisher flow is −H⁺r in the outputs, whatever the network: " +
		"each expected response decays to the observed one as e^{−t}. Networks on 32, 64 and 128 handwritten digits, and with Gaussian, Poisson and Bernoulli responses. " +
		"Backward passes, curvature, solve and integrator are tested at once.",
	Equations: []string{
		"dθ/dt = −F⁺∇L,   F = (1/N) Σ JᵀHJ",
		"μ_n(t) = y_n + e^{−t} (μ_n(0) − y_n)   if rank F = N rank H",
		"L(t) = (1/N) Σ −log(1 − e^{−t}(1 − p_{n,y}(0)))   for labels",
	},
	Markup: []template.HTML{
		`d<i>θ</i>/d<i>t</i> = −<i>F</i><sup>+</sup>∇<i>L</i>, &ensp; <i>F</i> = <sup>1</sup>/<sub><i>N</i></sub> Σ <i>J</i><sup>⊤</sup><i>HJ</i>`,
		`<i>μ<sub>n</sub></i>(<i>t</i>) = <i>y<sub>n</sub></i> + e<sup>−<i>t</i></sup>(<i>μ<sub>n</sub></i>(0) − <i>y<sub>n</sub></i>) if rank <i>F</i> = <i>N</i> rank <i>H</i>`,
		`<i>L</i>(<i>t</i>) = <sup>1</sup>/<sub><i>N</i></sub> Σ −log(1 − e<sup>−<i>t</i></sup>(1 − <i>p<sub>n,y</sub></i>(0))) for labels`,
	},
	Parameters: []Parameter{{Name: "largest", Default: 128.0, Help: "leave out networks on more digits than this; 128 takes half a minute"}},
	Citations:  []string{citeAmari1998, citeMartens2020, citeZhang2019, citeAlpaydin},
	main:       "32 digits",
	brief:      []string{"largest=32"},
	base: func(Values) string {
		return `[model]
kind = "mlp"
widths = [64, 50, 50, 10]
activation = "tanh"
output = "softmax"
[data]
dataset = "digits"
response = "label"
scale = 0.0625
shuffle = { rng = "numpy-legacy", seed = 0 }
rows = [0, 32]
test = [1437, 1797]
[flow]
time = [0.0, 3.0]
[ode]
method = "dopri5"
rtol = 1e-6
norm = "rms"
[claims]
monotone = true
energy-identity = true
closed-form = true
`
	},
	members: func(v Values, main *run.Spec) ([]run.Member, error) {
		scalar := []string{"model.widths=[64,50,1]", `data.response="p43"`, "data.rows=[0,48]"}
		var members []run.Member
		for _, c := range []struct {
			name      string
			examples  float64
			overrides []string
		}{
			{"64 digits", 64, []string{"data.rows=[0,64]"}},
			{"128 digits", 128, []string{"data.rows=[0,128]"}},
			{"Gaussian", 0, append(scalar[:3:3], "model.output=gaussian", "model.variance=4.0")},
			{"Poisson", 0, append(scalar[:3:3], "model.output=poisson")},
			{"Bernoulli", 0, []string{"model.widths=[64,20,1]", "model.output=bernoulli", "data.where={label=[0,1]}", "data.rows=[0,64]", "data.test=[64,128]"}},
		} {
			if c.examples > v.number("largest") {
				continue
			}
			m, err := with(c.name, main, c.overrides...)
			if err != nil {
				return nil, err
			}
			members = append(members, m)
		}
		return members, nil
	},
	finish: finishMeanLaw,
	draw:   drawMeanLaw,
}

// finishMeanLaw holds deviation, rank and steps against their bounds.
func finishMeanLaw(_ context.Context, _ Values, o *run.Outcome) error {
	t := run.NewTable("member", "parameters", "rank", "degrees_of_freedom", "steps", "deviation", "deviation_share")
	for _, p := range o.Problems {
		if p.Solution == nil || p.Err != nil || p.Model == nil {
			continue
		}
		ratios, err := meanRatios(p)
		if err != nil {
			return err
		}
		deviation, share := 0.0, 0.0
		for _, r := range ratios {
			deviation, share = max(deviation, r.off), max(share, r.off/r.gap)
		}
		n, _ := p.Model.Train.X.Dims()
		freedom := n * p.Model.Network.Output().Rank(p.Model.Network.Outputs())
		rank := 0
		for _, row := range o.Result.Tables["metric"].Rows {
			if row[0] == p.Name {
				rank = int(row[2].(int64))
			}
		}
		steps := p.Solution.Statistics.Steps
		t.Add(p.Name, int64(p.Flow.Dim()), int64(rank), int64(freedom), int64(steps), deviation, share)
		reference(o, p.Name, "rank of the Fisher matrix, N rank H", float64(rank), float64(freedom), 0)
		within(o, p.Name, "largest deviation of a mean, as a share of the largest gap at the start", share, 1e-5)
		if p.Spec.ODE.RTol >= 1e-6 {
			within(o, p.Name, "accepted steps", float64(steps), 39)
		}
	}
	o.Result.AddTable("mean-parameter-law", t)
	return nil
}

// within adds a claim that a number is no more than its bound.
func within(o *run.Outcome, member, what string, got, bound float64) {
	o.Result.Claims = append(o.Result.Claims, run.Claim{
		Name: "matches-reference", Member: member, Expect: run.Holds, Holds: got <= bound,
		Value: run.Number(got), Bound: run.Number(bound), Detail: fmt.Sprintf("%s: %.6g", what, got),
	})
}

// meanRatio is the state of all means of a flow at one time: the least, the
// mean and the largest of (μ − y)/(μ₀ − y), over those that start a tenth of the
// largest gap away at least, and how far any is off the law.
type meanRatio struct{ t, low, middle, high, off, gap float64 }

// meanRatios are taken at 101 times.
func meanRatios(p *run.Problem) ([]meanRatio, error) {
	e, err := network.NewEvaluation(p.Model.Network, p.Model.Train)
	if err != nil {
		return nil, err
	}
	n, c := e.Examples(), e.Outputs()
	means := func(dst []float64, x []float64) error {
		if err := e.At(x); err != nil {
			return err
		}
		for i := range n {
			e.Mean(dst[i*c:(i+1)*c], i)
		}
		return nil
	}
	first, now, to := make([]float64, n*c), make([]float64, n*c), make([]float64, n*c)
	if err := means(first, p.Start); err != nil {
		return nil, err
	}
	gap := 0.0
	for i := range n {
		e.Statistic(to[i*c:(i+1)*c], i)
	}
	for i, y := range to {
		gap = max(gap, math.Abs(first[i]-y))
	}
	var out []meanRatio
	end := p.Solution.Time(p.Solution.Len() - 1)
	x := make([]float64, p.Flow.Dim())
	for k := range 101 {
		t := p.T0 + (end-p.T0)*float64(k)/100
		if err := means(now, p.Solution.At(x, t)); err != nil {
			return nil, err
		}
		r := meanRatio{t: t - p.T0, low: math.Inf(1), high: math.Inf(-1), gap: gap}
		count := 0.0
		for i, y := range to {
			r.off = max(r.off, math.Abs(now[i]-y-math.Exp(-r.t)*(first[i]-y)))
			if start := first[i] - y; math.Abs(start) >= gap/10 {
				ratio := (now[i] - y) / start
				r.low, r.high, r.middle = min(r.low, ratio), max(r.high, ratio), r.middle+ratio
				count++
			}
		}
		r.middle /= count
		out = append(out, r)
	}
	return out, nil
}

func drawMeanLaw(_ context.Context, _ Values, o *run.Outcome) ([]drawing, error) {
	law := &figure.Panel{X: "time t", Y: "share of the gap left, (μ − y)/(μ₀ − y)", LogY: true}
	off := &figure.Panel{X: "time t", Y: "largest deviation so far / largest gap", LogY: true}
	const floor = 1e-16
	for i, p := range solved(o) {
		ratios, err := meanRatios(p)
		if err != nil {
			return nil, err
		}
		mark := figure.Curve{Name: p.Name, Style: figure.Style{Color: i, Dash: i}, Points: true}
		far := figure.Curve{Name: p.Name, Style: figure.Style{Color: i, Dash: i}}
		worst := floor
		for k, r := range ratios {
			worst = max(worst, r.off/r.gap)
			// A few points of each flow, between those of the others.
			if k%12 == 2*i%12 {
				mark.X, mark.Y = append(mark.X, r.t, r.t), append(mark.Y, r.low, r.high)
			}
			if k > 0 {
				far.X, far.Y = append(far.X, r.t), append(far.Y, worst)
			}
		}
		law.Curves = append(law.Curves, mark)
		off.Curves = append(off.Curves, far)
	}
	line := figure.Curve{Name: "exp(−t)", Style: figure.Style{Color: 6}}
	for k := range 101 {
		t := 3 * float64(k) / 100
		line.X, line.Y = append(line.X, t), append(line.Y, math.Exp(-t))
	}
	law.Curves = append([]figure.Curve{line}, law.Curves...)
	f := &figure.Figure{
		Title: "Every mean runs straight to its response", Panels: []*figure.Panel{law, off}, Height: 4.2,
		Caption: "Left: the least and the largest share of its gap that any mean has left (markers; means that start a tenth of the largest gap away at least), on the line exp(−t). " +
			"Right: how far any mean has been off the law by then.",
	}
	return []drawing{{"mean-parameter-law", f}}, nil
}
