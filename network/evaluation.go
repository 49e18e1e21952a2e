package network

import (
	"fmt"
	"math"
	"math/rand/v2"

	"fisherflow/internal/flops"
	"fisherflow/ode"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
)

// An Evaluation is a network with data, set at a parameter θ by At. From then
// on it has the mean loss there, its gradient, products with J and Jᵀ, and the
// layers' inputs and cotangents, without allocation outside of BLAS. It holds
// N(Σp + 4Σq) numbers, q counted at every position, and is used by one
// goroutine at a time; Clone makes another.
//
// Products run in gonum's BLAS, which divides large ones among GOMAXPROCS
// goroutines with the same bits as one.
type Evaluation struct {
	network *Network
	data    Data
	batch   []int // rows of the batch; nil: all
	rows    int   // N

	theta    []float64
	at       bool // whether theta, and all below, is set
	failed   error
	layers   []activity
	states   blas64.General // states of the output
	outputs  blas64.General // z
	loss     float64
	size     float64
	gradient []float64
	graded   bool // whether gradient is that at theta

	cotangent blas64.General // a buffer at the outputs
	response  []float64
	counter   flops.Counter
}

// activity is what a layer keeps of a batch.
type activity struct {
	*stage
	w blas64.General // in theta

	a blas64.General // inputs, N·T × p, with the constant
	s blas64.General // pre-activations, then φ′, N·T × q
	g blas64.General // cotangents of the pre-activations, N·T × q
	r blas64.General // tangents of the pre-activations, then of the outputs
	h blas64.General // outputs, N × T·q; in the next layer's a where it is dense

	// Of a convolution: tangents and cotangents of the patches.
	patch blas64.General
	skip  blas64.General // cotangents past a residual connection, N × T·q
}

func general(rows, columns int) blas64.General {
	return blas64.General{Rows: rows, Cols: columns, Stride: max(columns, 1), Data: make([]float64, rows*columns)}
}

// NewEvaluation returns the evaluation of a network on data, which it keeps and
// does not change.
func NewEvaluation(n *Network, d Data) (*Evaluation, error) {
	if err := n.Check(d); err != nil {
		return nil, err
	}
	rows, _ := d.X.Dims()
	return newEvaluation(n, d, rows), nil
}

func newEvaluation(n *Network, d Data, rows int) *Evaluation {
	e := &Evaluation{network: n, data: d, theta: make([]float64, n.n), gradient: make([]float64, n.n)}
	c := n.Outputs()
	e.layers = make([]activity, len(n.stages))
	for l := range n.stages {
		s := &n.stages[l]
		y := &e.layers[l]
		y.stage = s
		y.w = blas64.General{Rows: s.q, Cols: s.p, Stride: s.p, Data: e.theta[s.offset : s.offset+s.p*s.q]}
		y.a, y.s, y.g, y.r = general(rows*s.t, s.p), general(rows*s.t, s.q), general(rows*s.t, s.q), general(rows*s.t, s.q)
		if s.bias {
			for i := range y.a.Rows {
				y.a.Data[i*y.a.Stride+s.p-1] = 1
			}
		}
		if s.conv != nil {
			y.patch = general(rows*s.t, s.inputs())
		}
		if s.residual {
			y.skip = general(rows, s.out.Len())
		}
	}
	e.states, e.outputs, e.cotangent = general(rows, n.output.StateLen(c)), general(rows, c), general(rows, c)
	e.response = make([]float64, n.Responses())
	for l := range e.layers {
		y := &e.layers[l]
		switch {
		case l+1 == len(e.layers):
			y.h = e.outputs
		case e.layers[l+1].conv == nil:
			next := e.layers[l+1].a
			y.h = blas64.General{Rows: rows, Cols: y.out.Len(), Stride: next.Stride, Data: next.Data}
		default:
			y.h = general(rows, y.out.Len())
		}
	}
	e.resize(rows)
	e.load()
	return e
}

// resize takes the leading rows of every buffer.
func (e *Evaluation) resize(rows int) {
	e.rows = rows
	for l := range e.layers {
		y := &e.layers[l]
		for _, m := range []*blas64.General{&y.a, &y.s, &y.g, &y.r, &y.patch} {
			m.Rows = rows * y.t
		}
		for _, m := range []*blas64.General{&y.h, &y.skip} {
			m.Rows = rows
		}
	}
	e.states.Rows, e.outputs.Rows, e.cotangent.Rows = rows, rows, rows
}

// load puts the batch in the first layer's inputs.
func (e *Evaluation) load() {
	first := &e.layers[0]
	for i := range e.rows {
		x := e.data.X.RawRowView(e.row(i))
		if first.conv == nil {
			copy(first.a.Data[i*first.a.Stride:], x)
		} else {
			first.gather(first.a.Data[i*first.t*first.a.Stride:], first.a.Stride, x)
		}
	}
	e.at = false
}

// row is the row of example i of the batch in the data.
func (e *Evaluation) row(i int) int {
	if e.batch == nil {
		return i
	}
	return e.batch[i]
}

func (e *Evaluation) responses(i int) []float64 { return e.data.Y.RawRowView(e.row(i)) }

// Batch restricts the evaluation to the examples of the given indices, as they
// stand, until the next call; nil means all. An index may occur twice. The
// slice is kept.
func (e *Evaluation) Batch(indices []int) error {
	all, _ := e.data.X.Dims()
	rows := len(indices)
	if indices == nil {
		rows = all
	}
	if rows == 0 || rows > all {
		return &DataError{-1, fmt.Sprintf("a batch of %d of %d examples", rows, all)}
	}
	for _, i := range indices {
		if i < 0 || i >= all {
			panic("network: index of an example out of range")
		}
	}
	e.batch = indices
	e.resize(rows)
	e.load()
	return nil
}

// Network is the network.
func (e *Evaluation) Network() *Network { return e.network }

// Data is all of the data.
func (e *Evaluation) Data() Data { return e.data }

// Clone returns an independent evaluation of the same network and data, on all
// examples and not yet set.
func (e *Evaluation) Clone() *Evaluation {
	rows, _ := e.data.X.Dims()
	return newEvaluation(e.network, e.data, rows)
}

// On returns an evaluation of the same network on other data.
func (e *Evaluation) On(d Data) (*Evaluation, error) { return NewEvaluation(e.network, d) }

// Dim is the number of parameters.
func (e *Evaluation) Dim() int { return e.network.n }

// Examples is the number N of examples in the batch.
func (e *Evaluation) Examples() int { return e.rows }

// Outputs is the length of z.
func (e *Evaluation) Outputs() int { return e.network.Outputs() }

// Rank is the number k of columns of the root S of H.
func (e *Evaluation) Rank() int { return e.network.output.Rank(e.Outputs()) }

// Layers is the number of layers.
func (e *Evaluation) Layers() int { return len(e.layers) }

// Layer returns the place of a layer, as [Network.Layer].
func (e *Evaluation) Layer(l int) (offset, q, p, t int, bias bool) { return e.network.Layer(l) }

// At moves to theta, a forward pass of 2Nn operations, unless it is there. An
// error wraps [ode.ErrDomain] and names the example whose outputs or loss are
// not finite.
func (e *Evaluation) At(theta []float64) error {
	if len(theta) != len(e.theta) {
		panic("network: length of theta and number of parameters differ")
	}
	if e.at && same(theta, e.theta) {
		return e.failed
	}
	copy(e.theta, theta)
	e.at, e.graded = true, false
	e.failed = e.forward()
	return e.failed
}

// same reports whether two slices hold the same numbers.
func same(a, b []float64) bool {
	b = b[:len(a)]
	for i, v := range a {
		if v != b[i] {
			return false
		}
	}
	return true
}

func (e *Evaluation) forward() error {
	for l := range e.layers {
		y := &e.layers[l]
		if l > 0 && y.conv != nil {
			before := e.layers[l-1].h
			for i := range e.rows {
				y.gather(y.a.Data[i*y.t*y.a.Stride:], y.a.Stride, before.Data[i*before.Stride:])
			}
		}
		e.counter.Gemm(blas.NoTrans, blas.Trans, 1, y.a, y.w, 0, y.s)
		width := y.out.Len()
		for i := range e.rows {
			h, s := y.h.Data[i*y.h.Stride:i*y.h.Stride+width], y.s.Data[i*width:(i+1)*width]
			y.activation.Eval(h, s, s)
			if y.residual {
				for j, v := range e.input(l, i) {
					h[j] += v
				}
			}
		}
	}
	o := e.network.output
	e.loss, e.size = 0, 0
	for i := range e.rows {
		z := row(e.outputs, i)
		for _, v := range z {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return fmt.Errorf("network: an output of example %d is %v: %w", e.row(i)+1, v, ode.ErrDomain)
			}
		}
		state := row(e.states, i)
		o.Prepare(state, z)
		value, size := o.LogDensity(state, e.responses(i))
		if math.IsNaN(value) || math.IsInf(value, 0) {
			return fmt.Errorf("network: the loss of example %d is %v: %w", e.row(i)+1, -value, ode.ErrDomain)
		}
		e.loss -= value
		e.size += size
	}
	e.loss /= float64(e.rows)
	e.size /= float64(e.rows)
	return nil
}

// input is the input of layer l for example i, without patches.
func (e *Evaluation) input(l, i int) []float64 {
	if l > 0 {
		return row(e.layers[l-1].h, i)
	}
	return e.data.X.RawRowView(e.row(i))
}

func row(m blas64.General, i int) []float64 { return m.Data[i*m.Stride : i*m.Stride+m.Cols] }

// Value is the mean loss.
func (e *Evaluation) Value() float64 { return e.loss }

// Magnitude is the mean of the absolute values of the terms of the loss.
func (e *Evaluation) Magnitude() float64 { return e.size }

// Operations is the number of floating point operations that matrix products
// have taken since the evaluation was made.
func (e *Evaluation) Operations() float64 { return e.counter.Count }

// Output is z of example i. It must not be changed.
func (e *Evaluation) Output(i int) []float64 { return row(e.outputs, i) }

// Mean stores the expectation parameters of example i.
func (e *Evaluation) Mean(dst []float64, i int) { e.network.output.Mean(dst, row(e.states, i)) }

// Statistic stores the sufficient statistic of the response of example i, to
// which the exact flow takes Mean along a straight line.
func (e *Evaluation) Statistic(dst []float64, i int) {
	e.network.output.Statistic(dst, e.responses(i))
}

// Accuracy is the share of the examples whose label, or yes or no, is the most
// probable one; it is NaN for outputs that are neither.
func (e *Evaluation) Accuracy() float64 {
	hits := 0.0
	switch e.network.output.Name() {
	case "softmax":
		for i := range e.rows {
			z := e.Output(i)
			best := 0
			for j, v := range z {
				if v > z[best] {
					best = j
				}
			}
			if float64(best) == e.responses(i)[0] {
				hits++
			}
		}
		return hits / float64(e.rows)
	case "bernoulli", "probit":
		for i := range e.rows {
			z := e.Output(i)
			for j, y := range e.responses(i) {
				if (z[j] > 0) == (y == 1) {
					hits += 1 / float64(len(z))
				}
			}
		}
		return hits / float64(e.rows)
	}
	return math.NaN()
}

// Gradient stores ∂L/∂θ, 4Nn operations when it is first asked for at a point.
func (e *Evaluation) Gradient(dst []float64) {
	if !e.graded {
		e.Residuals(e.cotangent)
		e.VJP(e.gradient, e.cotangent)
		blas64.Scal(1/float64(e.rows), blas64.Vector{N: len(e.gradient), Inc: 1, Data: e.gradient})
		e.graded = true
	}
	copy(dst, e.gradient)
}

// Residuals stores r = −∂ log p/∂z of the examples, N×C.
func (e *Evaluation) Residuals(dst blas64.General) {
	for i := range e.rows {
		e.network.output.Residual(row(dst, i), row(e.states, i), e.responses(i))
	}
}

// Roots stores b, the solution of S b = r, of the examples, N×k.
func (e *Evaluation) Roots(dst blas64.General) {
	for i := range e.rows {
		e.network.output.Root(row(dst, i), row(e.states, i), e.responses(i))
	}
}

// Factors stores column j of S of the examples, N×C.
func (e *Evaluation) Factors(dst blas64.General, j int) {
	for i := range e.rows {
		e.network.output.Factor(row(dst, i), row(e.states, i), j)
	}
}

// CurvatureFactors stores column j of a root of the curvature of the loss in z,
// which is H where z are natural parameters. It reports false where the
// curvature is indefinite.
func (e *Evaluation) CurvatureFactors(dst blas64.General, j int) bool {
	curved, ok := e.network.output.(CurvedOutput)
	if !ok {
		e.Factors(dst, j)
		return true
	}
	for i := range e.rows {
		if !curved.CurvatureFactor(row(dst, i), row(e.states, i), e.responses(i), j) {
			return false
		}
	}
	return true
}

// Fishers replaces each row u of m, N×C, by H u.
func (e *Evaluation) Fishers(m blas64.General) {
	for i := range e.rows {
		u := row(m, i)
		e.network.output.Fisher(u, row(e.states, i), u)
	}
}

// Samples stores −∂ log p(y)/∂z of the examples at labels drawn from the model,
// N×C.
func (e *Evaluation) Samples(dst blas64.General, rng *rand.Rand) {
	o := e.network.output
	for i := range e.rows {
		state := row(e.states, i)
		o.Sample(e.response, state, rng)
		o.Residual(row(dst, i), state, e.response)
	}
}

// Inputs are those of layer l, N·T × p: T rows an example, the constant last.
func (e *Evaluation) Inputs(l int) blas64.General { return e.layers[l].a }

// Cotangents are those of the pre-activations of layer l, N·T × q, that the
// last [Evaluation.Backward], or a method that runs one, has left.
func (e *Evaluation) Cotangents(l int) blas64.General { return e.layers[l].g }

// Backward takes cotangents of the outputs, N×C, to all layers: 2Nn operations.
// Gradient (when it is first asked for) and VJP run one too.
func (e *Evaluation) Backward(cotangent blas64.General) {
	last := len(e.layers) - 1
	for l := last; l >= 0; l-- {
		y := &e.layers[l]
		width := y.out.Len()
		if l == last {
			for i := range e.rows {
				copy(y.g.Data[i*width:(i+1)*width], row(cotangent, i))
			}
		}
		// g is the cotangent of the layer's output: make it that of s.
		n := e.rows * width
		if y.residual {
			copy(y.skip.Data[:n], y.g.Data)
		}
		multiply(y.g.Data[:n], y.s.Data[:n])
		if l == 0 {
			return
		}
		below := &e.layers[l-1]
		w := y.w
		w.Cols = y.inputs()
		in := y.in.Len()
		if y.conv == nil {
			to := blas64.General{Rows: e.rows, Cols: in, Stride: in, Data: below.g.Data}
			e.counter.Gemm(blas.NoTrans, blas.NoTrans, 1, y.g, w, 0, to)
		} else {
			e.counter.Gemm(blas.NoTrans, blas.NoTrans, 1, y.g, w, 0, y.patch)
			clear(below.g.Data[:e.rows*in])
			for i := range e.rows {
				y.scatter(below.g.Data[i*in:(i+1)*in], y.patch.Data[i*y.t*y.patch.Stride:], y.patch.Stride)
			}
		}
		if y.residual {
			for i, v := range y.skip.Data[:e.rows*in] {
				below.g.Data[i] += v
			}
		}
	}
}

// multiply multiplies g by d, number by number.
func multiply(g, d []float64) {
	d = d[:len(g)]
	for i := range g {
		g[i] *= d[i]
	}
}

// VJP stores Jᵀu = Σ_n J_nᵀu_n for cotangents u of the outputs, N×C: 4Nn
// operations.
func (e *Evaluation) VJP(dst []float64, u blas64.General) {
	e.Backward(u)
	for l := range e.layers {
		y := &e.layers[l]
		to := blas64.General{Rows: y.q, Cols: y.p, Stride: y.p, Data: dst[y.offset : y.offset+y.p*y.q]}
		e.counter.Gemm(blas.Trans, blas.NoTrans, 1, y.g, y.a, 0, to)
	}
}

// JVP stores the derivative Jv of the outputs along v in dst, N×C: 4Nn
// operations.
func (e *Evaluation) JVP(dst blas64.General, v []float64) {
	for l := range e.layers {
		y := &e.layers[l]
		vl := blas64.General{Rows: y.q, Cols: y.p, Stride: y.p, Data: v[y.offset : y.offset+y.p*y.q]}
		e.counter.Gemm(blas.NoTrans, blas.Trans, 1, y.a, vl, 0, y.r)
		width := y.out.Len()
		if l > 0 {
			below := &e.layers[l-1]
			in := y.in.Len()
			w := y.w
			w.Cols = y.inputs()
			tangent := blas64.General{Rows: e.rows, Cols: in, Stride: in, Data: below.r.Data}
			if y.conv != nil {
				for i := range e.rows {
					y.gather(y.patch.Data[i*y.t*y.patch.Stride:], y.patch.Stride, below.r.Data[i*in:(i+1)*in])
				}
				tangent = y.patch
			}
			e.counter.Gemm(blas.NoTrans, blas.Trans, 1, tangent, w, 1, y.r)
		}
		n := e.rows * width
		multiply(y.r.Data[:n], y.s.Data[:n])
		if y.residual && l > 0 {
			for i, t := range e.layers[l-1].r.Data[:n] {
				y.r.Data[i] += t
			}
		}
	}
	last := &e.layers[len(e.layers)-1]
	for i := range e.rows {
		copy(row(dst, i), last.r.Data[i*e.outputs.Cols:])
	}
}
