package invariance

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"fisherflow/metrics"
	"fisherflow/network"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
)

// A Reparametrization is a linear change of the parameters of a network,
// θ = Mξ. One of layer form changes every layer's matrix W = Φ W′ Ω by itself,
// which is to replace the layer's inputs a by Ωa and its pre-activations s by
// Φ⁻¹s; M is then Φ ⊗ Ωᵀ on the layer's part of θ, W by rows.
type Reparametrization struct {
	Name string
	// M is n×n. Phi, q×q, and Omega, p×p, of each layer are nil where the change
	// has no layer form.
	M          *mat.Dense
	Phi, Omega []*mat.Dense
}

// ErrNotApplicable says that a metric is not defined in the new coordinates:
// the factors of K-FAC are those of layers.
var ErrNotApplicable = errors.New("the metric is defined for layers, and the change of parameters leaves their form")

// Defect is how far the step v = G⁻¹∇L of a network under a metric depends on
// the parameters that it is computed in: with v′ the step in the new ones, from
// the metric of the network as it is in these,
//
//	‖Mv′ − v‖_F / ‖v‖_F
//
// in the exact Fisher metric F, since θ itself has directions that do not change
// the model. The structure is one of [metrics.Structures].
func Defect(e *network.Evaluation, theta []float64, structure string, s metrics.Settings, r *Reparametrization) (float64, error) {
	n := e.Dim()
	v, err := step(e, theta, structure, s)
	if err != nil {
		return math.NaN(), err
	}
	var changed metrics.Layered
	switch {
	case structure != "kfac" && structure != "ekfac":
		changed = &inRows{Evaluation: e, m: r.M, theta: make([]float64, n), work: make([]float64, n)}
	case r.Phi == nil:
		return math.NaN(), fmt.Errorf("invariance: metric %q, %s: %w", structure, r.Name, ErrNotApplicable)
	default:
		changed = &inLayers{inRows{Evaluation: e, m: r.M, theta: make([]float64, n), work: make([]float64, n)}, r}
	}
	xi := make([]float64, n)
	var lu mat.LU
	lu.Factorize(r.M)
	if err := lu.SolveVecTo(mat.NewVecDense(n, xi), false, mat.NewVecDense(n, theta)); err != nil {
		return math.NaN(), fmt.Errorf("invariance: %s has no inverse: %w", r.Name, err)
	}
	image, err := step(changed, xi, structure, s)
	if err != nil {
		return math.NaN(), err
	}
	mat.NewVecDense(n, xi).MulVec(r.M, mat.NewVecDense(n, image))
	for i := range xi {
		xi[i] -= v[i]
	}
	if err := e.At(theta); err != nil {
		return math.NaN(), err
	}
	return fisherLength(e, xi) / fisherLength(e, v), nil
}

// step is G⁻¹∇L.
func step(m metrics.Layered, theta []float64, structure string, s metrics.Settings) ([]float64, error) {
	t, err := metrics.OnModel(structure, m, s)
	if err != nil {
		return nil, err
	}
	if err := t.At(theta); err != nil {
		return nil, err
	}
	v := make([]float64, m.Dim())
	m.Gradient(v)
	return v, t.Raise(v, v)
}

// fisherLength is √(vᵀFv).
func fisherLength(e *network.Evaluation, v []float64) float64 {
	n, c := e.Examples(), e.Outputs()
	z := blas64.General{Rows: n, Cols: c, Stride: c, Data: make([]float64, n*c)}
	e.JVP(z, v)
	// By way of the root of H: z may move far along what H maps to zero, and the
	// quadratic form would lose half of its digits to that.
	s := z
	s.Data = make([]float64, n*c)
	sum := 0.0
	for j := range e.Rank() {
		e.Factors(s, j)
		for i := range n {
			x := 0.0
			for k, v := range z.Data[i*c : (i+1)*c] {
				x += v * s.Data[i*c+k]
			}
			sum += x * x
		}
	}
	return math.Sqrt(sum / float64(n))
}

// inRows is a network in the parameters ξ, θ = Mξ. Gradients of single examples
// no longer are products of a cotangent and an input; each is told row by row of
// W, as a layer with q positions that the i-th unit alone sees the i-th of.
type inRows struct {
	*network.Evaluation
	m           *mat.Dense
	theta, work []float64
	rows        []float64 // gradients of the examples, N×n
}

func (m *inRows) At(xi []float64) error {
	mat.NewVecDense(len(m.theta), m.theta).MulVec(m.m, mat.NewVecDense(len(xi), xi))
	return m.Evaluation.At(m.theta)
}

func (m *inRows) pull(dst []float64) {
	copy(m.work, dst)
	mat.NewVecDense(len(dst), dst).MulVec(m.m.T(), mat.NewVecDense(len(dst), m.work))
}

func (m *inRows) Gradient(dst []float64) {
	m.Evaluation.Gradient(dst)
	m.pull(dst)
}

func (m *inRows) VJP(dst []float64, u blas64.General) {
	m.Evaluation.VJP(dst, u)
	m.pull(dst)
}

func (m *inRows) JVP(dst blas64.General, v []float64) {
	w := mat.NewVecDense(len(v), nil)
	w.MulVec(m.m, mat.NewVecDense(len(v), v))
	m.Evaluation.JVP(dst, w.RawVector().Data)
}

func (m *inRows) Layer(l int) (offset, q, p, t int, bias bool) {
	offset, q, p, _, bias = m.Evaluation.Layer(l)
	return offset, q, p, q, bias
}

func (m *inRows) Backward(cotangent blas64.General) {
	m.Evaluation.Backward(cotangent)
	n, dim := m.Examples(), m.Dim()
	if m.rows == nil {
		m.rows = make([]float64, n*dim)
	}
	clear(m.rows)
	for l := range m.Layers() {
		offset, q, p, t, _ := m.Evaluation.Layer(l)
		a, g := m.Evaluation.Inputs(l), m.Evaluation.Cotangents(l)
		for i := range n {
			for k := i * t; k < (i+1)*t; k++ {
				for u := range q {
					to := m.rows[i*dim+offset+u*p:]
					for j := range p {
						to[j] += g.Data[k*g.Stride+u] * a.Data[k*a.Stride+j]
					}
				}
			}
		}
	}
	for i := range n {
		m.pull(m.rows[i*dim : (i+1)*dim])
	}
}

func (m *inRows) Inputs(l int) blas64.General {
	offset, q, p, _, _ := m.Evaluation.Layer(l)
	n, dim := m.Examples(), m.Dim()
	a := blas64.General{Rows: n * q, Cols: p, Stride: p, Data: make([]float64, n*q*p)}
	if m.rows != nil {
		for i := range n {
			copy(a.Data[i*q*p:(i+1)*q*p], m.rows[i*dim+offset:])
		}
	}
	return a
}

func (m *inRows) Cotangents(l int) blas64.General {
	_, q, _, _, _ := m.Evaluation.Layer(l)
	n := m.Examples()
	g := blas64.General{Rows: n * q, Cols: q, Stride: q, Data: make([]float64, n*q*q)}
	for i := range n * q {
		g.Data[i*q+i%q] = 1
	}
	return g
}

// inLayers is a network in parameters of layer form: inputs Ωa and cotangents
// Φᵀg.
type inLayers struct {
	inRows
	r *Reparametrization
}

func (m *inLayers) Layer(l int) (offset, q, p, t int, bias bool) { return m.Evaluation.Layer(l) }
func (m *inLayers) Backward(cotangent blas64.General)            { m.Evaluation.Backward(cotangent) }
func (m *inLayers) Inputs(l int) blas64.General {
	return product(m.Evaluation.Inputs(l), m.r.Omega[l].T())
}
func (m *inLayers) Cotangents(l int) blas64.General {
	return product(m.Evaluation.Cotangents(l), m.r.Phi[l])
}

func product(a blas64.General, by mat.Matrix) blas64.General {
	var from, to mat.Dense
	from.SetRawMatrix(a)
	to.Mul(&from, by)
	return to.RawMatrix()
}

// Reparametrizations makes one of each kind of [Kinds] for a
// network, at random.
func Reparametrizations(n *network.Network, rng *rand.Rand) []*Reparametrization {
	var out []*Reparametrization
	for _, k := range kinds {
		r := k.make(n, rng)
		r.Name = k.name
		out = append(out, r)
	}
	return out
}

// Kinds lists the kinds of changes that [Reparametrizations] makes, from the
// narrowest to the widest:
//
//	product scale            W_ij = r_i c_j W′_ij
//	coordinate scale         every parameter by a factor of its own
//	unit affine activations  a_j → α_j a_j + β_j, pre-activations scaled
//	unit affine inputs       inputs by any affine map, pre-activations scaled
//	unit linear              the parameters of a unit by any linear map
//	layer orthogonal         W = Φ W′ Ω with Φ and Ω orthogonal
//	layer affine             inputs by any affine, pre-activations by any linear map
//	layer linear             the parameters of a layer by any linear map
//	orthogonal               all parameters by an orthogonal map
//	linear                   all parameters by any linear map
func Kinds() []string {
	var names []string
	for _, k := range kinds {
		names = append(names, k.name)
	}
	return names
}

type kind struct {
	name string
	make func(n *network.Network, rng *rand.Rand) *Reparametrization
}

var kinds = []kind{
	{"product scale", inLayerForm(scales, scales)},
	{"coordinate scale", func(n *network.Network, rng *rand.Rand) *Reparametrization {
		return &Reparametrization{M: scales(n.Dim(), rng)}
	}},
	{"unit affine activations", inLayerForm(scales, shifted)},
	{"unit affine inputs", inLayerForm(scales, affine)},
	{"unit linear", func(n *network.Network, rng *rand.Rand) *Reparametrization {
		return inBlocks(n, rng, func(q, p int) (int, int) { return q, p })
	}},
	{"layer orthogonal", inLayerForm(orthogonal, orthogonal)},
	{"layer affine", inLayerForm(general, affine)},
	{"layer linear", func(n *network.Network, rng *rand.Rand) *Reparametrization {
		return inBlocks(n, rng, func(q, p int) (int, int) { return 1, q * p })
	}},
	{"orthogonal", func(n *network.Network, rng *rand.Rand) *Reparametrization {
		return &Reparametrization{M: orthogonal(n.Dim(), rng)}
	}},
	{"linear", func(n *network.Network, rng *rand.Rand) *Reparametrization {
		return &Reparametrization{M: general(n.Dim(), rng)}
	}},
}

type random = func(k int, rng *rand.Rand) *mat.Dense

// inLayerForm draws Φ and Ω.
func inLayerForm(phi, omega random) func(*network.Network, *rand.Rand) *Reparametrization {
	return func(n *network.Network, rng *rand.Rand) *Reparametrization {
		r := &Reparametrization{M: mat.NewDense(n.Dim(), n.Dim(), nil)}
		for l := range n.Layers() {
			offset, q, p, _, _ := n.Layer(l)
			f, o := phi(q, rng), omega(p, rng)
			r.Phi, r.Omega = append(r.Phi, f), append(r.Omega, o)
			var block mat.Dense
			block.Kronecker(f, o.T())
			r.M.Slice(offset, offset+q*p, offset, offset+q*p).(*mat.Dense).Copy(&block)
		}
		return r
	}
}

// inBlocks draws general maps of so many blocks of a layer, of so many
// parameters each.
func inBlocks(n *network.Network, rng *rand.Rand, blocks func(q, p int) (count, size int)) *Reparametrization {
	r := &Reparametrization{M: mat.NewDense(n.Dim(), n.Dim(), nil)}
	for l := range n.Layers() {
		at, q, p, _, _ := n.Layer(l)
		count, size := blocks(q, p)
		for range count {
			r.M.Slice(at, at+size, at, at+size).(*mat.Dense).Copy(general(size, rng))
			at += size
		}
	}
	return r
}

func scales(k int, rng *rand.Rand) *mat.Dense {
	m := mat.NewDense(k, k, nil)
	for i := range k {
		m.Set(i, i, math.Exp(rng.NormFloat64()))
	}
	return m
}

// shifted is a_j → α_j a_j + β_j, the constant kept.
func shifted(k int, rng *rand.Rand) *mat.Dense {
	m := scales(k, rng)
	for i := range k - 1 {
		m.Set(i, k-1, rng.NormFloat64())
	}
	m.Set(k-1, k-1, 1)
	return m
}

func general(k int, rng *rand.Rand) *mat.Dense {
	m := mat.NewDense(k, k, nil)
	for i := range k {
		for j := range k {
			m.Set(i, j, 0.5*rng.NormFloat64())
		}
		m.Set(i, i, m.At(i, i)+1)
	}
	return m
}

// affine is any affine map, the constant kept.
func affine(k int, rng *rand.Rand) *mat.Dense {
	m := general(k, rng)
	for j := range k {
		m.Set(k-1, j, 0)
	}
	m.Set(k-1, k-1, 1)
	return m
}

func orthogonal(k int, rng *rand.Rand) *mat.Dense {
	var qr mat.QR
	qr.Factorize(general(k, rng))
	var q mat.Dense
	qr.QTo(&q)
	return &q
}
