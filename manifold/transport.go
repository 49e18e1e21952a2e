package manifold

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"fisherflow/internal/cholesky"
	"fisherflow/ode"

	"gonum.org/v1/gonum/mat"
)

// A Transporter has the Fisher–Rao parallel transport in closed form: Transport
// stores in dst the vector at q into which v at p is carried along the geodesic
// from p to q. dst and v may be the same slice.
type Transporter interface {
	Transport(dst, p, q, v []float64) error
}

// Transport stores in dst the vector at q into which the vector v at p is carried
// along the Fisher–Rao geodesic from p to q by parallel transport, all in the
// family's coordinates, and returns its error in Fisher length. Transport keeps
// lengths and angles and carries the geodesic's velocity into its velocity.
//
// On a curve that says all, and on a surface too once the logarithms are known:
// v keeps its angle with the geodesic. Simplices, covariances, normals of equal
// means, and products have closed forms. Elsewhere the covector w = Gv follows
//
//	ẇ_k = Γ_{ik,l} ẋⁱvˡ,
//
// along the geodesic of [Shooting], with Γ_{ik,l} = ½T_ikl in the natural chart
// of an exponential family and by differences of the Fisher matrix, good to 1e-8
// of the vector's length, on others.
func Transport(f Family, dst, p, q, v []float64) (accuracy float64, err error) {
	if view, ok := f.(*View); ok {
		return view.transport(dst, p, q, v)
	}
	if err := checkBoth(f, p, q); err != nil {
		return math.NaN(), err
	}
	mustLen(len(v), f.Dim())
	mustLen(len(dst), f.Dim())
	if slices.Equal(p, q) {
		copy(dst, v)
		return 0, nil
	}
	if t, ok := f.(Transporter); ok {
		return 0, t.Transport(dst, p, q, v)
	}
	if product, ok := f.(interface{ Factors() []Family }); ok {
		at := 0
		for i, factor := range product.Factors() {
			n := factor.Dim()
			lost, err := Transport(factor, dst[at:at+n], p[at:at+n], q[at:at+n], v[at:at+n])
			if err != nil {
				return math.NaN(), fmt.Errorf("product: factor %d: %w", i+1, err)
			}
			accuracy = math.Hypot(accuracy, lost)
			at += n
		}
		return accuracy, nil
	}
	if m, ok := f.(MultivariateNormal); ok && slices.Equal(p[:m.d()], q[:m.d()]) {
		return 0, carryCovariance(m.Name(), m.d(), m.d(), dst, p, q, v)
	}
	if f.Dim() == 1 {
		return carryAlongCurve(f, dst, p, q, v)
	}
	if l, ok := f.(Logarithm); ok && f.Dim() == 2 {
		return 0, carryAcrossSurface(f, l, dst, p, q, v)
	}
	s, err := NewShooting(f)
	if err != nil {
		return math.NaN(), err
	}
	return s.Transport(dst, p, q, v)
}

// transport goes by way of source coordinates.
func (v *View) transport(dst, p, q, vector []float64) (accuracy float64, err error) {
	if err := v.both(p, q); err != nil {
		return math.NaN(), err
	}
	from, to, w := slices.Clone(v.theta), slices.Clone(v.other), make([]float64, v.Dim())
	v.chart.Push(w, p, from, vector)
	if accuracy, err = Transport(v.base, w, from, to, w); err != nil {
		return math.NaN(), err
	}
	v.chart.PushInverse(dst, q, to, w)
	return accuracy, nil
}

// carryAlongCurve keeps the length.
func carryAlongCurve(f Family, dst, p, q, v []float64) (accuracy float64, err error) {
	a, b := mat.NewSymDense(1, nil), mat.NewSymDense(1, nil)
	first, err := approximateFisher(f, a, p)
	if err != nil {
		return math.NaN(), err
	}
	second, err := approximateFisher(f, b, q)
	if err != nil {
		return math.NaN(), err
	}
	length := math.Abs(v[0]) * math.Sqrt(a.At(0, 0))
	dst[0] = v[0] * math.Sqrt(a.At(0, 0)) / math.Sqrt(b.At(0, 0))
	return length * (first/a.At(0, 0) + second/b.At(0, 0)) / 2, nil
}

// carryAcrossSurface keeps the components of v along and across the geodesic,
// t and its quarter turn (−(Gt)₂, (Gt)₁)/√|G|.
func carryAcrossSurface(f Family, l Logarithm, dst, p, q, v []float64) error {
	fisher, ok := f.(Fisherer)
	if !ok {
		return missing(f, "Fisher matrix")
	}
	g := mat.NewSymDense(2, nil)
	var along, across, t [2]float64
	frame := func(at []float64) error {
		if err := fisher.Fisher(g, at); err != nil {
			return err
		}
		// In Fisher units, so that nothing over- or underflows.
		a, b := math.Sqrt(g.At(0, 0)), math.Sqrt(g.At(1, 1))
		r := g.At(0, 1) / a / b
		x, y := along[0]*a, along[1]*b
		root := math.Sqrt((1 - r) * (1 + r))
		t = [2]float64{x + r*y, r*x + y} // lowered
		across = [2]float64{-t[1] / root / a, t[0] / root / b}
		t = [2]float64{t[0] * a, t[1] * b}
		return nil
	}
	if err := l.Log(along[:], p, q); err != nil {
		return err
	}
	if err := frame(p); err != nil {
		return err
	}
	square := along[0]*t[0] + along[1]*t[1]
	if !(square > 0) {
		return fmt.Errorf("%s: %.6g and %.6g are too close for a direction: %w", f.Name(), p, q, ErrDomain)
	}
	c := (v[0]*t[0] + v[1]*t[1]) / square
	// ⟨v, n⟩ = vᵀGn, by the determinant |t v| of which n is the dual.
	root := math.Sqrt(g.At(0, 0)) * math.Sqrt(g.At(1, 1))
	r := g.At(0, 1) / root
	s := root * math.Sqrt((1-r)*(1+r)) * (along[0]*v[1] - along[1]*v[0]) / square
	if err := l.Log(along[:], q, p); err != nil {
		return err
	}
	along[0], along[1] = -along[0], -along[1]
	if err := frame(q); err != nil {
		return err
	}
	for i := range dst {
		dst[i] = c*along[i] + s*across[i]
	}
	return nil
}

// Transport is that of the sphere on which √p lies: with unit vectors y,
// w − (w·y_q)/(1 + y_p·y_q) (y_p + y_q).
func (f Categorical) Transport(dst, p, q, v []float64) error {
	if err := checkBoth(f, p, q); err != nil {
		return err
	}
	lastP, lastQ, lastV := f.last(p), f.last(q), 0.0
	for _, x := range v {
		lastV -= x
	}
	dot, cos := lastV/math.Sqrt(lastP)*math.Sqrt(lastQ), math.Sqrt(lastP)*math.Sqrt(lastQ)
	for i, x := range p {
		dot += v[i] / math.Sqrt(x) * math.Sqrt(q[i])
		cos += math.Sqrt(x) * math.Sqrt(q[i])
	}
	c := dot / (1 + cos)
	for i, x := range p {
		a, b := math.Sqrt(x), math.Sqrt(q[i])
		dst[i] = b * (v[i]/a - c*(a+b))
	}
	return nil
}

// Transport is that of the categorical family.
func (f Multinomial) Transport(dst, p, q, v []float64) error {
	if err := checkBoth(f, p, q); err != nil {
		return err
	}
	return f.categorical().Transport(dst, p, q, v)
}

// Transport is that of each normal.
func (f DiagonalNormal) Transport(dst, p, q, v []float64) error {
	if err := checkBoth(f, p, q); err != nil {
		return err
	}
	d := f.d()
	for i := range d {
		x, y := carryInHalfPlane(p[i]/math.Sqrt2, p[d+i], q[i]/math.Sqrt2, q[d+i], v[i]/math.Sqrt2, v[d+i])
		dst[i], dst[d+i] = math.Sqrt2*x, y
	}
	return nil
}

// Transport is that of the half-plane.
func (f Normal) Transport(dst, p, q, v []float64) error {
	if err := checkBoth(f, p, q); err != nil {
		return err
	}
	normalPlane.transport(dst, p, q, v)
	return nil
}

// Transport is that of the half-plane.
func (f locationScale[S]) Transport(dst, p, q, v []float64) error {
	if err := checkBoth(f, p, q); err != nil {
		return err
	}
	f.shape.traits().plane.transport(dst, p, q, v)
	return nil
}

func (p halfPlane) transport(dst, from, to, v []float64) {
	k := math.Sqrt(p.a / p.b)
	x, y := carryInHalfPlane(0, from[1], p.across(from, to), to[1], k*(v[0]-p.shear*v[1]), v[1])
	dst[0], dst[1] = x/k+p.shear*y, y
}

// carryInHalfPlane is the vector (vx, vy) turned by twice the angle under which
// the points are seen from each other's mirror image, and scaled by y₂/y₁:
// v (y₂/y₁)(S − iΔx)²/(S² + Δx²), S = y₁ + y₂, in complex numbers.
func carryInHalfPlane(x1, y1, x2, y2, vx, vy float64) (x, y float64) {
	r := math.Hypot(x2-x1, y1+y2)
	sin, cos := (x1-x2)/r, (y1+y2)/r
	sin, cos = 2*sin*cos, (cos-sin)*(cos+sin)
	w := y2 / y1
	return w * (cos*vx - sin*vy), w * (sin*vx + cos*vy)
}

// Transport is EVEᵀ with E = (Σ_qΣ_p⁻¹)^½ for a change V of the covariance.
func (f CentredNormal) Transport(dst, p, q, v []float64) error {
	if err := checkBoth(f, p, q); err != nil {
		return err
	}
	return carryCovariance(f.Name(), f.d(), 0, dst, p, q, v)
}

// carryCovariance is that, and Eu for a change u of the mean, which comes first
// and has the given number of coordinates.
func carryCovariance(family string, d, means int, dst, p, q, v []float64) error {
	symmetric := func(packed []float64) *mat.SymDense {
		s := mat.NewSymDense(d, nil)
		k := means
		for i := range d {
			for j := range i + 1 {
				s.SetSym(i, j, packed[k])
				k++
			}
		}
		return s
	}
	var c mat.Cholesky
	var eigen mat.EigenSym
	if !c.Factorize(symmetric(p)) {
		return fmt.Errorf("%s: covariance is singular: %w", family, ErrDomain)
	}
	// With Σ_p = LLᵀ, E is L(L⁻¹Σ_qL⁻ᵀ)^½L⁻¹.
	l := make([]float64, d*d)
	var factor mat.TriDense
	c.LTo(&factor)
	for i := range d {
		for j := range i + 1 {
			l[i*d+j] = factor.At(i, j)
		}
	}
	whiten := func(m *mat.SymDense) *mat.SymDense {
		half, row := mat.NewDense(d, d, nil), make([]float64, d)
		for i := range d {
			for j := range d {
				row[j] = m.At(i, j)
			}
			cholesky.SolveLower(l, d, row)
			half.SetCol(i, row)
		}
		out := mat.NewSymDense(d, nil)
		for i := range d {
			mat.Row(row, i, half)
			cholesky.SolveLower(l, d, row)
			for j := range i + 1 {
				out.SetSym(i, j, row[j])
			}
		}
		return out
	}
	if !eigen.Factorize(whiten(symmetric(q)), true) {
		return fmt.Errorf("%s: eigenvalues of the covariances were not found: %w", family, errors.ErrUnsupported)
	}
	var vectors, root, e mat.Dense
	eigen.VectorsTo(&vectors)
	values := eigen.Values(nil)
	for i, x := range values {
		values[i] = math.Sqrt(math.Max(x, 0))
	}
	root.Mul(&vectors, mat.NewDiagDense(d, values))
	e.Mul(&root, vectors.T())
	root.Mul(&factor, &e) // L times the root: E = root·L⁻¹
	var carried, half mat.Dense
	half.Mul(&root, whiten(symmetric(v)))
	carried.Mul(&half, root.T())
	if means > 0 {
		u := slices.Clone(v[:d])
		cholesky.SolveLower(l, d, u)
		var moved mat.VecDense
		moved.MulVec(&root, mat.NewVecDense(d, u))
		copy(dst, moved.RawVector().Data)
	}
	k := means
	for i := range d {
		for j := range i + 1 {
			dst[k] = (carried.At(i, j) + carried.At(j, i)) / 2
			k++
		}
	}
	return nil
}

// transportField is the geodesic flow and, behind it, the covector that is
// carried along.
type transportField struct {
	*geodesicField
	carried []float64 // its vector
	slopes  [][]float64
}

// Eval is ẇ_k = Γ_{ik,l} ẋⁱvˡ beside the geodesic.
func (f *transportField) Eval(dst []float64, t float64, y []float64) error {
	g, n := f.geodesicField, f.n
	if g.frame == nil {
		return f.byDifferences(dst, y)
	}
	if err := g.Eval(dst[:2*n], t, y[:2*n]); err != nil {
		return err
	}
	// g is left at x, with its factor, velocity and tensor.
	f.raiseCarried(y[2*n:])
	for k := range n {
		sum := 0.0
		for i, a := range g.velocity {
			for j, b := range f.carried {
				sum += g.tensor[k][i][j] * a * b
			}
		}
		g.covector[k] = g.weight * sum
	}
	g.frame.Pull(dst[2*n:], g.nat, g.theta, g.covector)
	return nil
}

// raiseCarried sets the vector of the covector w, where the field is.
func (f *transportField) raiseCarried(w []float64) {
	copy(f.carried, w)
	if f.frame != nil {
		f.frame.PullInverse(f.carried, f.nat, f.theta, w)
	}
	cholesky.Solve(f.factor, f.n, f.carried)
}

// byDifferences takes ∂_kG by central differences of order 6 in the chart.
func (f *transportField) byDifferences(dst, y []float64) error {
	g, n := f.geodesicField, f.n
	x := y[:n]
	if _, err := g.raise(x, y[n:2*n]); err != nil {
		return err
	}
	f.raiseCarried(y[2*n:])
	copy(dst[:n], g.velocity)
	copy(g.moved, x)
	clear(dst[n:])
	for k := range n {
		g.covector[k] = 2e-3 / math.Sqrt(g.g.At(k, k))
	}
	for k := range n {
		h := g.covector[k]
		slope := f.slopes[k]
		clear(slope)
		for m, w := range [...]float64{-1, 9, -45, 0, 45, -9, 1} {
			if w == 0 {
				continue
			}
			g.moved[k] = x[k] + float64(m-3)*h
			if err := g.view.Fisher(g.g, g.moved); err != nil {
				return err
			}
			for i := range n {
				for j := range n {
					slope[i*n+j] += w * g.g.At(i, j) / (60 * h)
				}
			}
		}
		g.moved[k] = x[k]
	}
	v, u := g.velocity, f.carried
	for k := range n {
		for i := range n {
			for j := range n {
				dst[n+k] += f.slopes[k][i*n+j] * v[i] * v[j] / 2
				// Γ_{ik,j} = ½(∂_iG_kj + ∂_kG_ij − ∂_jG_ik).
				dst[2*n+k] += (f.slopes[i][k*n+j] + f.slopes[k][i*n+j] - f.slopes[j][i*n+k]) * v[i] * u[j] / 2
			}
		}
	}
	return nil
}

// Transport stores in dst the vector at q into which v at p is carried along the
// geodesic, both in source coordinates, and returns its error in Fisher length.
func (s *Shooting) Transport(dst, p, q, v []float64) (accuracy float64, err error) {
	if err := checkBoth(s.field.view.base, p, q); err != nil {
		return math.NaN(), err
	}
	if slices.Equal(p, q) {
		copy(dst, v)
		return 0, nil
	}
	work := make([]float64, s.n)
	c, err := s.find(p, q, func() error { accuracy, err = s.velocity(work, p); return err })
	if err != nil {
		return math.NaN(), err
	}
	if c == nil {
		return s.carry(dst, p, v, accuracy)
	}
	// Piece by piece.
	copy(dst, v)
	sum := 0.0
	for i, node := range c.nodes[1:] {
		if err := s.connect(c.nodes[i], node); err != nil {
			return math.NaN(), err
		}
		if accuracy, err = s.velocity(work, c.nodes[i]); err != nil {
			return math.NaN(), err
		}
		if accuracy, err = s.carry(dst, c.nodes[i], dst, accuracy+c.placed); err != nil {
			return math.NaN(), err
		}
		sum += accuracy
	}
	return sum, nil
}

// carry is Transport along the geodesic from p that has been shot, with its error.
func (s *Shooting) carry(dst, p, v []float64, aimed float64) (accuracy float64, err error) {
	n, f := s.n, &s.field
	field := &transportField{geodesicField: f, carried: make([]float64, n)}
	for range n {
		field.slopes = append(field.slopes, make([]float64, n*n))
	}
	length, err := f.raise(s.from, s.start)
	if err != nil {
		return math.NaN(), err
	}
	vector, w := slices.Clone(v), make([]float64, n)
	if f.frame == nil {
		f.view.chart.PushInverse(vector, s.from, p, v)
	}
	s.lower(w, vector)
	size := s.lengthAt(vector)
	if f.frame != nil {
		lowered := slices.Clone(w)
		f.frame.Pull(w, f.nat, p, lowered)
	}
	if size == 0 {
		clear(dst)
		return 0, nil
	}
	settings := s.settings
	settings.RTol, settings.ATols = s.fine, make([]float64, 3*n)
	for i := range n {
		settings.ATols[i], settings.ATols[n+i] = s.fine*s.atols[i], s.fine*s.atols[n+i]
		settings.ATols[2*n+i] = s.fine * s.atols[n+i] / length * size
	}
	r, err := ode.Solve(f.ctx, field, slices.Concat(s.from, s.start, w), 0, 1, &settings)
	if err != nil {
		return math.NaN(), err
	}
	end := r.State(r.Len() - 1)
	if _, err := f.raise(end[:n], end[n:2*n]); err != nil {
		return math.NaN(), err
	}
	field.raiseCarried(end[2*n:])
	drift := math.Abs(s.lengthAt(field.carried) - size)
	copy(dst, field.carried)
	if f.frame == nil {
		f.view.chart.Push(dst, end[:n], f.theta, field.carried)
	}
	return aimed*size*math.Max(1, 1/length) + drift + 1e-14*size, nil
}

var (
	_ Transporter = Normal{}
	_ Transporter = Cauchy{}
	_ Transporter = DiagonalNormal{}
	_ Transporter = Categorical{}
	_ Transporter = Multinomial{}
	_ Transporter = CentredNormal{}
)
