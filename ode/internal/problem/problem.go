// Package problem has initial value problems whose ends are known to more
// digits than float64 has: of the non-stiff ones by Taylor series of orders 34
// and 40, of the stiff ones by Radau IIA methods of 7 and 9 stages, both in 260
// bits, or in closed form. Every constant is the float64 nearest to its
// decimals, so that the difference to the known end is a solver's error alone.
package problem

import "math"

// A Field is the right-hand side of dy/dt = f(t, y).
type Field interface {
	Eval(dst []float64, t float64, y []float64) error
}

// A Problem is a field with a start, a span and the known end.
type Problem struct {
	Name   string
	Field  Field
	Y0     []float64
	T0, T1 float64
	End    []float64
	// Absolute is the absolute tolerance that suits the smallest component, as
	// a part of the relative one.
	Absolute float64
	Stiff    bool
}

// All lists the problems of fixed dimension.
var All = []Problem{
	{
		Name: "arenstorf", Field: Arenstorf{}, T1: 17.0652165601579625588917206249, Absolute: 1,
		Y0:  []float64{0.994, 0, 0, -2.00158510637908252240537862224},
		End: []float64{9.939999999999088403380e-01, -3.030943022982418330908e-13, -4.928536581055052732564e-11, -2.001585106393270238498e+00},
	},
	{
		Name: "pleiades", Field: Pleiades{}, T1: 3, Absolute: 1,
		Y0: []float64{
			3, 3, -1, -3, 2, -2, 2, 3, -3, 2, 0, 0, -4, 4,
			0, 0, 0, 0, 0, 1.75, -1.5, 0, 0, 0, -1.25, 1, 0, 0,
		},
		End: []float64{
			3.706139143970512900939e-01, 3.237284092057233092803e+00, -3.222559032418323347100e+00, 6.597091455775308359349e-01,
			3.425581707156579790377e-01, 1.562172101400631016045e+00, -7.003092922212495385147e-01, -3.943437585517392055277e+00,
			-3.271380973972549928020e+00, 5.225081843456544192438e+00, -2.590612434977469510811e+00, 1.198213693392274637514e+00,
			-2.429682344935823409161e-01, 1.091449240428979747882e+00, 3.417003806314314752291e+00, 1.354584501625501221476e+00,
			-2.590065597810775419618e+00, 2.025053734714241106485e+00, -1.155815100160449092711e+00, -8.072988170223021725659e-01,
			5.952396354208718766607e-01, -3.741244961234008471204e+00, 3.773459685750629036558e-01, 9.386858869551078886946e-01,
			3.667922227200569866696e-01, -3.474046353808494366007e-01, 2.344915448180936923142e+00, -1.947020434263291900674e+00,
		},
	},
	{
		Name: "lorenz", Field: Lorenz{}, Y0: []float64{1, 1, 1}, T1: 10, Absolute: 1,
		End: []float64{-4.902687541134648130001e+00, -3.743872921802918872720e+00, 2.469085810279056289366e+01},
	},
	{
		Name: "fisher_gauss", Field: FisherGauss{}, Y0: []float64{-3, -1.6}, T1: 10, Absolute: 1,
		End: []float64{1.499795700316068818168e+00, -6.913308686310878606149e-01},
	},
	{
		Name: "brusselator", Field: Brusselator{}, Y0: []float64{1.5, 3}, T1: 20, Absolute: 1,
		End: []float64{4.986370712683478486498e-01, 4.596780349452011183201e+00},
	},
	{
		Name: "vdp1000", Field: VanDerPol{1000}, Y0: []float64{2, 0}, T1: 2000, Absolute: 1, Stiff: true,
		End: []float64{1.706167732170465008478e+00, -8.928097010248165477786e-04},
	},
	{
		Name: "rober", Field: Robertson{}, Y0: []float64{1, 0, 0}, T1: 1e11, Absolute: 1e-8, Stiff: true,
		End: []float64{2.083340149701294143836e-08, 8.333360770334783227175e-14, 9.999999791665151693793e-01},
	},
	{
		Name: "orego", Field: Oregonator{}, Y0: []float64{1, 2, 3}, T1: 360, Absolute: 1e-3, Stiff: true,
		End: []float64{1.000814870318522716651e+00, 1.228178521549887426331e+03, 1.320554942846504546278e+02},
	},
	{
		Name: "hires", Field: HIRES{}, Y0: []float64{1, 0, 0, 0, 0, 0, 0, 0.0057}, T1: 321.8122, Absolute: 1e-4, Stiff: true,
		End: []float64{
			7.371312573325541227290e-04, 1.442485726316159676891e-04, 5.888729740967338908256e-05, 1.175651343283125462791e-03,
			2.386356198830949257837e-03, 6.238968252741599819191e-03, 2.849998395185500993835e-03, 2.850001604814499211555e-03,
		},
	},
	heat(1000),
}

// ByName returns the problem of that name, and panics if there is none.
func ByName(name string) Problem {
	for _, p := range All {
		if p.Name == name {
			return p
		}
	}
	panic("problem: none is called " + name)
}

// heat starts from five modes sin(kπi/(n+1)), each of which decays by itself.
func heat(n int) Problem {
	p := Problem{Name: "heat1000", Field: Heat{}, T1: 20, Absolute: 1, Y0: make([]float64, n), End: make([]float64, n)}
	for _, mode := range []struct{ k, c float64 }{{1, 1}, {10, 1. / 2}, {100, 1. / 4}, {500, 1. / 8}, {900, 1. / 16}} {
		s := math.Sin(mode.k * math.Pi / float64(2*(n+1)))
		decay := math.Exp(-4 * s * s * p.T1)
		for i := range p.Y0 {
			u := mode.c * math.Sin(math.Mod(mode.k*float64(i+1), float64(2*(n+1)))*math.Pi/float64(n+1))
			p.Y0[i] += u
			p.End[i] += decay * u
		}
	}
	return p
}
