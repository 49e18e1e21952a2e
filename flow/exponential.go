package flow

import (
	"errors"
	"fmt"
	"math"

	"fisherflow/manifold"
)

// dual sees a point of an exponential family in natural coordinates N and in
// expectation coordinates η at once. Every loss on an exponential family has
// its differential in one of the two, as a plain vector.
type dual struct {
	family               manifold.Exponential
	natural, expectation manifold.Chart
	theta, nat, eta      []float64
}

func newDual(family manifold.Family) (*dual, error) {
	f, ok := manifold.Own(family).(manifold.Exponential)
	if !ok {
		return nil, fmt.Errorf("%s is not an exponential family: %w", family.Name(), errors.ErrUnsupported)
	}
	natural, ok1 := f.Chart("natural")
	expectation, ok2 := f.Chart("expectation")
	if !ok1 || !ok2 {
		return nil, fmt.Errorf("%s lacks its natural or expectation chart: %w", family.Name(), errors.ErrUnsupported)
	}
	n := f.Dim()
	return &dual{
		family: f, natural: natural, expectation: expectation,
		theta: make([]float64, n), nat: make([]float64, n), eta: make([]float64, n),
	}, nil
}

func (d *dual) clone() *dual {
	c, err := newDual(d.family)
	if err != nil {
		panic("flow: " + err.Error())
	}
	return c
}

func (d *dual) at(theta []float64) error {
	copy(d.theta, theta)
	if err := d.natural.FromSource(d.nat, theta); err != nil {
		return err
	}
	return d.expectation.FromSource(d.eta, theta)
}

// fromNatural turns a covector in natural coordinates into a source covector.
func (d *dual) fromNatural(dst, covector []float64) {
	d.natural.PullInverse(dst, d.nat, d.theta, covector)
}

// fromExpectation turns a covector in expectation coordinates into a source
// covector.
func (d *dual) fromExpectation(dst, covector []float64) {
	d.expectation.PullInverse(dst, d.eta, d.theta, covector)
}

// dot returns a·b and Σ|a_i b_i|.
func dot(a, b []float64) (sum, magnitude float64) {
	for i, x := range a {
		p := x * b[i]
		sum += p
		magnitude += math.Abs(p)
	}
	return sum, magnitude
}
