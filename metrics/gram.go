package metrics

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
)

// root is the matrix U of R rows with F̂ = UᵀU, a row √w · gradient for each
// pass j and example n, at j·N + n. It is never formed: the rows' cotangents at
// the outputs stand for it.
type root struct {
	over       Layered
	weight     float64
	passes     int
	cotangents blas64.General // R×C
	z          blas64.General // N×C
}

// collect runs the passes and keeps the outputs' cotangents. Layers, if not
// nil, is called after the backward pass of each.
func (u *root) collect(m *moments, layers func(j int)) error {
	u.over, u.weight, u.passes = m.model, m.weight(), m.passes()
	n, c := m.model.Examples(), m.model.Outputs()
	grow(&u.cotangents, u.passes*n, c)
	grow(&u.z, n, c)
	for j := range u.passes {
		if err := m.cotangents(j); err != nil {
			return err
		}
		copy(u.cotangents.Data[j*n*c:(j+1)*n*c], m.outputs.Data)
		if layers != nil {
			m.model.Backward(m.outputs)
			layers(j)
		}
	}
	return nil
}

// rows is R.
func (u *root) rows() int { return u.cotangents.Rows }

// mul stores U v.
func (u *root) mul(dst, v []float64) {
	u.over.JVP(u.z, v)
	n, c := u.z.Rows, u.z.Cols
	s := math.Sqrt(u.weight)
	for r := range u.rows() {
		i := r % n
		dst[r] = s * dot(u.cotangents.Data[r*c:(r+1)*c], u.z.Data[i*c:(i+1)*c])
	}
}

// mulTrans stores Uᵀx: one backward pass.
func (u *root) mulTrans(dst, x []float64) {
	n, c := u.z.Rows, u.z.Cols
	clear(u.z.Data)
	s := math.Sqrt(u.weight)
	for r := range u.rows() {
		i := r % n
		to := u.z.Data[i*c : (i+1)*c]
		for j, v := range u.cotangents.Data[r*c : (r+1)*c] {
			to[j] += s * x[r] * v
		}
	}
	u.over.VJP(dst, u.z)
}

// gram is the Gram matrix K = UUᵀ, R×R, made layer by layer,
//
//	K = w Σ_l (A_lA_lᵀ) ∘ (G_lG_lᵀ),
//
// with A_lA_lᵀ of the N examples once for all passes: N²Σp + R²Σq operations.
// Its spectrum is the non-zero spectrum of F̂, and it is the tangent kernel of
// the network in the metric of the outputs.
type gram struct {
	root
	*symmetric
	g      []blas64.General // cotangents of all passes, layer by layer
	inputs blas64.General   // AAᵀ of a layer
	layer  blas64.General   // GGᵀ of a layer, or its gradients over positions
}

// gramSize is how many numbers the Gram matrix needs.
func (b *base) gramSize() float64 {
	r := float64(b.moments.passes()) * float64(b.model.Examples())
	size := 3*r*r + r*float64(b.model.Outputs())
	for l := range b.model.Layers() {
		_, q, p, t, _ := b.model.Layer(l)
		size += r * float64(t*q)
		if t > 1 {
			size += r * float64(p*q)
		}
	}
	return size
}

// build computes K.
func (k *gram) build(b *base) error {
	m := &b.moments
	n, r := m.model.Examples(), m.model.Examples()*m.passes()
	if k.symmetric == nil || k.n != r {
		k.symmetric = newSymmetric(r)
		k.g = make([]blas64.General, m.model.Layers())
	}
	err := k.collect(m, func(j int) {
		for l := range k.g {
			_, q, _, t, _ := m.model.Layer(l)
			grow(&k.g[l], r*t, q)
			from := m.model.Cotangents(l)
			copy(k.g[l].Data[j*n*t*q:(j+1)*n*t*q], from.Data[:n*t*q])
		}
	})
	if err != nil {
		return err
	}
	clear(k.matrix)
	for l := range k.g {
		_, q, p, t, _ := m.model.Layer(l)
		a := m.model.Inputs(l)
		if t > 1 {
			// Over positions the products do not separate: form the layer's
			// gradients, few since its weights are shared.
			grow(&k.layer, r, q*p)
			for i := range r {
				row := k.layer.Data[i*q*p : (i+1)*q*p]
				shifted := a
				shifted.Data = a.Data[(i%n)*t*a.Stride:]
				mine := k.g[l]
				mine.Data = mine.Data[i*t*q:]
				for u := range q {
					unitRow(row[u*p:(u+1)*p], shifted, mine, 0, t, u)
				}
			}
			b.ops.Add(2 * float64(r*t) * float64(p*q))
			b.ops.Gram(blas.NoTrans, k.weight, k.layer, 1, k.matrix, r)
			continue
		}
		grow(&k.inputs, n, n)
		b.ops.Gram(blas.NoTrans, k.weight, a, 0, k.inputs.Data, n)
		grow(&k.layer, r, r)
		b.ops.Gram(blas.NoTrans, 1, k.g[l], 0, k.layer.Data, r)
		for i := range r {
			in := i % n
			for j := 0; j <= i; j++ {
				x, y := in, j%n
				if x < y {
					x, y = y, x
				}
				k.matrix[i*r+j] += k.layer.Data[i*r+j] * k.inputs.Data[x*n+y]
			}
		}
	}
	k.changed()
	return nil
}
