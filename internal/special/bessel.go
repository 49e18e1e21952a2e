package special

import (
	"math"

	"fisherflow/internal/double"
)

// A Ratio is what the geometry of the von Mises–Fisher distributions needs of
// the Bessel ratio A(κ) = I_{d/2}(κ)/I_{d/2−1}(κ), the mean resultant length on
// the sphere in d dimensions.
type Ratio struct {
	Value      float64 // A
	Complement float64 // 1 − A
	OverKappa  float64 // ρ = A/κ
	Slope      float64 // A′ = 1 − A² − (d−1)A/κ
	Delta      float64 // (ρ − A′)/(κ²ρ)
	Curve      float64 // A″
}

// BesselRatio is the ratio for d ≥ 1 and κ ≥ 0, every field of it to rounding:
// the differences that define them lose 2κ² ε and more in plain arithmetic.
//
// For large κ they are series in 1/κ whose coefficients follow from the equation
// of A′. Otherwise it is the continued fraction ρ_d = 1/(d + κ²ρ_{d+2}), evaluated
// backwards in double-double arithmetic, and A′ = ρ(1 − κ²δ),
// A″ = κρ((d−1)δ − 2A′) with δ = ρ_d − ρ_{d+2}.
func BesselRatio(d, kappa float64) Ratio {
	switch {
	case !(kappa >= 0) || !(d >= 1):
		nan := math.NaN()
		return Ratio{nan, nan, nan, nan, nan, nan}
	case kappa >= largeKappa(d):
		return largeRatio(d, kappa)
	}
	// The error of the start falls by A² from each term to the one before.
	m, left := d+2, 1.0
	for left > 1e-31 && kappa > 0 {
		a := kappa / ((m-1)/2 + math.Hypot((m+1)/2, kappa))
		left *= a * a
		m += 2
	}
	square := double.Product(kappa, kappa)
	next := double.Number{Hi: 1 / ((m-1)/2 + math.Hypot((m+1)/2, kappa))}
	for m -= 2; m > d; m -= 2 {
		next = square.Multiply(next).Add(double.Number{Hi: m}).Reciprocal()
	}
	rho := square.Multiply(next).Add(double.Number{Hi: d}).Reciprocal()
	delta := rho.Add(next.Negate())
	one := double.Number{Hi: 1}
	slope := rho.Multiply(one.Add(square.Multiply(delta).Negate()))
	value := rho.Multiply(double.Number{Hi: kappa})
	curve := value.Multiply(delta.Multiply(double.Number{Hi: d - 1}).Add(slope.Negate()).Add(slope.Negate()))
	return Ratio{value.Value(), one.Add(value.Negate()).Value(), rho.Value(), slope.Value(), delta.Value(), curve.Value()}
}

// largeKappa is where the series in 1/κ have converged to rounding.
func largeKappa(d float64) float64 { return 60 + d*d }

// ratioTerms are the terms of A = Σ c_m κ^−m: 2c_m = (m−d)c_{m−1} − Σ c_i c_{m−i},
// the sum over 0 < i < m.
func ratioTerms(d, kappa float64) (t [32]float64, n int) {
	t[0] = 1
	for m := 1; m < len(t); m++ {
		s := (float64(m) - d) / kappa * t[m-1]
		for i := 1; i < m; i++ {
			s -= t[i] * t[m-i]
		}
		t[m] = s / 2
		// A single term may vanish by accident.
		if m > 2 && math.Max(math.Abs(t[m]), math.Abs(t[m-1]))*float64(m*m) < 1e-18*math.Abs(t[1]) {
			return t, m
		}
	}
	return t, len(t)
}

func largeRatio(d, kappa float64) Ratio {
	t, n := ratioTerms(d, kappa)
	var r Ratio
	for m := n - 1; m >= 1; m-- {
		k := float64(m)
		r.Complement -= t[m]
		r.Slope -= k * t[m]
		r.Curve += k * (k + 1) * t[m]
	}
	r.Slope /= kappa
	r.Curve /= kappa * kappa
	r.Value = 1 - r.Complement
	r.OverKappa = r.Value / kappa
	r.Delta = (1 - r.Slope/r.OverKappa) / kappa / kappa
	return r
}

// LogSphereIntegral is log ∫ e^(κ(u·x − 1)) dx over the unit sphere in d ≥ 2
// dimensions, for κ ≥ 0: (d/2) log 2π − (d/2−1) log κ + log I_{d/2−1}(κ) − κ.
func LogSphereIntegral(d, kappa float64) float64 {
	if kappa >= largeKappa(d) {
		t, n := ratioTerms(d, kappa)
		sum := 0.0
		for m := n - 1; m >= 2; m-- {
			sum += t[m] / float64(m-1)
		}
		return (d-1)/2*math.Log(2*math.Pi/kappa) - kappa*sum
	}
	lg, _ := math.Lgamma(d / 2)
	area := math.Ln2 + d/2*math.Log(math.Pi) - lg
	if kappa < 1 {
		return area - kappa + math.Log1p(besselSeries(d, kappa, 0))
	}
	// The series reaches e^κ: it is kept in range by powers of two, and e^−κ is
	// taken in before the logarithm.
	return area + math.Log(besselSeries(d, kappa, 1))
}

// besselSeries is Σ (κ²/4)^k/(k! (d/2)_k) from k = 1 on, or from k = 0 on and times
// e^−κ.
func besselSeries(d, kappa, first float64) float64 {
	const (
		chunk   = 900
		ln2High = 6.93147180369123816490e-01
		ln2Low  = 1.90821492927058770002e-10
	)
	q := kappa * kappa / 4
	term, sum, lost, scaled := 1.0, first, 0.0, 0.0
	for k := 1.0; ; k++ {
		term *= q / (k * (d/2 + k - 1))
		y := term - lost
		s := sum + y
		lost = (s - sum) - y
		sum = s
		if term < 1e-18*sum && k > kappa/2 || term == 0 {
			break
		}
		if sum > 0x1p900 {
			sum, term, lost = math.Ldexp(sum, -chunk), math.Ldexp(term, -chunk), math.Ldexp(lost, -chunk)
			scaled += chunk
		}
	}
	if first == 0 {
		return sum
	}
	return sum * math.Exp(scaled*ln2High-kappa+scaled*ln2Low)
}

// InverseBesselRatio is the κ at which A(κ) = r, for 0 ≤ r < 1: Newton's method
// from the start of Banerjee et al. (JMLR 6, 2005). Its relative error is that of
// 1 − r.
func InverseBesselRatio(d, r float64) float64 {
	switch {
	case !(r >= 0 && r < 1):
		return math.NaN()
	case r == 0:
		return 0
	}
	kappa := r * (d - r*r) / ((1 - r) * (1 + r))
	for range 50 {
		a := BesselRatio(d, kappa)
		f := a.Value - r
		if r > 0.5 {
			f = (1 - r) - a.Complement
		}
		next := kappa - f/a.Slope
		if !(next > 0) {
			next = kappa / 2
		}
		if math.Abs(next-kappa) <= 4e-16*next {
			return next
		}
		kappa = next
	}
	return kappa
}
