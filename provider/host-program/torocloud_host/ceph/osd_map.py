"""What the cluster says of its OSDs, by their UUIDs, and of the CRUSH hosts they are in."""

from __future__ import annotations

import errno
from dataclasses import dataclass

from ..shapes import fields, items, number, records, text
from ..work import Json, Work
from . import monitors


@dataclass(frozen=True)
class Osd:
    """One OSD of the cluster."""

    number: int
    uuid: str
    up: bool
    is_in: bool
    weight: float
    """Its share of the data: 1 is all of it, 0 is out."""


def dump(work: Work) -> dict[str, Json]:
    """Ceph's `osd dump`."""
    return fields(monitors.ask(work, "osd dump"))


def osds_of(dumped: dict[str, Json]) -> list[Osd]:
    """All OSDs of the cluster."""
    return [
        Osd(
            number=number(osd["osd"]),
            uuid=text(osd["uuid"]),
            up=bool(osd["up"]),
            is_in=bool(osd["in"]),
            weight=float(str(osd["weight"])),
        )
        for osd in records(dumped["osds"])
    ]


def find(osds: list[Osd], uuid: str) -> Osd | None:
    """The one with this UUID."""
    return next((osd for osd in osds if osd.uuid == uuid), None)


def in_cluster(work: Work, uuid: str) -> Osd | None:
    """The one with this UUID; None also where this host knows of no cluster."""
    try:
        return find(osds_of(dump(work)), uuid)
    except monitors.Refused as refused:
        if refused.code == errno.ENOENT:
            return None
        raise


def data_pools(dumped: dict[str, Json]) -> list[dict[str, Json]]:
    """Pools for people's data: all but the manager's own."""
    return [pool for pool in records(dumped["pools"]) if pool["pool_name"] != ".mgr"]


def crush_hosts(work: Work) -> dict[str, set[int]]:
    """The OSDs in each host of the CRUSH map."""
    tree = fields(monitors.ask(work, "osd tree"))
    return {
        text(node["name"]): {number(child) for child in items(node.get("children"))}
        for node in records(tree["nodes"])
        if node.get("type") == "host"
    }


def host_of(hosts: dict[str, set[int]], osd: int) -> str | None:
    """The CRUSH host that an OSD is in; None where it is in none."""
    return next((name for name, within in hosts.items() if osd in within), None)
