package flow

import (
	"fisherflow/manifold"
	"fisherflow/metrics"
)

// OnFamily returns the flow of a loss on a family in one of its charts under
// the metric that maker makes (nil: Fisher), with lengths measured by the
// Fisher metric.
func OnFamily(family manifold.Family, chart string, loss Loss, maker metrics.Maker) (*Flow, error) {
	point, err := InChart(family, chart, loss, maker)
	if err != nil {
		return nil, err
	}
	if maker == nil {
		return New(point, nil), nil
	}
	// A view of its own: the flow moves its point and its measure apart.
	view, err := manifold.In(family, chart)
	if err != nil {
		return nil, err
	}
	fisher, err := metrics.ForFisher(view)
	if err != nil {
		return nil, err
	}
	return New(point, fisher), nil
}

// Intrinsic returns the intrinsic distance of the family between points in the
// flow's chart, and its name.
func Intrinsic(family manifold.Family, chart string) (Separation, string, error) {
	distance, name, err := manifold.Intrinsic(family)
	if err != nil {
		return nil, "", err
	}
	view, err := manifold.In(family, chart)
	if err != nil {
		return nil, "", err
	}
	p, q := make([]float64, family.Dim()), make([]float64, family.Dim())
	return func(a, b []float64) (float64, error) {
		if err := view.Chart().ToSource(p, a); err != nil {
			return 0, err
		}
		if err := view.Chart().ToSource(q, b); err != nil {
			return 0, err
		}
		return distance(p, q)
	}, name, nil
}
