package manifold

import (
	"math"
	"math/rand/v2"

	"fisherflow/internal/special"

	"gonum.org/v1/gonum/mat"
)

// Weibull is the Weibull family on the positive reals in source coordinates
// (k, λ), shape and scale, both positive:
//
//	p(x) = (k/λ)(x/λ)^(k−1) exp(−(x/λ)ᵏ),
//	G = [[(π²/6 + (1−γ)²)/k², −(1−γ)/λ], [−(1−γ)/λ, k²/λ²]],  γ = 0.5772….
//
// −log x has the [Gumbel] density of location −log λ and scale 1/k, which makes
// the two families one manifold; the chart log-location-scale is that of
// log x, m = log λ and b = 1/k.
type Weibull struct{}

var (
	weibullNames  = []string{"shape", "scale"}
	weibullRanges = []interval{positive, positive}
	weibullPlane  = gumbelTraits.plane
)

// Name is "weibull".
func (Weibull) Name() string { return "weibull" }

// Dim is 2.
func (Weibull) Dim() int { return 2 }

// Check wants positive shape and scale.
func (f Weibull) Check(theta []float64) error {
	return check(f.Name(), "", weibullNames, weibullRanges, theta)
}

// Charts lists the charts.
func (Weibull) Charts() []string { return []string{"source", "log", "log-location-scale"} }

// Chart returns a chart by name.
func (f Weibull) Chart(name string) (Chart, bool) {
	switch name {
	case "source":
		return newSource(f, name, weibullNames), true
	case "log":
		return newCoordinatewise(f, name, []string{"log_shape", "log_scale"}, logMap, logMap), true
	case "log-location-scale":
		return &planar{
			family: f, name: name, names: []string{"m", "b"}, ranges: []interval{realLine, positive},
			to: func(dst, xi []float64) (int, string, bool) {
				dst[0], dst[1] = 1/xi[1], math.Exp(xi[0])
				return 0, "must be the logarithm of a finite scale", dst[1] > 0 && !math.IsInf(dst[1], 1)
			},
			from: func(dst, theta []float64) { dst[0], dst[1] = math.Log(theta[1]), 1/theta[0] },
			jacobian: func(_, theta []float64) [4]float64 {
				return [4]float64{0, -theta[0] * theta[0], theta[1], 0}
			},
			inverse: func(_, theta []float64) [4]float64 {
				return [4]float64{0, 1 / theta[1], -1 / (theta[0] * theta[0]), 0}
			},
			bend: func(_, theta []float64) [2][3]float64 {
				k := theta[0]
				return [2][3]float64{{0, 0, 2 * k * k * k}, {theta[1], 0, 0}}
			},
		}, true
	}
	return nil, false
}

// Support is the positive reals.
func (Weibull) Support() Support { return positiveReals }

func (Weibull) locate(theta []float64) (centre, scale float64) {
	return math.Log(theta[1]), 1 / theta[0]
}

// ObservationDim is 1.
func (Weibull) ObservationDim() int { return 1 }

// CheckObservation wants a positive number.
func (f Weibull) CheckObservation(x []float64) error {
	return checkScalar(f.Name(), x, func(x float64) bool { return x > 0 }, "must be positive")
}

// LogDensity is with respect to Lebesgue measure.
func (Weibull) LogDensity(x, theta []float64) float64 {
	if !(x[0] > 0) {
		return math.Inf(-1)
	}
	k := theta[0]
	z := -k * math.Log(x[0]/theta[1])
	return gumbel{}.logDensity(z) + math.Log(k) - math.Log(x[0])
}

// Score is (1/k + (1−r) log(x/λ), (k/λ)(r−1)), r = (x/λ)ᵏ.
func (f Weibull) Score(dst, x, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	k, scale := theta[0], theta[1]
	location, size := gumbel{}.score(-k * math.Log(x[0]/scale))
	dst[0], dst[1] = -size/k, -location*k/scale
	return nil
}

// Fisher is [[(π²/6 + (1−γ)²)/k², −(1−γ)/λ], [−(1−γ)/λ, k²/λ²]].
func (f Weibull) Fisher(dst *mat.SymDense, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	k, scale, p := theta[0], theta[1], weibullPlane
	set2(dst, (p.b+p.shear*p.shear)/(k*k), -p.shear/scale, k*k/(scale*scale))
	return nil
}

// Cubic is that of the Gumbel family, pulled back by ∂μ/∂λ = −1/λ and
// ∂σ/∂k = −1/k².
func (f Weibull) Cubic(dst Tensor, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	k, scale, c := theta[0], theta[1], gumbelTraits.cubic
	component := [4]float64{-c[3] / (k * k * k), -c[2] / (k * scale), -c[1] * k / (scale * scale), -c[0] * k * k * k / (scale * scale * scale)}
	dst.fill(func(i, j, l int) float64 { return component[i+j+l] })
	return nil
}

// Curvature is −6/π² everywhere.
func (f Weibull) Curvature(theta []float64) (float64, error) {
	return -1 / weibullPlane.b, f.Check(theta)
}

// separation is log λ_q − log λ_p, free of cancellation.
func (Weibull) separation(p, q []float64) float64 {
	if u := (q[1] - p[1]) / p[1]; math.Abs(u) < 0.5 {
		return math.Log1p(u)
	}
	return math.Log(q[1]) - math.Log(p[1])
}

// KL is that of the Gumbel densities of −log x.
func (f Weibull) KL(p, q []float64) (float64, error) {
	if err := checkBoth(f, p, q); err != nil {
		return math.NaN(), err
	}
	return extremeDivergence((q[0]-p[0])/p[0], -q[0]*f.separation(p, q)), nil
}

// Entropy is γ(1 − 1/k) + log(λ/k) + 1.
func (f Weibull) Entropy(theta []float64) (float64, error) {
	if err := f.Check(theta); err != nil {
		return math.NaN(), err
	}
	return special.Euler*(1-1/theta[0]) + math.Log(theta[1]) - math.Log(theta[0]) + 1, nil
}

// plane has the locations and scales of −log x for p and q, both multiplied
// by k_p k_q, which is an isometry, and p's location moved to 0.
func (f Weibull) plane(p, q []float64) (from, to [2]float64) {
	return [2]float64{0, q[0]}, [2]float64{-f.separation(p, q) * p[0] * q[0], p[0]}
}

// Distance is that of the half-plane, as for [Gumbel].
func (f Weibull) Distance(p, q []float64) (float64, error) {
	if err := checkBoth(f, p, q); err != nil {
		return math.NaN(), err
	}
	from, to := f.plane(p, q)
	return weibullPlane.distance(from[:], to[:]), nil
}

// Geodesic runs on a half ellipse in (−log λ − (1−γ)/k, 1/k).
func (f Weibull) Geodesic(dst, p, q []float64, s float64) error {
	if err := checkBoth(f, p, q); err != nil {
		return err
	}
	from, to := f.plane(p, q)
	var at [2]float64
	weibullPlane.geodesic(at[:], from[:], to[:], s)
	w := p[0] * q[0]
	dst[0], dst[1] = w/at[1], p[1]*math.Exp(-at[0]/w)
	return f.Check(dst)
}

// Log is the initial velocity of the geodesic.
func (f Weibull) Log(dst, p, q []float64) error {
	if err := checkBoth(f, p, q); err != nil {
		return err
	}
	from, to := f.plane(p, q)
	var v [2]float64
	weibullPlane.log(v[:], from[:], to[:])
	w := p[0] * q[0]
	dst[0], dst[1] = -v[1]*p[0]*p[0]/w, -v[0]*p[1]/w
	return nil
}

// Sample draws λE^(1/k) with E exponential.
func (f Weibull) Sample(dst, theta []float64, rng *rand.Rand) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	dst[0] = theta[1] * math.Pow(rng.ExpFloat64(), 1/theta[0])
	return nil
}

var (
	_ Univariate = Weibull{}
	_ Charted    = Weibull{}
	_ Observed   = Weibull{}
	_ LogDensity = Weibull{}
	_ Scorer     = Weibull{}
	_ Fisherer   = Weibull{}
	_ Diverger   = Weibull{}
	_ Cuber      = Weibull{}
	_ Curved     = Weibull{}
	_ Entropic   = Weibull{}
	_ Distancer  = Weibull{}
	_ Geodesic   = Weibull{}
	_ Logarithm  = Weibull{}
	_ Sampler    = Weibull{}
)
