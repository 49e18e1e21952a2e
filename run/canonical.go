package run

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// TOML is the spec as text in its canonical form: every default written out,
// keys in a fixed order. Parsing it gives the same spec.
func (s *Spec) TOML() []byte {
	w := &tomlWriter{}
	if s.Title != "" {
		w.put("title", s.Title)
	}
	w.put("seed", s.Seed)
	if s.NoFigures {
		w.put("figures", false)
	}
	if s.Experiment != "" {
		w.put("experiment", s.Experiment)
	}
	if len(s.Parameters) > 0 {
		w.table("parameters")
		for _, key := range sortedKeys(s.Parameters) {
			w.put(key, s.Parameters[key])
		}
	}
	s.Target.write(w)
	s.Model.write(w)
	if s.Model == nil && !s.Own {
		w.table("family")
		w.put("name", s.Family.Name)
		for _, key := range sortedKeys(s.Family.Options) {
			w.put(key, s.Family.Options[key])
		}
	}
	if d := s.Data; d != nil {
		w.table("data")
		if d.File != "" {
			w.put("file", d.File)
		} else {
			w.put("dataset", d.Dataset)
		}
		if len(d.Columns) > 0 {
			w.put("columns", d.Columns)
		}
		if len(d.Response) > 0 {
			w.put("response", d.Response)
		}
		if len(d.Predictors) > 0 {
			w.put("predictors", d.Predictors)
		}
		if len(d.Where) > 0 {
			var pairs []string
			for _, c := range d.Where {
				var v any = c.Values
				if len(c.Values) == 1 {
					v = c.Values[0]
				}
				pairs = append(pairs, tomlKey(c.Column)+" = "+tomlValue(v))
			}
			w.raw("where", "{ "+strings.Join(pairs, ", ")+" }")
		}
		if d.Scale != 1 {
			w.put("scale", d.Scale)
		}
		if d.Shuffle != nil {
			w.raw("shuffle", fmt.Sprintf("{ rng = %s, seed = %d }", tomlValue(d.Shuffle.RNG), d.Shuffle.Seed))
		}
		if d.Rows != nil {
			w.put("rows", []any{int64(d.Rows[0]), int64(d.Rows[1])})
		}
		if d.Test != nil {
			w.put("test", []any{int64(d.Test[0]), int64(d.Test[1])})
		}
	}
	if s.Model == nil && !s.Own {
		w.table("loss")
		w.put("kind", s.Loss.Kind)
	}
	if s.Loss.Target != nil {
		w.point("target", *s.Loss.Target)
	}
	if s.Loss.Coefficients != nil {
		w.put("coefficients", s.Loss.Coefficients)
	}
	if s.Loss.Kind == "free-energy" {
		w.put("temperature", s.Loss.Temperature)
	}
	if s.Loss.Chart != "" {
		w.put("chart", s.Loss.Chart)
	}
	if s.Optimizer != nil {
		s.Optimizer.write(w)
		if s.Flow.Start.At != nil {
			w.table("flow")
			w.point("start", s.Flow.Start)
		}
		s.writeClaims(w)
		return w.Bytes()
	}
	w.table("flow")
	w.put("chart", s.Flow.Chart)
	w.put("metric", s.Flow.Metric)
	w.put("estimator", s.Flow.Estimator)
	if s.Flow.Samples > 0 {
		w.put("samples", int64(s.Flow.Samples))
	}
	if s.Flow.Rank > 0 {
		w.put("rank", int64(s.Flow.Rank))
	}
	if s.Flow.Tolerance > 0 {
		w.put("tolerance", s.Flow.Tolerance)
	}
	if s.Flow.Cutoff > 0 {
		w.put("cutoff", s.Flow.Cutoff)
	}
	if s.Flow.Damping.Kind == "tikhonov" {
		w.put("damping", s.Flow.Damping.Value)
	} else {
		w.raw("damping", fmt.Sprintf("{ kind = %s, value = %s }", tomlValue(s.Flow.Damping.Kind), tomlValue(s.Flow.Damping.Value)))
	}
	if s.Flow.Start.At != nil {
		w.point("start", s.Flow.Start)
	}
	if s.Flow.Time != nil {
		w.put("time", s.Flow.Time[:])
	}
	if s.Flow.Stop > 0 {
		w.raw("stop", "{ distance = "+tomlValue(s.Flow.Stop)+" }")
	}
	if s.Flow.Certificate != "" {
		w.put("certificate", s.Flow.Certificate)
	}
	w.table("ode")
	w.put("method", s.ODE.Method)
	switch s.ODE.Norm {
	case "":
	case "fisher":
		w.put("tol", s.ODE.Tol)
		w.put("norm", s.ODE.Norm)
	default:
		w.put("rtol", s.ODE.RTol)
		w.put("atol", s.ODE.ATol)
		w.put("norm", s.ODE.Norm)
	}
	if s.ODE.Step > 0 {
		w.put("step", s.ODE.Step)
	}
	w.put("max-steps", int64(s.ODE.MaxSteps))
	if len(s.ODE.Output) > 0 {
		w.put("output", s.ODE.Output)
	}
	s.writeClaims(w)
	return w.Bytes()
}

func (s *Spec) writeClaims(w *tomlWriter) {
	w.table("claims")
	for _, c := range s.Claims {
		switch {
		case c.Name == "invariant" && c.Expect == Holds:
			w.put(c.Name, c.Charts)
		case c.Name == "invariant":
			w.raw(c.Name, fmt.Sprintf("{ charts = %s, expect = %s }", tomlValue(c.Charts), tomlValue(c.Expect)))
		case c.Name == "stationary" && c.Expect == Holds:
			w.put(c.Name, c.Bound)
		case c.Name == "stationary":
			w.raw(c.Name, fmt.Sprintf("{ bound = %s, expect = %s }", tomlValue(c.Bound), tomlValue(c.Expect)))
		case c.Expect == Holds:
			w.put(c.Name, true)
		default:
			w.put(c.Name, c.Expect)
		}
	}
}

type tomlWriter struct{ bytes.Buffer }

func (w *tomlWriter) table(name string)         { fmt.Fprintf(w, "\n[%s]\n", name) }
func (w *tomlWriter) raw(key, value string)     { fmt.Fprintf(w, "%s = %s\n", tomlKey(key), value) }
func (w *tomlWriter) put(key string, value any) { w.raw(key, tomlValue(value)) }
func (w *tomlWriter) point(key string, p PointSpec) {
	w.raw(key, fmt.Sprintf("{ chart = %s, at = %s }", tomlValue(p.Chart), tomlValue(p.At)))
}

func tomlKey(key string) string {
	bare := func(r rune) bool {
		return r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	}
	if key != "" && strings.IndexFunc(key, func(r rune) bool { return !bare(r) }) < 0 {
		return key
	}
	return tomlValue(key)
}

func tomlValue(v any) string {
	switch x := v.(type) {
	case string:
		return tomlString(x)
	case bool:
		return strconv.FormatBool(x)
	case int64:
		return strconv.FormatInt(x, 10)
	case float64:
		return tomlFloat(x)
	case []float64:
		return tomlList(x)
	case []string:
		return tomlList(x)
	case []any:
		return tomlList(x)
	}
	panic(fmt.Sprintf("run: a %T has no TOML form here", v))
}

func tomlList[T any](items []T) string {
	parts := make([]string, len(items))
	for i, v := range items {
		parts[i] = tomlValue(v)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// tomlFloat is the shortest form that reads back as the same float.
func tomlFloat(x float64) string {
	switch {
	case math.IsNaN(x):
		return "nan"
	case math.IsInf(x, 0):
		return strings.ToLower(strconv.FormatFloat(x, 'g', -1, 64))[:4]
	}
	s := strconv.FormatFloat(x, 'g', -1, 64)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return s
}

func tomlString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
