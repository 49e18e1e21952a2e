package experiments

import (
	"context"
	"fmt"
	"html/template"
	"math"

	"fisherflow/descent"
	"fisherflow/figure"
	"fisherflow/flow"
	"fisherflow/internal/legacy"
	"fisherflow/manifold"
	"fisherflow/ode"
	"fisherflow/run"
)

// higherOrderInvariance compares step rules in several parametrizations.
var higherOrderInvariance = &Experiment{
	Name:  "higher-order-invariance",
	Title: "What a geodesic correction buys",
	Summary: "The flow does not depend on the parametrization; a step of the natural gradient does, and less so if it follows a geodesic. " +
		"A gamma distribution is fitted with steps of one half in four parametrizations by five step rules and by the flow itself.",
	Equations: []string{
		"natural-gradient: x − h d;  natural-midpoint: x − h d(x − h/2 d);  d = I⁻¹∇L",
		"geodesic-correction: x − h d − h²/2 Γ(d, d);  fast: Γ(v, v) with the velocity v of the step before",
		"geodesic-euler: exp_x(−h d)",
		"shape and rate are a and b; a and 1/b; a and b³; a² and b²",
	},
	Markup: []template.HTML{
		`natural-gradient: <i>x</i> − <i>h</i> <i>d</i>; &ensp; natural-midpoint: <i>x</i> − <i>h</i> <i>d</i>(<i>x</i> − <i>h</i>/2 <i>d</i>); &ensp; <i>d</i> = <i>I</i>⁻¹∇<i>L</i>`,
		`geodesic-correction: <i>x</i> − <i>h</i> <i>d</i> − <i>h</i>²/2 Γ(<i>d</i>, <i>d</i>); &ensp; fast: Γ(<i>v</i>, <i>v</i>) with the velocity <i>v</i> of the step before`,
		`geodesic-euler: exp<sub><i>x</i></sub>(−<i>h</i> <i>d</i>)`,
		`shape and rate are <i>a</i> and <i>b</i>; <i>a</i> and 1/<i>b</i>; <i>a</i> and <i>b</i>³; <i>a</i>² and <i>b</i>²`,
	},
	Parameters: []Parameter{{Name: "step", Default: 0.5, Help: "step size h; ten steps are made"}},
	Source:     "Song, Song & Ermon 2018, figure 2",
	Headline:   "geodesic-correction: spread over parametrizations",
	Citations:  []string{citeSong},
	main:       "flow",
	base: func(v Values) string {
		_, _, mle := gammaDraws()
		times := ""
		for k := range 11 {
			times += fmt.Sprintf("%.17g, ", float64(k)*v.number("step"))
		}
		return fmt.Sprintf(`[family]
name = "gamma"
[loss]
kind = "kl"
target = { at = [%.17g, %.17g] }
[flow]
chart = "source"
start = { at = [1.0, 1.0] }
time = [0.0, %.17g]
[ode]
method = "dopri5"
rtol = 1e-12
atol = 1e-14
output = [%s]
[claims]
monotone = true
energy-identity = true
closed-form = true
`, mle[0], mle[1], 10*v.number("step"), times)
	},
}

const citeSong = `@inproceedings{song2018accelerating,
  author    = {Song, Yang and Song, Jiaming and Ermon, Stefano},
  title     = {Accelerating Natural Gradient with Higher-Order Invariance},
  booktitle = {International Conference on Machine Learning},
  series    = {Proceedings of Machine Learning Research},
  volume    = {80},
  pages     = {4713--4722},
  year      = {2018}
}`

func init() {
	higherOrderInvariance.finish, higherOrderInvariance.draw = finishInvariance, drawInvariance
}

// gammaDraws are the mean and the mean logarithm of the published 10 000 draws
// of shape 20 and rate 20, numpy.random.seed(1234), and the shape and rate that
// are most likely.
func gammaDraws() (mean, meanLog float64, mle [2]float64) {
	source := legacy.New(1234)
	const n = 10_000
	for range n {
		x := source.Gamma(20, 1.0/20)
		mean += x
		meanLog += math.Log(x)
	}
	mean, meanLog = mean/n, meanLog/n
	chart, _ := manifold.Gamma{}.Chart("expectation")
	if err := chart.ToSource(mle[:], []float64{meanLog, mean}); err != nil {
		panic(err) // the draws are fixed
	}
	return mean, meanLog, mle
}

// nll is the negative log-likelihood of the published draws.
func nll(theta []float64, mean, meanLog float64) float64 {
	lg, _ := math.Lgamma(theta[0])
	return lg - theta[0]*math.Log(theta[1]) - (theta[0]-1)*meanLog + theta[1]*mean
}

// parametrizations of the gamma family, all at a = b = 1 to begin with.
var parametrizations = []struct {
	name string
	gammaPowers
}{{"identity", gammaPowers{1, 1}}, {"1/β", gammaPowers{1, -1}}, {"β³", gammaPowers{1, 3}}, {"squares", gammaPowers{2, 2}}}

// invarianceRules are the rules with the published spread of the loss over the
// parametrizations, and the orders of accuracy and invariance; 0 is none but
// rounding.
var invarianceRules = []struct {
	name                 string
	spread               string
	accuracy, invariance float64
}{
	{"natural-gradient", ".1650", 1, 1}, {"natural-midpoint", ".0349", 2, 2}, {"geodesic-correction", ".0116", 1, 2},
	{"geodesic-correction-fast", ".0968", 1, 2}, {"rk4", ".0037", 4, 4}, {"geodesic-euler", "0", 1, 0},
}

// publishedLosses are after 2, 4, 6, 8 and 10 steps.
var publishedLosses = []struct {
	rule, parametrization string
	loss                  [5]float64
}{
	{"natural-gradient", "identity", [5]float64{.63388, .31519, .07813, -.05266, -.09622}},
	{"natural-gradient", "1/β", [5]float64{.68909, .41488, .19907, .04282, -.05198}},
	{"natural-gradient", "β³", [5]float64{.63938, .33360, .10732, -.02910, -.08769}},
	{"natural-gradient", "squares", [5]float64{.60313, .26640, .03413, -.07368, -.10078}},
	{"natural-midpoint", "identity", [5]float64{.57446, .22885, .01248, -.07643, -.09938}},
	{"natural-midpoint", "1/β", [5]float64{.57938, .24944, .04297, -.05661, -.09241}},
	{"geodesic-correction", "identity", [5]float64{.56903, .21625, -.00430, -.08739, -.10289}},
	{"geodesic-correction", "squares", [5]float64{.56152, .20586, -.01105, -.08921, -.10311}},
	{"geodesic-correction-fast", "1/β", [5]float64{.58031, .23220, .03716, .00713, -.08942}},
	{"geodesic-euler", "identity", [5]float64{.55781, .20112, -.01393, -.08995, -.10319}},
	{"geodesic-euler", "β³", [5]float64{.55781, .20112, -.01393, -.08995, -.10319}},
}

// gammaSteps are the members that n steps of a rule up to time end pass through,
// in source coordinates.
func gammaSteps(ctx context.Context, rule string, c gammaPowers, target, start [2]float64, end float64, n int) ([][]float64, error) {
	loss, err := flow.KL(manifold.Gamma{}, target[:])
	if err != nil {
		return nil, err
	}
	family := manifold.WithChart(manifold.Gamma{}, "powers", func() manifold.Chart { return c })
	f, err := flow.OnFamily(family, "powers", loss, nil)
	if err != nil {
		return nil, err
	}
	m, ok := descent.MethodByName(rule)
	if !ok {
		return nil, fmt.Errorf("no method is called %q", rule)
	}
	x := make([]float64, 2)
	if err := c.FromSource(x, start[:]); err != nil {
		return nil, err
	}
	s, err := flow.Solve(ctx, f, x, 0, end, &flow.Settings{ODE: ode.Settings{Method: m, Step: end / float64(n)}, Detail: flow.Off})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", rule, err)
	}
	var points [][]float64
	for k := range s.Len() {
		theta := make([]float64, 2)
		if err := c.ToSource(theta, s.State(k)[:2]); err != nil {
			return nil, err
		}
		points = append(points, theta)
	}
	return points, nil
}

func finishInvariance(ctx context.Context, v Values, o *run.Outcome) error {
	mean, meanLog, mle := gammaDraws()
	h := v.number("step")
	standard := higherOrderInvariance.isDefault(o)
	if standard {
		// Sums of 10 000 terms round by so much.
		reference(o, "flow", "mean of the draws", mean, 1.0056316359665305, 2e-14)
		reference(o, "flow", "mean logarithm of the draws", meanLog, -0.018847442111271494, 2e-14)
		reference(o, "flow", "most likely shape", mle[0], 20.604087409428345, 1e-11)
		reference(o, "flow", "most likely rate", mle[1], 20.48870249554688, 1e-11)
		reference(o, "flow", "least loss", nll(mle[:], mean, meanLog), -.10456590504228558, 4e-13)
	}
	t := run.NewTable("rule", "parametrization", "step", "loss")
	for _, rule := range invarianceRules {
		var low, high [11]float64
		for i, c := range parametrizations {
			points, err := gammaSteps(ctx, rule.name, c.gammaPowers, mle, [2]float64{1, 1}, 10*h, 10)
			if err != nil {
				return err
			}
			for k, theta := range points {
				l := nll(theta, mean, meanLog)
				t.Add(rule.name, c.name, k, l)
				if i == 0 {
					low[k], high[k] = l, l
				}
				low[k], high[k] = math.Min(low[k], l), math.Max(high[k], l)
			}
			if !standard {
				continue
			}
			for _, p := range publishedLosses {
				if p.rule == rule.name && p.parametrization == c.name {
					for k, want := range p.loss {
						reference(o, rule.name, fmt.Sprintf("%s: loss after %d steps", c.name, 2*k+2), nll(points[2*k+2], mean, meanLog), want, 5.001e-6)
					}
				}
			}
		}
		spread := 0.0
		for k := range low {
			spread = math.Max(spread, high[k]-low[k])
		}
		if standard {
			bound := 5.001e-5
			if rule.invariance == 0 {
				bound = 1e-13
			}
			reference(o, rule.name, "spread over parametrizations", spread, parse(rule.spread), bound)
		}
	}
	o.Result.AddTable("steps", t)
	if !standard {
		return nil
	}
	for k, want := range []float64{.56605, .21916, .00763, -.07776, -.09977} {
		p := o.Problems[0]
		x := p.Solution.At(nil, float64(k+1)*2*h)
		reference(o, "flow", fmt.Sprintf("loss at the time of %d steps", 2*k+2), nll(x[:2], mean, meanLog), want, 5.001e-6)
	}
	return invarianceOrders(ctx, o)
}

// invarianceOrders fits the orders on KL(Gamma(4, 2)‖p) from shape 2 and rate 1, to
// t = 2.
func invarianceOrders(ctx context.Context, o *run.Outcome) error {
	target, start := [2]float64{4, 2}, [2]float64{2, 1}
	loss, err := flow.KL(manifold.Gamma{}, target[:])
	if err != nil {
		return err
	}
	exact := make([]float64, 2)
	if err := loss.(flow.Integrable).Exact(exact, start[:], 2); err != nil {
		return err
	}
	t := run.NewTable("rule", "steps", "distance to the flow", "distance between parametrizations")
	for _, rule := range invarianceRules {
		var errs, gaps []float64
		for n := 16; n <= 256; n *= 2 {
			var ends [][]float64
			gap := 0.0
			for _, c := range parametrizations {
				points, err := gammaSteps(ctx, rule.name, c.gammaPowers, target, start, 2, n)
				if err != nil {
					return err
				}
				end := points[len(points)-1]
				for _, other := range ends {
					gap = math.Max(gap, math.Hypot(end[0]-other[0], end[1]-other[1]))
				}
				ends = append(ends, end)
			}
			errs = append(errs, math.Hypot(ends[0][0]-exact[0], ends[0][1]-exact[1]))
			gaps = append(gaps, gap)
			t.Add(rule.name, n, errs[len(errs)-1], gap)
		}
		last := len(errs) - 1
		reference(o, rule.name, "order of accuracy", math.Log2(errs[last-1]/errs[last]), rule.accuracy, 0.05)
		if rule.invariance == 0 {
			reference(o, rule.name, "distance between parametrizations", gaps[last], 0, 1e-13)
		} else {
			reference(o, rule.name, "order of invariance", math.Log2(gaps[last-1]/gaps[last]), rule.invariance, 0.05)
		}
	}
	o.Result.AddTable("orders", t)
	return nil
}

func drawInvariance(_ context.Context, v Values, o *run.Outcome) ([]drawing, error) {
	mean, meanLog, _ := gammaDraws()
	steps := &figure.Figure{
		Title: "Loss step by step, in four parametrizations", Columns: 2, Height: 6.2,
		Caption: "Negative log-likelihood against the number of steps. The flow and the steps along geodesics are the same in every panel; the natural gradient is not.",
	}
	for i, c := range parametrizations {
		panel := &figure.Panel{Title: c.name, X: "step", XRange: &figure.Range{Low: 0, High: 10}}
		if i%2 == 0 {
			panel.Y = "loss"
		}
		exact := figure.Curve{Name: "flow", Style: figure.Style{Color: 0, Dash: 1, Wide: true}}
		for k := range 101 {
			s := float64(k) / 10
			x := o.Problems[0].Solution.At(nil, s*v.number("step"))
			exact.X, exact.Y = append(exact.X, s), append(exact.Y, nll(x[:2], mean, meanLog))
		}
		panel.Curves = append(panel.Curves, exact)
		for k, rule := range invarianceRules {
			if rule.name == "rk4" {
				continue
			}
			curve := figure.Curve{Name: rule.name, Style: figure.Style{Color: k + 1, Dash: k, Marker: rule.name != "geodesic-euler"}}
			for _, row := range o.Result.Tables["steps"].Rows {
				if row[0] == rule.name && row[1] == c.name {
					curve.X, curve.Y = append(curve.X, cellNumber(row[2])), append(curve.Y, cellNumber(row[3]))
				}
			}
			panel.Curves = append(panel.Curves, curve)
		}
		steps.Panels = append(steps.Panels, panel)
	}
	drawings := []drawing{{"steps", steps}}
	t, ok := o.Result.Tables["orders"]
	if !ok {
		return drawings, nil
	}
	orders := &figure.Figure{
		Title: "Orders of accuracy and of invariance", Columns: 2, Height: 3.9,
		Caption: "Left, the distance from the exact flow at t = 2; right, the greatest distance between the parametrizations. A geodesic correction buys invariance, not accuracy; steps along geodesics differ by rounding alone.",
	}
	for side, y := range []string{"distance to the flow", "distance between parametrizations"} {
		panel := &figure.Panel{X: "step h", Y: y, LogX: true, LogY: true}
		for k, rule := range invarianceRules {
			curve := figure.Curve{Name: rule.name, Style: figure.Style{Color: k + 1, Dash: k, Marker: true}}
			for _, row := range t.Rows {
				if row[0] == rule.name {
					curve.X, curve.Y = append(curve.X, 2/cellNumber(row[1])), append(curve.Y, math.Max(cellNumber(row[2+side]), 1e-17))
				}
			}
			panel.Curves = append(panel.Curves, curve)
		}
		orders.Panels = append(orders.Panels, panel)
	}
	return append(drawings, drawing{"orders", orders}), nil
}
