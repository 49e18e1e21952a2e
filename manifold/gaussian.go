package manifold

import (
	"fisherflow/internal/cholesky"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
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
}

func newGaussian(d int) *gaussian {
	g := &gaussian{d: d, x: make([]float64, d), y: make([]float64, d), z: make([]float64, d)}
	for i := range g.m {
		g.m[i] = make([]float64, d*d)
	}
	return g
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
