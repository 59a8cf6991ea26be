"""A share's directory on CephFS, and its quota."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from doubles import FakeChange
from looks import EVICTED, FAIL, LATE, looking

from torocloud_host.machine import bounded
from torocloud_host.microvm import kinds
from torocloud_host.work import Failed, Json, Spec

PATH = "/srv/cloud/shares/web"
LIMIT: Spec = {"bytes": 1 << 30}
SILENT = {"unanswered": "no answer within 30 s"}
needs_root = pytest.mark.skipif(os.getuid() != 0, reason="gives directories away")


@pytest.fixture
def place(root: Path) -> Path:
    return root / PATH[1:]


@pytest.fixture
def made(place: Path) -> Path:
    place.mkdir(parents=True)
    return place


@pytest.fixture(autouse=True)
def mask() -> Iterator[None]:
    """As the program has it."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode_of(place: Path) -> str:
    return f"{place.stat().st_mode & 0o7777:o}"


def ids_of(place: Path) -> str:
    return f"{place.stat().st_uid}:{place.stat().st_gid}"


class TestSharedDirectory:
    kind = kinds["microvm.shared-directory"]

    def test_it_is_made_with_those_above_it(self, root: Path, place: Path) -> None:
        assert self.kind.observe(looking(), PATH, {}) is None
        for _ in range(2):
            self.kind.apply(FakeChange(), PATH, {})
        assert self.kind.observe(looking(), PATH, {}) == {"type": "directory", "owner": ids_of(root)}
        assert [mode_of(folder) for folder in (place, *list(place.parents)[:3])] == ["755"] * 4

    @needs_root
    def test_it_belongs_to_whom_the_numbers_name(self, root: Path) -> None:
        spec: Spec = {"owner": "1234:4321"}
        self.kind.apply(FakeChange(), PATH, spec)
        assert self.kind.observe(looking(), PATH, spec) == {"type": "directory", "owner": "1234:4321"}
        assert ids_of(root / "srv/cloud/shares") == ids_of(root)

    @needs_root
    def test_one_that_is_there_gets_its_owner_and_keeps_the_rest(self, made: Path) -> None:
        made.chmod(0o2770)
        (made / "file").write_text("words")
        ours = ids_of(made)
        self.kind.apply(FakeChange(), PATH, {"owner": "1234:4294967294"})
        assert (ids_of(made), mode_of(made)) == ("1234:4294967294", "2770")
        assert (ids_of(made / "file"), (made / "file").read_text()) == (ours, "words")

    @needs_root
    def test_without_an_owner_it_keeps_the_one_that_it_has(self, made: Path) -> None:
        os.chown(made, 1234, 4321)
        self.kind.apply(FakeChange(), PATH, {})
        assert ids_of(made) == "1234:4321"

    def test_an_owner_that_cannot_be_set_is_told(self, made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: object) -> None:
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

        monkeypatch.setattr(os, "chown", refuse)
        with pytest.raises(Failed, match=f"^{PATH}: Operation not permitted$"):
            self.kind.apply(FakeChange(), PATH, {"owner": "1:1"})

    def test_it_stays_with_what_is_in_it(self, made: Path) -> None:
        (made / "file").touch()
        self.kind.remove(looking(), PATH, {})
        assert (made / "file").exists()

    def test_a_file_in_the_way_is_told_and_left_alone(self, root: Path, place: Path) -> None:
        place.parent.mkdir(parents=True)
        place.write_text("words")
        assert self.kind.observe(looking(), PATH, {}) == {"type": "other", "owner": ids_of(root)}
        with pytest.raises(Failed, match=f"^{PATH}: File exists$"):
            self.kind.apply(FakeChange(), PATH, {})
        assert self.kind.observe(looking(), f"{PATH}/below", {}) is None
        with pytest.raises(Failed, match=f"^{PATH}/below: Not a directory$"):
            self.kind.apply(FakeChange(), f"{PATH}/below", {})
        assert place.read_text() == "words"

    def test_where_nobody_answers_that_is_what_is_seen(self) -> None:
        assert self.kind.observe(LATE, PATH, {}) == SILENT
        assert self.kind.observe(looking(f"{FAIL}\nos.stat = fail"), PATH, {}) == {"unanswered": EVICTED}


class TestQuota:
    kind = kinds["microvm.quota"]

    @pytest.fixture
    def limits(self, monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
        """What CephFS was told."""
        told: list[tuple[object, ...]] = []
        monkeypatch.setattr(os, "setxattr", lambda *arguments: told.append(arguments))
        return told

    def test_what_cephfs_says_is_seen(self, made: Path) -> None:
        says = "os.getxattr = lambda path, name: {'ceph.quota.max_bytes': b'%d'}[name]"
        assert self.kind.observe(looking(says % (1 << 30)), PATH, LIMIT) == LIMIT
        assert self.kind.observe(looking(says % 0), PATH, LIMIT) is None

    def test_what_lies_elsewhere_or_is_not_there_has_none(self, place: Path) -> None:
        assert self.kind.observe(looking(), PATH, LIMIT) is None
        place.mkdir(parents=True)
        assert self.kind.observe(looking(), PATH, LIMIT) is None

    def test_where_nobody_answers_that_is_what_is_seen(self) -> None:
        assert self.kind.observe(LATE, PATH, LIMIT) == SILENT

    def test_it_is_set(self, made: Path, limits: list[tuple[object, ...]]) -> None:
        self.kind.apply(FakeChange(), PATH, LIMIT)
        assert limits == [(str(made), "ceph.quota.max_bytes", b"1073741824")]

    def test_what_is_no_cephfs_can_have_none(self, made: Path) -> None:
        with pytest.raises(Failed, match=f"^the quota of {PATH} cannot be set: it does not lie on CephFS$"):
            self.kind.apply(FakeChange(), PATH, LIMIT)

    @pytest.mark.parametrize(
        ("code", "said"),
        [
            (errno.EPERM, "CephFS was mounted when its key did not allow it; mount it again once the key does"),
            (errno.EIO, "Input/output error"),
        ],
    )
    def test_why_it_cannot_be_set_is_told(
        self, made: Path, monkeypatch: pytest.MonkeyPatch, code: int, said: str
    ) -> None:
        def refuse(*_: object) -> None:
            raise OSError(code, os.strerror(code))

        monkeypatch.setattr(os, "setxattr", refuse)
        with pytest.raises(Failed, match=f"^the quota of {PATH} cannot be set: {said}$"):
            self.kind.apply(FakeChange(), PATH, LIMIT)

    def test_it_is_taken_away(
        self, made: Path, limits: list[tuple[object, ...]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bounded, "policy_of", lambda work, path: {"there": {}, "bytes": 5})
        self.kind.remove(looking(), PATH, LIMIT)
        assert limits == [(str(made), "ceph.quota.max_bytes", b"0")]

    def test_where_the_directory_is_gone_nothing_is_done(self, place: Path, limits: list[tuple[object, ...]]) -> None:
        self.kind.remove(looking(), PATH, LIMIT)
        place.parent.mkdir(parents=True)
        place.touch()
        self.kind.remove(looking(), PATH, LIMIT)
        assert limits == []


class TestPolicy:
    def test_what_there_is_and_how_much_it_may_hold(self, root: Path, made: Path) -> None:
        there: dict[str, Json] = {"type": "directory", "owner": ids_of(root)}
        assert bounded.policy_of(looking(), PATH) == {"there": there, "bytes": 0}
        says = "os.getxattr = lambda *_: b'4096'"
        assert bounded.policy_of(looking(says), PATH) == {"there": there, "bytes": 4096}
        assert bounded.policy_of(looking(), f"{PATH}/none") == {"there": None}
