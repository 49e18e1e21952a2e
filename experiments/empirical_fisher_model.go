package experiments

import (
	"math"

	"fisherflow/flow"
	"fisherflow/internal/legacy"
	"fisherflow/manifold"
	"fisherflow/metrics"
	"fisherflow/run"

	"gonum.org/v1/gonum/mat"
)

const (
	fieldSize  = 1000
	fieldRidge = 0.01 // precision of the prior, over the number of observations
	fieldSlack = 1e-8 // added to every matrix that is inverted
	fieldScale = 3    // the published fields of GD are a third, those of EF thrice as long
)

// fieldData draws the published observations: x log-normal, y = 2 + 2x + N(0, 1).
func fieldData() (x, y []float64) {
	g := legacy.New(0)
	x, y = make([]float64, fieldSize), make([]float64, fieldSize)
	for i := range x {
		x[i] = math.Exp(0.75 * g.Normal())
	}
	for i := range y {
		y[i] = 2 + 2*x[i] + g.Normal()
	}
	return x, y
}

// A lineFit is the regression y = θ₁ + θ₂x + N(0, 1) over observations, of which
// only the moments enter.
type lineFit struct {
	parameters
	moments [5][3]float64 // mean of xʲyᵏ
}

func newLineFit(x, y []float64) *lineFit {
	f := &lineFit{parameters: parameters{name: "linear regression", names: numbered("theta", 2)}}
	for i := range x {
		for j := range f.moments {
			for k := range f.moments[j] {
				f.moments[j][k] += math.Pow(x[i], float64(j)) * math.Pow(y[i], float64(k)) / float64(len(x))
			}
		}
	}
	return f
}

// Fisher is XᵀX/N with the prior's precision and the slack.
func (f *lineFit) Fisher(dst *mat.SymDense, _ []float64) error {
	m := &f.moments
	dst.SetSym(0, 0, m[0][0]+fieldRidge+fieldSlack)
	dst.SetSym(0, 1, m[1][0])
	dst.SetSym(1, 1, m[2][0]+fieldRidge+fieldSlack)
	return nil
}

// empirical stores (1/N) Σ r_i² x_i x_iᵀ, r = Xθ − y.
func (f *lineFit) empirical(theta []float64) (m11, m12, m22 float64) {
	a, b, m := theta[0], theta[1], &f.moments
	var s [3]float64
	for p := range s {
		s[p] = a*a*m[p][0] + b*b*m[p+2][0] + m[p][2] + 2*a*b*m[p+1][0] - 2*a*m[p][1] - 2*b*m[p+1][1]
	}
	return s[0], s[1], s[2]
}

// ridgeLoss is L = mean (θ₁ + θ₂x − y)²/2 + ridge|θ|²/2.
type ridgeLoss struct {
	fit      *lineFit
	value    float64
	size     float64
	gradient [2]float64
}

func (l *ridgeLoss) Name() string { return "regularised squared error" }

func (l *ridgeLoss) At(theta []float64) error {
	a, b, m := theta[0], theta[1], &l.fit.moments
	r0 := a*m[0][0] + b*m[1][0] - m[0][1] // mean of r
	r1 := a*m[1][0] + b*m[2][0] - m[1][1] // mean of rx
	square := a*r0 + b*r1 - (a*m[0][1] + b*m[1][1] - m[0][2])
	l.value = square/2 + fieldRidge*(a*a+b*b)/2
	l.size = m[0][2] + math.Abs(a*m[0][1]) + math.Abs(b*m[1][1]) + math.Abs(a*r0) + math.Abs(b*r1)
	l.gradient = [2]float64{r0 + fieldRidge*a, r1 + fieldRidge*b}
	return nil
}

func (l *ridgeLoss) Value() float64         { return l.value }
func (l *ridgeLoss) Magnitude() float64     { return l.size }
func (l *ridgeLoss) Gradient(dst []float64) { copy(dst, l.gradient[:]) }
func (l *ridgeLoss) Clone() flow.Loss       { return &ridgeLoss{fit: l.fit} }

// fieldMetric is the matrix whose inverse a rule applies to the gradient.
type fieldMetric struct {
	fill          func(theta []float64) (m11, m12, m22 float64)
	m11, m12, m22 float64
}

func (m *fieldMetric) Dim() int { return 2 }

func (m *fieldMetric) At(theta []float64) error {
	m.m11, m.m12, m.m22 = m.fill(theta)
	return nil
}

func (m *fieldMetric) Raise(dst, c []float64) error {
	det := m.m11*m.m22 - m.m12*m.m12
	dst[0], dst[1] = (m.m22*c[0]-m.m12*c[1])/det, (m.m11*c[1]-m.m12*c[0])/det
	return nil
}

func (m *fieldMetric) Lower(dst, v []float64) error {
	dst[0], dst[1] = m.m11*v[0]+m.m12*v[1], m.m12*v[0]+m.m22*v[1]
	return nil
}

// rules are the three fields in the order in which they are shown, by the
// metric that drives them.
var fieldRules = []struct {
	name, title, override string
	fill                  func(f *lineFit) func(theta []float64) (m11, m12, m22 float64)
}{
	{"gradient", "gradient", "flow.metric=euclidean", func(*lineFit) func([]float64) (float64, float64, float64) {
		return func([]float64) (float64, float64, float64) { return fieldScale, 0, fieldScale }
	}},
	{"natural", "natural gradient", "flow.estimator=exact", func(f *lineFit) func([]float64) (float64, float64, float64) {
		return func([]float64) (float64, float64, float64) {
			m := &f.moments
			return m[0][0] + fieldRidge + fieldSlack, m[1][0], m[2][0] + fieldRidge + fieldSlack
		}
	}},
	{"empirical", "empirical Fisher", "flow.estimator=empirical", func(f *lineFit) func([]float64) (float64, float64, float64) {
		return func(theta []float64) (float64, float64, float64) {
			a, b, c := f.empirical(theta)
			return (a + fieldSlack) / fieldScale, b / fieldScale, (c + fieldSlack) / fieldScale
		}
	}},
}

// fieldModel is the model of a member, whose spec names the rule.
func fieldModel(_ Values, _ string, s *run.Spec) (*run.Surface, error) {
	f := newLineFit(fieldData())
	m := &run.Surface{Family: f, Loss: &ridgeLoss{fit: f}, Start: fieldStarts[0]}
	rule := 1
	switch {
	case s.Flow.Metric == "euclidean":
		rule = 0
	case s.Flow.Estimator == "empirical":
		rule = 2
	case s.Flow.Metric != "fisher" || s.Flow.Damping.Value != 0:
		return m, nil
	}
	m.Metric = fieldMaker(f, rule)
	return m, nil
}

func fieldMaker(f *lineFit, rule int) metrics.Maker {
	return func(*manifold.View) (manifold.Metric, error) {
		return &fieldMetric{fill: fieldRules[rule].fill(f)}, nil
	}
}

var (
	_ manifold.Fisherer = (*lineFit)(nil)
	_ manifold.Metric   = (*fieldMetric)(nil)
	_ flow.Loss         = (*ridgeLoss)(nil)
)
