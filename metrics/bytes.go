package metrics

import "reflect"

// Bytes is the memory that a metric holds in lists of numbers, in bytes: its
// matrices, factors and workspace as far as they have been made, the model apart.
func Bytes(t Tensor) float64 {
	c := counter{seen: map[uintptr]bool{}}
	c.add(reflect.ValueOf(t))
	return c.bytes
}

type counter struct {
	bytes float64
	seen  map[uintptr]bool // what was counted, since parts share it
}

var layered = reflect.TypeFor[Layered]()

func (c *counter) add(v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface:
		// The model, and a preconditioner, which is a metric of its own.
		return
	case reflect.Pointer:
		if v.IsNil() || c.seen[v.Pointer()] || v.Type().Implements(layered) {
			return
		}
		c.seen[v.Pointer()] = true
		c.add(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			c.add(v.Field(i))
		}
	case reflect.Slice:
		if v.Cap() == 0 {
			return
		}
		switch kind := v.Type().Elem().Kind(); kind {
		case reflect.Float64, reflect.Int:
			if !c.seen[v.Pointer()] {
				c.seen[v.Pointer()] = true
				c.bytes += 8 * float64(v.Cap())
			}
		default:
			for i := range v.Len() {
				c.add(v.Index(i))
			}
		}
	}
}
