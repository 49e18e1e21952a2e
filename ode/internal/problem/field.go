package problem

import (
	"math"

	"fisherflow/internal/special"
)

// Arenstorf is the restricted problem of three bodies, the Earth, the Moon and a
// satellite, whose orbit closes (Hairer, Nørsett & Wanner I, II.0).
type Arenstorf struct{}

func (Arenstorf) Eval(dst []float64, _ float64, y []float64) error {
	const mu, rest = 0.012277471, float64(1) - 0.012277471
	dst, y = dst[:4], y[:4]
	a, b, q := y[0]+mu, y[0]-rest, y[1]*y[1]
	r1, r2 := a*a+q, b*b+q
	r1 *= math.Sqrt(r1)
	r2 *= math.Sqrt(r2)
	dst[0], dst[1] = y[2], y[3]
	dst[2] = y[0] + 2*y[3] - rest*a/r1 - mu*b/r2
	dst[3] = y[1] - 2*y[2] - rest*y[1]/r1 - mu*y[1]/r2
	return nil
}

// Pleiades is the motion of seven stars of masses 1 to 7 in a plane, with y =
// (x, z, x′, z′) (Hairer, Nørsett & Wanner I, II.10).
type Pleiades struct{}

func (Pleiades) Eval(dst []float64, _ float64, y []float64) error {
	const n = 7
	x, z := (*[n]float64)(y), (*[n]float64)(y[n:])
	ax, az := (*[n]float64)(dst[2*n:]), (*[n]float64)(dst[3*n:])
	copy(dst[:2*n], y[2*n:4*n])
	*ax, *az = [n]float64{}, [n]float64{}
	for i := range n {
		xi, zi, mi := x[i], z[i], float64(i+1)
		fx, fz := ax[i], az[i]
		for j := i + 1; j < n; j++ {
			dx, dz := x[j]-xi, z[j]-zi
			r := dx*dx + dz*dz
			r = 1 / (r * math.Sqrt(r))
			mj := float64(j+1) * r
			fx += mj * dx
			fz += mj * dz
			r *= mi
			ax[j] -= r * dx
			az[j] -= r * dz
		}
		ax[i], az[i] = fx, fz
	}
	return nil
}

// Lorenz is Lorenz's attractor.
type Lorenz struct{}

func (Lorenz) Eval(dst []float64, _ float64, y []float64) error {
	dst, y = dst[:3], y[:3]
	dst[0] = 10 * (y[1] - y[0])
	dst[1] = 28*y[0] - y[1] - y[0]*y[2]
	dst[2] = y[0]*y[1] - float64(8)/3*y[2]
	return nil
}

// FisherGauss is the Fisher flow of the likelihood of a normal in y = (μ, log σ)
// on data of mean 1.5 and variance 0.25. Its expectation parameters approach
// those of the data as e⁻ᵗ.
type FisherGauss struct{}

func (FisherGauss) Eval(dst []float64, _ float64, y []float64) error {
	dst, y = dst[:2], y[:2]
	e := 1.5 - y[0]
	dst[0] = e
	dst[1] = 0.5 * ((0.25+e*e)*special.Exp(-2*y[1]) - 1)
	return nil
}

// Brusselator is a chemical oscillator (Hairer, Nørsett & Wanner I, I.16).
type Brusselator struct{}

func (Brusselator) Eval(dst []float64, _ float64, y []float64) error {
	p := y[0] * y[0] * y[1]
	dst[0], dst[1] = 1+p-4*y[0], 3*y[0]-p
	return nil
}

// Heat is the diffusion u_i′ = u_{i−1} − 2u_i + u_{i+1} along a rod with cold
// ends.
type Heat struct{}

func (Heat) Eval(dst []float64, _ float64, u []float64) error {
	n := len(u)
	dst = dst[:n]
	from, to := 1, 1
	if n >= 16 && vectorised {
		from, to = 4, 4+(n-5)&^3
		heatAVX2(&dst[from], &u[from], to-from)
	}
	for i := 1; i < from; i++ {
		dst[i] = u[i-1] - 2*u[i] + u[i+1]
	}
	for i := to; i < n-1; i++ {
		dst[i] = u[i-1] - 2*u[i] + u[i+1]
	}
	if n == 1 {
		dst[0] = -2 * u[0]
		return nil
	}
	dst[0], dst[n-1] = u[1]-2*u[0], u[n-2]-2*u[n-1]
	return nil
}

func (Heat) Bandwidths() (lower, upper int) { return 1, 1 }

func (Heat) Jacobian(dst []float64, _ float64, u []float64) error {
	for i := range u {
		row := dst[3*i : 3*i+3]
		row[1] = -2
		if i > 0 {
			row[0] = 1
		}
		if i+1 < len(u) {
			row[2] = 1
		}
	}
	return nil
}

// Oscillators are half as many oscillators as there are components, y = (q₁, p₁,
// q₂, p₂, …), that know nothing of each other. A component without a partner
// decays.
type Oscillators struct{}

func (Oscillators) Eval(dst []float64, _ float64, y []float64) error {
	dst = dst[:len(y)]
	i := 1
	if len(y) >= 8 && vectorised {
		i += len(y) &^ 3
		oscillateAVX2(&dst[0], &y[0], i-1)
	}
	for ; i < len(y); i += 2 {
		dst[i-1], dst[i] = y[i], -y[i-1]
	}
	if len(y)%2 == 1 {
		dst[len(y)-1] = -y[len(y)-1]
	}
	return nil
}

func (Oscillators) Bandwidths() (lower, upper int) { return 1, 1 }

// VanDerPol is van der Pol's oscillator with its stiffness μ.
type VanDerPol struct{ Mu float64 }

func (v VanDerPol) Eval(dst []float64, _ float64, y []float64) error {
	dst[0] = y[1]
	dst[1] = v.Mu*(1-y[0]*y[0])*y[1] - y[0]
	return nil
}

func (v VanDerPol) Jacobian(dst []float64, _ float64, y []float64) error {
	dst[1] = 1
	dst[2], dst[3] = -2*v.Mu*y[0]*y[1]-1, v.Mu*(1-y[0]*y[0])
	return nil
}

// Robertson is a chemical reaction of three substances whose rates differ by
// nine orders.
type Robertson struct{}

func (Robertson) Eval(dst []float64, _ float64, y []float64) error {
	a, b, c := 0.04*y[0], 1e4*y[1]*y[2], 3e7*y[1]*y[1]
	dst[0], dst[1], dst[2] = b-a, a-b-c, c
	return nil
}

func (Robertson) Jacobian(dst []float64, _ float64, y []float64) error {
	dst[0], dst[1], dst[2] = -0.04, 1e4*y[2], 1e4*y[1]
	dst[3], dst[4], dst[5] = 0.04, -1e4*y[2]-6e7*y[1], -1e4*y[1]
	dst[7] = 6e7 * y[1]
	return nil
}

// Oregonator is the reaction of Belousov and Zhabotinskii.
type Oregonator struct{}

func (Oregonator) Eval(dst []float64, _ float64, y []float64) error {
	dst[0] = 77.27 * (y[1] + y[0]*(1-8.375e-6*y[0]-y[1]))
	dst[1] = (y[2] - (1+y[0])*y[1]) / 77.27
	dst[2] = 0.161 * (y[0] - y[2])
	return nil
}

// HIRES is the high irradiance response of a plant, eight reactions.
type HIRES struct{}

func (HIRES) Eval(dst []float64, _ float64, y []float64) error {
	dst[0] = -1.71*y[0] + 0.43*y[1] + 8.32*y[2] + 0.0007
	dst[1] = 1.71*y[0] - 8.75*y[1]
	dst[2] = -10.03*y[2] + 0.43*y[3] + 0.035*y[4]
	dst[3] = 8.32*y[1] + 1.71*y[2] - 1.12*y[3]
	dst[4] = -1.745*y[4] + 0.43*y[5] + 0.43*y[6]
	dst[5] = -280*y[5]*y[7] + 0.69*y[3] + 1.71*y[4] - 0.43*y[5] + 0.69*y[6]
	dst[6] = 280*y[5]*y[7] - 1.81*y[6]
	dst[7] = -dst[6]
	return nil
}
