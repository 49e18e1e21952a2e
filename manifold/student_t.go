package manifold

import (
	"math"
	"math/rand/v2"

	"fisherflow/internal/special"

	"gonum.org/v1/gonum/stat/distuv"
)

// StudentT is the family of Student's t with ν degrees of freedom, fixed, on
// the real line in source coordinates (μ, σ), σ > 0:
//
//	p(x) = (1 + z²/ν)^(−(ν+1)/2)/(σ√ν B(ν/2, ½)), z = (x−μ)/σ,
//	G = diag(ν+1, 2ν)/((ν+3)σ²).
//
// Its curvature is −(ν+3)/(2ν). In w = z²/(ν+z²), which has a beta density,
// σs_σ = (ν+1)w − 1. The divergence is computed by quadrature. (K. Lange,
// R. Little & J. Taylor, J. Am. Stat. Assoc. 84, 1989.)
//
// The zero value has ν = 1.
type StudentT struct {
	locationScale[student]
	byQuadrature
}

// NewStudentT returns the family with nu degrees of freedom. It panics unless
// nu is positive and finite.
func NewStudentT(nu float64) StudentT {
	if !positive.contains(nu) {
		panic("manifold: degrees of freedom must be positive and finite")
	}
	return StudentT{locationScale: locationScale[student]{student{newStudent(nu)}}}
}

// Nu is the number of degrees of freedom.
func (f StudentT) Nu() float64 { return f.shape.constants().nu }

type student struct{ c *studentConstants }

type studentConstants struct {
	traits
	nu, norm float64
}

var studentOne = newStudent(1)

func (s student) constants() *studentConstants {
	if s.c == nil {
		return studentOne
	}
	return s.c
}

func newStudent(nu float64) *studentConstants {
	w := 1 / ((nu + 3) * (nu + 5))
	return &studentConstants{
		traits: traits{
			name: "student-t", plane: halfPlane{a: (nu + 1) / (nu + 3), b: 2 * nu / (nu + 3)}, entropy: studentEntropy(nu),
			cubic: [4]float64{0, 2 * (nu + 1) * (nu - 1) * w, 0, 8 * nu * (nu - 1) * w},
		},
		nu: nu, norm: studentNorm(nu),
	}
}

// studentNorm is −log(√ν B(ν/2, ½)). In x = ν/2 its large terms are
// x log(1 + 1/(2x)) and differences of Stirling's remainder.
func studentNorm(nu float64) float64 {
	x := nu / 2
	remainder := func(x float64) float64 { return stirling(x) + math.Log(x)/2 }
	return x*math.Log1p(0.5/x) - 0.5 + remainder(x+0.5) - remainder(x) - halfLog2Pi
}

// studentEntropy is (ν+1)/2 (ψ((ν+1)/2) − ψ(ν/2)) + log(√ν B(ν/2, ½)).
func studentEntropy(nu float64) float64 {
	return (nu+1)/2*(special.HalfStep(nu)+1/nu) - studentNorm(nu)
}

func (s student) traits() *traits { return &s.constants().traits }

func (s student) logDensity(z float64) float64 {
	c := s.constants()
	return c.norm - (c.nu+1)/2*log1pSquare(z/math.Sqrt(c.nu))
}

func (s student) score(z float64) (location, scale float64) {
	nu := s.constants().nu
	return (nu + 1) / (z + nu/z), (nu+1)*studentWeight(z, nu) - 1
}

// studentWeight is w = z²/(ν+z²).
func studentWeight(z, nu float64) float64 {
	r := z / math.Sqrt(nu)
	return 1 / (1 + 1/(r*r))
}

func (s student) draw(rng *rand.Rand) float64 { return drawStudent(s.constants().nu, rng) }

// drawStudent is a normal variate over the root of a gamma variate of mean 1.
// Few degrees of freedom take it out of the range of float64 now and then;
// it then draws again.
func drawStudent(nu float64, rng *rand.Rand) float64 {
	for {
		z := rng.NormFloat64() / math.Sqrt(distuv.Gamma{Alpha: nu / 2, Beta: nu / 2, Src: rng}.Rand())
		if !math.IsInf(z, 0) && z == z {
			return z
		}
	}
}

// KL is ApproximateKL without its error.
func (f StudentT) KL(p, q []float64) (float64, error) {
	kl, _, err := f.ApproximateKL(p, q)
	return kl, err
}

// ApproximateKL is a quadrature of E[log p − log q].
func (f StudentT) ApproximateKL(p, q []float64) (kl, accuracy float64, err error) {
	return f.computed().planeDivergence(p, q)
}

// WithWorkspace returns the family with workspace for quadrature.
func (f StudentT) WithWorkspace() Family {
	f.byQuadrature = f.own(StudentT{locationScale: f.locationScale})
	return f
}

func (f StudentT) computed() *numeric {
	if f.work != nil {
		return f.work
	}
	return f.own(StudentT{locationScale: f.locationScale}).work
}
