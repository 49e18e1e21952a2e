package manifold

import (
	"math"

	"fisherflow/internal/double"
)

// wide is workspace for a positive definite matrix whose pivots are differences of
// nearly equal numbers: the factors of LDLᵀ, L with ones on the diagonal, to twice
// the digits.
type wide struct {
	l, e []double.Number // d×d; the diagonal of l is D⁻¹
	x    []double.Number
	root []float64 // D^(-1/2)
}

// leastPivot is the part of a diagonal entry that a pivot must be for the factor in
// float64 to keep 13 digits.
const leastPivot = 1e-3

// isIll reports whether a pivot of the Cholesky factor l is a smaller part of its
// diagonal entry.
func (g *gaussian) isIll(l []float64) bool {
	for i := range g.d {
		row := l[i*g.d : i*g.d+i+1]
		if sum := inner(row, row); square(row[i]) < leastPivot*sum {
			return true
		}
	}
	return false
}

// widen factors the symmetric matrix of packed entries and reports whether it is
// positive definite to twice the digits.
func (g *gaussian) widen(packed []float64) bool {
	d := g.d
	if g.wide == nil {
		g.wide = &wide{l: make([]double.Number, d*d), e: make([]double.Number, d*d), x: make([]double.Number, d), root: make([]float64, d)}
	}
	l, x := g.wide.l, g.wide.x
	for i, k := 0, 0; i < d; i++ {
		row := l[i*d : i*d+i+1]
		// x_j = l_ij D_j.
		for j := range i + 1 {
			s := double.Number{Hi: packed[k]}
			k++
			if j == i {
				for m := range i {
					s = s.Add(row[m].Multiply(x[m]).Negate())
				}
				if !(s.Hi > 0) {
					return false
				}
				row[i] = s.Reciprocal()
				g.wide.root[i] = 1 / math.Sqrt(s.Hi)
				continue
			}
			for m := range j {
				s = s.Add(x[m].Multiply(l[j*d+m]).Negate())
			}
			x[j] = s
			row[j] = s.Multiply(l[j*d+j])
		}
	}
	return true
}

// solve replaces x by L⁻¹x.
func (w *wide) solve(x []double.Number) {
	d := len(x)
	for i := range x {
		for j, v := range w.l[i*d : i*d+i] {
			x[i] = x[i].Add(v.Multiply(x[j]).Negate())
		}
	}
}

// wideDifference stores the whitened (rp p − rq q)/rq of excess, given the factors
// of q.
func (g *gaussian) wideDifference(dst, p, q []float64, rp, rq float64) {
	d, e := g.d, g.wide.e
	unit := double.Number{Hi: rq}.Reciprocal()
	for i, k := 0, 0; i < d; i++ {
		for j := range i + 1 {
			v := double.Product(rp, p[k]).Add(double.Product(-rq, q[k]))
			if rq != 1 {
				v = v.Multiply(unit)
			}
			e[i*d+j], e[j*d+i] = v, v
			k++
		}
	}
	for range 2 {
		for i := range d {
			g.wide.solve(e[i*d : i*d+d])
		}
		for i := range d {
			for j := range i {
				e[i*d+j], e[j*d+i] = e[j*d+i], e[i*d+j]
			}
		}
	}
	for i := range d {
		for j := range d {
			dst[i*d+j] = e[i*d+j].Value() * g.wide.root[i] * g.wide.root[j]
		}
	}
}

// wideExcess is the definition of excess, given the factors of q and the whitened
// difference that wideDifference has left.
func (g *gaussian) wideExcess(p []float64, ratio float64) float64 {
	w, sum := g.wide, 0.0
	logDet := func() (l float64) {
		for _, r := range w.root {
			l -= 2 * math.Log(r)
		}
		return l
	}
	for i, r := range w.root {
		sum += w.e[i*g.d+i].Value() * r * r
	}
	sum += logDet()
	if !g.widen(p) {
		return math.Inf(1)
	}
	return sum - logDet() - float64(g.d)*math.Log(ratio)
}

// wideDistance is ‖L⁻¹(p−q)‖² of two vectors, given the factors of a matrix.
func (g *gaussian) wideDistance(p, q []float64) float64 {
	x, sum := g.wide.x, 0.0
	for i := range x {
		x[i] = double.Sum(p[i], -q[i])
	}
	g.wide.solve(x)
	for i, v := range x {
		sum += square(v.Value() * g.wide.root[i])
	}
	return sum
}
