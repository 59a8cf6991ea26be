"""Directories of a file system, with a stand-in for libcephfs in the child."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from doubles import FakeChange, FakeWork

from torocloud_host.ceph import directories
from torocloud_host.machine.bounded import PYTHON
from torocloud_host.work import Failed, Json

CEPHFS = """
import os
class Error(Exception): pass
class ObjectNotFound(Error): pass
class Status:
    def __init__(self, mode): self.st_mode = mode
class LibCephFS:
    def __init__(self, conffile, auth_id, conf):
        self.root = os.path.dirname(conffile) + "/tree"
        assert (auth_id, conf) == ("admin", {"client_mount_timeout": "20"})
    def mount(self, filesystem_name):
        self.root += "/" + filesystem_name.decode()
        if not os.path.isdir(self.root): raise ObjectNotFound("error calling ceph_mount: No such file or directory")
        if os.path.exists(self.root + "/refuses"): raise Error("error calling ceph_mount: Permission denied [Errno 13]")
    def mkdirs(self, path, mode):
        assert mode == 0o755
        os.makedirs(self.root + path.decode(), mode, exist_ok=True)
    def stat(self, path):
        try: return Status(os.stat(self.root + path.decode()).st_mode)
        except FileNotFoundError: raise ObjectNotFound("error in stat: No such file or directory")
    def shutdown(self): open(self.root + "/said-goodbye", "w")
"""

KEY = "cloud:/guests/a"
SPEC: dict[str, Json] = {"fileSystem": "cloud", "path": "/guests/a"}


def really(argv: Sequence[str], input: bytes | None) -> tuple[int, str, str]:
    done = subprocess.run(argv, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


WORK = FakeWork({PYTHON: really})


@pytest.fixture
def tree(root: Path) -> Path:
    """The file system "cloud"."""
    (root / "usr/lib/python3/dist-packages").mkdir(parents=True)
    (root / "usr/lib/python3/dist-packages/cephfs.py").write_text(CEPHFS)
    (root / "etc/ceph/tree/cloud").mkdir(parents=True)
    return root / "etc/ceph/tree/cloud"


def test_is_made_with_its_parents(tree: Path) -> None:
    assert directories.observe(WORK, KEY, SPEC) is None
    directories.apply(FakeChange({PYTHON: really}), KEY, SPEC)
    directories.apply(FakeChange({PYTHON: really}), KEY, SPEC)
    assert directories.observe(WORK, KEY, SPEC) == {"type": "directory"}
    directories.remove(WORK, KEY, SPEC)
    assert (tree / "guests/a").is_dir()


def test_every_client_says_goodbye(tree: Path) -> None:
    directories.observe(WORK, KEY, SPEC)
    assert (tree / "said-goodbye").exists()


def test_is_none_where_its_file_system_is_not(tree: Path) -> None:
    assert directories.observe(WORK, KEY, {**SPEC, "fileSystem": "other"}) is None


def test_something_else_in_its_place_is_seen(tree: Path) -> None:
    (tree / "guests").mkdir()
    (tree / "guests/a").touch()
    assert directories.observe(WORK, KEY, SPEC) == {"type": "other"}


def test_a_file_system_that_refuses_clients_says_so(tree: Path) -> None:
    (tree / "refuses").touch()
    problem = "error calling ceph_mount: Permission denied [Errno 13]"
    assert directories.observe(WORK, KEY, SPEC) == {"problem": problem}
    with pytest.raises(Failed) as failure:
        directories.apply(FakeChange({PYTHON: really}), KEY, SPEC)
    assert str(failure.value) == f"directory /guests/a of file system cloud cannot be made: {problem}"


def test_the_library_may_be_missing(root: Path) -> None:
    assert directories.observe(WORK, KEY, SPEC) == {"problem": "the Debian package python3-cephfs is not installed"}


def test_nobody_waits_for_ever() -> None:
    late = (124, "", "it took longer than 60 s and was ended")
    assert directories.observe(FakeWork({PYTHON: late}), KEY, SPEC) == {"problem": "no answer within 60 s"}
    # It had told before it waited for its goodbye.
    told = (124, '{"type": "directory"}\n', "")
    assert directories.observe(FakeWork({PYTHON: told}), KEY, SPEC) == {"type": "directory"}
    died = (134, "", "terminate called\nAborted\n")
    assert directories.observe(FakeWork({PYTHON: died}), KEY, SPEC) == {"problem": "Aborted"}


@pytest.mark.parametrize("name", ["/$(touch canary)", "/'; touch canary; '", '/"""', "/-c"])
def test_a_path_is_data(tree: Path, name: str) -> None:
    spec: dict[str, Json] = {"fileSystem": "cloud", "path": name}
    directories.apply(FakeChange({PYTHON: really}), KEY, spec)
    assert sorted(entry.name for entry in tree.iterdir()) == sorted([name[1:], "said-goodbye"])
