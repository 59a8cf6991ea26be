"""CephFS file systems on two pools: the kind `ceph.file-system`."""

from __future__ import annotations

from ..shapes import records, text, texts
from ..work import Change, Failed, Json, Spec, State, Work
from . import monitors, pool_table
from .refusals import nothing_known


def find(work: Work, name: str) -> dict[str, Json] | None:
    """What the monitors say of a file system, None where the cluster has none of that name."""
    known = records(monitors.command(work, {"prefix": "fs ls"}))
    return next((one for one in known if one["name"] == name), None)


def observe(work: Work, key: str, spec: Spec) -> State:
    """The pools that it keeps metadata and data in."""
    try:
        found = find(work, key)
    except monitors.Refused as refused:
        return nothing_known(refused)
    if found is None:
        return None
    return {"metadataPool": text(found["metadata_pool"]), "dataPools": list[Json](texts(found["data_pools"]))}


def apply(work: Change, key: str, spec: Spec) -> None:
    """Make it on its pools; what else it keeps data in is a person's to take away."""
    metadata, data = text(spec["metadataPool"]), text(spec["dataPool"])
    if find(work, key) is None:
        # What says of a pool that it is used is Ceph's to write: one of which it is said already would be refused.
        for pool, use in ((metadata, "metadata"), (data, "data")):
            if use in pool_table.uses(pool_table.find(work, pool)).get("cephfs", {}):
                said: dict[str, Json] = {"pool": pool, "app": "cephfs", "key": use}
                monitors.command(work, {"prefix": "osd pool application rm", **said})
    monitors.command(work, {"prefix": "fs new", "fs_name": key, "metadata": metadata, "data": data})
    made = find(work, key)
    others = sorted(set(texts(made["data_pools"])) - {data}) if made else []
    if others:
        raise Failed(
            f"file system {key} may keep data in other pools too; "
            f"where nothing lies in them: ceph fs rm_data_pool {key} POOL. These are: {' '.join(others)}"
        )


def remove(work: Work, key: str, spec: Spec) -> None:
    """Its pools stay, with all that is in them."""
    if find(work, key) is None:
        return
    monitors.command(work, {"prefix": "fs fail", "fs_name": key})
    monitors.command(work, {"prefix": "fs rm", "fs_name": key, "yes_i_really_mean_it": True})
