package target

import "gonum.org/v1/gonum/mat"

// A Target is an unnormalised log density log p(x, z) of the unknowns z ∈ Rᵈ on
// the unconstrained scale: what is positive enters by its logarithm, what lies
// in (0, 1) by its logit, and the logarithm of the Jacobian is part of the
// density. Its normaliser ∫p(x, z)dz is the evidence of the data x.
//
// A Target keeps workspace and belongs to one goroutine; see [Cloner].
type Target interface {
	// Dim is d.
	Dim() int
	// LogDensity returns log p(x, z) and, where grad is not nil, stores its
	// gradient there, of length d. It allocates nothing in the steady state.
	//
	// A point outside of the domain of the model (a covariance that is not
	// positive definite in floating-point arithmetic) gives an error that wraps
	// [ErrDomain]; a value that overflows may also come back as −Inf. It panics
	// at a wrong length.
	LogDensity(grad, z []float64) (float64, error)
}

// A Cloner makes targets for other goroutines: the clone shares what is
// immutable (data, priors) and has workspace of its own.
type Cloner interface {
	Clone() Target
}

// A Hessian target has second derivatives of its own.
type Hessian interface {
	Target
	// Hessian stores ∂²log p/∂z∂zᵀ at z in dst, which is d × d.
	Hessian(dst *mat.SymDense, z []float64) error
}

// A NormalExpectation target knows its expectation under a normal in closed
// form, or by one-dimensional quadratures to rounding.
type NormalExpectation interface {
	Target
	// ExpectNormal returns E log p(x, z) for z ~ N(mean, cov) and, where they
	// are not nil, stores E∇log p in grad and E∇²log p in hess. These are the
	// derivatives of the value by the mean (Bonnet) and twice that by the
	// covariance (Price): ∂E/∂μ = E∇log p and ∂E/∂Σ = ½E∇²log p.
	ExpectNormal(grad []float64, hess *mat.SymDense, mean []float64, cov mat.Symmetric) (float64, error)
	// ExpectDiagonal is the same for z ~ N(mean, diag(variance)); curvature
	// receives the diagonal of E∇²log p.
	ExpectDiagonal(grad, curvature, mean, variance []float64) (float64, error)
}

// A Separable part of a log density is a sum of functions of one coordinate
// each, Σⱼ ρⱼ(zⱼ): independent priors and the Jacobians of scales.
type Separable interface {
	// Marginal returns ρⱼ, ρⱼ′ and ρⱼ″ at zⱼ = z.
	Marginal(j int, z float64) (value, first, second float64)
	// Quadratic reports whether ρⱼ(z) = constant − ½ precision (z − mean)².
	// A flat prior is quadratic with all three zero.
	Quadratic(j int) (constant, mean, precision float64, ok bool)
}

// A LinearModel depends on z through linear predictors and one coordinate at a
// time,
//
//	log p(x, z) = Σᵢ lᵢ(xᵢ·z) + Σⱼ ρⱼ(zⱼ),
//
// so that under a normal q each expectation is one over a scalar:
// xᵢ·z ~ N(xᵢ·μ, xᵢᵀΣxᵢ). Logistic, probit and Poisson regression and regression
// with known scale are of this form.
type LinearModel interface {
	Target
	Separable
	// Design is X, one row xᵢ a datum and d columns. It is shared and must not
	// be changed.
	Design() mat.Matrix
	// Term returns lᵢ, lᵢ′ and lᵢ″ at the predictor s.
	Term(i int, s float64) (value, first, second float64)
	// ExpectTerm returns E lᵢ(s), E lᵢ′(s) and E lᵢ″(s) for s ~ N(mean, variance)
	// where these are closed; elsewhere ok is false, and they are a matter of
	// quadrature (lᵢ is analytic in a strip about the real line).
	ExpectTerm(i int, mean, variance float64) (value, first, second float64, ok bool)
}

// A LinearGaussian model is a regression with normal errors of unknown scale,
// z = (β, u) with u = ln σ the last coordinate:
//
//	log p(x, z) = −(n/2) ln 2π − nu − ½e^(−2u)|y − Xβ|² + Σⱼ ρⱼ(zⱼ).
//
// With v = Σ_uu and c = Σ_βu its expectation under N(μ, Σ) has, by exponential
// tilting, E e^(−2u)|y − Xβ|² = e^(−2μ_u+2v)(|y − X(μ_β − 2c)|² + tr(XᵀX Σ_ββ)).
type LinearGaussian interface {
	NormalExpectation
	Separable
	// Sufficient returns the n data's sufficient statistics in the form without
	// cancellation, |y − Xβ|² = rss + (β − estimate)ᵀ gram (β − estimate).
	// They are shared and must not be changed.
	Sufficient() (n int, rss float64, estimate []float64, gram *mat.SymDense)
}

// A Named target says what its unknowns mean.
type Named interface {
	// Names are the names of the parameters on the constrained scale. There may
	// be more or fewer than d of them (a simplex has one more, standardised
	// effects become effects).
	Names() []string
	// Constrain stores the parameters that belong to z in dst and returns it;
	// a nil dst is allocated.
	Constrain(dst, z []float64) []float64
	// Coordinates are d names of the unconstrained coordinates, as "log_sigma".
	Coordinates() []string
}
