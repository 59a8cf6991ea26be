"""The one way to ask and tell Ceph's monitors: as the administrator, through librados, in a child process.

librados is C++, and an abort in it ends its process; so it lives in one of its own, which is started with the first
question, answers many at once, and ends when its input does. It is not tied to the request that started it, nor to its
thread: a signal at the parent's death would come when that thread ends.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import threading
import time
from typing import IO

from ..where import command_path, real
from ..work import Failed, Json, Unknown, Work
from .monitors_child import SOURCE

ANSWER_SECONDS = 20
"""How long the monitors have to answer."""

_CHILD_SECONDS = 2 * ANSWER_SECONDS + 5
"""How long the child has: to connect, to ask, and to say so."""


class Refused(Failed):
    """Ceph answered with an error; `code` is a positive errno.

    ENOENT also where the host has no configuration, key or library of Ceph.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class _Waiting:
    """A question that is under way."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self.answer: dict[str, Json] | None = None
        """Stays None where the child died."""


class _Child:
    """The process that has the connection."""

    def __init__(self) -> None:
        paths = [real(path) for path in ("/etc/ceph/ceph.conf", "/etc/ceph/ceph.client.admin.keyring")]
        libraries = real("/usr/lib/python3/dist-packages")
        self._process = subprocess.Popen(
            [sys.executable or "/usr/bin/python3", "-ISE", "-c", SOURCE, *paths, libraries, str(ANSWER_SECONDS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={"PATH": command_path, "LC_ALL": "C.UTF-8"},
            start_new_session=True,
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._input: IO[bytes] = self._process.stdin
        self._output: IO[bytes] = self._process.stdout
        self._waiting: dict[int, _Waiting] = {}
        self._last = 0
        self._lock = threading.Lock()
        self.alive = True
        threading.Thread(target=self._read, daemon=True).start()

    def ask(self, question: dict[str, Json]) -> _Waiting:
        waiting = _Waiting()
        with self._lock:
            self._last += 1
            self._waiting[self._last] = waiting
            try:
                if self.alive:
                    self._input.write(json.dumps({"id": self._last, **question}).encode() + b"\n")
                    self._input.flush()
                    return waiting
            except OSError:
                pass
        waiting.done.set()
        return waiting

    def _read(self) -> None:
        for line in self._output:
            answer: dict[str, Json] = json.loads(line)
            with self._lock:
                waiting = self._waiting.pop(int(str(answer["id"])), None)
            if waiting is not None:
                waiting.answer = answer
                waiting.done.set()
        with self._lock:
            self.alive = False
            left = [*self._waiting.values()]
        for waiting in left:
            waiting.done.set()
        self._process.wait()

    def end(self) -> None:
        """At once, whatever is under way."""
        self.alive = False
        self._process.kill()


_child: _Child | None = None
_starting = threading.Lock()


def _running() -> _Child:
    global _child
    with _starting:
        if _child is None or not _child.alive:
            _child = _Child()
        return _child


def close() -> None:
    """End the child; the next question starts another."""
    global _child
    with _starting:
        if _child is not None:
            _child.end()
        _child = None


def command(work: Work, command: dict[str, Json], input: bytes = b"") -> Json:
    """What Ceph answers: JSON, text where it is none, None where it says nothing.

    Raises Unknown when nobody answers in time, Refused when Ceph answers with an error. Ends when the request is
    cancelled; what was asked may still be done then.
    """
    answer = _answer(work, {"command": {"format": "json", **command}, "input": base64.b64encode(input).decode()})
    code = answer.get("code")
    if isinstance(code, int):
        message = str(answer.get("message") or "")
        raise Refused(code, message or f'Ceph answered "{command.get("prefix")}" with error {code}')
    return _parsed(base64.b64decode(str(answer["out"])))


def ask(work: Work, prefix: str, **arguments: Json) -> Json:
    """`command` in one line: ask(work, "auth get", entity="mgr.a")."""
    return command(work, {"prefix": prefix, **arguments})


def _answer(work: Work, question: dict[str, Json]) -> dict[str, Json]:
    child = _running()
    waiting = child.ask(question)
    until = time.monotonic() + _CHILD_SECONDS
    while not waiting.done.wait(0.05):
        work.sleep(0)
        if time.monotonic() > until:
            child.end()
            raise Unknown(f"no answer from the monitors within {_CHILD_SECONDS} s")
    if waiting.answer is None:
        raise Unknown("the process that asks Ceph's monitors died; run again")
    if waiting.answer.get("silent"):
        raise Unknown(f"no answer from the monitors within {ANSWER_SECONDS} s")
    return waiting.answer


def _parsed(out: bytes) -> Json:
    text = out.decode("utf-8", "replace").strip()
    if text == "":
        return None
    try:
        parsed: Json = json.loads(text)
    except ValueError:
        return text
    return parsed
