"""The wire format of D-Bus: values and messages. https://dbus.freedesktop.org/doc/dbus-specification.html"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

Value: TypeAlias = Any
"""Of whichever type a signature says."""

_FIXED = {"y": "B", "b": "I", "n": "h", "q": "H", "i": "i", "u": "I", "h": "I", "x": "q", "t": "Q", "d": "d"}
_ALIGNED = {"y": 1, "g": 1, "v": 1, "n": 2, "q": 2, "x": 8, "t": 8, "d": 8, "(": 8, "{": 8}
CALL, ANSWER, ERROR, SIGNAL = 1, 2, 3, 4
"""The kinds of messages."""
PATH, INTERFACE, MEMBER, ERROR_NAME, ANSWERS, DESTINATION, SENDER, SIGNATURE = range(1, 9)
"""The fields of a message's header."""
_FIELD_TYPES = {PATH: "o", SIGNATURE: "g", ANSWERS: "u"}


def complete_types(signature: str) -> list[str]:
    """The types that a signature lists: "sa{sv}" is "s" and "a{sv}"."""
    found, start, depth = [], 0, 0
    for at, one in enumerate(signature):
        depth += (one in "({") - (one in ")}")
        if depth == 0 and one != "a":
            found.append(signature[start : at + 1])
            start = at + 1
    return found


class Writer:
    """Values in the format of the wire, little-endian."""

    def __init__(self) -> None:
        self.data = bytearray()

    def align(self, boundary: int) -> None:
        """Fill up with zeros."""
        self.data += bytes(-len(self.data) % boundary)

    def put(self, kind: str, value: Value) -> None:
        """One value of a complete type. A variant is a pair of its type and its value; a dictionary is a dict."""
        self.align(_ALIGNED.get(kind[0], 4))
        if kind in _FIXED:
            self.data += struct.pack("<" + _FIXED[kind], value)
        elif kind in "sog":
            raw = value.encode()
            self.data += struct.pack("<B" if kind == "g" else "<I", len(raw)) + raw + b"\0"
        elif kind == "v":
            self.put("g", value[0])
            self.put(*value)
        elif kind[0] == "a":
            self._put_array(kind[1:], value.items() if isinstance(value, dict) else value)
        else:
            for inner, item in zip(complete_types(kind[1:-1]), value, strict=True):
                self.put(inner, item)

    def _put_array(self, kind: str, values: Value) -> None:
        at = len(self.data)
        self.data += bytes(4)
        self.align(_ALIGNED.get(kind[0], 4))
        start = len(self.data)
        for value in values:
            self.put(kind, value)
        struct.pack_into("<I", self.data, at, len(self.data) - start)


class Reader:
    """The values that a message holds. Raises ValueError for what is none."""

    def __init__(self, data: bytes, order: str = "<") -> None:
        self._data, self._order, self._at = data, order, 0

    def take_all(self, signature: str) -> list[Value]:
        """One value for each type of the signature; of a variant, its value."""
        try:
            return [self._take(kind) for kind in complete_types(signature)]
        except (struct.error, IndexError, KeyError) as error:
            raise ValueError("no message of D-Bus") from error

    def _take(self, kind: str) -> Value:
        self._at += -self._at % _ALIGNED.get(kind[0], 4)
        if kind in _FIXED:
            value = self._unpack(_FIXED[kind])
            return bool(value) if kind == "b" else value
        if kind in "sog":
            start = self._at + (1 if kind == "g" else 4)
            self._at = start + self._unpack("B" if kind == "g" else "I") + 1
            return self._data[start : self._at - 1].decode("utf-8", "replace")
        if kind == "v":
            return self._take(self._take("g"))
        if kind[0] == "a":
            return self._take_array(kind[1:])
        return tuple(self._take(inner) for inner in complete_types(kind[1:-1]))

    def _unpack(self, code: str) -> Value:
        (value,) = struct.unpack_from(self._order + code, self._data, self._at)
        self._at += struct.calcsize(code)
        return value

    def _take_array(self, kind: str) -> Value:
        size = self._unpack("I")
        self._at += -self._at % _ALIGNED.get(kind[0], 4)
        end, values = self._at + size, []
        if end > len(self._data):
            raise IndexError
        while self._at < end:
            values.append(self._take(kind))
        return dict(values) if kind[0] == "{" else values


class Message(NamedTuple):
    """A message, of whichever kind."""

    kind: int
    serial: int
    fields: dict[int, Value]
    values: list[Value]

    def packed(self, signature: str) -> bytes:
        """As it goes over the wire; the values have the signature's types."""
        body = Writer()
        for kind, value in zip(complete_types(signature), self.values, strict=True):
            body.put(kind, value)
        fields = {**self.fields, **({SIGNATURE: signature} if signature else {})}
        head = Writer()
        typed = [(code, (_FIELD_TYPES.get(code, "s"), value)) for code, value in fields.items()]
        header = ord("l"), self.kind, 0, 1, len(body.data), self.serial, typed
        for kind, item in zip(complete_types("yyyyuua(yv)"), header, strict=True):
            head.put(kind, item)
        head.align(8)
        return bytes(head.data + body.data)


def read_message(receive: Callable[[int], bytes]) -> Message:
    """The next message; `receive` gives exactly as many bytes as asked for."""
    start = receive(16)
    order = "<" if start[:1] == b"l" else ">"
    body_size, serial, fields_size = struct.unpack(order + "III", start[4:])
    head = receive(fields_size + -fields_size % 8)
    fields = dict(Reader(start[12:] + b"\0\0\0\0" + head, order).take_all("a(yv)")[0])
    return Message(start[1], serial, fields, Reader(receive(body_size), order).take_all(fields.get(SIGNATURE, "")))
