package manifold

import (
	"math"
	"math/rand/v2"

	"fisherflow/internal/special"

	"gonum.org/v1/gonum/mat"
)

// StudentTFree is the family of Student's t on the real line with all of
// location, scale and degrees of freedom free, in source coordinates
// (μ, σ, ν), σ and ν positive. Its density is that of [StudentT]; the Fisher
// matrix adds
//
//	G_σν = −2/(σ(ν+1)(ν+3)),
//	G_νν = ¼(ψ₁(ν/2) − ψ₁((ν+1)/2)) − (ν+5)/(2ν(ν+1)(ν+3)),
//
// and μ is orthogonal to both. G_νν falls as 7/(2ν⁴); it is computed without
// the cancellation of its terms. The divergence and the cubic tensor are
// computed by quadrature.
type StudentTFree struct{ byQuadrature }

var (
	studentFreeNames  = []string{"mu", "sigma", "nu"}
	studentFreeRanges = []interval{realLine, positive, positive}
)

// Name is "student-t".
func (StudentTFree) Name() string { return "student-t" }

// Dim is 3.
func (StudentTFree) Dim() int { return 3 }

// Check wants finite μ, positive σ and ν.
func (f StudentTFree) Check(theta []float64) error {
	return check(f.Name(), "", studentFreeNames, studentFreeRanges, theta)
}

// Charts lists the charts.
func (StudentTFree) Charts() []string { return []string{"source"} }

// Chart returns a chart by name.
func (f StudentTFree) Chart(name string) (Chart, bool) {
	if name == "source" {
		return newSource(f, name, studentFreeNames), true
	}
	return nil, false
}

// Support is the real line.
func (StudentTFree) Support() Support { return wholeLine }

func (StudentTFree) locate(theta []float64) (centre, scale float64) { return theta[0], theta[1] }

// ObservationDim is 1.
func (StudentTFree) ObservationDim() int { return 1 }

// CheckObservation wants a finite number.
func (f StudentTFree) CheckObservation(x []float64) error { return checkFinite(f.Name(), x) }

// LogDensity is with respect to Lebesgue measure.
func (StudentTFree) LogDensity(x, theta []float64) float64 {
	sigma, nu := theta[1], theta[2]
	return studentNorm(nu) - (nu+1)/2*log1pSquare((x[0]-theta[0])/sigma/math.Sqrt(nu)) - math.Log(sigma)
}

// Score has s_ν = ½(w/ν − φ(−w) + ψ((ν+1)/2) − ψ(ν/2) − 1/ν), w = z²/(ν+z²),
// φ(u) = u − log(1+u), of which every term is of the order of ν⁻².
func (f StudentTFree) Score(dst, x, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	sigma, nu := theta[1], theta[2]
	z := (x[0] - theta[0]) / sigma
	w := studentWeight(z, nu)
	excess := special.Excess(-w)
	if w > 0.5 {
		// 1 − w = 1/(1+z²/ν), which rounds away in w.
		excess = -w + log1pSquare(z/math.Sqrt(nu))
	}
	dst[0], dst[1] = (nu+1)/(z+nu/z)/sigma, ((nu+1)*w-1)/sigma
	dst[2] = (w/nu - excess + special.HalfStep(nu)) / 2
	return nil
}

// Fisher has G_νν free of cancellation.
func (f StudentTFree) Fisher(dst *mat.SymDense, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	sigma, nu := theta[1], theta[2]
	w := 1 / (sigma * sigma)
	dst.SetSym(0, 0, (nu+1)/(nu+3)*w)
	dst.SetSym(0, 1, 0)
	dst.SetSym(0, 2, 0)
	dst.SetSym(1, 1, 2*nu/(nu+3)*w)
	dst.SetSym(1, 2, -2/(sigma*(nu+1)*(nu+3)))
	dst.SetSym(2, 2, degreesInformation(nu))
	return nil
}

// degreesInformation is G_νν.
func degreesInformation(nu float64) float64 {
	if nu < 2 {
		return (nu*nu+3*nu+6)/(2*nu*nu*(nu+1)*(nu+3)) + (special.Trigamma(1+nu/2)-special.Trigamma((nu+1)/2))/4
	}
	return (7*nu+3)/(2*nu*nu*nu*(nu+1)*(nu+3)) - special.HalfStepSlope(nu)/2
}

// degreesInformationSlope is the derivative of G_νν.
func degreesInformationSlope(nu float64) float64 {
	common := -1/(nu+1) - 1/(nu+3)
	if nu < 2 {
		top := nu*nu + 3*nu + 6
		return top/(2*nu*nu*(nu+1)*(nu+3))*((2*nu+3)/top-2/nu+common) +
			(special.Tetragamma(1+nu/2)-special.Tetragamma((nu+1)/2))/8
	}
	top := 7*nu + 3
	return top/(2*nu*nu*nu*(nu+1)*(nu+3))*(7/top-3/nu+common) - special.HalfStepCurve(nu)/2
}

// Cubic is ApproximateCubic without its error.
func (f StudentTFree) Cubic(dst Tensor, theta []float64) error {
	_, err := f.ApproximateCubic(dst, theta)
	return err
}

// ApproximateCubic is a quadrature of the products of three scores.
func (f StudentTFree) ApproximateCubic(dst Tensor, theta []float64) (accuracy float64, err error) {
	return f.computed().cubicTensor(dst, theta)
}

// KL is ApproximateKL without its error.
func (f StudentTFree) KL(p, q []float64) (float64, error) {
	kl, _, err := f.ApproximateKL(p, q)
	return kl, err
}

// ApproximateKL is a quadrature of E[log p − log q].
func (f StudentTFree) ApproximateKL(p, q []float64) (kl, accuracy float64, err error) {
	return f.computed().planeDivergence(p, q)
}

// WithWorkspace returns the family with workspace for quadrature.
func (f StudentTFree) WithWorkspace() Family {
	f.byQuadrature = f.own(StudentTFree{})
	return f
}

func (f StudentTFree) computed() *numeric {
	if f.work != nil {
		return f.work
	}
	return f.own(StudentTFree{}).work
}

// Entropy is log σ and that of σ = 1.
func (f StudentTFree) Entropy(theta []float64) (float64, error) {
	if err := f.Check(theta); err != nil {
		return math.NaN(), err
	}
	return math.Log(theta[1]) + studentEntropy(theta[2]), nil
}

// Sample draws μ + σz.
func (f StudentTFree) Sample(dst, theta []float64, rng *rand.Rand) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	dst[0] = theta[0] + theta[1]*drawStudent(theta[2], rng)
	return nil
}
