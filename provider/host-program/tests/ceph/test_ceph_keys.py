"""Keys: those a cluster is born with, those of daemons, the monitors' common one."""

from __future__ import annotations

import hashlib
import os

import pytest
from doubles import FakeChange, FakeWork
from members_host import KEYS, Cluster, Files, read, write

from torocloud_host.ceph import born_keyring, daemon_key, keys, monitor_key, monitors, paths
from torocloud_host.where import real
from torocloud_host.work import Failed, Unknown

SEED = "/var/lib/torocloud/ceph/ceph.keyring"
KEYRING = "/var/lib/ceph/mgr/ceph-node1/keyring"
CAPS = {"mds": "allow *", "mon": "allow profile mgr", "osd": "allow *"}
SPEC = {"keyring": KEYRING, "caps": CAPS}
BORN = f"""[mon.]
\tkey = {KEYS[0]}
\tcaps mon = "allow *"
[client.admin]
\tkey = {KEYS[1]}
\tcaps mds = "allow *"
\tcaps mgr = "allow *"
\tcaps mon = "allow *"
\tcaps osd = "allow *"
[client.bootstrap-osd]
\tkey = {KEYS[2]}
\tcaps mgr = "allow r"
\tcaps mon = "profile bootstrap-osd"
"""


@pytest.fixture(autouse=True)
def disk(monkeypatch):
    return Files(monkeypatch)


@pytest.fixture
def cluster(monkeypatch):
    return Cluster(monkeypatch)


def maker() -> FakeChange:
    left = iter(KEYS)
    return FakeChange({"ceph-authtool --gen-print-key": lambda *_: (0, f"{next(left)}\n", "")})


def born() -> None:
    write(SEED, BORN)
    os.chmod(real(SEED), 0o600)
    write(f"{SEED}.sha256", hashlib.sha256(BORN.encode()).hexdigest() + "\n")


class TestBornKeyring:
    def test_is_made_once_as_cephs_own_tools_write_it(self, disk):
        assert born_keyring.observe(FakeWork(), SEED, {}) is None
        born_keyring.apply(maker(), SEED, {})
        assert read(SEED) == BORN
        assert born_keyring.observe(FakeWork(), SEED, {}) == {"mode": "600", "owner": "root:root", "holds": "same"}
        born_keyring.apply(FakeChange(), SEED, {})
        assert read(SEED) == BORN

    def test_an_edit_is_seen_and_undone_from_the_copy(self):
        born()
        write(paths.MONITOR_KEYRING, BORN)
        write(SEED, BORN.replace(KEYS[0], KEYS[5]))
        assert born_keyring.observe(FakeWork(), SEED, {})["holds"] == "other"
        assert born_keyring.born_keys(FakeWork(), {"cluster": "ceph"}) == BORN
        born_keyring.apply(FakeChange(), SEED, {})
        assert read(SEED) == BORN

    def test_comes_back_from_the_copy_and_no_new_keys_are_made(self):
        born()
        write(paths.MONITOR_KEYRING, BORN)
        os.unlink(real(SEED))
        assert born_keyring.observe(FakeWork(), SEED, {}) is None
        born_keyring.apply(FakeChange(), SEED, {})
        assert read(SEED) == BORN

    def test_keys_that_are_lost_are_not_made_anew(self):
        born()
        write(SEED, BORN.replace(KEYS[0], KEYS[5]))
        with pytest.raises(Failed, match="bring the file back from a backup"):
            born_keyring.apply(FakeChange(), SEED, {})
        with pytest.raises(Failed, match="does not hold the keys that the cluster was made with") as failed:
            born_keyring.born_keys(FakeWork(), {"cluster": "ceph"})
        assert "AQB" not in str(failed.value)

    def test_one_of_before_checksums_is_sealed(self):
        write(SEED, BORN)
        assert born_keyring.observe(FakeWork(), SEED, {})["holds"] == "unsealed"
        born_keyring.apply(FakeChange(), SEED, {})
        assert read(SEED) == BORN
        assert read(f"{SEED}.sha256") == hashlib.sha256(BORN.encode()).hexdigest() + "\n"

    def test_goes_with_its_checksum(self):
        born()
        born_keyring.remove(FakeWork(), SEED, {})
        assert not os.path.exists(real(SEED))
        assert not os.path.exists(real(f"{SEED}.sha256"))
        born_keyring.remove(FakeWork(), SEED, {})

    def test_what_is_no_key_is_not_written(self):
        change = FakeChange({"ceph-authtool --gen-print-key": (0, "x\n[client.evil]\n", "")})
        with pytest.raises(Failed):
            born_keyring.apply(change, SEED, {})
        assert not os.path.exists(real(SEED))


class TestKeysOfMembers:
    """Defect 28: the host that made the keys is down."""

    def member(self, copy: str = BORN) -> None:
        write(paths.MONITOR_KEYRING, copy)
        write(paths.ADMIN_KEYRING, f'[client.admin]\n\tkey = {KEYS[1]}\n\tcaps mon = "allow *"\n')
        write(paths.BOOTSTRAP_KEYRING, f"[client.bootstrap-osd]\n\tkey = {KEYS[2]}\n")

    def test_any_member_hands_them_out(self):
        self.member()
        assert born_keyring.born_keys(FakeWork(), {"cluster": "ceph"}) == BORN

    def test_a_comment_is_no_key(self):
        self.member(BORN + "# by hand\n")
        assert born_keyring.born_keys(FakeWork(), {"cluster": "ceph"}) == BORN

    @pytest.mark.parametrize("edit", [(KEYS[1], KEYS[5]), (KEYS[2], KEYS[5]), ("[mon.]", "[mon.x]")])
    def test_one_whose_copies_disagree_hands_out_nothing(self, edit):
        self.member(BORN.replace(*edit))
        with pytest.raises(Failed, match="are not those in") as failed:
            born_keyring.born_keys(FakeWork(), {"cluster": "ceph"})
        assert "AQB" not in str(failed.value)

    def test_a_host_that_is_none_says_so(self):
        with pytest.raises(Failed, match="there is no copy of them"):
            born_keyring.born_keys(FakeWork(), {"cluster": "ceph"})


class TestDaemonKey:
    def test_is_made_and_seen(self, cluster, disk):
        assert daemon_key.observe(FakeWork(), "mgr.node1", SPEC) is None
        daemon_key.apply(FakeChange(), "mgr.node1", SPEC)
        assert read(KEYRING) == f"[mgr.node1]\n\tkey = {KEYS[7]}\n"
        assert daemon_key.observe(FakeWork(), "mgr.node1", SPEC) == {
            "mode": "600",
            "owner": "ceph:ceph",
            "known": {"same": True, "caps": CAPS},
        }

    def test_other_rights_are_put_right_and_the_key_stays(self, cluster, disk):
        daemon_key.apply(FakeChange(), "mgr.node1", SPEC)
        cluster.auth["mgr.node1"]["caps"] = {**CAPS, "mds": "allow r"}
        assert daemon_key.observe(FakeWork(), "mgr.node1", SPEC)["known"]["caps"]["mds"] == "allow r"
        disk.written.clear()
        daemon_key.apply(FakeChange(), "mgr.node1", SPEC)
        assert cluster.auth["mgr.node1"] == {"key": KEYS[7], "caps": CAPS}
        assert disk.written == []

    def test_another_key_in_the_file_is_replaced(self, cluster):
        daemon_key.apply(FakeChange(), "mgr.node1", SPEC)
        write(KEYRING, f"[mgr.node1]\n\tkey = {KEYS[3]}\n")
        assert daemon_key.observe(FakeWork(), "mgr.node1", SPEC)["known"]["same"] is False
        daemon_key.apply(FakeChange(), "mgr.node1", SPEC)
        assert KEYS[7] in read(KEYRING)

    def test_the_cluster_may_not_know_it(self, cluster):
        write(KEYRING, f"[mgr.node1]\n\tkey = {KEYS[3]}\n")
        assert daemon_key.observe(FakeWork(), "mgr.node1", SPEC)["known"] is None

    def test_silence_is_not_absence(self, cluster):
        write(KEYRING, f"[mgr.node1]\n\tkey = {KEYS[3]}\n")
        cluster.answers["auth get"] = Unknown("no answer from the monitors within 20 s")
        with pytest.raises(Unknown):
            daemon_key.observe(FakeWork(), "mgr.node1", SPEC)
        cluster.answers["auth get"] = monitors.Refused(13, "Permission denied")
        with pytest.raises(Failed, match="Permission denied"):
            daemon_key.observe(FakeWork(), "mgr.node1", SPEC)

    def test_goes(self, cluster):
        daemon_key.remove(FakeWork(), "mgr.node1", SPEC)
        assert cluster.told == [{"prefix": "auth rm", "entity": "mgr.node1"}]


class TestMonitorKey:
    KEYRING = "/var/lib/ceph/mon/ceph-node1/keyring"

    def test_is_the_one_that_the_host_has(self, disk):
        write(paths.MONITOR_KEYRING, BORN)
        monitor_key.apply(FakeChange(), "node1", {})
        assert read(self.KEYRING) == f'[mon.]\n\tkey = {KEYS[0]}\n\tcaps mon = "allow *"\n'
        state = monitor_key.observe(FakeWork(), "node1", {})
        assert state == {"mode": "600", "owner": "ceph:ceph", "same": True}

    def test_one_that_is_right_stays_whatever_stands_beside_it(self, disk):
        write(paths.MONITOR_KEYRING, BORN)
        text = f'[mon.]\n\tkey = {KEYS[0]}\n\tcaps mon = "allow *"\n[client.admin]\n\tkey = {KEYS[1]}\n'
        write(self.KEYRING, text)
        monitor_key.apply(FakeChange(), "node1", {})
        assert read(self.KEYRING) == text
        assert disk.owners[self.KEYRING] == "ceph:ceph"

    def test_another_one_is_seen_and_replaced(self):
        write(paths.MONITOR_KEYRING, BORN)
        write(self.KEYRING, BORN.replace(KEYS[0], KEYS[5]))
        assert monitor_key.observe(FakeWork(), "node1", {})["same"] is False
        monitor_key.apply(FakeChange(), "node1", {})
        assert keys.first_key(read(self.KEYRING)) == KEYS[0]

    def test_none_is_never_written(self):
        with pytest.raises(Failed, match="holds no key"):
            monitor_key.apply(FakeChange(), "node1", {})


def test_a_keyring_is_refused_or_holds_one_key():
    for hostile in ["", "a b", "a\n[client.admin]", "a#", 'a"', "$(x)", "é", "a\u0000"]:
        with pytest.raises(Failed, match=r"the key of client\.x is none"):
            keys.render("client.x", hostile)
    assert keys.sections(keys.render("client.x", KEYS[0])) == {"client.x": {"key": KEYS[0]}}
