package manifold

import (
	"math"

	"fisherflow/internal/special"
)

// logPoisson is the log-density of the Poisson distribution with mean l at x,
// also between the whole numbers. It is a sum of terms without cancellation:
// with log x! = x log x − x + log x + S(x), where S is stirling,
//
//	log p = −xφ(l/x − 1) − S(x) − log x,   φ(u) = u − log(1+u).
//
// The log-densities of the binomial and of its kin are differences of such
// terms at the same mean (C. Loader, Fast and accurate computation of binomial
// probabilities, 2000).
func logPoisson(x, l float64) float64 {
	switch {
	case x == 0:
		return -l
	case x < 10:
		lg, _ := math.Lgamma(x + 1)
		return x*math.Log(l) - l - lg
	}
	return -x*special.RatioExcess(x, l, l-x) - stirling(x) - math.Log(x)
}

// logBinomial is the log-density of the number x of successes, of probability
// p, in n trials, q = 1 − p; x and n may lie between the whole numbers.
func logBinomial(x, n, p, q float64) float64 {
	return logPoisson(x, n*p) + logPoisson(n-x, n*q) - logPoisson(n, n)
}

// latticeMean is Σ p(x)v(x, log p(x)) over the whole numbers x of [low, high],
// for a log-density that has one mode, near mean, and v that grows like a power.
//
// A wide density is summed on a coarser lattice, of at most an eighth of its
// standard deviation: the trapezoidal rule on a function as smooth as that is
// exact to rounding (Trefethen & Weideman, SIAM Review 56, 2014).
func latticeMean(logp func(x float64) float64, v func(x, logp float64) float64, mean, sd, low, high float64) float64 {
	stride := math.Max(1, math.Floor(sd/8))
	start := math.Max(low, math.Min(high, math.Floor(mean)))
	sum := 0.0
	for _, direction := range []float64{1, -1} {
		peak := math.Inf(-1)
		x := start
		if direction < 0 {
			x -= stride
		}
		for ; x >= low && x <= high; x += direction * stride {
			l := logp(x)
			peak = math.Max(peak, l)
			if l < peak-50 && (x-mean)*direction > 0 {
				break
			}
			sum += math.Exp(l) * v(x, l)
		}
	}
	return stride * sum
}

// latticeEntropy is −Σ p log p.
func latticeEntropy(logp func(x float64) float64, mean, sd, low, high float64) float64 {
	return latticeMean(logp, func(_, l float64) float64 { return -l }, mean, sd, low, high)
}
