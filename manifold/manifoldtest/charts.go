package manifoldtest

import (
	"fmt"
	"math"
	"slices"

	"fisherflow/manifold"

	"gonum.org/v1/gonum/mat"
)

// charts checks every chart of the family, its synonyms included.
func (c *checker) charts() {
	f, ok := c.family.(manifold.Charted)
	if !ok {
		return
	}
	names := f.Charts()
	if len(names) == 0 || names[0] != "source" {
		c.fault("charts", "the first chart is not \"source\": %v", names)
	}
	if _, ok := f.Chart("no such chart"); ok {
		c.fault("charts", "a chart that is not there is found")
	}
	for _, name := range manifold.AllCharts(c.family) {
		chart, ok := f.Chart(name)
		if !ok {
			c.fault("charts", "%s is listed but not there", name)
			continue
		}
		if chart.Name() != name || len(chart.Coordinates()) != c.n {
			c.fault("charts", "%s calls itself %s with coordinates %v", name, chart.Name(), chart.Coordinates())
			continue
		}
		sorted := slices.Clone(chart.Coordinates())
		slices.Sort(sorted)
		if len(slices.Compact(sorted)) != c.n {
			c.fault("charts", "%s has two coordinates of the same name: %v", name, chart.Coordinates())
		}
		c.chart(name, chart)
	}
}

func (c *checker) chart(name string, chart manifold.Chart) {
	xi, theta := make([]float64, c.n), make([]float64, c.n)
	if err := chart.FromSource(xi, c.theta); err != nil {
		c.fault("charts", "%s: %v", name, err)
		return
	}
	if err := chart.ToSource(theta, xi); err != nil {
		c.fault("charts", "%s: %v", name, err)
		return
	}
	j := c.jacobian(chart, xi)
	condition := c.condition(j, xi)
	for i := range theta {
		c.close("round trip", fmt.Sprintf("%s, source coordinate %d", name, i+1), theta[i], c.theta[i],
			math.Max(1e-12, 8*condition*0x1p-52), c.size(i))
	}
	for i, x := range xi {
		bad := slices.Clone(xi)
		bad[i] = math.NaN()
		if chart.ToSource(theta, bad) == nil {
			c.fault("charts", "%s accepts NaN for coordinate %d = %g", name, i+1, x)
		}
	}
	c.linearMaps(name, chart, xi, j)
	c.geometry(name, xi, j)
}

// size is the magnitude of a source coordinate, a Fisher unit at least.
func (c *checker) size(i int) float64 {
	s := math.Abs(c.theta[i])
	if c.matrix != nil {
		s = math.Max(s, 1/math.Sqrt(c.matrix.At(i, i)))
	}
	return s
}

// jacobian has ∂θ/∂ξ by the chart's Push, column by column.
func (c *checker) jacobian(chart manifold.Chart, xi []float64) *mat.Dense {
	j := mat.NewDense(c.n, c.n, nil)
	unit, column := make([]float64, c.n), make([]float64, c.n)
	for k := range c.n {
		unit[k] = 1
		chart.Push(column, xi, c.theta, unit)
		unit[k] = 0
		j.SetCol(k, column)
	}
	return j
}

// condition is how much a relative rounding of the chart coordinates moves the
// source coordinates, relative to their size.
func (c *checker) condition(j *mat.Dense, xi []float64) float64 {
	worst := 1.0
	for i := range c.n {
		sum := 0.0
		for k := range c.n {
			sum += math.Abs(j.At(i, k) * xi[k])
		}
		worst = math.Max(worst, sum/c.size(i))
	}
	return worst
}

func (c *checker) linearMaps(name string, chart manifold.Chart, xi []float64, j *mat.Dense) {
	// The Jacobian against a difference of the map itself. The step is a part
	// of the Fisher unit in the chart.
	for k := range c.n {
		unit := c.chartUnit(j, k)
		h := 2e-4 * unit
		at := func(m float64) []float64 {
			x := slices.Clone(xi)
			x[k] += m * h
			out := make([]float64, c.n)
			if err := chart.ToSource(out, x); err != nil {
				c.fault("jacobian", "%s: %v", name, err)
			}
			return out
		}
		a, b, d, e := at(1), at(-1), at(2), at(-2)
		for i := range c.n {
			want := (8*(a[i]-b[i]) - (d[i] - e[i])) / (12 * h)
			noise := 1e-15 * c.size(i) / h * (1 + math.Abs(xi[k])/unit)
			c.close("jacobian", fmt.Sprintf("%s, ∂θ_%d/∂ξ_%d", name, i+1, k+1), j.At(i, k)*unit, want*unit,
				1e-8, c.size(i)+noise*unit*1e8)
		}
	}
	v, cv := make([]float64, c.n), make([]float64, c.n)
	pushed, pulled := make([]float64, c.n), make([]float64, c.n)
	for i := range c.n {
		v[i] = math.Cos(float64(3*i+1)) * c.chartUnit(j, i)
		cv[i] = math.Sin(float64(2*i + 1))
		if c.matrix != nil {
			cv[i] *= math.Sqrt(c.matrix.At(i, i))
		}
	}
	chart.Push(pushed, xi, c.theta, v)
	chart.Pull(pulled, xi, c.theta, cv)
	left, right, size := 0.0, 0.0, 0.0
	for i := range c.n {
		left += cv[i] * pushed[i]
		right += pulled[i] * v[i]
		size += math.Abs(cv[i]*pushed[i]) + math.Abs(pulled[i]*v[i])
	}
	c.close("adjoint", name+", ⟨c, Jv⟩ against ⟨Jᵀc, v⟩", left, right, 1e-12, size)

	back := make([]float64, c.n)
	condition := mat.Cond(c.scaled(j), 2)
	tol := 1e-14 * math.Max(condition, 100)
	chart.PushInverse(back, xi, c.theta, pushed)
	for i := range c.n {
		c.close("inverse", fmt.Sprintf("%s, J⁻¹Jv, component %d", name, i+1), back[i], v[i], tol, c.chartUnit(j, i))
	}
	chart.PullInverse(back, xi, c.theta, pulled)
	for i := range c.n {
		scale := math.Abs(cv[i])
		if c.matrix != nil {
			scale = math.Sqrt(c.matrix.At(i, i))
		}
		c.close("inverse", fmt.Sprintf("%s, J⁻ᵀJᵀc, component %d", name, i+1), back[i], cv[i], tol, scale)
	}
}

// chartUnit is the Fisher unit along a chart coordinate, by the congruence.
func (c *checker) chartUnit(j *mat.Dense, k int) float64 {
	if c.matrix == nil {
		return 1
	}
	s := 0.0
	for a := range c.n {
		for b := range c.n {
			s += j.At(a, k) * c.matrix.At(a, b) * j.At(b, k)
		}
	}
	return 1 / math.Sqrt(s)
}

// scaled is the Jacobian in Fisher units on both sides.
func (c *checker) scaled(j *mat.Dense) *mat.Dense {
	s := mat.NewDense(c.n, c.n, nil)
	for i := range c.n {
		for k := range c.n {
			g := 1.0
			if c.matrix != nil {
				g = math.Sqrt(c.matrix.At(i, i))
			}
			s.Set(i, k, g*j.At(i, k)*c.chartUnit(j, k))
		}
	}
	return s
}

// geometry checks the covector law of the score and the congruence of the
// Fisher matrix, and that both belong to the chart's own log-density.
func (c *checker) geometry(name string, xi []float64, j *mat.Dense) {
	view, err := manifold.In(c.family, name)
	if err != nil {
		c.fault("view", "%v", err)
		return
	}
	if c.matrix == nil {
		return
	}
	g := mat.NewSymDense(c.n, nil)
	if err := view.Fisher(g, xi); err != nil {
		c.fault("congruence", "%s: %v", name, err)
		return
	}
	var gj, want mat.Dense
	gj.Mul(c.matrix, j)
	want.Mul(j.T(), &gj)
	for a := range c.n {
		for b := range a + 1 {
			// The congruence may cancel; its size is that of its terms.
			size := 0.0
			for i := range c.n {
				for k := range c.n {
					size += math.Abs(j.At(i, a) * c.matrix.At(i, k) * j.At(k, b))
				}
			}
			scale := math.Max(math.Sqrt(g.At(a, a)*g.At(b, b)), 1e-3*size)
			c.close("congruence", fmt.Sprintf("%s, G_%d%d", name, a+1, b+1), g.At(a, b), want.At(a, b), 1e-12, scale)
		}
	}
	if _, ok := c.family.(manifold.Scorer); !ok {
		return
	}
	tol, floor := 1e-12, 1e-3
	if a, ok := c.family.(manifold.ApproximateScorer); ok {
		tol, floor = a.ScoreAccuracy(), 1
	}
	score, source := make([]float64, c.n), make([]float64, c.n)
	for k := 0; k < len(c.oracle.nodes); k += 1 + len(c.oracle.nodes)/10 {
		x := c.oracle.nodes[k]
		if c.oracle.weights[k] < 1e-12 {
			continue
		}
		if err := view.Score(score, x, xi); err != nil {
			c.fault("covector", "%s: %v", name, err)
			return
		}
		if c.family.(manifold.Scorer).Score(source, x, c.theta) != nil {
			return
		}
		for a := range c.n {
			want, size := 0.0, 0.0
			for i := range c.n {
				want += j.At(i, a) * source[i]
				size += math.Abs(j.At(i, a) * source[i])
			}
			c.close("covector", fmt.Sprintf("%s, s_%d(%.3g)", name, a+1, x), score[a], want, tol, size+floor/c.chartUnit(j, a))
		}
		c.close("view", name+", log-density", view.LogDensity(x, xi), c.logDensity(x, c.theta), 1e-9, 1+math.Abs(c.logDensity(x, c.theta)))
	}
}
