"""Files that are there whole or not at all, after a power cut and on a full disk too."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

from ..where import real
from ..work import Failed

_NO_ROOM = {
    errno.ENOSPC: "no space is left",
    errno.EDQUOT: "the quota is used up",
    errno.EROFS: "nothing can be written",
}


def temporary_of(path: str) -> str:
    """Where a file is written before it takes another's place; a run that was killed may leave it."""
    return f"{path}.torocloud-new"


def write_atomically(path: str, content: bytes, mode: int = 0o644, uid: int = 0, gid: int = 0) -> None:
    """Content, mode and owner at once, synced to disk; where there is no room, Failed, and the old file stays."""
    with replacing(path, mode, uid, gid) as stream:
        stream.write(content)


@contextmanager
def replacing(path: str, mode: int = 0o644, uid: int = 0, gid: int = 0) -> Iterator[BinaryIO]:
    """A new file that takes the place of the one at `path` when the block ends well; otherwise the old one stays."""
    temporary = real(temporary_of(path))
    try:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                yield stream
                stream.flush()
                own(stream.fileno(), mode, uid, gid)
                os.fsync(stream.fileno())
            os.replace(temporary, real(path))
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise
        sync_folder(path)
    except OSError as problem:
        raise _in_words(path, problem) from problem


def own(descriptor: int, mode: int, uid: int, gid: int) -> None:
    """Sets owner and mode of an open file, where they are others."""
    status = os.fstat(descriptor)
    if (status.st_uid, status.st_gid) != (uid, gid):
        os.fchown(descriptor, uid, gid)
    os.fchmod(descriptor, mode)


def sync_folder(path: str) -> None:
    """What was renamed or removed in the folder that `path` lies in is on disk afterwards."""
    descriptor = os.open(os.path.dirname(real(path)), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as problem:
        if problem.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def _in_words(path: str, problem: OSError) -> Exception:
    words = _NO_ROOM.get(problem.errno or 0)
    if words is None:
        return problem
    return Failed(f"{path} could not be written: {words} {file_system_of(path)}; what was there stays as it is")


def file_system_of(path: str) -> str:
    """ "on the file system at /var (3 MiB free)"."""
    place = os.path.dirname(path) or "/"
    while not os.path.isdir(real(place)) or (place != "/" and not os.path.ismount(real(place))):
        place = os.path.dirname(place)
    status = os.statvfs(real(place))
    return f"on the file system at {place} ({status.f_bavail * status.f_frsize // (1 << 20)} MiB free)"
