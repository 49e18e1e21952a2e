package run

import (
	"strings"
	"testing"
)

// Whatever an axis says it is values that are overrides, or an error.
func FuzzParseAxis(f *testing.F) {
	for _, text := range []string{
		"a=1,2", "a.b=1..32", "a=lin:0..1:11", "a=log:1e-4..1e-10:7", "a=1/2.5/3", `a="x,y",'z'`, "a=[1,2],{b=[1]}", "a=@", "a=1..", "=", "a=log:0..1:3",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		// Large ranges are allowed, and slow.
		if strings.Count(text, ":") > 4 || len(text) > 200 || strings.Contains(text, "@") {
			return
		}
		axis, err := ParseAxis(text)
		if err != nil {
			return
		}
		if len(axis.Keys) != 1 || len(axis.Values) == 0 {
			t.Fatalf("%d keys, %d values", len(axis.Keys), len(axis.Values))
		}
		for _, v := range axis.Values[:min(len(axis.Values), 100)] {
			if _, err := ParseOverride(axis.Keys[0] + "=" + v[0]); err != nil {
				t.Fatal(err)
			}
		}
	})
}
