"""Mount points, mounts that answer or do not, and looks that are bounded."""

from __future__ import annotations

import errno
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from doubles import FakeChange, FakeWork
from looks import EVICTED, FAIL, LATE, looking, really, write_mounts

from torocloud_host.ceph import mount_point, mounted
from torocloud_host.machine import bounded, mount_table, systemd
from torocloud_host.work import Failed, Json, Unknown

PATH = "/srv/cloud"
UNIT = "torocloud-mount-cloud.service"
FUSE: dict[str, Json] = {"type": "fuse.ceph-fuse", "unit": UNIT}
POINT: dict[str, Json] = {"unit": f"/etc/systemd/system/{UNIT}", "made": "/etc/torocloud/made-mount-point"}
RIGHT = {"type": "fuse.ceph-fuse", "access": "rw", "problem": "", "silent": False}


class Host:
    """Files below a root of its own, and a mount table."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in ("srv", "etc/systemd/system", "etc/torocloud"):
            (root / folder).mkdir(parents=True)
        self.mounts: list[tuple[str, str, str]] = []
        """Path, options, type."""
        self.answer: dict[str, Json] = {}
        """What a look at the mounted file system gives."""
        self.restarted: list[str] = []
        self.write()

    def mount(self, type: str = "fuse.ceph-fuse", options: str = "rw,relatime", path: str = PATH) -> None:
        (self.root / path[1:]).mkdir(exist_ok=True)
        self.mounts.append((path, options, type))
        self.write()

    def write(self) -> None:
        write_mounts(self.root, self.mounts)

    def replies(self) -> dict[str, Callable[[Sequence[str], bytes | None], tuple[int, str, str]]]:
        return {
            bounded.PYTHON: self._look,
            "umount": self._unmount,
            "mount": self._remount,
            "journalctl": (0, "words\n", ""),
            "rmdir": really,
            "mkdir": really,
        }

    def work(self) -> FakeWork:
        return FakeWork(self.replies())

    def change(self, disturb: bool = True) -> FakeChange:
        return FakeChange(self.replies(), disturb=disturb)

    def _look(self, argv: Sequence[str], input: bytes | None) -> tuple[int, str, str]:
        return (0, json.dumps(self.answer), "") if "answer" in argv else really(argv, input)

    def _unmount(self, argv: Sequence[str], input: bytes | None) -> tuple[int, str, str]:
        self.mounts.pop()
        self.write()
        return 0, "", ""

    def _remount(self, argv: Sequence[str], input: bytes | None) -> tuple[int, str, str]:
        path, _, type = self.mounts.pop()
        self.mount(type, argv[2].removeprefix("remount,bind,"), path)
        return 0, "", ""


@pytest.fixture
def host(root: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    made = Host(root)

    def restart(work: FakeWork, unit: str) -> None:
        made.restarted.append(unit)
        made.mounts.clear()
        made.mount()
        made.answer = {}

    monkeypatch.setattr(systemd, "restart", restart)
    return made


class TestTable:
    def test_the_last_mount_is_on_top(self, host: Host) -> None:
        assert mount_table.top(PATH) is None
        host.mount()
        host.mount("tmpfs", "ro,nosuid")
        assert mount_table.top(PATH) == mount_table.Mount("tmpfs", ("ro", "nosuid"))

    def test_a_path_with_blanks_and_one_behind_a_link(self, host: Host) -> None:
        host.mount(path="/srv/a b")
        assert mount_table.top("/srv/a b") is not None
        host.mount(path="/srv/real")
        (host.root / "srv/link").symlink_to("real")
        assert mount_table.top("/srv/link") is None
        assert mount_table.find(host.work(), "/srv/link") is not None


class TestPoint:
    def test_is_made_and_taken_away_again(self, host: Host) -> None:
        assert mount_point.observe(host.work(), PATH, POINT) is None
        mount_point.apply(host.change(), PATH, POINT)
        mount_point.apply(host.change(), PATH, POINT)
        assert mount_point.observe(host.work(), PATH, POINT) == {"is": "directory"}
        mount_point.remove(host.work(), PATH, POINT)
        mount_point.remove(host.work(), PATH, POINT)
        assert not (host.root / "srv/cloud").exists()

    def test_one_that_was_there_stays(self, host: Host) -> None:
        (host.root / "srv/cloud").mkdir()
        mount_point.apply(host.change(), PATH, POINT)
        mount_point.remove(host.work(), PATH, POINT)
        assert (host.root / "srv/cloud").exists()

    def test_one_that_was_made_and_was_filled_since_stays(self, host: Host) -> None:
        mount_point.apply(host.change(), PATH, POINT)
        (host.root / "srv/cloud/file").touch()
        mount_point.remove(host.work(), PATH, POINT)
        assert (host.root / "srv/cloud/file").exists()

    def test_what_is_in_the_way_is_left_alone(self, host: Host) -> None:
        (host.root / "srv/cloud").mkdir()
        (host.root / "srv/cloud/file").touch()
        assert mount_point.observe(host.work(), PATH, POINT) == {"is": "full"}
        assert mount_point.observe(host.work(), f"{PATH}/file", POINT) == {"is": "other"}
        for path in (PATH, f"{PATH}/file"):
            with pytest.raises(Failed, match=f"^{path} is no empty directory; empty it, or mount elsewhere$"):
                mount_point.apply(host.change(), path, POINT)

    def test_a_mount_is_ours_where_our_unit_is(self, host: Host) -> None:
        host.mount("nfs4")
        assert mount_point.observe(host.work(), PATH, POINT) == {"is": "mount"}
        (host.root / "etc/systemd/system" / UNIT).touch()
        work = host.work()
        assert mount_point.observe(work, PATH, POINT) == {"is": "directory"}
        assert work.calls == []


class TestMounted:
    def test_is_observed(self, host: Host) -> None:
        assert mounted.observe(host.work(), PATH, FUSE) is None
        host.mount()
        assert mounted.observe(host.work(), PATH, FUSE) == RIGHT
        host.mounts.clear()
        host.mount(options="ro,noatime")
        assert mounted.observe(host.work(), PATH, FUSE) == {**RIGHT, "access": "ro"}

    def test_what_covers_it_is_seen_and_not_asked(self, host: Host) -> None:
        host.mount()
        host.mount("tmpfs")
        work = host.work()
        assert mounted.observe(work, PATH, FUSE) == {**RIGHT, "type": "tmpfs"}
        assert work.calls == []

    def test_an_evicted_client_is_seen_and_mounted_anew(self, host: Host) -> None:
        host.mount()
        host.answer = {"errno": errno.ESHUTDOWN, "problem": EVICTED}
        assert mounted.observe(host.work(), PATH, FUSE) == {**RIGHT, "problem": EVICTED}
        mounted.apply(host.change(), PATH, FUSE)
        assert host.restarted == [UNIT]
        assert mounted.observe(host.work(), PATH, FUSE) == RIGHT

    @pytest.mark.parametrize("answer", [{"late": True}, {"errno": errno.ETIMEDOUT, "problem": "Connection timed out"}])
    def test_where_nobody_answers_that_is_told_and_nothing_restarted(self, host: Host, answer: dict[str, Json]) -> None:
        host.mount()
        host.answer = answer
        assert mounted.observe(host.work(), PATH, FUSE) == {**RIGHT, "silent": True}
        mounted.apply(host.change(), PATH, FUSE)
        assert host.restarted == []

    def test_what_is_gone_is_mounted(self, host: Host) -> None:
        mounted.apply(host.change(), PATH, FUSE)
        assert host.restarted == [UNIT]

    def test_what_a_unit_before_it_mounted_is_not_mounted_twice(self, host: Host) -> None:
        host.mount()
        mounted.apply(host.change(), PATH, FUSE)
        assert host.restarted == []

    def test_is_uncovered_without_a_restart(self, host: Host) -> None:
        host.mount()
        host.mount("tmpfs")
        host.mount("nfs4")
        mounted.apply(host.change(), PATH, FUSE)
        assert (mounted.observe(host.work(), PATH, FUSE), host.restarted) == (RIGHT, [])

    def test_is_made_writable_without_a_restart(self, host: Host) -> None:
        host.mount(options="ro,nosuid,noatime")
        change = host.change(disturb=False)
        mounted.apply(change, PATH, FUSE)
        assert change.calls[0][:3] == ["mount", "-o", "remount,bind,rw,nosuid,noatime"]
        assert (mounted.observe(host.work(), PATH, FUSE), host.restarted) == (RIGHT, [])

    def test_nothing_is_restarted_where_nothing_may_be_disturbed(self, host: Host) -> None:
        host.mount()
        host.answer = {"errno": errno.EIO, "problem": "Input/output error"}
        mounted.apply(host.change(disturb=False), PATH, FUSE)
        assert host.restarted == []

    def test_is_unmounted(self, host: Host) -> None:
        host.mount()
        mounted.remove(host.work(), PATH, FUSE)
        mounted.remove(host.work(), PATH, FUSE)
        assert host.mounts == []

    def test_what_does_not_come_off_in_time_is_taken_out_of_sight(self, host: Host) -> None:
        host.mount()
        late = (124, "", "it took longer than 20 s and was ended")
        work = FakeWork({**host.replies(), "umount --": late, "umount --lazy": (0, "", "")})
        mounted.remove(work, PATH, FUSE)
        assert work.calls[-1][1] == "--lazy"

    def test_what_is_in_use_is_left_alone_and_said(self, host: Host) -> None:
        host.mount()
        work = FakeWork({**host.replies(), "umount": (32, "", f"umount: {PATH}: target is busy.\n")})
        with pytest.raises(Failed, match=f"^{PATH} cannot be unmounted: umount: {PATH}: target is busy.$"):
            mounted.remove(work, PATH, FUSE)

    @pytest.mark.parametrize(
        ("answer", "done", "seen"),
        [
            ({}, True, f"{PATH} answers"),
            ({"late": True}, False, f"mount {PATH} could not be looked at: no answer within 10 s; is Ceph away?"),
            ({"errno": errno.EIO, "problem": "Input/output error"}, False, "Input/output error"),
        ],
    )
    def test_is_waited_for_until_it_answers(self, host: Host, answer: dict[str, Json], done: bool, seen: str) -> None:
        spec: dict[str, Json] = {"path": PATH, "type": "fuse.ceph-fuse", "unit": UNIT}
        before = mounted.answers(host.work(), spec)
        assert before.seen == "nothing is mounted there yet"
        assert before.details is not None and before.details() == f"the last words of {UNIT}:\nwords"
        host.mount()
        host.answer = answer
        found = mounted.answers(host.work(), spec)
        assert (found.done, found.seen) == (done, seen)
        host.mount("tmpfs")
        assert mounted.answers(host.work(), spec).done is False


ONCE = "os.stat = lambda *_: (setattr(os, 'stat', lambda *_: None), fail())"


class TestBoundedLook:
    def test_a_directory_answers(self, root: Path) -> None:
        (root / "d").mkdir()
        assert bounded.answer_of(looking(""), "/d") == bounded.Answer(False)

    def test_an_error_that_stays_is_told(self, root: Path) -> None:
        begun = time.monotonic()
        seen = bounded.answer_of(looking(f"{FAIL}\nos.stat = fail"), "/")
        assert (seen.late, seen.problem) == (False, EVICTED)
        assert 2 < time.monotonic() - begun < 8

    def test_an_error_that_goes_away_is_none(self, root: Path) -> None:
        assert bounded.answer_of(looking(f"{FAIL}\n{ONCE}"), "/") == bounded.Answer(False)

    def test_what_never_answers_keeps_nobody_waiting(self, root: Path) -> None:
        begun = time.monotonic()
        never = f"""
lock = os.open("/dev/null", os.O_RDONLY)
def never(*_):
    held = os.listdir("/proc/self/fd")
    open({str(root / "held")!r}, "w").write(str(sorted(held)))
    time.sleep(4)
os.stat = never"""
        assert bounded.answer_of(looking(never), "/", 1).late
        # It held nothing but what it answers with (and the folder that it listed): no output, no lock.
        assert time.monotonic() - begun < 3.5
        assert (root / "held").read_text() == "['0', '1']"

    def test_a_look_that_dies_is_not_an_answer(self, root: Path) -> None:
        assert bounded.answer_of(looking("os.stat = lambda *_: os._exit(1)"), "/").problem
        with pytest.raises(Unknown, match=r"^/ could not be looked at: ValueError: words$"):
            bounded.answer_of(looking("raise ValueError('words')"), "/")

    def test_what_a_place_is(self, root: Path) -> None:
        for name in ("empty", "full"):
            (root / name).mkdir()
        (root / "full/file").touch()
        (root / "link").symlink_to("full")
        work = looking("")
        found = [bounded.place_of(work, f"/{name}") for name in ("none/below", "empty", "full", "link", "full/file")]
        assert [place.type for place in found] == [None, "directory", "full", "full", "other"]
        assert found[3].path == "/full"
        with pytest.raises(Unknown, match=r"^directory /empty could not be looked at: no answer within 10 s$"):
            bounded.place_of(LATE, "/empty")

    @pytest.mark.parametrize("name", ["$(touch canary)", "'; touch canary; '", "-rf", "a\nb", '{"late": true}'])
    def test_a_name_is_data(self, root: Path, name: str) -> None:
        (root / name).mkdir()
        assert bounded.place_of(looking(""), f"/{name}").type == "directory"
        assert [entry.name for entry in root.iterdir()] == [name]
