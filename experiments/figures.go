package experiments

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"fisherflow/figure"
	"fisherflow/flow"
	"fisherflow/manifold"
	"fisherflow/metrics"
	"fisherflow/run"
)

// Figures draws an executed plan: an experiment as it asks to be shown, any
// other run by loss against time, trajectories and parameters. It is the
// function that run.Options.Figures wants; the formats are SVG and PNG.
func Figures(ctx context.Context, o *run.Outcome) ([]run.Figure, error) {
	return FiguresIn(ctx, o, "svg", "png")
}

// FiguresIn draws in the given formats.
func FiguresIn(ctx context.Context, o *run.Outcome, formats ...string) ([]run.Figure, error) {
	draw := drawRun
	if e, ok := Find(o.Plan.Spec.Experiment); ok && e.draw != nil {
		values := Values{}
		for _, p := range e.Parameters {
			values[p.Name] = p.Default
		}
		for name, v := range o.Plan.Spec.Parameters {
			values[name] = v
		}
		draw = func(ctx context.Context, o *run.Outcome) ([]drawing, error) { return e.draw(ctx, values, o) }
	}
	drawings, err := draw(ctx, o)
	if err != nil {
		return nil, err
	}
	var figures []run.Figure
	for _, d := range drawings {
		if err := ctx.Err(); err != nil {
			return figures, err
		}
		f := run.Figure{Name: d.name, Title: d.figure.Title, Caption: d.figure.Caption, Files: map[string][]byte{}}
		for _, format := range formats {
			if f.Files[format], err = d.figure.Bytes(format); err != nil {
				return figures, err
			}
		}
		figures = append(figures, f)
	}
	return figures, nil
}

// solved are the problems that have a solution of at least one step.
func solved(o *run.Outcome) []*run.Problem {
	var out []*run.Problem
	for _, p := range o.Problems {
		if p.Solution != nil && p.Solution.Trajectory != nil && p.Solution.Len() > 1 {
			out = append(out, p)
		}
	}
	return out
}

// drawRun draws what any run can be drawn by.
func drawRun(ctx context.Context, o *run.Outcome) ([]drawing, error) {
	if o.Problems[0].Training != nil {
		return trainingFigures(o), nil
	}
	problems := solved(o)
	if len(problems) == 0 {
		return nil, nil
	}
	drawings := []drawing{lossFigure(problems)}
	main := problems[0]
	if main.Model != nil {
		return modelFigures(o, problems), nil
	}
	switch n := main.Family.Dim(); {
	case n == 2:
		d, err := portraitFigure(problems)
		if err != nil {
			return nil, err
		}
		drawings = append(drawings, d)
		d, err = ellipseFigure(main)
		if err != nil {
			return nil, err
		}
		drawings = append(drawings, d)
	case n <= 8:
		drawings = append(drawings, coordinateFigure(main))
	}
	return drawings, nil
}

// drawFit adds the invariance gap to what any run shows.
func drawFit(ctx context.Context, _ Values, o *run.Outcome) ([]drawing, error) {
	drawings, err := drawRun(ctx, o)
	if err != nil || len(solved(o)) == 0 {
		return drawings, err
	}
	if d, ok := gapFigure(o); ok {
		drawings = append(drawings, d)
	}
	return drawings, nil
}

// styles tells the members apart: by colour for the metric and by dashes for
// the chart where that does it, one by one otherwise.
func styles(problems []*run.Problem) []figure.Style {
	var metricNames, charts []string
	index := func(list *[]string, name string) int {
		i := slices.Index(*list, name)
		if i < 0 {
			i = len(*list)
			*list = append(*list, name)
		}
		return i
	}
	out := make([]figure.Style, len(problems))
	seen := map[figure.Style]bool{}
	distinct := true
	for i, p := range problems {
		out[i] = figure.Style{Color: index(&metricNames, p.Spec.Flow.Metric), Dash: index(&charts, p.Spec.Flow.Chart)}
		distinct = distinct && !seen[out[i]]
		seen[out[i]] = true
	}
	for i := range out {
		if !distinct {
			out[i] = figure.Style{Color: i, Dash: i}
		} else if len(metricNames) > 1 {
			out[i].Wide = out[i].Color == 0
		}
	}
	return out
}

// zeroAtMinimum are the losses whose least value is zero.
var zeroAtMinimum = []string{"kl", "reverse-kl", "squared-distance"}

// lossFigure is the loss above its least value against time.
func lossFigure(problems []*run.Problem) drawing {
	same := true
	for _, p := range problems {
		same = same && p.Loss.Name() == problems[0].Loss.Name()
	}
	least, label := 0.0, "loss"
	if !slices.Contains(zeroAtMinimum, problems[0].Loss.Name()) || !same {
		least, label = math.Inf(1), "loss − least loss reached"
		for _, p := range problems {
			for _, l := range p.Solution.Losses {
				least = math.Min(least, l)
			}
		}
	}
	if !same {
		least, label = 0, "loss"
	}
	panel := &figure.Panel{X: "time t", Y: label, LogY: true}
	low, high := math.Inf(1), 0.0
	first, last := math.Inf(1), 0.0
	s := styles(problems)
	for i, p := range problems {
		c := figure.Curve{Name: p.Name, Style: s[i]}
		for k, l := range p.Solution.Losses {
			c.X = append(c.X, p.Solution.Time(k)-p.T0)
			c.Y = append(c.Y, l-least)
			if l > least {
				low, high = math.Min(low, l-least), math.Max(high, l-least)
			}
		}
		first, last = math.Min(first, c.X[1]), math.Max(last, c.X[len(c.X)-1])
		panel.Curves = append(panel.Curves, c)
	}
	if low < high {
		// Below rounding there is nothing to see.
		low = math.Max(low, 1e-15*high)
		panel.YRange = &figure.Range{Low: low / 2, High: high * 2}
	} else {
		panel.LogY = false
	}
	if !same && slices.ContainsFunc(problems, func(p *run.Problem) bool { return slices.Min(p.Solution.Losses) <= 0 }) {
		panel.LogY, panel.YRange = false, nil
	}
	f := &figure.Figure{
		Title: "Loss against time", Panels: []*figure.Panel{panel}, Height: 4,
		Caption: "The loss along each flow. Flows under the Fisher metric coincide in all charts.",
	}
	if slices.ContainsFunc(problems, func(p *run.Problem) bool { return p.Spec.Flow.Metric != problems[0].Spec.Flow.Metric }) {
		// Other metrics bring other scales of time: show early times as well.
		early := *panel
		early.X, early.LogX, early.Y = "time t (logarithmic)", true, ""
		early.XRange = &figure.Range{Low: math.Max(first, 1e-8*last), High: 1.3 * last}
		f.Panels = append(f.Panels, &early)
	}
	return drawing{"loss", f}
}

// secondChart is the chart beside the flow's in which trajectories are shown.
func secondChart(f manifold.Family, first string) string {
	for _, c := range []string{"mean-shape", "log-scale", "natural", "source"} {
		if c != first && slices.Contains(f.(manifold.Charted).Charts(), c) {
			return c
		}
	}
	return first
}

// portraitFigure shows the trajectories over the level sets of the loss and the
// vector field, in two charts side by side.
func portraitFigure(problems []*run.Problem) (drawing, error) {
	main := problems[0]
	f := &figure.Figure{
		Title: "Trajectories in two charts",
		Caption: fmt.Sprintf("Level sets of the loss (grey), the direction of the %s flow (arrows) and the trajectories, in two charts of the family. "+
			"Open circle: start; filled: end. Flows under the Fisher metric are one curve.", main.Spec.Flow.Metric),
		Height: 4,
	}
	for _, chart := range []string{main.Spec.Flow.Chart, secondChart(main.Family, main.Spec.Flow.Chart)} {
		p, err := portrait(problems, chart)
		if err != nil {
			return drawing{}, err
		}
		f.Panels = append(f.Panels, p)
	}
	return drawing{"trajectories", f}, nil
}

// path is a solution in another chart, at some hundreds of points.
func path(p *run.Problem, chart string) (x [][]float64, err error) {
	from, err := p.View()
	if err != nil {
		return nil, err
	}
	to, err := manifold.In(p.Family, chart)
	if err != nil {
		return nil, err
	}
	s := p.Solution
	n := p.Family.Dim()
	theta := make([]float64, n)
	add := func(state []float64) error {
		if err := from.Chart().ToSource(theta, state); err != nil {
			return err
		}
		xi := make([]float64, n)
		if err := to.Chart().FromSource(xi, theta); err != nil {
			return err
		}
		x = append(x, xi)
		return nil
	}
	// Evenly by Fisher length, since a flow may run most of its way in a small
	// part of its steps.
	const points = 400
	spacing := s.Lengths[s.Len()-1] / points
	last := math.Inf(-1)
	state := make([]float64, n)
	for i := range s.Len() - 1 {
		gap := s.Lengths[i+1] - s.Lengths[i]
		if s.Lengths[i]-last < spacing && gap < spacing {
			continue
		}
		last = s.Lengths[i]
		between := min(50, 1+int(gap/spacing))
		for k := range between {
			t := s.Time(i) + (s.Time(i+1)-s.Time(i))*float64(k)/float64(between)
			if err := add(s.At(state, t)); err != nil && !errors.Is(err, manifold.ErrDomain) {
				return nil, err
			}
		}
	}
	return x, add(s.Last())
}

func portrait(problems []*run.Problem, chart string) (*figure.Panel, error) {
	main := problems[0]
	view, err := manifold.In(main.Family, chart)
	if err != nil {
		return nil, err
	}
	names := view.Chart().Coordinates()
	panel := &figure.Panel{Title: chart + " chart", X: axisName(names[0]), Y: axisName(names[1])}
	var xs, ys []float64
	for i, s := range styles(problems) {
		x, err := path(problems[i], chart)
		if err != nil {
			return nil, err
		}
		c := figure.Curve{Name: problems[i].Name, Style: s}
		for _, p := range x {
			c.X, c.Y = append(c.X, p[0]), append(c.Y, p[1])
		}
		xs, ys = append(xs, c.X...), append(ys, c.Y...)
		panel.Curves = append(panel.Curves, c)
		panel.Marks = append(panel.Marks, figure.Mark{X: c.X[len(c.X)-1], Y: c.Y[len(c.Y)-1], Kind: figure.End, Color: s.Color})
	}
	panel.Marks = append(panel.Marks, figure.Mark{X: panel.Curves[0].X[0], Y: panel.Curves[0].Y[0], Kind: figure.Start, Color: 6})
	panel.XRange, panel.LogX = frame(xs)
	panel.YRange, panel.LogY = frame(ys)

	maker, _ := metrics.ByName(main.Spec.Flow.Metric)
	point, err := flow.InChart(main.Family, chart, main.Loss, maker)
	if err != nil {
		return nil, err
	}
	panel.Level = func(x, y float64) float64 {
		if point.At([]float64{x, y}) != nil {
			return math.NaN()
		}
		return point.Value()
	}
	v := make([]float64, 2)
	panel.Field = func(x, y float64) (float64, float64) {
		if point.At([]float64{x, y}) != nil {
			return math.NaN(), math.NaN()
		}
		point.Gradient(v)
		if point.Raise(v, v) != nil {
			return math.NaN(), math.NaN()
		}
		return -v[0], -v[1]
	}
	return panel, nil
}

// frame is the range of an axis around the values, logarithmic if they are
// positive and spread over more than a decade and a half.
func frame(values []float64) (*figure.Range, bool) {
	low, high := slices.Min(values), slices.Max(values)
	if low > 0 && high/low > 30 {
		m := math.Pow(high/low, 0.12)
		return &figure.Range{Low: low / m, High: high * m}, true
	}
	m := 0.15 * (high - low)
	if !(high-low > 1e-9*math.Max(math.Abs(low), math.Abs(high))) {
		// A coordinate that stands still, but for rounding.
		m = math.Max(0.1*math.Abs(high), 0.1)
	}
	r := &figure.Range{Low: low - m, High: high + m}
	if low > 0 && r.Low <= 0 {
		r.Low = low / 4
	}
	return r, false
}

// axisName turns a coordinate's name into a label.
func axisName(name string) string {
	for _, g := range []struct{ word, letter string }{
		{"mu", "μ"}, {"sigma", "σ"}, {"lambda", "λ"}, {"theta", "θ"}, {"eta", "η"}, {"tau", "τ"}, {"phi", "φ"},
	} {
		switch {
		case name == g.word:
			return g.letter
		case name == "log_"+g.word:
			return "log " + g.letter
		case strings.HasPrefix(name, g.word) && len(name) == len(g.word)+1:
			return g.letter + name[len(g.word):]
		}
	}
	return strings.ReplaceAll(strings.ReplaceAll(name, "E_", "E "), "_", " ")
}

// ellipseFigure shows unit balls of the metric along the main path.
func ellipseFigure(p *run.Problem) (drawing, error) {
	chart := p.Spec.Flow.Chart
	f := &figure.Figure{
		Title: "The metric along the path",
		Caption: "Ellipses of equal Fisher length around points of the path, in two charts: a step of that length changes the distribution " +
			"by the same amount wherever and in whatever direction it is made.",
		Height: 3.7,
	}
	for _, chart := range []string{chart, secondChart(p.Family, chart)} {
		panel, err := ellipses(p, chart)
		if err != nil {
			return drawing{}, err
		}
		f.Panels = append(f.Panels, panel)
	}
	return drawing{"metric", f}, nil
}

func ellipses(p *run.Problem, chart string) (*figure.Panel, error) {
	view, err := manifold.In(p.Family, chart)
	if err != nil {
		return nil, err
	}
	x, err := path(p, chart)
	if err != nil {
		return nil, err
	}
	names := view.Chart().Coordinates()
	panel := &figure.Panel{Title: chart + " chart", X: axisName(names[0]), Y: axisName(names[1])}
	c := figure.Curve{Name: p.Name, Style: figure.Style{}}
	for _, q := range x {
		c.X, c.Y = append(c.X, q[0]), append(c.Y, q[1])
	}
	panel.Curves = []figure.Curve{c}
	total := p.Solution.Lengths[len(p.Solution.Lengths)-1]
	radius := math.Min(total/10, 0.3)
	metric, err := metrics.ForFisher(view)
	if err != nil {
		return nil, err
	}
	const count = 9
	xs, ys := slices.Clone(c.X), slices.Clone(c.Y)
	// Evenly by Fisher length travelled.
	for k := range count {
		q, err := atLength(p, chart, total*float64(k)/(count-1))
		if err != nil {
			return nil, err
		}
		if err := metric.At(q); err != nil {
			return nil, err
		}
		var e [2][2]float64
		for i := range 2 {
			unit := make([]float64, 2)
			unit[i] = 1
			if err := metric.Lower(e[i][:], unit); err != nil {
				return nil, err
			}
		}
		ellipse := figure.Ellipse{X: q[0], Y: q[1], M11: e[0][0], M12: e[0][1], M22: e[1][1], Radius: radius, Style: figure.Style{Color: 4}}
		panel.Ellipses = append(panel.Ellipses, ellipse)
		det := e[0][0]*e[1][1] - e[0][1]*e[0][1]
		dx, dy := radius*math.Sqrt(e[1][1]/det), radius*math.Sqrt(e[0][0]/det)
		xs, ys = append(xs, q[0]-dx, q[0]+dx), append(ys, q[1]-dy, q[1]+dy)
	}
	panel.Marks = []figure.Mark{{X: c.X[0], Y: c.Y[0], Kind: figure.Start, Color: 0}, {X: c.X[len(c.X)-1], Y: c.Y[len(c.Y)-1], Kind: figure.End, Color: 0}}
	panel.XRange, panel.LogX = frame(xs)
	panel.YRange, panel.LogY = frame(ys)
	return panel, nil
}

// atLength is the point of a path, in a chart, that lies at a Fisher length
// from its start.
func atLength(p *run.Problem, chart string, length float64) ([]float64, error) {
	s := p.Solution
	i, found := slices.BinarySearch(s.Lengths, length)
	i = min(i, s.Len()-1)
	t := s.Time(i)
	if !found && i > 0 && s.Lengths[i] > s.Lengths[i-1] {
		t = s.Time(i-1) + (t-s.Time(i-1))*(length-s.Lengths[i-1])/(s.Lengths[i]-s.Lengths[i-1])
	}
	from, err := p.View()
	if err != nil {
		return nil, err
	}
	to, err := manifold.In(p.Family, chart)
	if err != nil {
		return nil, err
	}
	n := p.Family.Dim()
	theta, xi := make([]float64, n), make([]float64, n)
	if err := from.Chart().ToSource(theta, s.At(nil, t)); err != nil {
		return nil, err
	}
	return xi, to.Chart().FromSource(xi, theta)
}

// coordinateFigure shows the coordinates of the main flow against time.
func coordinateFigure(p *run.Problem) drawing {
	view, err := p.View()
	names := numbers(p.Family.Dim())
	if err == nil {
		names = view.Chart().Coordinates()
	}
	panel := &figure.Panel{X: "time t", Y: p.Spec.Flow.Chart + " coordinates"}
	for i, name := range names {
		c := figure.Curve{Name: axisName(name), Style: figure.Style{Color: i, Dash: i}}
		for _, t := range times(p) {
			c.X, c.Y = append(c.X, t), append(c.Y, p.Solution.At(nil, t)[i])
		}
		panel.Curves = append(panel.Curves, c)
	}
	return drawing{"coordinates", &figure.Figure{
		Title: "Coordinates against time", Panels: []*figure.Panel{panel}, Height: 3.8,
		Caption: fmt.Sprintf("The %s coordinates along the flow %s.", p.Spec.Flow.Chart, p.Name),
	}}
}

func numbers(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprint(i + 1)
	}
	return out
}

// times are some hundreds of times over a solution.
func times(p *run.Problem) []float64 {
	const n = 400
	a, b := p.Solution.Time(0), p.Solution.Time(p.Solution.Len()-1)
	out := make([]float64, n+1)
	for i := range out {
		out[i] = a + (b-a)*float64(i)/n
	}
	out[n] = b
	return out
}

// gapFigure draws the table that [sweepCharts] made.
func gapFigure(o *run.Outcome) (drawing, bool) {
	t, ok := o.Result.Tables[gapTable]
	if !ok {
		return drawing{}, false
	}
	panel := &figure.Panel{X: "tolerance (Fisher length)", Y: "largest distance between charts", LogX: true, LogY: true}
	orders := map[string]float64{}
	for _, row := range t.Rows {
		name := row[0].(string)
		i := slices.IndexFunc(panel.Curves, func(c figure.Curve) bool { return c.Name == name })
		if i < 0 {
			i = len(panel.Curves)
			panel.Curves = append(panel.Curves, figure.Curve{Name: name, Style: figure.Style{Color: i, Dash: i, Marker: true}})
		}
		c := &panel.Curves[i]
		c.X, c.Y = append(c.X, float64(row[1].(run.Number))), append(c.Y, float64(row[2].(run.Number)))
		orders[name] = float64(row[4].(run.Number))
	}
	for i, c := range panel.Curves {
		panel.Curves[i].Name = fmt.Sprintf("%s, order %.2f", c.Name, math.Abs(orders[c.Name]))
	}
	return drawing{"invariance", &figure.Figure{
		Title: "Invariance gap against tolerance", Panels: []*figure.Panel{panel}, Height: 3.9,
		Caption: "The largest intrinsic distance between the solutions in the charts, each integrated in its own coordinates. " +
			"Under the Fisher metric it is the solver's error and falls with the tolerance; under the Euclidean metric the solutions really differ.",
	}}, true
}
