package manifold_test

import (
	"testing"

	"fisherflow/manifold"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// points are the members at which other libraries were timed.
var points = []struct {
	name   string
	family manifold.Family
	theta  []float64
}{
	{"gamma", manifold.Gamma{}, []float64{2, 3}},
	{"beta", manifold.Beta{}, []float64{2, 3}},
	{"dirichlet-3", manifold.Dirichlet{K: 3}, []float64{2, 3, 4}},
	{"normal", manifold.Normal{}, []float64{0, 1}},
}

// raiser is the family's structured metric, or a 2×2 matrix solved by Cramer's
// rule where it has none.
func raiser(f manifold.Family, theta []float64) func(dst, c []float64) error {
	if s, ok := f.(manifold.StructuredFisher); ok {
		m := s.FisherMetric()
		return func(dst, c []float64) error {
			if err := m.At(theta); err != nil {
				return err
			}
			return m.Raise(dst, c)
		}
	}
	g := mat.NewSymDense(2, nil)
	return func(dst, c []float64) error {
		if err := f.(manifold.Fisherer).Fisher(g, theta); err != nil {
			return err
		}
		a, b, d := g.At(0, 0), g.At(0, 1), g.At(1, 1)
		det := a*d - b*b
		dst[0], dst[1] = (d*c[0]-b*c[1])/det, (a*c[1]-b*c[0])/det
		return nil
	}
}

// TestPointsDoNotAllocate: neither the matrix nor the raise.
func TestPointsDoNotAllocate(t *testing.T) {
	for _, c := range points {
		n := c.family.Dim()
		g, v := mat.NewSymDense(n, nil), make([]float64, n)
		f := manifold.Own(c.family).(manifold.Fisherer)
		raise := raiser(c.family, c.theta)
		require.Zero(t, testing.AllocsPerRun(100, func() { must(f.Fisher(g, c.theta)) }), c.name)
		require.Zero(t, testing.AllocsPerRun(100, func() { must(raise(v, c.theta)) }), c.name)
	}
}

// BenchmarkPoint is the Fisher matrix in source coordinates at a point, and the
// raise of a covector there with the metric set anew.
func BenchmarkPoint(b *testing.B) {
	for _, c := range points {
		n := c.family.Dim()
		f := manifold.Own(c.family).(manifold.Fisherer)
		b.Run(c.name+"/fisher", func(b *testing.B) {
			g := mat.NewSymDense(n, nil)
			b.ReportAllocs()
			for range b.N {
				must(f.Fisher(g, c.theta))
			}
		})
		b.Run(c.name+"/raise", func(b *testing.B) {
			v := make([]float64, n)
			raise := raiser(c.family, c.theta)
			b.ReportAllocs()
			for range b.N {
				must(raise(v, c.theta))
			}
		})
	}
}
