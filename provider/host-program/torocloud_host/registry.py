"""Every kind, condition and query, by the names that requests use."""

from __future__ import annotations

from . import artifacts, ceph, machine, microvm
from .work import ConditionHalf, Kind, QueryHalf

kinds: dict[str, Kind] = {**artifacts.kinds, **machine.kinds, **ceph.kinds, **microvm.kinds}
conditions: dict[str, ConditionHalf] = {
    **artifacts.conditions,
    **machine.conditions,
    **ceph.conditions,
    **microvm.conditions,
}
queries: dict[str, QueryHalf] = {**artifacts.queries, **machine.queries, **ceph.queries, **microvm.queries}
