package ode

import "math"

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

// The assembly wins from this length on, or with this many terms: measured, see
// BenchmarkCombine.
const (
	vectorLength = 8
	vectorTerms  = 6
)

// combine stores y + h Σ w_j k_j in dst, and reports whether all of it is
// finite. The products are added in the order of the row, without fused
// multiply–add, whatever the length and the processor.
func combine(dst, y []float64, h float64, r *row, k [][]float64) bool {
	if vectorised && (len(dst) >= vectorLength || len(r.w) >= vectorTerms) {
		return combineVector(dst, y, h, r, k)
	}
	return combinePlain(dst, y, h, r, k)
}

// scale stores h Σ w_j k_j in dst.
func scale(dst []float64, h float64, r *row, k [][]float64) {
	if vectorised && (len(dst) >= vectorLength || len(r.w) >= vectorTerms) {
		combineVector(dst, nil, h, r, k)
		return
	}
	for i := range dst {
		s := 0.0
		for j, w := range r.w {
			s += float64(w * k[r.at[j]][i])
		}
		dst[i] = float64(h * s)
	}
}

// combinePlain is the portable kernel.
func combinePlain(dst, y []float64, h float64, r *row, k [][]float64) bool {
	w, at := r.w, r.at[:len(r.w)]
	n := len(dst)
	y = y[:n]
	bad := 0.0 // gathers v − v, NaN for a v that is not finite
	switch len(w) {
	case 1:
		a := k[at[0]][:n]
		u := w[0]
		for i := range dst {
			v := y[i] + float64(h*float64(u*a[i]))
			dst[i] = v
			bad += v - v
		}
	case 2:
		a, b := k[at[0]][:n], k[at[1]][:n]
		u, v := w[0], w[1]
		for i := range dst {
			s := float64(u*a[i]) + float64(v*b[i])
			x := y[i] + float64(h*s)
			dst[i] = x
			bad += x - x
		}
	case 3:
		a, b, c := k[at[0]][:n], k[at[1]][:n], k[at[2]][:n]
		u, v, z := w[0], w[1], w[2]
		for i := range dst {
			s := float64(u*a[i]) + float64(v*b[i]) + float64(z*c[i])
			x := y[i] + float64(h*s)
			dst[i] = x
			bad += x - x
		}
	case 4:
		a, b, c, d := k[at[0]][:n], k[at[1]][:n], k[at[2]][:n], k[at[3]][:n]
		w := (*[4]float64)(w)
		for i := range dst {
			s := float64(w[0]*a[i]) + float64(w[1]*b[i]) + float64(w[2]*c[i]) + float64(w[3]*d[i])
			x := y[i] + float64(h*s)
			dst[i] = x
			bad += x - x
		}
	case 5:
		a, b, c, d, e := k[at[0]][:n], k[at[1]][:n], k[at[2]][:n], k[at[3]][:n], k[at[4]][:n]
		w := (*[5]float64)(w)
		for i := range dst {
			s := float64(w[0]*a[i]) + float64(w[1]*b[i]) + float64(w[2]*c[i]) + float64(w[3]*d[i]) + float64(w[4]*e[i])
			x := y[i] + float64(h*s)
			dst[i] = x
			bad += x - x
		}
	default:
		// dst gathers the sum, four more terms at a time.
		a, b, c, d := k[at[0]][:n], k[at[1]][:n], k[at[2]][:n], k[at[3]][:n]
		v := (*[4]float64)(w)
		for i := range dst {
			dst[i] = float64(v[0]*a[i]) + float64(v[1]*b[i]) + float64(v[2]*c[i]) + float64(v[3]*d[i])
		}
		j := 4
		for ; j+4 <= len(w); j += 4 {
			a, b, c, d := k[at[j]][:n], k[at[j+1]][:n], k[at[j+2]][:n], k[at[j+3]][:n]
			v := (*[4]float64)(w[j:])
			for i := range dst {
				dst[i] = dst[i] + float64(v[0]*a[i]) + float64(v[1]*b[i]) + float64(v[2]*c[i]) + float64(v[3]*d[i])
			}
		}
		for ; j < len(w); j++ {
			a, v := k[at[j]][:n], w[j]
			for i := range dst {
				dst[i] += float64(v * a[i])
			}
		}
		for i, s := range dst {
			x := y[i] + float64(h*s)
			dst[i] = x
			bad += x - x
		}
	}
	return bad == 0
}

// rms is the root mean square of err_i/(atol + rtol·max(|y0_i|, |y1_i|)). Four
// sums run side by side, of the components i mod 4.
func rms(err, y0, y1 []float64, rtol, atol float64) float64 {
	n := len(err)
	var lanes [4]float64
	from := 0
	if n >= vectorLength && vectorised {
		from = squareBlocks(err, y0, y1, rtol, atol, &lanes)
	}
	y0, y1 = y0[:n], y1[:n]
	for i := from; i < n; i++ {
		q := err[i] / (atol + float64(rtol*larger(math.Abs(y0[i]), math.Abs(y1[i]))))
		lanes[i&3] += float64(q * q)
	}
	return math.Sqrt((lanes[0] + lanes[1] + (lanes[2] + lanes[3])) / float64(n))
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
	if vectorised && len(v) >= vectorLength {
		return finiteAVX2(&v[0], len(v)) == 0
	}
	for _, x := range v {
		if x-x != 0 {
			return false
		}
	}
	return true
}
