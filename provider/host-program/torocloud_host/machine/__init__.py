"""The kinds, conditions and queries of this room, by the names that requests use."""

from __future__ import annotations

from ..work import ConditionHalf, Kind, QueryHalf
from .facts import facts

kinds: dict[str, Kind] = {}
conditions: dict[str, ConditionHalf] = {}
queries: dict[str, QueryHalf] = {"facts": facts}
