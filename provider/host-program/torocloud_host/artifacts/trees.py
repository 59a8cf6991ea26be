"""A directory kept equal to what a folder elsewhere holds; a file that did not come from there is never touched.

What came from there stands in a list beside the directory, where guests that see the directory do not see it: of
/srv/shares/web in /srv/shares/.torocloud/web.json and, until a sync has ended, in web.more, a line for each file that
it has begun. Version 0.1.0 kept both in the directory itself; the next sync moves them.

The digest is the SHA-256 of lines "<sha256 of the content> <x or -> <path>" in the paths' byte order, with
"folder <path>/" for an empty folder. Guests may write to the directory, so no link in it is ever followed: every step
of a path is opened from the one before it. This module stands alone: a look runs it in a process of its own, as a
network file system without servers keeps whoever looks waiting.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BufferedReader
from typing import Any, BinaryIO

OLD_MANIFEST = ".torocloud-manifest"
OLD_MORE = ".torocloud-manifest-more"
OLD_TEMPORARY = ".torocloud-new"
PLACE = ".torocloud"
MODE, EXECUTABLE = 0o644, 0o755
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
SHOWN = 5

MakeWay = Callable[[str, str, int], None]


class Wrong(Exception):
    """A sentence for a person."""


class Tree:
    """The directory, by names relative to it."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.root = os.open(path, os.O_RDONLY | os.O_DIRECTORY)

    def close(self) -> None:
        os.close(self.root)

    def folder(self, name: str, make_way: MakeWay | None = None) -> int:
        """A descriptor of the folder that a name is in; with `make_way`, folders that are missing are made."""
        steps = name.split("/")
        if not {"", ".", ".."}.isdisjoint(steps):
            raise Wrong(f"{name} would leave {self.path}")
        folder = os.dup(self.root)
        for depth, step in enumerate(steps[:-1], 1):
            inner = self._step_into(folder, step, "/".join(steps[:depth]), make_way)
            os.close(folder)
            folder = inner
        return folder

    def _step_into(self, folder: int, step: str, name: str, make_way: MakeWay | None) -> int:
        try:
            return os.open(step, FOLDER, dir_fd=folder)
        except OSError:
            if not make_way:
                os.close(folder)
                raise
        make_way(name, step, folder)
        os.mkdir(step, 0o755, dir_fd=folder)
        return os.open(step, FOLDER, dir_fd=folder)

    def read(self, name: str) -> BufferedReader | None:
        """The content of a regular file; None where there is none."""
        try:
            folder = self.folder(name)
        except OSError:
            return None
        try:
            return regular(os.path.basename(name), folder)
        finally:
            os.close(folder)

    def entry(self, name: str) -> str | None:
        """As it stands in the list, with mode and owner where these are not what `replace` gives."""
        if name.endswith("/"):
            return self._folder_entry(name[:-1])
        stream = self.read(name)
        if stream is None:
            return None
        with stream:
            status = os.fstat(stream.fileno())
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        mode = stat.S_IMODE(status.st_mode)
        kind = {MODE: "-", EXECUTABLE: "x"}.get(mode, f"{mode:o}")
        owned = (status.st_uid, status.st_gid) == (os.geteuid(), os.getegid())
        return f"{digest} {kind}" + ("" if owned else f" {status.st_uid}:{status.st_gid}")

    def _folder_entry(self, name: str) -> str | None:
        try:
            os.close(self.folder(f"{name}/x"))
        except OSError:
            return None
        return "folder"

    def put_folder(self, name: str, make_way: MakeWay) -> None:
        """An empty folder, with those above it."""
        os.close(self.folder(f"{name}/x", make_way))

    def replace(self, name: str, source: int, temporary: str, make_way: MakeWay) -> None:
        """A file from elsewhere on the same file system takes its place."""
        folder = self.folder(name, make_way)
        try:
            base = os.path.basename(name)
            if is_folder(base, folder):
                make_way(name, base, folder)
            os.replace(temporary, base, src_dir_fd=source, dst_dir_fd=folder)
        finally:
            os.close(folder)

    def remove(self, name: str) -> None:
        """The file or empty folder, and the folders that are empty without it. Gone already is gone."""
        if not name.endswith("/") and not self._unlink(name):
            return
        name = name.rstrip("/") if name.endswith("/") else os.path.dirname(name)
        while name:
            try:
                outer = self.folder(name)
            except OSError:
                return
            try:
                os.rmdir(os.path.basename(name), dir_fd=outer)
            except OSError:
                return
            finally:
                os.close(outer)
            name = os.path.dirname(name)

    def _unlink(self, name: str) -> bool:
        try:
            folder = self.folder(name)
        except OSError:
            return False
        try:
            os.unlink(os.path.basename(name), dir_fd=folder)
        except OSError:
            return False
        finally:
            os.close(folder)
        return True


class Manifest:
    """The list of what came from elsewhere."""

    def __init__(self, path: str) -> None:
        self.place = os.path.join(os.path.dirname(path), PLACE)
        self.base = os.path.basename(path)

    def read(self, tree: Tree) -> dict[str, str] | None:
        """None where there is none that can be read. What 0.1.0 left counts too."""
        lines = [line for name in (OLD_MANIFEST, OLD_MORE) for line in lines_of(tree.read(name))]
        with suppress(OSError):
            folder = os.open(self.place, FOLDER)
            try:
                for name in (f"{self.base}.json", f"{self.base}.more"):
                    lines += lines_of(regular(name, folder))
            finally:
                os.close(folder)
        maps = [entries for entries in map(parsed, lines) if entries is not None]
        return {name: entry for entries in maps for name, entry in entries.items()} if maps else None

    def open(self) -> int:
        """A descriptor of its folder, which is made."""
        with suppress(FileExistsError):
            os.mkdir(self.place, 0o700)
        return os.open(self.place, FOLDER)

    def remove(self) -> None:
        """With the folder, where it is the last."""
        for end in (".json", ".more", ".new"):
            with suppress(FileNotFoundError, NotADirectoryError):
                os.unlink(os.path.join(self.place, self.base + end))
        with suppress(OSError):
            os.rmdir(self.place)


def regular(name: str, folder: int) -> BufferedReader | None:
    """A regular file to read from."""
    try:
        stream = os.fdopen(os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder), "rb")
    except OSError:
        return None
    if stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        return stream
    stream.close()
    return None


def lines_of(stream: BinaryIO | None) -> list[bytes]:
    """Nothing of a file that is not there."""
    if stream is None:
        return []
    with stream:
        return stream.readlines()


def parsed(line: bytes) -> dict[str, str] | None:
    """None where it is no whole line of a list."""
    try:
        return dict(json.loads(line))
    except (ValueError, TypeError):
        return None


def is_folder(base: str, folder: int) -> bool:
    """Without following a link."""
    try:
        return stat.S_ISDIR(os.stat(base, dir_fd=folder, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return False


def digest_of(entries: dict[str, str]) -> str:
    """One for the whole tree; project/local-folder.ts computes the same."""
    lines = (f"{entries[name]} {name}\n" for name in sorted(entries, key=os.fsencode))
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def look(path: str) -> dict[str, Any] | None:
    """What is there, as JSON; None where there is nothing."""
    if not os.path.isdir(path):
        return None
    tree = Tree(path)
    manifest = Manifest(path).read(tree)
    inside = [name for name in (OLD_MANIFEST, OLD_MORE, OLD_TEMPORARY) if name in os.listdir(path)]
    if manifest is None:
        return {"other": True} if set(os.listdir(path)) - set(inside) else None
    now = {name: tree.entry(name) or "missing" for name in manifest}
    changed = sorted(name for name in manifest if now[name] != manifest[name])
    return {
        "digest": digest_of(now),
        "changed": changed[:SHOWN],
        "more": max(0, len(changed) - SHOWN),
        "listInside": bool(inside),
    }


class Frames:
    """Files as they are sent: a line of JSON, then so many bytes, one after the other."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """The headers; the content of each must be read before the next."""
        while True:
            while b"\n" not in self._rest:
                chunk = next(self._chunks, None)
                if chunk is None:
                    if self._rest:
                        raise Wrong("what is sent ended in the midst of a file; run it again")
                    return
                self._rest += chunk
            line, self._rest = self._rest.split(b"\n", 1)
            yield json.loads(line)

    def content(self, size: int) -> Iterator[bytes]:
        """The next so many bytes."""
        while size > 0:
            if not self._rest:
                chunk = next(self._chunks, None)
                if chunk is None:
                    raise Wrong("what is sent ended in the midst of a file; run it again")
                self._rest = chunk
            piece, self._rest = self._rest[:size], self._rest[size:]
            size -= len(piece)
            yield piece


class Sync:
    """Makes a directory hold what is sent."""

    def __init__(self, path: str) -> None:
        os.makedirs(path, exist_ok=True)
        self.tree = Tree(path)
        self.manifest = Manifest(path)
        self.before = self.manifest.read(self.tree) or {}
        self.after: dict[str, str] = {}
        self.place = self.manifest.open()
        self.base = self.manifest.base

    def run(self, frames: Frames) -> None:
        """Until the end, both the old and the new files count as ours."""
        with self.more() as more:
            for header in frames:
                self.take(header, frames, more)
        for name in set(self.before) - set(self.after):
            self.tree.remove(name)
        self.write_manifest()
        for name in (OLD_MANIFEST, OLD_MORE, OLD_TEMPORARY):
            self.tree.remove(name)
        os.close(self.place)
        self.tree.close()

    def take(self, header: dict[str, Any], frames: Frames, more: BinaryIO) -> None:
        """One file or empty folder. What is right already stays as it is."""
        path = str(header["path"])
        name, entry = (f"{path}/", "folder") if header.get("folder") else (path, entry_of(header))
        self.after[name] = entry
        content = frames.content(int(header.get("size", 0)))
        if self.tree.entry(name) == entry:
            for _ in content:
                pass
            return
        more.write(b"\n" + json.dumps({name: entry}).encode())
        if header.get("folder"):
            self.tree.put_folder(path, self.make_way)
            return
        self.receive(header, content)
        self.tree.replace(name, self.place, f"{self.base}.new", self.make_way)

    def receive(self, header: dict[str, Any], content: Iterator[bytes]) -> None:
        """The content into the temporary file. Raises Wrong where it is not what was announced."""
        digest = hashlib.sha256()
        with self.temporary() as target:
            for piece in content:
                digest.update(piece)
                target.write(piece)
            os.fchown(target.fileno(), os.geteuid(), os.getegid())
            os.fchmod(target.fileno(), EXECUTABLE if header.get("executable") else MODE)
        if digest.hexdigest() != header["digest"]:
            raise Wrong(f"{header['path']} changed while it was uploaded; run it again once it stays as it is")

    def temporary(self) -> BinaryIO:
        """A new file that takes another's place when it is complete; what an interrupted run left goes."""
        name = f"{self.base}.new"
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self.place)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        return os.fdopen(os.open(name, flags, 0o600, dir_fd=self.place), "wb")

    def more(self) -> BinaryIO:
        """For what the list does not have yet. A line begins by ending the one before, which may have been cut off."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        return os.fdopen(os.open(f"{self.base}.more", flags, 0o600, dir_fd=self.place), "wb", buffering=0)

    def write_manifest(self) -> None:
        """Whole; then the lines for what was under way go."""
        with self.temporary() as target:
            target.write(json.dumps(self.after, sort_keys=True).encode())
            target.flush()
            os.fsync(target.fileno())
        os.replace(f"{self.base}.new", f"{self.base}.json", src_dir_fd=self.place, dst_dir_fd=self.place)
        os.unlink(f"{self.base}.more", dir_fd=self.place)

    def make_way(self, name: str, base: str, folder: int) -> None:
        """What is there instead of the file or folder `name`: ours, or a link, goes; anything else is in the way."""
        for old in [old for old in self.before if old.rstrip("/") == name or old.startswith(name + "/")]:
            self.tree.remove(old)
        try:
            mode = os.stat(base, dir_fd=folder, follow_symlinks=False).st_mode
        except FileNotFoundError:
            return
        if not stat.S_ISLNK(mode):
            raise Wrong(f"{self.tree.path}/{name} did not come from here and is in the way; move it elsewhere")
        os.unlink(base, dir_fd=folder)


def entry_of(header: dict[str, Any]) -> str:
    """As it stands in the list."""
    return f"{header['digest']} {'x' if header.get('executable') else '-'}"


if __name__ == "__main__":
    print(json.dumps(look(sys.argv[1])))
