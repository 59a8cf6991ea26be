"""Ownership markers: on a host, on CephFS, in the cluster."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest
from doubles import FakeWork
from fake_cluster import SILENT, FakeCluster, cluster
from looks import EVICTED, FAIL, LATE, looking, write_mounts

from torocloud_host import marker_places
from torocloud_host.ceph import monitors
from torocloud_host.machine import bounded, mount_table
from torocloud_host.work import Failed, Json, Spec, Unknown

__all__ = ["cluster"]

MARKER: dict[str, Json] = {"type": "t", "owner": "o/p/s", "inputs": {"name": "žluť"}}
OLD: dict[str, Json] = {**MARKER, "owner": "of 0.1.0"}
FORMER = "/etc/torocloud/share/x.json"
FILE = ".torocloud/share/x.json"
ON_HOST: Spec = {"in": "host", "path": FORMER}
MOUNTED: Spec = {"in": "storage", "path": FILE, "mountPoint": "/srv/x", "formerly": FORMER}
ANYWHERE: Spec = {"in": "storage", "path": FILE, "formerly": FORMER}
IN_CLUSTER: Spec = {"in": "cluster", "path": "torocloud/pool/x", "formerly": FORMER}


def read(place: Spec, work: FakeWork | None = None) -> Json:
    """What stands in it, or what was found instead."""
    found = marker_places.read(work or looking(), place)
    return json.loads(found) if isinstance(found, str) else found


def write(place: Spec, marker: Json = MARKER) -> None:
    marker_places.write(looking(), place, marker)


def drop(place: Spec) -> None:
    marker_places.drop(looking(), place)


def mount(root: Path, **types: str) -> None:
    """A file system of each type at /srv/<name>."""
    for name in types:
        (root / "srv" / name).mkdir(parents=True, exist_ok=True)
    write_mounts(root, [(f"/srv/{name}", "rw", type) for name, type in types.items()])


@pytest.fixture
def x(root: Path) -> Path:
    """A CephFS that is mounted at /srv/x."""
    mount(root, x="fuse.ceph-fuse")
    return root / "srv/x"


@pytest.mark.parametrize("place", [{"in": "moon", "path": "/x"}, {"path": "/x"}, {"in": None, "path": "/x"}])
def test_an_unknown_place_is_refused(place: Spec) -> None:
    said = r"^a marker in an unknown place was asked for; is the other end of another version\?$"
    for step in (read, write, drop):
        with pytest.raises(Failed, match=said):
            step(place)


class TestEverywhere:
    @pytest.fixture(params=[ON_HOST, MOUNTED, ANYWHERE, IN_CLUSTER], ids=["host", "mounted", "anywhere", "cluster"])
    def place(self, request: pytest.FixtureRequest, x: Path, cluster: FakeCluster) -> Spec:
        place: Spec = request.param
        return place

    def test_there_is_none_at_first(self, place: Spec) -> None:
        assert read(place) is None

    def test_what_was_written_is_read(self, place: Spec) -> None:
        write(place, OLD)
        write(place)
        assert read(place) == MARKER

    def test_gone_already_is_gone(self, place: Spec) -> None:
        write(place)
        drop(place)
        drop(place)
        assert read(place) is None


class TestFormerly:
    @pytest.fixture(params=[MOUNTED, ANYWHERE, IN_CLUSTER], ids=["mounted", "anywhere", "cluster"])
    def place(self, request: pytest.FixtureRequest, x: Path, cluster: FakeCluster) -> Spec:
        write(ON_HOST, OLD)
        place: Spec = request.param
        return place

    def test_the_old_file_is_read_where_there_is_no_other(self, place: Spec) -> None:
        assert read(place) == OLD
        assert read({**place, "formerly": "/etc/torocloud/share/y.json"}) is None

    def test_the_new_one_counts_where_there_are_both(self, place: Spec) -> None:
        write({**place, "formerly": None})
        assert (read(place), read(ON_HOST)) == (MARKER, OLD)

    def test_the_old_file_goes_when_the_new_one_is_written(self, root: Path, place: Spec) -> None:
        write(place)
        assert read(place) == MARKER
        assert not (root / "etc/torocloud").exists()

    def test_both_go(self, root: Path, place: Spec) -> None:
        write({**place, "formerly": None})
        drop(place)
        assert read(place) is None
        assert not (root / "etc/torocloud").exists()


class TestInStorage:
    def test_it_lies_below_its_mount_point(self, x: Path) -> None:
        write(MOUNTED)
        assert json.loads((x / FILE).read_text()) == MARKER
        drop(MOUNTED)
        assert list(x.iterdir()) == []

    def test_a_mount_point_behind_a_link_will_do(self, root: Path, x: Path) -> None:
        (root / "srv/link").symlink_to("x")
        write({**MOUNTED, "mountPoint": "/srv/link"})
        assert read(MOUNTED) == MARKER

    @pytest.mark.parametrize("others", [{}, {"y": "ceph"}, {"x": "tmpfs"}])
    def test_where_nothing_is_mounted_nobody_knows(self, root: Path, others: dict[str, str]) -> None:
        mount(root, **others)
        write(ON_HOST)
        for step in (read, write, drop):
            with pytest.raises(Unknown, match=r"^no CephFS is mounted at /srv/x$"):
                step(MOUNTED)
        assert read(ON_HOST) == MARKER

    def test_without_a_mount_point_each_cephfs_is_looked_at(self, root: Path) -> None:
        mount(root, a="ceph", b="nfs4", c="fuse.ceph-fuse")
        assert mount_table.of_types(("ceph", "fuse.ceph-fuse")) == ["/srv/a", "/srv/c"]
        for name in "ac":
            place: Spec = {**MOUNTED, "mountPoint": f"/srv/{name}"}
            write(place)
            assert read(ANYWHERE) == MARKER
            drop(place)
        assert read(ANYWHERE) is None

    def test_without_a_mount_point_it_goes_from_each(self, root: Path) -> None:
        mount(root, a="ceph", b="nfs4", c="fuse.ceph-fuse")
        for name in "ac":
            write({**MOUNTED, "mountPoint": f"/srv/{name}"})
        drop(ANYWHERE)
        assert [name for name in "abc" if (root / "srv" / name / FILE).exists()] == []

    def test_without_any_cephfs_nobody_knows(self, root: Path) -> None:
        mount(root, x="nfs4")
        for step in (read, write, drop):
            with pytest.raises(Unknown, match=r"^no CephFS is mounted$"):
                step(ANYWHERE)

    @pytest.mark.parametrize("place", [MOUNTED, ANYWHERE])
    def test_where_nobody_answers_the_old_file_does_not_count(self, x: Path, place: Spec) -> None:
        write(ON_HOST)
        assert read(place, LATE) == {"unanswered": "no answer within 30 s"}
        assert read(place, looking(f"{FAIL}\nopen = fail")) == {"unanswered": EVICTED}

    def test_the_program_itself_does_not_look(self, x: Path) -> None:
        work = looking()
        read(MOUNTED, work)
        assert [call[4:6] for call in work.calls] == [["read", str(x / FILE)]]


class TestBoundedRead:
    def test_a_file_is_read_and_none_is_none(self, root: Path) -> None:
        (root / "file").write_text('a "b"\nžluť\n')
        found = [bounded.read(looking(), f"/{name}") for name in ("file", "none", "none/below", "file/below")]
        assert found == ['a "b"\nžluť\n', None, None, None]

    def test_what_is_no_text_is_read_too(self, root: Path) -> None:
        (root / "file").write_bytes(b"a\xffb")
        assert bounded.read(looking(), "/file") == "a\ufffdb"

    def test_a_directory_cannot_be_read(self) -> None:
        assert bounded.read(looking(), "/") == {"unanswered": "Is a directory"}

    def test_what_never_answers_keeps_nobody_waiting(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bounded, "PATIENT_SECONDS", 1)
        never = "def open(*_, **__): time.sleep(4)"
        assert bounded.read(looking(never), "/file") == {"unanswered": "no answer within 1 s"}


class TestInCluster:
    def test_it_is_a_key_of_the_monitors(self, cluster: FakeCluster) -> None:
        write(IN_CLUSTER)
        assert {key: json.loads(value) for key, value in cluster.store.items()} == {"torocloud/pool/x": MARKER}
        drop(IN_CLUSTER)
        assert cluster.store == {}
        assert cluster.told_prefixes() == ["config-key set", "config-key rm"]

    def test_what_is_no_json_is_read_as_it_is(self, cluster: FakeCluster) -> None:
        cluster.store["torocloud/pool/x"] = b"{torn"
        assert marker_places.read(looking(), IN_CLUSTER) == "{torn"

    @pytest.mark.parametrize("step", [read, write, drop])
    def test_where_the_monitors_are_silent_nobody_knows(self, cluster: FakeCluster, step: object) -> None:
        write(ON_HOST)
        cluster.failure = SILENT
        assert callable(step)
        with pytest.raises(Unknown, match=f"^{SILENT}$"):
            step(IN_CLUSTER)
        assert read(ON_HOST) == MARKER

    def test_a_refusal_is_told(self, cluster: FakeCluster) -> None:
        cluster.failure = monitors.Refused(errno.EACCES, "access denied")
        for step in (read, write, drop):
            with pytest.raises(monitors.Refused, match=r"^access denied$"):
                step(IN_CLUSTER)
