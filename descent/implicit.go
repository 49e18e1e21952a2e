package descent

import (
	"errors"
	"fmt"
	"math"

	"fisherflow/flow"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack/lapack64"
)

// ErrNoSolution is wrapped by the error of an implicit rule whose equation has no
// solution for the step size, or none that is reached from smaller ones.
var ErrNoSolution = errors.New("the step has no solution")

// A Dissipator knows the loss that its steps dissipate.
type Dissipator interface {
	Rule
	// Dissipated is h‖∇̄L‖²_{G⁻¹} of the last step, by which L falls.
	Dissipated() float64
	// Residual stores in dst how far the last step may be from the exact
	// solution of its equation.
	Residual(dst []float64)
}

// midpointRule solves
//
//	y = x − h G((x+y)/2)⁻¹ ∇̄L(x, y)
//
// for a discrete gradient ∇̄L, that is one with ∇̄L·(y − x) = L(y) − L(x): so L(y) =
// L(x) − h‖∇̄L‖²_{G⁻¹}, at any h.
//
// Newton's method with a Jacobian of forward differences starts from the solution
// for a smaller h, and that from a smaller one still, where an explicit step is
// short in Fisher length; see [solutionPath] for where that fails.
type midpointRule struct {
	point flow.Point
	// gradient stores ∇̄L(x, y) and may move the point.
	gradient func(dst, x, y []float64) error

	n                          int
	scale                      []float64 // Fisher units of the coordinates at x
	units                      []float64 // those in which |y − x| is measured
	middle, discrete, raised   []float64
	residual, trial, shifted   []float64
	best, step, solution       []float64
	jacobian                   []float64
	pivots                     []int
	defect                     []float64
	dissipated, before, weight float64 // weight is L's magnitude at x
}

func (r *midpointRule) init(p flow.Point) {
	n := p.Dim()
	vector := func() []float64 { return make([]float64, n) }
	r.point, r.n = p, n
	r.units = vector()
	r.scale, r.middle, r.discrete, r.raised = vector(), vector(), vector(), vector()
	r.residual, r.trial, r.shifted, r.best, r.step, r.solution = vector(), vector(), vector(), vector(), vector(), vector()
	r.jacobian, r.pivots, r.defect = make([]float64, n*n), make([]int, n), vector()
}

// Dissipated implements [Dissipator].
func (r *midpointRule) Dissipated() float64 { return r.dissipated }

// Residual implements [Dissipator].
func (r *midpointRule) Residual(dst []float64) { copy(dst, r.defect) }

const (
	// shortStep is the Fisher length of an explicit step that starts Newton's
	// method, newtonSteps how many are made for each h.
	shortStep   = 0.5
	newtonSteps = 40
	// evenScales of Fisher units is the factor within which lengths are those of
	// the coordinates.
	evenScales = 100
	// leastGrowth of h ends the continuation.
	leastGrowth = 1e-2
)

func (r *midpointRule) solve(dst, x []float64, h float64) error {
	length, err := r.begin(x)
	if err != nil {
		return err
	}
	if length == 0 {
		copy(dst, x)
		clear(r.defect)
		r.dissipated = 0
		return nil
	}
	first := math.Min(h, shortStep/length)
	for i := range r.solution {
		r.solution[i] = x[i] - first*r.raised[i]
	}
	// Shorter still where that leaves the domain.
	for r.point.At(r.solution) != nil {
		if first /= 4; first < h*1e-12 {
			return fmt.Errorf("no explicit step of any size from %.6g stays in the domain: %w", x, ErrNoSolution)
		}
		for i := range r.solution {
			r.solution[i] = x[i] - first*r.raised[i]
		}
	}
	reached, growth := 0.0, 2.0
	for next := first; ; {
		if failure := r.newton(r.solution, x, next); failure == nil {
			if reached = next; reached >= h {
				break
			}
			growth = math.Min(4, growth*growth)
		} else {
			if reached == 0 {
				if next /= 8; next < h*1e-12 {
					return fmt.Errorf("no step of any size from %.6g is found: %w", x, ErrNoSolution)
				}
				for i := range r.solution {
					r.solution[i] = x[i]
				}
				continue
			}
			if growth = math.Sqrt(growth); growth < 1+leastGrowth {
				if r.follow(r.solution, x, reached, h) == nil {
					break
				}
				return fmt.Errorf("the step from %.6g of size %.6g is not found beyond size %.6g: take smaller steps; a loss that is unbounded below, or least outside the domain, has no long ones: %w",
					x, h, reached, ErrNoSolution)
			}
		}
		next = math.Min(h, reached*growth)
	}
	copy(dst, r.solution)
	return nil
}

// begin sets the units at x and the direction G⁻¹dL, whose Fisher length it
// returns.
func (r *midpointRule) begin(x []float64) (length float64, err error) {
	if err := r.point.At(x); err != nil {
		return math.NaN(), err
	}
	r.before, r.weight = r.point.Value(), r.point.Magnitude()
	clear(r.step)
	for i := range r.n {
		r.step[i] = 1
		if err := r.point.Lower(r.trial, r.step); err != nil {
			return math.NaN(), err
		}
		r.step[i] = 0
		r.scale[i] = 1 / math.Sqrt(r.trial[i])
	}
	low, high := math.Inf(1), 0.0
	for _, s := range r.scale {
		low, high = math.Min(low, s), math.Max(high, s)
	}
	for i, s := range r.scale {
		r.units[i] = 1
		if high > evenScales*low {
			r.units[i] = s
		}
	}
	r.point.Gradient(r.discrete)
	if err := r.point.Raise(r.raised, r.discrete); err != nil {
		return math.NaN(), err
	}
	square := 0.0
	for i, g := range r.discrete {
		square += g * r.raised[i]
	}
	return math.Sqrt(math.Max(square, 0)), nil
}

// equation stores y − x + hG⁻¹∇̄L in units of scale, and returns its length.
func (r *midpointRule) equation(dst, x, y []float64, h float64) (float64, error) {
	if err := r.gradient(r.discrete, x, y); err != nil {
		return math.Inf(1), err
	}
	for i := range r.middle {
		r.middle[i] = x[i] + (y[i]-x[i])/2
	}
	if err := r.point.At(r.middle); err != nil {
		return math.Inf(1), err
	}
	if err := r.point.Raise(r.raised, r.discrete); err != nil {
		return math.Inf(1), err
	}
	length := 0.0
	for i := range dst {
		dst[i] = (y[i] - x[i] + h*r.raised[i]) / r.scale[i]
		length = math.Hypot(length, dst[i])
	}
	if length-length != 0 {
		return math.Inf(1), errors.New("not finite")
	}
	return length, nil
}

// newton improves y until rounding.
func (r *midpointRule) newton(y, x []float64, h float64) error {
	length, err := r.equation(r.residual, x, y, h)
	if err != nil {
		return err
	}
	moved := math.Inf(1)
	copy(r.best, y)
	for range newtonSteps {
		if length == 0 {
			break
		}
		if err := r.differentiate(x, r.best, h); err != nil {
			return err
		}
		a := blas64.General{Rows: r.n, Cols: r.n, Stride: r.n, Data: r.jacobian}
		if !lapack64.Getrf(a, r.pivots) {
			return errors.New("singular")
		}
		copy(r.step, r.residual)
		lapack64.Getrs(blas.NoTrans, a, blas64.General{Rows: r.n, Cols: 1, Stride: 1, Data: r.step}, r.pivots)
		far, size := 0.0, 0.0
		for i, s := range r.step {
			far = math.Hypot(far, s)
			size = math.Hypot(size, (r.best[i]-x[i])/r.scale[i])
		}
		shorter := math.Inf(1)
		damping := 1.0
		for ; damping > 1e-6; damping /= 4 {
			for i, s := range r.step {
				r.trial[i] = r.best[i] - damping*s*r.scale[i]
			}
			if shorter, err = r.equation(r.shifted, x, r.trial, h); err == nil && shorter < length {
				break
			}
		}
		if !(shorter < length) {
			// Rounding, if the step is short.
			if far <= 1e-6*(1+size) {
				break
			}
			return errors.New("no descent")
		}
		copy(r.best, r.trial)
		copy(r.residual, r.shifted)
		length, moved = shorter, damping*far
		if moved <= 1e-14*(1+size) {
			break
		}
	}
	if !(moved <= 1e-6 || length <= 1e-6) {
		return errors.New("no convergence")
	}
	copy(y, r.best)
	if _, err := r.equation(r.residual, x, y, h); err != nil {
		return err
	}
	r.dissipated = 0
	for i, g := range r.discrete {
		r.defect[i] = math.Abs(r.residual[i]) * r.scale[i]
		r.dissipated += h * g * r.raised[i]
	}
	return nil
}

// differentiate stores the Jacobian of the equation by y, in units of scale.
func (r *midpointRule) differentiate(x, y []float64, h float64) error {
	// Short beside the step itself, at the length of which ∇̄L changes.
	long := 0.0
	for i := range y {
		long = math.Hypot(long, y[i]-x[i])
	}
	copy(r.trial, y)
	for j := range r.n {
		delta := 1e-6
		if d := 1e-5 * long / r.scale[j]; d > 0 {
			// But not so short that it is rounding.
			delta = math.Min(delta, math.Max(d, 1e-9*(1+math.Abs(y[j])/r.scale[j])))
		}
		r.trial[j] = y[j] + delta*r.scale[j]
		width := r.trial[j] - y[j]
		if _, err := r.equation(r.shifted, x, r.trial, h); err != nil {
			r.trial[j] = y[j] - delta*r.scale[j]
			width = r.trial[j] - y[j]
			if _, err := r.equation(r.shifted, x, r.trial, h); err != nil {
				return err
			}
		}
		r.trial[j] = y[j]
		for i := range r.n {
			r.jacobian[i*r.n+j] = (r.shifted[i] - r.residual[i]) * r.scale[j] / width
		}
	}
	return nil
}
