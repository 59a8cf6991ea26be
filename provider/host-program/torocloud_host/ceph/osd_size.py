"""The kind `ceph.osd-size`: how large an OSD's store is. It can grow, not shrink."""

from __future__ import annotations

import os

from ..machine import systemd
from ..shapes import number
from ..where import real
from ..work import Change, Failed, Spec, State, Work
from . import paths

GIBIBYTE = 1024**3


def observe(work: Work, key: str, spec: Spec) -> State:
    """In bytes."""
    osd = paths.osd_number(key)
    size = None if osd is None else size_of(osd)
    return None if size is None else {"bytes": size}


def apply(change: Change, key: str, spec: Spec) -> None:
    """Let it grow, while the daemon is stopped."""
    wanted = number(spec["sizeGiB"])
    osd = paths.osd_number(key)
    size = None if osd is None else size_of(osd)
    if osd is None or size is None:
        raise Failed(f"OSD store {key} is missing")
    if size > wanted * GIBIBYTE:
        raise Failed(f"an OSD store cannot shrink to {wanted} GiB; add a smaller one and remove this one")
    if size < wanted * GIBIBYTE:
        directory = paths.osd_directory(osd)
        systemd.stop(change, f"ceph-osd@{osd}.service")
        change.run(["fallocate", "-l", str(wanted * GIBIBYTE), real(f"{directory}/block")])
        change.run(["ceph-bluestore-tool", "bluefs-bdev-expand", "--path", real(directory)])
        change.run(["chown", "-R", "ceph:ceph", real(directory)])


def remove(work: Work, key: str, spec: Spec) -> None:
    """It goes with the store."""


def size_of(osd: str) -> int | None:
    """Of the file, in bytes; None where there is none."""
    try:
        return os.stat(real(f"{paths.osd_directory(osd)}/block")).st_size
    except FileNotFoundError:
        return None
