package variational

import (
	"math"
	"math/rand/v2"

	"fisherflow/variational/target"

	"gonum.org/v1/gonum/mat"
)

const (
	// searches for other modes start at so many points.
	searches = 8
	// mostSearched is the number of coordinates up to which there is a search.
	mostSearched = 50
	// outside is the distance, in standard deviations of q beyond the √d at
	// which its own mass lies, from which on a mode is another one.
	outside = 4
	// noted is the mass of another mode, relative to the evidence that draws of
	// q see, above which q does not stand for the posterior.
	noted = 0.02
)

// A mode is a local maximum of a density that q does not reach.
type mode struct {
	z []float64
	// mass is that of the normal approximation there, relative to the evidence.
	mass float64
}

// otherMode looks for a mode beyond q's reach: by Newton's method from points
// that are 3 to 24 of q's standard deviations away. Draws of q see nothing of
// such a mode, and k̂ does not either. Nil says that none was found, which does
// not say that there is none.
func otherMode(t target.Target, f *Fit, seed uint64) *mode {
	d := len(f.Mean)
	if d > mostSearched || f.Evidence == nil || math.IsInf(f.Evidence.Log, 0) {
		return nil
	}
	var q mat.Cholesky
	if !q.Factorize(f.Covariance()) {
		return nil
	}
	rng := rand.New(rand.NewPCG(seed, 1))
	eps, z := make([]float64, d), make([]float64, d)
	h := mat.NewSymDense(d, nil)
	away := mat.NewVecDense(d, nil)
	var found *mode
	for k := range searches {
		reach := 3 * math.Pow(2, float64(k%4))
		for i := range eps {
			eps[i] = reach * rng.NormFloat64()
		}
		f.loss.q.point(z, eps)
		at, _, _, err := Laplace(t, z)
		if err != nil {
			continue
		}
		for i := range at {
			away.SetVec(i, at[i]-f.Mean[i])
		}
		var solved mat.VecDense
		_ = q.SolveVecTo(&solved, away) // ill-conditioned is good enough
		if !(math.Sqrt(mat.Dot(away, &solved)) > outside+math.Sqrt(float64(d))) {
			continue
		}
		if mass := massAt(t, h, at, f.Evidence.Log); mass > noted && (found == nil || mass > found.mass) {
			found = &mode{at, mass}
		}
	}
	return found
}

// massAt is the mass of the normal approximation at a local maximum, relative
// to that of logarithm log; 0 at any other point.
func massAt(t target.Target, h *mat.SymDense, z []float64, log float64) float64 {
	d := len(z)
	g := mat.NewVecDense(d, nil)
	value, err := t.LogDensity(g.RawVector().Data, z)
	if err != nil || hessian(t, h, z) != nil {
		return 0
	}
	h.ScaleSym(-1, h)
	var factor mat.Cholesky
	if !factor.Factorize(h) {
		return 0
	}
	var step mat.VecDense
	_ = factor.SolveVecTo(&step, g)
	if !(mat.Dot(g, &step) < 1e-6) {
		return 0
	}
	return math.Exp(value + float64(d)/2*math.Log(2*math.Pi) - factor.LogDet()/2 - log)
}
