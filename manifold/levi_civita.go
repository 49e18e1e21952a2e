package manifold

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/mat"
)

// A Connected family has the Levi-Civita symbols of the first kind in closed form
// in its source coordinates. LeviCivita fills dst, an n×n×n array, as
// [Christoffel] describes it.
type Connected interface {
	LeviCivita(dst Tensor, theta []float64) error
}

// A Bent chart has the second derivative of its map in closed form: Bend stores
// D²θ(u, v), source components, and reports whether the chart has it.
type Bent interface {
	Bend(dst, xi, theta, u, v []float64) bool
}

// A CubicInChart has cubic tensors of its own for some charts, where the
// pull-back would lose digits; see [FisherInChart].
type CubicInChart interface {
	CubicIn(dst Tensor, chart string, xi, theta []float64) bool
}

// leviCivita stores the symbols in the view's chart and reports whether they have
// a closed form there:
//
//	Γ_{ab,c} = Γ_{ij,k} J_ia J_jb J_kc + G(∂_a∂_bθ, J_c),
//
// with the first term f/2 times the chart's cubic tensor where the family's own
// coordinates are f-flat, f = ±1.
func leviCivita(v *View, dst Tensor, xi []float64) (ok bool, err error) {
	base := v.base
	fisher, hasFisher := base.(Fisherer)
	if _, computed := base.(ApproximateFisherer); !hasFisher || computed {
		return false, nil
	}
	n := v.Dim()
	theta, w, second := make([]float64, n), make([]float64, n), make([]float64, n)
	if err := v.toSource(theta, xi); err != nil {
		return false, err
	}
	if c, ok := base.(ConnectedInChart); ok && c.LeviCivitaIn(dst, v.chart.Name(), xi, theta) {
		return true, nil
	}
	bent, ok := v.chart.(Bent)
	if !ok {
		return false, nil
	}
	if !bent.Bend(second, xi, theta, w, w) {
		return false, nil
	}
	if c, ok := base.(Connected); ok {
		source := newTensor(n)
		if err := c.LeviCivita(source, theta); err != nil {
			return false, err
		}
		pullBack(dst, source, jacobianRows(v, xi, theta))
	} else {
		flat := flatSource(base)
		if flat == 0 {
			return false, nil
		}
		t, _, err := ApproximateAmariChentsov(v, xi)
		if errors.Is(err, errors.ErrUnsupported) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		dst.fill(func(i, j, k int) float64 { return flat / 2 * t[i][j][k] })
	}
	g := mat.NewSymDense(n, nil)
	if err := fisher.Fisher(g, theta); err != nil {
		return false, err
	}
	e := [2][]float64{make([]float64, n), make([]float64, n)}
	for a := range n {
		e[0][a] = 1
		for b := range a + 1 {
			e[1][b] = 1
			bent.Bend(second, xi, theta, e[0], e[1])
			e[1][b] = 0
			none := true
			for _, x := range second {
				none = none && x == 0
			}
			if none {
				continue
			}
			for i := range n {
				w[i] = 0
				for j, x := range second {
					if x != 0 {
						w[i] += g.At(i, j) * x
					}
				}
			}
			v.chart.Pull(second, xi, theta, w)
			for c, x := range second {
				dst[a][b][c] += x
				if a != b {
					dst[b][a][c] += x
				}
			}
		}
		e[0][a] = 0
	}
	return true, nil
}

// jacobianRows has the source components of the chart's coordinate vectors.
func jacobianRows(v *View, xi, theta []float64) [][]float64 {
	n := v.Dim()
	j, unit := make([][]float64, n), make([]float64, n)
	for a := range j {
		j[a] = make([]float64, n)
		unit[a] = 1
		v.chart.Push(j[a], xi, theta, unit)
		unit[a] = 0
	}
	return j
}

// pullBack stores t_ijk J_ia J_jb J_kc in dst, one index after the other: n⁴
// operations each.
func pullBack(dst, t Tensor, j [][]float64) {
	for pass := range 3 {
		next := dst
		if pass < 2 {
			next = newTensor(len(j))
		}
		source := t
		next.fill(func(a, b, c int) float64 {
			s := 0.0
			for i, w := range j[c] {
				if w != 0 {
					s += w * source[i][a][b]
				}
			}
			return s
		})
		t = next
	}
}

// flatSource is the α whose connection vanishes in the family's own coordinates:
// 1 where they are natural coordinates, −1 where they are expectations, up to an
// affine map; 0 elsewhere.
func flatSource(f Family) float64 {
	switch f.(type) {
	case Gamma, InverseGamma, Beta, Dirichlet, ChiSquare, Gibbs, Ising, VonMisesFisher:
		return 1
	case Bernoulli, Binomial, Categorical, Multinomial, Poisson, CentredNormal, NormalKnownVariance:
		return -1
	}
	return 0
}

// byFactor stores a tensor of a product, which is that of the factors block by
// block.
func byFactor(v *View, c *productChart, dst Tensor, xi []float64, of func(*View, []float64) (Tensor, float64, error)) (accuracy float64, err error) {
	theta := make([]float64, v.Dim())
	if err := v.toSource(theta, xi); err != nil {
		return math.NaN(), err
	}
	dst.fill(func(_, _, _ int) float64 { return 0 })
	at := 0
	for i, factor := range c.family.factors {
		n := factor.Dim()
		part := &View{
			base: factor, chart: c.parts[i],
			theta: make([]float64, n), other: make([]float64, n), work: make([]float64, n),
		}
		part.Hold(c.family.part(i, xi), c.family.part(i, theta))
		block, lost, err := of(part, c.family.part(i, xi))
		if err != nil {
			return math.NaN(), c.family.blame(i, err)
		}
		for a := range n {
			for b := range n {
				copy(dst[at+a][at+b][at:], block[a][b])
			}
		}
		accuracy = math.Max(accuracy, lost)
		at += n
	}
	return accuracy, nil
}
