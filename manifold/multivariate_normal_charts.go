package manifold

import (
	"math"

	"fisherflow/internal/cholesky"

	"gonum.org/v1/gonum/blas"
)

// Charts lists the charts; "std-corr" is there for d = 2.
func (f MultivariateNormal) Charts() []string {
	names := []string{"source", "natural", "expectation", "precision", "cholesky", "log-cholesky"}
	if f.d() == 2 {
		names = append(names, "std-corr")
	}
	return names
}

// Chart returns a chart by name.
func (f MultivariateNormal) Chart(name string) (Chart, bool) {
	d := f.d()
	base := gaussianChart{family: f, name: name, gaussian: newGaussian(d)}
	switch name {
	case "source":
		base.names = packedNames("mu", "S", "S", d)
		return &covarianceChart{base}, true
	case "natural":
		base.names = packedNames("theta", "Theta", "Theta", d)
		return &naturalGaussian{base}, true
	case "expectation":
		base.names = packedNames("eta", "E", "E", d)
		return &expectationGaussian{base}, true
	case "precision":
		base.names = packedNames("mu", "P", "P", d)
		return &precisionChart{base}, true
	case "cholesky":
		base.names = packedNames("mu", "L", "L", d)
		return &choleskyChart{gaussianChart: base}, true
	case "log-cholesky":
		base.names = packedNames("mu", "L", "logL", d)
		return &choleskyChart{gaussianChart: base, log: true}, true
	case "std-corr":
		if d == 2 {
			base.names = []string{"mu1", "mu2", "log_s1", "log_s2", "atanh_rho"}
			return &stdCorrChart{base}, true
		}
	}
	return nil, false
}

// gaussianChart is what the charts of the multivariate normal share.
type gaussianChart struct {
	family MultivariateNormal
	name   string
	names  []string
	*gaussian
}

func (c *gaussianChart) Name() string          { return c.name }
func (c *gaussianChart) Coordinates() []string { return c.names }

// finite reports the first coordinate that is not.
func (c *gaussianChart) finite(xi []float64) error {
	mustLen(len(xi), len(c.names))
	for i, x := range xi {
		if !realLine.contains(x) {
			return &DomainError{Family: c.family.Name(), Chart: c.name, Coordinate: c.names[i], Value: x, Want: realLine.want}
		}
	}
	return nil
}

// frobenius are the weights of a symmetric matrix's coordinates.
func (c *gaussianChart) frobenius(dst []float64) {
	for i := range c.d {
		dst[i] = 1
	}
	weighTriangle(dst[c.d:], c.d)
}

// covarianceChart is the source chart, (μ, vech Σ).
type covarianceChart struct{ gaussianChart }

func (c *covarianceChart) ToSource(dst, xi []float64) error {
	if err := c.family.checkCovariance(c.gaussian, "", "S", xi, xi[c.d:]); err != nil {
		return err
	}
	copy(dst, xi)
	return nil
}

func (c *covarianceChart) FromSource(dst, theta []float64) error { return c.ToSource(dst, theta) }
func (c *covarianceChart) Push(dst, _, _, v []float64)           { copy(dst, v) }
func (c *covarianceChart) PushInverse(dst, _, _, v []float64)    { copy(dst, v) }
func (c *covarianceChart) Pull(dst, _, _, v []float64)           { copy(dst, v) }
func (c *covarianceChart) PullInverse(dst, _, _, v []float64)    { copy(dst, v) }
func (c *covarianceChart) Weights(dst []float64)                 { c.frobenius(dst) }

// precisionChart is (μ, vech P), P = Σ⁻¹, dΣ = −Σ dP Σ.
type precisionChart struct{ gaussianChart }

func (c *precisionChart) ToSource(dst, xi []float64) error {
	if err := c.finite(xi); err != nil {
		return err
	}
	c.unpack(c.m[0], xi[c.d:], 1, 1)
	return c.invertInto(dst[c.d:], dst[:c.d], xi[:c.d], "P")
}

// invertInto factors the matrix in m[0] and stores its inverse, packed, and the
// vector.
func (c *gaussianChart) invertInto(packed, vector, src []float64, letter string) error {
	if err := c.family.factorOrBlame(c.gaussian, c.m[0], c.name, letter); err != nil {
		return err
	}
	c.invertFactored(c.m[1], c.m[0], c.m[2])
	c.pack(packed, c.m[1], 1, 1)
	copy(vector, src)
	return nil
}

func (c *precisionChart) FromSource(dst, theta []float64) error {
	c.unpack(c.m[0], theta[c.d:], 1, 1)
	return c.invertInto(dst[c.d:], dst[:c.d], theta[:c.d], "S")
}

// congruence stores −a s a of a packed symmetric s for the packed symmetric a.
func (c *gaussianChart) congruence(dst, a, s []float64, off float64) {
	c.unpack(c.m[0], a, 1, 1)
	c.unpack(c.m[1], s, 1, off)
	c.sandwich(c.m[2], c.m[0], c.m[1], c.m[3], -1)
	c.pack(dst, c.m[2], 1, 1/off)
}

func (c *precisionChart) Push(dst, _, theta, v []float64) {
	c.congruence(dst[c.d:], theta[c.d:], v[c.d:], 1)
	copy(dst[:c.d], v)
}

func (c *precisionChart) PushInverse(dst, xi, _, v []float64) {
	c.congruence(dst[c.d:], xi[c.d:], v[c.d:], 1)
	copy(dst[:c.d], v)
}

func (c *precisionChart) Pull(dst, _, theta, v []float64) {
	c.congruence(dst[c.d:], theta[c.d:], v[c.d:], 0.5)
	copy(dst[:c.d], v)
}

func (c *precisionChart) PullInverse(dst, xi, _, v []float64) {
	c.congruence(dst[c.d:], xi[c.d:], v[c.d:], 0.5)
	copy(dst[:c.d], v)
}

func (c *precisionChart) Weights(dst []float64) { c.frobenius(dst) }

// naturalGaussian is (Pμ; −½P_ii, −P_ij).
type naturalGaussian struct{ gaussianChart }

// precision unpacks P from natural coordinates.
func (c *naturalGaussian) precision(dst, xi []float64) { c.unpack(dst, xi[c.d:], -2, -1) }

func (c *naturalGaussian) ToSource(dst, xi []float64) error {
	if err := c.finite(xi); err != nil {
		return err
	}
	c.precision(c.m[0], xi)
	if err := c.invertInto(dst[c.d:], c.x, xi[:c.d], "-2 Theta"); err != nil {
		return err
	}
	c.apply(dst[:c.d], c.m[1], c.x)
	return nil
}

func (c *naturalGaussian) FromSource(dst, theta []float64) error {
	c.unpack(c.m[0], theta[c.d:], 1, 1)
	if err := c.invertInto(dst[c.d:], c.x, theta[:c.d], "S"); err != nil {
		return err
	}
	c.apply(dst[:c.d], c.m[1], c.x)
	c.pack(dst[c.d:], c.m[1], -0.5, -1)
	return nil
}

// Push is dΣ = −Σ dP Σ, dμ = Σ(dh − dP μ).
func (c *naturalGaussian) Push(dst, _, theta, v []float64) {
	d := c.d
	c.unpack(c.m[0], theta[d:], 1, 1)
	c.precision(c.m[1], v)
	c.apply(c.x, c.m[1], theta)
	for i := range c.x {
		c.x[i] = v[i] - c.x[i]
	}
	c.sandwich(c.m[2], c.m[0], c.m[1], c.m[3], -1)
	c.apply(dst[:d], c.m[0], c.x)
	c.pack(dst[d:], c.m[2], 1, 1)
}

// PushInverse is dP = −P dΣ P, dh = P dμ + dP μ.
func (c *naturalGaussian) PushInverse(dst, xi, theta, v []float64) {
	d := c.d
	c.precision(c.m[0], xi)
	c.unpack(c.m[1], v[d:], 1, 1)
	c.sandwich(c.m[2], c.m[0], c.m[1], c.m[3], -1)
	c.apply(c.x, c.m[0], v)
	c.apply(c.y, c.m[2], theta)
	for i := range c.x {
		dst[i] = c.x[i] + c.y[i]
	}
	c.pack(dst[d:], c.m[2], -0.5, -1)
}

// Pull, with w = Σc, has the symmetric gradient −ΣSΣ − ½(wμᵀ + μwᵀ) in P.
func (c *naturalGaussian) Pull(dst, _, theta, v []float64) {
	d := c.d
	c.unpack(c.m[0], theta[d:], 1, 1)
	c.unpack(c.m[1], v[d:], 1, 0.5)
	c.sandwich(c.m[2], c.m[0], c.m[1], c.m[3], -1)
	c.apply(c.x, c.m[0], v)
	c.addOuter(c.m[2], -0.5, c.x, theta)
	copy(dst, c.x)
	c.pack(dst[d:], c.m[2], -2, -2)
}

// PullInverse is c = Pw, S = −P(S_P + ½(wμᵀ + μwᵀ))P.
func (c *naturalGaussian) PullInverse(dst, xi, theta, v []float64) {
	d := c.d
	c.precision(c.m[0], xi)
	c.unpack(c.m[1], v[d:], -0.5, -0.5)
	c.addOuter(c.m[1], 0.5, v, theta)
	c.sandwich(c.m[2], c.m[0], c.m[1], c.m[3], -1)
	c.apply(c.x, c.m[0], v)
	copy(dst, c.x)
	c.pack(dst[d:], c.m[2], 1, 2)
}

// addOuter adds scale·(xyᵀ + yxᵀ).
func (c *gaussianChart) addOuter(a []float64, scale float64, x, y []float64) {
	d := c.d
	for i := range d {
		for j := range d {
			a[i*d+j] += scale * (x[i]*y[j] + y[i]*x[j])
		}
	}
}

func (c *naturalGaussian) Weights(dst []float64) { c.frobenius(dst) }

// expectationGaussian is (μ; E = Σ + μμᵀ).
type expectationGaussian struct{ gaussianChart }

func (c *expectationGaussian) ToSource(dst, xi []float64) error {
	if err := c.finite(xi); err != nil {
		return err
	}
	d := c.d
	copy(dst[:d], xi)
	k := d
	for i := range d {
		for j := 0; j <= i; j++ {
			dst[k] = xi[k] - xi[i]*xi[j]
			k++
		}
	}
	c.unpack(c.m[0], dst[d:], 1, 1)
	return c.family.factorOrBlame(c.gaussian, c.m[0], c.name, "E - eta etaᵀ")
}

func (c *expectationGaussian) FromSource(dst, theta []float64) error {
	d := c.d
	copy(dst[:d], theta)
	k := d
	for i := range d {
		for j := 0; j <= i; j++ {
			dst[k] = theta[k] + theta[i]*theta[j]
			k++
		}
	}
	return nil
}

// shift stores v with sign·(dμ μᵀ + μ dμᵀ) added to its matrix.
func (c *expectationGaussian) shift(dst, theta, v []float64, sign float64) {
	k := copy(dst[:c.d], v)
	for i := range c.d {
		for j := 0; j <= i; j++ {
			dst[k] = v[k] + sign*(v[i]*theta[j]+theta[i]*v[j])
			k++
		}
	}
}

func (c *expectationGaussian) Push(dst, _, theta, v []float64)        { c.shift(dst, theta, v, -1) }
func (c *expectationGaussian) PushInverse(dst, _, theta, v []float64) { c.shift(dst, theta, v, 1) }

// turn stores the covector v with sign·2Sμ added to its vector.
func (c *expectationGaussian) turn(dst, theta, v []float64, sign float64) {
	c.unpack(c.m[0], v[c.d:], 1, 0.5)
	c.apply(c.x, c.m[0], theta)
	copy(dst[c.d:], v[c.d:])
	for i := range c.x {
		dst[i] = v[i] + sign*2*c.x[i]
	}
}

func (c *expectationGaussian) Pull(dst, _, theta, v []float64)        { c.turn(dst, theta, v, -1) }
func (c *expectationGaussian) PullInverse(dst, _, theta, v []float64) { c.turn(dst, theta, v, 1) }
func (c *expectationGaussian) Weights(dst []float64)                  { c.frobenius(dst) }

// choleskyChart is (μ, vech L), Σ = LLᵀ, with the logarithms of the diagonal
// of L if log (Lin 2019).
type choleskyChart struct {
	gaussianChart
	log bool
}

// lower unpacks L from the chart.
func (c *choleskyChart) lower(dst, xi []float64) {
	c.unpackLower(dst, xi[c.d:])
	if c.log {
		for i := range c.d {
			dst[i*c.d+i] = math.Exp(dst[i*c.d+i])
		}
	}
}

// weigh multiplies (or divides) the diagonal of a matrix by that of L, where
// the diagonal is logarithmic.
func (c *choleskyChart) weigh(a, l []float64, divide bool) {
	if !c.log {
		return
	}
	for i := 0; i < c.d*c.d; i += c.d + 1 {
		if divide {
			a[i] /= l[i]
		} else {
			a[i] *= l[i]
		}
	}
}

func (c *choleskyChart) ToSource(dst, xi []float64) error {
	if err := c.finite(xi); err != nil {
		return err
	}
	d := c.d
	c.lower(c.m[0], xi)
	for i := range d {
		if l := c.m[0][i*d+i]; !positive.contains(l) {
			k := d + triangle(i) + i
			return &DomainError{Family: c.family.Name(), Chart: c.name, Coordinate: c.names[k], Value: xi[k], Want: "must give a positive, finite diagonal of L"}
		}
	}
	c.mul(c.m[1], blas.NoTrans, c.m[0], blas.Trans, c.m[0])
	copy(dst[:d], xi)
	c.pack(dst[d:], c.m[1], 1, 1)
	return nil
}

func (c *choleskyChart) FromSource(dst, theta []float64) error {
	d := c.d
	c.unpack(c.m[0], theta[d:], 1, 1)
	if err := c.family.factorOrBlame(c.gaussian, c.m[0], "", "S"); err != nil {
		return err
	}
	if c.log {
		for i := range d {
			c.m[0][i*d+i] = math.Log(c.m[0][i*d+i])
		}
	}
	copy(dst[:d], theta)
	c.packLower(dst[d:], c.m[0])
	return nil
}

// Push is dΣ = dL Lᵀ + L dLᵀ.
func (c *choleskyChart) Push(dst, xi, _, v []float64) {
	d := c.d
	c.lower(c.m[0], xi)
	c.unpackLower(c.m[1], v[d:])
	c.weigh(c.m[1], c.m[0], false)
	c.mul(c.m[2], blas.NoTrans, c.m[1], blas.Trans, c.m[0])
	for i := range d {
		for j := 0; j <= i; j++ {
			c.m[3][i*d+j] = c.m[2][i*d+j] + c.m[2][j*d+i]
		}
	}
	copy(dst[:d], v)
	c.pack(dst[d:], c.m[3], 1, 1)
}

// PushInverse is dL = L Φ(L⁻¹ dΣ L⁻ᵀ), Φ the lower triangle with half the
// diagonal.
func (c *choleskyChart) PushInverse(dst, xi, _, v []float64) {
	d := c.d
	c.lower(c.m[0], xi)
	cholesky.Invert(c.m[1], c.m[0], d)
	c.unpack(c.m[2], v[d:], 1, 1)
	c.whiten(c.m[2], c.m[1], c.m[3])
	for i := range d {
		c.m[2][i*d+i] /= 2
		clear(c.m[2][i*d+i+1 : i*d+d])
	}
	c.mul(c.m[3], blas.NoTrans, c.m[0], blas.NoTrans, c.m[2])
	c.weigh(c.m[3], c.m[0], true)
	copy(dst[:d], v)
	c.packLower(dst[d:], c.m[3])
}

// Pull is the lower triangle of 2SL.
func (c *choleskyChart) Pull(dst, xi, _, v []float64) {
	d := c.d
	c.lower(c.m[0], xi)
	c.unpack(c.m[1], v[d:], 2, 1)
	c.mul(c.m[2], blas.NoTrans, c.m[1], blas.NoTrans, c.m[0])
	c.weigh(c.m[2], c.m[0], false)
	copy(dst[:d], v)
	c.packLower(dst[d:], c.m[2])
}

// PullInverse is S = ½ L⁻ᵀ K L⁻¹, with K symmetric, of the lower triangle of
// LᵀC.
func (c *choleskyChart) PullInverse(dst, xi, _, v []float64) {
	d := c.d
	c.lower(c.m[0], xi)
	c.unpackLower(c.m[1], v[d:])
	c.weigh(c.m[1], c.m[0], true)
	c.mul(c.m[2], blas.Trans, c.m[0], blas.NoTrans, c.m[1])
	for i := range d {
		for j := range i {
			c.m[2][j*d+i] = c.m[2][i*d+j]
		}
	}
	cholesky.Invert(c.m[1], c.m[0], d)
	c.mul(c.m[3], blas.Trans, c.m[1], blas.NoTrans, c.m[2])
	c.mul(c.m[2], blas.NoTrans, c.m[3], blas.NoTrans, c.m[1])
	copy(dst[:d], v)
	c.pack(dst[d:], c.m[2], 0.5, 1)
}

// stdCorrChart is (μ, log s₁, log s₂, atanh ρ) for d = 2.
type stdCorrChart struct{ gaussianChart }

func (c *stdCorrChart) ToSource(dst, xi []float64) error {
	if err := c.finite(xi); err != nil {
		return err
	}
	s1, s2 := math.Exp(xi[2]), math.Exp(xi[3])
	copy(dst[:2], xi)
	dst[2], dst[3], dst[4] = s1*s1, math.Tanh(xi[4])*s1*s2, s2*s2
	return c.family.checkCovariance(c.gaussian, c.name, "S", dst, dst[2:])
}

func (c *stdCorrChart) FromSource(dst, theta []float64) error {
	copy(dst[:2], theta)
	s1, s2 := math.Sqrt(theta[2]), math.Sqrt(theta[4])
	dst[2], dst[3] = math.Log(theta[2])/2, math.Log(theta[4])/2
	// atanh ρ = ½ log((s₁s₂ + S21)/(s₁s₂ − S21)).
	dst[4] = math.Log((s1*s2+theta[3])/(s1*s2-theta[3])) / 2
	return c.family.checkCovariance(c.gaussian, "", "S", theta, theta[2:])
}

// slope is ∂S21/∂(atanh ρ) = s₁s₂(1−ρ²).
func (c *stdCorrChart) slope(xi []float64) float64 {
	sech := 1 / math.Cosh(xi[4])
	return math.Exp(xi[2]+xi[3]) * sech * sech
}

func (c *stdCorrChart) Push(dst, xi, theta, v []float64) {
	copy(dst[:2], v)
	dst[2], dst[4] = 2*theta[2]*v[2], 2*theta[4]*v[3]
	dst[3] = theta[3]*(v[2]+v[3]) + c.slope(xi)*v[4]
}

func (c *stdCorrChart) PushInverse(dst, xi, theta, v []float64) {
	copy(dst[:2], v)
	a, b := v[2]/(2*theta[2]), v[4]/(2*theta[4])
	dst[2], dst[3], dst[4] = a, b, (v[3]-theta[3]*(a+b))/c.slope(xi)
}

func (c *stdCorrChart) Pull(dst, xi, theta, v []float64) {
	copy(dst[:2], v)
	a, b, r := v[2], v[4], v[3]
	dst[2], dst[3], dst[4] = 2*theta[2]*a+theta[3]*r, 2*theta[4]*b+theta[3]*r, c.slope(xi)*r
}

func (c *stdCorrChart) PullInverse(dst, xi, theta, v []float64) {
	copy(dst[:2], v)
	r := v[4] / c.slope(xi)
	dst[2], dst[3], dst[4] = (v[2]-theta[3]*r)/(2*theta[2]), r, (v[3]-theta[3]*r)/(2*theta[4])
}

var (
	_ Weighted = (*covarianceChart)(nil)
	_ Weighted = (*precisionChart)(nil)
	_ Weighted = (*naturalGaussian)(nil)
	_ Weighted = (*expectationGaussian)(nil)
)
