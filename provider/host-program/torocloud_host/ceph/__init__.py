"""The kinds, conditions and queries of this room, by the names that requests use."""

from __future__ import annotations

from ..work import ConditionHalf, Kind, QueryHalf
from . import (
    client_key_file,
    client_keys,
    directories,
    file_system_options,
    file_systems,
    mount_point,
    mounted,
    pools,
    served,
)

kinds: dict[str, Kind] = {
    "ceph.client-key": client_keys,
    "ceph.client-key-file": client_key_file,
    "ceph.directory": directories,
    "ceph.file-system": file_systems,
    "ceph.file-system-options": file_system_options,
    "ceph.mount-point": mount_point,
    "ceph.mounted": mounted,
    "ceph.pool": pools,
}
conditions: dict[str, ConditionHalf] = {
    "ceph.file-system-served": served.file_system_served,
    "ceph.mount-answers": mounted.answers,
    "ceph.placement-groups-clean": served.placement_groups_clean,
}
queries: dict[str, QueryHalf] = {"ceph.client-key": client_keys.read_key}
