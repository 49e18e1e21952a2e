package manifold

import (
	"math"
	"math/rand/v2"

	"fisherflow/internal/special"

	"gonum.org/v1/gonum/mat"
)

// InverseGaussian is the law of the time at which a Brownian motion with drift
// first reaches a level, in source coordinates (μ, λ), mean and shape, both
// positive:
//
//	p(x) = √(λ/(2πx³)) exp(−λ(x−μ)²/(2μ²x)),   G = diag(λ/μ³, 1/(2λ²)).
//
// It is exponential with T = (x, 1/x), h = (2πx³)^(−½), θ = (−λ/(2μ²), −λ/2),
// η = (μ, 1/μ + 1/λ) and A = −λ/μ − ½ log λ. With X = √(2/μ), Y = 1/√λ the
// metric is 2(dX² + dY²)/Y² on the quarter plane X > 0: curvature −½, and μ → ∞
// is a boundary at finite distance.
//
// The expectation chart recovers λ as 1/(η₂ − 1/η₁), with relative error
// ε(1 + λ/μ).
type InverseGaussian struct{}

var (
	inverseGaussianNames  = []string{"mu", "lambda"}
	inverseGaussianRanges = []interval{positive, positive}
)

// Name is "inverse-gaussian".
func (InverseGaussian) Name() string { return "inverse-gaussian" }

// Dim is 2.
func (InverseGaussian) Dim() int { return 2 }

// Check wants positive mean and shape.
func (f InverseGaussian) Check(theta []float64) error {
	return check(f.Name(), "", inverseGaussianNames, inverseGaussianRanges, theta)
}

// Charts lists the charts.
func (InverseGaussian) Charts() []string { return []string{"source", "natural", "expectation", "log"} }

// Chart returns a chart by name.
func (f InverseGaussian) Chart(name string) (Chart, bool) {
	switch name {
	case "source":
		return newSource(f, name, inverseGaussianNames), true
	case "log":
		return newCoordinatewise(f, name, []string{"log_mu", "log_lambda"}, logMap, logMap), true
	case "natural":
		return &planar{
			family: f, name: name, names: []string{"theta1", "theta2"}, ranges: []interval{negative, negative},
			to: func(dst, xi []float64) (int, string, bool) {
				dst[0], dst[1] = math.Sqrt(xi[1]/xi[0]), -2*xi[1]
				return 0, "", true
			},
			from: func(dst, theta []float64) {
				mu, l := theta[0], theta[1]
				dst[0], dst[1] = -l/mu/mu/2, -l/2
			},
			jacobian: func(_, theta []float64) [4]float64 {
				mu, l := theta[0], theta[1]
				return [4]float64{mu * mu / l * mu, -mu / l, 0, -2}
			},
			inverse: func(_, theta []float64) [4]float64 {
				mu, l := theta[0], theta[1]
				return [4]float64{l / mu / mu / mu, -0.5 / mu / mu, 0, -0.5}
			},
		}, true
	case "expectation":
		return &planar{
			family: f, name: name, names: []string{"E_x", "E_inv_x"}, ranges: []interval{positive, positive},
			to: func(dst, xi []float64) (int, string, bool) {
				// The product is rounded once, by the fused operation.
				c := math.FMA(xi[0], xi[1], -1)
				dst[0], dst[1] = xi[0], xi[0]/c
				return 1, "must exceed 1/E_x", c > 0
			},
			from: func(dst, theta []float64) { dst[0], dst[1] = theta[0], 1/theta[0]+1/theta[1] },
			jacobian: func(_, theta []float64) [4]float64 {
				r := theta[1] / theta[0]
				return [4]float64{1, 0, -r * r, -theta[1] * theta[1]}
			},
			inverse: func(_, theta []float64) [4]float64 {
				return [4]float64{1, 0, -1 / theta[0] / theta[0], -1 / theta[1] / theta[1]}
			},
		}, true
	}
	return nil, false
}

// ObservationDim is 1.
func (InverseGaussian) ObservationDim() int { return 1 }

// CheckObservation wants a positive number.
func (f InverseGaussian) CheckObservation(x []float64) error {
	return checkScalar(f.Name(), x, func(x float64) bool { return x > 0 }, "must be positive")
}

// LogDensity is with respect to Lebesgue measure.
func (f InverseGaussian) LogDensity(x, theta []float64) float64 {
	if !(x[0] > 0) {
		return math.Inf(-1)
	}
	z := (x[0] - theta[0]) / theta[0]
	return math.Log(theta[1])/2 + f.LogBase(x) - theta[1]*z*z/(2*x[0])
}

// Score is (λ(x−μ)/μ³, ½(1/λ − (x−μ)²/(μ²x))).
func (f InverseGaussian) Score(dst, x, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	mu, l := theta[0], theta[1]
	z := (x[0] - mu) / mu
	dst[0], dst[1] = l/mu*z/mu, (1/l-z*z/x[0])/2
	return nil
}

// Fisher is diag(λ/μ³, 1/(2λ²)).
func (f InverseGaussian) Fisher(dst *mat.SymDense, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	mu, l := theta[0], theta[1]
	set2(dst, l/mu/mu/mu, 0, 0.5/l/l)
	return nil
}

// Cubic has T_μμμ = 3λ/μ⁴, T_μμλ = −1/μ³, T_μλλ = 0 and T_λλλ = −1/λ³.
func (f InverseGaussian) Cubic(dst Tensor, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	mu, l := theta[0], theta[1]
	component := [4]float64{3 * l / mu / mu / mu / mu, -1 / mu / mu / mu, 0, -1 / l / l / l}
	dst.fill(func(i, j, k int) float64 { return component[i+j+k] })
	return nil
}

// KL is ½φ(λ_q/λ_p − 1) + λ_q(μ_p−μ_q)²/(2μ_pμ_q²), φ(u) = u − log(1+u).
func (f InverseGaussian) KL(p, q []float64) (float64, error) {
	if err := checkBoth(f, p, q); err != nil {
		return math.NaN(), err
	}
	z := (p[0] - q[0]) / q[0]
	return (special.RatioExcess(p[1], q[1], q[1]-p[1]) + q[1]*z*z/p[0]) / 2, nil
}

// meanLog is E[log x] = log μ − e^(2λ/μ) E₁(2λ/μ).
func (InverseGaussian) meanLog(theta []float64) float64 {
	return math.Log(theta[0]) - special.ScaledE1(2*theta[1]/theta[0])
}

// Entropy is ½ − ½ log λ + ½ log 2π + (3/2)E[log x].
func (f InverseGaussian) Entropy(theta []float64) (float64, error) {
	if err := f.Check(theta); err != nil {
		return math.NaN(), err
	}
	return 0.5 - math.Log(theta[1])/2 + halfLog2Pi + 1.5*f.meanLog(theta), nil
}

// halfPlane are the differences X_q − X_p and Y_q − Y_p, and Y_p and Y_q.
func (InverseGaussian) halfPlane(p, q []float64) (dx, dy, y1, y2 float64) {
	difference := func(a, b float64) float64 { // 1/√b − 1/√a
		return (a - b) / (math.Sqrt(a) * math.Sqrt(b) * (math.Sqrt(a) + math.Sqrt(b)))
	}
	return math.Sqrt2 * difference(p[0], q[0]), difference(p[1], q[1]), 1 / math.Sqrt(p[1]), 1 / math.Sqrt(q[1])
}

// Distance is 2√2 asinh(½√(((ΔX)² + (ΔY)²)/(Y₁Y₂))), X = √(2/μ), Y = 1/√λ.
func (f InverseGaussian) Distance(p, q []float64) (float64, error) {
	if err := checkBoth(f, p, q); err != nil {
		return math.NaN(), err
	}
	dx, dy, y1, y2 := f.halfPlane(p, q)
	return 2 * math.Sqrt2 * math.Asinh(math.Hypot(dx, dy)/(2*math.Sqrt(y1)*math.Sqrt(y2))), nil
}

// Geodesic runs on a vertical line or a half circle centred on Y = 0. Beyond q
// it is an error once it has met the boundary.
func (f InverseGaussian) Geodesic(dst, p, q []float64, s float64) error {
	if err := checkBoth(f, p, q); err != nil {
		return err
	}
	dx, _, y1, y2 := f.halfPlane(p, q)
	x, y := halfPlaneGeodesic(0, y1, dx, y2, s)
	if x += math.Sqrt(2 / p[0]); !(x > 0) {
		return &DomainError{Family: f.Name(), Coordinate: "mu", Value: math.Inf(1), Want: "must be finite: the geodesic has met the boundary"}
	}
	dst[0], dst[1] = 2/(x*x), 1/(y*y)
	return f.Check(dst)
}

// Log is the initial velocity of the geodesic.
func (f InverseGaussian) Log(dst, p, q []float64) error {
	if err := checkBoth(f, p, q); err != nil {
		return err
	}
	dx, _, y1, y2 := f.halfPlane(p, q)
	vx, vy := halfPlaneLog(0, y1, dx, y2)
	dst[0], dst[1] = -math.Sqrt2*p[0]*math.Sqrt(p[0])*vx, -2*p[1]*math.Sqrt(p[1])*vy
	return nil
}

// Curvature is −½ everywhere.
func (f InverseGaussian) Curvature(theta []float64) (float64, error) { return -0.5, f.Check(theta) }

// Sample draws by a root of a χ² variate (Michael, Schucany & Haas, The American
// Statistician 30, 1976), of which the smaller is taken without cancellation.
func (f InverseGaussian) Sample(dst, theta []float64, rng *rand.Rand) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	mu, l := theta[0], theta[1]
	y := square(rng.NormFloat64()) * mu / (2 * l)
	// The roots x/μ of x + 1/x = 2 + 2y are inverse to each other.
	r := 1 / (1 + y + math.Sqrt(y*(2+y)))
	if rng.Float64()*(1+r) > 1 {
		r = 1 / r
	}
	dst[0] = mu * r
	return nil
}

// Sufficient is (x, 1/x).
func (InverseGaussian) Sufficient(dst, x []float64) { dst[0], dst[1] = x[0], 1/x[0] }

// LogBase is −½ log 2πx³.
func (InverseGaussian) LogBase(x []float64) float64 { return -halfLog2Pi - 1.5*math.Log(x[0]) }

// MeanLogBase is −½ log 2π − (3/2)E[log x].
func (f InverseGaussian) MeanLogBase(theta []float64) (float64, bool) {
	return -halfLog2Pi - 1.5*f.meanLog(theta), false
}

// LogPartition is −λ/μ − ½ log λ.
func (InverseGaussian) LogPartition(theta []float64) float64 {
	return -theta[1]/theta[0] - math.Log(theta[1])/2
}

var (
	_ closedForm = InverseGaussian{}
	_ Curved     = InverseGaussian{}
)
