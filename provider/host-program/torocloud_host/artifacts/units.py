"""systemd's units: their files, those that are to run, and those that others start."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterator, Sequence

from ..machine import systemd, unit_files
from ..machine.systemd import Loaded
from ..text import visible
from ..work import Change, Failed, Json, Spec, State, Work
from .files import put_file, remove_file, state_of

_OURS = "torocloud.conf"
_BETWEEN = ("activating", "deactivating", "reloading", "refreshing")
_STOPPED = ("", "disabled", "static")


def observe_unit(work: Work, name: str) -> dict[str, Json] | None:
    """Whether a unit is active and enabled, whether systemd must read its file anew, and what a person added to it.

    Waits up to 3 s while it is between two states. None where it is stopped and does not start with the host.
    """
    loaded, stale = _settled(work, name)
    active = "inactive" if loaded is None else loaded.active
    enabled = unit_files.enabled_state(name)
    if active == "inactive" and enabled in _STOPPED:
        return None
    return {
        "active": active,
        "enabled": enabled,
        "needsReload": stale,
        "dropIns": list(_foreign_drop_ins(name)),
    }


def apply_unit(change: Change, name: str, besides: Sequence[str] = ()) -> None:
    """Have it run and start with the host, from its file and those of the units `besides` as they are now.

    Restarts it where the change may disturb; otherwise only starts it where it is not active.
    """
    with _in_words(f"unit {name}"):
        active = systemd.properties(name, "ActiveState").get("ActiveState", "inactive")
        if change.disturb or active in ("inactive", "failed"):
            _remove_drop_ins(change, name)
        for mask in unit_files.unmask(name):
            change.say(f"removing the mask {mask}")
        parents = systemd.enable(name)
    systemd.reload_after_enabling(change, name, parents, *besides)
    if change.disturb:
        systemd.restart(change, name)
    elif active not in ("active", "reloading", "refreshing"):
        systemd.start(change, name)


def remove_unit(work: Work, name: str, kill_after: float | None = None) -> None:
    """Stop it and have it start no more. What has not stopped after `kill_after` seconds is killed."""
    if kill_after is not None:
        _stop_or_kill(work, name, kill_after)
    with _in_words(f"unit {name}"):
        parents = systemd.disable(name)
    systemd.stop(work, name)
    systemd.reset_failed(name)
    systemd.reload_after_disabling(name, parents)


class UnitFile:
    """A file in an administrator's folder of units, or a drop-in there; its key is its path."""

    def observe(self, work: Work, key: str, spec: Spec) -> State:
        """As any file's."""
        return state_of(key)

    def apply(self, change: Change, key: str, spec: Spec) -> None:
        """Write it. systemd hears of a unit when it is started, of a drop-in now, where a loaded unit has it."""
        with _in_words(f"file {key}"):
            put_file(key, str(spec["content"]).encode(), str(spec["mode"]), str(spec["owner"]))
        if unit := _unit_of_drop_in(key):
            systemd.reload_if_stale(change, unit)

    def remove(self, work: Work, key: str, spec: Spec) -> None:
        """Remove it, and have systemd forget it where it knows it."""
        with _in_words(f"file {key}"):
            remove_file(key)
        if unit := _unit_of_drop_in(key):
            systemd.reload_if_stale(work, unit)
        else:
            systemd.reload_if_stale(work, _pattern(key.rpartition("/")[2]), soon=True)


class Unit:
    """A unit that runs and starts with the host."""

    def observe(self, work: Work, key: str, spec: Spec) -> State:
        """See `observe_unit`."""
        return observe_unit(work, key)

    def apply(self, change: Change, key: str, spec: Spec) -> None:
        """See `apply_unit`."""
        besides = spec.get("besides")
        apply_unit(change, key, [str(name) for name in besides] if isinstance(besides, list) else [])

    def remove(self, work: Work, key: str, spec: Spec) -> None:
        """See `remove_unit`."""
        seconds = spec.get("killAfterSeconds")
        remove_unit(work, key, float(seconds) if isinstance(seconds, int | float) else None)


class PassiveUnit:
    """A unit that others start when they need it: only what a person added to it counts."""

    def observe(self, work: Work, key: str, spec: Spec) -> State:
        """The drop-ins of people."""
        return {"dropIns": list(_foreign_drop_ins(key))}

    def apply(self, change: Change, key: str, spec: Spec) -> None:
        """Remove what a person added. It is not restarted."""
        with _in_words(f"unit {key}"):
            removed = _remove_drop_ins(change, key)
        if removed:
            systemd.reload_if_stale(change, key)

    def remove(self, work: Work, key: str, spec: Spec) -> None:
        """Stop it."""
        systemd.stop(work, key)


def _settled(work: Work, name: str) -> tuple[Loaded | None, bool]:
    """The unit once it is not between two states, and whether it needs a reload."""
    for last in (*[False] * 15, True):
        loaded = systemd.loaded(name).get(name)
        stale = loaded is not None and systemd.needs_reload(loaded)
        between = loaded is not None and loaded.active in _BETWEEN
        if last or not (between or (stale and systemd.is_any_being_enabled())):
            break
        work.sleep(0.2)
    return loaded, stale


def _foreign_drop_ins(name: str) -> Iterator[str]:
    """The drop-ins that a person made for it or for all of ours of its kind, also before systemd knows of them."""
    for path in unit_files.drop_ins_on_disk(name):
        folder, file = path.split("/")[-2:]
        theirs = folder == f"{name}.d" or folder.startswith("torocloud")
        if theirs and file != _OURS:
            yield path


def _remove_drop_ins(work: Work, name: str) -> bool:
    """Whether there was any."""
    paths = list(_foreign_drop_ins(name))
    for path in paths:
        work.say(f"removing {visible(path)}")
        unit_files.remove_drop_in(path)
    return bool(paths)


def _stop_or_kill(work: Work, name: str, seconds: float) -> None:
    systemd.begin_to_stop(name)
    until = time.monotonic() + seconds
    while systemd.is_up(name):
        if time.monotonic() > until:
            work.say(f"killing unit {name}, which did not stop within {seconds:g} s")
            systemd.kill(name, signal.SIGKILL)
            return
        work.sleep(0.1)


def _unit_of_drop_in(path: str) -> str | None:
    """A pattern of the units that a drop-in is about: ceph-mgr@*.service for one in ceph-mgr@.service.d."""
    folder = path.split("/")[-2]
    return _pattern(folder.removesuffix(".d")) if folder.endswith((".service.d", ".socket.d", ".slice.d")) else None


def _pattern(unit: str) -> str:
    """A template stands for all of its instances."""
    return unit.replace("@.", "@*.")


@contextlib.contextmanager
def _in_words(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Failed(f"{what}: {visible(str(error.filename or ''))}: {error.strerror or error}") from error


unit_file, unit, passive_unit = UnitFile(), Unit(), PassiveUnit()
