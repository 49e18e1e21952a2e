package manifold

import (
	"fmt"
	"math"
	"slices"
	"sort"
)

// Options are a family's parameters beside its coordinates, by their names in
// spec files (k, n, dim, …), with the value as a decoder gives it: a number of
// any Go type, a string, or a slice of these.
type Options map[string]any

// An entry of the registry makes a family from options.
type entry struct {
	name    string
	options []string
	make    func(o Options) (Family, error)
}

func plain(f Family) entry {
	return entry{f.Name(), nil, func(Options) (Family, error) { return f, nil }}
}

var registry []entry

// The makers of products and mixtures look their members up in the registry.
func init() {
	registry = families
}

var families = []entry{
	plain(Bernoulli{}),
	{"categorical", []string{"k"}, func(o Options) (Family, error) {
		k, err := o.whole("categorical", "k", 2, 2)
		return Categorical{K: k}, err
	}},
	plain(Cauchy{}),
	plain(ExponentialRate{}),
	plain(Gamma{}),
	plain(Gumbel{}),
	plain(Laplace{}),
	plain(Logistic{}),
	{"mixture", []string{"of", "k"}, newMixtureOf},
	{"multivariate-normal", []string{"dim"}, func(o Options) (Family, error) {
		d, err := o.whole("multivariate-normal", "dim", 2, 1)
		return MultivariateNormal{Dimension: d}, err
	}},
	{"negative-binomial", []string{"r"}, newNegativeBinomial},
	plain(Normal{}),
	{"normal-mixture", []string{"k"}, newNormalMixture},
	plain(Poisson{}),
	{"product", []string{"of"}, newProductOf},
	{"student-t", []string{"nu"}, newStudentT},
	plain(Weibull{}),
}

// A NameError says that a name is not one of those that would have done.
type NameError struct {
	Kind, Name string
	Names      []string
}

func (e *NameError) Error() string {
	return fmt.Sprintf("no %s is called %q (there are: %v)", e.Kind, e.Name, e.Names)
}

// Names lists the families that New knows, in alphabetical order.
func Names() []string {
	var names []string
	for _, e := range registry {
		names = append(names, e.name)
	}
	return names
}

// OptionNames lists the options of a family.
func OptionNames(family string) []string {
	for _, e := range registry {
		if e.name == family {
			return e.options
		}
	}
	return nil
}

// New returns the family of that name in spec files. Unknown names are
// reported by a [NameError].
func New(name string, options Options) (Family, error) {
	for _, e := range registry {
		if e.name != name {
			continue
		}
		var given []string
		for o := range options {
			given = append(given, o)
		}
		sort.Strings(given)
		for _, o := range given {
			if !slices.Contains(e.options, o) {
				return nil, &NameError{Kind: "option of " + name, Name: o, Names: e.options}
			}
		}
		return e.make(options)
	}
	return nil, &NameError{Kind: "family", Name: name, Names: Names()}
}

// whole reads a whole number of at least least, def if it is absent.
func (o Options) whole(family, option string, def, least int) (int, error) {
	v, ok := o[option]
	if !ok {
		return def, nil
	}
	x, ok := number(v)
	if !ok || x != math.Trunc(x) || x < float64(least) || x > 1e6 {
		return def, fmt.Errorf("%s: option %s = %v must be a whole number of at least %d", family, option, v, least)
	}
	return int(x), nil
}

func number(v any) (float64, bool) {
	switch x := v.(type) {
	case int:
		return float64(x), true
	case int64:
		return float64(x), true
	case float64:
		return x, true
	}
	return math.NaN(), false
}
