package experiments

import (
	"context"
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"

	"fisherflow/figure"
	"fisherflow/ode"
	"fisherflow/run"
)

// deepLinearNetworks is the natural gradient flow of a deep linear network: the
// map it computes goes straight to the target, although its Fisher matrix is
// singular.
var deepLinearNetworks = &Experiment{
	Name:  "deep-linear",
	Title: "Deep linear networks: exact exponential decay",
	Summary: "A network of three linear layers has 27 parameters for a map of 9, and a singular Fisher matrix. The flow under its pseudo-inverse moves the map itself straight to the target, " +
		"at unit rate, whatever the covariance of the inputs; so does the layer-wise inverse, in other parameters, until a layer becomes singular. Damping breaks it, gradient descent never had it.",
	Equations: []string{
		"y = Wx + N(0, I), W = W₃W₂W₁, cov x = Σ;   L = ½ tr(EΣEᵀ), E = W − W*",
		"F = Jᵀ(I⊗Σ)J, J = ∂vec W/∂θ, of rank 9 of 27;   dθ/dt = −F⁺ ∂L/∂θ",
		"W(t) = W* + e^{−t}(W₀ − W*),   L(t) = e^{−2t} L(0)",
		"layer-wise: dW₁/dt = −⅓(W₃W₂)⁻¹E, dW₂/dt = −⅓W₃⁻¹E W₁⁻¹, dW₃/dt = −⅓E(W₂W₁)⁻¹",
	},
	Markup: []template.HTML{
		`<i>y</i> = <i>Wx</i> + N(0, <i>I</i>), <i>W</i> = <i>W</i>₃<i>W</i>₂<i>W</i>₁, cov <i>x</i> = <i>Σ</i>; &ensp; <i>L</i> = ½ tr(<i>EΣE</i>ᵀ), <i>E</i> = <i>W</i> − <i>W</i>*`,
		`<i>F</i> = <i>J</i>ᵀ(<i>I</i>⊗<i>Σ</i>)<i>J</i>, <i>J</i> = ∂vec <i>W</i>/∂<i>θ</i>, of rank 9 of 27; &ensp; d<i>θ</i>/d<i>t</i> = −<i>F</i>⁺ ∂<i>L</i>/∂<i>θ</i>`,
		`<i>W</i>(<i>t</i>) = <i>W</i>* + e<sup>−<i>t</i></sup>(<i>W</i>₀ − <i>W</i>*), &ensp; <i>L</i>(<i>t</i>) = e<sup>−2<i>t</i></sup> <i>L</i>(0)`,
		`layer-wise: d<i>W</i>₁/d<i>t</i> = −⅓(<i>W</i>₃<i>W</i>₂)⁻¹<i>E</i>, d<i>W</i>₂/d<i>t</i> = −⅓<i>W</i>₃⁻¹<i>E</i> <i>W</i>₁⁻¹, d<i>W</i>₃/d<i>t</i> = −⅓<i>E</i>(<i>W</i>₂<i>W</i>₁)⁻¹`,
	},
	Parameters: []Parameter{
		{Name: "target", Default: "regular", Help: "the map to learn; the way to the crossing one passes through a singular map", Choices: []string{"regular", "crossing"}},
	},
	Source:    "Bernacchia, Lengyel & Hennequin 2018, Theorem 1",
	Headline:  "crossing: time at which det W vanishes",
	Citations: []string{citeBernacchia},
	main:      "pseudo-inverse",
	base: func(Values) string {
		return `[flow]
metric = "fisher"
time = [0.0, 6.0]
[ode]
method = "dop853"
rtol = 1e-13
atol = 1e-15
output = [0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0]
[claims]
monotone = true
energy-identity = true
`
	},
	members: deepLinearMembers,
	surface: deepLinearModel,
}

func init() { deepLinearNetworks.finish, deepLinearNetworks.draw = finishDeepLinear, drawDeepLinear }

func deepLinearMembers(v Values, main *run.Spec) ([]run.Member, error) {
	var members []run.Member
	for _, m := range []struct {
		name      string
		optional  bool
		overrides []string
	}{
		{"layer-wise", v.text("target") == "crossing", []string{"flow.metric=block-diagonal"}},
		{"damped 0.001", false, []string{"flow.damping=0.001"}},
		{"damped 0.1", false, []string{"flow.damping=0.1"}},
		{"gradient", false, []string{"flow.metric=euclidean"}},
		{"crossing", false, []string{"parameters.target=crossing"}},
		// The claims of a flow that is stopped half-way are those of its
		// certificate up to there. Its steps shrink without end.
		{"crossing layer-wise", true, []string{"parameters.target=crossing", "flow.metric=block-diagonal", "claims.energy-identity=false", "ode.rtol=1e-9", "ode.atol=1e-12"}},
	} {
		member, err := with(m.name, main, m.overrides...)
		if err != nil {
			return nil, err
		}
		member.Optional = m.optional
		members = append(members, member)
	}
	return members, nil
}

var (
	deepLinearStart = []float64{
		1, .2, 0, -.1, .8, .3, .2, 0, .9,
		.7, -.2, .1, .3, 1.1, 0, 0, .2, .6,
		.9, .1, -.3, 0, .5, .2, .1, -.2, 1.2,
	}
	deepLinearInputs  = square{4, 1, 0, 1, 1, .2, 0, .2, .25}
	deepLinearTargets = map[string]square{
		"regular":  {2, 0, 1, 0, 1, .5, .5, -.5, 1.5},
		"crossing": {2, 0, 1, 0, -1, .5, .5, .5, 1.5},
	}
)

func deepLinearModel(_ Values, _ string, s *run.Spec) (*run.Surface, error) {
	f := newDeepLinear(deepLinearInputs)
	name, _ := s.Parameters["target"].(string)
	target, ok := deepLinearTargets[name]
	if !ok {
		return nil, s.Errorf("parameters.target", "must be regular or crossing, not %v", s.Parameters["target"])
	}
	m := &run.Surface{Family: f, Loss: &regression{family: f, target: target}, Start: deepLinearStart}
	if s.Flow.Metric == "block-diagonal" {
		m.Metric = layerWiseMaker(f)
	}
	return m, nil
}

// straightness is how far the network is from W* + e^{−t}(W₀ − W*), in the
// largest entry, at the output times and, with everywhere, at all steps.
func straightness(p *run.Problem, everywhere bool) float64 {
	target := p.Loss.(*regression).target
	start := composed(p.Start)
	worst := 0.0
	for i := range p.Solution.Len() {
		t := p.Solution.Time(i)
		if !everywhere && !slices.Contains(p.Spec.ODE.Output, t) {
			continue
		}
		w := math.Exp(-t)
		for k, x := range composed(p.Solution.State(i)) {
			worst = math.Max(worst, math.Abs(x-target[k]-w*(start[k]-target[k])))
		}
	}
	return worst
}

// crossingTime is when det W vanishes on the straight way to the crossing
// target.
const crossingTime = 0.3506984578086527

// Losses of the flows that are not exact, computed independently.
var (
	deepLinearExact    = strings.Fields("1.488390206 .5475481571 .07410258493 .01002869432 .001357236186 2.485864788e-5")
	deepLinearGradient = strings.Fields(".140927 .0606888 .0108349 .00145191 1.90171e-4 6.64245e-6")
)

func finishDeepLinear(ctx context.Context, _ Values, o *run.Outcome) error {
	if !deepLinearNetworks.isDefault(o) {
		return nil
	}
	table := run.NewTable("flow", "t", "loss", "loss_over_exact", "largest_deviation_of_W")
	for _, p := range solved(o) {
		if p.Err != nil && !p.Optional {
			continue
		}
		value := lossOf(p.Point())
		start := value(p.Start)
		away := straightness(p, !strings.HasPrefix(p.Name, "damped"))
		for k, t := range p.Spec.ODE.Output {
			if t > p.Solution.Time(p.Solution.Len()-1) {
				break
			}
			loss := value(p.Solution.At(nil, t))
			table.Add(p.Name, t, loss, loss/start*math.Exp(2*t), away)
			what := fmt.Sprintf("loss at t = %g", t)
			switch {
			case k == 0:
			case p.Name == "pseudo-inverse" || p.Name == "layer-wise":
				digits(o, p.Name, what, loss, deepLinearExact[k-1], 10)
			case p.Name == "crossing":
				want := 5.70446405 * math.Exp(-2*t)
				reference(o, p.Name, what, loss, want, 1e-9*want)
			case p.Name == "gradient":
				digits(o, p.Name, what, loss, deepLinearGradient[k-1], 6)
			case p.Name == "damped 0.001" && t == 1:
				// By scipy's DOP853 at 1e-12 from (F + λI)⁻¹ ∂L/∂θ with numpy.kron.
				digits(o, p.Name, what, loss, ".547720236", 9)
			case p.Name == "damped 0.1" && t == 1:
				digits(o, p.Name, what, loss, ".565287", 6)
			}
		}
		const what = "largest deviation of W from the straight way"
		switch p.Name {
		case "pseudo-inverse":
			reference(o, p.Name, "loss at the start", start, 4.0458640500000005, 1e-14)
			reference(o, p.Name, what, away, 0, 2e-11)
		case "layer-wise":
			reference(o, p.Name, what, away, 0, 2e-11)
		case "crossing":
			reference(o, p.Name, "loss at the start", start, 5.70446405, 1e-14)
			reference(o, p.Name, what, away, 0, 7e-12)
			reference(o, p.Name, "time at which det W vanishes", crossing(p.Solution, 0, func(x []float64) float64 { return composed(x).det() }), crossingTime, 1e-11)
			for k, want := range []string{"1.5397", "1.2839", "-1.5081"} {
				digits(o, p.Name, fmt.Sprintf("determinant of W%d at the end", k+1), layers(p.Solution.Last())[k].det(), want, 5)
			}
		case "crossing layer-wise":
			end := p.Solution.Time(p.Solution.Len() - 1)
			reference(o, p.Name, "time at which the flow has to stop", end, crossingTime, 1e-6)
			detail := "the flow reached its end through a singular layer"
			if p.Err != nil {
				detail = p.Err.Error()
			}
			o.Result.Claims = append(o.Result.Claims, run.Claim{
				Name: "matches-reference", Member: p.Name, Expect: run.Violated, Holds: p.Err != nil, Value: run.Number(p.T1 - end),
				Detail: detail,
			})
		case "damped 0.001":
			digits(o, p.Name, what, away, "7.5e-4", 2)
		case "damped 0.1":
			digits(o, p.Name, what, away, "6.4e-2", 2)
		}
	}
	o.Result.AddTable("losses", table)
	return deepLinearEuler(ctx, o)
}

// deepLinearEuler takes discrete natural gradient steps to t = 2.
func deepLinearEuler(ctx context.Context, o *run.Outcome) error {
	t := run.NewTable("step", "loss at t = 2")
	f := newDeepLinear(deepLinearInputs)
	for _, c := range []struct {
		h    float64
		want string
	}{{.5, ".00676668"}, {.25, ".03251627"}, {.1, ".05585473"}, {.05, ".06473262"}} {
		m := &run.Surface{Family: f, Loss: &regression{family: f, target: deepLinearTargets["regular"]}}
		s, err := integrate(ctx, m, deepLinearStart, 2, ode.Settings{Method: ode.Euler, Step: c.h})
		if err != nil {
			return fmt.Errorf("steps of %g: %w", c.h, err)
		}
		loss := s.Losses[len(s.Losses)-1]
		t.Add(c.h, loss)
		reference(o, "euler", fmt.Sprintf("loss at t = 2 after steps of %g", c.h), loss, parse(c.want), 5.1e-9)
	}
	o.Result.AddTable("euler", t)
	return nil
}

func drawDeepLinear(_ context.Context, _ Values, o *run.Outcome) ([]drawing, error) {
	loss := &figure.Panel{X: "time t", Y: "loss", LogY: true, YRange: &figure.Range{Low: 1e-6, High: 10}}
	ratio := &figure.Panel{X: "time t", Y: "loss / (e^(−2t) L(0))", LogY: true, YRange: &figure.Range{Low: 0.05, High: 2}}
	det := &figure.Panel{X: "time t", Y: "det W", XRange: &figure.Range{Low: 0, High: 1.5}, YRange: &figure.Range{Low: -1.7, High: 0.5}}
	weights := &figure.Panel{X: "time t", Y: "det of a layer", XRange: &figure.Range{Low: 0, High: 1.5}, YRange: &figure.Range{Low: -1.2, High: 2}}
	names := map[string]string{"pseudo-inverse": "pseudo-inverse", "layer-wise": "layer-wise inverse", "damped 0.001": "damped, 0.001", "damped 0.1": "damped, 0.1", "gradient": "gradient"}
	for i, p := range solved(o) {
		name := names[p.Name]
		end := p.Solution.Time(p.Solution.Len() - 1)
		curve := func(label string, style figure.Style, value func(x []float64) float64) figure.Curve {
			c := figure.Curve{Name: label, Style: style}
			for k := range 601 {
				t := end * float64(k) / 600
				c.X, c.Y = append(c.X, t), append(c.Y, value(p.Solution.At(nil, t)))
			}
			return c
		}
		if name != "" {
			style := figure.Style{Color: i, Dash: i, Wide: i == 0}
			c := curve(name, style, lossOf(p.Point()))
			loss.Curves = append(loss.Curves, c)
			relative := figure.Curve{Name: name, Style: style, X: c.X}
			for k, t := range c.X {
				relative.Y = append(relative.Y, c.Y[k]/c.Y[0]*math.Exp(2*t))
			}
			ratio.Curves = append(ratio.Curves, relative)
			continue
		}
		k := 0
		label := "pseudo-inverse"
		if p.Name != "crossing" {
			k, label = 1, "layer-wise inverse"
			det.Marks = append(det.Marks, figure.Mark{X: end, Y: composed(p.Solution.Last()).det(), Kind: figure.End, Color: 1})
		}
		det.Curves = append(det.Curves, curve(label, figure.Style{Color: k, Dash: k}, func(x []float64) float64 { return composed(x).det() }))
		for l := range 3 {
			c := curve("", figure.Style{Color: k, Dash: k}, func(x []float64) float64 { return layers(x)[l].det() })
			if k == 0 {
				weights.Words = append(weights.Words, figure.Word{X: c.X[130], Y: c.Y[130], Text: fmt.Sprintf("W%d", l+1), DX: 2, DY: []float64{10, -10, 9}[l]})
			}
			weights.Curves = append(weights.Curves, c)
		}
	}
	return []drawing{
		{"loss", &figure.Figure{
			Title: "Loss of a deep linear network", Panels: []*figure.Panel{loss, ratio}, Height: 3.9,
			Caption: "The loss, and its ratio to e^(−2t) L(0), which is 1 under the pseudo-inverse of the Fisher matrix and under its layer-wise inverse; their curves coincide. " +
				"Damping slows the loss measurably; gradient descent falls fast at first and at no fixed rate.",
		}},
		{"crossing", &figure.Figure{
			Title: "Through a singular map", Panels: []*figure.Panel{det, weights}, Height: 3.6,
			Caption: "On the way to the crossing target det W changes its sign at t = 0.3507. The pseudo-inverse lets one layer, W3, change its own and goes on; " +
				"the layer-wise inverse drives all three layers to a singular one together and has to stop there (dot).",
		}},
	}, nil
}
