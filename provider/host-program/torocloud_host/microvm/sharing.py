"""The host's half of shares: the socket that a guest finds, and the directory that virtiofsd serves."""

from __future__ import annotations

import os
import stat

from ..artifacts.files import in_words, set_ownership
from ..artifacts.specs import text
from ..machine import systemd
from ..machine.accounts import owner_of
from ..where import real
from ..work import Change, Seen, Spec, State, Work

_LIMIT_SECONDS = 10.0
_GUEST_UNITS = "/etc/systemd/system"


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
        roots = [_identity(work, f"/proc/{pid}/root/") for pid in pids]
        if "unanswered" in roots:
            return {"serves": "unanswered"}
        host = _identity(work, "/")
        served = [root for root in roots if root not in ("", host)]
        if not served:
            return {"serves": "idle"}
        source = _identity(work, text(spec, "source"))
        if source == "unanswered":
            return {"serves": "unanswered"}
        return {"serves": "source" if source in served else "another"}

    def apply(self, change: Change, key: str, spec: Spec) -> None:
        """A virtiofsd that is restarted restarts its guest with it."""
        if change.disturb and self.observe(change, key, spec) == {"serves": "another"}:
            systemd.restart(change, text(spec, "unit"))

    def remove(self, work: Work, key: str, spec: Spec) -> None:
        """It goes with its unit."""


def shares_free(work: Work, spec: Spec) -> Seen:
    """Whether no other guest of the host has one of a guest's shares: virtiofsd serves one connection."""
    sockets = spec.get("sockets")
    ours = text(spec, "unit")
    for unit, content in _guest_units():
        if unit == ours:
            continue
        for share, path in (sockets if isinstance(sockets, dict) else {}).items():
            if f"path={path}" in content:
                guest = unit.removeprefix("torocloud-guest-").removesuffix(".service")
                return Seen(False, f"share {share} is guest {guest}'s already; give each guest a share of its own")
    return Seen(True, "no other guest has them")


def _guest_units() -> list[tuple[str, str]]:
    folder = real(_GUEST_UNITS)
    try:
        names = [
            name for name in os.listdir(folder) if name.startswith("torocloud-guest-") and name.endswith(".service")
        ]
    except FileNotFoundError:
        return []
    units = []
    for name in sorted(names):
        try:
            with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as stream:
                units.append((name, stream.read()))
        except OSError:
            continue
    return units


def _processes(unit: str) -> list[str]:
    """virtiofsd's own, and the one that it starts for its sandbox."""
    pid = systemd.properties(unit, "MainPID").get("MainPID", "0")
    if pid in ("", "0"):
        return []
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as stream:
            return [pid, *stream.read().split()]
    except OSError:
        return []


def _identity(work: Work, path: str) -> str:
    """Device and inode; empty where there is nothing. Asked by a process, as the file system may have no servers."""
    place = path if path.startswith("/proc/") else real(path)
    answer = work.run(["stat", "-Lc", "%d:%i", place], check=False, seconds=_LIMIT_SECONDS)
    return "unanswered" if answer.code == 124 else answer.text


socket_file = Socket()
share_source = ShareSource()
