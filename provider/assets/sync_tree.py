"""Keep a directory equal to what a folder elsewhere holds, and never touch a file that did not come from there.

  sync_tree.py look DIRECTORY   prints the digest of the files that came from there, as they are now; "other" when all
                                that is in it came from elsewhere
  sync_tree.py sync DIRECTORY   reads a tar stream and makes it so; every file is replaced atomically

What came from there stands in DIRECTORY/.torocloud-manifest and, until a sync has ended, in .torocloud-manifest-more, a line
for each file that it has begun. The digest is the SHA-256 of lines
"<sha256 of the content> <x or -> <path>" in the paths' byte order. Guests may write to the directory, so no link in
it is ever followed: every step of a path is opened from the one before it.
"""

import hashlib
import json
import os
import stat
import sys
import tarfile

MANIFEST = ".torocloud-manifest"
MORE = ".torocloud-manifest-more"
TEMPORARY = ".torocloud-new"
MODE, EXECUTABLE = 0o644, 0o755
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


class Tree:
    """The directory, by names relative to it."""

    def __init__(self, path):
        self.path = path
        self.root = os.open(path, os.O_RDONLY | os.O_DIRECTORY)

    def folder(self, name, make_way=None):
        """A descriptor of the folder that a name is in; with `make_way`, folders that are missing are made."""
        steps = name.split("/")
        if not {"", ".", ".."}.isdisjoint(steps):
            raise SystemExit(f"{name} would leave {self.path}")
        folder = os.dup(self.root)
        for depth, step in enumerate(steps[:-1], 1):
            try:
                inner = os.open(step, FOLDER, dir_fd=folder)
            except OSError:
                if not make_way:
                    os.close(folder)
                    raise
                make_way("/".join(steps[:depth]), step, folder)
                os.mkdir(step, 0o755, dir_fd=folder)
                inner = os.open(step, FOLDER, dir_fd=folder)
            os.close(folder)
            folder = inner
        return folder

    def read(self, name):
        """The content of a regular file; None where there is none."""
        try:
            folder = self.folder(name)
        except OSError:
            return None
        try:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
            stream = os.fdopen(os.open(os.path.basename(name), flags, dir_fd=folder), "rb")
        except OSError:
            return None
        finally:
            os.close(folder)
        if stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            return stream
        stream.close()
        return None

    def entry(self, name):
        """As it stands in the manifest, with mode and owner where these are not what `replace` gives."""
        stream = self.read(name)
        if stream is None:
            return None
        digest = hashlib.sha256()
        with stream:
            status = os.fstat(stream.fileno())
            for chunk in iter(lambda: stream.read(1 << 20), b""):
                digest.update(chunk)
        mode = stat.S_IMODE(status.st_mode)
        kind = {MODE: "-", EXECUTABLE: "x"}.get(mode, f"{mode:o}")
        owned = (status.st_uid, status.st_gid) == (os.geteuid(), os.getegid())
        return f"{digest.hexdigest()} {kind}" + ("" if owned else f" {status.st_uid}:{status.st_gid}")

    def replace(self, name, executable, stream, make_way):
        folder = self.folder(name, make_way)
        with self.temporary() as target:
            for chunk in iter(lambda: stream.read(1 << 20), b""):
                target.write(chunk)
            os.fchown(target.fileno(), os.geteuid(), os.getegid())
            os.fchmod(target.fileno(), EXECUTABLE if executable else MODE)
        base = os.path.basename(name)
        if is_folder(base, folder):
            make_way(name, base, folder)
        os.replace(TEMPORARY, base, src_dir_fd=self.root, dst_dir_fd=folder)
        os.close(folder)

    def temporary(self):
        """A new file that takes another's place when it is complete; what an interrupted run left goes."""
        self.remove(TEMPORARY)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        return os.fdopen(os.open(TEMPORARY, flags, 0o644, dir_fd=self.root), "wb")

    def remove(self, name):
        """The file, and the folders that are empty without it. Gone already is gone."""
        try:
            folder = self.folder(name)
        except OSError:
            return
        try:
            os.unlink(os.path.basename(name), dir_fd=folder)
        except OSError:
            return
        finally:
            os.close(folder)
        while "/" in name:
            name = os.path.dirname(name)
            try:
                outer = self.folder(name)
                os.rmdir(os.path.basename(name), dir_fd=outer)
                os.close(outer)
            except OSError:
                return

    def manifest(self):
        """None where there is none that can be read."""
        lines = [line for name in (MANIFEST, MORE) for line in self.lines(name)]
        maps = [entries for entries in map(parsed, lines) if entries is not None]
        return {name: entry for entries in maps for name, entry in entries.items()} if maps else None

    def lines(self, name):
        stream = self.read(name)
        if stream is None:
            return []
        with stream:
            return stream.readlines()

    def write_manifest(self, manifest):
        with self.temporary() as target:
            target.write(json.dumps(manifest, sort_keys=True).encode())
        os.replace(TEMPORARY, MANIFEST, src_dir_fd=self.root, dst_dir_fd=self.root)
        self.remove(MORE)

    def more(self):
        """A file for what the manifest does not have yet. A line begins by ending the one before, which may have been cut off."""
        if self.read(MORE) is None:
            self.remove(MORE)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK
        return os.fdopen(os.open(MORE, flags, 0o644, dir_fd=self.root), "wb", buffering=0)


def parsed(line):
    """None where it is no whole line of a manifest."""
    try:
        return dict(json.loads(line))
    except (ValueError, TypeError):
        return None


def is_folder(base, folder):
    try:
        return stat.S_ISDIR(os.stat(base, dir_fd=folder, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return False


def digest_of(entries):
    lines = (f"{entries[name]} {name}\n" for name in sorted(entries, key=os.fsencode))
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def look(path):
    if not os.path.isdir(path):
        return
    tree = Tree(path)
    manifest = tree.manifest()
    if manifest is None:
        if set(os.listdir(path)) - {TEMPORARY, MORE}:
            print("other")
        return
    now = {name: tree.entry(name) or "missing" for name in manifest}
    changed = sorted(name for name in manifest if now[name] != manifest[name])
    print(digest_of(now), *(json.dumps(name) for name in changed[:5]), *(["..."] if len(changed) > 5 else []))


def sync(path):
    os.makedirs(path, exist_ok=True)
    tree = Tree(path)
    before = tree.manifest() or {}
    after = {}

    def make_way(name, base, folder):
        """What is there instead of the file or folder `name`: ours, or a link, goes; anything else is in the way."""
        for old in [old for old in before if old == name or old.startswith(name + "/")]:
            tree.remove(old)
        try:
            mode = os.stat(base, dir_fd=folder, follow_symlinks=False).st_mode
        except FileNotFoundError:
            return
        if not stat.S_ISLNK(mode):
            raise SystemExit(f"{path}/{name} did not come from here and is in the way; move it elsewhere")
        os.unlink(base, dir_fd=folder)

    # Until the end, both the old and the new files count as ours.
    with tree.more() as more, tarfile.open(fileobj=sys.stdin.buffer, mode="r|") as archive:
        for member in archive:
            executable = bool(member.mode & 0o100)
            after[member.name] = member.pax_headers["TOROCLOUD.sha256"] + (" x" if executable else " -")
            if tree.entry(member.name) != after[member.name]:
                more.write(b"\n" + json.dumps({member.name: after[member.name]}).encode())
                tree.replace(member.name, executable, archive.extractfile(member), make_way)
    for name in set(before) - set(after):
        tree.remove(name)
    tree.write_manifest(after)


{"look": look, "sync": sync}[sys.argv[1]](os.path.normpath(sys.argv[2]))
