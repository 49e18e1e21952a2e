package main

import (
	"fmt"
	"math"

	"fisherflow/figure"
	"fisherflow/ode"
	"fisherflow/ode/internal/problem"
)

// plotted are the problems of the work–precision figure and the methods that are
// compared on them.
var plotted = []struct {
	problem, title string
	methods        []ode.Method
}{
	{"lorenz", "Lorenz, n = 3", explicit},
	{"arenstorf", "Arenstorf, n = 4", explicit},
	{"pleiades", "Pleiades, n = 28", explicit},
	{"heat1000", "Heat, n = 1000", explicit},
	{"vdp1000", "Van der Pol, stiff, n = 2", implicit},
	{"hires", "HIRES, stiff, n = 8", implicit},
}

var (
	explicit = []ode.Method{ode.BogackiShampine, ode.DormandPrince, ode.Tsitouras, ode.DOP853, ode.Verner98, ode.GBS}
	implicit = []ode.Method{ode.Radau5, ode.Rosenbrock, ode.Auto}
)

// workPrecision draws what accuracy costs: CPU time of a solve against the error
// of its end, by tolerances from 1e-3 to 1e-13.
func workPrecision(path string, quick bool) error {
	f := &figure.Figure{Columns: 2, Height: 9}
	styles := map[string]figure.Style{}
	for i, m := range append(append([]ode.Method(nil), explicit...), implicit...) {
		styles[m.Name()] = figure.Style{Color: i, Dash: i / 3, Marker: true}
	}
	named := map[string]bool{}
	for i, c := range plotted {
		p := problem.ByName(c.problem)
		b := bench{name: c.problem, field: p.Field, quick: quick, definition: definition{
			N: len(p.Y0), T0: p.T0, T1: p.T1, Y0: p.Y0, Reference: p.End, AbsoluteFactor: p.Absolute, Stiff: p.Stiff,
		}}
		panel := &figure.Panel{Title: c.title, LogX: true, LogY: true}
		if i >= len(plotted)-2 {
			panel.X = "error at the end"
		}
		if i%2 == 0 {
			panel.Y = "CPU time, µs"
		}
		for _, m := range c.methods {
			curve := figure.Curve{Style: styles[m.Name()]}
			if !named[m.Name()] {
				curve.Name, named[m.Name()] = m.Name(), true
			}
			for _, s := range b.cases(m) {
				var r *ode.Trajectory
				var fault error
				_, least := b.time(func() { r, fault = b.solve(m, s) })
				if fault != nil {
					return fmt.Errorf("%s by %s at %s: %w", c.problem, m.Name(), s.name, fault)
				}
				e, _ := b.errors(r)
				curve.X, curve.Y = append(curve.X, math.Max(e, 1e-16)), append(curve.Y, least*1e6)
			}
			panel.Curves = append(panel.Curves, curve)
		}
		f.Panels = append(f.Panels, panel)
	}
	return f.Save(path)
}
