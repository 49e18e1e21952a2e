package metrics_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"fisherflow/metrics"
	"fisherflow/network"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
)

var _ metrics.Layered = (*network.Evaluation)(nil)

// problem is a network on data drawn from it, at a point.
type problem struct {
	*network.Evaluation
	theta []float64
}

func newProblem(t testing.TB, input network.Shape, layers []network.Layer, o network.Output, rows int) problem {
	n, err := network.New(input, layers, o)
	require.NoError(t, err)
	rng := rand.New(rand.NewPCG(11, uint64(rows)))
	d := network.Data{X: mat.NewDense(rows, input.Len(), nil), Y: mat.NewDense(rows, n.Responses(), nil)}
	z, y := make([]float64, n.Outputs()), make([]float64, n.Responses())
	state := make([]float64, o.StateLen(len(z)))
	o.Prepare(state, z)
	for i := range rows {
		for j := range input.Len() {
			d.X.Set(i, j, rng.NormFloat64())
		}
		o.Sample(y, state, rng)
		d.Y.SetRow(i, y)
	}
	theta := make([]float64, n.Dim())
	for i := range theta {
		theta[i] = .6 * rng.NormFloat64()
	}
	return evaluate(t, n, d, theta)
}

func evaluate(t testing.TB, n *network.Network, d network.Data, theta []float64) problem {
	e, err := network.NewEvaluation(n, d)
	require.NoError(t, err)
	require.NoError(t, e.At(theta))
	return problem{e, theta}
}

func tanhSoftmax(t testing.TB, rows int) problem {
	return newProblem(t, network.Vector(3), []network.Layer{network.Dense{Units: 4, Activation: network.Tanh{}}, network.Dense{Units: 3}}, network.Softmax{}, rows)
}

// problems are small networks of every kind of layer and output.
func problems(t testing.TB) map[string]problem {
	tanh := func(units int) network.Layer { return network.Dense{Units: units, Activation: network.Tanh{}} }
	return map[string]problem{
		"softmax": tanhSoftmax(t, 40),
		"few":     tanhSoftmax(t, 3),
		"bernoulli": newProblem(t, network.Vector(2), []network.Layer{tanh(3), network.Dense{Units: 1}},
			network.Independent{Of: network.Bernoulli{}}, 12),
		"conv poisson": newProblem(t, network.Shape{Height: 4, Width: 3, Channels: 1},
			[]network.Layer{network.Conv{Channels: 2, Kernel: 2, Activation: network.Tanh{}}, network.Dense{Units: 2, NoBias: true}},
			network.Independent{Of: network.Poisson{}}, 9),
		"gaussian-scale": newProblem(t, network.Vector(2), []network.Layer{tanh(3), network.Dense{Units: 2}}, network.GaussianScale{}, 15),
		"residual gamma": newProblem(t, network.Vector(3), []network.Layer{network.Dense{Units: 3, Activation: network.Softplus{}, Residual: true}, network.Dense{Units: 1}},
			network.Independent{Of: network.Gamma{Shape: 2}}, 10),
	}
}

// reference is (1/N) Σ JᵀHJ column by column, from products alone.
func reference(t testing.TB, p problem) *mat.SymDense {
	n := p.Dim()
	f := mat.NewSymDense(n, nil)
	u := blas64.General{Rows: p.Examples(), Cols: p.Outputs(), Stride: p.Outputs(), Data: make([]float64, p.Examples()*p.Outputs())}
	unit, column := make([]float64, n), make([]float64, n)
	for j := range n {
		unit[j] = 1
		p.JVP(u, unit)
		p.Fishers(u)
		p.VJP(column, u)
		unit[j] = 0
		for i := range j + 1 {
			f.SetSym(i, j, column[i]/float64(p.Examples()))
		}
	}
	return f
}

func tensor(t testing.TB, p problem, structure string, s metrics.Settings) metrics.Tensor {
	if structure == "low-rank" && s.Rank == 0 {
		s.Rank = 4
	}
	m, err := metrics.OnModel(structure, p, s)
	require.NoError(t, err)
	require.NoError(t, m.At(p.theta))
	return m
}

func matrix(t testing.TB, m metrics.Tensor) *mat.SymDense {
	f := mat.NewSymDense(m.Dim(), nil)
	require.NoError(t, metrics.Matrix(f, m))
	return f
}

func near(t testing.TB, want, got mat.Matrix, tol float64, msg ...any) {
	t.Helper()
	var d mat.Dense
	d.Sub(want, got)
	scale := mat.Norm(want, 2)
	require.LessOrEqual(t, mat.Norm(&d, 2), tol*scale, msg...)
}

func norm(v []float64) float64 { return mat.Norm(mat.NewVecDense(len(v), v), 2) }

func minus(a, b []float64) []float64 {
	d := make([]float64, len(a))
	for i := range a {
		d[i] = a[i] - b[i]
	}
	return d
}

func random(n int, seed uint64) []float64 {
	rng := rand.New(rand.NewPCG(seed, 5))
	v := make([]float64, n)
	for i := range v {
		v[i] = rng.NormFloat64()
	}
	return v
}

func form(f mat.Symmetric, v []float64) float64 {
	x := mat.NewVecDense(len(v), v)
	return mat.Inner(x, f, x)
}

// expected is what a structure keeps of the Fisher matrix f, built entry by
// entry from its definition; false for those that keep it all, or that need the
// factors.
func expected(p problem, structure string, f *mat.SymDense) *mat.SymDense {
	n := p.Dim()
	m := mat.NewSymDense(n, nil)
	for l := range p.Layers() {
		offset, q, w, _, bias := p.Layer(l)
		for i := range q {
			for a := offset + i*w; a < offset+(i+1)*w; a++ {
				switch structure {
				case "diagonal":
					m.SetSym(a, a, f.At(a, a))
				case "unit-wise":
					for b := offset + i*w; b <= a; b++ {
						m.SetSym(b, a, f.At(b, a))
					}
				case "block-diagonal":
					for b := offset; b <= a; b++ {
						m.SetSym(b, a, f.At(b, a))
					}
				case "quasi-diagonal":
					zero := offset + (i+1)*w - 1
					for b := offset + i*w; b <= a; b++ {
						switch {
						case b == a || bias && a == zero:
							m.SetSym(b, a, f.At(b, a))
						case bias:
							m.SetSym(b, a, f.At(b, zero)*f.At(zero, a)/f.At(zero, zero))
						}
					}
				case "fisher", "sample-space", "conjugate-gradient":
					for b := range a + 1 {
						m.SetSym(b, a, f.At(b, a))
					}
				}
			}
		}
	}
	return m
}

var kept = []string{"fisher", "sample-space", "conjugate-gradient", "block-diagonal", "unit-wise", "diagonal", "quasi-diagonal"}

// TestDefinitions: each structure is the part of (1/N) Σ JᵀHJ that it says.
func TestDefinitions(t *testing.T) {
	for name, p := range problems(t) {
		f := reference(t, p)
		for _, structure := range kept {
			near(t, expected(p, structure, f), matrix(t, tensor(t, p, structure, metrics.Settings{})), 1e-13, name, structure)
		}
	}
}

// TestKronecker: K-FAC is G ⊗ A, and EKFAC the diagonal of the exact block in
// the eigenvectors of K-FAC.
func TestKronecker(t *testing.T) {
	for name, p := range problems(t) {
		f := reference(t, p)
		n := p.Dim()
		want := mat.NewDense(n, n, nil)
		wantEigen := mat.NewDense(n, n, nil)
		for l := range p.Layers() {
			offset, q, w, _, _ := p.Layer(l)
			a, g := factors(p, l)
			var block, basis, rotated mat.Dense
			block.Kronecker(g, a)
			want.Slice(offset, offset+q*w, offset, offset+q*w).(*mat.Dense).Copy(&block)

			var ea, eg mat.EigenSym
			var ua, ug mat.Dense
			require.True(t, ea.Factorize(a, true) && eg.Factorize(g, true))
			ea.VectorsTo(&ua)
			eg.VectorsTo(&ug)
			basis.Kronecker(&ug, &ua)
			exact := f.SliceSym(offset, offset+q*w)
			rotated.Product(basis.T(), exact, &basis)
			diagonal := mat.NewDiagDense(q*w, nil)
			for i := range q * w {
				diagonal.SetDiag(i, rotated.At(i, i))
			}
			rotated.Product(&basis, diagonal, basis.T())
			wantEigen.Slice(offset, offset+q*w, offset, offset+q*w).(*mat.Dense).Copy(&rotated)
		}
		near(t, want, matrix(t, tensor(t, p, "kfac", metrics.Settings{})), 1e-13, name)
		if name == "few" {
			continue // eigenvectors of a repeated eigenvalue 0 are anybody's
		}
		near(t, wantEigen, matrix(t, tensor(t, p, "ekfac", metrics.Settings{})), 1e-10, name)
	}
}

// factors are A and G of a layer, summed example by example.
func factors(p problem, l int) (a, g *mat.SymDense) {
	_, q, w, positions, _ := p.Layer(l)
	a, g = mat.NewSymDense(w, nil), mat.NewSymDense(q, nil)
	in := p.Inputs(l)
	rows := p.Examples() * positions
	for i := range rows {
		a.SymRankOne(a, 1/float64(rows), mat.NewVecDense(w, in.Data[i*in.Stride:i*in.Stride+w]))
	}
	s := blas64.General{Rows: p.Examples(), Cols: p.Outputs(), Stride: p.Outputs(), Data: make([]float64, p.Examples()*p.Outputs())}
	for k := range p.Rank() {
		p.Factors(s, k)
		p.Backward(s)
		c := p.Cotangents(l)
		for i := range rows {
			g.SymRankOne(g, 1/float64(p.Examples()), mat.NewVecDense(q, c.Data[i*c.Stride:i*c.Stride+q]))
		}
	}
	return a, g
}

// TestOperators: of every structure, damped in every way it can be, Raise
// inverts Lower, trace and determinant are those of the matrix, which is
// symmetric and positive definite, and repeated calls give the same bits.
func TestOperators(t *testing.T) {
	for name, p := range problems(t) {
		for _, structure := range metrics.Structures() {
			for _, kind := range []string{"tikhonov", "relative", "marquardt", "block", "prior", "factored"} {
				s := metrics.Settings{Damping: metrics.Damping{Kind: kind, Value: .05}, Rank: 4, Tolerance: 1e-14}
				if kind == "prior" {
					s.Damping.Prior = make([]float64, p.Dim())
					for i := range s.Damping.Prior {
						s.Damping.Prior[i] = 1 + float64(i%3)
					}
				}
				m, err := metrics.OnModel(structure, p, s)
				if err != nil {
					continue // a kind that the structure does not have
				}
				require.NoError(t, m.At(p.theta))
				where := fmt.Sprint(name, " ", structure, " ", kind)
				f := matrix(t, m)
				v := random(p.Dim(), 1)
				lowered, raised := make([]float64, p.Dim()), make([]float64, p.Dim())
				require.NoError(t, m.Lower(lowered, v))
				require.NoError(t, m.Raise(raised, lowered))
				var eigen mat.EigenSym
				require.True(t, eigen.Factorize(f, false))
				values := eigen.Values(nil)
				regular := values[0] > 1e-10*values[len(values)-1]
				if !regular {
					// Only Marquardt's damping may leave it singular, and K-FAC's at a
					// zero factor: then what is raised is lowered back.
					require.NotEqual(t, "tikhonov", kind, where)
					require.GreaterOrEqual(t, values[0], -1e-13*values[len(values)-1], where)
					again := make([]float64, p.Dim())
					require.NoError(t, m.Lower(again, raised))
					require.LessOrEqual(t, norm(minus(lowered, again)), 1e-7*norm(lowered), where)
					continue
				}
				require.LessOrEqual(t, norm(minus(v, raised)), 1e-11*norm(v)*values[len(values)-1]/values[0], where)
				again := make([]float64, p.Dim())
				if structure != "conjugate-gradient" {
					require.NoError(t, m.Raise(again, lowered))
					require.Equal(t, raised, again, where)
					require.NoError(t, m.Raise(lowered, lowered)) // in place
					require.Equal(t, raised, lowered, where)
				}
				trace, err := m.Trace()
				require.NoError(t, err)
				require.InEpsilon(t, mat.Trace(f), trace, 1e-12, where)
				det, err := m.LogDet()
				require.NoError(t, err)
				want := 0.0
				for _, w := range values {
					want += math.Log(w)
				}
				require.InDelta(t, want, det, 1e-9*(1+math.Abs(want)), where)
			}
		}
	}
}

// TestEstimators: F is the expectation of the products of scores over all
// labels, the GGN is F for natural parameters, the empirical matrix is that of
// the data's labels, and none of them is another.
func TestEstimators(t *testing.T) {
	p := tanhSoftmax(t, 8)
	n, rows := p.Dim(), p.Examples()
	f := reference(t, p)
	outer := func(weight func(i, label int) float64) *mat.SymDense {
		sum := mat.NewSymDense(n, nil)
		gradient := make([]float64, n)
		for i := range rows {
			for label := range 3 {
				w := weight(i, label)
				if w == 0 {
					continue
				}
				x := p.Data().X.Slice(i, i+1, 0, 3).(*mat.Dense)
				one := evaluate(t, p.Network(), network.Data{X: x, Y: mat.NewDense(1, 1, []float64{float64(label)})}, p.theta)
				one.Gradient(gradient)
				sum.SymRankOne(sum, w/float64(rows), mat.NewVecDense(n, gradient))
			}
		}
		return sum
	}
	mean := make([]float64, 3)
	near(t, outer(func(i, label int) float64 { p.Mean(mean, i); return mean[label] }), f, 1e-13)
	empirical := outer(func(i, label int) float64 {
		if p.Data().Y.At(i, 0) == float64(label) {
			return 1
		}
		return 0
	})
	near(t, empirical, matrix(t, tensor(t, p, "fisher", metrics.Settings{Estimator: "empirical"})), 1e-13)
	near(t, f, matrix(t, tensor(t, p, "fisher", metrics.Settings{Estimator: "ggn"})), 1e-13)
	for _, s := range []string{"sample-space", "conjugate-gradient"} {
		near(t, empirical, matrix(t, tensor(t, p, s, metrics.Settings{Estimator: "empirical"})), 1e-13)
	}
	var d mat.Dense
	d.Sub(f, empirical)
	require.Greater(t, mat.Norm(&d, 2), .1*mat.Norm(f, 2))

	q := problems(t)["gaussian-scale"]
	m, err := metrics.OnModel("kfac", q, metrics.Settings{Estimator: "ggn"})
	require.NoError(t, err)
	require.ErrorContains(t, m.At(q.theta), "indefinite")
	// Gamma's log mean is no natural parameter: its GGN is not F.
	g := problems(t)["residual gamma"]
	d.Reset()
	d.Sub(reference(t, g), matrix(t, tensor(t, g, "fisher", metrics.Settings{Estimator: "ggn"})))
	require.Greater(t, mat.Norm(&d, 2), .01*mat.Norm(reference(t, g), 2))
}

// TestMonteCarlo: the estimate is unbiased, its error falls as 1/√s, the same
// draws give the same matrix, and other draws another.
func TestMonteCarlo(t *testing.T) {
	p := tanhSoftmax(t, 8)
	f := reference(t, p)
	var logS, logE []float64
	for _, s := range []int{4, 32, 256} {
		// The root mean square over a few independent estimates.
		sum := 0.0
		for seed := range uint64(60) {
			var d mat.Dense
			d.Sub(f, matrix(t, tensor(t, p, "fisher", metrics.Settings{Estimator: "monte-carlo", Samples: s, Seed: seed})))
			e := mat.Norm(&d, 2)
			sum += e * e
		}
		logS, logE = append(logS, math.Log(float64(s))), append(logE, math.Log(sum/60)/2)
	}
	slope := (logE[2] - logE[0]) / (logS[2] - logS[0])
	require.InDelta(t, -.5, slope, .05) // three standard errors of 60 estimates

	m := tensor(t, p, "kfac", metrics.Settings{Estimator: "monte-carlo", Seed: 1})
	first := matrix(t, m)
	require.NoError(t, m.At(p.theta))
	require.True(t, mat.Equal(first, matrix(t, m)))
	m.(metrics.Redrawer).Redraw(1)
	require.NoError(t, m.At(p.theta))
	require.False(t, mat.Equal(first, matrix(t, m)))
}

// TestExactKFAC: K-FAC is the block for one datum, for equal data, and for
// linear networks with a Gaussian output; it is not for a tanh network on
// several data, nor for a linear one with softmax.
func TestExactKFAC(t *testing.T) {
	linear := func(units ...int) []network.Layer {
		var layers []network.Layer
		for _, u := range units {
			layers = append(layers, network.Dense{Units: u})
		}
		return layers
	}
	tanh := []network.Layer{network.Dense{Units: 4, Activation: network.Tanh{}}, network.Dense{Units: 3}}
	gaussian := network.Independent{Of: network.Gaussian{Variance: .3}}
	equal := func(p problem) problem {
		x, y := mat.NewDense(5, p.Network().Input().Len(), nil), mat.NewDense(5, p.Network().Responses(), nil)
		for i := range 5 {
			x.SetRow(i, p.Data().X.RawRowView(0))
			y.SetRow(i, p.Data().Y.RawRowView(i%p.Examples()))
		}
		return evaluate(t, p.Network(), network.Data{X: x, Y: y}, p.theta)
	}
	v := network.Vector
	for name, p := range map[string]problem{
		"one datum":        newProblem(t, v(3), tanh, network.Softmax{}, 1),
		"equal data":       equal(newProblem(t, v(3), tanh, network.Softmax{}, 2)),
		"linear gaussian":  newProblem(t, v(3), linear(4, 2), gaussian, 11),
		"one output":       newProblem(t, v(3), linear(2, 1), gaussian, 6),
		"one unit":         newProblem(t, v(3), linear(1, 2), gaussian, 6),
		"one input":        newProblem(t, v(1), []network.Layer{network.Dense{Units: 1, NoBias: true}}, gaussian, 6),
		"no bias":          newProblem(t, v(3), []network.Layer{network.Dense{Units: 2, NoBias: true}, network.Dense{Units: 2, NoBias: true}}, gaussian, 6),
		"one output tanh":  newProblem(t, v(2), []network.Layer{network.Dense{Units: 3, Activation: network.Tanh{}}, network.Dense{Units: 1}}, gaussian, 1),
		"gamma regression": newProblem(t, v(2), linear(1), network.Independent{Of: network.Gamma{Shape: 3}}, 7),
	} {
		block := matrix(t, tensor(t, p, "block-diagonal", metrics.Settings{}))
		near(t, block, matrix(t, tensor(t, p, "kfac", metrics.Settings{})), 1e-13, name)
		near(t, block, matrix(t, tensor(t, p, "ekfac", metrics.Settings{})), 1e-12, name)
	}
	for name, p := range map[string]problem{
		"tanh":           newProblem(t, v(3), tanh, gaussian, 11),
		"linear softmax": newProblem(t, v(3), linear(3), network.Softmax{}, 11),
	} {
		block := matrix(t, tensor(t, p, "block-diagonal", metrics.Settings{}))
		var k, e mat.Dense
		k.Sub(block, matrix(t, tensor(t, p, "kfac", metrics.Settings{})))
		e.Sub(block, matrix(t, tensor(t, p, "ekfac", metrics.Settings{})))
		require.Greater(t, mat.Norm(&k, 2), .01*mat.Norm(block, 2), name)
		require.Less(t, mat.Norm(&e, 2), .999*mat.Norm(&k, 2), name)
	}
}

// TestSolvers: sample space, dense matrix, conjugate gradients and eigenvectors
// raise the same for R below and above n, for every damping; compared where it
// counts, in Fisher length. Without damping the push-through form is the least
// squares solution on U.
func TestSolvers(t *testing.T) {
	for _, rows := range []int{3, 40} {
		p := tanhSoftmax(t, rows)
		n := p.Dim()
		f := reference(t, p)
		gradient := make([]float64, n)
		p.Gradient(gradient)
		var eigen mat.EigenSym
		require.True(t, eigen.Factorize(f, true))
		var vectors mat.Dense
		eigen.VectorsTo(&vectors)
		values := eigen.Values(nil)
		top := values[n-1]
		length := func(v []float64) float64 { return math.Sqrt(max(0, form(f, v))) }
		for _, lambda := range []float64{1e2, 1, 1e-2, 1e-4, 1e-6, 1e-8, 1e-10, 1e-12, 0} {
			s := metrics.Settings{Damping: metrics.Damping{Value: lambda}, Tolerance: 1e-13, MaxIterations: 5000, Truncate: true}
			want := mat.NewVecDense(n, nil)
			want.MulVec(vectors.T(), mat.NewVecDense(n, gradient))
			for i, w := range values {
				x := 0.0
				if lambda > 0 || w > 1e-13*top {
					x = 1 / (max(w, 0) + lambda)
				}
				want.SetVec(i, x*want.AtVec(i))
			}
			want.MulVec(&vectors, want)
			size := length(want.RawVector().Data)
			for _, structure := range []string{"sample-space", "fisher", "conjugate-gradient"} {
				v := make([]float64, n)
				require.NoError(t, tensor(t, p, structure, s).Raise(v, gradient))
				// The matrix has lost what lies below its rounding: its condition
				// number κ, of which the length sees the root.
				kappa := math.Sqrt((top + lambda) / (smallest(values, lambda)))
				require.LessOrEqual(t, length(minus(want.RawVector().Data, v)), 1e-13*kappa*20*size, "%s, %d rows, λ = %g", structure, rows, lambda)
			}
			// A covector that is no gradient.
			c := random(n, 3)
			a, b := make([]float64, n), make([]float64, n)
			if lambda >= 1e-4 {
				require.NoError(t, tensor(t, p, "sample-space", s).Raise(a, c))
				require.NoError(t, tensor(t, p, "fisher", s).Raise(b, c))
				require.LessOrEqual(t, norm(minus(a, b)), 1e-11/lambda*norm(b), "λ = %g", lambda)
			}
		}
	}
}

// smallest is the least eigenvalue that is not rounding, damped.
func smallest(values []float64, lambda float64) float64 {
	for _, w := range values {
		if w > 1e-13*values[len(values)-1] {
			return w + lambda
		}
	}
	return lambda
}

// TestPushThrough: with λ far below the rounding of the matrix the sample space
// still gives the least squares solution on U, by QR of U itself.
func TestPushThrough(t *testing.T) {
	p := tanhSoftmax(t, 3)
	n, r := p.Dim(), p.Examples()*p.Rank()
	u := mat.NewDense(r, n, nil)
	b := mat.NewVecDense(r, nil)
	s := blas64.General{Rows: p.Examples(), Cols: p.Outputs(), Stride: p.Outputs(), Data: make([]float64, p.Examples()*p.Outputs())}
	roots := blas64.General{Rows: p.Examples(), Cols: p.Rank(), Stride: p.Rank(), Data: make([]float64, r)}
	p.Roots(roots)
	single := s
	single.Data = make([]float64, len(s.Data))
	for k := range p.Rank() {
		p.Factors(s, k)
		for i := range p.Examples() {
			clear(single.Data)
			copy(single.Data[i*s.Stride:(i+1)*s.Stride], s.Data[i*s.Stride:])
			row := u.RawRowView(k*p.Examples() + i)
			p.VJP(row, single)
			for j := range row {
				row[j] /= math.Sqrt(float64(p.Examples()))
			}
			b.SetVec(k*p.Examples()+i, roots.Data[i*p.Rank()+k]/math.Sqrt(float64(p.Examples())))
		}
	}
	var lq mat.LQ
	lq.Factorize(u)
	want := mat.NewVecDense(n, nil)
	require.NoError(t, lq.SolveVecTo(want, false, b))
	gradient, v := make([]float64, n), make([]float64, n)
	p.Gradient(gradient)
	for _, lambda := range []float64{0, 1e-30, 1e-16} {
		m := tensor(t, p, "sample-space", metrics.Settings{Damping: metrics.Damping{Value: lambda}})
		require.NoError(t, m.Raise(v, gradient))
		require.LessOrEqual(t, norm(minus(want.RawVector().Data, v)), 1e-11*norm(v))
		require.False(t, m.Diagnosis().Singular())
	}
}

// TestRank: the softmax Fisher matrix lacks exactly the p_L dimensions in which
// one vector is added to all rows of the last W, and the diagnosis says so.
func TestRank(t *testing.T) {
	p := tanhSoftmax(t, 40)
	_, _, last, _, _ := p.Layer(1)
	gradient, v, back := make([]float64, p.Dim()), make([]float64, p.Dim()), make([]float64, p.Dim())
	p.Gradient(gradient)
	m := tensor(t, p, "fisher", metrics.Settings{Cutoff: 1e-15})
	require.NoError(t, m.Raise(v, gradient))
	d := m.Diagnosis()
	require.Equal(t, 31, d.Dim)
	require.Equal(t, p.Dim()-last, d.Rank)
	require.Less(t, d.Residual, 1e-12)
	require.Greater(t, d.Smallest, 1e4*max(0, d.Dropped))
	require.Contains(t, d.String(), "rank 26 of 31")
	require.NoError(t, m.Lower(back, v))
	require.LessOrEqual(t, norm(minus(gradient, back)), 1e-11*norm(gradient))
	det, err := m.LogDet()
	require.NoError(t, err)
	require.True(t, math.IsInf(det, -1))
	// A looser cutoff takes fewer dimensions and says what it leaves out.
	loose := tensor(t, p, "fisher", metrics.Settings{Cutoff: .5})
	require.NoError(t, loose.Raise(v, gradient))
	require.Less(t, loose.Diagnosis().Rank, d.Rank)
	require.LessOrEqual(t, loose.Diagnosis().Residual, .5)
	require.Greater(t, loose.Diagnosis().Residual, .01)
}

// TestScales: the mean over a repeated data set is that over the data set, over
// two batches the weighted mean of theirs, the order of the examples is nothing
// to it, and the order of hidden units permutes it.
func TestScales(t *testing.T) {
	p := tanhSoftmax(t, 10)
	at := func(rows ...int) problem {
		x, y := mat.NewDense(len(rows), 3, nil), mat.NewDense(len(rows), 1, nil)
		for i, r := range rows {
			x.SetRow(i, p.Data().X.RawRowView(r))
			y.SetRow(i, p.Data().Y.RawRowView(r))
		}
		return evaluate(t, p.Network(), network.Data{X: x, Y: y}, p.theta)
	}
	all := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	for _, structure := range []string{"fisher", "sample-space", "block-diagonal", "unit-wise", "diagonal", "quasi-diagonal", "kfac", "ekfac", "low-rank"} {
		f := matrix(t, tensor(t, p, structure, metrics.Settings{}))
		near(t, f, matrix(t, tensor(t, at(append(all, all...)...), structure, metrics.Settings{})), 1e-11, structure)
		near(t, f, matrix(t, tensor(t, at(7, 2, 9, 0, 1, 8, 3, 5, 4, 6), structure, metrics.Settings{})), 1e-11, structure)
	}
	var sum mat.Dense
	sum.Scale(.3, matrix(t, tensor(t, at(0, 1, 2), "fisher", metrics.Settings{})))
	var other mat.Dense
	other.Scale(.7, matrix(t, tensor(t, at(3, 4, 5, 6, 7, 8, 9), "fisher", metrics.Settings{})))
	sum.Add(&sum, &other)
	near(t, &sum, matrix(t, tensor(t, p, "fisher", metrics.Settings{})), 1e-13)

	order := []int{2, 0, 3, 1}
	place := make([]int, p.Dim()) // of each parameter of the permuted network
	for i := range 4 {
		for j := range 4 {
			place[i*4+j] = order[i]*4 + j
		}
	}
	for c := range 3 {
		for i := range 4 {
			place[16+c*5+i] = 16 + c*5 + order[i]
		}
		place[16+c*5+4] = 16 + c*5 + 4
	}
	theta := make([]float64, p.Dim())
	for i, from := range place {
		theta[i] = p.theta[from]
	}
	permuted := evaluate(t, p.Network(), p.Data(), theta)
	for _, structure := range []string{"fisher", "block-diagonal", "unit-wise", "diagonal", "quasi-diagonal", "kfac", "ekfac"} {
		f, g := matrix(t, tensor(t, p, structure, metrics.Settings{})), matrix(t, tensor(t, permuted, structure, metrics.Settings{}))
		want := mat.NewSymDense(p.Dim(), nil)
		for i := range place {
			for j := range i + 1 {
				want.SetSym(i, j, f.At(place[i], place[j]))
			}
		}
		near(t, want, g, 1e-11, structure)
	}
}

// TestDampings: each kind is what its formula says, and λ → ∞ gives c/λ.
func TestDampings(t *testing.T) {
	p := tanhSoftmax(t, 40)
	n := p.Dim()
	const lambda = .02
	for _, structure := range []string{"fisher", "block-diagonal", "unit-wise", "diagonal", "kfac", "ekfac", "low-rank", "sample-space", "conjugate-gradient"} {
		f := matrix(t, tensor(t, p, structure, metrics.Settings{}))
		for _, kind := range []string{"tikhonov", "relative", "marquardt", "block", "prior"} {
			prior := random(n, 8)
			for i := range prior {
				prior[i] *= prior[i]
			}
			m, err := metrics.OnModel(structure, p, metrics.Settings{Rank: 4, Damping: metrics.Damping{Kind: kind, Value: lambda, Prior: prior}})
			if err != nil {
				continue
			}
			require.NoError(t, m.At(p.theta))
			want := mat.NewSymDense(n, nil)
			want.CopySym(f)
			for i := range n {
				add := lambda
				switch kind {
				case "relative":
					add *= mat.Trace(f) / float64(n)
				case "marquardt":
					add *= f.At(i, i)
				case "prior":
					add *= prior[i]
				case "block":
					add = 0
					for j := range i + 1 {
						if i < 16 || j >= 16 {
							want.SetSym(i, j, (1+lambda)*f.At(i, j))
						}
					}
				}
				want.SetSym(i, i, want.At(i, i)+add)
			}
			near(t, want, matrix(t, m), 1e-12, structure, kind)
		}
		far := tensor(t, p, structure, metrics.Settings{Damping: metrics.Damping{Value: 1e12}})
		c, v := random(n, 2), make([]float64, n)
		require.NoError(t, far.Raise(v, c))
		for i := range v {
			require.InDelta(t, c[i], v[i]*1e12, 1e-9, structure)
		}
	}
	// Factored damping is the product of the damped factors, not kron + λI.
	m := tensor(t, p, "kfac", metrics.Settings{Damping: metrics.Damping{Kind: "factored", Value: lambda}})
	got := matrix(t, m)
	for l := range p.Layers() {
		offset, q, w, _, _ := p.Layer(l)
		a, g := factors(p, l)
		pi := math.Sqrt(mat.Trace(a) / float64(w) / (mat.Trace(g) / float64(q)))
		for i := range w {
			a.SetSym(i, i, a.At(i, i)+pi*math.Sqrt(lambda))
		}
		for i := range q {
			g.SetSym(i, i, g.At(i, i)+math.Sqrt(lambda)/pi)
		}
		var want mat.Dense
		want.Kronecker(g, a)
		near(t, &want, got.SliceSym(offset, offset+q*w), 1e-13)
	}
	// λ changes without a visit to the model, and back, to the same bits.
	v, w := make([]float64, n), make([]float64, n)
	c := random(n, 4)
	require.NoError(t, m.Raise(v, c))
	m.SetDamping(1)
	require.NoError(t, m.Raise(w, c))
	require.Greater(t, norm(minus(v, w)), .1*norm(v))
	m.SetDamping(lambda)
	require.NoError(t, m.Raise(w, c))
	require.Equal(t, v, w)
}

// TestSpectralBounds: the eigenvalues of M̂⁻¹F lie in [0, B], with B the number
// of blocks: layers, rows, parameters.
func TestSpectralBounds(t *testing.T) {
	p := tanhSoftmax(t, 40)
	f := reference(t, p)
	for structure, bound := range map[string]float64{"block-diagonal": 2, "unit-wise": 7, "diagonal": float64(p.Dim())} {
		m := matrix(t, tensor(t, p, structure, metrics.Settings{Damping: metrics.Damping{Value: 1e-9}}))
		var c mat.Cholesky
		require.True(t, c.Factorize(m))
		var l mat.TriDense
		c.LTo(&l)
		var x mat.Dense
		require.NoError(t, x.Solve(&l, f))
		var y mat.Dense
		require.NoError(t, y.Solve(&l, x.T()))
		sym := mat.NewSymDense(p.Dim(), nil)
		for i := range p.Dim() {
			for j := range i + 1 {
				sym.SetSym(i, j, (y.At(i, j)+y.At(j, i))/2)
			}
		}
		var e mat.EigenSym
		require.True(t, e.Factorize(sym, false))
		values := e.Values(nil)
		require.GreaterOrEqual(t, values[0], -1e-6)
		require.LessOrEqual(t, values[p.Dim()-1], bound*(1+1e-6), structure)
		require.Greater(t, values[p.Dim()-1], 1.2, structure)
	}
}

// TestDegenerate: dead units, constant inputs, certain predictions and one
// example are raised without a number that is none.
func TestDegenerate(t *testing.T) {
	dead := newProblem(t, network.Vector(2), []network.Layer{network.Dense{Units: 3, Activation: network.ReLU{}}, network.Dense{Units: 2}}, network.Softmax{}, 6)
	dead.theta[2] = -1e3 // the first unit's bias
	dead.theta[0], dead.theta[1] = 0, 0
	certain := tanhSoftmax(t, 5)
	for i := 16; i < 31; i++ {
		certain.theta[i] *= 30
	}
	flat := tanhSoftmax(t, 6)
	for i := range 6 {
		flat.Data().X.Set(i, 1, 0)
	}
	same := tanhSoftmax(t, 6)
	for i := range 6 {
		same.Data().Y.Set(i, 0, 1)
	}
	for name, p := range map[string]problem{
		"dead unit": dead, "certain": certain,
		"constant input": evaluate(t, flat.Network(), flat.Data(), flat.theta),
		"equal labels":   evaluate(t, same.Network(), same.Data(), same.theta),
		"one example":    tanhSoftmax(t, 1),
	} {
		for _, structure := range metrics.Structures() {
			for _, kind := range []string{"exact", "empirical", "monte-carlo"} {
				m, err := metrics.OnModel(structure, p, metrics.Settings{Estimator: kind, Rank: 3, Truncate: true})
				require.NoError(t, err)
				require.NoError(t, m.At(p.theta), name)
				gradient, v := make([]float64, p.Dim()), make([]float64, p.Dim())
				p.Gradient(gradient)
				require.NoError(t, m.Raise(v, gradient), "%s %s", name, structure)
				require.False(t, math.IsNaN(norm(v)), "%s %s %s", name, structure, kind)
			}
		}
	}
}

// TestRefusals: what cannot be asked is an error that names it.
func TestRefusals(t *testing.T) {
	p := tanhSoftmax(t, 4)
	for want, c := range map[string]struct {
		structure string
		settings  metrics.Settings
	}{
		`no structure is called "kfacc"`:    {"kfacc", metrics.Settings{}},
		`no estimator is called "mc"`:       {"kfac", metrics.Settings{Estimator: "mc"}},
		"damping -1 must be finite":         {"kfac", metrics.Settings{Damping: metrics.Damping{Value: -1}}},
		"damping NaN must be finite":        {"kfac", metrics.Settings{Damping: metrics.Damping{Value: math.NaN()}}},
		`has no damping of kind "factored"`: {"fisher", metrics.Settings{Damping: metrics.Damping{Kind: "factored", Value: 1}}},
		`has no damping of kind "block"`:    {"kfac", metrics.Settings{Damping: metrics.Damping{Kind: "block", Value: 1}}},
		`"euclidean" has no damping`:        {"euclidean", metrics.Settings{Damping: metrics.Damping{Value: 1}}},
		"2 precisions of a prior for 31":    {"fisher", metrics.Settings{Damping: metrics.Damping{Kind: "prior", Value: 1, Prior: []float64{1, 2}}}},
		"needs a rank from 1 to 31":         {"low-rank", metrics.Settings{}},
		"average 1 must lie in":             {"kfac", metrics.Settings{Average: 1}},
		"GiB are allowed":                   {"fisher", metrics.Settings{Memory: 1000}},
		"for the Gram matrix":               {"sample-space", metrics.Settings{Memory: 1000}},
	} {
		_, err := metrics.OnModel(c.structure, p, c.settings)
		require.ErrorContains(t, err, want)
	}
	slow, err := metrics.OnModel("conjugate-gradient", p, metrics.Settings{MaxIterations: 1, Damping: metrics.Damping{Value: 1e-3}})
	require.NoError(t, err)
	require.NoError(t, slow.At(p.theta))
	require.ErrorContains(t, slow.Raise(make([]float64, p.Dim()), random(p.Dim(), 1)), "did not converge")
}

// TestKL: 2 KL(p_θ‖p_{θ+εv})/ε² → vᵀFv for every output, by Richardson
// extrapolation of the mean of both signs.
func TestKL(t *testing.T) {
	tanh := []network.Layer{network.Dense{Units: 3, Activation: network.Tanh{}}}
	for _, c := range []struct {
		output network.Output
		units  int
		kl     func(a, b []float64) float64
	}{
		{network.Softmax{}, 3, func(a, b []float64) float64 {
			s := 0.0
			sa, sb := 0.0, 0.0
			for i := range a {
				sa += math.Exp(a[i])
				sb += math.Exp(b[i])
			}
			for i := range a {
				s += math.Exp(a[i]) / sa * (a[i] - b[i] - math.Log(sa) + math.Log(sb))
			}
			return s
		}},
		{network.Independent{Of: network.Gaussian{Variance: .4}}, 2, func(a, b []float64) float64 {
			return (sq(a[0]-b[0]) + sq(a[1]-b[1])) / .8
		}},
		{network.GaussianScale{}, 2, func(a, b []float64) float64 {
			return .5 * (b[1] - a[1] + math.Exp(a[1]-b[1]) + sq(a[0]-b[0])*math.Exp(-b[1]) - 1)
		}},
		{network.Independent{Of: network.Poisson{}}, 1, func(a, b []float64) float64 {
			return math.Exp(a[0])*(a[0]-b[0]) - math.Exp(a[0]) + math.Exp(b[0])
		}},
		{network.Independent{Of: network.Gamma{Shape: 2}}, 1, func(a, b []float64) float64 {
			return 2 * (b[0] - a[0] + math.Exp(a[0]-b[0]) - 1)
		}},
		{network.Independent{Of: network.Bernoulli{}}, 1, func(a, b []float64) float64 {
			p, q := 1/(1+math.Exp(-a[0])), 1/(1+math.Exp(-b[0]))
			return p*math.Log(p/q) + (1-p)*math.Log((1-p)/(1-q))
		}},
		{network.Independent{Of: network.Probit{}}, 1, func(a, b []float64) float64 {
			p, q := .5*math.Erfc(-a[0]/math.Sqrt2), .5*math.Erfc(-b[0]/math.Sqrt2)
			return p*math.Log(p/q) + (1-p)*math.Log((1-p)/(1-q))
		}},
		{network.Independent{Of: network.NegativeBinomial{R: 2}}, 1, func(a, b []float64) float64 {
			m, k := math.Exp(a[0]), math.Exp(b[0])
			return m*(a[0]-b[0]) + (m+2)*(math.Log(k+2)-math.Log(m+2))
		}},
	} {
		p := newProblem(t, network.Vector(2), append(tanh, network.Dense{Units: c.units}), c.output, 5)
		v := random(p.Dim(), 6)
		want := form(reference(t, p), v)
		mean := func(eps float64) float64 {
			x := make([]float64, p.Dim())
			for i := range x {
				x[i] = p.theta[i] + eps*v[i]
			}
			q := evaluate(t, p.Network(), p.Data(), x)
			s := 0.0
			for i := range p.Examples() {
				s += c.kl(p.Output(i), q.Output(i)) / float64(p.Examples())
			}
			return s
		}
		require.NoError(t, p.At(p.theta))
		even := func(eps float64) float64 { return (mean(eps) + mean(-eps)) / (eps * eps) }
		const h = 2e-3
		got := (64*even(h) - 20*even(2*h) + even(4*h)) / 45
		require.InEpsilon(t, want, got, 3e-8, c.output.Name())
	}
}

func sq(x float64) float64 { return x * x }

// TestSteadyState: after the first point no structure allocates, outside of
// BLAS and LAPACK, whose blocked kernels small matrices do not reach.
func TestSteadyState(t *testing.T) {
	p := tanhSoftmax(t, 6)
	for _, structure := range metrics.Structures() {
		for _, kind := range metrics.Estimators() {
			m := tensor(t, p, structure, metrics.Settings{Estimator: kind, Truncate: true, Damping: damping(structure)})
			x := append([]float64(nil), p.theta...)
			v, gradient := make([]float64, p.Dim()), make([]float64, p.Dim())
			step := func() {
				x[0] += 1e-9
				if err := m.At(x); err != nil {
					t.Fatal(err)
				}
				p.Gradient(gradient)
				if err := m.Raise(v, gradient); err != nil {
					t.Fatal(err)
				}
				if err := m.Lower(v, v); err != nil {
					t.Fatal(err)
				}
			}
			step()
			require.Zero(t, testing.AllocsPerRun(5, step), "%s %s", structure, kind)
		}
	}
}

func damping(structure string) metrics.Damping {
	if structure == "euclidean" {
		return metrics.Damping{}
	}
	return metrics.Damping{Value: .1}
}
