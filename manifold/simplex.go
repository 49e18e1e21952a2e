package manifold

import (
	"math"

	"fisherflow/internal/special"
)

// The functions of this file are of parameters α of a Dirichlet distribution and
// of α₀ = Σα_i, whose differences ψ(α_i) − ψ(α₀), ψ₁(α_i) − ψ₁(α₀), … cancel when
// one of the α_i dominates or all are large.

// total is α₀ and the index of the largest α.
func total(alpha []float64) (sum float64, largest int) {
	for i, a := range alpha {
		sum += a
		if a > alpha[largest] {
			largest = i
		}
	}
	return sum, largest
}

// others is α₀ − α_i, which for the largest is summed anew; x need not be
// positive.
func others(x []float64, sum float64, i, largest int) float64 {
	if i != largest {
		return sum - x[i]
	}
	rest := 0.0
	for j, v := range x {
		if j != i {
			rest += v
		}
	}
	return rest
}

// mean01 is the mean of f over [a, a+d], for d of at most a quarter of a.
func mean01(f func(float64) float64, a, d float64) float64 {
	sum := 0.0
	for _, g := range legendre8 {
		sum += g.weight * f(a+g.node*d)
	}
	return sum
}

// digammaDifference is ψ(a) − ψ(a+d).
func digammaDifference(a, d float64) float64 {
	switch {
	case d <= 0.25*a:
		return -d * mean01(special.Trigamma, a, d)
	case a > 10:
		return math.Log(a/(a+d)) - special.LogMinusDigamma(a) + special.LogMinusDigamma(a+d)
	}
	return special.Digamma(a) - special.Digamma(a+d)
}

// trigammaDifference is ψ₁(a) − ψ₁(a+d).
func trigammaDifference(a, d float64) float64 {
	if d <= 0.25*a {
		return -d * mean01(special.Tetragamma, a, d)
	}
	return special.Trigamma(a) - special.Trigamma(a+d)
}

// trigammaReciprocal is 1/ψ₁(a) − a, which lies in (−½, 0).
func trigammaReciprocal(a float64) float64 {
	switch {
	case a < 1:
		return a * (a*newSmallShape(a).square() - 1)
	case a > flatShape:
		return -0.5
	}
	t := special.TrigammaMinusInverse(a)
	return -a * t / (t + 1/a)
}

// reciprocals stores d = 1/ψ₁(α) and returns the deficit D = 1/ψ₁(α₀) − Σd > 0, on
// which the inverse of the Dirichlet metric stands. Large α are taken from the
// differences 1/ψ₁(α) − α, whose sum is the same, small α from 1/ψ₁ ≈ α² itself.
func reciprocals(dst, alpha []float64) (deficit float64) {
	sum, largest := total(alpha)
	m, rest := alpha[largest], others(alpha, sum, largest, largest)
	small := m < 1
	near := rest <= 0.25*m
	for i, a := range alpha {
		t := special.TrigammaMinusInverse(a)
		r := 1 / (t + 1/a)
		dst[i] = r
		if i == largest && near {
			continue
		}
		if !small {
			r = trigammaReciprocal(a)
		}
		deficit -= r
	}
	switch {
	case near && small:
		return deficit + rest*mean01(func(x float64) float64 { return 2 * x * newSmallShape(x).slope() }, m, rest)
	case near:
		return deficit + rest*mean01(special.ReciprocalTrigammaSlope, m, rest)
	case small:
		return deficit + 1/special.Trigamma(sum)
	}
	return deficit + trigammaReciprocal(sum)
}

// logBeta is Σ log Γ(α_i) − log Γ(α₀), with log Γ(a) = a log a − a + S(a).
func logBeta(alpha []float64) float64 {
	sum, largest := total(alpha)
	l := -stirling(sum)
	for i, a := range alpha {
		l += stirling(a)
		if 2*a > sum {
			l += a * math.Log1p(-others(alpha, sum, i, largest)/sum)
		} else {
			l += a * math.Log(a/sum)
		}
	}
	return l
}

// dirichletDivergence is the divergence of log B as a convex function,
//
//	log B(β) − log B(α) − Σ (β_i−α_i)(ψ(α_i) − ψ(α₀)),
//
// as β₀ times the divergence of the means β/β₀ from α/α₀ and divergences of S.
func dirichletDivergence(alpha, beta []float64) float64 {
	a0, _ := total(alpha)
	b0, largest := total(beta)
	d0 := 0.0
	for i, a := range alpha {
		d0 += a - beta[i]
	}
	rest := 0.0
	for i, a := range alpha {
		if i != largest {
			rest += a - beta[i]
		}
	}
	kl := -shapeDivergence(a0, b0, -d0)
	for i, a := range alpha {
		b := beta[i]
		d, restd := a-b, rest
		if i != largest {
			restd = d0 - d
		}
		// α_iβ₀/(α₀β_i) − 1
		u := (d*others(beta, b0, i, largest) - b*restd) / a0 / b
		kl += b*special.RatioExcess(1, a/a0*(b0/b), u) + shapeDivergence(a, b, -d)
	}
	return kl
}

// dirichletEntropy is log B + (α₀−k)ψ(α₀) − Σ (α_i−1)ψ(α_i), with the logarithms
// of large α taken together.
func dirichletEntropy(alpha []float64) float64 {
	sum, _ := total(alpha)
	k := float64(len(alpha))
	h := -stirling(sum) - (sum-k)*special.LogMinusDigamma(sum)
	for _, a := range alpha {
		h += math.Log(a/sum) + stirling(a) + (a-1)*special.LogMinusDigamma(a)
	}
	return h
}

// inverseDirichlet finds the α whose E[log x_i] = ψ(α_i) − ψ(α₀) are eta, which
// must have Σ e^η < 1. With s = ψ(α₀) the α_i are ψ⁻¹(η_i+s), so that α₀ alone is
// to be found, by a bracketed Newton iteration. work has the length of eta.
func inverseDirichlet(alpha, eta, work, d []float64) {
	k, mass := float64(len(eta)), 0.0
	for _, e := range eta {
		mass += math.Exp(e)
	}
	a := (k - mass) / (2 * math.Max(1-mass, 0x1p-52))
	low, high := 0.0, math.Inf(1)
	previous := math.Inf(1)
	for range 200 {
		s, psi1 := special.Digamma(a), special.Trigamma(a)
		h, slope := -a, -1.0
		for i, e := range eta {
			alpha[i] = special.InverseDigamma(e + s)
			h += alpha[i]
			slope += psi1 / special.Trigamma(alpha[i])
		}
		if h > 0 {
			low = a
		} else {
			high = a
		}
		// In log α₀.
		next := a * math.Exp(math.Max(-5, math.Min(5, -h/(slope*a))))
		if !(next >= low && next <= high) {
			switch {
			case low == 0:
				next = high / 8
			case math.IsInf(high, 1):
				next = low * 8
			default:
				next = math.Sqrt(low) * math.Sqrt(high)
			}
		}
		step := math.Abs(next-a) / a
		a = next
		if step < 4e-16 || step < 1e-6 && step >= previous/2 {
			break
		}
		previous = step
	}
	// What is left, and an α that the sum has hidden, by Newton steps on all of α.
	best := math.Inf(1)
	for range 60 {
		sum, largest := total(alpha)
		size := 0.0
		for i, a := range alpha {
			work[i] = eta[i] - digammaDifference(a, others(alpha, sum, i, largest))
		}
		raiseDirichlet(work, d, reciprocals(d, alpha), work)
		for i, a := range alpha {
			size = math.Max(size, math.Abs(work[i])/a)
		}
		if !(size < best || size > 0.1) {
			return
		}
		best = size
		for i, a := range alpha {
			if size < 0.1 {
				alpha[i] += work[i]
			} else {
				alpha[i] *= math.Exp(math.Max(-1, math.Min(1, work[i]/a)))
			}
		}
		if size < 1e-15 {
			return
		}
	}
}

// raiseDirichlet stores (diag d + ddᵀ/D)c, d = 1/ψ₁(α) and D the deficit: the
// inverse of diag ψ₁(α) − ψ₁(α₀)11ᵀ by Sherman and Morrison. dst and c may be the
// same slice.
func raiseDirichlet(dst, d []float64, deficit float64, c []float64) {
	sum := 0.0
	for i, r := range d {
		sum += c[i] * r
	}
	sum /= deficit
	for i, r := range d {
		dst[i] = (c[i] + sum) * r
	}
}

// lowerDirichlet stores (diag ψ₁(α) − ψ₁(α₀)11ᵀ)v. dst and v may be the same slice.
func lowerDirichlet(dst, alpha, v []float64) {
	sum, largest := total(alpha)
	all, psi := 0.0, special.Trigamma(sum)
	rest := 0.0
	for i, x := range v {
		all += x
		if i != largest {
			rest += x
		}
	}
	for i, a := range alpha {
		r := rest
		if i != largest {
			r = all - v[i]
		}
		dst[i] = trigammaDifference(a, others(alpha, sum, i, largest))*v[i] - psi*r
	}
}
