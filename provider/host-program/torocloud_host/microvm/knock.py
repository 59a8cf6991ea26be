"""Asks whether a guest's service answers."""

from __future__ import annotations

import socket

_LIMIT_SECONDS = 5.0


class NoAnswer(Exception):
    """What happened instead, in words."""


def knock(dial: tuple[str, str], port: int, path: str | None) -> None:
    """Without a path a connection that is accepted is an answer; with it, an HTTP response below 500 is.

    `dial` is ("vsock", context id) or ("unix", the socket of vhost-device-vsock). Raises NoAnswer.
    """
    try:
        with _dial(*dial, port) as stream:
            if path is not None:
                _get(stream, path)
    except TimeoutError:
        raise NoAnswer(f"port {port}: no answer within {_LIMIT_SECONDS:g} s") from None
    except OSError as problem:
        raise NoAnswer(f"port {port}: {problem.strerror or problem}") from None


def _dial(kind: str, place: str, port: int) -> socket.socket:
    if kind == "vsock":
        stream = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
        stream.settimeout(_LIMIT_SECONDS)
        stream.connect((int(place), port))
        return stream
    stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    stream.settimeout(_LIMIT_SECONDS)
    stream.connect(place)
    stream.sendall(f"CONNECT {port}\n".encode())
    if not _line(stream).startswith("OK "):
        raise NoAnswer(f"port {port}: nobody listens on the guest's port {port} yet")
    return stream


def _get(stream: socket.socket, path: str) -> None:
    stream.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
    status = _line(stream)
    port_of = f"GET {path} was answered by: {status}" if status else f"GET {path}: the connection was closed unanswered"
    words = status.split()
    if not status.startswith("HTTP/") or len(words) < 2 or not words[1].isdigit() or int(words[1]) >= 500:
        raise NoAnswer(port_of)


def _line(stream: socket.socket) -> str:
    text = b""
    while not text.endswith(b"\n") and len(text) < 256:
        byte = stream.recv(1)
        if not byte:
            break
        text += byte
    return text.decode("latin-1").strip()
