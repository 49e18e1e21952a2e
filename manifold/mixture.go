package manifold

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
)

// Mixture is the family of finite mixtures of K members of one univariate
// family,
//
//	p(x) = Σ w_i f(x|θ_i),  w_K = 1 − Σ_{i<K} w_i,
//
// in source coordinates w₁, …, w_{K−1} and then each parameter of all
// components in turn (mu1, mu2, s1, s2 for normal components). With the
// posterior weights r_i = w_i f_i/f the score is r_i/w_i − r_K/w_K and r_i s(x|θ_i).
//
// There are no closed forms: Fisher matrix, cubic tensor, entropy and divergence
// are computed by quadrature or sums over each component, with their error. The
// Fisher matrix is singular where components coincide. An observation of
// size m tells scales σ apart to ε m/σ: centre components that are narrow
// beside their location.
//
// The zero value mixes two normals.
type Mixture struct {
	Component Family // nil means [Normal]
	K         int    // number of components, at least 2; 0 means 2

	byQuadrature
	work *mixtureWork
}

type mixtureWork struct {
	part, score, log []float64
}

func (f Mixture) component() Family {
	if f.Component == nil {
		return Normal{}
	}
	return f.Component
}

func (f Mixture) k() int {
	if f.K == 0 {
		return 2
	}
	return f.K
}

// NewMixture returns the mixtures of k members of a family, which must be
// [Univariate] and have a density and a score.
func NewMixture(component Family, k int) (Mixture, error) {
	f := Mixture{Component: component, K: k}
	if k < 2 {
		return f, fmt.Errorf("%s: a mixture has at least 2 components, not %d", f.Name(), k)
	}
	if _, ok := component.(Mixture); ok {
		return f, fmt.Errorf("mixture: a mixture of mixtures is one mixture of all components: %w", errors.ErrUnsupported)
	}
	_, ok1 := component.(Univariate)
	_, ok2 := component.(LogDensity)
	_, ok3 := component.(Scorer)
	if !ok1 || !ok2 || !ok3 {
		return f, fmt.Errorf("mixture: %s has no density of single numbers with a score: %w", component.Name(), errors.ErrUnsupported)
	}
	return f, nil
}

// Name is "normal-mixture", or "mixture" for other components.
func (f Mixture) Name() string {
	if _, ok := f.component().(Normal); ok {
		return "normal-mixture"
	}
	return "mixture"
}

// Dim is K − 1 and K times that of the component.
func (f Mixture) Dim() int { return f.k()*(1+f.component().Dim()) - 1 }

// gather stores the coordinates of component i in dst, and scatter puts them
// back.
func (f Mixture) gather(dst, theta []float64, i int) {
	for j := range dst {
		dst[j] = theta[f.k()-1+j*f.k()+i]
	}
}

func (f Mixture) scatter(theta, part []float64, i int) {
	for j, v := range part {
		theta[f.k()-1+j*f.k()+i] = v
	}
}

// weight is w_i.
func (f Mixture) weight(theta []float64, i int) float64 {
	if i < f.k()-1 {
		return theta[i]
	}
	return remainder(theta[:f.k()-1])
}

func (f Mixture) weightNames(prefix string) []string {
	if f.k() == 2 {
		return []string{prefix}
	}
	return numbered(prefix, f.k()-1)
}

// names are the coordinates: the weights' and then those of the component,
// numbered.
func (f Mixture) names(weights string, of []string) []string {
	names := f.weightNames(weights)
	for _, name := range of {
		if f.Name() == "normal-mixture" {
			switch name {
			case "sigma":
				name = "s"
			case "log_sigma":
				name = "log_s"
			}
		}
		if last := name[len(name)-1]; last >= '0' && last <= '9' {
			name += "_"
		}
		names = append(names, numbered(name, f.k())...)
	}
	return names
}

// sourceNames are the component's own coordinates.
func (f Mixture) sourceNames() []string {
	if c, ok := f.component().(Charted); ok {
		if source, ok := c.Chart("source"); ok {
			return source.Coordinates()
		}
	}
	return numbered("theta", f.component().Dim())
}

// memory is the family's workspace, or a new one.
func (f Mixture) memory() *mixtureWork {
	if f.work != nil {
		return f.work
	}
	n := f.component().Dim()
	return &mixtureWork{part: make([]float64, n), score: make([]float64, n), log: make([]float64, f.k())}
}

// WithWorkspace returns the family with workspace of its own.
func (f Mixture) WithWorkspace() Family {
	f.Component = Own(f.component())
	f.work = nil
	f.work = f.memory()
	f.byQuadrature = f.own(f)
	return f
}

// Check wants positive weights, the last included, and every component in its
// domain.
func (f Mixture) Check(theta []float64) error {
	mustLen(len(theta), f.Dim())
	k := f.k()
	for i, w := range theta[:k-1] {
		if !unit.contains(w) {
			return &DomainError{Family: f.Name(), Coordinate: f.weightNames("w")[i], Value: w, Want: unit.want}
		}
	}
	if err := checkRemainder(f.Name(), "w", theta[:k-1]); err != nil {
		return err
	}
	part := f.memory().part
	for i := range k {
		f.gather(part, theta, i)
		if err := f.component().Check(part); err != nil {
			return f.blame(i, "", err)
		}
	}
	return nil
}

// blame names the coordinate as the mixture does.
func (f Mixture) blame(i int, chart string, err error) error {
	var d *DomainError
	if !errors.As(err, &d) {
		return fmt.Errorf("%s: component %d: %w", f.Name(), i+1, err)
	}
	name := f.names("w", []string{d.Coordinate})[f.k()-1+i]
	return &DomainError{Family: f.Name(), Chart: chart, Coordinate: name, Value: d.Value, Want: d.Want}
}

// Charts lists source, and unconstrained where the component has a chart that
// is.
func (f Mixture) Charts() []string {
	if _, ok := unconstrained(f.component()); ok {
		return []string{"source", "unconstrained"}
	}
	return []string{"source"}
}

// Chart returns a chart by name. In unconstrained the weights are log w_i/w_K.
func (f Mixture) Chart(name string) (Chart, bool) {
	f.work = nil
	f.work = f.memory() // a chart keeps workspace of its own
	switch name {
	case "source":
		return newSource(f, name, f.names("w", f.sourceNames())), true
	case "unconstrained":
		of, ok := unconstrained(f.component())
		if !ok {
			return nil, false
		}
		c := &mixtureChart{family: f, weights: &simplexNatural{family: Categorical{K: f.k()}}}
		c.part, _ = f.component().(Charted).Chart(of)
		c.names = f.names("logit_w", c.part.Coordinates())
		for i := range c.work {
			c.work[i] = make([]float64, f.component().Dim())
		}
		return c, true
	}
	return nil, false
}

// mixtureChart has log-ratios of the weights and a chart of every component.
type mixtureChart struct {
	family  Mixture
	names   []string
	weights *simplexNatural
	part    Chart
	work    [4][]float64
}

func (c *mixtureChart) Name() string          { return "unconstrained" }
func (c *mixtureChart) Coordinates() []string { return c.names }

func (c *mixtureChart) ToSource(dst, xi []float64) error {
	for i, x := range xi {
		if !realLine.contains(x) {
			return &DomainError{Family: c.family.Name(), Chart: c.Name(), Coordinate: c.names[i], Value: x, Want: realLine.want}
		}
	}
	k := c.family.k() - 1
	if err := c.weights.ToSource(dst[:k], xi[:k]); err != nil {
		return fmt.Errorf("%s: weights: %w", c.family.Name(), err)
	}
	return c.each(dst, xi, c.part.ToSource)
}

func (c *mixtureChart) FromSource(dst, theta []float64) error {
	k := c.family.k() - 1
	if err := c.weights.FromSource(dst[:k], theta[:k]); err != nil {
		return fmt.Errorf("%s: weights: %w", c.family.Name(), err)
	}
	return c.each(dst, theta, c.part.FromSource)
}

// each applies a map to every component.
func (c *mixtureChart) each(dst, src []float64, to func(dst, src []float64) error) error {
	for i := range c.family.k() {
		c.family.gather(c.work[0], src, i)
		if err := to(c.work[1], c.work[0]); err != nil {
			return c.family.blame(i, c.Name(), err)
		}
		c.family.scatter(dst, c.work[1], i)
	}
	return nil
}

// linear applies a linear map of the weights and of every component.
func (c *mixtureChart) linear(dst, xi, theta, v []float64, weights, part func(dst, xi, theta, v []float64)) {
	k := c.family.k() - 1
	weights(dst[:k], xi[:k], theta[:k], v[:k])
	for i := range c.family.k() {
		c.family.gather(c.work[0], xi, i)
		c.family.gather(c.work[1], theta, i)
		c.family.gather(c.work[2], v, i)
		part(c.work[3], c.work[0], c.work[1], c.work[2])
		c.family.scatter(dst, c.work[3], i)
	}
}

func (c *mixtureChart) Push(dst, xi, theta, v []float64) {
	c.linear(dst, xi, theta, v, c.weights.Push, c.part.Push)
}

func (c *mixtureChart) PushInverse(dst, xi, theta, v []float64) {
	c.linear(dst, xi, theta, v, c.weights.PushInverse, c.part.PushInverse)
}

func (c *mixtureChart) Pull(dst, xi, theta, cv []float64) {
	c.linear(dst, xi, theta, cv, c.weights.Pull, c.part.Pull)
}

func (c *mixtureChart) PullInverse(dst, xi, theta, cv []float64) {
	c.linear(dst, xi, theta, cv, c.weights.PullInverse, c.part.PullInverse)
}

// Support is the component's.
func (f Mixture) Support() Support { return f.component().(Univariate).Support() }

// ObservationDim is 1.
func (Mixture) ObservationDim() int { return 1 }

// CheckObservation is the component's.
func (f Mixture) CheckObservation(x []float64) error {
	if o, ok := f.component().(Observed); ok {
		return o.CheckObservation(x)
	}
	return checkFinite(f.Name(), x)
}

// logs stores log w_i f_i(x) and returns their log-sum-exp, log f(x).
func (f Mixture) logs(m *mixtureWork, x, theta []float64) float64 {
	top := math.Inf(-1)
	density := f.component().(LogDensity)
	for i := range m.log {
		f.gather(m.part, theta, i)
		m.log[i] = math.Log(f.weight(theta, i)) + density.LogDensity(x, m.part)
		if !(m.log[i] <= top) {
			top = m.log[i]
		}
	}
	if math.IsInf(top, 0) || top != top {
		return top
	}
	sum := 0.0
	for _, l := range m.log {
		sum += math.Exp(l - top)
	}
	return top + math.Log(sum)
}

// LogDensity is with respect to the measure of the component's.
func (f Mixture) LogDensity(x, theta []float64) float64 { return f.logs(f.memory(), x, theta) }

// Score is r_i/w_i − r_K/w_K for the weights and r_i s(x|θ_i) for the
// components.
func (f Mixture) Score(dst, x, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	m, k := f.memory(), f.k()
	total := f.logs(m, x, theta)
	last := math.Exp(m.log[k-1]-total) / f.weight(theta, k-1)
	for i := range k {
		r := math.Exp(m.log[i] - total)
		if i < k-1 {
			dst[i] = r/theta[i] - last
		}
		f.gather(m.part, theta, i)
		if r == 0 {
			clear(m.score)
		} else if err := f.component().(Scorer).Score(m.score, x, m.part); err != nil {
			return err
		}
		for j := range m.score {
			m.score[j] *= r
		}
		f.scatter(dst, m.score, i)
	}
	return nil
}

// Fisher is ApproximateFisher without its error.
func (f Mixture) Fisher(dst *mat.SymDense, theta []float64) error {
	_, err := f.ApproximateFisher(dst, theta)
	return err
}

// ApproximateFisher is a quadrature or sum of s_i s_j over every component.
func (f Mixture) ApproximateFisher(dst *mat.SymDense, theta []float64) (accuracy float64, err error) {
	return f.computed().fisherMatrix(dst, theta)
}

// computed is the workspace of what has no closed form.
func (f Mixture) computed() *numeric {
	if f.byQuadrature.work != nil {
		return f.byQuadrature.work
	}
	return f.WithWorkspace().(Mixture).byQuadrature.work
}

// Cubic is ApproximateCubic without its error.
func (f Mixture) Cubic(dst Tensor, theta []float64) error {
	_, err := f.ApproximateCubic(dst, theta)
	return err
}

// ApproximateCubic is a quadrature or sum of s_i s_j s_k over every component.
func (f Mixture) ApproximateCubic(dst Tensor, theta []float64) (accuracy float64, err error) {
	return f.computed().cubicTensor(dst, theta)
}

// KL is ApproximateKL without its error.
func (f Mixture) KL(p, q []float64) (float64, error) {
	kl, _, err := f.ApproximateKL(p, q)
	return kl, err
}

// ApproximateKL is a quadrature or sum of log p − log q over every component.
func (f Mixture) ApproximateKL(p, q []float64) (kl, accuracy float64, err error) {
	return f.computed().divergence(p, q)
}

// Entropy is ApproximateEntropy without its error.
func (f Mixture) Entropy(theta []float64) (float64, error) {
	h, _, err := f.ApproximateEntropy(theta)
	return h, err
}

// ApproximateEntropy is a quadrature or sum of −log p over every component.
func (f Mixture) ApproximateEntropy(theta []float64) (h, accuracy float64, err error) {
	return f.computed().meanSurprise(theta)
}

// Sample draws from a component, chosen by its weight.
func (f Mixture) Sample(dst, theta []float64, rng *rand.Rand) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	s, ok := f.component().(Sampler)
	if !ok {
		return missing(f.component(), "sampler")
	}
	i := 0
	for u := rng.Float64() - f.weight(theta, 0); u >= 0 && i < f.k()-1; u -= f.weight(theta, i) {
		i++
	}
	m := f.memory()
	f.gather(m.part, theta, i)
	return s.Sample(dst, m.part, rng)
}

// averager takes expectations component by component, each in the coordinate
// that suits its own scale.
func (f Mixture) averager() (averager, error) {
	a := &mixtureAverager{family: f, part: make([]float64, f.component().Dim())}
	for range f.k() {
		e, err := newExpector(Own(f.component()))
		if err != nil {
			return nil, err
		}
		a.parts = append(a.parts, e)
	}
	return a, nil
}

type mixtureAverager struct {
	family         Mixture
	theta          []float64
	parts          []*expector
	part           []float64
	places         []float64
	result, errors []float64
}

func (a *mixtureAverager) set(theta []float64) error {
	if err := a.family.Check(theta); err != nil {
		return err
	}
	a.theta = append(a.theta[:0], theta...)
	for i, e := range a.parts {
		a.family.gather(a.part, theta, i)
		if err := e.set(a.part); err != nil {
			return err
		}
	}
	return nil
}

func (a *mixtureAverager) features(dst []float64) []float64 {
	for _, e := range a.parts {
		dst = e.features(dst)
	}
	return dst
}

func (a *mixtureAverager) mean(dst []float64, m moment, features []float64) ([]float64, error) {
	a.result, a.errors = resized(a.result, len(dst)), resized(a.errors, len(dst))
	a.places = a.features(append(a.places[:0], features...))
	clear(dst)
	clear(a.errors)
	for i, e := range a.parts {
		w := a.family.weight(a.theta, i)
		accuracy, err := e.mean(a.result, m, a.places)
		if err != nil {
			return accuracy, err
		}
		for j, v := range a.result {
			dst[j] += w * v
			a.errors[j] += w * accuracy[j]
		}
	}
	return a.errors, nil
}
