"""Debian packages. They stay when the resource goes: something else may need them by then."""

from __future__ import annotations

import os
import time

from ..where import real
from ..work import Change, Completed, Failed, Spec, State, Work
from .specs import texts

_LISTS_LOCK = "/var/lib/apt/lists/lock"
_LOCK_SECONDS = 300
_QUIET = {"DEBIAN_FRONTEND": "noninteractive"}


class Packages:
    """Those of a list that are installed."""

    def observe(self, work: Work, key: str, spec: Spec) -> State:
        """Their names, sorted; None where none is."""
        asked = ["dpkg-query", "-W", "-f", "${db:Status-Status} ${Package}\\n", *texts(spec, "names")]
        answer = work.run(asked, check=False)
        lines = (line.split(" ") for line in answer.text.splitlines())
        installed = sorted({words[1] for words in lines if words[0] == "installed"})
        return {"installed": [*installed]} if installed else None

    def apply(self, change: Change, key: str, spec: Spec) -> None:
        """Install all of them, without what Debian recommends beside; settings that a person changed stay."""
        names = texts(spec, "names")
        change.say(f"installing {', '.join(names)}")
        if _install(change, names, check=False).code == 0:
            return
        # After an installation that was cut off, apt refuses everything until this has been done.
        change.run(["dpkg", "--force-confold", "--configure", "-a"], check=False, environment=_QUIET)
        _update(change)
        _install(change, names, check=True)

    def remove(self, work: Work, key: str, spec: Spec) -> None:
        """They stay."""


def _install(work: Work, names: list[str], *, check: bool) -> Completed:
    options = ["-qy", "-o", f"DPkg::Lock::Timeout={_LOCK_SECONDS}", "-o", "Dpkg::Options::=--force-confold"]
    command = ["apt-get", *options, "install", "--no-install-recommends", *names]
    return work.run(command, check=check, environment=_QUIET)


def _update(work: Work) -> None:
    """apt waits for dpkg's lock, but not for that of its own lists, which apt-daily holds on a fresh machine."""
    until = time.monotonic() + _LOCK_SECONDS
    said = ""
    while True:
        answer = work.run(["apt-get", "-q", "update"], check=False, environment=_QUIET)
        if answer.code == 0:
            return
        if _LISTS_LOCK not in answer.stderr:
            raise Failed(f"apt-get update failed:\n{answer.stderr.strip()[-2000:]}")
        holder = _holder_of(_LISTS_LOCK)
        if time.monotonic() >= until:
            raise Failed(f"{holder} has held apt's package lists for {_LOCK_SECONDS} s; end it, then run again")
        if holder != said:
            work.say(f"waiting for {holder} to leave apt's package lists alone")
            said = holder
        work.sleep(2)


def _holder_of(path: str) -> str:
    """Who has a file locked, "apt-get (pid 12)"."""
    try:
        inode = os.stat(real(path)).st_ino
        with open(real("/proc/locks")) as lines:
            held = [line.split() for line in lines]
    except OSError:
        return "another program"
    pids = [words[4] for words in held if len(words) > 5 and words[5].endswith(f":{inode}")]
    for pid in pids:
        try:
            with open(real(f"/proc/{pid}/comm")) as stream:
                return f"{stream.read().strip()} (pid {pid})"
        except OSError:
            continue
    return "another program"


packages = Packages()
