package tanh

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAgainstReference:
//
//	python3 -c "from mpmath import *; mp.dps=40
//	for x in ['1e-300','1e-8','.1','.17328','.3','.549','.8','2','5','18','19.5','700']: print(x, nstr(tanh(mpf(float(x))),20), nstr(sech(mpf(float(x)))**2,20))"
func TestAgainstReference(t *testing.T) {
	for _, c := range [][3]float64{
		{1e-300, 1.0000000000000000251e-300, 1.0},
		{1e-8, 9.9999999999999998759e-9, 0.9999999999999999},
		{0.1, 0.099667994624955822614, 0.99006629084743977725},
		{0.17328, 0.17156628013637958215, 0.97056501152016532483},
		{0.3, 0.29131261245159089566, 0.91513696182662920906},
		{0.549, 0.49977035660462111705, 0.75022959065928984181},
		{0.8, 0.66403677026784898851, 0.55905516773224394557},
		{2, 0.96402758007581688395, 0.070650824853164465686},
		{5, 0.99990920426259513121, 0.00018158323094380668413},
		{18, 0.9999999999999995361, 9.2780913209742732491e-16},
		{19.5, 0.9999999999999999769, 4.6192896692063142878e-17},
		{700, 1.0, 3.8885288619026648255e-608},
	} {
		h, d := make([]float64, 5), make([]float64, 5)
		Eval(h, d, []float64{c[0], -c[0], c[0], -c[0], c[0]})
		for i, v := range h {
			require.InEpsilon(t, c[1], math.Abs(v), 3e-16, "tanh %g", c[0])
			require.Equal(t, i%2 == 1, math.Signbit(v))
			require.InDelta(t, c[2], d[i], 4e-16)
		}
	}
}

// TestNearTheLibrary: within a few units in the last place of math.Tanh, which
// is itself wrong by one or two.
func TestNearTheLibrary(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	s, h := make([]float64, 40000), make([]float64, 40000)
	for i := range s {
		s[i] = rng.NormFloat64() * math.Exp(3*rng.NormFloat64())
	}
	d := append([]float64(nil), s...)
	Eval(h, d, d)
	for i, x := range s {
		want := math.Tanh(x)
		if diff := math.Abs(h[i] - want); diff > 5*0x1p-53*math.Abs(want) {
			t.Fatalf("tanh %v is %v, not %v", x, h[i], want)
		}
	}
}

func TestEdges(t *testing.T) {
	s := []float64{0, math.Copysign(0, -1), math.Inf(1), math.Inf(-1), math.NaN()}
	for range 2 {
		s = append(s, s...)
	}
	h, d := make([]float64, len(s)), make([]float64, len(s))
	Eval(h, d, s)
	for i, x := range s {
		switch {
		case x != x:
			require.True(t, math.IsNaN(h[i]) && math.IsNaN(d[i]))
		case x == 0:
			require.Equal(t, math.Float64bits(x), math.Float64bits(h[i]))
			require.Equal(t, 1., d[i])
		default:
			require.Equal(t, math.Copysign(1, x), h[i])
			require.Zero(t, d[i])
		}
	}
}

// TestSameBits: both forms agree in every bit.
func TestSameBits(t *testing.T) {
	if !vectorised {
		t.Skip("this processor runs the portable form alone")
	}
	rng := rand.New(rand.NewPCG(2, 1))
	s, h, d := make([]float64, 1000), make([]float64, 1000), make([]float64, 1000)
	for range 50 {
		for i := range s {
			s[i] = rng.NormFloat64() * math.Exp(5*rng.NormFloat64())
		}
		Eval(h, d, s)
		for i, x := range s {
			tanh, derivative := one(x)
			require.Equal(t, tanh, h[i])
			require.Equal(t, derivative, d[i])
		}
	}
}

func BenchmarkEval(b *testing.B) {
	rng := rand.New(rand.NewPCG(2, 1))
	s, h, d := make([]float64, 1000), make([]float64, 1000), make([]float64, 1000)
	for i := range s {
		s[i] = rng.NormFloat64()
	}
	b.Run("here", func(b *testing.B) {
		for b.Loop() {
			Eval(h, d, s)
		}
	})
	b.Run("portable", func(b *testing.B) {
		for b.Loop() {
			for i, x := range s {
				h[i], d[i] = one(x)
			}
		}
	})
	b.Run("library", func(b *testing.B) {
		for b.Loop() {
			for i, x := range s {
				t := math.Tanh(x)
				h[i], d[i] = t, (1-t)*(1+t)
			}
		}
	})
}
