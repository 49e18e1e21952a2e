package experiments

import (
	"context"
	"fmt"
	"html/template"
	"strings"

	"fisherflow/figure"
	"fisherflow/run"
)

// duallyFlat is the flow of both divergences on six exponential families,
// each in coordinates in which it is nonlinear.
var duallyFlat = &Experiment{
	Name:  "dually-flat",
	Title: "Gradient flows on dually flat families are linear",
	Summary: "On an exponential family the Fisher flow of KL(q‖p) is linear in expectation coordinates and that of KL(p‖q) in natural ones, at unit rate, whatever the family. " +
		"Both are integrated on six families in their usual parameters, where they are nonlinear, and compared with their closed forms.",
	Equations: []string{
		"M: L = KL(q‖p),  η(t) = η* + e^{−t}(η₀ − η*)",
		"E: L = KL(p‖q),  θ(t) = θ* + e^{−t}(θ₀ − θ*)",
	},
	Markup: []template.HTML{
		`M: <i>L</i> = KL(<i>q</i>‖<i>p</i>), &ensp; <i>η</i>(<i>t</i>) = <i>η</i>* + e<sup>−<i>t</i></sup>(<i>η</i>₀ − <i>η</i>*)`,
		`E: <i>L</i> = KL(<i>p</i>‖<i>q</i>), &ensp; <i>θ</i>(<i>t</i>) = <i>θ</i>* + e<sup>−<i>t</i></sup>(<i>θ</i>₀ − <i>θ</i>*)`,
	},
	Source:    "Nakamura 1993; Fujiwara & Amari 1995",
	Headline:  "normal M: loss at t = 2",
	Citations: []string{citeNakamura, citeFujiwaraAmari},
	main:      flatFlows[0].member("M"),
	base: func(Values) string {
		return flatFlows[0].text("kl") + `[ode]
method = "dop853"
rtol = 1e-12
atol = 1e-15
output = [0.0, 0.5, 1.0, 2.0, 4.0, 8.0]
[claims]
monotone = true
energy-identity = true
closed-form = true
`
	},
	members: func(_ Values, main *run.Spec) ([]run.Member, error) {
		var members []run.Member
		for k, f := range flatFlows {
			for i, kind := range []string{"kl", "reverse-kl"} {
				if k == 0 && i == 0 {
					continue // the main member
				}
				s, err := run.Parse("dually-flat", []byte(f.text(kind)), nil)
				if err != nil {
					return nil, err
				}
				s.Seed, s.ODE, s.Claims, s.Flow.Time, s.Flow.Certificate = main.Seed, main.ODE, main.Claims, main.Flow.Time, main.Flow.Certificate
				members = append(members, run.Member{Name: f.member([]string{"M", "E"}[i]), Spec: s})
			}
		}
		return members, nil
	},
}

func init() { duallyFlat.finish, duallyFlat.draw = finishDuallyFlat, drawDuallyFlat }

// A flatFlow is a family with a start, a target and the losses of both flows
// at the output times, computed independently.
type flatFlow struct {
	name, family, start, target string
	m, e                        string
}

var flatFlows = []flatFlow{
	{"normal", `name = "normal"`, "[-2.0, 2.0]", "[1.0, 0.5]",
		"2.04254 1.34504 1.04752 .604553 .0899731 7.34964e-5", "24.1137 .377694 .0739256 .00650686 9.98494e-5 3.26549e-8"},
	{"gamma", `name = "gamma"`, "[1.0, 0.5]", "[4.0, 2.0]",
		".362888 .227258 .130141 .0323085 9.13603e-4 3.3195e-7", ".978229 .127974 .0320709 .00323104 5.20442e-5 1.71342e-8"},
	{"poisson", `name = "poisson"`, "[0.5]", "[7.0]",
		"11.9734 1.85562 .534407 .0603903 .00102401 3.39686e-7", "5.18047 3.327 1.77465 .353137 .00791851 2.74156e-6"},
	{"bernoulli", `name = "bernoulli"`, "[0.2]", "[0.9]",
		"1.14573 .408619 .175946 .0334539 8.4996e-4 3.0592e-7", "1.36274 .497872 .14486 .0135961 2.00736e-4 6.50727e-8"},
	{"dirichlet", "name = \"dirichlet\"\nk = 3", "[0.5, 4.0, 1.0]", "[3.0, 2.0, 1.0]",
		"3.10899 .99684 .589047 .195382 .00819504 3.29143e-6", "5.7259 1.09269 .353028 .0456401 8.37594e-4 2.81482e-7"},
	{"bivariate normal", "name = \"multivariate-normal\"\ndim = 2", "[0.0, 0.0, 1.0, 0.0, 1.0]", "[1.0, -1.0, 2.0, 0.8, 1.0]",
		"1.34626 .461693 .232001 .0585391 .00183472 6.85169e-7", "1.94786 .481763 .158065 .0215252 4.19906e-4 1.4288e-7"},
}

func (f flatFlow) member(flow string) string { return f.name + " " + flow }

func (f flatFlow) text(kind string) string {
	return fmt.Sprintf(`[family]
%s
[loss]
kind = %q
target = { chart = "source", at = %s }
[flow]
chart = "source"
metric = "fisher"
start = { chart = "source", at = %s }
time = [0.0, 8.0]
`, f.family, kind, f.target, f.start)
}

func finishDuallyFlat(_ context.Context, _ Values, o *run.Outcome) error {
	t := run.NewTable("family", "flow", "t", "loss")
	published := duallyFlat.isDefault(o)
	for _, f := range flatFlows {
		for _, c := range []struct{ flow, printed string }{{"M", f.m}, {"E", f.e}} {
			p := problem(o, f.member(c.flow))
			if p == nil || p.Solution == nil || p.Err != nil {
				continue
			}
			value := lossOf(p.Point())
			printed := strings.Fields(c.printed)
			for k, at := range p.Spec.ODE.Output {
				loss := value(p.Solution.At(nil, at))
				t.Add(f.name, c.flow, at, loss)
				if published && k < len(printed) {
					digits(o, p.Name, fmt.Sprintf("loss at t = %g", at), loss, printed[k], 6)
				}
			}
		}
	}
	o.Result.AddTable("losses", t)
	return nil
}

// drawDuallyFlat shows the losses of both flows on all families, and the paths
// on one of them in three charts.
func drawDuallyFlat(ctx context.Context, _ Values, o *run.Outcome) ([]drawing, error) {
	losses := &figure.Figure{
		Title: "Losses of both flows", Height: 4.1,
		Caption: "The divergence along its own flow on six exponential families. All end as e^(−2t); how they begin is the family's affair.",
	}
	for i, flow := range []string{"M", "E"} {
		panel := &figure.Panel{Title: []string{"M: flow of KL(q‖p)", "E: flow of KL(p‖q)"}[i], X: "time t", LogY: true, YRange: &figure.Range{Low: 1e-8, High: 100}}
		if i == 0 {
			panel.Y = "divergence"
		}
		for k, f := range flatFlows {
			p := problem(o, f.member(flow))
			if p == nil || p.Solution == nil || p.Solution.Trajectory == nil {
				continue
			}
			value := lossOf(p.Point())
			c := figure.Curve{Name: f.name, Style: figure.Style{Color: k, Dash: k}}
			for _, at := range times(p) {
				c.X, c.Y = append(c.X, at), append(c.Y, value(p.Solution.At(nil, at)))
			}
			panel.Curves = append(panel.Curves, c)
		}
		losses.Panels = append(losses.Panels, panel)
	}
	paths := &figure.Figure{
		Title: "Both flows in three charts", Columns: 3, Height: 3.2,
		Caption: "Normal distributions, from p (circle) to q (cross): M is straight in expectation coordinates, E in natural ones, neither in mean and standard deviation.",
	}
	for k, chart := range []string{"source", "expectation", "natural"} {
		panel := &figure.Panel{Title: []string{"usual", "expectation", "natural"}[k]}
		labels := [][2]string{{"μ", "σ"}, {"E x", "E x²"}, {"θ1", "θ2"}}[k]
		panel.X, panel.Y = labels[0], labels[1]
		for i, flow := range []string{"M", "E"} {
			p := problem(o, flatFlows[0].member(flow))
			if p == nil || p.Solution == nil || p.Solution.Trajectory == nil {
				continue
			}
			x, err := path(p, chart)
			if err != nil {
				return nil, err
			}
			c := figure.Curve{Name: flow, Style: figure.Style{Color: i, Dash: i}}
			for _, q := range x {
				c.X, c.Y = append(c.X, q[0]), append(c.Y, q[1])
			}
			panel.Curves = append(panel.Curves, c)
			n := len(c.X) - 1
			panel.Marks = []figure.Mark{{X: c.X[0], Y: c.Y[0], Kind: figure.Start, Color: 6}, {X: c.X[n], Y: c.Y[n], Kind: figure.Target}}
		}
		paths.Panels = append(paths.Panels, panel)
	}
	return []drawing{{"losses", losses}, {"charts", paths}}, ctx.Err()
}
