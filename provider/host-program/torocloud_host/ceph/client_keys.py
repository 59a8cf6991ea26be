"""Keys of the cluster's clients: the kind `ceph.client-key`, and the query of that name. The kind never shows a key."""

from __future__ import annotations

import errno

from ..shapes import fields, records, text
from ..work import Change, Json, Spec, State, Work
from . import monitors


def observe(work: Work, key: str, spec: Spec) -> State:
    """What it allows, by the kind of daemon that is asked."""
    known = _find(work, key)
    return None if known is None else {"caps": {name: text(cap) for name, cap in fields(known["caps"]).items()}}


def apply(work: Change, key: str, spec: Spec) -> None:
    """Make it, or change what the one that is there allows."""
    caps: list[Json] = [word for name, cap in fields(spec["caps"]).items() for word in (name, cap)]
    if _find(work, key) is None:
        monitors.command(work, {"prefix": "auth add", "entity": key, "caps": caps})
    else:
        monitors.command(work, {"prefix": "auth caps", "entity": key, "caps": caps})


def remove(work: Work, key: str, spec: Spec) -> None:
    """Who uses it loses access."""
    monitors.command(work, {"prefix": "auth rm", "entity": key})


def read_key(work: Work, spec: Spec) -> Json:
    """The key itself, None where the cluster has none for `entity`."""
    known = _find(work, text(spec["entity"]))
    if known is None:
        # That could also be said by a host that is no node; it cannot tell this.
        monitors.command(work, {"prefix": "fsid"})
        return None
    return text(known["key"])


def _find(work: Work, entity: str) -> dict[str, Json] | None:
    try:
        known = records(monitors.command(work, {"prefix": "auth get", "entity": entity}))
    except monitors.Refused as refused:
        if refused.code == errno.ENOENT:
            return None
        raise
    return known[0] if known else None
