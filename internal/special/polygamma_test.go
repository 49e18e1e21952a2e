package special

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mathext"
)

// Each row: mpmath, mp.dps = 50, x = mpf(float(…)):
// psi(0,x), psi(1,x), psi(2,x), log(x)-psi(0,x), psi(1,x)-1/x.
var polygammaTable = []struct{ x, digamma, trigamma, tetragamma, logMinusDigamma, trigammaMinusInverse float64 }{
	{1e-6, -1000000.5772140200139, 1000000000001.6450222, -2000000000000000273.9, 999986.76170346204965, 999999000001.64502217},
	{1e-3, -1000.5755719318102797, 1000001.6425331958273, -2000000002.3976321648, 993.66781665282814262, 999001.64253319582737},
	{0.1, -10.423754940411076232, 101.4332991507927477, -2001.8614573783436732, 8.1211698474170306036, 91.43329915079274826},
	{0.5, -1.9635100260214234794, 4.9348022005446793094, -16.828796644234319996, 1.27036284546147817, 2.9348022005446793094},
	{1, -0.57721566490153286061, 1.6449340668482264365, -2.4041138063191885708, 0.57721566490153286061, 0.64493406684822643647},
	{1.25, -0.22745353337626540809, 1.1973291545071107393, -1.3277399375369203333, 0.45059708469047516386, 0.39732915450711073927},
	{1.46, -0.0015805619870834521062, 0.96911962150988789455, -0.88806304258183323801, 0.38001699770732849825, 0.28418811466057280939},
	{1.4616321449683623, -9.2412655217294275168e-17, 0.967672245447621255, -0.88552633796718436031, 0.3795537188395180242, 0.28350557366055167257},
	{1.5, 0.036489973978576520559, 0.93480220054467930942, -0.8287966442343199956, 0.36897513412958786142, 0.26813553387801264275},
	{2, 0.42278433509846713939, 0.64493406684822643647, -0.4041138063191885708, 0.27036284546147817002, 0.14493406684822643647},
	{2.5, 0.70315664064524318723, 0.49035775610023486497, -0.236204051641727403, 0.21313409122891187796, 0.090357756100234864973},
	{3.75, 1.1825373886117962286, 0.30533985269025307549, -0.092546338515899269635, 0.13921845137052321852, 0.038673186023586408819},
	{7, 1.8727843350984671394, 0.15354517795933754758, -0.023530472985855237466, 0.073125813956846165712, 0.010688035102194690441},
	{9.99, 2.250700372831201122, 0.10527695014824178439, -0.011073070531461051158, 0.050884219829261049877, 0.0051768500481416864212},
	{10, 2.2517525890667211076, 0.10516633568168574612, -0.011049834970802067462, 0.050832503927324576371, 0.0051663356816857461222},
	{20, 2.9705239922421490509, 0.051270822935203119832, -0.0026281224023146545934, 0.025208281311841942558, 0.0012708229352031198315},
	{33.3, 3.4904672385202427773, 0.03048544409533888779, -0.00092929036781151728158, 0.01509015846615528051, 0.00045541406530885519694},
	{1e3, 6.9072551956488120521, 0.0010005001666666333334, -1.0010004999998333335e-6, 0.00050008333332500000397, 5.0016666663333335714e-7},
	{1e6, 13.815510057964190771, 1.0000005000001666667e-6, -1.0000010000005e-12, 5.0000008333333333332e-7, 5.0000016666666666663e-13},
	{1e9, 20.723265836446411156, 1.0000000005000000002e-9, -1.0000000010000000005e-18, 5.0000000008333333333e-10, 5.0000000016666666667e-19},
	{1e12, 27.631021115928048208, 1.0000000000005e-12, -1.000000000001e-24, 5.0000000000008333333e-13, 5.0000000000016666667e-25},
}

// mpmath, mp.dps = 50: u-log(1+u) at u = mpf(float(…)).
var excessTable = []struct{ u, phi float64 }{
	{-0.9, 1.4025850929940458839},
	{-0.3, 0.056674943938732374155},
	{-0.11, 0.0065338162559515297868},
	{-0.1, 0.0053605156578263018443},
	{-0.05, 0.0012932943875505335723},
	{-1e-3, 5.0033358353350016382e-7},
	{-1e-8, 5.0000000333333337926e-17},
	{1e-12, 4.9999999999966664655e-25},
	{1e-6, 4.9999966666691662121e-13},
	{1e-2, 0.000049669146831917153846},
	{0.09, 0.0038223037589476673837},
	{0.1, 0.0046898201956751404607},
	{0.2, 0.017678443206045375639},
	{3, 1.6137056388801093812},
	{1e5, 99988.487064535079771},
}

func relative(t *testing.T, want, got, tol float64, name string, x float64) {
	t.Helper()
	require.LessOrEqual(t, math.Abs(got-want), tol*math.Abs(want), "%s(%g): want %.17g, got %.17g", name, x, want, got)
}

func TestPolygamma(t *testing.T) {
	for _, c := range polygammaTable {
		if math.Abs(c.digamma) < 0.1 {
			require.LessOrEqual(t, math.Abs(Digamma(c.x)-c.digamma), 1e-15, "digamma(%g)", c.x)
		} else {
			relative(t, c.digamma, Digamma(c.x), 1e-14, "digamma", c.x)
		}
		relative(t, c.trigamma, Trigamma(c.x), 1e-14, "trigamma", c.x)
		relative(t, c.tetragamma, Tetragamma(c.x), 1e-14, "tetragamma", c.x)
		relative(t, c.logMinusDigamma, LogMinusDigamma(c.x), 1e-14, "logMinusDigamma", c.x)
		relative(t, c.trigammaMinusInverse, TrigammaMinusInverse(c.x), 1e-14, "trigammaMinusInverse", c.x)
		relative(t, c.x, InverseLogMinusDigamma(c.logMinusDigamma), 1e-13, "inverseLogMinusDigamma", c.x)
		// The inverse amplifies the rounding of its argument by ψ/(xψ₁).
		condition := math.Max(1, math.Abs(c.digamma)/(c.x*c.trigamma))
		relative(t, c.x, InverseDigamma(c.digamma), 8*condition*0x1p-52, "inverseDigamma", c.x)
	}
	for _, x := range []float64{0, -1, math.NaN()} {
		require.True(t, math.IsNaN(Digamma(x)) && math.IsNaN(Trigamma(x)) && math.IsNaN(Tetragamma(x)))
	}
}

// TestDensely compares with the recurrences and reflection-free identities at
// many points, where a table is too coarse to meet a bad interval.
func TestDensely(t *testing.T) {
	for i := range 4000 {
		x := math.Exp(-9 + 24*float64(i)/4000)
		relative(t, Trigamma(x), Trigamma(x+1)+1/(x*x), 1e-14, "trigamma", x)
		relative(t, Tetragamma(x), Tetragamma(x+1)-2/(x*x*x), 1e-14, "tetragamma", x)
		scale := math.Abs(Digamma(x)) + 1/x
		require.InDelta(t, Digamma(x+1), Digamma(x)+1/x, 4e-16*scale+1e-15, "digamma(%g)", x)
		// Gauss's duplication: ψ(2x) = ½ψ(x) + ½ψ(x+½) + log 2.
		require.InDelta(t, Digamma(2*x), Digamma(x)/2+Digamma(x+0.5)/2+math.Ln2, 4e-16*scale+2e-15, "duplication at %g", x)
	}
}

func TestExcess(t *testing.T) {
	for _, c := range excessTable {
		relative(t, c.phi, Excess(c.u), 1e-14, "excess", c.u)
	}
}

func TestTrigammaSlopes(t *testing.T) {
	// mpmath, mp.dps = 60: -psi(2,x)/psi(1,x)**2-1, psi(1,x)+x*psi(2,x).
	for _, c := range []struct{ x, reciprocal, scaled float64 }{
		{1e-06, -0.99999800000000000658, -999999999998.35516125},
		{0.001, -0.99800000656771897156, -999998.35986443637912},
		{0.1, -0.80543132766497826818, -98.75284658704163073},
		{0.5, -0.30894348913039672709, -3.4795961215724806884},
		{1, -0.11149877173908150626, -0.75917973947096213433},
		{2, -0.028432335594774402805, -0.16329354579015070513},
		{5, -0.0039629079417209551505, -0.022625705488457158266},
		{9.99, -0.00091721414585670719482, -0.0053430244610541190455},
		{10, -0.00091530092282812650666, -0.0053320140263349284988},
		{11, -0.00075044196254866742937, -0.0043818489971369959609},
		{20, -0.00021869469021622225615, -0.001291625111089972037},
		{50, -0.000033999037181679518602, -0.00020266624018272076443},
		{1000.0, -8.3416662408286754535e-8, -5.0033333320000014286e-7},
		{1000000.0, -8.3333416666662499908e-14, -5.000003333333333332e-13},
		{1000000000.0, -8.3333333416666666662e-20, -5.0000000033333333333e-19},
	} {
		tol := 1e-14
		if c.x > 1 && c.x < 10 {
			tol = 1e-13
		}
		relative(t, c.reciprocal, ReciprocalTrigammaSlope(c.x), tol, "reciprocalTrigammaSlope", c.x)
		relative(t, c.scaled, ScaledTrigammaSlope(c.x), 2e-14, "scaledTrigammaSlope", c.x)
	}
}

func TestRatioExcess(t *testing.T) {
	// mpmath, mp.dps = 50: q/p-1-log(q/p) at the floats p and q.
	for _, c := range []struct{ p, q, phi float64 }{
		{1, 1e-18, 40.446531673892822242},
		{0.5, 1e-15, 32.845629214350741873},
		{1, 0.3, 0.50397280432593601853},
		{1, 0.6, 0.11082562376599069801},
		{1, 1.00000001, 4.9999999058919579999e-17},
		{1, 1e+300, 1.0000000000000000525e+300},
		{3, 2.9999999, 5.5555556608281384806e-16},
	} {
		relative(t, c.phi, RatioExcess(c.p, c.q, c.q-c.p), 1e-14, "ratioExcess", c.q/c.p)
	}
}

func TestSoftplusAndLogit(t *testing.T) {
	for _, y := range []float64{-700, -40, -3, -1e-9, 0, 0.3, 5, 40, 800} {
		v := Softplus(y)
		// d log v/dy ≤ 1 and the inverse's condition is v/(1−e^{−v})/|y|.
		require.InDelta(t, y, InverseSoftplus(v), 4e-16*(math.Abs(y)+1), "%g", y)
		p := Logistic(y)
		if p > 0 && y < 5 {
			require.InDelta(t, y, Logit(p), 4e-16*(math.Abs(y)+1)/(1-p))
		}
	}
}

func TestNoAllocation(t *testing.T) {
	require.Zero(t, testing.AllocsPerRun(100, func() { Digamma(1.3); Trigamma(0.2); InverseLogMinusDigamma(0.1) }))
}

var sink float64

func BenchmarkDigamma(b *testing.B) {
	for i := range b.N {
		sink = Digamma(0.3 + float64(i&15))
	}
}

func BenchmarkDigammaGonum(b *testing.B) {
	for i := range b.N {
		sink = mathext.Digamma(0.3 + float64(i&15))
	}
}

func BenchmarkTrigamma(b *testing.B) {
	for i := range b.N {
		sink = Trigamma(0.3 + float64(i&15))
	}
}

func BenchmarkTrigammaGonum(b *testing.B) {
	for i := range b.N {
		sink = mathext.Zeta(2, 0.3+float64(i&15))
	}
}
