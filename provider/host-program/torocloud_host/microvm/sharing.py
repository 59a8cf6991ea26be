"""The host's half of shares: the socket that a guest finds, and the directory that virtiofsd serves."""

from __future__ import annotations

import os
import stat

from ..artifacts.files import in_words, set_ownership
from ..artifacts.specs import text
from ..machine import systemd
from ..machine.accounts import owner_of
from ..where import real
from ..work import Change, Failed, Spec, State, Work

_LIMIT_SECONDS = 10.0


class Socket:
    """The unix socket that a socket unit listens on: systemd does not notice when it is gone."""

    def observe(self, work: Work, key: str, spec: Spec) -> State:
        """Its mode and owner."""
        try:
            status = os.lstat(real(key))
        except OSError:
            return None
        if not stat.S_ISSOCK(status.st_mode):
            return None
        return {"mode": f"{stat.S_IMODE(status.st_mode):o}", "owner": owner_of(status)}

    def apply(self, change: Change, key: str, spec: Spec) -> None:
        """Mode and owner; where it is gone, its unit is started anew."""
        if self.observe(change, key, spec) is None:
            if change.disturb:
                systemd.restart(change, text(spec, "unit"))
            return
        with in_words(key):
            set_ownership(key, text(spec, "mode"), text(spec, "owner"))

    def remove(self, work: Work, key: str, spec: Spec) -> None:
        """It goes with its unit."""


class ShareSource:
    """Which directory the running virtiofsd serves: it goes on serving one that was removed."""

    def observe(self, work: Work, key: str, spec: Spec) -> State:
        """`idle` while none runs; `source`, or `another` directory than has the source's name now."""
        pids = _processes(text(spec, "unit"))
        return {"serves": _served(work, pids, text(spec, "source")) if pids else "idle"}

    def apply(self, change: Change, key: str, spec: Spec) -> None:
        """A virtiofsd that is restarted restarts its guest with it. Without its directory neither would come back."""
        if not change.disturb or self.observe(change, key, spec) != {"serves": "another"}:
            return
        source = text(spec, "source")
        if not _identities(change, [source]):
            raise Failed(f"{source} is not there: virtiofsd of share {key} cannot serve it")
        systemd.restart(change, text(spec, "unit"))

    def remove(self, work: Work, key: str, spec: Spec) -> None:
        """It goes with its unit."""


def _processes(unit: str) -> list[str]:
    """virtiofsd's own, and the one that it starts for its sandbox: the served directory is the root of both."""
    pid = systemd.properties(unit, "MainPID").get("MainPID", "0")
    if pid in ("", "0"):
        return []
    try:
        with open(real(f"/proc/{pid}/task/{pid}/children")) as stream:
            return [pid, *stream.read().split()]
    except OSError:
        return [pid]


def _served(work: Work, pids: list[str], source: str) -> str:
    roots = [f"/proc/{pid}/root/." for pid in pids]
    found = _identities(work, ["/.", source, *roots])
    if found is None:
        return "unanswered"
    # Before it has entered its sandbox, and where it has just ended, its root says nothing.
    served = {found[root] for root in roots if root in found} - {found.get("/.")}
    if not served:
        return "idle"
    return "source" if found.get(source) in served else "another"


def _identities(work: Work, paths: list[str]) -> dict[str, str] | None:
    """Device and inode of those that are there, None without an answer.

    Asked by a process, as a file system may have no servers.
    """
    asked = ["stat", "-L", "--printf", "%d:%i %n\\n", *map(real, paths)]
    answer = work.run(asked, check=False, seconds=_LIMIT_SECONDS)
    if answer.code == 124:
        return None
    lines = answer.stdout.decode("utf-8", "surrogateescape").splitlines()
    found = {name: identity for identity, _, name in (line.partition(" ") for line in lines)}
    return {path: found[real(path)] for path in paths if real(path) in found}


socket_file = Socket()
share_source = ShareSource()
