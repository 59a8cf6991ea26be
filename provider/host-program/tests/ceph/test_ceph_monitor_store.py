"""A monitor's store, and whether it is in quorum."""

from __future__ import annotations

import json
import os
import socket
import struct
import threading

import pytest
from doubles import FakeChange, FakeWork
from members_host import FSID, Files, lines, read, write

from torocloud_host.ceph import crash_reports, daemon_conditions, monitor_store
from torocloud_host.where import real
from torocloud_host.work import Failed

STORE = "/var/lib/ceph/mon/ceph-node1"
SPEC = {
    "id": "node1",
    "fsid": FSID,
    "addresses": [["node1", "[v2:10.0.0.1:3300,v1:10.0.0.1:6789]"], ["node2", "[v2:[fd00::2]:3300,v1:[fd00::2]:6789]"]],
}


@pytest.fixture(autouse=True)
def disk(monkeypatch):
    return Files(monkeypatch)


def tools(makes: bool = True) -> FakeChange:
    def mkfs(argv, _):
        if makes:
            write(f"{STORE}/keyring", "[mon.]\n\tkey = k\n")
        return 0, "", ""

    def monmap(argv, _):
        with open(argv[-1], "w") as file:
            file.write("map")
        return 0, "", ""

    os.makedirs(real("/var/lib/torocloud/ceph"), exist_ok=True)
    return FakeChange(
        {
            "rm -rf --one-file-system": (0, "", ""),
            "install -d": (0, "", ""),
            "ceph-mon --version": (0, "ceph version 18.2.7 (abc) reef (stable)\n", ""),
            "monmaptool": monmap,
            "ceph-mon --mkfs": mkfs,
        }
    )


def test_is_made_from_a_map_with_all_first_monitors():
    assert monitor_store.observe(FakeWork(), STORE, SPEC) is None
    change = tools()
    monitor_store.apply(change, STORE, SPEC)
    (made,) = [line for line in lines(change) if line.startswith("monmaptool")]
    assert "--addv node1 [v2:10.0.0.1:3300,v1:10.0.0.1:6789] --addv node2 [v2:[fd00::2]:3300" in made
    assert "--set-min-mon-release reef" in made
    assert monitor_store.observe(FakeWork(), STORE, SPEC) == {"fsid": FSID}
    assert os.listdir(real("/var/lib/torocloud/ceph")) == []


def test_the_exit_code_does_not_tell_that_it_was_made():
    with pytest.raises(Failed, match="without a keyring"):
        monitor_store.apply(tools(makes=False), STORE, SPEC)
    assert monitor_store.observe(FakeWork(), STORE, SPEC) is None


def test_one_that_was_complete_once_is_never_made_again():
    write(f"{STORE}/torocloud-fsid", f"{FSID}\n")
    monitor_store.apply(FakeChange(), STORE, SPEC)
    write(f"{STORE}/keyring", "[mon.]\n")
    os.unlink(real(f"{STORE}/torocloud-fsid"))
    assert monitor_store.observe(FakeWork(), STORE, SPEC) == {"fsid": None}
    monitor_store.apply(FakeChange(), STORE, SPEC)
    assert read(f"{STORE}/torocloud-fsid") == f"{FSID}\n"


def test_another_clusters_is_refused_and_left_alone():
    write(f"{STORE}/torocloud-fsid", "other\n")
    assert monitor_store.observe(FakeWork(), STORE, SPEC) == {"fsid": "other"}
    with pytest.raises(Failed, match=f"{STORE} holds a monitor of another cluster"):
        monitor_store.apply(FakeChange(), STORE, SPEC)
    assert read(f"{STORE}/torocloud-fsid") == "other\n"


def test_goes_without_other_file_systems():
    work = FakeWork({"rm": (0, "", "")})
    monitor_store.remove(work, STORE, SPEC)
    assert work.calls == [["rm", "-rf", "--one-file-system", real(STORE)]]


def monitor_says(tmp_path, monkeypatch, state: str) -> None:
    # A socket's path is at most 107 characters long.
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(daemon_conditions, "real", lambda path: os.path.basename(path))
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind("ceph-mon.node1.asok")
    server.listen()

    def answer():
        connection, _ = server.accept()
        with connection, server:
            assert json.loads(connection.recv(1000).rstrip(b"\0"))["prefix"] == "mon_status"
            status = json.dumps({"state": state}).encode()
            connection.sendall(struct.pack(">I", len(status)) + status[:3])
            connection.sendall(status[3:])

    threading.Thread(target=answer, daemon=True).start()


@pytest.mark.parametrize(("state", "done"), [("leader", True), ("peon", True), ("probing", False)])
def test_quorum_is_asked_at_its_own_socket(tmp_path, monkeypatch, state, done):
    monitor_says(tmp_path, monkeypatch, state)
    seen = daemon_conditions.quorum(FakeWork(), {"id": "node1"})
    assert (seen.done, seen.seen) == (done, f"it is {state}")


def test_without_a_socket_it_is_starting():
    seen = daemon_conditions.quorum(FakeWork(), {"id": "node1"})
    assert (seen.done, seen.seen) == (False, "it is starting")


def test_crash_reports_go_and_the_packages_directory_stays():
    write("/var/lib/ceph/crash/posted/keep", "")
    write("/var/lib/ceph/crash/2026 $(touch x)/meta", "")
    work = FakeWork({"rm": (0, "", "")})
    crash_reports.remove(work, "/var/lib/ceph/crash", {})
    assert work.calls == [["rm", "-rf", "--one-file-system", real("/var/lib/ceph/crash/2026 $(touch x)")]]
