from __future__ import annotations

import grp
import os
import pwd
import time
from typing import ClassVar

import pytest
from fake_bus import FakeSystemd
from units_host import ETC, SERVICE, PlainWork, exists, link, new_host, target_of, write

from torocloud_host.artifacts import units
from torocloud_host.machine import systemd
from torocloud_host.where import real
from torocloud_host.work import Failed, Spec

host = pytest.fixture(new_host)
A = "a.service"
WANTS = f"{ETC}/multi-user.target.wants/{A}"
GOOD = {"active": "active", "enabled": "enabled", "needsReload": False, "dropIns": []}
OWNER = f"{pwd.getpwuid(os.getuid()).pw_name}:{grp.getgrgid(os.getgid()).gr_name}"


def running(host: FakeSystemd, name: str = A) -> None:
    write(f"{ETC}/{name}", SERVICE)
    units.apply_unit(PlainWork(), name)
    host.asked.clear()


class TestObserve:
    def test_one_that_runs(self, host: FakeSystemd) -> None:
        running(host)
        assert units.observe_unit(PlainWork(), A) == GOOD
        assert host.members() == []

    @pytest.mark.parametrize("content", [None, "[Service]\n", SERVICE])
    @pytest.mark.parametrize("loaded", [False, True])
    def test_none_where_it_is_stopped_and_not_enabled(
        self, host: FakeSystemd, content: str | None, loaded: bool
    ) -> None:
        if content is not None:
            write(f"{ETC}/{A}", content)
        if loaded:
            host.load(A)
        assert units.observe_unit(PlainWork(), A) is None
        assert loaded == (A in host.units)

    @pytest.mark.parametrize(
        ("active", "enabled"), [("failed", "disabled"), ("inactive", "enabled"), ("active", "disabled")]
    )
    def test_one_that_is_half_there(self, host: FakeSystemd, active: str, enabled: str) -> None:
        write(f"{ETC}/{A}", SERVICE)
        host.load(A).active = active
        if enabled == "enabled":
            systemd.enable(A)
        assert units.observe_unit(PlainWork(), A) == {**GOOD, "active": active, "enabled": enabled}

    def test_one_that_runs_without_a_file(self, host: FakeSystemd) -> None:
        host.load(A, "active")
        assert units.observe_unit(PlainWork(), A) == {**GOOD, "enabled": ""}

    def test_a_mask(self, host: FakeSystemd) -> None:
        link(f"{ETC}/{A}", "/dev/null")
        assert units.observe_unit(PlainWork(), A) == {**GOOD, "active": "inactive", "enabled": "masked"}

    def test_it_waits_a_while_for_one_between_two_states(self, host: FakeSystemd) -> None:
        running(host)
        host.units[A].active = "activating"
        work = PlainWork()
        sleep = work.sleep

        def rise(seconds: float) -> None:
            sleep(seconds)
            if sum(work.slept) > 1:
                host.units[A].active = "active"

        work.sleep = rise  # type: ignore[method-assign]
        assert units.observe_unit(work, A) == GOOD

    def test_but_not_for_ever(self, host: FakeSystemd) -> None:
        running(host)
        host.units[A].active = "activating"
        work = PlainWork()
        assert units.observe_unit(work, A) == {**GOOD, "active": "activating"}
        assert sum(work.slept) == pytest.approx(3)

    def test_while_any_unit_is_being_enabled_all_seem_stale(self, host: FakeSystemd) -> None:
        running(host)
        host.load("init.scope", "active")
        host.any_being_enabled = True
        work = PlainWork()
        sleep = work.sleep

        def end(seconds: float) -> None:
            sleep(seconds)
            host.any_being_enabled = False

        work.sleep = end  # type: ignore[method-assign]
        assert units.observe_unit(work, A) == GOOD
        assert work.slept == [0.2]

    def test_a_file_that_was_changed_since(self, host: FakeSystemd) -> None:
        running(host)
        host.load("init.scope", "active")
        write(f"{ETC}/{A}", SERVICE + "\n")
        work = PlainWork()
        assert units.observe_unit(work, A) == {**GOOD, "needsReload": True}
        assert work.slept == []

    @pytest.mark.parametrize("loaded", [False, True])
    def test_what_people_added_counts_and_nothing_else(self, host: FakeSystemd, loaded: bool) -> None:
        name = "torocloud-web\\x2d0.service"
        write(f"{ETC}/{name}", SERVICE)
        systemd.enable(name)
        theirs = [
            f"/etc/systemd/system.control/{name}.d/50-CPUWeight.conf",
            f"{ETC}/{name}.d/over ride.conf",
            f"{ETC}/torocloud-.service.d/all.conf",
        ]
        for path in (*theirs, f"{ETC}/{name}.d/torocloud.conf", f"/usr/lib/systemd/system/{name}.d/x.conf"):
            write(path, "x")
        if loaded:
            host.load(name, "active")
        state = units.observe_unit(PlainWork(), name)
        assert state is not None
        assert state["dropIns"] == theirs

    def test_a_drop_in_of_a_template_is_not_the_instances(self, host: FakeSystemd) -> None:
        write("/usr/lib/systemd/system/ceph-mgr@.service", "[Install]\nWantedBy=ceph.target\n")
        write(f"{ETC}/ceph-mgr@.service.d/torocloud.conf", "x")
        write(f"{ETC}/ceph-mgr@.service.d/theirs.conf", "x")
        write(f"{ETC}/ceph-mgr@node1.service.d/override.conf", "x")
        host.load("ceph-mgr@node1.service", "active")
        state = units.observe_unit(PlainWork(), "ceph-mgr@node1.service")
        assert state is not None
        assert state["dropIns"] == [f"{ETC}/ceph-mgr@node1.service.d/override.conf"]


class TestApply:
    def test_a_new_unit_needs_no_reload(self, host: FakeSystemd) -> None:
        write(f"{ETC}/{A}", SERVICE)
        units.apply_unit(PlainWork(), A)
        assert host.members() == ["ResetFailedUnit", "RestartUnit"]
        assert target_of(WANTS) == f"{ETC}/{A}"

    def test_it_is_enabled_then_read_then_restarted(self, host: FakeSystemd) -> None:
        running(host)
        write(f"{ETC}/{A}", SERVICE + "\n")
        os.unlink(real(WANTS))
        units.apply_unit(PlainWork(), A)
        assert host.members() == ["Reload", "ResetFailedUnit", "RestartUnit"]
        assert units.observe_unit(PlainWork(), A) == GOOD

    def test_the_files_of_those_beside_it_are_read_too(self, host: FakeSystemd) -> None:
        running(host)
        running(host, "b.service")
        write(f"{ETC}/b.service", SERVICE + "\n")
        units.unit.apply(PlainWork(), A, {"besides": ["b.service"]})
        assert host.members() == ["Reload", "ResetFailedUnit", "RestartUnit"]

    def test_without_disturbing_one_that_runs_is_not_restarted(self, host: FakeSystemd) -> None:
        running(host)
        os.unlink(real(WANTS))
        units.apply_unit(PlainWork(disturb=False), A)
        assert host.members() == []
        assert units.observe_unit(PlainWork(), A) == GOOD

    def test_without_disturbing_one_that_stands_is_started(self, host: FakeSystemd) -> None:
        running(host)
        host.units[A].active = "failed"
        units.apply_unit(PlainWork(disturb=False), A)
        assert host.members() == ["ResetFailedUnit", "StartUnit"]

    def test_a_mask_is_removed_and_systemd_told(self, host: FakeSystemd) -> None:
        write(f"/usr/lib/systemd/system/{A}", SERVICE)
        link(f"{ETC}/{A}", "/dev/null")
        link(f"/run/systemd/system/{A}", "/dev/null")
        host.load(A)
        work = PlainWork()
        units.apply_unit(work, A)
        assert host.members() == ["Reload", "ResetFailedUnit", "RestartUnit"]
        assert work.said == [f"removing the mask {ETC}/{A}", f"removing the mask /run/systemd/system/{A}"]
        assert units.observe_unit(PlainWork(), A) == GOOD

    def test_what_people_added_goes(self, host: FakeSystemd) -> None:
        write(f"{ETC}/{A}.d/override.conf", "x")
        running(host)
        write(f"{ETC}/{A}.d/override.conf", "x")
        write(f"{ETC}/{A}.d/esc\x1b.conf", "x")
        systemd.reload(PlainWork())
        work = PlainWork()
        units.apply_unit(work, A)
        assert work.said == [f"removing {ETC}/{A}.d/esc\\u{{1b}}.conf", f"removing {ETC}/{A}.d/override.conf"]
        assert not exists(f"{ETC}/{A}.d")
        assert units.observe_unit(PlainWork(), A) == GOOD

    def test_one_that_fails_is_an_error(self, host: FakeSystemd) -> None:
        write(f"{ETC}/{A}", SERVICE)
        host.broken = {A}
        with pytest.raises(Failed, match="did not start"):
            units.apply_unit(PlainWork(), A)
        assert units.observe_unit(PlainWork(), A) == {**GOOD, "active": "failed"}

    def test_one_without_a_file_is_an_error(self, host: FakeSystemd) -> None:
        with pytest.raises(Failed, match="has no unit file"):
            units.apply_unit(PlainWork(), A)

    def test_a_folder_that_cannot_be_written_is_said(self, host: FakeSystemd) -> None:
        write(f"{ETC}/{A}", SERVICE)
        write(f"{ETC}/multi-user.target.wants", "a file")
        with pytest.raises(Failed, match=r"unit a\.service: .*multi-user.target.wants"):
            units.apply_unit(PlainWork(), A)


class TestRemove:
    def test_nothing_is_left_and_nothing_reloaded(self, host: FakeSystemd) -> None:
        running(host)
        units.unit.remove(PlainWork(), A, {})
        assert host.members() == ["StopUnit", "ResetFailedUnit"]
        assert units.observe_unit(PlainWork(), A) is None
        assert host.units == {}
        units.unit.remove(PlainWork(), A, {})

    def test_one_that_failed_is_forgotten(self, host: FakeSystemd) -> None:
        running(host)
        host.units[A].active = "failed"
        units.remove_unit(PlainWork(), A)
        assert units.observe_unit(PlainWork(), A) is None

    def test_one_that_something_wants_which_runs_is_wanted_no_more(self, host: FakeSystemd) -> None:
        write(f"{ETC}/{A}", "[Install]\nWantedBy=ceph.target\n")
        write(f"{ETC}/ceph.target", "[Unit]\n")
        host.load("ceph.target", "active")
        units.apply_unit(PlainWork(), A)
        systemd.finish()
        assert host.members() == ["ResetFailedUnit", "RestartUnit", "Reload"]
        units.remove_unit(PlainWork(), A)
        systemd.finish()
        assert host.members()[3:] == ["StopUnit", "ResetFailedUnit", "Reload"]
        assert host.units["ceph.target"].wants == []

    def test_one_that_does_not_stop_is_killed(self, host: FakeSystemd) -> None:
        running(host)
        host.stubborn = {A}
        work = PlainWork()
        work.sleep = time.sleep  # type: ignore[method-assign]
        units.unit.remove(work, A, {"killAfterSeconds": 0.3})
        assert work.said == ["killing unit a.service, which did not stop within 0.3 s"]
        assert ("KillUnit", (A, "all", 9)) in host.asked
        assert units.observe_unit(PlainWork(), A) is None

    def test_one_that_stops_in_time_is_not_killed(self, host: FakeSystemd) -> None:
        running(host)
        host.slow = 0.2
        work = PlainWork()
        work.sleep = time.sleep  # type: ignore[method-assign]
        units.remove_unit(work, A, 10)
        assert "KillUnit" not in host.members()


class TestPassiveUnit:
    SLICE = "torocloud-web\\x2d0.slice"

    def test_only_what_people_added_counts(self, host: FakeSystemd) -> None:
        assert units.passive_unit.observe(PlainWork(), self.SLICE, {}) == {"dropIns": []}
        path = f"/etc/systemd/system.control/{self.SLICE}.d/50-CPUWeight.conf"
        write(path, "x")
        assert units.passive_unit.observe(PlainWork(), self.SLICE, {}) == {"dropIns": [path]}
        assert host.units == {}

    def test_it_is_removed_and_systemd_told_where_it_knows_it(self, host: FakeSystemd) -> None:
        for reloads, known in enumerate((False, True)):
            write(f"{ETC}/torocloud.slice", "[Slice]\n")
            write(f"{ETC}/torocloud.slice.d/override.conf", "x")
            if known:
                host.load("torocloud.slice", "active")
            units.passive_unit.apply(PlainWork(), "torocloud.slice", {})
            assert units.passive_unit.observe(PlainWork(), "torocloud.slice", {}) == {"dropIns": []}
            assert host.members() == ["Reload"] * reloads

    def test_it_is_stopped_when_the_resource_goes(self, host: FakeSystemd) -> None:
        running(host)
        units.passive_unit.remove(PlainWork(), A, {})
        assert host.members() == ["StopUnit"]


class TestUnitFile:
    SPEC: ClassVar[Spec] = {"content": SERVICE, "mode": "644", "owner": OWNER}

    def test_systemd_hears_of_a_unit_when_it_is_started(self, host: FakeSystemd) -> None:
        running(host)
        units.unit_file.apply(PlainWork(), f"{ETC}/{A}", {**self.SPEC, "content": "[Service]\n"})
        assert host.members() == []
        state = units.unit_file.observe(PlainWork(), f"{ETC}/{A}", self.SPEC)
        assert isinstance(state, dict)
        assert state["mode"] == "644"

    def test_one_that_goes_is_forgotten_where_it_is_known(self, host: FakeSystemd) -> None:
        write(f"{ETC}/{A}", SERVICE)
        units.unit_file.remove(PlainWork(), f"{ETC}/{A}", self.SPEC)
        assert host.members() == []
        running(host)
        units.unit_file.remove(PlainWork(), f"{ETC}/{A}", self.SPEC)
        systemd.finish()
        assert host.members() == ["Reload"]
        units.unit_file.remove(PlainWork(), f"{ETC}/{A}", self.SPEC)
        systemd.finish()
        assert host.members() == ["Reload"]

    def test_a_drop_in_of_a_template_is_told_to_its_loaded_instances(self, host: FakeSystemd) -> None:
        path = f"{ETC}/ceph-mgr@.service.d/torocloud.conf"
        write("/usr/lib/systemd/system/ceph-mgr@.service", SERVICE)
        os.makedirs(os.path.dirname(real(path)))
        units.unit_file.apply(PlainWork(), path, self.SPEC)
        assert host.members() == []
        host.load("ceph-mgr@node1.service", "active")
        units.unit_file.apply(PlainWork(), path, self.SPEC)
        assert host.members() == []
        units.unit_file.apply(PlainWork(), path, {**self.SPEC, "content": "[Service]\n"})
        assert host.members() == ["Reload"]
        units.unit_file.remove(PlainWork(), path, self.SPEC)
        assert host.members() == ["Reload", "Reload"]
