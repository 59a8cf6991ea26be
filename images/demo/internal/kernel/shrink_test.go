package kernel

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"io"
	"testing"
)

// testKernel is an ELF with a note and two loaded segments, full of holes, and a tail that no segment covers.
func testKernel(t *testing.T) []byte {
	t.Helper()
	first := make([]byte, 0x60000)
	copy(first, "text")
	copy(first[0x30123:], "data after a hole")
	copy(first[0x40000:], "no hole worth a segment before this")
	second := make([]byte, 0x20000) // zeros only
	note := []byte("a note, twelve bytes and more")
	segments := []elf.Prog64{
		{Type: uint32(elf.PT_LOAD), Vaddr: 0xffffffff81000000, Paddr: 0x1000000, Filesz: uint64(len(first)), Memsz: 0x80000, Off: 0x1000},
		{Type: uint32(elf.PT_LOAD), Vaddr: 0, Paddr: 0x2000000, Filesz: uint64(len(second)), Memsz: 0x20000, Off: 0x61000},
		{Type: uint32(elf.PT_NOTE), Vaddr: 0xffffffff81000008, Paddr: 0x1000008, Filesz: uint64(len(note)), Memsz: uint64(len(note)), Off: 0x81000},
	}
	var buffer bytes.Buffer
	write := func(value any) {
		if err := binary.Write(&buffer, binary.LittleEndian, value); err != nil {
			t.Fatal(err)
		}
	}
	write(fileHeader(0x1000123, len(segments)))
	write(segments)
	for index, data := range [][]byte{first, second, note} {
		buffer.Write(make([]byte, segments[index].Off-uint64(buffer.Len())))
		buffer.Write(data)
	}
	buffer.Write(bytes.Repeat([]byte("sections "), 1000))
	return buffer.Bytes()
}

// load returns what a loader puts into memory, by physical page address, and the notes.
func load(t *testing.T, image []byte) (memory map[uint64]byte, extents uint64, notes []byte) {
	t.Helper()
	file, err := elf.NewFile(bytes.NewReader(image))
	if err != nil {
		t.Fatal(err)
	}
	memory = map[uint64]byte{}
	for _, segment := range file.Progs {
		data, err := io.ReadAll(segment.Open())
		if err != nil {
			t.Fatal(err)
		}
		if segment.Type == elf.PT_NOTE {
			notes = data
			continue
		}
		extents += segment.Memsz
		for offset, value := range data {
			if value != 0 {
				memory[segment.Paddr+uint64(offset)] = value
			}
		}
	}
	return memory, extents, notes
}

func TestShrinkLoadsTheSameMemory(t *testing.T) {
	image := testKernel(t)
	small, err := Shrink(image)
	if err != nil {
		t.Fatal(err)
	}
	if len(small) > 0x20000 {
		t.Errorf("%d bytes: the holes are still there", len(small))
	}
	wantMemory, wantExtent, wantNotes := load(t, image)
	memory, extent, notes := load(t, small)
	if len(wantMemory) == 0 || len(memory) != len(wantMemory) || extent != wantExtent || !bytes.Equal(notes, wantNotes) {
		t.Fatalf("%d bytes of %d, %#x of %#x, notes %q", len(memory), len(wantMemory), extent, wantExtent, notes)
	}
	for address, value := range wantMemory {
		if memory[address] != value {
			t.Fatalf("at %#x: %q instead of %q", address, memory[address], value)
		}
	}
	file, err := elf.NewFile(bytes.NewReader(small))
	if err != nil {
		t.Fatal(err)
	}
	for _, segment := range file.Progs {
		if segment.Type == elf.PT_LOAD && segment.Vaddr-segment.Paddr != 0xffffffff80000000 && segment.Paddr != 0x2000000 {
			t.Errorf("segment %#x lost its virtual address: %#x", segment.Paddr, segment.Vaddr)
		}
	}
}

func TestShrinkIsDeterministicAndStable(t *testing.T) {
	first, err := Shrink(testKernel(t))
	if err != nil {
		t.Fatal(err)
	}
	second, err := Shrink(first)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, second) {
		t.Error("shrinking twice is not shrinking once")
	}
}

func TestShrinkRefusesOtherFiles(t *testing.T) {
	wrong := testKernel(t)
	wrong[elf.EI_NIDENT] = byte(elf.ET_REL)
	for name, image := range map[string][]byte{"text": []byte("text"), "an object file": wrong} {
		if _, err := Shrink(image); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
