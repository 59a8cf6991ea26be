"""A host with a systemd of the fake kind, and a piece of work on it, for tests about units."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence

from torocloud_host import where
from torocloud_host.machine import systemd
from torocloud_host.work import Completed, State

from .fake_bus import FakeSystemd

ETC = "/etc/systemd/system"
SERVICE = "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"


class PlainWork:
    """Records what is said and run; `cancelled` makes the next sleep raise."""

    def __init__(self, *, disturb: bool = True, journal: str = "") -> None:
        self.disturb, self.journal = disturb, journal
        self.found: State = None
        self.said: list[str] = []
        self.ran: list[list[str]] = []
        self.slept = 0.0
        self.cancelled = False

    def say(self, text: str) -> None:
        self.said.append(text)

    def run(
        self,
        argv: Sequence[str],
        *,
        input: bytes | None = None,
        seconds: float | None = None,
        check: bool = True,
        environment: Mapping[str, str] | None = None,
    ) -> Completed:
        self.ran.append(list(argv))
        return Completed(0, self.journal.encode(), "")

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        if self.cancelled:
            raise KeyboardInterrupt

    def payload(self) -> Iterator[bytes]:
        return iter(())


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
    try:
        yield fake
    finally:
        systemd.close()
        fake.close()
        shutil.rmtree(where.root)
        where.root = ""
