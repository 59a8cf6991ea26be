"""Where an OSD is in the CRUSH map, and the kind `ceph.osd-place`.

The place of a new OSD is the name that the inventory gives to its machine, written down as the OSD's own
`crush_location` in the monitors' database. Left to itself Ceph takes the hostname, which cloned machines share: then
all their OSDs are one host to it, and copies have nowhere to go. One that is elsewhere already stays there, unless OSDs
of other machines are there too: to move it would move data.
"""

from __future__ import annotations

from ..shapes import fields, text
from ..work import Change, Failed, Spec, State, Work
from . import monitors, osd_map, paths


def observe(work: Work, key: str, spec: Spec) -> State:
    """The CRUSH host that it is in, and `besides` it the OSDs there that are on other machines and up."""
    osd = osd_map.in_cluster(work, key)
    if osd is None:
        return None
    hosts = osd_map.crush_hosts(work)
    host = osd_map.host_of(hosts, osd.number)
    strangers = [] if host is None else _strangers(osd_map.osds_of(osd_map.dump(work)), hosts[host])
    return {"host": host, "besides": [f"osd.{stranger.number}" for stranger in strangers]}


def apply(change: Change, key: str, spec: Spec) -> None:
    """Move it away from those of other machines."""
    there, wanted = fields(observe(change, key, spec)), text(spec["host"])
    osd = osd_map.in_cluster(change, key)
    if osd is not None and there.get("besides") and there["host"] != wanted:
        write_down(change, osd.number, wanted)
        monitors.ask(change, "osd crush move", name=f"osd.{osd.number}", args=["root=default", f"host={wanted}"])


def remove(work: Work, key: str, spec: Spec) -> None:
    """It goes with the store: one that is kept comes back to its place."""


def forget(work: Work, number: str) -> None:
    """Nothing is written down of it any more: the number may be another OSD's one day."""
    monitors.ask(work, "config rm", who=f"osd.{number}", name="crush_location")


def place_for(work: Work, name: str) -> str:
    """Where a new OSD of this machine goes: to those that are there, or under the name of the inventory.

    Raises Failed where OSDs of another machine are there.
    """
    osds = osd_map.osds_of(osd_map.dump(work))
    hosts = osd_map.crush_hosts(work)
    for osd in _of_this_machine(osds):
        host = osd_map.host_of(hosts, osd.number)
        if host is not None and not _strangers(osds, hosts[host]):
            return host
    strangers = _strangers(osds, hosts.get(name, set()))
    if strangers:
        names = ", ".join(f"osd.{osd.number}" for osd in strangers)
        raise Failed(
            f"the cluster has {names} of another machine under the name {name}: copies of data must not count this "
            f"machine and that one as one; give this host another name in the inventory, or move {names} with "
            "'ceph osd crush move'"
        )
    return name


def write_down(work: Work, number: int, host: str) -> None:
    """Have an OSD take its place whenever it starts."""
    location = f"root=default host={host}"
    monitors.ask(work, "config set", who=f"osd.{number}", name="crush_location", value=location)


def _of_this_machine(osds: list[osd_map.Osd]) -> list[osd_map.Osd]:
    here = {paths.content(f"{directory}/fsid").strip() for directory, _ in paths.osd_directories()}
    return [osd for osd in osds if osd.uuid in here]


def _strangers(osds: list[osd_map.Osd], within: set[int]) -> list[osd_map.Osd]:
    """Those that are up and not on this machine. One that is down may be what is left of a machine set up anew."""
    here = {osd.uuid for osd in _of_this_machine(osds)}
    return [osd for osd in osds if osd.number in within and osd.up and osd.uuid not in here]
