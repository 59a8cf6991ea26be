"""One session: orders come as lines of JSON on standard input, messages go as lines on standard output."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from io import BufferedReader
from typing import BinaryIO, cast

from . import where
from .jobs import TELL_SECONDS, Job
from .machine import systemd
from .work import Json

_MISSED_HEARTBEATS = 3
_CHUNK_BYTES = 65536
_ENDING_SECONDS = 2.0
"""How long what runs has to end when the session does."""


class Session:
    """Reads orders and runs requests, each in a thread of its own, until its input ends or no sign of life comes."""

    def __init__(self, source: BufferedReader, sink: BinaryIO, heartbeat_seconds: float) -> None:
        self._source = source
        self._sink = sink
        self._limit = heartbeat_seconds * _MISSED_HEARTBEATS
        self._jobs: dict[int, Job] = {}
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._seen = time.monotonic()

    def run(self) -> None:
        """Ends everything that runs before it returns."""
        for work in (self._watch, self._tell):
            threading.Thread(target=work, daemon=True).start()
        for line in self._lines():
            if line.strip():
                self._take(line)
        self.end()

    def send(self, message: dict[str, Json]) -> None:
        """One line; where nobody reads any more, everything is ended by the end of the input."""
        line = json.dumps(message, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        with self._writing:
            try:
                self._sink.write(line)
                self._sink.flush()
            except OSError:
                pass

    def end(self) -> None:
        """Cancels whatever runs and waits for it, but not for ever."""
        with self._lock:
            jobs = [*self._jobs.values()]
        for job in jobs:
            job.cancel()
        until = time.monotonic() + _ENDING_SECONDS
        for job in jobs:
            job.join(max(0.0, until - time.monotonic()))
        systemd.finish()

    def end_with_signals(self) -> None:
        """When this process is told to end, what it runs ends first."""

        def leave() -> None:
            self.end()
            os._exit(0)

        def told(*_: object) -> None:
            # Not here, in the midst of whatever the main thread is at.
            threading.Thread(target=leave, daemon=True).start()

        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, told)

    def _lines(self) -> Iterator[bytes]:
        """Every byte is a sign of life: on a slow network a line takes its time."""
        pieces: list[bytes] = []
        while chunk := self._source.read1(_CHUNK_BYTES):
            self._seen = time.monotonic()
            first, *others = chunk.split(b"\n")
            pieces.append(first)
            for piece in others:
                yield b"".join(pieces)
                pieces = [piece]

    def _watch(self) -> None:
        while time.monotonic() - self._seen < self._limit:
            time.sleep(min(1.0, self._limit / 10))
        self.end()
        os._exit(1)

    def _tell(self) -> None:
        while True:
            time.sleep(TELL_SECONDS / 2)
            with self._lock:
                jobs = [*self._jobs.values()]
            for job in jobs:
                job.tell_long_step()

    def _take(self, line: bytes) -> None:
        try:
            order = json.loads(line)
        except ValueError:
            order = None
        if not isinstance(order, dict):
            self._refuse(-1, "an order that is no JSON object came; is the other end of another version?")
        elif "ping" in order:
            self.send({"pong": order["ping"]})
        elif "cancel" in order:
            self._with_job(order["cancel"], Job.cancel)
        elif isinstance(order.get("id"), int):
            self._take_numbered(order["id"], order)
        else:
            self._refuse(-1, "an order of an unknown shape came; is the other end of another version?")

    def _take_numbered(self, number: int, order: dict[str, Json]) -> None:
        if "steps" in order:
            self._begin(number, order)
        elif isinstance(data := order.get("data"), str):
            self._with_job(number, lambda job: job.feed(data))
        elif order.get("end") is True:
            self._with_job(number, lambda job: job.feed(None))
        else:
            self._refuse(number, "an order of an unknown shape came; is the other end of another version?")

    def _begin(self, number: int, order: dict[str, Json]) -> None:
        job = Job(number, order, self.send, self._done)
        with self._lock:
            self._jobs[number] = job
        job.start()

    def _done(self, number: int) -> None:
        with self._lock:
            self._jobs.pop(number, None)

    def _with_job(self, number: Json, act: Callable[[Job], None]) -> None:
        with self._lock:
            job = self._jobs.get(number) if isinstance(number, int) else None
        if job is not None:
            act(job)

    def _refuse(self, number: int, message: str) -> None:
        self.send({"id": number, "failed": "failed", "message": message, "step": -1})


def serve(start: dict[str, Json]) -> None:
    """The whole session of this process; it does not return."""
    root = start.get("root")
    where.root = root if isinstance(root, str) else ""
    seconds = start.get("heartbeatSeconds")
    os.umask(0o022)
    source = cast(BufferedReader, sys.stdin.buffer)
    session = Session(source, sys.stdout.buffer, float(seconds) if isinstance(seconds, (int, float)) else 15.0)
    session.end_with_signals()
    session.run()
    os._exit(0)
