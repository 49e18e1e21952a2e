package variational

import (
	"fisherflow/variational/target"
)

// Func returns the target of a function of dim coordinates, which returns
// log p(x, z) and, where grad is not nil, stores its gradient.
func Func(dim int, logDensity func(grad, z []float64) (float64, error)) target.Target {
	return function{dim, logDensity}
}

type function struct {
	dim int
	f   func(grad, z []float64) (float64, error)
}

func (t function) Dim() int                                      { return t.dim }
func (t function) LogDensity(grad, z []float64) (float64, error) { return t.f(grad, z) }
