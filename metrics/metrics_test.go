package metrics

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"fisherflow/manifold"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

var points = []struct {
	family manifold.Family
	theta  []float64
}{
	{manifold.Gamma{}, []float64{2.5, 4}},
	{manifold.Normal{}, []float64{-1, .7}},
	{manifold.Poisson{}, []float64{3}},
	{manifold.Categorical{K: 4}, []float64{.1, .2, .3}},
	{manifold.MultivariateNormal{Dimension: 3}, []float64{1, 2, 3, 2, .3, 1, -.4, .2, 1.5}},
	{several(manifold.Normal{}, manifold.Categorical{K: 3}, manifold.Gamma{}), []float64{-1, .7, .2, .3, 2, 3}},
}

func several(factors ...manifold.Family) manifold.Family {
	p, err := manifold.NewProduct(factors...)
	if err != nil {
		panic(err)
	}
	return p
}

// TestAgainstMatrices: each metric raises and lowers as its matrix does, in
// every chart.
func TestAgainstMatrices(t *testing.T) {
	for _, c := range points {
		for _, chart := range c.family.(manifold.Charted).Charts() {
			v, err := manifold.In(c.family, chart)
			require.NoError(t, err)
			n := v.Dim()
			x := make([]float64, n)
			require.NoError(t, v.Chart().FromSource(x, c.theta))
			fisher := mat.NewSymDense(n, nil)
			require.NoError(t, v.Fisher(fisher, x))
			diagonal := mat.NewSymDense(n, nil)
			for i := range n {
				diagonal.SetSym(i, i, fisher.At(i, i))
			}
			identity := mat.NewSymDense(n, nil)
			for i := range n {
				identity.SetSym(i, i, 1)
			}
			if w, ok := v.Chart().(manifold.Weighted); ok {
				weights := make([]float64, n)
				w.Weights(weights)
				for i := range n {
					identity.SetSym(i, i, weights[i])
				}
			}
			for name, want := range map[string]*mat.SymDense{"fisher": fisher, "diagonal": diagonal, "euclidean": identity} {
				maker, ok := ByName(name)
				require.True(t, ok)
				requireMatrix(t, fmt.Sprintf("%s/%s/%s", c.family.Name(), chart, name), maker, v, x, want)

				for _, damping := range []Damping{{Value: .3}, {Kind: "relative", Value: .3}, {Kind: "marquardt", Value: .3}} {
					damped, err := Damped(name, maker, damping)
					require.NoError(t, err)
					wantDamped := mat.NewSymDense(n, nil)
					wantDamped.CopySym(want)
					for i := range n {
						add := .3
						switch damping.Kind {
						case "relative":
							add *= mat.Trace(want) / float64(n)
						case "marquardt":
							add *= want.At(i, i)
						}
						wantDamped.SetSym(i, i, want.At(i, i)+add)
					}
					requireMatrix(t, fmt.Sprintf("%s/%s/%s/%s", c.family.Name(), chart, name, damping.Kind), damped, v, x, wantDamped)
				}
			}
		}
	}
}

func requireMatrix(t *testing.T, name string, maker Maker, v *manifold.View, x []float64, want *mat.SymDense) {
	t.Helper()
	m, err := maker(v)
	require.NoError(t, err)
	require.NoError(t, m.At(x), name)
	n := m.Dim()
	vector, lowered, raised := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range vector {
		vector[i] = math.Cos(float64(3 * i))
	}
	require.NoError(t, m.Lower(lowered, vector))
	var product mat.VecDense
	product.MulVec(want, mat.NewVecDense(n, vector))
	scale := mat.Norm(want, 2)
	for i := range n {
		require.InDelta(t, product.AtVec(i), lowered[i], 1e-12*scale, name)
	}
	require.NoError(t, m.Raise(raised, lowered))
	condition := mat.Cond(want, 2)
	for i := range n {
		require.InDelta(t, vector[i], raised[i], 1e-14*condition, name)
	}
	// In place, as the interface promises.
	require.NoError(t, m.Lower(vector, vector))
	require.Equal(t, lowered, vector, name)
	require.NoError(t, m.Raise(vector, vector))
	require.Equal(t, raised, vector, name)
}

func TestOutsideOfTheDomain(t *testing.T) {
	v, err := manifold.In(manifold.Gamma{}, "source")
	require.NoError(t, err)
	for _, name := range []string{"fisher", "diagonal"} {
		maker, _ := ByName(name)
		m, err := maker(v)
		require.NoError(t, err)
		require.ErrorIs(t, m.At([]float64{-1, 2}), manifold.ErrDomain)
	}
}

func TestSingularAndIndefinite(t *testing.T) {
	v, err := manifold.In(manifold.Gamma{}, "source")
	require.NoError(t, err)
	for _, c := range []struct {
		offDiagonal float64
		word        string
	}{{1, "singular"}, {2, "indefinite"}} {
		m := newDense("fisher", v, func(dst *mat.SymDense, _ []float64) error {
			dst.SetSym(0, 0, 1)
			dst.SetSym(0, 1, c.offDiagonal)
			dst.SetSym(1, 1, 1)
			return nil
		})
		err := m.At([]float64{3, 4})
		var singular *SingularError
		require.ErrorAs(t, err, &singular)
		require.Equal(t, []float64{3, 4}, singular.Point)
		require.Equal(t, 1, singular.Pivot)
		require.ErrorIs(t, err, manifold.ErrDomain)
		require.ErrorContains(t, err, c.word)
	}
}

func TestBadDamping(t *testing.T) {
	for _, d := range []Damping{{Value: -1}, {Value: math.NaN()}, {Value: math.Inf(1)}, {Kind: "levenberg", Value: 1}} {
		_, err := Damped("fisher", ForFisher, d)
		require.Error(t, err)
	}
	_, ok := ByName("kfac")
	require.False(t, ok)
}

func TestNoAllocation(t *testing.T) {
	for _, c := range points {
		v, err := manifold.In(c.family, "source")
		require.NoError(t, err)
		for _, name := range Names() {
			maker, _ := ByName(name)
			m, err := maker(v)
			if name == "wasserstein" && errors.Is(err, errors.ErrUnsupported) {
				continue
			}
			require.NoError(t, err)
			dst := make([]float64, v.Dim())
			require.Zero(t, testing.AllocsPerRun(20, func() {
				if err := errors.Join(m.At(c.theta), m.Raise(dst, c.theta), m.Lower(dst, c.theta)); err != nil {
					t.Fatal(err)
				}
			}), "%s, %s", c.family.Name(), name)
		}
	}
}

func ExampleForFisher() {
	view, _ := manifold.In(manifold.Normal{}, "source")
	metric, _ := ForFisher(view)
	_ = metric.At([]float64{0, 2})
	v := make([]float64, 2)
	_ = metric.Raise(v, []float64{1, 1})
	fmt.Printf("%.3f\n", v)
	// Output: [4.000 2.000]
}
