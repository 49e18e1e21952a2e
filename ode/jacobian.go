package ode

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/diff/fd"
)

// A Jacobian is a field that knows its derivatives, which implicit methods
// otherwise take by differences.
type Jacobian interface {
	Field
	// Jacobian stores ∂f_i/∂y_j at (t, y) in dst[i*n+j], or, of a [Banded]
	// field, in dst[i*(lower+upper+1)+lower+j−i]. dst comes with zeros.
	Jacobian(dst []float64, t float64, y []float64) error
}

// Banded is a field whose component i depends on the components i−lower to
// i+upper alone. Implicit methods then take its Jacobian by lower+upper+1
// evaluations and solve their equations in O(n·lower·(lower+upper)).
type Banded interface {
	Field
	Bandwidths() (lower, upper int)
}

// jacobian takes and keeps the derivatives of a field.
type jacobian struct {
	band
	data    []float64
	own     []float64 // what a banded field writes, in its own widths; nil: data serves
	formula fd.Formula
	small   []float64
	y, f    []float64
}

// bandOf is the shape in which the Jacobian of a field is worth keeping.
func bandOf(n int, f Field) band {
	if b, ok := f.(Banded); ok {
		lower, upper := b.Bandwidths()
		lower, upper = min(max(lower, 0), n-1), min(max(upper, 0), n-1)
		if 2*lower+upper+1 < n {
			return banded(n, lower, upper, 0)
		}
	}
	return dense(n)
}

// of returns a jacobian for the field: j, which may be nil, if it has the shape,
// and else a new one.
func (j *jacobian) of(f Field, n int, s *Settings) (fit *jacobian, made bool) {
	if shape := bandOf(n, f); j == nil || j.band != shape {
		storage := make([]float64, 3*n)
		j = &jacobian{band: shape, data: make([]float64, shape.size()), y: storage[:n], f: storage[n : 2*n], small: storage[2*n:]}
		made = true
	}
	j.formula = s.Differences
	smallness(j.small, s)
	return j, made
}

// take evaluates ∂f/∂y at (t, y), where the field is f0.
func (j *jacobian) take(g *guarded, t float64, y, f0 []float64) error {
	g.jacobians++
	if own, ok := g.field.(Jacobian); ok {
		return j.ask(g, own, t, y)
	}
	// Columns further apart than the band is wide share an evaluation.
	stride := min(j.n, j.lower+j.upper+1)
	for first := range stride {
		err := j.columnsFrom(g, first, stride, t, y, f0, 1)
		if err != nil && refused(err) {
			err = j.columnsFrom(g, first, stride, t, y, f0, -1)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ask takes the field's own derivatives.
func (j *jacobian) ask(g *guarded, own Jacobian, t float64, y []float64) error {
	to := j.data
	b, isBanded := own.(Banded)
	lower, upper := 0, 0
	if isBanded {
		lower, upper = b.Bandwidths()
		lower, upper = max(lower, 0), max(upper, 0)
		if size := j.n * (lower + upper + 1); len(j.own) != size {
			j.own = make([]float64, size)
		}
		to = j.own
	}
	clear(to)
	g.inside, g.t, g.y = true, t, y
	err := own.Jacobian(to, t, y)
	g.inside = false
	if err == nil && !finite(to) {
		err = blame(t, to)
	}
	if err != nil || !isBanded {
		return err
	}
	clear(j.data)
	for r := range j.n {
		for c := max(0, r-lower); c < min(j.n, r+upper+1); c++ {
			j.data[r*j.step+c+j.shift] = j.own[r*(lower+upper+1)+lower+c-r]
		}
	}
	return nil
}

// increment is the step of the differences in component c: that of the formula at
// 1, in proportion to the component or to what is small for it.
func (j *jacobian) increment(c int, y float64) float64 {
	return j.formula.Step * math.Max(j.small[c], math.Abs(y))
}

// smallness stores, component by component, what the tolerances take for small:
// where the absolute one takes over from the relative one, from 1e-8 to 1e-3.
func smallness(small []float64, s *Settings) {
	for i := range small {
		a := s.ATol
		if i < len(s.ATols) {
			a = s.ATols[i]
		}
		small[i] = math.Min(1e-3, math.Max(1e-8, a/s.RTol))
	}
}

// columnsFrom differences every column first, first + stride, … by the stencil,
// mirrored if sign is −1.
func (j *jacobian) columnsFrom(g *guarded, first, stride int, t float64, y, f0 []float64, sign float64) error {
	for c := first; c < j.n; c += stride {
		for r := max(0, c-j.upper); r < min(j.n, c+j.lower+1); r++ {
			j.data[r*j.step+c+j.shift] = 0
		}
	}
	for _, p := range j.formula.Stencil {
		values := f0
		if p.Loc != 0 {
			copy(j.y, y)
			for c := first; c < j.n; c += stride {
				j.y[c] += sign * p.Loc * j.increment(c, y[c])
			}
			if err := g.eval(j.f, t, j.y); err != nil {
				return err
			}
			values = j.f
		}
		for c := first; c < j.n; c += stride {
			w := sign * p.Coeff / j.increment(c, y[c])
			for r := max(0, c-j.upper); r < min(j.n, c+j.lower+1); r++ {
				j.data[r*j.step+c+j.shift] += w * values[r]
			}
		}
	}
	return nil
}

// inTime stores ∂f/∂t at (t, y) in dst by a difference of second order towards
// end; it costs one evaluation where the field does not depend on time.
func (j *jacobian) inTime(g *guarded, dst []float64, t, end float64, y, f0 []float64) error {
	h := math.Copysign(math.Min(math.Abs(end-t)/4, 1e-5*math.Max(math.Abs(t), math.Abs(end-t))), end-t)
	half := t + h
	if h = half - t; h == 0 {
		clear(dst)
		return nil
	}
	whole := half + h
	if err := g.eval(j.f, whole, y); err != nil {
		return err
	}
	if slices.Equal(j.f, f0) {
		clear(dst)
		return nil
	}
	if err := g.eval(dst, half, y); err != nil {
		return err
	}
	for i, f := range dst {
		dst[i] = (4*f - 3*f0[i] - j.f[i]) / (2 * h)
	}
	return nil
}

// bound is the largest sum of magnitudes in a row, which no eigenvalue exceeds.
func (j *jacobian) bound() float64 {
	most := 0.0
	for r := range j.n {
		sum := 0.0
		from, to := j.columns(r)
		for c := from; c < to; c++ {
			sum += math.Abs(j.data[r*j.step+c+j.shift])
		}
		most = max(most, sum)
	}
	return most
}
