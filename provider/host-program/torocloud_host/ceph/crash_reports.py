"""The kind `ceph.crash-reports`: what Ceph's daemons left behind when they crashed. Nobody makes or looks at them."""

from __future__ import annotations

import os

from ..where import real
from ..work import Change, Spec, State, Work
from . import paths


def observe(work: Work, key: str, spec: Spec) -> State:
    """Nobody looks at them."""
    return None


def apply(change: Change, key: str, spec: Spec) -> None:
    """Nobody makes them."""


def remove(work: Work, key: str, spec: Spec) -> None:
    """All but the directory of the package."""
    try:
        names = os.listdir(real(key))
    except FileNotFoundError:
        return
    for name in sorted(names):
        if name != "posted":
            paths.remove_tree(work, f"{key}/{name}")
