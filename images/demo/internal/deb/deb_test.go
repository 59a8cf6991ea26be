package deb

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

func tarball(t *testing.T) []byte {
	t.Helper()
	var buffer bytes.Buffer
	writer := tar.NewWriter(&buffer)
	entries := []tar.Header{
		{Name: "./boot/", Typeflag: tar.TypeDir},
		{Name: "./boot/vmlinuz-6", Typeflag: tar.TypeReg, Size: 6},
		{Name: "./usr/other", Typeflag: tar.TypeReg, Size: 6},
		{Name: "./boot/link", Typeflag: tar.TypeSymlink, Linkname: "vmlinuz-6"},
	}
	for _, header := range entries {
		if err := writer.WriteHeader(&header); err != nil {
			t.Fatal(err)
		}
		if header.Size > 0 {
			fmt.Fprint(writer, "kernel")
		}
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

func compressed(t *testing.T, open func(io.Writer) (io.WriteCloser, error), data []byte) []byte {
	t.Helper()
	var buffer bytes.Buffer
	writer, err := open(&buffer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writer.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

func member(name string, data []byte) string {
	padding := strings.Repeat("\n", len(data)%2)
	return fmt.Sprintf("%-16s%-12d%-6d%-6d%-8s%-10d`\n%s%s", name, 0, 0, 0, "100644", len(data), data, padding)
}

func TestFiles(t *testing.T) {
	plain := tarball(t)
	members := map[string][]byte{
		"data.tar": plain,
		"data.tar.xz": compressed(t, func(w io.Writer) (io.WriteCloser, error) {
			return xz.NewWriter(w)
		}, plain),
		"data.tar.gz": compressed(t, func(w io.Writer) (io.WriteCloser, error) {
			return gzip.NewWriter(w), nil
		}, plain),
		"data.tar.zst/": compressed(t, func(w io.Writer) (io.WriteCloser, error) {
			return zstd.NewWriter(w)
		}, plain),
	}
	for name, data := range members {
		t.Run(name, func(t *testing.T) {
			archive := arMagic + member("debian-binary", []byte("2.0\n")) + member("control.tar", []byte("odd")) + member(name, data)
			files, err := Files(strings.NewReader(archive), func(path string) bool {
				return strings.HasPrefix(path, "boot/")
			})
			if err != nil {
				t.Fatal(err)
			}
			if len(files) != 1 || string(files["boot/vmlinuz-6"]) != "kernel" {
				t.Errorf("got %q", files)
			}
		})
	}
}

func TestFilesRefuses(t *testing.T) {
	archives := map[string]string{
		"something else":      "PK\x03\x04 and so on",
		"no data":             arMagic + member("debian-binary", []byte("2.0\n")),
		"a damaged header":    arMagic + strings.Repeat("x", arHeaderSize),
		"an unknown packer":   arMagic + member("data.tar.lzma", nil),
		"a member cut short":  arMagic + member("control.tar", []byte("long"))[:62],
		"a tarball cut short": arMagic + member("data.tar", tarball(t)[:600]),
	}
	for name, archive := range archives {
		t.Run(name, func(t *testing.T) {
			if files, err := Files(strings.NewReader(archive), func(string) bool { return true }); err == nil {
				t.Errorf("no error, got %q", files)
			}
		})
	}
}
