package network

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/stat/distuv"
)

// A Scalar is a family of single numbers y with one parameter z.
type Scalar interface {
	Name() string
	// Check reports whether y lies in the support.
	Check(y float64) error
	// Mean is E[y|z], which is the expectation parameter, and Fisher H.
	Mean(z float64) float64
	Fisher(z float64) float64
	// LogDensity is log p(y|z) and the sum of the absolute values of its terms.
	LogDensity(z, y float64) (value, magnitude float64)
	// Residual is r = −∂ log p/∂z, Root r/√H, without cancellation.
	Residual(z, y float64) float64
	Root(z, y float64) float64
	// Curvature is ∂²(−log p)/∂z², H where z is the natural parameter. It is
	// not negative.
	Curvature(z, y float64) float64
	Sample(z float64, rng *rand.Rand) float64
}

// Independent are c independent numbers of one family.
type Independent struct{ Of Scalar }

// Name is that of the family.
func (o Independent) Name() string { return o.Of.Name() }

// Responses is c, if the family's own parameter is right.
func (o Independent) Responses(c int) (int, error) {
	if o.Of == nil {
		return 0, errors.New("independent numbers of no family")
	}
	if h := o.Of.Fisher(0); !(h > 0) || math.IsInf(h, 1) {
		return 0, fmt.Errorf("its parameter is out of range: the information at z = 0 is %v", h)
	}
	return c, nil
}

// CheckResponse checks each number.
func (o Independent) CheckResponse(y []float64, _ int) error {
	for _, v := range y {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("%v is not a finite number", v)
		}
		if err := o.Of.Check(v); err != nil {
			return err
		}
	}
	return nil
}

// Rank is c.
func (Independent) Rank(c int) int { return c }

// StateLen is that of z and H.
func (Independent) StateLen(c int) int { return 2 * c }

// Prepare keeps z and computes H.
func (o Independent) Prepare(state, z []float64) {
	copy(state, z)
	for i, v := range z {
		state[len(z)+i] = o.Of.Fisher(v)
	}
}

// LogDensity adds up those of the numbers.
func (o Independent) LogDensity(state, y []float64) (value, magnitude float64) {
	for i, v := range y {
		l, size := o.Of.LogDensity(state[i], v)
		value += l
		magnitude += size
	}
	return value, magnitude
}

// Residual is r, number by number.
func (o Independent) Residual(dst, state, y []float64) {
	for i, v := range y {
		dst[i] = o.Of.Residual(state[i], v)
	}
}

// Root is b, number by number.
func (o Independent) Root(dst, state, y []float64) {
	for i, v := range y {
		dst[i] = o.Of.Root(state[i], v)
	}
}

// Factor is a column of diag √H.
func (Independent) Factor(dst, state []float64, j int) {
	clear(dst)
	dst[j] = math.Sqrt(state[len(dst)+j])
}

// Fisher is diag(H)u.
func (Independent) Fisher(dst, state, u []float64) {
	h := state[len(u):]
	for i, v := range u {
		dst[i] = h[i] * v
	}
}

// Mean is E[y].
func (o Independent) Mean(dst, state []float64) {
	for i := range dst {
		dst[i] = o.Of.Mean(state[i])
	}
}

// Statistic is y.
func (Independent) Statistic(dst, y []float64) { copy(dst, y) }

// Sample draws each number.
func (o Independent) Sample(y, state []float64, rng *rand.Rand) {
	for i := range y {
		y[i] = o.Of.Sample(state[i], rng)
	}
}

// CurvatureFactor is a column of the root of the diagonal curvature.
func (o Independent) CurvatureFactor(dst, state, y []float64, j int) bool {
	clear(dst)
	dst[j] = math.Sqrt(o.Of.Curvature(state[j], y[j]))
	return true
}

var _ CurvedOutput = Independent{}

var logTwoPi = math.Log(2 * math.Pi)

func lgamma(x float64) float64 {
	v, _ := math.Lgamma(x)
	return v
}

// Gaussian is N(z, Variance); a variance of 0 means 1.
type Gaussian struct{ Variance float64 }

func (g Gaussian) variance() float64 {
	if g.Variance == 0 {
		return 1
	}
	return g.Variance
}

// Name is "gaussian".
func (Gaussian) Name() string { return "gaussian" }

// Check accepts every number.
func (Gaussian) Check(float64) error { return nil }

// Mean is z.
func (Gaussian) Mean(z float64) float64 { return z }

// Fisher is 1/σ².
func (g Gaussian) Fisher(float64) float64 { return 1 / g.variance() }

// LogDensity is −½ log 2πσ² − (y − z)²/2σ².
func (g Gaussian) LogDensity(z, y float64) (value, magnitude float64) {
	v := g.variance()
	constant := 0.5 * (logTwoPi + math.Log(v))
	e := (y - z) * (y - z) / (2 * v)
	return -constant - e, math.Abs(constant) + e + math.Abs(y-z)*(math.Abs(y)+math.Abs(z))/v
}

// Residual is (z − y)/σ².
func (g Gaussian) Residual(z, y float64) float64 { return (z - y) / g.variance() }

// Root is (z − y)/σ.
func (g Gaussian) Root(z, y float64) float64 { return (z - y) / math.Sqrt(g.variance()) }

// Curvature is 1/σ².
func (g Gaussian) Curvature(float64, float64) float64 { return 1 / g.variance() }

// Sample is z + σε.
func (g Gaussian) Sample(z float64, rng *rand.Rand) float64 {
	return z + math.Sqrt(g.variance())*rng.NormFloat64()
}

// Bernoulli is yes or no, y ∈ {0, 1}, with z = log p/(1 − p).
type Bernoulli struct{}

// Name is "bernoulli".
func (Bernoulli) Name() string { return "bernoulli" }

// Check wants 0 or 1.
func (Bernoulli) Check(y float64) error {
	if y != 0 && y != 1 {
		return fmt.Errorf("%v is neither 0 nor 1", y)
	}
	return nil
}

// Mean is p.
func (Bernoulli) Mean(z float64) float64 { return sigmoid(z) }

// Fisher is p(1 − p).
func (Bernoulli) Fisher(z float64) float64 { return sigmoid(z) * sigmoid(-z) }

// LogDensity is −log(1 + e^∓z).
func (Bernoulli) LogDensity(z, y float64) (value, magnitude float64) {
	if y == 1 {
		z = -z
	}
	l := softplus(z)
	return -l, l + math.Abs(z)
}

// Residual is p − y.
func (Bernoulli) Residual(z, y float64) float64 {
	if y == 1 {
		return -sigmoid(-z)
	}
	return sigmoid(z)
}

// Root is (p − y)/√(p(1 − p)): e^(z/2) for no and −e^(−z/2) for yes.
func (Bernoulli) Root(z, y float64) float64 {
	if y == 1 {
		return -math.Exp(-z / 2)
	}
	return math.Exp(z / 2)
}

// Curvature is p(1 − p).
func (b Bernoulli) Curvature(z, _ float64) float64 { return b.Fisher(z) }

// Sample is 1 with probability p.
func (Bernoulli) Sample(z float64, rng *rand.Rand) float64 {
	if rng.Float64() < sigmoid(z) {
		return 1
	}
	return 0
}

// Probit is yes or no, y ∈ {0, 1}, with p = Φ(z), the standard normal
// distribution function. z is not the natural parameter.
type Probit struct{}

// Name is "probit".
func (Probit) Name() string { return "probit" }

// Check wants 0 or 1.
func (Probit) Check(y float64) error { return Bernoulli{}.Check(y) }

// Mean is Φ(z).
func (Probit) Mean(z float64) float64 { return 0.5 * math.Erfc(-z/math.Sqrt2) }

// Fisher is φ²/(Φ(1 − Φ)) = h(z)h(−z), with h = φ/(1 − Φ).
func (Probit) Fisher(z float64) float64 { return hazard(z) * hazard(-z) }

// LogDensity is log Φ(±z).
func (Probit) LogDensity(z, y float64) (value, magnitude float64) {
	if y == 1 {
		z = -z
	}
	// log(1 − Φ(z))
	switch {
	case z > 5:
		value = -z*z/2 - 0.5*logTwoPi - math.Log(hazard(z))
	case z < -5:
		value = math.Log1p(-0.5 * math.Erfc(-z/math.Sqrt2))
	default:
		value = math.Log(0.5 * math.Erfc(z/math.Sqrt2))
	}
	return value, math.Abs(value) * (1 + math.Abs(z))
}

// Residual is −φ/Φ(z) for yes and φ/(1 − Φ(z)) for no.
func (Probit) Residual(z, y float64) float64 {
	if y == 1 {
		return -hazard(-z)
	}
	return hazard(z)
}

// Root is −√((1 − Φ)/Φ) for yes and √(Φ/(1 − Φ)) for no.
func (Probit) Root(z, y float64) float64 {
	if y == 1 {
		return -math.Sqrt(hazard(-z) / hazard(z))
	}
	return math.Sqrt(hazard(z) / hazard(-z))
}

// Curvature is h(h − z) for no, h = φ/(1 − Φ), and its mirror image for yes.
func (Probit) Curvature(z, y float64) float64 {
	if y == 1 {
		z = -z
	}
	h := hazard(z)
	return max(0, h*(h-z))
}

// Sample is 1 with probability Φ(z).
func (p Probit) Sample(z float64, rng *rand.Rand) float64 {
	if rng.Float64() < p.Mean(z) {
		return 1
	}
	return 0
}

// hazard is φ(z)/(1 − Φ(z)), by Laplace's continued fraction z + 1/(z + 2/(z +
// …)) for large z.
func hazard(z float64) float64 {
	if z < 5 {
		return math.Exp(-z*z/2) / math.Sqrt(2*math.Pi) / (0.5 * math.Erfc(z/math.Sqrt2))
	}
	f := z
	for k := 80; k > 0; k-- {
		f = z + float64(k)/f
	}
	return f
}

// Poisson are counts with mean e^z.
type Poisson struct{}

// Name is "poisson".
func (Poisson) Name() string { return "poisson" }

// Check wants a count.
func (Poisson) Check(y float64) error { return checkCount(y) }

// Mean is e^z.
func (Poisson) Mean(z float64) float64 { return math.Exp(z) }

// Fisher is e^z.
func (Poisson) Fisher(z float64) float64 { return math.Exp(z) }

// LogDensity is yz − e^z − log y!.
func (Poisson) LogDensity(z, y float64) (value, magnitude float64) {
	mean, constant := math.Exp(z), lgamma(y+1)
	return y*z - mean - constant, math.Abs(y*z) + mean*(1+math.Abs(z)) + constant
}

// Residual is e^z − y.
func (Poisson) Residual(z, y float64) float64 { return math.Exp(z) - y }

// Root is (e^z − y)e^(−z/2).
func (Poisson) Root(z, y float64) float64 { return (math.Exp(z) - y) * math.Exp(-z/2) }

// Curvature is e^z.
func (Poisson) Curvature(z, _ float64) float64 { return math.Exp(z) }

// Sample draws a count.
func (Poisson) Sample(z float64, rng *rand.Rand) float64 {
	return distuv.Poisson{Lambda: math.Exp(z), Src: rng}.Rand()
}

// Gamma are positive numbers of mean e^z and a fixed Shape; 0 means 1, the
// exponential distribution.
type Gamma struct{ Shape float64 }

func (g Gamma) shape() float64 {
	if g.Shape == 0 {
		return 1
	}
	return g.Shape
}

// Name is "gamma".
func (Gamma) Name() string { return "gamma" }

// Check wants a positive number.
func (Gamma) Check(y float64) error {
	if !(y > 0) {
		return fmt.Errorf("%v is not positive", y)
	}
	return nil
}

// Mean is e^z.
func (Gamma) Mean(z float64) float64 { return math.Exp(z) }

// Fisher is the shape.
func (g Gamma) Fisher(float64) float64 { return g.shape() }

// LogDensity is k log k − log Γ(k) + (k − 1) log y − kz − kye⁻ᶻ.
func (g Gamma) LogDensity(z, y float64) (value, magnitude float64) {
	k := g.shape()
	ratio := k * y * math.Exp(-z)
	constant := k*math.Log(k) - lgamma(k) + (k-1)*math.Log(y)
	return constant - k*z - ratio, math.Abs(constant) + math.Abs(k*z) + ratio*(1+math.Abs(z))
}

// Residual is k(1 − ye⁻ᶻ).
func (g Gamma) Residual(z, y float64) float64 { return g.shape() * (1 - y*math.Exp(-z)) }

// Root is √k(1 − ye⁻ᶻ).
func (g Gamma) Root(z, y float64) float64 { return math.Sqrt(g.shape()) * (1 - y*math.Exp(-z)) }

// Curvature is kye⁻ᶻ.
func (g Gamma) Curvature(z, y float64) float64 { return g.shape() * y * math.Exp(-z) }

// Sample draws y.
func (g Gamma) Sample(z float64, rng *rand.Rand) float64 {
	k := g.shape()
	return distuv.Gamma{Alpha: k, Beta: k * math.Exp(-z), Src: rng}.Rand()
}

// NegativeBinomial are counts of mean e^z and variance e^z + e^2z/R, R fixed
// (the NB2 of regression); R = 0 means 1.
type NegativeBinomial struct{ R float64 }

func (b NegativeBinomial) r() float64 {
	if b.R == 0 {
		return 1
	}
	return b.R
}

// Name is "negative-binomial".
func (NegativeBinomial) Name() string { return "negative-binomial" }

// Check wants a count.
func (NegativeBinomial) Check(y float64) error { return checkCount(y) }

// Mean is e^z.
func (NegativeBinomial) Mean(z float64) float64 { return math.Exp(z) }

// share is r/(r + e^z), the probability of success.
func (b NegativeBinomial) share(z float64) float64 { return sigmoid(math.Log(b.r()) - z) }

// Fisher is μr/(r + μ).
func (b NegativeBinomial) Fisher(z float64) float64 { return b.r() * sigmoid(z-math.Log(b.r())) }

// LogDensity is log Γ(y + r)/(Γ(r) y!) + r log r/(r + μ) + y log μ/(r + μ).
func (b NegativeBinomial) LogDensity(z, y float64) (value, magnitude float64) {
	r := b.r()
	constant := lgamma(y+r) - lgamma(r) - lgamma(y+1)
	success, failure := r*softplus(z-math.Log(r)), y*softplus(math.Log(r)-z)
	size := math.Abs(lgamma(y+r)) + math.Abs(lgamma(r)) + lgamma(y+1)
	return constant - success - failure, size + (success+failure)*(1+math.Abs(z))
}

// Residual is (μ − y)r/(r + μ).
func (b NegativeBinomial) Residual(z, y float64) float64 { return (math.Exp(z) - y) * b.share(z) }

// Root is r/√H.
func (b NegativeBinomial) Root(z, y float64) float64 {
	return (math.Exp(z) - y) * math.Sqrt(b.share(z)) * math.Exp(-z/2)
}

// Curvature is (y + r)μr/(r + μ)².
func (b NegativeBinomial) Curvature(z, y float64) float64 {
	s := b.share(z)
	return (y + b.r()) * s * sigmoid(z-math.Log(b.r()))
}

// Sample draws a count: a Poisson one whose mean is gamma distributed.
func (b NegativeBinomial) Sample(z float64, rng *rand.Rand) float64 {
	r := b.r()
	mean := distuv.Gamma{Alpha: r, Beta: r * math.Exp(-z), Src: rng}.Rand()
	if !(mean > 0) {
		return 0
	}
	return distuv.Poisson{Lambda: mean, Src: rng}.Rand()
}
