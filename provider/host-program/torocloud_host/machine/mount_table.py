"""What the kernel says is mounted. Reading that never waits for what is mounted."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from ..where import real
from ..work import Work
from . import bounded


@dataclass(frozen=True)
class Mount:
    """What is mounted on top at a path."""

    type: str
    """As the kernel names it: "ceph", "fuse.ceph-fuse"."""
    options: tuple[str, ...]
    """Of the mount itself, not of its file system: ("rw", "noatime")."""

    @property
    def access(self) -> str:
        """Whether it may be written through this mount: "rw" or "ro"."""
        return "ro" if "ro" in self.options else "rw"


def top(path: str) -> Mount | None:
    """What is mounted at exactly this path, the last of several; None where nothing is."""
    return dict(_all()).get(path)


def of_types(types: Collection[str]) -> list[str]:
    """Where file systems of these types are mounted."""
    return [path for path, mount in dict(_all()).items() if mount.type in types]


def find(work: Work, path: str) -> Mount | None:
    """The same, also where the path leads through symbolic links."""
    found = top(path)
    if found is None and (place := bounded.place_of(work, path)).path != path:
        return top(place.path)
    return found


def _all() -> Iterator[tuple[str, Mount]]:
    with open(real("/proc/self/mountinfo"), "rb") as lines:
        for line in lines:
            before, _, after = line.partition(b" - ")
            fields = before.split(b" ")
            yield _plain(fields[4]), Mount(_plain(after.split(b" ")[0]), tuple(_plain(fields[5]).split(",")))


def _plain(field: bytes) -> str:
    """A field of mountinfo, where white space and backslashes are octal."""
    text = re.sub(rb"\\([0-7]{3})", lambda octal: bytes([int(octal[1], 8)]), field)
    return text.decode("utf-8", "surrogateescape")
