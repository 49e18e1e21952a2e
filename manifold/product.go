package manifold

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// Product is the family of independent observations (x₁, x₂, …) of several
// families, with the coordinates of all of them side by side, named 1.mu,
// 1.sigma, 2.shape, …. The Fisher matrix is block diagonal, log-densities,
// entropies, divergences and squared distances are sums.
//
// What [NewProduct] returns is an [Exponential] family if all factors are, and
// has distances and geodesics if all factors have.
type Product struct {
	factors []Family
	at      []int // where each factor's coordinates begin, and their number
	seen    []int // the same for observations
	work    *productWork
}

// productWork is a product's workspace: the factors' matrices, and their views
// by chart.
type productWork struct {
	blocks []*mat.SymDense
	views  map[string][]*View
}

// NewProduct returns the product of one or more families, all of which must
// say what their observations are.
func NewProduct(factors ...Family) (Family, error) {
	p, err := newProduct(factors)
	if err != nil {
		return nil, err
	}
	return p.capable(), nil
}

func newProduct(factors []Family) (*Product, error) {
	if len(factors) == 0 {
		return nil, fmt.Errorf("product: no factors")
	}
	p := &Product{factors: slices.Clone(factors), at: []int{0}, seen: []int{0}}
	for i, f := range factors {
		o, ok := f.(Observed)
		if !ok {
			return nil, fmt.Errorf("product: factor %d, %s, does not say what its observations are: %w", i+1, f.Name(), errors.ErrUnsupported)
		}
		p.at = append(p.at, p.at[i]+f.Dim())
		p.seen = append(p.seen, p.seen[i]+o.ObservationDim())
	}
	return p, nil
}

// capable adds the methods that all factors have.
func (f *Product) capable() Family {
	exponential, geodesic := true, true
	for _, factor := range f.factors {
		_, ok := factor.(Exponential)
		exponential = exponential && ok
		_, ok1 := factor.(Distancer)
		_, ok2 := factor.(Geodesic)
		_, ok3 := factor.(Logarithm)
		geodesic = geodesic && ok1 && ok2 && ok3
	}
	switch {
	case exponential && geodesic:
		return struct {
			*Product
			productExponential
			productGeodesic
		}{f, productExponential{f}, productGeodesic{f}}
	case exponential:
		return struct {
			*Product
			productExponential
		}{f, productExponential{f}}
	case geodesic:
		return struct {
			*Product
			productGeodesic
		}{f, productGeodesic{f}}
	}
	return f
}

// Name is "product".
func (*Product) Name() string { return "product" }

// Dim is the sum of the factors'.
func (f *Product) Dim() int { return f.at[len(f.factors)] }

// Factors are the families of the product.
func (f *Product) Factors() []Family { return slices.Clone(f.factors) }

// WithWorkspace returns the family with workspace for its factors.
func (f *Product) WithWorkspace() Family {
	own := *f
	own.factors = make([]Family, len(f.factors))
	own.work = &productWork{views: map[string][]*View{}}
	for i, factor := range f.factors {
		own.factors[i] = Own(factor)
		own.work.blocks = append(own.work.blocks, mat.NewSymDense(factor.Dim(), nil))
	}
	return own.capable()
}

func (f *Product) placesTaken() (taken int) {
	for _, factor := range f.factors {
		if c, ok := factor.(interface{ placesTaken() int }); ok {
			taken += c.placesTaken()
		}
	}
	return taken
}

// part is the slice of a factor's coordinates, scope that of its observation.
func (f *Product) part(i int, theta []float64) []float64 { return theta[f.at[i]:f.at[i+1]] }
func (f *Product) scope(i int, x []float64) []float64    { return x[f.seen[i]:f.seen[i+1]] }

// Check wants every factor's coordinates in its domain.
func (f *Product) Check(theta []float64) error {
	mustLen(len(theta), f.Dim())
	for i, factor := range f.factors {
		if err := factor.Check(f.part(i, theta)); err != nil {
			return f.blame(i, err)
		}
	}
	return nil
}

// blame names the coordinate as the product does.
func (f *Product) blame(i int, err error) error {
	var d *DomainError
	if errors.As(err, &d) {
		return &DomainError{Family: f.Name(), Chart: d.Chart, Coordinate: fmt.Sprintf("%d.%s", i+1, d.Coordinate), Value: d.Value, Want: d.Want}
	}
	return fmt.Errorf("product: factor %d: %w", i+1, err)
}

// Charts lists source, the charts that all factors have, and unconstrained
// where every factor has a chart without bounds.
func (f *Product) Charts() []string {
	var names []string
	for _, name := range append(AllCharts(f.factors[0]), "unconstrained") {
		if _, ok := f.Chart(name); ok && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// Chart returns a chart by name.
func (f *Product) Chart(name string) (Chart, bool) {
	c := &productChart{family: f, name: name}
	for i, factor := range f.factors {
		part, ok := factorChart(factor, name)
		if !ok {
			return nil, false
		}
		c.parts = append(c.parts, part)
		for _, coordinate := range part.Coordinates() {
			c.names = append(c.names, fmt.Sprintf("%d.%s", i+1, coordinate))
		}
	}
	return c, true
}

func factorChart(f Family, name string) (Chart, bool) {
	c, ok := f.(Charted)
	if !ok {
		return nil, false
	}
	if name == "unconstrained" {
		if name, ok = unconstrained(f); !ok {
			return nil, false
		}
	}
	return c.Chart(name)
}

// productChart has a chart of each factor.
type productChart struct {
	family *Product
	name   string
	names  []string
	parts  []Chart
}

func (c *productChart) Name() string          { return c.name }
func (c *productChart) Coordinates() []string { return c.names }

func (c *productChart) ToSource(dst, xi []float64) error { return c.each(dst, xi, Chart.ToSource) }

func (c *productChart) FromSource(dst, theta []float64) error {
	return c.each(dst, theta, Chart.FromSource)
}

// each applies a map of the factors' charts.
func (c *productChart) each(dst, src []float64, to func(c Chart, dst, src []float64) error) error {
	for i, part := range c.parts {
		if err := to(part, c.family.part(i, dst), c.family.part(i, src)); err != nil {
			return c.family.blame(i, err)
		}
	}
	return nil
}

// linear applies a linear map of the factors' charts.
func (c *productChart) linear(dst, xi, theta, v []float64, to func(c Chart, dst, xi, theta, v []float64)) {
	for i, part := range c.parts {
		to(part, c.family.part(i, dst), c.family.part(i, xi), c.family.part(i, theta), c.family.part(i, v))
	}
}

func (c *productChart) Push(dst, xi, theta, v []float64) {
	c.linear(dst, xi, theta, v, Chart.Push)
}

func (c *productChart) PushInverse(dst, xi, theta, v []float64) {
	c.linear(dst, xi, theta, v, Chart.PushInverse)
}

func (c *productChart) Pull(dst, xi, theta, cv []float64) {
	c.linear(dst, xi, theta, cv, Chart.Pull)
}

func (c *productChart) PullInverse(dst, xi, theta, cv []float64) {
	c.linear(dst, xi, theta, cv, Chart.PullInverse)
}

// ObservationDim is the sum of the factors'.
func (f *Product) ObservationDim() int { return f.seen[len(f.factors)] }

// CheckObservation wants every part in its factor's support.
func (f *Product) CheckObservation(x []float64) error {
	if len(x) != f.ObservationDim() {
		return &ObservationError{Family: f.Name(), Value: x, Want: fmt.Sprintf("must be %d numbers", f.ObservationDim())}
	}
	for i, factor := range f.factors {
		if err := factor.(Observed).CheckObservation(f.scope(i, x)); err != nil {
			return fmt.Errorf("product: factor %d: %w", i+1, err)
		}
	}
	return nil
}

// LogDensity is the sum of the factors'.
func (f *Product) LogDensity(x, theta []float64) float64 {
	sum := 0.0
	for i, factor := range f.factors {
		d, ok := factor.(LogDensity)
		if !ok {
			return math.NaN()
		}
		sum += d.LogDensity(f.scope(i, x), f.part(i, theta))
	}
	return sum
}

// Score has the factors' scores side by side.
func (f *Product) Score(dst, x, theta []float64) error {
	for i, factor := range f.factors {
		s, ok := factor.(Scorer)
		if !ok {
			return missing(factor, "score")
		}
		if err := s.Score(f.part(i, dst), f.scope(i, x), f.part(i, theta)); err != nil {
			return f.blame(i, err)
		}
	}
	return nil
}

// Fisher is ApproximateFisher without its error.
func (f *Product) Fisher(dst *mat.SymDense, theta []float64) error {
	_, err := f.ApproximateFisher(dst, theta)
	return err
}

// ApproximateFisher is block diagonal.
func (f *Product) ApproximateFisher(dst *mat.SymDense, theta []float64) (accuracy float64, err error) {
	dst.Zero()
	for i, factor := range f.factors {
		block := f.block(i)
		a, err := approximateFisher(factor, block, f.part(i, theta))
		if err != nil {
			return math.NaN(), f.blame(i, err)
		}
		accuracy = math.Max(accuracy, a)
		f.place(dst, i, block)
	}
	return accuracy, nil
}

func (f *Product) block(i int) *mat.SymDense {
	if f.work != nil {
		return f.work.blocks[i]
	}
	return mat.NewSymDense(f.factors[i].Dim(), nil)
}

func (f *Product) place(dst *mat.SymDense, i int, block *mat.SymDense) {
	at := f.at[i]
	for a := range f.factors[i].Dim() {
		for b := range a + 1 {
			dst.SetSym(at+a, at+b, block.At(a, b))
		}
	}
}

// FisherIn has every factor's own matrix in the chart.
func (f *Product) FisherIn(dst *mat.SymDense, chart string, xi, theta []float64) bool {
	views, err := f.views(chart)
	if err != nil {
		return false
	}
	dst.Zero()
	for i, v := range views {
		block := f.block(i)
		if v.Fisher(block, f.part(i, xi)) != nil {
			return false
		}
		f.place(dst, i, block)
	}
	return true
}

func (f *Product) views(chart string) ([]*View, error) {
	if f.work != nil && f.work.views[chart] != nil {
		return f.work.views[chart], nil
	}
	views, err := factorViews(f.factors, chart)
	if err != nil {
		return nil, err
	}
	if f.work != nil {
		f.work.views[chart] = views
	}
	return views, nil
}

func factorViews(factors []Family, chart string) (views []*View, err error) {
	for _, factor := range factors {
		name := chart
		if chart == "unconstrained" {
			name, _ = unconstrained(factor)
		}
		v, err := In(factor, name)
		if err != nil {
			return nil, err
		}
		views = append(views, v)
	}
	return views, nil
}

// FactorViews are the factors of a product seen in the view's chart, with
// workspace of their own, and false for other families.
func (v *View) FactorViews() ([]*View, bool) {
	p, ok := v.base.(interface{ Factors() []Family })
	if !ok {
		return nil, false
	}
	views, err := factorViews(p.Factors(), v.chart.Name())
	return views, err == nil
}

// Cubic is ApproximateCubic without its error.
func (f *Product) Cubic(dst Tensor, theta []float64) error {
	_, err := f.ApproximateCubic(dst, theta)
	return err
}

// ApproximateCubic is block diagonal.
func (f *Product) ApproximateCubic(dst Tensor, theta []float64) (accuracy float64, err error) {
	dst.fill(func(_, _, _ int) float64 { return 0 })
	for i, factor := range f.factors {
		block := newTensor(factor.Dim())
		a, err := approximateCubic(factor, block, f.part(i, theta))
		if err != nil {
			return math.NaN(), f.blame(i, err)
		}
		accuracy = math.Max(accuracy, a)
		at := f.at[i]
		block.fill(func(a, b, c int) float64 {
			dst[at+a][at+b][at+c] = block[a][b][c]
			return block[a][b][c]
		})
	}
	return accuracy, nil
}

// KL is ApproximateKL without its error.
func (f *Product) KL(p, q []float64) (float64, error) {
	kl, _, err := f.ApproximateKL(p, q)
	return kl, err
}

// ApproximateKL is the sum of the factors'.
func (f *Product) ApproximateKL(p, q []float64) (kl, accuracy float64, err error) {
	for i, factor := range f.factors {
		v, a, err := approximateKL(factor, f.part(i, p), f.part(i, q))
		if err != nil {
			return math.NaN(), math.NaN(), f.blame(i, err)
		}
		kl += v
		accuracy += a
	}
	return kl, accuracy, nil
}

// Entropy is ApproximateEntropy without its error.
func (f *Product) Entropy(theta []float64) (float64, error) {
	h, _, err := f.ApproximateEntropy(theta)
	return h, err
}

// ApproximateEntropy is the sum of the factors'.
func (f *Product) ApproximateEntropy(theta []float64) (h, accuracy float64, err error) {
	for i, factor := range f.factors {
		v, a, err := approximateEntropy(factor, f.part(i, theta))
		if err != nil {
			return math.NaN(), math.NaN(), f.blame(i, err)
		}
		h += v
		accuracy += a
	}
	return h, accuracy, nil
}

// Sample draws from every factor.
func (f *Product) Sample(dst, theta []float64, rng *rand.Rand) error {
	for i, factor := range f.factors {
		s, ok := factor.(Sampler)
		if !ok {
			return missing(factor, "sampler")
		}
		if err := s.Sample(f.scope(i, dst), f.part(i, theta), rng); err != nil {
			return f.blame(i, err)
		}
	}
	return nil
}

// productExponential are the methods of a product of exponential families.
type productExponential struct{ product *Product }

// Sufficient has the factors' statistics side by side.
func (f productExponential) Sufficient(dst, x []float64) {
	for i, factor := range f.product.factors {
		factor.(Exponential).Sufficient(f.product.part(i, dst), f.product.scope(i, x))
	}
}

// LogBase is the sum of the factors'.
func (f productExponential) LogBase(x []float64) float64 {
	sum := 0.0
	for i, factor := range f.product.factors {
		sum += factor.(Exponential).LogBase(f.product.scope(i, x))
	}
	return sum
}

// MeanLogBase is the sum of the factors', constant if all are.
func (f productExponential) MeanLogBase(theta []float64) (sum float64, constant bool) {
	constant = true
	for i, factor := range f.product.factors {
		v, c := factor.(Exponential).MeanLogBase(f.product.part(i, theta))
		sum += v
		constant = constant && c
	}
	return sum, constant
}

// LogPartition is the sum of the factors'.
func (f productExponential) LogPartition(theta []float64) float64 {
	sum := 0.0
	for i, factor := range f.product.factors {
		sum += factor.(Exponential).LogPartition(f.product.part(i, theta))
	}
	return sum
}

// productGeodesic are the methods of a product of families with distances.
type productGeodesic struct{ product *Product }

// Distance is the root of the sum of the factors' squared distances.
func (f productGeodesic) Distance(p, q []float64) (float64, error) {
	d := 0.0
	for i, factor := range f.product.factors {
		v, err := factor.(Distancer).Distance(f.product.part(i, p), f.product.part(i, q))
		if err != nil {
			return math.NaN(), f.product.blame(i, err)
		}
		d = math.Hypot(d, v)
	}
	return d, nil
}

// Geodesic runs along the geodesics of all factors.
func (f productGeodesic) Geodesic(dst, p, q []float64, s float64) error {
	for i, factor := range f.product.factors {
		if err := factor.(Geodesic).Geodesic(f.product.part(i, dst), f.product.part(i, p), f.product.part(i, q), s); err != nil {
			return f.product.blame(i, err)
		}
	}
	return nil
}

// Log has the factors' velocities side by side.
func (f productGeodesic) Log(dst, p, q []float64) error {
	for i, factor := range f.product.factors {
		if err := factor.(Logarithm).Log(f.product.part(i, dst), f.product.part(i, p), f.product.part(i, q)); err != nil {
			return f.product.blame(i, err)
		}
	}
	return nil
}

// Weights are those of the factors' charts.
func (c *productChart) Weights(dst []float64) {
	for i, part := range c.parts {
		w := c.family.part(i, dst)
		for j := range w {
			w[j] = 1
		}
		if p, ok := part.(Weighted); ok {
			p.Weights(w)
		}
	}
}
