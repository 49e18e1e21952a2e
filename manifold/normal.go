package manifold

import (
	"math"
	"math/rand/v2"

	"fisherflow/internal/special"

	"gonum.org/v1/gonum/mat"
)

// Normal is the family N(μ, σ²) on the real line, in source coordinates
// (μ, σ), σ > 0:
//
//	p(x) = exp(−(x−μ)²/(2σ²))/√(2πσ²),   G = diag(1, 2)/σ².
//
// It is exponential with T = (x, x²), h = 1, θ = (μ/σ², −1/(2σ²)),
// η = (μ, μ²+σ²) and A = μ²/(2σ²) + log σ + ½ log 2π. With x = μ/√2, y = σ the
// metric is twice that of the hyperbolic half-plane: curvature −½ (Costa,
// Santos & Strapasson, Discrete Appl. Math. 197, 2015).
//
// The expectation chart recovers σ² as η₂ − η₁², with relative error
// ε(1 + μ²/σ²).
type Normal struct{}

var (
	normalNames  = []string{"mu", "sigma"}
	normalRanges = []interval{realLine, positive}
)

var normalPlane = halfPlane{a: 1, b: 2}

const halfLog2Pi = 0.91893853320467274178

// Name is "normal".
func (Normal) Name() string { return "normal" }

// Dim is 2.
func (Normal) Dim() int { return 2 }

// Check wants finite μ and positive σ.
func (f Normal) Check(theta []float64) error {
	return check(f.Name(), "", normalNames, normalRanges, theta)
}

// Charts lists the charts.
func (Normal) Charts() []string {
	return []string{"source", "variance", "natural", "expectation", "log-scale", "precision", "softplus"}
}

var (
	varianceMap  = scalarMap{positive, math.Sqrt, square, func(_, sd float64) float64 { return 0.5 / sd }, func(_, sd float64) float64 { return -0.25 / (sd * sd * sd) }}
	precisionMap = scalarMap{positive, func(p float64) float64 { return 1 / math.Sqrt(p) }, func(sd float64) float64 { return 1 / (sd * sd) },
		func(_, sd float64) float64 { return -0.5 * sd * sd * sd }, func(_, sd float64) float64 { return 0.75 * square(sd*sd) * sd }}
)

func square(x float64) float64 { return x * x }

// Chart returns a chart by name.
func (f Normal) Chart(name string) (Chart, bool) { return normalChart(f, name) }

// normalChart is a chart of a family that has the coordinates of the normal.
func normalChart(f Family, name string) (Chart, bool) {
	switch name {
	case "source":
		return newSource(f, name, normalNames), true
	case "variance":
		return newCoordinatewise(f, name, []string{"mu", "v"}, identityMap, varianceMap), true
	case "precision":
		return newCoordinatewise(f, name, []string{"mu", "tau"}, identityMap, precisionMap), true
	case "log-scale":
		return newCoordinatewise(f, name, []string{"mu", "log_sigma"}, identityMap, logMap), true
	case "softplus":
		return newCoordinatewise(f, name, []string{"mu", "softplus_inv_sigma"}, identityMap, softplusMap), true
	case "natural":
		return &planar{
			family: f, name: name, names: []string{"theta1", "theta2"}, ranges: []interval{realLine, negative},
			to: func(dst, xi []float64) (int, string, bool) {
				v := -0.5 / xi[1]
				dst[0], dst[1] = v*xi[0], math.Sqrt(v)
				return 0, "", true
			},
			from: func(dst, theta []float64) {
				p := 1 / (theta[1] * theta[1])
				dst[0], dst[1] = theta[0]*p, -0.5*p
			},
			jacobian: func(_, theta []float64) [4]float64 {
				v := theta[1] * theta[1]
				return [4]float64{v, 2 * theta[0] * v, 0, theta[1] * v}
			},
			inverse: func(_, theta []float64) [4]float64 {
				p := 1 / (theta[1] * theta[1])
				return [4]float64{p, -2 * theta[0] * p / theta[1], 0, p / theta[1]}
			},
		}, true
	case "expectation":
		return &planar{
			family: f, name: name, names: []string{"eta1", "eta2"}, ranges: []interval{realLine, positive},
			to: func(dst, xi []float64) (int, string, bool) {
				v := xi[1] - xi[0]*xi[0]
				dst[0], dst[1] = xi[0], math.Sqrt(v)
				return 1, "must exceed eta1²", v > 0
			},
			from: func(dst, theta []float64) { dst[0], dst[1] = theta[0], theta[0]*theta[0]+theta[1]*theta[1] },
			jacobian: func(_, theta []float64) [4]float64 {
				return [4]float64{1, 0, -theta[0] / theta[1], 0.5 / theta[1]}
			},
			inverse: func(_, theta []float64) [4]float64 { return [4]float64{1, 0, 2 * theta[0], 2 * theta[1]} },
		}, true
	}
	return nil, false
}

// ObservationDim is 1.
func (Normal) ObservationDim() int { return 1 }

// CheckObservation wants a finite number.
func (f Normal) CheckObservation(x []float64) error {
	return checkScalar(f.Name(), x, func(x float64) bool { return x == x }, "must be finite")
}

// LogDensity is with respect to Lebesgue measure.
func (Normal) LogDensity(x, theta []float64) float64 {
	z := (x[0] - theta[0]) / theta[1]
	return -z*z/2 - math.Log(theta[1]) - halfLog2Pi
}

// Score is (z/σ, (z²−1)/σ), z = (x−μ)/σ.
func (f Normal) Score(dst, x, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	z := (x[0] - theta[0]) / theta[1]
	dst[0], dst[1] = z/theta[1], (z*z-1)/theta[1]
	return nil
}

// Fisher is diag(1, 2)/σ².
func (f Normal) Fisher(dst *mat.SymDense, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	p := 1 / (theta[1] * theta[1])
	dst.SetSym(0, 0, p)
	dst.SetSym(0, 1, 0)
	dst.SetSym(1, 1, 2*p)
	return nil
}

// Cubic has T_μμσ = 2/σ³ and T_σσσ = 8/σ³, and no other component but those
// that symmetry gives.
func (f Normal) Cubic(dst Tensor, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	c := 1 / (theta[1] * theta[1] * theta[1])
	dst.fill(func(i, j, k int) float64 { return [4]float64{0, 2 * c, 0, 8 * c}[i+j+k] })
	return nil
}

// KL is ½φ(σ_p²/σ_q² − 1) + ½((μ_p−μ_q)/σ_q)², φ(u) = u − log(1+u).
func (f Normal) KL(p, q []float64) (float64, error) {
	if err := checkBoth(f, p, q); err != nil {
		return math.NaN(), err
	}
	return normalDivergence(p[0], p[1], q[0], q[1]), nil
}

func normalDivergence(m1, s1, m2, s2 float64) float64 {
	d := (m1 - m2) / s2
	// The ratio of the variances, in units of the second.
	r := s1 / s2
	return (special.RatioExcess(1, r*r, (s1-s2)/s2*(1+r)) + d*d) / 2
}

// checkBoth checks two members. It is generic so that a family of options is
// not boxed, which would allocate.
func checkBoth[F Family](f F, p, q []float64) error {
	if err := f.Check(p); err != nil {
		return err
	}
	return f.Check(q)
}

// Entropy is log σ + ½ log 2πe.
func (f Normal) Entropy(theta []float64) (float64, error) {
	if err := f.Check(theta); err != nil {
		return math.NaN(), err
	}
	return math.Log(theta[1]) + halfLog2Pi + 0.5, nil
}

// Distance is 2√2 asinh(½√(((Δμ)²/2 + (Δσ)²)/(σ₁σ₂))).
func (f Normal) Distance(p, q []float64) (float64, error) {
	if err := checkBoth(f, p, q); err != nil {
		return math.NaN(), err
	}
	return normalPlane.distance(p, q), nil
}

// Geodesic runs on a vertical line or a half ellipse centred on σ = 0.
func (f Normal) Geodesic(dst, p, q []float64, s float64) error {
	if err := checkBoth(f, p, q); err != nil {
		return err
	}
	normalPlane.geodesic(dst, p, q, s)
	return f.Check(dst)
}

// Log is the initial velocity of the geodesic.
func (f Normal) Log(dst, p, q []float64) error {
	if err := checkBoth(f, p, q); err != nil {
		return err
	}
	normalPlane.log(dst, p, q)
	return nil
}

// Curvature is −½ everywhere.
func (f Normal) Curvature(theta []float64) (float64, error) { return -0.5, f.Check(theta) }

// Sample draws from N(μ, σ²).
func (f Normal) Sample(dst, theta []float64, rng *rand.Rand) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	dst[0] = theta[0] + theta[1]*rng.NormFloat64()
	return nil
}

// Sufficient is (x, x²).
func (Normal) Sufficient(dst, x []float64) { dst[0], dst[1] = x[0], x[0]*x[0] }

// LogBase is 0.
func (Normal) LogBase([]float64) float64 { return 0 }

// MeanLogBase is 0.
func (Normal) MeanLogBase([]float64) (float64, bool) { return 0, true }

// LogPartition is μ²/(2σ²) + log σ + ½ log 2π.
func (Normal) LogPartition(theta []float64) float64 {
	z := theta[0] / theta[1]
	return z*z/2 + math.Log(theta[1]) + halfLog2Pi
}

var (
	_ Exponential = Normal{}
	_ Observed    = Normal{}
	_ LogDensity  = Normal{}
	_ Scorer      = Normal{}
	_ Fisherer    = Normal{}
	_ Diverger    = Normal{}
	_ Cuber       = Normal{}
	_ Entropic    = Normal{}
	_ Distancer   = Normal{}
	_ Geodesic    = Normal{}
	_ Logarithm   = Normal{}
	_ Sampler     = Normal{}
	_ Curved      = Normal{}
)
