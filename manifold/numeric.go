package manifold

import (
	"errors"
	"fmt"
	"math"

	"fisherflow/internal/special"

	"gonum.org/v1/gonum/mat"
)

// numeric computes what a family has no closed form for from its log-density
// and score, by expectations.
type numeric struct {
	family   Family
	density  LogDensity
	scorer   Scorer
	mixing   averager
	other    averager // at the second member of a divergence
	smooth   smooth   // nil unless the density goes on between whole numbers
	n        int
	taken    int // scores since they were last counted
	p, q     []float64
	between  []float64
	from, to []float64
	score    []float64
	result   []float64
	places   []float64
	fisher   scoreProducts
	cubic    scoreCubes
	entropy  surprise
	ratio    surpriseDifference
	ratioSum surpriseExcess
}

// An averager takes expectations under a member.
type averager interface {
	set(theta []float64) error
	// features appends the places at which the density varies.
	features(dst []float64) []float64
	mean(dst []float64, m moment, features []float64) ([]float64, error)
}

func newNumeric(f Family) (*numeric, error) {
	mixing, err := newAverager(f)
	if err != nil {
		return nil, err
	}
	other, err := newAverager(f)
	if err != nil {
		return nil, err
	}
	scorer, ok := f.(Scorer)
	if !ok {
		return nil, fmt.Errorf("%s has no score: %w", f.Name(), errors.ErrUnsupported)
	}
	n := f.Dim()
	m := &numeric{
		family: f, density: f.(LogDensity), scorer: scorer, mixing: mixing, other: other, n: n,
		p: make([]float64, n), q: make([]float64, n), between: make([]float64, n),
		from: make([]float64, n), to: make([]float64, n), score: make([]float64, n),
		result: make([]float64, 1),
	}
	m.smooth, _ = f.(smooth)
	m.fisher, m.cubic, m.entropy, m.ratio, m.ratioSum = scoreProducts{m}, scoreCubes{m}, surprise{m}, surpriseDifference{numeric: m}, surpriseExcess{m}
	return m, nil
}

func newAverager(f Family) (averager, error) {
	if a, ok := f.(interface{ averager() (averager, error) }); ok {
		return a.averager()
	}
	return newExpector(f)
}

// byQuadrature is a family's workspace for what it computes numerically.
type byQuadrature struct{ work *numeric }

// own is workspace for f, which does not have any.
func (byQuadrature) own(f Family) byQuadrature {
	n, err := newNumeric(f)
	if err != nil {
		panic("manifold: " + err.Error())
	}
	return byQuadrature{n}
}

// placesTaken is the number of places at which quadratures have taken scores
// since it was last asked for.
func (b byQuadrature) placesTaken() int { return b.work.placesTaken() }

func (m *numeric) placesTaken() (taken int) {
	if m != nil {
		taken, m.taken = m.taken, 0
	}
	return taken
}

func (m *numeric) mean(moment moment, size int) (accuracy float64, err error) {
	m.result = resized(m.result, size)
	errs, err := m.mixing.mean(m.result, moment, nil)
	for _, e := range errs {
		accuracy = math.Max(accuracy, e)
	}
	return accuracy, err
}

func (m *numeric) set(theta []float64) error {
	copy(m.p, theta)
	return m.mixing.set(theta)
}

func (m *numeric) fisherMatrix(dst *mat.SymDense, theta []float64) (accuracy float64, err error) {
	if err := m.set(theta); err != nil {
		return math.NaN(), err
	}
	accuracy, err = m.mean(&m.fisher, triangle(m.n))
	k := 0
	for i := range m.n {
		for j := range i + 1 {
			dst.SetSym(i, j, m.result[k])
			k++
		}
	}
	return accuracy, err
}

func (m *numeric) cubicTensor(dst Tensor, theta []float64) (accuracy float64, err error) {
	if err := m.set(theta); err != nil {
		return math.NaN(), err
	}
	accuracy, err = m.mean(&m.cubic, m.n*(m.n+1)*(m.n+2)/6)
	n := 0
	for i := range m.n {
		for j := range i + 1 {
			for k := range j + 1 {
				v := m.result[n]
				dst[i][j][k], dst[i][k][j], dst[j][i][k] = v, v, v
				dst[j][k][i], dst[k][i][j], dst[k][j][i] = v, v, v
				n++
			}
		}
	}
	return accuracy, err
}

func (m *numeric) meanSurprise(theta []float64) (h, accuracy float64, err error) {
	if err := m.set(theta); err != nil {
		return math.NaN(), math.NaN(), err
	}
	accuracy, err = m.mean(&m.entropy, 1)
	return m.result[0], accuracy, err
}

// closeBy is the divergence under which it is taken as E[φ(q/p − 1)],
// φ(u) = u − log(1+u), whose terms are all positive, and log q/p as an integral
// of the score between p and q, so that nothing cancels.
const closeBy = 0.03

func (m *numeric) divergence(p, q []float64) (kl, accuracy float64, err error) {
	if err := m.set(p); err != nil {
		return math.NaN(), math.NaN(), err
	}
	copy(m.q, q)
	if err := m.other.set(q); err != nil {
		return math.NaN(), math.NaN(), err
	}
	m.places = m.other.features(m.places[:0])
	m.ratio.infinite = false
	mean := func(moment moment) (float64, float64, error) {
		errs, err := m.mixing.mean(m.result[:1], moment, m.places)
		return m.result[0], errs[0], err
	}
	kl, accuracy, err = mean(&m.ratio)
	switch {
	case m.ratio.infinite:
		return math.Inf(1), 0, nil
	case err != nil || kl > closeBy:
		return kl, accuracy, err
	}
	return mean(&m.ratioSum)
}

// planeDivergence is the divergence of a family whose first two coordinates are
// a location and a scale. Moved and scaled without rounding so that p has
// location 0 and a scale near 1, it keeps the digits of a scale that is small
// beside the location.
func (m *numeric) planeDivergence(p, q []float64) (kl, accuracy float64, err error) {
	if err := checkBoth(m.family, p, q); err != nil {
		return math.NaN(), math.NaN(), err
	}
	copy(m.from, p)
	copy(m.to, q)
	e := -math.Ilogb(p[1])
	m.from[0], m.to[0] = 0, math.Ldexp(q[0]-p[0], e)
	m.from[1], m.to[1] = math.Ldexp(p[1], e), math.Ldexp(q[1], e)
	return m.divergence(m.from, m.to)
}

func (m *numeric) logDensity(x, theta []float64) float64 {
	if m.smooth != nil {
		return m.smooth.smoothLogDensity(x[0], theta)
	}
	return m.density.LogDensity(x, theta)
}

// scoreProducts are s_i s_j for j ≤ i.
type scoreProducts struct{ *numeric }

func (m *scoreProducts) at(dst, x []float64) {
	m.scoreAt(x)
	n := 0
	for i, a := range m.score {
		for _, b := range m.score[:i+1] {
			dst[n] = a * b
			n++
		}
	}
}

func (m *numeric) scoreAt(x []float64) {
	m.taken++
	if m.scorer.Score(m.score, x, m.p) != nil {
		m.score[0] = math.NaN()
	}
}

// scoreCubes are s_i s_j s_k for k ≤ j ≤ i.
type scoreCubes struct{ *numeric }

func (m *scoreCubes) at(dst, x []float64) {
	m.scoreAt(x)
	n := 0
	for i, a := range m.score {
		for j, b := range m.score[:i+1] {
			for _, c := range m.score[:j+1] {
				dst[n] = a * b * c
				n++
			}
		}
	}
}

// surprise is −log p.
type surprise struct{ *numeric }

func (m *surprise) at(dst, x []float64) { dst[0] = -m.logDensity(x, m.p) }

// surpriseDifference is log p − log q.
type surpriseDifference struct {
	*numeric
	infinite bool // whether q has been seen to vanish where p does not
}

func (m *surpriseDifference) at(dst, x []float64) {
	q := m.logDensity(x, m.q)
	if math.IsInf(q, -1) {
		m.infinite = true
	}
	dst[0] = m.logDensity(x, m.p) - q
}

// surpriseExcess is φ(q/p − 1) = e^ℓ − 1 − ℓ, ℓ = log q − log p = ∫₀¹ Δ·s dt along
// the straight line from p to q = p + Δ.
type surpriseExcess struct{ *numeric }

func (m *surpriseExcess) at(dst, x []float64) { dst[0] = special.ExpExcess(m.logRatio(x)) }

// logRatio is log q/p as an integral of the score from p to q.
func (m *numeric) logRatio(x []float64) float64 {
	l := 0.0
	for _, g := range legendre8 {
		for i, a := range m.p {
			m.between[i] = a + g.node*(m.q[i]-a)
		}
		if m.scorer.Score(m.score, x, m.between) != nil {
			return math.NaN()
		}
		for i, s := range m.score {
			l += g.weight * s * (m.q[i] - m.p[i])
		}
	}
	return l
}
