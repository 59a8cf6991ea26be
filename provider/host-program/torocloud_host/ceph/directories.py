"""Directories of a file system itself: the kind `ceph.directory`. What is in one is not ours to remove."""

from __future__ import annotations

import sys

from ..work import Change, Failed, Spec, State, Unknown, Work
from .shapes import text

_SECONDS = 60.0

# libcephfs is C++, and waits for servers that may not be there: it lives in a process of its own, with a limit.
_PROGRAM = """
import sys
action, name, path, libraries = sys.argv[1:]
sys.path.append(libraries)
import cephfs
fs = cephfs.LibCephFS(conffile="/etc/ceph/ceph.conf", auth_id="admin", conf={"client_mount_timeout": "20"})
try:
    fs.mount(filesystem_name=name.encode())
    if action == "make":
        fs.mkdirs(path.encode(), 0o755)
    fs.stat(path.encode())
    print("directory")
except cephfs.ObjectNotFound:
    if action == "make":
        raise
finally:
    fs.shutdown()
"""


def observe(work: Work, key: str, spec: Spec) -> State:
    """Whether it is there."""
    answer = work.run(_command("look", spec), check=False, seconds=_SECONDS)
    if answer.code != 0:
        last = answer.stderr.strip().splitlines()[-1:]
        raise Unknown(f"directory {text(spec['path'])} could not be looked at: {''.join(last) or 'no answer'}")
    return {} if answer.text == "directory" else None


def apply(work: Change, key: str, spec: Spec) -> None:
    """Make it, with those above it."""
    answer = work.run(_command("make", spec), check=False, seconds=_SECONDS)
    if answer.code != 0:
        last = answer.stderr.strip().splitlines()[-1:]
        raise Failed(f"directory {text(spec['path'])} could not be made: {''.join(last) or 'no answer'}")


def remove(work: Work, key: str, spec: Spec) -> None:
    """It stays, with all that is in it."""


def _command(action: str, spec: Spec) -> list[str]:
    interpreter = sys.executable or "/usr/bin/python3"
    words = [text(spec["fileSystem"]), text(spec["path"]), "/usr/lib/python3/dist-packages"]
    return [interpreter, "-ISE", "-c", _PROGRAM, action, *words]
