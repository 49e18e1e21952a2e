package manifold

import (
	"math"

	"fisherflow/internal/special"
)

// A scalarMap is a change of one coordinate, θ = to(x).
type scalarMap struct {
	domain interval
	to     func(x float64) float64
	from   func(theta float64) float64
	slope  func(x, theta float64) float64 // dθ/dx
	bend   func(x, theta float64) float64 // d²θ/dx², nil where it has no closed form
}

var (
	identityMap = scalarMap{realLine, same, same, func(_, _ float64) float64 { return 1 }, straightMap}
	negatedMap  = scalarMap{negative, negate, negate, func(_, _ float64) float64 { return -1 }, straightMap}
	// reciprocalMap is its own inverse: rate and scale, precision and variance.
	reciprocalMap = scalarMap{positive, reciprocal, reciprocal, func(_, theta float64) float64 { return -theta * theta },
		func(_, theta float64) float64 { return 2 * theta * theta * theta }}
	logMap      = scalarMap{realLine, math.Exp, math.Log, func(_, theta float64) float64 { return theta }, func(_, theta float64) float64 { return theta }}
	softplusMap = scalarMap{realLine, special.Softplus, special.InverseSoftplus, func(_, theta float64) float64 { return -math.Expm1(-theta) },
		func(x, theta float64) float64 { return -math.Expm1(-theta) * special.Logistic(-x) }}
	logitMap = scalarMap{realLine, special.Logistic, special.Logit, func(x, theta float64) float64 { return theta * special.Logistic(-x) },
		func(x, theta float64) float64 { return -theta * special.Logistic(-x) * math.Tanh(x/2) }}
)

func straightMap(_, _ float64) float64 { return 0 }

func same(x float64) float64       { return x }
func negate(x float64) float64     { return -x }
func reciprocal(x float64) float64 { return 1 / x }

// shifted is the map θ = x + by on the range of x.
func shifted(domain interval, by float64) scalarMap {
	return scalarMap{domain, func(x float64) float64 { return x + by }, func(t float64) float64 { return t - by }, identityMap.slope, straightMap}
}

// multiplied is the map θ = by·x on the range of x.
func multiplied(domain interval, by float64) scalarMap {
	return scalarMap{domain, func(x float64) float64 { return by * x }, func(t float64) float64 { return t / by }, func(_, _ float64) float64 { return by }, straightMap}
}

// coordinatewise is a chart that changes each source coordinate by itself, so
// that its Jacobian is diagonal. maps[i] is that of coordinate i.
type coordinatewise struct {
	family Family
	name   string
	names  []string
	ranges []interval
	maps   []scalarMap
}

func newCoordinatewise(f Family, name string, names []string, maps ...scalarMap) *coordinatewise {
	c := &coordinatewise{family: f, name: name, names: names, maps: maps}
	for _, m := range maps {
		c.ranges = append(c.ranges, m.domain)
	}
	return c
}

func (c *coordinatewise) Name() string          { return c.name }
func (c *coordinatewise) Coordinates() []string { return c.names }

func (c *coordinatewise) ToSource(dst, xi []float64) error {
	if err := check(c.family.Name(), c.name, c.names, c.ranges, xi); err != nil {
		return err
	}
	for i, m := range c.maps {
		dst[i] = m.to(xi[i])
	}
	return c.family.Check(dst)
}

func (c *coordinatewise) FromSource(dst, theta []float64) error {
	if err := c.family.Check(theta); err != nil {
		return err
	}
	for i, m := range c.maps {
		dst[i] = m.from(theta[i])
	}
	return nil
}

func (c *coordinatewise) scale(dst, xi, theta, v []float64) {
	for i, m := range c.maps {
		dst[i] = v[i] * m.slope(xi[i], theta[i])
	}
}

func (c *coordinatewise) divide(dst, xi, theta, v []float64) {
	for i, m := range c.maps {
		dst[i] = v[i] / m.slope(xi[i], theta[i])
	}
}

func (c *coordinatewise) Push(dst, xi, theta, v []float64)         { c.scale(dst, xi, theta, v) }
func (c *coordinatewise) Pull(dst, xi, theta, v []float64)         { c.scale(dst, xi, theta, v) }
func (c *coordinatewise) PushInverse(dst, xi, theta, v []float64)  { c.divide(dst, xi, theta, v) }
func (c *coordinatewise) PullInverse(dst, xi, theta, cv []float64) { c.divide(dst, xi, theta, cv) }

// Bend is false where a coordinate has no second derivative of its own.
func (c *coordinatewise) Bend(dst, xi, theta, u, v []float64) bool {
	for i, m := range c.maps {
		if m.bend == nil {
			return false
		}
		dst[i] = m.bend(xi[i], theta[i]) * u[i] * v[i]
	}
	return true
}

// newSource is the chart that changes nothing.
func newSource(f Family, name string, names []string) Chart {
	maps := make([]scalarMap, f.Dim())
	for i := range maps {
		maps[i] = identityMap
	}
	return newCoordinatewise(f, name, names, maps...)
}
