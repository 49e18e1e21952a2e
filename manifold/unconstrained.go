package manifold

import "slices"

// unconstrained names the chart of a family that is all of Rⁿ, if it has one.
func unconstrained(f Family) (string, bool) {
	c, ok := f.(Charted)
	if !ok {
		return "", false
	}
	for _, name := range []string{"unconstrained", "log-scale", "log", "log-cholesky", "log-mean-log-alpha", "logit", "stick"} {
		if slices.Contains(c.Charts(), name) {
			return name, true
		}
	}
	switch f.Name() {
	case "bernoulli", "binomial", "multinomial", "poisson", "ising", "normal-known-variance", "von-mises-fisher":
		return "natural", true
	}
	return "", false
}
