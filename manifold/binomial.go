package manifold

import (
	"fmt"
	"math"
	"math/rand/v2"

	"fisherflow/internal/special"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Binomial is the binomial family on {0, …, n}, n given, in its source
// coordinate p, 0 < p < 1, the probability of success:
//
//	P(x) = C(n, x) pˣ(1−p)^(n−x),   G = n/(p(1−p)).
//
// It is exponential with T = x, h = C(n, x), θ = log(p/(1−p)), η = np and
// A = −n log(1−p): the geometry is n times that of [Bernoulli], and both ends
// are boundaries at finite distance.
//
// The zero value has n = 1.
type Binomial struct {
	N int // number of trials, at least 1; 0 means 1
}

func (f Binomial) n() float64 { return float64(max(f.N, 1)) }

// Name is "binomial".
func (Binomial) Name() string { return "binomial" }

// Dim is 1.
func (Binomial) Dim() int { return 1 }

// Check wants 0 < p < 1.
func (f Binomial) Check(theta []float64) error {
	return check(f.Name(), "", bernoulliNames, bernoulliRanges, theta)
}

// Charts lists the charts.
func (Binomial) Charts() []string { return []string{"source", "natural", "expectation"} }

// Chart returns a chart by name.
func (f Binomial) Chart(name string) (Chart, bool) {
	switch name {
	case "source":
		return newSource(f, name, bernoulliNames), true
	case "natural":
		return newCoordinatewise(f, name, []string{"logit_p"}, logitMap), true
	case "expectation":
		counts := interval{0, f.n(), fmt.Sprintf("must lie between 0 and n = %g", f.n())}
		return newCoordinatewise(f, name, []string{"eta"}, multiplied(counts, 1/f.n())), true
	}
	return nil, false
}

// ObservationDim is 1.
func (Binomial) ObservationDim() int { return 1 }

// CheckObservation wants a whole number from 0 to n.
func (f Binomial) CheckObservation(x []float64) error {
	return checkScalar(f.Name(), x, func(x float64) bool { return isCount(x) && x <= f.n() },
		fmt.Sprintf("must be a whole number from 0 to %g", f.n()))
}

// LogDensity is with respect to counting measure.
func (f Binomial) LogDensity(x, theta []float64) float64 {
	if !isCount(x[0]) || x[0] > f.n() {
		return math.Inf(-1)
	}
	return f.logDensity(x[0], theta[0])
}

func (f Binomial) logDensity(x, p float64) float64 {
	switch n := f.n(); x {
	case 0:
		return n * math.Log1p(-p)
	case n:
		return n * math.Log(p)
	default:
		return logBinomial(x, n, p, 1-p)
	}
}

// Score is (x − np)/(p(1−p)).
func (f Binomial) Score(dst, x, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	dst[0] = (x[0] - f.n()*theta[0]) / (theta[0] * (1 - theta[0]))
	return nil
}

// Fisher is n/(p(1−p)).
func (f Binomial) Fisher(dst *mat.SymDense, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	dst.SetSym(0, 0, f.n()/(theta[0]*(1-theta[0])))
	return nil
}

// FisherIn is np(1−p) in the natural chart.
func (f Binomial) FisherIn(dst *mat.SymDense, chart string, xi, _ []float64) bool {
	if chart != "natural" {
		return false
	}
	dst.SetSym(0, 0, f.n()*special.Logistic(xi[0])*special.Logistic(-xi[0]))
	return true
}

// Cubic is n(1−2p)/(p(1−p))².
func (f Binomial) Cubic(dst Tensor, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	dst[0][0][0] = f.n() * (1 - 2*theta[0]) / square(theta[0]*(1-theta[0]))
	return nil
}

// KL is n times that of [Bernoulli].
func (f Binomial) KL(p, q []float64) (float64, error) {
	if err := checkBoth(f, p, q); err != nil {
		return math.NaN(), err
	}
	kl, err := Bernoulli{}.KL(p, q)
	return f.n() * kl, err
}

// Entropy is summed over the outcomes, to rounding.
func (f Binomial) Entropy(theta []float64) (float64, error) {
	if err := f.Check(theta); err != nil {
		return math.NaN(), err
	}
	mean, sd := f.moments(theta[0])
	return latticeEntropy(func(x float64) float64 { return f.logDensity(x, theta[0]) }, mean, sd, 0, f.n()), nil
}

func (f Binomial) moments(p float64) (mean, sd float64) {
	return f.n() * p, math.Sqrt(f.n() * p * (1 - p))
}

// Distance is √n times that of [Bernoulli].
func (f Binomial) Distance(p, q []float64) (float64, error) {
	if err := checkBoth(f, p, q); err != nil {
		return math.NaN(), err
	}
	d, err := Bernoulli{}.Distance(p, q)
	return math.Sqrt(f.n()) * d, err
}

// Geodesic is straight in asin √p.
func (f Binomial) Geodesic(dst, p, q []float64, s float64) error {
	if err := checkBoth(f, p, q); err != nil {
		return err
	}
	return Bernoulli{}.geodesic(f.Name(), dst, p, q, s)
}

// Log is 2√(p(1−p))(asin √q − asin √p).
func (f Binomial) Log(dst, p, q []float64) error {
	if err := checkBoth(f, p, q); err != nil {
		return err
	}
	return Bernoulli{}.Log(dst, p, q)
}

// Sample draws a binomial variate.
func (f Binomial) Sample(dst, theta []float64, rng *rand.Rand) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	dst[0] = distuv.Binomial{N: f.n(), P: theta[0], Src: rng}.Rand()
	return nil
}

// Sufficient is x.
func (Binomial) Sufficient(dst, x []float64) { dst[0] = x[0] }

// LogBase is log C(n, x).
func (f Binomial) LogBase(x []float64) float64 {
	return logFactorial(f.n()) - logFactorial(x[0]) - logFactorial(f.n()-x[0])
}

// MeanLogBase is summed over the outcomes, to rounding; it varies with p unless
// n is 1.
func (f Binomial) MeanLogBase(theta []float64) (float64, bool) {
	if f.n() == 1 {
		return 0, true
	}
	mean, sd := f.moments(theta[0])
	return latticeMean(func(x float64) float64 { return f.logDensity(x, theta[0]) },
		func(x, _ float64) float64 { return f.LogBase([]float64{x}) }, mean, sd, 0, f.n()), false
}

// LogPartition is −n log(1−p).
func (f Binomial) LogPartition(theta []float64) float64 { return -f.n() * math.Log1p(-theta[0]) }

var (
	_ closedForm    = Binomial{}
	_ FisherInChart = Binomial{}
)
