package run

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
)

// An Axis is a key of a sweep, or several that go together, with the values
// they take: Values[i] has one value a key, as an override would have it.
type Axis struct {
	Keys   []string   `json:"keys"`
	Values [][]string `json:"values"`
}

// mostCells bounds the cells of a sweep and the values of a range.
const mostCells = 1_000_000

// ParseAxis reads key=VALUES, where VALUES is a comma-separated list of
//
//	value             as in an override; a comma inside of [], {} or quotes is part of it
//	1/2.5/3           the list [1, 2.5, 3]
//	1..32             whole numbers, both ends included
//	lin:lo..hi:n      n numbers, evenly spaced
//	log:lo..hi:n      n numbers, evenly spaced in their logarithms
//	@file             one value a line; blank lines and those with # are skipped
//
// Points between the ends of a range are rounded to 12 digits, so that
// log:1e-4..1e-10:7 has 1e-7 and not its neighbour.
func ParseAxis(text string) (Axis, error) {
	fail := func(format string, args ...any) (Axis, error) {
		return Axis{}, &SpecError{File: commandLine, Text: text, Problem: fmt.Sprintf(format, args...)}
	}
	key, list, ok := strings.Cut(text, "=")
	key = strings.TrimSpace(key)
	if !ok || key == "" || strings.TrimSpace(list) == "" {
		return fail("a sweep needs key=values, as in ode.rtol=1e-6,1e-8 or seed=1..32")
	}
	axis := Axis{Keys: []string{key}}
	for _, word := range splitValues(list) {
		values, err := expand(strings.TrimSpace(word))
		if err != nil {
			return fail("%v", err)
		}
		for _, v := range values {
			if _, err := ParseOverride(key + "=" + v); err != nil {
				return Axis{}, err
			}
			axis.Values = append(axis.Values, []string{v})
		}
		if len(axis.Values) > mostCells {
			return fail("more than %d values", mostCells)
		}
	}
	for i, v := range axis.Values {
		if len(axis.Values) <= 10_000 && slices.ContainsFunc(axis.Values[:i], func(w []string) bool { return w[0] == v[0] }) {
			return fail("the value %s is there twice", v[0])
		}
	}
	return axis, nil
}

// splitValues splits at the commas outside of brackets and quotes.
func splitValues(list string) []string {
	var words []string
	depth, from := 0, 0
	quote := byte(0)
	for i := range len(list) {
		switch c := list[i]; {
		case quote != 0:
			if c == '\\' && quote == '"' {
				continue
			}
			if c == quote && (i == 0 || list[i-1] != '\\' || quote == '\'') {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '[' || c == '{':
			depth++
		case c == ']' || c == '}':
			depth--
		case c == ',' && depth == 0:
			words = append(words, list[from:i])
			from = i + 1
		}
	}
	return append(words, list[from:])
}

func expand(word string) ([]string, error) {
	kind, rest, spaced := strings.Cut(word, ":")
	switch {
	case word == "":
		return nil, fmt.Errorf("a value is missing between two commas")
	case word[0] == '@':
		return valuesOfFile(word[1:])
	case strings.ContainsRune("[{\"'", rune(word[0])):
		return []string{word}, nil
	case spaced && (kind == "lin" || kind == "log"):
		return spacedValues(kind, rest)
	}
	if low, high, ok := strings.Cut(word, ".."); ok {
		a, err1 := strconv.ParseInt(low, 10, 64)
		b, err2 := strconv.ParseInt(high, 10, 64)
		switch {
		case err1 != nil || err2 != nil:
			return nil, fmt.Errorf("%q is no range of whole numbers: write 1..32, or lin:0..1:11 and log:1e-8..1e-2:7 for others", word)
		case a > b:
			return nil, fmt.Errorf("the range %s runs backwards", word)
		case b-a >= mostCells || b-a < 0:
			return nil, fmt.Errorf("the range %s has more than %d values", word, mostCells)
		}
		out := make([]string, 0, b-a+1)
		for i := a; i <= b; i++ {
			out = append(out, strconv.FormatInt(i, 10))
		}
		return out, nil
	}
	if parts := strings.Split(word, "/"); len(parts) > 1 && !slices.ContainsFunc(parts, func(p string) bool {
		_, err := strconv.ParseFloat(p, 64)
		return err != nil
	}) {
		return []string{"[" + strings.Join(parts, ", ") + "]"}, nil
	}
	return []string{word}, nil
}

func spacedValues(kind, rest string) ([]string, error) {
	usage := fmt.Errorf("%s:%s is no range: write %s:lo..hi:n, as in %s:1..100:5", kind, rest, kind, kind)
	span, number, ok1 := strings.Cut(rest, ":")
	low, high, ok2 := strings.Cut(span, "..")
	a, err1 := strconv.ParseFloat(low, 64)
	b, err2 := strconv.ParseFloat(high, 64)
	n, err3 := strconv.Atoi(number)
	switch {
	case !ok1 || !ok2 || err1 != nil || err2 != nil || err3 != nil:
		return nil, usage
	case n < 2 || n > mostCells:
		return nil, fmt.Errorf("%s:%s must have from 2 to %d values", kind, rest, mostCells)
	case math.IsInf(a-b, 0) || math.IsNaN(a-b) || a == b:
		return nil, fmt.Errorf("%s:%s must have two different finite ends", kind, rest)
	case kind == "log" && !(a > 0 && b > 0):
		return nil, fmt.Errorf("%s:%s must have positive ends", kind, rest)
	}
	out := []string{low}
	for i := 1; i < n-1; i++ {
		s := float64(i) / float64(n-1)
		x := a + s*(b-a)
		if kind == "log" {
			x = math.Pow(10, math.Log10(a)+s*(math.Log10(b)-math.Log10(a)))
		} else if math.Abs(x) < 1e-13*max(math.Abs(a), math.Abs(b)) {
			x = 0
		}
		x, _ = strconv.ParseFloat(strconv.FormatFloat(x, 'g', 12, 64), 64)
		out = append(out, strconv.FormatFloat(x, 'g', -1, 64))
	}
	return append(out, high), nil
}

func valuesOfFile(name string) ([]string, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("the file of values: %w", err)
	}
	defer f.Close()
	var out []string
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		if len(out) == mostCells {
			return nil, fmt.Errorf("%s has more than %d values", name, mostCells)
		}
		values := []string{line}
		if strings.Contains(line, "/") {
			if values, err = expand(line); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
		out = append(out, values...)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s has no values", name)
	}
	return out, nil
}

// Zip makes one axis of the axes of the given keys, which must have as many
// values each. It stands where the first of them stood.
func Zip(axes []Axis, keys []string) ([]Axis, error) {
	var zipped *Axis
	var out []Axis
	at := -1
	found := map[string]bool{}
	for _, a := range axes {
		if len(a.Keys) != 1 || !slices.Contains(keys, a.Keys[0]) {
			out = append(out, a)
			continue
		}
		found[a.Keys[0]] = true
		if zipped == nil {
			zipped, at = &Axis{Keys: slices.Clone(a.Keys), Values: slices.Clone(a.Values)}, len(out)
			out = append(out, Axis{})
			continue
		}
		if len(a.Values) != len(zipped.Values) {
			return nil, &SpecError{File: commandLine, Text: "--zip " + strings.Join(keys, ","),
				Problem: fmt.Sprintf("%s has %d values where %s has %d", a.Keys[0], len(a.Values), zipped.Keys[0], len(zipped.Values))}
		}
		zipped.Keys = append(zipped.Keys, a.Keys[0])
		for i, v := range a.Values {
			zipped.Values[i] = append(slices.Clip(zipped.Values[i]), v[0])
		}
	}
	for _, key := range keys {
		if !found[key] {
			var names []string
			for _, a := range axes {
				names = append(names, a.Keys...)
			}
			return nil, &SpecError{File: commandLine, Text: "--zip " + strings.Join(keys, ","), Suggestion: Nearest(key, names),
				Problem: fmt.Sprintf("%q is no key of the sweep", key)}
		}
	}
	if zipped != nil {
		out[at] = *zipped
	}
	return out, nil
}

// Cross are the overrides of every cell: all combinations of the axes' values,
// the last axis running fastest.
func Cross(axes []Axis) ([][]string, error) {
	n := 1
	for _, a := range axes {
		if n *= len(a.Values); n > mostCells {
			return nil, &SpecError{File: commandLine, Problem: fmt.Sprintf("the sweep has more than %d cells", mostCells)}
		}
	}
	seen := map[string]bool{}
	for _, a := range axes {
		for _, key := range a.Keys {
			if seen[key] {
				return nil, &SpecError{File: commandLine, Key: key, Problem: "the key is swept twice"}
			}
			seen[key] = true
		}
	}
	cells := make([][]string, n)
	for i := range cells {
		rest := i
		for k := len(axes) - 1; k >= 0; k-- {
			a := axes[k]
			v := a.Values[rest%len(a.Values)]
			rest /= len(a.Values)
			for j := len(a.Keys) - 1; j >= 0; j-- {
				cells[i] = append(cells[i], a.Keys[j]+"="+v[j])
			}
		}
		slices.Reverse(cells[i])
	}
	return cells, nil
}
