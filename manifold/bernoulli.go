package manifold

import (
	"math"
	"math/rand/v2"

	"fisherflow/internal/special"

	"gonum.org/v1/gonum/mat"
)

// Bernoulli is the Bernoulli family on {0, 1} in its source coordinate
// p = P(x = 1), 0 < p < 1:
//
//	P(x) = pˣ(1−p)^(1−x),   G = 1/(p(1−p)).
//
// It is exponential with T = x, h = 1, θ = log(p/(1−p)), η = p and
// A = −log(1−p); the chart φ = 2 asin √p is arc length, of total length π: both
// ends are boundaries at finite distance. A p near 1 carries its distance from
// 1 with absolute accuracy ε only.
type Bernoulli struct{}

var bernoulliNames, bernoulliRanges = []string{"p"}, []interval{unit}

// Name is "bernoulli".
func (Bernoulli) Name() string { return "bernoulli" }

// Dim is 1.
func (Bernoulli) Dim() int { return 1 }

// Check wants 0 < p < 1.
func (f Bernoulli) Check(theta []float64) error {
	return check(f.Name(), "", bernoulliNames, bernoulliRanges, theta)
}

// Charts lists the charts; "expectation" is a synonym of "source".
func (Bernoulli) Charts() []string { return []string{"source", "natural", "arcsine"} }

var arcsineMap = scalarMap{
	interval{0, math.Pi, "must lie between 0 and pi"},
	func(phi float64) float64 { s := math.Sin(phi / 2); return s * s },
	func(p float64) float64 { return 2 * math.Atan2(math.Sqrt(p), math.Sqrt(1-p)) },
	func(phi, _ float64) float64 { return math.Sin(phi) / 2 },
	func(phi, _ float64) float64 { return math.Cos(phi) / 2 },
}

// Chart returns a chart by name.
func (f Bernoulli) Chart(name string) (Chart, bool) {
	switch name {
	case "source", "expectation":
		return newSource(f, name, bernoulliNames), true
	case "natural":
		return newCoordinatewise(f, name, []string{"logit_p"}, logitMap), true
	case "arcsine":
		return newCoordinatewise(f, name, []string{"phi"}, arcsineMap), true
	}
	return nil, false
}

// ObservationDim is 1.
func (Bernoulli) ObservationDim() int { return 1 }

// CheckObservation wants 0 or 1.
func (f Bernoulli) CheckObservation(x []float64) error {
	return checkScalar(f.Name(), x, func(x float64) bool { return x == 0 || x == 1 }, "must be 0 or 1")
}

// LogDensity is with respect to counting measure.
func (Bernoulli) LogDensity(x, theta []float64) float64 {
	switch x[0] {
	case 0:
		return math.Log1p(-theta[0])
	case 1:
		return math.Log(theta[0])
	}
	return math.Inf(-1)
}

// Score is (x − p)/(p(1−p)).
func (f Bernoulli) Score(dst, x, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	dst[0] = (x[0] - theta[0]) / (theta[0] * (1 - theta[0]))
	return nil
}

// Fisher is 1/(p(1−p)).
func (f Bernoulli) Fisher(dst *mat.SymDense, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	dst.SetSym(0, 0, 1/(theta[0]*(1-theta[0])))
	return nil
}

// Cubic is (1−2p)/(p(1−p))².
func (f Bernoulli) Cubic(dst Tensor, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	v := theta[0] * (1 - theta[0])
	dst[0][0][0] = (1 - 2*theta[0]) / (v * v)
	return nil
}

// FisherIn is p(1−p) in the natural and 1 in the arcsine chart.
func (Bernoulli) FisherIn(dst *mat.SymDense, chart string, xi, _ []float64) bool {
	switch chart {
	case "natural":
		dst.SetSym(0, 0, special.Logistic(xi[0])*special.Logistic(-xi[0]))
	case "arcsine":
		dst.SetSym(0, 0, 1)
	default:
		return false
	}
	return true
}

// KL is Σ p_i φ(q_i/p_i − 1) over both outcomes, φ(u) = u − log(1+u).
func (f Bernoulli) KL(p, q []float64) (float64, error) {
	if err := checkBoth(f, p, q); err != nil {
		return math.NaN(), err
	}
	d := q[0] - p[0]
	return p[0]*special.RatioExcess(p[0], q[0], d) + (1-p[0])*special.RatioExcess(1-p[0], 1-q[0], -d), nil
}

// Entropy is −p log p − (1−p) log(1−p).
func (f Bernoulli) Entropy(theta []float64) (float64, error) {
	if err := f.Check(theta); err != nil {
		return math.NaN(), err
	}
	p := theta[0]
	return -p*math.Log(p) - (1-p)*math.Log1p(-p), nil
}

// arc is half the signed angle from p to q, asin √q − asin √p, by its sine and its
// cosine.
func (Bernoulli) arc(p, q float64) float64 {
	sine := (q - p) / (math.Sqrt(p*(1-q)) + math.Sqrt(q*(1-p)))
	return math.Atan2(sine, math.Sqrt((1-p)*(1-q))+math.Sqrt(p*q))
}

// Distance is 2|asin √p − asin √q|.
func (f Bernoulli) Distance(p, q []float64) (float64, error) {
	if err := checkBoth(f, p, q); err != nil {
		return math.NaN(), err
	}
	return 2 * math.Abs(f.arc(p[0], q[0])), nil
}

// Geodesic is straight in asin √p.
func (f Bernoulli) Geodesic(dst, p, q []float64, s float64) error {
	if err := checkBoth(f, p, q); err != nil {
		return err
	}
	return f.geodesic(f.Name(), dst, p, q, s)
}

func (f Bernoulli) geodesic(family string, dst, p, q []float64, s float64) error {
	half := math.Atan2(math.Sqrt(p[0]), math.Sqrt(1-p[0])) + s*f.arc(p[0], q[0])
	if !(half > 0 && half < math.Pi/2) {
		return &DomainError{Family: family, Coordinate: "phi", Value: 2 * half, Want: "must lie between 0 and pi: the geodesic has met the boundary"}
	}
	dst[0] = square(math.Sin(half))
	return f.Check(dst)
}

// Log is 2√(p(1−p))(asin √q − asin √p).
func (f Bernoulli) Log(dst, p, q []float64) error {
	if err := checkBoth(f, p, q); err != nil {
		return err
	}
	dst[0] = 2 * math.Sqrt(p[0]*(1-p[0])) * f.arc(p[0], q[0])
	return nil
}

// Sample draws 0 or 1.
func (f Bernoulli) Sample(dst, theta []float64, rng *rand.Rand) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	dst[0] = 0
	if rng.Float64() < theta[0] {
		dst[0] = 1
	}
	return nil
}

// Sufficient is x.
func (Bernoulli) Sufficient(dst, x []float64) { dst[0] = x[0] }

// LogBase is 0.
func (Bernoulli) LogBase([]float64) float64 { return 0 }

// MeanLogBase is 0.
func (Bernoulli) MeanLogBase([]float64) (float64, bool) { return 0, true }

// LogPartition is −log(1−p).
func (Bernoulli) LogPartition(theta []float64) float64 { return -math.Log1p(-theta[0]) }

var (
	_ Exponential   = Bernoulli{}
	_ Observed      = Bernoulli{}
	_ LogDensity    = Bernoulli{}
	_ Scorer        = Bernoulli{}
	_ Fisherer      = Bernoulli{}
	_ FisherInChart = Bernoulli{}
	_ Diverger      = Bernoulli{}
	_ Cuber         = Bernoulli{}
	_ Entropic      = Bernoulli{}
	_ Distancer     = Bernoulli{}
	_ Geodesic      = Bernoulli{}
	_ Logarithm     = Bernoulli{}
	_ Sampler       = Bernoulli{}
)
