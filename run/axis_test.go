package run

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseAxis(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("v.txt", []byte("# starts\n1/2\n\n[3, 4]\n"), 0o666))
	for text, want := range map[string]string{
		"a=1,2":                                 "1 2",
		"flow.metric=fisher,euclidean":          "fisher euclidean",
		"seed=1..4,9":                           "1 2 3 4 9",
		"seed=-2..1":                            "-2 -1 0 1",
		"x=lin:0..1:5":                          "0 0.25 0.5 0.75 1",
		"x=lin:-0.3..0.3:7":                     "-0.3 -0.2 -0.1 0 0.1 0.2 0.3",
		"ode.rtol=log:1e-4..1e-10:7":            "1e-4 1e-05 1e-06 1e-07 1e-08 1e-09 1e-10",
		"flow.start.at=1/1,2/0.5":               "[1, 1] [2, 0.5]",
		`data.columns=["a","b"],["c"]`:          `["a","b"] ["c"]`,
		`flow.start={ at = [1, 2] },{at=[3,4]}`: `{ at = [1, 2] } {at=[3,4]}`,
		`title="a,b",'c,d'`:                     `"a,b" 'c,d'`,
		"data.file=a/b.csv,c.csv":               "a/b.csv c.csv",
		"flow.start.at=@v.txt":                  "[1, 2] [3, 4]",
	} {
		a, err := ParseAxis(text)
		require.NoError(t, err, text)
		var got []string
		for _, v := range a.Values {
			got = append(got, v[0])
		}
		require.Equal(t, want, strings.Join(got, " "), text)
	}
	for text, want := range map[string]string{
		"a":                   "key=values",
		"=1":                  "key=values",
		"a=":                  "key=values",
		"a=1,,2":              "missing between",
		"a=1..x":              "no range of whole numbers",
		"a=5..1":              "backwards",
		"a=1..99999999":       "more than",
		"a=lin:0..1":          "write lin:lo..hi:n",
		"a=log:0..1:3":        "positive ends",
		"a=lin:1..1:3":        "different finite ends",
		"a=lin:0..1:1":        "from 2 to",
		"a=@nope":             "no such file",
		"a=1,1":               "twice",
		"a=[1":                "not a TOML value",
		"a=lin:0..Inf:4":      "finite",
		"a=-9e18..9223372036": "no range",
		"a=-9223372036854775808..9223372036854775807": "more than",
	} {
		_, err := ParseAxis(text)
		require.ErrorContains(t, err, want, text)
	}
}

func TestCrossAndZip(t *testing.T) {
	axis := func(text string) Axis {
		a, err := ParseAxis(text)
		require.NoError(t, err)
		return a
	}
	axes := []Axis{axis("a=1,2"), axis("b=x,y,z"), axis("c=5,6")}
	cells, err := Cross(axes)
	require.NoError(t, err)
	require.Len(t, cells, 12)
	require.Equal(t, []string{"a=1", "b=x", "c=6"}, cells[1])
	require.Equal(t, []string{"a=2", "b=z", "c=6"}, cells[11])
	zipped, err := Zip(axes, []string{"a", "c"})
	require.NoError(t, err)
	cells, err = Cross(zipped)
	require.NoError(t, err)
	require.Len(t, cells, 6)
	require.Equal(t, []string{"a=2", "c=6", "b=x"}, cells[3])
	_, err = Zip(axes, []string{"a", "b"})
	require.ErrorContains(t, err, "b has 3 values where a has 2")
	_, err = Zip(axes, []string{"a", "d"})
	require.ErrorContains(t, err, "no key of the sweep")
	_, err = Cross([]Axis{axis("a=1,2"), axis("a=3,4")})
	require.ErrorContains(t, err, "swept twice")
	_, err = Cross([]Axis{axis("a=1..10000"), axis("b=1..10000")})
	require.ErrorContains(t, err, "more than 1000000 cells")
}
