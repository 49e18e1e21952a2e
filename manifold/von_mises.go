package manifold

import (
	"math"
	"math/rand/v2"

	"fisherflow/internal/special"

	"gonum.org/v1/gonum/mat"
)

// VonMises is the von Mises family on the circle, of angles x, in source
// coordinates (μ, κ), mean direction and concentration κ > 0:
//
//	p(x) = e^(κ cos(x−μ))/(2πI₀(κ)),   G = diag(κA, A′),  A = I₁(κ)/I₀(κ),
//
// with respect to Lebesgue measure of the angle. It is exponential with
// T = (cos x, sin x), h = 1, θ = κ(cos μ, sin μ), η = A(cos μ, sin μ) and
// log-partition log 2πI₀(κ). It is [VonMisesFisher] in two dimensions in polar
// coordinates, which the uniform distribution, κ = 0, does not have: all charts go
// through them, and those of VonMisesFisher, whose own coordinates are the natural
// ones, have it as an inner point with G = ½I. Charts return a μ in (−π, π].
//
// The expectation chart finds κ with relative error ε/(1−|η|), about 2κε.
type VonMises struct{}

var (
	vonMisesNames  = []string{"mu", "kappa"}
	vonMisesRanges = []interval{realLine, positive}
)

// Name is "von-mises".
func (VonMises) Name() string { return "von-mises" }

// Dim is 2.
func (VonMises) Dim() int { return 2 }

// Check wants finite μ and positive κ.
func (f VonMises) Check(theta []float64) error {
	return check(f.Name(), "", vonMisesNames, vonMisesRanges, theta)
}

// Charts lists the charts.
func (VonMises) Charts() []string { return []string{"source", "natural", "expectation", "log"} }

// Chart returns a chart by name.
func (f VonMises) Chart(name string) (Chart, bool) {
	switch name {
	case "source":
		return newSource(f, name, vonMisesNames), true
	case "log":
		return newCoordinatewise(f, name, []string{"mu", "log_kappa"}, identityMap, logMap), true
	case "natural":
		return f.polar(name, []string{"theta1", "theta2"}, func(r float64) float64 { return r },
			func(k float64) float64 { return k }, func(float64) float64 { return 1 },
			"must not vanish with theta2: the uniform distribution has no mean direction, use von-mises-fisher with dim=2, which has it at 0,0"), true
	case "expectation":
		return f.polar(name, []string{"eta1", "eta2"}, func(r float64) float64 { return special.InverseBesselRatio(2, r) },
			func(k float64) float64 { return special.BesselRatio(2, k).Value }, func(k float64) float64 { return special.BesselRatio(2, k).Slope },
			"must lie with eta2 inside of the unit circle, and not at its centre: use von-mises-fisher with dim=2, which has it"), true
	}
	return nil, false
}

// polar is the chart r(cos μ, sin μ), for a function r of κ with its inverse and
// slope.
func (f VonMises) polar(name string, names []string, inverse, radius, slope func(float64) float64, want string) Chart {
	return &planar{
		family: f, name: name, names: names, ranges: []interval{realLine, realLine},
		to: func(dst, xi []float64) (int, string, bool) {
			dst[0], dst[1] = math.Atan2(xi[1], xi[0]), inverse(math.Hypot(xi[0], xi[1]))
			return 0, want, dst[1] > 0
		},
		from: func(dst, theta []float64) {
			s, c := math.Sincos(theta[0])
			r := radius(theta[1])
			dst[0], dst[1] = r*c, r*s
		},
		jacobian: func(_, theta []float64) [4]float64 {
			s, c := math.Sincos(theta[0])
			r, v := radius(theta[1]), slope(theta[1])
			return [4]float64{-s / r, c / r, c / v, s / v}
		},
		inverse: func(_, theta []float64) [4]float64 {
			s, c := math.Sincos(theta[0])
			r, v := radius(theta[1]), slope(theta[1])
			return [4]float64{-r * s, v * c, r * c, v * s}
		},
	}
}

// ObservationDim is 1.
func (VonMises) ObservationDim() int { return 1 }

// CheckObservation wants a finite angle.
func (f VonMises) CheckObservation(x []float64) error {
	return checkScalar(f.Name(), x, func(x float64) bool { return x == x }, "must be finite")
}

// versine is 1 − cos x.
func versine(x float64) float64 { return 2 * square(math.Sin(x/2)) }

// LogDensity is with respect to Lebesgue measure of the angle.
func (VonMises) LogDensity(x, theta []float64) float64 {
	return -theta[1]*versine(x[0]-theta[0]) - special.LogSphereIntegral(2, theta[1])
}

// Score is (κ sin(x−μ), cos(x−μ) − A).
func (f VonMises) Score(dst, x, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	a := x[0] - theta[0]
	dst[0], dst[1] = theta[1]*math.Sin(a), special.BesselRatio(2, theta[1]).Complement-versine(a)
	return nil
}

// Fisher is diag(κA, A′).
func (f VonMises) Fisher(dst *mat.SymDense, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	r := special.BesselRatio(2, theta[1])
	set2(dst, theta[1]*r.Value, 0, r.Slope)
	return nil
}

// Cubic has T_μμκ = κA′ − A and T_κκκ = A″, and no other component but those
// that symmetry gives.
func (f VonMises) Cubic(dst Tensor, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	k := theta[1]
	r := special.BesselRatio(2, k)
	// In the order of the number of indices κ; A − κA′ = κ³ρδ.
	component := [4]float64{0, -k * k * k * r.OverKappa * r.Delta, 0, r.Curve}
	dst.fill(func(a, b, c int) float64 { return component[a+b+c] })
	return nil
}

// Curvature is ¼(κδ/A′)(A″/A′ + κδ), δ = (A − κA′)/(κ²A): −κ²/16 for a small κ, −½ for
// a large one. In orthonormal directions e and f along μ and κ it is
// ¼T_eef(T_eef − T_fff).
func (f VonMises) Curvature(theta []float64) (float64, error) {
	if err := f.Check(theta); err != nil {
		return math.NaN(), err
	}
	return vonMisesCurvature(theta[1]), nil
}

func vonMisesCurvature(k float64) float64 {
	if k > 0x1p64 {
		return -0.5
	}
	r := special.BesselRatio(2, k)
	return k * r.Delta / r.Slope * (r.Curve/r.Slope + k*r.Delta) / 4
}

// KL is that of the concentrations and A(κ_p)κ_q(1 − cos(μ_p−μ_q)).
func (f VonMises) KL(p, q []float64) (float64, error) {
	if err := checkBoth(f, p, q); err != nil {
		return math.NaN(), err
	}
	turn := special.BesselRatio(2, p[1]).Value * q[1] * versine(p[0]-q[0])
	return concentrationDivergence(2, p[1], q[1], q[1]-p[1]) + turn, nil
}

// Entropy is log 2πI₀(κ) − κA.
func (f VonMises) Entropy(theta []float64) (float64, error) {
	if err := f.Check(theta); err != nil {
		return math.NaN(), err
	}
	return sphereEntropy(2, theta[1]), nil
}

// sphereEntropy is the log-partition less κA.
func sphereEntropy(d, kappa float64) float64 {
	return special.LogSphereIntegral(d, kappa) + kappa*special.BesselRatio(d, kappa).Complement
}

// Sample draws an angle in (−π, π].
func (f VonMises) Sample(dst, theta []float64, rng *rand.Rand) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	a := 2 * math.Asin(math.Sqrt(sampleCosine(2, theta[1], rng)/2))
	if rng.Uint64()&1 == 0 {
		a = -a
	}
	dst[0] = math.Remainder(theta[0]+a, 2*math.Pi)
	return nil
}

// Sufficient is (cos x, sin x).
func (VonMises) Sufficient(dst, x []float64) { dst[1], dst[0] = math.Sincos(x[0]) }

// LogBase is 0.
func (VonMises) LogBase([]float64) float64 { return 0 }

// MeanLogBase is 0.
func (VonMises) MeanLogBase([]float64) (float64, bool) { return 0, true }

// LogPartition is log 2πI₀(κ).
func (VonMises) LogPartition(theta []float64) float64 {
	return special.LogSphereIntegral(2, theta[1]) + theta[1]
}

var (
	_ Exponential = VonMises{}
	_ Observed    = VonMises{}
	_ LogDensity  = VonMises{}
	_ Scorer      = VonMises{}
	_ Fisherer    = VonMises{}
	_ Diverger    = VonMises{}
	_ Cuber       = VonMises{}
	_ Curved      = VonMises{}
	_ Entropic    = VonMises{}
	_ Sampler     = VonMises{}
)
