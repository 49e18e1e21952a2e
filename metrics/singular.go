package metrics

import (
	"fmt"

	"fisherflow/manifold"
)

// A SingularError says that a metric is not positive definite at a point, and
// so has no inverse that could raise a covector there. It wraps
// [manifold.ErrDomain]: an adaptive solver answers with a smaller step.
type SingularError struct {
	Metric string    // name of the metric
	Point  []float64 // where, in the chart's coordinates
	Chart  string
	Pivot  int     // coordinate at which the factorisation broke down
	Value  float64 // its pivot, as a fraction of the diagonal entry
}

func (e *SingularError) Error() string {
	kind := "singular"
	if e.Value < -1e-8 {
		kind = "indefinite"
	}
	return fmt.Sprintf("%s metric is %s at %s = %.6g (relative pivot %.2g in coordinate %d)",
		e.Metric, kind, e.Chart, e.Point, e.Value, e.Pivot+1)
}

// Unwrap returns [manifold.ErrDomain].
func (e *SingularError) Unwrap() error { return manifold.ErrDomain }
