package variational

import (
	"context"
	"math"
	"strconv"
	"testing"

	"fisherflow/data"
	"fisherflow/manifold"
	"fisherflow/variational/target"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// logistic is p(y|Xz) with independent standard normal z.
type logistic struct {
	x *mat.Dense
	y []float64 // ±1
}

func (l *logistic) Dim() int           { return l.x.RawMatrix().Cols }
func (l *logistic) Design() mat.Matrix { return l.x }

func (l *logistic) LogDensity(grad, z []float64) (float64, error) {
	n, d := l.x.Dims()
	f := -float64(d) * math.Log(2*math.Pi) / 2
	for j, v := range z {
		f -= v * v / 2
		if grad != nil {
			grad[j] = -v
		}
	}
	for i := range n {
		s := mat.Dot(l.x.RowView(i), mat.NewVecDense(d, z))
		a, b, _ := l.Term(i, s)
		f += a
		for j := range grad {
			grad[j] += b * l.x.At(i, j)
		}
	}
	return f, nil
}

func (l *logistic) Marginal(int, float64) (float64, float64, float64) { panic("quadratic") }
func (l *logistic) Quadratic(int) (constant, mean, precision float64, ok bool) {
	return -math.Log(2*math.Pi) / 2, 0, 1, true
}

func (l *logistic) Term(i int, s float64) (value, first, second float64) {
	y := l.y[i]
	s *= y
	e := math.Exp(-math.Abs(s))
	value = min(s, 0) - math.Log1p(e)
	p := e / (1 + e) // of the less likely class
	q := p
	if s < 0 {
		q = 1 - p
	}
	return value, y * q, -p * (1 - p)
}

func (l *logistic) ExpectTerm(int, float64, float64) (float64, float64, float64, bool) {
	return 0, 0, 0, false
}

var _ target.LinearModel = (*logistic)(nil)

// Gaussian-process classification of Ionosphere by CVI, experiments.md E12, in
// f = Lz with z ~ N(0, I): the step does not depend on the coordinates.
func TestIonosphere(t *testing.T) {
	set, err := data.Open("ionosphere")
	require.NoError(t, err)
	table, err := set.Table()
	require.NoError(t, err)
	var xs, held [][]float64
	var ys, heldY []float64
	for _, record := range table.Records {
		row := make([]float64, 35)
		for j := range row {
			row[j], err = strconv.ParseFloat(record[j], 64)
			require.NoError(t, err)
		}
		if record[35] == "train" {
			xs, ys = append(xs, row[:34]), append(ys, row[34])
		} else {
			held, heldY = append(held, row[:34]), append(heldY, row[34])
		}
	}
	require.Len(t, xs, 280)
	kernel := func(a, b []float64) float64 {
		r := 0.0
		for i := range a {
			r += (a[i] - b[i]) * (a[i] - b[i])
		}
		return math.Exp(5 - r/(2*math.E*math.E))
	}
	n := len(xs)
	k := mat.NewSymDense(n, nil)
	for i := range n {
		for j := range i + 1 {
			k.SetSym(i, j, kernel(xs[i], xs[j]))
		}
	}
	// Sites of precision λ₂ = 1e-3 and λ₁ = 1e-3 at the start: of V = K − K(K + 1000I)⁻¹K
	// and m = Vλ₁. In z: P = I + LᵀL/1000, m = P⁻¹Lᵀλ₁.
	var factor mat.Cholesky
	if !factor.Factorize(k) {
		for i := range n {
			k.SetSym(i, i, k.At(i, i)*(1+1e-12))
		}
		require.True(t, factor.Factorize(k))
	}
	var lower mat.TriDense
	factor.LTo(&lower)
	design := mat.NewDense(n, n, nil)
	design.Copy(&lower)
	var p, cov mat.SymDense
	p.SymOuterK(1e-3, design.T())
	for i := range n {
		p.SetSym(i, i, p.At(i, i)+1)
	}
	require.True(t, factor.Factorize(&p))
	require.NoError(t, factor.InverseTo(&cov))
	ones := mat.NewVecDense(n, nil)
	for i := range n {
		ones.SetVec(i, 1e-3)
	}
	var b, m mat.VecDense
	b.MulVec(design.T(), ones)
	m.MulVec(&cov, &b)
	start := append([]float64(nil), m.RawVector().Data...)
	for i := range n {
		for j := range i + 1 {
			start = append(start, cov.At(i, j))
		}
	}
	loss, err := NewELBO(manifold.MultivariateNormal{Dimension: n}, ByPredictor(&logistic{design, ys}, 64))
	require.NoError(t, err)
	require.NoError(t, loss.At(start))
	r, err := Iterate(context.Background(), loss, start, &StepSettings{Rate: 1, Steps: 3})
	require.NoError(t, err)
	require.Equal(t, []int{2}, r.Rises, "a step of size 1 is reported as not monotone")
	for i, want := range []float64{-825.9959, -116.5526, -167.0310, -101.2173} {
		require.InDelta(t, want, -r.Losses[i], 6e-5)
	}
	r, err = Iterate(context.Background(), loss, start, &StepSettings{Rate: 0.5, Steps: 45})
	require.NoError(t, err)
	for k := 1; k < len(r.Losses); k++ {
		// The derivatives are those of the expectation, of which 64 nodes miss 1e-4.
		require.Less(t, r.Losses[k]-r.Losses[k-1], 1e-6)
	}
	for i, want := range map[int]float64{0: -825.9959, 1: -99.7373, 2: -93.5871, 3: -91.7374, 5: -90.2412} {
		require.InDelta(t, want, -r.Losses[i], 6e-5)
	}
	require.InDelta(t, -89.263090, -r.Losses[30], 6e-7)
	require.InDelta(t, -89.263071, -r.Losses[45], 6e-7)
	// f(x) = k(x)ᵀL⁻ᵀz + what the prior leaves.
	require.NoError(t, loss.At(r.Last))
	wrong := 0
	for i, x := range held {
		w := mat.NewVecDense(n, nil)
		for j := range n {
			w.SetVec(j, kernel(x, xs[j]))
		}
		require.NoError(t, w.SolveVec(&lower, w))
		if mat.Dot(w, mat.NewVecDense(n, loss.q.mean()))*heldY[i] <= 0 {
			wrong++
		}
	}
	require.Equal(t, 7, wrong)
}
