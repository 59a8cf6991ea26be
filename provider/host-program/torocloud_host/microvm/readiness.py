"""Whether a guest, or a port of its host, answers; and what keeps it from that."""

from __future__ import annotations

import socket
import time

from ..artifacts.specs import text, texts
from ..machine import systemd
from ..where import real
from ..work import Failed, Seen, Spec, Work
from . import hints
from .knock import NoAnswer, knock
from .words import end_of_console, last_words

_HOPELESS_RESTARTS = 5
"""What has ended so often since it was started ends again: waiting is of no use."""
_STEADY_SECONDS = 30.0
"""One that has run so long did not end because of how it was started."""
_SECOND_LOOK_SECONDS = 2.0
"""A guest whose mount has just come back is started a moment later."""


def answers(work: Work, spec: Spec) -> Seen:
    """Whether a guest's port answers."""
    kind, place = texts(spec, "dial")
    path, port = spec.get("path"), int(str(spec.get("port")))
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
        return Seen(False, said, details=lambda: "\n".join(filter(None, (last_words(work, unit) for unit in units))))


def _not_yet(work: Work, spec: Spec, said: str) -> Seen:
    unit = text(spec, "unit")
    missing = [need for need in _needs(spec) if _state(need) != "active"]
    restarts = _restarts(unit)
    if missing:
        said = f"{said}; {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not active"
    elif restarts > 0:
        said = f"{said}; {unit} has ended and was started again {restarts} {'time' if restarts == 1 else 'times'}"
    hopeless = (
        hints.too_large_for_toro(spec)
        or _failing_device(missing)
        # Where something else that it needs is away, such as its storage, it may well come.
        or (None if missing else _given_up(unit, restarts) or _ended(work, spec))
    )
    return Seen(False, said, hopeless, lambda: _details(work, spec, missing))


def _needs(spec: Spec) -> list[str]:
    return texts(spec, "needs") if "needs" in spec else []


def _given_up(unit: str, restarts: int) -> str | None:
    """Why a guest that ended several times is not to be waited for."""
    if restarts < _HOPELESS_RESTARTS or _running_seconds(unit) > _STEADY_SECONDS:
        return None
    return f"{unit} ends again and again"


def _failing_device(missing: list[str]) -> str | None:
    """Its vsock device depends on nothing that could come later."""
    devices = [unit for unit in missing if unit.startswith("torocloud-vsock-")]
    return next((reason for unit in devices if (reason := _given_up(unit, _restarts(unit)))), None)


def _ended(work: Work, spec: Spec) -> str | None:
    """Why a guest that has ended is not to be waited for; only asked where it is known what it needs."""
    unit = text(spec, "unit")
    over = ("inactive", "failed", "")
    if "needs" not in spec or _state(unit) not in over:
        return None
    work.sleep(_SECOND_LOOK_SECONDS)
    if _state(unit) not in over or any(_state(need) != "active" for need in _needs(spec)):
        return None
    return f"{unit} has ended, and nothing starts it again"


def _property(unit: str, name: str, unknown: str) -> str:
    """Where systemd cannot be asked just now, nothing is concluded from that."""
    try:
        return systemd.properties(unit, name).get(name, "")
    except Failed:
        return unknown


def _state(unit: str) -> str:
    return _property(unit, "ActiveState", "active")


def _restarts(unit: str) -> int:
    count = _property(unit, "NRestarts", "0")
    return int(count) if count.isdigit() else 0


def _running_seconds(unit: str) -> float:
    """Since its process was started; 0 where it does not run."""
    if _property(unit, "SubState", "running") != "running":
        return 0
    started = _property(unit, "ExecMainStartTimestampMonotonic", "0")
    return time.monotonic() - int(started) / 1_000_000 if started.isdigit() else 0


def _details(work: Work, spec: Spec, missing: list[str]) -> str:
    """The words of what is missing, the unit's own, the end of the guest's console, and what these mean."""
    others = [last_words(work, unit) for unit in missing]
    words = last_words(work, text(spec, "unit"))
    console = end_of_console(text(spec, "console"))
    parts = [*others, words, console, hints.taken_context_id(words, spec), hints.wrong_preset(work, spec)]
    return "\n".join(part for part in parts if part)
