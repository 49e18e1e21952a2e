package ode

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// tree is a rooted tree; a method has order p when Σ b_i Φ_i(τ) = 1/γ(τ) for
// all trees with up to p vertices (Hairer, Nørsett & Wanner I, II.2).
type tree struct{ children []*tree }

func (t *tree) order() int {
	n := 1
	for _, c := range t.children {
		n += c.order()
	}
	return n
}

func (t *tree) density() float64 {
	g := float64(t.order())
	for _, c := range t.children {
		g *= c.density()
	}
	return g
}

// weight is Φ_i(τ), the product over the children of Σ_j a_ij Φ_j.
func (t *tree) weight(m *tableau, i int) float64 {
	w := 1.0
	for _, c := range t.children {
		sum := 0.0
		for j, a := range m.a[i] {
			sum += a * c.weight(m, j)
		}
		w *= sum
	}
	return w
}

// trees returns all rooted trees with n vertices.
func trees(n int) []*tree {
	var all []*tree
	for _, f := range forests(n-1, n-1) {
		all = append(all, &tree{f})
	}
	return all
}

// forests returns all multisets of trees with n vertices altogether, none
// larger than most.
func forests(n, most int) [][]*tree {
	if n == 0 {
		return [][]*tree{nil}
	}
	var all [][]*tree
	for size := min(n, most); size >= 1; size-- {
		ts := trees(size)
		// Multisets: choose how many trees of this size, then which.
		for k := 1; k*size <= n; k++ {
			for _, pick := range multisets(ts, k) {
				for _, rest := range forests(n-k*size, size-1) {
					all = append(all, append(append([]*tree(nil), pick...), rest...))
				}
			}
		}
	}
	return all
}

func multisets(ts []*tree, k int) [][]*tree {
	if k == 0 {
		return [][]*tree{nil}
	}
	var all [][]*tree
	for i, t := range ts {
		for _, rest := range multisets(ts[i:], k-1) {
			all = append(all, append([]*tree{t}, rest...))
		}
	}
	return all
}

// defect is the largest |Σ b_i Φ_i(τ) − 1/γ(τ)| over the trees of one order, in
// units of the rounding of the coefficients.
func defect(m *tableau, b []float64, order int) float64 {
	absolute := &tableau{a: make([][]float64, len(m.a))}
	for i, row := range m.a {
		for _, x := range row {
			absolute.a[i] = append(absolute.a[i], math.Abs(x))
		}
	}
	worst := 0.0
	for _, t := range trees(order) {
		sum, size := 0.0, 0.0
		for i, w := range b {
			sum += w * t.weight(m, i)
			size += math.Abs(w) * t.weight(absolute, i)
		}
		worst = math.Max(worst, math.Abs(sum-1/t.density())/(0x1p-53*size*float64(order)))
	}
	return worst
}

func TestNumberOfTrees(t *testing.T) {
	for n, want := range map[int]int{1: 1, 2: 1, 3: 2, 4: 4, 5: 9, 6: 20, 7: 48} {
		require.Len(t, trees(n), want, "order %d", n)
	}
}

func TestOrderConditions(t *testing.T) {
	for _, method := range Methods() {
		m, ok := method.(*tableau)
		if !ok {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			for i, row := range m.a {
				sum := 0.0
				for _, a := range row {
					sum += a
				}
				require.InDelta(t, m.c[i], sum, 1e-14, "row sum %d", i)
			}
			const tol, broken = 8, 1e6
			for p := 1; p <= m.order; p++ {
				require.Less(t, defect(m, m.b, p), float64(tol), "order %d", p)
			}
			require.Greater(t, defect(m, m.b, m.order+1), broken, "the order is not higher than claimed")
			if m.lower == 0 {
				return
			}
			hat := make([]float64, len(m.b))
			for i := range hat {
				hat[i] = m.b[i] - m.err[i]
			}
			for p := 1; p <= m.lower; p++ {
				require.Less(t, defect(m, hat, p), float64(tol), "embedded order %d", p)
			}
			if m.coarse != nil {
				coarse := make([]float64, len(m.b))
				for i := range coarse {
					coarse[i] = m.b[i] - m.coarse[i]
				}
				for p := 1; p <= 3; p++ {
					require.Less(t, defect(m, coarse, p), float64(tol), "coarse order %d", p)
				}
				require.Greater(t, defect(m, coarse, 4), broken)
			}
			for i, row := range m.denseA {
				sum := 0.0
				for _, a := range row {
					sum += a
				}
				require.InDelta(t, m.denseC[i], sum, 1e-14, "row sum of dense stage %d", i)
			}
			require.Greater(t, defect(m, hat, m.lower+1), broken, "embedded order is not higher than claimed")
			if m.fsal {
				last := m.a[len(m.a)-1]
				require.Equal(t, m.b[:len(last)], last)
			}
		})
	}
}
