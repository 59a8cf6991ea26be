//go:build linux && amd64

// Command init is the demo guest's only process: it mounts the virtio-fs shares and serves the first one over vsock.
package main

import (
	"fmt"
	"net/http"
	"os"
	"runtime/debug"
	"time"

	"github.com/mdlayher/vsock"
	"golang.org/x/sys/unix"

	"torocloud/images/demo/internal/cmdline"
	"torocloud/images/demo/internal/site"
)

// The heap stays this small, so that a guest of 128 MiB has room for the kernel and its page cache.
const (
	memoryLimit    = 24 << 20
	garbagePercent = 50
)

func main() {
	debug.SetGCPercent(garbagePercent)
	debug.SetMemoryLimit(memoryLimit)
	if os.Getpid() != 1 {
		fmt.Fprintln(os.Stderr, "this is the first process of a virtual machine; started elsewhere it does nothing")
		os.Exit(2)
	}
	go reap()
	fail(serve())
}

// serve returns only when it cannot go on.
func serve() error {
	if err := mountSystem(); err != nil {
		return err
	}
	line, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		return err
	}
	config, err := cmdline.Parse(string(line))
	if err != nil {
		return err
	}
	if err := loadModules(); err != nil {
		return err
	}
	go watchPowerButton()
	for _, share := range config.Shares {
		if err := mountShare(share); err != nil {
			return err
		}
	}
	return listen(config)
}

func listen(config cmdline.Config) error {
	root, err := os.OpenRoot(config.Shares[0].Mountpoint)
	if err != nil {
		return err
	}
	listener, err := vsock.ListenContextID(unix.VMADDR_CID_ANY, config.Port, nil)
	if err != nil {
		return fmt.Errorf("listening on vsock port %d: %w (does the guest have a vsock device?)", config.Port, err)
	}
	server := http.Server{
		Handler:           site.Handler(root, config.Name),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
	debug.FreeOSMemory()
	say("%s serves %s on vsock port %d, %s after its kernel started", config.Name, root.Name(), config.Port, uptime())
	return server.Serve(listener)
}

// uptime is the time since the kernel started.
func uptime() time.Duration {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		return 0
	}
	return time.Duration(now.Nano()).Round(time.Millisecond)
}
