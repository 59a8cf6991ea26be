from __future__ import annotations

import os
import threading
import time

import pytest
from fake_bus import FakeSystemd
from units_host import ETC, SERVICE, PlainWork, link, new_host, write

from torocloud_host import where
from torocloud_host.machine import systemd
from torocloud_host.work import Failed

host = pytest.fixture(new_host)


def test_properties_are_those_of_a_loaded_unit_and_nobody_is_loaded_by_asking(host: FakeSystemd) -> None:
    write(f"{ETC}/a.service", SERVICE)
    assert systemd.properties("a.service", "ActiveState") == {}
    assert host.units == {}
    host.load("a.service", "active")
    assert systemd.properties("a.service", "ActiveState", "NeedDaemonReload", "Result", "WantedBy", "None") == {
        "ActiveState": "active",
        "NeedDaemonReload": "no",
        "Result": "success",
        "WantedBy": "",
        "None": "",
    }


def test_a_job_is_waited_for(host: FakeSystemd) -> None:
    write(f"{ETC}/a.service", SERVICE)
    host.slow = 0.3
    systemd.start(PlainWork(), "a.service")
    assert host.units["a.service"].active == "active"
    systemd.stop(PlainWork(), "a.service")
    assert host.units == {}
    systemd.stop(PlainWork(), "a.service")
    systemd.reset_failed("a.service")
    systemd.kill("a.service", 9)


def test_many_jobs_at_once_are_told_apart(host: FakeSystemd) -> None:
    names = [f"a{number}.service" for number in range(50)]
    host.slow = 0.05
    host.broken = set(names[::2])
    failed: list[str] = []
    for name in names:
        write(f"{ETC}/{name}", SERVICE)

    def start(name: str) -> None:
        try:
            systemd.start(PlainWork(), name)
        except Failed:
            failed.append(name)

    threads = [threading.Thread(target=start, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(failed) == sorted(host.broken)


def test_one_that_fails_says_why_and_what_it_wrote(host: FakeSystemd) -> None:
    write(f"{ETC}/a.service", SERVICE)
    host.broken = {"a.service"}
    work = PlainWork(journal="".join(f"line {n}\n" for n in range(20)) + "\x1b[31mcannot open /dev/kvm\rx\n")
    with pytest.raises(Failed) as failed:
        systemd.restart(work, "a.service")
    lines = str(failed.value).split("\n")
    assert lines[0] == "unit a.service did not start: it failed (exit-code)"
    assert len(lines) == 16
    assert lines[-1] == "\\u{1b}[31mcannot open /dev/kvm\\u{d}x"
    assert work.calls == [
        ["journalctl", "--no-pager", "--quiet", "--lines", "15", "--output", "cat", "--unit", "a.service"]
    ]


def test_one_that_failed_too_often_is_started_all_the_same(host: FakeSystemd) -> None:
    write(f"{ETC}/a.service", SERVICE)
    host.load("a.service").active = "failed"
    host.limited = {"a.service"}
    systemd.restart(PlainWork(), "a.service")
    assert host.members() == ["ResetFailedUnit", "RestartUnit"]
    assert host.units["a.service"].active == "active"


@pytest.mark.parametrize(
    ("mask", "said"),
    [
        (False, "unit a.service did not start: Unit a.service not found."),
        (True, "unit a.service did not start: Unit a.service is masked."),
    ],
)
def test_one_that_cannot_start_says_so(host: FakeSystemd, mask: bool, said: str) -> None:
    if mask:
        link(f"{ETC}/a.service", "/dev/null")
    with pytest.raises(Failed) as failed:
        systemd.start(PlainWork(), "a.service")
    assert str(failed.value) == said


def test_waiting_ends_when_the_request_does(host: FakeSystemd) -> None:
    write(f"{ETC}/a.service", SERVICE)
    host.slow = 5
    work = PlainWork()
    threading.Timer(0.3, lambda: setattr(work, "cancelled", True)).start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        systemd.start(work, "a.service")
    assert time.monotonic() - began < 2


def test_waiting_has_an_end(host: FakeSystemd, monkeypatch: pytest.MonkeyPatch) -> None:
    write(f"{ETC}/a.service", SERVICE)
    host.slow = 5
    monkeypatch.setattr(systemd, "_PATIENCE", 0.3)
    with pytest.raises(Failed, match=r"unit a\.service was given 0 s to start, and has not"):
        systemd.start(PlainWork(), "a.service")


def test_a_jobs_end_that_nobody_told_is_found_out(host: FakeSystemd, monkeypatch: pytest.MonkeyPatch) -> None:
    """systemd may be replaced by its next version while a unit starts."""
    write(f"{ETC}/a.service", SERVICE)
    monkeypatch.setattr(systemd, "_ASKED_EVERY", 0.3)
    host.deaf = {"a.service"}
    systemd.start(PlainWork(), "a.service")
    host.broken = {"a.service"}
    with pytest.raises(Failed):
        systemd.restart(PlainWork(), "a.service")


def test_nobody_else_can_say_that_a_job_has_ended(host: FakeSystemd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(systemd, "_ASKED_EVERY", 1)
    write(f"{ETC}/a.service", SERVICE)
    systemd.loaded()
    host.slow = 0.1
    host.sender = ":1.99"
    began = time.monotonic()
    systemd.start(PlainWork(), "a.service")
    assert time.monotonic() - began > 1


def test_reloads_that_are_asked_for_together_are_one(host: FakeSystemd) -> None:
    host.slow = 0.3
    threads = [threading.Thread(target=systemd.reload, args=(PlainWork(),)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    together = len(host.members("Reload"))
    assert 0 < together < 3
    systemd.reload(PlainWork())
    assert len(host.members("Reload")) == together + 1


def touch(path: str) -> None:
    os.utime(where.real(path), ns=(1, 1))


@pytest.mark.parametrize(
    ("known", "changed", "reloads"),
    [
        ([], [], 0),
        ([], ["a"], 0),
        (["a", "b"], [], 0),
        (["a", "b"], ["a"], 1),
        (["a", "b"], ["b"], 1),
        (["b"], ["a"], 0),
    ],
)
def test_all_files_are_read_anew_only_where_a_loaded_unit_is_another(
    host: FakeSystemd, known: list[str], changed: list[str], reloads: int
) -> None:
    for name in ("a", "b"):
        write(f"{ETC}/{name}.service", SERVICE)
        systemd.enable(f"{name}.service")
    for name in known:
        host.load(f"{name}.service")
    for name in changed:
        touch(f"{ETC}/{name}.service")
    systemd.reload_after_enabling(PlainWork(), "a.service", ["multi-user.target"], "b.service", "c.service")
    assert len(host.members("Reload")) == reloads


def enabled(host: FakeSystemd) -> int:
    """How many reloads there were once a.service was enabled."""
    systemd.reload_after_enabling(PlainWork(), "a.service", systemd.enable("a.service"))
    systemd.finish()
    return len(host.members("Reload"))


def disabled(host: FakeSystemd) -> int:
    """The same once it was disabled."""
    systemd.reload_after_disabling("a.service", systemd.disable("a.service"))
    systemd.finish()
    return len(host.members("Reload"))


def test_a_unit_whose_links_systemd_saw_otherwise_is_told(host: FakeSystemd) -> None:
    write(f"{ETC}/a.service", SERVICE)
    unit = host.load("a.service")
    systemd.properties("a.service", "UnitFileState")
    assert unit.cached == "disabled"
    assert [enabled(host), enabled(host), disabled(host)] == [1, 1, 1]


def test_one_that_was_stopped_is_given_a_moment_to_be_forgotten(host: FakeSystemd) -> None:
    for number, (lingers, reloads) in enumerate([(0.1, 0), (1.0, 1)]):
        name = f"a{number}.service"
        write(f"{ETC}/{name}", SERVICE)
        host.load(name, "active")
        host.lingers = lingers
        systemd.stop(PlainWork(), name)
        os.unlink(where.real(f"{ETC}/{name}"))
        work = PlainWork()
        work.sleep = time.sleep  # type: ignore[method-assign]
        systemd.reload_if_stale(work, name)
        assert len(host.members("Reload")) == reloads


def test_one_that_others_keep_in_memory_is_not_waited_for(host: FakeSystemd) -> None:
    write(f"{ETC}/a.service", SERVICE)
    systemd.enable("a.service")
    host.load("multi-user.target", "active")
    systemd.disable("a.service")
    os.unlink(where.real(f"{ETC}/a.service"))
    work = PlainWork()
    systemd.reload_if_stale(work, "a.service")
    assert (work.slept, host.members("Reload")) == ([], ["Reload"])


def test_a_link_in_what_runs_already_is_told_once(host: FakeSystemd) -> None:
    write(f"{ETC}/a.service", "[Install]\nWantedBy=mount.service\n")
    write(f"{ETC}/mount.service", SERVICE)
    assert enabled(host) == 0
    systemd.disable("a.service")
    host.load("mount.service", "active")
    assert [enabled(host), enabled(host), disabled(host)] == [1, 1, 2]


def test_what_may_wait_is_done_once_for_all_who_ask_meanwhile(
    host: FakeSystemd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(systemd, "_SOON_SECONDS", 0.2)
    for _ in range(10):
        systemd.reload_soon()
    assert host.members("Reload") == []
    time.sleep(0.5)
    assert host.members("Reload") == ["Reload"]
    systemd.finish()
    assert host.members("Reload") == ["Reload"]


def test_what_may_wait_is_done_with_a_reload_that_begins_later(host: FakeSystemd) -> None:
    systemd.reload_soon()
    systemd.reload(PlainWork())
    systemd.finish()
    assert host.members("Reload") == ["Reload"]


def test_who_ends_waits_for_one_that_has_begun(host: FakeSystemd) -> None:
    host.slow = 0.3
    systemd.reload_soon()
    begun = threading.Thread(target=systemd.finish)
    begun.start()
    time.sleep(0.1)
    systemd.finish()
    assert host.members("Reload") == ["Reload"]
    begun.join(0)
    assert not begun.is_alive()


def test_what_was_put_off_is_no_failure_where_systemd_is_gone(host: FakeSystemd) -> None:
    systemd.reload_soon()
    host.close()
    systemd.finish()
