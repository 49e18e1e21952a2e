package manifold

import (
	"fmt"
	"math"

	"fisherflow/internal/cholesky"
	"fisherflow/internal/special"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
)

// gaussian is the workspace for matrices of one size, d×d row-major. Symmetric
// matrices stand as their lower triangle by rows in the coordinates: an
// off-diagonal coordinate moves both entries, so that the covector component
// on it is twice the entry of the symmetric gradient S, dL = tr(S dΣ).
type gaussian struct {
	d          int
	m          [6][]float64
	x, y, z    []float64
	leadingBad int     // size of the leading minor that was not positive
	pivot      float64 // its pivot
	wide       *wide   // for matrices that need it, once one was met
}

func newGaussian(d int) *gaussian {
	g := &gaussian{d: d, x: make([]float64, d), y: make([]float64, d), z: make([]float64, d)}
	for i := range g.m {
		g.m[i] = make([]float64, d*d)
	}
	return g
}

// orNew is g, the workspace of a family that has one of its own, or a new one in d
// dimensions.
func (g *gaussian) orNew(d int) *gaussian {
	if g != nil {
		return g
	}
	return newGaussian(d)
}

// triangle is the number of entries of a lower triangle.
func triangle(d int) int { return d * (d + 1) / 2 }

// unpack stores the symmetric matrix of packed entries, an off-diagonal one
// scaled by off and a diagonal one by on.
func (g *gaussian) unpack(dst, packed []float64, on, off float64) {
	d, k := g.d, 0
	for i := range d {
		for j := range i {
			v := off * packed[k]
			dst[i*d+j], dst[j*d+i] = v, v
			k++
		}
		dst[i*d+i] = on * packed[k]
		k++
	}
}

// pack is the inverse of unpack, with its own scales.
func (g *gaussian) pack(packed, src []float64, on, off float64) {
	d, k := g.d, 0
	for i := range d {
		for j := range i {
			packed[k] = off * src[i*d+j]
			k++
		}
		packed[k] = on * src[i*d+i]
		k++
	}
}

// unpackLower stores a lower triangular matrix.
func (g *gaussian) unpackLower(dst, packed []float64) {
	d, k := g.d, 0
	clear(dst)
	for i := range d {
		k += copy(dst[i*d:i*d+i+1], packed[k:])
	}
}

// packLower keeps the lower triangle.
func (g *gaussian) packLower(packed, src []float64) {
	d, k := g.d, 0
	for i := range d {
		k += copy(packed[k:], src[i*d:i*d+i+1])
	}
}

// mul stores op(a)·op(b).
func (g *gaussian) mul(dst []float64, ta blas.Transpose, a []float64, tb blas.Transpose, b []float64) {
	d := g.d
	general := func(data []float64) blas64.General {
		return blas64.General{Rows: d, Cols: d, Stride: d, Data: data}
	}
	blas64.Gemm(ta, tb, 1, general(a), general(b), 0, general(dst))
}

// sandwich stores scale·a s a for symmetric a and s, made symmetric to the bit;
// work is overwritten.
func (g *gaussian) sandwich(dst, a, s, work []float64, scale float64) {
	g.mul(work, blas.NoTrans, a, blas.NoTrans, s)
	g.mul(dst, blas.NoTrans, work, blas.NoTrans, a)
	d := g.d
	for i := range d {
		dst[i*d+i] *= scale
		for j := range i {
			v := scale * (dst[i*d+j] + dst[j*d+i]) / 2
			dst[i*d+j], dst[j*d+i] = v, v
		}
	}
}

// apply stores a x for a full matrix a.
func (g *gaussian) apply(dst, a, x []float64) {
	d := g.d
	for i := range d {
		s := 0.0
		for j, v := range a[i*d : i*d+d] {
			s += v * x[j]
		}
		dst[i] = s
	}
}

// factor replaces the symmetric matrix a by its lower Cholesky factor, with
// zeros above, and reports whether a is positive definite.
func (g *gaussian) factor(a []float64) bool {
	d := g.d
	pivot, ok := cholesky.Factor(a, d)
	if !ok {
		g.leadingBad, g.pivot = pivot+1, a[pivot*d+pivot]
		return false
	}
	for i := range d {
		clear(a[i*d+i+1 : i*d+d])
	}
	return true
}

// factorPacked leaves the Cholesky factor of the matrix of packed entries, scaled
// as by unpack, in m[0]. The error names the first entry that is not finite, by
// letter, or the pivot that is not positive.
func (g *gaussian) factorPacked(family, chart, letter string, packed []float64, on, off float64) error {
	for a, x := range packed {
		if !realLine.contains(x) {
			return &DomainError{Family: family, Chart: chart, Coordinate: packedNames("", letter, letter, g.d)[g.d+a], Value: x, Want: realLine.want}
		}
	}
	g.unpack(g.m[0], packed, on, off)
	if g.factor(g.m[0]) {
		return nil
	}
	return &DomainError{
		Family: family, Chart: chart, Coordinate: fmt.Sprintf("pivot %d of matrix %s", g.leadingBad, letter), Value: g.pivot,
		Want: "must be positive: the matrix is not positive definite",
	}
}

// scoreOfCovariance stores ½(zzᵀ − P) as a covector, given P, whose lower triangle
// is overwritten.
func (g *gaussian) scoreOfCovariance(dst, p, z []float64) {
	d := g.d
	for i := range d {
		for j := 0; j <= i; j++ {
			p[i*d+j] = (z[i]*z[j] - p[i*d+j]) / 2
		}
	}
	g.pack(dst, p, 1, 2)
}

// packOuter stores the lower triangle of xxᵀ.
func packOuter(dst, x []float64) {
	k := 0
	for i, a := range x {
		for _, b := range x[:i+1] {
			dst[k] = a * b
			k++
		}
	}
}

// weighTriangle stores the Frobenius weights of a symmetric matrix's coordinates.
func weighTriangle(dst []float64, d int) {
	for i := range dst {
		dst[i] = 2
	}
	for i := range d {
		dst[triangle(i)+i] = 1
	}
}

// invertFactored stores the inverse of LLᵀ; work is overwritten.
func (g *gaussian) invertFactored(dst, l, work []float64) {
	cholesky.Invert(work, l, g.d)
	g.mul(dst, blas.Trans, work, blas.NoTrans, work)
}

// whiten replaces the symmetric matrix s by L⁻¹ s L⁻ᵀ, given inverse = L⁻¹;
// work is overwritten.
func (g *gaussian) whiten(s, inverse, work []float64) {
	g.mul(work, blas.NoTrans, inverse, blas.NoTrans, s)
	g.mul(s, blas.NoTrans, work, blas.Trans, inverse)
}

// excess is tr M − d − log|M| for M = Q⁻¹P, of the symmetric matrices P and Q that
// are rp and rq times the packed ones, given the Cholesky factor L of Q/rq in
// m[0]; it overwrites the other matrices.
//
// With pivots 1 + u_i and factor C of L⁻¹ P L⁻ᵀ it is Σ φ(u_i) + Σ_{k<i} c_ik²,
// φ(u) = u − log(1+u), from the difference P − Q: no term is negative. When
// a pivot is small that difference says nothing of it, and nothing cancels in
// the definition. Where Q is nearly singular its factor and the whitened difference
// are taken to twice the digits.
func (g *gaussian) excess(p, q []float64, rp, rq float64) float64 {
	d, inverse, e := g.d, g.m[1], g.m[2]
	cholesky.Invert(inverse, g.m[0], d)
	ill := g.isIll(g.m[0]) && g.widen(q)
	if ill {
		g.wideDifference(e, p, q, rp, rq)
	} else {
		g.unpack(e, p, 1, 1)
		g.unpack(g.m[3], q, 1, 1)
		for i := range e {
			// P − Q = rp(p − q) + (rp − rq)q, in units of rq.
			e[i] = (rp*(e[i]-g.m[3][i]) + (rp-rq)*g.m[3][i]) / rq
		}
		g.whiten(e, inverse, g.m[3])
	}
	sum := 0.0
	for i := range d {
		row := e[i*d : i*d+d]
		rest := 0.0
		for j := range i {
			s := row[j]
			for k := range j {
				s -= row[k] * e[j*d+k]
			}
			row[j] = s / e[j*d+j]
			rest += row[j] * row[j]
		}
		u := row[i] - rest
		if !(u > -0.5) {
			if ill {
				return g.wideExcess(p, rp/rq)
			}
			return g.distantExcess(p, rp/rq)
		}
		row[i] = math.Sqrt(1 + u)
		sum += special.Excess(u) + rest
	}
	return sum
}

// distantExcess is the definition of excess, given L in m[0] and its inverse in
// m[1].
func (g *gaussian) distantExcess(p []float64, ratio float64) float64 {
	d := g.d
	g.unpack(g.m[2], p, ratio, ratio)
	copy(g.m[3], g.m[2])
	g.whiten(g.m[2], g.m[1], g.m[4])
	trace := 0.0
	for i := range d {
		trace += g.m[2][i*d+i]
	}
	if !g.factor(g.m[3]) {
		return math.Inf(1) // singular to rounding
	}
	return trace - float64(d) - cholesky.LogDet(g.m[3], d) + cholesky.LogDet(g.m[0], d)
}

// symmetricFisher sets the block of dst, from row on, that belongs to the
// coordinates of a symmetric matrix: scale·½tr(P dΣ P dΣ'), that is
// scale·(P_ik P_jl + P_il P_jk) for (ij) and (kl), halved for each of them that is
// diagonal.
func (g *gaussian) symmetricFisher(dst *mat.SymDense, row int, p []float64, scale float64) {
	d, a := g.d, 0
	for i := range d {
		for j := 0; j <= i; j++ {
			b := 0
			for k := range i + 1 {
				for l := 0; l <= k && b <= a; l++ {
					v := scale * (p[i*d+k]*p[j*d+l] + p[i*d+l]*p[j*d+k])
					if i == j {
						v /= 2
					}
					if k == l {
						v /= 2
					}
					dst.SetSym(row+b, row+a, v)
					b++
				}
			}
			a++
		}
	}
}

// scaleDiagonal scales the rows and columns of dst, from row on, that belong to
// diagonal entries of a packed matrix.
func (g *gaussian) scaleDiagonal(dst *mat.SymDense, row int, by float64) {
	n := dst.SymmetricDim()
	for i := range g.d {
		a := row + triangle(i) + i
		for b := row; b < n; b++ {
			v := by * dst.At(a, b)
			if b == a {
				v *= by
			}
			dst.SetSym(a, b, v)
		}
	}
}

// choleskyFisher sets the block of dst, from row on, that belongs to the entries of
// L, Σ = LLᵀ, given in m[0], with logarithms on the diagonal if log: tr(M²) + tr(MMᵀ)
// with M = L⁻¹dL is P_ik for (ij) and (kj), and for a diagonal entry 1/L_ii² more.
func (g *gaussian) choleskyFisher(dst *mat.SymDense, row int, log bool) {
	d := g.d
	g.invertFactored(g.m[1], g.m[0], g.m[2])
	scale := func(i, j int) float64 {
		if log && i == j {
			return g.m[0][i*d+i]
		}
		return 1
	}
	for i := range d {
		for j := 0; j <= i; j++ {
			a := row + triangle(i) + j
			for k := i; k < d; k++ {
				for l := 0; l <= k; l++ {
					b := row + triangle(k) + l
					if b < a {
						continue
					}
					v := 0.0
					if j == l {
						v = g.m[1][i*d+k] * scale(i, j) * scale(k, l)
					}
					if a == b && i == j {
						v += square(scale(i, i) / g.m[0][i*d+i])
					}
					dst.SetSym(a, b, v)
				}
			}
		}
	}
}

// packedEntry is the row and column of the packed coordinate a.
func packedEntry(a int) (row, column int) {
	for triangle(row+1) <= a {
		row++
	}
	return row, a - triangle(row)
}

// orders are the index pairs of the entries that the packed coordinate a moves:
// its direction is the sum of e_i e_jᵀ over them.
func orders(a int) [][2]int {
	i, j := packedEntry(a)
	if i != j {
		return [][2]int{{i, j}, {j, i}}
	}
	return [][2]int{{i, i}}
}

// traceOfThree is tr(PU_a PU_b PU_c) for the directions of packed coordinates.
func (g *gaussian) traceOfThree(p []float64, a, b, c int) float64 {
	d, sum := g.d, 0.0
	for _, u := range orders(a) {
		for _, v := range orders(b) {
			for _, w := range orders(c) {
				sum += p[w[1]*d+u[0]] * p[u[1]*d+v[0]] * p[v[1]*d+w[0]]
			}
		}
	}
	return sum
}
