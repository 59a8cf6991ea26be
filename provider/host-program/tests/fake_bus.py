"""A system bus with a systemd behind it: loaded units, jobs, reloads, start limits. Files are those in `where.root`."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from typing import Any

from torocloud_host import where
from torocloud_host.machine import dbus_values as wire
from torocloud_host.machine import unit_files
from torocloud_host.machine.dbus import ADDRESS

NAME = "org.freedesktop.systemd1"


class No(Exception):
    """Answered with an error: its name, and words."""


class FakeUnit:
    """A unit in memory, as it was read."""

    def __init__(self, name: str) -> None:
        self.name, self.active, self.result, self.job = name, "inactive", "success", 0
        self.read()

    def read(self) -> None:
        self.stamp, self.wants = self.on_disk(), self.wants_on_disk()
        self.cached: str | None = None

    def on_disk(self) -> tuple[Any, ...]:
        places = ("/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system")
        names = [name for name in (self.name, unit_files.template_of(self.name)) if name]
        paths = [where.real(f"{place}/{name}") for name in names for place in places]
        file = next((path for path in paths if os.path.lexists(path)), None)
        masked = file is not None and os.path.islink(file)
        drop_ins = [one for name in names for one in unit_files.drop_ins_on_disk(name)]
        times = [os.stat(where.real(one)).st_mtime_ns for one in drop_ins]
        load = "not-found" if file is None else "masked" if masked else "loaded"
        return load, file and os.lstat(file).st_mtime_ns, drop_ins, times

    def is_stale(self) -> bool:
        return self.stamp != self.on_disk() and self.stamp[0] != "not-found"

    def wants_on_disk(self) -> list[str]:
        folder = where.real(f"/etc/systemd/system/{self.name}.wants")
        return os.listdir(folder) if os.path.isdir(folder) else []


class FakeSystemd:
    """What a test sets (`broken`, `limited`, `lingers` and so on), and sees (`units`, `asked`, `most_at_once`)."""

    def __init__(self) -> None:
        self.units: dict[str, FakeUnit] = {}
        self.asked: list[tuple[str, tuple[Any, ...]]] = []
        self.broken: set[str] = set()
        self.limited: set[str] = set()
        self.stubborn: set[str] = set()
        self.deaf: set[str] = set()
        self.slow, self.lingers, self.jobs, self.sender = 0.0, 0.0, 0, ":1.0"
        self.any_being_enabled = False
        self._lock = threading.RLock()
        os.makedirs(os.path.dirname(where.real(ADDRESS)), exist_ok=True)
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(where.real(ADDRESS))
        self._server.listen()
        self._clients: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        for one in (self._server, *self._clients):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def members(self, *names: str) -> list[str]:
        """The calls that were made, in order; without those that only ask."""
        only_ask = ("Hello", "AddMatch", "GetNameOwner", "Subscribe", "ListUnitsByPatterns", "Get")
        return [member for member, _ in self.asked if (member in names if names else member not in only_ask)]

    def load(self, name: str, active: str = "inactive") -> FakeUnit:
        unit = self.units.get(name)
        if unit is None or unit.stamp[0] == "not-found":
            unit = self.units[name] = FakeUnit(name)
            for wanted in unit.wants:
                self.load(wanted)
        if active != "inactive":
            unit.active = active
        return unit

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            self._clients.append(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        stream = client.makefile("rb")
        try:
            assert stream.readline().startswith(b"\0AUTH EXTERNAL ")
            client.sendall(b"OK 0123456789abcdef\r\n")
            assert stream.readline() == b"BEGIN\r\n"
            while True:
                message = wire.read_message(self._exactly(stream))
                signature, values, kind = "", [], wire.ANSWER
                fields = {wire.ANSWERS: message.serial, wire.SENDER: self.sender}
                member, then = message.fields[wire.MEMBER], None
                with self._lock:
                    self.asked.append((member, tuple(message.values)))
                    try:
                        signature, values, then = self._answer(
                            message.fields[wire.PATH], member, message.values, client
                        )
                    except No as error:
                        kind, signature, values = wire.ERROR, "s", [error.args[1]]
                        fields[wire.ERROR_NAME] = error.args[0]
                    client.sendall(wire.Message(kind, 7, fields, values).packed(signature))
                    if then is not None:
                        threading.Timer(self.slow, then).start()
        except (OSError, ValueError, AssertionError):
            client.close()

    @staticmethod
    def _exactly(stream: Any) -> Any:
        def read(size: int) -> bytes:
            data: bytes = stream.read(size)
            if len(data) < size:
                raise OSError
            return data

        return read

    def _answer(self, path: str, member: str, values: list[Any], client: socket.socket) -> tuple[str, list[Any], Any]:
        if member in ("Hello", "GetNameOwner"):
            return "s", [self.sender], None
        if member == "ListUnitsByPatterns":
            return "a(ssssssouso)", [[self._listed(one) for one in self._matching(values[1])]], None
        if member == "Get":
            return "v", [self._property(path, *values)], None
        if member == "Reload":
            self._reload()
        elif member in ("StartUnit", "RestartUnit", "StopUnit"):
            return self._job(member, values[0], client)
        elif member in ("ResetFailedUnit", "KillUnit"):
            self._known(values[0])
            self.limited.discard(values[0])
            self.stubborn.discard(values[0])
            self._settle(self.units[values[0]], "inactive" if member == "KillUnit" else None)
        return "", [], None

    def _reload(self) -> None:
        time.sleep(self.slow)
        for unit in list(self.units.values()):
            unit.read()
        for wanted in [name for unit in list(self.units.values()) for name in unit.wants]:
            self.load(wanted)

    def _matching(self, patterns: list[str]) -> list[FakeUnit]:
        def fits(name: str, pattern: str) -> bool:
            start, star, end = pattern.partition("*")
            return name == pattern or (bool(star) and name.startswith(start) and name.endswith(end))

        return [unit for unit in self.units.values() if any(fits(unit.name, pattern) for pattern in patterns)]

    def _listed(self, unit: FakeUnit) -> tuple[Any, ...]:
        path = "/unit/" + unit.name.encode().hex()
        return unit.name, "", unit.stamp[0], unit.active, "", "", path, unit.job, "", f"/job/{unit.job}"

    def _known(self, name: str) -> FakeUnit:
        if name not in self.units:
            raise No(f"{NAME}.NoSuchUnit", f"Unit {name} not loaded.")
        return self.units[name]

    def _property(self, path: str, interface: str, name: str) -> tuple[str, Any]:
        unit = self.load(bytes.fromhex(path.removeprefix("/unit/")).decode())
        if name == "Result" and not interface.endswith(".Unit"):
            return "s", unit.result
        if name == "UnitFileState":
            unit.cached = unit.cached or unit_files.enabled_state(unit.name)
        wanted_by = [one.name for one in self.units.values() if unit.name in one.wants]
        known = {
            "ActiveState": ("s", unit.active),
            "NeedDaemonReload": ("b", self.any_being_enabled or unit.is_stale()),
            "UnitFileState": ("s", unit.cached or ""),
            **{"WantedBy": ("as", wanted_by), "RequiredBy": ("as", []), "UpheldBy": ("as", [])},
        }
        if name not in known:
            raise No("org.freedesktop.DBus.Error.UnknownProperty", f"Unknown property {name}")
        return known[name]

    def _job(self, member: str, name: str, client: socket.socket) -> tuple[str, list[Any], Any]:
        stops = member == "StopUnit"
        unit = self._known(name) if stops else self.load(name)
        if not stops and unit.stamp[0] != "loaded":
            reason, words = ("UnitMasked", "is masked.") if unit.stamp[0] == "masked" else ("NoSuchUnit", "not found.")
            raise No(f"{NAME}.{reason}", f"Unit {name} {words}")
        self.jobs += 1
        job = unit.job = self.jobs
        if stops and name in self.stubborn:
            unit.active = "deactivating"
            return "o", [f"/job/{job}"], None

        def end() -> None:
            with self._lock:
                fails = not stops and (name in self.broken or name in self.limited)
                unit.result = "start-limit-hit" if name in self.limited else "exit-code" if fails else "success"
                unit.job = 0
                self._settle(unit, "failed" if fails else "inactive" if stops else "active")
                fields = {wire.PATH: "/", wire.INTERFACE: f"{NAME}.Manager", wire.MEMBER: "JobRemoved"}
                values = [job, f"/job/{job}", name, "failed" if fails else "done"]
                signal = wire.Message(wire.SIGNAL, 8, {**fields, wire.SENDER: self.sender}, values)
                if name not in self.deaf:
                    with contextlib.suppress(OSError):  # The test may be over.
                        client.sendall(signal.packed("uoss"))

        return "o", [f"/job/{job}"], end

    def _settle(self, unit: FakeUnit, active: str | None) -> None:
        unit.active = active or ("inactive" if unit.active == "failed" else unit.active)
        if unit.active == "inactive" and not any(unit.name in one.wants for one in self.units.values()):
            if self.lingers:
                threading.Timer(self.lingers, self.units.pop, (unit.name, None)).start()
            else:
                self.units.pop(unit.name, None)
