package ode

// Rosenbrock is Rodas5P, the method of order 5(4) with eight stages of
// Steinebach (BIT 63, 2023, article 27): stiffly accurate, and L-stable. A step
// takes one Jacobian, one factorisation and no iterations, which suits small
// stiff systems at moderate tolerances and fields that know their Jacobian.
var Rosenbrock Method = rosenbrock{}

type rosenbrock struct{}

func (rosenbrock) Name() string       { return "rosenbrock" }
func (rosenbrock) Order() int         { return 5 }
func (rosenbrock) EmbeddedOrder() int { return 4 }
func (rosenbrock) DenseOrder() int    { return 5 }
func (rosenbrock) Stages() int        { return 8 }
func (rosenbrock) Kind() string       { return "implicit" }

// The coefficients of Rodas5P in the form that spares products with the
// Jacobian (Hairer & Wanner II, IV.7, eq. 7.25): (1/(hγ) − J) u_i =
// f(t + α_i h, y + Σ a_ij u_j) + Σ c_ij u_j/h + h d_i ∂f/∂t. The arguments of the
// last two stages and the end add u₆, u₇, u₈ to that of the sixth.
const rodasGamma = 0.21193756319429014

var (
	rodasA = [6][]float64{
		nil,
		{3},
		{2.849394379747939, 0.45842242204463923},
		{-6.954028509809101, 2.489845061869568, -10.358996098473584},
		{2.8029986275628964, 0.5072464736228206, -0.3988312541770524, -0.04721187230404641},
		{-7.502846399306121, 2.561846144803919, -11.627539656261098, -0.18268767659942256, 0.030198172008377946},
	}
	rodasC = [8][]float64{
		nil,
		{-14.155112264123755},
		{-17.97296035885952, -2.859693295451294},
		{147.12150275711716, -1.41221402718213, 71.68940251302358},
		{165.43517024871676, -0.4592823456491126, 42.90938336958603, -5.961986721573306},
		{24.854864614690072, -3.0009227002832186, 47.4931110020768, 5.5814197821558125, -0.6610691825249471},
		{30.91273214028599, -3.1208243349937974, 77.79954646070892, 34.28646028294783, -19.097331116725623, -28.087943162872662},
		{
			37.80277123390563, -3.2571969029072276, 112.26918849496327, 66.9347231244047, -40.06618937091002,
			-54.66780262877968, -9.48861652309627,
		},
	}
	rodasAlpha = [6]float64{0, 0.6358126895828704, 0.4095798393397535, 0.9769306725060716, 0.4288403609558664, 1}
	rodasD     = [5]float64{0.21193756319429014, -0.42387512638858027, -0.3384627126235924, 1.8046452872882734, 2.325825639765069}
	// The interpolant is (1−θ)y₀ + θ(y₁ + (1−θ)(K₁ + θ(K₂ + θK₃))), K = H u.
	rodasH = [3][]float64{
		{
			25.948786856663858, -2.5579724845846235, 10.433815404888879, -2.3679251022685204, 0.524948541321073,
			1.1241088310450404, 0.4272876194431874, -0.17202221070155493,
		},
		{
			-9.91568850695171, -0.9689944594115154, 3.0438037242978453, -24.495224566215796, 20.176138334709044,
			15.98066361424651, -6.789040303419874, -6.710236069923372,
		},
		{
			11.419903575922262, 2.8879645146136994, 72.92137995996029, 80.12511834622643, -52.072871366152654,
			-59.78993625266729, -0.15582684282751913, 4.883087185713722,
		},
	}
)

func (rosenbrock) stepper(n int, s *Settings) stepper {
	r := &rosenbrocked{n: n}
	r.reset(s)
	vectors := newVectors(14, n)
	r.u, r.k = vectors[:8], [3][]float64(vectors[8:])
	r.inTime, r.argument, r.value = vectors[11], vectors[12], vectors[13]
	for i := 1; i < len(rodasA); i++ {
		r.a[i] = newPass(newRow(rodasA[i]), r.argument, nil, r.u)
	}
	for i := 1; i < len(rodasC); i++ {
		r.c[i] = newPass(newRow(rodasC[i]), r.u[i], r.value, r.u)
	}
	for i := range rodasH {
		r.h[i] = newPass(newRow(rodasH[i]), r.k[i], nil, r.u)
	}
	return r
}

// rosenbrocked makes the steps of Rosenbrock.
type rosenbrocked struct {
	n        int
	settings *Settings
	jacobian *jacobian // nil before the first step
	lu       lu[float64]
	shaped   bool // the jacobian is one for this field
	current  bool // the Jacobian is that of the step's start

	u                [][]float64
	k                [3][]float64 // of the interpolant
	inTime, argument []float64
	value            []float64 // of the field at a stage
	a                [6]pass
	c                [8]pass
	h                [3]pass
}

func (r *rosenbrocked) reset(s *Settings) { r.settings, r.shaped, r.current = s, false, false }

func (r *rosenbrocked) layout() (bool, int) { return true, 1 }

func (r *rosenbrocked) step(a *attempt) (float64, error) {
	h := a.t1 - a.t0
	a.order = 5
	if !r.shaped {
		if j, made := r.jacobian.of(a.field.field, r.n, r.settings); made {
			r.jacobian, r.lu = j, newLU[float64](j.band)
		}
		r.shaped = true
	}
	if !a.again {
		r.current = false
	}
	if !r.current {
		if fault := r.jacobian.take(a.field, a.first, a.y0, a.f0); fault != nil {
			return 0, fault
		}
		if fault := r.jacobian.inTime(a.field, r.inTime, a.first, a.last, a.y0, a.f0); fault != nil {
			return 0, fault
		}
		r.current = true
	}
	if fault := r.lu.shifted(1/(h*rodasGamma), r.jacobian); fault != nil {
		return 0, fault
	}
	for i, u := range r.u {
		switch {
		case i == 0:
			copy(u, a.f0)
		case i < 6:
			r.a[i].from = a.y0
			if !r.a[i].sum(1) {
				return 0, blame(a.t0, r.u[:i]...)
			}
			t := a.t0 + rodasAlpha[i]*h
			if i == 5 {
				t = a.last
			}
			if fault := a.field.eval(r.value, t, r.argument); fault != nil {
				return 0, fault
			}
		default:
			for j, v := range r.u[i-1] {
				r.argument[j] += v
			}
			if fault := a.field.eval(r.value, a.last, r.argument); fault != nil {
				return 0, fault
			}
		}
		if i > 0 {
			r.c[i].sum(1 / h)
		}
		if i < len(rodasD) {
			for j, v := range r.inTime {
				u[j] += h * rodasD[i] * v
			}
		}
		r.lu.solve(u)
	}
	for i, v := range r.u[7] {
		a.y1[i] = r.argument[i] + v
	}
	copy(a.err, r.u[7])
	if !finite(a.y1) {
		return 0, blame(a.t1, r.u...)
	}
	if fault := a.field.eval(a.f1, a.last, a.y1); fault != nil {
		return 0, fault
	}
	return a.measure.square(a.err, a.y0, a.y1)
}

func (r *rosenbrocked) interpolate(a *attempt) error {
	for m := range r.k {
		r.h[m].sum(1)
	}
	for i := range r.n {
		k1, k2, k3 := r.k[0][i], r.k[1][i], r.k[2][i]
		d := a.y1[i] - a.y0[i]
		a.slopes[i], a.slopes[r.n+i], a.extra[i] = d+k1, d-(k1+k2+k3), -k3
	}
	return nil
}

func (r *rosenbrocked) keeps() bool { return false }

func (r *rosenbrocked) keep(*attempt) {}
