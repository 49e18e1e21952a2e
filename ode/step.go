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

// A piece is the interpolant over one step: the cubic polynomial through both
// ends and their slopes, plus θ²(1−θ)² times a polynomial Σ e_m (θ−½)^m of extra
// vectors, one in the methods of order 5, four in that of order 8.
// θ = (t − t0)/h.
type piece struct {
	t0, h          float64
	y0, f0, y1, f1 []float64
	slopes         []float64 // dy/dθ at the start and at the end where they are not h·f; nil: they are
	extra          []float64 // the extra vectors, one after the other; nil: none
}

func (p *piece) at(dst []float64, t float64) { p.part(dst, (t-p.t0)/p.h) }

// part is the state at θ = s, which may be closer to the start than t resolves.
func (p *piece) part(dst []float64, s float64) {
	r, u := 1-s, s-0.5
	n := len(dst)
	terms := len(p.extra) / max(1, n)
	for i := range dst {
		e := 0.0
		for m := terms - 1; m >= 0; m-- {
			e = p.extra[m*n+i] + u*e
		}
		d := p.y1[i] - p.y0[i]
		a, b := p.h*p.f0[i], p.h*p.f1[i]
		if p.slopes != nil {
			a, b = p.slopes[i], p.slopes[n+i]
		}
		a, b = a-d, d-b
		dst[i] = p.y0[i] + s*(d+r*(a+s*(b-a+r*e)))
	}
}
