"""The kind `ceph.monitor-key`: the monitors' common key in a monitor's store, from which the daemon reads it."""

from __future__ import annotations

from ..artifacts import files
from ..work import Change, Failed, Spec, State, Work
from . import keys, paths


def observe(work: Work, key: str, spec: Spec) -> State:
    """Mode, owner, and whether it is the one that the host has."""
    state = keys.ownership(_keyring(key))
    return None if state is None else {**state, "same": _has(key) == _should_have()}


def apply(change: Change, key: str, spec: Spec) -> None:
    """As the host has it."""
    keyring, wanted = _keyring(key), _should_have()
    if wanted == "":
        raise Failed(f"{paths.MONITOR_KEYRING} holds no key")
    if _has(key) == wanted:
        keys.own(keyring, "ceph:ceph")
        return
    section = keys.render("mon.", wanted) + '\tcaps mon = "allow *"\n'
    files.put_file(keyring, section.encode(), "600", "ceph:ceph")


def remove(work: Work, key: str, spec: Spec) -> None:
    """It goes with the store."""


def _keyring(monitor: str) -> str:
    return f"/var/lib/ceph/mon/ceph-{monitor}/keyring"


def _has(monitor: str) -> str:
    return keys.first_key(paths.content(_keyring(monitor)))


def _should_have() -> str:
    return keys.first_key(paths.content(paths.MONITOR_KEYRING))
