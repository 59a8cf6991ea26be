package main

import (
	"bytes"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"torocloud/images/demo/internal/cpio"
	"torocloud/images/demo/internal/kernel"
)

// makeInitramfs packs the init and the modules, numbered in loading order; the same input gives the same bytes.
func makeInitramfs(files map[string][]byte, program []byte) ([]byte, error) {
	picked, err := kernel.Modules(files, modules)
	if err != nil {
		return nil, err
	}
	entries := []cpio.Entry{
		{Name: "dev", Mode: cpio.TypeDirectory | 0o755},
		{Name: "dev/console", Mode: cpio.TypeCharacter | 0o600, Major: 5, Minor: 1},
		{Name: "modules", Mode: cpio.TypeDirectory | 0o755},
		{Name: "init", Mode: cpio.TypeRegular | 0o755, Data: program},
	}
	for index, module := range picked {
		name := fmt.Sprintf("modules/%02d-%s.ko", index, module.Name)
		entries = append(entries, cpio.Entry{Name: name, Mode: cpio.TypeRegular | 0o644, Data: module.Data})
	}
	var packed bytes.Buffer
	if err := compress(&packed, entries); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}

func compress(output io.Writer, entries []cpio.Entry) error {
	encoder, err := zstd.NewWriter(output,
		zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(8<<20))
	if err != nil {
		return err
	}
	if err := cpio.Write(encoder, entries); err != nil {
		return err
	}
	return encoder.Close()
}
