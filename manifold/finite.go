package manifold

import (
	"math"
	"math/rand/v2"

	"fisherflow/internal/cholesky"
	"fisherflow/internal/special"
)

// outcomes are the finitely many outcomes x of an exponential family with h = 1,
// and their statistics.
type outcomes interface {
	count() int
	dim() int
	statistic(dst []float64, x int)
}

// finite is the workspace of an exponential family on finitely many outcomes. It
// is set at natural coordinates θ, and then has the moments of T there, taken from
// the most probable outcome, so that nothing cancels when that takes all.
type finite struct {
	outcomes
	weight      []float64 // p(x)
	exponent    []float64 // θ·(T(x) − T(mode))
	t, mode     []float64 // T(x) and T(mode)
	shift, step []float64 // E[T] − T(mode), and a change of θ
	matrix      []float64
	mass        float64 // log Σ e^exponent
	top         float64 // θ·T(mode)
}

func newFinite(o outcomes) *finite {
	n, d := o.count(), o.dim()
	return &finite{
		outcomes: o, weight: make([]float64, n), exponent: make([]float64, n), t: make([]float64, d), mode: make([]float64, d),
		shift: make([]float64, d), step: make([]float64, d), matrix: make([]float64, d*d),
	}
}

// at moves to the natural coordinates theta.
func (f *finite) at(theta []float64) {
	best := 0
	for x := range f.weight {
		f.statistic(f.t, x)
		f.exponent[x] = inner(theta, f.t)
		if f.exponent[x] > f.exponent[best] {
			best = x
		}
	}
	f.top = f.exponent[best]
	f.statistic(f.mode, best)
	clear(f.shift)
	rest := 0.0
	for x := range f.weight {
		f.deviate(x)
		f.exponent[x] = inner(theta, f.t)
		f.weight[x] = math.Exp(f.exponent[x])
		if x != best {
			rest += f.weight[x]
		}
		for i, t := range f.t {
			f.shift[i] += f.weight[x] * t
		}
	}
	f.mass = math.Log1p(rest)
	for x := range f.weight {
		f.weight[x] /= 1 + rest
	}
	for i := range f.shift {
		f.shift[i] /= 1 + rest
	}
}

func inner(a, b []float64) float64 {
	sum := 0.0
	for i, x := range a {
		sum += x * b[i]
	}
	return sum
}

// deviate stores T(x) − T(mode) in t.
func (f *finite) deviate(x int) {
	f.statistic(f.t, x)
	for i, m := range f.mode {
		f.t[i] -= m
	}
}

// centre stores T(x) − E[T] in t.
func (f *finite) centre(x int) {
	f.deviate(x)
	for i, s := range f.shift {
		f.t[i] -= s
	}
}

// mean stores E[T].
func (f *finite) mean(dst []float64) {
	for i, m := range f.mode {
		dst[i] = m + f.shift[i]
	}
}

func (f *finite) logPartition() float64 { return f.top + f.mass }

// entropy is log Z − θ·(E[T] − T(mode)), of which neither term is negative.
func (f *finite) entropy(theta []float64) float64 { return f.mass - inner(theta, f.shift) }

// covariance stores Cov T in the lower triangle of dst, row-major.
func (f *finite) covariance(dst []float64) {
	d := f.dim()
	clear(dst)
	for x, p := range f.weight {
		if p == 0 {
			continue
		}
		f.centre(x)
		for i, a := range f.t {
			a *= p
			row := dst[i*d : i*d+i+1]
			for j := range row {
				row[j] += a * f.t[j]
			}
		}
	}
}

// cubic is the third central moment of T in the directions i, j, k.
func (f *finite) cubic(dst Tensor) {
	d := f.dim()
	dst.fill(func(_, _, _ int) float64 { return 0 })
	for x, p := range f.weight {
		f.centre(x)
		for i := range d {
			for j := range d {
				for k := range d {
					dst[i][j][k] += p * f.t[i] * f.t[j] * f.t[k]
				}
			}
		}
	}
}

// divergence is KL to the natural coordinates θ + change: log Σ p e^r with
// r = change·(T − E[T]), and since Σ p r = 0 also log(1 + Σ p(e^r − 1 − r)), whose
// terms are positive.
func (f *finite) divergence(change []float64) float64 {
	sum, highest := 0.0, math.Inf(-1)
	for x, p := range f.weight {
		f.centre(x)
		r := inner(change, f.t)
		if r <= 1 {
			sum += p * special.ExpExcess(r)
			continue
		}
		// p may have underflowed where p e^r counts.
		l := f.exponent[x] - f.mass + r
		highest = math.Max(highest, l)
		sum += math.Exp(l) - p*(1+r)
	}
	if highest < 700 {
		return math.Log1p(sum)
	}
	sum = 0
	for x := range f.weight {
		f.centre(x)
		sum += math.Exp(f.exponent[x] - f.mass + inner(change, f.t) - highest)
	}
	return highest + math.Log(sum)
}

// invert finds the natural coordinates whose E[T] is eta, from the start in theta,
// and reports whether it found them. It is Newton's method on the convex function
// A(θ) − θ·η; the step is damped by log(1+r)/r, r the largest change of a
// log-probability against the mean, with which it converges from anywhere (Sun &
// Tran-Dinh, Mathematical Programming 178, 2019).
func (f *finite) invert(theta, eta []float64) bool {
	d := f.dim()
	previous := math.Inf(1)
	for range 1000 {
		f.at(theta)
		f.covariance(f.matrix)
		if _, ok := cholesky.Factor(f.matrix, d); !ok {
			return false
		}
		for i, m := range f.mode {
			f.step[i] = eta[i] - m - f.shift[i]
		}
		cholesky.Solve(f.matrix, d, f.step)
		r := 0.0
		for x := range f.weight {
			f.centre(x)
			r = math.Max(r, math.Abs(inner(f.step, f.t)))
		}
		if !(r < 1e300) {
			return false
		}
		damping := 1.0
		if r > 1e-4 {
			damping = math.Log1p(r) / r
		}
		for i, s := range f.step {
			theta[i] += damping * s
		}
		// Rounding is all that is left when a small step no longer shrinks.
		if r == 0 || r < 1e-6 && r >= previous/2 {
			return true
		}
		previous = r
	}
	return false
}

// draw draws the number of an outcome.
func (f *finite) draw(rng *rand.Rand) int {
	u := rng.Float64()
	last := 0
	for x, p := range f.weight {
		if u -= p; u < 0 {
			return x
		}
		if p > 0 {
			last = x
		}
	}
	return last
}
