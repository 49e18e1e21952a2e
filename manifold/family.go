package manifold

import (
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
)

// A Family is a parametrized family of densities p(x|θ) in one coordinate
// system. What else a family can do it says by the one-method interfaces of
// this file, which all speak of the family's own coordinates.
//
// Values of the families of this package are immutable descriptions, safe for
// concurrent use; a [View], a [Chart] and a [Metric] keep workspace and are not.
type Family interface {
	// Name is the family's name in spec files, as "gamma".
	Name() string
	// Dim is the number of coordinates.
	Dim() int
	// Check reports whether theta lies in the open domain. The error wraps
	// ErrDomain and says which coordinate is wrong and what would be right.
	Check(theta []float64) error
}

// A Workspaced family allocates in its methods, as one whose size is an option
// must, unless it is given workspace.
type Workspaced interface {
	// WithWorkspace returns the same family with workspace of its own, which
	// allocates no more and is used by one goroutine at a time.
	WithWorkspace() Family
}

// Own returns the family with workspace of its own where it has use for it.
func Own(f Family) Family {
	if w, ok := f.(Workspaced); ok {
		return w.WithWorkspace()
	}
	return f
}

// A Charted family has further charts.
type Charted interface {
	// Charts lists the names of the charts; the first is "source", the
	// coordinates that the family's own methods use.
	Charts() []string
	// Chart returns a new chart with workspace of its own, and false for a name
	// that Charts does not list and that is no synonym of one of them.
	Chart(name string) (Chart, bool)
}

// An Observed family says what its observations are.
type Observed interface {
	// ObservationDim is the length of one observation x.
	ObservationDim() int
	// CheckObservation reports whether x lies in the support.
	CheckObservation(x []float64) error
}

// A LogDensity has log p(x|θ), with respect to the measure that its family's
// documentation names: −Inf outside the support, NaN outside the domain.
type LogDensity interface {
	LogDensity(x, theta []float64) float64
}

// A Scorer has the score s = ∂ log p(x|θ)/∂θ.
type Scorer interface {
	Score(dst, x, theta []float64) error
}

// A Fisherer has the Fisher information matrix G = E[s sᵀ] per observation.
type Fisherer interface {
	Fisher(dst *mat.SymDense, theta []float64) error
}

// A StructuredFisher has its Fisher metric as an operator that is cheaper or
// more accurate than the dense matrix.
type StructuredFisher interface {
	// FisherMetric returns a new operator with workspace of its own.
	FisherMetric() Metric
}

// A Diverger has the Kullback–Leibler divergence KL(p‖q) between two of its
// members, free of cancellation when they are close.
type Diverger interface {
	KL(p, q []float64) (float64, error)
}

// An Entropic family has the (differential) entropy H = −E[log p] in nats.
type Entropic interface {
	Entropy(theta []float64) (float64, error)
}

// A Distancer has the Fisher–Rao distance in closed form.
type Distancer interface {
	Distance(p, q []float64) (float64, error)
}

// A Geodesic family has Fisher–Rao geodesics in closed form: Geodesic stores
// in dst the point a fraction s of the way from p to q.
type Geodesic interface {
	Geodesic(dst, p, q []float64, s float64) error
}

// A Logarithm has the Fisher–Rao logarithm in closed form: Log stores in dst
// the initial velocity of the geodesic that leaves p at time 0 and reaches q at
// time 1. Its Fisher length is the distance.
type Logarithm interface {
	Log(dst, p, q []float64) error
}

// A Sampler draws one observation from p(·|θ) into dst.
type Sampler interface {
	Sample(dst, theta []float64, rng *rand.Rand) error
}

// An Exponential family has density log p = θ·T(x) − A(θ) + log h(x) with θ
// the coordinates of its chart "natural" and η = E[T] those of "expectation".
// The statistic is minimal: T has as many components as the family.
type Exponential interface {
	Family
	Charted
	// Sufficient stores T(x) in dst.
	Sufficient(dst, x []float64)
	// LogBase is log h(x).
	LogBase(x []float64) float64
	// MeanLogBase is E[log h(x)] and whether it is the same for all θ, as it
	// is when h is constant.
	MeanLogBase(theta []float64) (value float64, constant bool)
	// LogPartition is A at the source coordinates theta.
	LogPartition(theta []float64) float64
}

// A FisherInChart has Fisher matrices of its own for some charts, where the
// congruence JᵀGJ would lose digits. It reports whether it has one for chart;
// xi and theta are the same point in the chart and in source coordinates.
type FisherInChart interface {
	FisherIn(dst *mat.SymDense, chart string, xi, theta []float64) bool
}

// A Cuber has the Amari–Chentsov tensor T_ijk = E[s_i s_j s_k] in closed form.
// Cubic fills dst, an n×n×n array.
type Cuber interface {
	Cubic(dst Tensor, theta []float64) error
}

// A Metric is a Riemannian metric tensor G as an operator: it is set at a
// point, and then raises covectors and lowers vectors there without
// allocation. It keeps workspace: one goroutine at a time.
type Metric interface {
	// Dim is the dimension of the points.
	Dim() int
	// At moves the metric to the point theta, of which it may keep a copy but
	// not the slice. An error wraps ErrDomain where the metric does not exist.
	At(theta []float64) error
	// Raise stores v = G⁻¹c in dst. dst and covector may be the same slice.
	Raise(dst, covector []float64) error
	// Lower stores c = Gv in dst. dst and vector may be the same slice.
	Lower(dst, vector []float64) error
}

// A Curved surface has its Gaussian curvature in closed form. Of a family with
// other than two coordinates the error wraps [errors.ErrUnsupported].
type Curved interface {
	Curvature(theta []float64) (float64, error)
}

// The families without closed forms compute them by quadrature or sums, and
// say with which absolute error: these methods are those of [Fisherer],
// [Cuber], [Entropic] and [Diverger], with the largest error of a component.
type (
	// An ApproximateFisherer has its Fisher matrix by quadrature.
	ApproximateFisherer interface {
		ApproximateFisher(dst *mat.SymDense, theta []float64) (accuracy float64, err error)
	}
	// An ApproximateCuber has its cubic tensor by quadrature.
	ApproximateCuber interface {
		ApproximateCubic(dst Tensor, theta []float64) (accuracy float64, err error)
	}
	// An ApproximateEntropic has its entropy by quadrature.
	ApproximateEntropic interface {
		ApproximateEntropy(theta []float64) (h, accuracy float64, err error)
	}
	// An ApproximateDiverger has its divergence by quadrature.
	ApproximateDiverger interface {
		ApproximateKL(p, q []float64) (kl, accuracy float64, err error)
	}
	// An ApproximateScorer has a score that is right to ScoreAccuracy times
	// the root of the Fisher information along each coordinate.
	ApproximateScorer interface {
		ScoreAccuracy() float64
	}
)
