"""The kind `ceph.daemon-key`: the key of a manager or metadata server, in its directory and in the cluster."""

from __future__ import annotations

import errno

from ..artifacts import files
from ..shapes import records, text
from ..work import Change, Failed, Json, Spec, State, Work
from . import keys, monitors, paths


def observe(work: Work, key: str, spec: Spec) -> State:
    """Of the file and what the cluster knows; see keys.state."""
    return keys.state(work, key, text(spec["keyring"]))


def apply(change: Change, key: str, spec: Spec) -> None:
    """The cluster's key, made if need be, and allowed what it should be."""
    keyring = text(spec["keyring"])
    cluster = _fetch(change, key, spec["caps"])
    if cluster not in paths.content(keyring).split():
        files.put_file(keyring, keys.render(key, cluster).encode(), "600", "ceph:ceph")
    else:
        keys.own(keyring, "ceph:ceph")


def remove(work: Work, key: str, spec: Spec) -> None:
    """The cluster forgets it; its file goes with its directory."""
    monitors.ask(work, "auth rm", entity=key)


def _fetch(work: Work, entity: str, caps: Json) -> str:
    command: dict[str, Json] = {"prefix": "auth get-or-create", "entity": entity, "caps": keys.words(caps)}
    try:
        answer = monitors.command(work, command)
    except monitors.Refused as refused:
        # It is there, and may something else.
        if refused.code != errno.EINVAL:
            raise
        monitors.command(work, {**command, "prefix": "auth caps"})
        answer = monitors.command(work, command)
    for record in records(answer):
        if record.get("entity") == entity:
            return text(record["key"])
    raise Failed(f"the cluster gave no key for {entity}")
