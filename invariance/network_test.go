package invariance_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"fisherflow/invariance"
	"fisherflow/metrics"
	"fisherflow/network"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// labels is a network of 31 parameters on 40 examples of three labels.
func labels(t testing.TB) (*network.Evaluation, []float64) {
	n, err := network.MLP([]int{3, 4, 3}, network.Tanh{}, network.Softmax{})
	require.NoError(t, err)
	rng := rand.New(rand.NewPCG(5, 0))
	d := network.Data{X: mat.NewDense(40, 3, nil), Y: mat.NewDense(40, 1, nil)}
	for i := range 40 {
		for j := range 3 {
			d.X.Set(i, j, rng.NormFloat64())
		}
		d.Y.Set(i, 0, float64(rng.IntN(3)))
	}
	e, err := network.NewEvaluation(n, d)
	require.NoError(t, err)
	theta := make([]float64, n.Dim())
	for i := range theta {
		theta[i] = 0.7 * rng.NormFloat64()
	}
	return e, theta
}

// Every entry of the table, kept and lost: a loss that does not show would be a
// test that cannot fail.
func TestWhatMetricsKeep(t *testing.T) {
	e, theta := labels(t)
	table, err := invariance.NetworkTable(e, theta, 3, 1)
	require.NoError(t, err)
	rows := invariance.NetworkMetrics()
	for i, cells := range table {
		for _, c := range cells {
			row := rows[i]
			switch {
			case c.Applicable != row.Applicable(c.Kind):
				t.Errorf("%s under %s: applicable is %v", row.Name, c.Kind, c.Applicable)
			case !c.Applicable:
				require.False(t, c.Keeps, "%s under %s", row.Name, c.Kind)
			case c.Keeps && !(c.Defect < 1e-8):
				t.Errorf("%s should keep %s: defect %.2g", row.Name, c.Kind, c.Defect)
			case !c.Keeps && !(c.Defect > 1e-2):
				t.Errorf("%s should lose %s: defect %.2g", row.Name, c.Kind, c.Defect)
			}
		}
	}
}

// logistic is 1/(1 + e⁻ˢ).
type logistic struct{}

func (logistic) Name() string { return "logistic" }
func (logistic) Eval(h, d, s []float64) {
	for i, x := range s {
		v := 1 / (1 + math.Exp(-x))
		h[i], d[i] = v, v*(1-v)
	}
}

// One network in tanh and in logistic units, tanh u = 2σ(2u) − 1, is one
// network in two parametrisations that differ by an affine map of each layer's
// activations. After twenty steps of 0.1 under a metric that keeps these the
// outputs agree to rounding, and under one that does not they are apart by the
// amount computed independently, in numpy; so are the losses ½ mean (f − y)².
func TestLogisticUnitsAreTanhUnits(t *testing.T) {
	d := network.Data{X: mat.NewDense(40, 2, nil), Y: mat.NewDense(40, 1, nil)}
	for k := range 40 {
		i := float64(k)
		x, y := math.Cos(1.1*i), math.Sin(.7*i)+.02*i
		d.X.SetRow(k, []float64{x, y})
		d.Y.Set(k, 0, math.Sin(1.3*x)+.5*y*y)
	}
	constant := .5 * math.Log(2*math.Pi)
	steps := func(a network.Activation, theta []float64, structure string, s metrics.Settings) (outputs []float64, loss float64) {
		n, err := network.MLP([]int{2, 2, 1}, a, network.Independent{Of: network.Gaussian{}})
		require.NoError(t, err)
		e, err := network.NewEvaluation(n, d)
		require.NoError(t, err)
		m, err := metrics.OnModel(structure, e, s)
		require.NoError(t, err)
		v := make([]float64, len(theta))
		require.NoError(t, e.At(theta))
		require.InDelta(t, .14781281636824445, e.Value()-constant, 1e-14)
		for range 20 {
			require.NoError(t, m.At(theta))
			e.Gradient(v)
			require.NoError(t, m.Raise(v, v))
			for i := range theta {
				theta[i] -= .1 * v[i]
			}
		}
		require.NoError(t, e.At(theta))
		for i := range 40 {
			outputs = append(outputs, e.Output(i)[0])
		}
		return outputs, e.Value() - constant
	}
	damped := metrics.Settings{Damping: metrics.Damping{Kind: "tikhonov", Value: 1e-2}}
	for _, c := range []struct {
		name, structure string
		settings        metrics.Settings
		loss            float64 // 0: not known
		low, high       float64 // of the gap
	}{
		{"exact", "fisher", metrics.Settings{}, .0035079, 0, 1e-12},
		{"blocks", "block-diagonal", metrics.Settings{}, .024857, 0, 1e-12},
		{"K-FAC", "kfac", metrics.Settings{}, .024376, 0, 1e-12},
		{"exact, damped", "fisher", damped, 0, .1385, .1395},
		{"diagonal", "diagonal", metrics.Settings{}, 0, .1054, .1055},
		{"gradient", "euclidean", metrics.Settings{}, 0, .375, .377},
	} {
		a, loss := steps(network.Tanh{}, []float64{1, .3, .2, -.4, .9, -.5, .8, .6, .1}, c.structure, c.settings)
		b, _ := steps(logistic{}, []float64{2, .6, .4, -.8, 1.8, -1, 1.6, 1.2, .1 - 1.4}, c.structure, c.settings)
		gap := 0.0
		for i := range a {
			gap = math.Max(gap, math.Abs(a[i]-b[i]))
		}
		if !(gap >= c.low && gap <= c.high) {
			t.Errorf("%s: outputs are %.4g apart", c.name, gap)
		}
		if c.loss > 0 {
			require.InEpsilon(t, c.loss, loss, 3e-5, c.name)
		}
	}
}

// Adding one vector to all rows of the last layer's matrix moves no probability:
// that is all that the exact matrix of a well sampled softmax network lacks.
func TestRankDefectOfSoftmax(t *testing.T) {
	e, theta := labels(t)
	m, err := metrics.OnModel("fisher", e, metrics.Settings{})
	require.NoError(t, err)
	require.NoError(t, m.At(theta))
	v := make([]float64, len(theta))
	e.Gradient(v)
	require.NoError(t, m.Raise(v, v))
	require.Equal(t, 31, m.Diagnosis().Dim)
	require.Equal(t, 31-5, m.Diagnosis().Rank)
}
