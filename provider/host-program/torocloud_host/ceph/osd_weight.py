"""How much of its share of the data an OSD gets.

`ceph.osd-weight`: all, unless somebody took it out. `ceph.osd-out`: none, so that its data goes elsewhere; to remove
that gives it back.
"""

from __future__ import annotations

from ..work import Change, Failed, Spec, State, Work
from . import monitors, osd_map


class Weight:
    """The kind `ceph.osd-weight`."""

    def observe(self, work: Work, key: str, spec: Spec) -> State:
        """From 0 to 1; None where the cluster has no such OSD."""
        osd = _find(work, key)
        return None if osd is None else {"weight": osd.weight}

    def apply(self, change: Change, key: str, spec: Spec) -> None:
        """All of its share."""
        _reweight(change, key, 1.0)

    def remove(self, work: Work, key: str, spec: Spec) -> None:
        """It goes with the OSD."""


class Out:
    """The kind `ceph.osd-out`: present is out."""

    def observe(self, work: Work, key: str, spec: Spec) -> State:
        """None where it is in, or the cluster has no such OSD."""
        osd = _find(work, key)
        return None if osd is None or osd.is_in else {"out": True}

    def apply(self, change: Change, key: str, spec: Spec) -> None:
        """Take it out: what it holds moves to others, while it goes on serving."""
        osd = _find(change, key)
        if osd is not None and osd.is_in:
            monitors.ask(change, "osd out", ids=[str(osd.number)])

    def remove(self, work: Work, key: str, spec: Spec) -> None:
        """Give it its share back."""
        if _find(work, key) is not None:
            _reweight(work, key, 1.0)


def _reweight(work: Work, uuid: str, weight: float) -> None:
    monitors.ask(work, "osd reweight", id=_must_find(work, uuid).number, weight=weight)


def _find(work: Work, uuid: str) -> osd_map.Osd | None:
    return osd_map.in_cluster(work, uuid)


def _must_find(work: Work, uuid: str) -> osd_map.Osd:
    osd = _find(work, uuid)
    if osd is None:
        raise Failed(f"the cluster has no OSD {uuid}")
    return osd


weight = Weight()
out = Out()
