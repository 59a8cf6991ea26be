"""A client's key in the form that its host reads: the kind `ceph.client-key-file`."""

from __future__ import annotations

from ..artifacts.files import put_file, remove_file, state_of
from ..shapes import text
from ..work import Change, Failed, Spec, State, Work


def observe(work: Work, key: str, spec: Spec) -> State:
    """As any file's."""
    return state_of(key)


def apply(work: Change, key: str, spec: Spec) -> None:
    """Write it. Where the cluster has no such key, nothing that could be written would be right."""
    if not text(spec["key"]):
        raise Failed(f"the cluster has no key {text(spec['entity'])}")
    put_file(key, text(spec["content"]).encode(), text(spec["mode"]), text(spec["owner"]))


def remove(work: Work, key: str, spec: Spec) -> None:
    """With what a killed write left."""
    remove_file(key)
