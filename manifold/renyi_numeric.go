package manifold

import (
	"errors"
	"fmt"
	"math"

	"fisherflow/internal/special"
)

// powers is the function p^α q^(1−α) as a family of one member, of which an
// expector takes the total mass.
type powers struct {
	density LogDensity
	of      Family
	support Support
	alpha   float64
	p, q    []float64
	offset  float64 // what is taken from the logarithm, against overflow
}

func (f *powers) Name() string          { return f.of.Name() }
func (f *powers) Dim() int              { return f.of.Dim() }
func (f *powers) Check([]float64) error { return nil }
func (f *powers) Support() Support      { return f.support }

func (f *powers) LogDensity(x, _ []float64) float64 {
	a := f.density.LogDensity(x, f.p)
	if math.IsInf(a, -1) {
		return a
	}
	b := f.density.LogDensity(x, f.q)
	// Not the difference of two large terms where both tails are far.
	return a + (1-f.alpha)*(b-a) - f.offset
}

// locatedPowers are powers of members whose bulk is known.
type locatedPowers struct {
	*powers
	expector *expector
}

func (f *locatedPowers) locate([]float64) (centre, scale float64) {
	l := f.of.(located)
	c1, s1 := l.locate(f.p)
	c2, s2 := l.locate(f.q)
	best := math.Inf(-1)
	try := func(c float64) {
		if v := f.expector.log(c); v > best {
			best, centre = v, c
		}
	}
	for k := range 33 {
		t := float64(k)
		try(c1 + t/32*(c2-c1))
		try(c1 + (t-16)/2*s1)
		try(c2 + (t-16)/2*s2)
	}
	return centre, math.Min(s1, s2)
}

// logTotal is log ∫ p^α q^(1−α) and its error.
func (f *powers) logTotal(places []float64) (total, accuracy float64, err error) {
	e, err := newExpector(f)
	if err != nil {
		return math.NaN(), math.NaN(), err
	}
	if _, ok := f.of.(located); ok {
		e.family = &locatedPowers{f, e}
	}
	theta := make([]float64, f.Dim())
	if f.support.Discrete && math.IsInf(f.support.High, 1) && f.alpha > 1 {
		// A sum whose terms go on growing.
		far := f.LogDensity([]float64{1 << 40}, nil)
		if f.LogDensity([]float64{1 << 41}, nil) >= far && far > -1e6 {
			return math.Inf(1), 0, nil
		}
	}
	if err := e.set(theta); err != nil {
		return math.NaN(), math.NaN(), err
	}
	if !f.support.Discrete && f.alpha > 1 {
		for direction := -1.0; direction <= 1; direction += 2 {
			t := math.Max(direction*e.low, direction*e.high)
			at := func(t float64) float64 { return e.log(e.centre+direction*e.scale*math.Sinh(t)) + t }
			// An integrand that has not fallen where doubles end.
			if t >= 700 && !(at(650) < at(500)) && !math.IsInf(at(650), -1) {
				return math.Inf(1), 0, nil
			}
		}
	}
	if math.IsInf(e.peak, 1) || e.peak > 1e12 {
		return math.Inf(1), 0, nil
	}
	f.offset = e.peak
	var one [1]float64
	errs, err := e.mean(one[:], unitMoment{}, places)
	if err != nil {
		return math.NaN(), math.NaN(), err
	}
	if math.IsInf(one[0], 1) {
		return math.Inf(1), 0, nil
	}
	return math.Log(one[0]) + f.offset, errs[0]/one[0] + 0x1p-52*math.Abs(f.offset), nil
}

// unitMoment is 1.
type unitMoment struct{}

func (unitMoment) at(dst, _ []float64) { dst[0] = 1 }

// ratioPower is (q/p)^β − 1 or, for close members, e^(βℓ) − 1 − β(e^ℓ − 1) with
// ℓ = log q/p, which has the same mean under p and no term of first order.
type ratioPower struct {
	*numeric
	beta  float64
	close bool
}

func (m *ratioPower) at(dst, x []float64) {
	if m.close {
		l := m.logRatio(x)
		dst[0] = special.ExpExcess(m.beta*l) - m.beta*special.ExpExcess(l)
		return
	}
	dst[0] = math.Expm1(m.beta * (m.logDensity(x, m.q) - m.logDensity(x, m.p)))
}

// computedRenyi is D_α by quadrature or sums.
func computedRenyi(f Family, alpha float64, p, q []float64) (d, accuracy float64, err error) {
	if alpha < 0.5 {
		// (1−α)D_α(p‖q) = αD_{1−α}(q‖p), so that p dominates below.
		d, accuracy, err = computedRenyi(f, 1-alpha, q, p)
		ratio := alpha / (1 - alpha)
		return ratio * d, ratio * accuracy, err
	}
	f = Own(f)
	m, err := newNumeric(f)
	if err != nil {
		return math.NaN(), math.NaN(), err
	}
	switch f.(type) {
	case Cauchy, Gumbel, Laplace, Logistic, StudentT, StudentTFree:
		// See planeDivergence.
		e := -math.Ilogb(p[1])
		p, q = append([]float64(nil), p...), append([]float64(nil), q...)
		p[0], q[0] = 0, math.Ldexp(q[0]-p[0], e)
		p[1], q[1] = math.Ldexp(p[1], e), math.Ldexp(q[1], e)
	}
	if err := m.set(p); err != nil {
		return math.NaN(), math.NaN(), err
	}
	copy(m.q, q)
	if err := m.other.set(q); err != nil {
		return math.NaN(), math.NaN(), err
	}
	m.places = m.other.features(m.mixing.features(m.places[:0]))
	beta := 1 - alpha
	mean := func(close bool) error {
		errs, err := m.mixing.mean(m.result[:1], &ratioPower{m, beta, close}, m.places)
		if err != nil {
			return err
		}
		d = -math.Log1p(m.result[0]) / beta
		accuracy = math.Abs(errs[0] / (1 + m.result[0]) / beta)
		return nil
	}
	_, components := m.mixing.(*mixtureAverager)
	switch {
	case components && alpha > 1:
		// The integrand has as many peaks as there are pairs of components, where
		// p has long vanished.
		return math.NaN(), math.NaN(), fmt.Errorf("%s has no Rényi divergence of order %g > 1: %w", f.Name(), alpha, errors.ErrUnsupported)
	case components || math.Abs(beta) < 0.05:
		if err := mean(false); err != nil {
			return math.NaN(), math.NaN(), err
		}
		if components {
			// What lies where p is negligible.
			accuracy += math.Exp(-negligible*alpha) / (1 + m.result[0]) / math.Abs(beta)
		}
	default:
		u, ok := f.(Univariate)
		if !ok {
			return math.NaN(), math.NaN(), missing(f, "Rényi divergence")
		}
		pair := &powers{density: m.density, of: f, support: u.Support(), alpha: alpha, p: p, q: q}
		total, lost, err := pair.logTotal(m.places)
		if err != nil {
			return math.NaN(), math.NaN(), err
		}
		d, accuracy = -total/beta, math.Abs(lost/beta)
		if math.IsInf(d, 1) {
			return d, 0, nil
		}
	}
	if d < closeBy {
		err = mean(true)
	}
	if err == nil && math.IsNaN(d) {
		err = fmt.Errorf("%s: the densities at %.6g and %.6g overlap too little for a Rényi divergence of order %g: %w", f.Name(), p, q, alpha, errors.ErrUnsupported)
	}
	return d, accuracy, err
}
