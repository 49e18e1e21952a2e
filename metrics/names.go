package metrics

import (
	"fmt"
	"slices"

	"fisherflow/manifold"

	"gonum.org/v1/gonum/mat"
)

// A Maker makes a metric for a family seen in a chart. Each call returns a
// metric with workspace of its own.
type Maker = func(*manifold.View) (manifold.Metric, error)

// Names lists the metrics that [ByName] knows.
func Names() []string { return []string{"fisher", "euclidean", "diagonal", "wasserstein"} }

// ByName returns the maker of a metric by its name in spec files.
func ByName(name string) (Maker, bool) {
	switch name {
	case "fisher":
		return ForFisher, true
	case "euclidean":
		return ForEuclidean, true
	case "diagonal":
		return ForDiagonal, true
	case "wasserstein":
		return ForWasserstein, true
	}
	return nil, false
}

// A Damping makes a metric G more positive definite before it is inverted.
// Every kind changes the flow, and costs it invariance: Tikhonov and relative
// damping keep it under orthogonal maps of the coordinates only, Marquardt's
// under a rescaling of single coordinates only.
type Damping struct {
	// Kind is one of [DampingKinds]; empty means "tikhonov".
	Kind string
	// Value is λ ≥ 0; zero is no damping.
	Value float64
	// Prior are the precisions P of kind "prior", by coordinate; nil means 1.
	Prior []float64
}

// DampingKinds lists the kinds of damping of families' metrics.
//
//	tikhonov   G + λI
//	relative   G + λ (tr G/n) I
//	marquardt  G + λ diag G
//
// Metrics over layered models have further ones, see [Structures]:
//
//	block      G + λ blockdiag G, one block a layer
//	prior      G + λ diag P, P the precisions of a Gaussian prior
//	factored   (G + √λ/π I) ⊗ (A + π√λ I) for K-FAC, π² = (tr A/p)/(tr G/q):
//	           more than λ by the cross terms
func DampingKinds() []string { return []string{"tikhonov", "relative", "marquardt"} }

// Damped returns a maker of the damped metric: the matrix of the undamped one
// is assembled, damped and factored, n³/3 operations, since a closed form for
// the raise does not survive damping.
func Damped(name string, maker Maker, damping Damping) (Maker, error) {
	if damping.Kind == "" {
		damping.Kind = "tikhonov"
	}
	switch {
	case !(damping.Value >= 0) || damping.Value > 1e300:
		return nil, fmt.Errorf("damping %g must be finite and not negative", damping.Value)
	case !slices.Contains(DampingKinds(), damping.Kind):
		return nil, fmt.Errorf("no damping is called %q (kinds: %v)", damping.Kind, DampingKinds())
	case damping.Value == 0:
		return maker, nil
	}
	return func(view *manifold.View) (manifold.Metric, error) {
		base, err := maker(view)
		if err != nil {
			return nil, err
		}
		fill := view.Fisher
		if name != "fisher" {
			fill = columns(base)
		}
		return newDense("damped "+name, view, func(dst *mat.SymDense, x []float64) error {
			if err := fill(dst, x); err != nil {
				return err
			}
			damp(dst, damping)
			return nil
		}), nil
	}, nil
}

// columns assembles the matrix of a metric by lowering the unit vectors.
func columns(m manifold.Metric) func(dst *mat.SymDense, x []float64) error {
	unit, column := make([]float64, m.Dim()), make([]float64, m.Dim())
	return func(dst *mat.SymDense, x []float64) error {
		if err := m.At(x); err != nil {
			return err
		}
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
}

func damp(dst *mat.SymDense, damping Damping) {
	n := dst.SymmetricDim()
	scale := 1.0
	if damping.Kind == "relative" {
		scale = mat.Trace(dst) / float64(n)
	}
	for i := range n {
		if damping.Kind == "marquardt" {
			scale = dst.At(i, i)
		}
		dst.SetSym(i, i, dst.At(i, i)+damping.Value*scale)
	}
}
