"""What keeps a guest from answering, and when waiting for it is of no use."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest
from doubles import FakeWork

from torocloud_host.machine import systemd
from torocloud_host.microvm import conditions, readiness
from torocloud_host.microvm.knock import NoAnswer
from torocloud_host.work import Json, Seen

UNIT = "torocloud-guest-web.service"
MOUNT = "torocloud-mount-cloud.service"
CONSOLE = "/var/log/torocloud/web.console.log"
SPEC: dict[str, Json] = {
    "dial": ["unix", "/run/torocloud-vsock-web/dial.sock"],
    "port": 80,
    "path": "/",
    "unit": UNIT,
    "console": CONSOLE,
    "needs": [MOUNT],
    "preset": "linux",
    "kernel": "/srv/kernel",
    "contextId": 42,
}
RUNNING = {"ActiveState": "active", "SubState": "running", "NRestarts": "0"}


class Host:
    """systemd as the test wants it, and what journalctl, head and grep say."""

    def __init__(self) -> None:
        self.units: dict[str, dict[str, str]] = {UNIT: dict(RUNNING), MOUNT: dict(RUNNING)}
        self.work = FakeWork(
            {
                "journalctl": (0, "", ""),
                "head": lambda *_: (0, self.kernel, ""),
                "grep": lambda *_: (0 if "Linux version" in self.kernel else 1, "", ""),
            }
        )
        self.kernel = "\x7fELF Linux version 6.1"

    def properties(self, unit: str, *names: str) -> dict[str, str]:
        return {name: self.units.get(unit, {}).get(name, "") for name in names}

    def answers(self, **more: Json) -> Seen:
        return conditions["microvm.answers"](self.work, {**SPEC, **more})

    def details(self, **more: Json) -> str:
        found = self.answers(**more).details
        assert found is not None
        return found()


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Host:
    one = Host()
    monkeypatch.setattr(systemd, "properties", one.properties)

    def knock(*_: object) -> None:
        raise NoAnswer("nothing came")

    monkeypatch.setattr(readiness, "knock", knock)
    return one


def put(root: Path, path: str, content: bytes) -> None:
    place = root / path[1:]
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)


def test_an_answer_is_all_that_is_asked_for(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "knock", lambda *_: None)
    assert host.answers() == Seen(True, "port 80 answers")
    assert host.work.calls == []


def test_a_guest_that_is_starting_is_waited_for_and_nobody_is_asked_for_more(host: Host) -> None:
    seen = host.answers()
    assert (seen.done, seen.seen, seen.hopeless) == (False, "nothing came", None)
    assert host.work.calls == []


def test_what_is_seen_is_the_same_as_long_as_nothing_changes(host: Host) -> None:
    assert host.answers().seen == host.answers().seen


def test_a_guest_that_ends_again_and_again_is_given_up(host: Host) -> None:
    host.units[UNIT] = {"ActiveState": "activating", "SubState": "auto-restart", "NRestarts": "4"}
    assert host.answers().hopeless is None
    host.units[UNIT]["NRestarts"] = "5"
    seen = host.answers()
    assert seen.seen == f"nothing came; {UNIT} has ended and was started again 5 times"
    assert seen.hopeless == f"{UNIT} ends again and again"


def test_one_that_was_started_again_long_ago_and_runs_since_is_waited_for(host: Host) -> None:
    began = str(int((time.monotonic() - 60) * 1_000_000))
    host.units[UNIT] = {**RUNNING, "NRestarts": "9", "ExecMainStartTimestampMonotonic": began}
    assert host.answers().hopeless is None
    host.units[UNIT]["ExecMainStartTimestampMonotonic"] = str(int((time.monotonic() - 3) * 1_000_000))
    assert host.answers().hopeless is not None


def test_where_something_that_it_needs_is_away_it_is_named_and_waited_for(host: Host) -> None:
    host.units[MOUNT] = {"ActiveState": "failed"}
    host.units[UNIT] = {"ActiveState": "inactive", "NRestarts": "9"}
    seen = host.answers()
    assert (seen.seen, seen.hopeless) == (f"nothing came; {MOUNT} is not active", None)


def test_the_words_of_what_is_missing_are_in_the_error(host: Host) -> None:
    host.units[MOUNT] = {"ActiveState": "failed"}
    host.work.replies["journalctl"] = lambda argv, _: (0, "no mds is up" if MOUNT in argv else "", "")
    assert host.details() == f"the last words of {MOUNT}:\nno mds is up"


def test_a_vsock_device_that_ends_again_and_again_is_given_up_a_mount_is_not(host: Host) -> None:
    device = "torocloud-vsock-web.service"
    failing = {"ActiveState": "activating", "SubState": "auto-restart", "NRestarts": "9"}
    host.units[MOUNT] = failing
    assert host.answers().hopeless is None
    host.units[device] = failing
    assert host.answers(needs=[MOUNT, device]).hopeless == f"{device} ends again and again"


@pytest.mark.parametrize("state", ["inactive", "failed", ""])
def test_one_that_has_ended_for_good_is_given_up_after_a_second_look(host: Host, state: str) -> None:
    host.units[UNIT] = {"ActiveState": state}
    assert host.answers().hopeless == f"{UNIT} has ended, and nothing starts it again"
    assert host.work.slept != []


def test_one_that_its_mount_starts_again_is_waited_for(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.units[UNIT] = {"ActiveState": "inactive"}
    monkeypatch.setattr(host.work, "sleep", lambda _: host.units.update({UNIT: {"ActiveState": "activating"}}))
    assert host.answers().hopeless is None


def test_a_forward_gives_no_guest_up_of_which_it_does_not_know_what_it_needs(host: Host) -> None:
    host.units[UNIT] = {"ActiveState": "inactive"}
    spec = {name: value for name, value in SPEC.items() if name in ("dial", "port", "unit", "console")}
    assert conditions["microvm.answers"](host.work, spec).hopeless is None


def test_a_context_identifier_that_toro_cannot_use_is_hopeless(host: Host) -> None:
    assert host.answers(preset="toro", contextId=2**31 - 1).hopeless is None
    seen = host.answers(preset="toro", contextId=2**31)
    assert seen.hopeless == (
        "Toro cannot use the context identifier 2147483648; give the guest one up to 2147483647 with contextId"
    )


def test_the_error_has_the_units_words_and_the_end_of_its_console_as_text(host: Host, root: Path) -> None:
    host.work.replies["journalctl"] = (0, "qemu: \x1b[31mno memory\n", "")
    host.units[UNIT]["ExecMainStartTimestamp"] = "1700000000000000"
    lines = [f"line {number}\r\n" for number in range(20)]
    put(root, CONSOLE, "".join(["\x1b]0;title\x07\r\n", *lines, "\x1b[2Jpanic\r\n\r\n"]).encode())
    words = host.details().split("\n")
    assert words[:3] == [f"the last words of {UNIT}:", "qemu: \\u{1b}[31mno memory", f"the end of {CONSOLE}:"]
    assert words[3:] == [f"line {number}" for number in range(13, 20)] + ["\\u{1b}[2Jpanic"]
    assert "--since=@1699999940" in host.work.calls[0]


def test_where_nobody_said_anything_nothing_is_quoted(host: Host, root: Path) -> None:
    put(root, CONSOLE, b"")
    assert host.details() == ""


@pytest.mark.parametrize(
    ("preset", "kernel", "said"),
    [
        ("linux", "\x7fELF Linux version 6.1", ""),
        ("toro", "\x7fELF toro", ""),
        ("toro", "\x7fELF Linux version 6.1", "is Linux, and the guest's preset is toro: is it the right one?"),
        ("toro", "\0" * 0x202 + "HdrS", "is Linux, and the guest's preset is toro: is it the right one?"),
        ("linux", "\0" * 0x202 + "HdrS", ""),
        ("linux", "\x7fELF toro", "does not look like Linux, and the guest's preset is linux: is it the right one?"),
    ],
)
def test_a_kernel_that_does_not_suit_its_preset_is_told(host: Host, preset: str, kernel: str, said: str) -> None:
    host.kernel = kernel
    assert host.details(preset=preset) == (said and f"/srv/kernel {said}")


def test_a_kernel_on_storage_that_does_not_answer_is_not_judged(host: Host) -> None:
    host.work.replies["head"] = (124, "", "")
    assert host.details(preset="toro") == ""
    host.work.replies["head"] = (0, "\x7fELF", "")
    host.work.replies["grep"] = (124, "", "")
    assert host.details(preset="linux") == ""


class Processes:
    """Processes as /proc has them."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def add(self, pid: int, words: str, opened: str = "/dev/vhost-vsock") -> None:
        folder = self.root / "proc" / str(pid)
        (folder / "fd").mkdir(parents=True)
        (folder / "fd" / "7").symlink_to(opened)
        (folder / "cmdline").write_bytes(words.replace(" ", "\0").encode() + b"\0")


def test_whoever_has_the_context_identifier_is_named(host: Host, root: Path) -> None:
    processes = Processes(root)
    host.work.replies["journalctl"] = (0, "qemu: vhost-vsock: unable to set guest cid: Address already in use", "")
    advice = "give the guest another one with contextId"
    taken = "context identifier 42 is taken on this host"
    assert host.details().split("\n")[-1] == f"{taken} by something that has /dev/vhost-vsock open: {advice}"
    processes.add(100, "/usr/bin/qemu-system-x86_64 -name guest=shop -device vhost-vsock-device,guest-cid=421")
    processes.add(101, "/usr/bin/nginx", opened="/dev/null")
    processes.add(102, "/usr/bin/crosvm run")
    assert host.details().split("\n")[-1] == f"{taken} by guest shop (pid 100), crosvm (pid 102): {advice}"
    processes.add(
        103, 'qemu-kvm -name guest=theirs,debug-threads=on -device {"driver":"vhost-vsock-pci","guest-cid":42,"id":"v"}'
    )
    assert host.details().split("\n")[-1] == f"{taken} by guest theirs (pid 103): {advice}"


def test_a_forward_answers_when_its_port_takes_connections(host: Host) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        spec: dict[str, Json] = {"address": "0.0.0.0", "port": port, "units": ["f.socket", "f.service"]}
        assert conditions["microvm.forward-answers"](host.work, spec).done
    seen = conditions["microvm.forward-answers"](host.work, spec)
    assert (seen.done, seen.seen) == (False, "Connection refused")
    host.work.replies["journalctl"] = (0, "it fell", "")
    assert seen.details is not None
    assert seen.details() == "the last words of f.socket:\nit fell\nthe last words of f.service:\nit fell"
