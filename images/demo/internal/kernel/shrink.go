package kernel

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

const (
	pageSize         = 4096
	fileHeaderSize   = 64
	programEntrySize = 56
	shortestHole     = 64 << 10 // a run of zeros shorter than this is not worth a segment of its own
)

// piece is a part of a segment with the file bytes that are not a long run of zeros.
type piece struct {
	header elf.Prog64
	data   []byte
}

// Shrink rewrites a kernel ELF with only what a loader reads: its segments without their long runs of zeros, which memory sizes
// larger than file sizes stand for, and no sections; what ends up in memory is the same.
func Shrink(image []byte) ([]byte, error) {
	file, err := elf.NewFile(bytes.NewReader(image))
	if err != nil {
		return nil, err
	}
	if file.Class != elf.ELFCLASS64 || file.Machine != elf.EM_X86_64 || file.Type != elf.ET_EXEC {
		return nil, errors.New("not a 64-bit x86 executable")
	}
	var pieces []piece
	for _, segment := range file.Progs {
		if segment.Type != elf.PT_LOAD && segment.Type != elf.PT_NOTE {
			continue
		}
		data := make([]byte, segment.Filesz)
		if _, err := io.ReadFull(segment.Open(), data); err != nil {
			return nil, fmt.Errorf("segment at %#x: %w", segment.Paddr, err)
		}
		pieces = append(pieces, split(segment.ProgHeader, data)...)
	}
	if len(pieces) == 0 || len(pieces) >= math.MaxUint16 {
		return nil, fmt.Errorf("cannot write %d segments", len(pieces))
	}
	return write(file.Entry, pieces)
}

// split cuts a loaded segment after each long run of zeros; the run itself becomes memory without file bytes.
func split(header elf.ProgHeader, data []byte) []piece {
	whole := elf.Prog64{
		Type: uint32(header.Type), Flags: uint32(header.Flags), Vaddr: header.Vaddr, Paddr: header.Paddr,
		Filesz: header.Filesz, Memsz: header.Memsz, Align: header.Align,
	}
	if header.Type == elf.PT_NOTE {
		return []piece{{whole, data}}
	}
	whole.Align = pageSize
	var pieces []piece
	for start := 0; ; {
		used, next := extent(data[start:])
		last := start+next == len(data)
		part := whole
		part.Vaddr += uint64(start)
		part.Paddr += uint64(start)
		part.Filesz, part.Memsz = uint64(used), uint64(next)
		if last {
			part.Memsz = header.Memsz - uint64(start)
		}
		pieces = append(pieces, piece{part, data[start : start+used]})
		if last {
			return pieces
		}
		start += next
	}
}

// extent tells how many bytes come before the next long run of zeros, and where that run ends (on a page border, or with the data).
func extent(data []byte) (used, next int) {
	zeros := 0
	for position := 0; position < len(data); position += pageSize {
		page := data[position:min(position+pageSize, len(data))]
		if isZero(page) {
			zeros += len(page)
			continue
		}
		if zeros >= shortestHole {
			return trimmed(data[:position-zeros]), position
		}
		zeros = 0
	}
	return trimmed(data), len(data)
}

// trimmed is the length without the zeros at the end.
func trimmed(data []byte) int {
	return len(bytes.TrimRight(data, "\x00"))
}

func isZero(data []byte) bool {
	for _, value := range data {
		if value != 0 {
			return false
		}
	}
	return true
}

// write lays the pieces out one after another, each at the same place within its page as in memory.
func write(entry uint64, pieces []piece) ([]byte, error) {
	offset := uint64(fileHeaderSize + programEntrySize*len(pieces))
	for index := range pieces {
		header := &pieces[index].header
		offset += (header.Vaddr - offset) % pageSize
		header.Off = offset
		offset += header.Filesz
	}
	output := bytes.NewBuffer(make([]byte, 0, offset))
	if err := binary.Write(output, binary.LittleEndian, fileHeader(entry, len(pieces))); err != nil {
		return nil, err
	}
	for _, piece := range pieces {
		if err := binary.Write(output, binary.LittleEndian, piece.header); err != nil {
			return nil, err
		}
	}
	for _, piece := range pieces {
		output.Write(make([]byte, piece.header.Off-uint64(output.Len())))
		output.Write(piece.data)
	}
	return output.Bytes(), nil
}

func fileHeader(entry uint64, segments int) elf.Header64 {
	header := elf.Header64{
		Type: uint16(elf.ET_EXEC), Machine: uint16(elf.EM_X86_64), Version: uint32(elf.EV_CURRENT),
		Entry: entry, Phoff: fileHeaderSize, Ehsize: fileHeaderSize, Phentsize: programEntrySize, Phnum: uint16(segments),
	}
	copy(header.Ident[:], elf.ELFMAG)
	header.Ident[elf.EI_CLASS] = byte(elf.ELFCLASS64)
	header.Ident[elf.EI_DATA] = byte(elf.ELFDATA2LSB)
	header.Ident[elf.EI_VERSION] = byte(elf.EV_CURRENT)
	return header
}
