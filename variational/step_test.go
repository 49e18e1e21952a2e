package variational

import (
	"context"
	"errors"
	"math"
	"testing"

	"fisherflow/flow"
	"fisherflow/manifold"
	"fisherflow/metrics"
	"fisherflow/ode"
	"fisherflow/variational/target"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// quadratic is log p = constant − ½(z − at)ᵀA(z − at).
type quadratic struct {
	constant float64
	at       []float64
	a        *mat.SymDense
}

func (q *quadratic) Dim() int { return len(q.at) }

func (q *quadratic) LogDensity(grad, z []float64) (float64, error) {
	d := len(z)
	delta, g := mat.NewVecDense(d, nil), mat.NewVecDense(d, nil)
	for i := range d {
		delta.SetVec(i, z[i]-q.at[i])
	}
	g.MulVec(q.a, delta)
	for i := range grad {
		grad[i] = -g.AtVec(i)
	}
	return q.constant - mat.Dot(delta, g)/2, nil
}

func (q *quadratic) ExpectNormal(grad []float64, hess *mat.SymDense, mean []float64, cov mat.Symmetric) (float64, error) {
	f, err := q.LogDensity(grad, mean)
	hess.ScaleSym(-1, q.a)
	for i := range len(mean) {
		for j := range len(mean) {
			f -= q.a.At(i, j) * cov.At(i, j) / 2
		}
	}
	return f, err
}

func (q *quadratic) ExpectDiagonal(grad, curvature, mean, variance []float64) (float64, error) {
	f, err := q.LogDensity(grad, mean)
	for i, v := range variance {
		curvature[i] = -q.a.At(i, i)
		f += curvature[i] * v / 2
	}
	return f, err
}

var _ target.NormalExpectation = (*quadratic)(nil)

// regression is Gaussian-process regression on experiments.md E10's data.
func regression(t testing.TB) *quadratic {
	const n = 12
	x, y := make([]float64, n), make([]float64, n)
	k, noisy := mat.NewSymDense(n, nil), mat.NewSymDense(n, nil)
	for i := range n {
		x[i] = 0.5 * float64(i)
		y[i] = math.Sin(1.7*x[i]) + 0.3*math.Cos(4*x[i])
		for j := range i + 1 {
			r := (x[i] - x[j]) / 0.9
			k.SetSym(i, j, 1.3*math.Exp(-r*r/2))
		}
	}
	for i := range n {
		k.SetSym(i, i, k.At(i, i)+1e-10)
	}
	noisy.CopySym(k)
	for i := range n {
		noisy.SetSym(i, i, k.At(i, i)+0.05)
	}
	var ck, cn mat.Cholesky
	require.True(t, ck.Factorize(k) && cn.Factorize(noisy))
	a := mat.NewSymDense(n, nil)
	require.NoError(t, ck.InverseTo(a))
	for i := range n {
		a.SetSym(i, i, a.At(i, i)+20)
	}
	// The posterior mean K(K + 0.05I)⁻¹y and the value there.
	weights, at := mat.NewVecDense(n, nil), mat.NewVecDense(n, nil)
	require.NoError(t, cn.SolveVecTo(weights, mat.NewVecDense(n, y)))
	at.MulVec(k, weights)
	evidence := -mat.Dot(mat.NewVecDense(n, y), weights)/2 - cn.LogDet()/2 - n*math.Log(2*math.Pi)/2
	require.InDelta(t, -10.199110780897861, evidence, 1e-11)
	var ca mat.Cholesky
	require.True(t, ca.Factorize(a))
	return &quadratic{constant: evidence + ca.LogDet()/2 - n*math.Log(2*math.Pi)/2, at: at.RawVector().Data, a: a}
}

func e10Start() []float64 {
	const n = 12
	theta := make([]float64, n+n*(n+1)/2)
	k := n
	for i := range n {
		theta[i] = 1
		for j := range i + 1 {
			theta[k] = 0.1
			if i == j {
				theta[k] = 0.6
			}
			k++
		}
	}
	return theta
}

// On a conjugate model one step of size 1 is exact, and natural parameters
// relax by 1 − ρ (experiments.md E10).
func TestConjugateStep(t *testing.T) {
	loss, err := NewELBO(manifold.MultivariateNormal{Dimension: 12}, ByClosedForm(regression(t)))
	require.NoError(t, err)
	for _, c := range []struct {
		rate float64
		want map[int]float64
	}{
		{1, map[int]float64{0: -7657.393601671411, 1: -10.1991107808979}},
		{0.1, map[int]float64{1: -49.99890523, 2: -26.85847861, 3: -19.21674284, 20: -10.2558916}},
		{0.5, map[int]float64{1: -12.20596946, 2: -10.49555093, 3: -10.25944990}},
		{0.9, map[int]float64{1: -10.23629246, 2: -10.19943765, 3: -10.19911401}},
		{1.5, map[int]float64{1: -10.65949889, 2: -10.49555093}},
	} {
		r, err := Iterate(context.Background(), loss, e10Start(), &StepSettings{Rate: c.rate, Steps: 20})
		require.NoError(t, err)
		for k, want := range c.want {
			bound := 1e-8
			if c.rate == 1 && k == 1 {
				bound = 1e-10
			} else if k == 0 {
				bound = 1e-7
			} else if k == 20 {
				bound = 5.1e-8
			}
			require.InDelta(t, want, -r.Losses[k], bound, "ρ = %g after %d", c.rate, k)
		}
		require.True(t, r.Monotone(), "%g %v", c.rate, r.Rises)
	}
	f, err := flow.OnFamily(manifold.MultivariateNormal{Dimension: 12}, "natural", loss, nil)
	require.NoError(t, err)
	ch, _ := manifold.MultivariateNormal{Dimension: 12}.Chart("natural")
	x := make([]float64, 90)
	require.NoError(t, ch.FromSource(x, e10Start()))
	times := []float64{0.5, 1, 2, 4, 8}
	s := flow.Settings{Tol: 1e-9, ODE: ode.Settings{StopAt: times}}
	r, err := flow.Solve(context.Background(), f, x, 0, 8, &s)
	require.NoError(t, err)
	for i, want := range []float64{-14.18561325, -11.00262659, -10.27097738, -10.20021992, -10.19911114} {
		p := f.Point().Clone()
		require.NoError(t, p.At(r.At(nil, times[i])))
		require.InDelta(t, want, -p.Value(), 1e-7)
	}
}

// A sharp likelihood far from the prior: 8, not 3.1 (experiments.md E14a).
func TestSharpLikelihood(t *testing.T) {
	model := &quadratic{
		constant: -41.03051030886178 - math.Log(2*math.Pi*0.2)/2, at: []float64{8}, a: mat.NewSymDense(1, []float64{5}),
	}
	// log N(10; z, 0.5) + log N(z; 0, 1) is −40 − log(π)… at its mode.
	at8, err := model.LogDensity(nil, []float64{8})
	require.NoError(t, err)
	require.InDelta(t, -math.Log(2*math.Pi)-math.Log(0.5)-8-32, at8, 1e-12)
	family := manifold.MultivariateNormal{Dimension: 1}
	loss, err := NewELBO(family, ByClosedForm(model))
	require.NoError(t, err)
	f, err := flow.OnFamily(family, "source", loss, nil)
	require.NoError(t, err)
	times := []float64{0.5, 1, 2, 4, 8}
	r, err := flow.Solve(context.Background(), f, []float64{0, 1}, 0, 8, &flow.Settings{Tol: 1e-11, ODE: ode.Settings{StopAt: times}})
	require.NoError(t, err)
	means := []float64{6.114811004, 7.165920265, 7.757173110, 7.970259200, 7.999463116}
	elbos := []float64{-50.0546, -42.8040, -41.1813, -41.0328, -41.0305105}
	for i, at := range times {
		x := r.At(nil, at)
		require.InDelta(t, means[i], x[0], 1e-9)
		require.NoError(t, loss.At(x))
		require.InDelta(t, elbos[i], -loss.Value(), 6e-5)
	}
}

// energy is F of experiments.md E2 from −ELBO: without 1 + log 2π of the entropy.
func energy(loss float64) float64 { return loss + 1 + math.Log(2*math.Pi) }

// Plain steps rise and lose definiteness; those of the improved rule never do,
// nor does the flow (experiments.md E14b).
func TestPositiveDefiniteness(t *testing.T) {
	rule, err := Tensor(2, 3)
	require.NoError(t, err)
	loss, err := NewELBO(manifold.MultivariateNormal{}, ByRule(rosenbrock2(1), rule))
	require.NoError(t, err)
	start := []float64{0, 20, 4, 0, 4}
	run := func(rule StepRule, rate float64, steps int) (*Iteration, error) {
		return Iterate(context.Background(), loss, start, &StepSettings{Rule: rule, Rate: rate, Steps: steps})
	}
	r, err := run(BLR, 0.05, 3)
	require.NoError(t, err)
	require.True(t, r.Monotone())
	r, err = run(BLR, 0.1, 2)
	require.NoError(t, err)
	require.Equal(t, []int{1}, r.Rises)
	for i, want := range []string{"13.4637", "18.5034", "14.2452"} {
		printed(t, want, energy(r.Losses[i]))
	}
	for rate, eigenvalue := range map[float64]float64{0.2: -0.1, 0.5: -0.625} {
		_, err = run(BLR, rate, 1)
		var indefinite *IndefiniteError
		require.ErrorAs(t, err, &indefinite)
		require.Equal(t, 1, indefinite.Step)
		require.InDelta(t, eigenvalue, indefinite.Eigenvalue, 1e-12)
	}
	for _, rate := range []float64{0.05, 0.2, 0.5, 0.9, 1, 1.5} {
		_, err := run(ImprovedBLR, rate, 50)
		var indefinite *IndefiniteError
		require.False(t, errors.As(err, &indefinite), "ρ = %g: %v", rate, err)
	}
	r, err = run(ImprovedBLR, 0.5, 400)
	require.NoError(t, err)
	for i, want := range []string{"13.463706", "11.853044", "5.750644", "1.539144"} {
		printed(t, want, energy(r.Losses[i]))
	}
	require.InDelta(t, -0.5543510140128539, energy(r.Losses[400]), 1e-10)
	// The default rate is monotone and arrives.
	r, err = Iterate(context.Background(), loss, start, &StepSettings{Speed: 1e-7})
	require.NoError(t, err)
	require.True(t, r.Monotone())
	require.InDelta(t, -0.5543510140128539, energy(r.Losses[len(r.Losses)-1]), 1e-10)
	maker, _ := metrics.ByName("fisher")
	f, err := flow.OnFamily(manifold.MultivariateNormal{}, "source", loss, maker)
	require.NoError(t, err)
	s, err := flow.Solve(context.Background(), f, start, 0, math.Inf(1), &flow.Settings{Tol: 1e-8, Distance: 1e-7})
	require.NoError(t, err)
	require.True(t, s.Monotone.Holds())
	require.InDelta(t, -0.5543510140128539, energy(s.Losses[len(s.Losses)-1]), 1e-10)
}

// The speed of a step is the Fisher length of the gradient, for all families.
func TestSpeed(t *testing.T) {
	for _, c := range []struct {
		family manifold.Family
		theta  []float64
	}{
		{manifold.MultivariateNormal{}, []float64{0.3, -1, 2, 0.5, 1}},
		{manifold.DiagonalNormal{}, []float64{0.3, -1, 1.4, 0.7}},
	} {
		rule, err := Tensor(2, 3)
		require.NoError(t, err)
		loss, err := NewELBO(c.family, ByRule(rosenbrock2(0.5), rule))
		require.NoError(t, err)
		point, err := flow.InChart(c.family, "source", loss, nil)
		require.NoError(t, err)
		require.NoError(t, point.At(c.theta))
		g, v := make([]float64, len(c.theta)), make([]float64, len(c.theta))
		point.Gradient(g)
		require.NoError(t, point.Raise(v, g))
		square := 0.0
		for i := range g {
			square += g[i] * v[i]
		}
		require.NoError(t, loss.At(c.theta))
		require.InEpsilon(t, math.Sqrt(square), loss.q.speed(), 1e-12)
	}
}
