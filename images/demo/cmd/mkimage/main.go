// Command mkimage makes the demo guest's vmlinux and initramfs out of Debian's kernel package and the compiled init.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"torocloud/images/demo/internal/deb"
	"torocloud/images/demo/internal/kernel"
)

// modules are those that the init's work needs: the transport, the shares, vsock and the power button.
var modules = []string{"virtio_mmio", "fuse", "virtiofs", "vsock", "vmw_vsock_virtio_transport", "button", "evdev"}

func main() {
	packageFile := flag.String("deb", "", "Debian's linux-image-*-cloud-amd64 package")
	initFile := flag.String("init", "", "the compiled init, a static program")
	outputDir := flag.String("out", "", "the folder, which must exist, for vmlinux and initramfs")
	flag.Parse()
	if *packageFile == "" || *initFile == "" || *outputDir == "" || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*packageFile, *initFile, *outputDir); err != nil {
		fmt.Fprintln(os.Stderr, "mkimage:", err)
		os.Exit(1)
	}
}

func run(packageFile, initFile, outputDir string) error {
	archive, err := os.Open(packageFile)
	if err != nil {
		return err
	}
	defer archive.Close()
	files, err := deb.Files(archive, wanted)
	if err != nil {
		return fmt.Errorf("%s: %w", packageFile, err)
	}
	program, err := os.ReadFile(initFile)
	if err != nil {
		return err
	}
	vmlinux, err := makeKernel(files)
	if err != nil {
		return fmt.Errorf("%s: %w", packageFile, err)
	}
	initramfs, err := makeInitramfs(files, program)
	if err != nil {
		return fmt.Errorf("%s: %w", packageFile, err)
	}
	if err := save(filepath.Join(outputDir, "vmlinux"), vmlinux); err != nil {
		return err
	}
	return save(filepath.Join(outputDir, "initramfs"), initramfs)
}

// wanted are the kernel and all modules, any of which may be a dependency; they stay packed until they are picked.
func wanted(path string) bool {
	base := filepath.Base(path)
	return strings.HasPrefix(path, "boot/vmlinuz-") || base == "modules.builtin" || kernel.IsModule(path)
}

func makeKernel(files map[string][]byte) ([]byte, error) {
	for name, image := range files {
		if strings.HasPrefix(name, "boot/vmlinuz-") {
			vmlinux, err := kernel.Payload(image)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			return kernel.Shrink(vmlinux)
		}
	}
	return nil, fmt.Errorf("no boot/vmlinuz-* in the package")
}

// save writes a whole file or none.
func save(path string, data []byte) error {
	temporary := path + ".new"
	if err := os.WriteFile(temporary, data, 0o644); err != nil {
		return err
	}
	fmt.Printf("mkimage: %s, %.1f MB\n", path, float64(len(data))/1e6)
	return os.Rename(temporary, path)
}
