"""The kind `ceph.osd-unit`: an OSD's daemon, whose unit is named after the number that the cluster chose."""

from __future__ import annotations

from ..artifacts import units
from ..work import Change, Failed, Spec, State, Work
from . import paths


def observe(work: Work, key: str, spec: Spec) -> State:
    """As any unit; None where the OSD has no number here."""
    osd = paths.osd_number(key)
    return None if osd is None else units.observe_unit(work, _unit(osd))


def apply(change: Change, key: str, spec: Spec) -> None:
    """As any unit."""
    osd = paths.osd_number(key)
    if osd is None:
        raise Failed(f"OSD store {key} is missing")
    units.apply_unit(change, _unit(osd), [])


def remove(work: Work, key: str, spec: Spec) -> None:
    """As any unit."""
    osd = paths.osd_number(key)
    if osd is not None:
        units.remove_unit(work, _unit(osd))


def _unit(osd: str) -> str:
    return f"ceph-osd@{osd}.service"
