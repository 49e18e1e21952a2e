package invariance_test

import (
	"math/rand/v2"
	"testing"

	"fisherflow/invariance"
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
