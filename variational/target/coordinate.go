package target

import (
	"fmt"
	"math"

	"fisherflow/internal/special"
)

// A coordinate is one scalar parameter θ on the unconstrained scale z with its
// prior: the contribution ρ(z) = log p(T(z)) + log T′(z).
type coordinate struct {
	name  string
	prior Prior
	scale scale
	// low and width are those of the interval of a logit scale.
	low, width float64
}

type scale int

const (
	onLine scale = iota
	onLog
	onLogit
)

// newCoordinate is a parameter on the line, or on the positive half-line if
// positive is set, with a prior; nil is flat.
func newCoordinate(name string, prior Prior, positive bool) (coordinate, error) {
	if prior == nil {
		prior = Flat{}
	}
	c := coordinate{name: name, prior: prior}
	low, high := prior.Support()
	switch {
	case positive && math.IsInf(high, 1) && low <= 0:
		c.scale = onLog
	case !positive && math.IsInf(low, -1) && math.IsInf(high, 1):
	case math.IsInf(high, 1):
		c.scale, c.low = onLog, low
	case math.IsInf(low, -1):
		return c, fmt.Errorf("prior %v of %s: its support has no lower end", prior, name)
	default:
		c.scale, c.low, c.width = onLogit, low, high-low
	}
	if positive && low < 0 && !math.IsInf(low, -1) {
		return c, fmt.Errorf("prior %v of %s, which is positive: its support begins at %v", prior, name, low)
	}
	return c, nil
}

// constrain returns T, T′ and T″ at z.
func (c *coordinate) constrain(z float64) (theta, first, second float64) {
	switch c.scale {
	case onLog:
		e := math.Exp(z)
		return c.low + e, e, e
	case onLogit:
		s, r := special.Logistic(z), special.Logistic(-z)
		return c.low + c.width*s, c.width * s * r, c.width * s * r * (r - s)
	}
	return z, 1, 0
}

// at returns ρ, ρ′ and ρ″.
func (c *coordinate) at(z float64) (value, first, second float64) {
	theta, t1, t2 := c.constrain(z)
	value, p1, p2 := c.prior.LogProb(theta)
	first, second = p1*t1, p2*t1*t1+p1*t2
	switch c.scale {
	case onLog:
		value += z
		first++
	case onLogit:
		s, r := special.Logistic(z), special.Logistic(-z)
		value += math.Log(c.width) - special.Softplus(z) - special.Softplus(-z)
		first += r - s
		second -= 2 * s * r
	}
	return value, first, second
}

// quadratic reports whether ρ is constant − ½ precision (z − mean)².
func (c *coordinate) quadratic() (constant, mean, precision float64, ok bool) {
	if c.scale != onLine {
		return 0, 0, 0, false
	}
	switch p := c.prior.(type) {
	case Flat:
		return 0, 0, 0, true
	case Normal:
		return -lnSqrt2Pi - math.Log(p.Sigma), p.Mu, 1 / (p.Sigma * p.Sigma), true
	}
	return 0, 0, 0, false
}

// strip is the half-width of the strip about the line in which ρ is analytic.
func (c *coordinate) strip() float64 {
	switch c.scale {
	case onLog:
		// Densities in θ² have their poles at Im z = π/2, others at π or nowhere.
		return math.Pi / 2
	case onLogit:
		return math.Pi
	}
	if a, ok := c.prior.(analytic); ok {
		return a.strip()
	}
	return math.Inf(1)
}

// expect returns E ρ, E ρ′ and E ρ″ for z ~ N(mean, variance).
func (c *coordinate) expect(mean, variance float64) (value, first, second float64) {
	if constant, m, w, ok := c.quadratic(); ok {
		d := mean - m
		return constant - w/2*(d*d+variance), -w * d, -w
	}
	if p, ok := c.prior.(Laplace); ok && c.scale == onLine && variance > 0 {
		return p.expect(mean, math.Sqrt(variance))
	}
	return expectLine(c.at, mean, math.Sqrt(variance), c.strip())
}

// A coordinateSet implements [Separable] and [Named] for parameters that are
// scalars one by one.
type coordinateSet []coordinate

// Marginal implements [Separable].
func (s coordinateSet) Marginal(j int, z float64) (value, first, second float64) { return s[j].at(z) }

// Quadratic implements [Separable].
func (s coordinateSet) Quadratic(j int) (constant, mean, precision float64, ok bool) {
	return s[j].quadratic()
}

// Names implements [Named].
func (s coordinateSet) Names() []string {
	names := make([]string, len(s))
	for i, c := range s {
		names[i] = c.name
	}
	return names
}

// Coordinates implements [Named].
func (s coordinateSet) Coordinates() []string {
	names := make([]string, len(s))
	for i, c := range s {
		switch names[i] = c.name; c.scale {
		case onLog:
			names[i] = "log_" + c.name
		case onLogit:
			names[i] = "logit_" + c.name
		}
	}
	return names
}

// Constrain implements [Named].
func (s coordinateSet) Constrain(dst, z []float64) []float64 {
	if dst == nil {
		dst = make([]float64, len(s))
	}
	for i := range s {
		dst[i], _, _ = s[i].constrain(z[i])
	}
	return dst
}

// add adds the value of the coordinates and their gradient.
func (s coordinateSet) add(grad, z []float64) (value float64) {
	for j := range s {
		v, g, _ := s[j].at(z[j])
		value += v
		if grad != nil {
			grad[j] += g
		}
	}
	return value
}

// expectLine returns the expectations of three functions that are analytic in
// a strip about the line, under N(mean, sd²), by the trapezoidal rule: its
// error falls as exp(−2π strip/(sd h)) with the step h, and as exp(−2π²/h²) by
// the normal density itself (Trefethen & Weideman, SIAM Review 56, 2014). Both
// are below 1e-16 here unless that takes
// more than mostNodes nodes.
func expectLine(f func(x float64) (a, b, c float64), mean, sd, strip float64) (a, b, c float64) {
	if !(sd > 0) {
		return f(mean)
	}
	const (
		reach     = 8.6
		mostNodes = 2048
	)
	n := math.Ceil(reach / math.Min(0.7, 0.165*strip/sd))
	// Functions that grow as e^(2x) have their mass 2sd to the right.
	reachHere := reach + math.Min(2*sd, 8)
	n = math.Ceil(math.Min(n, mostNodes) * reachHere / reach)
	h := reachHere / n
	total := 0.0
	for k := -n; k <= n; k++ {
		t := k * h
		w := math.Exp(-t * t / 2)
		p, q, r := f(mean + sd*t)
		total += w
		a += w * p
		b += w * q
		c += w * r
	}
	return a / total, b / total, c / total
}
