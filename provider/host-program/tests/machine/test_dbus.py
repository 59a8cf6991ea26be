from __future__ import annotations

import os
import threading

import pytest
from fake_bus import FakeSystemd
from units_host import new_host

from torocloud_host import where
from torocloud_host.machine import dbus, systemd
from torocloud_host.machine.dbus_values import Message, Reader, Writer, complete_types, read_message

host = pytest.fixture(new_host)


def receiver(data: bytes):
    left = bytearray(data)

    def receive(size: int) -> bytes:
        piece = bytes(left[:size])
        del left[:size]
        return piece

    return receive


def test_a_signature_is_split_into_complete_types() -> None:
    assert complete_types("sa{sv}(ia(ss))aasv") == ["s", "a{sv}", "(ia(ss))", "aas", "v"]


@pytest.mark.parametrize(
    ("signature", "value"),
    [
        ("s", "it's ünïcode"),
        ("y", 255),
        ("b", True),
        ("n", -3),
        ("q", 65535),
        ("i", -5),
        ("u", 1 << 31),
        ("x", -(1 << 40)),
        ("t", 1 << 63),
        ("d", 0.5),
        ("o", "/a/b"),
        ("g", "a(ss)"),
        ("as", []),
        ("as", ["", "x", "yz"]),
        ("ax", []),
        ("a(ssssssouso)", [("a", "b", "c", "d", "e", "f", "/g", 7, "h", "/i")] * 2),
        ("a{su}", {"a": 1, "bc": 2}),
        ("(y(xs))", (1, (2, "three"))),
    ],
)
def test_values_are_read_as_they_were_written(signature: str, value: object) -> None:
    writer = Writer()
    writer.put("y", 1)
    writer.put(signature, value)
    assert Reader(bytes(writer.data)).take_all("y" + signature) == [1, value]


def test_the_format_is_that_of_the_specification() -> None:
    writer = Writer()
    writer.put("as", ["foo", "+"])
    # An array's length counts from its first element to the end of its last.
    assert writer.data.hex(" ") == "0e 00 00 00 03 00 00 00 66 6f 6f 00 01 00 00 00 2b 00"
    writer = Writer()
    writer.put("a(y)", [(7,)])
    assert writer.data.hex(" ") == "01 00 00 00 00 00 00 00 07"
    writer = Writer()
    writer.put("v", ("u", 5))
    assert writer.data.hex(" ") == "01 75 00 00 05 00 00 00"


def test_a_message_is_what_another_client_sends() -> None:
    # `busctl call org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus Hello`, field for field.
    fields = {1: "/org/freedesktop/DBus", 2: "org.freedesktop.DBus", 3: "Hello", 6: "org.freedesktop.DBus"}
    packed = Message(1, 1, fields, []).packed("")
    assert packed[:16].hex(" ") == "6c 01 00 01 00 00 00 00 01 00 00 00 6d 00 00 00"
    assert packed[16:24] == b"\x01\x01o\0\x15\0\0\0"
    assert len(packed) % 8 == 0
    assert read_message(receiver(packed)) == Message(1, 1, fields, [])


def test_the_other_byte_order_is_read_too() -> None:
    body = b"\0\0\0\x02hi\0"
    fields = b"\x05\x01u\0\0\0\0\x09" + b"\x08\x01g\0\x01s\0"
    head = b"B\x02\0\x01" + (7).to_bytes(4, "big") + (3).to_bytes(4, "big") + len(fields).to_bytes(4, "big")
    assert read_message(receiver(head + fields + b"\0" + body)) == Message(2, 3, {5: 9, 8: "s"}, ["hi"])


@pytest.mark.parametrize("data", [b"", b"\xff\0\0\0", b"\x05\0\0\0a"])
def test_what_is_no_message_is_an_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="no message"):
        Reader(data).take_all("as")


def test_calls_of_many_threads_get_their_own_answers(host: FakeSystemd) -> None:
    names = [f"u{number}.service" for number in range(250)]
    for name in names:
        host.load(name)
    seen: list[tuple[str, list[str]]] = []

    def ask(name: str) -> None:
        seen.append((name, list(systemd.loaded(name))))

    threads = [threading.Thread(target=ask, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == sorted((name, [name]) for name in names)
    assert len(host.members("Hello")) == 1


def test_without_a_bus_it_says_what_to_install(tmp_path_factory: pytest.TempPathFactory) -> None:
    where.root = "/nonexistent"
    try:
        with pytest.raises(dbus.BusLost, match="install the Debian package dbus"):
            systemd.loaded("a.service")
    finally:
        where.root = ""


def test_a_bus_that_goes_away_ends_what_waits_and_is_dialled_again(host: FakeSystemd) -> None:
    assert systemd.loaded("a.service") == {}
    host.close()
    with pytest.raises(dbus.BusLost):
        systemd.loaded("a.service")
    os.unlink(where.real(dbus.ADDRESS))
    again = FakeSystemd()
    try:
        again.load("a.service")
        assert list(systemd.loaded("a.service")) == ["a.service"]
    finally:
        again.close()
