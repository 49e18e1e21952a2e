package experiments

import (
	"math"

	"fisherflow/figure"
	"fisherflow/run"
)

// trainingFigures show what trainings bring: the loss and, for labels, the
// share of wrong ones, on the data that is learnt from and that of the test.
func trainingFigures(o *run.Outcome) []drawing {
	loss := &figure.Panel{X: "steps", Y: "mean loss", LogY: true}
	wrong := &figure.Panel{X: "steps", Y: "share of wrong labels"}
	for i, p := range o.Problems {
		if p.Training == nil || len(p.Training.Learned) < 2 {
			continue
		}
		for k, c := range []struct {
			panel *figure.Panel
			name  string
			of    func(run.Learned) float64
		}{
			{loss, ", train", trainLoss},
			{loss, ", test", func(l run.Learned) float64 { return l.TestLoss }},
			{wrong, ", train", func(l run.Learned) float64 { return 1 - l.TrainAccuracy }},
			{wrong, ", test", testError},
		} {
			curve := figure.Curve{Name: p.Name + c.name, Style: figure.Style{Color: i, Dash: k % 2}}
			for _, l := range p.Training.Learned {
				y := c.of(l)
				if math.IsNaN(y) {
					continue
				}
				if c.panel == loss && y <= 0 {
					loss.LogY = false
				}
				curve.X, curve.Y = append(curve.X, float64(l.Step)), append(curve.Y, y)
			}
			if len(curve.X) > 1 {
				c.panel.Curves = append(c.panel.Curves, curve)
			}
		}
	}
	f := &figure.Figure{
		Title: "What the model learns", Height: 4,
		Caption: "The mean loss against the number of steps on the data that the model learns from and, where there are any, on those that it is tested on; for labels also the share that it names wrongly.",
	}
	for _, p := range []*figure.Panel{loss, wrong} {
		if len(p.Curves) > 0 {
			f.Panels = append(f.Panels, p)
		}
	}
	if len(f.Panels) == 0 {
		return nil
	}
	return []drawing{{"learning", f}}
}
