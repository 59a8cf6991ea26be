//go:build linux && amd64

package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"torocloud/images/demo/internal/cmdline"
)

const (
	deviceWait  = 3 * time.Second
	deviceEvery = 20 * time.Millisecond
)

// mountSystem mounts what the kernel offers, and turns huge pages off: they would touch far more memory than is used.
func mountSystem() error {
	for _, system := range []struct{ kind, target string }{{"devtmpfs", "/dev"}, {"proc", "/proc"}, {"sysfs", "/sys"}} {
		if err := os.MkdirAll(system.target, 0o755); err != nil {
			return err
		}
		err := unix.Mount(system.kind, system.target, system.kind, unix.MS_NOSUID|unix.MS_NOEXEC, "")
		if err != nil && !errors.Is(err, unix.EBUSY) {
			return fmt.Errorf("mounting %s: %w", system.target, err)
		}
	}
	if err := os.WriteFile("/sys/kernel/mm/transparent_hugepage/enabled", []byte("never"), 0); err != nil {
		say("huge pages stay on: %v", err)
	}
	say("system file systems are mounted")
	return nil
}

// mountShare mounts one virtio-fs tag, and waits a moment for its device.
func mountShare(share cmdline.Share) error {
	if err := os.MkdirAll(share.Mountpoint, 0o755); err != nil {
		return fmt.Errorf("mount point of share %s: %w", share.Tag, err)
	}
	flags, mode := uintptr(unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC), "read and write"
	if share.ReadOnly {
		flags, mode = flags|unix.MS_RDONLY, "read only"
	}
	for deadline := time.Now().Add(deviceWait); ; time.Sleep(deviceEvery) {
		err := unix.Mount(share.Tag, share.Mountpoint, "virtiofs", flags, "")
		if err == nil {
			say("share %s is mounted on %s, %s", share.Tag, share.Mountpoint, mode)
			return nil
		}
		if !errors.Is(err, unix.EINVAL) || time.Now().After(deadline) {
			return fmt.Errorf("mounting share %s on %s: %w (is there a virtio-fs device with this tag?)", share.Tag, share.Mountpoint, err)
		}
	}
}
