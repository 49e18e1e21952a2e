package run

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"strings"

	toml "github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// A Document is the text of a spec as a tree of keys, each of which knows the
// line it stands on. It may be overridden key by key and laid over another
// document before [Document.Spec] gives it meaning.
type Document struct {
	file string
	tree map[string]any
	// where has the place of every key by its dotted path.
	where map[string]place
}

type place struct {
	file string
	line int
	text string
}

// ParseDocument reads the text of a spec, which file names in errors. The
// error is a [*SpecError].
func ParseDocument(file string, text []byte) (*Document, error) {
	d := &Document{file: file, tree: map[string]any{}, where: map[string]place{}}
	if err := toml.Unmarshal(text, &d.tree); err != nil {
		bad := &SpecError{File: file, Problem: strings.TrimPrefix(err.Error(), "toml: "), Err: err}
		var where *toml.DecodeError
		if errors.As(err, &where) {
			bad.Line, _ = where.Position()
			bad.Text = lineOf(text, bad.Line)
		}
		return nil, bad
	}
	d.locate(text)
	return d, nil
}

func lineOf(text []byte, line int) string {
	lines := bytes.Split(text, []byte("\n"))
	if line < 1 || line > len(lines) {
		return ""
	}
	const longest = 120
	s := []rune(strings.TrimSpace(strings.ToValidUTF8(string(lines[line-1]), "�")))
	if len(s) > longest {
		s = append(s[:longest], '…')
	}
	return string(s)
}

// locate finds the place of every key.
func (d *Document) locate(text []byte) {
	p := &unstable.Parser{}
	p.Reset(text)
	table := ""
	for p.NextExpression() {
		e := p.Expression()
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = ""
			d.locateKey(text, e, &table)
		case unstable.KeyValue:
			d.locatePair(text, e, table)
		}
	}
}

// locateKey extends path by the parts of the node's key.
func (d *Document) locateKey(text []byte, n *unstable.Node, path *string) {
	for it := n.Key(); it.Next(); {
		part := it.Node()
		*path = join(*path, string(part.Data))
		line := 1 + bytes.Count(text[:part.Raw.Offset], []byte("\n"))
		if _, ok := d.where[*path]; !ok || n.Kind == unstable.KeyValue {
			d.where[*path] = place{file: d.file, line: line, text: lineOf(text, line)}
		}
	}
}

func (d *Document) locatePair(text []byte, n *unstable.Node, table string) {
	path := table
	d.locateKey(text, n, &path)
	if v := n.Value(); v.Kind == unstable.InlineTable {
		for it := v.Children(); it.Next(); {
			if it.Node().Kind == unstable.KeyValue {
				d.locatePair(text, it.Node(), path)
			}
		}
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// placeOf is the place of a key, or of the innermost table around it that has
// one.
func (d *Document) placeOf(path string) place {
	for path != "" {
		if p, ok := d.where[path]; ok {
			return p
		}
		path = path[:max(0, strings.LastIndexByte(path, '.'))]
	}
	return place{file: d.file}
}

// Over returns the document laid over a base: its keys, and those of the base
// that it does not have.
func (d *Document) Over(base *Document) *Document {
	top := &Document{file: d.file, tree: overlay(base.tree, d.tree), where: maps.Clone(base.where)}
	maps.Copy(top.where, d.where)
	for _, pair := range alternatives {
		pair.settle(top.tree, func(path string) bool { _, ok := lookup(d.tree, path); return ok })
	}
	return top
}

func overlay(base, top map[string]any) map[string]any {
	out := maps.Clone(base)
	for key, v := range top {
		below, ok1 := out[key].(map[string]any)
		above, ok2 := v.(map[string]any)
		if ok1 && ok2 && !atomic[key] {
			v = overlay(below, above)
		}
		out[key] = v
	}
	return out
}

// atomic are tables that are one value: laid over another, they replace it.
var atomic = map[string]bool{"start": true, "target": true, "damping": true, "where": true, "shuffle": true, "claims": true}

// Experiment is the catalogue experiment that the document names, if any.
func (d *Document) Experiment() string {
	name, _ := d.tree["experiment"].(string)
	return name
}

// Parameters are the parameters of the experiment that the document sets.
func (d *Document) Parameters() map[string]any {
	p, _ := d.tree["parameters"].(map[string]any)
	return maps.Clone(p)
}

func lookup(tree map[string]any, path string) (any, bool) {
	keys := strings.Split(path, ".")
	for _, key := range keys[:len(keys)-1] {
		next, ok := tree[key].(map[string]any)
		if !ok {
			return nil, false
		}
		tree = next
	}
	v, ok := tree[keys[len(keys)-1]]
	return v, ok
}

func remove(tree map[string]any, path string) {
	table, key := tree, path
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		v, ok := lookup(tree, path[:i])
		if !ok {
			return
		}
		if table, ok = v.(map[string]any); !ok {
			return
		}
		key = path[i+1:]
	}
	delete(table, key)
}

// An alternative is a key that takes the place of others: set from above, by
// an override or a document laid over another, it removes what it replaces.
type alternative struct {
	key      string
	replaces []string
}

var alternatives = []alternative{
	{"data.file", []string{"data.dataset"}},
	{"data.dataset", []string{"data.file"}},
	{"ode.tol", []string{"ode.rtol", "ode.atol"}},
	{"ode.rtol", []string{"ode.tol"}},
	{"ode.atol", []string{"ode.tol"}},
}

func (a alternative) settle(tree map[string]any, set func(path string) bool) {
	if !set(a.key) {
		return
	}
	for _, other := range a.replaces {
		if !set(other) {
			remove(tree, other)
		}
	}
}

func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
