// Package quadrature integrates functions of one variable with values in Rⁿ,
// adaptively, without allocation once its workspace has grown.
package quadrature

import (
	"fmt"
	"math"
	"slices"
)

// An Integrand is a function on the line with values in Rⁿ.
type Integrand interface {
	// At stores the value at x in dst.
	At(dst []float64, x float64)
}

// Adaptive is the Gauss–Kronrod rule of 10 and 21 points (Piessens et al.,
// QUADPACK, 1983) on panels that are halved until their errors, added up, are
// small against ∫|f| in every component. The zero value is ready; it is used
// by one goroutine at a time.
type Adaptive struct {
	// Tol is the error asked for, relative to ∫|f|; 0 means 1e-13.
	Tol float64

	n                 int
	panels            []panel
	values            []float64 // per panel: integral, ∫|f| and error of each component
	f                 []float64
	sum, size, errors []float64
}

type panel struct{ a, b float64 }

const (
	points    = 21
	maxPanels = 2000
	// mostStalls is how often an error may resist before it is taken for
	// rounding.
	mostStalls = 25
)

// Nodes of the Kronrod rule on [0, 1], the odd ones those of Gauss, with the
// weights of both.
var (
	kronrodNodes = [11]float64{
		0.995657163025808080735527280689003, 0.973906528517171720077964012084452, 0.930157491355708226001207180059508,
		0.865063366688984510732096688423493, 0.780817726586416897063717578345042, 0.679409568299024406234327365114874,
		0.562757134668604683339000099272694, 0.433395394129247190799265943165784, 0.294392862701460198131126603103866,
		0.148874338981631210884826001129720, 0,
	}
	kronrodWeights = [11]float64{
		0.011694638867371874278064396062192, 0.032558162307964727478818972459390, 0.054755896574351996031381300244580,
		0.075039674810919952767043140916190, 0.093125454583697605535065465083366, 0.109387158802297641899210590325805,
		0.123491976262065851077958109585166, 0.134709217311473325928054001771707, 0.142775938577060080797094273138717,
		0.147739104901338491374841515972068, 0.149445554002916905664936468389821,
	}
	gaussWeights = [5]float64{
		0.066671344308688137593568809893332, 0.149451349150580593145863396957658, 0.219086362515982043995534934228163,
		0.269266719309996355091226921569469, 0.295524224714752870173815619188769,
	}
)

// Integrate stores the integrals of the n components of f over the range of
// the ascending breaks in dst and returns the estimated error of each, valid
// until the next call. Breaks belong where f is not smooth or very narrow. An
// error says that the tolerance was not met; dst then has the best estimate.
func (q *Adaptive) Integrate(dst []float64, f Integrand, breaks []float64) ([]float64, error) {
	q.reset(len(dst))
	for i := 1; i < len(breaks); i++ {
		if breaks[i] > breaks[i-1] {
			q.add(f, breaks[i-1], breaks[i])
		}
	}
	tol := q.Tol
	if tol == 0 {
		tol = 1e-13
	}
	stalled := 0
	for {
		worst, component, excess := q.total(tol)
		copy(dst, q.sum)
		if !(excess > 1) {
			return q.errors, nil
		}
		if len(q.panels) >= maxPanels || stalled >= mostStalls || worst < 0 {
			return q.errors, fmt.Errorf("quadrature: %d panels leave an error %.2g times the one allowed", len(q.panels), excess)
		}
		p, before := q.panels[worst], q.errorOf(worst, component)
		middle := p.a + (p.b-p.a)/2
		q.evaluate(worst, f, p.a, middle)
		q.add(f, middle, p.b)
		// Halving a panel whose error is rounding changes nothing.
		if q.errorOf(worst, component)+q.errorOf(len(q.panels)-1, component) > 0.7*before {
			stalled++
		}
	}
}

// errorOf is the error of a component on panel i.
func (q *Adaptive) errorOf(i, component int) float64 { return q.values[3*q.n*i+2*q.n+component] }

func (q *Adaptive) reset(n int) {
	q.n = n
	q.f = slices.Grow(q.f[:0], n*points)[:n*points]
	q.sum, q.size, q.errors = slices.Grow(q.sum[:0], n)[:n], slices.Grow(q.size[:0], n)[:n], slices.Grow(q.errors[:0], n)[:n]
	q.panels, q.values = q.panels[:0], q.values[:0]
}

func (q *Adaptive) add(f Integrand, a, b float64) {
	q.panels = append(q.panels, panel{})
	q.values = slices.Grow(q.values, 3*q.n)[:len(q.values)+3*q.n]
	q.evaluate(len(q.panels)-1, f, a, b)
}

// evaluate fills panel i with the rule on [a, b].
func (q *Adaptive) evaluate(i int, f Integrand, a, b float64) {
	q.panels[i] = panel{a, b}
	n := q.n
	centre, half := a+(b-a)/2, (b-a)/2
	for k := range 10 {
		f.At(q.f[2*k*n:][:n], centre-half*kronrodNodes[k])
		f.At(q.f[(2*k+1)*n:][:n], centre+half*kronrodNodes[k])
	}
	f.At(q.f[20*n:][:n], centre)
	v := q.values[3*n*i:][:3*n]
	for c := range n {
		kronrod, gauss, size := kronrodWeights[10]*q.f[20*n+c], 0.0, kronrodWeights[10]*math.Abs(q.f[20*n+c])
		for k := range 10 {
			left, right := q.f[2*k*n+c], q.f[(2*k+1)*n+c]
			kronrod += kronrodWeights[k] * (left + right)
			size += kronrodWeights[k] * (math.Abs(left) + math.Abs(right))
			if k%2 == 1 {
				gauss += gaussWeights[k/2] * (left + right)
			}
		}
		// QUADPACK's estimate: the difference of the rules overstates the
		// error of the better one, the more so the smaller it is against the
		// variation of f.
		mean, variation := kronrod/2, 0.0
		for k := range 10 {
			variation += kronrodWeights[k] * (math.Abs(q.f[2*k*n+c]-mean) + math.Abs(q.f[(2*k+1)*n+c]-mean))
		}
		variation += kronrodWeights[10] * math.Abs(q.f[20*n+c]-mean)
		e := math.Abs(kronrod - gauss)
		if variation > 0 && e > 0 {
			r := 200 * e / variation
			e = variation * math.Min(1, r*math.Sqrt(r))
		}
		v[c], v[n+c], v[2*n+c] = half*kronrod, half*size, half*math.Max(e, 5e-16*size)
	}
}

// total adds up the panels and returns the largest error as a multiple of the
// allowed one, its component, and the panel with the largest part of it that
// can still be halved, −1 if there is none.
func (q *Adaptive) total(tol float64) (worst, component int, excess float64) {
	n := q.n
	clear(q.sum)
	clear(q.size)
	clear(q.errors)
	for i := range q.panels {
		v := q.values[3*n*i:][:3*n]
		for c := range n {
			q.sum[c] += v[c]
			q.size[c] += v[n+c]
			q.errors[c] += v[2*n+c]
		}
	}
	for c := range n {
		if e := q.errors[c] / (tol * q.size[c]); e > excess {
			excess, component = e, c
		}
	}
	worst = -1
	most := 0.0
	for i, p := range q.panels {
		if middle := p.a + (p.b-p.a)/2; !(middle > p.a && middle < p.b) {
			continue
		}
		if e := q.errorOf(i, component); e > most {
			most, worst = e, i
		}
	}
	return worst, component, excess
}

// Panel is the Kronrod rule of 21 points on [a, b], without an error estimate:
// for functions that are known to be smooth there.
func Panel(f func(x float64) float64, a, b float64) float64 {
	centre, half := a+(b-a)/2, (b-a)/2
	sum := kronrodWeights[10] * f(centre)
	for k, x := range kronrodNodes[:10] {
		sum += kronrodWeights[k] * (f(centre-half*x) + f(centre+half*x))
	}
	return half * sum
}
