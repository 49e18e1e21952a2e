package manifoldtest

import (
	"slices"
	"testing"

	"fisherflow/manifold"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// observed is what the two faults below are seeded in.
type observed interface {
	manifold.Family
	manifold.Charted
	manifold.Observed
	manifold.LogDensity
	manifold.Scorer
	manifold.Fisherer
}

// heavy has a little too much mass, and stretched a metric a little too long.
type (
	heavy     struct{ observed }
	stretched struct{ observed }
)

func (f heavy) LogDensity(x, theta []float64) float64 {
	return f.observed.LogDensity(x, theta) + 1e-10
}

func (f stretched) Fisher(dst *mat.SymDense, theta []float64) error {
	err := f.observed.Fisher(dst, theta)
	dst.ScaleSym(1+1e-9, dst)
	return err
}

// TestEverySupportFindsFaults: the oracle of each support sees a mass that is
// wrong by 1e-10 and a metric that is wrong by 1e-9.
func TestEverySupportFindsFaults(t *testing.T) {
	for _, c := range []struct {
		support Support
		family  observed
		theta   []float64
	}{
		{Counts, manifold.Geometric{}, []float64{.4}},
		{Above, manifold.Pareto{Xm: 1.5}, []float64{3}},
		{Unit, manifold.Beta{}, []float64{2.5, 1.5}},
		{Simplex, manifold.Dirichlet{K: 3}, []float64{2.5, 1.5, 4}},
		{Finite, manifold.Ising{}, []float64{.3, -.2, .1}},
		{Circle, manifold.VonMises{}, []float64{.4, 2}},
		{Sphere, manifold.VonMisesFisher{}, []float64{1, -.4, 2}},
		{Matrices, manifold.Wishart{}, []float64{6, 1, .4, .8}},
	} {
		for law, family := range map[string]manifold.Family{"density": heavy{c.family}, "fisher": stretched{c.family}} {
			faults := Check(family, c.support, c.theta)
			found := slices.ContainsFunc(faults, func(f Fault) bool { return f.Law == law })
			require.True(t, found, "%s: law %q let its fault pass", c.family.Name(), law)
		}
	}
}
