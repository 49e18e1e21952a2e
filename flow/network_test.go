package flow_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"fisherflow/flow"
	"fisherflow/metrics"
	"fisherflow/network"
	"fisherflow/ode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// circle is a network of 33 parameters, more than its six examples need: one
// hidden layer of eight tanh units on points of a curve.
func circle(t testing.TB) (*network.Evaluation, []float64) {
	n, err := network.MLP([]int{2, 8, 1}, network.Tanh{}, network.Independent{Of: network.Gaussian{}})
	require.NoError(t, err)
	d := network.Data{X: mat.NewDense(6, 2, nil), Y: mat.NewDense(6, 1, nil)}
	for k := range 6 {
		i := float64(k)
		d.X.SetRow(k, []float64{math.Cos(1.1 * i), math.Sin(.7*i) + .1*i})
		d.Y.Set(k, 0, math.Sin(2*i))
	}
	theta := make([]float64, 33)
	for j := range 8 {
		for k := range 3 {
			theta[3*j+k] = math.Sin(1 + 3*float64(j) + float64(k))
		}
		theta[24+j] = .5 * math.Cos(2*float64(j)+1)
	}
	theta[32] = .1
	e, err := network.NewEvaluation(n, d)
	require.NoError(t, err)
	return e, theta
}

func networkFlow(t testing.TB, e *network.Evaluation, structure string, s metrics.Settings) *flow.Flow {
	p, err := flow.OnNetwork(e, structure, s)
	require.NoError(t, err)
	return flow.New(p, nil)
}

func tikhonov(lambda float64) metrics.Settings {
	return metrics.Settings{Damping: metrics.Damping{Kind: "tikhonov", Value: lambda}}
}

// Losses ½ mean (f − y)² at t = ½, 1, 2, 3, 4, computed independently. The exact
// flow's residual decays as e^−t, and that under two blocks that could each do it
// alone as e^−2t.
func TestOverparameterisedNetwork(t *testing.T) {
	for _, c := range []struct {
		name, structure string
		settings        metrics.Settings
		losses          []float64
		relative        float64
	}{
		{"exact", "fisher", metrics.Settings{}, []float64{.17267, .063523, .0085970, .0011635, 1.5746e-4}, 5e-5},
		{"exact by the Gram matrix", "sample-space", metrics.Settings{}, []float64{.17267, .063523, .0085970, .0011635, 1.5746e-4}, 5e-5},
		{"blocks", "block-diagonal", metrics.Settings{}, []float64{.063523, .0085970, 1.5746e-4, 2.884e-6, 5.2822e-8}, 2e-4},
		{"damped", "fisher", tikhonov(1e-4), []float64{.18094, .066736, .0090592, .0012291, 1.6672e-4}, 5e-5},
		{"kfac", "kfac", tikhonov(1e-3), []float64{.1014, .021814, .0012954, 1.267e-4, 1.54e-5}, 5e-4},
		{"diagonal", "diagonal", tikhonov(1e-3), []float64{.18387, .16028, .11589, .080023, .057342}, 5e-5},
		{"gradient", "euclidean", metrics.Settings{}, []float64{.22167, .22095, .22029, .21961, .21888}, 3e-5},
	} {
		e, theta := circle(t)
		require.NoError(t, e.At(theta))
		constant := 0.5 * math.Log(2*math.Pi)
		require.InDelta(t, .46938, e.Value()-constant, 5e-6)
		f := networkFlow(t, e, c.structure, c.settings)
		times := []float64{.5, 1, 2, 3, 4}
		r, err := flow.Solve(context.Background(), f, theta, 0, 4, &flow.Settings{ODE: ode.Settings{RTol: 1e-8, ATol: 1e-10, StopAt: times}})
		require.NoError(t, err, c.name)
		assert.True(t, r.Monotone.Holds(), "%s: %v", c.name, r.Monotone)
		assert.True(t, r.EnergyIdentity.Holds(), "%s: %v", c.name, r.EnergyIdentity)
		for i, at := range times {
			require.NoError(t, e.At(r.At(nil, at)))
			assert.InEpsilon(t, c.losses[i], e.Value()-constant, c.relative, "%s at %g", c.name, at)
		}
	}
}

// mixed is a small network with a response of each kind of output.
func mixed(t testing.TB, o network.Output, outputs, rows int) (*network.Evaluation, []float64) {
	n, err := network.MLP([]int{3, 4, outputs}, network.Tanh{}, o)
	require.NoError(t, err)
	rng := rand.New(rand.NewPCG(2, uint64(rows)))
	theta := make([]float64, n.Dim())
	for i := range theta {
		theta[i] = .6 * rng.NormFloat64()
	}
	d := network.Data{X: mat.NewDense(rows, 3, nil), Y: mat.NewDense(rows, n.Responses(), nil)}
	state, y := make([]float64, o.StateLen(outputs)), make([]float64, n.Responses())
	o.Prepare(state, make([]float64, outputs))
	for i := range rows {
		d.X.SetRow(i, []float64{rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()})
		o.Sample(y, state, rng)
		d.Y.SetRow(i, y)
	}
	e, err := network.NewEvaluation(n, d)
	require.NoError(t, err)
	return e, theta
}

var networkDampings = map[string]string{
	"fisher": "tikhonov", "block-diagonal": "block", "unit-wise": "marquardt", "diagonal": "relative", "quasi-diagonal": "prior",
	"kfac": "factored", "ekfac": "tikhonov", "low-rank": "relative", "sample-space": "tikhonov", "conjugate-gradient": "marquardt", "euclidean": "tikhonov",
}

// Every structure, damped and where it makes sense undamped, with every output:
// the loss never rises and what it loses is dissipated.
func TestNetworkFlowsAreCertified(t *testing.T) {
	outputs := []struct {
		output network.Output
		width  int
	}{
		{network.Softmax{}, 3}, {network.Independent{Of: network.Gaussian{}}, 2}, {network.Independent{Of: network.Bernoulli{}}, 1},
		{network.Independent{Of: network.Poisson{}}, 1}, {network.GaussianScale{}, 2}, {network.Independent{Of: network.Gamma{Shape: 2}}, 1},
	}
	for i, structure := range metrics.Structures() {
		for _, damped := range []bool{true, false} {
			o := outputs[i%len(outputs)]
			// Near a loss of rank an undamped flow itself runs away: of the exact
			// one the examples must be few, of the others many.
			rows := 24
			if !damped && (structure == "fisher" || structure == "sample-space") {
				rows = 4
			}
			e, theta := mixed(t, o.output, o.width, rows)
			s := metrics.Settings{Rank: 9, Estimator: []string{"exact", "monte-carlo", "empirical"}[i%3], Samples: 2, Seed: 4}
			if damped {
				s.Damping = metrics.Damping{Kind: networkDampings[structure], Value: .05}
				if structure == "euclidean" {
					s.Damping.Value = 0
				}
			} else {
				s.Estimator = "exact"
				if structure == "conjugate-gradient" || structure == "low-rank" {
					continue // the first needs a range to converge in, the second has none
				}
			}
			f := networkFlow(t, e, structure, s)
			r, err := flow.Solve(context.Background(), f, theta, 0, .1, &flow.Settings{Tol: 1e-4})
			require.NoError(t, err, "%s, damped %v", structure, damped)
			assert.True(t, r.Monotone.Holds(), "%s %s, damped %v: %v", structure, o.output.Name(), damped, r.Monotone)
			assert.True(t, r.EnergyIdentity.Holds(), "%s %s, damped %v: %v", structure, o.output.Name(), damped, r.EnergyIdentity)
			assert.Less(t, r.Losses[r.Len()-1], r.Losses[0])
		}
	}
}

// steep has a gradient that is a thousandth too long: the energy identity must
// see it.
type steep struct{ flow.Point }

func (s steep) Gradient(dst []float64) {
	s.Point.Gradient(dst)
	for i := range dst {
		dst[i] *= 1.001
	}
}

func TestNetworkCertificateSeesAWrongGradient(t *testing.T) {
	e, theta := mixed(t, network.Softmax{}, 3, 12)
	p, err := flow.OnNetwork(e, "kfac", tikhonov(.01))
	require.NoError(t, err)
	r, err := flow.Solve(context.Background(), flow.New(steep{p}, nil), theta, 0, 1, &flow.Settings{Tol: 1e-6})
	require.NoError(t, err)
	assert.False(t, r.EnergyIdentity.Holds(), r.EnergyIdentity)
}

// The length in nats: ½‖v‖² is the mean divergence of the model from the one a
// small way v off.
func TestFisherLengthOfANetwork(t *testing.T) {
	e, theta := mixed(t, network.Softmax{}, 3, 12)
	p, err := flow.OnNetwork(e, "diagonal", tikhonov(.1))
	require.NoError(t, err)
	require.NoError(t, p.At(theta))
	v := make([]float64, len(theta))
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range v {
		v[i] = 1e-3 * rng.NormFloat64()
	}
	length, err := p.FisherLength(v)
	require.NoError(t, err)
	// Symmetrised over ±v the divergence has no term of third order.
	kl, near, far := 0.0, make([]float64, 3), make([]float64, 3)
	there := e.Clone()
	moved := make([]float64, len(theta))
	for _, sign := range []float64{1, -1} {
		for i := range moved {
			moved[i] = theta[i] + sign*v[i]
		}
		require.NoError(t, there.At(moved))
		for i := range e.Examples() {
			e.Mean(near, i)
			there.Mean(far, i)
			for k, q := range near {
				kl += q * math.Log(q/far[k]) / float64(e.Examples()) / 2
			}
		}
	}
	assert.InEpsilon(t, 2*kl, length*length, 1e-4)
}

// Integrators keep their orders on the flow of a network.
func TestOrdersOnANetwork(t *testing.T) {
	e, theta := mixed(t, network.Softmax{}, 3, 12)
	f := networkFlow(t, e, "kfac", tikhonov(.1))
	exact, err := flow.Solve(context.Background(), f, theta, 0, 1, &flow.Settings{Detail: flow.Off, ODE: ode.Settings{Method: ode.DOP853, RTol: 1e-12, ATol: 1e-13}})
	require.NoError(t, err)
	for _, m := range []ode.Method{ode.Euler, ode.Heun, ode.RK4} {
		var errs []float64
		for _, steps := range []float64{16, 32, 64} {
			r, err := flow.Solve(context.Background(), f, theta, 0, 1, &flow.Settings{Detail: flow.Off, ODE: ode.Settings{Method: m, Step: 1 / steps}})
			require.NoError(t, err)
			sum := 0.0
			for i, v := range r.Last() {
				sum += (v - exact.Last()[i]) * (v - exact.Last()[i])
			}
			errs = append(errs, math.Sqrt(sum))
		}
		assert.InDelta(t, float64(m.Order()), math.Log2(errs[1]/errs[2]), .2, "%s: %v", m.Name(), errs)
	}
}

// There and back: the flow of −L retraces that of L over a short time.
func TestNetworkFlowRunsBack(t *testing.T) {
	e, theta := mixed(t, network.Softmax{}, 3, 12)
	f := networkFlow(t, e, "fisher", tikhonov(.1))
	s := &flow.Settings{Detail: flow.Off, ODE: ode.Settings{Method: ode.DOP853, RTol: 1e-12, ATol: 1e-13}}
	out, err := flow.Solve(context.Background(), f, theta, 0, .5, s)
	require.NoError(t, err)
	back, err := flow.Solve(context.Background(), f, out.Last(), .5, 0, s)
	require.NoError(t, err)
	for i, v := range back.Last() {
		assert.InDelta(t, theta[i], v, 1e-9)
	}
}

// scaled is a network's point in coordinates ξ with θ_i = m_i ξ_i.
type scaled struct {
	*flow.NetworkPoint
	m, work []float64
}

func (s *scaled) to(dst, v []float64) []float64 {
	for i, m := range s.m {
		dst[i] = m * v[i]
	}
	return dst
}
func (s *scaled) At(xi []float64) error { return s.NetworkPoint.At(s.to(s.work, xi)) }
func (s *scaled) Gradient(dst []float64) {
	s.NetworkPoint.Gradient(dst)
	s.to(dst, dst)
}
func (s *scaled) Raise(dst, c []float64) error {
	for i, m := range s.m {
		s.work[i] = c[i] / m
	}
	if err := s.NetworkPoint.Raise(dst, s.work); err != nil {
		return err
	}
	for i, m := range s.m {
		dst[i] /= m
	}
	return nil
}
func (s *scaled) Lower(dst, v []float64) error {
	if err := s.NetworkPoint.Lower(dst, s.to(s.work, v)); err != nil {
		return err
	}
	s.to(dst, dst)
	return nil
}
func (s *scaled) FisherLength(v []float64) (float64, error) {
	return s.NetworkPoint.FisherLength(s.to(s.work, v))
}

// bent is a network's point in coordinates ξ with θ = ξ + 0.3 sin ξ.
type bent struct{ scaled }

func bend(x float64) float64 { return x + .3*math.Sin(x) }

func (b *bent) At(xi []float64) error {
	theta := make([]float64, len(xi))
	for i, x := range xi {
		theta[i], b.m[i] = bend(x), 1+.3*math.Cos(x)
	}
	return b.NetworkPoint.At(theta)
}

// A curved change of parameters changes a step of an integrator of order p at
// order p of its size, and the flow not at all.
func TestCurvedParametersAgreeToTheOrder(t *testing.T) {
	point := func() (*flow.NetworkPoint, []float64) {
		n, err := network.MLP([]int{3, 1}, nil, network.Independent{Of: network.Bernoulli{}})
		require.NoError(t, err)
		d := network.Data{X: mat.NewDense(200, 3, nil), Y: mat.NewDense(200, 1, nil)}
		rng := rand.New(rand.NewPCG(3, 3))
		for i := range 200 {
			d.X.SetRow(i, []float64{rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()})
			d.Y.Set(i, 0, float64(rng.IntN(2)))
		}
		e, err := network.NewEvaluation(n, d)
		require.NoError(t, err)
		theta := []float64{.3, -.6, .8, -.2}
		p, err := flow.OnNetwork(e, "fisher", tikhonov(0))
		require.NoError(t, err)
		return p, theta
	}
	p, theta := point()
	n := len(theta)
	xi := make([]float64, n)
	for i := range xi {
		xi[i] = theta[i]
		for range 60 {
			xi[i] -= (bend(xi[i]) - theta[i]) / (1 + .3*math.Cos(xi[i]))
		}
	}
	inner, _ := point()
	q := &bent{scaled{NetworkPoint: inner, m: make([]float64, n), work: make([]float64, n)}}
	for _, m := range []ode.Method{ode.Euler, ode.Heun, ode.RK4} {
		var gaps []float64
		for _, steps := range []float64{16, 32} {
			s := &flow.Settings{Detail: flow.Off, ODE: ode.Settings{Method: m, Step: 1 / steps}}
			a, err := flow.Solve(context.Background(), flow.New(p, nil), theta, 0, 1, s)
			require.NoError(t, err)
			b, err := flow.Solve(context.Background(), flow.New(q, nil), xi, 0, 1, s)
			require.NoError(t, err)
			way := make([]float64, n)
			for i, v := range b.Last() {
				way[i] = bend(v) - a.Last()[i]
			}
			require.NoError(t, p.At(a.Last()))
			gap, err := p.FisherLength(way)
			require.NoError(t, err)
			gaps = append(gaps, gap)
		}
		assert.InDelta(t, float64(m.Order()), math.Log2(gaps[0]/gaps[1]), .25, "%s: %v", m.Name(), gaps)
	}
}

// With the error in Fisher length a linear change of the parameters changes no
// step; with the error in coordinates it does.
func TestStepsInNatsDoNotDependOnParameters(t *testing.T) {
	steps := func(change bool, s flow.Settings) int {
		e, theta := mixed(t, network.Softmax{}, 3, 6)
		p, err := flow.OnNetwork(e, "diagonal", metrics.Settings{})
		require.NoError(t, err)
		q := &scaled{NetworkPoint: p, m: make([]float64, len(theta)), work: make([]float64, len(theta))}
		rng := rand.New(rand.NewPCG(9, 9))
		start := make([]float64, len(theta))
		for i := range q.m {
			q.m[i] = 1
			if change {
				q.m[i] = math.Exp2(float64(rng.IntN(21) - 10))
			}
			start[i] = theta[i] / q.m[i]
		}
		s.ODE.Step = 1e-3
		r, err := flow.Solve(context.Background(), flow.New(q, nil), start, 0, .05, &s)
		require.NoError(t, err)
		return r.Statistics.Evaluations
	}
	nats, coordinates := flow.Settings{Tol: 1e-6}, flow.Settings{ODE: ode.Settings{RTol: 1e-6, ATol: 1e-6}}
	assert.Equal(t, steps(false, nats), steps(true, nats))
	assert.NotEqual(t, steps(false, coordinates), steps(true, coordinates))
}

// Evaluating the field allocates nothing, whatever the metric.
func TestNetworkFieldAllocatesNothing(t *testing.T) {
	for _, structure := range metrics.Structures() {
		e, theta := mixed(t, network.Softmax{}, 3, 12)
		s := metrics.Settings{Rank: 5}
		if structure != "euclidean" {
			s.Damping = metrics.Damping{Kind: networkDampings[structure], Value: .1}
		}
		f := networkFlow(t, e, structure, s)
		p := f.Point().(*flow.NetworkPoint)
		velocity, length := make([]float64, len(theta)+1), 0.0
		sign := 1.0
		step := func() {
			theta[0] += 1e-6 * sign
			sign = -sign
			require.NoError(t, f.Eval(velocity, 0, theta))
			l, err := p.FisherLength(velocity[:len(theta)])
			require.NoError(t, err)
			length += l
		}
		step()
		step()
		assert.Zero(t, testing.AllocsPerRun(5, step), structure)
	}
}
