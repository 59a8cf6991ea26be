"""Files: with a content that comes with the spec (`file`), or as payload (`sent-file`)."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterator
from io import BufferedReader

from ..machine import atomic
from ..machine.accounts import numbers_of, owner_of
from ..where import real
from ..work import Change, Failed, Json, Spec, State, Work
from .specs import text

CHUNK = 1 << 20


def state_of(path: str) -> dict[str, Json] | None:
    """A regular file's mode, owner and SHA-256, or where a symbolic link points to; None for anything else."""
    try:
        return {"link": os.readlink(real(path))}
    except OSError:
        pass  # It is no link.
    stream = _opened(path)
    if stream is None:
        return None
    with stream:
        status = os.fstat(stream.fileno())
        return {
            "mode": f"{stat.S_IMODE(status.st_mode):o}",
            "owner": owner_of(status),
            "digest": hashlib.file_digest(stream, "sha256").hexdigest(),
        }


def put_file(path: str, content: bytes, mode: str, owner: str) -> None:
    """Write a file atomically.

    What is right already keeps its time and inode: systemd takes a file with another time for another unit.
    """
    with in_words(path):
        if _holds(path, hashlib.sha256(content).hexdigest()):
            set_ownership(path, mode, owner)
            _unlink(left_over(path))
        else:
            atomic.write_atomically(path, content, int(mode, 8), *numbers_of(owner))


def remove_file(path: str) -> None:
    """Remove a file, and what a killed write left beside it: it may be a key."""
    with in_words(path):
        _unlink(path)
        _unlink(left_over(path))


def set_ownership(path: str, mode: str, owner: str) -> None:
    """Give a file or directory its owner and mode, where it has others."""
    status = os.stat(real(path))
    numbers = numbers_of(owner)
    if (status.st_uid, status.st_gid) != numbers:
        os.chown(real(path), *numbers)
    # A change of owner takes away setuid, so what the mode is by now is looked at again.
    if stat.S_IMODE(os.stat(real(path)).st_mode) != int(mode, 8):
        os.chmod(real(path), int(mode, 8))


def left_over(path: str) -> str:
    """Where a new content lies until it is complete."""
    return f"{path}.torocloud-new"


@contextlib.contextmanager
def in_words(path: str) -> Iterator[None]:
    """Turns an error of the system into a sentence about the path."""
    try:
        yield
    except OSError as error:
        raise Failed(f"{path}: {error.strerror or error}") from error


class File:
    """A file with exactly this content, mode and owner. Its directory must be there."""

    def observe(self, work: Work, key: str, spec: Spec) -> State:
        """Mode, owner and digest."""
        return state_of(key)

    def apply(self, change: Change, key: str, spec: Spec) -> None:
        """Write it, or set only mode and owner."""
        put_file(key, text(spec, "content").encode("utf-8", "surrogatepass"), text(spec, "mode"), text(spec, "owner"))

    def remove(self, work: Work, key: str, spec: Spec) -> None:
        """With what a killed write left."""
        remove_file(key)


class SentFile(File):
    """A file whose content is sent apart, known by its digest."""

    def apply(self, change: Change, key: str, spec: Spec) -> None:
        """Write what is sent, unless it is there already. Raises Failed when something else is sent."""
        mode, owner, digest = text(spec, "mode"), text(spec, "owner"), text(spec, "digest")
        with in_words(key):
            if _holds(key, digest):
                set_ownership(key, mode, owner)
                _unlink(left_over(key))
            else:
                _receive(change.payload(), key, digest)
                set_ownership(left_over(key), mode, owner)
                os.replace(real(left_over(key)), real(key))
                atomic.sync_folder(key)


def _receive(chunks: Iterator[bytes], path: str, digest: str) -> None:
    """Write what is sent beside the path, and sync it."""
    _unlink(left_over(path))
    received = hashlib.sha256()
    descriptor = os.open(real(left_over(path)), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as target:
            for chunk in chunks:
                received.update(chunk)
                target.write(chunk)
            target.flush()
            os.fsync(target.fileno())
        if received.hexdigest() != digest:
            raise Failed(f"{path} changed while it was uploaded; run it again once it stays as it is")
    except BaseException:
        _unlink(left_over(path))
        raise


def _opened(path: str) -> BufferedReader | None:
    """A regular file to read from; None for a link, a directory, or nothing."""
    try:
        descriptor = os.open(real(path), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError:
        # A link or a socket; anything else is a file that cannot be read.
        if _is_file(path):
            raise
        return None
    stream = os.fdopen(descriptor, "rb")
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return stream
    stream.close()
    return None


def _is_file(path: str) -> bool:
    try:
        return stat.S_ISREG(os.lstat(real(path)).st_mode)
    except OSError:
        return False


def _holds(path: str, digest: str) -> bool:
    return (state_of(path) or {}).get("digest") == digest


def _unlink(path: str) -> None:
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        os.unlink(real(path))


file = File()
sent_file = SentFile()
