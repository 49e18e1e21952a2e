package experiments

import (
	"errors"
	"fmt"
	"math"

	"fisherflow/figure"
	"fisherflow/manifold"

	"gonum.org/v1/gonum/mat"
)

// Indicatrix draws Fisher ellipses of equal length over a chart of a family of
// two coordinates, around one member (Tissot's indicatrix), and the geodesics
// that leave it in eight directions: of the metric, of the exponential and of the
// mixture connection, which touch each other there.
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
	fan, err := geodesicFan(view, at, g)
	if err != nil {
		return nil, err
	}
	// The window is where the geodesics of the metric go.
	window := [2]figure.Range{{Low: at[0], High: at[0]}, {Low: at[1], High: at[1]}}
	for _, c := range fan {
		if c.Name != fan[0].Name {
			break
		}
		for i := range c.X {
			window[0].Low, window[0].High = math.Min(window[0].Low, c.X[i]), math.Max(window[0].High, c.X[i])
			window[1].Low, window[1].High = math.Min(window[1].Low, c.Y[i]), math.Max(window[1].High, c.Y[i])
		}
	}
	// A grid of members evenly spaced in it, one of which is the one asked for.
	const columns, rows = 7, 6
	dx, dy := (window[0].High-window[0].Low)/columns, (window[1].High-window[1].Low)/rows
	panel := &figure.Panel{
		Title: fmt.Sprintf("%s, %s chart", f.Name(), chart), X: axisName(names[0]), Y: axisName(names[1]),
		Curves: fan,
		Marks:  []figure.Mark{{X: at[0], Y: at[1], Kind: figure.Target}},
	}
	for i := -columns; i <= columns; i++ {
		for j := -rows; j <= rows; j++ {
			x := []float64{at[0] + float64(i)*dx, at[1] + float64(j)*dy}
			if !inside(x[0], window[0]) || !inside(x[1], window[1]) || view.Check(x) != nil || view.Fisher(g, x) != nil {
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
		radius = math.Min(radius, 0.45*math.Max(dx/math.Sqrt(e.M22/det), dy/math.Sqrt(e.M11/det)))
	}
	for i := range panel.Ellipses {
		panel.Ellipses[i].Radius = radius
	}
	panel.XRange, panel.YRange = &window[0], &window[1]
	panel.Level = func(x, y float64) float64 {
		if view.Check([]float64{x, y}) != nil {
			return math.NaN()
		}
		return 0
	}
	return &figure.Figure{
		Title: "Fisher ellipses and geodesics", Panels: []*figure.Panel{panel}, Width: 5, Height: 4.2,
		Caption: fmt.Sprintf("Members at Fisher distance %.2g, to first order, around members of the family; the cross is the one asked for. The geodesics that leave it are %.2g Fisher units long, or end where they leave the family.", radius, fanLength),
	}, nil
}

func inside(x float64, r figure.Range) bool { return r.Low < x && x < r.High }

// fanLength is the Fisher length to which geodesics are drawn; dual ones have
// that speed where they start.
const fanLength = 1.2

// geodesicFan follows geodesics of the three connections from a member whose
// Fisher matrix is g.
func geodesicFan(v *manifold.View, at []float64, g *mat.SymDense) ([]figure.Curve, error) {
	const directions, points = 8, 48
	times := make([]float64, points)
	for i := range times {
		times[i] = fanLength * float64(i) / (points - 1)
	}
	// The columns of L⁻ᵀ are orthonormal.
	l11 := math.Sqrt(g.At(0, 0))
	l21 := g.At(0, 1) / l11
	l22 := math.Sqrt(g.At(1, 1) - l21*l21)
	var curves []figure.Curve
	for k, c := range []struct {
		name  string
		alpha float64
	}{{"geodesics of the metric", 0}, {"e-geodesics", 1}, {"m-geodesics", -1}} {
		for d := range directions {
			sin, cos := math.Sincos(2 * math.Pi * float64(d) / directions)
			velocity := []float64{(cos - l21/l22*sin) / l11, sin / l22}
			path, err := manifold.AlphaGeodesic(v, c.alpha, at, velocity, times)
			if errors.Is(err, errors.ErrUnsupported) {
				break
			}
			if err != nil && !errors.Is(err, manifold.ErrDomain) {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			curve := figure.Curve{Name: c.name, Style: figure.Style{Color: k, Dash: k}}
			for _, p := range path {
				curve.X, curve.Y = append(curve.X, p[0]), append(curve.Y, p[1])
			}
			curves = append(curves, curve)
		}
	}
	return curves, nil
}
