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
// from [FisherDerivative], with the accuracy of a component.
func Christoffel(v *View, xi []float64) (gamma Tensor, accuracy float64, err error) {
	d, accuracy, err := FisherDerivative(v, xi)
	if err != nil {
		return nil, accuracy, err
	}
	n := v.Dim()
	gamma = newTensor(n)
	for i := range n {
		for j := range n {
			for k := range n {
				gamma[i][j][k] = (d[j][k][i] + d[i][k][j] - d[i][j][k]) / 2
			}
		}
	}
	return gamma, 1.5 * accuracy, nil
}

// AmariChentsov returns the cubic tensor T_ijk = E[s_i s_j s_k] in the view's
// chart, with the accuracy of a component. For an exponential family it is
// ∂³A, the derivative of the Fisher matrix in the natural chart, pulled back:
// T'_abc = T_ijk J_ia J_jb J_kc.
func AmariChentsov(v *View, xi []float64) (t Tensor, accuracy float64, err error) {
	f, ok := v.Base().(Exponential)
	if !ok {
		return nil, math.NaN(), fmt.Errorf("%s: cubic tensor: %w", v.Name(), errors.ErrUnsupported)
	}
	natural, err := In(f, "natural")
	if err != nil {
		return nil, math.NaN(), err
	}
	n := v.Dim()
	theta, nat := make([]float64, n), make([]float64, n)
	if err := v.Chart().ToSource(theta, xi); err != nil {
		return nil, math.NaN(), err
	}
	if err := natural.Chart().FromSource(nat, theta); err != nil {
		return nil, math.NaN(), err
	}
	d, accuracy, err := FisherDerivative(natural, nat)
	if err != nil {
		return nil, accuracy, err
	}
	// Rows of j are the natural components of the chart's coordinate vectors.
	j := make([][]float64, n)
	unit, source := make([]float64, n), make([]float64, n)
	size := 0.0
	for a := range j {
		j[a] = make([]float64, n)
		unit[a] = 1
		v.Chart().Push(source, xi, theta, unit)
		unit[a] = 0
		natural.Chart().PushInverse(j[a], nat, theta, source)
		sum := 0.0
		for _, x := range j[a] {
			sum += math.Abs(x)
		}
		size = math.Max(size, sum)
	}
	t = newTensor(n)
	for a := range n {
		for b := range n {
			for c := range n {
				s := 0.0
				for i := range n {
					for k := range n {
						w := j[a][i] * j[b][k]
						if w == 0 {
							continue
						}
						for l := range n {
							// Symmetrised: each component is differentiated
							// along three directions.
							s += w * j[c][l] * (d[i][k][l] + d[k][l][i] + d[l][i][k]) / 3
						}
					}
				}
				t[a][b][c] = s
			}
		}
	}
	return t, accuracy * size * size * size, nil
}

// GaussianCurvature returns the sectional curvature of a family of two
// coordinates and its accuracy. In the natural chart of an exponential family,
// where Γ⁽⁰⁾ = T/2,
//
//	K = −¼ g^{mn}(T_11m T_22n − T_12m T_12n)/det G.
func GaussianCurvature(f Exponential, theta []float64) (k, accuracy float64, err error) {
	if f.Dim() != 2 {
		return math.NaN(), math.NaN(), fmt.Errorf("%s has %d coordinates, the Gaussian curvature is that of a surface: %w", f.Name(), f.Dim(), errors.ErrUnsupported)
	}
	natural, err := In(f, "natural")
	if err != nil {
		return math.NaN(), math.NaN(), err
	}
	nat := make([]float64, 2)
	if err := natural.Chart().FromSource(nat, theta); err != nil {
		return math.NaN(), math.NaN(), err
	}
	g := mat.NewSymDense(2, nil)
	if err := natural.Fisher(g, nat); err != nil {
		return math.NaN(), math.NaN(), err
	}
	t, e, err := FisherDerivative(natural, nat)
	if err != nil {
		return math.NaN(), math.NaN(), err
	}
	a, b, c := g.At(0, 0), g.At(0, 1), g.At(1, 1)
	det := a*c - b*b
	inverse := [2][2]float64{{c / det, -b / det}, {-b / det, a / det}}
	sum, slope := 0.0, 0.0
	for m := range 2 {
		for n := range 2 {
			w := inverse[m][n] / (-4 * det)
			sum += w * (t[0][0][m]*t[1][1][n] - t[0][1][m]*t[0][1][n])
			slope += math.Abs(w) * (math.Abs(t[0][0][m]) + math.Abs(t[1][1][n]) + math.Abs(t[0][1][m]) + math.Abs(t[0][1][n]))
		}
	}
	return sum, slope * e, nil
}
