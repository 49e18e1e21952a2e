package variational

import (
	"errors"
	"fmt"
	"math"

	"fisherflow/ode"
	"fisherflow/variational/target"

	"gonum.org/v1/gonum/mat"
)

// An Expectation evaluates E_q[log p] and its derivatives for a normal q.
// [ByRule], [ByClosedForm] and [ByPredictor] make them. It keeps workspace:
// one goroutine at a time.
type Expectation interface {
	// Describe says how, in a few words.
	Describe() string
	// Finer is a more accurate expectation, whose difference to this one is its
	// error; nil where this one is exact or cannot be refined.
	Finer() Expectation

	// add adds the derivatives to q, which has been reset, and returns the
	// value and the sum of the absolute values of its terms.
	add(q normal) (value, magnitude float64, err error)
	clone() Expectation
}

// domain makes a target's refusal of a point one that a solver understands.
func domain(err error) error {
	if errors.Is(err, target.ErrDomain) && !errors.Is(err, ode.ErrDomain) {
		return fmt.Errorf("%w: %w", err, ode.ErrDomain)
	}
	return err
}

func finite(v float64, what string, at []float64) error {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return fmt.Errorf("%s is %g at %.6g: %w", what, v, at, ode.ErrDomain)
	}
	return nil
}

// own is a target for another goroutine.
func own(t target.Target) target.Target {
	if c, ok := t.(target.Cloner); ok {
		return c.Clone()
	}
	return t
}

// ByRule is the expectation as a weighted sum over nodes, with the gradient of
// that sum: ∂/∂m by Bonnet's theorem, and with C = LLᵀ the derivative in C
// through the nodes, the discrete form of Price's theorem.
func ByRule(t target.Target, r *Rule) Expectation {
	d := t.Dim()
	if r.Dim != d {
		panic("variational: dimensions of rule and target differ")
	}
	return &byRule{target: t, rule: r, z: make([]float64, d), g: make([]float64, d)}
}

type byRule struct {
	target target.Target
	rule   *Rule
	z, g   []float64
}

func (e *byRule) Describe() string { return e.rule.Name }

func (e *byRule) Finer() Expectation {
	r := e.rule.Finer()
	if r == nil {
		return nil
	}
	return ByRule(e.target, r)
}

func (e *byRule) clone() Expectation { return ByRule(own(e.target), e.rule) }

func (e *byRule) add(q normal) (value, magnitude float64, err error) {
	for k, w := range e.rule.Weights {
		eps := e.rule.Node(k)
		q.point(e.z, eps)
		f, err := e.target.LogDensity(e.g, e.z)
		if err != nil {
			return 0, 0, domain(err)
		}
		if err := finite(f, "the log density", e.z); err != nil {
			return 0, 0, err
		}
		q.node(w, e.g, eps)
		value += w * f
		magnitude += math.Abs(w * f)
	}
	return value, magnitude, nil
}

// ByClosedForm is the expectation that the target knows.
func ByClosedForm(t target.NormalExpectation) Expectation {
	return &byClosedForm{target: t}
}

type byClosedForm struct {
	target target.NormalExpectation
	g      []float64
	v, w   []float64
	c, h   *mat.SymDense
}

func (e *byClosedForm) Describe() string   { return "closed form" }
func (e *byClosedForm) Finer() Expectation { return nil }
func (e *byClosedForm) clone() Expectation {
	return ByClosedForm(own(e.target).(target.NormalExpectation))
}

func (e *byClosedForm) add(q normal) (value, magnitude float64, err error) {
	d := e.target.Dim()
	if e.g == nil {
		e.g = make([]float64, d)
	}
	if diag, ok := q.(*diagonal); ok {
		if e.v == nil {
			e.v, e.w = make([]float64, d), make([]float64, d)
		}
		for i, s := range diag.sigma {
			e.v[i] = s * s
		}
		if value, err = e.target.ExpectDiagonal(e.g, e.w, diag.m, e.v); err != nil {
			return 0, 0, domain(err)
		}
		for i, w := range e.w {
			diag.bar[i] += w * diag.sigma[i]
		}
	} else {
		if e.c == nil {
			e.c, e.h = mat.NewSymDense(d, nil), mat.NewSymDense(d, nil)
		}
		q.covariance(e.c)
		if value, err = e.target.ExpectNormal(e.g, e.h, q.mean(), e.c); err != nil {
			return 0, 0, domain(err)
		}
		e.h.ScaleSym(0.5, e.h)
		q.symmetric(e.h)
	}
	q.shift(1, e.g)
	return value, math.Abs(value), finite(value, "the expected log density", q.mean())
}

// ByPredictor is the expectation of a linear model, one of a scalar a datum,
// xᵢ·z ~ N(xᵢ·m, xᵢᵀCxᵢ), and one a coordinate: closed where the model knows
// it, by Gauss–Hermite quadrature with the given number of nodes elsewhere.
func ByPredictor(t target.LinearModel, nodes int) Expectation {
	d := t.Dim()
	e := &byPredictor{target: t, design: t.Design(), nodes: nodes, row: make([]float64, d)}
	e.x, e.w = hermite(nodes)
	e.sparse, _ = e.design.(mat.RowNonZeroDoer)
	e.raw, _ = e.design.(mat.RawMatrixer)
	return e
}

type byPredictor struct {
	target target.LinearModel
	design mat.Matrix
	sparse mat.RowNonZeroDoer
	raw    mat.RawMatrixer
	nodes  int
	x, w   []float64
	row    []float64
	index  []int // of a sparse row
	value  []float64
}

func (e *byPredictor) Describe() string {
	return fmt.Sprintf("Gauss–Hermite over each linear predictor, %d nodes", e.nodes)
}

// mostPredictorNodes is the order of Gauss–Hermite rules beyond which analytic
// terms gain nothing.
const mostPredictorNodes = 200

func (e *byPredictor) Finer() Expectation {
	if 2*e.nodes > mostPredictorNodes {
		return nil
	}
	return ByPredictor(e.target, 2*e.nodes)
}

func (e *byPredictor) clone() Expectation {
	return ByPredictor(own(e.target).(target.LinearModel), e.nodes)
}

// expect is E f, E f′ and E f″ for s ~ N(mean, variance). The derivatives are
// those of the expectation, not of the sum: they agree when the nodes suffice.
func (e *byPredictor) expect(f func(s float64) (a, b, c float64), mean, variance float64) (a, b, c float64) {
	sd := math.Sqrt(variance)
	for k, x := range e.x {
		u, v, w := f(mean + sd*x)
		a += e.w[k] * u
		b += e.w[k] * v
		c += e.w[k] * w
	}
	return a, b, c
}

func (e *byPredictor) add(q normal) (value, magnitude float64, err error) {
	m := q.mean()
	n, d := e.design.Dims()
	diag, _ := q.(*diagonal)
	var sum compensated
	for i := range n {
		row := e.fetch(i, diag != nil)
		mean, variance, size := 0.0, 0.0, 0.0
		if e.index != nil {
			for k, j := range e.index {
				x := e.value[k]
				mean += x * m[j]
				size += math.Abs(x * m[j])
				x *= diag.sigma[j]
				variance += x * x
			}
		} else {
			for j, x := range row {
				mean += x * m[j]
				size += math.Abs(x * m[j])
			}
			variance = q.spread(row)
		}
		a, b, c, ok := e.target.ExpectTerm(i, mean, variance)
		if !ok {
			a, b, c = e.expect(func(s float64) (float64, float64, float64) { return e.target.Term(i, s) }, mean, variance)
		}
		sum.add(a)
		// A predictor is rounded in proportion to its terms.
		magnitude += math.Abs(a) + math.Abs(b)*size + math.Abs(c)*(1+variance)
		if e.index != nil {
			for k, j := range e.index {
				x := e.value[k]
				diag.g[j] += b * x
				diag.bar[j] += c * x * x * diag.sigma[j]
			}
		} else {
			q.shift(b, row)
			q.outer(c/2, row)
		}
	}
	for j := range d {
		variance := q.variance(j)
		if constant, at, precision, ok := e.target.Quadratic(j); ok {
			delta := m[j] - at
			square := precision / 2 * (delta*delta + variance)
			sum.add(constant - square)
			magnitude += math.Abs(constant) + square
			q.single(j, -precision*delta, -precision/2)
		} else {
			a, b, c := e.expect(func(s float64) (float64, float64, float64) { return e.target.Marginal(j, s) }, m[j], variance)
			sum.add(a)
			magnitude += math.Abs(a)
			q.single(j, b, c/2)
		}
	}
	value = sum.value()
	return value, magnitude, finite(value, "the expected log density", m)
}

// fetch is row i of the design, or puts its entries that are not zero in index
// and value if the design is sparse and that is wanted.
func (e *byPredictor) fetch(i int, wanted bool) []float64 {
	if e.raw != nil {
		raw := e.raw.RawMatrix()
		return raw.Data[i*raw.Stride : i*raw.Stride+raw.Cols]
	}
	if e.sparse == nil {
		for j := range e.row {
			e.row[j] = e.design.At(i, j)
		}
		return e.row
	}
	if !wanted {
		e.index = nil
		clear(e.row)
		e.sparse.DoRowNonZero(i, func(_, j int, v float64) { e.row[j] = v })
		return e.row
	}
	if e.index == nil {
		e.index = make([]int, 0, 16)
	}
	e.index, e.value = e.index[:0], e.value[:0]
	e.sparse.DoRowNonZero(i, func(_, j int, v float64) {
		e.index, e.value = append(e.index, j), append(e.value, v)
	})
	return nil
}

// compensated is a sum with its rounding errors carried along (Neumaier, ZAMM
// 54, 1974), so that a thousand data round no more than one.
type compensated struct{ sum, lost float64 }

func (s *compensated) add(x float64) {
	t := s.sum + x
	if math.Abs(s.sum) >= math.Abs(x) {
		s.lost += (s.sum - t) + x
	} else {
		s.lost += (x - t) + s.sum
	}
	s.sum = t
}

func (s *compensated) value() float64 { return s.sum + s.lost }
