package experiments

import (
	"context"
	"fmt"
	"math"

	"fisherflow/figure"
	"fisherflow/run"
)

// costShown are the items in figures, by colour.
var costShown = []string{"gradient", "diagonal", "K-FAC, factors", "K-FAC, precondition", "sample space", "block per layer, Cholesky", "full, Cholesky"}

func drawCost(_ context.Context, _ Values, o *run.Outcome) ([]drawing, error) {
	table := o.Result.Tables["costs"]
	if table == nil {
		return nil, nil
	}
	took := map[string]float64{}
	for _, t := range o.Measured {
		took[t.Member] = t.Solve.Seconds()
	}
	widest := 0.0
	for _, row := range table.Rows {
		widest = max(widest, float64(row[3].(int64)))
	}
	// Whole decades: labels of halves would touch.
	span := figure.Range{Low: 100, High: math.Pow(10, math.Ceil(math.Log10(widest)))}
	panels := func(y string, value func(row []any) float64) []*figure.Panel {
		var out []*figure.Panel
		for _, growing := range []string{"width", "depth"} {
			p := &figure.Panel{Title: "growing in " + growing, X: "parameters n", Y: y, LogX: true, LogY: true, XRange: &span}
			if growing == "depth" {
				p.Y = ""
			}
			for i, name := range costShown {
				c := figure.Curve{Name: name, Style: figure.Style{Color: i, Dash: i}}
				for _, row := range rowsOf(table, growing, name) {
					if v := value(row); v > 0 {
						c.X, c.Y = append(c.X, float64(row[3].(int64))), append(c.Y, v)
					}
				}
				if len(c.X) > 1 {
					p.Curves = append(p.Curves, c)
				}
			}
			out = append(out, p)
		}
		return out
	}
	number := func(column int) func([]any) float64 {
		return func(row []any) float64 { return float64(row[column].(run.Number)) }
	}
	drawings := []drawing{
		{"operations", &figure.Figure{
			Title: "Counted operations", Panels: panels("floating point operations", number(4)), Height: 4.4,
			Caption: "Operations counted in products, factorisations and solves against the number of parameters, on networks that grow in width and in depth. Steeper lines are higher orders in n.",
		}},
		{"bytes", &figure.Figure{
			Title: "Memory", Panels: panels("bytes", number(5)), Height: 4.4,
			Caption: "The memory that each structure holds, the network apart.",
		}},
	}
	if len(took) > 0 {
		drawings = append(drawings, drawing{"timing-cost", &figure.Figure{
			Title: "Measured times", Height: 4.4,
			Panels: panels("seconds", func(row []any) float64 {
				return took[fmt.Sprintf("%s, %s %d", row[1], row[0], row[2])]
			}),
			Caption: "The same in seconds on the machine that ran it, one measurement each.",
		}})
	}
	return drawings, nil
}
