package experiments

import (
	"context"
	"fmt"
	"math"

	"fisherflow/figure"
	"fisherflow/manifold"
	"fisherflow/run"
)

// drawHalfPlane shows the three ways in (μ, σ) and their losses.
func drawHalfPlane(ctx context.Context, _ Values, o *run.Outcome) ([]drawing, error) {
	problems := solved(o)
	if len(problems) == 0 || problems[0].Family.Name() != "normal" {
		return drawRun(ctx, o)
	}
	panel := &figure.Panel{X: "μ", Y: "σ"}
	names := map[string]string{"m-flow": "M: flow of KL(q‖p)", "e-flow": "E: flow of KL(p‖q)", "geodesic": "geodesic: flow of ½d²"}
	for i, p := range problems {
		x, err := path(p, "source")
		if err != nil {
			return nil, err
		}
		name := names[p.Name]
		if name == "" {
			name = p.Name
		}
		c := figure.Curve{Name: name, Style: figure.Style{Color: i, Dash: i}}
		for _, q := range x {
			c.X, c.Y = append(c.X, q[0]), append(c.Y, q[1])
		}
		panel.Curves = append(panel.Curves, c)
		// Where each is at the same times.
		marks := figure.Curve{Style: figure.Style{Color: i}, Points: true}
		for _, t := range []float64{0.5, 1, 2} {
			if t > p.Solution.Time(p.Solution.Len()-1) {
				continue
			}
			q := p.Solution.At(nil, t)
			theta := make([]float64, 2)
			view, err := p.View()
			if err != nil {
				return nil, err
			}
			if err := view.Chart().ToSource(theta, q); err != nil {
				return nil, err
			}
			marks.X, marks.Y = append(marks.X, theta[0]), append(marks.Y, theta[1])
		}
		panel.Curves = append(panel.Curves, marks)
	}
	first := panel.Curves[0]
	panel.Marks = []figure.Mark{
		{X: first.X[0], Y: first.Y[0], Kind: figure.Start, Color: 6},
		{X: first.X[len(first.X)-1], Y: first.Y[len(first.Y)-1], Kind: figure.Target},
	}
	panel.Words = []figure.Word{{X: first.X[0], Y: first.Y[0], Text: "p", DX: -11, DY: 4}, {X: first.X[len(first.X)-1], Y: first.Y[len(first.Y)-1], Text: "q"}}
	low := 0.0
	high := 0.0
	for _, c := range panel.Curves {
		for _, y := range c.Y {
			high = math.Max(high, y)
		}
	}
	panel.YRange = &figure.Range{Low: low, High: 1.12 * high}
	half := drawing{"half-plane", &figure.Figure{
		Title: "Three ways in the half-plane", Panels: []*figure.Panel{panel}, Height: 4.2,
		Caption: "From p (circle) to q (cross). Markers: t = ½, 1, 2. Along M the variance overshoots: the mixture of p and q is wider than both. " +
			"The geodesic is half of an ellipse centred on σ = 0; no flow of a divergence follows it.",
	}}
	loss := lossFigure(problems)
	loss.figure.Caption = "The loss of each flow: its own divergence, or half the squared distance. All end as e^(−2t)."
	rest, err := ellipseFigure(problems[0])
	if err != nil {
		return nil, err
	}
	return []drawing{half, loss, rest}, nil
}

// drawReplicator shows the probabilities of each flow against time.
func drawReplicator(ctx context.Context, _ Values, o *run.Outcome) ([]drawing, error) {
	problems := solved(o)
	if len(problems) == 0 || problems[0].Family.Name() != "categorical" {
		return drawRun(ctx, o)
	}
	f := &figure.Figure{
		Title: "Probabilities against time", Columns: len(problems), Height: 3.3,
		Caption: "The four probabilities along the replicator equation and along the flows of both divergences to q = (0.4, 0.3, 0.2, 0.1). " +
			"Under KL(q‖p) they move straight, under KL(p‖q) their logarithms do.",
	}
	titles := map[string]string{"replicator": "replicator", "reverse-kl": "KL(p‖q)", "kl": "KL(q‖p)"}
	for k, p := range problems {
		title := titles[p.Name]
		if title == "" {
			title = p.Name
		}
		panel := &figure.Panel{Title: title, X: "time t", YRange: &figure.Range{Low: 0, High: 1.0}}
		if k == 0 {
			panel.Y = "probability"
		}
		view, err := p.View()
		if err != nil {
			return nil, err
		}
		n := p.Family.Dim()
		theta := make([]float64, n)
		curves := make([]figure.Curve, n+1)
		for i := range curves {
			curves[i] = figure.Curve{Name: fmt.Sprintf("p%d", i+1), Style: figure.Style{Color: i, Dash: i}}
		}
		for _, t := range times(p) {
			if err := view.Chart().ToSource(theta, p.Solution.At(nil, t)); err != nil {
				return nil, err
			}
			last := 1.0
			for i, x := range theta {
				curves[i].X, curves[i].Y = append(curves[i].X, t), append(curves[i].Y, x)
				last -= x
			}
			curves[n].X, curves[n].Y = append(curves[n].X, t), append(curves[n].Y, last)
		}
		panel.Curves = curves
		f.Panels = append(f.Panels, panel)
	}
	games, err := drawGames(ctx)
	return []drawing{{"probabilities", f}, lossFigure(problems), games}, err
}

// drawStepGeometry shows the ratios of both kinds of steps, and the metric.
func drawStepGeometry(ctx context.Context, v Values, o *run.Outcome) ([]drawing, error) {
	problems := solved(o)
	if len(problems) == 0 {
		return nil, nil
	}
	family := problems[0].Family
	points := stepPoints(family.Name())
	all, err := steps(family, points, v.number("epsilon"))
	if err != nil {
		return nil, err
	}
	view, err := manifold.In(family, "source")
	if err != nil {
		return nil, err
	}
	names := view.Chart().Coordinates()
	euclidean := figure.Curve{Name: "Euclidean unit steps", Style: figure.Style{Color: 1}, Points: true}
	fisher := figure.Curve{Name: "Fisher unit steps", Style: figure.Style{Color: 0}, Points: true}
	panel := &figure.Panel{X: "KL(p‖p′) / (½ε²), one dot per direction", LogX: true}
	for i, theta := range points {
		panel.YNames = append(panel.YNames, fmt.Sprintf("%s = %g, %s = %g", axisName(names[0]), theta[0], axisName(names[1]), theta[1]))
		for _, s := range all[i*stepDirections : (i+1)*stepDirections] {
			euclidean.X, euclidean.Y = append(euclidean.X, s.euclidean), append(euclidean.Y, float64(i))
			fisher.X, fisher.Y = append(fisher.X, s.fisher), append(fisher.Y, float64(i))
		}
	}
	panel.Curves = []figure.Curve{euclidean, fisher}
	panel.YRange = &figure.Range{Low: -0.6, High: float64(len(points)) - 0.4}
	strip := drawing{"steps", &figure.Figure{
		Title: "What a unit step does", Panels: []*figure.Panel{panel}, Height: 3.8,
		Caption: fmt.Sprintf("Divergence from p to p′ = p_{θ+εv} for unit vectors v in %d directions at %d members of the %s family. "+
			"A Euclidean unit step may do anything; a Fisher unit step does the same everywhere.", stepDirections, len(points), family.Name()),
	}}
	metric, err := ellipseFigure(problems[0])
	if err != nil {
		return nil, err
	}
	return []drawing{strip, metric, lossFigure(problems)}, nil
}
