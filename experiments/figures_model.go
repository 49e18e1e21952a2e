package experiments

import (
	"math"

	"fisherflow/figure"
	"fisherflow/run"
)

// modelFigures show what models learn: the loss and, for labels, the accuracy,
// on the data that they learn from and on those that they are tested on.
func modelFigures(o *run.Outcome, problems []*run.Problem) []drawing {
	drawings := []drawing{lossFigure(problems)}
	table := o.Result.Tables["learning"]
	if table == nil {
		return drawings
	}
	loss := &figure.Panel{X: "time t", Y: "mean loss", LogY: true}
	accuracy := &figure.Panel{X: "time t", Y: "accuracy"}
	styled := styles(problems)
	for i, p := range problems {
		for k, c := range []struct {
			column int
			panel  *figure.Panel
			name   string
		}{{2, loss, ", train"}, {4, loss, ", test"}, {3, accuracy, ", train"}, {5, accuracy, ", test"}} {
			curve := figure.Curve{Name: p.Name + c.name, Style: figure.Style{Color: styled[i].Color, Dash: k % 2}}
			for _, row := range table.Rows {
				x, ok1 := row[1].(run.Number)
				y, ok2 := row[c.column].(run.Number)
				if row[0] != p.Name || !ok1 || !ok2 || math.IsNaN(float64(y)) {
					continue
				}
				if c.panel == loss && y <= 0 {
					c.panel.LogY = false
				}
				curve.X, curve.Y = append(curve.X, float64(x)), append(curve.Y, float64(y))
			}
			if len(curve.X) > 0 {
				c.panel.Curves = append(c.panel.Curves, curve)
			}
		}
	}
	f := &figure.Figure{
		Title: "What the model learns", Height: 4,
		Caption: "The mean loss along each flow on the data that it learns from and, where there are any, on those that it is tested on; for labels also the share that it names right.",
	}
	for _, p := range []*figure.Panel{loss, accuracy} {
		if len(p.Curves) > 0 {
			f.Panels = append(f.Panels, p)
		}
	}
	if len(f.Panels) > 0 {
		drawings = append(drawings, drawing{"learning", f})
	}
	if p := problems[0]; p.Family.Dim() <= 8 {
		drawings = append(drawings, coordinateFigure(p))
	}
	return drawings
}
