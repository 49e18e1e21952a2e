package experiments

import (
	"context"
	"fmt"
	"html/template"
	"math"
	"strings"

	"fisherflow/figure"
	"fisherflow/run"
)

// sixPoints is a network with more parameters than examples under exact,
// layer-wise, damped and approximate metrics, and by steps instead of a flow.
var sixPoints = &Experiment{
	Name:  "six-points",
	Title: "More parameters than examples",
	Summary: "A network of 33 parameters on six examples. The exact flow takes every output to its response at unit rate, the layer-wise one at twice that, since either layer could do it alone; " +
		"damping and approximations are slower and bend. Whole steps in the place of the flow, which is Gauss and Newton's method, raise the loss two hundredfold before it falls, and the certificate says so.",
	Equations: []string{
		"f(x) = v·tanh(W[x; 1]) + c,   L = ½ mean (f − y)² + const,   F = JᵀJ/N",
		"exact: f(t) = y + e^{−t}(f(0) − y);   by layers: f(t) = y + e^{−2t}(f(0) − y)",
	},
	Markup: []template.HTML{
		`<i>f</i>(<i>x</i>) = <i>v</i>·tanh(<i>W</i>[<i>x</i>; 1]) + <i>c</i>, &ensp; <i>L</i> = ½ mean (<i>f</i> − <i>y</i>)² + const, &ensp; <i>F</i> = <i>J</i><sup>⊤</sup><i>J</i>/<i>N</i>`,
		`exact: <i>f</i>(<i>t</i>) = <i>y</i> + e<sup>−<i>t</i></sup>(<i>f</i>(0) − <i>y</i>); &ensp; by layers: <i>f</i>(<i>t</i>) = <i>y</i> + e<sup>−2<i>t</i></sup>(<i>f</i>(0) − <i>y</i>)`,
	},
	Citations: []string{citeZhang2019, citeKarakida, citeMartensGrosse},
	main:      "exact",
	base: func(Values) string {
		var start []string
		for j := range 8 {
			for k := range 3 {
				start = append(start, fmt.Sprintf("%.17e", math.Sin(float64(1+3*j+k))))
			}
		}
		for j := range 8 {
			start = append(start, fmt.Sprintf("%.17e", .5*math.Cos(float64(2*j+1))))
		}
		return `[model]
kind = "mlp"
widths = [2, 8, 1]
activation = "tanh"
output = "gaussian"
[data]
dataset = "six-points"
response = "y"
[flow]
metric = "fisher"
start = [` + strings.Join(start, ", ") + `, 0.1]
time = [0.0, 5.0]
[ode]
method = "dopri5"
rtol = 1e-9
norm = "rms"
output = [0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0]
[claims]
monotone = true
energy-identity = true
closed-form = true
`
	},
	members: func(_ Values, main *run.Spec) ([]run.Member, error) {
		var members []run.Member
		for _, c := range []struct {
			name      string
			overrides []string
		}{
			{"by layers", []string{"flow.metric=block-diagonal"}},
			{"damped", []string{"flow.damping=1e-4"}},
			{"K-FAC", []string{"flow.metric=kfac", "flow.damping=1e-3"}},
			{"diagonal", []string{"flow.metric=diagonal", "flow.damping=1e-3"}},
			{"gradient", []string{"flow.metric=euclidean"}},
			{"steps", []string{"ode.method=euler", "ode.step=1.0", "ode.output=[0.0,1.0,2.0,3.0,4.0,5.0]", "claims.monotone=violated", "claims.energy-identity=false"}},
		} {
			m, err := with(c.name, main, append(c.overrides, "claims.closed-form=false")...)
			if err != nil {
				return nil, err
			}
			members = append(members, m)
		}
		return members, nil
	},
	draw: drawSixPoints,
}

func init() { sixPoints.finish = finishSixPoints }

// Losses ½ mean (f − y)² at t = ½, 1, 2, 3, 4, and of whole steps at 1 … 5,
// computed independently.
var sixPointLosses = map[string][]string{
	"exact":     {"0.17267", "0.063523", "0.0085970", "0.0011635", "1.5746e-4"},
	"by layers": {"0.063523", "0.0085970", "1.5746e-4", "2.884e-6", "5.2822e-8"},
	"damped":    {"0.18094", "0.066736", "0.0090592", "0.0012291", "1.6672e-4"},
	"K-FAC":     {"0.1014", "0.021814", "0.0012954", "1.267e-4", "1.54e-5"},
	"diagonal":  {"0.18387", "0.16028", "0.11589", "0.080023", "0.057342"},
	"gradient":  {"0.22167", "0.22095", "0.22029", "0.21961", "0.21888"},
	"steps":     {"99.5", "14.4", "3.49", "0.00538", "8.86e-7"},
}

// gaussianConstant is what a normal density of variance 1 adds to ½(f − y)².
var gaussianConstant = .5 * math.Log(2*math.Pi)

func finishSixPoints(_ context.Context, _ Values, o *run.Outcome) error {
	if !sixPoints.isDefault(o) {
		return nil
	}
	for _, p := range solved(o) {
		times := []float64{.5, 1, 2, 3, 4}
		if p.Name == "steps" {
			times = []float64{1, 2, 3, 4, 5}
		}
		point := p.Point()
		for i, printed := range sixPointLosses[p.Name] {
			if err := point.At(p.Solution.At(nil, times[i])); err != nil {
				return err
			}
			mantissa, _, _ := strings.Cut(printed, "e")
			significant := len(strings.TrimLeft(strings.ReplaceAll(mantissa, ".", ""), "0"))
			digits(o, p.Name, fmt.Sprintf("½ mean (f − y)² at t = %g", times[i]), point.Value()-gaussianConstant, printed, significant)
		}
	}
	return nil
}

func drawSixPoints(_ context.Context, _ Values, o *run.Outcome) ([]drawing, error) {
	panel := &figure.Panel{X: "time t", Y: "½ mean (f − y)²", LogY: true, YRange: &figure.Range{Low: 1e-8, High: 300}}
	for i, p := range solved(o) {
		c := figure.Curve{Name: p.Name, Style: figure.Style{Color: i, Dash: i, Wide: i == 0}}
		for k, l := range p.Solution.Losses {
			if l > gaussianConstant {
				c.X, c.Y = append(c.X, p.Solution.Time(k)), append(c.Y, l-gaussianConstant)
			}
		}
		panel.Curves = append(panel.Curves, c)
	}
	f := &figure.Figure{
		Title: "More parameters than examples", Panels: []*figure.Panel{panel}, Height: 4.4,
		Caption: "The loss of a network of 33 parameters on six examples along each flow; the steps of Gauss and Newton's method are joined by lines.",
	}
	return []drawing{{"losses", f}}, nil
}
