package manifold

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"fisherflow/internal/quadrature"
	"fisherflow/internal/special"
)

// A moment is a function of an observation with values in Rⁿ.
type moment interface {
	at(dst, x []float64)
}

// A located family knows where the bulk of a member lies, in the coordinate of
// [expector].
type located interface {
	locate(theta []float64) (centre, scale float64)
}

// A smooth family of counts has its log-density between the whole numbers too,
// and knows its mode.
type smooth interface {
	smoothLogDensity(x float64, theta []float64) float64
	mode(theta []float64) float64
}

// expector takes expectations under a member of a univariate family, by
// adaptive quadrature or by sums.
//
// A continuous x is seen as a function of u on the whole line, x = u,
// x = low + eᵘ or x = low + (high − low)σ(u), and u as c + s sinh t about the
// centre c of the density of u with s its width. Tails that fall like a power
// of x or an exponential of u then fall exponentially in t at least.
type expector struct {
	density LogDensity
	family  Family
	support Support

	theta         []float64
	centre, scale float64
	peak          float64 // largest log-density, of u where x is continuous
	low, high     float64 // range of t, or of the whole numbers x

	x       [1]float64
	moment  moment
	breaks  []float64
	work    []float64
	lost    []float64
	errors  []float64
	adapter quadrature.Adaptive
}

func newExpector(f Family) (*expector, error) {
	u, ok1 := f.(Univariate)
	d, ok2 := f.(LogDensity)
	if !ok1 || !ok2 {
		return nil, fmt.Errorf("%s has no log-density of single numbers to integrate: %w", f.Name(), errors.ErrUnsupported)
	}
	return &expector{density: d, family: f, support: u.Support(), theta: make([]float64, f.Dim())}, nil
}

// negligible is how far under its peak a log-density is left out.
const negligible = 90

// set moves to a member.
func (e *expector) set(theta []float64) error {
	if err := e.family.Check(theta); err != nil {
		return err
	}
	copy(e.theta, theta)
	if e.support.Discrete {
		return e.findCounts()
	}
	if l, ok := e.family.(located); ok {
		e.centre, e.scale = l.locate(theta)
		e.peak = e.log(e.centre)
	} else {
		e.search()
	}
	e.low, e.high = -e.edge(-1), e.edge(1)
	return nil
}

// at is x(u) and log dx/du.
func (e *expector) at(u float64) (x, logSlope float64) {
	s := e.support
	switch {
	case math.IsInf(s.Low, -1):
		return u, 0
	case math.IsInf(s.High, 1):
		return s.Low + math.Exp(u), u
	}
	return s.Low + (s.High-s.Low)*special.Logistic(u), math.Log(s.High-s.Low) - special.Softplus(u) - special.Softplus(-u)
}

// log is the log-density of u.
func (e *expector) log(u float64) float64 {
	x, logSlope := e.at(u)
	if math.IsInf(x, 0) {
		return math.Inf(-1)
	}
	e.x[0] = x
	return e.density.LogDensity(e.x[:], e.theta) + logSlope
}

// search finds the peak of the density of u, which has one only, and its width.
func (e *expector) search() {
	best, a, b := math.Inf(-1), 0.0, 0.0
	previous := math.Inf(-1)
	for k := -120; k <= 120; k++ {
		// From −10¹² to 10¹² by quarter decades, and 0.
		u := math.Copysign(math.Pow(10, (math.Abs(float64(k))-72)/4), float64(k))
		if k == 0 {
			u = 0
		}
		if l := e.log(u); l > best {
			best, e.centre, a = l, u, previous
			next := k + 1
			b = math.Copysign(math.Pow(10, (math.Abs(float64(next))-72)/4), float64(next))
			if next == 0 {
				b = 0
			}
		}
		previous = u
	}
	if math.IsInf(a, -1) {
		a = 2 * e.centre
	}
	// Golden sections.
	const ratio = 0.6180339887498949
	c, d := b-ratio*(b-a), a+ratio*(b-a)
	lc, ld := e.log(c), e.log(d)
	for range 90 {
		if lc > ld {
			b, d, ld = d, c, lc
			c = b - ratio*(b-a)
			lc = e.log(c)
		} else {
			a, c, lc = c, d, ld
			d = a + ratio*(b-a)
			ld = e.log(d)
		}
	}
	e.centre = c
	e.peak = e.log(c)
	width := func(direction float64) float64 {
		h := 1e-12 * math.Max(math.Abs(c), 1e-3)
		for h < 1e100 && e.log(c+direction*h) > e.peak-0.5 {
			h *= 2
		}
		return h
	}
	e.scale = math.Min(width(-1), width(1))
}

// edge is the t > 0 beyond which the density is negligible.
func (e *expector) edge(direction float64) float64 {
	t := 1.0
	for t < 700 && e.log(e.centre+direction*e.scale*math.Sinh(t))+t > e.peak-negligible {
		t *= 1.2
	}
	return t
}

// features appends to dst the places u at which the density varies.
func (e *expector) features(dst []float64) []float64 {
	if e.support.Discrete {
		return dst
	}
	for _, k := range [...]float64{-12, -3, -1, 0, 1, 3, 12} {
		dst = append(dst, e.centre+k*e.scale)
	}
	return dst
}

// mean stores E[m] in dst and returns the error of each component. The
// places of features, in u, are where m itself varies.
func (e *expector) mean(dst []float64, m moment, features []float64) ([]float64, error) {
	e.moment = m
	if e.support.Discrete {
		return e.sum(dst)
	}
	e.breaks = append(e.breaks[:0], e.low, 0, e.high)
	for _, t := range [...]float64{0.5, 1, 1.5, 2, 2.5, 3, 4, 6, 9, 13, 20, 30, 50, 80, 130, 200, 300, 450} {
		e.breaks = append(e.breaks, -t, t)
	}
	for _, u := range features {
		e.breaks = append(e.breaks, math.Asinh((u-e.centre)/e.scale))
	}
	ascending(e.breaks)
	kept := e.breaks[:0]
	for _, t := range e.breaks {
		if t >= e.low && t <= e.high {
			kept = append(kept, t)
		}
	}
	e.breaks = kept
	accuracy, err := e.adapter.Integrate(dst, e, e.breaks)
	if err != nil && dst[0] != dst[0] {
		return accuracy, err
	}
	return accuracy, nil
}

// resized is a slice of length n, in the memory of x where that is enough.
func resized(x []float64, n int) []float64 { return slices.Grow(x[:0], n)[:n] }

// ascending sorts a short list.
func ascending(x []float64) {
	for i := 1; i < len(x); i++ {
		for j := i; j > 0 && x[j] < x[j-1]; j-- {
			x[j], x[j-1] = x[j-1], x[j]
		}
	}
}

// At is the integrand in t.
func (e *expector) At(dst []float64, t float64) {
	u := e.centre + e.scale*math.Sinh(t)
	w := math.Exp(e.log(u)) * e.scale * math.Cosh(t)
	if !(w > 0) {
		clear(dst)
		return
	}
	e.moment.at(dst, e.x[:])
	for i := range dst {
		dst[i] *= w
	}
}

// longestSum is the number of terms up to which a sum is taken term by term.
const longestSum = 1 << 14

// findCounts finds the mode and the range of the whole numbers that count.
func (e *expector) findCounts() error {
	at := func(x float64) float64 { e.x[0] = x; return e.density.LogDensity(e.x[:], e.theta) }
	first, last := e.support.Low, e.support.High
	// The largest x up to which the density rises.
	rises := func(x float64) bool { return x < last && at(x+1) > at(x) }
	mode := first
	if s, ok := e.family.(smooth); ok {
		mode = s.mode(e.theta)
	} else if rises(first) {
		a, b := first, first+1
		for rises(b) && b < 1<<52 {
			a, b = b, first+2*(b-first)
		}
		for b-a > 1 {
			if middle := math.Floor(a + (b-a)/2); rises(middle) {
				a = middle
			} else {
				b = middle
			}
		}
		mode = b
	}
	if mode >= 1<<52 {
		return fmt.Errorf("%s: float64 has not all whole numbers near %.3g: %w", e.family.Name(), mode, errors.ErrUnsupported)
	}
	e.peak = at(mode)
	reach := func(direction, limit float64) float64 {
		inside, step := mode, 1.0
		for {
			x := mode + direction*step
			if direction*(x-limit) >= 0 {
				x = limit
				if !math.IsInf(x, 0) && at(x) > e.peak-negligible {
					return x
				}
			}
			if math.IsInf(x, 0) || !(at(x) > e.peak-negligible) {
				outside := x
				for {
					middle := math.Floor(inside + (outside-inside)/2)
					if middle == inside || middle == outside {
						return inside
					}
					if at(middle) > e.peak-negligible {
						inside = middle
					} else {
						outside = middle
					}
				}
			}
			inside, step = x, 2*step
		}
	}
	e.centre, e.low, e.high = mode, reach(-1, first), reach(1, last)
	if _, ok := e.family.(smooth); !ok && e.low == first && e.high-e.low > 1e7 {
		return fmt.Errorf("%s: a sum over %.3g whole numbers is too long: %w", e.family.Name(), e.high-e.low, errors.ErrUnsupported)
	}
	return nil
}

// sum adds up over the whole numbers. A long sum that begins and ends where the
// density is negligible is taken in strides: like the trapezoidal rule, it is
// right to all digits when a stride is a small part of the width. A long sum
// from the end of the support on is, if the density is smooth, an integral
// beyond its first terms, by the midpoint form of Euler and Maclaurin.
func (e *expector) sum(dst []float64) ([]float64, error) {
	n := len(dst)
	e.work, e.lost, e.errors = resized(e.work, n), resized(e.lost, n), resized(e.errors, n)
	clear(dst)
	clear(e.lost)
	clear(e.errors)
	end, stride := e.high, 1.0
	smoothed, ok := e.family.(smooth)
	if e.high-e.low > longestSum {
		switch {
		case e.low > e.support.Low:
			stride = math.Floor((e.high - e.low) / 4096)
		case ok:
			end = e.low + 2048
		}
	}
	for x := e.low; x <= end; x += stride {
		e.x[0] = x
		w := stride * math.Exp(e.density.LogDensity(e.x[:], e.theta))
		if !(w > 0) {
			continue
		}
		e.moment.at(e.work, e.x[:])
		for i, v := range e.work {
			v *= w
			e.errors[i] += 1e-16 * math.Abs(v)
			y := v - e.lost[i]
			s := dst[i] + y
			e.lost[i] = (s - dst[i]) - y
			dst[i] = s
		}
	}
	if end == e.high {
		return e.errors, nil
	}
	return e.tail(dst, smoothed, end)
}

// tail adds Σ_{x>end} by ∫_{end+½} and the first two terms in the derivatives
// at end+½.
func (e *expector) tail(dst []float64, density smooth, end float64) ([]float64, error) {
	n := len(dst)
	t := &tail{e: e, density: density}
	e.breaks = append(e.breaks[:0], end+0.5)
	for b := 2 * end; b < e.high; b *= 2 {
		e.breaks = append(e.breaks, b)
	}
	spread := (e.high - e.low) / 16
	for k := -8.0; k <= 8; k++ {
		if b := e.centre + k*spread; b > end+0.5 && b < e.high {
			e.breaks = append(e.breaks, b)
		}
	}
	e.breaks = append(e.breaks, e.high)
	ascending(e.breaks)
	integral := make([]float64, n)
	accuracy, err := e.adapter.Integrate(integral, t, e.breaks)
	if err != nil && integral[0] != integral[0] {
		return accuracy, err
	}
	// g′ and g‴ at end+½ from the values on both sides.
	var g [4][]float64
	for k := range g {
		g[k] = make([]float64, n)
		t.At(g[k], end-1+float64(k))
	}
	for i := range dst {
		third := (g[3][i] - g[0][i]) - 3*(g[2][i]-g[1][i])
		first := (g[2][i] - g[1][i]) - third/24
		dst[i] += integral[i] + first/24 - 7./5760*third
		e.errors[i] += accuracy[i] + math.Abs(third)/1000
	}
	return e.errors, nil
}

// tail is the integrand of a smooth sum.
type tail struct {
	e       *expector
	density smooth
}

func (t *tail) At(dst []float64, x float64) {
	w := math.Exp(t.density.smoothLogDensity(x, t.e.theta))
	if !(w > 0) {
		clear(dst)
		return
	}
	t.e.x[0] = x
	t.e.moment.at(dst, t.e.x[:])
	for i := range dst {
		dst[i] *= w
	}
}
