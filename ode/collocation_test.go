package ode

import (
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

var collocations = []Method{Radau5, ImplicitMidpoint, Gauss4, Gauss6}

// collocationMatrix is A with a_ij = ∫₀^{c_i} ℓ_j, by the Vandermonde equations
// Σ_j a_ij c_j^k = c_i^(k+1)/(k+1); its last row is b, for c = 1.
func collocationMatrix(c []float64) (a *mat.Dense, b []float64) {
	n := len(c)
	v, rhs := mat.NewDense(n, n, nil), mat.NewDense(n, n+1, nil)
	for k := range n {
		for j, x := range c {
			v.Set(k, j, power(x, k))
			rhs.Set(k, j, power(x, k+1)/float64(k+1))
		}
		rhs.Set(k, n, 1/float64(k+1))
	}
	var sol mat.Dense
	if err := sol.Solve(v, rhs); err != nil {
		panic(err)
	}
	b = mat.Col(nil, n, &sol)
	a = mat.DenseCopyOf(sol.Slice(0, n, 0, n).T())
	return a, b
}

func power(x float64, k int) float64 {
	p := 1.0
	for range k {
		p *= x
	}
	return p
}

// TestCollocationTransformations compares the eigenvectors and eigenvalues with
// the matrix that the nodes define.
func TestCollocationTransformations(t *testing.T) {
	for _, method := range collocations {
		m := method.(*collocation)
		n := len(m.c)
		a, b := collocationMatrix(m.c)
		lambda := mat.NewDense(n, n, nil)
		j := 0
		if m.real {
			lambda.Set(0, 0, m.gamma)
			j = 1
		}
		if m.pair {
			lambda.Set(j, j, m.alpha)
			lambda.Set(j+1, j+1, m.alpha)
			lambda.Set(j, j+1, -m.beta)
			lambda.Set(j+1, j, m.beta)
		}
		matrix := func(rows [][]float64) *mat.Dense {
			d := mat.NewDense(n, n, nil)
			for i, r := range rows {
				d.SetRow(i, r)
			}
			return d
		}
		var product mat.Dense
		product.Product(a, matrix(m.transform), lambda, matrix(m.back))
		for i := range n {
			for k := range n {
				want := 0.0
				if i == k {
					want = 1
				}
				require.InDelta(t, want, product.At(i, k), 1e-12, "%s (%d, %d)", m.name, i, k)
			}
		}
		if m.end != nil {
			// bᵀA⁻¹
			var inverse mat.Dense
			require.NoError(t, inverse.Inverse(a))
			var end mat.Dense
			end.Mul(mat.NewDense(1, n, b), &inverse)
			require.InDeltaSlice(t, m.end, end.RawRowView(0), 1e-12, m.name)
		} else {
			require.InDeltaSlice(t, b, a.RawRowView(n-1), 1e-12, "%s is stiffly accurate", m.name)
		}
	}
}
