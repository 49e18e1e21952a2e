package metrics

import (
	"errors"
	"fmt"

	"fisherflow/manifold"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack"
	"gonum.org/v1/gonum/lapack/lapack64"
)

// ForWasserstein returns the Bures–Wasserstein metric of the full normals, in
// which the squared length of (dm, dC) is |dm|² + ½tr(S dC) with dC = 2(SC + CS): a
// covector (c, S), dL = c·dm + tr(S dC), is raised to (c, 2(SC + CS)), so that
// the gradient flow of KL(q‖p) is ṁ = −E∇Φ, Ċ = 2I − HC − CH (Särkkä 2007;
// Lambert, Chewi, Bach, Bonnabel & Rigollet, arXiv:2205.15902). Of the diagonal
// normals it is the Euclidean metric in (μ, σ). Other families have none.
func ForWasserstein(view *manifold.View) (manifold.Metric, error) {
	n := view.Dim()
	w := &wasserstein{view: view, x: make([]float64, n), theta: make([]float64, n), in: make([]float64, n), out: make([]float64, n)}
	switch f := view.Base().(type) {
	case manifold.MultivariateNormal:
		w.d = f.ObservationDim()
		square := func() []float64 { return make([]float64, w.d*w.d) }
		w.c, w.s, w.a, w.b, w.vectors = square(), square(), square(), square(), square()
		w.values, w.work = make([]float64, w.d), make([]float64, 3*w.d*w.d+3*w.d)
	case manifold.DiagonalNormal:
	default:
		return nil, fmt.Errorf("wasserstein: the metric is known for normals, not for %s: %w", f.Name(), errors.ErrUnsupported)
	}
	return w, nil
}

type wasserstein struct {
	view         *manifold.View
	x, theta     []float64
	in, out      []float64 // in source coordinates
	d            int       // 0: diagonal
	c, s, a, b   []float64 // matrices by rows
	vectors      []float64 // of C, in columns
	values, work []float64
	diagonalized bool
}

func (w *wasserstein) Dim() int { return len(w.x) }

func (w *wasserstein) At(x []float64) error {
	w.diagonalized = false
	copy(w.x, x)
	if err := w.view.Chart().ToSource(w.theta, w.x); err != nil {
		return err
	}
	if w.d > 0 {
		w.unpack(w.c, w.theta[w.d:], 1)
	}
	return nil
}

// unpack stores the symmetric matrix of packed entries, those off the diagonal
// times off.
func (w *wasserstein) unpack(dst, packed []float64, off float64) {
	k := 0
	for i := range w.d {
		for j := range i {
			dst[i*w.d+j], dst[j*w.d+i] = off*packed[k], off*packed[k]
			k++
		}
		dst[i*w.d+i] = packed[k]
		k++
	}
}

// pack stores the symmetric part of m, times scale and off the diagonal times off.
func (w *wasserstein) pack(packed, m []float64, scale, off float64) {
	k := 0
	for i := range w.d {
		for j := range i {
			packed[k] = scale * off * (m[i*w.d+j] + m[j*w.d+i]) / 2
			k++
		}
		packed[k] = scale * m[i*w.d+i]
		k++
	}
}

func (w *wasserstein) mul(dst []float64, ta blas.Transpose, a []float64, tb blas.Transpose, b []float64) {
	general := func(data []float64) blas64.General {
		return blas64.General{Rows: w.d, Cols: w.d, Stride: w.d, Data: data}
	}
	blas64.Gemm(ta, tb, 1, general(a), general(b), 0, general(dst))
}

func (w *wasserstein) Raise(dst, covector []float64) error {
	w.view.Chart().PullInverse(w.in, w.x, w.theta, covector)
	copy(w.out, w.in)
	if w.d > 0 {
		// SC + CS is twice the symmetric part of SC.
		w.unpack(w.s, w.in[w.d:], 0.5)
		w.mul(w.a, blas.NoTrans, w.s, blas.NoTrans, w.c)
		w.pack(w.out[w.d:], w.a, 4, 1)
	}
	w.view.Chart().PushInverse(dst, w.x, w.theta, w.out)
	return nil
}

func (w *wasserstein) Lower(dst, vector []float64) error {
	w.view.Chart().Push(w.in, w.x, w.theta, vector)
	copy(w.out, w.in)
	if w.d > 0 {
		if !w.diagonalized {
			copy(w.vectors, w.c)
			c := blas64.Symmetric{N: w.d, Stride: w.d, Data: w.vectors, Uplo: blas.Lower}
			if !lapack64.Syev(lapack.EVCompute, c, w.values, w.work, len(w.work)) || !(w.values[0] > 0) {
				return &SingularError{Metric: "wasserstein", Point: append([]float64(nil), w.x...), Chart: w.view.Chart().Name(), Value: w.values[0]}
			}
			w.diagonalized = true
		}
		// In the eigenvectors' frame V_ij = 2(λ_i + λ_j) S_ij.
		w.unpack(w.s, w.in[w.d:], 1)
		w.mul(w.a, blas.Trans, w.vectors, blas.NoTrans, w.s)
		w.mul(w.b, blas.NoTrans, w.a, blas.NoTrans, w.vectors)
		for i := range w.d {
			for j := range w.d {
				w.b[i*w.d+j] /= 2 * (w.values[i] + w.values[j])
			}
		}
		w.mul(w.a, blas.NoTrans, w.vectors, blas.NoTrans, w.b)
		w.mul(w.b, blas.NoTrans, w.a, blas.Trans, w.vectors)
		w.pack(w.out[w.d:], w.b, 1, 2)
	}
	w.view.Chart().Pull(dst, w.x, w.theta, w.out)
	return nil
}
