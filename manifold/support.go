package manifold

import "math"

// A Support is a set of real numbers: an open interval, or the whole numbers
// from Low to High, which may be infinite.
type Support struct {
	Low, High float64
	Discrete  bool
}

// A Univariate family has observations that are single numbers, on a set that
// does not depend on the parameters. What has no closed form is then computed
// by quadrature or sums over it.
type Univariate interface {
	Support() Support
}

var (
	wholeLine     = Support{Low: math.Inf(-1), High: math.Inf(1)}
	positiveReals = Support{Low: 0, High: math.Inf(1)}
	counts        = Support{Low: 0, High: math.Inf(1), Discrete: true}
)

// Support is the real line.
func (Normal) Support() Support { return wholeLine }

// Support is the positive reals.
func (Gamma) Support() Support { return positiveReals }

// Support is the positive reals.
func (ExponentialRate) Support() Support { return positiveReals }

// Support is 0, 1, 2, …
func (Poisson) Support() Support { return counts }

// Support is 0 and 1.
func (Bernoulli) Support() Support { return Support{Low: 0, High: 1, Discrete: true} }

// Support is 1, …, K.
func (f Categorical) Support() Support { return Support{Low: 1, High: float64(f.k()), Discrete: true} }

// Support is the positive reals.
func (radial[K]) Support() Support { return positiveReals }

// Support is the reals above x_m.
func (f Pareto) Support() Support { return Support{Low: f.least(), High: math.Inf(1)} }

// Support is the real line.
func (NormalKnownMean) Support() Support { return wholeLine }

// Support is the real line.
func (NormalKnownVariance) Support() Support { return wholeLine }

// Support is the positive reals.
func (ChiSquare) Support() Support { return positiveReals }

// Support is the positive reals.
func (Lognormal) Support() Support { return positiveReals }

// Support is the positive reals.
func (InverseGamma) Support() Support { return positiveReals }

// Support is the positive reals.
func (InverseGaussian) Support() Support { return positiveReals }

// Support is the numbers between 0 and 1.
func (Beta) Support() Support { return Support{Low: 0, High: 1} }

// Support is one turn of the circle.
func (VonMises) Support() Support { return Support{Low: -math.Pi, High: math.Pi} }

// Support is 0, …, n.
func (f Binomial) Support() Support { return Support{Low: 0, High: f.n(), Discrete: true} }

// Support is 0, 1, 2, …
func (Geometric) Support() Support { return counts }

// Support is 0, 1, 2, …
func (NegativeBinomial) Support() Support { return counts }

// Support is the numbers of the levels.
func (f Gibbs) Support() Support {
	return Support{Low: 1, High: float64(len(f.levels())), Discrete: true}
}

var (
	_ Univariate = Normal{}
	_ Univariate = Gamma{}
	_ Univariate = ExponentialRate{}
	_ Univariate = Poisson{}
	_ Univariate = Bernoulli{}
	_ Univariate = Categorical{}
	_ Univariate = HalfNormal{}
	_ Univariate = Rayleigh{}
	_ Univariate = MaxwellBoltzmann{}
	_ Univariate = Pareto{}
	_ Univariate = NormalKnownMean{}
	_ Univariate = NormalKnownVariance{}
	_ Univariate = ChiSquare{}
	_ Univariate = Lognormal{}
	_ Univariate = InverseGamma{}
	_ Univariate = InverseGaussian{}
	_ Univariate = Beta{}
	_ Univariate = VonMises{}
	_ Univariate = Binomial{}
	_ Univariate = Geometric{}
	_ Univariate = NegativeBinomial{}
	_ Univariate = Gibbs{}
)
