"""CephFS on a client host: mount points, what is mounted there, the client's key, and when it answers.

Whatever may touch the mount runs as a command with a limit: a mount whose servers are away keeps whoever looks waiting.
"""

from __future__ import annotations

import os
from contextlib import suppress

from ..artifacts import files
from ..machine import systemd
from ..machine.mounts import mount_points
from ..where import real
from ..work import Change, Failed, Json, Seen, Spec, State, Unknown, Work
from .shapes import text

_SECONDS = 10.0
_EVICTED = ("Transport endpoint", "Cannot send after", "Input/output error", "Stale file handle")
"""What the system says of a client that the cluster has thrown out (ENOTCONN, ESHUTDOWN, EIO, ESTALE)."""


class MountPoint:
    """A directory below which nothing would disappear. One that was there before stays when the mount goes.

    Its mode and owner are the file system's once it is mounted, so only its being there counts.
    """

    def observe(self, work: Work, key: str, spec: Spec) -> State:
        """`directory` where it is fit; what it is instead."""
        if key in mount_points():
            return {"is": "directory" if os.path.exists(real(text(spec["unit"]))) else "mount"}
        if os.path.isdir(real(key)):
            return {"is": "full" if os.listdir(real(key)) else "directory"}
        return {"is": "other"} if os.path.lexists(real(key)) else None

    def apply(self, change: Change, key: str, spec: Spec) -> None:
        """Make it, and remember that we did."""
        found = self.observe(change, key, spec)
        if found is None:
            files.put_file(text(spec["made"]), b"", "644", _own())
            os.makedirs(real(key), exist_ok=True)
        elif found not in ({"is": "directory"}, {"is": "mount"}):
            raise Failed(f"{key} is no empty directory; empty it, or mount elsewhere")

    def remove(self, work: Work, key: str, spec: Spec) -> None:
        """Only what we made, and only when it is empty."""
        if os.path.exists(real(text(spec["made"]))):
            with suppress(OSError):
                os.rmdir(real(key))


class Mounted:
    """What is mounted on top, whether it may be written, and whether it answers."""

    def observe(self, work: Work, key: str, spec: Spec) -> State:
        """Raises Unknown where it does not answer in time: its servers may be away for a while."""
        top = _top(work, key)
        if top is None:
            return None
        state: dict[str, Json] = {"type": top[0], "access": top[1], "problem": ""}
        if top[0] == text(spec["type"]):
            state["problem"] = _access(work, key)
        return state

    def apply(self, change: Change, key: str, spec: Spec) -> None:
        """Take away what covers it, mount it anew where it is gone or dead, make it writable again."""
        unit, wanted = text(spec["unit"]), text(spec["type"])
        for _ in range(5):
            top = _top(change, key)
            if top is None or top[0] == wanted:
                break
            change.run(["umount", real(key)], seconds=60)
        top = _top(change, key)
        if top is None or _access(change, key):
            systemd.restart(change, unit)
        elif top[1] == "ro":
            options = ",".join(["remount", "bind", "rw", *top[2].split(",")[1:]])
            change.run(["mount", "-o", options, real(key)], seconds=60)

    def remove(self, work: Work, key: str, spec: Spec) -> None:
        """Whatever is left of it."""
        if _top(work, key) is not None:
            work.run(["umount", real(key)], seconds=60)


class ClientKeyFile:
    """The client's key in the form that the host reads; where the cluster has none, nothing that is there is right."""

    def observe(self, work: Work, key: str, spec: Spec) -> State:
        """As any file."""
        return files.state_of(key)

    def apply(self, change: Change, key: str, spec: Spec) -> None:
        """Raises Failed where the cluster has no such key."""
        if not text(spec["key"]):
            raise Failed(f"the cluster has no key {text(spec['entity'])}")
        files.put_file(key, text(spec["content"]).encode(), text(spec["mode"]), text(spec["owner"]))

    def remove(self, work: Work, key: str, spec: Spec) -> None:
        """Gone already is gone."""
        files.remove_file(key)


def mount_answers(work: Work, spec: Spec) -> Seen:
    """Whether CephFS is there and answers: a process that waits for the cluster is not enough."""
    path = text(spec["path"])
    try:
        top = _top(work, path)
        problem = "nothing is mounted there yet" if top is None or top[0] != text(spec["type"]) else _access(work, path)
    except Unknown as unknown:
        problem = str(unknown)
    unit = text(spec["unit"])
    return Seen(not problem, problem or f"{path} answers", details=lambda: _journal(work, unit))


def _top(work: Work, path: str) -> tuple[str, str, str] | None:
    """Type, access and options of what is mounted last at a path."""
    asked = ["findmnt", "-rno", "FSTYPE,VFS-OPTIONS", "--mountpoint", real(path)]
    answer = work.run(asked, check=False, seconds=2 * _SECONDS)
    if answer.code == 124:
        raise Unknown(f"mount {path} could not be looked at: no answer within {2 * _SECONDS:g} s")
    lines = answer.text.splitlines()
    if not lines:
        return None
    kind, _, options = lines[-1].partition(" ")
    return kind, options.split(",")[0], options


def _access(work: Work, path: str) -> str:
    """Empty where the file system answers; what is said of it where its client is dead."""
    answer = work.run(["ls", "-f", real(path)], check=False, seconds=_SECONDS)
    if answer.code == 0:
        return ""
    if answer.code == 124:
        raise Unknown(f"mount {path} could not be looked at: no answer within {_SECONDS:g} s; is Ceph away?")
    said = answer.stderr.strip().splitlines()[-1:]
    words = said[0].rpartition(": ")[2] if said else f"exit code {answer.code}"
    if any(evicted in words for evicted in _EVICTED):
        return words
    raise Unknown(f"mount {path} could not be looked at: {words}")


def _journal(work: Work, unit: str) -> str:
    asked = ["journalctl", "--no-pager", "--quiet", "--lines", "8", "--output", "cat", "--unit", unit]
    said = work.run(asked, check=False, seconds=10).text
    return f"the last words of {unit}:\n{said}" if said else ""


def _own() -> str:
    return f"{os.geteuid()}:{os.getegid()}"


mount_point = MountPoint()
mounted = Mounted()
client_key_file = ClientKeyFile()
