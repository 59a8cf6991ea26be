"""Reads, writes and drops ownership markers, wherever they lie."""

from __future__ import annotations

from typing import Protocol

from .ceph.markers import InCluster, InStorage
from .machine import markers
from .shapes import text
from .work import Failed, Json, Spec, Work


class _Places(Protocol):
    def read(self, work: Work, place: Spec) -> Json: ...

    def write(self, work: Work, place: Spec, marker: Json) -> None: ...

    def drop(self, work: Work, place: Spec) -> None: ...


class _OnHost:
    def read(self, work: Work, place: Spec) -> Json:
        return markers.read(text(place["path"]))

    def write(self, work: Work, place: Spec, marker: Json) -> None:
        markers.write(text(place["path"]), marker)

    def drop(self, work: Work, place: Spec) -> None:
        markers.drop(text(place["path"]))


_places: dict[str, _Places] = {"host": _OnHost(), "storage": InStorage(), "cluster": InCluster()}


def read(work: Work, place: Spec) -> Json:
    """Its text, also where 0.1.0 left it; None where there is none, `unanswered` with the reason where nobody says."""
    found = _of(place).read(work, place)
    former = place.get("formerly")
    return markers.read(former) if found is None and isinstance(former, str) else found


def write(work: Work, place: Spec, marker: Json) -> None:
    """Whole, or the old one stays."""
    _of(place).write(work, place, marker)
    _drop_former(place)


def drop(work: Work, place: Spec) -> None:
    """Gone already is gone."""
    _of(place).drop(work, place)
    _drop_former(place)


def _of(place: Spec) -> _Places:
    known = _places.get(str(place.get("in")))
    if known is None:
        raise Failed("a marker in an unknown place was asked for; is the other end of another version?")
    return known


def _drop_former(place: Spec) -> None:
    former = place.get("formerly")
    if isinstance(former, str):
        markers.drop(former)
