"""What is mounted on the host."""

from __future__ import annotations

import re

from ..where import real


def mount_points() -> list[str]:
    """Every path that something is mounted at."""
    with open(real("/proc/self/mountinfo"), "rb") as lines:
        return [_plain(line.split(b" ")[4]) for line in lines]


def is_mounted_in(path: str) -> bool:
    """Whether something is mounted at a path or below it."""
    return any(point == path or point.startswith(f"{path}/") for point in mount_points())


def _plain(field: bytes) -> str:
    """A field of mountinfo, where white space and backslashes are octal."""
    text = re.sub(rb"\\([0-7]{3})", lambda octal: bytes([int(octal[1], 8)]), field)
    return text.decode("utf-8", "surrogateescape")
