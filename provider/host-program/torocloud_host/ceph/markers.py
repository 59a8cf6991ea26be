"""Ownership markers of what lies on no single host: on CephFS, or in the cluster itself."""

from __future__ import annotations

import errno
import json

from ..machine import bounded, markers, mount_table
from ..shapes import text
from ..work import Json, Spec, Unknown, Work
from . import monitors

_CEPH = ("ceph", "fuse.ceph-fuse")


class InStorage:
    """Files below where CephFS is mounted."""

    def read(self, work: Work, place: Spec) -> Json:
        """Its text, None where there is none; `unanswered` with the reason where the file system does not answer."""
        found = [bounded.read(work, path) for path in _paths(work, place)]
        texts = [one for one in found if isinstance(one, str)]
        return next(iter(texts or (one for one in found if one is not None)), None)

    def write(self, work: Work, place: Spec, marker: Json) -> None:
        """As on a host."""
        for path in _paths(work, place):
            markers.write(path, marker)

    def drop(self, work: Work, place: Spec) -> None:
        """As on a host."""
        for path in _paths(work, place):
            markers.drop(path)


def _paths(work: Work, place: Spec) -> list[str]:
    """Where it is, or may be where no mount point is named. Raises Unknown where nothing is mounted."""
    named, path = place.get("mountPoint"), text(place["path"])
    if isinstance(named, str):
        mount = mount_table.find(work, named)
        if mount is None or mount.type not in _CEPH:
            raise Unknown(f"no CephFS is mounted at {named}")
        return [f"{named}/{path}"]
    mounted = mount_table.of_types(_CEPH)
    if not mounted:
        raise Unknown("no CephFS is mounted")
    return [f"{mount_point}/{path}" for mount_point in mounted]


class InCluster:
    """Keys of the monitors' store."""

    def read(self, work: Work, place: Spec) -> Json:
        """Its text, None where there is none. Raises Unknown where the monitors do not answer."""
        try:
            marker = monitors.ask(work, "config-key get", key=text(place["path"]))
        except monitors.Refused as refused:
            if refused.code == errno.ENOENT:
                return None
            raise
        return marker if isinstance(marker, str) else json.dumps(marker) if marker is not None else ""

    def write(self, work: Work, place: Spec, marker: Json) -> None:
        """Whole or not at all."""
        content = json.dumps(marker, separators=(",", ":")).encode()
        monitors.command(work, {"prefix": "config-key set", "key": text(place["path"])}, content)

    def drop(self, work: Work, place: Spec) -> None:
        """Gone already is gone."""
        monitors.command(work, {"prefix": "config-key rm", "key": text(place["path"])})
