"""The kinds, conditions and queries of this room, by the names that requests use."""

from __future__ import annotations

from ..work import ConditionHalf, Kind, QueryHalf
from . import (
    born_keyring,
    client_key_file,
    client_keys,
    crash_reports,
    daemon_conditions,
    daemon_key,
    directories,
    file_system_options,
    file_systems,
    monitor_key,
    monitor_store,
    mount_point,
    mounted,
    osd_drain,
    osd_key,
    osd_place,
    osd_size,
    osd_store,
    osd_unit,
    osd_weight,
    pools,
    served,
)

kinds: dict[str, Kind] = {
    "ceph.born-keyring": born_keyring,
    "ceph.client-key": client_keys,
    "ceph.client-key-file": client_key_file,
    "ceph.crash-reports": crash_reports,
    "ceph.daemon-key": daemon_key,
    "ceph.directory": directories,
    "ceph.file-system": file_systems,
    "ceph.file-system-options": file_system_options,
    "ceph.monitor-key": monitor_key,
    "ceph.monitor-store": monitor_store,
    "ceph.mount-point": mount_point,
    "ceph.mounted": mounted,
    "ceph.osd-key": osd_key,
    "ceph.osd-out": osd_weight.out,
    "ceph.osd-place": osd_place,
    "ceph.osd-size": osd_size,
    "ceph.osd-store": osd_store,
    "ceph.osd-unit": osd_unit,
    "ceph.osd-weight": osd_weight.weight,
    "ceph.pool": pools,
}
conditions: dict[str, ConditionHalf] = {
    "ceph.file-system-served": served.file_system_served,
    "ceph.manager-available": daemon_conditions.manager_available,
    "ceph.metadata-server-known": daemon_conditions.metadata_server_known,
    "ceph.mount-answers": mounted.answers,
    "ceph.osd-drainable": osd_drain.drainable,
    "ceph.osd-drained": osd_drain.drained,
    "ceph.osd-safe-to-destroy": osd_drain.safe_to_destroy,
    "ceph.osd-up": daemon_conditions.osd_up,
    "ceph.placement-groups-clean": served.placement_groups_clean,
    "ceph.quorum": daemon_conditions.quorum,
}
queries: dict[str, QueryHalf] = {
    "ceph.born-keys": born_keyring.born_keys,
    "ceph.client-key": client_keys.read_key,
    "ceph.osd-number": osd_drain.osd_number,
}
