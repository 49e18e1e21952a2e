package data

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func zipped(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

// However a table is written, it is the same.
func TestFormats(t *testing.T) {
	want := [][]string{{"1.5", "a"}, {"-2", "b c"}}
	for file, text := range map[string][]byte{
		"d.csv":      []byte("x,y\n1.5,a\n-2,b c\n"),
		"e.csv":      []byte("x;y\n1.5;a\n-2;b c\n"),
		"d.tsv":      []byte("x\ty\n1.5\ta\n-2\tb c\n"),
		"d.csv.gz":   zipped(t, "x,y\n1.5,a\n-2,b c\n"),
		"d.jsonl":    []byte(`{"x":1.5,"y":"a"}` + "\n\n" + `{"y":"b c","x":-2}` + "\n"),
		"d.jsonl.gz": zipped(t, `{"x":1.5,"y":"a"}`+"\n"+`{"x":-2,"y":"b c"}`),
	} {
		table, err := ParseAs(file, text)
		require.NoError(t, err, file)
		assert.Equal(t, []string{"x", "y"}, table.Columns, file)
		assert.Equal(t, want, table.Records, file)
	}
}

// python3 -c "import numpy,io,base64; b=io.BytesIO(); numpy.save(b, numpy.asfortranarray([[1.5,-2.25],[0.1,3e300],[5,6]])); print(base64.b64encode(b.getvalue()).decode())"
const fortran = "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY4JywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMywgMiksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAD4P5qZmZmZmbk/AAAAAAAAFEAAAAAAAAACwDVYAGYt61F+AAAAAAAAGEA="

func TestNPY(t *testing.T) {
	text, err := base64.StdEncoding.DecodeString(fortran)
	require.NoError(t, err)
	table, err := ParseAs("d.npy", text)
	require.NoError(t, err)
	assert.Equal(t, []string{"x1", "x2"}, table.Columns)
	assert.Equal(t, [][]string{{"1.5", "-2.25"}, {"0.1", "3e+300"}, {"5", "6"}}, table.Records)
	for i := range text {
		_, _ = ParseAs("d.npy", text[:i]) // cut short anywhere, no panic
	}
	_, err = ParseAs("d.npy", text[:len(text)-1])
	assert.ErrorContains(t, err, "need another number of them")

	// Of every type, as NumPy writes it.
	dir := t.TempDir()
	kinds := []string{"<f4", ">f8", "i1", "<i2", ">i4", "<i8", "u1", ">u2", "<u8", "?"}
	script := "import numpy,sys\nfor i,k in enumerate(sys.argv[2:]): numpy.save(sys.argv[1]+'/%d.npy'%i, numpy.array([1,0,1], dtype=k))"
	written := false
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		written = written || exec.Command(python, append([]string{"-c", script, dir}, kinds...)...).Run() == nil
	}
	if !written {
		t.Skip("no NumPy here")
	}
	for i, kind := range kinds {
		text, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("%d.npy", i)))
		require.NoError(t, err)
		table, err := ParseAs("a.npy", text)
		require.NoError(t, err, kind)
		assert.Equal(t, [][]string{{"1"}, {"0"}, {"1"}}, table.Records, kind)
	}
}

func TestFormatErrors(t *testing.T) {
	for _, c := range []struct{ file, text, want string }{
		{"d.csv.gz", "plain", "d.csv.gz: cannot be decompressed"},
		{"d.jsonl", "{\"x\":1}\n{\"z\":2}\n", "d.jsonl:2: column z: the first object has no such value"},
		{"d.jsonl", "{\"x\":1}\n{\"x\":[2]}\n", "d.jsonl:2: not a JSON object of plain values"},
		{"d.jsonl", "{\"x\":1,\"y\":2}\n{\"x\":1,\"x\":2}\n", "d.jsonl:2: column x: is there twice"},
		{"d.jsonl", "{\"x\":1} 3\n", "something follows"},
		{"d.jsonl", "", "the file is empty"},
		{"d.npy", "abc", "not an array of NumPy"},
		{"d.tsv", "x\ty\n1\n", "d.tsv:2: 1 cells where the first line names 2 columns"},
	} {
		_, err := ParseAs(c.file, []byte(c.text))
		assert.ErrorContains(t, err, c.want)
	}
}

func FuzzParseAs(f *testing.F) {
	npy, _ := base64.StdEncoding.DecodeString(fortran)
	for _, text := range []string{"x,y\n1,2\n", "x;y\n1;2\n", "{\"x\":1}\n", "x\ty\n\"a\"\t2\n", string(npy)} {
		for kind := range uint8(5) {
			f.Add(kind, []byte(text))
		}
	}
	files := []string{"d.csv", "d.tsv", "d.jsonl", "d.npy", "d.csv.gz"}
	f.Fuzz(func(t *testing.T, kind uint8, text []byte) {
		table, err := ParseAs(files[int(kind)%len(files)], text)
		if err != nil {
			return
		}
		for i, r := range table.Records {
			if len(r) != len(table.Columns) {
				t.Fatalf("row %d has %d cells of %d columns", i, len(r), len(table.Columns))
			}
			for j := range r {
				if _, err := table.Number(i, j); err != nil && err.Error() == "" {
					t.Fatal("an error without words")
				}
			}
		}
	})
}
