package network

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
)

// An Output is a family p(y|z) of responses whose c parameters z a network
// computes. Its methods work on one example; they read z from a state that
// Prepare makes of it once.
//
// H is the Fisher matrix of the family in z, c×c; S is a root of it, c×k, with
// S Sᵀ = H, where k = Rank(c) is the rank of H; b is the solution of S b = r,
// r = −∂ log p/∂z, which exists for every family here. F = JᵀHJ holds whether
// or not z are natural parameters.
type Output interface {
	// Name is the output's name in spec files, as "softmax".
	Name() string
	// Responses is the length of a response y, or an error if the family
	// cannot have c parameters.
	Responses(c int) (int, error)
	// CheckResponse reports whether y lies in the support.
	CheckResponse(y []float64, c int) error
	// Rank is k, StateLen the length of a state.
	Rank(c int) int
	StateLen(c int) int
	// Prepare makes the state of z.
	Prepare(state, z []float64)
	// LogDensity is log p(y|z) with all constants, and the sum of the absolute
	// values of its terms.
	LogDensity(state, y []float64) (value, magnitude float64)
	// Residual stores r, and Root b.
	Residual(dst, state, y []float64)
	Root(dst, state, y []float64)
	// Factor stores column j of S, Fisher stores H u. Dst and u may be the
	// same slice.
	Factor(dst, state []float64, j int)
	Fisher(dst, state, u []float64)
	// Mean stores the expectation of the sufficient statistic, T(y) its value
	// at a response, in c coordinates.
	Mean(dst, state []float64)
	Statistic(dst, y []float64)
	// Sample draws a response.
	Sample(y, state []float64, rng *rand.Rand)
}

// A CurvedOutput has the curvature of its own loss, ∂²(−log p)/∂z², where that
// differs from H since z are not natural parameters.
type CurvedOutput interface {
	Output
	// CurvatureFactor stores column j of a root of the curvature, and reports
	// whether it is positive semidefinite.
	CurvatureFactor(dst, state, y []float64, j int) bool
}

// Softmax is one of c labels 0 … c−1 with log p(y) = z_y − log Σ exp z: p(y|z)
// does not change when a number is added to all of z, and H = diag p − p pᵀ has
// rank c − 1.
//
// S is diag(√p) − p√pᵀ, which maps √p to zero, in the c − 1 directions
// orthogonal to √p: the columns but the last of the reflection that takes √p
// to the last axis.
type Softmax struct{}

// Name is "softmax".
func (Softmax) Name() string { return "softmax" }

// Responses is 1, a label.
func (Softmax) Responses(c int) (int, error) {
	if c < 2 {
		return 0, fmt.Errorf("%d label; two at least are needed (for yes or no, bernoulli has one output)", c)
	}
	return 1, nil
}

// CheckResponse wants a label.
func (Softmax) CheckResponse(y []float64, c int) error {
	if !(y[0] >= 0 && y[0] <= float64(c-1)) || y[0] != math.Trunc(y[0]) {
		return fmt.Errorf("label %v is not one of 0 … %d", y[0], c-1)
	}
	return nil
}

// Rank is c − 1.
func (Softmax) Rank(c int) int { return c - 1 }

// StateLen is that of p, √p and log p.
func (Softmax) StateLen(c int) int { return 3*c + 1 }

// softmaxState is p, √p, log p, and the largest |z|.
func softmaxState(state []float64) (p, root, log []float64) {
	c := len(state) / 3
	return state[:c], state[c : 2*c], state[2*c : 3*c]
}

// Prepare computes √p first, which does not underflow with p.
func (Softmax) Prepare(state, z []float64) {
	p, root, log := softmaxState(state)
	top := z[0]
	for _, v := range z {
		top = max(top, v)
	}
	sum := 0.0
	for i, v := range z {
		root[i] = math.Exp((v - top) / 2)
		sum += root[i] * root[i]
	}
	lse, scale := math.Log(sum), 1/math.Sqrt(sum)
	size := 0.0
	for i, v := range z {
		log[i] = v - top - lse
		root[i] *= scale
		p[i] = root[i] * root[i]
		size = max(size, math.Abs(v))
	}
	state[len(state)-1] = size
}

// LogDensity is log p(y).
func (Softmax) LogDensity(state, y []float64) (value, magnitude float64) {
	_, _, log := softmaxState(state)
	v := log[int(y[0])]
	return v, math.Abs(v) + state[len(state)-1]
}

// Residual is p − e_y.
func (Softmax) Residual(dst, state, y []float64) {
	p, _, _ := softmaxState(state)
	copy(dst, p)
	label := int(y[0])
	// 1 − p_y without cancellation.
	rest := 0.0
	for i, v := range p {
		if i != label {
			rest += v
		}
	}
	dst[label] = -rest
}

// reflection are the vector w = √p + e_c of the reflection and 2/wᵀw.
func reflection(root []float64, i int) float64 {
	if i == len(root)-1 {
		return root[i] + 1
	}
	return root[i]
}

// Root is b = −Qᵀe_y/√p_y with Q the reflection's columns but the last.
func (Softmax) Root(dst, state, y []float64) {
	_, root, log := softmaxState(state)
	c := len(root)
	label := int(y[0])
	inverse := math.Exp(-log[label] / 2)
	scale := 1 / (1 + root[c-1]) // 2/wᵀw
	wy := reflection(root, label)
	for j := range c - 1 {
		dst[j] = scale * root[j] * wy * inverse
	}
	if label < c-1 {
		dst[label] -= inverse
	}
}

// Factor is S e_j − (2w_j/wᵀw) S w, with S w = S e_c.
func (Softmax) Factor(dst, state []float64, j int) {
	p, root, _ := softmaxState(state)
	c := len(root)
	a := root[j] / (1 + root[c-1])
	// −p√p_j + a p√p_c, and the diagonal's √p_j, −a√p_c.
	common := -root[j] + a*root[c-1]
	for i := range dst {
		dst[i] = common * p[i]
	}
	dst[j] += root[j]
	dst[c-1] -= a * root[c-1]
}

// Fisher is p∘u − p(pᵀu).
func (Softmax) Fisher(dst, state, u []float64) {
	p, _, _ := softmaxState(state)
	mean := 0.0
	for i, v := range p {
		mean += v * u[i]
	}
	for i, v := range p {
		dst[i] = v * (u[i] - mean)
	}
}

// Mean is p.
func (Softmax) Mean(dst, state []float64) {
	p, _, _ := softmaxState(state)
	copy(dst, p)
}

// Statistic is e_y.
func (Softmax) Statistic(dst, y []float64) {
	clear(dst)
	dst[int(y[0])] = 1
}

// Sample draws a label.
func (Softmax) Sample(y, state []float64, rng *rand.Rand) {
	p, _, _ := softmaxState(state)
	y[0] = draw(p, rng)
}

// draw is an index with probabilities p, by inversion of one uniform number.
func draw(p []float64, rng *rand.Rand) float64 {
	u := rng.Float64()
	last := 0
	for i, v := range p {
		if v > 0 {
			last = i
			if u < v {
				break
			}
		}
		u -= v
	}
	return float64(last)
}

// Multinomial are the counts of c labels in Trials draws, with probabilities
// as those of [Softmax].
type Multinomial struct{ Trials int }

// Name is "multinomial".
func (Multinomial) Name() string { return "multinomial" }

// Responses is c counts.
func (m Multinomial) Responses(c int) (int, error) {
	if m.Trials < 1 {
		return 0, fmt.Errorf("%d trials; one at least is needed", m.Trials)
	}
	if c < 2 {
		return 0, fmt.Errorf("%d label; two at least are needed", c)
	}
	return c, nil
}

// CheckResponse wants counts that add up to the trials.
func (m Multinomial) CheckResponse(y []float64, _ int) error {
	sum := 0.0
	for _, v := range y {
		if err := checkCount(v); err != nil {
			return err
		}
		sum += v
	}
	if sum != float64(m.Trials) {
		return fmt.Errorf("the counts add up to %v, not to %d", sum, m.Trials)
	}
	return nil
}

func checkCount(v float64) error {
	if !(v >= 0 && v <= 1<<53) || v != math.Trunc(v) {
		return fmt.Errorf("%v is not a count", v)
	}
	return nil
}

// Rank is c − 1.
func (Multinomial) Rank(c int) int { return c - 1 }

// StateLen is that of a softmax.
func (Multinomial) StateLen(c int) int { return Softmax{}.StateLen(c) }

// Prepare is that of a softmax.
func (Multinomial) Prepare(state, z []float64) { Softmax{}.Prepare(state, z) }

// LogDensity has the multinomial coefficient.
func (m Multinomial) LogDensity(state, y []float64) (value, magnitude float64) {
	_, _, log := softmaxState(state)
	value = lgamma(float64(m.Trials) + 1)
	magnitude = math.Abs(value)
	for i, v := range y {
		if v > 0 {
			term := v*log[i] - lgamma(v+1)
			value += term
			magnitude += v*(math.Abs(log[i])+state[len(state)-1]) + lgamma(v+1)
		}
	}
	return value, magnitude
}

// Residual is m p − y.
func (m Multinomial) Residual(dst, state, y []float64) {
	p, _, _ := softmaxState(state)
	for i, v := range p {
		dst[i] = float64(m.Trials)*v - y[i]
	}
}

// Root adds up the roots of the single draws.
func (m Multinomial) Root(dst, state, y []float64) {
	_, root, log := softmaxState(state)
	c := len(root)
	scale := 1 / (1 + root[c-1])
	clear(dst)
	for label, count := range y {
		if count == 0 {
			continue
		}
		inverse := count * math.Exp(-log[label]/2)
		wy := reflection(root, label)
		for j := range c - 1 {
			dst[j] += scale * root[j] * wy * inverse
		}
		if label < c-1 {
			dst[label] -= inverse
		}
	}
	for j := range dst {
		dst[j] /= math.Sqrt(float64(m.Trials))
	}
}

// Factor is √m times that of a softmax.
func (m Multinomial) Factor(dst, state []float64, j int) {
	Softmax{}.Factor(dst, state, j)
	for i := range dst {
		dst[i] *= math.Sqrt(float64(m.Trials))
	}
}

// Fisher is m times that of a softmax.
func (m Multinomial) Fisher(dst, state, u []float64) {
	Softmax{}.Fisher(dst, state, u)
	for i := range dst {
		dst[i] *= float64(m.Trials)
	}
}

// Mean is m p.
func (m Multinomial) Mean(dst, state []float64) {
	p, _, _ := softmaxState(state)
	for i, v := range p {
		dst[i] = float64(m.Trials) * v
	}
}

// Statistic is y.
func (Multinomial) Statistic(dst, y []float64) { copy(dst, y) }

// Sample draws the counts one trial after the other.
func (m Multinomial) Sample(y, state []float64, rng *rand.Rand) {
	p, _, _ := softmaxState(state)
	clear(y)
	for range m.Trials {
		y[int(draw(p, rng))]++
	}
}

// GaussianScale are c/2 normal numbers with means z_1 … z_{c/2} and logarithms
// of variances s = z_{c/2+1} … z_c. z are not natural parameters: H =
// diag(e⁻ˢ, ½) is not the curvature of the loss, which is indefinite.
type GaussianScale struct{}

// Name is "gaussian-scale".
func (GaussianScale) Name() string { return "gaussian-scale" }

// Responses is c/2.
func (GaussianScale) Responses(c int) (int, error) {
	if c%2 != 0 {
		return 0, fmt.Errorf("%d outputs; each response takes two, a mean and a log variance", c)
	}
	return c / 2, nil
}

// CheckResponse wants finite numbers.
func (GaussianScale) CheckResponse(y []float64, _ int) error {
	for _, v := range y {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("%v is not a finite number", v)
		}
	}
	return nil
}

// Rank is c.
func (GaussianScale) Rank(c int) int { return c }

// StateLen is that of m and s and e^(−s/2).
func (GaussianScale) StateLen(c int) int { return c + c/2 }

// Prepare keeps z and the inverse standard deviations.
func (GaussianScale) Prepare(state, z []float64) {
	copy(state, z)
	d := len(z) / 2
	for i := range d {
		state[2*d+i] = math.Exp(-z[d+i] / 2)
	}
}

// scaled are means, log variances and inverse standard deviations.
func scaled(state []float64) (m, s, inverse []float64) {
	d := len(state) / 3
	return state[:d], state[d : 2*d], state[2*d:]
}

// LogDensity is Σ −½(log 2π + s) − ½(y − m)²e⁻ˢ.
func (GaussianScale) LogDensity(state, y []float64) (value, magnitude float64) {
	m, s, inverse := scaled(state)
	for i, v := range y {
		e := (v - m[i]) * inverse[i]
		value -= 0.5 * (logTwoPi + s[i] + e*e)
		magnitude += 0.5*(logTwoPi+math.Abs(s[i])+e*e) + math.Abs(e)*inverse[i]*(math.Abs(v)+math.Abs(m[i]))
	}
	return value, magnitude
}

// Residual is ((m − y)e⁻ˢ, (1 − (m − y)²e⁻ˢ)/2).
func (GaussianScale) Residual(dst, state, y []float64) {
	m, _, inverse := scaled(state)
	for i, v := range y {
		e := (m[i] - v) * inverse[i]
		dst[i] = e * inverse[i]
		dst[len(y)+i] = 0.5 * (1 - e) * (1 + e)
	}
}

// Root is S⁻¹r.
func (GaussianScale) Root(dst, state, y []float64) {
	m, _, inverse := scaled(state)
	for i, v := range y {
		e := (m[i] - v) * inverse[i]
		dst[i] = e
		dst[len(y)+i] = (1 - e) * (1 + e) / math.Sqrt2
	}
}

// Factor is a column of diag(e^(−s/2), 1/√2).
func (GaussianScale) Factor(dst, state []float64, j int) {
	_, _, inverse := scaled(state)
	clear(dst)
	dst[j] = 1 / math.Sqrt2
	if j < len(inverse) {
		dst[j] = inverse[j]
	}
}

// Fisher is diag(e⁻ˢ, ½)u.
func (GaussianScale) Fisher(dst, state, u []float64) {
	_, _, inverse := scaled(state)
	d := len(inverse)
	for i := range d {
		dst[i] = u[i] * inverse[i] * inverse[i]
		dst[d+i] = u[d+i] / 2
	}
}

// Mean is (m, σ²).
func (GaussianScale) Mean(dst, state []float64) {
	m, s, _ := scaled(state)
	copy(dst, m)
	for i, v := range s {
		dst[len(m)+i] = math.Exp(v)
	}
}

// Statistic is y, and zero where Mean has the variances.
func (GaussianScale) Statistic(dst, y []float64) {
	clear(dst)
	copy(dst, y)
}

// Sample draws y.
func (GaussianScale) Sample(y, state []float64, rng *rand.Rand) {
	m, _, inverse := scaled(state)
	for i := range y {
		y[i] = m[i] + rng.NormFloat64()/inverse[i]
	}
}

// CurvatureFactor reports false: the curvature of the loss is indefinite
// wherever y is far from m.
func (GaussianScale) CurvatureFactor(_, _, _ []float64, _ int) bool { return false }

// Outputs lists the output families that have names.
func Outputs() []string {
	return []string{"gaussian", "gaussian-scale", "bernoulli", "probit", "softmax", "multinomial", "poisson", "gamma", "negative-binomial"}
}

// OutputByName returns an output family by its name in spec files. The
// parameter is the variance of "gaussian", the shape of "gamma", the r of
// "negative-binomial", the trials of "multinomial"; 0 means 1.
func OutputByName(name string, parameter float64) (Output, error) {
	if parameter == 0 {
		parameter = 1
	}
	if !(parameter > 0) || math.IsInf(parameter, 1) {
		return nil, fmt.Errorf("the parameter of %s is %v; it must be positive and finite", name, parameter)
	}
	switch name {
	case "gaussian":
		return Independent{Gaussian{Variance: parameter}}, nil
	case "gaussian-scale":
		return GaussianScale{}, nil
	case "bernoulli":
		return Independent{Bernoulli{}}, nil
	case "probit":
		return Independent{Probit{}}, nil
	case "softmax":
		return Softmax{}, nil
	case "multinomial":
		if parameter != math.Trunc(parameter) || parameter > 1<<31 {
			return nil, errors.New("the trials of a multinomial are a whole number")
		}
		return Multinomial{Trials: int(parameter)}, nil
	case "poisson":
		return Independent{Poisson{}}, nil
	case "gamma":
		return Independent{Gamma{Shape: parameter}}, nil
	case "negative-binomial":
		return Independent{NegativeBinomial{R: parameter}}, nil
	}
	return nil, fmt.Errorf("no output is called %q (outputs: %v)", name, Outputs())
}

var (
	_ Output       = Softmax{}
	_ Output       = Multinomial{}
	_ CurvedOutput = GaussianScale{}
)
