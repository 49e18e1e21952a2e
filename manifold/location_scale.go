package manifold

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
)

// A shape is a density f on the real line, from which location and scale make
// the family p(x) = f(z)/σ, z = (x−μ)/σ.
type shape interface {
	traits() *traits
	// logDensity is log f(z).
	logDensity(z float64) float64
	// score is σ times the score, (−(log f)′, −z(log f)′ − 1).
	score(z float64) (location, scale float64)
	// draw draws from f.
	draw(rng *rand.Rand) float64
}

// traits are the constants of a shape.
type traits struct {
	name    string
	plane   halfPlane  // the Fisher metric
	entropy float64    // at σ = 1
	cubic   [4]float64 // σ³T with 0, 1, 2 and 3 indices σ
}

// locationScale is the family of a shape in source coordinates (μ, σ), σ > 0.
// By the invariance under x ↦ c + kx its geometry is that of a [halfPlane].
type locationScale[S shape] struct{ shape S }

var (
	locationScaleNames  = []string{"mu", "sigma"}
	locationScaleRanges = []interval{realLine, positive}
)

// Name is the family's name in spec files.
func (f locationScale[S]) Name() string { return f.shape.traits().name }

// Dim is 2.
func (locationScale[S]) Dim() int { return 2 }

// Check wants finite μ and positive σ.
func (f locationScale[S]) Check(theta []float64) error {
	return check(f.Name(), "", locationScaleNames, locationScaleRanges, theta)
}

// Charts lists the charts.
func (locationScale[S]) Charts() []string { return []string{"source", "log-scale", "softplus"} }

// Chart returns a chart by name.
func (f locationScale[S]) Chart(name string) (Chart, bool) {
	switch name {
	case "source":
		return newSource(f, name, locationScaleNames), true
	case "log-scale":
		return newCoordinatewise(f, name, []string{"mu", "log_sigma"}, identityMap, logMap), true
	case "softplus":
		return newCoordinatewise(f, name, []string{"mu", "softplus_inv_sigma"}, identityMap, softplusMap), true
	}
	return nil, false
}

// Support is the real line.
func (locationScale[S]) Support() Support { return wholeLine }

func (locationScale[S]) locate(theta []float64) (centre, scale float64) { return theta[0], theta[1] }

// ObservationDim is 1.
func (locationScale[S]) ObservationDim() int { return 1 }

// CheckObservation wants a finite number.
func (f locationScale[S]) CheckObservation(x []float64) error { return checkFinite(f.Name(), x) }

func checkFinite(family string, x []float64) error {
	return checkScalar(family, x, func(x float64) bool { return x == x }, "must be finite")
}

// LogDensity is with respect to Lebesgue measure.
func (f locationScale[S]) LogDensity(x, theta []float64) float64 {
	return f.shape.logDensity((x[0]-theta[0])/theta[1]) - math.Log(theta[1])
}

// Score is (−g(z), −z g(z) − 1)/σ, g = (log f)′.
func (f locationScale[S]) Score(dst, x, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	location, scale := f.shape.score((x[0] - theta[0]) / theta[1])
	dst[0], dst[1] = location/theta[1], scale/theta[1]
	return nil
}

// Fisher is a constant matrix over σ², diagonal where f is symmetric.
func (f locationScale[S]) Fisher(dst *mat.SymDense, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	f.shape.traits().plane.fisher(dst, theta[1])
	return nil
}

// FisherMetric raises and lowers in closed form.
func (f locationScale[S]) FisherMetric() Metric {
	return &planeMetric{family: f, plane: f.shape.traits().plane, sigma: math.NaN()}
}

// Cubic is a constant tensor over σ³.
func (f locationScale[S]) Cubic(dst Tensor, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	c, w := f.shape.traits().cubic, 1/(theta[1]*theta[1]*theta[1])
	dst.fill(func(i, j, k int) float64 { return w * c[i+j+k] })
	return nil
}

// Curvature is −1/b everywhere.
func (f locationScale[S]) Curvature(theta []float64) (float64, error) {
	return -1 / f.shape.traits().plane.b, f.Check(theta)
}

// Entropy is log σ and a constant.
func (f locationScale[S]) Entropy(theta []float64) (float64, error) {
	if err := f.Check(theta); err != nil {
		return math.NaN(), err
	}
	return math.Log(theta[1]) + f.shape.traits().entropy, nil
}

// Distance is √b acosh(1 + ((a/b)(Δu)² + (Δσ)²)/(2σ₁σ₂)).
func (f locationScale[S]) Distance(p, q []float64) (float64, error) {
	if err := checkBoth(f, p, q); err != nil {
		return math.NaN(), err
	}
	return f.shape.traits().plane.distance(p, q), nil
}

// Geodesic runs on a vertical line or a half ellipse centred on σ = 0.
func (f locationScale[S]) Geodesic(dst, p, q []float64, s float64) error {
	if err := checkBoth(f, p, q); err != nil {
		return err
	}
	f.shape.traits().plane.geodesic(dst, p, q, s)
	return f.Check(dst)
}

// Log is the initial velocity of the geodesic.
func (f locationScale[S]) Log(dst, p, q []float64) error {
	if err := checkBoth(f, p, q); err != nil {
		return err
	}
	f.shape.traits().plane.log(dst, p, q)
	return nil
}

// Sample draws μ + σz with z from f.
func (f locationScale[S]) Sample(dst, theta []float64, rng *rand.Rand) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	dst[0] = theta[0] + theta[1]*f.shape.draw(rng)
	return nil
}

// ratios are r = σ_p/σ_q and d = (μ_q − μ_p)/σ_q, which the divergences depend
// on, with r − 1 free of cancellation.
func (f locationScale[S]) ratios(p, q []float64) (r, rMinusOne, d float64, err error) {
	if err := checkBoth(f, p, q); err != nil {
		return 0, 0, 0, err
	}
	return p[1] / q[1], (p[1] - q[1]) / q[1], (q[0] - p[0]) / q[1], nil
}
