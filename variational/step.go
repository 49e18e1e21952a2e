package variational

import (
	"context"
	"errors"
	"fmt"
	"math"

	"fisherflow/internal/cholesky"
	"fisherflow/ode"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// A StepRule is a natural-gradient step of size ρ in the precision P = C⁻¹ of a
// normal q, with g = −E∇log p and G = H − P, H = −E∇²log p.
type StepRule int

const (
	// CVI relaxes the natural parameters by 1 − ρ: P′ = P + ρG, m′ = m − ρP′⁻¹g
	// (Khan & Lin, AISTATS 2017). With ρ = 1 it is exact for a conjugate model.
	CVI StepRule = iota
	// BLR is the Bayesian learning rule's plain step, P′ = P + ρG, m′ = m − ρCg
	// (Khan & Rue, JMLR 2023).
	BLR
	// ImprovedBLR adds a term of second order that keeps P positive definite
	// whatever ρ: P′ = P + ρG + ½ρ²GCG, m′ = m − ρCg (Lin, Schmidt & Khan, ICML
	// 2020).
	ImprovedBLR
)

func (r StepRule) String() string { return [...]string{"cvi", "blr", "iblr"}[r] }

// An IndefiniteError says that a step would lose positive definiteness. It
// wraps [ode.ErrDomain].
type IndefiniteError struct {
	Rule       StepRule
	Rate       float64
	Step       int     // 1 for the first
	Eigenvalue float64 // the smallest of the precision that the step leads to
}

func (e *IndefiniteError) Error() string {
	s := fmt.Sprintf("a %v step of size %g", e.Rule, e.Rate)
	if e.Step > 0 {
		s = fmt.Sprintf("step %d, %s,", e.Step, s)
	}
	return s + fmt.Sprintf(" loses positive definiteness: the precision would have the eigenvalue %.6g", e.Eigenvalue)
}

// Unwrap returns [ode.ErrDomain].
func (e *IndefiniteError) Unwrap() error { return ode.ErrDomain }

// difference stores G = H − P in p.t and C·G in p.u; p.v holds L⁻¹, p.w P.
func (p *block) difference() {
	k := p.k
	p.whole(1) // S + ½P = −½G in p.u
	for i, v := range p.u {
		p.t[i] = -2 * v
	}
	general := func(a []float64) blas64.General { return blas64.General{Rows: k, Cols: k, Stride: k, Data: a} }
	lower := blas64.Triangular{N: k, Stride: k, Data: p.l, Uplo: blas.Lower, Diag: blas.NonUnit}
	copy(p.u, p.t)
	blas64.Trmm(blas.Left, blas.Trans, 1, lower, general(p.u))
	blas64.Trmm(blas.Left, blas.NoTrans, 1, lower, general(p.u))
}

func (b *blocks) speed() float64 {
	square := 0.0
	for _, p := range b.part {
		for j := range p.k {
			s := 0.0
			for i := j; i < p.k; i++ {
				s += p.l[i*p.k+j] * b.g[p.from+i]
			}
			square += s * s
		}
		p.difference()
		for i := range p.k {
			for j := range p.k {
				square += p.u[i*p.k+j] * p.u[j*p.k+i] / 2
			}
		}
	}
	return math.Sqrt(max(0, square))
}

func (b *blocks) move(dst []float64, rule StepRule, rate float64) error {
	for _, p := range b.part {
		k := p.k
		general := func(a []float64) blas64.General { return blas64.General{Rows: k, Cols: k, Stride: k, Data: a} }
		p.difference()
		if p.w == nil {
			p.w = make([]float64, k*k)
		}
		// P in w, then the new precision.
		blas64.Gemm(blas.Trans, blas.NoTrans, 1, general(p.v), general(p.v), 0, general(p.w))
		floats.AddScaled(p.w, rate, p.t)
		if rule == ImprovedBLR {
			blas64.Gemm(blas.NoTrans, blas.NoTrans, rate*rate/2, general(p.t), general(p.u), 1, general(p.w))
		}
		copy(p.t, p.w)
		if _, ok := cholesky.Factor(p.t, k); !ok {
			return &IndefiniteError{Rule: rule, Rate: rate, Eigenvalue: smallestEigenvalue(p.w, k)}
		}
		delta := dst[p.at : p.at+k]
		copy(delta, b.g[p.from:])
		if rule == CVI {
			cholesky.Solve(p.t, k, delta)
		} else {
			lower := blas64.Triangular{N: k, Stride: k, Data: p.l, Uplo: blas.Lower, Diag: blas.NonUnit}
			v := blas64.Vector{N: k, Inc: 1, Data: delta}
			blas64.Trmv(blas.Trans, lower, v)
			blas64.Trmv(blas.NoTrans, lower, v)
		}
		for i := range delta {
			delta[i] = b.m[p.from+i] + rate*delta[i]
		}
		invertLower(p.u, p.t, k)
		blas64.Gemm(blas.Trans, blas.NoTrans, 1, general(p.u), general(p.u), 0, general(p.w))
		n := p.at + k
		for i := range k {
			n += copy(dst[n:], p.w[i*k:i*k+i+1])
		}
	}
	return nil
}

func smallestEigenvalue(a []float64, k int) float64 {
	s := mat.NewSymDense(k, nil)
	for i := range k {
		for j := 0; j <= i; j++ {
			s.SetSym(i, j, a[i*k+j])
		}
	}
	var e mat.EigenSym
	if !e.Factorize(s, false) {
		return math.NaN()
	}
	return e.Values(nil)[0]
}

func (b *blocks) place(dst, mean, sd []float64) {
	for _, p := range b.part {
		n := p.at + copy(dst[p.at:p.at+p.k], mean[p.from:])
		for i := range p.k {
			for range i {
				dst[n] = 0
				n++
			}
			dst[n] = sd[p.from+i] * sd[p.from+i]
			n++
		}
	}
}

func (q *diagonal) speed() float64 {
	square := 0.0
	for i, s := range q.sigma {
		a, b := s*q.g[i], s*q.bar[i]+1
		square += a*a + b*b/2
	}
	return math.Sqrt(square)
}

func (q *diagonal) move(dst []float64, rule StepRule, rate float64) error {
	d := len(q.m)
	for i, s := range q.sigma {
		// In units of P, G is H/P − 1 = −(σ ∂E/∂σ) − 1.
		g := -s*q.bar[i] - 1
		p := 1 + rate*g
		if rule == ImprovedBLR {
			p += rate * rate * g * g / 2
		}
		if !(p > 0) {
			return &IndefiniteError{Rule: rule, Rate: rate, Eigenvalue: p / (s * s)}
		}
		delta := rate * s * s * q.g[i]
		if rule == CVI {
			delta /= p
		}
		dst[i], dst[d+i] = q.m[i]+delta, s/math.Sqrt(p)
	}
	return nil
}

func (q *diagonal) place(dst, mean, sd []float64) {
	copy(dst[copy(dst, mean):], sd)
}

// StepSettings says how [Iterate] goes on. The zero value is CVI with a rate
// that is chosen anew for each step.
type StepSettings struct {
	Rule StepRule
	// Rate is the step size ρ. Zero halves it, from 1 and from twice the last
	// one, until the loss falls by a ten-thousandth of what the slope promises;
	// the loss is then monotone.
	Rate float64
	// Steps bounds their number; zero means 1000.
	Steps int
	// Speed, if positive, ends the iteration when ‖dL‖ in the Fisher metric is
	// at most Speed.
	Speed float64
	// Observer, if not nil, is called after every step; [ode.ErrStop] ends the
	// iteration well.
	Observer func(step int, loss, speed, rate float64) error
}

// An Iteration is a sequence of natural-gradient steps.
type Iteration struct {
	// Losses and Speeds hold −ELBO and ‖dL‖ at the start and after every step,
	// Rates the step sizes.
	Losses, Speeds, Rates []float64
	// Rises are the steps, 1 for the first, after which the loss was higher
	// than before by more than rounding.
	Rises []int
	// Last is the last q in source coordinates.
	Last []float64
	// Evaluations counts those of the loss.
	Evaluations int
}

// Monotone reports whether the loss never rose.
func (i *Iteration) Monotone() bool { return len(i.Rises) == 0 }

const (
	armijo      = 1e-4
	leastRate   = 0x1p-40
	defaultTake = 1000
)

// Iterate makes natural-gradient steps on a loss from a point in source
// coordinates. The iteration so far comes with every error; one of type
// [*IndefiniteError] says that a step of fixed rate lost positive definiteness.
func Iterate(ctx context.Context, loss *ELBO, start []float64, s *StepSettings) (*Iteration, error) {
	if s == nil {
		s = &StepSettings{}
	}
	l := loss.Clone().(*ELBO)
	steps := s.Steps
	if steps == 0 {
		steps = defaultTake
	}
	r := &Iteration{Last: append([]float64(nil), start...)}
	next := make([]float64, len(start))
	if err := l.At(start); err != nil {
		return r, fmt.Errorf("start: %w", err)
	}
	value, magnitude, speed := l.value, l.magnitude, l.q.speed()
	r.Losses, r.Speeds, r.Evaluations = append(r.Losses, value), append(r.Speeds, speed), 1
	rate := 1.0
	if s.Rate > 0 {
		rate = s.Rate
	}
	for k := 1; k <= steps && !(speed <= s.Speed); k++ {
		if err := ctx.Err(); err != nil {
			return r, err
		}
		rounding := 0.0
		for {
			err := l.q.move(next, s.Rule, rate)
			if err == nil {
				err = l.At(next)
				r.Evaluations++
			}
			rounding = 16 * 0x1p-53 * (magnitude + l.magnitude)
			if err == nil && (s.Rate > 0 || l.value <= value-armijo*rate*speed*speed+rounding) {
				break
			}
			if indefinite := (*IndefiniteError)(nil); errors.As(err, &indefinite) {
				indefinite.Step = k
			}
			if s.Rate > 0 || err != nil && !errors.Is(err, ode.ErrDomain) {
				return r, err
			}
			if rate /= 2; rate < leastRate {
				return r, fmt.Errorf("step %d: no step lowers the loss: the gradient is not that of the log density, or its rounding is reached", k)
			}
			// The refused point has overwritten the derivatives.
			if err := l.At(r.Last); err != nil {
				return r, err
			}
		}
		if l.value > value+rounding {
			r.Rises = append(r.Rises, k)
		}
		copy(r.Last, next)
		value, magnitude, speed = l.value, l.magnitude, l.q.speed()
		r.Losses, r.Speeds, r.Rates = append(r.Losses, value), append(r.Speeds, speed), append(r.Rates, rate)
		if s.Observer != nil {
			if err := s.Observer(k, value, speed, rate); err != nil {
				if errors.Is(err, ode.ErrStop) {
					return r, nil
				}
				return r, err
			}
		}
		if s.Rate == 0 {
			rate = min(1, 2*rate)
		}
	}
	return r, nil
}
