package manifold

import (
	"math"
	"math/rand/v2"

	"fisherflow/internal/special"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Gamma is the gamma family on the positive reals in source coordinates
// (a, b), shape and rate, both positive:
//
//	p(x) = bᵃ x^(a−1) e^(−bx)/Γ(a),   G = [[ψ₁(a), −1/b], [−1/b, a/b²]].
//
// It is exponential with T = (log x, x), h = 1, θ = (a−1, −b),
// η = (ψ(a) − log b, a/b) and A = log Γ(a) − a log b. The chart (mean, shape)
// is orthogonal (Arwini & Dodson, Information Geometry, 2008).
//
// The natural chart keeps a relative accuracy of ε/a of a small shape. The
// expectation chart finds the shape from log η₂ − η₁ ≈ 1/(2a), with relative
// error 2aε(1 + |log η₂|): a shape of 1e8 and more is lost in float64.
type Gamma struct{}

var (
	gammaNames  = []string{"shape", "rate"}
	gammaRanges = []interval{positive, positive}
)

// Name is "gamma".
func (Gamma) Name() string { return "gamma" }

// Dim is 2.
func (Gamma) Dim() int { return 2 }

// Check wants positive shape and rate.
func (f Gamma) Check(theta []float64) error {
	return check(f.Name(), "", gammaNames, gammaRanges, theta)
}

// Charts lists the charts.
func (Gamma) Charts() []string {
	return []string{"source", "natural", "expectation", "log", "shape-scale", "mean-shape"}
}

// Chart returns a chart by name.
func (f Gamma) Chart(name string) (Chart, bool) {
	switch name {
	case "source":
		return newSource(f, name, gammaNames), true
	case "natural":
		return newCoordinatewise(f, name, []string{"theta1", "theta2"}, minusOneMap, negatedMap), true
	case "log":
		return newCoordinatewise(f, name, []string{"log_shape", "log_rate"}, logMap, logMap), true
	case "shape-scale":
		shape := identityMap
		shape.domain = positive
		return newCoordinatewise(f, name, []string{"shape", "scale"}, shape, reciprocalMap), true
	case "mean-shape":
		return &planar{
			family: f, name: name, names: []string{"mean", "shape"}, ranges: []interval{positive, positive},
			to: func(dst, xi []float64) (int, string, bool) {
				dst[0], dst[1] = xi[1], xi[1]/xi[0]
				return 0, "", true
			},
			from: func(dst, theta []float64) { dst[0], dst[1] = theta[0]/theta[1], theta[0] },
			jacobian: func(xi, theta []float64) [4]float64 {
				return [4]float64{0, 1, -theta[1] / xi[0], 1 / xi[0]}
			},
			inverse: func(xi, theta []float64) [4]float64 {
				return [4]float64{1 / theta[1], -xi[0] / theta[1], 1, 0}
			},
			bend: func(xi, theta []float64) [2][3]float64 {
				return [2][3]float64{1: {2 * theta[1] / xi[0] / xi[0], -1 / xi[0] / xi[0], 0}}
			},
		}, true
	case "expectation":
		return gammaExpectation(f, []string{"E_log_x", "E_x"}, 1), true
	}
	return nil, false
}

// gammaExpectation is the chart (sign·(ψ(a) − log b), a/b).
func gammaExpectation(f Family, names []string, sign float64) Chart {
	want := "must be less than log " + names[1]
	if sign < 0 {
		want = "must exceed -log " + names[1]
	}
	return &planar{
		family: f, name: "expectation", names: names, ranges: []interval{realLine, positive},
		to: func(dst, xi []float64) (int, string, bool) {
			c := math.Log(xi[1]) - sign*xi[0]
			a := special.InverseLogMinusDigamma(c)
			dst[0], dst[1] = a, a/xi[1]
			return 0, want, c > 0
		},
		from: func(dst, theta []float64) {
			a, b := theta[0], theta[1]
			dst[0], dst[1] = sign*(special.Digamma(a)-math.Log(b)), a/b
		},
		jacobian: func(_, theta []float64) [4]float64 {
			a, b := theta[0], theta[1]
			d := a * special.TrigammaMinusInverse(a) // aψ₁ − 1
			return [4]float64{sign * a / d, -b / d, sign * b / d, -b * b * special.Trigamma(a) / d}
		},
		inverse: func(_, theta []float64) [4]float64 {
			a, b := theta[0], theta[1]
			return [4]float64{sign * special.Trigamma(a), -sign / b, 1 / b, -a / (b * b)}
		},
	}
}

// gammaExpectationFisher is the Fisher matrix of that chart,
// [[a, −sign·b], [−sign·b, b²ψ₁]]/(aψ₁−1).
func gammaExpectationFisher(dst *mat.SymDense, theta []float64, sign float64) {
	a, b := theta[0], theta[1]
	d := a * special.TrigammaMinusInverse(a)
	set2(dst, a/d, -sign*b/d, b*b*special.Trigamma(a)/d)
}

// FisherIn has the charts in which the congruence cancels: mean-shape is
// diag(a/μ², ψ₁(a) − 1/a), expectation [[a, −b], [−b, b²ψ₁]]/(aψ₁−1).
func (Gamma) FisherIn(dst *mat.SymDense, chart string, xi, theta []float64) bool {
	switch chart {
	case "mean-shape":
		set2(dst, theta[0]/(xi[0]*xi[0]), 0, special.TrigammaMinusInverse(theta[0]))
	case "expectation":
		gammaExpectationFisher(dst, theta, 1)
	default:
		return false
	}
	return true
}

// shapeCurve is ψ₂(a) + 1/a², about −1/a³ for a large a, without the cancellation
// of its terms there.
func shapeCurve(a float64) float64 {
	return (special.ScaledTrigammaSlope(a) - special.TrigammaMinusInverse(a)) / a
}

// gammaExpectationCubic is the cubic tensor of the chart [gammaExpectation]: with
// D = aψ₁ − 1 and e = a²ψ₂ + 1, free of cancellation, D³T is ae, −be,
// (b²/a)(e − D²) and (b/a)²b(3D² + 2D³ − e), by the number of indices 2.
func gammaExpectationCubic(dst Tensor, theta []float64, sign float64) {
	a, b := theta[0], theta[1]
	d := a * special.TrigammaMinusInverse(a)
	e := a * a * shapeCurve(a)
	w := 1 / (d * d * d)
	component := [4]float64{sign * a * e * w, -b * e * w, sign * b * b / a * (e - d*d) * w, b / a * b / a * b * (3*d*d + 2*d*d*d - e) * w}
	dst.fill(func(i, j, k int) float64 { return component[i+j+k] })
}

// CubicIn has the charts in which the pull-back cancels: mean-shape, with
// T_μμμ = 2a/μ³, T_μμa = −1/μ², T_μaa = 0 and T_aaa = ψ₂(a) + 1/a², and expectation.
func (Gamma) CubicIn(dst Tensor, chart string, xi, theta []float64) bool {
	switch chart {
	case "mean-shape":
		a, mu := theta[0], xi[0]
		component := [4]float64{2 * a / mu / mu / mu, -1 / mu / mu, 0, shapeCurve(a)}
		dst.fill(func(i, j, k int) float64 { return component[i+j+k] })
	case "expectation":
		gammaExpectationCubic(dst, theta, 1)
	default:
		return false
	}
	return true
}

func set2(dst *mat.SymDense, g11, g12, g22 float64) {
	dst.SetSym(0, 0, g11)
	dst.SetSym(0, 1, g12)
	dst.SetSym(1, 1, g22)
}

// ObservationDim is 1.
func (Gamma) ObservationDim() int { return 1 }

// CheckObservation wants a positive number.
func (f Gamma) CheckObservation(x []float64) error {
	return checkScalar(f.Name(), x, func(x float64) bool { return x > 0 }, "must be positive")
}

// LogDensity is with respect to Lebesgue measure. For a large shape it is
// −aφ(bx/a − 1) − S(a) − log x, φ(u) = u − log(1+u) and S as in KL, whose terms stay
// small near the mean.
func (f Gamma) LogDensity(x, theta []float64) float64 {
	if !(x[0] > 0) {
		return math.Inf(-1)
	}
	a, b := theta[0], theta[1]
	if a > 10 {
		m := b * x[0]
		return -a*special.RatioExcess(a, m, m-a) - stirling(a) - math.Log(x[0])
	}
	lg, _ := math.Lgamma(a)
	return a*math.Log(b) - lg + (a-1)*math.Log(x[0]) - b*x[0]
}

// Score is (log b + log x − ψ(a), a/b − x).
func (f Gamma) Score(dst, x, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	a, b := theta[0], theta[1]
	dst[0], dst[1] = math.Log(b)+math.Log(x[0])-special.Digamma(a), a/b-x[0]
	return nil
}

// Fisher is [[ψ₁(a), −1/b], [−1/b, a/b²]].
func (f Gamma) Fisher(dst *mat.SymDense, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	a, b := theta[0], theta[1]
	set2(dst, special.Trigamma(a), -1/b, a/(b*b))
	return nil
}

// Cubic has T_aaa = ψ₂(a), T_aab = 0, T_abb = 1/b² and T_bbb = −2a/b³.
func (f Gamma) Cubic(dst Tensor, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	a, b := theta[0], theta[1]
	component := [4]float64{special.Tetragamma(a), 0, 1 / (b * b), -2 * a / (b * b * b)}
	dst.fill(func(i, j, k int) float64 { return component[i+j+k] })
	return nil
}

// KL splits into a part of the means and one of the shapes, which are
// orthogonal: with ρ = μ_p/μ_q,
//
//	KL(p‖q) = a_q φ(ρ−1) + S(a_q) − S(a_p) − (a_q−a_p) S′(a_p),
//	S(a) = log Γ(a) − a log a + a,   S″ = ψ₁(a) − 1/a,
//
// of which neither cancels.
func (f Gamma) KL(p, q []float64) (float64, error) {
	if err := checkBoth(f, p, q); err != nil {
		return math.NaN(), err
	}
	da, db := q[0]-p[0], q[1]-p[1]
	u := (p[0]*db - p[1]*da) / p[1] / q[0] // ρ − 1
	return q[0]*special.RatioExcess(1, p[0]/q[0]*(q[1]/p[1]), u) + shapeDivergence(p[0], q[0], da), nil
}

// logGammaDivergence is log Γ(b) − log Γ(a) − (b−a)ψ(a), the divergence of log Γ
// as a convex function.
func logGammaDivergence(a, b float64) float64 {
	return b*special.RatioExcess(b, a, a-b) + shapeDivergence(a, b, b-a)
}

// shapeDivergence is S(b) − S(a) − dS′(a), given d = b − a.
func shapeDivergence(a, b, d float64) float64 {
	if math.Abs(d) <= 0.25*a {
		// Taylor's remainder ∫(1−s) d² S″(a+sd) ds.
		sum := 0.0
		for _, g := range legendre8 {
			sum += g.weight * (1 - g.node) * special.TrigammaMinusInverse(a+g.node*d)
		}
		return d * d * sum
	}
	return stirling(b) - stirling(a) + d*special.LogMinusDigamma(a)
}

// stirling is S(a) = log Γ(a) − a log a + a.
func stirling(a float64) float64 {
	if a < 10 {
		lg, _ := math.Lgamma(a)
		return lg - a*math.Log(a) + a
	}
	z := 1 / (a * a)
	return halfLog2Pi - math.Log(a)/2 + (1./12-z*(1./360-z*(1./1260-z*(1./1680-z*(1./1188-z*691./360360)))))/a
}

// legendre8 are the nodes and weights of Gauss–Legendre quadrature on [0, 1].
var legendre8 = [...]struct{ node, weight float64 }{
	{0.01985507175123188415821957, 0.05061426814518812957626567},
	{0.10166676129318663020422303, 0.11119051722668723527217800},
	{0.23723379504183550709113047, 0.15685332293894364366898110},
	{0.40828267875217509753026193, 0.18134189168918099148257522},
	{0.59171732124782490246973807, 0.18134189168918099148257522},
	{0.76276620495816449290886953, 0.15685332293894364366898110},
	{0.89833323870681336979577697, 0.11119051722668723527217800},
	{0.98014492824876811584178043, 0.05061426814518812957626567},
}

// Entropy is a − log b + log Γ(a) + (1−a)ψ(a).
func (f Gamma) Entropy(theta []float64) (float64, error) {
	if err := f.Check(theta); err != nil {
		return math.NaN(), err
	}
	a, b := theta[0], theta[1]
	if a > 10 {
		// S(a) + log a + (a−1)(log a − ψ(a)): the large terms are gone.
		return stirling(a) + (a-1)*special.LogMinusDigamma(a) + math.Log(a) - math.Log(b), nil
	}
	lg, _ := math.Lgamma(a)
	return a - math.Log(b) + lg + (1-a)*special.Digamma(a), nil
}

// Curvature is (ψ₁+aψ₂)/(4(aψ₁−1)²), between −½ and −¼ (Arwini & Dodson 2008).
func (f Gamma) Curvature(theta []float64) (float64, error) {
	if err := f.Check(theta); err != nil {
		return math.NaN(), err
	}
	return gammaCurvature(theta[0]), nil
}

func gammaCurvature(a float64) float64 {
	switch {
	case a < 1:
		s := newSmallShape(a)
		return -(1 + 2*s.w - s.u) / (4 * square(1+s.u-a))
	case a > flatShape:
		return -0.5
	}
	return special.ScaledTrigammaSlope(a) / (4 * square(a*special.TrigammaMinusInverse(a)))
}

// flatShape is a shape beyond which the asymptotic value is right to rounding.
const flatShape = 0x1p64

// Sample draws a gamma variate.
func (f Gamma) Sample(dst, theta []float64, rng *rand.Rand) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	dst[0] = distuv.Gamma{Alpha: theta[0], Beta: theta[1], Src: rng}.Rand()
	return nil
}

// Sufficient is (log x, x).
func (Gamma) Sufficient(dst, x []float64) { dst[0], dst[1] = math.Log(x[0]), x[0] }

// LogBase is 0.
func (Gamma) LogBase([]float64) float64 { return 0 }

// MeanLogBase is 0.
func (Gamma) MeanLogBase([]float64) (float64, bool) { return 0, true }

// LogPartition is log Γ(a) − a log b.
func (Gamma) LogPartition(theta []float64) float64 {
	lg, _ := math.Lgamma(theta[0])
	return lg - theta[0]*math.Log(theta[1])
}

var (
	_ Exponential   = Gamma{}
	_ Observed      = Gamma{}
	_ LogDensity    = Gamma{}
	_ Scorer        = Gamma{}
	_ Fisherer      = Gamma{}
	_ FisherInChart = Gamma{}
	_ CubicInChart  = Gamma{}
	_ Diverger      = Gamma{}
	_ Cuber         = Gamma{}
	_ Entropic      = Gamma{}
	_ Sampler       = Gamma{}
	_ Curved        = Gamma{}
)
