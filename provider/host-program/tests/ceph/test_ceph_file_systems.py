"""Pools, file systems, and what is waited for once they are made."""

from __future__ import annotations

import errno
from typing import Any

import pytest
from doubles import FakeChange, FakeWork
from fake_cluster import NO_NODE, SILENT, FakeCluster, cluster

from torocloud_host.ceph import file_system_options, file_systems, monitors, pools, served
from torocloud_host.work import Failed, Unknown

__all__ = ["cluster"]

DATA = {"pgNum": 32, "size": 3, "minSize": 2, "use": "data", "fileSystem": "cloud"}
METADATA = {"pgNum": 8, "size": 3, "minSize": 2, "use": "metadata", "fileSystem": "cloud"}
ON_POOLS = {"metadataPool": "m", "dataPool": "d"}
OPTIONS = {"maxMds": 1, "joinable": True}
REMOVABLE = ("mon", "mon_allow_pool_delete")
HOSTILE = "a'; \"$(touch x)\" {{7*7}} __import__('os') \\"


def make(cluster: FakeCluster) -> None:
    pools.apply(FakeChange(), "m", METADATA)
    pools.apply(FakeChange(), "d", DATA)
    file_systems.apply(FakeChange(), "cloud", ON_POOLS)


class TestPool:
    def test_is_made_once_and_observed(self, cluster: FakeCluster) -> None:
        assert pools.observe(FakeWork(), "d", DATA) is None
        make(cluster)
        right = {"pgNum": 32, "size": 3, "minSize": 2, "autoscale": "off", "applications": ["cephfs:data=cloud"]}
        assert pools.observe(FakeWork(), "d", DATA) == right
        pools.apply(FakeChange(), "d", DATA)
        assert pools.observe(FakeWork(), "d", DATA) == right

    def test_is_put_right(self, cluster: FakeCluster) -> None:
        make(cluster)
        right = pools.observe(FakeWork(), "d", DATA)
        cluster.pools["d"].update(min_size=1, pg_autoscale_mode="warn", pg_num_target=64)
        cluster.pools["d"]["application_metadata"] = {"rgw": {}, "cephfs": {"data": "other"}}
        wrong: Any = pools.observe(FakeWork(), "d", DATA)
        assert wrong["applications"] == ["cephfs:data=other", "rgw:="]
        assert (wrong["minSize"], wrong["autoscale"], wrong["pgNum"]) == (1, "warn", 64)
        pools.apply(FakeChange(), "d", DATA)
        assert pools.observe(FakeWork(), "d", DATA) == right

    def test_is_taken_back_from_another_application(self, cluster: FakeCluster) -> None:
        make(cluster)
        cluster.pools["d"]["application_metadata"] = {"rgw": {}}
        pools.apply(FakeChange(), "d", DATA)
        assert cluster.pools["d"]["application_metadata"] == {"cephfs": {"data": "cloud"}}

    def test_the_metadata_pools_least_number_does_not_stand_in_the_way(self, cluster: FakeCluster) -> None:
        make(cluster)
        cluster.pools["m"]["pg_num_target"] = 16
        pools.apply(FakeChange(), "m", METADATA)
        options = [command["var"] for command in cluster.told if command["prefix"] == "osd pool set"]
        assert options == ["pg_num_min", "pg_num"]

    def test_nothing_is_told_that_is_so_already(self, cluster: FakeCluster) -> None:
        make(cluster)
        file_system_options.apply(FakeChange(), "cloud", OPTIONS)
        assert cluster.told_prefixes() == ["osd pool create", "osd pool create", "fs new"]
        cluster.told.clear()
        make(cluster)
        assert cluster.told_prefixes() == ["fs new"]

    def test_is_removed_and_pools_are_protected_again(self, cluster: FakeCluster) -> None:
        pools.apply(FakeChange(), "d", DATA)
        pools.remove(FakeWork(), "d", DATA)
        assert (cluster.pools, cluster.config) == ({}, {})
        cluster.told.clear()
        pools.remove(FakeWork(), "d", DATA)
        assert cluster.told == []

    def test_what_somebody_has_allowed_stays_as_it_was(self, cluster: FakeCluster) -> None:
        cluster.config[REMOVABLE] = "false"
        pools.apply(FakeChange(), "d", DATA)
        pools.remove(FakeWork(), "d", DATA)
        assert cluster.config == {REMOVABLE: "false"}

    def test_the_removal_waits_until_the_monitors_have_heard(self, cluster: FakeCluster) -> None:
        pools.apply(FakeChange(), "d", DATA)
        cluster.slow_to_allow = 3
        pools.remove(FakeWork(), "d", DATA)
        assert cluster.pools == {}

    def test_one_that_is_used_stays_and_is_protected_again(self, cluster: FakeCluster) -> None:
        make(cluster)
        with pytest.raises(Failed, match="pool d could not be removed: pool 'd' is in use by CephFS"):
            pools.remove(FakeWork(), "d", DATA)
        assert "d" in cluster.pools and cluster.config == {}

    def test_a_name_is_data(self, cluster: FakeCluster) -> None:
        pools.apply(FakeChange(), HOSTILE, {**DATA, "fileSystem": HOSTILE})
        assert {command["pool"] for command in cluster.told} == {HOSTILE}


class TestFileSystem:
    def test_is_made_once_and_observed(self, cluster: FakeCluster) -> None:
        assert file_systems.observe(FakeWork(), "cloud", ON_POOLS) is None
        make(cluster)
        file_systems.apply(FakeChange(), "cloud", ON_POOLS)
        assert file_systems.observe(FakeWork(), "cloud", ON_POOLS) == {"metadataPool": "m", "dataPools": ["d"]}

    def test_is_made_anew_on_pools_that_say_they_are_used(self, cluster: FakeCluster) -> None:
        make(cluster)
        del cluster.file_systems["cloud"]
        file_systems.apply(FakeChange(), "cloud", ON_POOLS)
        assert "cloud" in cluster.file_systems

    def test_another_data_pool_is_a_persons_to_take_away(self, cluster: FakeCluster) -> None:
        make(cluster)
        cluster.file_systems["cloud"][1].append("byhand")
        assert file_systems.observe(FakeWork(), "cloud", ON_POOLS) == {
            "metadataPool": "m",
            "dataPools": ["d", "byhand"],
        }
        with pytest.raises(Failed) as failure:
            file_systems.apply(FakeChange(), "cloud", ON_POOLS)
        assert str(failure.value) == (
            "file system cloud may keep data in other pools too; where nothing lies in them: "
            "ceph fs rm_data_pool cloud POOL. These are: byhand"
        )

    def test_is_failed_and_removed_its_pools_stay(self, cluster: FakeCluster) -> None:
        make(cluster)
        file_systems.remove(FakeWork(), "cloud", ON_POOLS)
        file_systems.remove(FakeWork(), "cloud", ON_POOLS)
        assert (list(cluster.file_systems), list(cluster.pools)) == ([], ["m", "d"])

    def test_its_options_are_observed_and_set(self, cluster: FakeCluster) -> None:
        assert file_system_options.observe(FakeWork(), "cloud", OPTIONS) is None
        make(cluster)
        assert file_system_options.observe(FakeWork(), "cloud", OPTIONS) == OPTIONS
        cluster.options["cloud"] = {"max_mds": 2, "joinable": False}
        assert file_system_options.observe(FakeWork(), "cloud", OPTIONS) == {"maxMds": 2, "joinable": False}
        file_system_options.apply(FakeChange(), "cloud", OPTIONS)
        assert file_system_options.observe(FakeWork(), "cloud", OPTIONS) == OPTIONS


KINDS = [(pools, "d", DATA), (file_systems, "cloud", ON_POOLS), (file_system_options, "cloud", OPTIONS)]


@pytest.mark.parametrize(("kind", "key", "spec"), KINDS)
class TestWithoutMonitors:
    def test_silence_is_not_absence(self, cluster: FakeCluster, kind: Any, key: str, spec: Any) -> None:
        cluster.failure = SILENT
        with pytest.raises(Unknown):
            kind.observe(FakeWork(), key, spec)

    def test_a_host_that_is_no_node_has_none(self, cluster: FakeCluster, kind: Any, key: str, spec: Any) -> None:
        cluster.failure = NO_NODE
        assert kind.observe(FakeWork(), key, spec) is None
        cluster.failure = monitors.Refused(errno.EACCES, "no")
        with pytest.raises(monitors.Refused):
            kind.observe(FakeWork(), key, spec)


class TestServed:
    @pytest.mark.parametrize(
        ("servers", "done", "seen"),
        [
            ({}, False, "not yet"),
            ({"1": "up:creating"}, False, "up:creating"),
            ({"1": "up:active", "2": "up:standby-replay"}, True, "up:active, up:standby-replay"),
        ],
    )
    def test_once_a_server_is_active(
        self, cluster: FakeCluster, servers: dict[str, str], done: bool, seen: str
    ) -> None:
        make(cluster)
        cluster.servers = servers
        found = served.file_system_served(FakeWork(), {"fileSystem": "cloud"})
        assert (found.done, found.seen) == (done, seen)
        assert served.file_system_served(FakeWork(), {"fileSystem": "other"}).done is False

    @pytest.mark.parametrize(
        "states",
        [
            {"active+clean": 41},
            {"active+clean": 39, "active+clean+scrubbing": 1, "active+clean+scrubbing+deep": 1},
            {"active+clean+snaptrim": 1, "active+clean+snaptrim_wait": 2},
        ],
    )
    def test_placement_groups_that_scrub_are_clean(self, cluster: FakeCluster, states: dict[str, int]) -> None:
        cluster.states = states
        assert served.placement_groups_clean(FakeWork(), {}).done

    @pytest.mark.parametrize(
        ("states", "seen"),
        [
            ({}, "none reported yet"),
            ({"active+clean": 16, "unknown": 25}, "16 active+clean, 25 unknown"),
            ({"active+undersized+degraded": 3}, "3 active+undersized+degraded"),
            ({"active+unclean": 3}, "3 active+unclean"),
            ({"peering": 1, "active+clean+scrubbing": 2}, "1 peering, 2 active+clean+scrubbing"),
        ],
    )
    def test_others_are_not(self, cluster: FakeCluster, states: dict[str, int], seen: str) -> None:
        cluster.states = states
        found = served.placement_groups_clean(FakeWork(), {})
        assert (found.done, found.seen) == (False, seen)

    def test_silence_is_not_the_end_of_the_wait(self, cluster: FakeCluster) -> None:
        cluster.failure = SILENT
        for ask in (served.placement_groups_clean, served.file_system_served):
            found = ask(FakeWork(), {"fileSystem": "cloud"})
            assert (found.done, found.seen) == (False, str(SILENT))
