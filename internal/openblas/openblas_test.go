package openblas_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	_ "fisherflow/internal/openblas"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack"
	"gonum.org/v1/gonum/lapack/lapack64"
)

// random is a matrix of rows with unused numbers between them, which stay.
func random(rng *rand.Rand, rows, columns int) blas64.General {
	m := blas64.General{Rows: rows, Cols: columns, Stride: columns + 2, Data: make([]float64, rows*(columns+2))}
	for i := range m.Data {
		m.Data[i] = rng.NormFloat64()
	}
	return m
}

func at(m blas64.General, t blas.Transpose, i, j int) float64 {
	if t != blas.NoTrans {
		i, j = j, i
	}
	return m.Data[i*m.Stride+j]
}

func oriented(rng *rand.Rand, t blas.Transpose, rows, columns int) blas64.General {
	if t != blas.NoTrans {
		rows, columns = columns, rows
	}
	return random(rng, rows, columns)
}

// triangle is the whole matrix of which one triangle is given.
func triangle(m blas64.General, u blas.Uplo, unit, symmetric bool) func(i, j int) float64 {
	return func(i, j int) float64 {
		inside := (u == blas.Lower) == (i > j)
		switch {
		case i == j && unit:
			return 1
		case i == j || inside:
			return m.Data[i*m.Stride+j]
		case symmetric:
			return m.Data[j*m.Stride+i]
		}
		return 0
	}
}

var (
	transposes = []blas.Transpose{blas.NoTrans, blas.Trans}
	triangles  = []blas.Uplo{blas.Lower, blas.Upper}
	sides      = []blas.Side{blas.Left, blas.Right}
)

// TestProducts against sums, in every orientation, for matrices small and large.
func TestProducts(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, size := range [][3]int{{2, 3, 4}, {13, 9, 17}} {
		m, n, k := size[0], size[1], size[2]
		for _, ta := range transposes {
			for _, tb := range transposes {
				a, b, c := oriented(rng, ta, m, k), oriented(rng, tb, k, n), random(rng, m, n)
				want := append([]float64(nil), c.Data...)
				for i := range m {
					for j := range n {
						s := 0.0
						for l := range k {
							s += at(a, ta, i, l) * at(b, tb, l, j)
						}
						want[i*c.Stride+j] = 0.5*s - 2*want[i*c.Stride+j]
					}
				}
				blas64.Gemm(ta, tb, 0.5, a, b, -2, c)
				require.InDeltaSlice(t, want, c.Data, 1e-13)
			}
			a := oriented(rng, ta, m*k, n*k)
			x, y := random(rng, n*k, 1), random(rng, m*k, 1)
			want := append([]float64(nil), y.Data...)
			for i := range m * k {
				s := 0.0
				for j := range n * k {
					s += at(a, ta, i, j) * x.Data[3*j]
				}
				want[3*i] = s + want[3*i]
			}
			blas64.Gemv(ta, 1, a, blas64.Vector{N: n * k, Inc: 3, Data: x.Data}, 1, blas64.Vector{N: m * k, Inc: 3, Data: y.Data})
			require.InDeltaSlice(t, want, y.Data, 1e-12)
		}
		for _, u := range triangles {
			for _, ta := range transposes {
				a, c := oriented(rng, ta, n, k), random(rng, n, n)
				want := append([]float64(nil), c.Data...)
				for i := range n {
					for j := range n {
						if i != j && (u == blas.Lower) != (i > j) {
							continue
						}
						s := 0.0
						for l := range k {
							s += at(a, ta, i, l) * at(a, ta, j, l)
						}
						want[i*c.Stride+j] = s + 3*want[i*c.Stride+j]
					}
				}
				blas64.Syrk(ta, 1, a, 3, blas64.Symmetric{N: n, Stride: c.Stride, Data: c.Data, Uplo: u})
				require.InDeltaSlice(t, want, c.Data, 1e-13)
			}
			for _, s := range sides {
				order := m
				if s == blas.Right {
					order = n
				}
				a, b, c := random(rng, order, order), random(rng, m, n), random(rng, m, n)
				whole := triangle(a, u, false, true)
				want := append([]float64(nil), c.Data...)
				for i := range m {
					for j := range n {
						sum := 0.0
						for l := range order {
							if s == blas.Left {
								sum += whole(i, l) * b.Data[l*b.Stride+j]
							} else {
								sum += b.Data[i*b.Stride+l] * whole(l, j)
							}
						}
						want[i*c.Stride+j] = 2*sum + want[i*c.Stride+j]
					}
				}
				blas64.Symm(s, 2, blas64.Symmetric{N: order, Stride: a.Stride, Data: a.Data, Uplo: u}, b, 1, c)
				require.InDeltaSlice(t, want, c.Data, 1e-13)
			}
		}
	}
}

// TestTriangularSolves give back what the triangle was multiplied with.
func TestTriangularSolves(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	for _, size := range [][2]int{{2, 3}, {19, 11}} {
		m, n := size[0], size[1]
		for _, s := range sides {
			for _, u := range triangles {
				for _, ta := range transposes {
					for _, d := range []blas.Diag{blas.NonUnit, blas.Unit} {
						order := m
						if s == blas.Right {
							order = n
						}
						a, x := random(rng, order, order), random(rng, m, n)
						for i := range order {
							for j := range order {
								a.Data[i*a.Stride+j] *= 0.2
							}
							a.Data[i*a.Stride+i] = 2
						}
						op := triangle(a, u, d == blas.Unit, false)
						b := blas64.General{Rows: m, Cols: n, Stride: x.Stride, Data: append([]float64(nil), x.Data...)}
						for i := range m {
							for j := range n {
								sum := 0.0
								for l := range order {
									switch {
									case s == blas.Left && ta == blas.NoTrans:
										sum += op(i, l) * x.Data[l*x.Stride+j]
									case s == blas.Left:
										sum += op(l, i) * x.Data[l*x.Stride+j]
									case ta == blas.NoTrans:
										sum += x.Data[i*x.Stride+l] * op(l, j)
									default:
										sum += x.Data[i*x.Stride+l] * op(j, l)
									}
								}
								b.Data[i*b.Stride+j] = sum
							}
						}
						blas64.Trsm(s, ta, 1, blas64.Triangular{N: order, Stride: a.Stride, Data: a.Data, Uplo: u, Diag: d}, b)
						require.InDeltaSlice(t, x.Data, b.Data, 1e-11, fmt.Sprint(size, s, u, ta, d))
					}
				}
			}
		}
	}
}

// TestFactors: A = LLᵀ, and AV = VΛ with orthogonal V, from either triangle; a
// matrix that is not positive definite, or not a number, has no factor.
func TestFactors(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	for _, n := range []int{3, 40} {
		for _, u := range triangles {
			g := random(rng, n, 2*n)
			a := make([]float64, n*n)
			blas64.Syrk(blas.NoTrans, 1, g, 0, blas64.Symmetric{N: n, Stride: n, Data: a, Uplo: u})
			whole := triangle(blas64.General{Rows: n, Cols: n, Stride: n, Data: append([]float64(nil), a...)}, u, false, true)

			f := append([]float64(nil), a...)
			_, ok := lapack64.Potrf(blas64.Symmetric{N: n, Stride: n, Data: f, Uplo: u})
			require.True(t, ok)
			l := triangle(blas64.General{Rows: n, Cols: n, Stride: n, Data: f}, u, false, false)
			v := append([]float64(nil), a...)
			w, work := make([]float64, n), make([]float64, 34*n+1)
			require.True(t, lapack64.Syev(lapack.EVCompute, blas64.Symmetric{N: n, Stride: n, Data: v, Uplo: u}, w, work, len(work)))
			for i := range n {
				for j := range n {
					product, image, inner := 0.0, 0.0, 0.0
					for k := range n {
						if u == blas.Lower {
							product += l(i, k) * l(j, k)
						} else {
							product += l(k, i) * l(k, j)
						}
						image += whole(i, k) * v[k*n+j]
						inner += v[k*n+i] * v[k*n+j]
					}
					require.InDelta(t, whole(i, j), product, 1e-11)
					require.InDelta(t, w[j]*v[i*n+j], image, 1e-11)
					unit := 0.0
					if i == j {
						unit = 1
					}
					require.InDelta(t, unit, inner, 1e-12)
				}
			}
			for _, bad := range []float64{-1, math.NaN()} {
				copy(f, a)
				f[(n-1)*n+n-1] = bad
				_, ok = lapack64.Potrf(blas64.Symmetric{N: n, Stride: n, Data: f, Uplo: u})
				require.False(t, ok)
			}
		}
	}
}
