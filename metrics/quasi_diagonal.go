package metrics

import (
	"math"

	"gonum.org/v1/gonum/blas"
)

// quasiDiagonal is Ollivier's quasi-diagonal metric (arXiv 1303.0818, §2.3).
// Of the Fisher matrix of each unit it keeps the diagonal F_jj and the row
// f_j = F_0j of the bias: the matrix is
//
//	M_00 = F_00,  M_0j = f_j,  M_jk = f_j f_k/F_00 + δ_jk (F_jj − f_j²/F_00),
//
// whose solution is v_j = (c_j − f_j c_0/F_00)/(F_jj − f_j²/F_00),
// v_0 = c_0/F_00 − Σ_j f_j v_j/F_00. A layer without biases has its diagonal.
type quasiDiagonal struct {
	*layeredDiagonal
	biases []float64 // f, at the place of the weight; 0 for the bias itself
	work   []float64
}

func newQuasiDiagonal(b *base) *quasiDiagonal {
	return &quasiDiagonal{layeredDiagonal: newLayeredDiagonal(b), biases: make([]float64, b.n), work: make([]float64, b.n)}
}

// At computes the diagonal and the biases' rows.
func (d *quasiDiagonal) At(theta []float64) error {
	if err := d.layeredDiagonal.At(theta); err != nil {
		return err
	}
	clear(d.biases)
	for j := range d.moments.passes() {
		if err := d.moments.pass(j); err != nil {
			return err
		}
		for l := range d.model.Layers() {
			offset, q, p, t, bias := d.model.Layer(l)
			if !bias {
				continue
			}
			a, g := d.model.Inputs(l), d.model.Cotangents(l)
			to := part(d.biases, offset, q, p)
			if t == 1 {
				square(&d.g, g)
				a.Cols--
				to.Cols--
				d.ops.Gemm(blas.Trans, blas.NoTrans, d.moments.weight(), d.g, a, 1, to)
				continue
			}
			d.ops.Add(2 * float64(g.Rows) * float64(q) * float64(p))
			for u := range q {
				for i := range d.model.Examples() {
					unitRow(d.row[:p], a, g, i, t, u)
					w := d.moments.weight() * d.row[p-1]
					for k, v := range d.row[:p-1] {
						to.Data[u*p+k] += w * v
					}
				}
			}
		}
	}
	return nil
}

// visit hands over each unit: its parameters, the bias last if there is one.
func (d *quasiDiagonal) visit(f func(from, to int, bias bool)) {
	for l := range d.model.Layers() {
		offset, q, p, _, bias := d.model.Layer(l)
		for u := range q {
			f(offset+u*p, offset+(u+1)*p, bias)
		}
	}
}

// slope is the Schur complement F_jj − f_j²/F_00 of weight j, or 0 where it is
// rounding.
func (d *quasiDiagonal) slope(j int, f00 float64) float64 {
	w := d.damped[j]
	if f00 == 0 {
		return w
	}
	s := w - d.biases[j]*d.biases[j]/f00
	if !(s > 8*0x1p-52*w) {
		return 0
	}
	return s
}

// Raise solves unit by unit, in O(n).
func (d *quasiDiagonal) Raise(dst, covector []float64) error {
	d.damp()
	d.diagnosis = Diagnosis{Dim: d.n}
	d.ops.Add(6 * float64(d.n))
	copy(d.work, covector)
	d.visit(func(from, to int, bias bool) {
		f00, c0, last := 0.0, 0.0, to
		if bias {
			last = to - 1
			f00, c0 = d.damped[last], d.work[last]
		}
		sum := 0.0
		for j := from; j < last; j++ {
			s := d.slope(j, f00)
			dst[j] = 0
			if s == 0 {
				continue
			}
			d.diagnosis.Rank++
			c := d.work[j]
			if f00 > 0 {
				c -= d.biases[j] * c0 / f00
			}
			dst[j] = c / s
			sum += d.biases[j] * dst[j]
		}
		if bias {
			dst[last] = 0
			if f00 > 0 {
				d.diagnosis.Rank++
				dst[last] = (c0 - sum) / f00
			}
		}
	})
	return nil
}

// Lower multiplies unit by unit, in O(n).
func (d *quasiDiagonal) Lower(dst, vector []float64) error {
	d.damp()
	d.ops.Add(6 * float64(d.n))
	copy(d.work, vector)
	d.visit(func(from, to int, bias bool) {
		f00, last := 0.0, to
		if bias {
			last = to - 1
			f00 = d.damped[last]
		}
		sum := 0.0
		for j := from; j < last; j++ {
			sum += d.biases[j] * d.work[j]
		}
		for j := from; j < last; j++ {
			dst[j] = d.slope(j, f00) * d.work[j]
			if f00 > 0 {
				dst[j] += d.biases[j] * (sum/f00 + d.work[last])
			}
		}
		if bias {
			dst[last] = f00*d.work[last] + sum
		}
	})
	return nil
}

// LogDet is Σ log F_00 + Σ log(F_jj − f_j²/F_00).
func (d *quasiDiagonal) LogDet() (float64, error) {
	d.damp()
	total := 0.0
	d.visit(func(from, to int, bias bool) {
		f00, last := 0.0, to
		if bias {
			last = to - 1
			f00 = d.damped[last]
			total += math.Log(f00)
		}
		for j := from; j < last; j++ {
			total += math.Log(d.slope(j, f00))
		}
	})
	return total, nil
}

var _ Tensor = (*quasiDiagonal)(nil)
