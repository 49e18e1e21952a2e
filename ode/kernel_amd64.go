package ode

import "golang.org/x/sys/cpu"

// vectorised says whether this processor runs the kernels in kernel_amd64.s.
var vectorised = cpu.X86.HasAVX2

//go:noescape
func combineAVX2(dst, y *float64, h float64, w *float64, at *int, terms int, k *[]float64, n int) (bad float64)

//go:noescape
func squareAVX2(err, y0, y1 *float64, rtol, atol float64, n int, lanes *[4]float64)

//go:noescape
func finiteAVX2(v *float64, n int) (bad float64)

// combineVector is combine by assembly; y may be nil for zero.
func combineVector(dst, y []float64, h float64, r *row, k [][]float64) bool {
	n := len(dst)
	var from *float64
	if y != nil {
		from = &y[:n][0]
	}
	for _, j := range r.at {
		_ = k[j][n-1]
	}
	return combineAVX2(&dst[0], from, h, &r.w[0], &r.at[0], len(r.w), &k[0], n) == 0
}

// squareBlocks sums a multiple of four components, and returns how many.
func squareBlocks(err, y0, y1 []float64, rtol, atol float64, lanes *[4]float64) int {
	n := len(err) &^ 3
	squareAVX2(&err[0], &y0[:n][0], &y1[:n][0], rtol, atol, n, lanes)
	return n
}
