// Package deb reads the files inside a Debian binary package.
package deb

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

const (
	arMagic      = "!<arch>\n"
	arHeaderSize = 60
)

// Files returns the regular files of the package whose clean path (no leading "./" or "/") is wanted.
func Files(archive io.Reader, wanted func(path string) bool) (map[string][]byte, error) {
	data, err := openData(archive)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for reader := tar.NewReader(data); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, fmt.Errorf("data.tar: %w", err)
		}
		name := strings.TrimPrefix(path.Clean("/"+header.Name), "/")
		if header.Typeflag != tar.TypeReg || !wanted(name) {
			continue
		}
		if files[name], err = io.ReadAll(reader); err != nil {
			return nil, fmt.Errorf("data.tar, %s: %w", name, err)
		}
	}
}

// openData finds the ar member data.tar.* and returns it decompressed.
func openData(archive io.Reader) (io.Reader, error) {
	magic := make([]byte, len(arMagic))
	if _, err := io.ReadFull(archive, magic); err != nil || string(magic) != arMagic {
		return nil, errors.New("not a Debian package: no ar header")
	}
	for {
		name, size, err := readMember(archive)
		if errors.Is(err, io.EOF) {
			return nil, errors.New("not a Debian package: no data.tar in it")
		}
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(name, "data.tar") {
			return decompress(name, io.LimitReader(archive, size))
		}
		if _, err := io.CopyN(io.Discard, archive, size+size%2); err != nil {
			return nil, fmt.Errorf("ar member %s is cut short: %w", name, err)
		}
	}
}

func readMember(archive io.Reader) (name string, size int64, err error) {
	header := make([]byte, arHeaderSize)
	if _, err := io.ReadFull(archive, header); err != nil {
		return "", 0, err
	}
	if !bytes.Equal(header[58:], []byte("`\n")) {
		return "", 0, errors.New("ar member header is damaged")
	}
	name = strings.TrimSuffix(strings.TrimSpace(string(header[:16])), "/")
	size, err = strconv.ParseInt(strings.TrimSpace(string(header[48:58])), 10, 64)
	if err != nil || size < 0 {
		return "", 0, fmt.Errorf("ar member %s has no valid size", name)
	}
	return name, size, nil
}

func decompress(name string, data io.Reader) (io.Reader, error) {
	switch path.Ext(name) {
	case ".tar":
		return data, nil
	case ".xz":
		return xz.NewReader(data)
	case ".gz":
		return gzip.NewReader(data)
	case ".zst":
		return zstd.NewReader(data, zstd.WithDecoderConcurrency(1))
	}
	return nil, fmt.Errorf("%s: this compression is not known", name)
}
