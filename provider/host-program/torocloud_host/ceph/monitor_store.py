"""The kind `ceph.monitor-store`: a monitor's store, made from a map that names all first monitors.

So they find each other at once. Only `keyring` tells that ceph-mon --mkfs went through: its exit code is 0 for a store
that is half-made, too. A store with our label was complete once, and is never made again.
"""

from __future__ import annotations

import os
import re

from ..artifacts import files
from ..shapes import items, text, texts
from ..where import real
from ..work import Change, Failed, Spec, State, Work
from . import paths


def observe(work: Work, key: str, spec: Spec) -> State:
    """The cluster that it is of; `fsid` is None where it does not say."""
    if not _is_made(key):
        return None
    return {"fsid": _label(key) or None}


def apply(change: Change, key: str, spec: Spec) -> None:
    """Make it, unless it is there; label it, unless it is another cluster's."""
    fsid = text(spec["fsid"])
    if not _is_made(key):
        _make(change, key, spec)
    if _label(key) not in ("", fsid):
        raise Failed(f"{key} holds a monitor of another cluster")
    files.put_file(f"{key}/torocloud-fsid", f"{fsid}\n".encode(), "644", "root:root")


def remove(work: Work, key: str, spec: Spec) -> None:
    """With all that it holds."""
    paths.remove_tree(work, key)


def _is_made(directory: str) -> bool:
    return paths.content(f"{directory}/keyring") != "" or _label(directory) != ""


def _label(directory: str) -> str:
    return paths.content(f"{directory}/torocloud-fsid").strip()


def _make(work: Work, directory: str, spec: Spec) -> None:
    identity, fsid = text(spec["id"]), text(spec["fsid"])
    paths.remove_tree(work, directory)
    paths.make_directory(work, directory)
    monitor_map = f"{paths.STATE_DIRECTORY}/monmap.{identity}"
    files.remove_file(monitor_map)
    work.run(["monmaptool", *_map_arguments(work, spec), real(monitor_map)], seconds=paths.TOOL_SECONDS)
    os.chmod(real(monitor_map), 0o644)
    keys = ["--keyring", real(paths.MONITOR_KEYRING), "--setuser", "ceph", "--setgroup", "ceph"]
    work.run(["ceph-mon", "--mkfs", "-i", identity, "--fsid", fsid, "--monmap", real(monitor_map), *keys])
    files.remove_file(monitor_map)
    if paths.content(f"{directory}/keyring") == "":
        raise Failed(f"ceph-mon --mkfs left {directory} without a keyring")


def _map_arguments(work: Work, spec: Spec) -> list[str]:
    addresses = [word for pair in items(spec["addresses"]) for word in ("--addv", *texts(pair))]
    version = work.run(["ceph-mon", "--version"], seconds=paths.TOOL_SECONDS).text
    release = re.search(r" ([a-z]+) \(", version)
    if release is None:
        raise Failed(f"ceph-mon --version says no release: {version[:100]}")
    features = ["--enable-all-features", "--set-min-mon-release", release[1]]
    return ["--create", "--clobber", "--fsid", text(spec["fsid"]), *addresses, *features]
