"""The kinds, conditions and queries of this room, by the names that requests use."""

from __future__ import annotations

from ..work import ConditionHalf, Kind, QueryHalf
from . import units
from .directories import directory, own_directory
from .files import file, sent_file
from .packages import packages
from .tree import tree
from .users import user

kinds: dict[str, Kind] = {
    "directory": directory,
    "file": file,
    "own-directory": own_directory,
    "packages": packages,
    "passive-unit": units.passive_unit,
    "sent-file": sent_file,
    "tree": tree,
    "unit": units.unit,
    "unit-file": units.unit_file,
    "user": user,
}
conditions: dict[str, ConditionHalf] = {}
queries: dict[str, QueryHalf] = {}
