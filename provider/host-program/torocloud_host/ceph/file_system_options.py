"""Whether metadata servers may serve a file system, and how many: the kind `ceph.file-system-options`."""

from __future__ import annotations

import json

from ..shapes import fields, number, records
from ..work import Change, Json, Spec, State, Work
from . import monitors
from .refusals import nothing_known


def maps(work: Work) -> list[dict[str, Json]]:
    """What the monitors know of each file system and its metadata servers."""
    dump = fields(monitors.command(work, {"prefix": "fs dump"}))
    return [fields(one["mdsmap"]) for one in records(dump["filesystems"])]


def observe(work: Work, key: str, spec: Spec) -> State:
    """None where there is no such file system."""
    try:
        known = maps(work)
    except monitors.Refused as refused:
        return nothing_known(refused)
    for one in known:
        if one["fs_name"] == key:
            return {"maxMds": number(one["max_mds"]), "joinable": fields(one["flags_state"])["joinable"] is True}
    return None


def apply(work: Change, key: str, spec: Spec) -> None:
    """Set what is otherwise."""
    seen = fields(observe(work, key, spec))
    for field, option in (("maxMds", "max_mds"), ("joinable", "joinable")):
        if seen.get(field) != spec[field]:
            value = json.dumps(spec[field])
            monitors.command(work, {"prefix": "fs set", "fs_name": key, "var": option, "val": value})


def remove(work: Work, key: str, spec: Spec) -> None:
    """They go with their file system."""
