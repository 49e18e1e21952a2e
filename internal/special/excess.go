package special

import "math"

// Euler is the Euler–Mascheroni constant γ.
const Euler = 0.57721566490153286060651209008240243

// ExpExcess is e^d − 1 − d, without cancellation near zero, where it is d²/2.
func ExpExcess(d float64) float64 {
	if math.Abs(d) > 0.5 {
		return math.Expm1(d) - d
	}
	s := 1.0
	for k := 16.0; k > 2; k-- {
		s = 1 + d/k*s
	}
	return d * d / 2 * s
}

// zetaMinusOne are ζ(k) − 1 for k = 2, 3, …
var zetaMinusOne = [...]float64{
	0.644934066848226436, 0.202056903159594285, 0.0823232337111381915, 0.0369277551433699263, 0.0173430619844491397,
	0.00834927738192282684, 0.00407735619794433938, 0.00200839282608221442, 0.000994575127818085337, 0.000494188604119464559,
	0.000246086553308048299, 0.000122713347578489147, 0.0000612481350587048293, 0.0000305882363070204936,
	0.0000152822594086518717, 7.63719763789976227e-6, 3.81729326499983986e-6, 1.90821271655393893e-6,
}

// LogGammaExcess is log Γ(1+t) + γt for t > −1, without cancellation near zero,
// where it is ζ(2)t²/2. It is positive elsewhere.
func LogGammaExcess(t float64) float64 {
	if math.Abs(t) > 0.25 {
		l, _ := math.Lgamma(1 + t)
		return l + Euler*t
	}
	// log Γ(1+t) + γt = t − log(1+t) + Σ_k (ζ(k)−1)(−t)^k/k.
	s := 0.0
	for i := len(zetaMinusOne) - 1; i >= 0; i-- {
		s = zetaMinusOne[i]/float64(i+2) - t*s
	}
	return Excess(t) + t*t*s
}
