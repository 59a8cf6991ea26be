//go:build linux && amd64

package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"
)

func TestOtherKeysDoNotPowerOff(t *testing.T) {
	var events bytes.Buffer
	for _, event := range []inputEvent{{Kind: eventKey, Code: 30, Value: 1}, {Kind: eventKey, Code: keyPower, Value: 0}, {}} {
		if err := binary.Write(&events, binary.LittleEndian, event); err != nil {
			t.Fatal(err)
		}
	}
	if size := events.Len(); size != 3*24 {
		t.Errorf("an event has %d bytes, the kernel's has 24", size/3)
	}
	if err := untilPowerKey(&events); !errors.Is(err, io.EOF) {
		t.Errorf("got %v", err)
	}
}
