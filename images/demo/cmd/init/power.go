//go:build linux && amd64

package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"

	"golang.org/x/sys/unix"
)

const (
	eventKey = 1
	keyPower = 116
	// failurePort is where QEMU's isa-debug-exit device listens, if the guest has one: QEMU then ends with exit code 3.
	failurePort  = 0xf4
	failureValue = 1
)

// inputEvent is the kernel's struct input_event.
type inputEvent struct {
	Seconds, Microseconds int64
	Kind, Code            uint16
	Value                 int32
}

// say prints one line on the console.
func say(format string, values ...any) {
	fmt.Printf("torocloud: "+format+"\n", values...)
}

// fail says why the guest cannot go on and ends it, with a failure of QEMU itself where isa-debug-exit is there.
func fail(reason error) {
	say("fatal: %v", reason)
	unix.Sync()
	runtime.LockOSThread() // the right to use a port is the thread's
	if err := unix.Ioperm(failurePort, 1, 1); err == nil {
		outb(failurePort, failureValue)
	}
	powerOff()
}

// outb writes one byte to an I/O port.
func outb(port uint16, value uint8)

func powerOff() {
	unix.Sync()
	err := unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
	say("cannot power off: %v", err)
	os.Exit(1) // the kernel panics, and panic=-1 on its command line makes that a reboot
}

// watchPowerButton powers the guest off when its button is pressed (QMP's system_powerdown).
func watchPowerButton() {
	devices, _ := filepath.Glob("/dev/input/event*")
	for _, device := range devices {
		go func() {
			if err := watchKeys(device); err != nil {
				say("%s is not watched: %v", device, err)
			}
		}()
	}
}

func watchKeys(device string) error {
	file, err := os.Open(device)
	if err != nil {
		return err
	}
	defer file.Close()
	return untilPowerKey(file)
}

func untilPowerKey(events io.Reader) error {
	for {
		var event inputEvent
		if err := binary.Read(events, binary.LittleEndian, &event); err != nil {
			return err
		}
		if event.Kind == eventKey && event.Code == keyPower && event.Value == 1 {
			say("the power button was pressed, %s after the kernel started", uptime())
			powerOff()
		}
	}
}

// reap waits for orphans, which the kernel gives to the first process.
func reap() {
	children := make(chan os.Signal, 1)
	signal.Notify(children, unix.SIGCHLD)
	for range children {
		for {
			pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil)
			if err != nil || pid <= 0 {
				break
			}
		}
	}
}
