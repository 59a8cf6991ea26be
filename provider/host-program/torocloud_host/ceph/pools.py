"""Replicated pools of a file system: the kind `ceph.pool`. Copies and placement groups can change while one serves."""

from __future__ import annotations

import errno
import time

from ..shapes import fields, number, records, text
from ..work import Change, Failed, Json, Spec, State, Work
from . import file_systems, monitors, pool_table
from .refusals import nothing_known

REMOVAL_SECONDS = 15
REMOVAL_ALLOWED = {"who": "mon", "name": "mon_allow_pool_delete"}


def observe(work: Work, key: str, spec: Spec) -> State:
    """Its copies, placement groups and applications ("cephfs:data=cloud"), sorted."""
    try:
        pool = pool_table.find(work, key)
    except monitors.Refused as refused:
        return nothing_known(refused)
    if pool is None:
        return None
    return {
        "pgNum": number(pool["pg_num_target"]),
        "size": number(pool["size"]),
        "minSize": number(pool["min_size"]),
        "autoscale": text(pool["pg_autoscale_mode"]),
        "applications": list[Json](_applications(pool)),
    }


def apply(work: Change, key: str, spec: Spec) -> None:
    """Make it, set what is otherwise, and leave it to its file system alone.

    The monitors take a second for each change, so nothing is set that is so already.
    """
    pg_num, size = number(spec["pgNum"]), number(spec["size"])
    create: dict[str, Json] = {"pool": key, "pg_num": pg_num, "size": size, "autoscale_mode": "off"}
    if pool_table.find(work, key) is None:
        monitors.command(work, {"prefix": "osd pool create", **create})
    pool = fields(pool_table.find(work, key))
    wanted = {"pg_autoscale_mode": "off", "size": size, "min_size": number(spec["minSize"])}
    if number(pool["pg_num_target"]) != pg_num:
        # CephFS gives its metadata pool a least number, which would stand in the way.
        wanted |= {"pg_num_min": 1, "pg_num": pg_num}
    for option, value in wanted.items():
        if pool.get(option) != value or option == "pg_num":
            monitors.command(work, {"prefix": "osd pool set", "pool": key, "var": option, "val": str(value)})
    _give_to_file_system(work, key, use=text(spec["use"]), owner=text(spec["fileSystem"]))


def remove(work: Work, key: str, spec: Spec) -> None:
    """Remove it with all that is in it. The monitors allow that for as long as it takes."""
    if pool_table.find(work, key) is None:
        return
    allowed = _allowed(work)
    try:
        _remove_once_allowed(work, key)
    finally:
        if allowed is None:
            monitors.command(work, {"prefix": "config rm", **REMOVAL_ALLOWED})
        else:
            monitors.command(work, {"prefix": "config set", **REMOVAL_ALLOWED, "value": allowed})


def _applications(pool: dict[str, Json]) -> list[str]:
    return sorted(
        f"{application}:{use}={text(value)}"
        for application, said in pool_table.uses(pool).items()
        for use, value in (said or {"": ""}).items()
    )


def _give_to_file_system(work: Work, pool: str, *, use: str, owner: str) -> None:
    """Its file system's clients may use it by what is said of it here; what nobody declared may not.

    Of a pool whose file system is not made yet Ceph says it when that is.
    """
    said = pool_table.uses(pool_table.find(work, pool))
    if said.get("cephfs") != {use: owner} and file_systems.find(work, owner) is not None:
        # Beside one that nobody declared it must be meant.
        enable: dict[str, Json] = {"pool": pool, "app": "cephfs", "yes_i_really_mean_it": True}
        monitors.command(work, {"prefix": "osd pool application enable", **enable})
        used: dict[str, Json] = {"pool": pool, "app": "cephfs", "key": use, "value": owner}
        monitors.command(work, {"prefix": "osd pool application set", **used})
    for other in said:
        if other != "cephfs":
            named: dict[str, Json] = {"pool": pool, "app": other, "yes_i_really_mean_it": True}
            monitors.command(work, {"prefix": "osd pool application disable", **named})


def _allowed(work: Work) -> str | None:
    """What somebody has set for whether pools may be removed; None where nobody has."""
    wanted = (REMOVAL_ALLOWED["who"], REMOVAL_ALLOWED["name"])
    options = records(monitors.command(work, {"prefix": "config dump"}))
    values = [text(one["value"]) for one in options if (one["section"], one["name"]) == wanted]
    return values[0] if values else None


def _remove_once_allowed(work: Work, name: str) -> None:
    """Another removal may take the permission away just then, and the monitors take a moment to hear of it."""
    last = time.monotonic() + REMOVAL_SECONDS
    removal: dict[str, Json] = {"pool": name, "pool2": name, "yes_i_really_really_mean_it": True}
    while True:
        monitors.command(work, {"prefix": "config set", **REMOVAL_ALLOWED, "value": "true"})
        try:
            monitors.command(work, {"prefix": "osd pool rm", **removal})
            return
        except monitors.Refused as refused:
            if refused.code != errno.EPERM or time.monotonic() > last:
                raise Failed(f"pool {name} could not be removed: {refused}") from refused
        work.sleep(0.2)
