package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// builtin says that no module is needed, so that a package without any is enough.
var builtin = map[string][]byte{
	"usr/lib/modules/6/modules.builtin": []byte(
		"virtio_mmio.ko fuse.ko virtiofs.ko vsock.ko vmw_vsock_virtio_transport.ko button.ko evdev.ko"),
}

func TestInitramfsIsDeterministic(t *testing.T) {
	program := bytes.Repeat([]byte("static program "), 100000)
	first, err := makeInitramfs(builtin, program)
	if err != nil {
		t.Fatal(err)
	}
	second, err := makeInitramfs(builtin, program)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, second) {
		t.Error("the same input gave different bytes")
	}
	reader, err := zstd.NewReader(bytes.NewReader(first))
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	archive, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(archive, []byte("070701")) || !bytes.Contains(archive, program) {
		t.Error("the init is not in the archive")
	}
}

func TestInitramfsNeedsItsModules(t *testing.T) {
	if _, err := makeInitramfs(nil, []byte("init")); err == nil {
		t.Error("no error, though no module is there")
	}
}

func TestKernelIsAskedFor(t *testing.T) {
	for path, want := range map[string]bool{
		"boot/vmlinuz-6.12": true, "boot/config-6.12": false, "usr/lib/modules/6/modules.builtin": true,
		"usr/lib/modules/6/kernel/net/vsock.ko.xz": true, "usr/share/doc/vmlinuz-6.12": false,
	} {
		if wanted(path) != want {
			t.Errorf("%s: %v", path, !want)
		}
	}
	if _, err := makeKernel(builtin); err == nil {
		t.Error("no error, though no kernel is there")
	}
}

func TestSaveReplacesTheFileWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vmlinux")
	for _, data := range []string{"a longer first one", "second"} {
		if err := save(path, []byte(data)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != data {
			t.Errorf("got %q, %v", got, err)
		}
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
		t.Errorf("%d files are left", len(entries))
	}
}
