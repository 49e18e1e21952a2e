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
	Family
	Charted
	Univariate
	Observed
	LogDensity
	Scorer
	Fisherer
	StructuredFisher
	Diverger
	Cuber
	Curved
	Entropic
	Distancer
	Geodesic
	Logarithm
	Sampler
}

// numericFamily is one whose cubic tensor and divergence are computed.
type numericFamily interface {
	Family
	Charted
	Univariate
	Observed
	LogDensity
	Scorer
	Fisherer
	Diverger
	ApproximateDiverger
	Cuber
	ApproximateCuber
	Entropic
	Sampler
	Workspaced
}

var (
	_ numericFamily       = StudentTFree{}
	_ numericFamily       = NegativeBinomialFree{}
	_ ApproximateEntropic = NegativeBinomialFree{}
	_ FisherInChart       = NegativeBinomialFree{}
)
