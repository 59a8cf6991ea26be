"""The kind `ceph.osd-key`: the key with which an OSD joins, as its directory and the cluster have it.

Either is put right from the other.
"""

from __future__ import annotations

from ..artifacts import files
from ..shapes import text
from ..work import Change, Failed, Spec, State, Work
from . import keys, monitors, paths


def observe(work: Work, key: str, spec: Spec) -> State:
    """Of the file and what the cluster knows; see keys.state."""
    osd = paths.osd_number(key)
    return None if osd is None else keys.state(work, f"osd.{osd}", _keyring(osd))


def apply(change: Change, key: str, spec: Spec) -> None:
    """Have both agree, and allow it what it should be."""
    osd = paths.osd_number(key)
    if osd is None:
        raise Failed(f"OSD store {key} is missing")
    entity, keyring = f"osd.{osd}", _keyring(osd)
    cluster = keys.known(change, entity)
    caps = keys.words(spec["caps"])
    if cluster is None:
        held = paths.content(keyring).encode()
        monitors.command(change, {"prefix": "auth add", "entity": entity, "caps": caps}, held)
        keys.own(keyring, "ceph:ceph")
        return
    monitors.command(change, {"prefix": "auth caps", "entity": entity, "caps": caps})
    if text(cluster["key"]) in paths.content(keyring).split():
        keys.own(keyring, "ceph:ceph")
    else:
        files.put_file(keyring, keys.render(entity, text(cluster["key"])).encode(), "600", "ceph:ceph")


def remove(work: Work, key: str, spec: Spec) -> None:
    """It goes with the store."""


def _keyring(osd: str) -> str:
    return f"{paths.osd_directory(osd)}/keyring"
