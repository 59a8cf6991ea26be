"""Where Ceph and we keep things on a host."""

from __future__ import annotations

import os
from collections.abc import Iterator

from ..where import real
from ..work import Work

STATE_DIRECTORY = "/var/lib/torocloud/ceph"
"""Things of ours that Ceph's packages know nothing of."""

MONITOR_KEYRING = f"{STATE_DIRECTORY}/mon.keyring"
"""The keys of monitors, administrator and bootstrap-osd, on each member."""

ADMIN_KEYRING = "/etc/ceph/ceph.client.admin.keyring"
BOOTSTRAP_KEYRING = "/var/lib/ceph/bootstrap-osd/ceph.keyring"
"""By Ceph's own convention."""

OSD_PREFIX = "/var/lib/ceph/osd/ceph-"

TOOL_SECONDS = 60.0
"""How long a command of Ceph's may take that asks the cluster or writes a key."""


def seed_keyring(cluster: str) -> str:
    """The keys that a cluster is born with, on the host that made them."""
    return f"{STATE_DIRECTORY}/{cluster}.keyring"


def content(path: str) -> str:
    """A file's text, empty where there is none."""
    try:
        with open(real(path), "rb") as file:
            return file.read().decode("utf-8", "replace")
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return ""


def osd_directories() -> Iterator[tuple[str, str]]:
    """The OSDs' directories on this host, each with its number, in the order of their names."""
    folder, prefix = OSD_PREFIX.rsplit("/", 1)
    try:
        names = sorted(os.listdir(real(folder)))
    except FileNotFoundError:
        return
    for name in names:
        if name.startswith(prefix) and name[len(prefix) :].isdigit():
            yield f"{folder}/{name}", name[len(prefix) :]


def osd_number(uuid: str) -> str | None:
    """The number that the cluster gave to an OSD, by the UUID in its directory; None where it has none here."""
    for directory, number in osd_directories():
        if content(f"{directory}/fsid").strip() == uuid:
            return number
    return None


def osd_directory(number: str) -> str:
    """Where an OSD keeps its data."""
    return f"{OSD_PREFIX}{number}"


def make_directory(work: Work, path: str) -> None:
    """One that Ceph's daemons may write to."""
    work.run(["install", "-d", "-o", "ceph", "-g", "ceph", "-m", "750", real(path)])


def remove_tree(work: Work, path: str) -> None:
    """With all that is in it, but no other file system."""
    work.run(["rm", "-rf", "--one-file-system", real(path)])
