"""Directories: such as others may use too (`directory`), and such as are ours alone (`own-directory`)."""

from __future__ import annotations

import contextlib
import os
import posixpath
import stat

from ..machine.accounts import owner_of
from ..machine.mounts import is_mounted_in
from ..where import real
from ..work import Change, Failed, Json, Spec, State, Work
from .files import in_words, set_ownership
from .specs import text


class Directory:
    """A directory that others may use too: made with its parents, removed only when it is empty."""

    def observe(self, work: Work, key: str, spec: Spec) -> State:
        """Mode and owner; a link to a directory is as good as one."""
        return _ownership(key)

    def apply(self, change: Change, key: str, spec: Spec) -> None:
        """Make it, or set mode and owner."""
        with in_words(key):
            os.makedirs(real(key), exist_ok=True)
            set_ownership(key, text(spec, "mode"), text(spec, "owner"))

    def remove(self, work: Work, key: str, spec: Spec) -> None:
        """Where something is in it, it stays."""
        with contextlib.suppress(OSError):
            os.rmdir(real(key))


class OwnDirectory(Directory):
    """A directory that is ours alone, removed with all that is in it. Never one that is a mount or has one in it."""

    def observe(self, work: Work, key: str, spec: Spec) -> State:
        """Mode and owner, or where a link in its place points to."""
        try:
            return {"link": os.readlink(real(key))}
        except OSError:
            return _ownership(key)

    def apply(self, change: Change, key: str, spec: Spec) -> None:
        """Make it, or set mode and owner; a link in its place is somebody's decision, and stays."""
        if os.path.islink(real(key)):
            raise Failed(f"{key} is a symbolic link; put the directory itself there, or mount it there")
        super().apply(change, key, spec)

    def remove(self, work: Work, key: str, spec: Spec) -> None:
        """With all that is in it on its file system; of a link, only the link."""
        if posixpath.normpath(key) != key or key.count("/") < 3:
            raise Failed(f"{key} is no directory of ours")
        remove_all(work, key)


def remove_all(work: Work, path: str) -> None:
    """Remove a directory with all that is in it, unless it is a mount or has one in it. Gone already is gone."""
    if is_mounted_in(path):
        raise Failed(f"something is mounted in {path}")
    # A process of its own ends with the request, also where a dead network file system does not answer.
    work.run(["rm", "-rf", "--one-file-system", "--", real(path)])


def _ownership(path: str) -> dict[str, Json] | None:
    try:
        status = os.stat(real(path))
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not stat.S_ISDIR(status.st_mode):
        return None
    return {"mode": f"{stat.S_IMODE(status.st_mode):o}", "owner": owner_of(status)}


directory = Directory()
own_directory = OwnDirectory()
