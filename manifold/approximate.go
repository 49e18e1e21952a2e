package manifold

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// These ask a family for a quantity and its error, which is zero where the
// quantity is in closed form. Where the family does not have it the error
// wraps errors.ErrUnsupported.

func missing(f Family, what string) error {
	return fmt.Errorf("%s has no %s: %w", f.Name(), what, errors.ErrUnsupported)
}

func approximateFisher(f Family, dst *mat.SymDense, theta []float64) (accuracy float64, err error) {
	if a, ok := f.(ApproximateFisherer); ok {
		return a.ApproximateFisher(dst, theta)
	}
	c, ok := f.(Fisherer)
	if !ok {
		return math.NaN(), missing(f, "Fisher matrix")
	}
	return 0, c.Fisher(dst, theta)
}

func approximateCubic(f Family, dst Tensor, theta []float64) (accuracy float64, err error) {
	if a, ok := f.(ApproximateCuber); ok {
		return a.ApproximateCubic(dst, theta)
	}
	c, ok := f.(Cuber)
	if !ok {
		return math.NaN(), missing(f, "cubic tensor")
	}
	return 0, c.Cubic(dst, theta)
}

func approximateEntropy(f Family, theta []float64) (h, accuracy float64, err error) {
	if a, ok := f.(ApproximateEntropic); ok {
		return a.ApproximateEntropy(theta)
	}
	c, ok := f.(Entropic)
	if !ok {
		return math.NaN(), math.NaN(), missing(f, "entropy")
	}
	h, err = c.Entropy(theta)
	return h, 0, err
}

func approximateKL(f Family, p, q []float64) (kl, accuracy float64, err error) {
	if a, ok := f.(ApproximateDiverger); ok {
		return a.ApproximateKL(p, q)
	}
	c, ok := f.(Diverger)
	if !ok {
		return math.NaN(), math.NaN(), missing(f, "divergence")
	}
	kl, err = c.KL(p, q)
	return kl, 0, err
}
