"""Clients' keys, and the files that hold them."""

from __future__ import annotations

import errno
import grp
import os
import pwd
from pathlib import Path

import pytest
from doubles import FakeChange, FakeWork
from fake_cluster import NO_NODE, SILENT, FakeCluster, cluster

from torocloud_host.ceph import client_key_file, client_keys, monitors
from torocloud_host.work import Failed, Json, Unknown

__all__ = ["cluster"]

ENTITY = "client.guests"
CAPS: dict[str, Json] = {"mds": "allow rw fsname=cloud path=/guests", "mon": "allow r fsname=cloud"}
OWNER = f"{pwd.getpwuid(os.getuid()).pw_name}:{grp.getgrgid(os.getgid()).gr_name}"
FILE: dict[str, Json] = {"content": "[client.guests]\n", "mode": "600", "owner": OWNER, "key": "QUJD", "entity": ENTITY}


class TestKey:
    def test_is_made_changed_and_removed(self, cluster: FakeCluster) -> None:
        spec: dict[str, Json] = {"caps": CAPS}
        assert client_keys.observe(FakeWork(), ENTITY, spec) is None
        client_keys.apply(FakeChange(), ENTITY, spec)
        assert client_keys.observe(FakeWork(), ENTITY, spec) == {"caps": CAPS}
        wider: dict[str, Json] = {"caps": {**CAPS, "mon": "allow r"}}
        client_keys.apply(FakeChange(), ENTITY, wider)
        assert client_keys.observe(FakeWork(), ENTITY, spec) == wider
        client_keys.apply(FakeChange(), ENTITY, wider)
        client_keys.remove(FakeWork(), ENTITY, spec)
        client_keys.remove(FakeWork(), ENTITY, spec)
        assert cluster.keys == {}

    def test_keeps_its_secret_when_its_rights_change(self, cluster: FakeCluster) -> None:
        cluster.keys[ENTITY] = {"key": "T0xE", "caps": {"mon": "allow r"}}
        client_keys.apply(FakeChange(), ENTITY, {"caps": CAPS})
        assert cluster.keys[ENTITY] == {"key": "T0xE", "caps": CAPS}

    def test_observing_shows_no_secret(self, cluster: FakeCluster) -> None:
        cluster.keys[ENTITY] = {"key": "T0xE", "caps": CAPS}
        assert "T0xE" not in str(client_keys.observe(FakeWork(), ENTITY, {"caps": CAPS}))

    def test_silence_is_not_absence(self, cluster: FakeCluster) -> None:
        cluster.failure = SILENT
        for ask in (lambda: client_keys.observe(FakeWork(), ENTITY, {}), lambda: read()):
            with pytest.raises(Unknown):
                ask()

    def test_is_read_by_whom_it_is_handed_out(self, cluster: FakeCluster) -> None:
        cluster.keys[ENTITY] = {"key": "T0xE", "caps": CAPS}
        assert read() == "T0xE"

    def test_only_a_node_can_say_that_there_is_none(self, cluster: FakeCluster) -> None:
        assert read() is None
        cluster.failure = NO_NODE
        with pytest.raises(monitors.Refused):
            read()
        cluster.failure = monitors.Refused(errno.EACCES, "no")
        with pytest.raises(monitors.Refused):
            read()


def read() -> Json:
    return client_keys.read_key(FakeWork(), {"entity": ENTITY})


class TestFile:
    def test_is_written_closed_and_removed(self, root: Path) -> None:
        assert client_key_file.observe(FakeWork(), "/secret", FILE) is None
        client_key_file.apply(FakeChange(), "/secret", FILE)
        state = client_key_file.observe(FakeWork(), "/secret", FILE)
        assert state is not None and (root / "secret").stat().st_mode & 0o777 == 0o600
        client_key_file.remove(FakeWork(), "/secret", FILE)
        assert list(root.iterdir()) == []

    def test_without_a_key_in_the_cluster_what_is_there_stays(self, root: Path) -> None:
        client_key_file.apply(FakeChange(), "/secret", FILE)
        with pytest.raises(Failed, match=r"^the cluster has no key client\.guests$"):
            client_key_file.apply(FakeChange(), "/secret", {**FILE, "key": ""})
        assert (root / "secret").read_text() == "[client.guests]\n"
