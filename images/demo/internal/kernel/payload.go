// Package kernel takes Debian's kernel files apart: the bzImage, the ELF inside it and the modules beside it.
package kernel

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// Offsets in the setup header, from the kernel's Documentation/arch/x86/boot.rst.
const (
	setupSectorsAt  = 0x1f1
	headerMagicAt   = 0x202
	protocolAt      = 0x206
	payloadOffsetAt = 0x248
	payloadLengthAt = 0x24c
	setupHeaderEnd  = 0x250
	sectorSize      = 512
	payloadProtocol = 0x208 // the first one that says where the payload is
)

var decoders = []struct {
	magic  string
	decode func(io.Reader) (io.Reader, error)
}{
	{"\x28\xb5\x2f\xfd", func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r, zstd.WithDecoderConcurrency(1)) }},
	{"\xfd7zXZ\x00", func(r io.Reader) (io.Reader, error) { return xz.NewReader(r) }},
	{"\x1f\x8b", func(r io.Reader) (io.Reader, error) {
		reader, err := gzip.NewReader(r)
		if err == nil {
			reader.Multistream(false)
		}
		return reader, err
	}},
}

// Payload returns the uncompressed kernel ELF of a bzImage whose payload is packed with zstd, xz or gzip.
func Payload(image []byte) ([]byte, error) {
	packed, err := packedPayload(image)
	if err != nil {
		return nil, err
	}
	elf, err := Decompress(packed)
	if err != nil {
		return nil, fmt.Errorf("bzImage payload: %w", err)
	}
	if !bytes.HasPrefix(elf, []byte("\x7fELF")) {
		return nil, errors.New("bzImage payload is not an ELF file")
	}
	return elf, nil
}

// Decompress unpacks zstd, xz or gzip data, told apart by their first bytes.
func Decompress(packed []byte) ([]byte, error) {
	for _, decoder := range decoders {
		if !bytes.HasPrefix(packed, []byte(decoder.magic)) {
			continue
		}
		reader, err := decoder.decode(bytes.NewReader(packed))
		if err != nil {
			return nil, err
		}
		return io.ReadAll(reader)
	}
	return nil, fmt.Errorf("neither zstd, xz nor gzip: it starts with % x", packed[:min(len(packed), 6)])
}

func packedPayload(image []byte) ([]byte, error) {
	if len(image) < setupHeaderEnd || string(image[headerMagicAt:headerMagicAt+4]) != "HdrS" {
		return nil, errors.New("not a bzImage: no setup header")
	}
	if protocol := binary.LittleEndian.Uint16(image[protocolAt:]); protocol < payloadProtocol {
		return nil, fmt.Errorf("bzImage with boot protocol %#x does not say where its payload is", protocol)
	}
	setupSectors := uint64(image[setupSectorsAt])
	if setupSectors == 0 {
		setupSectors = 4
	}
	start := (setupSectors+1)*sectorSize + uint64(binary.LittleEndian.Uint32(image[payloadOffsetAt:]))
	end := start + uint64(binary.LittleEndian.Uint32(image[payloadLengthAt:]))
	if end > uint64(len(image)) || end < start+4 {
		return nil, errors.New("bzImage is cut short")
	}
	return image[start : end-4], nil // the last four bytes are the unpacked size, the kernel build's own addition
}
