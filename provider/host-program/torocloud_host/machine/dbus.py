"""A client of D-Bus's system bus: calls from several threads at once, signals."""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import threading
from collections.abc import Callable
from typing import NamedTuple

from ..text import visible
from ..where import real
from ..work import Unknown
from .dbus_values import (
    ANSWER,
    ANSWERS,
    CALL,
    DESTINATION,
    ERROR,
    ERROR_NAME,
    INTERFACE,
    MEMBER,
    PATH,
    SENDER,
    SIGNAL,
    Message,
    Value,
    read_message,
)

ADDRESS = "/run/dbus/system_bus_socket"
# The bus refuses a client with more unanswered calls than its limit, 128 by default.
_AT_ONCE = 100


class BusLost(Unknown):
    """The bus is not there, or no longer, or does not answer."""


class Refused(Exception):
    """A call was answered with an error."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name
        self.message = visible(message)


class Target(NamedTuple):
    """What a call goes to."""

    destination: str
    path: str
    interface: str


class Signal(NamedTuple):
    """Something that was said to whoever listens."""

    sender: str
    member: str
    values: list[Value]


class _Waiting:
    def __init__(self) -> None:
        self.done = threading.Event()
        self.answer: Message | None = None


class Bus:
    """A connection. Its calls may come from any thread; `on_signal` is called in a thread of its own."""

    def __init__(self, on_signal: Callable[[Signal], None]) -> None:
        """Raises BusLost, with what to do about it."""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.settimeout(30)
            self._socket.connect(real(ADDRESS))
            self._authenticate()
        except OSError as error:
            self._socket.close()
            raise BusLost(
                f"systemd cannot be asked, because nothing answers at {ADDRESS} ({error.strerror or error}); "
                "install the Debian package dbus there, and see that dbus.socket runs"
            ) from error
        self._socket.settimeout(None)
        self._stream = self._socket.makefile("rb")
        self._serials = itertools.count(1)
        self._waiting: dict[int, _Waiting] = {}
        self._lock = threading.Lock()
        self._turn = threading.BoundedSemaphore(_AT_ONCE)
        self._on_signal = on_signal
        self.lost = False
        threading.Thread(target=self._listen, name="dbus", daemon=True).start()
        self.call(Target("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus"), "Hello")

    def call(
        self, target: Target, member: str, signature: str = "", *values: Value, seconds: float = 60
    ) -> list[Value]:
        """What the call gives. Raises Refused for an error, BusLost when the answer does not come in time."""
        waiting = _Waiting()
        with self._turn:
            serial = self._send(target, member, signature, values, waiting)
            answered = waiting.done.wait(seconds)
            self._waiting.pop(serial, None)
        if not answered:
            raise BusLost(f"systemd did not answer {member} within {seconds:.0f} s")
        answer = waiting.answer
        if answer is None:
            raise BusLost(f"the connection to {ADDRESS} ended while it was asked to {member}; run it again")
        if answer.kind == ERROR:
            words = answer.values[0] if answer.values and isinstance(answer.values[0], str) else ""
            raise Refused(answer.fields.get(ERROR_NAME, ""), words)
        return answer.values

    def close(self) -> None:
        """End it; whoever waits for an answer gets BusLost."""
        self.lost = True
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _authenticate(self) -> None:
        self._socket.sendall(b"\0AUTH EXTERNAL " + str(os.geteuid()).encode().hex().encode() + b"\r\n")
        answer = b""
        while not answer.endswith(b"\n"):
            more = self._socket.recv(1)
            if not more:
                raise ConnectionError("it hung up")
            answer += more
        if not answer.startswith(b"OK "):
            raise ConnectionError("it refused to talk to this user")
        self._socket.sendall(b"BEGIN\r\n")

    def _send(self, target: Target, member: str, signature: str, values: tuple[Value, ...], waiting: _Waiting) -> int:
        fields = {PATH: target.path, INTERFACE: target.interface, MEMBER: member, DESTINATION: target.destination}
        with self._lock:
            serial = next(self._serials)
            self._waiting[serial] = waiting
            packed = Message(CALL, serial, fields, list(values)).packed(signature)
            try:
                self._socket.sendall(packed)
            except OSError:
                self.lost = True
            if self.lost:
                waiting.done.set()
        return serial

    def _listen(self) -> None:
        try:
            while True:
                self._receive(read_message(self._exactly))
        except (OSError, ValueError):
            pass  # It ended, or speaks something else.
        finally:
            with self._lock:
                self.lost = True
                self._stream.close()
                for waiting in list(self._waiting.values()):
                    waiting.done.set()

    def _receive(self, message: Message) -> None:
        if message.kind == SIGNAL:
            fields = message.fields
            self._on_signal(Signal(fields.get(SENDER, ""), fields.get(MEMBER, ""), message.values))
        elif message.kind in (ANSWER, ERROR):
            waiting = self._waiting.get(message.fields.get(ANSWERS, 0))
            if waiting is not None:
                waiting.answer = message
                waiting.done.set()

    def _exactly(self, size: int) -> bytes:
        data = self._stream.read(size)
        if len(data) < size:
            raise ConnectionError("it hung up")
        return data
