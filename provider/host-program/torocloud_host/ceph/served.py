"""What a file system waits for: the conditions `ceph.file-system-served` and `ceph.placement-groups-clean`."""

from __future__ import annotations

from ..shapes import fields, number, records, text
from ..work import Seen, Spec, Unknown, Work
from . import monitors
from .file_system_options import maps


def file_system_served(work: Work, spec: Spec) -> Seen:
    """Whether one of its metadata servers is active."""
    try:
        known = [one for one in maps(work) if one["fs_name"] == spec["fileSystem"]]
    except (Unknown, monitors.Refused) as problem:
        return Seen(False, str(problem))
    states = sorted(text(fields(server)["state"]) for one in known for server in fields(one["info"]).values())
    return Seen("up:active" in states, ", ".join(states) or "not yet")


def placement_groups_clean(work: Work, spec: Spec) -> Seen:
    """Whether every placement group is active and clean, whatever else it does: health alone says OK too early."""
    try:
        status = fields(monitors.command(work, {"prefix": "status"}))
    except (Unknown, monitors.Refused) as problem:
        return Seen(False, str(problem))
    counts = {text(one["state_name"]): number(one["count"]) for one in records(fields(status["pgmap"])["pgs_by_state"])}
    done = bool(counts) and all({"active", "clean"} <= set(state.split("+")) for state in counts)
    return Seen(done, ", ".join(f"{count} {state}" for state, count in counts.items()) or "none reported yet")
