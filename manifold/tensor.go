package manifold

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// A Tensor is an n×n×n array, [i][j][k].
type Tensor [][][]float64

func newTensor(n int) Tensor {
	t := make(Tensor, n)
	for i := range t {
		t[i] = make([][]float64, n)
		for j := range t[i] {
			t[i][j] = make([]float64, n)
		}
	}
	return t
}

// fill sets every component.
func (t Tensor) fill(component func(i, j, k int) float64) {
	for i := range t {
		for j := range t[i] {
			for k := range t[i][j] {
				t[i][j][k] = component(i, j, k)
			}
		}
	}
}

// fillSymmetric sets every component of a symmetric tensor from those with
// i ≤ j ≤ k.
func (t Tensor) fillSymmetric(component func(i, j, k int) float64) {
	for i := range t {
		for j := i; j < len(t); j++ {
			for k := j; k < len(t); k++ {
				v := component(i, j, k)
				t[i][j][k], t[i][k][j], t[j][i][k] = v, v, v
				t[j][k][i], t[k][i][j], t[k][j][i] = v, v, v
			}
		}
	}
}

// FisherDerivative returns D[i][j][k] = ∂G_ij/∂ξ_k in the view's chart, by
// Richardson extrapolation of central differences, and the largest error of a
// component as the extrapolation estimates it.
func FisherDerivative(v *View, xi []float64) (d Tensor, accuracy float64, err error) {
	n := v.Dim()
	g := mat.NewSymDense(n, nil)
	if err := v.Fisher(g, xi); err != nil {
		return nil, math.NaN(), err
	}
	d = newTensor(n)
	x := append([]float64(nil), xi...)
	matrix := func(k int, at float64) (*mat.SymDense, error) {
		m := mat.NewSymDense(n, nil)
		x[k] = at
		err := v.Fisher(m, x)
		x[k] = xi[k]
		return m, err
	}
	for k := range n {
		// A fraction of the Fisher unit, the scale on which the metric varies,
		// inside of the domain.
		h := 0.1 / math.Sqrt(g.At(k, k))
		if math.IsInf(h, 1) {
			h = 0.1 * math.Max(1, math.Abs(xi[k])) // the metric is singular
		}
		for {
			_, e1 := matrix(k, xi[k]+h)
			_, e2 := matrix(k, xi[k]-h)
			if e1 == nil && e2 == nil {
				break
			}
			if h /= 2; xi[k]+h == xi[k] {
				return nil, math.NaN(), fmt.Errorf("derivative of the Fisher matrix along %s: no step stays inside of the domain: %w",
					v.Chart().Coordinates()[k], ErrDomain)
			}
		}
		const levels = 7
		var table [levels]*mat.SymDense
		best := math.Inf(1)
		for level := range levels {
			up, down := xi[k]+h, xi[k]-h
			plus, err := matrix(k, up)
			if err != nil {
				return nil, math.NaN(), err
			}
			minus, err := matrix(k, down)
			if err != nil {
				return nil, math.NaN(), err
			}
			row := mat.NewSymDense(n, nil)
			for i := range n {
				for j := i; j < n; j++ {
					row.SetSym(i, j, (plus.At(i, j)-minus.At(i, j))/(up-down))
				}
			}
			// Neville: the errors are even powers of h.
			factor := 1.0
			previous := table
			table[0] = row
			for m := 1; m <= level; m++ {
				factor *= 4
				next := mat.NewSymDense(n, nil)
				worst := 0.0
				for i := range n {
					for j := i; j < n; j++ {
						a, b := table[m-1].At(i, j), previous[m-1].At(i, j)
						c := a + (a-b)/(factor-1)
						next.SetSym(i, j, c)
						worst = math.Max(worst, math.Max(math.Abs(c-a), math.Abs(c-b)))
					}
				}
				table[m] = next
				if worst < best {
					best = worst
					for i := range n {
						for j := range n {
							d[i][j][k] = next.At(i, j)
						}
					}
				}
			}
			h /= 2
		}
		accuracy = math.Max(accuracy, best)
	}
	return d, accuracy, nil
}

// Christoffel returns the Levi-Civita symbols of the first kind in the view's
// chart,
//
//	[i][j][k] = Γ_{ij,k} = ½(∂_i G_jk + ∂_j G_ik − ∂_k G_ij),
//
// with the accuracy of a component: ±½T in the natural and the expectation chart
// of an exponential family, in closed form where the family and the chart have
// it (see [Connected], [ConnectedInChart] and [Bent]), block by block for a product, and from
// [FisherDerivative] elsewhere.
func Christoffel(v *View, xi []float64) (gamma Tensor, accuracy float64, err error) {
	gamma = newTensor(v.Dim())
	if c, ok := v.chart.(*productChart); ok {
		accuracy, err = byFactor(v, c, gamma, xi, Christoffel)
		return gamma, accuracy, err
	}
	if flatAt(v) != 0 {
		if gamma, accuracy, err := AlphaConnection(v, 0, xi); err == nil {
			return gamma, accuracy, nil
		}
	}
	if ok, err := leviCivita(v, gamma, xi); ok || err != nil {
		return gamma, 0, err
	}
	d, accuracy, err := FisherDerivative(v, xi)
	if err != nil {
		return nil, accuracy, err
	}
	gamma.fill(func(i, j, k int) float64 { return (d[j][k][i] + d[i][k][j] - d[i][j][k]) / 2 })
	return gamma, 1.5 * accuracy, nil
}

// AmariChentsov returns the cubic tensor T_ijk = E[s_i s_j s_k] in the view's
// chart: the family's own pulled back, T'_abc = T_ijk J_ia J_jb J_kc, where the
// family has none for the chart, block by block for a product.
func AmariChentsov(v *View, xi []float64) (Tensor, error) {
	t, _, err := ApproximateAmariChentsov(v, xi)
	return t, err
}

// ApproximateAmariChentsov is AmariChentsov with the largest error of a
// component, zero where the family has the tensor in closed form.
func ApproximateAmariChentsov(v *View, xi []float64) (t Tensor, accuracy float64, err error) {
	n := v.Dim()
	t = newTensor(n)
	if c, ok := v.chart.(*productChart); ok {
		accuracy, err = byFactor(v, c, t, xi, ApproximateAmariChentsov)
		return t, accuracy, err
	}
	theta := make([]float64, n)
	if err := v.toSource(theta, xi); err != nil {
		return nil, math.NaN(), err
	}
	if c, ok := v.Base().(CubicInChart); ok && c.CubicIn(t, v.Chart().Name(), xi, theta) {
		return t, 0, nil
	}
	source := newTensor(n)
	if accuracy, err = approximateCubic(v.Base(), source, theta); err != nil {
		return nil, math.NaN(), err
	}
	j := jacobianRows(v, xi, theta)
	// A component of the chart has the error times at most the cube of the
	// largest sum of a row.
	largest := 0.0
	for _, row := range j {
		sum := 0.0
		for _, w := range row {
			sum += math.Abs(w)
		}
		largest = math.Max(largest, sum)
	}
	pullBack(t, source, j)
	return t, accuracy * largest * largest * largest, nil
}

// GaussianCurvature returns the sectional curvature of an exponential family of
// two coordinates. In its natural chart, where Γ⁽⁰⁾ = T/2,
//
//	K = −¼ g^{mn}(T_11m T_22n − T_12m T_12n)/det G,
//
// which is taken to source coordinates by the tensor law: curvature is the same
// number in any chart. It is the family's own where that is [Curved].
func GaussianCurvature(f Exponential, theta []float64) (float64, error) {
	if f.Dim() != 2 {
		return math.NaN(), fmt.Errorf("%s has %d coordinates, the Gaussian curvature is that of a surface: %w", f.Name(), f.Dim(), errors.ErrUnsupported)
	}
	if c, ok := f.(Curved); ok {
		return c.Curvature(theta)
	}
	c, ok := f.(Cuber)
	fisher, ok2 := f.(Fisherer)
	if !ok || !ok2 {
		return math.NaN(), fmt.Errorf("%s has no cubic tensor: %w", f.Name(), errors.ErrUnsupported)
	}
	g := mat.NewSymDense(2, nil)
	if err := fisher.Fisher(g, theta); err != nil {
		return math.NaN(), err
	}
	t := newTensor(2)
	if err := c.Cubic(t, theta); err != nil {
		return math.NaN(), err
	}
	// In Fisher units, so that nothing over- or underflows.
	s := [2]float64{1 / math.Sqrt(g.At(0, 0)), 1 / math.Sqrt(g.At(1, 1))}
	t.fill(func(i, j, k int) float64 { return t[i][j][k] * s[i] * s[j] * s[k] })
	r := g.At(0, 1) * s[0] * s[1]
	det := (1 - r) * (1 + r)
	inverse := [2][2]float64{{1 / det, -r / det}, {-r / det, 1 / det}}
	sum := 0.0
	for m := range 2 {
		for n := range 2 {
			sum += inverse[m][n] * (t[0][0][m]*t[1][1][n] - t[0][1][m]*t[0][1][n])
		}
	}
	return sum / (-4 * det), nil
}
