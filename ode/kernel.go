package ode

import "math"

// The kernels of this file have twins in assembly, which take whole blocks of
// components: the vectors that they are given come from [newVectors], which
// pads them with zeros that stay zeros.

// lanes is the number of sums that run side by side over a vector.
const lanes = 8

// padded is n rounded up to whole blocks, of two components or of four.
func padded(n int) int {
	if n <= 2 {
		return 2
	}
	return (n + 3) &^ 3
}

// newVectors returns count vectors of n components in one piece of storage.
func newVectors(count, n int) [][]float64 {
	width := padded(n)
	storage := make([]float64, count*width)
	v := make([][]float64, count)
	for i := range v {
		v[i] = storage[i*width : i*width+n : i*width+n]
	}
	return v
}

// A row is a sum of stages: the weights that are not zero, and the stages they
// belong to.
type row struct {
	w  []float64
	at []int
}

func newRow(weights []float64) row {
	var r row
	for j, w := range weights {
		if w != 0 {
			r.w, r.at = append(r.w, w), append(r.at, j)
		}
	}
	return r
}

// A pass is one kernel at work on its vectors,
//
//	to = (from + h·Σ_{j<last} w_j k_j) + (h·w_last) k_last,
//
// where the last stage is the one just evaluated: the evaluation that follows
// waits for one product and one addition alone. With once the sum is rounded to
// from once,
//
//	to = from + (h·Σ_{j<last} w_j k_j + (h·w_last) k_last).
type pass struct {
	row
	to, from []float64 // from may be nil, for zero
	k        [][]float64
	once     bool
	// finish also stores Σ v_j k_j over the same stages in rest.
	v, rest []float64

	width  int
	stages []*float64 // the beginnings of those of k that the row names
}

func newPass(r row, to, from []float64, k [][]float64) pass {
	p := pass{row: r, to: to, from: from, width: padded(len(to)), stages: make([]*float64, len(r.at))}
	p.bind(k)
	return p
}

// bind makes k the list of stages.
func (p *pass) bind(k [][]float64) {
	p.k = k
	for i, j := range p.at {
		p.stages[i] = &k[j][0]
	}
}

// sum runs the pass and reports whether all of the result is finite.
func (p *pass) sum(h float64) bool {
	if vectorised {
		return sumAVX2(p, h)
	}
	return p.sumPortable(h)
}

func (p *pass) sumPortable(h float64) bool {
	to, from, n := p.to, p.from, len(p.to)
	last := len(p.w) - 1
	p.gather(to, p.w[:last])
	w, k := h*p.w[last], p.k[p.at[last]][:n]
	bad := 0.0 // gathers v − v, NaN for a v that is not finite
	switch {
	case from == nil:
		for i, s := range to {
			v := float64(h*s) + float64(w*k[i])
			to[i] = v
			bad += v - v
		}
	case p.once:
		from = from[:n]
		for i, s := range to {
			v := from[i] + (float64(h*s) + float64(w*k[i]))
			to[i] = v
			bad += v - v
		}
	default:
		from = from[:n]
		for i, s := range to {
			v := (from[i] + float64(h*s)) + float64(w*k[i])
			to[i] = v
			bad += v - v
		}
	}
	return bad == 0
}

// gather stores Σ w_j k_j over the first stages of the row in dst, up to four in
// a sweep.
func (p *pass) gather(dst, w []float64) {
	n, at, k := len(dst), p.at, p.k
	clear(dst)
	for len(w) >= 4 {
		w0, w1, w2, w3 := w[0], w[1], w[2], w[3]
		a, b, c, d := k[at[0]][:n], k[at[1]][:n], k[at[2]][:n], k[at[3]][:n]
		for i, s := range dst {
			dst[i] = s + float64(w0*a[i]) + float64(w1*b[i]) + float64(w2*c[i]) + float64(w3*d[i])
		}
		w, at = w[4:], at[4:]
	}
	for j, w := range w {
		for i, x := range k[at[j]][:n] {
			dst[i] += float64(w * x)
		}
	}
}

// finishPortable and its twin run a pass with once and rest.
func (p *pass) finishPortable(h float64) bool {
	p.gather(p.rest, p.v)
	return p.sumPortable(h)
}

// A verdict makes the error estimate err = h (err + w f) and sums the squares of
// err_i/(atol + rtol·max(|y0_i|, |y1_i|)), with a sum for each i mod 8.
type verdict struct {
	err, f, y0, y1 []float64
	width          int
	w, rtol, atol  float64 // atol must be positive
}

func (v *verdict) judgePortable(h float64) float64 {
	n := len(v.err)
	f, y0, y1 := v.f[:n], v.y0[:n], v.y1[:n]
	var sums [lanes]float64
	for i, e := range v.err {
		e = h * (float64(v.w*f[i]) + e)
		v.err[i] = e
		sums[i%lanes] += scaledSquare(e, y0[i], y1[i], v.rtol, v.atol)
	}
	return total(&sums)
}

// total adds up the lanes as the assembly does.
func total(s *[lanes]float64) float64 {
	return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
}

// scaledSquare is (e/(atol + rtol·max(|a|, |b|)))².
func scaledSquare(e, a, b, rtol, atol float64) float64 {
	e *= 1 / (atol + float64(rtol*larger(math.Abs(a), math.Abs(b))))
	return float64(e * e)
}

// larger is max for numbers of which none is NaN.
func larger(a, b float64) float64 {
	if a > b {
		return a
	}
	return b
}

// finite reports whether all components are.
func finite(v []float64) bool {
	if vectorised && len(v) > 0 && len(v)%4 == 0 {
		return finiteAVX2(&v[0], len(v))
	}
	for _, x := range v {
		if x-x != 0 {
			return false
		}
	}
	return true
}
