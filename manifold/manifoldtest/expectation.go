package manifoldtest

import (
	"fmt"
	"math"

	"fisherflow/manifold"

	"gonum.org/v1/gonum/integrate/quad"
)

// An oracle takes expectations of functions of an observation under a density
// that is known by its logarithm only: a list of nodes with weights that
// include the density.
type oracle struct {
	nodes   [][]float64
	weights []float64
}

// mean is E[f(x)].
func (o *oracle) mean(f func(x []float64) float64) float64 {
	return o.meanAt(func(k int) float64 { return f(o.nodes[k]) })
}

// meanAt is E[f] of a function that knows its values at the nodes.
func (o *oracle) meanAt(f func(node int) float64) float64 {
	sum, lost := 0.0, 0.0
	for i := range o.nodes {
		y := o.weights[i]*f(i) - lost
		s := sum + y
		lost = (s - sum) - y
		sum = s
	}
	return sum
}

// newOracle makes the nodes for the family at theta. Support says what an
// observation is; the density decides where the nodes lie.
func newOracle(f manifold.Family, theta []float64, support Support) (*oracle, error) {
	density, ok := f.(manifold.LogDensity)
	if !ok {
		return nil, fmt.Errorf("%s has no log-density", f.Name())
	}
	switch support {
	case Counts:
		return counts(density, theta), nil
	case Line, Corner:
		return line(density, theta, func(u float64) (x, slope float64) { return u, 1 }), nil
	case HalfLine:
		return line(density, theta, func(u float64) (x, slope float64) { return math.Exp(u), math.Exp(u) }), nil
	case Above:
		end := bound(density, theta)
		return line(density, theta, func(u float64) (x, slope float64) { return end + math.Exp(u), math.Exp(u) }), nil
	case Unit:
		return line(density, theta, func(u float64) (x, slope float64) {
			return logistic(u), logistic(u) * logistic(-u)
		}), nil
	}
	o, ok := f.(manifold.Observed)
	if !ok {
		return nil, fmt.Errorf("%s does not say what its observations are", f.Name())
	}
	switch n := o.ObservationDim(); support {
	case Circle:
		return circle(density, theta), nil
	case Sphere:
		return sphere(density, theta, n), nil
	case Space:
		return space(density, theta, n)
	case Simplex:
		return simplex(density, theta, n), nil
	case Matrices:
		return matrices(density, theta, n), nil
	case Finite:
		return finite(density, theta, n, o.CheckObservation), nil
	}
	return nil, fmt.Errorf("no oracle for support %d", support)
}

// counts sums over 0, 1, 2, … until the density has vanished.
func counts(density manifold.LogDensity, theta []float64) *oracle {
	o := &oracle{}
	peak := math.Inf(-1)
	for k := 0.0; k < 1e6; k++ {
		l := density.LogDensity([]float64{k}, theta)
		peak = math.Max(peak, l)
		if l > peak-90 {
			o.nodes = append(o.nodes, []float64{k})
			o.weights = append(o.weights, math.Exp(l))
		} else if k > 3 && !math.IsInf(peak, -1) && l < peak-90 {
			break
		}
	}
	return o
}

func logistic(u float64) float64 { return 1 / (1 + math.Exp(-u)) }

// finite sums over the vectors of whole numbers that are accepted.
func finite(density manifold.LogDensity, theta []float64, n int, check func(x []float64) error) *oracle {
	const low, high = -1, 12
	o := &oracle{}
	x := make([]float64, n)
	for i := range x {
		x[i] = low
	}
	for {
		if check(x) == nil {
			o.nodes = append(o.nodes, append([]float64(nil), x...))
			o.weights = append(o.weights, math.Exp(density.LogDensity(x, theta)))
		}
		i := 0
		for ; i < n; i++ {
			if x[i]++; x[i] <= high {
				break
			}
			x[i] = low
		}
		if i == n {
			return o
		}
	}
}

// simplex is the trapezoidal rule in the logits u of stick breaking, x_i =
// σ(u_i) Π_{j<i} σ(−u_j), on a box that is grown until the density has vanished.
func simplex(density manifold.LogDensity, theta []float64, n int) *oracle {
	steps := make([]float64, n-1)
	for i := range steps {
		steps[i] = 0.4
	}
	return grown(steps, func(u []float64) (x []float64, l float64) {
		x = make([]float64, n)
		rest, slope := 1.0, 1.0
		for i, v := range u {
			x[i] = rest * logistic(v)
			slope *= x[i] * logistic(-v)
			rest *= logistic(-v)
		}
		x[n-1] = rest
		if slope == 0 {
			return x, math.Inf(-1)
		}
		return x, density.LogDensity(x, theta) + math.Log(slope)
	})
}

// matrices is the trapezoidal rule in the Cholesky factor, with the logarithms of
// its diagonal s − e^(−s), so that the density of s falls fast on both sides.
func matrices(density manifold.LogDensity, theta []float64, n int) *oracle {
	if n == 1 {
		return line(density, theta, func(u float64) (x, slope float64) { return math.Exp(u), math.Exp(u) })
	}
	return grown([]float64{0.1, 0.42, 0.1}, func(u []float64) (x []float64, l float64) {
		p, q := math.Exp(-u[0]), math.Exp(-u[2])
		la, b, lc := u[0]-p, u[1], u[2]-q
		a, c := math.Exp(la), math.Exp(lc)
		x = []float64{a * a, a * b, b*b + c*c}
		// dx₁₁ dx₂₁ dx₂₂ = 2a·a·2c da db dc, da = a(1 + e^(−s)) ds.
		return x, density.LogDensity(x, theta) + math.Log(4) + 3*la + 2*lc + math.Log1p(p) + math.Log1p(q)
	})
}

// grown is the trapezoidal rule on a grid of points u, grown from the origin along
// neighbours until the density has vanished; at has x(u) and the logarithm of the
// density of u.
func grown(steps []float64, at func(u []float64) (x []float64, l float64)) *oracle {
	type cell [3]int
	o := &oracle{}
	seen := map[cell]bool{{}: true}
	queue := []cell{{}}
	peak, volume := math.Inf(-1), 1.0
	for _, h := range steps {
		volume *= h
	}
	u := make([]float64, len(steps))
	for len(queue) > 0 {
		c := queue[0]
		queue = queue[1:]
		for i, h := range steps {
			u[i] = h * float64(c[i])
		}
		x, l := at(u)
		if l > peak {
			peak = l
		}
		if !(l >= peak-42) {
			continue
		}
		o.nodes = append(o.nodes, x)
		o.weights = append(o.weights, volume*math.Exp(l))
		for i := range u {
			for _, step := range []int{-1, 1} {
				next := c
				next[i] += step
				if !seen[next] {
					seen[next] = true
					queue = append(queue, next)
				}
			}
		}
	}
	return o
}

// weighed is the oracle of nodes with the weights of a measure.
func weighed(density manifold.LogDensity, theta []float64, nodes [][]float64, measure []float64) *oracle {
	o := &oracle{nodes: nodes}
	for i, x := range nodes {
		o.weights = append(o.weights, measure[i]*math.Exp(density.LogDensity(x, theta)))
	}
	return o
}

// circle is the trapezoidal rule, which converges geometrically.
func circle(density manifold.LogDensity, theta []float64) *oracle {
	const n = 400
	var nodes [][]float64
	var measure []float64
	for i := range n {
		nodes = append(nodes, []float64{2*math.Pi*float64(i)/n - math.Pi})
		measure = append(measure, 2*math.Pi/n)
	}
	return weighed(density, theta, nodes, measure)
}

// sphere is the product of the trapezoidal rule in the azimuth and Gauss–Legendre
// rules in the polar angles.
func sphere(density manifold.LogDensity, theta []float64, n int) *oracle {
	turns, points := 64, 48
	if n > 3 {
		turns, points = 24, 18
	}
	var nodes [][]float64
	var measure []float64
	for i := range turns {
		s, c := math.Sincos(2 * math.Pi * (float64(i) + 0.5) / float64(turns))
		nodes = append(nodes, []float64{c, s})
		measure = append(measure, 2*math.Pi/float64(turns))
	}
	angle, weight := make([]float64, points), make([]float64, points)
	quad.Legendre{}.FixedLocations(angle, weight, 0, math.Pi)
	for k := 2; k < n; k++ {
		// The sphere of one more dimension, (x sin, cos), has area sin^(k−1).
		var up [][]float64
		var upMeasure []float64
		for j, a := range angle {
			s, c := math.Sincos(a)
			for i, x := range nodes {
				y := make([]float64, 0, k+1)
				for _, v := range x {
					y = append(y, v*s)
				}
				up = append(up, append(y, c))
				upMeasure = append(upMeasure, measure[i]*weight[j]*math.Pow(s, float64(k-1)))
			}
		}
		nodes, measure = up, upMeasure
	}
	return weighed(density, theta, nodes, measure)
}

// bound is the point of the positive reals below which the density vanishes.
func bound(density manifold.LogDensity, theta []float64) float64 {
	low, high := 0.0, 1e6
	for {
		middle := low + (high-low)/2
		if middle == low || middle == high {
			return high
		}
		if math.IsInf(density.LogDensity([]float64{middle}, theta), -1) {
			low = middle
		} else {
			high = middle
		}
	}
}

// line is the trapezoidal rule in u, x = x(u), over the range where the density
// of u is not negligible; for an analytic density it converges geometrically.
// line is composite Gauss–Legendre quadrature in t, u = c + w sinh t and
// x = x(u), about the peak c of the density of u, with w its width: panels end
// at the peak, where the density may have a corner, and reach as far as it is
// not negligible, which a heavy tail is only after many orders of magnitude.
func line(density manifold.LogDensity, theta []float64, at func(u float64) (x, slope float64)) *oracle {
	return panels(density, theta, at, math.NaN(), 20, 0.2)
}

// corners is line for densities with a corner, with a panel that ends at the
// corner of another member.
func corners(density manifold.LogDensity, theta, other []float64) *oracle {
	corner, _ := peakOf(func(u float64) float64 { return density.LogDensity([]float64{u}, other) })
	return panels(density, theta, func(u float64) (x, slope float64) { return u, 1 }, corner, 20, 0.2)
}

func panels(density manifold.LogDensity, theta []float64, at func(u float64) (x, slope float64), corner float64, points int, narrowest float64) *oracle {
	log := func(u float64) float64 {
		x, slope := at(u)
		if x == 0 || math.IsInf(x, 0) {
			return math.Inf(-1)
		}
		return density.LogDensity([]float64{x}, theta) + math.Log(slope)
	}
	peak, width := peakOf(log)
	t, w := make([]float64, points), make([]float64, points)
	quad.Legendre{}.FixedLocations(t, w, -1, 1)
	o := &oracle{}
	best := log(peak)
	for _, direction := range []float64{-1, 1} {
		split := math.Asinh(direction * (corner - peak) / width)
		for a, h := 0.0, narrowest; a < 690; a, h = a+h, math.Max(narrowest, a/8) {
			if a < split && split < a+h {
				h = split - a
			}
			if log(peak+direction*width*math.Sinh(a))+a < best-90 {
				break
			}
			for k := range t {
				s := a + h*(1+t[k])/2
				u := peak + direction*width*math.Sinh(s)
				if l := log(u); l > best-800 {
					x, _ := at(u)
					o.nodes = append(o.nodes, []float64{x})
					o.weights = append(o.weights, h/2*w[k]*width*math.Exp(l)*math.Cosh(s))
				}
			}
		}
	}
	return o
}

// jointly has the product of the nodes of every number, found with the others
// held fixed, weighted by the joint density.
func jointly(f manifold.Family, theta []float64, supports []Support) (*oracle, error) {
	density, ok := f.(manifold.LogDensity)
	if !ok {
		return nil, fmt.Errorf("%s has no log-density", f.Name())
	}
	x := make([]float64, len(supports))
	for i := range x {
		x[i] = 1 // in every support
	}
	o := &oracle{nodes: [][]float64{{}}, weights: []float64{1}}
	for i, s := range supports {
		slice := along{density, x, i}
		var axis *oracle
		switch s {
		case Counts:
			axis = counts(slice, theta)
		case Line:
			axis = panels(slice, theta, func(u float64) (x, slope float64) { return u, 1 }, math.NaN(), 12, 0.5)
		case HalfLine:
			axis = panels(slice, theta, func(u float64) (x, slope float64) { return math.Exp(u), math.Exp(u) }, math.NaN(), 12, 0.5)
		default:
			return nil, fmt.Errorf("no joint oracle for support %d", s)
		}
		next := &oracle{}
		for j, node := range o.nodes {
			for k, y := range axis.nodes {
				next.nodes = append(next.nodes, append(append([]float64(nil), node...), y[0]))
				next.weights = append(next.weights, o.weights[j]*axis.weights[k]*math.Exp(-density.LogDensity(slice.with(y[0]), theta)))
			}
		}
		o = next
	}
	kept := &oracle{}
	for i, node := range o.nodes {
		if w := o.weights[i] * math.Exp(density.LogDensity(node, theta)); w > 1e-25 {
			kept.nodes, kept.weights = append(kept.nodes, node), append(kept.weights, w)
		}
	}
	return kept, nil
}

// along is a density as a function of one of its numbers.
type along struct {
	density manifold.LogDensity
	x       []float64
	i       int
}

func (a along) with(y float64) []float64 {
	x := append([]float64(nil), a.x...)
	x[a.i] = y
	return x
}

func (a along) LogDensity(y, theta []float64) float64 {
	return a.density.LogDensity(a.with(y[0]), theta)
}

// peakOf finds the largest value of a function that rises and then falls, and
// how far from it the function has fallen by a half.
func peakOf(log func(u float64) float64) (peak, width float64) {
	best := math.Inf(-1)
	for i := -4000; i <= 4000; i++ {
		for _, u := range []float64{float64(i) / 20, math.Sinh(float64(i) / 250)} {
			if l := log(u); l > best {
				best, peak = l, u
			}
		}
	}
	step := math.Max(0.1, math.Abs(peak)/100)
	a, b := peak-step, peak+step
	for range 200 {
		c, d := a+(b-a)/3, b-(b-a)/3
		if log(c) < log(d) {
			a = c
		} else {
			b = d
		}
	}
	peak = a + (b-a)/2
	best = log(peak)
	width = 1e-12 * math.Max(1, math.Abs(peak))
	for width < 1e12 && log(peak+width) > best-0.5 && log(peak-width) > best-0.5 {
		width *= 1.5
	}
	return peak, width
}

// space is Gauss–Hermite quadrature about the mode of a density on Rⁿ, scaled
// by its curvature there, both found from the log-density; it is exact to
// rounding for polynomials under a normal density.
func space(density manifold.LogDensity, theta []float64, n int) (*oracle, error) {
	log := func(x []float64) float64 { return density.LogDensity(x, theta) }
	mode := make([]float64, n)
	var hessian [][]float64
	const h = 1e-2
	// Newton's method on a quadratic: one step, and one to polish.
	for range 3 {
		gradient := make([]float64, n)
		hessian = make([][]float64, n)
		shifted := func(i, j int, a, b float64) float64 {
			x := append([]float64(nil), mode...)
			x[i] += a
			x[j] += b
			return log(x)
		}
		for i := range n {
			hessian[i] = make([]float64, n)
			gradient[i] = (shifted(i, i, h, 0) - shifted(i, i, -h, 0)) / (2 * h)
			for j := range i + 1 {
				v := (shifted(i, j, h, h) - shifted(i, j, h, -h) - shifted(i, j, -h, h) + shifted(i, j, -h, -h)) / (4 * h * h)
				hessian[i][j], hessian[j][i] = v, v
			}
		}
		l, err := factor(hessian)
		if err != nil {
			return nil, err
		}
		step := solve(l, gradient)
		for i := range mode {
			mode[i] += step[i]
		}
	}
	l, err := factor(hessian)
	if err != nil {
		return nil, err
	}
	const points = 14
	t, w := make([]float64, points), make([]float64, points)
	quad.Hermite{}.FixedLocations(t, w, math.Inf(-1), math.Inf(1))
	o := &oracle{}
	logDet := 0.0
	for i := range n {
		logDet += math.Log(l[i][i])
	}
	index := make([]int, n)
	for {
		z, weight, square := make([]float64, n), 1.0, 0.0
		for i, k := range index {
			z[i] = math.Sqrt2 * t[k]
			weight *= w[k] * math.Sqrt2
			square += t[k] * t[k]
		}
		// x = mode + L⁻ᵀz.
		x := append([]float64(nil), mode...)
		for i, v := range backward(l, z) {
			x[i] += v
		}
		o.nodes = append(o.nodes, x)
		o.weights = append(o.weights, weight*math.Exp(log(x)+square-logDet))
		i := 0
		for ; i < n; i++ {
			if index[i]++; index[i] < points {
				break
			}
			index[i] = 0
		}
		if i == n {
			return o, nil
		}
	}
}

// factor is the Cholesky factor of −h.
func factor(h [][]float64) ([][]float64, error) {
	n := len(h)
	l := make([][]float64, n)
	for i := range l {
		l[i] = make([]float64, n)
		for j := range i + 1 {
			s := -h[i][j]
			for k := range j {
				s -= l[i][k] * l[j][k]
			}
			if i == j {
				if !(s > 0) {
					return nil, fmt.Errorf("the log-density is not concave at its mode")
				}
				l[i][i] = math.Sqrt(s)
			} else {
				l[i][j] = s / l[j][j]
			}
		}
	}
	return l, nil
}

func backward(l [][]float64, b []float64) []float64 {
	x := append([]float64(nil), b...)
	for i := len(l) - 1; i >= 0; i-- {
		x[i] /= l[i][i]
		for k := range i {
			x[k] -= l[i][k] * x[i]
		}
	}
	return x
}

func solve(l [][]float64, b []float64) []float64 {
	x := append([]float64(nil), b...)
	for i := range l {
		for k := range i {
			x[i] -= l[i][k] * x[k]
		}
		x[i] /= l[i][i]
	}
	return backward(l, x)
}
