package data

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"io"
	"slices"
)

// A Set is a data set that ships with the package.
type Set struct {
	// Name is the set's name in spec files, as "rivers".
	Name string
	// File is the name of its comma-separated file; a long one ships
	// compressed, with ".gz" behind its name.
	File string
	// Columns are its columns in order, Rows the number of observations.
	Columns []string
	Rows    int
	// Description says what was observed and in which unit, Source whom to
	// cite.
	Description, Source string
	// SHA256 is the checksum of the file as text, in hexadecimal.
	SHA256 string
}

//go:embed *.csv *.csv.gz
var files embed.FS

var sets = []Set{
	{
		Name: "rivers", File: "rivers.csv", Columns: []string{"length_miles"}, Rows: 141,
		Description: "lengths of major North American rivers, miles",
		Source:      "World Almanac and Book of Facts, 1975; McNeil, Interactive Data Analysis, 1977",
		SHA256:      "c0565bb1314c3c89440e9d6bd36c31ac4211f66e44dc4d0687e4b137b31cd6b1",
	},
	{
		Name: "precip", File: "precip.csv", Columns: []string{"inches"}, Rows: 70,
		Description: "mean annual precipitation of US cities, inches",
		Source:      "Statistical Abstracts of the United States, 1975; McNeil, Interactive Data Analysis, 1977",
		SHA256:      "f80072b0278427a79fb042c838b704fd8b84a3d4cb7366fe4bec26a361121cb5",
	},
	{
		Name: "insect-sprays", File: "insect-sprays.csv", Columns: []string{"count", "spray"}, Rows: 72,
		Description: "insects counted on plots treated with one of six sprays",
		Source:      "Beall, Biometrika 32, 1942; McNeil, Interactive Data Analysis, 1977",
		SHA256:      "650c5a88423a4948d3ec8f3113cb393084c88f1cf8fce56a6be6de136d48d6ed",
	},
	{
		Name: "discoveries", File: "discoveries.csv", Columns: []string{"discoveries"}, Rows: 100,
		Description: "great inventions and discoveries per year, 1860 to 1959",
		Source:      "World Almanac and Book of Facts, 1975; McNeil, Interactive Data Analysis, 1977",
		SHA256:      "b2021b4b9ae9f06ebc2c3e1d75df1a37ad7c4126ccf6300d6a8b03d87aa36438",
	},
	{
		Name: "faithful", File: "faithful.csv", Columns: []string{"eruptions", "waiting"}, Rows: 272,
		Description: "durations of eruptions of the Old Faithful geyser and waiting times to the next, minutes",
		Source:      "Härdle, Smoothing Techniques, 1991; Azzalini & Bowman, Applied Statistics 39, 1990",
		SHA256:      "d40b983752ab7ec0b15b740089c3ca7b7b59d0c7433a029a1714d134de1e8d14",
	},
	{
		Name: "quakes", File: "quakes.csv", Columns: []string{"depth_km", "magnitude", "stations"}, Rows: 1000,
		Description: "depth in km, Richter magnitude and number of reporting stations of earthquakes near Fiji",
		Source:      "Harvard PRIM-H project",
		SHA256:      "380aad9aafe1dda5698715b05252eb59d9da0e331c58bbd17538783d1c240610",
	},
	{
		Name: "warpbreaks", File: "warpbreaks.csv", Columns: []string{"breaks", "wool", "tension"}, Rows: 54,
		Description: "breaks of yarn per loom, by type of wool and level of tension",
		Source:      "Tippett, Technological Applications of Statistics, 1950; McNeil, Interactive Data Analysis, 1977",
		SHA256:      "256b46e881ed7397eff3559e86f94cb119bc65bd353ebd248034a3835a9932bf",
	},
	{
		Name: "iris", File: "iris.csv", Columns: []string{"sepal_length", "sepal_width", "petal_length", "petal_width", "species"}, Rows: 150,
		Description: "Fisher's iris: four lengths in cm, species 0 setosa, 1 versicolor, 2 virginica",
		Source:      "Fisher, Annals of Eugenics 7, 1936; UCI Machine Learning Repository, CC BY 4.0",
		SHA256:      "cdf459dcf51753a4f3f56e59a9c81d8c2aaf68889c0ce19ab347e46ff542e6f4",
	},
	{
		Name: "ionosphere", File: "ionosphere.csv", Rows: 351,
		Columns: []string{
			"x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17",
			"x18", "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x30", "x31", "x32", "x33", "x34",
			"radar", "part",
		},
		Description: "radar returns from the ionosphere, good (1) or bad (-1), in the 280 and 71 of a published comparison",
		Source:      "Sigillito, Wing, Hutton & Baker, Johns Hopkins APL Technical Digest 10, 1989; UCI Machine Learning Repository, CC BY 4.0",
		SHA256:      "115e2bdc574bb376d9ddf47b2fdf7c1d457ddaff33980977f240486dedf7dcc1",
	},
	{
		Name: "digits", File: "digits.csv", Columns: append(pixels(8), "label"), Rows: 1797,
		Description: "handwritten digits of 8 × 8 pixels from 0 to 16, and which digit it is",
		Source:      "Alpaydin & Kaynak, Optical Recognition of Handwritten Digits, 1998; UCI Machine Learning Repository, CC BY 4.0",
		SHA256:      "067c897c3866e1f112d70ccf18ba908a8bc1fbb9ec051530b8ad86070265d299",
	},
	{
		Name: "breast-cancer", File: "breast-cancer.csv", Columns: append(numbered(30), "class"), Rows: 569,
		Description: "Wisconsin diagnostic breast cancer: 30 measurements of cell nuclei, class 0 malignant, 1 benign",
		Source:      "Street, Wolberg & Mangasarian, SPIE 1905, 1993; UCI Machine Learning Repository, CC BY 4.0",
		SHA256:      "14097db854ada35f5ea9fa205a26daef0189f2e522c7a3d05d61cf6422e62b2e",
	},
	{
		Name: "wine", File: "wine.csv", Columns: append(numbered(13), "class"), Rows: 178,
		Description: "chemical analysis of wines of three cultivars: 13 measurements, class 0, 1, 2",
		Source:      "Aeberhard & Forina, 1991; UCI Machine Learning Repository, CC BY 4.0",
		SHA256:      "1003c64abf0e7370052c32701982c099ca1379019b5e1e8a39e0aa53e33e76e1",
	},
	{
		Name: "six-points", File: "six-points.csv", Columns: []string{"x1", "x2", "y"}, Rows: 6,
		Description: "six points (cos 1.1i, sin 0.7i + 0.1i) with response sin 2i: computed, for networks with more parameters than examples",
		Source:      "computed for this project",
		SHA256:      "d43be15e00957f450cb9041bbae81e9c46b9f9f63e6db4fe37715617dd1323d5",
	},
}

// numbered are the names x1, x2, …
func numbered(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("x%d", i+1)
	}
	return names
}

// pixels names those of a square image, row by row: p00, p01, …
func pixels(side int) []string {
	var names []string
	for i := range side * side {
		names = append(names, fmt.Sprintf("p%d%d", i/side, i%side))
	}
	return names
}

// Names lists the data sets.
func Names() []string {
	names := make([]string, len(sets))
	for i, s := range sets {
		names[i] = s.Name
	}
	return names
}

// Open returns a data set by name. The error for a name that is none lists
// those that are.
func Open(name string) (Set, error) {
	for _, s := range sets {
		if s.Name == name {
			s.Columns = slices.Clone(s.Columns)
			return s, nil
		}
	}
	return Set{}, fmt.Errorf("no data set is called %q (data sets: %v)", name, Names())
}

// Text returns the bytes of the set's file, uncompressed.
func (s Set) Text() ([]byte, error) {
	if text, err := files.ReadFile(s.File); err == nil {
		return text, nil
	}
	packed, err := files.ReadFile(s.File + ".gz")
	if err != nil {
		return nil, err
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// Table reads the set.
func (s Set) Table() (*Table, error) {
	text, err := s.Text()
	if err != nil {
		return nil, err
	}
	return Parse(s.File, text)
}
