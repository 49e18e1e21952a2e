package manifold

import "fmt"

// newStudentT has ν fixed where the option nu is given, and free elsewhere.
func newStudentT(o Options) (Family, error) {
	v, ok := o["nu"]
	if !ok {
		return StudentTFree{}, nil
	}
	nu, ok := number(v)
	if !ok || !positive.contains(nu) {
		return nil, fmt.Errorf("student-t: option nu = %v must be a positive number", v)
	}
	return NewStudentT(nu), nil
}

// newNegativeBinomial has r free where the option r is not given.
func newNegativeBinomial(o Options) (Family, error) {
	if v, ok := o["r"]; ok {
		return nil, fmt.Errorf("negative-binomial: option r = %v: the family with r fixed is not there, leave r out for the one with r free", v)
	}
	return NegativeBinomialFree{}, nil
}
