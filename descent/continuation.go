package descent

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack/lapack64"
)

// A solutionPath follows the solutions (y, log h) of a midpointRule by arc length
// (H. Keller, Numerical solution of bifurcation and nonlinear eigenvalue problems,
// 1977): where h has to shrink again before it can grow, Newton's method in h alone
// is lost. Where the sets {L ≤ c} are compact the path from h = 0 stays in {L ≤
// L(x)} and so passes every h.
type solutionPath struct {
	rule             *midpointRule
	n                int
	at, trial        []float64 // y in units of scale, then log h
	tangent, forward []float64
	matrix, right    []float64
	pivots           []int
	y                []float64
}

const (
	pathSteps  = 500
	pathLength = 0.3 // the first stride
)

// follow moves solution, one for the step size from, along the path to one for h.
func (r *midpointRule) follow(solution, x []float64, from, h float64) error {
	n := r.n
	p := &solutionPath{
		rule: r, n: n, at: make([]float64, n+1), trial: make([]float64, n+1), tangent: make([]float64, n+1), forward: make([]float64, n+1),
		matrix: make([]float64, (n+1)*(n+1)), right: make([]float64, n+1), pivots: make([]int, n+1), y: make([]float64, n),
	}
	for i := range n {
		p.at[i] = (solution[i] - x[i]) / r.scale[i]
	}
	p.at[n] = math.Log(from)
	p.tangent[n] = 1
	if err := p.turn(x); err != nil {
		return err
	}
	stride := pathLength
	for range pathSteps {
		copy(p.trial, p.at)
		for i, t := range p.tangent {
			p.trial[i] += stride * t
		}
		if p.correct(x, stride) != nil {
			if stride /= 2; stride < 1e-9 {
				return errors.New("the path of solutions ends")
			}
			continue
		}
		crossed := p.at[n] < math.Log(h) && p.trial[n] >= math.Log(h)
		if crossed {
			share := (math.Log(h) - p.at[n]) / (p.trial[n] - p.at[n])
			for i := range n {
				solution[i] = x[i] + r.scale[i]*(p.at[i]+share*(p.trial[i]-p.at[i]))
			}
			if r.newton(solution, x, h) == nil {
				return nil
			}
			stride /= 2
			continue
		}
		copy(p.at, p.trial)
		if err := p.turn(x); err != nil {
			return err
		}
		stride *= 1.5
	}
	return errors.New("the path of solutions is too long")
}

// system stores the Jacobian of the equation by y and log h, bordered by the
// tangent, and the equation itself in right.
func (p *solutionPath) system(x, u []float64) error {
	r, n := p.rule, p.n
	h := math.Exp(u[n])
	for i := range n {
		p.y[i] = x[i] + r.scale[i]*u[i]
	}
	if _, err := r.equation(r.residual, x, p.y, h); err != nil {
		return err
	}
	for i := range n {
		p.matrix[i*(n+1)+n] = h * r.raised[i] / r.scale[i]
		p.right[i] = r.residual[i]
	}
	if err := r.differentiate(x, p.y, h); err != nil {
		return err
	}
	for i := range n {
		copy(p.matrix[i*(n+1):], r.jacobian[i*n:i*n+n])
	}
	copy(p.matrix[n*(n+1):], p.tangent)
	return nil
}

func (p *solutionPath) solve(b []float64) error {
	n := p.n + 1
	a := blas64.General{Rows: n, Cols: n, Stride: n, Data: p.matrix}
	if !lapack64.Getrf(a, p.pivots) {
		return errors.New("singular")
	}
	lapack64.Getrs(blas.NoTrans, a, blas64.General{Rows: n, Cols: 1, Stride: 1, Data: b}, p.pivots)
	return nil
}

// turn sets the tangent at the current point, along the last one.
func (p *solutionPath) turn(x []float64) error {
	if err := p.system(x, p.at); err != nil {
		return err
	}
	clear(p.forward)
	p.forward[p.n] = 1
	if err := p.solve(p.forward); err != nil {
		return err
	}
	length := blas64.Nrm2(blas64.Vector{N: p.n + 1, Inc: 1, Data: p.forward})
	for i, t := range p.forward {
		p.tangent[i] = t / length
	}
	return nil
}

// correct returns the trial point to the path, across the tangent.
func (p *solutionPath) correct(x []float64, stride float64) error {
	n := p.n
	last := math.Inf(1)
	for range 12 {
		if err := p.system(x, p.trial); err != nil {
			return err
		}
		p.right[n] = -stride
		for i, t := range p.tangent {
			p.right[n] += t * (p.trial[i] - p.at[i])
		}
		if err := p.solve(p.right); err != nil {
			return err
		}
		moved := 0.0
		for i, d := range p.right {
			p.trial[i] -= d
			moved = math.Hypot(moved, d)
		}
		if moved-moved != 0 || moved > stride || moved > last {
			return errors.New("no convergence")
		}
		if last = moved; moved <= 1e-7*(1+stride) {
			return nil
		}
	}
	return errors.New("no convergence")
}
