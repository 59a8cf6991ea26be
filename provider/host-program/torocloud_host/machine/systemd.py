"""systemd, asked over the system bus.

A unit that is not loaded is never asked about: systemd would load it and forget it again. All unit files are read
anew (`reload`) only where systemd knows a loaded unit otherwise than it is on disk: it takes as long as all units of
the host need. A new unit is read when it is first asked for.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ..text import visible
from ..work import Failed, Unknown, Work
from .dbus import Bus, BusLost, Refused, Signal, Target
from .dbus_values import Value
from .unit_files import disable as disable
from .unit_files import enable as enable

_NAME = "org.freedesktop.systemd1"
_MANAGER = Target(_NAME, "/org/freedesktop/systemd1", f"{_NAME}.Manager")
_UNIT = f"{_NAME}.Unit"
_GOOD = ("done", "skipped")
# No unit of ours takes longer to start or to stop: a mount has 300 s, an OSD 90.
_PATIENCE = 900.0
_ASKED_EVERY = 3.0
_RESULTS = {
    "failed": "it failed",
    "timeout": "it took too long",
    "dependency": "a unit that it needs did not start",
    "canceled": "something else was asked of it meanwhile",
    "assert": "an assertion in its unit file is not met",
}
# What these want is started with the host, and never again.
_BOOT = ("multi-user.target", "sockets.target")


class Loaded(NamedTuple):
    """A unit that systemd has in memory."""

    name: str
    description: str
    load: str
    active: str
    sub: str
    following: str
    path: str
    job: int
    job_type: str
    job_path: str


class _Systemd:
    """A connection to systemd, and the jobs that ended since somebody waits for one."""

    def __init__(self) -> None:
        self.ended: dict[str, str] = {}
        self.waiting = 0
        self.deaf = False
        self.changed = threading.Condition()
        self._owner = ""
        self.bus = Bus(self._heard)
        bus = Target("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")
        rule = f"type='signal',sender='{_NAME}',interface='{_MANAGER.interface}',member='JobRemoved'"
        self.bus.call(bus, "AddMatch", "s", rule)
        self._owner = self.bus.call(bus, "GetNameOwner", "s", _NAME)[0]
        self.bus.call(_MANAGER, "Subscribe")

    def _heard(self, signal: Signal) -> None:
        # Anybody may send us a signal of this name.
        if signal.member == "JobRemoved" and signal.sender == self._owner:
            with self.changed:
                if self.waiting:
                    self.ended[signal.values[1]] = signal.values[3]
                    self.changed.notify_all()

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """While within, ended jobs are remembered."""
        with self.changed:
            self.waiting += 1
        try:
            yield
        finally:
            with self.changed:
                self.waiting -= 1
                if not self.waiting:
                    self.ended.clear()


_connecting = threading.Lock()
_connection: _Systemd | None = None
_reloading = threading.Lock()
_reload_begun = 0.0
_SOON_SECONDS = 3.0
_putting_off = threading.Lock()
_put_off: float | None = None
"""When it was last asked for a reload that has been put off."""


def _systemd() -> _Systemd:
    """The connection, made anew where it was lost."""
    global _connection
    with _connecting:
        if _connection is None or _connection.bus.lost or _connection.deaf:
            try:
                _connection = _Systemd()
            except Refused as refusal:
                raise BusLost(f"systemd cannot be asked over the system bus: {refusal.message}") from refusal
        return _connection


def close() -> None:
    """End the connection, if there is one."""
    global _connection
    with _connecting:
        if _connection is not None:
            _connection.bus.close()
        _connection = None


def loaded(*patterns: str) -> dict[str, Loaded]:
    """The units in systemd's memory that have one of these names; `*` stands for anything."""
    found = _call("ListUnitsByPatterns", "asas", [], list(patterns))[0]
    units = [Loaded(*unit) for unit in found]
    return {unit.name: unit for unit in units}


def properties(unit: str, *names: str) -> dict[str, str]:
    """Properties of a unit as systemctl writes them: "yes", "active", words of a list; none where it is not loaded."""
    known = loaded(unit).get(unit)
    return {} if known is None else {name: _as_text(property_of(known, name)) for name in names}


def property_of(unit: Loaded, name: str) -> Value:
    """One property of a loaded unit; None where its type has none of this name."""
    kind = unit.name.rpartition(".")[2].capitalize()
    for interface in (_UNIT, f"{_NAME}.{kind}"):
        target = Target(_NAME, unit.path, "org.freedesktop.DBus.Properties")
        try:
            return _systemd().bus.call(target, "Get", "ss", interface, name)[0]
        except Refused as refusal:
            if not refusal.name.endswith((".UnknownProperty", ".UnknownInterface", ".UnknownObject", ".InvalidArgs")):
                raise Failed(f"systemd does not tell {name} of unit {unit.name}: {refusal.message}") from refusal
    return None


def start(work: Work, unit: str) -> None:
    """Start it and wait until it runs. Raises Failed with the end of its journal."""
    _bring_up(work, "StartUnit", unit)


def restart(work: Work, unit: str) -> None:
    """Stop it where it runs, start it, and wait until it runs. Raises Failed with the end of its journal."""
    _bring_up(work, "RestartUnit", unit)


def stop(work: Work, unit: str) -> None:
    """Stop it and wait until it has. Not loaded is stopped already."""
    try:
        result = _job(work, "StopUnit", unit, "stop")
    except Refused as refusal:
        _unless_unknown(unit, "stopped", refusal)
        return
    if result not in _GOOD and is_up(unit):
        raise Failed(f"unit {unit} did not stop: {_RESULTS.get(result, result)}")


def begin_to_stop(unit: str) -> None:
    """Have it stopped, without waiting."""
    _tell(unit, "stopped", "StopUnit", "ss", unit, "replace")


def kill(unit: str, signal: int) -> None:
    """Send a signal to all of its processes. None is fine."""
    with contextlib.suppress(Refused):
        _systemd().bus.call(_MANAGER, "KillUnit", "ssi", unit, "all", signal)


def reset_failed(unit: str) -> None:
    """Forget that it failed, and how often."""
    _tell(unit, "reset", "ResetFailedUnit", "s", unit)


def is_up(unit: str) -> bool:
    """Whether anything of it runs, or is about to."""
    known = loaded(unit).get(unit)
    return known is not None and known.active not in ("inactive", "failed")


def reload(work: Work) -> None:
    """Have systemd read all unit files anew. What was asked for before another's reload began is done with that one."""
    asked = time.monotonic()
    while not _reloading.acquire(timeout=0.1):
        work.sleep(0)
    try:
        _reload_since(asked)
    finally:
        _reloading.release()


def reload_soon() -> None:
    """Reload within some seconds, once for all who ask until then.

    For what only counts when another unit starts. What was put off is done when the session ends, by `finish`.
    """
    global _put_off
    with _putting_off:
        if _put_off is None:
            timer = threading.Timer(_SOON_SECONDS, finish)
            timer.daemon = True
            timer.start()
        _put_off = time.monotonic()


def finish() -> None:
    """Reload now where that was put off."""
    global _put_off
    with _reloading, contextlib.suppress(Failed, Unknown):
        with _putting_off:
            asked, _put_off = _put_off, None
        if asked is not None:
            _reload_since(asked)


def _reload_since(asked: float) -> None:
    global _reload_begun
    if _reload_begun <= asked:
        begun = time.monotonic()
        _call("Reload", seconds=300)
        _reload_begun = begun


def reload_if_stale(work: Work, *patterns: str, soon: bool = False) -> None:
    """Reload where systemd knows one of these units from another file or drop-in than there is on disk now.

    One that was stopped is forgotten by itself as soon as its last process is gone, so it is given a moment, unless
    others keep it in memory.
    """
    for last in (*[False] * 10, True):
        stale = [unit for unit in loaded(*patterns).values() if needs_reload(unit)]
        if not stale:
            return
        if last or any(unit.active not in ("inactive", "failed") or _pulled_in_by(unit) for unit in stale):
            reload_soon() if soon else reload(work)
            return
        work.sleep(0.02)


def reload_after_enabling(work: Work, unit: str, parents: Iterable[str], *besides: str) -> None:
    """Reload where systemd knows one of the units otherwise, or, soon, does not know yet that it was enabled in these.

    A link in what only counts at the next start of the host is not worth it.
    """
    known = loaded(unit, *besides, *parents)
    stale = any(needs_reload(known[name]) for name in (unit, *besides) if name in known)
    if stale:
        reload(work)
    elif not _knows_links(known.get(unit), [name for name in parents if name in known and name not in _BOOT]):
        reload_soon()


def reload_after_disabling(unit: str, parents: Iterable[str]) -> None:
    """Reload, soon, where one of these would still pull the unit in."""
    known = loaded(unit).get(unit)
    if known is not None and _pulled_in_by(known) & (set(parents) - set(_BOOT)):
        reload_soon()


def needs_reload(unit: Loaded) -> bool:
    """Whether its file or its drop-ins are others by now; said of all units while any is being enabled."""
    return bool(property_of(unit, "NeedDaemonReload"))


def is_any_being_enabled() -> bool:
    """Whether all units are said to need a reload; also one without any file."""
    return any(needs_reload(unit) for unit in loaded("init.scope").values())


def _knows_links(unit: Loaded | None, parents: list[str]) -> bool:
    if unit is None:
        return not parents
    return property_of(unit, "UnitFileState") == "enabled" and _pulled_in_by(unit) >= set(parents)


def _pulled_in_by(unit: Loaded) -> set[str]:
    return {name for by in ("WantedBy", "RequiredBy", "UpheldBy") for name in property_of(unit, by) or []}


def _bring_up(work: Work, method: str, unit: str) -> None:
    # It may have failed too often in a short time to be started again, and what made it fail may be gone. systemd does
    # not say so afterwards where the unit has another result already.
    reset_failed(unit)
    try:
        result = _job(work, method, unit, "start")
    except Refused as refusal:
        said = "" if refusal.name.endswith((".NoSuchUnit", ".UnitMasked")) else _journal(work, unit)
        raise Failed(f"unit {unit} did not start: {refusal.message}{said}") from refusal
    if result not in _GOOD:
        how = properties(unit, "Result").get("Result", "")
        reason = _RESULTS.get(result, result) + (f" ({how})" if how not in ("", "success") else "")
        raise Failed(f"unit {unit} did not start: {reason}{_journal(work, unit)}")


def _journal(work: Work, unit: str) -> str:
    """The last lines that it wrote, each on a line of its own."""
    options = ["--no-pager", "--quiet", "--lines", "15", "--output", "cat"]
    said = work.run(["journalctl", *options, "--unit", unit], check=False, seconds=10)
    lines = visible(said.stdout.decode("utf-8", "replace")).splitlines()[-15:]
    return "".join(f"\n{line[:1000]}" for line in lines)


def _job(work: Work, method: str, unit: str, doing: str) -> str:
    """Have systemd do something with the unit, and wait for it: "done", "failed", "timeout". Raises Refused."""
    systemd = _systemd()
    with systemd.listening():
        path = systemd.bus.call(_MANAGER, method, "ss", unit, "replace")[0]
        began = said = asked = time.monotonic()
        while True:
            with systemd.changed:
                systemd.changed.wait_for(lambda: path in systemd.ended, 0.2)
                if path in systemd.ended:
                    return systemd.ended[path]
            work.sleep(0)
            now = time.monotonic()
            if now - began > _PATIENCE:
                raise Failed(f"unit {unit} was given {_PATIENCE:.0f} s to {doing}, and has not")
            if now - said > 10:
                said = now
                work.say(f"waiting for unit {unit} to {doing}, {now - began:.0f} s")
            if now - asked > _ASKED_EVERY:
                asked = now
                _see_unheard(systemd, path, unit, doing)


def _see_unheard(systemd: _Systemd, path: str, unit: str, doing: str) -> None:
    """The end of a job is not heard where systemd itself is replaced meanwhile; then the unit's state says it."""
    jobs = {known.job_path for known in loaded(unit).values() if known.job}
    if path in jobs:
        return
    with systemd.changed:
        if path not in systemd.ended:
            systemd.changed.wait_for(lambda: path in systemd.ended, 1)
        systemd.deaf = path not in systemd.ended
    done = is_up(unit) == (doing == "start")
    with systemd.changed:
        systemd.ended.setdefault(path, "done" if done else "failed")


def _tell(unit: str, done: str, method: str, signature: str, *values: Value) -> None:
    try:
        _systemd().bus.call(_MANAGER, method, signature, *values)
    except Refused as refusal:
        _unless_unknown(unit, done, refusal)


def _unless_unknown(unit: str, done: str, refusal: Refused) -> None:
    if not refusal.name.endswith(".NoSuchUnit"):
        raise Failed(f"unit {unit} cannot be {done}: {refusal.message}") from refusal


def _call(member: str, signature: str = "", *values: Value, seconds: float = 60) -> list[Value]:
    try:
        return _systemd().bus.call(_MANAGER, member, signature, *values, seconds=seconds)
    except Refused as refusal:
        raise Failed(f"systemd refuses to {member}: {refusal.message}") from refusal


def _as_text(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
