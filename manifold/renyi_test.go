package manifold_test

import (
	"errors"
	"math"
	"testing"

	"fisherflow/manifold"

	"github.com/stretchr/testify/require"
)

// TestRenyiBesideTables: families that are not exponential, close and distant.
//
// mpmath, mp.dps = 45, arguments mpf(float(…)): Cauchy
// log(hyp2f1(a,1-a,1,-((m1-m2)**2+(s1-s2)**2)/(4*s1*s2)))/(a-1); Laplace, with
// A = a/s1, B = (1-a)/s2, d = abs(m1-m2),
// log((2*s1)**-a*(2*s2)**(a-1)*((exp(-B*d)+exp(-A*d))/(A+B)+(exp(-B*d)-exp(-A*d))/(A-B)))/(a-1);
// the others log(quad(lambda x: exp(a*l(x,*p)+(1-a)*l(x,*q)), breaks))/(a-1).
func TestRenyiBesideTables(t *testing.T) {
	for _, c := range []struct {
		family manifold.Family
		alpha  float64
		p, q   []float64
		want   float64
	}{
		{manifold.Cauchy{}, 0.3, []float64{0, 1}, []float64{3, 0.5}, 0.5627583566791830069},
		{manifold.Cauchy{}, 0.3, []float64{0, 1}, []float64{1e-08, 1.00000001}, 1.499999975883793846e-17},
		{manifold.Cauchy{}, 0.3, []float64{3, 1000000000.0}, []float64{2000000000.0, 100000000.0}, 0.86476768658231006302},
		{manifold.Cauchy{}, 0.3, []float64{0, 1}, []float64{40, 1}, 2.2172035857272129388},
		{manifold.Cauchy{}, 0.3, []float64{0, 1}, []float64{0, 1000000000.0}, 7.8946947548528385652},
		{manifold.Cauchy{}, 0.5, []float64{0, 1}, []float64{3, 0.5}, 0.95510038905245465577},
		{manifold.Cauchy{}, 0.5, []float64{0, 1}, []float64{1e-08, 1.00000001}, 2.4999999598063231704e-17},
		{manifold.Cauchy{}, 0.5, []float64{0, 1}, []float64{40, 1}, 3.9405710073484148828},
		{manifold.Cauchy{}, 0.5, []float64{0, 1}, []float64{0, 1000000000.0}, 15.434411041260869281},
		{manifold.Cauchy{}, 2, []float64{0, 1}, []float64{3, 0.5}, 2.327277705584417185},
		{manifold.Cauchy{}, 2, []float64{0, 1}, []float64{1e-08, 1.00000001}, 9.9999998392252924002e-17},
		{manifold.Cauchy{}, 2, []float64{0, 1}, []float64{0, 1000000000.0}, 20.030118656386465848},
		{manifold.Cauchy{}, 3.5, []float64{0, 1}, []float64{3, 0.5}, 2.5865591691763719242},
		{manifold.Cauchy{}, 3.5, []float64{0, 1}, []float64{1e-08, 1.00000001}, 1.7499999718644260224e-16},
		{manifold.Cauchy{}, 3.5, []float64{3, 1000000000.0}, []float64{2000000000.0, 100000000.0}, 3.4816455297140089894},
		{manifold.Cauchy{}, 3.5, []float64{0, 1}, []float64{40, 1}, 6.9469312895057528114},
		{manifold.Laplace{}, 0.3, []float64{0, 1}, []float64{3, 0.8}, 0.78321033455081833312},
		{manifold.Laplace{}, 0.3, []float64{0, 1}, []float64{1e-08, 1.00000001}, 2.9999999487675877796e-17},
		{manifold.Laplace{}, 0.3, []float64{1, 2}, []float64{1.00000001, 2}, 3.7499999481689678429e-18},
		{manifold.Laplace{}, 0.3, []float64{0, 1}, []float64{900, 1}, 384.91483458866366155},
		{manifold.Laplace{}, 0.3, []float64{0, 1}, []float64{0.2, 30}, 1.7884338680023867784},
		{manifold.Laplace{}, 0.5000001, []float64{0, 1}, []float64{3, 0.8}, 1.3898133010376681925},
		{manifold.Laplace{}, 0.5000001, []float64{1, 2}, []float64{1.00000001, 2}, 6.2500011636149287022e-18},
		{manifold.Laplace{}, 0.5000001, []float64{0, 1}, []float64{900, 1}, 887.7772428737311512},
		{manifold.Laplace{}, 2, []float64{0, 1}, []float64{3, 0.8}, 3.3290671388569938706},
		{manifold.Laplace{}, 2, []float64{0, 1}, []float64{1e-08, 1.00000001}, 1.999999954511725654e-16},
		{manifold.Laplace{}, 2, []float64{0, 1}, []float64{900, 1}, 899.59453489189183562},
		{manifold.Laplace{}, 3.5, []float64{0, 1}, []float64{3, 0.9}, 3.1244405430222800173},
		{manifold.Laplace{}, 3.5, []float64{0, 1}, []float64{0.2, 30}, 2.9116100621856099555},
		{manifold.Gumbel{}, 0.3, []float64{0, 1}, []float64{1.5, 0.5}, 0.44514852134734687914},
		{manifold.Gumbel{}, 0.5, []float64{0, 1}, []float64{1.5, 0.5}, 0.97530940385920567519},
		{manifold.Gumbel{}, 0.97, []float64{0, 1}, []float64{1.5, 0.5}, 12.55126012904258544},
		{manifold.Gumbel{}, 0.3, []float64{0, 1}, []float64{30, 1}, 12.347607222944724673},
		{manifold.Gumbel{}, 0.5, []float64{0, 1}, []float64{30, 1}, 28.613705638880296534},
		{manifold.Gumbel{}, 1.4, []float64{0, 1}, []float64{30, 1}, math.Inf(1)},
		{manifold.Gumbel{}, 1.4, []float64{0, 1}, []float64{1.5, 0.5}, math.Inf(1)},
		{manifold.Logistic{}, 0.3, []float64{0, 1}, []float64{2, 0.6}, 0.31506017693595596724},
		{manifold.Logistic{}, 0.97, []float64{0, 1}, []float64{2, 0.6}, 1.4086322822516330053},
		{manifold.Logistic{}, 1.02, []float64{0, 1}, []float64{2, 0.6}, 1.507850464979532825},
		{manifold.Logistic{}, 1.4, []float64{0, 1}, []float64{2, 0.6}, 2.2680217993748101039},
		{manifold.Logistic{}, 4, []float64{0, 1}, []float64{2, 0.6}, math.Inf(1)},
		{manifold.Logistic{}, 0.3, []float64{0, 1}, []float64{300, 1}, 127.26244181151022987},
		{manifold.Logistic{}, 0.5, []float64{0, 1}, []float64{300, 1}, 288.59243505068752471},
		{manifold.Logistic{}, 1.4, []float64{0, 1}, []float64{300, 1}, 298.5305333377447024},
		{manifold.Logistic{}, 0.5, []float64{0, 1}, []float64{1e-08, 1.00000001}, 4.408223357212229101e-17},
		{manifold.Logistic{}, 0.97, []float64{0, 1}, []float64{1e-08, 1.00000001}, 8.5519532803958773957e-17},
		{manifold.Logistic{}, 1.4, []float64{0, 1}, []float64{1e-08, 1.00000001}, 1.2343025310107013201e-16},
		{manifold.NewStudentT(3), 0.3, []float64{0, 1}, []float64{2, 0.5}, 0.57679813941458061142},
		{manifold.NewStudentT(3), 0.97, []float64{0, 1}, []float64{2, 0.5}, 2.130184546370775882},
		{manifold.NewStudentT(3), 1.4, []float64{0, 1}, []float64{2, 0.5}, 2.7178488848928283671},
		{manifold.NewStudentT(3), 0.3, []float64{0, 1}, []float64{10000.0, 0.5}, 14.70630348991556658},
		{manifold.NewStudentT(3), 0.5, []float64{0, 1}, []float64{10000.0, 0.5}, 33.140059648792232932},
		{manifold.NewStudentT(3), 1.4, []float64{0, 1}, []float64{10000.0, 0.5}, 36.119250732612323682},
		{manifold.StudentTFree{}, 0.5, []float64{0, 1, 3}, []float64{1, 2, 8}, 0.16311716253710528051},
		{manifold.StudentTFree{}, 1.4, []float64{0, 1, 3}, []float64{1, 2, 8}, 0.35694049551450223527},
		{manifold.StudentTFree{}, 2, []float64{0, 1, 3}, []float64{1, 2, 400}, math.Inf(1)},
		{manifold.NegativeBinomialFree{}, 2, []float64{1, 0.3}, []float64{1, 0.8}, math.Inf(1)},
		{manifold.Weibull{}, 2, []float64{1, 3}, []float64{2, 3}, math.Inf(1)},
		{manifold.Weibull{}, 0.3, []float64{2, 3}, []float64{1.5, 2}, 0.071630629414372160771},
		{manifold.Weibull{}, 0.97, []float64{2, 3}, []float64{1.5, 2}, 0.21755313453867096884},
		{manifold.Weibull{}, 1.4, []float64{2, 3}, []float64{1.5, 2}, 0.30024840332466092897},
	} {
		got, accuracy, err := manifold.ApproximateRenyi(c.family, c.alpha, c.p, c.q)
		require.NoError(t, err)
		if math.IsInf(c.want, 1) {
			require.Equal(t, c.want, got, "%s, order %g", c.family.Name(), c.alpha)
			continue
		}
		requireRelative(t, c.want, got, 1e-10, "%s, order %g, %g to %g: %.17g, should be %.17g", c.family.Name(), c.alpha, c.p, c.q, got, c.want)
		require.LessOrEqual(t, math.Abs(got-c.want), accuracy+1e-12*c.want, "%s, order %g, %g to %g", c.family.Name(), c.alpha, c.p, c.q)
	}
}

// TestRenyiOfNormals: log σ_q/σ_p + log(σ_q²/s²)/(2(α−1)) + α(Δμ)²/(2s²) with
// s² = ασ_q² + (1−α)σ_p², in one and two dimensions, +Inf where s² is negative.
func TestRenyiOfNormals(t *testing.T) {
	for _, alpha := range []float64{1e-9, .2, .5, .9, 1.3, 2, 7} {
		for _, pair := range [][2][]float64{{{0, 1}, {1, 2}}, {{0, 2}, {1, 1.9}}, {{5, 1e-3}, {5, 1e3}}, {{0, 3}, {1, 1}}, {{0, 1}, {300, 1}}} {
			p, q := pair[0], pair[1]
			s := alpha*q[1]*q[1] + (1-alpha)*p[1]*p[1]
			d := p[0] - q[0]
			want := math.Log(q[1]/p[1]) + math.Log(q[1]*q[1]/s)/(2*(alpha-1)) + alpha*d*d/(2*s)
			if s <= 0 {
				want = math.Inf(1)
			}
			got, err := manifold.Renyi(manifold.Normal{}, alpha, p, q)
			require.NoError(t, err)
			both, err := manifold.Renyi(manifold.MultivariateNormal{}, alpha, []float64{p[0], 0, p[1] * p[1], 0, 1}, []float64{q[0], 0, q[1] * q[1], 0, 1})
			require.NoError(t, err)
			if s <= 0 {
				require.Equal(t, want, got)
				require.Equal(t, want, both)
				continue
			}
			scale := 1e-12*math.Abs(want) + 4e-15/math.Abs(alpha-1)
			require.InDelta(t, want, got, scale, "order %g, %g to %g", alpha, p, q)
			require.InDelta(t, want, both, scale, "order %g, %g to %g, in two dimensions", alpha, p, q)
		}
	}
}

// TestRenyiNearTheBoundary: orders for which αθ_p + (1−α)θ_q comes close to the
// end of the natural domain, where the divergences from it are large:
// exponential rates 1 and m = α + (1−α)q have
// D = [α log 1 + (1−α) log q − log m]/(α−1), with relative condition 1/m.
func TestRenyiNearTheBoundary(t *testing.T) {
	const alpha = 3.0
	for _, m := range []float64{1e-3, 1e-6, 1e-9} {
		q := (alpha - m) / (alpha - 1)
		m := alpha + (1-alpha)*q // as rounded
		got, err := manifold.Renyi(manifold.ExponentialRate{}, alpha, []float64{1}, []float64{q})
		require.NoError(t, err)
		want := ((1-alpha)*math.Log(q) - math.Log(m)) / (alpha - 1)
		requireRelative(t, want, got, 1e-13+1e-15/m, "m = %g: %.17g, should be %.17g", m, got, want)
	}
}

// TestRenyiInChartsAndProducts: the same number in every chart, the sum over
// independent factors.
func TestRenyiInChartsAndProducts(t *testing.T) {
	p, q := []float64{2.5, 4}, []float64{2.25, 3}
	want, err := manifold.Renyi(manifold.Gamma{}, 1.5, p, q)
	require.NoError(t, err)
	for _, name := range manifold.AllCharts(manifold.Gamma{}) {
		v, err := manifold.In(manifold.Gamma{}, name)
		require.NoError(t, err)
		a, b := make([]float64, 2), make([]float64, 2)
		require.NoError(t, errors.Join(v.Chart().FromSource(a, p), v.Chart().FromSource(b, q)))
		got, err := manifold.Renyi(v, 1.5, a, b)
		require.NoError(t, err)
		requireRelative(t, want, got, 1e-12, "chart %s", name)
	}
	f := product(t, manifold.Gamma{}, manifold.Logistic{})
	d, accuracy, err := manifold.ApproximateRenyi(f, 1.5, append(p, 0, 1), append(q, .5, .8))
	require.NoError(t, err)
	require.Positive(t, accuracy)
	other, err := manifold.Renyi(manifold.Logistic{}, 1.5, []float64{0, 1}, []float64{.5, .8})
	require.NoError(t, err)
	requireRelative(t, want+other, d, 1e-15, "product")
}

// TestRenyiOrders: which orders there are, and their limits.
func TestRenyiOrders(t *testing.T) {
	f, p, q := manifold.Gamma{}, []float64{2.5, 4}, []float64{3, 3}
	for _, alpha := range []float64{-1, math.Inf(1), math.NaN()} {
		_, err := manifold.Renyi(f, alpha, p, q)
		require.ErrorContains(t, err, "gamma: a Rényi divergence has no order")
	}
	_, err := manifold.Renyi(f, 2, []float64{-1, 4}, q)
	require.ErrorIs(t, err, manifold.ErrDomain)
	_, err = manifold.Renyi(manifold.Mixture{}, 2, []float64{.3, -1, 1, .7, 1}, []float64{.4, -1, 1, .7, 1})
	require.ErrorIs(t, err, errors.ErrUnsupported)
	_, err = manifold.Renyi(manifold.Gumbel{}, .5, []float64{0, 1e-9}, []float64{1e9, 1})
	require.ErrorContains(t, err, "overlap too little")
	zero, err := manifold.Renyi(f, 0, p, q)
	require.NoError(t, err)
	require.Zero(t, zero)
	kl, err := f.KL(p, q)
	require.NoError(t, err)
	for _, h := range []float64{0, 1e-15, -1e-15, 1e-12, -1e-9} {
		d, err := manifold.Renyi(f, 1+h, p, q)
		require.NoError(t, err)
		requireRelative(t, kl, d, 1e-14+2*math.Abs(h), "order 1 + %g", h)
	}
	// The same for a family by quadrature.
	kl, err = manifold.Logistic{}.KL([]float64{0, 1}, []float64{2, .6})
	require.NoError(t, err)
	for _, h := range []float64{1e-12, -1e-9, 1e-5} {
		d, err := manifold.Renyi(manifold.Logistic{}, 1+h, []float64{0, 1}, []float64{2, .6})
		require.NoError(t, err)
		requireRelative(t, kl, d, 1e-11+2*math.Abs(h), "order 1 + %g", h)
	}
}
