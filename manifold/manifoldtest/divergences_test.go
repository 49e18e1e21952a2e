package manifoldtest

import (
	"slices"
	"testing"

	"fisherflow/manifold"

	"github.com/stretchr/testify/require"
)

type (
	swappedRenyi struct{ manifold.Gamma }
	wrongRenyi   struct{ manifold.Gamma }
)

func (f swappedRenyi) Renyi(alpha float64, p, q []float64) (float64, error) {
	return manifold.Renyi(f.Gamma, alpha, q, p)
}

func (f wrongRenyi) Renyi(alpha float64, p, q []float64) (float64, error) {
	d, err := manifold.Renyi(f.Gamma, alpha, p, q)
	return d * (1 + 1e-8), err
}

func TestFaultsOfRenyiAreReported(t *testing.T) {
	for _, f := range []manifold.Family{swappedRenyi{}, wrongRenyi{}} {
		faults := Check(f, HalfLine, []float64{2.5, 4})
		require.NotEmpty(t, faults)
		require.True(t, slices.ContainsFunc(faults, func(f Fault) bool { return f.Law == "renyi" }))
	}
}
