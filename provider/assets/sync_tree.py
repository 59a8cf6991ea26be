"""Keep a directory equal to what a folder elsewhere holds, and never touch a file that did not come from there.

  sync_tree.py look DIRECTORY   prints the digest of the files that came from there, as they are now
  sync_tree.py sync DIRECTORY   reads a tar stream and makes it so; every file is replaced atomically

What came from there stands in DIRECTORY/.torocloud-manifest. The digest is the SHA-256 of lines
"<sha256 of the content> <x or -> <path>" in the paths' byte order.
"""

import hashlib
import json
import os
import sys
import tarfile

MANIFEST = ".torocloud-manifest"


def digest_of_file(path):
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        for chunk in iter(lambda: stream.read(1 << 20), b""):
            digest.update(chunk)
    return digest.hexdigest()


def entry(path):
    """What is at a path now; None where there is no regular file."""
    if os.path.islink(path) or not os.path.isfile(path):
        return None
    executable = "x" if os.stat(path).st_mode & 0o100 else "-"
    return digest_of_file(path) + " " + executable


def digest_of(entries):
    lines = (f"{entries[name]} {name}\n" for name in sorted(entries, key=os.fsencode))
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def read_manifest(root):
    try:
        with open(os.path.join(root, MANIFEST)) as stream:
            return json.load(stream)
    except FileNotFoundError:
        return {}


def look(root):
    manifest = read_manifest(root)
    if not os.path.isdir(root) or not manifest and not os.path.exists(os.path.join(root, MANIFEST)):
        return
    now = {name: entry(os.path.join(root, name)) or "missing" for name in manifest}
    changed = sorted(name for name in manifest if now[name] != manifest[name])
    print(digest_of(now), *(json.dumps(name) for name in changed[:5]), *(["..."] if len(changed) > 5 else []))


def write_manifest(root, manifest):
    path = os.path.join(root, MANIFEST)
    with open(path + "-new", "w") as stream:
        json.dump(manifest, stream, sort_keys=True)
    os.replace(path + "-new", path)


def inside(root, name):
    path = os.path.normpath(os.path.join(root, name))
    if not path.startswith(root + "/"):
        raise SystemExit(f"{name} would leave {root}")
    return path


def replace_file(path, executable, stream):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".torocloud-new", "wb") as target:
        for chunk in iter(lambda: stream.read(1 << 20), b""):
            target.write(chunk)
        os.fchmod(target.fileno(), 0o755 if executable else 0o644)
    os.replace(path + ".torocloud-new", path)


def sync(root):
    os.makedirs(root, exist_ok=True)
    before = read_manifest(root)
    after = {}
    # Until the end, both the old and the new files count as ours.
    with tarfile.open(fileobj=sys.stdin.buffer, mode="r|") as archive:
        for member in archive:
            path = inside(root, member.name)
            executable = bool(member.mode & 0o100)
            after[member.name] = member.pax_headers["TOROCLOUD.sha256"] + " " + ("x" if executable else "-")
            if entry(path) != after[member.name]:
                write_manifest(root, {**before, **after})
                replace_file(path, executable, archive.extractfile(member))
    for name in set(before) - set(after):
        path = inside(root, name)
        if os.path.lexists(path):
            os.remove(path)
        prune(root, os.path.dirname(path))
    write_manifest(root, after)


def prune(root, directory):
    while directory.startswith(root + "/"):
        try:
            os.rmdir(directory)
        except OSError:
            return
        directory = os.path.dirname(directory)


{"look": look, "sync": sync}[sys.argv[1]](os.path.normpath(sys.argv[2]))
