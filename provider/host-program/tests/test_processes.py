"""Commands of a request, as processes."""

from __future__ import annotations

import io
import os
import threading
import time
from collections.abc import Iterator

import pytest

from torocloud_host.main import Session
from torocloud_host.processes import Children
from torocloud_host.work import Completed


class Stopped(BaseException):
    pass


class Commands:
    """The children of a request that can be stopped."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.stopped = False
        self.children = Children(self._check, self.lines.append)

    def _check(self) -> None:
        if self.stopped:
            raise Stopped

    def run(self, script: str, seconds: float | None = None) -> Completed:
        return self.children.run(["sh", "-c", script], input=None, seconds=seconds, check=False, environment=None)


@pytest.fixture
def commands() -> Iterator[Commands]:
    commands = Commands()
    yield commands
    commands.children.end()


def test_a_last_line_without_its_end_is_told(commands: Commands) -> None:
    commands.run("printf 'first\\nlast' >&2")
    assert commands.lines == ["first", "last"]


def test_to_wake_after_the_end_writes_to_nothing_that_was_opened_since() -> None:
    commands = Commands()
    commands.children.end()
    read, write = os.pipe()
    try:
        for _ in range(10):
            commands.children.wake()
        os.set_blocking(read, False)
        with pytest.raises(BlockingIOError):
            os.read(read, 1)
    finally:
        os.close(read)
        os.close(write)


def test_a_command_is_ended_at_once_when_the_request_is(commands: Commands) -> None:
    def stop() -> None:
        commands.stopped = True
        commands.children.wake()

    threading.Timer(0.2, stop).start()
    began = time.monotonic()
    with pytest.raises(Stopped):
        commands.run("sleep 60 & wait")
    assert time.monotonic() - began < 5


class Trickle(io.RawIOBase):
    """Gives a byte at a time, as a slow network does."""

    def __init__(self, content: bytes, pause: float) -> None:
        self._content = list(content)
        self._pause = pause

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if not self._content:
            return 0
        time.sleep(self._pause)
        buffer[0] = self._content.pop(0)
        return 1


def test_a_line_that_comes_slowly_is_a_sign_of_life_with_each_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "_exit", lambda code: pytest.fail(f"the session ended with code {code}"))
    sink = io.BytesIO()
    source = io.BufferedReader(Trickle(b'{"ping":7}\n\n{"ping":8}\n', 0.05))
    Session(source, sink, heartbeat_seconds=0.2).run()
    assert sink.getvalue() == b'{"pong": 7}\n{"pong": 8}\n'
