"""What every guest of a host needs, and what stands in the way of it."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import pytest
from doubles import FakeChange, FakeWork

from torocloud_host.microvm import conditions, host, kinds, queries
from torocloud_host.work import Failed, Json

CLOCK = "/usr/local/lib/torocloud/clock.env"
VARIABLE: dict[str, Json] = {"variable": "TOROCLOUD_TSC_KHZ"}
needs_root = pytest.mark.skipif(os.getuid() != 0, reason="gives files to root")


def put(root: Path, path: str, content: str) -> Path:
    place = root / path[1:]
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(content)
    place.chmod(0o644)
    return place


class TestClock:
    clock = kinds["microvm.clock"]

    def test_it_is_missing(self) -> None:
        assert self.clock.observe(FakeWork(), CLOCK, VARIABLE) is None

    @pytest.mark.parametrize(
        ("content", "measured"),
        [
            ("TOROCLOUD_TSC_KHZ=2394454\n", True),
            ("# by hand\nTOROCLOUD_TSC_KHZ=1\n", True),
            ("", False),
            ("TOROCLOUD_TSC_KHZ=\n", False),
            ("XTOROCLOUD_TSC_KHZ=1\n", False),
        ],
    )
    def test_any_number_is_taken(self, root: Path, content: str, measured: bool) -> None:
        put(root, CLOCK, content)
        state = self.clock.observe(FakeWork(), CLOCK, VARIABLE)
        assert isinstance(state, dict)
        assert (state["mode"], state["measured"]) == ("644", measured)

    def test_a_link_is_told(self, root: Path) -> None:
        put(root, CLOCK, "").unlink()
        (root / CLOCK[1:]).symlink_to("/etc/passwd")
        assert self.clock.observe(FakeWork(), CLOCK, VARIABLE) == {"link": "/etc/passwd"}

    @needs_root
    @pytest.mark.parametrize(
        ("dmesg", "cpuinfo", "number"),
        [
            ("[0] tsc: Detected 2394.454 MHz processor\n", "cpu MHz\t\t: 800.0\n", "2394454"),
            ("nothing of it\n", "cpu MHz\t\t: 800.5\ncpu MHz\t\t: 900\n", "800500"),
        ],
    )
    def test_it_is_what_the_kernel_measured(self, root: Path, dmesg: str, cpuinfo: str, number: str) -> None:
        put(root, "/proc/cpuinfo", cpuinfo)
        file = put(root, CLOCK, "")
        self.clock.apply(FakeChange({"dmesg": (0, dmesg, "")}), CLOCK, VARIABLE)
        assert file.read_text() == f"TOROCLOUD_TSC_KHZ={number}\n"

    @needs_root
    def test_what_was_measured_is_kept_when_only_its_mode_is_wrong(self, root: Path) -> None:
        file = put(root, CLOCK, "TOROCLOUD_TSC_KHZ=77\n")
        file.chmod(0o600)
        self.clock.apply(FakeChange(), CLOCK, VARIABLE)
        assert (file.read_text(), file.stat().st_mode & 0o777) == ("TOROCLOUD_TSC_KHZ=77\n", 0o644)

    def test_it_says_so_where_nothing_tells(self) -> None:
        with pytest.raises(Failed, match="does not say how fast"):
            self.clock.apply(FakeChange({"dmesg": (1, "", "")}), CLOCK, VARIABLE)

    def test_gone_already_is_gone(self, root: Path) -> None:
        file = put(root, CLOCK, "")
        self.clock.remove(FakeWork(), CLOCK, VARIABLE)
        self.clock.remove(FakeWork(), CLOCK, VARIABLE)
        assert not file.exists()


class TestAcceleration:
    probe = base64.b64encode(b"program").decode()

    def asked(
        self, monkeypatch: pytest.MonkeyPatch, codes: list[int], *, device: bool = True
    ) -> tuple[Json, list[bytes]]:
        probes: list[bytes] = []

        def qemu(argv: object, _: object) -> tuple[int, str, str]:
            assert isinstance(argv, list)
            probes.append(Path(argv[argv.index("-kernel") + 1]).read_bytes())
            return codes.pop(0), "", ""

        if device:
            monkeypatch.setattr(host, "_is_device", lambda path: path == "/dev/kvm")
        work = FakeWork({"qemu-system-x86_64": qemu})
        return queries["microvm.acceleration"](work, {"accel": "auto", "probe": self.probe}), probes

    @pytest.fixture(autouse=True)
    def run_folder(self, root: Path) -> None:
        (root / "run").mkdir()

    @pytest.mark.parametrize("accel", ["kvm", "tcg"])
    def test_what_was_asked_for_is_not_tried(self, accel: str) -> None:
        assert queries["microvm.acceleration"](FakeWork(), {"accel": accel}) == {"acceleration": accel}

    def test_without_the_device_nothing_is_tried(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert self.asked(monkeypatch, [], device=False) == ({"acceleration": "tcg"}, [])

    @pytest.mark.parametrize("code", [33, 35])
    def test_a_guest_that_ends_well_shows_that_it_works(
        self, root: Path, monkeypatch: pytest.MonkeyPatch, code: int
    ) -> None:
        assert self.asked(monkeypatch, [code]) == ({"acceleration": "kvm"}, [b"program"])
        assert list((root / "run").iterdir()) == []

    def test_what_fails_for_a_moment_is_tried_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert self.asked(monkeypatch, [1, 33])[0] == {"acceleration": "kvm"}

    def test_one_that_crawls_or_dies_does_not_work(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        assert self.asked(monkeypatch, [124, 1])[0] == {"acceleration": "tcg"}
        assert list((root / "run").iterdir()) == []


class TestPortFree:
    @staticmethod
    def asked(address: str, listing: str) -> str:
        spec: dict[str, Json] = {"address": address, "port": 8080, "ours": "/etc/systemd/system/ours.socket"}
        seen = conditions["microvm.port-free"](FakeWork({"ss": (0, listing, "")}), spec)
        return "" if seen.done else seen.seen

    @pytest.mark.parametrize(
        ("ours", "theirs", "meet"),
        [
            ("0.0.0.0", "0.0.0.0", True),
            ("0.0.0.0", "10.0.0.1", True),
            ("0.0.0.0", "127.0.0.53%lo", True),
            ("0.0.0.0", "*", True),
            ("0.0.0.0", "[::1]", False),
            ("0.0.0.0", "[::]", False),
            ("10.0.0.1", "10.0.0.2", False),
            ("10.0.0.1", "10.0.0.1", True),
            ("10.0.0.1", "0.0.0.0", True),
            ("10.0.0.1", "[::]", False),
            ("::", "10.0.0.1", True),
            ("::", "[fd00::1]", True),
            ("fd00::1", "[::]", True),
            ("fd00::1", "[fd00::1]", True),
            ("fd00::1", "[fd00::2]", False),
            ("fd00::1", "0.0.0.0", False),
        ],
    )
    def test_it_is_taken_where_two_addresses_meet(self, ours: str, theirs: str, meet: bool) -> None:
        line = f'LISTEN 0      128    {theirs}:8080  0.0.0.0:*  users:(("nc",pid=12,fd=3),("nc",pid=13,fd=3))\n'
        assert self.asked(ours, line) == (f"port 8080 of {ours} is taken by nc (pid 12)" if meet else "")

    def test_it_is_free_where_nobody_listens(self) -> None:
        assert self.asked("0.0.0.0", "") == ""

    def test_the_kernel_itself_may_listen(self) -> None:
        assert self.asked("0.0.0.0", "LISTEN 0 64 0.0.0.0:8080 0.0.0.0:*\n") == "port 8080 of 0.0.0.0 is taken"

    def test_each_that_listens_is_looked_at(self) -> None:
        line = 'LISTEN 0 1 10.0.0.{0}:8080 0.0.0.0:* users:(("a b",pid={0},fd=3))\n'
        lines = line.format(2) + line.format(1)
        assert self.asked("10.0.0.1", lines) == "port 8080 of 10.0.0.1 is taken by a b (pid 1)"

    def test_our_own_socket_is_not_in_the_way(self, root: Path) -> None:
        put(root, "/etc/systemd/system/ours.socket", "")
        assert self.asked("0.0.0.0", "LISTEN 0 1 *:8080 *:*\n") == ""


def marker(root: Path, kind: str, name: str, owner: str = "o/p/s", **inputs: str) -> None:
    put(root, f"/etc/torocloud/{kind}/{name}.json", json.dumps({"type": "t", "owner": owner, "inputs": inputs}) + "\n")


class TestHypervisorUnused:
    @staticmethod
    def said() -> str:
        seen = conditions["microvm.hypervisor-unused"](FakeWork(), {})
        return "" if seen.done else seen.seen

    def test_on_a_bare_host(self, root: Path) -> None:
        assert self.said() == ""
        marker(root, "mount", "cloud")
        assert self.said() == ""

    def test_all_that_needs_it_is_named_with_its_stacks(self, root: Path) -> None:
        for kind, name, owner in (
            ("guest", "web", "b/b/b"),
            ("guest", "api", "a/a/a"),
            ("port-forward", "80", "a/a/a"),
        ):
            marker(root, kind, name, owner)
        marker(root, "share", "web", "b/b/b")
        needed = "guest/api guest/web share/web port-forward/80"
        assert self.said() == f"still needed by {needed} of a/a/a b/b/b: remove these first"

    def test_a_torn_marker_is_of_something_that_may_be_there(self, root: Path) -> None:
        put(root, "/etc/torocloud/guest/web.json", "")
        assert self.said() == "still needed by guest/web of an unknown stack: remove these first"


class TestImageUnused:
    path = "/srv/cloud/images/web-0123"

    def said(self) -> str:
        seen = conditions["microvm.image-unused"](FakeWork(), {"path": self.path})
        return "" if seen.done else seen.seen

    def test_guests_with_other_images_do_not_need_it(self, root: Path) -> None:
        marker(root, "guest", "web", kernel=f"{self.path}4/kernel")
        put(root, "/etc/systemd/system/torocloud-guest-web.service", f"-kernel {self.path}4/kernel")
        put(root, "/etc/systemd/system/other.service", f"-kernel {self.path}/kernel")
        assert self.said() == ""

    @pytest.mark.parametrize("field", ["kernel", "initramfs"])
    def test_a_guest_whose_marker_says_so_needs_it(self, root: Path, field: str) -> None:
        marker(root, "guest", "web", **{field: f"{self.path}/{field}"})
        advice = "give these another image, or remove them first"
        assert self.said() == f"still needed by guest/web of o/p/s: {advice}"

    def test_a_guest_whose_unit_says_so_needs_it(self, root: Path) -> None:
        put(root, "/etc/systemd/system/torocloud-guest-api.service", f"ExecStart=x -kernel {self.path}/kernel")
        put(root, "/etc/systemd/system/torocloud-guest-web.service", f"ExecStart=x -initrd {self.path}/initramfs")
        marker(root, "guest", "web", kernel="/srv/cloud/images/other/kernel")
        assert self.said().startswith("still needed by guest/api guest/web of an unknown stack o/p/s: give")


def test_a_console_goes_with_its_guest(root: Path) -> None:
    console = kinds["microvm.console"]
    assert console.observe(FakeWork(), "/var/log/torocloud/web.console.log", {}) is None
    log = put(root, "/var/log/torocloud/web.console.log", "hello")
    assert console.observe(FakeWork(), "/var/log/torocloud/web.console.log", {}) == {}
    for _ in range(2):
        console.remove(FakeWork(), "/var/log/torocloud/web.console.log", {})
    assert not log.exists()
