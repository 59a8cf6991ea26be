"""The kinds, conditions and queries of this room, by the names that requests use."""

from __future__ import annotations

from ..work import ConditionHalf, Kind, QueryHalf
from . import units

kinds: dict[str, Kind] = {
    "unit-file": units.unit_file,
    "unit": units.unit,
    "passive-unit": units.passive_unit,
}
conditions: dict[str, ConditionHalf] = {}
queries: dict[str, QueryHalf] = {}
