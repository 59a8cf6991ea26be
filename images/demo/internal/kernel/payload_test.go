package kernel

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

var packers = map[string]func(io.Writer) (io.WriteCloser, error){
	"zstd": func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) },
	"xz":   func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) },
	"gzip": func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil },
}

func pack(t *testing.T, packer string, data []byte) []byte {
	t.Helper()
	var buffer bytes.Buffer
	writer, err := packers[packer](&buffer)
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

// bzImage wraps a packed payload as the kernel's build does, two setup sectors and some code before it.
func bzImage(payload []byte) []byte {
	const setupSectors, code = 2, 100
	image := make([]byte, (setupSectors+1)*sectorSize+code)
	image[setupSectorsAt] = setupSectors
	copy(image[headerMagicAt:], "HdrS")
	binary.LittleEndian.PutUint16(image[protocolAt:], 0x20f)
	binary.LittleEndian.PutUint32(image[payloadOffsetAt:], code)
	binary.LittleEndian.PutUint32(image[payloadLengthAt:], uint32(len(payload)+4))
	return append(append(image, payload...), "sizeand more code"...)
}

func TestPayload(t *testing.T) {
	want := append([]byte("\x7fELF"), bytes.Repeat([]byte("kernel"), 10000)...)
	for packer := range packers {
		t.Run(packer, func(t *testing.T) {
			got, err := Payload(bzImage(pack(t, packer, want)))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("got %d other bytes", len(got))
			}
		})
	}
}

func TestPayloadRefuses(t *testing.T) {
	good := bzImage(pack(t, "zstd", []byte("\x7fELF and so on")))
	old := bytes.Clone(good)
	binary.LittleEndian.PutUint16(old[protocolAt:], 0x207)
	long := bytes.Clone(good)
	binary.LittleEndian.PutUint32(long[payloadLengthAt:], 1<<31)
	images := map[string][]byte{
		"something else":       bytes.Repeat([]byte("x"), 4096),
		"nothing":              nil,
		"an old boot protocol": old,
		"one cut short":        long,
		"an unknown packer":    bzImage([]byte("LZMA?")),
		"a payload not ELF":    bzImage(pack(t, "zstd", []byte("text"))),
	}
	for name, image := range images {
		t.Run(name, func(t *testing.T) {
			if got, err := Payload(image); err == nil {
				t.Errorf("no error, got %d bytes", len(got))
			}
		})
	}
}
