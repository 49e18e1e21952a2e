package manifold

// What the families without methods of their own beside a shape can do.
var (
	_ locationScaleFamily = Cauchy{}
	_ locationScaleFamily = Gumbel{}
	_ locationScaleFamily = Laplace{}
	_ locationScaleFamily = Logistic{}
	_ locationScaleFamily = StudentT{}

	_ ApproximateDiverger = Logistic{}
	_ Workspaced          = Logistic{}
	_ ApproximateDiverger = StudentT{}
	_ Workspaced          = StudentT{}
)

type locationScaleFamily interface {
	observedFamily
	StructuredFisher
	Curved
	Distancer
	Geodesic
	Logarithm
}

// observedFamily is one of single numbers with all that most families have.
type observedFamily interface {
	Family
	Charted
	Univariate
	Observed
	LogDensity
	Scorer
	Fisherer
	Diverger
	Cuber
	Entropic
	Sampler
}

// numericFamily is one whose cubic tensor and divergence are computed.
type numericFamily interface {
	observedFamily
	ApproximateDiverger
	ApproximateCuber
	Workspaced
}

var (
	_ numericFamily       = StudentTFree{}
	_ numericFamily       = NegativeBinomialFree{}
	_ ApproximateEntropic = NegativeBinomialFree{}
	_ FisherInChart       = NegativeBinomialFree{}
)

// computedFamily is one of which nothing is in closed form.
type computedFamily interface {
	numericFamily
	ApproximateFisherer
	ApproximateEntropic
}

var (
	_ computedFamily = Mixture{}
	_ Univariate     = (*Density)(nil)
	_ Workspaced     = (*Density)(nil)
	_ LogDensity     = (*Density)(nil)
	_ Scorer         = (*Density)(nil)

	_ ApproximateScorer   = (*Density)(nil)
	_ ApproximateFisherer = (*Density)(nil)
	_ ApproximateCuber    = (*Density)(nil)
	_ ApproximateEntropic = (*Density)(nil)
	_ ApproximateDiverger = (*Density)(nil)

	_ Workspaced          = (*Product)(nil)
	_ Observed            = (*Product)(nil)
	_ Charted             = (*Product)(nil)
	_ LogDensity          = (*Product)(nil)
	_ Scorer              = (*Product)(nil)
	_ FisherInChart       = (*Product)(nil)
	_ ApproximateFisherer = (*Product)(nil)
	_ ApproximateCuber    = (*Product)(nil)
	_ ApproximateEntropic = (*Product)(nil)
	_ ApproximateDiverger = (*Product)(nil)
	_ Sampler             = (*Product)(nil)
)
