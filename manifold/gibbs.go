package manifold

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
)

// Gibbs is the canonical ensemble on finitely many energy levels E₁, …, E_k, of
// which at least two differ, in its source coordinate β, the inverse temperature,
// any real number:
//
//	P(i) = e^(−βE_i)/Z,   G = Var E.
//
// It is exponential with T = E, h = 1, θ = −β, η = U = ⟨E⟩ and A = log Z. The
// chart "temperature" is 1/β, positive or negative, in which G is the heat capacity
// over T²; it does not have β = 0.
//
// The expectation chart finds β with a relative error of a few
// ε(|U|/(U−E_min) + 1), or the same at the upper end.
//
// The zero value has the levels 0 and 1.
type Gibbs struct {
	Levels []float64 // nil means 0 and 1

	work *finite // nil: allocate in each call
}

var gibbsNames, gibbsRanges = []string{"beta"}, []interval{realLine}

func (f Gibbs) levels() energyLevels {
	if f.Levels == nil {
		return energyLevels{0, 1}
	}
	return f.Levels
}

// energyLevels are the outcomes, with T = E.
type energyLevels []float64

func (e energyLevels) count() int                     { return len(e) }
func (e energyLevels) dim() int                       { return 1 }
func (e energyLevels) statistic(dst []float64, x int) { dst[0] = e[x] }

func (e energyLevels) bounds() (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, x := range e {
		low, high = math.Min(low, x), math.Max(high, x)
	}
	return low, high
}

// WithWorkspace returns the family with workspace of its own.
func (f Gibbs) WithWorkspace() Family {
	f.work = newFinite(f.levels())
	return f
}

// at is workspace at the point.
func (f Gibbs) at(theta []float64) *finite {
	w := f.work
	if w == nil {
		w = newFinite(f.levels())
	}
	w.step[0] = -theta[0]
	w.at(w.step)
	return w
}

// Name is "gibbs".
func (Gibbs) Name() string { return "gibbs" }

// Dim is 1.
func (Gibbs) Dim() int { return 1 }

// Check wants a finite β.
func (f Gibbs) Check(theta []float64) error {
	return check(f.Name(), "", gibbsNames, gibbsRanges, theta)
}

// Charts lists the charts.
func (Gibbs) Charts() []string { return []string{"source", "natural", "expectation", "temperature"} }

var oppositeMap = scalarMap{realLine, negate, negate, func(_, _ float64) float64 { return -1 }, straightMap}

// temperatureMap is 1/β.
var temperatureMap = scalarMap{interval{math.Inf(-1), math.Inf(1), "must be finite"}, reciprocal, reciprocal,
	func(_, beta float64) float64 { return -beta * beta }, reciprocalMap.bend}

// Chart returns a chart by name.
func (f Gibbs) Chart(name string) (Chart, bool) {
	switch name {
	case "source":
		return newSource(f, name, gibbsNames), true
	case "natural":
		return newCoordinatewise(f, name, []string{"theta"}, oppositeMap), true
	case "temperature":
		return newCoordinatewise(f, name, []string{"T"}, temperatureMap), true
	case "expectation":
		w := newFinite(f.levels())
		theta, u, variance := make([]float64, 1), make([]float64, 1), make([]float64, 1)
		at := func(beta float64) {
			theta[0] = -beta
			w.at(theta)
		}
		low, high := f.levels().bounds()
		return newCoordinatewise(f, name, []string{"U"}, scalarMap{
			interval{low, high, "must lie between the lowest and the highest level"},
			func(x float64) float64 {
				// Newton on the logit of the place between the levels, which is
				// nearly linear in β.
				target, beta := math.Log(x-low)-math.Log(high-x), 0.0
				for range 100 {
					at(beta)
					w.covariance(variance)
					below, above := w.mode[0]-low+w.shift[0], high-w.mode[0]-w.shift[0]
					step := (math.Log(below) - math.Log(above) - target) * (below / variance[0] * (above / (high - low)))
					if beta += step; math.Abs(step) <= 4e-16*math.Abs(beta) {
						break
					}
				}
				return beta
			},
			func(beta float64) float64 {
				at(beta)
				w.mean(u)
				return u[0]
			},
			func(_, beta float64) float64 {
				at(beta)
				w.covariance(variance)
				return -1 / variance[0]
			},
			nil, // the chart has its connection from the cubic tensor
		}), true
	}
	return nil, false
}

// ObservationDim is 1.
func (Gibbs) ObservationDim() int { return 1 }

// CheckObservation wants the number of a level, from 1 on.
func (f Gibbs) CheckObservation(x []float64) error {
	return Categorical{K: len(f.levels())}.checkOutcome(f.Name(), x)
}

// LogDensity is with respect to counting measure of the levels.
func (f Gibbs) LogDensity(x, theta []float64) float64 {
	i := int(x[0])
	if float64(i) != x[0] || i < 1 || i > len(f.levels()) {
		return math.Inf(-1)
	}
	w := f.at(theta)
	return w.exponent[i-1] - w.mass
}

// Score is U − E.
func (f Gibbs) Score(dst, x, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	w := f.at(theta)
	w.centre(int(x[0]) - 1)
	dst[0] = -w.t[0]
	return nil
}

// Fisher is Var E.
func (f Gibbs) Fisher(dst *mat.SymDense, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	w := f.at(theta)
	w.covariance(w.matrix)
	dst.SetSym(0, 0, w.matrix[0])
	return nil
}

// Cubic is −E[(E−U)³].
func (f Gibbs) Cubic(dst Tensor, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	f.at(theta).cubic(dst)
	dst[0][0][0] = -dst[0][0][0]
	return nil
}

// KL is log(1 + Σ p(e^r − 1 − r)), r = (β_p−β_q)(E−U_p).
func (f Gibbs) KL(p, q []float64) (float64, error) {
	if err := checkBoth(f, p, q); err != nil {
		return math.NaN(), err
	}
	w := f.at(p)
	w.step[0] = p[0] - q[0]
	return w.divergence(w.step), nil
}

// Entropy is log Z + βU.
func (f Gibbs) Entropy(theta []float64) (float64, error) {
	if err := f.Check(theta); err != nil {
		return math.NaN(), err
	}
	w := f.at(theta)
	return w.entropy(w.step), nil
}

// Sample draws the number of a level.
func (f Gibbs) Sample(dst, theta []float64, rng *rand.Rand) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	dst[0] = float64(f.at(theta).draw(rng) + 1)
	return nil
}

// Sufficient is E.
func (f Gibbs) Sufficient(dst, x []float64) { dst[0] = f.levels()[int(x[0])-1] }

// LogBase is 0.
func (Gibbs) LogBase([]float64) float64 { return 0 }

// MeanLogBase is 0.
func (Gibbs) MeanLogBase([]float64) (float64, bool) { return 0, true }

// LogPartition is log Z.
func (f Gibbs) LogPartition(theta []float64) float64 { return f.at(theta).logPartition() }

var (
	_ Exponential = Gibbs{}
	_ Observed    = Gibbs{}
	_ Workspaced  = Gibbs{}
	_ LogDensity  = Gibbs{}
	_ Scorer      = Gibbs{}
	_ Fisherer    = Gibbs{}
	_ Diverger    = Gibbs{}
	_ Cuber       = Gibbs{}
	_ Entropic    = Gibbs{}
	_ Sampler     = Gibbs{}
)
