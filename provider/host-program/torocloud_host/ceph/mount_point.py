"""Where a file system is mounted: the kind `ceph.mount-point`. Nothing may disappear below the mount.

Its mode and owner are the file system's once it is mounted, so only its being there counts. One that was there before
stays when the mount goes: a file says whether it was made.
"""

from __future__ import annotations

import contextlib
import os

from ..machine import bounded, mount_table
from ..shapes import text
from ..where import real
from ..work import Change, Failed, Spec, State, Work


def observe(work: Work, key: str, spec: Spec) -> State:
    """A directory that is empty or has our mount on it; otherwise what is in the way: "mount", "full", "other"."""
    mounted = mount_table.top(key) is not None
    if not mounted:
        place = bounded.place_of(work, key)
        mounted = mount_table.top(place.path) is not None
        if not mounted:
            return None if place.type is None else {"is": place.type}
    return {"is": "directory" if os.path.exists(real(text(spec["unit"]))) else "mount"}


def apply(work: Change, key: str, spec: Spec) -> None:
    """Make it where it is missing; what is in the way is left alone."""
    state = observe(work, key, spec)
    if state is None:
        with open(real(text(spec["made"])), "a"):
            pass
        work.run(["mkdir", "-p", "--", real(key)], seconds=20)
    elif state not in ({"is": "directory"}, {"is": "mount"}):
        raise Failed(f"{key} is no empty directory; empty it, or mount elsewhere")


def remove(work: Work, key: str, spec: Spec) -> None:
    """Only one that was made, and only when it is empty."""
    made = real(text(spec["made"]))
    if os.path.exists(made):
        work.run(["rmdir", "--", real(key)], seconds=20, check=False)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(made)
