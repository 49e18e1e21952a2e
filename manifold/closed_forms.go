package manifold

import "slices"

// ClosedForms names what a family has without quadrature or sums: of fisher,
// raise (the Fisher metric as an operator), kl, entropy, distance and geodesic.
func ClosedForms(f Family) []string {
	if p, ok := f.(interface{ Factors() []Family }); ok {
		// What all factors have; the raise is that of the whole matrix.
		factors := p.Factors()
		var common []string
		for _, what := range ClosedForms(factors[0]) {
			if what != "raise" && !slices.ContainsFunc(factors, func(f Family) bool { return !slices.Contains(ClosedForms(f), what) }) {
				common = append(common, what)
			}
		}
		return common
	}
	var out []string
	add := func(ok, computed bool, what string) {
		if ok && !computed {
			out = append(out, what)
		}
	}
	_, fisher := f.(Fisherer)
	_, computed := f.(ApproximateFisherer)
	add(fisher, computed, "fisher")
	_, raise := f.(StructuredFisher)
	add(raise, false, "raise")
	_, kl := f.(Diverger)
	_, computed = f.(ApproximateDiverger)
	add(kl, computed, "kl")
	_, entropy := f.(Entropic)
	_, computed = f.(ApproximateEntropic)
	add(entropy, computed, "entropy")
	_, distance := f.(Distancer)
	add(distance, false, "distance")
	_, geodesic := f.(Geodesic)
	add(geodesic, false, "geodesic")
	return out
}

// Numerics names what a family has by quadrature, sums or shooting, with an error,
// of what [ClosedForms] may list: of fisher, kl, entropy, distance and geodesic.
// What is in neither list it does not have; a metric without a structured raise is
// raised by a Cholesky factor.
func Numerics(f Family) []string {
	closed := ClosedForms(f)
	var out []string
	add := func(ok bool, what string) {
		if ok && !slices.Contains(closed, what) {
			out = append(out, what)
		}
	}
	_, fisher := f.(Fisherer)
	add(fisher, "fisher")
	_, kl := f.(Diverger)
	add(kl, "kl")
	_, entropy := f.(Entropic)
	add(entropy, "entropy")
	_, charted := f.(Charted)
	add(fisher && charted, "distance")
	add(fisher && charted, "geodesic")
	return out
}
