package manifold

import (
	"context"
	"errors"
	"fmt"
	"math"

	"fisherflow/internal/cholesky"
	"fisherflow/ode"

	"gonum.org/v1/gonum/mat"
)

// AlphaGeodesic returns the points at the given ascending times, from 0 on, of the
// geodesic of the α-connection that leaves xi with a velocity, all in the view's
// chart:
//
//	ẍᵏ + g^{kl}Γ⁽ᵅ⁾_{ij,l} ẋⁱẋʲ = 0.
//
// At α = 0 that is the Fisher–Rao exponential map, at ±1 the exponential and the
// mixture geodesic, of any family with the tensors of [AlphaConnection]. It is
// integrated with an error of about 1e-10 Fisher units. Where the geodesic meets
// the boundary of the family the points before it are returned, with an error that
// wraps [ErrDomain] and says when and, at α = 0, at which length.
func AlphaGeodesic(v *View, alpha float64, xi, velocity, times []float64) (points [][]float64, err error) {
	n := v.Dim()
	mustLen(len(xi), n)
	mustLen(len(velocity), n)
	if err := v.Check(xi); err != nil {
		return nil, err
	}
	if len(times) == 0 {
		return nil, nil
	}
	f := &alphaField{view: v, alpha: alpha, n: n, g: mat.NewSymDense(n, nil), factor: make([]float64, n*n), w: make([]float64, n)}
	if err := v.Fisher(f.g, xi); err != nil {
		return nil, err
	}
	length := 0.0
	for i, a := range velocity {
		for j, b := range velocity {
			length += a * f.g.At(i, j) * b
		}
	}
	length = math.Sqrt(length)
	if length == 0 {
		for range times {
			points = append(points, append([]float64(nil), xi...))
		}
		return points, nil
	}
	const tol = 1e-11
	end := times[len(times)-1]
	settings := ode.Settings{
		Method: ode.DOP853, RTol: tol, ATols: make([]float64, 2*n), SaveAt: times, Discard: true,
		MinStep: 1e-12 * math.Abs(end), // a boundary is near
	}
	for i := range n {
		unit := tol / math.Sqrt(f.g.At(i, i))
		settings.ATols[i], settings.ATols[n+i] = unit, unit*length
	}
	r, err := ode.Solve(context.Background(), f, append(append([]float64(nil), xi...), velocity...), 0, end, &settings)
	for _, y := range r.Saved() {
		points = append(points, append([]float64(nil), y[:n]...))
	}
	var at *ode.Error
	if errors.As(err, &at) && (errors.Is(err, ErrDomain) || errors.Is(err, ode.ErrMinStep) || errors.Is(err, ode.ErrNonFinite)) {
		where := fmt.Sprintf("time %.6g", at.T)
		if alpha == 0 {
			where += fmt.Sprintf(", length %.10g", at.T*length)
		}
		return points, fmt.Errorf("%s: the geodesic has met the boundary at %s: %w", v.Name(), where, ErrDomain)
	}
	return points, err
}

// alphaField is the geodesic equation as a first-order system.
type alphaField struct {
	view   *View
	alpha  float64
	n      int
	g      *mat.SymDense
	factor []float64
	w      []float64
}

// Eval has x and ẋ in y.
func (f *alphaField) Eval(dst []float64, _ float64, y []float64) error {
	x, v := y[:f.n], y[f.n:]
	gamma, _, err := AlphaConnection(f.view, f.alpha, x)
	if err != nil {
		return err
	}
	if err := f.view.Fisher(f.g, x); err != nil {
		return err
	}
	for i := range f.n {
		for j := range f.n {
			f.factor[i*f.n+j] = f.g.At(i, j)
		}
	}
	if _, ok := cholesky.Factor(f.factor, f.n); !ok {
		return fmt.Errorf("%s: the Fisher matrix at %.6g is singular: %w", f.view.Name(), x, ErrDomain)
	}
	clear(f.w)
	for i, a := range v {
		for j, b := range v {
			for k := range f.w {
				f.w[k] -= gamma[i][j][k] * a * b
			}
		}
	}
	cholesky.Solve(f.factor, f.n, f.w)
	copy(dst, v)
	copy(dst[f.n:], f.w)
	return nil
}
