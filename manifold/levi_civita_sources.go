package manifold

import "fisherflow/internal/special"

// The Levi-Civita symbols of the families whose own coordinates are neither
// natural coordinates nor expectations.

// symbols stores −(δ_iσ C_jk + δ_jσ C_ik − δ_kσ C_ij)/σ³, those of the metric C/σ²
// with a constant matrix C.
func (p halfPlane) symbols(dst Tensor, sigma float64) {
	c := [3]float64{p.a, -p.a * p.shear, p.b + p.a*p.shear*p.shear}
	w := 1 / (sigma * sigma * sigma)
	dst.fill(func(i, j, k int) float64 {
		return -w * (float64(i)*c[j+k] + float64(j)*c[i+k] - float64(k)*c[i+j])
	})
}

// LeviCivita has Γ_μμ,σ = 1/σ³, Γ_μσ,μ = −1/σ³ and Γ_σσ,σ = −2/σ³.
func (f Normal) LeviCivita(dst Tensor, theta []float64) error {
	normalPlane.symbols(dst, theta[1])
	return f.Check(theta)
}

// LeviCivita is that of the normal.
func (f Lognormal) LeviCivita(dst Tensor, theta []float64) error {
	normalPlane.symbols(dst, theta[1])
	return f.Check(theta)
}

// LeviCivita is a constant tensor over σ³.
func (f locationScale[S]) LeviCivita(dst Tensor, theta []float64) error {
	f.shape.traits().plane.symbols(dst, theta[1])
	return f.Check(theta)
}

// LeviCivita is that of each normal.
func (f DiagonalNormal) LeviCivita(dst Tensor, theta []float64) error {
	d := f.d()
	dst.fill(func(i, j, k int) float64 {
		if i%d != j%d || j%d != k%d {
			return 0
		}
		s := theta[d+i%d]
		// By which of the indices are σ.
		return [2][2][2]float64{{{0, 1}, {-1, 0}}, {{-1, 0}, {0, -2}}}[i/d][j/d][k/d] / (s * s * s)
	})
	return f.Check(theta)
}

// LeviCivita is −km²/θ³.
func (f scaleFamily[K]) LeviCivita(dst Tensor, theta []float64) error {
	k := f.scaling()
	dst[0][0][0] = -k.shape * k.power * k.power / theta[0] / theta[0] / theta[0]
	return f.Check(theta)
}

// leviCivita stores r(3p−2)/(2p³(1−p)²).
func (k successes) leviCivita(dst Tensor, p float64) {
	q := 1 - p
	dst[0][0][0] = k.r * (3*p - 2) / (2 * p * p * p * q * q)
}

// LeviCivita is (3p−2)/(2p³(1−p)²).
func (f Geometric) LeviCivita(dst Tensor, theta []float64) error {
	f.successes().leviCivita(dst, theta[0])
	return f.Check(theta)
}

// LeviCivita is r(3p−2)/(2p³(1−p)²).
func (f NegativeBinomial) LeviCivita(dst Tensor, theta []float64) error {
	f.successes().leviCivita(dst, theta[0])
	return f.Check(theta)
}

// planeSymbols stores the symbols of a metric in two coordinates from its
// derivatives by each of them.
func planeSymbols(dst Tensor, d1, d2 [3]float64) {
	d := [2][3]float64{d1, d2}
	dst.fill(func(i, j, k int) float64 { return (d[i][j+k] + d[j][i+k] - d[k][i+j]) / 2 })
}

// LeviCivita has Γ_μμ,μ = −3λ/(2μ⁴), Γ_μμ,λ = −1/(2μ³), Γ_μλ,μ = 1/(2μ³) and
// Γ_λλ,λ = −1/(2λ³).
func (f InverseGaussian) LeviCivita(dst Tensor, theta []float64) error {
	mu, l := theta[0], theta[1]
	planeSymbols(dst, [3]float64{-3 * l / mu / mu / mu / mu, 0, 0}, [3]float64{1 / mu / mu / mu, 0, -1 / l / l / l})
	return f.Check(theta)
}

// LeviCivita differentiates [[(b + h²)/k², −h/λ], [−h/λ, k²/λ²]], b = π²/6 and
// h = 1 − γ.
func (f Weibull) LeviCivita(dst Tensor, theta []float64) error {
	k, l, p := theta[0], theta[1], weibullPlane
	planeSymbols(dst, [3]float64{-2 * (p.b + p.shear*p.shear) / (k * k * k), 0, 2 * k / (l * l)},
		[3]float64{0, p.shear / (l * l), -2 * k * k / (l * l * l)})
	return f.Check(theta)
}

// LeviCivita differentiates diag(κA, A′).
func (f VonMises) LeviCivita(dst Tensor, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	r := special.BesselRatio(2, theta[1])
	planeSymbols(dst, [3]float64{}, [3]float64{r.Value + theta[1]*r.Slope, 0, r.Curve})
	return nil
}

// LeviCivita has, for changes u of the mean and B of the covariance,
//
//	Γ_{uB,w} = −½wᵀPBPu,  Γ_{uw,B} = ½uᵀPBPw,  Γ_{BC,D} = −½ tr(PBPCPD).
func (f MultivariateNormal) LeviCivita(dst Tensor, theta []float64) error {
	g := f.workspace()
	d := g.d
	if err := f.checkCovariance(g, "", "S", theta, theta[d:]); err != nil {
		return err
	}
	g.invertFactored(g.m[1], g.m[0], g.m[2])
	p := func(i, j int) float64 { return g.m[1][i*d+j] }
	between := func(a, b, c int) float64 {
		sum := 0.0
		for _, u := range orders(c - d) {
			sum += p(a, u[0]) * p(u[1], b)
		}
		return sum / 2
	}
	dst.fill(func(a, b, c int) float64 {
		switch {
		case a >= d && b >= d && c >= d:
			return -g.traceOfThree(g.m[1], a-d, b-d, c-d) / 2
		case a < d && b < d && c >= d:
			return between(a, b, c)
		case a < d && b >= d && c < d:
			return -between(a, c, b)
		case a >= d && b < d && c < d:
			return -between(b, c, a)
		}
		return 0
	})
	return nil
}

// LeviCivita has, with U = V⁻¹ and changes B of V, Γ_nn,n = Σψ₂((n+1−i)/2)/16,
// Γ_{nB,C} = ¼tr(UBUC), Γ_{BC,n} = −¾tr(UBUC) and Γ_{BC,D} = −(n/2) tr(UBUCUD).
func (f Wishart) LeviCivita(dst Tensor, theta []float64) error {
	g := f.workspace()
	if err := f.invert(g, theta); err != nil {
		return err
	}
	n, u := theta[0], g.m[1]
	first := wishartSum(n, g.d, special.Tetragamma) / 16
	pair := func(a, b int) float64 { return g.traceOfTwo(u, a-1, b-1) }
	dst.fill(func(a, b, c int) float64 {
		switch {
		case a == 0 && b == 0 && c == 0:
			return first
		case a > 0 && b > 0 && c > 0:
			return -n / 2 * g.traceOfThree(u, a-1, b-1, c-1)
		case a > 0 && b > 0:
			return -0.75 * pair(a, b)
		case a > 0 && c > 0:
			return pair(a, c) / 4
		case b > 0 && c > 0:
			return pair(b, c) / 4
		}
		return 0
	})
	return nil
}

// LeviCivita differentiates the Fisher matrix by σ and ν.
func (f StudentTFree) LeviCivita(dst Tensor, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	sigma, nu := theta[1], theta[2]
	w, s := 1/(sigma*sigma), (nu+3)*(nu+3)
	// d[k] is ∂_kG; none depends on μ.
	var d [3][3][3]float64
	d[1][0][0] = -2 * (nu + 1) / (nu + 3) * w / sigma
	d[1][1][1] = -4 * nu / (nu + 3) * w / sigma
	cross := 2 / ((nu + 1) * (nu + 3))
	d[1][1][2] = cross * w
	d[2][0][0] = 2 / s * w
	d[2][1][1] = 6 / s * w
	d[2][1][2] = 2 * cross * (nu + 2) / ((nu + 1) * (nu + 3)) / sigma
	d[2][2][2] = degreesInformationSlope(nu)
	for k := range d {
		d[k][2][1] = d[k][1][2]
	}
	dst.fill(func(i, j, k int) float64 { return (d[i][j][k] + d[j][i][k] - d[k][i][j]) / 2 })
	return nil
}
