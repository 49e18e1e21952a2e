package experiments

import (
	"fmt"
	"math"

	"fisherflow/figure"
	"fisherflow/manifold"

	"gonum.org/v1/gonum/mat"
)

// Indicatrix draws Fisher ellipses of equal length over a chart of a family of
// two coordinates, around one member (Tissot's indicatrix).
func Indicatrix(f manifold.Family, chart string, at []float64) (*figure.Figure, error) {
	if f.Dim() != 2 {
		return nil, fmt.Errorf("ellipses are drawn for families of two coordinates; %s has %d", f.Name(), f.Dim())
	}
	view, err := manifold.In(f, chart)
	if err != nil {
		return nil, err
	}
	if err := view.Check(at); err != nil {
		return nil, err
	}
	g := mat.NewSymDense(2, nil)
	if err := view.Fisher(g, at); err != nil {
		return nil, err
	}
	names := view.Chart().Coordinates()
	det := g.At(0, 0)*g.At(1, 1) - g.At(0, 1)*g.At(0, 1)
	// A grid of members evenly spaced in the coordinates.
	const spacing = 0.8
	dx, dy := spacing*math.Sqrt(g.At(1, 1)/det), spacing*math.Sqrt(g.At(0, 0)/det)
	panel := &figure.Panel{
		Title: fmt.Sprintf("%s, %s chart", f.Name(), chart), X: axisName(names[0]), Y: axisName(names[1]),
		Marks: []figure.Mark{{X: at[0], Y: at[1], Kind: figure.Target}},
	}
	for i := -3; i <= 3; i++ {
		for j := -3; j <= 3; j++ {
			x := []float64{at[0] + float64(i)*dx, at[1] + float64(j)*dy}
			if view.Check(x) != nil || view.Fisher(g, x) != nil {
				continue
			}
			style := figure.Style{Color: 5}
			if i == 0 && j == 0 {
				style = figure.Style{Color: 0}
			}
			panel.Ellipses = append(panel.Ellipses, figure.Ellipse{X: x[0], Y: x[1], M11: g.At(0, 0), M12: g.At(0, 1), M22: g.At(1, 1), Style: style})
		}
	}
	// As large as keeps neighbours apart.
	radius := 0.3
	for _, e := range panel.Ellipses {
		det := e.M11*e.M22 - e.M12*e.M12
		radius = math.Min(radius, 0.6*math.Max(dx/math.Sqrt(e.M22/det), dy/math.Sqrt(e.M11/det)))
	}
	for i := range panel.Ellipses {
		panel.Ellipses[i].Radius = radius
	}
	panel.Level = func(x, y float64) float64 {
		if view.Check([]float64{x, y}) != nil {
			return math.NaN()
		}
		return 0
	}
	return &figure.Figure{
		Title: "Fisher ellipses", Panels: []*figure.Panel{panel}, Width: 5, Height: 4.2,
		Caption: fmt.Sprintf("Members at Fisher distance %.2g, to first order, around members of the family; the cross is the one asked for.", radius),
	}, nil
}
