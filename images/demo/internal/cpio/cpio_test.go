package cpio

import (
	"bytes"
	"reflect"
	"strconv"
	"testing"
)

// list reads an archive back, field by field.
func list(t *testing.T, archive []byte) []Entry {
	t.Helper()
	var entries []Entry
	for {
		field := func(index int) int {
			start := 6 + 8*index
			value, err := strconv.ParseUint(string(archive[start:start+8]), 16, 32)
			if err != nil {
				t.Fatal(err)
			}
			return int(value)
		}
		if string(archive[:6]) != "070701" {
			t.Fatalf("no header, but %q", archive[:6])
		}
		size, nameSize := field(6), field(11)
		name := string(archive[110 : 110+nameSize-1])
		start := (110 + nameSize + 3) &^ 3
		entry := Entry{Name: name, Mode: uint32(field(1)), Major: uint32(field(9)), Minor: uint32(field(10))}
		if size > 0 {
			entry.Data = archive[start : start+size]
		}
		archive = archive[(start+size+3)&^3:]
		if name == trailer {
			if len(archive) != 0 {
				t.Errorf("%d bytes after the trailer", len(archive))
			}
			return entries
		}
		entries = append(entries, entry)
	}
}

func TestWriteIsReadBack(t *testing.T) {
	want := []Entry{
		{Name: "dev", Mode: TypeDirectory | 0o755},
		{Name: "dev/console", Mode: TypeCharacter | 0o600, Major: 5, Minor: 1},
		{Name: "init", Mode: TypeRegular | 0o755, Data: []byte("seven b")},
		{Name: "four", Mode: TypeRegular | 0o644, Data: []byte("4444")},
	}
	var first, second bytes.Buffer
	for _, buffer := range []*bytes.Buffer{&first, &second} {
		if err := Write(buffer, want); err != nil {
			t.Fatal(err)
		}
	}
	if got := list(t, first.Bytes()); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("the same entries gave different bytes")
	}
}
