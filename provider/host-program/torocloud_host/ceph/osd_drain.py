"""Conditions of an OSD that is to leave: whether the others can take over what it holds, and whether they have.

All say yes where there is no pool for people's data, and where the cluster has no such OSD.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..shapes import fields, items, number, records, text
from ..work import Json, Seen, Spec, Work
from . import monitors, osd_map, paths
from .daemon_conditions import asked
from .osd_map import Osd

_GIB_IN_KIB = 1024.0 * 1024.0


@dataclass(frozen=True)
class _Leaving:
    """An OSD that holds people's data, maybe."""

    osd: Osd
    others: list[Osd]
    """Those that are up and in."""
    dumped: dict[str, Json]


def _leaving(work: Work, spec: Spec) -> _Leaving | None:
    """None where there is nothing to take over."""
    dumped = osd_map.dump(work)
    osds = osd_map.osds_of(dumped)
    osd = osd_map.find(osds, text(spec["uuid"]))
    if osd is None or not osd_map.data_pools(dumped):
        return None
    others = [other for other in osds if other.number != osd.number and other.up and other.is_in]
    return _Leaving(osd, others, dumped)


@asked
def drainable(work: Work, spec: Spec) -> Seen:
    """`ceph.osd-drainable`: without the OSD `uuid` there are hosts and space for all copies; hopeless where not."""
    leaving = _leaving(work, spec)
    if leaving is None:
        return Seen(True, "there is nothing for others to take over")
    problem = _too_few_hosts(work, leaving) or _too_little_space(work, leaving)
    if problem is None:
        return Seen(True, "the other OSDs can take over what it holds")
    return Seen(False, problem, problem)


@asked
def drained(work: Work, spec: Spec) -> Seen:
    """`ceph.osd-drained`: nothing needs the OSD `uuid` any more; says how many placement groups still do."""
    leaving = _leaving(work, spec)
    if leaving is None or _is_safe(work, leaving.osd.number):
        return Seen(True, "no placement group needs it")
    name, groups = f"osd.{leaving.osd.number}", _groups_on(work, leaving.osd.number)
    full = _full(work)
    if full:
        return Seen(False, f"{_count(groups)} still on {name}; {full}", full)
    if groups == 0:
        return Seen(False, f"no placement group is on {name}, but not all are clean yet")
    return Seen(False, f"{_count(groups)} still on {name}")


@asked
def safe_to_destroy(work: Work, spec: Spec) -> Seen:
    """`ceph.osd-safe-to-destroy`: pools for people's data are gone, or the cluster says that all is safe without it."""
    leaving = _leaving(work, spec)
    if leaving is None or _is_safe(work, leaving.osd.number):
        return Seen(True, "the cluster does not need it")
    osd = leaving.osd.number
    return Seen(
        False,
        f"osd.{osd} holds the only copies of data; run 'ceph osd out {osd}' and wait until "
        f"'ceph osd safe-to-destroy {osd}' agrees, then run again",
    )


def osd_number(work: Work, spec: Spec) -> Json:
    """The query `ceph.osd-number`: {"number": N}, empty where the OSD `uuid` has none here."""
    found = paths.osd_number(text(spec["uuid"]))
    return {} if found is None else {"number": int(found)}


def _is_safe(work: Work, osd: int) -> bool:
    """The exit code of this is always 0, and an OSD of which nothing is known counts as safe."""
    answer = fields(monitors.ask(work, "osd safe-to-destroy", ids=[str(osd)]))
    return osd in items(answer.get("safe_to_destroy"))


def _too_few_hosts(work: Work, leaving: _Leaving) -> str | None:
    copies = max(number(pool["size"]) for pool in osd_map.data_pools(leaving.dumped))
    others = {osd.number for osd in leaving.others}
    hosts = sorted(name for name, within in osd_map.crush_hosts(work).items() if within & others)
    if len(hosts) >= copies:
        return None
    left = f"{len(hosts)} host{'' if len(hosts) == 1 else 's'} with an OSD would be left"
    return (
        f"osd.{leaving.osd.number} cannot leave: data is kept in {copies} copies on as many hosts, and "
        f"{left}{' (' + ', '.join(hosts) + ')' if hosts else ''}; add an OSD on another host, or keep fewer copies"
    )


def _too_little_space(work: Work, leaving: _Leaving) -> str | None:
    usage = {number(node["id"]): node for node in records(fields(monitors.ask(work, "osd df"))["nodes"])}
    if leaving.osd.number not in usage:
        return None
    ratio = float(str(leaving.dumped.get("nearfull_ratio") or 0.85))
    needed = number(usage[leaving.osd.number].get("kb_used_data", usage[leaving.osd.number]["kb_used"]))
    nodes = [usage[osd.number] for osd in leaving.others if osd.number in usage]
    room = sum(max(0.0, ratio * number(node["kb"]) - number(node["kb_used"])) for node in nodes)
    if needed <= room:
        return None
    return (
        f"osd.{leaving.osd.number} cannot leave: it holds {needed / _GIB_IN_KIB:.1f} GiB, and the other OSDs can take "
        f"{room / _GIB_IN_KIB:.1f} GiB until they are {ratio * 100:.0f} % full; add an OSD, or delete data"
    )


def _groups_on(work: Work, osd: int) -> int:
    nodes = records(fields(monitors.ask(work, "osd df"))["nodes"])
    return next((number(node["pgs"]) for node in nodes if node["id"] == osd), 0)


def _full(work: Work) -> str | None:
    """Why data cannot move on, where that is for lack of space."""
    groups = records(fields(fields(monitors.ask(work, "status"))["pgmap"]).get("pgs_by_state"))
    full = sum(number(group["count"]) for group in groups if "toofull" in text(group["state_name"]))
    return f"{_count(full)} cannot move: the other OSDs are too full; add an OSD, or delete data" if full else None


def _count(groups: int) -> str:
    return f"{groups} placement group{'' if groups == 1 else 's'}"
