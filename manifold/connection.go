package manifold

import "math"

// AlphaConnection returns the symbols of the first kind of Amari's α-connection
// in the view's chart,
//
//	[i][j][k] = Γ⁽ᵅ⁾_{ij,k} = E[(∂_i∂_jℓ + ½(1−α)s_i s_j)s_k] = Γ⁽⁰⁾_{ij,k} − (α/2)T_ijk,
//
// with the accuracy of a component. Γ⁽⁰⁾ is the Levi-Civita connection, Γ⁽¹⁾ the
// exponential, Γ⁽⁻¹⁾ the mixture connection; ∂_kG_ij = Γ⁽ᵅ⁾_{ki,j} + Γ⁽⁻ᵅ⁾_{kj,i}.
//
// In the natural chart of an exponential family it is ½(1−α)T, and zero at
// α = 1; in the expectation chart it is −½(1+α)T, and zero at α = −1. There, and
// in charts of the same name, it is exact where T is; elsewhere it comes from
// [Christoffel] and [ApproximateAmariChentsov]. (Amari & Nagaoka, Methods of
// Information Geometry, 2000, §§2.3 and 3.5.)
func AlphaConnection(v *View, alpha float64, xi []float64) (gamma Tensor, accuracy float64, err error) {
	t, lost, err := ApproximateAmariChentsov(v, xi)
	if err != nil {
		return nil, math.NaN(), err
	}
	n := v.Dim()
	gamma = newTensor(n)
	if flat := flatAt(v); flat != 0 {
		w := (flat - alpha) / 2
		gamma.fill(func(i, j, k int) float64 { return w * t[i][j][k] })
		return gamma, math.Abs(w) * lost, nil
	}
	levi, accuracy, err := Christoffel(v, xi)
	if err != nil {
		return nil, math.NaN(), err
	}
	gamma.fill(func(i, j, k int) float64 { return levi[i][j][k] - alpha/2*t[i][j][k] })
	return gamma, accuracy + math.Abs(alpha)/2*lost, nil
}

// flatAt is the α whose connection vanishes in the view's chart for a known
// reason: 1 in the natural, −1 in the expectation chart of an exponential family
// and in affine images of them, 0 elsewhere.
func flatAt(v *View) float64 {
	if v.chart.Name() == "source" {
		if flat := flatSource(v.base); flat != 0 {
			return flat
		}
	}
	e, ok := v.base.(Exponential)
	if !ok {
		return 0
	}
	for _, c := range []struct {
		name  string
		alpha float64
	}{{"natural", 1}, {"expectation", -1}} {
		// One chart may have both names.
		if chart, ok := e.Chart(c.name); ok && chart.Name() == v.chart.Name() {
			return c.alpha
		}
	}
	return 0
}
