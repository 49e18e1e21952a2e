package cholesky

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

func random(n int, seed uint64) []float64 {
	rng := rand.New(rand.NewPCG(seed, 1))
	b := mat.NewDense(n, n, nil)
	for i := range n {
		for j := range n {
			b.Set(i, j, rng.NormFloat64())
		}
	}
	var a mat.Dense
	a.Mul(b, b.T())
	for i := range n {
		a.Set(i, i, a.At(i, i)+1)
	}
	return a.RawMatrix().Data
}

func TestFactorAndSolve(t *testing.T) {
	for _, n := range []int{1, 2, 5, 20, 63, 64, 130} {
		a := random(n, uint64(n))
		l := append([]float64(nil), a...)
		_, ok := Factor(l, n)
		require.True(t, ok)
		dense := mat.NewDense(n, n, a)
		b := make([]float64, n)
		for i := range b {
			b[i] = math.Sin(float64(i + 1))
		}
		x := append([]float64(nil), b...)
		Solve(l, n, x)
		var back mat.VecDense
		back.MulVec(dense, mat.NewVecDense(n, x))
		require.InDeltaSlice(t, b, back.RawVector().Data, 1e-10)
		var chol mat.Cholesky
		require.True(t, chol.Factorize(mat.NewSymDense(n, a)))
		require.InEpsilon(t, chol.LogDet(), LogDet(l, n), 1e-12)
		inverse := make([]float64, n*n)
		Invert(inverse, l, n)
		SolveLower(l, n, b)
		for i := range n {
			require.InDelta(t, 1, inverse[i*n+i]*l[i*n+i], 1e-14)
		}
	}
}

func TestFactorFindsThePivot(t *testing.T) {
	for _, n := range []int{3, 100} {
		a := random(n, 7)
		a[2*n+2] = -1
		pivot, ok := Factor(append([]float64(nil), a...), n)
		require.False(t, ok)
		require.Equal(t, 2, pivot)
		a[2*n+2] = math.NaN()
		_, ok = Factor(a, n)
		require.False(t, ok)
	}
}

func TestNoAllocation(t *testing.T) {
	for _, n := range []int{2, 20} {
		a, l, b := random(n, 3), make([]float64, n*n), make([]float64, n)
		require.Zero(t, testing.AllocsPerRun(100, func() {
			copy(l, a)
			Factor(l, n)
			Solve(l, n, b)
		}))
	}
}

func BenchmarkFactor(b *testing.B) {
	for _, n := range []int{8, 16, 32, 64, 128} {
		a, l := random(n, 3), make([]float64, n*n)
		b.Run(fmt.Sprintf("plain/n=%d", n), func(b *testing.B) {
			for range b.N {
				copy(l, a)
				factorPlain(l, n)
			}
		})
		b.Run(fmt.Sprintf("blocked/n=%d", n), func(b *testing.B) {
			for range b.N {
				copy(l, a)
				factorBlocked(l, n)
			}
		})
	}
}
