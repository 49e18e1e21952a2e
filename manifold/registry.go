package manifold

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
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
	plain(Beta{}),
	{"binomial", []string{"n"}, func(o Options) (Family, error) {
		n, err := o.whole("binomial", "n", 1, 1)
		return Binomial{N: n}, err
	}},
	{"categorical", []string{"k"}, func(o Options) (Family, error) {
		k, err := o.whole("categorical", "k", 2, 2)
		return Categorical{K: k}, err
	}},
	plain(Cauchy{}),
	{"centred-normal", []string{"dim"}, func(o Options) (Family, error) {
		d, err := o.whole("centred-normal", "dim", 2, 1)
		return CentredNormal{Dimension: d}, err
	}},
	plain(ChiSquare{}),
	{"diagonal-normal", []string{"dim"}, func(o Options) (Family, error) {
		d, err := o.whole("diagonal-normal", "dim", 2, 1)
		return DiagonalNormal{Dimension: d}, err
	}},
	{"dirichlet", []string{"k"}, func(o Options) (Family, error) {
		k, err := o.whole("dirichlet", "k", 2, 2)
		return Dirichlet{K: k}, err
	}},
	plain(ExponentialRate{}),
	plain(Gamma{}),
	plain(Geometric{}),
	{"gibbs", []string{"levels"}, func(o Options) (Family, error) {
		levels, err := o.numbers("gibbs", "levels", []float64{0, 1})
		if err != nil {
			return nil, err
		}
		if low, high := energyLevels(levels).bounds(); !(low < high) {
			return nil, fmt.Errorf("gibbs: option levels = %v must have at least two different levels", levels)
		}
		return Gibbs{Levels: levels}, nil
	}},
	plain(Gumbel{}),
	plain(HalfNormal{}),
	plain(InverseGamma{}),
	plain(InverseGaussian{}),
	{"ising", []string{"n"}, func(o Options) (Family, error) {
		n, err := o.whole("ising", "n", 2, 1)
		if n > mostSpins {
			return nil, fmt.Errorf("ising: option n = %d must be at most %d, since all 2ⁿ configurations are summed", n, mostSpins)
		}
		return Ising{N: n}, err
	}},
	plain(Laplace{}),
	plain(Logistic{}),
	plain(Lognormal{}),
	plain(MaxwellBoltzmann{}),
	{"mixture", []string{"of", "k"}, newMixtureOf},
	{"multinomial", []string{"n", "k"}, func(o Options) (Family, error) {
		n, err := o.whole("multinomial", "n", 1, 1)
		if err != nil {
			return nil, err
		}
		k, err := o.whole("multinomial", "k", 2, 2)
		return Multinomial{N: n, K: k}, err
	}},
	{"multivariate-normal", []string{"dim"}, func(o Options) (Family, error) {
		d, err := o.whole("multivariate-normal", "dim", 2, 1)
		return MultivariateNormal{Dimension: d}, err
	}},
	{"negative-binomial", []string{"r"}, newNegativeBinomial},
	plain(Normal{}),
	{"normal-known-mean", []string{"mean"}, func(o Options) (Family, error) {
		m, err := o.real("normal-known-mean", "mean", 0, realLine)
		return NormalKnownMean{Mean: m}, err
	}},
	{"normal-known-variance", []string{"sd"}, func(o Options) (Family, error) {
		sd, err := o.real("normal-known-variance", "sd", 1, positive)
		return NormalKnownVariance{SD: sd}, err
	}},
	{"normal-mixture", []string{"k"}, newNormalMixture},
	{"pareto", []string{"xm"}, func(o Options) (Family, error) {
		xm, err := o.real("pareto", "xm", 1, positive)
		return Pareto{Xm: xm}, err
	}},
	plain(Poisson{}),
	{"product", []string{"of"}, newProductOf},
	plain(Rayleigh{}),
	{"student-t", []string{"nu"}, newStudentT},
	plain(VonMises{}),
	{"von-mises-fisher", []string{"dim"}, func(o Options) (Family, error) {
		d, err := o.whole("von-mises-fisher", "dim", 3, 2)
		return VonMisesFisher{Dimension: d}, err
	}},
	plain(Weibull{}),
	{"wishart", []string{"dim"}, func(o Options) (Family, error) {
		d, err := o.whole("wishart", "dim", 2, 1)
		return Wishart{Dimension: d}, err
	}},
}

// A NameError says that a name is not one of those that would have done.
type NameError struct {
	Kind, Name string
	Names      []string
}

func (e *NameError) Error() string {
	if family, ok := strings.CutPrefix(e.Kind, "option of "); ok && len(e.Names) == 0 {
		return fmt.Sprintf("%s has no options, and so none called %q", family, e.Name)
	}
	return fmt.Sprintf("no %s is called %q (there are: %s)", e.Kind, e.Name, strings.Join(e.Names, ", "))
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
		f, err := e.make(options)
		if err != nil {
			return nil, err
		}
		if f.Dim() > mostCoordinates {
			return nil, fmt.Errorf("%s: the options make %d coordinates, at most %d are possible", name, f.Dim(), mostCoordinates)
		}
		return f, nil
	}
	return nil, &NameError{Kind: "family", Name: name, Names: Names()}
}

// mostCoordinates keeps the workspace of a slip of the keyboard out of memory.
const mostCoordinates = 1_000_000

// mostWhole is the largest whole number that an option may be.
const mostWhole = 1_000_000

// whole reads a whole number of at least least, def if it is absent.
func (o Options) whole(family, option string, def, least int) (int, error) {
	v, ok := o[option]
	if !ok {
		return def, nil
	}
	x, ok := number(v)
	if !ok || x != math.Trunc(x) || x < float64(least) {
		return def, fmt.Errorf("%s: option %s = %v must be a whole number of at least %d", family, option, v, least)
	}
	if x > mostWhole {
		return def, fmt.Errorf("%s: option %s = %v must be a whole number from %d to %d", family, option, v, least, mostWhole)
	}
	return int(x), nil
}

// real reads a number in the range, def if it is absent.
func (o Options) real(family, option string, def float64, in interval) (float64, error) {
	v, ok := o[option]
	if !ok {
		return def, nil
	}
	x, ok := number(v)
	if !ok {
		return def, fmt.Errorf("%s: option %s = %v must be a number", family, option, v)
	}
	if !in.contains(x) {
		return def, fmt.Errorf("%s: option %s = %v %s", family, option, v, in.want)
	}
	return x, nil
}

// numbers reads a list of finite numbers, def if it is absent: a slice of a
// decoder, or one string, separated by commas.
func (o Options) numbers(family, option string, def []float64) ([]float64, error) {
	var out []float64
	add := func(v any) error {
		x, ok := number(v)
		if s, isText := v.(string); isText {
			var err error
			x, err = strconv.ParseFloat(strings.TrimSpace(s), 64)
			ok = err == nil
		}
		if !ok || !realLine.contains(x) {
			return fmt.Errorf("%s: option %s: %v is not a finite number", family, option, v)
		}
		out = append(out, x)
		return nil
	}
	var list []any
	switch v := o[option].(type) {
	case nil:
		return def, nil
	case string:
		for _, s := range strings.Split(v, ",") {
			list = append(list, s)
		}
	case []any:
		list = v
	case []float64:
		for _, x := range v {
			list = append(list, x)
		}
	default:
		list = []any{v}
	}
	for _, v := range list {
		if err := add(v); err != nil {
			return nil, err
		}
	}
	return out, nil
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
