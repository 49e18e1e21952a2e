package variational

import (
	"math"
	"math/rand/v2"
	"slices"

	"fisherflow/variational/target"
)

// An Evidence is what importance sampling from q says of the posterior, with
// weights w = p(x, z)/q(z), in unnormalised logarithms.
type Evidence struct {
	Draws int
	// Log estimates log p(x) = log E_q[w], with its standard error by the delta
	// method.
	Log, StandardError float64
	// ParetoK is the shape k̂ of the tail of the weights: a k̂ above 0.7 says that
	// the estimates cannot be relied upon, and that q misses parts of the
	// posterior; the variance is infinite from 0.5 on (Vehtari, Simpson, Gelman,
	// Yao & Gabry, JMLR 2024).
	ParetoK float64
	// ELBO is the mean of log w over the draws, with its standard error: a
	// check of the deterministic value.
	ELBO, ELBOError float64
	// Points are the draws, one after the other, and LogWeights theirs.
	Points, LogWeights []float64
}

// sample draws n points from q, of a generator of the given seed, and weighs
// them. A draw where the density cannot be evaluated has weight zero.
func sample(t target.Target, q normal, n int, seed uint64) *Evidence {
	d := q.dim()
	e := &Evidence{Draws: n, Points: make([]float64, n*d), LogWeights: make([]float64, n)}
	rng := rand.New(rand.NewPCG(seed, 0))
	eps := make([]float64, d)
	// log q = −½|ε|² − ½d log 2π − log|A|, and H = ½d(1 + log 2π) + log|A|.
	base := q.entropy() - float64(d)/2
	sum, square := 0.0, 0.0
	for k := range n {
		norm := 0.0
		for i := range eps {
			eps[i] = rng.NormFloat64()
			norm += eps[i] * eps[i]
		}
		z := e.Points[k*d : (k+1)*d]
		q.point(z, eps)
		f, err := t.LogDensity(nil, z)
		w := f + base + norm/2
		if err != nil || math.IsNaN(w) {
			w = math.Inf(-1)
		}
		e.LogWeights[k] = w
		delta := w - sum
		sum += delta / float64(k+1)
		square += delta * (w - sum)
	}
	e.ELBO, e.ELBOError = sum, math.Sqrt(square/float64(n-1)/float64(n))
	most := slices.Max(e.LogWeights)
	total, squares := 0.0, 0.0
	for _, w := range e.LogWeights {
		v := math.Exp(w - most)
		total += v
		squares += v * v
	}
	mean := total / float64(n)
	e.Log = most + math.Log(mean)
	e.StandardError = math.Sqrt(max(0, squares/float64(n)-mean*mean)/float64(n)) / mean
	e.ParetoK = ParetoK(e.LogWeights)
	return e
}

// ParetoK is the shape of a generalised Pareto distribution fitted to the
// largest min(n/5, 3√n) of the weights whose logarithms are given, by the
// method of Zhang and Stephens (Technometrics 51 (2009)) with the weak prior of
// Vehtari et al.: +Inf where the weights are not numbers, NaN where there are
// too few.
func ParetoK(logWeights []float64) float64 {
	n := len(logWeights)
	tail := int(math.Ceil(min(0.2*float64(n), 3*math.Sqrt(float64(n)))))
	if tail < 5 {
		return math.NaN()
	}
	sorted := slices.Clone(logWeights)
	slices.Sort(sorted)
	most := sorted[n-1]
	if math.IsInf(most, 0) || math.IsNaN(sorted[0]) {
		return math.Inf(1)
	}
	cut := math.Exp(sorted[n-tail-1] - most)
	x := make([]float64, tail)
	for i := range x {
		x[i] = math.Exp(sorted[n-tail+i]-most) - cut
	}
	if !(x[tail-1] > 0) {
		return math.Inf(-1) // all weights are alike
	}
	// Draws that tie with the cut say nothing of the tail's shape, but their
	// zeros would upset the quartile.
	quartile := x[int(math.Floor(float64(tail)/4+0.5))-1]
	if !(quartile > 0) {
		quartile = x[tail-1] / 4
	}
	grid := 30 + int(math.Sqrt(float64(tail)))
	b, l := make([]float64, grid), make([]float64, grid)
	shape := func(b float64) float64 {
		s := 0.0
		for _, v := range x {
			s += math.Log1p(-b * v)
		}
		return s / float64(tail)
	}
	for j := range b {
		b[j] = 1/x[tail-1] + (1-math.Sqrt(float64(grid)/(float64(j)+0.5)))/(3*quartile)
		k := shape(b[j])
		l[j] = float64(tail) * (math.Log(-b[j]/k) - k - 1)
	}
	mean := 0.0
	for j := range b {
		weight := 0.0
		for i := range l {
			weight += math.Exp(l[i] - l[j])
		}
		if w := 1 / weight; w > 0 {
			mean += b[j] * w
		}
	}
	k := shape(mean)
	const prior = 10
	return (k*float64(tail) + prior*0.5) / (float64(tail) + prior)
}

// Moments are mean and standard deviation of the posterior by importance
// sampling, on the unconstrained scale.
func (e *Evidence) Moments() (mean, sd []float64) {
	n := len(e.LogWeights)
	d := len(e.Points) / n
	mean, sd = make([]float64, d), make([]float64, d)
	most := slices.Max(e.LogWeights)
	total := 0.0
	for k, w := range e.LogWeights {
		v := math.Exp(w - most)
		total += v
		for i := range d {
			mean[i] += v * e.Points[k*d+i]
		}
	}
	for i := range mean {
		mean[i] /= total
	}
	for k, w := range e.LogWeights {
		v := math.Exp(w-most) / total
		for i := range d {
			c := e.Points[k*d+i] - mean[i]
			sd[i] += v * c * c
		}
	}
	for i := range sd {
		sd[i] = math.Sqrt(sd[i])
	}
	return mean, sd
}
