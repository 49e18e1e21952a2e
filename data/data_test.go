package data_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"testing"

	"fisherflow/data"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat"
)

func TestSetsAreWhatTheySay(t *testing.T) {
	require.NotEmpty(t, data.Names())
	for _, name := range data.Names() {
		t.Run(name, func(t *testing.T) {
			set, err := data.Open(name)
			require.NoError(t, err)
			text, err := set.Text()
			require.NoError(t, err)
			sum := sha256.Sum256(text)
			assert.Equal(t, set.SHA256, hex.EncodeToString(sum[:]))
			table, err := set.Table()
			require.NoError(t, err)
			assert.Equal(t, set.Columns, table.Columns)
			assert.Len(t, table.Records, set.Rows)
			assert.NotEmpty(t, set.Description)
			assert.NotEmpty(t, set.Source)
		})
	}
}

// Published summaries: the rivers' mean is 591.18 and median 425 miles, the
// mean precipitation 34.886 inches, the geyser's means 3.4878 and 70.897 min,
// 9.5 insects and 3.1 discoveries on average.
func TestPublishedMeans(t *testing.T) {
	for _, c := range []struct {
		set, column string
		mean        float64
	}{
		{"rivers", "length_miles", 591.1844}, {"precip", "inches", 34.88571},
		{"faithful", "eruptions", 3.487783}, {"faithful", "waiting", 70.89706},
		{"insect-sprays", "count", 9.5}, {"discoveries", "discoveries", 3.1},
		{"quakes", "magnitude", 4.6204}, {"warpbreaks", "breaks", 28.14815},
		{"iris", "sepal_length", 5.843333}, {"digits", "label", 4.490818030050083},
	} {
		set, err := data.Open(c.set)
		require.NoError(t, err)
		table, err := set.Table()
		require.NoError(t, err)
		x, err := table.Numbers(c.column)
		require.NoError(t, err)
		mean := stat.Mean(x, nil)
		assert.LessOrEqual(t, math.Abs(mean-c.mean), 1e-6*math.Abs(c.mean), "%s %s: %v", c.set, c.column, mean)
	}
	set, _ := data.Open("rivers")
	table, _ := set.Table()
	x, _ := table.Numbers("length_miles")
	slices.Sort(x)
	assert.Equal(t, 425.0, x[70])
}

func TestOpenNamesTheSets(t *testing.T) {
	_, err := data.Open("river")
	require.ErrorContains(t, err, `"river"`)
	assert.ErrorContains(t, err, "rivers")
}

func TestParse(t *testing.T) {
	table, err := data.Parse("x.csv", []byte("\xef\xbb\xbfa, b\r\n1, x \r\n\r\n-2.5e3,\"y, z\"\r\n"))
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b"}, table.Columns)
	assert.Equal(t, [][]string{{"1", "x"}, {"-2.5e3", "y, z"}}, table.Records)
	assert.Equal(t, []int{2, 4}, table.Lines)
	x, err := table.Numbers("a")
	require.NoError(t, err)
	assert.Equal(t, []float64{1, -2500}, x)
}

func TestBadFiles(t *testing.T) {
	for _, c := range []struct{ text, message string }{
		{"", "x.csv: the file is empty"},
		{" \n\n", "x.csv: the file is empty"},
		{"a\n", "x.csv: there is no row of data after the column names"},
		{"1,2\n3,4\n", "x.csv:1: the first line must name the columns; it has numbers"},
		{"a,\n1,2\n", "x.csv:1: column 2 has no name"},
		{"a,a\n1,2\n", `x.csv:1: two columns are called "a"`},
		{"a,b\n1,2\n3\n", "x.csv:3: 1 cells where the first line names 2 columns"},
		{"a\n\"1\n2\n", "x.csv:2: not comma-separated text: extraneous or missing \" in quoted-field"},
		{"a\n1\nfour\n", `x.csv:3: column a: "four" is not a number`},
		{"a\n1\nNaN\n", "x.csv:3: column a: NaN is not a finite number"},
		{"a\n1\n-Inf\n", "x.csv:3: column a: -Inf is not a finite number"},
		{"a\n1\n1e999\n", "x.csv:3: column a: 1e999 is out of the range of a number"},
		{"a,b\n1,2\n,4\n", "x.csv:3: column a: a value is missing"},
		{"b\n1\n", `x.csv: there is no column "a" (columns: b)`},
	} {
		table, err := data.Parse("x.csv", []byte(c.text))
		if err == nil {
			_, err = table.Numbers("a")
		}
		var bad *data.Error
		require.ErrorAs(t, err, &bad, "%q", c.text)
		assert.Equal(t, c.message, err.Error(), "%q", c.text)
	}
}

func Example() {
	rivers, err := data.Open("rivers")
	if err != nil {
		panic(err)
	}
	table, err := rivers.Table()
	if err != nil {
		panic(err)
	}
	miles, err := table.Numbers("length_miles")
	if err != nil {
		panic(err)
	}
	fmt.Printf("%d rivers, mean length %.0f miles\n", len(miles), stat.Mean(miles, nil))
	// Output: 141 rivers, mean length 591 miles
}
