package manifold

import (
	"fmt"
	"math"
	"math/rand/v2"

	"fisherflow/internal/cholesky"

	"gonum.org/v1/gonum/mat"
)

// Ising is the family of all pairwise interactions of n spins x_i = ±1, the fully
// visible Boltzmann machine, in natural coordinates: the fields h₁, …, h_n and the
// couplings J₁₂, J₁₃, …, J₂₃, …, pairs in the order of their first and then their
// second spin,
//
//	P(x) = e^(Σ h_i x_i + Σ_{i<j} J_ij x_i x_j)/Z,   G = Cov T.
//
// It is exponential with T = (x_i; x_i x_j, i < j), h = 1, A = log Z and η the means
// and pair correlations (Ackley, Hinton & Sejnowski, Cognitive Science 9, 1985;
// Amari, Kurata & Nagaoka, IEEE Trans. Neural Networks 3, 1992). All of it is summed
// over the 2ⁿ configurations, to which n is limited.
//
// The zero value has n = 2.
type Ising struct {
	N int // number of spins, 1 to 16; 0 means 2

	work *finite // nil: allocate in each call
}

// mostSpins is the largest n, with 65536 configurations.
const mostSpins = 16

func (f Ising) spins() spins {
	if f.N == 0 {
		return 2
	}
	return spins(f.N)
}

// spins is the number of spins of a configuration, whose number has the bit i set
// for x_{i+1} = 1.
type spins int

func (n spins) count() int { return 1 << n }
func (n spins) dim() int   { return triangle(int(n)) }

func (n spins) statistic(dst []float64, x int) {
	for i := range int(n) {
		dst[i] = float64(x>>i&1*2 - 1)
	}
	n.pairs(dst)
}

// pairs stores the products behind the spins.
func (n spins) pairs(dst []float64) {
	k := int(n)
	for i, a := range dst[:n] {
		for _, b := range dst[i+1 : n] {
			dst[k] = a * b
			k++
		}
	}
}

// WithWorkspace returns the family with workspace of its own.
func (f Ising) WithWorkspace() Family {
	f.work = newFinite(f.spins())
	return f
}

// at is workspace at the point.
func (f Ising) at(theta []float64) *finite {
	w := f.work
	if w == nil {
		w = newFinite(f.spins())
	}
	w.at(theta)
	return w
}

// Name is "ising".
func (Ising) Name() string { return "ising" }

// Dim is n(n+1)/2.
func (f Ising) Dim() int { return f.spins().dim() }

// Check wants finite coordinates.
func (f Ising) Check(theta []float64) error {
	mustLen(len(theta), f.Dim())
	for i, x := range theta {
		if !realLine.contains(x) {
			return &DomainError{Family: f.Name(), Coordinate: f.spins().names("h", "J")[i], Value: x, Want: realLine.want}
		}
	}
	return nil
}

func (n spins) names(one, two string) []string {
	names := numbered(one, int(n))
	for i := 1; i <= int(n); i++ {
		for j := i + 1; j <= int(n); j++ {
			if n < 10 {
				names = append(names, fmt.Sprintf("%s%d%d", two, i, j))
			} else {
				names = append(names, fmt.Sprintf("%s%d_%d", two, i, j))
			}
		}
	}
	return names
}

// Charts lists the charts; "natural" is a synonym of "source".
func (Ising) Charts() []string { return []string{"source", "expectation"} }

// Chart returns a chart by name.
func (f Ising) Chart(name string) (Chart, bool) {
	switch name {
	case "source", "natural":
		return newSource(f, name, f.spins().names("h", "J")), true
	case "expectation":
		n := f.Dim()
		return &moments{family: f, names: f.spins().names("m", "c"), work: newFinite(f.spins()), point: make([]float64, n),
			covariance: make([]float64, n*n), factor: make([]float64, n*n), vector: make([]float64, n)}, true
	}
	return nil, false
}

// moments is the expectation chart of an exponential family on finitely many
// outcomes whose source coordinates are natural, with ∂η/∂θ = Cov T. It keeps the
// covariance of the last point.
type moments struct {
	family             Family
	names              []string
	work               *finite
	point, vector      []float64
	covariance, factor []float64
	set                bool
}

func (c *moments) Name() string          { return "expectation" }
func (c *moments) Coordinates() []string { return c.names }

func (c *moments) ToSource(dst, xi []float64) error {
	mustLen(len(xi), len(c.names))
	for i, x := range xi {
		if !(math.Abs(x) < 1) {
			return &DomainError{Family: c.family.Name(), Chart: c.Name(), Coordinate: c.names[i], Value: x, Want: "must lie between -1 and 1"}
		}
	}
	// Independent spins to start from.
	clear(dst)
	for i := range c.family.(Observed).ObservationDim() {
		dst[i] = math.Atanh(xi[i])
	}
	if !c.work.invert(dst, xi) {
		last := len(xi) - 1
		return &DomainError{Family: c.family.Name(), Chart: c.Name(), Coordinate: c.names[last], Value: xi[last],
			Want: "must be, with the other coordinates, the moments of a distribution that leaves nothing out"}
	}
	return c.family.Check(dst)
}

func (c *moments) FromSource(dst, theta []float64) error {
	if err := c.family.Check(theta); err != nil {
		return err
	}
	c.work.at(theta)
	c.work.mean(dst)
	return nil
}

// at prepares the covariance and its factor at theta.
func (c *moments) at(theta []float64) {
	same := c.set
	for i, x := range theta {
		same = same && x == c.point[i]
	}
	if same {
		return
	}
	copy(c.point, theta)
	c.set = true
	c.work.at(theta)
	c.work.covariance(c.covariance)
	copy(c.factor, c.covariance)
	if _, ok := cholesky.Factor(c.factor, len(theta)); !ok {
		c.factor[0] = math.NaN()
	}
}

func (c *moments) raise(dst, theta, v []float64) {
	c.at(theta)
	copy(dst, v)
	cholesky.Solve(c.factor, len(dst), dst)
}

func (c *moments) lower(dst, theta, v []float64) {
	c.at(theta)
	n := len(v)
	copy(c.vector, v)
	for i := range dst {
		dst[i] = inner(c.covariance[i*n:i*n+i+1], c.vector)
		for j := i + 1; j < n; j++ {
			dst[i] += c.covariance[j*n+i] * c.vector[j]
		}
	}
}

func (c *moments) Push(dst, _, theta, v []float64)        { c.raise(dst, theta, v) }
func (c *moments) Pull(dst, _, theta, v []float64)        { c.raise(dst, theta, v) }
func (c *moments) PushInverse(dst, _, theta, v []float64) { c.lower(dst, theta, v) }
func (c *moments) PullInverse(dst, _, theta, v []float64) { c.lower(dst, theta, v) }

// ObservationDim is n.
func (f Ising) ObservationDim() int { return int(f.spins()) }

// CheckObservation wants n numbers ±1.
func (f Ising) CheckObservation(x []float64) error {
	if err := checkVector(f.Name(), x, f.ObservationDim()); err != nil {
		return err
	}
	if _, ok := configuration(x); !ok {
		return &ObservationError{Family: f.Name(), Value: x, Want: "must be numbers -1 and 1"}
	}
	return nil
}

// configuration is the number of a configuration.
func configuration(x []float64) (number int, ok bool) {
	for i, v := range x {
		switch v {
		case 1:
			number |= 1 << i
		case -1:
		default:
			return 0, false
		}
	}
	return number, true
}

// LogDensity is with respect to counting measure.
func (f Ising) LogDensity(x, theta []float64) float64 {
	number, ok := configuration(x)
	if !ok {
		return math.Inf(-1)
	}
	w := f.at(theta)
	return w.exponent[number] - w.mass
}

// Score is T − η.
func (f Ising) Score(dst, x, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	number, _ := configuration(x)
	w := f.at(theta)
	w.centre(number)
	copy(dst, w.t)
	return nil
}

// Fisher is Cov T.
func (f Ising) Fisher(dst *mat.SymDense, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	w := f.at(theta)
	w.covariance(w.matrix)
	setLower(dst, w.matrix)
	return nil
}

// setLower copies a lower triangle.
func setLower(dst *mat.SymDense, a []float64) {
	n := dst.SymmetricDim()
	for i := range n {
		for j := range i + 1 {
			dst.SetSym(i, j, a[i*n+j])
		}
	}
}

// FisherIn is (Cov T)⁻¹ in the expectation chart.
func (f Ising) FisherIn(dst *mat.SymDense, chart string, _, theta []float64) bool {
	if chart != "expectation" {
		return false
	}
	w, n := f.at(theta), f.Dim()
	w.covariance(w.matrix)
	if _, ok := cholesky.Factor(w.matrix, n); !ok {
		return false
	}
	for j := range n {
		clear(w.step)
		w.step[j] = 1
		cholesky.Solve(w.matrix, n, w.step)
		for i := j; i < n; i++ {
			dst.SetSym(i, j, w.step[i])
		}
	}
	return true
}

// Cubic is the third central moment of T.
func (f Ising) Cubic(dst Tensor, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	f.at(theta).cubic(dst)
	return nil
}

// KL is log(1 + Σ p(e^r − 1 − r)), r = (θ_q−θ_p)·(T−η_p).
func (f Ising) KL(p, q []float64) (float64, error) {
	if err := f.Check(p); err != nil {
		return math.NaN(), err
	}
	if err := f.Check(q); err != nil {
		return math.NaN(), err
	}
	w := f.at(p)
	for i := range w.step {
		w.step[i] = q[i] - p[i]
	}
	return w.divergence(w.step), nil
}

// Entropy is log Z − θ·η.
func (f Ising) Entropy(theta []float64) (float64, error) {
	if err := f.Check(theta); err != nil {
		return math.NaN(), err
	}
	return f.at(theta).entropy(theta), nil
}

// Sample draws a configuration.
func (f Ising) Sample(dst, theta []float64, rng *rand.Rand) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	x := f.at(theta).draw(rng)
	for i := range dst {
		dst[i] = float64(x>>i&1*2 - 1)
	}
	return nil
}

// Sufficient is (x_i; x_i x_j, i < j).
func (f Ising) Sufficient(dst, x []float64) {
	copy(dst, x)
	f.spins().pairs(dst)
}

// LogBase is 0.
func (Ising) LogBase([]float64) float64 { return 0 }

// MeanLogBase is 0.
func (Ising) MeanLogBase([]float64) (float64, bool) { return 0, true }

// LogPartition is log Z.
func (f Ising) LogPartition(theta []float64) float64 { return f.at(theta).logPartition() }

var (
	_ Exponential   = Ising{}
	_ Observed      = Ising{}
	_ Workspaced    = Ising{}
	_ LogDensity    = Ising{}
	_ Scorer        = Ising{}
	_ Fisherer      = Ising{}
	_ FisherInChart = Ising{}
	_ Diverger      = Ising{}
	_ Cuber         = Ising{}
	_ Entropic      = Ising{}
	_ Sampler       = Ising{}
)
