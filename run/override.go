package run

import (
	"fmt"
	"maps"
	"strings"

	toml "github.com/pelletier/go-toml/v2"
)

// An Override sets one key of a spec from the command line.
type Override struct {
	Text  string // as it was written
	Key   string // dotted path
	Value any    // as a TOML decoder gives it
}

const commandLine = "command line"

// ParseOverride reads key=value. The value is written as in TOML; what is no
// TOML value, as a bare word, is a string.
func ParseOverride(text string) (Override, error) {
	bad := func(problem string) (Override, error) {
		return Override{}, &SpecError{File: commandLine, Text: text, Problem: problem}
	}
	key, value, ok := strings.Cut(text, "=")
	key, value = strings.TrimSpace(key), strings.TrimSpace(value)
	switch {
	case !ok:
		return bad("an override is written key=value")
	case key == "":
		return bad("an override needs a key before the =")
	case value == "":
		return bad("an override needs a value after the =")
	case strings.ContainsAny(key, " \t\n\"'[]{}#") || strings.HasPrefix(key, ".") || strings.HasSuffix(key, ".") || strings.Contains(key, ".."):
		return bad(fmt.Sprintf("%q is not a dotted key", key))
	}
	var tree map[string]any
	err := toml.Unmarshal([]byte("value = "+value), &tree)
	if err == nil && len(tree) == 1 {
		switch v := tree["value"].(type) {
		case string, bool, int64, float64, []any, map[string]any:
			return Override{Text: text, Key: key, Value: v}, nil
		}
		return Override{Text: text, Key: key, Value: value}, nil // a date is a word here
	}
	if strings.ContainsAny(value[:1], "[{\"'") {
		return bad(fmt.Sprintf("%s is not a TOML value", value))
	}
	if strings.ContainsAny(value, "\n\r") {
		return bad("a value is one line")
	}
	return Override{Text: text, Key: key, Value: value}, nil
}

// Set applies overrides, the later over the earlier. The document is changed.
// A key that takes the place of others, as ode.tol that of ode.rtol, removes
// them unless they are overridden too.
func (d *Document) Set(overrides ...Override) error {
	d.tree = clone(d.tree)
	d.where = maps.Clone(d.where)
	set := map[string]bool{}
	for _, o := range overrides {
		if err := d.set(o); err != nil {
			return err
		}
		set[o.Key] = true
	}
	norm, _ := lookup(d.tree, "ode.norm")
	for _, a := range alternatives {
		a.settle(d.tree, func(path string) bool { return set[path] })
	}
	if set["ode.norm"] {
		if norm == "fisher" {
			alternative{"ode.norm", []string{"ode.rtol", "ode.atol"}}.settle(d.tree, func(path string) bool { return set[path] })
		} else {
			alternative{"ode.norm", []string{"ode.tol"}}.settle(d.tree, func(path string) bool { return set[path] })
		}
	}
	// The norm of the base belongs to the tolerance that it came with.
	if !set["ode.norm"] && (set["ode.tol"] || norm == "fisher" && (set["ode.rtol"] || set["ode.atol"])) {
		remove(d.tree, "ode.norm")
	}
	return nil
}

func (d *Document) set(o Override) error {
	table := d.tree
	keys := strings.Split(o.Key, ".")
	for i, key := range keys[:len(keys)-1] {
		switch next := table[key].(type) {
		case nil:
			fresh := map[string]any{}
			table[key] = fresh
			table = fresh
		case map[string]any:
			table = next
		default:
			return &SpecError{File: commandLine, Text: o.Text, Key: o.Key,
				Problem: fmt.Sprintf("%s is a value, not a table", strings.Join(keys[:i+1], "."))}
		}
	}
	table[keys[len(keys)-1]] = o.Value
	for path := range d.where {
		if strings.HasPrefix(path, o.Key+".") {
			delete(d.where, path)
		}
	}
	d.where[o.Key] = place{file: commandLine, text: o.Text}
	return nil
}

func clone(tree map[string]any) map[string]any {
	out := maps.Clone(tree)
	for key, v := range out {
		if t, ok := v.(map[string]any); ok {
			out[key] = clone(t)
		}
	}
	return out
}
