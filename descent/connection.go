package descent

import (
	"errors"
	"fmt"

	"fisherflow/flow"
	"fisherflow/manifold"

	"gonum.org/v1/gonum/mat"
)

// A connection is the Levi-Civita one of a family's Fisher metric, in the chart
// of a flow.
type connection struct {
	view     *manifold.View
	shooting *manifold.Shooting
	theta    []float64
	velocity []float64
}

func connect(p flow.Point) (connection, error) {
	c, ok := p.(*flow.ChartPoint)
	if !ok {
		return connection{}, fmt.Errorf("geodesics need a family, not %T: %w", p, errors.ErrUnsupported)
	}
	view, err := manifold.In(c.Family(), c.View().Chart().Name())
	if err != nil {
		return connection{}, err
	}
	shooting, err := manifold.NewShooting(view.Base())
	if err != nil {
		return connection{}, err
	}
	n := view.Dim()
	return connection{view: view, shooting: shooting, theta: make([]float64, n), velocity: make([]float64, n)}, nil
}

// exp stores the end, at time 1, of the geodesic that leaves x with velocity v.
func (c *connection) exp(dst, x, v []float64) error {
	chart := c.view.Chart()
	if err := chart.ToSource(c.theta, x); err != nil {
		return err
	}
	chart.Push(c.velocity, x, c.theta, v)
	if _, err := c.shooting.Exp(c.theta, c.theta, c.velocity); err != nil {
		return err
	}
	return chart.FromSource(dst, c.theta)
}

// gamma stores Γᵏ_ij vⁱvʲ at x.
func (c *connection) gamma(dst, x, v []float64) error {
	symbols, _, err := manifold.Christoffel(c.view, x)
	if err != nil {
		return err
	}
	for k := range dst {
		dst[k] = 0
		for i, a := range v {
			for j, b := range v {
				dst[k] += symbols[i][j][k] * a * b
			}
		}
	}
	n := len(x)
	g := mat.NewSymDense(n, nil)
	if err := c.view.Fisher(g, x); err != nil {
		return err
	}
	var factor mat.Cholesky
	if !factor.Factorize(g) {
		return fmt.Errorf("the Fisher matrix at %.6g is singular: %w", x, manifold.ErrDomain)
	}
	w := mat.NewVecDense(n, dst)
	return factor.SolveVecTo(w, w)
}
