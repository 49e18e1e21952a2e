package metrics

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"fisherflow/internal/flops"
	"fisherflow/manifold"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
)

// A Layered model is a conditional model p(y|z(x, θ)) in layers on N examples,
// set at θ by At. Layer l multiplies its inputs a, of p numbers, by a q×p
// matrix W at each of T positions, W by rows at an offset in θ. For cotangents
// of the outputs z, C numbers an example, Backward leaves those of W a in each
// layer, and the gradient of an example is the sum over its positions of g aᵀ.
//
// H is the Fisher matrix of the outputs, C×C, and S a root of it of k = Rank
// columns; r = −∂ log p/∂z at the data's response, and S b = r.
type Layered interface {
	Dim() int
	Examples() int
	Outputs() int
	Rank() int
	Layers() int
	// Layer returns the place of a layer; bias says whether the last of its p
	// inputs is the constant 1.
	Layer(l int) (offset, q, p, t int, bias bool)
	// At moves to theta, at no cost where the model is already. Value is the
	// mean loss there and Gradient stores its gradient.
	At(theta []float64) error
	Value() float64
	Gradient(dst []float64)
	// Inputs of layer l are N·T × p, Cotangents, left by Backward, N·T × q.
	Inputs(l int) blas64.General
	Cotangents(l int) blas64.General
	Backward(cotangent blas64.General)
	// JVP stores Jv, N×C, and VJP Jᵀu. VJP runs a Backward.
	JVP(dst blas64.General, v []float64)
	VJP(dst []float64, u blas64.General)
	// Fishers replaces each row u of an N×C matrix by H u. The others store a
	// row for each example: column j of S, column j of a root of the loss's
	// curvature in z (false where that is indefinite), b, r, and r at a response
	// drawn from the model.
	Fishers(m blas64.General)
	Factors(dst blas64.General, j int)
	CurvatureFactors(dst blas64.General, j int) bool
	Roots(dst blas64.General)
	Residuals(dst blas64.General)
	Samples(dst blas64.General, rng *rand.Rand)
}

// A Tensor is a metric over a layered model: a matrix M = F̂ + D, an
// approximation F̂ of the Fisher matrix and a damping. At moves the model too.
// Where M has no inverse Raise applies its pseudo-inverse, and Diagnosis says
// so: nothing is damped that was not asked for.
type Tensor interface {
	manifold.Metric
	// SetDamping replaces λ. It takes effect at the next Raise or Lower.
	SetDamping(lambda float64)
	// Trace is tr M and LogDet log det M, −Inf where M is singular.
	Trace() (float64, error)
	LogDet() (float64, error)
	// Diagnosis speaks of the last Raise.
	Diagnosis() Diagnosis
	// Operations counts those in matrix products, factorisations and solves
	// since the tensor was made, the model's apart.
	Operations() float64
}

// A Diagnosis says how a covector was raised.
type Diagnosis struct {
	// Rank is the number of dimensions in which the matrix was inverted, Dim
	// that of the matrix, or of all blocks or factors together.
	Rank, Dim int
	// Largest and Smallest are eigenvalues, where they were computed, of the
	// largest and the smallest that was inverted, Dropped is the largest that
	// was not. Smallest/Dropped is the gap.
	Largest, Smallest, Dropped float64
	// Residual is the part of the covector outside of the range that was kept,
	// as a share of it: in the dual norm c·M⁺c where the matrix was decomposed,
	// in the Euclidean norm where an iteration was stopped.
	Residual float64
	// Iterations of an iterative solution; 0 for others.
	Iterations int
}

// Singular reports whether a pseudo-inverse was applied.
func (d Diagnosis) Singular() bool { return d.Rank < d.Dim }

func (d Diagnosis) String() string {
	switch {
	case d.Iterations > 0:
		return fmt.Sprintf("%d iterations, residual %.2g", d.Iterations, d.Residual)
	case !d.Singular():
		return fmt.Sprintf("rank %d of %d", d.Rank, d.Dim)
	}
	gap := math.Inf(1)
	if d.Dropped > 0 {
		gap = d.Smallest / d.Dropped
	}
	return fmt.Sprintf("rank %d of %d, eigenvalues %.3g … %.3g, gap %.2g, residual %.2g", d.Rank, d.Dim, d.Largest, d.Smallest, gap, d.Residual)
}

// Estimators lists the matrices that the structures approximate.
//
//	exact        F = (1/N) Σ JᵀHJ, the expectation over the model's responses
//	monte-carlo  the mean over s responses drawn for each example: unbiased, of
//	             rank N·s at most. The uniform numbers behind the draws are the
//	             same at every point until [Settings.Seed] or Redraw changes
//	             them, so that a step sees one field and not its noise
//	empirical    (1/N) Σ of products of gradients at the data's own responses.
//	             It is not an estimate of F unless the responses come from the
//	             model and N is large: near a perfect fit it vanishes while F
//	             does not, its steps scale as the inverse of the residual, and
//	             its eigenvectors point elsewhere (Kunstner, Balles & Hennig,
//	             arXiv 1905.12558)
//	ggn          (1/N) Σ JᵀCJ with C the curvature of the loss in z: F where z
//	             are natural parameters. An error where C is indefinite
func Estimators() []string { return []string{"exact", "monte-carlo", "empirical", "ggn"} }

// Settings say which matrix a [Tensor] approximates and how. The zero value is
// the exact Fisher matrix, undamped.
type Settings struct {
	// Estimator is one of [Estimators]; empty means "exact".
	Estimator string
	// Samples of each example for "monte-carlo"; 0 means 1.
	Samples int
	// Seed of their draws.
	Seed uint64
	// Damping of the matrix, of a kind that the structure has.
	Damping Damping
	// Cutoff chooses the rank of a pseudo-inverse: the leading eigenvalues are
	// kept until the rest of the covector is a share Cutoff of it, in the dual
	// norm. 0 means 1e-12. Eigenvalues that are rounding of the largest are
	// never kept.
	Cutoff float64
	// Rank of "low-rank".
	Rank int
	// Tolerance of "conjugate-gradient" is the residual relative to the
	// covector at which it stops; 0 means 1e-10. For a flow it must stay below
	// the solver's tolerance.
	Tolerance float64
	// MaxIterations of "conjugate-gradient"; 0 means 10 n. Where they do not
	// suffice Raise fails, unless Truncate takes what there is.
	MaxIterations int
	Truncate      bool
	// Preconditioner of "conjugate-gradient", on the same model; nil is none.
	Preconditioner Tensor
	// Average is the share that the factors of "kfac" and "ekfac" keep of their
	// former values at each At, but 1 − 1/k at most at the k-th, for discrete
	// rules; second moments of "ekfac" keep nothing. A flow needs 0: with a
	// memory the velocity is no function of θ.
	Average float64
	// Interval is the number of At's from one inversion of the factors of
	// "kfac" to the next, which new dampings wait for too; 0 means 1. A flow
	// needs 1. Lower always has the present factors.
	Interval int
	// Memory is the largest number of bytes that a structure may hold; 0 means
	// 8 GiB. More is an error before it is asked for.
	Memory float64
}

// Structures lists the structures that [OnModel] knows, with the kinds of
// damping each has.
//
//	fisher              the matrix itself, n×n          all kinds but factored
//	block-diagonal      its blocks, one a layer         all kinds but factored
//	unit-wise           its blocks, one a row of W      all kinds but factored
//	diagonal            its diagonal                    all kinds but factored
//	quasi-diagonal      per row of W the diagonal and the bias's row
//	                    (Ollivier, arXiv 1303.0818)     tikhonov, relative, marquardt, prior
//	kfac                G ⊗ A per layer, G = Σ gᵀg/N, A = Σ aᵀa/NT
//	                    (Martens & Grosse, arXiv 1503.05671; over positions
//	                    "expand", arXiv 2311.00636)     factored, tikhonov, relative
//	ekfac               its eigenvectors, with the second moments along them
//	                    (George et al., arXiv 1806.03884)    tikhonov, relative
//	low-rank            its leading eigenpairs          tikhonov, relative
//	sample-space        the matrix itself, by way of the Gram matrix of the
//	                    examples' gradients             tikhonov, relative
//	conjugate-gradient  the matrix itself, by products  tikhonov, relative, marquardt, prior
//	euclidean           the identity                    none
func Structures() []string {
	return []string{"fisher", "block-diagonal", "unit-wise", "diagonal", "quasi-diagonal", "kfac", "ekfac", "low-rank", "sample-space", "conjugate-gradient", "euclidean"}
}

// dampings are the kinds that each structure has.
var dampings = map[string][]string{
	"fisher":             {"tikhonov", "relative", "marquardt", "block", "prior"},
	"block-diagonal":     {"tikhonov", "relative", "marquardt", "block", "prior"},
	"unit-wise":          {"tikhonov", "relative", "marquardt", "block", "prior"},
	"diagonal":           {"tikhonov", "relative", "marquardt", "block", "prior"},
	"quasi-diagonal":     {"tikhonov", "relative", "marquardt", "prior"},
	"kfac":               {"factored", "tikhonov", "relative"},
	"ekfac":              {"tikhonov", "relative"},
	"low-rank":           {"tikhonov", "relative"},
	"sample-space":       {"tikhonov", "relative"},
	"conjugate-gradient": {"tikhonov", "relative", "marquardt", "prior"},
	"euclidean":          nil,
}

// StructureDampings lists the kinds of damping of a structure of [Structures].
func StructureDampings(structure string) []string { return slices.Clone(dampings[structure]) }

// OnModel returns a structure by its name, over a model that it moves and
// shares with its user.
func OnModel(structure string, m Layered, s Settings) (Tensor, error) {
	kinds, ok := dampings[structure]
	if !ok {
		return nil, fmt.Errorf("no structure is called %q (structures: %s)", structure, strings.Join(Structures(), ", "))
	}
	b, err := newBase(structure, m, s, kinds)
	if err != nil {
		return nil, err
	}
	switch structure {
	case "fisher", "block-diagonal", "unit-wise":
		return newBlocks(b)
	case "diagonal":
		return newLayeredDiagonal(b), nil
	case "quasi-diagonal":
		return newQuasiDiagonal(b), nil
	case "kfac":
		return newKronecker(b)
	case "ekfac":
		return newEigenKronecker(b)
	case "low-rank":
		return newLowRank(b)
	case "sample-space":
		return newSampleSpace(b)
	case "conjugate-gradient":
		return newConjugateGradient(b)
	}
	return &flat{base: b}, nil
}

// base is what all structures have.
type base struct {
	structure string
	model     Layered
	settings  Settings
	damping   Damping
	n         int
	moments   moments
	ops       flops.Counter
	diagnosis Diagnosis
	stale     bool // the damping has changed since it was applied
}

func newBase(structure string, m Layered, s Settings, kinds []string) (*base, error) {
	if s.Damping.Kind == "" {
		s.Damping.Kind = "tikhonov"
	}
	if s.Estimator == "" {
		s.Estimator = "exact"
	}
	if s.Samples == 0 {
		s.Samples = 1
	}
	if s.Cutoff == 0 {
		s.Cutoff = 1e-12
	}
	if s.Tolerance == 0 {
		s.Tolerance = 1e-10
	}
	if s.MaxIterations == 0 {
		s.MaxIterations = 10 * m.Dim()
	}
	if s.Memory == 0 {
		s.Memory = 8 << 30
	}
	switch {
	case !slices.Contains(Estimators(), s.Estimator):
		return nil, fmt.Errorf("no estimator is called %q (estimators: %s)", s.Estimator, strings.Join(Estimators(), ", "))
	case s.Samples < 0:
		return nil, fmt.Errorf("samples %d must be positive", s.Samples)
	case !(s.Damping.Value >= 0) || s.Damping.Value > 1e300:
		return nil, fmt.Errorf("damping %g must be finite and not negative", s.Damping.Value)
	case len(kinds) == 0 && s.Damping.Value != 0:
		return nil, fmt.Errorf("metric %q has no damping", structure)
	case len(kinds) > 0 && s.Damping.Value != 0 && !slices.Contains(kinds, s.Damping.Kind):
		return nil, fmt.Errorf("metric %q has no damping of kind %q (kinds: %s)", structure, s.Damping.Kind, strings.Join(kinds, ", "))
	case s.Damping.Prior != nil && len(s.Damping.Prior) != m.Dim():
		return nil, fmt.Errorf("%d precisions of a prior for %d parameters", len(s.Damping.Prior), m.Dim())
	case !(s.Average >= 0 && s.Average < 1):
		return nil, fmt.Errorf("average %g must lie in [0, 1)", s.Average)
	case s.Interval < 0 || s.Interval > 1 && structure != "kfac":
		return nil, fmt.Errorf("interval %d of inversions must be above 0, and 1 but for kfac", s.Interval)
	case !(s.Cutoff >= 0 && s.Cutoff < 1) || !(s.Tolerance > 0):
		return nil, fmt.Errorf("cutoff %g and tolerance %g must be small positive numbers", s.Cutoff, s.Tolerance)
	}
	b := &base{structure: structure, model: m, settings: s, damping: s.Damping, n: m.Dim(), moments: newMoments(m, s)}
	return b, nil
}

// needs refuses a structure that would hold more numbers than the settings
// allow.
func (b *base) needs(numbers float64, what string) error {
	if bytes := 8 * numbers; bytes > b.settings.Memory {
		less := "kfac or conjugate-gradient"
		if b.structure == "kfac" || b.structure == "ekfac" {
			less = "diagonal or conjugate-gradient"
		}
		return fmt.Errorf("metric %q needs %.3g GiB for %s; %.3g GiB are allowed: take a structure with less memory, as %s",
			b.structure, bytes/(1<<30), what, b.settings.Memory/(1<<30), less)
	}
	return nil
}

func (b *base) Dim() int               { return b.n }
func (b *base) Diagnosis() Diagnosis   { return b.diagnosis }
func (b *base) Operations() float64    { return b.ops.Count }
func (b *base) SetDamping(l float64)   { b.damping.Value, b.stale = l, true }
func (b *base) Redraw(sequence uint64) { b.moments.sequence = sequence }

// prior is the precision of coordinate i.
func (d Damping) prior(i int) float64 {
	if d.Prior == nil {
		return 1
	}
	return d.Prior[i]
}

// shift is what Tikhonov and relative damping add to the diagonal of a matrix
// of n rows; 0 for the other kinds.
func (d Damping) shift(trace float64, n int) float64 {
	switch d.Kind {
	case "tikhonov":
		return d.Value
	case "relative":
		return d.Value * trace / float64(n)
	}
	return 0
}

// A Redrawer has random draws, which are the same at every point until they are
// drawn anew: once a step, so that its stages see one field.
type Redrawer interface{ Redraw(sequence uint64) }

// Matrix stores the matrix of a metric in dst: n Lowers.
func Matrix(dst *mat.SymDense, m manifold.Metric) error {
	unit, column := make([]float64, m.Dim()), make([]float64, m.Dim())
	for j := range unit {
		unit[j] = 1
		if err := m.Lower(column, unit); err != nil {
			return err
		}
		unit[j] = 0
		for i := 0; i <= j; i++ {
			dst.SetSym(i, j, column[i])
		}
	}
	return nil
}

// flat is the identity.
type flat struct{ *base }

func (f *flat) At(theta []float64) error { return f.model.At(theta) }

func (f *flat) Raise(dst, covector []float64) error {
	copy(dst, covector)
	f.diagnosis = Diagnosis{Rank: f.n, Dim: f.n}
	return nil
}

func (f *flat) Lower(dst, vector []float64) error {
	copy(dst, vector)
	return nil
}

func (f *flat) Trace() (float64, error)  { return float64(f.n), nil }
func (f *flat) LogDet() (float64, error) { return 0, nil }

var _ Tensor = (*flat)(nil)
