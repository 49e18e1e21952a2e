//go:build openblas

package openblas

/*
#cgo LDFLAGS: -lopenblas
#include <stdlib.h>

// The interface of BLAS, of LAPACK (Fortran's) and of OpenBLAS itself.
void cblas_dgemm(int order, int ta, int tb, int m, int n, int k, double alpha, const double *a, int lda, const double *b, int ldb, double beta, double *c, int ldc);
void cblas_dgemv(int order, int t, int m, int n, double alpha, const double *a, int lda, const double *x, int incx, double beta, double *y, int incy);
void cblas_dsyrk(int order, int uplo, int t, int n, int k, double alpha, const double *a, int lda, double beta, double *c, int ldc);
void cblas_dsymm(int order, int side, int uplo, int m, int n, double alpha, const double *a, int lda, const double *b, int ldb, double beta, double *c, int ldc);
void cblas_dtrsm(int order, int side, int uplo, int t, int diag, int m, int n, double alpha, const double *a, int lda, double *b, int ldb);
void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info, size_t len);
void dsyev_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w, double *work, const int *lwork, int *info, size_t len1, size_t len2);
void openblas_set_num_threads(int n);
char *openblas_get_config(void);

static int ff_dpotrf(char uplo, int n, double *a, int lda) {
	int info;
	dpotrf_(&uplo, &n, a, &lda, &info, 1);
	return info;
}

static int ff_dsyev(char jobz, char uplo, int n, double *a, int lda, double *w, double *work, int lwork) {
	int info;
	dsyev_(&jobz, &uplo, &n, a, &lda, w, work, &lwork, &info, 1, 1);
	return info;
}

#cgo noescape cblas_dgemm
#cgo nocallback cblas_dgemm
#cgo noescape cblas_dgemv
#cgo nocallback cblas_dgemv
#cgo noescape cblas_dsyrk
#cgo nocallback cblas_dsyrk
#cgo noescape cblas_dsymm
#cgo nocallback cblas_dsymm
#cgo noescape cblas_dtrsm
#cgo nocallback cblas_dtrsm
#cgo noescape ff_dpotrf
#cgo nocallback ff_dpotrf
#cgo noescape ff_dsyev
#cgo nocallback ff_dsyev
*/
import "C"

import (
	"os"
	"unsafe"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	blasgonum "gonum.org/v1/gonum/blas/gonum"
	"gonum.org/v1/gonum/lapack"
	lapackgonum "gonum.org/v1/gonum/lapack/gonum"
	"gonum.org/v1/gonum/lapack/lapack64"
)

func init() {
	if os.Getenv("OPENBLAS_NUM_THREADS") == "" && os.Getenv("OMP_NUM_THREADS") == "" {
		C.openblas_set_num_threads(1)
	}
	blas64.Use(level3{})
	lapack64.Use(factors{})
}

// Name says which library does the products of matrices, and on which kernels.
func Name() string { return C.GoString(C.openblas_get_config()) }

// Numbers of the C interface: rows first, and gonum's own letters otherwise.
const rowMajor = 101

func trans(t blas.Transpose) C.int {
	if t == blas.NoTrans {
		return 111
	}
	return 112
}

func uplo(u blas.Uplo) C.int {
	if u == blas.Upper {
		return 121
	}
	return 122
}

func diag(d blas.Diag) C.int {
	if d == blas.NonUnit {
		return 131
	}
	return 132
}

func side(s blas.Side) C.int {
	if s == blas.Left {
		return 141
	}
	return 142
}

// at is the address of the numbers of a matrix, which may have none.
func at(x []float64) *C.double { return (*C.double)(unsafe.Pointer(unsafe.SliceData(x))) }

// small is the number of multiplications below which gonum's own routines are
// faster than a call by way of cgo.
const small = 512

// level3 is gonum's BLAS but for the routines below.
type level3 struct{ blasgonum.Implementation }

// room panics where a matrix of rows lines is shorter than it says, as gonum
// does; C would read on.
func room(x []float64, rows, columns, stride int) {
	if stride < max(1, columns) {
		panic("blas: bad leading dimension")
	}
	if rows > 0 && len(x) < (rows-1)*stride+columns {
		panic("blas: insufficient length of a matrix")
	}
}

// shape is that of op⁻¹ of a matrix.
func shape(t blas.Transpose, rows, columns int) (int, int) {
	if t == blas.NoTrans {
		return rows, columns
	}
	return columns, rows
}

func (l level3) Dgemm(ta, tb blas.Transpose, m, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	if m*n*k < small {
		l.Implementation.Dgemm(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
		return
	}
	r, s := shape(ta, m, k)
	room(a, r, s, lda)
	r, s = shape(tb, k, n)
	room(b, r, s, ldb)
	room(c, m, n, ldc)
	C.cblas_dgemm(rowMajor, trans(ta), trans(tb), C.int(m), C.int(n), C.int(k), C.double(alpha), at(a), C.int(lda), at(b), C.int(ldb), C.double(beta), at(c), C.int(ldc))
}

func (l level3) Dgemv(t blas.Transpose, m, n int, alpha float64, a []float64, lda int, x []float64, incX int, beta float64, y []float64, incY int) {
	if m*n < small || incX <= 0 || incY <= 0 {
		l.Implementation.Dgemv(t, m, n, alpha, a, lda, x, incX, beta, y, incY)
		return
	}
	room(a, m, n, lda)
	r, s := shape(t, m, n)
	room(x, s, 1, incX)
	room(y, r, 1, incY)
	C.cblas_dgemv(rowMajor, trans(t), C.int(m), C.int(n), C.double(alpha), at(a), C.int(lda), at(x), C.int(incX), C.double(beta), at(y), C.int(incY))
}

func (l level3) Dsyrk(u blas.Uplo, t blas.Transpose, n, k int, alpha float64, a []float64, lda int, beta float64, c []float64, ldc int) {
	if n*n*k < small {
		l.Implementation.Dsyrk(u, t, n, k, alpha, a, lda, beta, c, ldc)
		return
	}
	r, s := shape(t, n, k)
	room(a, r, s, lda)
	room(c, n, n, ldc)
	C.cblas_dsyrk(rowMajor, uplo(u), trans(t), C.int(n), C.int(k), C.double(alpha), at(a), C.int(lda), C.double(beta), at(c), C.int(ldc))
}

func (l level3) Dsymm(s blas.Side, u blas.Uplo, m, n int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	order := m
	if s == blas.Right {
		order = n
	}
	if m*n*order < small {
		l.Implementation.Dsymm(s, u, m, n, alpha, a, lda, b, ldb, beta, c, ldc)
		return
	}
	room(a, order, order, lda)
	room(b, m, n, ldb)
	room(c, m, n, ldc)
	C.cblas_dsymm(rowMajor, side(s), uplo(u), C.int(m), C.int(n), C.double(alpha), at(a), C.int(lda), at(b), C.int(ldb), C.double(beta), at(c), C.int(ldc))
}

func (l level3) Dtrsm(s blas.Side, u blas.Uplo, t blas.Transpose, d blas.Diag, m, n int, alpha float64, a []float64, lda int, b []float64, ldb int) {
	order := m
	if s == blas.Right {
		order = n
	}
	if m*n*order < small {
		l.Implementation.Dtrsm(s, u, t, d, m, n, alpha, a, lda, b, ldb)
		return
	}
	room(a, order, order, lda)
	room(b, m, n, ldb)
	C.cblas_dtrsm(rowMajor, side(s), uplo(u), trans(t), diag(d), C.int(m), C.int(n), C.double(alpha), at(a), C.int(lda), at(b), C.int(ldb))
}

// factors is gonum's LAPACK but for the routines below.
type factors struct{ lapackgonum.Implementation }

// triangle is the letter of a row-major triangle in Fortran's order of memory.
func triangle(u blas.Uplo) C.char {
	if u == blas.Lower {
		return 'U'
	}
	return 'L'
}

func (f factors) Dpotrf(u blas.Uplo, n int, a []float64, lda int) bool {
	if n*n*n < small {
		return f.Implementation.Dpotrf(u, n, a, lda)
	}
	room(a, n, n, lda)
	if C.ff_dpotrf(triangle(u), C.int(n), at(a), C.int(lda)) != 0 {
		return false
	}
	for i := range n {
		if d := a[i*lda+i]; d != d {
			return false // OpenBLAS goes past a pivot that is not a number
		}
	}
	return true
}

func (f factors) Dsyev(j lapack.EVJob, u blas.Uplo, n int, a []float64, lda int, w, work []float64, lwork int) bool {
	if lwork == -1 || n*n*n < small {
		return f.Implementation.Dsyev(j, u, n, a, lda, w, work, lwork)
	}
	room(a, n, n, lda)
	if len(w) < n || lwork < max(1, 3*n-1) || len(work) < lwork {
		panic("lapack: insufficient workspace")
	}
	if C.ff_dsyev(C.char(j), triangle(u), C.int(n), at(a), C.int(lda), at(w), at(work), C.int(lwork)) != 0 {
		return false
	}
	if j == lapack.EVCompute {
		for i := range n {
			for k := range i {
				a[i*lda+k], a[k*lda+i] = a[k*lda+i], a[i*lda+k]
			}
		}
	}
	return true
}
