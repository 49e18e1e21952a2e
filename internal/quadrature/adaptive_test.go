package quadrature

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

type integrand func(dst []float64, x float64)

func (f integrand) At(dst []float64, x float64) { f(dst, x) }

// TestPolynomials: 21 points of Kronrod are exact to degree 31, and Gauss's 10
// to 19, so that their difference is rounding up to there.
func TestPolynomials(t *testing.T) {
	for degree := range 32 {
		want := 0.0
		if degree%2 == 0 {
			want = 2 / float64(degree+1)
		}
		require.InDelta(t, want, Panel(func(x float64) float64 { return math.Pow(x, float64(degree)) }, -1, 1), 1e-15, "degree %d", degree)
		var q Adaptive
		got := make([]float64, 1)
		accuracy, err := q.Integrate(got, integrand(func(dst []float64, x float64) { dst[0] = math.Pow(x, float64(degree)) }), []float64{-1, 1})
		require.NoError(t, err)
		require.InDelta(t, want, got[0], 1e-15)
		if degree < 20 {
			require.Len(t, q.panels, 1)
			require.Less(t, accuracy[0], 1e-15)
		}
	}
}

// TestErrorsAreHonest: peaks, kinks and singular ends, with the error within
// its estimate and within the tolerance.
func TestErrorsAreHonest(t *testing.T) {
	f := integrand(func(dst []float64, x float64) {
		dst[0] = 1 / (1e-6 + (x-0.3)*(x-0.3))
		dst[1] = math.Abs(x - 1/math.Pi)
		dst[2] = math.Sqrt(x)
		dst[3] = math.Cos(50 * x)
	})
	want := []float64{
		1e3 * (math.Atan(700) + math.Atan(300)),
		(1/(math.Pi*math.Pi) + (1-1/math.Pi)*(1-1/math.Pi)) / 2,
		2. / 3,
		math.Sin(50) / 50,
	}
	var q Adaptive
	got := make([]float64, 4)
	accuracy, err := q.Integrate(got, f, []float64{0, 1})
	require.NoError(t, err)
	for i := range want {
		require.LessOrEqual(t, math.Abs(got[i]-want[i]), accuracy[i]+2e-16*math.Abs(want[i]), "component %d", i)
		require.LessOrEqual(t, accuracy[i], 1e-12*math.Max(1, want[i]))
	}
	require.Zero(t, testing.AllocsPerRun(3, func() {
		_, _ = q.Integrate(got, f, []float64{0, 1})
	}))
	_, err = q.Integrate(got[:1], integrand(func(dst []float64, x float64) { dst[0] = math.Sin(1/x) / x }), []float64{1e-9, 1})
	require.ErrorContains(t, err, "times the one allowed")
}
