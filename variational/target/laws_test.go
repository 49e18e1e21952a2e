package target_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"fisherflow/variational/target"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/diff/fd"
	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/mat"
)

// laws checks what any target must satisfy at points about the centre: the
// gradient and the Hessian are those of the value by finite differences,
// expectations agree with tensor quadrature, nothing is allocated.
func laws(t *testing.T, p target.Target, centre []float64, spread float64) {
	t.Helper()
	d := p.Dim()
	require.Len(t, centre, d)
	rng := rand.New(rand.NewPCG(3, uint64(d)))
	z, g, h := make([]float64, d), make([]float64, d), mat.NewSymDense(d, nil)
	for range 3 {
		for i := range z {
			z[i] = centre[i] + spread*rng.NormFloat64()
		}
		value, err := p.LogDensity(g, z)
		require.NoError(t, err)
		bare, err := p.LogDensity(nil, z)
		require.NoError(t, err)
		assert.Equal(t, value, bare)
		slopes := make([]float64, d)
		want := gradient(p, z)
		assertVector(t, want, g, 3e-7, "gradient")
		if p, ok := p.(target.Hessian); ok {
			require.NoError(t, p.Hessian(h, z))
			step := 1e-5
			for j := range d {
				x := append([]float64(nil), z...)
				x[j] += step
				p.LogDensity(slopes, x)
				up := append([]float64(nil), slopes...)
				x[j] -= 2 * step
				p.LogDensity(slopes, x)
				column := make([]float64, d)
				for i := range column {
					column[i] = (up[i] - slopes[i]) / (2 * step)
					up[i] = h.At(i, j)
				}
				assertVector(t, column, up, 3e-6, "Hessian")
			}
			assert.Zero(t, testing.AllocsPerRun(5, func() { _ = p.Hessian(h, z) }), "allocations of Hessian")
		}
		if p, ok := p.(target.Separable); ok {
			for j := range d {
				if c, m, w, ok := p.Quadratic(j); ok {
					v, _, _ := p.Marginal(j, z[j])
					assert.InDelta(t, v, c-w/2*(z[j]-m)*(z[j]-m), 1e-12*(1+math.Abs(v)))
				}
			}
		}
	}
	assert.Zero(t, testing.AllocsPerRun(5, func() { _, _ = p.LogDensity(g, z) }), "allocations of LogDensity")
	if c, ok := p.(target.Cloner); ok {
		a, _ := p.LogDensity(nil, centre)
		b, _ := c.Clone().LogDensity(nil, centre)
		assert.Equal(t, a, b)
	}
	if n, ok := p.(target.Named); ok {
		assert.Len(t, n.Coordinates(), d)
		assert.Len(t, n.Constrain(nil, centre), len(n.Names()))
	}
	assert.Panics(t, func() { _, _ = p.LogDensity(nil, make([]float64, d+1)) })
}

// gradient is that of the value by Richardson's extrapolated central
// differences.
func gradient(p target.Target, z []float64) []float64 {
	f := func(x []float64) float64 { v, _ := p.LogDensity(nil, x); return v }
	formula := fd.Formula{Stencil: []fd.Point{{Loc: -2, Coeff: 1. / 12}, {Loc: -1, Coeff: -8. / 12}, {Loc: 1, Coeff: 8. / 12}, {Loc: 2, Coeff: -1. / 12}}, Derivative: 1, Step: 1e-3}
	return fd.Gradient(nil, f, z, &fd.Settings{Formula: formula})
}

// assertVector compares relative to the largest component.
func assertVector(t *testing.T, want, got []float64, tol float64, what string) {
	t.Helper()
	scale := 1.0
	for _, x := range want {
		scale = math.Max(scale, math.Abs(x))
	}
	assert.InDeltaSlice(t, want, got, tol*scale, what)
}

// expectationLaws compares the closed expectations under N(mean, LLᵀ) with a
// tensor rule of n points a coordinate on values, gradients and Hessians.
func expectationLaws(t *testing.T, p target.NormalExpectation, mean []float64, spread float64, n int, tol float64) {
	t.Helper()
	d := p.Dim()
	rng := rand.New(rand.NewPCG(7, 7))
	x, w := make([]float64, n), make([]float64, n)
	quad.Hermite{}.FixedLocations(x, w, math.Inf(-1), math.Inf(1))
	lower, diagonal := mat.NewTriDense(d, mat.Lower, nil), mat.NewTriDense(d, mat.Lower, nil)
	for i := range d {
		for j := range i {
			lower.SetTri(i, j, spread*(rng.Float64()-0.5))
		}
		lower.SetTri(i, i, spread*(0.5+rng.Float64()))
		diagonal.SetTri(i, i, lower.At(i, i))
	}
	tensor := func(l *mat.TriDense) (value float64, g []float64, h *mat.SymDense) {
		g, h = make([]float64, d), mat.NewSymDense(d, nil)
		z, grad, hess, index := make([]float64, d), make([]float64, d), mat.NewSymDense(d, nil), make([]int, d)
		for {
			weight := 1.0
			copy(z, mean)
			for j, k := range index {
				weight *= w[k] / math.Sqrt(math.Pi)
				for i := j; i < d; i++ {
					z[i] += l.At(i, j) * x[k] * math.Sqrt2
				}
			}
			v, err := p.LogDensity(grad, z)
			require.NoError(t, err)
			value += weight * v
			for i := range g {
				g[i] += weight * grad[i]
			}
			if q, ok := p.(target.Hessian); ok {
				require.NoError(t, q.Hessian(hess, z))
				hess.ScaleSym(weight, hess)
				h.AddSym(h, hess)
			}
			k := 0
			for ; k < d; k++ {
				if index[k]++; index[k] < n {
					break
				}
				index[k] = 0
			}
			if k == d {
				return value, g, h
			}
		}
	}
	_, second := p.(target.Hessian)
	var cov mat.SymDense
	cov.SymOuterK(1, lower)
	g, h := make([]float64, d), mat.NewSymDense(d, nil)
	value, err := p.ExpectNormal(g, h, mean, &cov)
	require.NoError(t, err)
	v, wantG, wantH := tensor(lower)
	assert.InEpsilon(t, v, value, tol)
	assertVector(t, wantG, g, tol, "E gradient")
	if second {
		assertVector(t, wantH.RawSymmetric().Data, upper(h), tol, "E Hessian")
	}
	assert.Zero(t, testing.AllocsPerRun(2, func() { _, _ = p.ExpectNormal(g, h, mean, &cov) }), "allocations of ExpectNormal")

	variance, curvature := make([]float64, d), make([]float64, d)
	for i := range variance {
		variance[i] = diagonal.At(i, i) * diagonal.At(i, i)
	}
	value, err = p.ExpectDiagonal(g, curvature, mean, variance)
	require.NoError(t, err)
	v, wantG, wantH = tensor(diagonal)
	assert.InEpsilon(t, v, value, tol)
	assertVector(t, wantG, g, tol, "E gradient, diagonal")
	if second {
		want := make([]float64, d)
		for i := range want {
			want[i] = wantH.At(i, i)
		}
		assertVector(t, want, curvature, tol, "E curvature, diagonal")
	}
}

// upper is a matrix as gonum's sums leave it, with zeros below the diagonal.
func upper(h *mat.SymDense) []float64 {
	d := h.SymmetricDim()
	out := make([]float64, d*d)
	for i := range d {
		for j := i; j < d; j++ {
			out[i*d+j] = h.At(i, j)
		}
	}
	return out
}
