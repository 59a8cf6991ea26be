"""The program that looks at a path which may never answer; see bounded.py."""

from __future__ import annotations

SOURCE = r'''
import errno, json, os, select, stat, sys, time

ACTION, PATH, SECONDS = sys.argv[1:]
PATIENCE = 3


def answer():
    """What a client does first. An error counts where it stays for longer than a reconnection takes."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            os.stat(PATH)
            with os.scandir(PATH) as entries:
                next(entries, None)
            return {}
        except OSError:
            if time.monotonic() > until:
                raise
        time.sleep(0.5)


def place():
    """Where it really is, and what it is: nothing, an empty directory, one that holds files, anything else."""
    real = os.path.realpath(PATH)
    try:
        status = os.stat(real)
    except (FileNotFoundError, NotADirectoryError):
        return {"real": real, "type": None}
    if not stat.S_ISDIR(status.st_mode):
        return {"real": real, "type": "other"}
    with os.scandir(real) as entries:
        return {"real": real, "type": "directory" if next(entries, None) is None else "full"}


def read():
    try:
        with open(PATH, encoding="utf-8", errors="replace") as stream:
            return {"text": stream.read()}
    except (FileNotFoundError, NotADirectoryError):
        return {"text": None}


def policy():
    """What there is, to whom it belongs, and how much CephFS lets it hold; 0 where that has no limit."""
    try:
        status = os.stat(PATH)
    except (FileNotFoundError, NotADirectoryError):
        return {"there": None}
    try:
        limit = int(os.getxattr(PATH, "ceph.quota.max_bytes"))
    except OSError as problem:
        if problem.errno not in (errno.ENODATA, errno.EOPNOTSUPP):
            raise
        limit = 0
    kind = "directory" if stat.S_ISDIR(status.st_mode) else "other"
    return {"there": {"type": kind, "owner": f"{status.st_uid}:{status.st_gid}"}, "bytes": limit}


def look():
    try:
        return {"answer": answer, "place": place, "read": read, "policy": policy}[ACTION]()
    except OSError as problem:
        return {"errno": problem.errno, "problem": problem.strerror}


# Not even a signal ends who waits for a file system in the kernel. So another process waits, which has nothing of
# what was inherited: no output that somebody would read to its end, no lock.
ours, theirs = os.pipe()
if os.fork() == 0:
    os.dup2(theirs, 0)
    os.closerange(1, 4096)
    os.write(0, json.dumps(look()).encode())
    os._exit(0)
os.close(theirs)
ready, _, _ = select.select([ours], [], [], float(SECONDS))
if ready:
    said = b"".join(iter(lambda: os.read(ours, 65536), b""))
    print(said.decode() or '{"errno": 0, "problem": "whoever looked at it died"}')
else:
    print('{"late": true}')
'''
