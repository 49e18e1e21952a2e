package experiments

import (
	"context"
	"math"

	"fisherflow/figure"
	"fisherflow/run"
)

// qualityShown are the members in figures, of as many colours.
var qualityShown = []string{"exact", "exact + λI", "block per layer", "K-FAC", "EKFAC", "diagonal", "empirical"}

func qualityStyle(name string) (figure.Style, bool) {
	for i, n := range qualityShown {
		if n == name {
			return figure.Style{Color: i, Dash: i, Wide: i == 0}, true
		}
	}
	return figure.Style{}, false
}

func drawQuality(_ context.Context, _ Values, o *run.Outcome) ([]drawing, error) {
	byTime := &figure.Panel{X: "time t", Y: "mean loss", LogY: true}
	byLength := &figure.Panel{X: "Fisher arclength", LogY: true}
	longest := 0.0
	for _, p := range solved(o) {
		style, ok := qualityStyle(p.Name)
		if !ok {
			continue
		}
		path, err := measurePath(p)
		if err != nil {
			return nil, err
		}
		if p.Name == "exact" {
			longest = path.length[len(path.length)-1]
		}
		byTime.Curves = append(byTime.Curves, figure.Curve{Name: p.Name, X: path.times, Y: path.losses, Style: style})
		byLength.Curves = append(byLength.Curves, figure.Curve{Name: p.Name, X: path.length, Y: path.losses, Style: style})
	}
	if len(byTime.Curves) == 0 {
		return nil, nil
	}
	low := math.Inf(1)
	for _, y := range byTime.Curves[0].Y {
		low = math.Min(low, y)
	}
	for _, p := range []*figure.Panel{byTime, byLength} {
		p.YRange = &figure.Range{Low: low / 3, High: 4}
	}
	byLength.XRange = &figure.Range{Low: 0, High: 1.5 * longest}
	drawings := []drawing{{"clock", &figure.Figure{
		Title: "Approximate metrics change the clock", Panels: []*figure.Panel{byTime, byLength}, Height: 4.2,
		Caption: "The loss against time, where approximations seem to beat the exact flow because they run faster, and against the Fisher arclength travelled, where the exact flow is the steepest way down.",
	}}}
	table := o.Result.Tables["directions"]
	if table == nil {
		return drawings, nil
	}
	f := &figure.Figure{
		Title: "Angle and length of approximate steps", Height: 6.6, Columns: 2,
		Caption: "The cosine of the angle to the exact step and the ratio of the lengths, both in the exact Fisher metric, against the damping λ: at the start (above) and late in the flow (below).",
	}
	for _, where := range []string{"start", "late"} {
		angle := &figure.Panel{X: "damping λ", Y: "cosine, " + where, LogX: true, YRange: &figure.Range{Low: 0, High: 1.03}}
		length := &figure.Panel{X: "damping λ", Y: "length ratio, " + where, LogX: true, LogY: true}
		for _, name := range qualityShown[1:] {
			style, _ := qualityStyle(name)
			a, l := figure.Curve{Name: name, Style: style}, figure.Curve{Name: name, Style: style}
			for _, row := range rowsOf(table, where, name) {
				x := float64(row[2].(run.Number))
				a.X, a.Y = append(a.X, x), append(a.Y, float64(row[3].(run.Number)))
				l.X, l.Y = append(l.X, x), append(l.Y, float64(row[4].(run.Number)))
			}
			angle.Curves, length.Curves = append(angle.Curves, a), append(length.Curves, l)
		}
		f.Panels = append(f.Panels, angle, length)
	}
	return append(drawings, drawing{"directions", f}), nil
}
