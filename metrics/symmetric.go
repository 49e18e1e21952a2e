package metrics

import (
	"fmt"
	"math"

	"fisherflow/internal/cholesky"
	"fisherflow/internal/flops"
	"fisherflow/ode"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
)

// symmetric is a positive semidefinite matrix
//
//	M = matrix∘(1 + inflate) + diag(extra) + shift·I,
//
// where inflate concerns the entries of a row from the column first on. It is
// factored by Cholesky where it can be, and else decomposed into eigenvectors,
// to apply a pseudo-inverse.
type symmetric struct {
	n       int
	matrix  []float64 // row-major, lower triangle
	inflate float64
	first   []int     // nil: 0 for every row
	extra   []float64 // nil: zeros
	shift   float64
	// kernel says that eigenvectors whose eigenvalues are rounding contribute
	// nothing, whatever the shift: those of a Gram matrix, which Uᵀ maps to zero.
	kernel bool
	// root, if not nil, makes a square root of M, where it can be had, for a
	// matrix that is undamped and too ill conditioned to be factored itself.
	root func() (*squareRoot, error)

	factored, decomposed, rooted bool
	factor                       []float64
	values, vectors              []float64 // of M without the shift
	coefficients, work           []float64
	power                        []float64
	swap                         blas64.General
}

func newSymmetric(n int) *symmetric {
	return &symmetric{n: n, matrix: make([]float64, n*n)}
}

// changed forgets the factors.
func (s *symmetric) changed() { s.factored, s.decomposed, s.rooted = false, false, false }

// from is the column of row i from which on entries are inflated.
func (s *symmetric) from(i int) int {
	if s.first == nil {
		return 0
	}
	return s.first[i]
}

// assemble stores the lower triangle of M without the shift.
func (s *symmetric) assemble(dst []float64) {
	n := s.n
	for i := range n {
		row, to := s.matrix[i*n:i*n+i+1], dst[i*n:i*n+i+1]
		copy(to, row)
		if s.inflate != 0 {
			for j := s.from(i); j <= i; j++ {
				to[j] *= 1 + s.inflate
			}
		}
		if s.extra != nil {
			to[i] += s.extra[i]
		}
	}
}

// prepare factors M, or decomposes it where it is singular to working
// precision.
func (s *symmetric) prepare(ops *flops.Counter) error {
	if s.factored || s.decomposed {
		return nil
	}
	n := s.n
	if s.factor == nil {
		s.factor = make([]float64, n*n)
	}
	s.assemble(s.factor)
	least := 8 * float64(n) * 0x1p-52
	undamped := s.root != nil && s.shift == 0 && s.extra == nil
	if n > 0 {
		for i := range n {
			s.factor[i*n+i] += s.shift
		}
	}
	if ops.Cholesky(s.factor, n) {
		s.factored = true
		for i := range n {
			d := s.matrix[i*n+i]
			if s.inflate != 0 {
				d *= 1 + s.inflate
			}
			if s.extra != nil {
				d += s.extra[i]
			}
			l := s.factor[i*n+i]
			if !(l*l > least*(d+s.shift)) {
				s.factored = false
				break
			}
		}
	}
	if s.factored && undamped && s.inverseNorm() > wellConditioned {
		s.factored = false
	}
	if s.factored {
		return nil
	}
	if undamped {
		r, err := s.root()
		if err != nil {
			return err
		}
		if r != nil {
			s.makeVectors()
			if r.decompose(s.values, s.vectors) {
				s.decomposed, s.rooted = true, true
				return nil
			}
		}
	}
	return s.decompose(ops)
}

// inverseNorm estimates the largest eigenvalue of the inverse of the
// correlation form of M, whose diagonal is 1 and whose condition number is that
// which a Cholesky factor feels: four steps of the power method.
func (s *symmetric) inverseNorm() float64 {
	n := s.n
	if s.power == nil {
		s.power = make([]float64, n)
	}
	x := s.power
	for i := range x {
		x[i] = 1 + float64(i%7)/7
		if i%2 == 1 {
			x[i] = -x[i]
		}
	}
	norm := 0.0
	for range 4 {
		size := math.Sqrt(dot(x, x))
		for i := range x {
			x[i] *= s.rootDiagonal(i) / size
		}
		cholesky.Solve(s.factor, n, x)
		for i := range x {
			x[i] *= s.rootDiagonal(i)
		}
		norm = math.Sqrt(dot(x, x))
	}
	return norm
}

// rootDiagonal is √M_ii of an undamped matrix.
func (s *symmetric) rootDiagonal(i int) float64 {
	d := s.matrix[i*s.n+i]
	if s.inflate != 0 {
		d *= 1 + s.inflate
	}
	return math.Sqrt(d)
}

// decompose computes the eigenvectors of M without the shift.
func (s *symmetric) decompose(ops *flops.Counter) error {
	n := s.n
	s.makeVectors()
	s.assemble(s.vectors)
	for i := range n {
		if d := s.vectors[i*n+i]; math.IsNaN(d) || math.IsInf(d, 0) {
			return fmt.Errorf("metric: its matrix has %v on the diagonal: examples or parameters are too large: %w", d, ode.ErrDomain)
		}
	}
	if err := ops.Eigen(s.vectors, s.values, s.work, n); err != nil {
		return fmt.Errorf("metric: %w", err)
	}
	s.decomposed = true
	return nil
}

// makeVectors makes room for eigenvectors.
func (s *symmetric) makeVectors() {
	if n := s.n; s.vectors == nil {
		s.vectors, s.values = make([]float64, n*n), make([]float64, n)
		s.coefficients, s.work = make([]float64, n), make([]float64, flops.EigenWork(n))
	}
}

// floor is the eigenvalue below which an undamped one is rounding.
func (s *symmetric) floor() float64 {
	if s.n == 0 {
		return 0
	}
	rounding := 4 * float64(s.n) * 0x1p-52
	if s.rooted {
		rounding *= rounding
	}
	return rounding * s.values[s.n-1]
}

// inverse is that of the eigenvalue w, or zero where the pseudo-inverse has it.
func (s *symmetric) inverse(w float64) float64 {
	if (s.shift == 0 || s.kernel) && !(w > s.floor()) {
		return 0
	}
	return 1 / (max(w, 0) + s.shift)
}

// solve replaces x by M⁻¹x or M⁺x. The rank of the pseudo-inverse is the least
// with which the rest of x is a share cutoff of it, in the norm √(x·M⁺x) if
// dual and else in the Euclidean one. What is found is added to d.
func (s *symmetric) solve(x []float64, cutoff float64, dual bool, d *Diagnosis, ops *flops.Counter) {
	n := s.n
	d.Dim += n
	ops.Add(2 * float64(n) * float64(n))
	if s.factored {
		cholesky.Solve(s.factor, n, x)
		d.Rank += n
		return
	}
	v := blas64.General{Rows: n, Cols: n, Stride: n, Data: s.vectors}
	c := blas64.Vector{N: n, Inc: 1, Data: s.coefficients}
	ops.Add(2 * float64(n) * float64(n))
	blas64.Gemv(blas.Trans, 1, v, blas64.Vector{N: n, Inc: 1, Data: x}, 0, c)
	weigh := func(i int) float64 {
		e := s.coefficients[i] * s.coefficients[i]
		if dual {
			e *= s.inverse(s.values[i])
		}
		return e
	}
	total, left := 0.0, 0.0
	for i := range n {
		if s.inverse(s.values[i]) > 0 {
			total += weigh(i)
		} else if !dual {
			total += weigh(i)
			left += weigh(i)
		}
	}
	lowest := 0 // the first eigenvalue that is kept
	for lowest < n && s.inverse(s.values[lowest]) == 0 {
		lowest++
	}
	if s.shift == 0 {
		for lowest < n-1 {
			if next := left + weigh(lowest); next <= cutoff*cutoff*total {
				left = next
				lowest++
				continue
			}
			break
		}
	}
	for i := range n {
		w := 0.0
		if i >= lowest {
			w = s.inverse(s.values[i])
		}
		s.coefficients[i] *= w
	}
	blas64.Gemv(blas.NoTrans, 1, v, c, 0, blas64.Vector{N: n, Inc: 1, Data: x})
	d.Rank += n - lowest
	d.note(s, lowest)
	if total > 0 {
		d.Residual = math.Hypot(d.Residual, math.Sqrt(left/total))
	}
}

// note enters the eigenvalues of a decomposed matrix, those from lowest on
// inverted.
func (d *Diagnosis) note(s *symmetric, lowest int) {
	if s.n == 0 {
		return
	}
	d.Largest = max(d.Largest, s.values[s.n-1]+s.shift)
	if lowest < s.n {
		if w := max(0, s.values[lowest]) + s.shift; d.Smallest == 0 || w < d.Smallest {
			d.Smallest = w
		}
	}
	if lowest > 0 {
		d.Dropped = max(d.Dropped, s.values[lowest-1])
	}
}

// solveRight replaces C by C M⁻¹, solveLeft by M⁻¹C; by the pseudo-inverse
// where M is singular.
func (s *symmetric) solveRight(c blas64.General, d *Diagnosis, ops *flops.Counter) {
	if s.factored {
		ops.Triangular(blas.Right, blas.Trans, s.factor, s.n, c)
		ops.Triangular(blas.Right, blas.NoTrans, s.factor, s.n, c)
		return
	}
	v := blas64.General{Rows: s.n, Cols: s.n, Stride: s.n, Data: s.vectors}
	grow(&s.swap, c.Rows, c.Cols)
	ops.Gemm(blas.NoTrans, blas.NoTrans, 1, c, v, 0, s.swap)
	for i := range c.Rows {
		row := s.swap.Data[i*s.swap.Stride : i*s.swap.Stride+c.Cols]
		for j := range row {
			row[j] *= s.inverse(s.values[j])
		}
	}
	ops.Gemm(blas.NoTrans, blas.Trans, 1, s.swap, v, 0, c)
	d.note(s, s.lowest())
}

func (s *symmetric) solveLeft(c blas64.General, d *Diagnosis, ops *flops.Counter) {
	if s.factored {
		ops.Triangular(blas.Left, blas.NoTrans, s.factor, s.n, c)
		ops.Triangular(blas.Left, blas.Trans, s.factor, s.n, c)
		return
	}
	v := blas64.General{Rows: s.n, Cols: s.n, Stride: s.n, Data: s.vectors}
	grow(&s.swap, c.Rows, c.Cols)
	ops.Gemm(blas.Trans, blas.NoTrans, 1, v, c, 0, s.swap)
	for i := range c.Rows {
		w := s.inverse(s.values[i])
		row := s.swap.Data[i*s.swap.Stride : i*s.swap.Stride+c.Cols]
		for j := range row {
			row[j] *= w
		}
	}
	ops.Gemm(blas.NoTrans, blas.NoTrans, 1, v, s.swap, 0, c)
	d.note(s, s.lowest())
}

// lowest is the first eigenvalue that is not rounding.
func (s *symmetric) lowest() int {
	i := 0
	for i < s.n && s.inverse(s.values[i]) == 0 {
		i++
	}
	return i
}

// rank is that of M.
func (s *symmetric) rank() int {
	if s.factored {
		return s.n
	}
	return s.n - s.lowest()
}

// mul stores M x; dst and x are different slices.
func (s *symmetric) mul(dst, x []float64, ops *flops.Counter) {
	n := s.n
	ops.Add(2 * float64(n) * float64(n))
	clear(dst[:n])
	for i := range n {
		row := s.matrix[i*n : i*n+i+1]
		sum, add := 0.0, 0.0
		first := i + 1
		if s.inflate != 0 {
			first = s.from(i)
		}
		xi := x[i]
		for j, v := range row[:min(first, i)] {
			sum += v * x[j]
			dst[j] += v * xi
		}
		for j := min(first, i); j < i; j++ {
			v := row[j] * (1 + s.inflate)
			sum += v * x[j]
			dst[j] += v * xi
		}
		add = row[i]
		if s.inflate != 0 {
			add *= 1 + s.inflate
		}
		add += s.shift
		if s.extra != nil {
			add += s.extra[i]
		}
		dst[i] += sum + add*xi
	}
}

// mulLeft stores M C in dst, mulRight C M.
func (s *symmetric) mulLeft(dst, c blas64.General) {
	blas64.Symm(blas.Left, 1, s.raw(), c, 0, dst)
	s.addShift(dst, c)
}

func (s *symmetric) mulRight(dst, c blas64.General) {
	blas64.Symm(blas.Right, 1, s.raw(), c, 0, dst)
	s.addShift(dst, c)
}

func (s *symmetric) raw() blas64.Symmetric {
	return blas64.Symmetric{N: s.n, Stride: s.n, Data: s.matrix, Uplo: blas.Lower}
}

func (s *symmetric) addShift(dst, c blas64.General) {
	if s.shift == 0 {
		return
	}
	for i := range c.Rows {
		to := dst.Data[i*dst.Stride : i*dst.Stride+c.Cols]
		for j, v := range c.Data[i*c.Stride : i*c.Stride+c.Cols] {
			to[j] += s.shift * v
		}
	}
}

// trace is that of the matrix without damping.
func (s *symmetric) trace() float64 {
	t := 0.0
	for i := range s.n {
		t += s.matrix[i*s.n+i]
	}
	return t
}

// logDet is log det M, −Inf where it is singular.
func (s *symmetric) logDet() float64 {
	if s.factored {
		return cholesky.LogDet(s.factor, s.n)
	}
	sum := 0.0
	for _, w := range s.values {
		inverse := s.inverse(w)
		if inverse == 0 {
			return math.Inf(-1)
		}
		sum -= math.Log(inverse)
	}
	return sum
}
