package manifold

import (
	"errors"
	"fmt"
	"math"
)

// Intrinsic returns a distance between members of the family that does not
// depend on the chart, and its name: "fisher-rao" where the family has that
// and it costs little, else "jeffreys", the root √(KL(p‖q) + KL(q‖p)), which
// agrees with it to third order for close points. Both take source coordinates.
func Intrinsic(f Family) (distance func(p, q []float64) (float64, error), name string, err error) {
	f = Plain(f)
	_, costly := f.(interface{ costlyDistance() })
	if d, ok := f.(Distancer); ok && !costly {
		return d.Distance, "fisher-rao", nil
	}
	kl, ok := f.(Diverger)
	if !ok {
		return nil, "", fmt.Errorf("%s has neither a distance nor a divergence: %w", f.Name(), errors.ErrUnsupported)
	}
	return func(p, q []float64) (float64, error) {
		a, err := kl.KL(p, q)
		if err != nil {
			return math.NaN(), err
		}
		b, err := kl.KL(q, p)
		if err != nil {
			return math.NaN(), err
		}
		return math.Sqrt(max(0, a+b)), nil
	}, "jeffreys", nil
}
