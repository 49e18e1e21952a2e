package variational

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/mat"
)

// A Rule is a set of nodes ε and weights with E f(ε) ≈ Σ w_k f(ε_k) for
// ε ~ N(0, I). The same nodes serve every q on the way, as z = m + Aε, so that
// the objective is one smooth function and its gradient the exact gradient of
// the sum.
type Rule struct {
	Name    string
	Dim     int
	Nodes   []float64 // one after the other, Dim each
	Weights []float64
	// Degree is the total degree up to which polynomials are exact, 0 where
	// none is promised.
	Degree int
	finer  func() *Rule
}

// Len is the number of nodes.
func (r *Rule) Len() int { return len(r.Weights) }

// Node is node k. It must not be changed.
func (r *Rule) Node(k int) []float64 { return r.Nodes[k*r.Dim : (k+1)*r.Dim : (k+1)*r.Dim] }

// Finer is the next more accurate rule of the same kind, which tells the
// error of this one, or nil where it would have more than a million nodes.
func (r *Rule) Finer() *Rule {
	if r.finer == nil {
		return nil
	}
	return r.finer()
}

const mostNodes = 1_000_000

// hermite are the n nodes and weights of Gauss–Hermite quadrature for N(0, 1),
// exact up to degree 2n − 1.
func hermite(n int) (x, w []float64) {
	x, w = make([]float64, n), make([]float64, n)
	quad.Hermite{}.FixedLocations(x, w, math.Inf(-1), math.Inf(1))
	sum := 0.0
	for i := range x {
		x[i] *= math.Sqrt2
		sum += w[i]
	}
	for i := range w {
		w[i] /= sum
	}
	// The rule is symmetric to the bit.
	for i := range n / 2 {
		j := n - 1 - i
		a := (math.Abs(x[i]) + math.Abs(x[j])) / 2
		x[i], x[j] = math.Copysign(a, x[i]), math.Copysign(a, x[j])
		w[i] = (w[i] + w[j]) / 2
		w[j] = w[i]
	}
	if n%2 == 1 {
		x[n/2] = 0
	}
	return x, w
}

// Tensor is the product of Gauss–Hermite rules of n nodes in each of d
// coordinates: nᵈ nodes, positive weights, exact for degree 2n − 1 in every
// coordinate.
func Tensor(d, n int) (*Rule, error) {
	if d < 1 || n < 1 {
		return nil, fmt.Errorf("tensor rule of %d nodes in %d dimensions", n, d)
	}
	if float64(d)*math.Log(float64(n)) > math.Log(mostNodes) {
		return nil, fmt.Errorf("tensor rule: %d nodes in each of %d dimensions are more than %d: use a sparse one", n, d, mostNodes)
	}
	x, w := hermite(n)
	r := &Rule{Name: fmt.Sprintf("tensor Gauss–Hermite, %d nodes a coordinate", n), Dim: d, Degree: 2*n - 1}
	index := make([]int, d)
	for {
		weight := 1.0
		for _, i := range index {
			r.Nodes = append(r.Nodes, x[i])
			weight *= w[i]
		}
		r.Weights = append(r.Weights, weight)
		k := d - 1
		for ; k >= 0; k-- {
			if index[k]++; index[k] < n {
				break
			}
			index[k] = 0
		}
		if k < 0 {
			break
		}
	}
	r.finer = func() *Rule {
		next, err := Tensor(d, n+max(2, n/2))
		if err != nil {
			return nil
		}
		return next
	}
	return r, nil
}

// Sparse is Smolyak's combination of Gauss–Hermite rules with 1, 2, …, level
// + 1 nodes, exact for total degree 2·level + 1; the number of nodes grows as
// dˡᵉᵛᵉˡ. Some weights are negative (Novak & Ritter, Constr. Approx. 15 (1999)).
func Sparse(d, level int) (*Rule, error) {
	if d < 1 || level < 0 {
		return nil, fmt.Errorf("sparse rule of level %d in %d dimensions", level, d)
	}
	rules := make([][2][]float64, level+1)
	for i := range rules {
		rules[i][0], rules[i][1] = hermite(i + 1)
	}
	r := &Rule{Name: fmt.Sprintf("sparse Gauss–Hermite of level %d", level), Dim: d, Degree: 2*level + 1}
	// Σ over multi-indices k ≥ 0 with level − d + 1 ≤ |k| ≤ level of
	// (−1)^(level−|k|) C(d−1, level−|k|) ⊗ U_{k_i}; nodes that coincide are
	// merged by their bits.
	at := map[string]int{}
	key := make([]byte, 8*d)
	over := false
	var active []int // coordinates with k > 0
	var kinds []int
	emit := func(coefficient float64) {
		index := make([]int, len(active))
		eps := make([]float64, d)
		for {
			weight := coefficient
			clear(eps)
			for a, c := range active {
				rule := rules[kinds[a]]
				eps[c] = rule[0][index[a]]
				weight *= rule[1][index[a]]
			}
			for c, v := range eps {
				if v == 0 {
					v = 0 // one sign of zero
				}
				binary.LittleEndian.PutUint64(key[8*c:], math.Float64bits(v))
			}
			if k, ok := at[string(key)]; ok {
				r.Weights[k] += weight
			} else {
				at[string(key)] = len(r.Weights)
				r.Weights = append(r.Weights, weight)
				r.Nodes = append(r.Nodes, eps...)
				over = over || len(r.Weights) > mostNodes
			}
			k := len(index) - 1
			for ; k >= 0; k-- {
				if index[k]++; index[k] <= kinds[k] {
					break
				}
				index[k] = 0
			}
			if k < 0 {
				return
			}
		}
	}
	var walk func(from, total int)
	walk = func(from, total int) {
		if over {
			return
		}
		if gap := level - total; gap <= d-1 {
			emit(math.Pow(-1, float64(gap)) * binomial(d-1, gap))
		}
		for c := from; c < d; c++ {
			for k := 1; total+k <= level; k++ {
				active, kinds = append(active, c), append(kinds, k)
				walk(c+1, total+k)
				active, kinds = active[:len(active)-1], kinds[:len(kinds)-1]
			}
		}
	}
	walk(0, 0)
	if over {
		return nil, fmt.Errorf("sparse rule: level %d in %d dimensions has more than %d nodes", level, d, mostNodes)
	}
	r.drop()
	r.finer = func() *Rule {
		next, err := Sparse(d, level+1)
		if err != nil {
			return nil
		}
		return next
	}
	return r, nil
}

func binomial(n, k int) float64 {
	b := 1.0
	for i := range k {
		b = b * float64(n-i) / float64(i+1)
	}
	return math.Round(b)
}

// drop removes nodes whose weights have cancelled.
func (r *Rule) drop() {
	kept := 0
	for k, w := range r.Weights {
		if math.Abs(w) < 1e-300 {
			continue
		}
		copy(r.Nodes[kept*r.Dim:(kept+1)*r.Dim], r.Node(k))
		r.Weights[kept] = w
		kept++
	}
	r.Weights, r.Nodes = r.Weights[:kept], r.Nodes[:kept*r.Dim]
}

// Unscented has the 2d nodes ±√d e_i of equal weights: exact for degree 3.
func Unscented(d int) (*Rule, error) {
	if d < 1 {
		return nil, fmt.Errorf("unscented rule in %d dimensions", d)
	}
	r := &Rule{Name: "unscented, 2d nodes", Dim: d, Degree: 3, Nodes: make([]float64, 2*d*d), Weights: make([]float64, 2*d)}
	for k := range 2 * d {
		r.Weights[k] = 1 / float64(2*d)
		r.Nodes[k*d+k/2] = math.Sqrt(float64(d))
		if k%2 == 1 {
			r.Nodes[k*d+k/2] *= -1
		}
	}
	r.finer = func() *Rule {
		next, err := Sparse(d, 2)
		if err != nil {
			return nil
		}
		return next
	}
	return r, nil
}

// QuasiRandom has n points of equal weight, a Kronecker sequence through the
// inverse normal distribution in antithetic pairs, standardised so that mean
// and covariance are exactly 0 and I: degree 3 is exact, and with it every
// Gaussian target. n is raised to the next even number above 2d.
func QuasiRandom(d, n int) (*Rule, error) {
	r, err := points(d, n, "quasi-random", func(k int, u []float64, alpha []float64) {
		for i := range u {
			_, u[i] = math.Modf(0.5 + float64(k+1)*alpha[i])
		}
	})
	if err != nil {
		return nil, err
	}
	r.finer = func() *Rule {
		if 4*r.Len() > mostNodes {
			return nil
		}
		next, err := QuasiRandom(d, 4*r.Len())
		if err != nil {
			return nil
		}
		return next
	}
	return r, nil
}

// Random is as [QuasiRandom] with points drawn by a seeded generator.
func Random(d, n int, seed uint64) (*Rule, error) {
	rng := rand.New(rand.NewPCG(seed, 1))
	r, err := points(d, n, fmt.Sprintf("random of seed %d", seed), func(_ int, u, _ []float64) {
		for i := range u {
			u[i] = rng.Float64()
		}
	})
	if err != nil {
		return nil, err
	}
	r.finer = func() *Rule {
		if 4*r.Len() > mostNodes {
			return nil
		}
		next, err := Random(d, 4*r.Len(), seed)
		if err != nil {
			return nil
		}
		return next
	}
	return r, nil
}

func points(d, n int, kind string, fill func(k int, u, alpha []float64)) (*Rule, error) {
	if d < 1 || n < 1 {
		return nil, fmt.Errorf("%s rule of %d nodes in %d dimensions", kind, n, d)
	}
	half := max((n+1)/2, d+1)
	if float64(half)*2*float64(d) > 5e8 {
		return nil, fmt.Errorf("%s rule: %d nodes in %d dimensions need more than 4 GB", kind, 2*half, d)
	}
	r := &Rule{
		Name: fmt.Sprintf("%s, %d nodes", kind, 2*half), Dim: d, Degree: 3,
		Nodes: make([]float64, 2*half*d), Weights: make([]float64, 2*half),
	}
	// The positive root of x^(d+1) = x + 1 (Roberts 2018), whose powers are
	// badly approximable together.
	phi := 2.0
	for range 60 {
		phi = math.Pow(1+phi, 1/float64(d+1))
	}
	alpha, u := make([]float64, d), make([]float64, d)
	for i := range alpha {
		_, alpha[i] = math.Modf(math.Pow(1/phi, float64(i+1)))
	}
	cover := mat.NewSymDense(d, nil)
	for k := range half {
		fill(k, u, alpha)
		row := r.Nodes[2*k*d : (2*k+1)*d]
		for i, v := range u {
			row[i] = math.Sqrt2 * math.Erfinv(2*min(max(v, 0x1p-53), 1-0x1p-53)-1)
		}
		cover.SymRankOne(cover, 1/float64(half), mat.NewVecDense(d, row))
	}
	var factor mat.Cholesky
	if !factor.Factorize(cover) {
		return nil, fmt.Errorf("%s rule: %d nodes do not span %d dimensions", kind, 2*half, d)
	}
	var lower mat.TriDense
	factor.LTo(&lower)
	for k := range half {
		row := r.Nodes[2*k*d : (2*k+1)*d]
		for i := range d {
			for j := range i {
				row[i] -= lower.At(i, j) * row[j]
			}
			row[i] /= lower.At(i, i)
		}
		mirrored := r.Nodes[(2*k+1)*d : (2*k+2)*d]
		for i, v := range row {
			mirrored[i] = -v
		}
		r.Weights[2*k], r.Weights[2*k+1] = 1/float64(2*half), 1/float64(2*half)
	}
	return r, nil
}
