// Package cmdline reads the guest's wishes from its kernel command line.
package cmdline

import (
	"fmt"
	"path"
	"strconv"
	"strings"
)

// Share is one virtio-fs tag and the directory it is mounted on.
type Share struct {
	Tag        string
	Mountpoint string
	ReadOnly   bool
}

// Config is what the guest does: its name, its shares (the first one is served) and its vsock port.
type Config struct {
	Name   string
	Port   uint32
	Shares []Share
}

// Parse reads the `torocloud.*` words of a kernel command line and leaves all others to the kernel.
func Parse(line string) (Config, error) {
	config := Config{Name: "guest", Port: 80}
	for _, word := range strings.Fields(line) {
		key, value, found := strings.Cut(word, "=")
		if !found || !strings.HasPrefix(key, "torocloud.") {
			continue
		}
		if err := config.set(strings.TrimPrefix(key, "torocloud."), value); err != nil {
			return Config{}, fmt.Errorf("kernel command line, %q: %w", word, err)
		}
	}
	if len(config.Shares) == 0 {
		config.Shares = []Share{{Tag: "site", Mountpoint: "/srv"}}
	}
	return config, nil
}

func (c *Config) set(key, value string) error {
	switch key {
	case "name":
		if value == "" {
			return fmt.Errorf("the name is empty")
		}
		c.Name = value
	case "port":
		port, err := strconv.ParseUint(value, 10, 32)
		if err != nil || port == 0 || port == 1<<32-1 {
			return fmt.Errorf("a vsock port is a number from 1 to 4294967294")
		}
		c.Port = uint32(port)
	case "share":
		share, err := parseShare(value)
		if err != nil {
			return err
		}
		c.Shares = append(c.Shares, share)
	default:
		return fmt.Errorf("known are torocloud.name, torocloud.port and torocloud.share")
	}
	return nil
}

func parseShare(value string) (Share, error) {
	tag, rest, _ := strings.Cut(value, ":")
	mountpoint, mode, hasMode := strings.Cut(rest, ":")
	share := Share{Tag: tag, Mountpoint: "/srv"}
	if mountpoint != "" {
		share.Mountpoint = path.Clean(mountpoint)
	}
	switch {
	case tag == "":
		return Share{}, fmt.Errorf("the share has no tag: write tag:/mountpoint[:ro]")
	case !path.IsAbs(share.Mountpoint) || share.Mountpoint == "/":
		return Share{}, fmt.Errorf("the mount point must be an absolute path below /")
	case hasMode && mode == "ro":
		share.ReadOnly = true
	case hasMode && mode != "rw":
		return Share{}, fmt.Errorf("the mode is ro or rw")
	}
	return share, nil
}
