"""Commands that run for a request, and end with it."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import IO

from . import where
from .text import visible
from .work import Completed, Failed

_MARK = "TOROCLOUD_REQUEST"
_GRACE_SECONDS = 0.5
_LINGER_SECONDS = 0.3
"""How long the outputs of a command that has ended are read on: what it left may keep them open for ever."""
_KEPT_ERROR_BYTES = 256 * 1024
_MOST_OUTPUT_BYTES = 64 * 1024 * 1024
_KILLED_CODE = 124


class Children:
    """The commands of one request.

    `check` raises when the request must end; `tell` is given each line of their standard error.
    """

    def __init__(self, check: Callable[[], None], tell: Callable[[str], None]) -> None:
        self._check = check
        self._tell = tell
        self._mark = os.urandom(12).hex()
        self._any = False
        self._wake_read, self._wake_write = os.pipe()
        self._ended = False
        self._ending = threading.Lock()
        self.inherited: int | None = None
        """A descriptor that every command gets: a lock that is held while one of them lives."""

    def run(
        self,
        argv: Sequence[str],
        *,
        input: bytes | None,
        seconds: float | None,
        check: bool,
        environment: Mapping[str, str] | None,
    ) -> Completed:
        """See Work.run."""
        self._check()
        program = find(argv[0])
        if program is None:
            if check:
                raise Failed(f"there is no program {argv[0]} on this host")
            return Completed(127, b"", f"there is no program {argv[0]} on this host")
        process = self._start([program, *argv[1:]], input, environment)
        try:
            running = _Running(process, self._tell, self._wake_read)
            completed = running.to_end(self._check, seconds)
        except BaseException:
            self._end(process)
            raise
        if completed is None:
            self._end(process)
            completed = Completed(
                _KILLED_CODE, bytes(running.stdout), f"it took longer than {seconds:g} s and was ended"
            )
        if check and completed.code != 0:
            raise Failed(_failure(argv, completed))
        return completed

    def wake(self) -> None:
        """Whatever runs notices at once that the request must end."""
        with self._ending:
            if not self._ended:
                os.write(self._wake_write, b".")

    def end(self) -> None:
        """The request has ended."""
        with self._ending:
            self._ended = True
            os.close(self._wake_read)
            os.close(self._wake_write)

    def _start(
        self, argv: list[str], input: bytes | None, environment: Mapping[str, str] | None
    ) -> subprocess.Popen[bytes]:
        setpriv = find("setpriv")
        # When this program is killed, its commands must not work on.
        guarded = [setpriv, "--pdeathsig", "KILL", *argv] if setpriv else argv
        process = subprocess.Popen(
            guarded,
            stdin=subprocess.DEVNULL if input is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd="/",
            env={"LC_ALL": "C.UTF-8", "PATH": where.command_path, _MARK: self._mark, **(environment or {})},
            start_new_session=True,
            pass_fds=() if self.inherited is None else (self.inherited,),
        )
        self._any = True
        if input is not None and process.stdin is not None:
            threading.Thread(target=_feed, args=(process.stdin, input), daemon=True).start()
        return process

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        for pid in _marked(self._mark):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        # One that hangs in the kernel ends when that lets it; nobody waits for it.
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_SECONDS)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


class _Running:
    """One command and what it writes."""

    def __init__(self, process: subprocess.Popen[bytes], tell: Callable[[str], None], wake: int) -> None:
        self._process = process
        self._tell = tell
        self._wake = wake
        self.stdout = bytearray()
        self._stderr = bytearray()
        self._line = bytearray()

    def to_end(self, check: Callable[[], None], seconds: float | None) -> Completed | None:
        """None where it took longer than `seconds`."""
        until = None if seconds is None else time.monotonic() + seconds
        ended: float | None = None
        with selectors.DefaultSelector() as selector:
            streams = {self._process.stdout: self.stdout, self._process.stderr: self._stderr}
            for stream in streams:
                if stream is not None:
                    selector.register(stream, selectors.EVENT_READ)
            selector.register(self._wake, selectors.EVENT_READ)
            while len(selector.get_map()) > 1:
                for key, _ in selector.select(0.1):
                    self._read(key.fileobj, selector)
                check()
                now = time.monotonic()
                if until is not None and now >= until:
                    return None
                if ended is None and self._process.poll() is not None:
                    ended = now
                if ended is not None and now - ended > _LINGER_SECONDS:
                    break
        return self._completed(check, until)

    def _completed(self, check: Callable[[], None], until: float | None) -> Completed | None:
        # It may have closed its outputs long before its end.
        while self._process.poll() is None:
            check()
            if until is not None and time.monotonic() >= until:
                return None
            time.sleep(0.005)
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()
        code = self._process.returncode
        return Completed(code if code >= 0 else 128 - code, bytes(self.stdout), self._stderr.decode("utf-8", "replace"))

    def _read(self, stream: object, selector: selectors.BaseSelector) -> None:
        if stream == self._wake:
            return
        is_output = stream is self._process.stdout
        source = self._process.stdout if is_output else self._process.stderr
        assert source is not None
        chunk = os.read(source.fileno(), 65536)
        if not chunk:
            selector.unregister(source)
            if not is_output:
                self._tell_lines(b"\n")
        elif is_output:
            self.stdout += chunk
            if len(self.stdout) > _MOST_OUTPUT_BYTES:
                raise Failed(f"a command wrote more than {_MOST_OUTPUT_BYTES >> 20} MiB to its standard output")
        else:
            self._stderr += chunk
            del self._stderr[:-_KEPT_ERROR_BYTES]
            self._tell_lines(chunk)

    def _tell_lines(self, chunk: bytes) -> None:
        self._line += chunk
        *lines, rest = self._line.split(b"\n")
        self._line = bytearray(rest[-4096:])
        for line in lines:
            text = line.decode("utf-8", "replace").strip()
            if text:
                self._tell(text[:400])


def find(name: str) -> str | None:
    """The path of a program."""
    if "/" in name:
        return name if os.access(name, os.X_OK) else None
    places = (os.path.join(folder, name) for folder in where.command_path.split(":"))
    return next((place for place in places if os.access(place, os.X_OK) and os.path.isfile(place)), None)


def _feed(stream: IO[bytes], content: bytes) -> None:
    # A command need not read all.
    with suppress(OSError):
        stream.write(content)
    with suppress(OSError):
        stream.close()


def _marked(mark: str) -> list[int]:
    """The processes that a request's commands started, those in sessions of their own too."""
    wanted = f"{_MARK}={mark}".encode()
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        with suppress(OSError), open(f"/proc/{name}/environ", "rb") as stream:
            if wanted in stream.read().split(b"\0"):
                found.append(int(name))
    return found


def _failure(argv: Sequence[str], completed: Completed) -> str:
    lines = [line for line in completed.stderr.strip().split("\n") if line][-12:]
    said = visible("\n".join(lines))
    return f"{os.path.basename(argv[0])} failed with exit code {completed.code}" + (f":\n{said}" if said else "")
