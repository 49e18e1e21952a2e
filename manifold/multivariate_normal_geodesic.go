package manifold

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// lift is the geodesic between two multivariate normals, as a one-parameter
// group of positive definite matrices of size 2d+1. In coordinates in which the
// first member is N(0, I) and the second N(μ, Σ) it is Gᵗ with
//
//	G = M diag(Σ⁻¹, 1, Σ) Mᵀ,  M = [[I, 0, 0], [μᵀ, 1, 0], [−½μμᵀ + W, −μ, I]],
//	log G = [[−B, x, 0], [xᵀ, 0, −xᵀ], [0, −x, B]],
//
// where the antisymmetric W is such that the corner of log G vanishes; (x, B)
// is the initial velocity of (μ, Σ) (P. Eriksen, 1986; S. Kobayashi, 2023).
// Without W, and without −½μμᵀ, the curve is no geodesic in more than one
// dimension.
type lift struct {
	d       int
	w       []float64 // antisymmetric, row-major
	delta   *mat.SymDense
	inverse *mat.SymDense // Σ⁻¹ − I
	mu      []float64
	excess  *mat.SymDense // G − I
	vectors mat.Dense
	logs    []float64 // of the eigenvalues of G, ascending
	corner  []float64
}

// mostLifts bounds the iterations for W.
const mostLifts = 200

func newLift(mu []float64, delta *mat.SymDense) (*lift, error) {
	d := len(mu)
	l := &lift{
		d: d, w: make([]float64, d*d), delta: delta, inverse: mat.NewSymDense(d, nil), mu: mu,
		excess: mat.NewSymDense(2*d+1, nil), logs: make([]float64, 2*d+1), corner: make([]float64, d*d),
	}
	// Σ⁻¹ − I = −Σ⁻¹(Σ − I), which keeps the digits of a small difference.
	sigma := mat.NewSymDense(d, nil)
	for i := range d {
		for j := range i + 1 {
			v := delta.At(i, j)
			if i == j {
				v++
			}
			sigma.SetSym(i, j, v)
		}
	}
	var c mat.Cholesky
	if !c.Factorize(sigma) {
		return nil, fmt.Errorf("covariances too far apart for float64: %w", ErrDomain)
	}
	var p mat.Dense
	if err := c.SolveTo(&p, delta); err != nil {
		return nil, fmt.Errorf("covariances too far apart for float64: %w", ErrDomain)
	}
	for i := range d {
		for j := range i + 1 {
			l.inverse.SetSym(i, j, -(p.At(i, j)+p.At(j, i))/2)
		}
	}
	return l, l.solve()
}

// solve finds W by Broyden's method, from W = 0 and the derivative of the
// corner at G = I, which is the identity.
func (l *lift) solve() error {
	miss, err := l.at()
	if err != nil {
		return err
	}
	n := l.d * l.d
	var steps, updates [][]float64 // inverse Jacobian I + Σ u sᵀ
	step, residual := make([]float64, n), append([]float64(nil), l.corner...)
	best := append([]float64(nil), l.w...)
	least := miss
	for range mostLifts {
		if miss <= 1e-15 {
			break
		}
		apply := func(dst, v []float64) {
			copy(dst, v)
			for k, u := range updates {
				inner := 0.0
				for i, s := range steps[k] {
					inner += s * dst[i]
				}
				for i, x := range u {
					dst[i] += inner * x
				}
			}
		}
		apply(step, residual)
		damping := 1.0
		old := append([]float64(nil), l.w...)
		before := miss
		for ; damping > 1e-3; damping /= 2 {
			for i, s := range step {
				l.w[i] = old[i] - damping*s
			}
			if miss, err = l.at(); err == nil && miss < 2*before {
				break
			}
		}
		if err != nil {
			return err
		}
		if miss < least {
			least = miss
			copy(best, l.w)
		} else if least < 1e-11 {
			break // rounding
		}
		// Good Broyden: with Δw = −damping·step and y the change of the corner,
		// H += (Δw − Hy)(Δwᵀ)/(Δw·Hy), applied to the vector H₀ has made.
		y, hy, dw := make([]float64, n), make([]float64, n), make([]float64, n)
		inner := 0.0
		for i := range y {
			y[i] = l.corner[i] - residual[i]
			dw[i] = l.w[i] - old[i]
		}
		apply(hy, y)
		for i := range dw {
			inner += dw[i] * hy[i]
		}
		if inner != 0 {
			u := make([]float64, n)
			for i := range u {
				u[i] = (dw[i] - hy[i]) / inner
			}
			steps, updates = append(steps, dw), append(updates, u)
		}
		copy(residual, l.corner)
	}
	copy(l.w, best)
	if miss, err = l.at(); err != nil {
		return err
	}
	if miss > 1e-8 {
		return fmt.Errorf("the lift of the geodesic misses by %.3g: %w", miss, errors.ErrUnsupported)
	}
	return nil
}

// at decomposes G at the current W, sets corner, the antisymmetric part of the
// corner of log G, and returns its largest entry.
func (l *lift) at() (float64, error) {
	d := l.d
	size := 2*d + 1
	// N = M − I, and G − I = Δ + N + Nᵀ + NNᵀ + NΔ + ΔNᵀ + NΔNᵀ.
	n, delta := mat.NewDense(size, size, nil), mat.NewDense(size, size, nil)
	for i := range d {
		n.Set(d, i, l.mu[i])
		n.Set(d+1+i, d, -l.mu[i])
		for j := range d {
			n.Set(d+1+i, j, l.w[i*d+j]-l.mu[i]*l.mu[j]/2)
			delta.Set(i, j, l.inverse.At(i, j))
			delta.Set(d+1+i, d+1+j, l.delta.At(i, j))
		}
	}
	var nn, nd, ndn mat.Dense
	nn.Mul(n, n.T())
	nd.Mul(n, delta)
	ndn.Mul(&nd, n.T())
	for i := range size {
		for j := range i + 1 {
			l.excess.SetSym(i, j, delta.At(i, j)+n.At(i, j)+n.At(j, i)+nn.At(i, j)+nd.At(i, j)+nd.At(j, i)+(ndn.At(i, j)+ndn.At(j, i))/2)
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(l.excess, true) {
		return math.Inf(1), fmt.Errorf("no eigenvalues: %w", errors.ErrUnsupported)
	}
	values := eigen.Values(nil)
	eigen.VectorsTo(&l.vectors)
	// Eigenvalues come in pairs λ, 1/λ, of which the larger is the more
	// accurate.
	for i := range d {
		v := math.Log1p(values[size-1-i])
		l.logs[size-1-i], l.logs[i] = v, -v
	}
	l.logs[d] = 0
	largest := 0.0
	for i := range d {
		for j := range i {
			v := (l.entry(d+1+i, j, nil) - l.entry(d+1+j, i, nil)) / 2
			l.corner[i*d+j], l.corner[j*d+i] = v, -v
			largest = math.Max(largest, math.Abs(v))
		}
	}
	if largest != largest {
		return math.Inf(1), fmt.Errorf("covariances too far apart for float64: %w", ErrDomain)
	}
	return largest, nil
}

// entry is an entry of f(log G), of log G itself where f is nil.
func (l *lift) entry(i, j int, f func(float64) float64) float64 {
	sum := 0.0
	for k, v := range l.logs {
		if f != nil {
			v = f(v)
		}
		sum += v * l.vectors.At(i, k) * l.vectors.At(j, k)
	}
	return sum
}

// distance is ½‖log G‖.
func (l *lift) distance() float64 {
	sum := 0.0
	for _, v := range l.logs {
		sum = math.Hypot(sum, v)
	}
	return sum / 2
}

// pair is q in coordinates in which p is N(0, I), and the Cholesky factor of
// p's covariance, which leads back.
func (f MultivariateNormal) pair(p, q []float64) (*lift, *mat.TriDense, error) {
	if err := checkBoth(f, p, q); err != nil {
		return nil, nil, err
	}
	d := f.d()
	sigma, delta := mat.NewSymDense(d, nil), mat.NewDense(d, d, nil)
	k := d
	for i := range d {
		for j := range i + 1 {
			sigma.SetSym(i, j, p[k])
			delta.Set(i, j, q[k]-p[k])
			delta.Set(j, i, q[k]-p[k])
			k++
		}
	}
	var c mat.Cholesky
	var factor mat.TriDense
	if !c.Factorize(sigma) {
		return nil, nil, fmt.Errorf("%s: covariance is singular: %w", f.Name(), ErrDomain)
	}
	c.LTo(&factor)
	mu := mat.NewVecDense(d, nil)
	for i := range d {
		mu.SetVec(i, q[i]-p[i])
	}
	var half, white mat.Dense
	var mean mat.VecDense
	if err := errors.Join(half.Solve(&factor, delta), white.Solve(&factor, half.T()), mean.SolveVec(&factor, mu)); err != nil {
		var condition mat.Condition
		if !errors.As(err, &condition) {
			return nil, nil, fmt.Errorf("%s: %w", f.Name(), err)
		}
	}
	whitened := mat.NewSymDense(d, nil)
	for i := range d {
		for j := range i + 1 {
			whitened.SetSym(i, j, (white.At(i, j)+white.At(j, i))/2)
		}
	}
	l, err := newLift(mean.RawVector().Data, whitened)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	return l, &factor, nil
}

// Distance is ½‖log G‖ of the lift of the geodesic to positive definite
// matrices of size 2d+1, found by iteration.
func (f MultivariateNormal) Distance(p, q []float64) (float64, error) {
	l, _, err := f.pair(p, q)
	if err != nil {
		return math.NaN(), err
	}
	return l.distance(), nil
}

// back stores L v and L S Lᵀ in dst, packed.
func (f MultivariateNormal) back(dst []float64, factor *mat.TriDense, v []float64, s mat.Matrix) {
	d := f.d()
	var mean mat.VecDense
	mean.MulVec(factor, mat.NewVecDense(d, v))
	copy(dst, mean.RawVector().Data)
	var half, full mat.Dense
	half.Mul(factor, s)
	full.Mul(&half, factor.T())
	k := d
	for i := range d {
		for j := range i + 1 {
			dst[k] = (full.At(i, j) + full.At(j, i)) / 2
			k++
		}
	}
}

// Log is made of the blocks x and B of log G.
func (f MultivariateNormal) Log(dst, p, q []float64) error {
	l, factor, err := f.pair(p, q)
	if err != nil {
		return err
	}
	d := f.d()
	x, b := make([]float64, d), mat.NewDense(d, d, nil)
	for i := range d {
		// Both places of each block, which rounding tells apart.
		x[i] = (l.entry(i, d, nil) - l.entry(d+1+i, d, nil)) / 2
		for j := range d {
			b.Set(i, j, (l.entry(d+1+i, d+1+j, nil)-l.entry(i, j, nil))/2)
		}
	}
	f.back(dst, factor, x, b)
	return nil
}

// Geodesic has Σ(s) = (Gˢ)₁₁⁻¹ and μ(s) = Σ(s)(Gˢ)₁₂.
func (f MultivariateNormal) Geodesic(dst, p, q []float64, s float64) error {
	l, factor, err := f.pair(p, q)
	if err != nil {
		return err
	}
	d := f.d()
	power := func(v float64) float64 { return math.Expm1(s * v) }
	precision, shift := mat.NewSymDense(d, nil), mat.NewVecDense(d, nil)
	for i := range d {
		shift.SetVec(i, l.entry(i, d, power))
		for j := range i + 1 {
			v := l.entry(i, j, power)
			if i == j {
				v++
			}
			precision.SetSym(i, j, v)
		}
	}
	var c mat.Cholesky
	if !c.Factorize(precision) {
		return fmt.Errorf("%s: the geodesic leaves the range of float64: %w", f.Name(), ErrDomain)
	}
	var sigma mat.SymDense
	var mean mat.VecDense
	if err := errors.Join(c.InverseTo(&sigma), c.SolveVecTo(&mean, shift)); err != nil {
		return fmt.Errorf("%s: the geodesic leaves the range of float64: %w", f.Name(), ErrDomain)
	}
	f.back(dst, factor, mean.RawVector().Data, &sigma)
	for i := range d {
		dst[i] += p[i]
	}
	return f.Check(dst)
}

// costlyDistance marks a distance that costs much more than a divergence.
func (MultivariateNormal) costlyDistance() {}

var (
	_ Distancer = MultivariateNormal{}
	_ Geodesic  = MultivariateNormal{}
	_ Logarithm = MultivariateNormal{}
)
