package manifold

import (
	"fmt"
	"strconv"
	"strings"
)

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
	if _, ok := o["r"]; !ok {
		return NegativeBinomialFree{}, nil
	}
	r, err := o.real("negative-binomial", "r", 1, positive)
	return NegativeBinomial{R: r}, err
}

// members reads a list of families, of = ["normal", "student-t nu=3"], or the
// same as one string with commas.
func (o Options) members(family, option string, def ...string) ([]Family, error) {
	list := def
	switch v := o[option].(type) {
	case nil:
	case string:
		list = strings.Split(v, ",")
	case []string:
		list = v
	case []any:
		list = nil
		for _, e := range v {
			s, ok := e.(string)
			if !ok {
				return nil, fmt.Errorf("%s: option %s has %v where a family's name belongs", family, option, e)
			}
			list = append(list, s)
		}
	default:
		return nil, fmt.Errorf("%s: option %s = %v must be a list of families, as [\"normal\", \"gamma\"]", family, option, v)
	}
	var members []Family
	for _, text := range list {
		f, err := member(text)
		if err != nil {
			return nil, fmt.Errorf("%s: option %s: %w", family, option, err)
		}
		members = append(members, f)
	}
	return members, nil
}

// member makes the family of "name option=value …".
func member(text string) (Family, error) {
	words := strings.Fields(text)
	if len(words) == 0 {
		return nil, fmt.Errorf("a family's name is missing")
	}
	options := Options{}
	for _, w := range words[1:] {
		key, value, ok := strings.Cut(w, "=")
		if !ok {
			return nil, fmt.Errorf("%q is not an option=value", w)
		}
		if n, err := strconv.ParseFloat(value, 64); err == nil {
			options[key] = n
		} else {
			options[key] = value
		}
	}
	return New(words[0], options)
}

func newProductOf(o Options) (Family, error) {
	factors, err := o.members("product", "of", "normal", "gamma")
	if err != nil {
		return nil, err
	}
	return NewProduct(factors...)
}

func newNormalMixture(o Options) (Family, error) {
	k, err := o.whole("normal-mixture", "k", 2, 2)
	return Mixture{K: k}, err
}

func newMixtureOf(o Options) (Family, error) {
	k, err := o.whole("mixture", "k", 2, 2)
	if err != nil {
		return nil, err
	}
	of, err := o.members("mixture", "of", "gamma")
	if err != nil {
		return nil, err
	}
	if len(of) != 1 {
		return nil, fmt.Errorf("mixture: option of names %d families, a mixture is of one", len(of))
	}
	return NewMixture(of[0], k)
}
