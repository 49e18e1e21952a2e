package descent_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"fisherflow/descent"
	"fisherflow/metrics"
	"fisherflow/network"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// linear is a regression with normal errors on n examples, whose loss is
// quadratic.
func linear(t *testing.T, n int) (*network.Evaluation, []float64) {
	t.Helper()
	net, err := network.MLP([]int{3, 1}, nil, network.Independent{Of: network.Gaussian{}})
	require.NoError(t, err)
	rng := rand.New(rand.NewPCG(4, 4))
	d := network.Data{X: mat.NewDense(n, 3, nil), Y: mat.NewDense(n, 1, nil)}
	for i := range n {
		for j := range 3 {
			d.X.Set(i, j, rng.NormFloat64()*float64(j+1))
		}
		d.Y.Set(i, 0, rng.NormFloat64())
	}
	e, err := network.NewEvaluation(net, d)
	require.NoError(t, err)
	return e, []float64{1, -2, 0.5, 3}
}

func step(t *testing.T, m descent.Model, o descent.Optimizer, theta []float64, count int) descent.Report {
	t.Helper()
	if count == 0 {
		require.NoError(t, o.Init(m, 1))
	}
	r, err := o.Step(theta, count)
	require.NoError(t, err)
	return r
}

// TestFisherStep against its formula, with the diagonal summed over examples
// and labels.
func TestFisherStep(t *testing.T) {
	model, theta := labelled(t, 12)
	n := model.Dim()
	gradient := make([]float64, n)
	require.NoError(t, model.At(theta))
	model.Gradient(gradient)
	diagonal, score := make([]float64, n), make([]float64, n)
	d := model.Data()
	for i := range 12 {
		p := make([]float64, 3)
		model.Mean(p, i)
		for label, p := range p {
			one, err := model.On(network.Data{X: d.X.Slice(i, i+1, 0, 5).(*mat.Dense), Y: mat.NewDense(1, 1, []float64{float64(label)})})
			require.NoError(t, err)
			require.NoError(t, one.At(theta))
			one.Gradient(score)
			for j, s := range score {
				diagonal[j] += p * s * s / 12
			}
		}
	}
	want := make([]float64, n)
	for j := range want {
		want[j] = theta[j] - 0.05*gradient[j]/(diagonal[j]+1e-3)
	}
	step(t, model, &descent.FisherStep{Rate: 0.05, Epsilon: 1e-3}, theta, 0)
	require.InDeltaSlice(t, want, theta, 1e-12)
}

// TestOneNaturalStepSolvesRegression: the loss is quadratic with Hessian F, so
// a whole step ends at the minimum, under every structure that has all of F.
func TestOneNaturalStepSolvesRegression(t *testing.T) {
	for _, structure := range []string{"fisher", "block-diagonal", "unit-wise", "kfac", "sample-space", "conjugate-gradient"} {
		model, theta := linear(t, 9)
		o := &descent.Natural{Structure: structure, Rate: 1, Metric: metrics.Settings{Tolerance: 1e-12}}
		step(t, model, o, theta, 0)
		require.NoError(t, model.At(theta))
		g := make([]float64, 4)
		model.Gradient(g)
		require.InDeltaSlice(t, make([]float64, 4), g, 1e-10, structure)
	}
}

// TestQuadraticModelIsExact where the loss is quadratic: but for λ it foresees
// the fall. With the step before, steps along the poor directions of a diagonal
// are those of conjugate gradients, n of which meet the minimum.
func TestQuadraticModelIsExact(t *testing.T) {
	model, theta := linear(t, 9)
	o := &descent.Natural{Structure: "kfac", Metric: metrics.Settings{Damping: metrics.Damping{Kind: "tikhonov", Value: 1e-12}}, LevenbergMarquardt: new(descent.LevenbergMarquardt)}
	r := step(t, model, o, theta, 0)
	require.InDelta(t, 1, r.Ratio, 1e-6)
	require.False(t, r.Refused)

	model, theta = linear(t, 9)
	conjugate := &descent.Natural{Structure: "diagonal", Metric: metrics.Settings{Damping: metrics.Damping{Value: 1e-9}}, LevenbergMarquardt: new(descent.LevenbergMarquardt)}
	for count := range 4 {
		step(t, model, conjugate, theta, count)
	}
	require.NoError(t, model.At(theta))
	g := make([]float64, 4)
	model.Gradient(g)
	require.InDeltaSlice(t, make([]float64, 4), g, 1e-7)
}

// TestRefusedStepsRaiseDamping: where the model is wrong about the loss the
// parameters stay and λ grows, until a step helps.
func TestRefusedStepsRaiseDamping(t *testing.T) {
	model, theta := labelled(t, 12)
	for i := range theta {
		theta[i] *= 12 // saturated units: the quadratic model misleads
	}
	o := &descent.Natural{Structure: "diagonal", Metric: metrics.Settings{Damping: metrics.Damping{Value: 1e-12}}, LevenbergMarquardt: &descent.LevenbergMarquardt{Least: 1e-13}}
	refused := 0
	last := math.Inf(1)
	for count := range 40 {
		before := append([]float64(nil), theta...)
		r := step(t, model, o, theta, count)
		require.LessOrEqual(t, r.Loss, last)
		last = r.Loss
		if r.Refused {
			refused++
			require.Equal(t, before, theta)
			require.Zero(t, r.Length)
		}
	}
	require.Positive(t, refused)
}

// TestNormConstraint: the step's length in the metric is the bound, whichever
// way it was chosen.
func TestNormConstraint(t *testing.T) {
	const bound = 1e-4
	for _, lm := range []*descent.LevenbergMarquardt{nil, new(descent.LevenbergMarquardt)} {
		model, theta := labelled(t, 30)
		start := append([]float64(nil), theta...)
		o := &descent.Natural{Rate: 1, Norm: bound, Metric: metrics.Settings{Damping: metrics.Damping{Value: 1e-3}}, LevenbergMarquardt: lm}
		step(t, model, o, theta, 0)
		damping := metrics.Damping{Value: 1e-3}
		if lm != nil {
			damping.Value = 0
		}
		f, err := metrics.OnModel("fisher", model, metrics.Settings{Damping: damping})
		require.NoError(t, err)
		require.NoError(t, f.At(start))
		for i := range theta {
			theta[i] -= start[i]
		}
		lowered := make([]float64, len(theta))
		require.NoError(t, f.Lower(lowered, theta))
		sum := 0.0
		for i, v := range lowered {
			sum += v * theta[i]
		}
		require.InEpsilon(t, bound, sum, 1e-9)
	}
}

// TestAdam against the formulas of the paper, worked out one by one.
func TestAdam(t *testing.T) {
	model, theta := linear(t, 9)
	want := append([]float64(nil), theta...)
	reference := model.Clone()
	m, v := make([]float64, 4), make([]float64, 4)
	g := make([]float64, 4)
	o := &descent.Adam{Rate: 0.1, Beta1: 0.8, Beta2: 0.95}
	for k := range 5 {
		require.NoError(t, reference.At(want))
		reference.Gradient(g)
		for i := range want {
			m[i] = 0.8*m[i] + 0.2*g[i]
			v[i] = 0.95*v[i] + 0.05*g[i]*g[i]
			mean, square := m[i]/(1-math.Pow(0.8, float64(k+1))), v[i]/(1-math.Pow(0.95, float64(k+1)))
			want[i] -= 0.1 * mean / (math.Sqrt(square) + 1e-8)
		}
		step(t, model, o, theta, k)
		require.InDeltaSlice(t, want, theta, 1e-12)
	}
}

// TestMomentum: without end and with a constant gradient a step is hg/(1 − μ);
// here three steps of both forms by hand.
func TestMomentum(t *testing.T) {
	for _, nesterov := range []bool{false, true} {
		model, theta := linear(t, 9)
		want := append([]float64(nil), theta...)
		reference := model.Clone()
		v, g := make([]float64, 4), make([]float64, 4)
		o := &descent.Momentum{Rate: 0.02, Momentum: 0.7, Nesterov: nesterov}
		for k := range 3 {
			require.NoError(t, reference.At(want))
			reference.Gradient(g)
			for i := range want {
				v[i] = 0.7*v[i] + g[i]
				if nesterov {
					want[i] -= 0.02 * (g[i] + 0.7*v[i])
				} else {
					want[i] -= 0.02 * v[i]
				}
			}
			step(t, model, o, theta, k)
			require.InDeltaSlice(t, want, theta, 1e-13)
		}
	}
}

// TestAveragedFactors: with an average, and Interval above 1, K-FAC is that of
// the mean of the factors at the points of its visits, inverted when due.
func TestAveragedFactors(t *testing.T) {
	model, theta := labelled(t, 20)
	n := model.Dim()
	kfac := func(s metrics.Settings) metrics.Tensor {
		s.Damping = metrics.Damping{Kind: "factored", Value: 1e-2}
		k, err := metrics.OnModel("kfac", model, s)
		require.NoError(t, err)
		return k
	}
	other := make([]float64, n)
	for i, x := range theta {
		other[i] = x + 0.3*math.Sin(float64(i))
	}
	c, now, then, held := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range c {
		c[i] = math.Cos(float64(i))
	}
	// The same point again and again: the average is the value.
	averaged, fresh := kfac(metrics.Settings{Average: 0.9}), kfac(metrics.Settings{})
	for range 3 {
		require.NoError(t, averaged.At(theta))
	}
	require.NoError(t, averaged.Raise(now, c))
	require.NoError(t, fresh.At(theta))
	require.NoError(t, fresh.Raise(then, c))
	require.InDeltaSlice(t, then, now, 1e-9)
	// Elsewhere it differs, and inverses of interval 2 lag behind.
	slow := kfac(metrics.Settings{Interval: 2})
	require.NoError(t, slow.At(theta))
	require.NoError(t, slow.Raise(held, c))
	require.InDeltaSlice(t, then, held, 1e-12)
	require.NoError(t, slow.At(other))
	slow.SetDamping(1)
	require.NoError(t, slow.Raise(held, c))
	require.InDeltaSlice(t, then, held, 1e-12)
	require.NoError(t, slow.At(other))
	slow.SetDamping(1e-2)
	require.NoError(t, slow.Raise(held, c))
	require.NoError(t, fresh.At(other))
	require.NoError(t, fresh.Raise(then, c))
	require.InDeltaSlice(t, then, held, 1e-12)
}
