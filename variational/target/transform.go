package target

import (
	"fmt"
	"math"
)

// A Transform is an invertible smooth map θ = T(z) of R^n onto a constrained
// set of the same dimension, which may be given by more than n coordinates
// (the k components of a simplex, n = k−1). Its Jacobian determinant is that
// by the first n, or free, coordinates.
type Transform interface {
	// Name is "identity", "log", "logit", "ordered", "simplex", "cholesky" or
	// "cholesky-correlation".
	Name() string
	// Dims are the lengths of z and θ.
	Dims() (free, constrained int)
	// Forward stores T(z) in dst and returns ln |det ∂T/∂z|.
	Forward(dst, z []float64) float64
	// Pull stores (∂T/∂z)ᵀc + ∇ ln |det ∂T/∂z| in dst: with c the gradient of a
	// log density by θ, the gradient of the one by z. It must not alias.
	Pull(dst, z, c []float64)
	// Inverse stores z with T(z) = θ in dst; the error says why θ is not in the
	// set.
	Inverse(dst, theta []float64) error
}

// Identity leaves n numbers as they are.
type Identity struct{ N int }

// Name is "identity".
func (Identity) Name() string { return "identity" }

// Dims are n and n.
func (t Identity) Dims() (free, constrained int) { return t.N, t.N }

// Forward copies.
func (Identity) Forward(dst, z []float64) float64 { copy(dst, z); return 0 }

// Pull copies.
func (Identity) Pull(dst, _, c []float64) { copy(dst, c) }

// Inverse copies.
func (Identity) Inverse(dst, theta []float64) error { copy(dst, theta); return nil }

// Log is θ = e^z, for n positive numbers.
type Log struct{ N int }

// Name is "log".
func (Log) Name() string { return "log" }

// Dims are n and n.
func (t Log) Dims() (free, constrained int) { return t.N, t.N }

// Forward has ln |det| = Σz.
func (Log) Forward(dst, z []float64) (logDet float64) {
	for i, x := range z {
		dst[i] = math.Exp(x)
		logDet += x
	}
	return logDet
}

// Pull implements [Transform].
func (Log) Pull(dst, z, c []float64) {
	for i, x := range z {
		dst[i] = c[i]*math.Exp(x) + 1
	}
}

// Inverse implements [Transform].
func (Log) Inverse(dst, theta []float64) error {
	for i, x := range theta {
		if !(x > 0) {
			return fmt.Errorf("%v is not positive", x)
		}
		dst[i] = math.Log(x)
	}
	return nil
}

// Logit is θ = low + (high − low)/(1 + e^(−z)), for n numbers of an interval;
// the zero values of Low and High mean the unit interval.
type Logit struct {
	N         int
	Low, High float64
}

func (t Logit) width() float64 {
	if t.Low == 0 && t.High == 0 {
		return 1
	}
	return t.High - t.Low
}

// Name is "logit".
func (Logit) Name() string { return "logit" }

// Dims are n and n.
func (t Logit) Dims() (free, constrained int) { return t.N, t.N }

// Forward has ln |det| = Σ ln width − softplus(z) − softplus(−z).
func (t Logit) Forward(dst, z []float64) (logDet float64) {
	w := t.width()
	for i, x := range z {
		dst[i] = t.Low + w*logistic(x)
		logDet += math.Log(w) - softplus(x) - softplus(-x)
	}
	return logDet
}

// Pull implements [Transform].
func (t Logit) Pull(dst, z, c []float64) {
	for i, x := range z {
		s, r := logistic(x), logistic(-x)
		dst[i] = c[i]*t.width()*s*r + r - s
	}
}

// Inverse implements [Transform].
func (t Logit) Inverse(dst, theta []float64) error {
	w := t.width()
	for i, x := range theta {
		if !(x > t.Low && x < t.Low+w) {
			return fmt.Errorf("%v does not lie between %v and %v", x, t.Low, t.Low+w)
		}
		dst[i] = math.Log((x - t.Low) / (t.Low + w - x))
	}
	return nil
}

// Ordered is θ₁ = z₁, θᵢ = θᵢ₋₁ + e^(zᵢ), for n ascending numbers.
type Ordered struct{ N int }

// Name is "ordered".
func (Ordered) Name() string { return "ordered" }

// Dims are n and n.
func (t Ordered) Dims() (free, constrained int) { return t.N, t.N }

// Forward has ln |det| = z₂ + … + zₙ.
func (Ordered) Forward(dst, z []float64) (logDet float64) {
	for i, x := range z {
		if i == 0 {
			dst[0] = x
			continue
		}
		dst[i] = dst[i-1] + math.Exp(x)
		logDet += x
	}
	return logDet
}

// Pull implements [Transform].
func (Ordered) Pull(dst, z, c []float64) {
	sum := 0.0
	for i := len(z) - 1; i >= 0; i-- {
		sum += c[i]
		if i == 0 {
			dst[0] = sum
			continue
		}
		dst[i] = sum*math.Exp(z[i]) + 1
	}
}

// Inverse implements [Transform].
func (Ordered) Inverse(dst, theta []float64) error {
	for i := len(theta) - 1; i > 0; i-- {
		if !(theta[i] > theta[i-1]) {
			return fmt.Errorf("%v does not lie above %v", theta[i], theta[i-1])
		}
		dst[i] = math.Log(theta[i] - theta[i-1])
	}
	dst[0] = theta[0]
	return nil
}

// Simplex is stick breaking: of what is left θᵢ takes the part
// 1/(1 + e^(−zᵢ + ln(k−i))), i = 1 … k−1, and θₖ the rest, so that z = 0 is
// the middle. Its determinant is that of θ₁ … θₖ₋₁ by z.
type Simplex struct{ K int }

// Name is "simplex".
func (Simplex) Name() string { return "simplex" }

// Dims are k−1 and k.
func (t Simplex) Dims() (free, constrained int) { return t.K - 1, t.K }

// Forward implements [Transform].
func (t Simplex) Forward(dst, z []float64) (logDet float64) {
	left := 0.0 // ln of the rest of the stick
	for i, x := range z {
		y := x - math.Log(float64(t.K-1-i))
		take, leave := -softplus(-y), -softplus(y)
		dst[i] = math.Exp(left + take)
		logDet += left + take + leave
		left += leave
	}
	dst[t.K-1] = math.Exp(left)
	return logDet
}

// Pull implements [Transform].
func (t Simplex) Pull(dst, z, c []float64) {
	// A change of zᵢ scales θᵢ by 1−s and all later components by −s. From the
	// last to the first, later is the mean of c over the rest of the stick.
	later := c[t.K-1]
	for i := t.K - 2; i >= 0; i-- {
		s := logistic(z[i] - math.Log(float64(t.K-1-i)))
		dst[i] = s * (1 - s) * (c[i] - later)
		later = s*c[i] + (1-s)*later
	}
	left := 1.0
	for i := range t.K - 1 {
		s := logistic(z[i] - math.Log(float64(t.K-1-i)))
		// ln |det| has zᵢ in its own two terms and in the rests of K−2−i others.
		dst[i] = left*dst[i] + 1 - 2*s - float64(t.K-2-i)*s
		left *= 1 - s
	}
}

// Inverse implements [Transform].
func (t Simplex) Inverse(dst, theta []float64) error {
	sum := 0.0
	for _, x := range theta {
		if !(x > 0) {
			return fmt.Errorf("%v is not positive", x)
		}
		sum += x
	}
	if math.Abs(sum-1) > 1e-9 {
		return fmt.Errorf("the components sum to %v, not to 1", sum)
	}
	rest := theta[t.K-1]
	for i := t.K - 2; i >= 0; i-- {
		dst[i] = math.Log(theta[i]/rest) + math.Log(float64(t.K-1-i))
		rest += theta[i]
	}
	return nil
}

// Cholesky is Σ = LLᵀ, the lower triangle of L by rows with the logarithms of
// its diagonal: for the k(k+1)/2 entries (11, 21, 22, 31, …) of a covariance.
type Cholesky struct{ K int }

// Name is "cholesky".
func (Cholesky) Name() string { return "cholesky" }

// Dims are k(k+1)/2 twice.
func (t Cholesky) Dims() (free, constrained int) { n := t.K * (t.K + 1) / 2; return n, n }

func (t Cholesky) entry(z []float64, i, j int) float64 {
	x := z[i*(i+1)/2+j]
	if i == j {
		return math.Exp(x)
	}
	return x
}

// Forward has |det| = 2ᵏ Π Lᵢᵢ^(k+2−i), i = 1 … k.
func (t Cholesky) Forward(dst, z []float64) (logDet float64) {
	for i := range t.K {
		for j := range i + 1 {
			s := 0.0
			for m := range j + 1 {
				s += t.entry(z, i, m) * t.entry(z, j, m)
			}
			dst[i*(i+1)/2+j] = s
		}
		logDet += math.Ln2 + float64(t.K+1-i)*z[i*(i+1)/2+i]
	}
	return logDet
}

// Pull implements [Transform].
func (t Cholesky) Pull(dst, z, c []float64) {
	for i := range t.K {
		for m := range i + 1 {
			s := 0.0
			for j := m; j < t.K; j++ {
				a, b := max(i, j), min(i, j)
				w := c[a*(a+1)/2+b]
				if i == j {
					w *= 2
				}
				s += w * t.entry(z, j, m)
			}
			at := i*(i+1)/2 + m
			dst[at] = s
			if m == i {
				dst[at] = s*math.Exp(z[at]) + float64(t.K+1-i)
			}
		}
	}
}

// Inverse implements [Transform].
func (t Cholesky) Inverse(dst, theta []float64) error {
	for i := range t.K {
		for j := range i + 1 {
			at := i*(i+1)/2 + j
			s := theta[at]
			for m := range j {
				s -= t.entry(dst, i, m) * t.entry(dst, j, m)
			}
			if i > j {
				dst[at] = s / t.entry(dst, j, j)
				continue
			}
			if !(s > 0) {
				return fmt.Errorf("the matrix is not positive definite: pivot %d is %v", i+1, s)
			}
			dst[at] = math.Log(s) / 2
		}
	}
	return nil
}

// CholeskyCorrelation is the factor L of a correlation matrix of order k: row i
// is a unit vector whose first entries are tanh(z) times what the row has left
// (Lewandowski, Kurowicka & Joe 2009; as Stan has it). θ has the k(k+1)/2
// entries of L by rows; the determinant is that of its entries below the
// diagonal.
type CholeskyCorrelation struct{ K int }

// Name is "cholesky-correlation".
func (CholeskyCorrelation) Name() string { return "cholesky-correlation" }

// Dims are k(k−1)/2 and k(k+1)/2.
func (t CholeskyCorrelation) Dims() (free, constrained int) {
	return t.K * (t.K - 1) / 2, t.K * (t.K + 1) / 2
}

// Forward implements [Transform].
func (t CholeskyCorrelation) Forward(dst, z []float64) (logDet float64) {
	for i := range t.K {
		left := 0.0 // ½ ln of the square that the row has left
		for j := range i {
			x := z[i*(i-1)/2+j]
			decay := -logCosh(x)
			dst[i*(i+1)/2+j] = math.Tanh(x) * math.Exp(left)
			logDet += left + 2*decay
			left += decay
		}
		dst[i*(i+1)/2+i] = math.Exp(left)
	}
	return logDet
}

func logCosh(x float64) float64 {
	x = math.Abs(x)
	return x + math.Log1p(math.Exp(-2*x)) - math.Ln2
}

// Pull implements [Transform].
func (t CholeskyCorrelation) Pull(dst, z, c []float64) {
	for i := 1; i < t.K; i++ {
		row, at := z[i*(i-1)/2:i*(i-1)/2+i], i*(i+1)/2
		// From the last entry to the first, later is the derivative by the
		// logarithm of what is left, in units of what is left itself.
		later := c[at+i]
		for j := i - 1; j >= 0; j-- {
			th, ch := math.Tanh(row[j]), math.Exp(-logCosh(row[j]))
			dst[i*(i-1)/2+j] = c[at+j]*ch*ch - th*ch*later
			later = c[at+j]*th + ch*later
		}
		left := 1.0
		for j := range i {
			th := math.Tanh(row[j])
			k := i*(i-1)/2 + j
			dst[k] = left*dst[k] - th*(2+float64(i-1-j))
			left *= math.Exp(-logCosh(row[j]))
		}
	}
}

// Inverse implements [Transform].
func (t CholeskyCorrelation) Inverse(dst, theta []float64) error {
	for i := range t.K {
		left := 1.0
		for j := range i {
			x := theta[i*(i+1)/2+j] / left
			if !(math.Abs(x) < 1) {
				return fmt.Errorf("row %d is not of unit length", i+1)
			}
			dst[i*(i-1)/2+j] = math.Atanh(x)
			left *= math.Sqrt((1 - x) * (1 + x))
		}
		if d := theta[i*(i+1)/2+i]; !(d > 0) || math.Abs(d-left) > 1e-9 {
			return fmt.Errorf("row %d is not of unit length", i+1)
		}
	}
	return nil
}
