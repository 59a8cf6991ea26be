"""A host with a systemd of the fake kind, and a piece of work on it, for tests about units."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator

from doubles import FakeChange
from fake_bus import FakeSystemd

from torocloud_host import where
from torocloud_host.machine import systemd

ETC = "/etc/systemd/system"
SERVICE = "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"


class PlainWork(FakeChange):
    """Knows the journal; `cancelled` makes the next sleep raise."""

    def __init__(self, *, disturb: bool = True, journal: str = "") -> None:
        super().__init__({"journalctl": (0, journal, "")}, disturb=disturb)
        self.cancelled = False

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if self.cancelled:
            raise KeyboardInterrupt


def write(path: str, content: str = "") -> None:
    os.makedirs(os.path.dirname(where.real(path)), exist_ok=True)
    with open(where.real(path), "w", encoding="utf-8") as stream:
        stream.write(content)


def link(path: str, target: str) -> None:
    os.makedirs(os.path.dirname(where.real(path)), exist_ok=True)
    os.symlink(target, where.real(path))


def target_of(path: str) -> str:
    return os.readlink(where.real(path))


def exists(path: str) -> bool:
    return os.path.lexists(where.real(path))


def new_host() -> Iterator[FakeSystemd]:
    """The path of a socket must be short, so this is not pytest's own folder."""
    where.root = tempfile.mkdtemp(prefix="host-")
    fake = FakeSystemd()
    soon, systemd._SOON_SECONDS = systemd._SOON_SECONDS, 3600.0
    try:
        yield fake
    finally:
        systemd._SOON_SECONDS, systemd._put_off = soon, None
        systemd.close()
        fake.close()
        shutil.rmtree(where.root)
        where.root = ""
