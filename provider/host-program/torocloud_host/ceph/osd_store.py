"""The kind `ceph.osd-store`: an OSD on a plain file, so no loop device is to be re-attached at boot.

UUID and secret exist before the cluster is asked for a number, and asking is idempotent on the UUID, so it can stop
anywhere and go on later.
"""

from __future__ import annotations

import errno
import json

from ..artifacts import files
from ..shapes import fields, number, text
from ..where import real
from ..work import Change, Failed, Json, Spec, State, Work
from . import keys, monitors, osd_place, osd_size, paths

_MKFS_SECONDS = 600.0


def observe(work: Work, key: str, spec: Spec) -> State:
    """The cluster that it is of; None where it is missing, or its labels are."""
    osd = paths.osd_number(key)
    if osd is None or _label(osd, "mkfs_done") != "yes":
        return None
    return {"fsid": _label(osd, "ceph_fsid")}


def apply(change: Change, key: str, spec: Spec) -> None:
    """Make it, or its labels anew. A store that says of itself that it was made is never made again."""
    _recover(change, key)
    osd = paths.osd_number(key)
    if osd is not None and _is_made(osd, key, spec):
        change.say(f"osd.{osd} has its store already")
    else:
        _make(change, key, spec)
    _forget_secret(key)


def remove(work: Work, key: str, spec: Spec) -> None:
    """The cluster forgets it, and all that it holds goes."""
    osd = paths.osd_number(key)
    if osd is not None:
        monitors.ask(work, "osd down", ids=[osd])
        _unless_absent(work, "osd crush rm", name=f"osd.{osd}")
        monitors.ask(work, "auth rm", entity=f"osd.{osd}")
        osd_place.forget(work, osd)
        monitors.ask(work, "osd rm", ids=[osd])
        paths.remove_tree(work, paths.osd_directory(osd))
    _forget_secret(key)


def _unless_absent(work: Work, prefix: str, **arguments: Json) -> None:
    try:
        monitors.ask(work, prefix, **arguments)
    except monitors.Refused as refused:
        if refused.code != errno.ENOENT:
            raise


def _label(osd: str, name: str) -> str:
    return paths.content(f"{paths.osd_directory(osd)}/{name}").strip()


def _is_made(osd: str, uuid: str, spec: Spec) -> bool:
    return (_label(osd, "mkfs_done"), _label(osd, "fsid"), _label(osd, "ceph_fsid")) == ("yes", uuid, spec["fsid"])


def _make(work: Work, uuid: str, spec: Spec) -> None:
    place = osd_place.place_for(work, text(spec["host"]))
    secret = _secret(work, uuid)
    osd = _new_number(work, uuid, secret)
    directory = paths.osd_directory(osd)
    if _label(osd, "fsid") not in ("", uuid):
        raise Failed(f"{directory} belongs to another OSD: {_label(osd, 'fsid')}")
    osd_place.write_down(work, int(osd), place)
    paths.make_directory(work, directory)
    files.put_file(f"{directory}/keyring", keys.render(f"osd.{osd}", secret).encode(), "600", "ceph:ceph")
    block = f"{directory}/block"
    files.remove_file(block)
    work.run(["fallocate", "-l", str(number(spec["sizeGiB"]) * 1024**3), real(block)])
    work.run(["chown", "ceph:ceph", real(block)])
    # From the root directory: it looks for its plug-ins from where it is started.
    mkfs = ["ceph-osd", "--mkfs", "-i", osd, "--osd-objectstore", "bluestore", "--osd-data", real(directory)]
    as_ceph = ["--osd-uuid", uuid, "--setuser", "ceph", "--setgroup", "ceph"]
    work.run(["env", "-C", "/", *mkfs, *as_ceph], seconds=_MKFS_SECONDS)
    if not _is_made(osd, uuid, spec):
        raise Failed(f"ceph-osd --mkfs left {directory} without its labels")


def _secret_path(uuid: str) -> str:
    return f"{paths.STATE_DIRECTORY}/osd-{uuid}.secret"


def _secret(work: Work, uuid: str) -> str:
    path = _secret_path(uuid)
    if paths.content(path) == "":
        key = work.run(["ceph-authtool", "--gen-print-key"], seconds=paths.TOOL_SECONDS).text
        files.put_file(path, f"{key}\n".encode(), "600", "root:root")
    return paths.content(path).strip()


def _forget_secret(uuid: str) -> None:
    files.remove_file(_secret_path(uuid))
    files.remove_file(f"{_secret_path(uuid)}.new")


def _new_number(work: Work, uuid: str, secret: str) -> str:
    bootstrap = ["-n", "client.bootstrap-osd", "-k", real(paths.BOOTSTRAP_KEYRING)]
    given = work.run(
        ["ceph", "--connect-timeout", "20", *bootstrap, "osd", "new", uuid, "-i", "-"],
        input=json.dumps({"cephx_secret": secret}).encode(),
        seconds=paths.TOOL_SECONDS,
    ).text
    if not given.isdigit():
        raise Failed(f"the cluster gave no number to OSD {uuid}")
    return given


def _recover(work: Work, uuid: str) -> None:
    """A store that was made says so itself, whatever became of the small files beside it."""
    for directory, osd in paths.osd_directories():
        block = f"{directory}/block"
        labelled = all(_label(osd, name) for name in ("mkfs_done", "fsid", "ceph_fsid"))
        if labelled or osd_size.size_of(osd) in (None, 0) or not _is_complete(work, block, uuid):
            continue
        work.say(f"{directory} has a complete store; its labels are written anew")
        work.run(["ceph-bluestore-tool", "prime-osd-dir", "--dev", real(block), "--path", real(directory)])
        files.put_file(f"{directory}/mkfs_done", b"yes\n", "600", "ceph:ceph")
        work.run(["chown", "-R", "ceph:ceph", real(directory)])


def _is_complete(work: Work, block: str, uuid: str) -> bool:
    shown = work.run(
        ["ceph-bluestore-tool", "show-label", "--dev", real(block)], seconds=paths.TOOL_SECONDS, check=False
    )
    if shown.code != 0:
        return False
    try:
        labels: Json = json.loads(shown.stdout)
    except ValueError:
        return False
    return any(
        label.get("osd_uuid") == uuid and label.get("mkfs_done") == "yes"
        for label in map(fields, fields(labels).values())
    )
