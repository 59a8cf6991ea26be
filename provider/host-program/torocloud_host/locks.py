"""What must not run twice at once on a host, from whatever run: one whose network went away lives on for a while."""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from .where import real
from .work import Busy

_PATIENCE_SECONDS = 120.0
_EVERY_SECONDS = 0.05


class _Waits(Protocol):
    def say(self, text: str) -> None: ...
    def sleep(self, seconds: float) -> None: ...


@contextmanager
def held(name: str | None, work: _Waits) -> Iterator[int | None]:
    """The descriptor of the lock, for children to inherit: it is free when the last of them has ended.

    Waits for an earlier run, and says so. Raises Busy where that does not end.
    """
    if name is None:
        yield None
        return
    path = real("/run/lock/torocloud-" + re.sub(r"[^A-Za-z0-9_.@:-]", "_", name))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    descriptor = _take(path, name, work)
    try:
        yield descriptor
    finally:
        if _is_current(path, descriptor):
            os.unlink(path)
        os.close(descriptor)


def _take(path: str, name: str, work: _Waits) -> int:
    began, said = time.monotonic(), False
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever had it removes it, also while another waits for it.
            if _is_current(path, descriptor):
                return descriptor
            os.close(descriptor)
            continue
        except BlockingIOError:
            os.close(descriptor)
        if not said:
            work.say("waiting for an earlier run to leave it alone")
            said = True
        if time.monotonic() - began >= _PATIENCE_SECONDS:
            raise Busy(f"an earlier run is still at work on {name}; wait until it has ended, then run again")
        work.sleep(_EVERY_SECONDS)


def _is_current(path: str, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False
