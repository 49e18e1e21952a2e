package experiments

import (
	"math"

	"fisherflow/flow"
	"fisherflow/manifold"

	"gonum.org/v1/gonum/mat"
)

// A softCommittee is the regression y = Σ_i erf(J_i·ξ/√2) + N(0, 1) on standard
// normal inputs ξ in n dimensions, with two hidden units. Coordinates are
// J₁ and J₂, one after the other.
//
// Its Fisher matrix has the blocks E[g′(J_iξ) g′(J_jξ) ξξᵀ] in closed form
// (Rattray, Saad & Amari 1998).
type softCommittee struct {
	parameters
	n int
}

const committeeUnits = 2

func newSoftCommittee(n int) *softCommittee {
	f := &softCommittee{parameters: parameters{name: "soft committee machine"}, n: n}
	for i := range committeeUnits {
		for k := range n {
			f.names = append(f.names, "J"+string(rune('1'+i))+string(rune('1'+k)))
		}
	}
	return f
}

func (f *softCommittee) unit(theta []float64, i int) []float64 { return theta[i*f.n : (i+1)*f.n] }

func inner(u, v []float64) float64 {
	s := 0.0
	for i := range u {
		s += u[i] * v[i]
	}
	return s
}

// Fisher fills dst with the blocks
//
//	A_ij = (2/π)Δ^{−1/2}[I − ((1+Q_jj)J_iJ_iᵀ + (1+Q_ii)J_jJ_jᵀ − Q_ij(J_iJ_jᵀ + J_jJ_iᵀ))/Δ]
//
// with Q_ij = J_i·J_j and Δ = (1+Q_ii)(1+Q_jj) − Q_ij²; for i = j the limit.
func (f *softCommittee) Fisher(dst *mat.SymDense, theta []float64) error {
	for i := range committeeUnits {
		for j := i; j < committeeUnits; j++ {
			u, v := f.unit(theta, i), f.unit(theta, j)
			p, q, r := 1+inner(u, u), 1+inner(v, v), inner(u, v)
			delta := p*q - r*r
			for k := range f.n {
				for l := range f.n {
					if i == j && l < k {
						continue
					}
					a := 0.0
					if k == l {
						a = 1
					}
					// For i = j: Δ = 1 + 2Q, and the bracket is 2JJᵀ/Δ.
					a -= (q*u[k]*u[l] + p*v[k]*v[l] - r*(u[k]*v[l]+v[k]*u[l])) / delta
					dst.SetSym(i*f.n+k, j*f.n+l, 2/math.Pi*a/math.Sqrt(delta))
				}
			}
		}
	}
	return nil
}

// overlap is asin(u·v/√((1+u²)(1+v²))), πE[erf(uξ/√2) erf(vξ/√2)]/2.
func overlap(u, v []float64) float64 {
	return math.Asin(inner(u, v) / math.Sqrt((1+inner(u, u))*(1+inner(v, v))))
}

// addOverlapGradient adds a ∂overlap/∂u to dst.
func addOverlapGradient(dst []float64, a float64, u, v []float64) {
	p, q, r := 1+inner(u, u), 1+inner(v, v), inner(u, v)
	s := a / math.Sqrt(p*q-r*r)
	for k := range dst {
		dst[k] += s * (v[k] - r/p*u[k])
	}
}

// committeeError is the generalisation error ½E(f − f*)² of a student against
// a teacher of the same kind,
//
//	ε = (1/π)[Σ_ik s(J_i,J_k) + Σ_nm s(B_n,B_m) − 2Σ_in s(J_i,B_n)]
//
// (Saad & Solla 1995).
type committeeError struct {
	family  *softCommittee
	teacher []float64

	value, size float64
	gradient    []float64
}

func newCommitteeError(f *softCommittee, teacher []float64) *committeeError {
	return &committeeError{family: f, teacher: teacher, gradient: make([]float64, f.Dim())}
}

func (l *committeeError) Name() string { return "generalisation error" }

func (l *committeeError) At(theta []float64) error {
	f := l.family
	l.value, l.size = 0, 0
	clear(l.gradient)
	add := func(weight float64, u, v []float64) {
		s := weight * overlap(u, v) / math.Pi
		l.value += s
		l.size += math.Abs(s)
	}
	for i := range committeeUnits {
		u, g := f.unit(theta, i), f.unit(l.gradient, i)
		for k := range committeeUnits {
			add(1, u, f.unit(theta, k))
			add(1, f.unit(l.teacher, i), f.unit(l.teacher, k))
			add(-2, u, f.unit(l.teacher, k))
			addOverlapGradient(g, 2/math.Pi, u, f.unit(theta, k))
			addOverlapGradient(g, -2/math.Pi, u, f.unit(l.teacher, k))
		}
	}
	return nil
}

func (l *committeeError) Value() float64         { return l.value }
func (l *committeeError) Magnitude() float64     { return l.size }
func (l *committeeError) Gradient(dst []float64) { copy(dst, l.gradient) }
func (l *committeeError) Clone() flow.Loss       { return newCommitteeError(l.family, l.teacher) }

var (
	_ manifold.Fisherer = (*softCommittee)(nil)
	_ flow.Loss         = (*committeeError)(nil)
)
