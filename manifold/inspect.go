package manifold

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/mat"
)

// An Inspection is everything that is known of one member of a family, by
// chart where it depends on coordinates. What the family does not have stays
// nil.
type Inspection struct {
	Family  string
	Charts  []string // that reach the point, in the family's order; the synonyms natural and expectation last
	Names   map[string][]string
	Point   map[string][]float64
	Fisher  map[string][][]float64
	Gamma   map[string]Tensor // Levi-Civita, first kind
	Cubic   map[string]Tensor // Amari–Chentsov
	Score   map[string][]float64
	Mean    []float64 // of the sufficient statistic
	To      *Relation
	Numeric map[string]float64 // errors of the fields that are not closed form

	Entropy, LogPartition, Curvature, LogDensity *float64

	TensorsMissing string // why, when there is no Gamma and no Cubic
}

// A Relation is what an Inspection knows of a second member.
type Relation struct {
	Point                             map[string][]float64
	KL, ReverseKL, FisherRao          *float64
	Midpoint                          map[string][]float64
	FisherRaoMissing, MidpointMissing string // why, when they are nil

	Bhattacharyya, SquaredHellinger, Renyi2 *float64
}

// AllCharts lists the charts of a family and, behind them, natural and
// expectation where they are synonyms.
func AllCharts(f Family) []string {
	c, ok := f.(Charted)
	if !ok {
		return nil
	}
	names := slices.Clone(c.Charts())
	for _, synonym := range []string{"natural", "expectation"} {
		if _, ok := c.Chart(synonym); ok && !slices.Contains(names, synonym) {
			names = append(names, synonym)
		}
	}
	return names
}

// InAllCharts returns the coordinates of the source point theta in every
// chart of AllCharts that reaches it, as a polar chart does not reach its origin.
func InAllCharts(f Family, theta []float64) (map[string][]float64, error) {
	if err := f.Check(theta); err != nil {
		return nil, err
	}
	points := map[string][]float64{}
	back := make([]float64, f.Dim())
	for _, name := range AllCharts(f) {
		c, _ := f.(Charted).Chart(name)
		xi := make([]float64, f.Dim())
		err := c.FromSource(xi, theta)
		if err == nil {
			err = c.ToSource(back, xi)
		}
		if err != nil && !errors.Is(err, ErrDomain) {
			return nil, fmt.Errorf("chart %s: %w", name, err)
		}
		if err == nil || name == "source" {
			points[name] = xi
		}
	}
	return points, nil
}

// regularCharts adds the charts whose coordinates, rounded, no longer tell the
// point, as (μ, μ² + σ²) may have lost its variance; what is known at the source
// point can still be said in them.
func regularCharts(points map[string][]float64, f Family, theta []float64) {
	for _, name := range AllCharts(f) {
		if _, ok := points[name]; ok {
			continue
		}
		c, _ := f.(Charted).Chart(name)
		xi := make([]float64, f.Dim())
		if c.FromSource(xi, theta) == nil && regular(c, xi, theta) {
			points[name] = xi
		}
	}
}

// regular reports whether the chart's map is one to one to first order at a
// point, as a polar chart is not at its origin.
func regular(c Chart, xi, theta []float64) bool {
	unit, image := make([]float64, len(xi)), make([]float64, len(xi))
	for i := range unit {
		unit[i] = 1
		c.Push(image, xi, theta, unit)
		there := !slices.ContainsFunc(image, notFinite) && slices.ContainsFunc(image, func(x float64) bool { return x != 0 })
		c.PushInverse(image, xi, theta, unit)
		if unit[i] = 0; !there || slices.ContainsFunc(image, notFinite) {
			return false
		}
	}
	return true
}

func notFinite(x float64) bool { return x-x != 0 }

// Inspect gathers what is known of the member of the family at the given
// coordinates in the named chart, of an observation x and of a second member
// to, in the same chart; both may be nil. When the context ends it returns what it
// has, with the context's error.
func Inspect(ctx context.Context, f Family, chart string, at, x, to []float64) (*Inspection, error) {
	view, err := In(f, chart)
	if err != nil {
		return nil, err
	}
	theta, err := sourceOf(view, "at", at)
	if err != nil {
		return nil, err
	}
	if len(theta) > largestMatrix {
		return nil, fmt.Errorf("%s has %d coordinates, matrices of more than %d are not listed", f.Name(), len(theta), largestMatrix)
	}
	r := &Inspection{
		Family: f.Name(), Names: map[string][]string{}, Numeric: map[string]float64{},
		Fisher: map[string][][]float64{},
	}
	if r.Point, err = InAllCharts(f, theta); err != nil {
		return nil, err
	}
	regularCharts(r.Point, f, theta)
	if _, ok := r.Point[chart]; ok {
		r.Point[chart] = slices.Clone(at)
	}
	if accuracy, err := approximateFisher(f, mat.NewSymDense(f.Dim(), nil), theta); err == nil {
		r.numeric("fisher", accuracy)
	}
	for _, name := range AllCharts(f) {
		if _, ok := r.Point[name]; !ok {
			continue
		}
		if err := ctx.Err(); err != nil {
			return r, err
		}
		v, err := In(f, name)
		if err != nil {
			return nil, err
		}
		v.ctx = ctx
		v.Hold(r.Point[name], theta)
		r.Names[name] = v.Chart().Coordinates()
		if err := r.inChart(v, name); ctx.Err() != nil {
			return r, ctx.Err()
		} else if err != nil {
			return nil, err
		}
		r.Charts = append(r.Charts, name)
	}
	if e, accuracy, err := approximateEntropy(f, theta); err == nil {
		r.Entropy = &e
		r.numeric("entropy", accuracy)
	} else if !errors.Is(err, errors.ErrUnsupported) {
		return nil, err
	}
	if e, ok := f.(Exponential); ok {
		a := e.LogPartition(theta)
		r.LogPartition = &a
		r.Mean = r.Point["expectation"]
	}
	if k, accuracy, err := curvature(f, view, at, theta); err == nil {
		r.Curvature = &k
		r.numeric("gaussian_curvature", accuracy)
	}
	if err := ctx.Err(); err != nil {
		return r, err
	}
	if x != nil {
		if err := r.observe(f, theta, x); err != nil {
			return nil, err
		}
	}
	if to != nil {
		if err = r.relate(ctx, f, view, theta, to); err != nil {
			if ctx.Err() != nil {
				return r, ctx.Err()
			}
			return nil, err
		}
	}
	return r, nil
}

// numeric notes the error of a field that is not in closed form.
func (r *Inspection) numeric(field string, accuracy float64) {
	if accuracy > 0 {
		r.Numeric[field] = math.Max(r.Numeric[field], accuracy)
	}
}

func sourceOf(view *View, what string, xi []float64) ([]float64, error) {
	if len(xi) != view.Dim() {
		return nil, fmt.Errorf("%s: %d coordinates given, %s in chart %s has %d: [%s]",
			what, len(xi), view.Name(), view.Chart().Name(), view.Dim(), strings.Join(few(view.Chart().Coordinates()), " "))
	}
	for k, x := range xi {
		if x != 0 && math.Abs(x) < smallestNormal {
			return nil, fmt.Errorf("%s: %s: %s = %g is too near to 0: float64 has all its digits from %.3g on",
				what, view.Name(), view.Chart().Coordinates()[k], x, smallestNormal)
		}
	}
	theta := make([]float64, len(xi))
	if err := view.Chart().ToSource(theta, xi); err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return theta, nil
}

const smallestNormal = 0x1p-1022

// few leaves out the middle of a list that would not fit on a line.
func few(names []string) []string {
	if len(names) <= 20 {
		return names
	}
	return []string{names[0], names[1], "…", names[len(names)-1]}
}

// largestMatrix is the dimension up to which Fisher matrices are listed.
const largestMatrix = 2000

// largestTensor is the dimension up to which third-order tensors are listed, and
// largestComputed where they are quadratures, of which they need hundreds.
const largestTensor, largestComputed = 50, 20

// largestShot is the dimension up to which geodesics are looked for.
const largestShot = 50

func (r *Inspection) inChart(v *View, name string) error {
	xi := r.Point[name]
	n := v.Dim()
	g := mat.NewSymDense(n, nil)
	if err := v.Fisher(g, xi); err != nil {
		return err
	}
	rows := make([][]float64, n)
	for i := range rows {
		rows[i] = mat.Row(nil, i, g)
	}
	r.Fisher[name] = rows
	limit := largestTensor
	if r.Numeric["fisher"] > 0 {
		limit = largestComputed
	}
	if n > limit {
		r.TensorsMissing = fmt.Sprintf("left out: they are computed up to %d coordinates, here are %d", limit, n)
		return nil
	}
	gamma, accuracy, err := Christoffel(v, xi)
	switch {
	case errors.Is(err, ErrDomain): // no step at the edge of the domain
	case err != nil:
		return err
	default:
		if r.Gamma == nil {
			r.Gamma = map[string]Tensor{}
		}
		r.Gamma[name] = gamma
		r.numeric("christoffel", accuracy)
	}
	cubic, accuracy, err := ApproximateAmariChentsov(v, xi)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
	case err != nil:
		return err
	default:
		if r.Cubic == nil {
			r.Cubic = map[string]Tensor{}
		}
		r.Cubic[name] = cubic
		r.numeric("amari_chentsov", accuracy)
	}
	return nil
}

func (r *Inspection) observe(f Family, theta, x []float64) error {
	if o, ok := f.(Observed); ok {
		if err := o.CheckObservation(x); err != nil {
			return fmt.Errorf("x: %w", err)
		}
	}
	if d, ok := f.(LogDensity); ok {
		l := d.LogDensity(x, theta)
		r.LogDensity = &l
	}
	if _, ok := f.(Scorer); ok {
		r.Score = map[string][]float64{}
		for _, name := range r.Charts {
			v, err := In(f, name)
			if err != nil {
				return err
			}
			v.Hold(r.Point[name], theta)
			s := make([]float64, f.Dim())
			if err := v.Score(s, x, r.Point[name]); err != nil {
				return err
			}
			r.Score[name] = s
		}
	}
	return nil
}

func (i *Inspection) relate(ctx context.Context, f Family, view *View, theta, to []float64) error {
	other, err := sourceOf(view, "to", to)
	if err != nil {
		return err
	}
	r := &Relation{}
	i.To = r
	if r.Point, err = InAllCharts(f, other); err != nil {
		return err
	}
	a, accuracy, err := approximateKL(f, theta, other)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
	case err != nil:
		return err
	default:
		b, reverse, err := approximateKL(f, other, theta)
		if err != nil {
			return err
		}
		r.KL, r.ReverseKL = &a, &b
		i.numeric("kl", accuracy)
		i.numeric("reverse_kl", reverse)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	i.overlap(f, theta, other)
	return i.connect(ctx, f, theta, other)
}

// overlap adds the divergences that are integrals of powers of both densities,
// where they can be had: members whose mixture in natural coordinates is lost to
// rounding keep the other fields.
func (i *Inspection) overlap(f Family, theta, other []float64) {
	r := i.To
	half, accuracy, err := ApproximateRenyi(f, 0.5, theta, other)
	if err != nil {
		return
	}
	b := half / 2
	h := -math.Expm1(-b)
	r.Bhattacharyya, r.SquaredHellinger = &b, &h
	i.numeric("bhattacharyya", accuracy/2)
	i.numeric("squared_hellinger", accuracy/2*math.Exp(-b))
	if second, accuracy, err := ApproximateRenyi(f, 2, theta, other); err == nil {
		r.Renyi2 = &second
		i.numeric("renyi_2", accuracy)
	}
}

// connect adds distance and midpoint, in closed form or by shooting.
func (i *Inspection) connect(ctx context.Context, f Family, theta, other []float64) (err error) {
	r := i.To
	middle := make([]float64, f.Dim())
	d, ok1 := f.(Distancer)
	g, ok2 := f.(Geodesic)
	if ok1 && ok2 {
		x, err := d.Distance(theta, other)
		if err != nil {
			return err
		}
		r.FisherRao = &x
		err = g.Geodesic(middle, theta, other, 0.5)
		if err == nil {
			r.Midpoint, err = InAllCharts(f, middle)
		}
		if err != nil {
			// Of members that are themselves in the domain.
			r.MidpointMissing = "lost in float64: these members are too far apart for its range"
		}
		return nil
	}
	missing := func(why string) { r.FisherRaoMissing, r.MidpointMissing = why, why }
	if f.Dim() > largestShot {
		missing(fmt.Sprintf("no closed form, and with more than %d coordinates none is looked for", largestShot))
		return nil
	}
	s, err := NewShooting(f)
	if err != nil {
		missing("no closed form")
		return nil
	}
	s.Context = ctx
	x, accuracy, halfway, err := s.Midpoint(middle, theta, other)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		missing(err.Error())
		return nil
	}
	r.FisherRao = &x
	i.numeric("fisher_rao", accuracy)
	i.numeric("midpoint", halfway)
	r.Midpoint, err = InAllCharts(f, middle)
	return err
}
