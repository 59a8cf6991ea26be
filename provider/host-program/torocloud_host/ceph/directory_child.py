"""The program that looks at a directory of a file system, or makes it, through libcephfs; see directories.py."""

from __future__ import annotations

SOURCE = r"""
import json, os, stat, sys

ACTION, NAME, PATH, CONFIG, LIBRARIES = sys.argv[1:]
sys.path.append(LIBRARIES)


def tell(state):
    print(json.dumps(state), flush=True)


def look(fs):
    fs.mount(filesystem_name=NAME.encode())
    if ACTION == "make":
        fs.mkdirs(PATH.encode(), 0o755)
    return {"type": "directory" if stat.S_ISDIR(fs.stat(PATH.encode()).st_mode) else "other"}


def main():
    try:
        import cephfs
    except ImportError:
        tell({"problem": "the Debian package python3-cephfs is not installed"})
        return
    try:
        fs = cephfs.LibCephFS(conffile=CONFIG, auth_id="admin", conf={"client_mount_timeout": "20"})
    except cephfs.Error as problem:
        tell({"problem": str(problem)})
        return
    try:
        tell(look(fs))
    except cephfs.ObjectNotFound as problem:
        tell(None if ACTION == "look" else {"problem": str(problem)})
    except cephfs.Error as problem:
        tell({"problem": str(problem)})
    # Told before, as this may wait for what does not answer. A client that does not say goodbye is evicted.
    fs.shutdown()


main()
os._exit(0)
"""
