package metrics

import "fisherflow/manifold"

// ForFisher returns the Fisher metric of a family seen in a chart. A family
// with a closed form for the raise (the multivariate normal in O(d³), the
// categorical in O(k)) uses it in every chart, a product that of each of its
// factors; the others factor the n×n Fisher matrix of the chart.
func ForFisher(view *manifold.View) (manifold.Metric, error) {
	if m, ok := view.StructuredMetric(); ok {
		return m, nil
	}
	if factors, ok := view.FactorViews(); ok {
		return newProduct(factors)
	}
	return newDense("fisher", view, view.Fisher), nil
}
