"""What systemd would read from disk: unit files, drop-ins, masks, and the links that start a unit with the host.

systemd.unit(5). Asking systemd itself about a unit that is not loaded makes it load the unit and forget it, each time.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator

from ..where import real
from ..work import Failed

ETC = "/etc/systemd/system"
_RUN = "/run/systemd/system"
# The first that has a file wins.
_PLACES = (
    *("/etc/systemd/system.control", "/run/systemd/system.control", "/run/systemd/transient"),
    *("/run/systemd/generator.early", ETC, "/etc/systemd/system.attached", _RUN, "/run/systemd/system.attached"),
    *("/run/systemd/generator", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"),
    "/run/systemd/generator.late",
)
_OF_NO_PACKAGE = tuple(place for place in _PLACES if not place.startswith(("/usr/", "/lib/")))
_FOLDERS = {"WantedBy": "wants", "RequiredBy": "requires", "UpheldBy": "upholds"}
_Install = dict[str, list[str]]


def template_of(unit: str) -> str | None:
    """The file that describes an instance: ceph-mgr@.service of ceph-mgr@node1.service."""
    name, at, rest = unit.partition("@")
    return f"{name}@{rest[rest.rindex('.') :]}" if at and "." in rest else None


def enabled_state(unit: str) -> str:
    """As `systemctl is-enabled` says it: "enabled", "disabled", "masked"; empty where there is no unit file."""
    path = _find(unit)
    if path is None:
        return ""
    runtime = "-runtime" if path.startswith("/run/") else ""
    if _is_mask(path):
        return f"masked{runtime}"
    if path.startswith(("/run/systemd/generator", "/run/systemd/transient")):
        return "transient" if path.startswith("/run/systemd/transient") else "generated"
    for folder, said in ((ETC, "enabled"), (_RUN, "enabled-runtime")):
        if next(_links_in(folder, unit), None) is not None:
            return said
    linked = _linked(path)
    return f"{linked}{runtime}" if linked == "linked" else linked or _state_by_install(path)


def drop_ins_on_disk(unit: str) -> list[str]:
    """The drop-ins of exactly this unit, and of all whose names begin as its name does; packages' own left out."""
    stem, dot, kind = unit.rpartition(".")
    folders = [f"{unit}.d", *(f"{stem[: at + 1]}{dot}{kind}.d" for at, one in enumerate(stem) if one == "-")]
    paths = [f"{place}/{folder}" for place in _OF_NO_PACKAGE for folder in folders]
    return [f"{path}/{name}" for path in paths for name in _names_in(path) if name.endswith(".conf")]


def unmask(unit: str) -> list[str]:
    """Remove what keeps the unit from being started; gives what was removed."""
    names = [name for name in (unit, template_of(unit)) if name is not None]
    masks = [path for place in (ETC, _RUN) for name in names if _is_mask(path := f"{place}/{name}")]
    for path in masks:
        _remove(path)
    return masks


def enable(unit: str) -> set[str]:
    """Have the unit start with the host, as its [Install] section says and in no other way; gives what pulls it in.

    Raises Failed where there is no unit file, or where it does not say how.
    """
    wanted = _wanted_links(unit, set())
    if not wanted:
        raise Failed(f"unit {unit} cannot be enabled: its file says nothing under [Install]")
    for path in _links_in(ETC, unit):
        if path not in wanted:
            _remove(path)
    for path, target in wanted.items():
        _link(path, target)
    return _parents(wanted)


def disable(unit: str) -> set[str]:
    """Remove every link that starts the unit with the host; gives the units that pulled it in. None is fine."""
    gone = [path for folder in (ETC, _RUN) for path in _links_in(folder, unit)]
    for also in _also(unit):
        gone += _links_in(ETC, also)
    for path in gone:
        _remove(path)
    return _parents(gone)


def _parents(links: Iterator[str] | list[str] | dict[str, str]) -> set[str]:
    """The units that links pull something into: multi-user.target of multi-user.target.wants/some.service."""
    folders = (path.rsplit("/", 2)[1] for path in links)
    return {name.rpartition(".")[0] for name in folders if name.rpartition(".")[2] in _FOLDERS.values()}


def _find(unit: str) -> str | None:
    for name in (unit, template_of(unit)):
        for place in _PLACES if name is not None else ():
            if os.path.lexists(real(f"{place}/{name}")):
                return f"{place}/{name}"
    return None


def _is_mask(path: str) -> bool:
    target = _target_of(path)
    return target == "/dev/null" if target else os.path.isfile(real(path)) and os.path.getsize(real(path)) == 0


def _linked(path: str) -> str:
    """Whether the file is a link: "linked" to somewhere else, an "alias" of another unit; empty where it is a file."""
    target = _target_of(path)
    if target is None:
        return ""
    if os.path.dirname(target) not in _PLACES:
        return "linked"
    return "" if os.path.basename(target) == os.path.basename(path) else "alias"


def _state_by_install(path: str) -> str:
    install = _install_section(path)
    if any(install.get(name) for name in (*_FOLDERS, "Alias")):
        return "disabled"
    return "indirect" if install.get("Also") else "static"


def _text_of(path: str) -> str:
    """A unit file's text, over links; empty where it leads nowhere."""
    for _ in range(8):
        path = _target_of(path) or path
    try:
        with open(real(path), encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError:
        return ""


def _install_section(path: str) -> _Install:
    """The words of each setting under [Install]; an empty value forgets those before it."""
    section, found = "", _Install()
    for line in re.sub(r"\\\n", " ", _text_of(path)).splitlines():
        line = line.strip()
        if line.startswith("["):
            section = line
        elif section == "[Install]" and not line.startswith(("#", ";")) and "=" in line:
            name, _, value = line.partition("=")
            found[name.rstrip()] = [*found.get(name.rstrip(), []), *value.split()] if value.strip() else []
    return found


def _wanted_links(unit: str, seen: set[str]) -> dict[str, str]:
    """Every link that enabling the unit makes, and what each points to."""
    path = _find(unit)
    if path is None:
        raise Failed(f"unit {unit} cannot be enabled: it has no unit file")
    seen.add(unit)
    install = _install_section(path)
    links = {
        f"{ETC}/{_expanded(parent, unit)}.{folder}/{unit}": path
        for name, folder in _FOLDERS.items()
        for parent in install.get(name, [])
    }
    links |= {f"{ETC}/{_expanded(alias, unit)}": path for alias in install.get("Alias", [])}
    for also in install.get("Also", []):
        if (other := _expanded(also, unit)) not in seen:
            links |= _wanted_links(other, seen)
    return {link: target for link, target in links.items() if link != target}


def _also(unit: str) -> list[str]:
    path = _find(unit)
    return [_expanded(also, unit) for also in _install_section(path).get("Also", [])] if path is not None else []


def _expanded(word: str, unit: str) -> str:
    """A word of [Install] with its specifiers replaced."""
    stem = unit.rpartition(".")[0]
    prefix, _, instance = stem.partition("@")
    known = {"%": "%", "n": unit, "N": stem, "p": prefix, "i": instance, "j": prefix.rpartition("-")[2]}

    def replaced(found: re.Match[str]) -> str:
        if found[1] not in known:
            raise Failed(f"unit {unit} cannot be enabled: {word} under [Install] is more than torocloud understands")
        return known[found[1]]

    return re.sub(r"%(.?)", replaced, word)


def _links_in(folder: str, unit: str) -> Iterator[str]:
    """The links to a unit, from what pulls it in, and from its other names."""
    for name in _names_in(folder):
        if name.rpartition(".")[2] in _FOLDERS.values():
            if os.path.lexists(real(f"{folder}/{name}/{unit}")):
                yield f"{folder}/{name}/{unit}"
        elif name != unit and os.path.basename(_target_of(f"{folder}/{name}") or "") == unit:
            yield f"{folder}/{name}"


def _link(path: str, target: str) -> None:
    """Put a link there, unless it points there already."""
    if _target_of(path) == target:
        return
    for last in (*[False] * 9, True):
        # Whoever removes the last other link removes the folder.
        try:
            os.makedirs(os.path.dirname(real(path)), exist_ok=True)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(real(path))
            os.symlink(target, real(path))
            return
        except (FileNotFoundError, FileExistsError):
            if last:
                raise


def _target_of(path: str) -> str | None:
    """Where a link points to, as an absolute path; None where there is no link."""
    try:
        return os.path.normpath(os.path.join(os.path.dirname(path), os.readlink(real(path))))
    except OSError:
        return None


def _remove(path: str) -> None:
    """Remove a file or link, and its folder if nothing else is in it and it only holds such."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(real(path))
    if path.rsplit("/", 2)[1].rpartition(".")[2] in (*_FOLDERS.values(), "d"):
        with contextlib.suppress(OSError):
            os.rmdir(os.path.dirname(real(path)))


def remove_drop_in(path: str) -> None:
    """Remove a drop-in, and its folder when it was the last."""
    _remove(path)


def _names_in(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(real(folder)))
    except OSError:
        return []
