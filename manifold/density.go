package manifold

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/diff/fd"
	"gonum.org/v1/gonum/mat"
)

// A Coordinate of a [Density] is its name and its open range. The whole line
// if Low and High are equal, as they are in the zero value.
type Coordinate struct {
	Name      string
	Low, High float64
}

// unbounded is the map of the coordinate from the whole line, and its prefix.
func (c Coordinate) unbounded() (prefix string, m scalarMap) {
	low, high := c.Low, c.High
	switch {
	case low == high || math.IsInf(low, -1) && math.IsInf(high, 1):
		return "", identityMap
	case math.IsInf(high, 1):
		return "log_", scalarMap{realLine, func(x float64) float64 { return low + math.Exp(x) }, func(t float64) float64 { return math.Log(t - low) },
			func(_, t float64) float64 { return t - low }, func(_, t float64) float64 { return t - low }}
	case math.IsInf(low, -1):
		return "log_", scalarMap{realLine, func(x float64) float64 { return high - math.Exp(x) }, func(t float64) float64 { return math.Log(high - t) },
			func(_, t float64) float64 { return t - high }, func(_, t float64) float64 { return t - high }}
	}
	return "logit_", scalarMap{
		realLine, func(x float64) float64 { return low + (high-low)*logitMap.to(x) },
		func(t float64) float64 { return math.Log(t-low) - math.Log(high-t) },
		func(_, t float64) float64 { return (t - low) / (high - low) * (high - t) },
		func(x, t float64) float64 { return -(t - low) / (high - low) * (high - t) * math.Tanh(x/2) },
	}
}

func (c Coordinate) interval() interval {
	r := interval{c.Low, c.High, realLine.want}
	switch {
	case c.Low == c.High:
		return realLine
	case c.Low == 0 && math.IsInf(c.High, 1):
		r.want = positive.want
	case math.IsInf(c.High, 1):
		r.want = fmt.Sprintf("must exceed %g", c.Low)
	case math.IsInf(c.Low, -1):
		r.want = fmt.Sprintf("must be less than %g", c.High)
	default:
		r.want = fmt.Sprintf("must lie between %g and %g", c.Low, c.High)
	}
	return r
}

// Density is a family of one's own, of which nothing is known but the logarithm
// of its density on a set of real or whole numbers. The density must be
// normalised, have one peak, and vary smoothly with the parameters.
//
// The score is a central difference of order 4 (gonum.org/v1/gonum/diff/fd)
// with a step of a thousandth of each coordinate's Fisher unit, good to about
// 1e-11 of the unit; Fisher matrix, cubic tensor, entropy and divergence are
// quadratures or sums over it, with their error.
type Density struct {
	name        string
	coordinates []Coordinate
	names       []string
	ranges      []interval
	support     Support
	log         func(x float64, theta []float64) float64
	work        *densityWork
}

type densityWork struct {
	theta   []float64 // where units belong to
	units   []float64
	moved   []float64
	numeric *numeric
	twice   *numeric // with scores of twice the step
}

// NewDensity returns the family with log-density log on the support. The
// coordinates must have different names.
func NewDensity(name string, coordinates []Coordinate, support Support, log func(x float64, theta []float64) float64) (*Density, error) {
	if name == "" || len(coordinates) == 0 || log == nil || !(support.Low < support.High) {
		return nil, fmt.Errorf("a density needs a name, coordinates, a support and a log-density")
	}
	f := &Density{name: name, coordinates: append([]Coordinate(nil), coordinates...), support: support, log: log}
	seen := map[string]bool{}
	for _, c := range coordinates {
		if c.Name == "" || seen[c.Name] || c.Low > c.High {
			return nil, fmt.Errorf("%s: coordinate %q is there twice, has no name, or its range is empty", name, c.Name)
		}
		seen[c.Name] = true
		f.names, f.ranges = append(f.names, c.Name), append(f.ranges, c.interval())
	}
	return f, nil
}

// Name is the name that the family was given.
func (f *Density) Name() string { return f.name }

// Dim is the number of coordinates.
func (f *Density) Dim() int { return len(f.coordinates) }

// Check wants the coordinates in their ranges.
func (f *Density) Check(theta []float64) error {
	return check(f.name, "", f.names, f.ranges, theta)
}

// Charts lists the charts.
func (f *Density) Charts() []string { return []string{"source", "unconstrained"} }

// Chart returns a chart by name. In unconstrained a coordinate with one bound
// is replaced by the logarithm of its distance from it, one with two by the
// difference of two such logarithms.
func (f *Density) Chart(name string) (Chart, bool) {
	switch name {
	case "source":
		return newSource(f, name, f.names), true
	case "unconstrained":
		var names []string
		var maps []scalarMap
		for _, c := range f.coordinates {
			prefix, m := c.unbounded()
			names, maps = append(names, prefix+c.Name), append(maps, m)
		}
		return newCoordinatewise(f, name, names, maps...), true
	}
	return nil, false
}

// Support is the support that the family was given.
func (f *Density) Support() Support { return f.support }

// ObservationDim is 1.
func (f *Density) ObservationDim() int { return 1 }

// CheckObservation wants a number in the support.
func (f *Density) CheckObservation(x []float64) error {
	s := f.support
	if s.Discrete {
		return checkScalar(f.name, x, func(x float64) bool { return x >= s.Low && x <= s.High && x == math.Trunc(x) },
			fmt.Sprintf("must be a whole number from %g to %g", s.Low, s.High))
	}
	return checkScalar(f.name, x, func(x float64) bool { return x > s.Low && x < s.High }, fmt.Sprintf("must lie between %g and %g", s.Low, s.High))
}

// LogDensity is the function that the family was given.
func (f *Density) LogDensity(x, theta []float64) float64 { return f.log(x[0], theta) }

// WithWorkspace returns the family with workspace, which keeps the Fisher units
// of the last point.
func (f *Density) WithWorkspace() Family {
	own := *f
	own.work = &densityWork{}
	return &own
}

func (f *Density) memory() *densityWork {
	if f.work != nil {
		return f.work
	}
	return &densityWork{}
}

// fourPoints is the central difference of order 4.
var fourPoints = fd.Formula{
	Stencil: []fd.Point{
		{Loc: -2, Coeff: 1. / 12}, {Loc: -1, Coeff: -2. / 3}, {Loc: 1, Coeff: 2. / 3}, {Loc: 2, Coeff: -1. / 12},
	},
	Derivative: 1,
	Step:       1,
}

// Score is a difference of the log-density.
func (f *Density) Score(dst, x, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	m := f.memory()
	if err := f.measure(m, theta); err != nil {
		return err
	}
	f.differences(dst, m, x, theta, 1)
	return nil
}

// ScoreAccuracy is 1e-10 in Fisher units.
func (f *Density) ScoreAccuracy() float64 { return 1e-10 }

func (f *Density) differences(dst []float64, m *densityWork, x, theta []float64, step float64) {
	copy(m.moved, theta)
	for i, t := range theta {
		dst[i] = fd.Derivative(func(v float64) float64 {
			m.moved[i] = v
			return f.log(x[0], m.moved)
		}, t, &fd.Settings{Formula: fourPoints, Step: step * m.units[i]})
		m.moved[i] = t
	}
}

// measure finds the step of each coordinate at theta: a thousandth of the
// Fisher unit, by the variance of the differences of the log-density, and no
// more than a hundredth of the way to the end of the coordinate's range.
func (f *Density) measure(m *densityWork, theta []float64) error {
	if m.theta != nil && slices.Equal(m.theta, theta) {
		return nil
	}
	e, err := newExpector(f)
	if err != nil {
		return err
	}
	e.adapter.Tol = 1e-4
	if err := e.set(theta); err != nil {
		return err
	}
	n := f.Dim()
	m.units, m.moved = make([]float64, n), append([]float64(nil), theta...)
	variance := make([]float64, 1)
	for i, t := range theta {
		r := f.ranges[i]
		limit := math.Min(t-r.low, r.high-t) / 100
		h := math.Min(math.Max(math.Abs(t), 1)*1e-3, limit)
		for range 40 {
			d := difference{f: f, m: m, i: i, centre: t, h: h}
			if _, err := e.mean(variance, &d, nil); err != nil {
				return err
			}
			m.moved[i] = t
			// The step for which the root mean square difference is 2e-3 units.
			root := math.Sqrt(variance[0])
			if root >= 1e-4 && root <= 1e-2 || root < 1e-4 && h == limit {
				h *= 2e-3 / math.Max(root, 2e-3*h/limit)
				break
			}
			next := h / 100
			if root > 0 && !math.IsInf(root, 1) {
				next = h * math.Min(1e6, math.Max(1e-6, 2e-3/root))
			}
			h = math.Min(next, limit)
		}
		// A power of two, so that it does not change with the last bits of θ.
		m.units[i] = math.Ldexp(1, math.Ilogb(math.Min(h, limit)))
		if t+m.units[i] == t || !(m.units[i] > 0) {
			return fmt.Errorf("%s: the density does not vary smoothly with %s: %w", f.name, f.names[i], errors.ErrUnsupported)
		}
	}
	m.theta = append(m.theta[:0], theta...)
	return nil
}

// difference is the square of log p(x|θ+h) − log p(x|θ−h) along coordinate i.
type difference struct {
	f         *Density
	m         *densityWork
	i         int
	centre, h float64
}

func (d *difference) at(dst, x []float64) {
	d.m.moved[d.i] = d.centre + d.h
	up := d.f.log(x[0], d.m.moved)
	d.m.moved[d.i] = d.centre - d.h
	v := up - d.f.log(x[0], d.m.moved)
	dst[0] = v * v
}

// byDifferences is a density with scores of a number of steps.
type byDifferences struct {
	*Density
	work *densityWork
	step float64
}

// Score keeps the steps of a point for those within a twentieth of a Fisher unit:
// a divergence asks for scores at many points between two close ones.
func (f byDifferences) Score(dst, x, theta []float64) error {
	near := f.work.theta != nil
	for i := range f.work.theta {
		near = near && math.Abs(theta[i]-f.work.theta[i]) < 50*f.work.units[i]
	}
	if !near {
		if err := f.measure(f.work, theta); err != nil {
			return err
		}
	}
	f.differences(dst, f.work, x, theta, f.step)
	return nil
}

// computed are the quadratures with scores of one step and of two.
func (f *Density) computed() (once, twice *numeric, err error) {
	m := f.memory()
	if m.numeric == nil {
		for step, n := range map[float64]**numeric{1: &m.numeric, 2: &m.twice} {
			if *n, err = newNumeric(byDifferences{f, &densityWork{}, step}); err != nil {
				return nil, nil, err
			}
			// Differences are good to no more.
			(*n).mixing.(*expector).adapter.Tol = 1e-11
		}
	}
	return m.numeric, m.twice, nil
}

func (f *Density) placesTaken() int {
	m := f.memory()
	return m.numeric.placesTaken() + m.twice.placesTaken()
}

// Fisher is ApproximateFisher without its error.
func (f *Density) Fisher(dst *mat.SymDense, theta []float64) error {
	_, err := f.ApproximateFisher(dst, theta)
	return err
}

// ApproximateFisher is a quadrature or sum of s_i s_j; its error is that of
// the quadrature and what a step of twice the size changes.
func (f *Density) ApproximateFisher(dst *mat.SymDense, theta []float64) (accuracy float64, err error) {
	once, twice, err := f.computed()
	if err != nil {
		return math.NaN(), err
	}
	again := mat.NewSymDense(f.Dim(), nil)
	if _, err := twice.fisherMatrix(again, theta); err != nil {
		return math.NaN(), err
	}
	if accuracy, err = once.fisherMatrix(dst, theta); err != nil {
		return math.NaN(), err
	}
	change := 0.0
	for i := range f.Dim() {
		for j := range i + 1 {
			change = math.Max(change, math.Abs(dst.At(i, j)-again.At(i, j)))
		}
	}
	return accuracy + change, nil
}

// Cubic is ApproximateCubic without its error.
func (f *Density) Cubic(dst Tensor, theta []float64) error {
	_, err := f.ApproximateCubic(dst, theta)
	return err
}

// ApproximateCubic is a quadrature or sum of s_i s_j s_k, with the error of
// ApproximateFisher's kind.
func (f *Density) ApproximateCubic(dst Tensor, theta []float64) (accuracy float64, err error) {
	once, twice, err := f.computed()
	if err != nil {
		return math.NaN(), err
	}
	again := newTensor(f.Dim())
	if _, err := twice.cubicTensor(again, theta); err != nil {
		return math.NaN(), err
	}
	if accuracy, err = once.cubicTensor(dst, theta); err != nil {
		return math.NaN(), err
	}
	change := 0.0
	again.fill(func(i, j, k int) float64 {
		change = math.Max(change, math.Abs(dst[i][j][k]-again[i][j][k]))
		return again[i][j][k]
	})
	return accuracy + change, nil
}

// KL is ApproximateKL without its error.
func (f *Density) KL(p, q []float64) (float64, error) {
	kl, _, err := f.ApproximateKL(p, q)
	return kl, err
}

// ApproximateKL is a quadrature or sum of log p − log q.
func (f *Density) ApproximateKL(p, q []float64) (kl, accuracy float64, err error) {
	once, _, err := f.computed()
	if err != nil {
		return math.NaN(), math.NaN(), err
	}
	return once.divergence(p, q)
}

// Entropy is ApproximateEntropy without its error.
func (f *Density) Entropy(theta []float64) (float64, error) {
	h, _, err := f.ApproximateEntropy(theta)
	return h, err
}

// ApproximateEntropy is a quadrature or sum of −log p.
func (f *Density) ApproximateEntropy(theta []float64) (h, accuracy float64, err error) {
	once, _, err := f.computed()
	if err != nil {
		return math.NaN(), math.NaN(), err
	}
	return once.meanSurprise(theta)
}
