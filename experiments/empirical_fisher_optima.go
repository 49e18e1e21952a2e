package experiments

import (
	"fmt"
	"math"

	"fisherflow/figure"
	"fisherflow/internal/legacy"
	"fisherflow/run"
)

// symmetric is a 2×2 matrix by m₁₁, m₁₂, m₂₂.
type symmetric [3]float64

func (m *symmetric) add(weight float64, x [2]float64) {
	m[0] += weight * x[0] * x[0]
	m[1] += weight * x[0] * x[1]
	m[2] += weight * x[1] * x[1]
}

func (m symmetric) solve(c [2]float64) [2]float64 {
	det := m[0]*m[2] - m[1]*m[1]
	return [2]float64{(m[2]*c[0] - m[1]*c[1]) / det, (m[0]*c[1] - m[1]*c[0]) / det}
}

// relative are the eigenvalues of a⁻¹b in increasing order.
func relative(a, b symmetric) [2]float64 {
	det := a[0]*a[2] - a[1]*a[1]
	trace := (a[2]*b[0] - 2*a[1]*b[1] + a[0]*b[2]) / det
	product := (b[0]*b[2] - b[1]*b[1]) / det
	root := math.Sqrt(math.Max(0, trace*trace/4-product))
	return [2]float64{trace/2 - root, trace/2 + root}
}

// An optimum is the end of a fit, with both matrices there.
type optimum struct {
	name              string
	x                 [][2]float64
	y                 []float64
	theta             [2]float64
	loss              float64
	fisher, empirical symmetric
}

// classes draws the published points: 500 of each class, normal about ±mean,
// each row multiplied by its class's matrix.
func classes(name string, mean float64, m0, m1 [4]float64) *optimum {
	g := legacy.New(0)
	o := &optimum{name: name}
	for c, m := range [2][4]float64{m0, m1} {
		sign := 1 - 2*float64(c)
		for range 500 {
			u, v := g.Normal(), g.Normal()
			o.x = append(o.x, [2]float64{sign*mean + u*m[0] + v*m[2], sign*mean + u*m[1] + v*m[3]})
			o.y = append(o.y, float64(c))
		}
	}
	return o
}

// logistic fits p = σ(xᵀθ) by Newton's method.
func (o *optimum) logistic() {
	n := float64(len(o.x))
	for range 50 {
		var g [2]float64
		o.loss, o.fisher, o.empirical = 0, symmetric{}, symmetric{}
		for i, x := range o.x {
			s := x[0]*o.theta[0] + x[1]*o.theta[1]
			p := 1 / (1 + math.Exp(-s))
			o.loss += (math.Log1p(math.Exp(-math.Abs(s))) + math.Max(s, 0) - o.y[i]*s) / n
			g[0] += (p - o.y[i]) * x[0] / n
			g[1] += (p - o.y[i]) * x[1] / n
			o.fisher.add(p*(1-p)/n, x)
			o.empirical.add((p-o.y[i])*(p-o.y[i])/n, x)
		}
		step := o.fisher.solve(g)
		o.theta[0] -= step[0]
		o.theta[1] -= step[1]
		if math.Abs(step[0])+math.Abs(step[1]) < 1e-15 {
			return
		}
	}
}

// linear fits y = xᵀθ + N(0, 1) with the prior, whose precision the Fisher
// matrix includes, by its normal equations.
func (o *optimum) linear() {
	n := float64(len(o.x))
	var c [2]float64
	for i, x := range o.x {
		o.fisher.add(1/n, x)
		c[0] += x[0] * o.y[i] / n
		c[1] += x[1] * o.y[i] / n
	}
	o.fisher[0] += fieldRidge
	o.fisher[2] += fieldRidge
	o.theta = o.fisher.solve(c)
	for i, x := range o.x {
		r := x[0]*o.theta[0] + x[1]*o.theta[1] - o.y[i]
		o.loss += r * r / 2 / n
		o.empirical.add(r*r/n, x)
	}
}

// logisticCases are a correct model and two that are not.
func logisticCases() []*optimum {
	const c = 1.5 * 0.6
	all := []*optimum{
		classes("correct", 1, [4]float64{2, 0, 0, 2}, [4]float64{2, 0, 0, 2}),
		classes("A: unequal spread", 1.5, [4]float64{3, 0, 0, 3}, [4]float64{1, 0, 0, 1}),
		classes("B: unequal shape", 1, [4]float64{1.5, -c, -c, 1.5}, [4]float64{1.5, c, c, 1.5}),
	}
	for _, o := range all {
		o.logistic()
	}
	return all
}

// linearCases are y = x + 1 + noise with unit noise, with doubled noise, and
// with a quadratic term that the model does not have.
func linearCases() []*optimum {
	var all []*optimum
	for k, name := range []string{"correct", "A: doubled noise", "B: quadratic term"} {
		g := legacy.New(0)
		o := &optimum{name: name}
		for range 1000 {
			o.x = append(o.x, [2]float64{g.Normal(), 1})
		}
		for i := range o.x {
			x, e := o.x[i][0], g.Normal()
			o.y = append(o.y, [3]float64{x + 1 + e, x + 1 + 2*e, x + 1 + x*x/2 + e}[k])
		}
		o.linear()
		all = append(all, o)
	}
	return all
}

func (o *optimum) row(t *run.Table, kind string) {
	e := relative(o.fisher, o.empirical)
	t.Add(kind, o.name, o.theta[0], o.theta[1], o.loss, o.fisher[0], o.fisher[1], o.fisher[2], o.empirical[0], o.empirical[1], o.empirical[2], e[0], e[1])
}

func logisticOptima(o *run.Outcome) error {
	t := run.NewTable("model", "case", "theta1", "theta2", "loss", "F11", "F12", "F22", "EF11", "EF12", "EF22", "eigenvalue1", "eigenvalue2")
	o.Result.AddTable("optima", t)
	names := []string{"first coordinate of the optimum", "second coordinate of the optimum", "loss", "F11", "F12", "F22", "EF11", "EF12", "EF22"}
	for k, c := range logisticCases() {
		c.row(t, "logistic")
		member := "logistic " + c.name
		got := append(append([]float64{c.theta[0], c.theta[1], c.loss}, c.fisher[:]...), c.empirical[:]...)
		for i, want := range [][]float64{
			{-.4895885, -.5063734, .5020334, .5443250, -.0919489, .5566263, .5388588, -.1360821, .5371016},
			{-.5886495, -.5941375, .3892701, .4664642, -.0600415, .4814052, .6837799, -.1464832, .7599751},
			{-.7365350, -.7495262, .4285111, .3451114, -.1059207, .3572624, .2954628, +.1017132, .2799763},
		}[k] {
			reference(o, member, names[i], got[i], want, 5.1e-8)
		}
		e := relative(c.fisher, c.empirical)
		for i, want := range [][2]float64{{.8757, 1.0503}, {1.3762, 1.6384}, {.4061, 1.5901}}[k] {
			reference(o, member, fmt.Sprintf("eigenvalue %d of F⁻¹EF", i+1), e[i], want, 5.1e-5)
		}
		if k == 2 {
			o.Result.Claims = append(o.Result.Claims, run.Claim{
				Name: "matches-reference", Member: member, Expect: run.Violated, Holds: c.fisher[1] < 0 && c.empirical[1] > 0,
				Value: run.Number(-c.empirical[1] / c.fisher[1]), Bound: 0,
				Detail: fmt.Sprintf("the off-diagonal entries agree in sign: F12 = %.7f, EF12 = %+.7f", c.fisher[1], c.empirical[1]),
			})
		}
	}
	return nil
}

func linearOptima(o *run.Outcome) error {
	t := o.Result.Tables["optima"]
	for k, c := range linearCases() {
		c.row(t, "linear")
		member := "linear " + c.name
		for i, want := range [][2]float64{{.958787, 1.001734}, {.928190, 1.013846}, {.930309, 1.483767}}[k] {
			reference(o, member, fmt.Sprintf("coordinate %d of the optimum", i+1), c.theta[i], want, 5.1e-7)
		}
		e := relative(c.fisher, c.empirical)
		for i, want := range [][2]float64{{.9012, .9722}, {3.6044, 3.8857}, {1.3994, 3.0336}}[k] {
			reference(o, member, fmt.Sprintf("eigenvalue %d of F⁻¹EF", i+1), e[i], want, 5.1e-5)
		}
	}
	return nil
}

// drawOptima shows the data of each case above both matrices at its optimum.
func drawOptima() ([]drawing, error) {
	logistic := &figure.Figure{
		Title: "Both matrices at the optimum of a logistic regression", Columns: 3, Height: 5.2,
		Caption: "Above: points of two classes; the dashed line is where the fitted probability is ½. Below: directions of equal curvature {3A^(−1/2)e}, |e| = 1, for A = N·F and A = N·EF about the optimum (cross). " +
			"They are alike where the model is correct; in case B they differ even in the direction of the correlation.",
	}
	linear := &figure.Figure{
		Title: "Both matrices at the optimum of a linear regression", Columns: 3, Height: 5.2,
		Caption: "Above: observations and fit. Below: {3A^(−1/2)e}, |e| = 1, for A = N·F and A = N·EF about the optimum (cross). Noise of another variance scales the empirical Fisher matrix, a term that the model lacks distorts it.",
	}
	for _, c := range logisticCases() {
		panel := &figure.Panel{Title: c.name, X: "x1", XRange: &figure.Range{Low: -9, High: 9}, YRange: &figure.Range{Low: -9, High: 9}}
		if len(logistic.Panels) == 0 {
			panel.Y = "x2"
		}
		for class, style := range []figure.Style{{Color: 5, Dot: true}, {Color: 1, Dot: true}} {
			k := figure.Curve{Name: fmt.Sprintf("class %d", class), Points: true, Style: style}
			for i, x := range c.x {
				if c.y[i] == float64(class) {
					k.X, k.Y = append(k.X, x[0]), append(k.Y, x[1])
				}
			}
			panel.Curves = append(panel.Curves, k)
		}
		panel.Curves = append(panel.Curves, figure.Curve{
			X: []float64{-9, 9}, Y: []float64{9 * c.theta[0] / c.theta[1], -9 * c.theta[0] / c.theta[1]}, Style: figure.Style{Color: 6, Dash: 1},
		})
		logistic.Panels = append(logistic.Panels, panel)
	}
	for _, c := range linearCases() {
		panel := &figure.Panel{Title: c.name, X: "x", XRange: &figure.Range{Low: -3.5, High: 3.5}, YRange: &figure.Range{Low: -6, High: 10}}
		if len(linear.Panels) == 0 {
			panel.Y = "y"
		}
		k := figure.Curve{Name: "observations", Points: true, Style: figure.Style{Color: 5, Dot: true}}
		for i, x := range c.x {
			k.X, k.Y = append(k.X, x[0]), append(k.Y, c.y[i])
		}
		fit := figure.Curve{X: []float64{-3.5, 3.5}, Style: figure.Style{Color: 6, Dash: 1}}
		for _, x := range fit.X {
			fit.Y = append(fit.Y, c.theta[0]*x+c.theta[1])
		}
		panel.Curves = []figure.Curve{k, fit}
		linear.Panels = append(linear.Panels, panel)
	}
	for i, f := range []*figure.Figure{logistic, linear} {
		cases := logisticCases()
		if i == 1 {
			cases = linearCases()
		}
		for k, c := range cases {
			panel := &figure.Panel{X: "θ1"}
			if k == 0 {
				panel.Y = "θ2"
			}
			n := float64(len(c.x))
			for j, m := range []symmetric{c.fisher, c.empirical} {
				panel.Curves = append(panel.Curves, ellipse([]string{"Fisher", "empirical Fisher"}[j], c.theta, m, 3/math.Sqrt(n), figure.Style{Color: []int{0, 2}[j], Dash: j}))
			}
			panel.Marks = []figure.Mark{{X: c.theta[0], Y: c.theta[1], Kind: figure.Target}}
			f.Panels = append(f.Panels, panel)
		}
	}
	return []drawing{{"logistic", logistic}, {"linear", linear}}, nil
}

// ellipse is {c + v : vᵀmv = r²} as a curve, so that it has a name.
func ellipse(name string, c [2]float64, m symmetric, r float64, style figure.Style) figure.Curve {
	l11 := math.Sqrt(m[0])
	l21 := m[1] / l11
	l22 := math.Sqrt(m[2] - l21*l21)
	k := figure.Curve{Name: name, Style: style}
	for i := range 121 {
		s, cos := math.Sincos(2 * math.Pi * float64(i) / 120)
		y := s / l22
		k.X, k.Y = append(k.X, c[0]+r*(cos-l21*y)/l11), append(k.Y, c[1]+r*y)
	}
	return k
}
