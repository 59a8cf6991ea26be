"""One request: its steps in order, its payload, its end."""

from __future__ import annotations

import base64
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import TypeVar

from . import marker_places, registry
from .locks import held
from .processes import Children
from .text import visible
from .work import Busy, Completed, Failed, Json, Kind, Seen, Spec, State, Unknown

Send = Callable[[dict[str, Json]], None]
Half = TypeVar("Half")

TELL_SECONDS = 0.3
"""How long a step takes before it is told of: most are over by then, and to tell of each costs more than to do it."""

_CREDIT = 4
"""How many chunks of payload may be under way."""


class Cancelled(BaseException):
    """The request is no longer wanted; not to be caught by kinds."""


class Overdue(BaseException):
    """The request's time is over; not to be caught by kinds."""


class Job(threading.Thread):
    """A request while it runs; it is what its steps are offered as Work and Change."""

    def __init__(self, number: int, request: dict[str, Json], send: Send, done: Callable[[int], None]) -> None:
        super().__init__(daemon=True)
        self.number = number
        self._request = request
        self._send = send
        self._done = done
        self._cancelled = threading.Event()
        limit = request.get("limit")
        self._limit = float(limit) if isinstance(limit, (int, float)) else 3600.0
        self._until = time.monotonic() + self._limit
        self._chunks: deque[str | None] = deque()
        self._chunk_came = threading.Condition()
        self._step = -1
        self._step_began = time.monotonic()
        self._step_told = -1
        self._children = Children(self._check, self._line)
        self.found: State = None
        self.disturb = False

    def run_steps(self) -> dict[str, Json]:
        """The answer."""
        steps = self._request.get("steps")
        lock = self._request.get("lock")
        if not isinstance(steps, list):
            raise Failed("a request without steps came; is the other end of another version?")
        with held(lock if isinstance(lock, str) else None, self) as descriptor:
            self._children.inherited = descriptor
            results: list[Json] = []
            for index, step in enumerate(steps):
                self._check()
                self._step, self._step_began = index, time.monotonic()
                result = self._do(step if isinstance(step, dict) else {})
                results.append(result.json() if isinstance(result, Seen) else result)
                if isinstance(result, Seen) and not result.done and isinstance(step, dict) and step["do"] == "wait":
                    return {"results": results, "stopped": index}
            return {"results": results}

    def run(self) -> None:
        """The thread."""
        try:
            self._send({"id": self.number, **self.run_steps()})
        except Cancelled:
            self._fail("cancelled", "it was cancelled")
        except Overdue:
            self._fail("overdue", f"it did not end within {self._limit:g} s and was ended")
        except Busy as problem:
            self._fail("busy", str(problem))
        except Unknown as problem:
            self._fail("unknown", str(problem))
        except Failed as problem:
            self._fail("failed", str(problem))
        except OSError as problem:
            at = f": {problem.filename}" if isinstance(problem.filename, str) else ""
            self._fail("failed", f"{problem.strerror or type(problem).__name__}{at} ({_place(problem)})")
        except Exception as problem:  # An error's own text may quote what must not be told.
            self._fail("failed", f"an error in torocloud itself, {type(problem).__name__} in {_place(problem)}")
        finally:
            self._children.end()
            self._done(self.number)

    def cancel(self) -> None:
        """Ends it soon: what runs for it is ended now."""
        self._cancelled.set()
        self._children.wake()
        with self._chunk_came:
            self._chunk_came.notify_all()

    def feed(self, chunk: str | None) -> None:
        """A piece of its payload, base64; None at the end."""
        with self._chunk_came:
            self._chunks.append(chunk)
            self._chunk_came.notify_all()

    def tell_long_step(self) -> None:
        """Which step it is at, once, where that takes so long that somebody may want to know."""
        if time.monotonic() - self._step_began >= TELL_SECONDS:
            self._tell_step()

    # What is offered to kinds.

    def say(self, text: str) -> None:
        """Tell whoever waits."""
        self._tell_step()
        self._send({"id": self.number, "say": visible(text)})

    def run_command(
        self,
        argv: Sequence[str],
        *,
        input: bytes | None = None,
        seconds: float | None = None,
        check: bool = True,
        environment: Mapping[str, str] | None = None,
    ) -> Completed:
        """See Work.run."""
        return self._children.run(argv, input=input, seconds=seconds, check=check, environment=environment)

    def sleep(self, seconds: float) -> None:
        """Raises when the request was cancelled or its time is over."""
        self._check()
        self._cancelled.wait(min(seconds, max(0.0, self._until - time.monotonic())))
        self._check()

    def payload(self) -> Iterator[bytes]:
        """The request's payload, in chunks as they come."""
        self._send({"id": self.number, "want": _CREDIT})
        while True:
            with self._chunk_came:
                while not self._chunks:
                    self._check()
                    self._chunk_came.wait(0.2)
                chunk = self._chunks.popleft()
            if chunk is None:
                return
            self._send({"id": self.number, "want": 1})
            yield base64.b64decode(chunk)

    # Its own.

    def _check(self) -> None:
        if self._cancelled.is_set():
            raise Cancelled
        if time.monotonic() >= self._until:
            raise Overdue

    def _tell_step(self) -> None:
        if self._step_told != self._step:
            self._step_told = self._step
            self._send({"id": self.number, "step": self._step})

    def _line(self, line: str) -> None:
        self._tell_step()
        self._send({"id": self.number, "line": visible(line)})

    def _fail(self, how: str, message: str) -> None:
        self._send({"id": self.number, "failed": how, "message": message, "step": self._step})

    def _do(self, step: dict[str, Json]) -> Json | Seen:
        what = step.get("do")
        if what in ("readMarker", "writeMarker", "dropMarker"):
            return _marker_step(Offered(self), str(what), step)
        if what in ("observe", "apply", "remove"):
            return self._artifact_step(str(what), step)
        work = Offered(self)
        if what == "query":
            return _known(registry.queries, "query", step)(work, _spec(step))
        if what in ("check", "wait"):
            condition = _known(registry.conditions, "condition", step)
            seconds = step.get("seconds") if what == "wait" else 0
            return self._wait(lambda: condition(work, _spec(step)), float(str(seconds)))
        raise Failed("a step of an unknown kind came; is the other end of another version?")

    def _artifact_step(self, what: str, step: dict[str, Json]) -> Json:
        kind: Kind = _known(registry.kinds, "kind", step)
        key, spec, work = str(step.get("key")), _spec(step), Offered(self)
        if what == "observe":
            return kind.observe(work, key, spec)
        if what == "remove":
            kind.remove(work, key, spec)
            return None
        work.found = step.get("found")
        work.disturb = step.get("disturb") is True
        kind.apply(work, key, spec)
        return None

    def _wait(self, ask: Callable[[], Seen], seconds: float) -> Seen:
        until, pause, last = time.monotonic() + seconds, 0.1, ""
        while True:
            seen = _asked(ask)
            if seen.done or seen.hopeless is not None or time.monotonic() >= until:
                return seen
            if seen.seen != last:
                self._line(seen.seen)
                last = seen.seen
            self.sleep(min(pause, max(0.0, until - time.monotonic())))
            pause = min(pause * 1.3, 1.0)


class Offered:
    """What a step is offered: Work, and Change where it applies."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self.found: State = None
        self.disturb = False
        self.say = job.say
        self.run = job.run_command
        self.sleep = job.sleep
        self.payload = job.payload


def _asked(ask: Callable[[], Seen]) -> Seen:
    try:
        return ask()
    except (Failed, Unknown) as problem:
        return Seen(False, str(problem))


def _known(halves: Mapping[str, Half], what: str, step: dict[str, Json]) -> Half:
    name = str(step.get("kind"))
    half = halves.get(name)
    if half is None:
        raise Failed(f"this program knows no {what} {visible(name)[:60]}; is the other end of another version?")
    return half


def _spec(step: dict[str, Json]) -> Spec:
    spec = step.get("spec")
    return spec if isinstance(spec, dict) else {}


def _marker_step(work: Offered, what: str, step: dict[str, Json]) -> Json:
    place = step.get("place")
    if not isinstance(place, dict):
        raise Failed("a marker without a place was asked for; is the other end of another version?")
    if what == "readMarker":
        return marker_places.read(work, place)
    if what == "writeMarker":
        marker_places.write(work, place, step.get("marker"))
    else:
        marker_places.drop(work, place)
    return None


def _place(problem: BaseException) -> str:
    """Where it was raised, "files.py:42"."""
    trace = problem.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "an unknown place"
    return f"{PurePath(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
