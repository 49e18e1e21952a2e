package ode

// A Step is an accepted step, as an observer sees it. Its slices are valid
// only during the call.
type Step struct {
	Index  int // 0 for the first
	T0, T1 float64
	Y0, Y1 []float64 // states at both ends
	F0, F1 []float64 // field at both ends
	// Err is the error estimate of the method, y₁ − ŷ₁, in all components; nil
	// for a method that has none.
	Err []float64

	piece piece
}

// At stores the interpolated state at time t in dst, which may be nil, and
// returns it.
func (s *Step) At(dst []float64, t float64) []float64 {
	if dst == nil {
		dst = make([]float64, len(s.Y0))
	}
	s.piece.at(dst, t)
	return dst
}

// A piece is the interpolant over one step: the cubic Hermite polynomial
// through both ends and their slopes, plus θ²(1−θ)² times a polynomial
// e₀ + θ(e₁ + (1−θ)(e₂ + θ(e₃ + …))) of extra vectors, one in the methods of
// order 5, four in that of order 8. θ = (t − t0)/h.
type piece struct {
	t0, h          float64
	y0, f0, y1, f1 []float64
	extra          []float64 // the extra vectors, one after the other; nil: none
}

func (p *piece) at(dst []float64, t float64) {
	s := (t - p.t0) / p.h
	r := 1 - s
	n := len(dst)
	terms := len(p.extra) / max(1, n)
	for i := range dst {
		e := 0.0
		for m := terms - 1; m >= 0; m-- {
			// The factors alternate, 1−θ first.
			if m%2 == 0 {
				e = r * (p.extra[m*n+i] + e)
			} else {
				e = s * (p.extra[m*n+i] + e)
			}
		}
		d := p.y1[i] - p.y0[i]
		b := p.h*p.f0[i] - d
		dst[i] = p.y0[i] + s*(d+r*(b+s*(d-p.h*p.f1[i]-b+e)))
	}
}
