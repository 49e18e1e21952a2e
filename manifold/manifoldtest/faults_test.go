package manifoldtest

import (
	"math"
	"slices"
	"testing"

	"fisherflow/manifold"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// A law that cannot fail is no law: each is broken here, and must be reported.

// The embedded families below have one deliberate fault each.
type (
	wrongMass     struct{ manifold.Gamma }
	wrongScore    struct{ manifold.Gamma }
	wrongFisher   struct{ manifold.Gamma }
	wrongCubic    struct{ manifold.Gamma }
	wrongInChart  struct{ manifold.Gamma }
	wrongEntropy  struct{ manifold.Gamma }
	wrongKL       struct{ manifold.Gamma }
	cancellingKL  struct{ manifold.Gamma }
	wrongA        struct{ manifold.Gamma }
	wrongT        struct{ manifold.Gamma }
	wrongDistance struct{ manifold.Normal }
	wrongGeodesic struct{ manifold.Normal }
	wrongLog      struct{ manifold.Normal }
	wrongRaise    struct{ manifold.Categorical }
	wrongCorner   struct{ manifold.Laplace }
	wrongTail     struct{ manifold.Laplace }
	chartFault    struct {
		manifold.Gamma
		fault func(manifold.Chart) manifold.Chart
	}
)

func (f wrongMass) LogDensity(x, theta []float64) float64 {
	return f.Gamma.LogDensity(x, theta) + 1e-8
}

func (f wrongScore) Score(dst, x, theta []float64) error {
	err := f.Gamma.Score(dst, x, theta)
	dst[1] *= 1 + 1e-5
	return err
}

func (f wrongFisher) Fisher(dst *mat.SymDense, theta []float64) error {
	err := f.Gamma.Fisher(dst, theta)
	dst.SetSym(0, 1, -dst.At(0, 1))
	return err
}

func (f wrongCubic) Cubic(dst manifold.Tensor, theta []float64) error {
	err := f.Gamma.Cubic(dst, theta)
	dst[0][1][1] = -dst[0][1][1]
	return err
}

func (f wrongInChart) FisherIn(dst *mat.SymDense, chart string, xi, theta []float64) bool {
	ok := f.Gamma.FisherIn(dst, chart, xi, theta)
	if chart == "mean-shape" {
		dst.SetSym(0, 0, dst.At(0, 0)*(1+1e-9))
	}
	return ok
}

func (f wrongEntropy) Entropy(theta []float64) (float64, error) {
	h, err := f.Gamma.Entropy(theta)
	return h + 1e-8, err
}

func (f wrongKL) KL(p, q []float64) (float64, error) { return f.Gamma.KL(q, p) }

// cancellingKL is the textbook formula, which is right between distant members.
func (f cancellingKL) KL(p, q []float64) (float64, error) {
	lp, _ := math.Lgamma(p[0])
	lq, _ := math.Lgamma(q[0])
	e, err := f.Entropy(p)
	a, b := p[0], p[1]
	psi := (a - math.Log(b) + lp - e) / (a - 1)
	return (a-q[0])*psi - lp + lq + q[0]*math.Log(b/q[1]) + a*(q[1]-b)/b, err
}

func (f wrongA) LogPartition(theta []float64) float64 { return f.Gamma.LogPartition(theta) + 1e-9 }

func (f wrongT) Sufficient(dst, x []float64) {
	f.Gamma.Sufficient(dst, x)
	dst[0], dst[1] = dst[1], dst[0]
}

func (f wrongDistance) Distance(p, q []float64) (float64, error) {
	d, err := f.Normal.Distance(p, q)
	return d / math.Sqrt2, err
}

func (f wrongGeodesic) Geodesic(dst, p, q []float64, s float64) error {
	for i := range dst {
		dst[i] = (1-s)*p[i] + s*q[i]
	}
	return nil
}

func (f wrongLog) Log(dst, p, q []float64) error {
	err := f.Normal.Log(dst, p, q)
	dst[0] = -dst[0]
	return err
}

func (f wrongCorner) Score(dst, x, theta []float64) error {
	err := f.Laplace.Score(dst, x, theta)
	dst[0] = math.Abs(dst[0])
	return err
}

func (f wrongTail) KL(p, q []float64) (float64, error) {
	kl, err := f.Laplace.KL(p, q)
	return kl * (1 + 1e-8), err
}

type brokenMetric struct{ manifold.Metric }

func (m brokenMetric) Lower(dst, v []float64) error {
	err := m.Metric.Lower(dst, v)
	dst[0] *= 1 + 1e-9
	return err
}

func (f wrongRaise) FisherMetric() manifold.Metric { return brokenMetric{f.Categorical.FisherMetric()} }

func (f chartFault) Chart(name string) (manifold.Chart, bool) {
	c, ok := f.Gamma.Chart(name)
	if ok && name == "log" {
		c = f.fault(c)
	}
	return c, ok
}

// brokenChart changes one method of a chart.
type brokenChart struct {
	manifold.Chart
	push, pull, pushInverse, toSource bool
}

func (c brokenChart) ToSource(dst, xi []float64) error {
	if err := c.Chart.ToSource(dst, xi); err != nil {
		return err
	}
	if c.toSource {
		dst[0] *= 1 + 1e-10
	}
	return nil
}

func (c brokenChart) Push(dst, xi, theta, v []float64) {
	c.Chart.Push(dst, xi, theta, v)
	if c.push {
		dst[0] *= 1.001
	}
}

func (c brokenChart) Pull(dst, xi, theta, v []float64) {
	c.Chart.Pull(dst, xi, theta, v)
	if c.pull {
		dst[0] *= 1.001
	}
}

func (c brokenChart) PushInverse(dst, xi, theta, v []float64) {
	c.Chart.PushInverse(dst, xi, theta, v)
	if c.pushInverse {
		dst[0] *= 1.001
	}
}

func TestFaultsAreReported(t *testing.T) {
	chart := func(b brokenChart) manifold.Family {
		return chartFault{fault: func(c manifold.Chart) manifold.Chart { b.Chart = c; return b }}
	}
	gamma, normal := []float64{2.5, 4}, []float64{-1.3, .7}
	for _, c := range []struct {
		law     string
		family  manifold.Family
		support Support
		theta   []float64
	}{
		{"domain", manifold.Gamma{}, HalfLine, []float64{-1, 1}},
		{"density", wrongMass{}, HalfLine, gamma},
		{"score", wrongScore{}, HalfLine, gamma},
		{"fisher", wrongFisher{}, HalfLine, gamma},
		{"cubic", wrongCubic{}, HalfLine, gamma},
		{"congruence", wrongInChart{}, HalfLine, gamma},
		{"entropy", wrongEntropy{}, HalfLine, gamma},
		{"divergence", wrongKL{}, HalfLine, gamma},
		{"divergence", cancellingKL{}, HalfLine, gamma},
		{"exponential", wrongA{}, HalfLine, gamma},
		{"exponential", wrongT{}, HalfLine, gamma},
		{"distance", wrongDistance{}, Line, normal},
		{"geodesic", wrongGeodesic{}, Line, normal},
		{"logarithm", wrongLog{}, Line, normal},
		{"structured", wrongRaise{manifold.Categorical{K: 3}}, Counts, []float64{.2, .5}},
		{"round trip", chart(brokenChart{toSource: true}), HalfLine, gamma},
		{"jacobian", chart(brokenChart{push: true}), HalfLine, gamma},
		{"adjoint", chart(brokenChart{pull: true}), HalfLine, gamma},
		{"covector", chart(brokenChart{pull: true}), HalfLine, gamma},
		{"inverse", chart(brokenChart{pushInverse: true}), HalfLine, gamma},
	} {
		faults := Check(c.family, c.support, c.theta)
		found := slices.ContainsFunc(faults, func(f Fault) bool { return f.Law == c.law })
		require.True(t, found, "law %q let its fault pass; reported: %v", c.law, faults)
	}
	laplace := []float64{-1.3, .7}
	for _, c := range []struct {
		law    string
		family manifold.Family
	}{
		{"score", wrongCorner{}}, {"divergence", wrongTail{}},
	} {
		faults := Check(c.family, Corner, laplace)
		require.True(t, slices.ContainsFunc(faults, func(f Fault) bool { return f.Law == c.law }), "law %q let its fault pass", c.law)
	}
	joint, err := manifold.NewProduct(manifold.Normal{}, manifold.Gamma{})
	require.NoError(t, err)
	wrong, err := manifold.NewProduct(manifold.Normal{}, wrongFisher{})
	require.NoError(t, err)
	point := []float64{-1.3, .7, 2.5, 4}
	require.True(t, slices.ContainsFunc(CheckJointly(wrong, []Support{Line, HalfLine}, point), func(f Fault) bool { return f.Law == "fisher" }))
	require.Empty(t, CheckJointly(joint, []Support{Line, HalfLine}, point))
	require.Empty(t, Check(manifold.Laplace{}, Corner, laplace))
	require.Empty(t, Check(manifold.Gamma{}, HalfLine, gamma))
	require.Empty(t, Check(manifold.Normal{}, Line, normal))
	require.Empty(t, Check(manifold.Categorical{K: 3}, Counts, []float64{.2, .5}))
}
