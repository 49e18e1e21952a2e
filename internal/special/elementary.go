package special

import "math"

// Excess is φ(u) = u − log(1+u) for u > −1, without cancellation near zero,
// where it is u²/2. Divergences between members that differ by a ratio 1+u are
// multiples of it.
func Excess(u float64) float64 {
	if math.Abs(u) > 0.1 {
		return u - math.Log1p(u)
	}
	// log(1+u) = 2 artanh(s), s = u/(2+u): u − 2s = u s, and the rest of the
	// series converges fast.
	s := u / (2 + u)
	z := s * s
	tail := s * z * (1./3 + z*(1./5+z*(1./7+z*(1./9+z*(1./11+z*(1./13+z/15))))))
	return u*s - 2*tail
}

// RatioExcess is φ(q/p − 1), φ(u) = u − log(1+u), for positive p and q with the
// difference d = q − p. It loses nothing when the ratio is near one, where only
// d counts, nor when it is so small that q/p − 1 rounds to −1.
func RatioExcess(p, q, d float64) float64 {
	if math.Abs(d) <= 0.5*p {
		return Excess(d / p)
	}
	r := q / p
	return r - 1 - (math.Log(q) - math.Log(p))
}

// Softplus is log(1 + e^y).
func Softplus(y float64) float64 {
	if y > 0 {
		return y + math.Log1p(math.Exp(-y))
	}
	return math.Log1p(math.Exp(y))
}

// InverseSoftplus is log(e^v − 1) for v > 0.
func InverseSoftplus(v float64) float64 {
	if v > 1 {
		return v + math.Log(-math.Expm1(-v))
	}
	return math.Log(math.Expm1(v))
}

// Logistic is 1/(1 + e^−x).
func Logistic(x float64) float64 {
	if x >= 0 {
		return 1 / (1 + math.Exp(-x))
	}
	e := math.Exp(x)
	return e / (1 + e)
}

// Logit is log(p/(1−p)).
func Logit(p float64) float64 { return math.Log(p) - math.Log1p(-p) }
