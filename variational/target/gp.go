package target

import (
	"errors"
	"fmt"
	"math"

	"fisherflow/internal/cholesky"

	"gonum.org/v1/gonum/mat"
)

// A Process describes a latent Gaussian process f at inputs xᵢ with the kernel
//
//	k(x, x′) = α² exp(−|x − x′|²/2ρ²) + jitter δ
//
// and a likelihood of responses given f. With f = m + Lw, K = LLᵀ, the unknowns
// w ~ N(0, 1) are whitened.
type Process struct {
	// Likelihood is "gaussian", "poisson" (of rate e^f), "logistic" or
	// "probit".
	Likelihood string
	X          mat.Matrix // one row an input
	Y          []float64
	Mean       float64 // m
	// Lengthscale, Scale and, for the gaussian likelihood, Noise are ρ, α and
	// the standard deviation σ where they are known; 0 means unknown. Known
	// hyper-parameters make the target a [LinearModel] in w with names f[i].
	Lengthscale, Scale, Noise float64
	// Priors of the unknown ones by the names rho, alpha, sigma; flat if none.
	Priors map[string]Prior
	// Jitter is added to the kernel's diagonal; 0 means 1e-10.
	Jitter float64
}

// New makes the target: for the gaussian likelihood with unknown
// hyper-parameters f is integrated out and z = (ln ρ, ln α, ln σ); otherwise
// z = (ln ρ, ln α, w), or w alone.
func (p *Process) New() (Target, error) {
	n, d := p.X.Dims()
	if len(p.Y) != n {
		panic("target: lengths of inputs and responses differ")
	}
	if n < 2 {
		return nil, &ObservationError{Row: -1, Problem: fmt.Sprintf("too few rows: a Gaussian process needs at least 2, not %d", n)}
	}
	model := map[string]string{"gaussian": "linear", "poisson": "poisson", "logistic": "logistic", "probit": "probit"}[p.Likelihood]
	if model == "" {
		return nil, &NameError{Kind: "likelihood", Name: p.Likelihood, Names: []string{"gaussian", "poisson", "logistic", "probit"}}
	}
	if err := (&Regression{Model: model, Response: "y", Y: p.Y, X: mat.NewDense(n, 1, ones(n)), Predictors: []string{""}, NoIntercept: true, Coefficients: Normal{0, 1}}).check(); err != nil {
		return nil, err
	}
	k := &kernel{n: n, square: make([]float64, n*n), jitter: p.Jitter}
	if k.jitter == 0 {
		k.jitter = 1e-10
	}
	for i := range n {
		for j := range d {
			if !finite(p.X.At(i, j)) {
				return nil, &ObservationError{Row: i, Problem: fmt.Sprintf("an input is %v, not a finite number", p.X.At(i, j))}
			}
		}
		for j := range i {
			s := 0.0
			for l := range d {
				e := p.X.At(i, l) - p.X.At(j, l)
				s += e * e
			}
			k.square[i*n+j], k.square[j*n+i] = s, s
		}
	}
	var l term
	switch p.Likelihood {
	case "poisson":
		l = poissonTerm{}
	case "logistic":
		l = logisticTerm{}
	case "probit":
		l = probitTerm{}
	}
	known := p.Lengthscale != 0 && p.Scale != 0
	if !known && (p.Lengthscale != 0 || p.Scale != 0) {
		return nil, errors.New("give both the length scale and the scale of the kernel, or neither")
	}
	names := []string{"rho", "alpha"}
	if l == nil {
		names = append(names, "sigma")
		if known != (p.Noise != 0) {
			return nil, errors.New("give all of the length scale, the scale and the noise, or none")
		}
	}
	if known {
		if len(p.Priors) > 0 {
			return nil, errors.New("known hyper-parameters have no priors: leave one out")
		}
		for _, v := range []float64{p.Lengthscale, p.Scale} {
			if !(v > 0) || !finite(v) {
				return nil, fmt.Errorf("the length scale and the scale of a kernel must be positive, not %v", v)
			}
		}
		if l == nil {
			if !(p.Noise > 0) || !finite(p.Noise) {
				return nil, fmt.Errorf("the noise must be positive, not %v", p.Noise)
			}
			l = gaussianTerm{p.Noise}
		}
		return p.known(k, l)
	}
	set, err := coordinatesFor(names, names, p.Priors)
	if err != nil {
		return nil, err
	}
	// With α → ∞ or ρ → ∞ the likelihood does not fall to 0 fast enough.
	for _, c := range set[:2] {
		if _, flat := c.prior.(Flat); flat {
			return nil, fmt.Errorf("%w: %s needs a prior, since the likelihood does not vanish as it grows", ErrImproper, c.name)
		}
	}
	if l == nil {
		t := &GPRegression{coordinateSet: set, kernel: k, y: p.Y, mean: p.Mean}
		return t.Clone(), nil
	}
	t := &Latent{own: set, kernel: k, y: p.Y, mean: p.Mean, term: l}
	return t.Clone(), nil
}

func ones(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = 1
	}
	return x
}

// known is the target with known hyper-parameters: a linear model whose design
// is L.
func (p *Process) known(k *kernel, l term) (Target, error) {
	n := k.n
	k.allocate()
	if err := k.set(p.Lengthscale, p.Scale, 0); err != nil {
		return nil, err
	}
	lower := mat.NewDense(n, n, nil)
	for i := range n {
		for j := range i + 1 {
			lower.Set(i, j, k.lower[i*n+j])
		}
	}
	var set coordinateSet
	for _, name := range numbered("f", n) {
		c, _ := newCoordinate(name, Normal{0, 1}, false)
		set = append(set, c)
	}
	if p.Mean != 0 {
		l = shifted{l, p.Mean}
	}
	t := &Whitened{newPredictor(set, newDesign(lower), p.Y, l), p.Mean}
	return t, nil
}

// shifted is a term at a predictor with an offset.
type shifted struct {
	term
	by float64
}

func (t shifted) at(y, s float64) (value, first, second float64) { return t.term.at(y, s+t.by) }

func (t shifted) expect(y, mean, variance float64) (value, first, second float64, ok bool) {
	return t.term.expect(y, mean+t.by, variance)
}

// Whitened is a Gaussian process with known hyper-parameters, a linear model
// in w whose parameters are f = m + Lw.
type Whitened struct {
	*Predictor
	mean float64
}

// Clone implements [Cloner].
func (t *Whitened) Clone() Target { return &Whitened{t.Predictor.Clone().(*Predictor), t.mean} }

// Coordinates implements [Named].
func (t *Whitened) Coordinates() []string { return numbered("w", t.Dim()) }

// Constrain implements [Named].
func (t *Whitened) Constrain(dst, z []float64) []float64 {
	if dst == nil {
		dst = make([]float64, len(z))
	}
	t.x.times(dst, z)
	for i := range dst {
		dst[i] += t.mean
	}
	return dst
}

// kernel is the covariance matrix of a squared exponential kernel with its
// Cholesky factor and derivatives.
type kernel struct {
	n      int
	square []float64 // |xᵢ − xⱼ|²
	jitter float64

	lower, matrix, work, column []float64
	inverse                     []float64
}

func (k *kernel) clone() *kernel {
	c := *k
	c.allocate()
	return &c
}

func (k *kernel) allocate() {
	n := k.n * k.n
	k.lower, k.matrix, k.work, k.inverse = make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	k.column = make([]float64, k.n)
}

// set fills matrix with α² exp(−r²/2ρ²) and factors it with noise² and the
// jitter on the diagonal.
func (k *kernel) set(rho, alpha, noise float64) error {
	n := k.n
	a := alpha * alpha
	w := -1 / (2 * rho * rho)
	for i := range n {
		for j := range i + 1 {
			v := a * math.Exp(w*k.square[i*n+j])
			k.matrix[i*n+j], k.matrix[j*n+i] = v, v
			k.lower[i*n+j], k.lower[j*n+i] = v, 0
		}
		k.lower[i*n+i] = a + noise*noise + k.jitter
	}
	if pivot, ok := cholesky.Factor(k.lower, n); !ok || math.IsNaN(a) || math.IsInf(a, 0) {
		return fmt.Errorf("the kernel at rho = %.6g, alpha = %.6g is not positive definite (pivot %d): %w", rho, alpha, pivot+1, ErrDomain)
	}
	return nil
}

// GPRegression is a Gaussian process with normal noise, f integrated out:
// y ~ N(m, K + σ²I), z = (ln ρ, ln α, ln σ).
type GPRegression struct {
	coordinateSet
	kernel *kernel
	y      []float64
	mean   float64

	solved []float64
	x      []float64
}

var (
	_ Cloner = (*GPRegression)(nil)
	_ Named  = (*GPRegression)(nil)
)

// Clone implements [Cloner].
func (t *GPRegression) Clone() Target {
	c := *t
	c.kernel = t.kernel.clone()
	c.solved, c.x = make([]float64, len(t.y)), make([]float64, 3)
	return &c
}

// Dim is 3.
func (t *GPRegression) Dim() int { return 3 }

// LogDensity implements [Target].
func (t *GPRegression) LogDensity(grad, z []float64) (float64, error) {
	checkLength(t.Dim(), grad, z)
	x := t.Constrain(t.x, z)
	k, n := t.kernel, t.kernel.n
	if err := k.set(x[0], x[1], x[2]); err != nil {
		return math.Inf(-1), err
	}
	for i, y := range t.y {
		t.solved[i] = y - t.mean
	}
	cholesky.SolveLower(k.lower, n, t.solved)
	value := -float64(n)*lnSqrt2Pi - cholesky.LogDet(k.lower, n)/2
	for _, v := range t.solved {
		value -= v * v / 2
	}
	if grad == nil {
		return value + t.add(nil, z), nil
	}
	cholesky.SolveUpper(k.lower, n, t.solved)
	cholesky.Invert(k.inverse, k.lower, n)
	// ∂/∂θ = ½ Σᵢⱼ (aᵢaⱼ − K⁻¹ᵢⱼ) ∂Kᵢⱼ/∂θ, a = K⁻¹(y−m),
	// K⁻¹ = L⁻ᵀL⁻¹.
	clear(grad)
	for i := range n {
		for j := range i + 1 {
			w := t.solved[i] * t.solved[j]
			for m := i; m < n; m++ {
				w -= k.inverse[m*n+i] * k.inverse[m*n+j]
			}
			if i == j {
				w /= 2
			}
			grad[0] += w * k.matrix[i*n+j] * k.square[i*n+j]
			grad[1] += w * k.matrix[i*n+j]
			if i == j {
				grad[2] += w
			}
		}
	}
	grad[0] /= x[0] * x[0] * x[0]
	grad[1] *= 2 / x[1]
	grad[2] *= 2 * x[2]
	t.chain(grad, z)
	return value + t.add(grad, z), nil
}

// Latent is a Gaussian process with unknown hyper-parameters under a
// likelihood that is not normal: z = (ln ρ, ln α, w), f = m + L(ρ, α)w.
type Latent struct {
	own    coordinateSet
	kernel *kernel
	y      []float64
	mean   float64
	term   term

	f, weight, tangent []float64
	x                  [2]float64
}

var (
	_ Cloner = (*Latent)(nil)
	_ Named  = (*Latent)(nil)
)

// Clone implements [Cloner].
func (t *Latent) Clone() Target {
	c := *t
	c.kernel = t.kernel.clone()
	n := len(t.y)
	c.f, c.weight, c.tangent = make([]float64, n), make([]float64, n), make([]float64, n*n)
	return &c
}

// Dim is n + 2.
func (t *Latent) Dim() int { return len(t.y) + 2 }

// Names implements [Named].
func (t *Latent) Names() []string { return append(t.own.Names(), numbered("f", len(t.y))...) }

// Coordinates implements [Named].
func (t *Latent) Coordinates() []string {
	return append(t.own.Coordinates(), numbered("w", len(t.y))...)
}

// Constrain implements [Named]; where the kernel is not positive definite in
// floating-point arithmetic f is NaN.
func (t *Latent) Constrain(dst, z []float64) []float64 {
	if dst == nil {
		dst = make([]float64, t.Dim())
	}
	t.own.Constrain(dst[:2], z[:2])
	err := t.kernel.set(dst[0], dst[1], 0)
	t.latent(dst[2:], z[2:])
	if err != nil {
		for i := range dst[2:] {
			dst[2+i] = math.NaN()
		}
	}
	return dst
}

// latent stores m + Lw in dst.
func (t *Latent) latent(dst, w []float64) {
	n := t.kernel.n
	for i := range n {
		s := t.mean
		for j, l := range t.kernel.lower[i*n : i*n+i+1] {
			s += l * w[j]
		}
		dst[i] = s
	}
}

// LogDensity implements [Target].
func (t *Latent) LogDensity(grad, z []float64) (float64, error) {
	checkLength(t.Dim(), grad, z)
	x := t.own.Constrain(t.x[:], z[:2])
	k, n := t.kernel, t.kernel.n
	if err := k.set(x[0], x[1], 0); err != nil {
		return math.Inf(-1), err
	}
	w := z[2:]
	t.latent(t.f, w)
	value := -float64(n) * lnSqrt2Pi
	for i, f := range t.f {
		v, first, _ := t.term.at(t.y[i], f)
		value += v - w[i]*w[i]/2
		t.weight[i] = first
	}
	if grad == nil {
		return value + t.own.add(nil, z[:2]), nil
	}
	clear(grad)
	for i, g := range t.weight {
		for j, l := range k.lower[i*n : i*n+i+1] {
			grad[2+j] += l * g
		}
	}
	for j, v := range w {
		grad[2+j] -= v
	}
	// df/dθ = (dL/dθ)w, dL = L Φ(L⁻¹ dK L⁻ᵀ), where Φ is the lower triangle
	// with half the diagonal (Smith, J. Comp. Graph. Stat. 4, 1995).
	for a := range 2 {
		for i := range n {
			for j := range n {
				v := k.matrix[i*n+j]
				if a == 0 {
					v *= k.square[i*n+j] / (x[0] * x[0] * x[0])
				} else {
					v *= 2 / x[1]
				}
				t.tangent[i*n+j] = v
			}
		}
		// Rows are columns here, as the matrix is symmetric: L⁻¹ dK first,
		// then the transpose again.
		for i := range n {
			cholesky.SolveLower(k.lower, n, t.tangent[i*n:(i+1)*n])
		}
		for i := range n {
			for j := range i {
				t.tangent[i*n+j], t.tangent[j*n+i] = t.tangent[j*n+i], t.tangent[i*n+j]
			}
		}
		for i := range n {
			cholesky.SolveLower(k.lower, n, t.tangent[i*n:(i+1)*n])
		}
		for i := range n {
			s := t.tangent[i*n+i] * w[i] / 2
			for j, v := range t.tangent[i*n : i*n+i] {
				s += v * w[j]
			}
			k.column[i] = s
		}
		for i, g := range t.weight {
			for j, l := range k.lower[i*n : i*n+i+1] {
				grad[a] += g * l * k.column[j]
			}
		}
	}
	t.own.chain(grad[:2], z[:2])
	return value + t.own.add(grad[:2], z[:2]), nil
}
