package manifold

// choleskyFrame has the tensors of N(μ, LLᵀ) in the coordinates (μ, vech L), or
// those without μ. Where z = L⁻¹(x−μ), a change (u, dL) has the score
// aᵀz + zᵀMz − tr M with a = L⁻¹u and M = L⁻¹dL: of an entry of L that is
// l e_jᵀ, l a column of L⁻¹, so that all products are entries of L⁻¹ and of Σ⁻¹.
type choleskyFrame struct {
	means      int
	row        []int       // of the entry of L
	column     []int       // of the entry of L
	l          [][]float64 // a, or l
	inner      [][]float64 // products of a and l
	stationary []bool      // the entry is of a logarithmic diagonal
}

// frame is that of the Cholesky factor in m[0], the first coordinates being those
// of as many means.
func (g *gaussian) frame(means int, log bool) *choleskyFrame {
	d := g.d
	g.invertFactored(g.m[1], g.m[0], g.m[2])
	n := means + triangle(d)
	c := &choleskyFrame{means: means, row: make([]int, n), column: make([]int, n), l: make([][]float64, n), inner: make([][]float64, n), stationary: make([]bool, n)}
	scale := make([]float64, n)
	for a := range n {
		scale[a] = 1
		if a < means {
			c.row[a] = a
		} else {
			c.row[a], c.column[a] = packedEntry(a - means)
			if c.stationary[a] = log && c.row[a] == c.column[a]; c.stationary[a] {
				scale[a] = g.m[0][c.row[a]*d+c.row[a]]
			}
		}
		c.l[a] = make([]float64, d)
		for k := range d {
			c.l[a][k] = scale[a] * g.m[2][k*d+c.row[a]]
		}
	}
	for a := range n {
		c.inner[a] = make([]float64, n)
		for b := range n {
			c.inner[a][b] = scale[a] * scale[b] * g.m[1][c.row[a]*d+c.row[b]]
		}
	}
	return c
}

// along is l_a at the column of b.
func (c *choleskyFrame) along(a, b int) float64 { return c.l[a][c.column[b]] }

// same is the product of l_a and l_b if the columns of their entries are the same.
func (c *choleskyFrame) same(of, and, a, b int) float64 {
	if c.column[of] != c.column[and] {
		return 0
	}
	return c.inner[a][b]
}

// cubic is tr(S_aS_bS_c), S = M + Mᵀ, and a_aᵀS_ca_b, for indices in ascending order.
func (c *choleskyFrame) cubic(i, j, k int) float64 {
	switch {
	case i >= c.means:
		return c.half(i, j, k) + c.half(k, j, i)
	case j < c.means && k >= c.means:
		return c.inner[i][k]*c.along(j, k) + c.along(i, k)*c.inner[j][k]
	}
	return 0
}

// half is tr(M_aM_bM_c) + tr(M_aM_bM_cᵀ) + tr(M_aM_bᵀM_c) + tr(M_aᵀM_bM_c).
func (c *choleskyFrame) half(i, j, k int) float64 {
	return c.product(i, j, k) +
		c.same(i, j, j, k)*c.along(i, k) + c.same(i, k, i, j)*c.along(k, j)
}

// product is ⟨M_aM_b, M_c⟩ = tr(M_aM_bM_c) + tr(M_aM_bM_cᵀ).
func (c *choleskyFrame) product(i, j, k int) float64 {
	return c.along(j, i) * (c.along(k, j)*c.along(i, k) + c.same(j, k, i, k))
}

// symbol is Γ_{ij,k}, by ∂_a⟨M_b, M_c⟩ = −⟨M_aM_b, M_c⟩ − ⟨M_b, M_aM_c⟩: half of the
// cubic tensor, with its sign, where there is a mean among the indices.
func (c *choleskyFrame) symbol(i, j, k int) float64 {
	i, j = min(i, j), max(i, j)
	switch {
	case k < c.means:
		return -c.cubic(min(i, k), max(i, k), j) / 2
	case j < c.means:
		return c.cubic(i, j, k) / 2
	case i < c.means:
		return 0
	}
	sum := c.product(k, i, j) + c.product(k, j, i) - c.product(i, j, k) - c.product(i, k, j) - c.product(j, i, k) - c.product(j, k, i)
	sum /= 2
	if i == j && c.stationary[i] {
		// The second derivative of L_ii by its logarithm is L_ii.
		sum += c.along(k, i)*c.along(i, k) + c.same(i, k, i, k)
	}
	return sum
}
