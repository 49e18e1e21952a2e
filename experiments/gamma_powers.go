package experiments

import (
	"math"

	"fisherflow/manifold"
)

// gammaPowers is the gamma family in a and b with shape aᵖ and rate b^q.
type gammaPowers struct{ p, q float64 }

var _ manifold.Bent = gammaPowers{}

func (gammaPowers) Name() string          { return "powers" }
func (gammaPowers) Coordinates() []string { return []string{"a", "b"} }

func (c gammaPowers) ToSource(dst, x []float64) error {
	dst[0], dst[1] = math.Pow(x[0], c.p), math.Pow(x[1], c.q)
	return nil
}

func (c gammaPowers) FromSource(dst, theta []float64) error {
	dst[0], dst[1] = math.Pow(theta[0], 1/c.p), math.Pow(theta[1], 1/c.q)
	return nil
}

func (c gammaPowers) slopes(x, theta []float64) (a, b float64) {
	return c.p * theta[0] / x[0], c.q * theta[1] / x[1]
}

func (c gammaPowers) Push(dst, x, theta, v []float64) {
	a, b := c.slopes(x, theta)
	dst[0], dst[1] = a*v[0], b*v[1]
}

func (c gammaPowers) PushInverse(dst, x, theta, v []float64) {
	a, b := c.slopes(x, theta)
	dst[0], dst[1] = v[0]/a, v[1]/b
}

func (c gammaPowers) Pull(dst, x, theta, v []float64)        { c.Push(dst, x, theta, v) }
func (c gammaPowers) PullInverse(dst, x, theta, v []float64) { c.PushInverse(dst, x, theta, v) }

// Bend implements [manifold.Bent].
func (c gammaPowers) Bend(dst, x, theta, u, v []float64) bool {
	dst[0] = c.p * (c.p - 1) * theta[0] / x[0] / x[0] * u[0] * v[0]
	dst[1] = c.q * (c.q - 1) * theta[1] / x[1] / x[1] * u[1] * v[1]
	return true
}
