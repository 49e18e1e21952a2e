package experiments

import (
	"fmt"
	"math"
	"slices"

	"fisherflow/figure"
	"fisherflow/run"
)

const (
	// shownMarginals and shownCorrelations are how many parameters are drawn.
	shownMarginals    = 9
	shownCorrelations = 12
)

// posteriorFigures show q on its way and at its end: the ELBO, marginals with
// those that importance sampling gives the posterior, and correlations.
func posteriorFigures(o *run.Outcome, problems []*run.Problem) []drawing {
	r := o.Result.Posterior
	drawings := []drawing{elboFigure(o, problems)}
	if d, ok := marginalFigure(r); ok {
		drawings = append(drawings, d)
	}
	if d, ok := correlationFigure(r); ok {
		drawings = append(drawings, d)
	}
	return drawings
}

func elboFigure(o *run.Outcome, problems []*run.Problem) drawing {
	r := o.Result.Posterior
	value := &figure.Panel{X: "time t", Y: "ELBO"}
	gap := &figure.Panel{X: "time t", Y: "ELBO at the end − ELBO", LogY: true}
	styled := styles(problems)
	end, best := 0.0, math.Inf(-1)
	for _, p := range problems {
		best = math.Max(best, -slices.Min(p.Solution.Losses))
	}
	low, high := math.Inf(1), 0.0
	for i, p := range problems {
		c := figure.Curve{Name: p.Name, Style: styled[i]}
		g := c
		for k, l := range p.Solution.Losses {
			t := p.Solution.Time(k) - p.T0
			c.X, c.Y = append(c.X, t), append(c.Y, -l)
			if d := best + l; d > 0 {
				g.X, g.Y = append(g.X, t), append(g.Y, d)
				low, high = math.Min(low, d), math.Max(high, d)
			}
			end = math.Max(end, t)
		}
		value.Curves, gap.Curves = append(value.Curves, c), append(gap.Curves, g)
	}
	across := func(y float64, name string, s figure.Style) figure.Curve {
		return figure.Curve{Name: name, X: []float64{0, end}, Y: []float64{y, y}, Style: s}
	}
	evidence, se := float64(r.LogEvidence), float64(r.LogEvidenceError)
	color := len(problems)
	if !math.IsNaN(evidence) && !math.IsInf(evidence, 0) {
		value.Curves = append(value.Curves, across(evidence, "log evidence ± 2 se", figure.Style{Color: color, Dash: 1}),
			across(evidence-2*se, "", figure.Style{Color: color, Dash: 2}), across(evidence+2*se, "", figure.Style{Color: color, Dash: 2}))
	}
	if e := float64(r.ELBOError); e > 0 && low < high {
		gap.Curves = append(gap.Curves, across(e, "error of the expectation", figure.Style{Color: color + 1, Dash: 1}))
		low = math.Min(low, e)
	}
	if low < high {
		gap.YRange = &figure.Range{Low: math.Max(low, 1e-16*high) / 2, High: 2 * high}
	} else {
		gap.LogY = false
	}
	return drawing{"elbo", &figure.Figure{
		Title: "The evidence lower bound", Panels: []*figure.Panel{value, gap}, Height: 3.4,
		Caption: fmt.Sprintf("Left: the ELBO along the flow, and the log evidence by importance sampling from q at its end, %.6g ± %.1g: the distance between them is KL[q‖p]. Right: the ELBO that is still to be gained, and the error of the expectations in it.", evidence, se),
	}}
}

// marginalFigure compares q with the posterior as importance sampling sees it.
func marginalFigure(r *run.PosteriorResult) (drawing, bool) {
	draws, logWeights := r.Drawn()
	if len(draws) == 0 {
		return drawing{}, false
	}
	most := slices.Max(logWeights)
	if math.IsInf(most, 0) || math.IsNaN(most) {
		return drawing{}, false
	}
	weights := make([]float64, len(draws))
	for k, w := range logWeights {
		weights[k] = math.Exp(w - most)
	}
	f := &figure.Figure{
		Title: "Marginals", Columns: 3,
		Caption: fmt.Sprintf("Densities of the parameters on their own scale: q, from %d draws, and the posterior, from the same draws weighted by p/q. Where k̂ = %.2f is above 0.7 the latter is not to be relied upon.", len(draws), float64(r.ParetoK)),
	}
	for i, p := range r.Parameters[:min(shownMarginals, len(r.Parameters))] {
		low, high := float64(p.Mean)-4*float64(p.SD), float64(p.Mean)+4*float64(p.SD)
		if q05, q95 := float64(p.Q05), float64(p.Q95); !(high > low) || math.IsInf(high-low, 0) || float64(p.SD) > q95-q05 {
			low, high = q05-(q95-q05), q95+(q95-q05)
		}
		if !(high > low) || math.IsInf(high-low, 0) {
			continue
		}
		const bins = 48
		width := (high - low) / bins
		var plain, weighted [bins]float64
		total := 0.0
		for k, x := range draws {
			total += weights[k]
			if b := int(math.Floor((x[i] - low) / width)); b >= 0 && b < bins {
				plain[b]++
				weighted[b] += weights[k]
			}
		}
		q := figure.Curve{Name: "q", Style: figure.Style{Color: 0, Wide: true}}
		w := figure.Curve{Name: "posterior", Style: figure.Style{Color: 1}}
		first, last := bins, 0
		for b := range bins {
			if plain[b] > 0 || weighted[b] > 0 {
				first, last = min(first, b), max(last, b)
			}
		}
		for b := max(0, first-1); b <= min(bins-1, last+1); b++ {
			left := low + float64(b)*width
			q.X, q.Y = append(q.X, left+width/2), append(q.Y, plain[b]/float64(len(draws))/width)
			// A weighted histogram, as steps.
			y := weighted[b] / total / width
			w.X, w.Y = append(w.X, left, left+width), append(w.Y, y, y)
		}
		panel := &figure.Panel{X: p.Name, Curves: []figure.Curve{w, q}, YRange: &figure.Range{Low: 0, High: 1.12 * max(slices.Max(q.Y), slices.Max(w.Y))}}
		if i > 0 {
			panel.Curves[0].Name, panel.Curves[1].Name = "", ""
		}
		if i%3 == 0 {
			panel.Y = "density"
		}
		f.Panels = append(f.Panels, panel)
	}
	if len(f.Panels) == 0 {
		return drawing{}, false
	}
	f.Columns = min(3, len(f.Panels))
	f.Height = 2.3 * math.Ceil(float64(len(f.Panels))/float64(f.Columns))
	return drawing{"marginals", f}, true
}

// correlationFigure draws q's correlations as ellipses below the diagonal and as
// numbers above it.
func correlationFigure(r *run.PosteriorResult) (drawing, bool) {
	c := r.Covariance()
	if c == nil || c.SymmetricDim() < 2 {
		return drawing{}, false
	}
	n := min(c.SymmetricDim(), shownCorrelations)
	panel := &figure.Panel{
		X: "number of the coordinate", XRange: &figure.Range{Low: 0.4, High: float64(n) + 0.6}, YRange: &figure.Range{Low: -0.6, High: float64(n) - 0.4},
	}
	for i := range n {
		row := n - 1 - i
		panel.YNames = append(panel.YNames, fmt.Sprintf("%s  %d", r.Coordinates[row], row+1))
		for j := range n {
			rho := c.At(row, j) / math.Sqrt(c.At(row, row)*c.At(j, j))
			x, y := float64(j+1), float64(i)
			switch {
			case j < row:
				// {v : vᵀM v = r²} with M the inverse of [[1, ρ], [ρ, 1]].
				rho = math.Max(-0.9999, math.Min(0.9999, rho))
				d := 1 - rho*rho
				style := figure.Style{Color: 0}
				switch {
				case math.Abs(rho) < 0.005:
					style = figure.Style{Color: 5}
				case rho < 0:
					style = figure.Style{Color: 1, Dash: 1}
				}
				panel.Ellipses = append(panel.Ellipses, figure.Ellipse{X: x, Y: y, M11: 1 / d, M12: -rho / d, M22: 1 / d, Radius: 0.42, Style: style})
			case j > row:
				if math.Abs(rho) < 0.005 {
					rho = 0
				}
				panel.Words = append(panel.Words, figure.Word{X: x, Y: y, Text: fmt.Sprintf("%.2f", rho), DX: -9, DY: 3})
			}
		}
	}
	caption := "Correlations of q on the unconstrained scale, in the same order in both directions: below the diagonal the ellipses of two coordinates each (solid and tilted up where they rise together, dashed where one falls, pale where they are uncorrelated), above it the numbers."
	if n < c.SymmetricDim() {
		caption += fmt.Sprintf(" The first %d of %d coordinates.", n, c.SymmetricDim())
	}
	side := math.Min(6.5, 1.8+0.45*float64(n))
	return drawing{"correlations", &figure.Figure{Title: "Correlations", Panels: []*figure.Panel{panel}, Width: side + 0.8, Height: side, Caption: caption}}, true
}
