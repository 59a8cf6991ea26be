"""Whether a guest, or a port of its host, answers; and what keeps it from that."""

from __future__ import annotations

import os
import socket

from ..artifacts.specs import text, texts
from ..machine import systemd
from ..text import visible
from ..where import real
from ..work import Failed, Seen, Spec, Work
from .knock import NoAnswer, knock

_HOPELESS_RESTARTS = 5
"""A guest that has ended so often since it was started ends again: waiting is of no use."""
_CONSOLE_LINES = 8
_JOURNAL_LINES = 8
_CID_TAKEN = "unable to set guest cid"


def answers(work: Work, spec: Spec) -> Seen:
    """Whether a guest's port answers."""
    kind, place = texts(spec, "dial")
    path = spec.get("path")
    port = int(str(spec.get("port")))
    try:
        knock((kind, real(place) if kind == "unix" else place), port, path if isinstance(path, str) else None)
        return Seen(True, f"port {port} answers")
    except NoAnswer as problem:
        return _not_yet(work, spec, str(problem))


def forward_answers(work: Work, spec: Spec) -> Seen:
    """Whether a port of the host takes connections."""
    address, port = text(spec, "address"), int(str(spec.get("port")))
    local = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)
    try:
        socket.create_connection((local, port), 5).close()
        return Seen(True, f"port {port} takes connections")
    except OSError as problem:
        units = texts(spec, "units")
        said = problem.strerror or str(problem) or "no answer"
        return Seen(False, said, details=lambda: "\n".join(_journal(work, unit) for unit in units))


def _not_yet(work: Work, spec: Spec, said: str) -> Seen:
    unit = text(spec, "unit")
    missing = [need for need in _needs(spec) if not _is_active(need)]
    restarts = _restarts(unit)
    if missing:
        said = f"{said}; {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not active"
    elif restarts > 0:
        said = f"{said}; {unit} has ended and was started again {restarts} times"
    # Where something that it needs is away, it may well come.
    hopeless = f"{unit} ends again and again" if restarts >= _HOPELESS_RESTARTS and not missing else None
    return Seen(False, said, hopeless, lambda: _details(work, spec))


def _needs(spec: Spec) -> list[str]:
    return texts(spec, "needs") if "needs" in spec else []


def _is_active(unit: str) -> bool:
    try:
        return systemd.properties(unit, "ActiveState").get("ActiveState") == "active"
    except Failed:
        return True


def _restarts(unit: str) -> int:
    try:
        count = systemd.properties(unit, "NRestarts").get("NRestarts", "0")
    except Failed:
        return 0
    return int(count) if count.isdigit() else 0


def _details(work: Work, spec: Spec) -> str:
    """The unit's own words, the end of the guest's console, and what these mean."""
    journal = _journal(work, text(spec, "unit"))
    parts = [journal, _console(text(spec, "console")), _taken_context_id(journal, spec), _wrong_preset(work, spec)]
    return "\n".join(part for part in parts if part)


def _journal(work: Work, unit: str) -> str:
    asked = ["journalctl", "--no-pager", "--quiet", "--lines", str(_JOURNAL_LINES), "--output", "cat", "--unit", unit]
    said = work.run(asked, check=False, seconds=10).text
    return visible(f"the last words of {unit}:\n{said}") if said else ""


def _console(path: str) -> str:
    try:
        with open(real(path), "rb") as stream:
            stream.seek(max(0, os.fstat(stream.fileno()).st_size - 8192))
            lines = stream.read().decode("utf-8", "replace").replace("\r", "").strip().split("\n")
    except OSError:
        return ""
    return visible(f"the end of {path}:\n" + "\n".join(lines[-_CONSOLE_LINES:])) if lines != [""] else ""


def _taken_context_id(journal: str, spec: Spec) -> str:
    if _CID_TAKEN not in journal:
        return ""
    holders = ", ".join(_vsock_holders()) or "another guest"
    return (
        f"the context identifier {spec.get('contextId')} is taken on this host "
        f"(/dev/vhost-vsock is open in {holders}): give the guest another one with contextId"
    )


def _vsock_holders() -> list[str]:
    holders = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            links = [os.readlink(f"/proc/{pid}/fd/{one}") for one in os.listdir(f"/proc/{pid}/fd")]
            with open(f"/proc/{pid}/comm") as stream:
                name = stream.read().strip()
        except OSError:
            continue
        if "/dev/vhost-vsock" in links:
            holders.append(f"{name} (pid {pid})")
    return holders


def _wrong_preset(work: Work, spec: Spec) -> str:
    """Where the kernel's file says what it is, and that is not what its preset is for."""
    preset, kernel = spec.get("preset"), spec.get("kernel")
    if not isinstance(preset, str) or not isinstance(kernel, str):
        return ""
    if work.run(["head", "-c", "4", real(kernel)], check=False, seconds=10).stdout != b"\x7fELF":
        return ""
    is_linux = work.run(["grep", "-aqm1", "Linux version ", real(kernel)], check=False, seconds=10).code == 0
    if is_linux == (preset == "linux"):
        return ""
    what = "is Linux" if is_linux else "does not look like Linux"
    return f"{kernel} {what}, and the guest's preset is {preset}: is it the right one?"
