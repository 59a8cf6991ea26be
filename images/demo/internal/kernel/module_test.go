package kernel

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"strings"
	"testing"
)

// testModule is an ELF object with nothing but a .modinfo section.
func testModule(t *testing.T, modinfo string) []byte {
	t.Helper()
	names := "\x00.modinfo\x00.shstrtab\x00"
	header := fileHeader(0, 0)
	header.Type, header.Phoff = uint16(elf.ET_REL), 0
	header.Shoff, header.Shentsize, header.Shnum, header.Shstrndx = fileHeaderSize, 64, 3, 2
	data := uint64(fileHeaderSize + 3*64)
	sections := []elf.Section64{
		{},
		{Name: 1, Type: uint32(elf.SHT_PROGBITS), Off: data, Size: uint64(len(modinfo))},
		{Name: 10, Type: uint32(elf.SHT_STRTAB), Off: data + uint64(len(modinfo)), Size: uint64(len(names))},
	}
	var buffer bytes.Buffer
	for _, value := range []any{header, sections, []byte(modinfo), []byte(names)} {
		if err := binary.Write(&buffer, binary.LittleEndian, value); err != nil {
			t.Fatal(err)
		}
	}
	return buffer.Bytes()
}

func names(modules []Module) string {
	var list []string
	for _, module := range modules {
		list = append(list, module.Name)
	}
	return strings.Join(list, " ")
}

func TestModulesComeInLoadingOrder(t *testing.T) {
	files := map[string][]byte{
		"lib/modules/6/modules.builtin": []byte("kernel/fs/fuse/fuse.ko\nkernel/fs/fuse/virtio-fs.ko\n"),
		"lib/modules/6/kernel/top.ko.xz": pack(t, "xz", testModule(t,
			"license=GPL\x00depends=mid-dle,fuse\x00")),
		"lib/modules/6/kernel/mid-dle.ko.zst": pack(t, "zstd", testModule(t, "depends=base\x00")),
		"lib/modules/6/kernel/base.ko":        testModule(t, "depends=\x00"),
		"lib/modules/6/kernel/lone.ko.gz":     pack(t, "gzip", testModule(t, "license=GPL\x00")),
		"lib/modules/6/kernel/unwanted.ko":    []byte("never read"),
	}
	modules, err := Modules(files, []string{"virtio_fs", "top", "lone", "base"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := names(modules), "base mid_dle top lone"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !bytes.Equal(modules[0].Data, files["lib/modules/6/kernel/base.ko"]) {
		t.Error("the module's bytes changed")
	}
}

func TestModulesRefuses(t *testing.T) {
	files := map[string][]byte{
		"a.ko":   testModule(t, "depends=gone\x00"),
		"bad.ko": []byte("\x7fELF"),
		"odd.ko": []byte("text"),
	}
	for _, wanted := range []string{"gone", "a", "bad", "odd"} {
		if modules, err := Modules(files, []string{wanted}); err == nil {
			t.Errorf("%s: no error, got %s", wanted, names(modules))
		}
	}
}
