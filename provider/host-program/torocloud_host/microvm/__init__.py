"""The kinds, conditions and queries of this room, by the names that requests use."""

from __future__ import annotations

from ..work import ConditionHalf, Kind, QueryHalf
from . import host, readiness, shared_directory, sharing

kinds: dict[str, Kind] = {
    "microvm.clock": host.clock,
    "microvm.console": host.console,
    "microvm.quota": shared_directory.quota,
    "microvm.share-source": sharing.share_source,
    "microvm.shared-directory": shared_directory.shared_directory,
    "microvm.socket": sharing.socket_file,
}
conditions: dict[str, ConditionHalf] = {
    "microvm.answers": readiness.answers,
    "microvm.forward-answers": readiness.forward_answers,
    "microvm.hypervisor-unused": host.hypervisor_unused,
    "microvm.image-unused": host.image_unused,
    "microvm.port-free": host.port_free,
}
queries: dict[str, QueryHalf] = {"microvm.acceleration": host.acceleration}
