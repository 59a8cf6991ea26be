"""Conditions of daemons: each is asked once, and a cluster that does not answer is one that is not ready yet."""

from __future__ import annotations

import json
import socket
import struct

from ..shapes import fields, records, text
from ..where import real
from ..work import ConditionHalf, Failed, Seen, Spec, Unknown, Work
from . import monitors, osd_map

_SOCKET_SECONDS = 10.0
_IN_QUORUM = ("leader", "peon")


def asked(ask: ConditionHalf) -> ConditionHalf:
    """A condition that says what Ceph said, where it gave no answer."""

    def condition(work: Work, spec: Spec) -> Seen:
        try:
            return ask(work, spec)
        except (Unknown, Failed) as problem:
            return Seen(False, str(problem))

    return condition


def quorum(work: Work, spec: Spec) -> Seen:
    """`ceph.quorum`: monitor `id` of this host is in it. Asked at its own socket, which answers without quorum."""
    try:
        state = _state_of_monitor(text(spec["id"]))
    except (OSError, ValueError, struct.error):
        state = ""
    return Seen(state in _IN_QUORUM, f"it is {state or 'starting'}")


def _state_of_monitor(identity: str) -> str:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_SOCKET_SECONDS)
        connection.connect(real(f"/run/ceph/ceph-mon.{identity}.asok"))
        connection.sendall(b'{"prefix":"mon_status","format":"json"}\0')
        (length,) = struct.unpack(">I", _receive(connection, 4))
        status = json.loads(_receive(connection, length))
    return text(fields(status)["state"])


def _receive(connection: socket.socket, length: int) -> bytes:
    got = b""
    while len(got) < length:
        chunk = connection.recv(length - len(got))
        if chunk == b"":
            raise ValueError("it closed the connection")
        got += chunk
    return got


@asked
def manager_available(work: Work, spec: Spec) -> Seen:
    """`ceph.manager-available`: manager `id` is available as the active one, or known as a standby."""
    managers = fields(monitors.ask(work, "mgr dump"))
    active = managers["active_name"] == spec["id"] and bool(managers["available"])
    return _so(active or any(standby["name"] == spec["id"] for standby in records(managers["standbys"])))


@asked
def metadata_server_known(work: Work, spec: Spec) -> Seen:
    """`ceph.metadata-server-known`: metadata server `id` stands by, or serves a file system."""
    known = fields(monitors.ask(work, "fs dump"))
    serving = [fields(fields(system["mdsmap"])["info"]).values() for system in records(known["filesystems"])]
    servers = [*records(known["standbys"]), *(fields(server) for group in serving for server in group)]
    return _so(any(server["name"] == spec["id"] for server in servers))


@asked
def osd_up(work: Work, spec: Spec) -> Seen:
    """`ceph.osd-up`: the OSD `uuid` is up and in."""
    osd = osd_map.find(osd_map.osds_of(osd_map.dump(work)), text(spec["uuid"]))
    return _so(osd is not None and osd.up and osd.is_in)


def _so(done: bool) -> Seen:
    return Seen(done, "so it is" if done else "not yet")
