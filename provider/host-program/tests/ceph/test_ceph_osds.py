"""OSDs: their stores, sizes, keys, units, places and weights."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from doubles import FakeChange, FakeWork
from members_host import FSID, KEYS, Cluster, Files, lines, osd_on_disk, read, write

from torocloud_host.artifacts import units
from torocloud_host.ceph import (
    daemon_conditions,
    monitors,
    osd_drain,
    osd_key,
    osd_place,
    osd_size,
    osd_store,
    osd_unit,
    osd_weight,
)
from torocloud_host.machine import systemd
from torocloud_host.where import real
from torocloud_host.work import Failed, Unknown

UUID = "11111111-1111-8111-8111-111111111111"
OTHER = "22222222-2222-8222-8222-222222222222"
THIRD = "33333333-3333-8333-8333-333333333333"
SPEC = {"fsid": FSID, "sizeGiB": 2, "host": "node1"}
CAPS = {"mgr": "allow profile osd", "mon": "allow profile osd", "osd": "allow *"}
KEY_SPEC = {"caps": CAPS}
LEAVING = {"uuid": UUID}
POOL = {"pool_name": "data", "size": 2}
STORE = "/var/lib/ceph/osd/ceph-3"
SECRET = f"/var/lib/torocloud/ceph/osd-{UUID}.secret"


@pytest.fixture(autouse=True)
def disk(monkeypatch):
    return Files(monkeypatch)


@pytest.fixture(autouse=True)
def cluster(monkeypatch):
    cluster = Cluster(monkeypatch)
    cluster.has_osds()
    return cluster


def maker(label: tuple[str, str, str] = ("yes", UUID, FSID), number: str = "3", shown: str = "") -> FakeChange:
    def mkfs(argv, _):
        for name, text in zip(("mkfs_done", "fsid", "ceph_fsid"), label, strict=True):
            write(f"{STORE}/{name}", text + "\n")
        return 0, "", ""

    def prime(argv, _):
        write(f"{STORE}/fsid", UUID + "\n")
        write(f"{STORE}/ceph_fsid", FSID + "\n")
        return 0, "", ""

    return FakeChange(
        {
            "ceph-authtool --gen-print-key": (0, KEYS[4] + "\n", ""),
            "ceph --connect-timeout 20": (0, f"{number}\n", ""),
            "install -d": (0, "", ""),
            "fallocate": lambda argv, _: (Path(argv[-1]).write_text("new"), (0, "", ""))[1],
            "chown": (0, "", ""),
            "env -C / ceph-osd --mkfs": mkfs,
            "ceph-bluestore-tool show-label": (0, shown, "") if shown else (1, "", "no label"),
            "ceph-bluestore-tool prime-osd-dir": prime,
            "ceph-bluestore-tool bluefs-bdev-expand": (0, "", ""),
            "rm -rf --one-file-system": (0, "", ""),
        }
    )


class TestStore:
    def test_is_made(self, cluster):
        assert osd_store.observe(FakeWork(), UUID, SPEC) is None
        change = maker()
        osd_store.apply(change, UUID, SPEC)
        assert osd_store.observe(FakeWork(), UUID, SPEC) == {"fsid": FSID}
        assert read(f"{STORE}/keyring") == f"[osd.3]\n\tkey = {KEYS[4]}\n"
        assert f"fallocate -l {2 * 1024**3} {real(STORE)}/block" in lines(change)
        assert not os.path.exists(real(SECRET))

    def test_its_secret_is_in_no_command_line(self):
        change = maker()
        osd_store.apply(change, UUID, SPEC)
        assert KEYS[4] not in " ".join(lines(change))
        new = next(index for index, line in enumerate(lines(change)) if "osd new" in line)
        assert json.loads(change.inputs[new]) == {"cephx_secret": KEYS[4]}

    def test_one_that_was_cut_off_goes_on_with_the_same_secret(self):
        write(SECRET, KEYS[5] + "\n")
        write(f"{STORE}/fsid", UUID + "\n")
        change = maker()
        osd_store.apply(change, UUID, SPEC)
        assert read(f"{STORE}/keyring") == f"[osd.3]\n\tkey = {KEYS[5]}\n"

    def test_the_exit_code_does_not_tell_that_it_was_made(self):
        with pytest.raises(Failed, match="without its labels"):
            osd_store.apply(maker(label=("yes", OTHER, FSID)), UUID, SPEC)

    def test_another_osds_directory_is_left_alone(self):
        osd_on_disk(3, OTHER)
        with pytest.raises(Failed, match=f"{STORE} belongs to another OSD: {OTHER}"):
            osd_store.apply(maker(), UUID, SPEC)
        assert read(f"{STORE}/block") == "data"

    def test_one_that_is_there_is_never_made_again(self):
        osd_on_disk(3, UUID)
        change = maker()
        osd_store.apply(change, UUID, SPEC)
        assert change.calls == []
        assert read(f"{STORE}/block") == "data"

    @pytest.mark.parametrize("lost", ["mkfs_done", "fsid", "ceph_fsid"])
    def test_lost_labels_are_written_anew_from_the_store(self, lost):
        osd_on_disk(3, UUID)
        os.unlink(real(f"{STORE}/{lost}"))
        label = {real(f"{STORE}/block"): {"osd_uuid": UUID, "mkfs_done": "yes"}}
        osd_store.apply(maker(shown=json.dumps(label)), UUID, SPEC)
        assert osd_store.observe(FakeWork(), UUID, SPEC) == {"fsid": FSID}
        assert read(f"{STORE}/block") == "data"

    def test_another_clusters_is_seen(self):
        osd_on_disk(3, UUID, fsid="other")
        assert osd_store.observe(FakeWork(), UUID, SPEC) == {"fsid": "other"}

    def test_goes_from_the_cluster_before_it_goes_from_the_host(self, cluster):
        osd_on_disk(3, UUID)
        work = maker()
        cluster.answers["osd crush rm"] = monitors.Refused(2, "osd.3 does not appear in the crush map")
        osd_store.remove(work, UUID, SPEC)
        assert cluster.prefixes() == ["osd down", "auth rm", "config rm", "osd rm"]
        assert lines(work) == [f"rm -rf --one-file-system {real(STORE)}"]

    def test_a_cluster_that_does_not_answer_keeps_its_directory(self, cluster):
        osd_on_disk(3, UUID)
        cluster.answers["osd down"] = Unknown("no answer from the monitors within 20 s")
        work = maker()
        with pytest.raises(Unknown):
            osd_store.remove(work, UUID, SPEC)
        assert work.calls == []

    def test_gone_already_is_gone(self, cluster):
        osd_store.remove(FakeWork(), UUID, SPEC)
        assert cluster.told == []


class TestPlace:
    """Defect 26: machines that were cloned have one hostname."""

    def test_a_new_osd_is_under_the_inventorys_name_from_its_first_start(self, cluster):
        osd_store.apply(maker(), UUID, {**SPEC, "host": "node2"})
        assert cluster.told == [
            {
                "prefix": "config set",
                "who": "osd.3",
                "name": "crush_location",
                "value": "root=default host=node2",
            }
        ]

    def test_a_further_one_goes_where_those_of_this_machine_are(self, cluster):
        osd_on_disk(1, OTHER)
        cluster.has_osds((1, OTHER, "a-hostname"))
        osd_store.apply(maker(), UUID, {**SPEC, "host": "node2"})
        assert cluster.told[0]["value"] == "root=default host=a-hostname"

    def test_a_name_that_another_machine_has_in_the_map_is_refused_before_anything_is_made(self, cluster):
        cluster.has_osds((0, OTHER, "node1"))
        with pytest.raises(Failed, match=r"the cluster has osd\.0 of another machine under the name node1"):
            osd_store.apply(maker(), UUID, SPEC)
        assert not os.path.exists(real(SECRET))
        assert cluster.told == []

    def test_what_is_left_of_a_machine_that_was_set_up_anew_is_in_nobodys_way(self, cluster):
        cluster.has_osds((0, OTHER, "node1"), down=[0])
        osd_store.apply(maker(), UUID, SPEC)
        assert cluster.told[0]["value"] == "root=default host=node1"

    def test_one_of_before_stays_where_it_is(self, cluster):
        osd_on_disk(3, UUID)
        cluster.has_osds((3, UUID, "a-hostname"), (0, OTHER, "another"))
        assert osd_place.observe(FakeWork(), UUID, {"host": "node1"}) == {"host": "a-hostname", "besides": []}
        osd_place.apply(FakeChange(), UUID, {"host": "node1"})
        assert cluster.told == []

    def test_one_that_shares_its_place_with_another_machine_is_moved(self, cluster):
        osd_on_disk(3, UUID)
        cluster.has_osds((3, UUID, "debian"), (0, OTHER, "debian"), (1, THIRD, "debian"))
        seen = osd_place.observe(FakeWork(), UUID, {"host": "node1"})
        assert seen == {"host": "debian", "besides": ["osd.0", "osd.1"]}
        osd_place.apply(FakeChange(), UUID, {"host": "node1"})
        assert cluster.told == [
            {"prefix": "config set", "who": "osd.3", "name": "crush_location", "value": "root=default host=node1"},
            {"prefix": "osd crush move", "name": "osd.3", "args": ["root=default", "host=node1"]},
        ]

    def test_the_one_whose_name_it_is_stays(self, cluster):
        osd_on_disk(3, UUID)
        cluster.has_osds((3, UUID, "node1"), (0, OTHER, "node1"))
        osd_place.apply(FakeChange(), UUID, {"host": "node1"})
        assert cluster.told == []

    def test_one_that_has_not_started_yet_has_none(self, cluster):
        cluster.has_osds((3, UUID, None))
        assert osd_place.observe(FakeWork(), UUID, {"host": "node1"}) == {"host": None, "besides": []}
        cluster.has_osds()
        assert osd_place.observe(FakeWork(), UUID, {"host": "node1"}) is None


class TestSize:
    @pytest.fixture
    def stopped(self, monkeypatch):
        stopped = []
        monkeypatch.setattr(systemd, "stop", lambda work, unit: stopped.append(unit))
        return stopped

    def sized(self, gib: int) -> None:
        osd_on_disk(3, UUID)
        os.truncate(real(f"{STORE}/block"), gib * 1024**3)

    def test_is_seen(self):
        assert osd_size.observe(FakeWork(), UUID, {"sizeGiB": 2}) is None
        self.sized(3)
        assert osd_size.observe(FakeWork(), UUID, {"sizeGiB": 2}) == {"bytes": 3 * 1024**3}

    def test_grows_while_it_is_stopped(self, stopped):
        self.sized(1)
        change = maker()
        osd_size.apply(change, UUID, {"sizeGiB": 2})
        assert stopped == ["ceph-osd@3.service"]
        assert [line.split()[0] for line in lines(change)] == ["fallocate", "ceph-bluestore-tool", "chown"]

    def test_never_shrinks(self, stopped):
        self.sized(3)
        with pytest.raises(Failed, match="an OSD store cannot shrink to 2 GiB; add a smaller one and remove this one"):
            osd_size.apply(maker(), UUID, {"sizeGiB": 2})
        assert stopped == []

    def test_the_right_one_is_left_running(self, stopped):
        self.sized(2)
        osd_size.apply(maker(), UUID, {"sizeGiB": 2})
        assert stopped == []


class TestKey:
    def test_is_seen_and_put_right_from_the_cluster(self, cluster, disk):
        assert osd_key.observe(FakeWork(), UUID, KEY_SPEC) is None
        osd_on_disk(3, UUID)
        cluster.auth["osd.3"] = {"key": KEYS[5], "caps": {**CAPS, "mon": "allow *"}}
        state = osd_key.observe(FakeWork(), UUID, KEY_SPEC)
        assert state["known"] == {"same": False, "caps": {**CAPS, "mon": "allow *"}}
        osd_key.apply(FakeChange(), UUID, KEY_SPEC)
        state = osd_key.observe(FakeWork(), UUID, KEY_SPEC)
        assert state == {"mode": "600", "owner": "ceph:ceph", "known": {"same": True, "caps": CAPS}}

    def test_the_cluster_is_told_of_the_one_on_disk(self, cluster, disk):
        osd_on_disk(3, UUID)
        osd_key.apply(FakeChange(), UUID, KEY_SPEC)
        (told,) = cluster.told
        assert (told["prefix"], told["entity"]) == ("auth add", "osd.3")
        assert KEYS[0] not in json.dumps(told)
        assert cluster.inputs[0].decode() == f"[osd.3]\n\tkey = {KEYS[0]}\n"
        assert disk.owners[f"{STORE}/keyring"] == "ceph:ceph"


class TestUnit:
    def test_is_named_after_the_number(self, monkeypatch):
        seen = []
        monkeypatch.setattr(units, "observe_unit", lambda work, name: seen.append(name) or {"active": "active"})
        monkeypatch.setattr(units, "apply_unit", lambda change, name, besides: seen.append(name))
        monkeypatch.setattr(units, "remove_unit", lambda work, name: seen.append(name))
        assert osd_unit.observe(FakeWork(), UUID, {}) is None
        osd_unit.remove(FakeWork(), UUID, {})
        assert seen == []
        osd_on_disk(3, UUID)
        osd_unit.observe(FakeWork(), UUID, {})
        osd_unit.apply(FakeChange(), UUID, {})
        osd_unit.remove(FakeWork(), UUID, {})
        assert seen == ["ceph-osd@3.service"] * 3


class TestWeight:
    def test_is_seen_and_given_back(self, cluster):
        cluster.has_osds((3, UUID, "node1"), out=[3])
        assert osd_weight.weight.observe(FakeWork(), UUID, {}) == {"weight": 0}
        osd_weight.weight.apply(FakeChange(), UUID, {})
        assert cluster.told == [{"prefix": "osd reweight", "id": 3, "weight": 1.0}]
        assert isinstance(cluster.told[0]["weight"], float)

    def test_a_host_without_ceph_has_none(self, cluster):
        cluster.answers["osd dump"] = monitors.Refused(2, "/etc/ceph/ceph.conf: No such file or directory")
        assert osd_weight.weight.observe(FakeWork(), UUID, {}) is None
        assert osd_place.observe(FakeWork(), UUID, {"host": "node1"}) is None

    def test_silence_is_not_absence(self, cluster):
        cluster.answers["osd dump"] = Unknown("no answer from the monitors within 20 s")
        with pytest.raises(Unknown):
            osd_weight.weight.observe(FakeWork(), UUID, {})


class TestOut:
    def test_is_taken_out_once_and_given_back(self, cluster):
        cluster.has_osds((3, UUID, "node1"))
        assert osd_weight.out.observe(FakeWork(), UUID, {}) is None
        osd_weight.out.apply(FakeChange(), UUID, {})
        assert cluster.told == [{"prefix": "osd out", "ids": ["3"]}]
        cluster.has_osds((3, UUID, "node1"), out=[3])
        assert osd_weight.out.observe(FakeWork(), UUID, {}) == {"out": True}
        osd_weight.out.apply(FakeChange(), UUID, {})
        osd_weight.out.remove(FakeWork(), UUID, {})
        assert cluster.prefixes() == ["osd out", "osd reweight"]

    def test_one_that_the_cluster_has_forgotten_is_out(self, cluster):
        osd_weight.out.apply(FakeChange(), UUID, {})
        osd_weight.out.remove(FakeWork(), UUID, {})
        assert cluster.told == []


class TestConditions:
    def test_up_and_in(self, cluster):
        asked = lambda: daemon_conditions.osd_up(FakeWork(), {"uuid": UUID})  # noqa: E731
        assert (asked().done, asked().seen) == (False, "not yet")
        cluster.has_osds((3, UUID, "node1"))
        assert asked().done
        cluster.has_osds((3, UUID, "node1"), down=[3])
        assert not asked().done
        cluster.has_osds((3, UUID, "node1"), out=[3])
        assert not asked().done

    def test_a_cluster_that_does_not_answer_is_not_ready(self, cluster):
        cluster.answers["osd dump"] = Unknown("no answer from the monitors within 20 s")
        seen = daemon_conditions.osd_up(FakeWork(), {"uuid": UUID})
        assert (seen.done, seen.seen) == (False, "no answer from the monitors within 20 s")

    @pytest.mark.parametrize(
        ("dump", "done"),
        [
            ({"active_name": "a", "available": True, "standbys": []}, True),
            ({"active_name": "a", "available": False, "standbys": []}, False),
            ({"active_name": "b", "available": True, "standbys": [{"name": "a"}]}, True),
            ({"active_name": "", "available": False, "standbys": []}, False),
        ],
    )
    def test_manager(self, cluster, dump, done):
        cluster.answers["mgr dump"] = dump
        assert daemon_conditions.manager_available(FakeWork(), {"id": "a"}).done is done

    @pytest.mark.parametrize(
        ("dump", "done"),
        [
            ({"standbys": [{"name": "a"}], "filesystems": []}, True),
            ({"standbys": [], "filesystems": [{"mdsmap": {"info": {"gid_1": {"name": "a"}}}}]}, True),
            ({"standbys": [{"name": "b"}], "filesystems": [{"mdsmap": {"info": {}}}]}, False),
        ],
    )
    def test_metadata_server(self, cluster, dump, done):
        cluster.answers["fs dump"] = dump
        assert daemon_conditions.metadata_server_known(FakeWork(), {"id": "a"}).done is done

    def test_number(self):
        assert osd_drain.osd_number(FakeWork(), {"uuid": UUID}) == {}
        osd_on_disk(3, UUID)
        assert osd_drain.osd_number(FakeWork(), {"uuid": UUID}) == {"number": 3}


class TestLeaving:
    GIB = 1024 * 1024

    def usage(self, cluster, *used: int, groups: int = 7) -> None:
        """GiB used of 10 by each OSD."""
        cluster.answers["osd df"] = {
            "nodes": [
                {"id": number, "kb": 10 * self.GIB, "kb_used": gib * self.GIB, "pgs": groups}
                for number, gib in enumerate(used)
            ]
        }

    def three(self, cluster, copies: int = 2, hosts: int = 3, **more) -> None:
        uuids = [UUID, OTHER, THIRD]
        places = [f"node{1 + number % hosts}" for number in range(3)]
        pools = [{**POOL, "size": copies}]
        cluster.has_osds(*((n, uuids[n], places[n]) for n in range(3)), pools=pools, **more)
        self.usage(cluster, 1, 1, 1)
        cluster.answers["osd safe-to-destroy"] = {"safe_to_destroy": [], "active": [0]}
        cluster.answers["status"] = {"pgmap": {"pgs_by_state": [{"state_name": "active+clean", "count": 9}]}}

    def test_it_may_where_hosts_and_space_are_left(self, cluster):
        self.three(cluster)
        assert osd_drain.drainable(FakeWork(), LEAVING).done

    def test_refused_at_once_where_fewer_hosts_than_copies_are_left(self, cluster):
        self.three(cluster, copies=3)
        seen = osd_drain.drainable(FakeWork(), LEAVING)
        assert not seen.done
        assert seen.hopeless == seen.seen
        assert seen.seen == (
            "osd.0 cannot leave: data is kept in 3 copies on as many hosts, and 2 hosts with an OSD would be left "
            "(node2, node3); add an OSD on another host, or keep fewer copies"
        )

    def test_a_host_that_keeps_another_osd_counts(self, cluster):
        self.three(cluster, hosts=2)
        assert osd_drain.drainable(FakeWork(), LEAVING).done

    @pytest.mark.parametrize("more", [{"down": [1]}, {"out": [1]}])
    def test_an_osd_that_is_down_or_out_counts_for_nothing(self, cluster, more):
        self.three(cluster, **more)
        assert "1 host with an OSD would be left (node3)" in osd_drain.drainable(FakeWork(), LEAVING).seen

    def test_refused_at_once_where_space_is_short(self, cluster):
        self.three(cluster)
        self.usage(cluster, 6, 7, 5)
        assert osd_drain.drainable(FakeWork(), LEAVING).hopeless == (
            "osd.0 cannot leave: it holds 6.0 GiB, and the other OSDs can take 5.0 GiB until they are 85 % full; "
            "add an OSD, or delete data"
        )

    def test_a_cluster_that_does_not_answer_refuses_too(self, cluster):
        cluster.answers["osd dump"] = Unknown("no answer from the monitors within 20 s")
        for condition in (osd_drain.drainable, osd_drain.drained, osd_drain.safe_to_destroy):
            assert condition(FakeWork(), LEAVING).done is False

    def test_progress_is_told_in_placement_groups(self, cluster):
        self.three(cluster)
        assert osd_drain.drained(FakeWork(), LEAVING).seen == "7 placement groups still on osd.0"
        self.usage(cluster, 1, 1, 1, groups=1)
        assert osd_drain.drained(FakeWork(), LEAVING).seen == "1 placement group still on osd.0"
        self.usage(cluster, 1, 1, 1, groups=0)
        seen = osd_drain.drained(FakeWork(), LEAVING)
        assert (seen.done, seen.seen) == (False, "no placement group is on osd.0, but not all are clean yet")
        cluster.answers["osd safe-to-destroy"] = {"safe_to_destroy": [0]}
        assert osd_drain.drained(FakeWork(), LEAVING).done

    def test_waiting_is_hopeless_where_the_others_are_too_full(self, cluster):
        self.three(cluster)
        states = [{"state_name": "active+remapped+backfill_toofull", "count": 2}]
        cluster.answers["status"] = {"pgmap": {"pgs_by_state": states}}
        hopeless = osd_drain.drained(FakeWork(), LEAVING).hopeless
        assert hopeless == "2 placement groups cannot move: the other OSDs are too full; add an OSD, or delete data"

    def test_the_cluster_itself_says_what_is_safe(self, cluster):
        self.three(cluster)
        assert "holds the only copies of data; run 'ceph osd out 0'" in (
            osd_drain.safe_to_destroy(FakeWork(), LEAVING).seen
        )
        cluster.answers["osd safe-to-destroy"] = {"safe_to_destroy": [0]}
        assert osd_drain.safe_to_destroy(FakeWork(), LEAVING).done

    @pytest.mark.parametrize("condition", [osd_drain.drainable, osd_drain.drained, osd_drain.safe_to_destroy])
    def test_without_pools_for_data_it_may_go_at_once(self, cluster, condition):
        cluster.has_osds((0, UUID, "node1"))
        assert condition(FakeWork(), LEAVING).done
        cluster.has_osds(pools=[POOL])
        assert condition(FakeWork(), LEAVING).done
