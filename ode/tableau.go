package ode

import "sync"

// A tableau is an explicit Runge–Kutta method:
//
//	k_i = f(t + c_i h, y + h Σ_{j<i} a_ij k_j),  y₁ = y + h Σ b_i k_i.
//
// The field at the end of the step is evaluated in every method, since it is
// the first stage of the next step; where the last row of a equals b (first
// same as last) it is a stage of this one.
type tableau struct {
	name         string
	order, lower int // lower: order of the embedded method, 0 for none
	// estimate is p where the error estimate is O(hᵖ⁺¹); 0 means lower.
	estimate int
	dense    int
	boundary float64 // h|λ| of a real eigenvalue at the edge of stability; 0: stiffness is not looked for
	a        [][]float64
	b, c     []float64
	fsal     bool
	err      []float64 // b − b̂, over the stages
	// coarse is a second, cruder estimate, with which the first is combined
	// (Hairer, Nørsett & Wanner I, II.10, eq. 10.17).
	coarse []float64
	// extra are the weights of the interpolant's extra terms, over all stages,
	// and denseA, denseC the stages that only they need.
	extra  [][]float64
	denseA [][]float64
	denseC []float64

	once sync.Once
	plan *plan
}

func (m *tableau) Name() string       { return m.name }
func (m *tableau) Order() int         { return m.order }
func (m *tableau) EmbeddedOrder() int { return m.lower }
func (m *tableau) DenseOrder() int    { return m.dense }
func (m *tableau) Kind() string       { return "explicit" }

func (m *tableau) Stages() int {
	if m.fsal {
		return len(m.b) - 1
	}
	return len(m.b)
}

// Euler is the explicit Euler method. Its interpolant is a cubic through both
// ends and their slopes, of the order of the method's own local error.
var Euler Method = &tableau{
	name: "euler", order: 1, dense: 1,
	a: [][]float64{nil},
	b: []float64{1},
	c: []float64{0},
}

// RK4 is the classical Runge–Kutta method (Kutta, Z. Math. Phys. 46, 1901,
// p. 435), with cubic Hermite interpolation.
var RK4 Method = &tableau{
	name: "rk4", order: 4, dense: 4,
	a: [][]float64{nil, {1. / 2}, {0, 1. / 2}, {0, 0, 1}},
	b: []float64{1. / 6, 1. / 3, 1. / 3, 1. / 6},
	c: []float64{0, 1. / 2, 1. / 2, 1},
}

// DormandPrince is the method of order 5(4) of Dormand & Prince (J. Comp. Appl.
// Math. 6, 1980, p. 23, RK5(4)7M), first same as last, with the interpolant of
// order 4 of Hairer, Nørsett & Wanner (Solving Ordinary Differential Equations
// I, 2nd ed., 1993, II.6).
var DormandPrince Method = &tableau{
	name: "dopri5", order: 5, lower: 4, dense: 5, fsal: true, boundary: 3.25,
	a: [][]float64{
		nil,
		{1. / 5},
		{3. / 40, 9. / 40},
		{44. / 45, -56. / 15, 32. / 9},
		{19372. / 6561, -25360. / 2187, 64448. / 6561, -212. / 729},
		{9017. / 3168, -355. / 33, 46732. / 5247, 49. / 176, -5103. / 18656},
		{35. / 384, 0, 500. / 1113, 125. / 192, -2187. / 6784, 11. / 84},
	},
	b:   []float64{35. / 384, 0, 500. / 1113, 125. / 192, -2187. / 6784, 11. / 84, 0},
	c:   []float64{0, 1. / 5, 3. / 10, 4. / 5, 8. / 9, 1, 1},
	err: []float64{71. / 57600, 0, -71. / 16695, 71. / 1920, -17253. / 339200, 22. / 525, -1. / 40},
	extra: [][]float64{{
		-12715105075. / 11282082432, 0, 87487479700. / 32700410799, -10690763975. / 1880347072,
		701980252875. / 199316789632, -1453857185. / 822651844, 69997945. / 29380423,
	}},
}

// Midpoint is the explicit midpoint method (Runge, Math. Ann. 46, 1895).
var Midpoint Method = &tableau{
	name: "midpoint", order: 2, dense: 2,
	a: [][]float64{nil, {1. / 2}},
	b: []float64{0, 1},
	c: []float64{0, 1. / 2},
}

// Heun is the explicit trapezoidal method (Heun, Z. Math. Phys. 45, 1900).
var Heun Method = &tableau{
	name: "heun", order: 2, dense: 2,
	a: [][]float64{nil, {1}},
	b: []float64{1. / 2, 1. / 2},
	c: []float64{0, 1},
}

// BogackiShampine is the method of order 3(2) of Bogacki & Shampine (Appl. Math.
// Lett. 2, 1989, p. 321), first same as last, with cubic Hermite interpolation.
var BogackiShampine Method = &tableau{
	name: "bs3", order: 3, lower: 2, dense: 3, fsal: true,
	a:   [][]float64{nil, {1. / 2}, {0, 3. / 4}, {2. / 9, 1. / 3, 4. / 9}},
	b:   []float64{2. / 9, 1. / 3, 4. / 9, 0},
	c:   []float64{0, 1. / 2, 3. / 4, 1},
	err: []float64{-5. / 72, 1. / 12, 1. / 9, -1. / 8},
}

// Tsitouras is the method of order 5(4) of Tsitouras (Comput. Math. Appl. 62,
// 2011, p. 770), first same as last, with his interpolant of order 4.
var Tsitouras Method = &tableau{
	name: "tsit5", order: 5, lower: 4, dense: 5, fsal: true, boundary: 3.25,
	a: [][]float64{
		nil,
		{0.161},
		{-0.008480655492356989, 0.335480655492357},
		{2.8971530571054935, -6.359448489975075, 4.3622954328695815},
		{5.325864828439257, -11.748883564062828, 7.4955393428898365, -0.09249506636175525},
		{5.86145544294642, -12.92096931784711, 8.159367898576159, -0.071584973281401, -0.028269050394068383},
		{0.09646076681806523, 0.01, 0.4798896504144996, 1.379008574103742, -3.290069515436081, 2.324710524099774},
	},
	b: []float64{0.09646076681806523, 0.01, 0.4798896504144996, 1.379008574103742, -3.290069515436081, 2.324710524099774, 0},
	c: []float64{0, 0.161, 0.327, 0.9, 0.9800255409045097, 1, 1},
	err: []float64{
		-0.00178001105222577714, -0.0008164344596567469, 0.007880878010261995, -0.1447110071732629,
		0.5823571654525552, -0.45808210592918697, 1. / 66,
	},
	extra: [][]float64{{
		-1.0530884977290216, 0.1017, 2.490627285651252793, -16.54810288924490272, 47.37952196281928122, -34.87065786149660974, 2.5,
	}},
}
