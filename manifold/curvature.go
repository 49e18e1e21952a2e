package manifold

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// curvature is the Gaussian curvature of a surface and its error: the family's
// own, that of an exponential family, or Brioschi's formula with derivatives
// of the Fisher matrix by Richardson extrapolation.
func curvature(f Family, view *View, xi, theta []float64) (k, accuracy float64, err error) {
	if f.Dim() != 2 {
		return math.NaN(), math.NaN(), missing(f, "Gaussian curvature")
	}
	if c, ok := f.(Curved); ok {
		k, err = c.Curvature(theta)
	} else if e, ok := f.(Exponential); ok {
		k, err = GaussianCurvature(e, theta)
	} else {
		k, accuracy, err = brioschi(view, xi)
	}
	if err == nil && notFinite(k) {
		err = fmt.Errorf("%s: the Gaussian curvature at %g is lost to over- or underflow", f.Name(), theta)
	}
	return k, accuracy, err
}

// brioschi is the curvature of E du² + 2F du dv + G dv²,
//
//	(det[[−½E_vv + F_uv − ½G_uu, ½E_u, F_u − ½E_v], [F_v − ½G_u, E, F], [½G_v, F, G]]
//	 − det[[0, ½E_v, ½G_u], [½E_v, E, F], [½G_u, F, G]])/(EG − F²)²,
//
// from values on a square grid of steps a part of a Fisher unit long, which are
// halved until the extrapolation no longer gains.
func brioschi(view *View, xi []float64) (k, accuracy float64, err error) {
	g := mat.NewSymDense(2, nil)
	if err := view.Fisher(g, xi); err != nil {
		return math.NaN(), math.NaN(), err
	}
	units := [2]float64{1 / math.Sqrt(g.At(0, 0)), 1 / math.Sqrt(g.At(1, 1))}
	x := make([]float64, 2)
	var values [3][3][3]float64 // by step along u and v: E, F, G in Fisher units
	at := func(h float64) (float64, error) {
		for i := range 3 {
			for j := range 3 {
				x[0], x[1] = xi[0]+float64(i-1)*h*units[0], xi[1]+float64(j-1)*h*units[1]
				if err := view.Fisher(g, x); err != nil {
					return math.NaN(), err
				}
				values[i][j] = [3]float64{g.At(0, 0) * units[0] * units[0], g.At(0, 1) * units[0] * units[1], g.At(1, 1) * units[1] * units[1]}
			}
		}
		u := func(c int) float64 { return (values[2][1][c] - values[0][1][c]) / (2 * h) }
		v := func(c int) float64 { return (values[1][2][c] - values[1][0][c]) / (2 * h) }
		e, f, g := values[1][1][0], values[1][1][1], values[1][1][2]
		evv := (values[1][2][0] - 2*e + values[1][0][0]) / (h * h)
		guu := (values[2][1][2] - 2*g + values[0][1][2]) / (h * h)
		fuv := (values[2][2][1] - values[2][0][1] - values[0][2][1] + values[0][0][1]) / (4 * h * h)
		d := e*g - f*f
		first := (-evv/2+fuv-guu/2)*d - u(0)/2*((v(1)-u(2)/2)*g-f*v(2)/2) + (u(1)-v(0)/2)*((v(1)-u(2)/2)*f-e*v(2)/2)
		second := -v(0)/2*(v(0)/2*g-f*u(2)/2) + u(2)/2*(v(0)/2*f-e*u(2)/2)
		return (first - second) / (d * d), nil
	}
	h := 0.2
	for {
		if _, err = at(h); err == nil {
			break
		}
		if h /= 2; h < 1e-6 {
			return math.NaN(), math.NaN(), err
		}
	}
	const levels = 6
	var row [levels]float64
	accuracy = math.Inf(1)
	for level := range levels {
		previous := row
		if row[0], err = at(h); err != nil {
			return math.NaN(), math.NaN(), err
		}
		factor := 1.0
		for m := 1; m <= level; m++ {
			factor *= 4
			row[m] = row[m-1] + (row[m-1]-previous[m-1])/(factor-1)
			if d := math.Max(math.Abs(row[m]-row[m-1]), math.Abs(row[m]-previous[m-1])); d < accuracy {
				k, accuracy = row[m], d
			}
		}
		h /= 2
	}
	return k, accuracy, nil
}
