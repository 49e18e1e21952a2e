package manifold

import "fmt"

// compensated is a sum to nearly twice the digits of float64: the rounding errors
// of hi are kept in lo (Neumaier, ZAMM 54, 1974).
type compensated struct{ hi, lo float64 }

func (s *compensated) add(x float64) {
	sum := s.hi + x
	// What the sum has of each (Knuth's TwoSum).
	t := sum - s.hi
	s.lo += (s.hi - (sum - t)) + (x - t)
	s.hi = sum
}

func (s *compensated) value() float64 { return s.hi + s.lo }

// remainder is 1 − Σp of the float64 numbers p, to rounding.
func remainder(p []float64) float64 {
	s := compensated{hi: 1}
	for _, x := range p {
		s.add(-x)
	}
	return s.value()
}

// remainderDifference is remainder(q) − remainder(p).
func remainderDifference(p, q []float64) float64 {
	var s compensated
	for i, x := range p {
		s.add(x)
		s.add(-q[i])
	}
	return s.value()
}

// checkRemainder wants something to remain for the last of the coordinates p1, p2, …,
// named by letter.
func checkRemainder(family, letter string, p []float64) error {
	rest := remainder(p)
	if rest > 0 {
		return nil
	}
	return &DomainError{
		Family: family, Coordinate: fmt.Sprintf("%s%d", letter, len(p)+1), Value: rest,
		Want: "must be positive (it is 1 minus the others)",
	}
}
