package kernel

import (
	"bytes"
	"debug/elf"
	"fmt"
	"path"
	"strings"
)

// Module is one kernel module, ready to be loaded.
type Module struct {
	Name string
	Data []byte
}

// Modules picks the wanted modules and what they depend on out of a package's files, in loading order, without those that
// modules.builtin lists.
func Modules(files map[string][]byte, wanted []string) ([]Module, error) {
	picker := picker{packed: map[string][]byte{}, done: map[string]bool{}}
	for name, data := range files {
		if path.Base(name) == "modules.builtin" {
			for _, builtin := range strings.Fields(string(data)) {
				picker.done[moduleName(builtin)] = true
			}
		} else if IsModule(name) {
			picker.packed[moduleName(name)] = data
		}
	}
	for _, name := range wanted {
		if err := picker.pick(moduleName(name)); err != nil {
			return nil, err
		}
	}
	return picker.modules, nil
}

// IsModule tells whether a path names a kernel module, packed or not.
func IsModule(name string) bool {
	return strings.Contains(path.Base(name), ".ko")
}

// moduleName is the name the kernel gives a module file: no folder, no endings, underscores only.
func moduleName(name string) string {
	base, _, _ := strings.Cut(path.Base(name), ".ko")
	return strings.ReplaceAll(base, "-", "_")
}

type picker struct {
	packed  map[string][]byte
	done    map[string]bool
	modules []Module
}

func (p *picker) pick(name string) error {
	if p.done[name] {
		return nil
	}
	p.done[name] = true
	data, found := p.packed[name]
	if !found {
		return fmt.Errorf("module %s is neither in the package nor built in", name)
	}
	if !bytes.HasPrefix(data, []byte(elf.ELFMAG)) {
		var err error
		if data, err = Decompress(data); err != nil {
			return fmt.Errorf("module %s: %w", name, err)
		}
	}
	needs, err := dependencies(data)
	if err != nil {
		return fmt.Errorf("module %s: %w", name, err)
	}
	for _, need := range needs {
		if err := p.pick(moduleName(need)); err != nil {
			return err
		}
	}
	p.modules = append(p.modules, Module{name, data})
	return nil
}

// dependencies reads the "depends=" line of a module's .modinfo section.
func dependencies(module []byte) ([]string, error) {
	file, err := elf.NewFile(bytes.NewReader(module))
	if err != nil {
		return nil, err
	}
	section := file.Section(".modinfo")
	if section == nil {
		return nil, fmt.Errorf("no .modinfo section")
	}
	info, err := section.Data()
	if err != nil {
		return nil, err
	}
	for _, line := range strings.Split(string(info), "\x00") {
		if list, found := strings.CutPrefix(line, "depends="); found && list != "" {
			return strings.Split(list, ","), nil
		}
	}
	return nil, nil
}
