package manifold

import (
	"math"

	"fisherflow/internal/special"

	"gonum.org/v1/gonum/mat"
)

// A scaling describes a family of one coordinate θ > 0 in which a statistic T
// of the observation is gamma distributed, with a known shape k and the rate
//
//	r = factor·θ^power.
//
// All such families have one geometry, that of the rate: with m the power,
// G = km²/θ², KL(p‖q) = kφ(r_q/r_p − 1), and log θ is arc length up to a factor.
// The natural coordinate is −r and that of the expectations k/r.
type scaling struct {
	family, coordinate string
	shape, factor      float64
	power              float64 // 1, −1 or −2
	charts             []string
	further            func(chart string) (coordinate string, m scalarMap) // charts beside source, natural, expectation
}

// rate is r(θ).
func (k *scaling) rate(theta float64) float64 {
	switch k.power {
	case 1:
		return k.factor * theta
	case -1:
		return k.factor / theta
	}
	return k.factor / (theta * theta)
}

// atRate is the θ of a rate.
func (k *scaling) atRate(r float64) float64 {
	switch k.power {
	case 1:
		return r / k.factor
	case -1:
		return k.factor / r
	}
	return math.Sqrt(k.factor / r)
}

// excess is φ(r_q/r_p − 1).
func (k *scaling) excess(p, q float64) float64 {
	switch k.power {
	case 1:
		return special.RatioExcess(p, q, q-p)
	case -1:
		return special.RatioExcess(q, p, p-q)
	}
	r := p / q
	return special.RatioExcess(1, r*r, (p-q)/q*(1+r))
}

// natural is the chart −r.
func (k *scaling) natural() scalarMap {
	return scalarMap{
		negative,
		func(x float64) float64 { return k.atRate(-x) },
		func(theta float64) float64 { return -k.rate(theta) },
		func(x, theta float64) float64 { return theta / (k.power * x) },
		func(x, theta float64) float64 { return theta / x / x * (1/k.power - 1) / k.power },
	}
}

// expectation is the chart k/r.
func (k *scaling) expectation() scalarMap {
	return scalarMap{
		positive,
		func(x float64) float64 { return k.atRate(k.shape / x) },
		func(theta float64) float64 { return k.shape / k.rate(theta) },
		func(x, theta float64) float64 { return -theta / (k.power * x) },
		func(x, theta float64) float64 { return theta / x / x * (1/k.power + 1) / k.power },
	}
}

// A scaled family is named by a type, so that the families that embed a
// scaleFamily have zero values that work.
type scaled interface{ scaling() *scaling }

// scaleFamily is the geometry of a scaling. A family embeds it and adds what
// concerns its observations.
type scaleFamily[K scaled] struct{}

func (scaleFamily[K]) scaling() *scaling {
	var k K
	return k.scaling()
}

// Name is the family's name.
func (f scaleFamily[K]) Name() string { return f.scaling().family }

// Dim is 1.
func (scaleFamily[K]) Dim() int { return 1 }

// Check wants a positive coordinate.
func (f scaleFamily[K]) Check(theta []float64) error {
	mustLen(len(theta), 1)
	if positive.contains(theta[0]) {
		return nil
	}
	k := f.scaling()
	return check(k.family, "", []string{k.coordinate}, []interval{positive}, theta)
}

// Charts lists the charts.
func (f scaleFamily[K]) Charts() []string { return f.scaling().charts }

// Chart returns a chart by name.
func (f scaleFamily[K]) Chart(name string) (Chart, bool) {
	k := f.scaling()
	switch name {
	case "source":
		return newSource(f, name, []string{k.coordinate}), true
	case "natural":
		return newCoordinatewise(f, name, []string{"theta"}, k.natural()), true
	case "expectation":
		return newCoordinatewise(f, name, []string{"eta"}, k.expectation()), true
	}
	if k.further != nil {
		if coordinate, m := k.further(name); coordinate != "" {
			return newCoordinatewise(f, name, []string{coordinate}, m), true
		}
	}
	return nil, false
}

// logOf is the further chart "log".
func logOf(coordinate string) func(string) (string, scalarMap) {
	return func(chart string) (string, scalarMap) {
		if chart == "log" {
			return coordinate, logMap
		}
		return "", scalarMap{}
	}
}

// score is (m/θ)(k − rT).
func (f scaleFamily[K]) score(dst []float64, statistic float64, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	k := f.scaling()
	dst[0] = k.power / theta[0] * (k.shape - k.rate(theta[0])*statistic)
	return nil
}

// Fisher is km²/θ².
func (f scaleFamily[K]) Fisher(dst *mat.SymDense, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	k := f.scaling()
	dst.SetSym(0, 0, k.shape*k.power*k.power/theta[0]/theta[0])
	return nil
}

// Cubic is −2km³/θ³.
func (f scaleFamily[K]) Cubic(dst Tensor, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	k := f.scaling()
	u := k.power / theta[0]
	dst[0][0][0] = -2 * k.shape * u * u * u
	return nil
}

// KL is kφ(r_q/r_p − 1), φ(u) = u − log(1+u).
func (f scaleFamily[K]) KL(p, q []float64) (float64, error) {
	if err := checkBoth(f, p, q); err != nil {
		return math.NaN(), err
	}
	k := f.scaling()
	return k.shape * k.excess(p[0], q[0]), nil
}

// Distance is √k|m log(θ_q/θ_p)|.
func (f scaleFamily[K]) Distance(p, q []float64) (float64, error) {
	if err := checkBoth(f, p, q); err != nil {
		return math.NaN(), err
	}
	k := f.scaling()
	return math.Abs(math.Sqrt(k.shape) * k.power * logRatio(p[0], q[0])), nil
}

// Geodesic is straight in log θ.
func (f scaleFamily[K]) Geodesic(dst, p, q []float64, s float64) error {
	if err := checkBoth(f, p, q); err != nil {
		return err
	}
	dst[0] = p[0] * math.Exp(s*logRatio(p[0], q[0]))
	return f.Check(dst)
}

// Log is θ_p log(θ_q/θ_p).
func (f scaleFamily[K]) Log(dst, p, q []float64) error {
	if err := checkBoth(f, p, q); err != nil {
		return err
	}
	dst[0] = p[0] * logRatio(p[0], q[0])
	return nil
}

// logRatio is log(q/p) for positive numbers, accurate when they are close.
func logRatio(p, q float64) float64 {
	if u := (q - p) / p; math.Abs(u) < 0.5 {
		return math.Log1p(u)
	}
	return math.Log(q) - math.Log(p)
}

// closedForm is all that a family with closed forms throughout can do.
type closedForm interface {
	Exponential
	Observed
	LogDensity
	Scorer
	Fisherer
	Diverger
	Cuber
	Entropic
	Distancer
	Geodesic
	Logarithm
	Sampler
}
