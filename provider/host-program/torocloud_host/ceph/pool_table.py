"""What the monitors know of pools."""

from __future__ import annotations

from ..shapes import fields, records
from ..work import Json, Work
from . import monitors


def find(work: Work, name: str) -> dict[str, Json] | None:
    """All of a pool, None where there is none of that name."""
    known = records(monitors.command(work, {"prefix": "osd pool ls", "detail": "detail"}))
    return next((pool for pool in known if pool["pool_name"] == name), None)


def uses(pool: dict[str, Json] | None) -> dict[str, dict[str, Json]]:
    """For each application that it is given to, what that says of it: {"cephfs": {"data": "cloud"}}."""
    said = fields((pool or {}).get("application_metadata"))
    return {application: fields(of) for application, of in said.items()}
