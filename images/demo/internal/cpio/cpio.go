// Package cpio writes the archive format that the Linux kernel unpacks as its initramfs ("newc").
package cpio

import (
	"fmt"
	"io"
	"strings"
)

// The type bits of a mode, as in stat(2).
const (
	TypeDirectory = 0o040000
	TypeRegular   = 0o100000
	TypeCharacter = 0o020000
)

// Entry is one file of an archive; its directory must come before it.
type Entry struct {
	Name         string
	Mode         uint32
	Data         []byte
	Major, Minor uint32
}

const trailer = "TRAILER!!!"

// Write writes the entries and the trailer: owned by root, dated 1970, numbered in order, so the same entries give the same bytes.
func Write(w io.Writer, entries []Entry) error {
	for index, entry := range entries {
		if err := writeEntry(w, uint32(index+1), entry); err != nil {
			return fmt.Errorf("cpio, %s: %w", entry.Name, err)
		}
	}
	return writeEntry(w, 0, Entry{Name: trailer})
}

func writeEntry(w io.Writer, inode uint32, entry Entry) error {
	header := fmt.Sprintf("070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
		inode, entry.Mode, 0, 0, 1, 0, len(entry.Data), 0, 0, entry.Major, entry.Minor, len(entry.Name)+1, 0)
	head := header + entry.Name + "\x00"
	if _, err := io.WriteString(w, head+padding(len(head))); err != nil {
		return err
	}
	if _, err := w.Write(entry.Data); err != nil {
		return err
	}
	_, err := io.WriteString(w, padding(len(entry.Data)))
	return err
}

func padding(length int) string {
	return strings.Repeat("\x00", -length&3)
}
