package metrics_test

import (
	"math"
	"testing"

	"fisherflow/data"
	"fisherflow/metrics"
	"fisherflow/network"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// Numbers of an independent implementation, by automatic differentiation of
// every log probability in PyTorch 1.13 and dense algebra from the definitions:
//
//	X=digits[:20,:64]/16; th=cat([.3*sin(1+l+arange(q*p)) for l,(q,p) in enumerate([(8,65),(10,9)])])
//	net=lambda t,x: t[520:].view(10,9)@cat([tanh(t[:520].view(8,65)@cat([x,[1]])),[1]])
//	S=[jacobian(lambda t: log_softmax(net(t,x)), th) for x in X]; P=[softmax(net(th,x)) for x in X]
//	F=sum((p[:,None]*s).T@s for p,s in zip(P,S))/20; E=sum(outer(s[k],s[k]) for s,k in zip(S,y))/20
//	K=blocks kron(sum p g gᵀ/20, sum a aᵀ/20); EK=Q diag(QᵀFQ) Qᵀ with Q the eigenvectors of K's factors
//	g@solve(M+.01*eye(610), g) for M in F, its blocks, K, EK, diag F, E
func TestGoldenNumbers(t *testing.T) {
	set, err := data.Open("digits")
	require.NoError(t, err)
	table, err := set.Table()
	require.NoError(t, err)
	d := network.Data{X: mat.NewDense(20, 64, nil), Y: mat.NewDense(20, 1, nil)}
	for i := range 20 {
		for j := range 65 {
			v, err := table.Number(i, j)
			require.NoError(t, err)
			if j == 64 {
				d.Y.Set(i, 0, v)
			} else {
				d.X.Set(i, j, v/16)
			}
		}
	}
	n, err := network.MLP([]int{64, 8, 10}, network.Tanh{}, network.Softmax{})
	require.NoError(t, err)
	theta := make([]float64, 610)
	for i := range theta {
		theta[i] = .3 * math.Sin(1+float64(i))
		if i >= 520 {
			theta[i] = .3 * math.Sin(2+float64(i-520))
		}
	}
	p := evaluate(t, n, d, theta)
	assert.InEpsilon(t, 2.27971422983, p.Value(), 1e-11)
	g := make([]float64, 610)
	p.Gradient(g)
	assert.InEpsilon(t, .2101389344, dot(g, g), 1e-9)
	f := reference(t, p)
	assert.InEpsilon(t, 6.24732264615, mat.Trace(f), 1e-11)
	assert.InEpsilon(t, 2.36665587193, mat.Norm(f, 2), 1e-11)
	for _, c := range []struct {
		structure, estimator string
		want                 float64
	}{
		{"fisher", "exact", 2.42603521461}, {"sample-space", "exact", 2.42603521461}, {"conjugate-gradient", "exact", 2.42603521461},
		{"block-diagonal", "exact", 2.6786712627}, {"kfac", "exact", 2.77841792449}, {"ekfac", "exact", 2.75615265294},
		{"diagonal", "exact", 9.01870596439}, {"fisher", "empirical", .941803643515}, {"sample-space", "empirical", .941803643515},
	} {
		m := tensor(t, p, c.structure, metrics.Settings{Estimator: c.estimator, Damping: metrics.Damping{Kind: "tikhonov", Value: .01}, Tolerance: 1e-13})
		require.NoError(t, m.At(theta))
		v := make([]float64, 610)
		require.NoError(t, m.Raise(v, g))
		assert.InEpsilon(t, c.want, dot(g, v), 1e-10, "%s %s", c.structure, c.estimator)
	}
}

func dot(a, b []float64) float64 {
	return mat.Dot(mat.NewVecDense(len(a), a), mat.NewVecDense(len(b), b))
}
