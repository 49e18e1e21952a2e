package network

import (
	"math"
	"math/rand/v2"
	"testing"

	"fisherflow/ode"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// example is a network with data drawn at random and a point.
type example struct {
	name    string
	network *Network
	data    Data
	theta   []float64
}

func newExample(t testing.TB, name string, input Shape, layers []Layer, o Output, rows int) example {
	n, err := New(input, layers, o)
	require.NoError(t, err)
	rng := rand.New(rand.NewPCG(7, uint64(len(name))))
	d := Data{mat.NewDense(rows, input.Len(), nil), mat.NewDense(rows, n.Responses(), nil)}
	z, y := make([]float64, n.Outputs()), make([]float64, n.Responses())
	state := make([]float64, o.StateLen(len(z)))
	for i := range rows {
		for j := range input.Len() {
			d.X.Set(i, j, rng.NormFloat64())
		}
		o.Prepare(state, z)
		o.Sample(y, state, rng)
		d.Y.SetRow(i, y)
	}
	theta := make([]float64, n.Dim())
	require.NoError(t, n.Initial(theta, "lecun-normal", 3))
	for i := range theta {
		theta[i] += .1 * rng.NormFloat64() // biases too
	}
	return example{name, n, d, theta}
}

func examples(t testing.TB) []example {
	image := Shape{5, 4, 2}
	return []example{
		newExample(t, "mlp softmax", Vector(3), []Layer{Dense{Units: 4, Activation: Tanh{}}, Dense{Units: 3}}, Softmax{}, 7),
		newExample(t, "gelu gaussian", Vector(3), []Layer{Dense{Units: 4, Activation: GELU{}, NoBias: true}, Dense{Units: 2}}, Independent{Gaussian{.5}}, 5),
		newExample(t, "residual gaussian-scale", Vector(4), []Layer{Dense{Units: 4, Activation: Softplus{}, Residual: true},
			Dense{Units: 4, Activation: Tanh{}, Residual: true}, Dense{Units: 2}}, GaussianScale{}, 6),
		newExample(t, "conv poisson", image, []Layer{Conv{Channels: 3, Kernel: 3, Padding: 1, Activation: Tanh{}},
			Conv{Channels: 3, Kernel: 3, Padding: 1, Activation: Softplus{}, Residual: true},
			Conv{Channels: 2, Kernel: 2, Stride: 2, Activation: Tanh{}}, Dense{Units: 2, NoBias: true}}, Independent{Poisson{}}, 3),
		newExample(t, "dense conv", Vector(3), []Layer{Dense{Units: 5, Activation: Tanh{}}, Conv{Channels: 4, Kernel: 1, Activation: Tanh{}}, Dense{Units: 1}},
			Independent{Gamma{Shape: 2}}, 4),
		newExample(t, "negative-binomial", Vector(2), []Layer{Dense{Units: 1}}, Independent{NegativeBinomial{R: 2}}, 9),
		newExample(t, "multinomial", Vector(2), []Layer{Dense{Units: 3}}, Multinomial{Trials: 4}, 4),
	}
}

func (c example) at(t testing.TB) *Evaluation {
	e, err := NewEvaluation(c.network, c.data)
	require.NoError(t, err)
	require.NoError(t, e.At(c.theta))
	return e
}

func dot(a, b []float64) float64 {
	s := 0.0
	for i, v := range a {
		s += v * b[i]
	}
	return s
}

// TestDerivatives: the gradient, Jv and Jᵀu against Richardson extrapolation of
// central differences, and ⟨u, Jv⟩ = ⟨Jᵀu, v⟩.
func TestDerivatives(t *testing.T) {
	for _, c := range examples(t) {
		t.Run(c.name, func(t *testing.T) {
			e := c.at(t)
			n, rows, outputs := e.Dim(), e.Examples(), e.Outputs()
			rng := rand.New(rand.NewPCG(1, 1))
			v, u := make([]float64, n), general(rows, outputs)
			for i := range v {
				v[i] = rng.NormFloat64()
			}
			for i := range u.Data {
				u.Data[i] = rng.NormFloat64()
			}
			gradient, jv, ju := make([]float64, n), general(rows, outputs), make([]float64, n)
			e.JVP(jv, v)
			e.VJP(ju, u)
			e.Gradient(gradient)
			require.InDelta(t, dot(u.Data, jv.Data), dot(ju, v), 1e-12*(1+math.Abs(dot(ju, v))))

			moved := e.Clone()
			along := func(h float64) (float64, []float64) {
				x := append([]float64(nil), c.theta...)
				for i := range x {
					x[i] += h * v[i]
				}
				require.NoError(t, moved.At(x))
				var z []float64
				for i := range rows {
					z = append(z, moved.Output(i)...)
				}
				return moved.Value(), z
			}
			const h = 3e-4
			l1, z1 := along(h)
			l2, z2 := along(-h)
			l3, z3 := along(2 * h)
			l4, z4 := along(-2 * h)
			require.InDelta(t, (8*(l1-l2)-(l3-l4))/(12*h), dot(gradient, v), 1e-8*(1+math.Abs(dot(gradient, v))))
			for i := range z1 {
				require.InDelta(t, (8*(z1[i]-z2[i])-(z3[i]-z4[i]))/(12*h), jv.Data[i], 1e-8)
			}
		})
	}
}

// TestPairs: the gradient of an example is the sum over positions of g aᵀ.
func TestPairs(t *testing.T) {
	for _, c := range examples(t) {
		e := c.at(t)
		r := general(e.Examples(), e.Outputs())
		e.Residuals(r)
		e.Backward(r)
		one, err := NewEvaluation(c.network, Data{c.data.X.Slice(1, 2, 0, c.network.Input().Len()).(*mat.Dense), c.data.Y.Slice(1, 2, 0, c.network.Responses()).(*mat.Dense)})
		require.NoError(t, err)
		require.NoError(t, one.At(c.theta))
		gradient := make([]float64, e.Dim())
		one.Gradient(gradient)
		for l := range e.Layers() {
			offset, q, p, positions, _ := e.Layer(l)
			a, g := e.Inputs(l), e.Cotangents(l)
			for i := range q {
				for j := range p {
					sum := 0.0
					for k := range positions {
						sum += g.Data[(positions+k)*g.Stride+i] * a.Data[(positions+k)*a.Stride+j]
					}
					require.InDelta(t, gradient[offset+i*p+j], sum, 1e-13, c.name)
				}
			}
		}
	}
}

// TestBatches: the mean over two batches, weighted by their sizes, is that over
// all; a batch and its repetition have the same loss and gradient.
func TestBatches(t *testing.T) {
	for _, c := range examples(t) {
		e := c.at(t)
		n, rows := e.Dim(), e.Examples()
		all, part, sum := make([]float64, n), make([]float64, n), make([]float64, n)
		e.Gradient(all)
		loss, mean := e.Value(), 0.0
		for _, batch := range [][]int{{0, 2}, rest(rows, 0, 2)} {
			require.NoError(t, e.Batch(batch))
			require.NoError(t, e.At(c.theta))
			e.Gradient(part)
			w := float64(len(batch)) / float64(rows)
			mean += w * e.Value()
			for i := range sum {
				sum[i] += w * part[i]
			}
		}
		require.InDelta(t, loss, mean, 1e-14)
		require.InDeltaSlice(t, all, sum, 1e-13)

		require.NoError(t, e.Batch([]int{1}))
		require.NoError(t, e.At(c.theta))
		e.Gradient(all)
		require.NoError(t, e.Batch([]int{1, 1, 1}))
		require.NoError(t, e.At(c.theta))
		e.Gradient(part)
		require.InDeltaSlice(t, all, part, 1e-14)
		require.NoError(t, e.Batch(nil))
		require.NoError(t, e.At(c.theta))
		require.Equal(t, loss, e.Value())
		require.Error(t, e.Batch([]int{}))
		require.Error(t, e.Batch(make([]int, rows+1)))
	}
}

func rest(n int, without ...int) (out []int) {
	for i := range n {
		if i != without[0] && i != without[1] {
			out = append(out, i)
		}
	}
	return out
}

// TestRegression: a network of one layer is the regression model, whose Fisher
// matrix is XᵀWX/N with the weights of the textbook.
func TestRegression(t *testing.T) {
	x := mat.NewDense(4, 2, []float64{1, .2, 1, -1, 1, .7, 1, 2})
	beta := []float64{.4, -.8}
	for _, c := range []struct {
		of     Scalar
		weight func(z float64) float64
	}{
		{Gaussian{Variance: .3}, func(float64) float64 { return 1 / .3 }},
		{Bernoulli{}, func(z float64) float64 { return math.Exp(z) / math.Pow(1+math.Exp(z), 2) }},
		{Probit{}, func(z float64) float64 {
			phi, cdf := math.Exp(-z*z/2)/math.Sqrt(2*math.Pi), 0.5*math.Erfc(-z/math.Sqrt2)
			return phi * phi / (cdf * (1 - cdf))
		}},
		{Poisson{}, math.Exp},
		{Gamma{Shape: 3}, func(float64) float64 { return 3 }},
		{NegativeBinomial{R: 2}, func(z float64) float64 { return math.Exp(z) * 2 / (2 + math.Exp(z)) }},
	} {
		n, err := New(Vector(2), []Layer{Dense{Units: 1, NoBias: true}}, Independent{c.of})
		require.NoError(t, err)
		e, err := NewEvaluation(n, Data{x, mat.NewDense(4, 1, []float64{1, 1, 1, 1})})
		require.NoError(t, err)
		require.NoError(t, e.At(beta))
		u, column := general(4, 1), make([]float64, 2)
		for j := range 2 {
			e.JVP(u, []float64{float64(1 - j), float64(j)})
			e.Fishers(u)
			e.VJP(column, u)
			for i := range 2 {
				want := 0.0
				for k := range 4 {
					z := x.At(k, 0)*beta[0] + x.At(k, 1)*beta[1]
					want += x.At(k, i) * c.weight(z) * x.At(k, j)
				}
				require.InDelta(t, want, column[i], 1e-12, c.of.Name())
			}
		}
	}
}

func TestInitial(t *testing.T) {
	n, err := MLP([]int{200, 100, 10}, Tanh{}, Softmax{})
	require.NoError(t, err)
	theta, again := make([]float64, n.Dim()), make([]float64, n.Dim())
	for name, variance := range map[string]float64{"glorot-uniform": 2. / 300, "glorot-normal": 2. / 300, "he-uniform": 2. / 200,
		"he-normal": 2. / 200, "lecun-uniform": 1. / 200, "lecun-normal": 1. / 200, "zeros": 0} {
		require.NoError(t, n.Initial(theta, name, 5))
		require.NoError(t, n.Initial(again, name, 5))
		require.Equal(t, theta, again)
		sum := 0.0
		for i := range 100 {
			require.Zero(t, theta[i*201+200])
			sum += dot(theta[i*201:i*201+200], theta[i*201:i*201+200])
		}
		// The sample variance of 20 000 numbers: a standard error of 1 % or less.
		require.InDelta(t, variance, sum/20000, .05*variance+1e-300, name)
	}
	require.Error(t, n.Initial(theta, "xavier", 1))
}

func TestBadNetworks(t *testing.T) {
	for _, c := range []struct {
		input  Shape
		layers []Layer
		output Output
	}{
		{Vector(0), []Layer{Dense{Units: 1}}, Softmax{}},
		{Vector(2), nil, Softmax{}},
		{Vector(2), []Layer{Dense{Units: 2}}, nil},
		{Vector(2), []Layer{Dense{Units: 0}}, Softmax{}},
		{Vector(2), []Layer{Dense{Units: 1}}, Softmax{}},
		{Vector(2), []Layer{Dense{Units: 3}}, GaussianScale{}},
		{Vector(2), []Layer{Dense{Units: 3}}, Multinomial{}},
		{Vector(2), []Layer{Dense{Units: 3}}, Independent{Gamma{Shape: -1}}},
		{Vector(2), []Layer{Dense{Units: 3, Residual: true}}, Softmax{}},
		{Vector(9), []Layer{Conv{Channels: 1, Kernel: 3}, Dense{Units: 2}}, Softmax{}},
		{Shape{4, 4, 1}, []Layer{Conv{Channels: 0, Kernel: 3}, Dense{Units: 2}}, Softmax{}},
		{Shape{4, 4, 1}, []Layer{Conv{Channels: 1, Kernel: 3, Stride: -1}, Dense{Units: 2}}, Softmax{}},
		{Shape{4, 4, 1}, []Layer{Conv{Channels: 1, Kernel: 3, Padding: 3}, Dense{Units: 2}}, Softmax{}},
	} {
		_, err := New(c.input, c.layers, c.output)
		require.Error(t, err)
	}
}

func TestBadData(t *testing.T) {
	n, err := MLP([]int{2, 3}, nil, Softmax{})
	require.NoError(t, err)
	for want, d := range map[string]Data{
		"example 2: input 1 is NaN":       {mat.NewDense(2, 2, []float64{1, 2, math.NaN(), 4}), mat.NewDense(2, 1, nil)},
		"label 3 is not one of 0 … 2":     {mat.NewDense(2, 2, nil), mat.NewDense(2, 1, []float64{0, 3})},
		"have 3 numbers where the networ": {mat.NewDense(2, 3, nil), mat.NewDense(2, 1, nil)},
		"2 examples with 3 responses":     {mat.NewDense(2, 2, nil), mat.NewDense(3, 1, nil)},
		"responses have 2 numbers":        {mat.NewDense(2, 2, nil), mat.NewDense(2, 2, nil)},
		"there are no examples":           {&mat.Dense{}, &mat.Dense{}},
	} {
		_, err := NewEvaluation(n, d)
		require.ErrorContains(t, err, want)
		var bad *DataError
		require.ErrorAs(t, err, &bad)
	}
}

// TestOverflow: outputs or losses that are not finite refuse the point.
func TestOverflow(t *testing.T) {
	c := newExample(t, "poisson", Vector(1), []Layer{Dense{Units: 1}}, Independent{Poisson{}}, 3)
	e := c.at(t)
	for _, theta := range [][]float64{{1e308, 1e308}, {0, 800}, {math.NaN(), 0}} {
		require.ErrorIs(t, e.At(theta), ode.ErrDomain)
	}
	require.NoError(t, e.At(c.theta))
}

func TestNoAllocation(t *testing.T) {
	for _, c := range examples(t) {
		e := c.at(t)
		n := e.Dim()
		x, gradient, v := append([]float64(nil), c.theta...), make([]float64, n), make([]float64, n)
		u := general(e.Examples(), e.Outputs())
		roots := general(e.Examples(), e.Rank())
		rng := rand.New(rand.NewPCG(1, 1))
		require.Zero(t, testing.AllocsPerRun(10, func() {
			x[0] += 1e-6
			if err := e.At(x); err != nil {
				t.Fatal(err)
			}
			e.Gradient(gradient)
			e.JVP(u, gradient)
			e.Fishers(u)
			e.VJP(v, u)
			e.Factors(u, 0)
			e.Roots(roots)
			if e.Outputs() > 0 && c.name != "conv poisson" {
				e.Samples(u, rng)
			}
		}), c.name)
	}
}

func BenchmarkGradient(b *testing.B) {
	c := newExample(b, "digits", Vector(64), []Layer{Dense{Units: 50, Activation: Tanh{}}, Dense{Units: 50, Activation: Tanh{}}, Dense{Units: 10}}, Softmax{}, 512)
	e, err := NewEvaluation(c.network, c.data)
	require.NoError(b, err)
	gradient := make([]float64, e.Dim())
	for b.Loop() {
		c.theta[0] += 1e-9
		if err := e.At(c.theta); err != nil {
			b.Fatal(err)
		}
		e.Gradient(gradient)
	}
}
