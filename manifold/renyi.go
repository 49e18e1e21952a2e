package manifold

import (
	"errors"
	"fmt"
	"math"

	"fisherflow/internal/special"
)

// A Renyier has its Rényi divergences in closed form. The order is positive,
// finite and not 1.
type Renyier interface {
	Renyi(alpha float64, p, q []float64) (float64, error)
}

// Renyi returns the Rényi divergence of order alpha between two members in the
// family's coordinates,
//
//	D_α(p‖q) = log ∫ p^α q^(1−α) / (α − 1),   0 ≤ α < ∞,
//
// which grows with α, is zero at α = 0, the Kullback–Leibler divergence at
// α = 1, and +Inf for an α > 1 for which the integral diverges.
//
// On an exponential family it is the Jensen gap of the log-partition at
// θ_m = αθ_p + (1−α)θ_q, taken free of cancellation as the divergences from the
// member m to both,
//
//	D_α(p‖q) = KL(m‖q) + α/(1−α) KL(m‖p),
//
// of which m is a stationary point, so that its rounding is felt in second order
// only. On a product it is the sum of the factors'. Elsewhere it is the family's
// own where that is a [Renyier], or a quadrature: see [ApproximateRenyi].
// (T. van Erven & P. Harremoës, Rényi divergence and Kullback–Leibler divergence,
// 2014; F. Nielsen & R. Nock, arXiv:1105.3259.)
func Renyi(f Family, alpha float64, p, q []float64) (float64, error) {
	d, _, err := ApproximateRenyi(f, alpha, p, q)
	return d, err
}

// ApproximateRenyi is Renyi with its absolute error, zero where there is a
// closed form.
func ApproximateRenyi(f Family, alpha float64, p, q []float64) (d, accuracy float64, err error) {
	if !(alpha >= 0) || math.IsInf(alpha, 1) {
		return math.NaN(), math.NaN(), fmt.Errorf("%s: a Rényi divergence has no order %g: it must be finite and not negative", f.Name(), alpha)
	}
	if v, ok := f.(*View); ok {
		if err := v.both(p, q); err != nil {
			return math.NaN(), math.NaN(), err
		}
		return ApproximateRenyi(v.base, alpha, v.theta, v.other)
	}
	if err := checkBoth(f, p, q); err != nil {
		return math.NaN(), math.NaN(), err
	}
	switch alpha {
	case 0:
		return 0, 0, nil // all members have the same support
	case 1:
		return approximateKL(f, p, q)
	}
	if r, ok := f.(Renyier); ok {
		d, err = r.Renyi(alpha, p, q)
		return d, 0, err
	}
	if product, ok := f.(interface{ Factors() []Family }); ok {
		at := 0
		for i, factor := range product.Factors() {
			n := factor.Dim()
			v, a, err := ApproximateRenyi(factor, alpha, p[at:at+n], q[at:at+n])
			if err != nil {
				return math.NaN(), math.NaN(), fmt.Errorf("product: factor %d: %w", i+1, err)
			}
			d += v
			accuracy += a
			at += n
		}
		return d, accuracy, nil
	}
	if e, ok := f.(Exponential); ok {
		if kl, ok := f.(Diverger); ok {
			d, err = jensen(e, kl, alpha, p, q)
			return d, 0, err
		}
	}
	return computedRenyi(f, alpha, p, q)
}

// jensen is the Jensen gap of the log-partition over |1 − α|.
func jensen(f Exponential, kl Diverger, alpha float64, p, q []float64) (float64, error) {
	natural, ok := f.Chart("natural")
	if !ok {
		return math.NaN(), missing(f, "natural chart")
	}
	n := f.Dim()
	from, to, mixed, m := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	if err := errors.Join(natural.FromSource(from, p), natural.FromSource(to, q)); err != nil {
		return math.NaN(), err
	}
	for i := range mixed {
		mixed[i] = to[i] + alpha*(from[i]-to[i])
	}
	if err := natural.ToSource(m, mixed); err != nil {
		if alpha > 1 && errors.Is(err, ErrDomain) {
			return math.Inf(1), nil // the natural domain is where the integral exists
		}
		return math.NaN(), err
	}
	nearer, err := kl.KL(m, p)
	if err != nil {
		return math.NaN(), err
	}
	farther, err := kl.KL(m, q)
	if err != nil {
		return math.NaN(), err
	}
	ratio := alpha / (1 - alpha)
	d := farther + ratio*nearer
	lost := 0x1p-52 * (farther + math.Abs(ratio)*nearer)
	if alpha < 1 || lost <= 1e-13*d {
		return d, nil
	}
	// Beyond p, and near the boundary of the domain, the two terms cancel. Then
	// D = KL(p‖q) + KL(p‖m)/(α−1), which feels the rounding of m in first order.
	direct, err := kl.KL(p, q)
	if err != nil {
		return math.NaN(), err
	}
	beyond, err := kl.KL(p, m)
	if err != nil {
		return math.NaN(), err
	}
	rounding := 0.0
	if expectation, ok := f.Chart("expectation"); ok {
		eta, etaM := make([]float64, n), make([]float64, n)
		if err := errors.Join(expectation.FromSource(eta, p), expectation.FromSource(etaM, m)); err != nil {
			return math.NaN(), err
		}
		for i := range eta {
			rounding += 0x1p-52 * (alpha*math.Abs(from[i]) + (alpha-1)*math.Abs(to[i])) * math.Abs(eta[i]-etaM[i]) / (alpha - 1)
		}
	}
	if !(lost <= rounding) {
		d = direct + beyond/(alpha-1)
	}
	return d, nil
}

// Bhattacharyya returns the Bhattacharyya distance −log ∫√(pq), half of the
// Rényi divergence of order ½. It is symmetric, and no metric.
func Bhattacharyya(f Family, p, q []float64) (float64, error) {
	d, err := Renyi(f, 0.5, p, q)
	return d / 2, err
}

// BhattacharyyaCoefficient returns ∫√(pq), which lies between 0 and 1.
func BhattacharyyaCoefficient(f Family, p, q []float64) (float64, error) {
	d, err := Bhattacharyya(f, p, q)
	return math.Exp(-d), err
}

// SquaredHellinger returns the squared Hellinger distance
// ½∫(√p − √q)² = 1 − ∫√(pq), between 0 and 1, which for close members is an
// eighth of the squared Fisher–Rao distance.
func SquaredHellinger(f Family, p, q []float64) (float64, error) {
	d, err := Bhattacharyya(f, p, q)
	return -math.Expm1(-d), err
}

// Renyi is log P_{−α}(1 + 2x)/(α−1) with P the Legendre function and
// x = ((Δμ)² + (Δσ)²)/(4σ_pσ_q), the same both ways (F. Nielsen & K. Okamura,
// arXiv:2101.12459).
func (f Cauchy) Renyi(alpha float64, p, q []float64) (float64, error) {
	if err := checkBoth(f, p, q); err != nil {
		return math.NaN(), err
	}
	x := square(math.Hypot(p[0]-q[0], p[1]-q[1]) / (2 * math.Sqrt(p[1]) * math.Sqrt(q[1])))
	switch {
	case x < 0.25 && (alpha < 8 || alpha*alpha*x < 1):
		// ₂F₁(α, 1−α; 1; −x) − 1, which keeps the digits of a small x.
		sum, term := 0.0, 1.0
		for n := 0.0; n < 200; n++ {
			term *= -x * (alpha + n) / (n + 1) * (1 - alpha + n) / (n + 1)
			sum += term
			if math.Abs(term) <= 1e-17*math.Abs(sum) {
				break
			}
		}
		return math.Log1p(sum) / (alpha - 1), nil
	case x > 1e4:
		d, _, err := computedRenyi(f, alpha, p, q)
		return d, err
	}
	// (1+x)^(−a) ₂F₁(a, a; 1; x/(1+x)) with a the lesser of α and 1−α, whose
	// terms are all positive and do not grow.
	a := math.Min(alpha, 1-alpha)
	sum, term, w := 1.0, 1.0, x/(1+x)
	for n := 0.0; n < 1e6; n++ {
		term *= w * square((a+n)/(n+1))
		sum += term
		// What is left is at most a geometric series once terms fall.
		if n > math.Abs(a) && term <= 1e-17*sum*(1-w) {
			break
		}
	}
	return (math.Log(sum) - a*math.Log1p(x)) / (alpha - 1), nil
}

// Renyi is, with A = α|Δμ|/σ_p and B = (1−α)|Δμ|/σ_q, r = σ_p/σ_q, for α + (1−α)r > 0,
//
//	[(1−α) log r − log(α + (1−α)r) + log((Ae^(−B) − Be^(−A))/(A−B))]/(α−1).
func (f Laplace) Renyi(alpha float64, p, q []float64) (float64, error) {
	r, u, d, err := f.ratios(p, q)
	if err != nil {
		return math.NaN(), err
	}
	beta := 1 - alpha
	if !(alpha+beta*r > 0) {
		return math.Inf(1), nil
	}
	scale := special.Excess(beta*u) - beta*special.Excess(u)
	// The last term is log(1 + shift), in the greater A or B and the lesser.
	a, b := alpha*math.Abs(d)/r, beta*math.Abs(d)
	a, b = math.Max(a, b), math.Min(a, b)
	var location float64
	if a <= 1 && b >= -1 {
		// −AB times the divided difference of (e^(−x) − 1 + x)/x, by its series.
		sum, power, homogeneous, factorial := 0.0, 1.0, 1.0, 2.0
		for n := 1.0; n < 40; n++ {
			sum += homogeneous / factorial
			power *= -b
			homogeneous = -a*homogeneous + power
			factorial *= n + 2
		}
		location = math.Log1p(-a * b * sum)
	} else {
		k := 1.0
		if a > b {
			k = -math.Expm1(b-a) / (a - b)
		}
		location = math.Log1p(b*k) - b
	}
	return -(scale + location) / beta, nil
}

var (
	_ Renyier = Cauchy{}
	_ Renyier = Laplace{}
)
