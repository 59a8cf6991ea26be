"""The socket that a guest finds, and the directory that virtiofsd serves."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from doubles import FakeChange, FakeWork

from torocloud_host import where
from torocloud_host.machine import systemd
from torocloud_host.machine.accounts import owner_of
from torocloud_host.microvm import kinds
from torocloud_host.work import Completed, Failed, Json

UNIT = "torocloud-share-web"
SOCKET = "/web.sock"


@pytest.fixture
def restarted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    units: list[str] = []
    monkeypatch.setattr(systemd, "restart", lambda _, unit: units.append(unit))
    return units


class TestSocket:
    kind = kinds["microvm.socket"]

    @pytest.fixture(autouse=True)
    def short_root(self) -> Iterator[None]:
        """The path of a socket has 107 characters at most."""
        with TemporaryDirectory(prefix="sock-") as path:
            where.root = path
            yield

    @property
    def place(self) -> Path:
        return Path(where.real(SOCKET))

    def listen(self, mode: int) -> str:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(self.place))
        self.place.chmod(mode)
        return owner_of(self.place.stat())

    def test_it_is_missing_also_where_something_else_has_its_name(self) -> None:
        assert self.kind.observe(FakeWork(), SOCKET, {}) is None
        self.place.write_text("")
        assert self.kind.observe(FakeWork(), SOCKET, {}) is None

    def test_its_mode_is_put_right_without_a_restart(self, restarted: list[str]) -> None:
        owner = self.listen(0o666)
        spec: dict[str, Json] = {"unit": f"{UNIT}.socket", "mode": "600", "owner": owner}
        assert self.kind.observe(FakeWork(), SOCKET, spec) == {"mode": "666", "owner": owner}
        self.kind.apply(FakeChange(disturb=False), SOCKET, spec)
        assert self.kind.observe(FakeWork(), SOCKET, spec) == {"mode": "600", "owner": owner}
        assert restarted == []

    def test_where_it_is_gone_its_unit_is_started_anew_if_that_may_disturb(self, restarted: list[str]) -> None:
        spec: dict[str, Json] = {"unit": f"{UNIT}.socket", "mode": "600", "owner": "torocloud:torocloud"}
        self.kind.apply(FakeChange(disturb=False), SOCKET, spec)
        assert restarted == []
        self.kind.apply(FakeChange(), SOCKET, spec)
        assert restarted == [f"{UNIT}.socket"]


class Stat(FakeChange):
    """Asks the real stat, or gets no answer."""

    answers = True

    def run(self, argv, **options) -> Completed:
        self.calls.append(list(argv))
        if not self.answers:
            return Completed(124, b"", "")
        import subprocess

        done = subprocess.run(argv, capture_output=True, check=False)
        return Completed(done.returncode, done.stdout, done.stderr.decode())


class TestShareSource:
    """The directory is the root of virtiofsd's processes, and goes on being there when it is removed."""

    kind = kinds["microvm.share-source"]

    @property
    def spec(self) -> dict[str, Json]:
        return {"unit": f"{UNIT}.service", "source": "/srv/site"}

    @pytest.fixture(autouse=True)
    def host(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.pid = root, "100"
        self.source = root / "srv/site"
        self.source.mkdir(parents=True)
        self.kept = root / "dead"
        for pid in ("100", "101"):
            (root / "proc" / pid / "task" / pid).mkdir(parents=True)
        (root / "proc/100/task/100/children").write_text("101 ")
        monkeypatch.setattr(systemd, "properties", lambda *_: {"MainPID": self.pid})

    def serve(self, folder: Path, *pids: str) -> None:
        for pid in pids:
            link = self.root / "proc" / pid / "root"
            link.unlink(missing_ok=True)
            link.symlink_to(folder)

    def seen(self, change: Stat | None = None) -> Json:
        return self.kind.observe(change or Stat(), "web", self.spec)

    def remove_and_make_again(self) -> None:
        # Whoever holds it goes on seeing it, as a process does its root.
        self.source.rename(self.kept)
        self.source.mkdir()
        self.serve(self.kept, "100", "101")

    @pytest.mark.parametrize("pid", ["0", ""])
    def test_while_none_runs_nothing_is_asked(self, pid: str) -> None:
        self.pid = pid
        change = Stat()
        assert self.seen(change) == {"serves": "idle"}
        assert change.calls == []

    def test_the_directory_that_has_its_name_is_served(self) -> None:
        self.serve(self.source, "100", "101")
        change = Stat()
        assert self.seen(change) == {"serves": "source"}
        assert len(change.calls) == 1

    def test_before_it_has_entered_its_sandbox_its_root_says_nothing(self) -> None:
        self.serve(self.root, "100")
        assert self.seen() == {"serves": "idle"}

    def test_one_that_has_just_ended_says_nothing(self) -> None:
        assert self.seen() == {"serves": "idle"}

    def test_where_only_the_process_of_its_sandbox_tells_that_one_counts(self) -> None:
        self.serve(self.root, "100")
        self.serve(self.source, "101")
        assert self.seen() == {"serves": "source"}

    def test_a_directory_that_was_removed_is_another(self) -> None:
        self.serve(self.source, "100", "101")
        self.remove_and_make_again()
        assert self.seen() == {"serves": "another"}

    def test_also_where_none_has_its_name_now(self) -> None:
        self.serve(self.source, "100", "101")
        self.remove_and_make_again()
        self.source.rmdir()
        assert self.seen() == {"serves": "another"}

    def test_storage_that_does_not_answer_is_told(self) -> None:
        change = Stat()
        change.answers = False
        assert self.seen(change) == {"serves": "unanswered"}

    def test_virtiofsd_is_restarted_where_it_serves_another_and_only_there(self, restarted: list[str]) -> None:
        self.serve(self.source, "100", "101")
        self.kind.apply(Stat(), "web", self.spec)
        assert restarted == []
        self.remove_and_make_again()
        self.kind.apply(Stat(disturb=False), "web", self.spec)
        assert restarted == []
        self.kind.apply(Stat(), "web", self.spec)
        assert restarted == [f"{UNIT}.service"]

    def test_without_its_directory_it_is_not_restarted(self, restarted: list[str]) -> None:
        self.remove_and_make_again()
        shutil.rmtree(self.source)
        with pytest.raises(Failed, match=r"^/srv/site is not there: virtiofsd of share web cannot serve it$"):
            self.kind.apply(Stat(), "web", self.spec)
        assert restarted == []

    def test_a_process_of_ours_has_its_root_where_it_is_looked_for(self) -> None:
        """The path is the kernel's: a positive control for the links of the other tests."""
        where.root = ""
        identity = os.stat(f"/proc/{os.getpid()}/root/.")
        assert identity.st_ino == os.stat("/").st_ino
