package special

import "math"

// Above this argument the asymptotic series are exact to rounding.
const asymptotic = 10

// Digamma is ψ(x) = d log Γ(x)/dx for x > 0, NaN elsewhere.
//
// On [1, 2] it is a rational function times x − x₀, with the root
// x₀ = 1.4616… in three parts (J. Maddock, Boost.Math, digamma, 53-bit
// approximation), so that it keeps its relative accuracy near the root; other
// arguments are brought there by the recurrence, or use the asymptotic series
// (Abramowitz & Stegun 6.3.18).
func Digamma(x float64) float64 {
	switch {
	case !(x > 0):
		return math.NaN()
	case math.IsInf(x, 1):
		return x
	case x >= asymptotic:
		return math.Log(x) - logMinusDigammaSeries(x)
	case x < 1:
		return digammaUnit(x+1) - 1/x
	}
	sum := 0.0
	for x > 2 {
		x--
		sum += 1 / x
	}
	return digammaUnit(x) + sum
}

func digammaUnit(x float64) float64 {
	const (
		y     = 0.99558162689208984
		root1 = 1569415565. / 1073741824
		root2 = 381566830. / 1073741824 / 1073741824
		root3 = 0.9016312093258695918615325266959189453125e-19
	)
	g := x - root1
	g -= root2
	g -= root3
	z := x - 1
	p := 0.25479851061131551 + z*(-0.32555031186804491+z*(-0.65031853770896507+z*(-0.28919126444774784+z*(-0.045251321448739056+z*-0.0020713321167745952))))
	q := 1 + z*(2.0767117023730469+z*(1.4606242909763515+z*(0.43593529692665969+z*(0.054151797245674225+z*(0.0021284987017821144+z*-0.55789841321675513e-6)))))
	return g*y + g*p/q
}

// logMinusDigammaSeries is log x − ψ(x) for large x.
func logMinusDigammaSeries(x float64) float64 {
	z := 1 / (x * x)
	return 1/(2*x) + z*(1./12-z*(1./120-z*(1./252-z*(1./240-z*(1./132-z*(691./32760-z*(1./12-z*3617./8160)))))))
}

// LogMinusDigamma is log x − ψ(x) for x > 0, without the cancellation of its
// terms at large x.
func LogMinusDigamma(x float64) float64 {
	switch {
	case !(x > 0):
		return math.NaN()
	case x >= asymptotic:
		return logMinusDigammaSeries(x)
	}
	return math.Log(x) - Digamma(x)
}

// Trigamma is ψ₁(x) = ψ′(x) for x > 0, NaN elsewhere.
func Trigamma(x float64) float64 {
	if !(x > 0) {
		return math.NaN()
	}
	sum := 0.0
	for x < asymptotic {
		sum += 1 / (x * x)
		x++
	}
	return sum + 1/x + trigammaTail(x)
}

// trigammaTail is ψ₁(x) − 1/x for large x (Abramowitz & Stegun 6.4.12).
func trigammaTail(x float64) float64 {
	z := 1 / (x * x)
	return z * (1./2 + 1/x*(1./6-z*(1./30-z*(1./42-z*(1./30-z*(5./66-z*(691./2730-z*(7./6-z*3617./510))))))))
}

// TrigammaMinusInverse is ψ₁(x) − 1/x for x > 0, without the cancellation of
// its terms at large x.
func TrigammaMinusInverse(x float64) float64 {
	switch {
	case !(x > 0):
		return math.NaN()
	case x >= asymptotic:
		return trigammaTail(x)
	}
	// ψ₁(x) − 1/x is that of x+1 and 1/x² − 1/x + 1/(x+1) = 1/(x²(x+1)).
	sum := 0.0
	for x < asymptotic {
		sum += 1 / (x * x * (x + 1))
		x++
	}
	return sum + trigammaTail(x)
}

// Tetragamma is ψ₂(x) = ψ″(x) for x > 0, NaN elsewhere.
func Tetragamma(x float64) float64 {
	if !(x > 0) {
		return math.NaN()
	}
	sum := 0.0
	for x < asymptotic {
		sum += 2 / (x * x * x)
		x++
	}
	z := 1 / (x * x)
	return -sum - z*(1+1/x+z*(1./2-z*(1./6-z*(1./6-z*(3./10-z*(5./6-z*(691./210-z*(35./2-z*3617./30))))))))
}

// Pentagamma is ψ₃(x) = ψ‴(x) for x > 0, NaN elsewhere.
func Pentagamma(x float64) float64 {
	if !(x > 0) {
		return math.NaN()
	}
	sum := 0.0
	for x < asymptotic {
		y := x * x
		sum += 6 / (y * y)
		x++
	}
	z := 1 / (x * x)
	return sum + z/x*(2+3/x+z*(2-z*(1-z*(4./3-z*(3-z*(10-z*(691./15-z*(280-z*10851./5))))))))
}

// ReciprocalTrigammaSlope is d(1/ψ₁(x) − x)/dx = −ψ₂/ψ₁² − 1 for x > 0, without the
// cancellation of its terms at large x, where it is −1/(12x²): to 1e-13 between 1 and
// 10, where it is the definition, and to 1e-14 elsewhere.
func ReciprocalTrigammaSlope(x float64) float64 {
	if !(x >= asymptotic) {
		return -Tetragamma(x)/(Trigamma(x)*Trigamma(x)) - 1
	}
	// With t = ψ₁ − 1/x it is (−t′ − 2t/x − t²)/ψ₁², of which the first two have the
	// series of t, differentiated and scaled.
	z, t := 1/(x*x), trigammaTail(x)
	u := z * z * (1./6 - z*(1./10-z*(5./42-z*(7./30-z*(15./22-z*(7601./2730-z*(91./6-z*(3617./34-z*(745739./798-z*3317609./330)))))))))
	psi := 1/x + t
	return (u - t*t) / (psi * psi)
}

// ScaledTrigammaSlope is d(xψ₁(x))/dx = ψ₁ + xψ₂ for x > 0, without the cancellation
// of its terms at large x, where it is −1/(2x²).
func ScaledTrigammaSlope(x float64) float64 {
	if !(x >= asymptotic) {
		return Trigamma(x) + x*Tetragamma(x)
	}
	z := 1 / (x * x)
	return -z * (1./2 + 1/x*(1./3-z*(2./15-z*(1./7-z*(4./15-z*(25./33-z*(1382./455-z*(49./3-z*28936./255))))))))
}

// InverseLogMinusDigamma is the x > 0 at which log x − ψ(x) = c, for c > 0: the
// shape of a gamma distribution whose mean log falls short of the log mean by
// c. Minka's iteration in 1/x (2002) from his starting value.
func InverseLogMinusDigamma(c float64) float64 {
	switch {
	case !(c > 0):
		return math.NaN()
	case math.IsInf(c, 1):
		return 0
	}
	x := (3 - c + math.Sqrt((c-3)*(c-3)+24*c)) / (12 * c)
	for range 20 {
		r := 1/x + (LogMinusDigamma(x)-c)/(-x*x*TrigammaMinusInverse(x))
		next := 1 / r
		if !(next > 0) {
			next = x / 2
		}
		if math.Abs(next-x) <= 4e-16*next {
			return next
		}
		x = next
	}
	return x
}

// InverseDigamma is the x > 0 at which ψ(x) = y (Minka's start, then Newton).
func InverseDigamma(y float64) float64 {
	switch {
	case math.IsNaN(y):
		return y
	case math.IsInf(y, -1):
		return 0
	case y > 700:
		return math.Inf(1)
	}
	var x float64
	if y >= -2.22 {
		x = math.Exp(y) + 0.5
	} else {
		x = -1 / (y - Digamma(1))
	}
	for range 10 {
		d := (Digamma(x) - y) / Trigamma(x)
		next := x - d
		if !(next > 0) {
			next = x / 2
		}
		if math.Abs(d) <= 2e-16*next {
			return next
		}
		x = next
	}
	return x
}
