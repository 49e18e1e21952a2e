package run

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// A reader gives the values of a document's keys. It keeps the first error and
// gives zeros after it.
type reader struct {
	document *Document
	err      *SpecError
}

func (r *reader) fail(path, suggestion, format string, args ...any) {
	if r.err != nil {
		return
	}
	p := r.document.placeOf(path)
	problem := fmt.Errorf(format, args...)
	r.err = &SpecError{
		File: p.file, Line: p.line, Text: p.text, Key: path,
		Problem: problem.Error(), Suggestion: suggestion, Err: errors.Unwrap(problem),
	}
}

// A section is a table of the document.
type section struct {
	*reader
	path   string
	values map[string]any
}

func (s section) at(key string) string { return join(s.path, key) }

func (s section) has(key string) bool { _, ok := s.values[key]; return ok }

// only fails at a key that is none of those given.
func (s section) only(keys ...string) section {
	for _, key := range sortedKeys(s.values) {
		if !slices.Contains(keys, key) {
			place := "a spec"
			if s.path != "" {
				place = "[" + s.path + "]"
			}
			s.fail(s.at(key), Nearest(key, keys), "%s has no key %q", place, key)
		}
	}
	return s
}

func (s section) table(key string) section {
	v, ok := s.values[key]
	t, isTable := v.(map[string]any)
	if ok && !isTable {
		s.fail(s.at(key), "", "must be a table, not %s", describe(v))
	}
	return section{s.reader, s.at(key), t}
}

func describe(v any) string {
	switch x := v.(type) {
	case string:
		return fmt.Sprintf("the text %q", x)
	case bool:
		return fmt.Sprint(x)
	case int64, float64:
		return fmt.Sprintf("the number %v", x)
	case []any:
		return "a list"
	case map[string]any:
		return "a table"
	}
	return "a date"
}

func (s section) text(key, otherwise string) string {
	v, ok := s.values[key]
	if !ok {
		return otherwise
	}
	text, ok := v.(string)
	if !ok {
		s.fail(s.at(key), "", "must be text, not %s", describe(v))
	}
	return text
}

func (s section) truth(key string, otherwise bool) bool {
	v, ok := s.values[key]
	if !ok {
		return otherwise
	}
	truth, ok := v.(bool)
	if !ok {
		s.fail(s.at(key), "", "must be true or false, not %s", describe(v))
	}
	return truth
}

// name is a text that must be one of the names; kind says what they name.
func (s section) name(key, kind, otherwise string, names []string) string {
	name := s.text(key, otherwise)
	if s.err == nil && !slices.Contains(names, name) {
		s.unknown(key, kind, name, names)
	}
	return name
}

func (s section) unknown(key, kind, name string, names []string) {
	suggestion := Nearest(name, names)
	if suggestion == "" {
		s.fail(s.at(key), "", "no %s is called %q (there are: %s)", kind, name, list(names))
		return
	}
	s.fail(s.at(key), suggestion, "no %s is called %q", kind, name)
}

func asNumber(v any) (float64, bool) {
	switch x := v.(type) {
	case int64:
		return float64(x), true
	case float64:
		return x, true
	}
	return 0, false
}

// number is a finite number.
func (s section) number(key string, otherwise float64) float64 {
	v, ok := s.values[key]
	if !ok {
		return otherwise
	}
	x, ok := asNumber(v)
	switch {
	case !ok:
		s.fail(s.at(key), "", "must be a number, not %s", describe(v))
	case math.IsNaN(x) || math.IsInf(x, 0):
		s.fail(s.at(key), "", "must be a finite number, not %v", x)
	}
	return x
}

func (s section) positive(key string, otherwise float64) float64 {
	x := s.number(key, otherwise)
	if s.has(key) && !(x > 0) {
		s.fail(s.at(key), "", "must be positive, not %v", x)
	}
	return x
}

func (s section) whole(key string, otherwise, least int64) int64 {
	v, ok := s.values[key]
	if !ok {
		return otherwise
	}
	x, ok := v.(int64)
	if f, isFloat := v.(float64); isFloat && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		x, ok = int64(f), true
	}
	switch {
	case !ok:
		s.fail(s.at(key), "", "must be a whole number, not %s", describe(v))
	case x < least:
		s.fail(s.at(key), "", "must be at least %d, not %d", least, x)
	}
	return x
}

// items are the elements of a list; a value that is none is a list of one.
func (s section) items(key string) []any {
	switch v := s.values[key].(type) {
	case nil:
		return nil
	case []any:
		return v
	default:
		return []any{v}
	}
}

func (s section) numbers(key string) []float64 {
	if _, isTable := s.values[key].(map[string]any); isTable {
		s.fail(s.at(key), "", "must be a list of numbers, not a table")
		return nil
	}
	var out []float64
	for _, v := range s.items(key) {
		x, ok := asNumber(v)
		switch {
		case !ok:
			s.fail(s.at(key), "", "must be a list of numbers; it has %s", describe(v))
		case math.IsNaN(x) || math.IsInf(x, 0):
			s.fail(s.at(key), "", "must be a list of finite numbers; it has %v", x)
		}
		out = append(out, x)
	}
	return out
}

func (s section) texts(key string) []string {
	var out []string
	for _, v := range s.items(key) {
		text, ok := v.(string)
		if !ok {
			s.fail(s.at(key), "", "must be a list of texts; it has %s", describe(v))
		}
		out = append(out, text)
	}
	return out
}
