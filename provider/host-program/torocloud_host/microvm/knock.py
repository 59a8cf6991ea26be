"""Asks whether a guest's service answers."""

from __future__ import annotations

import socket
import time

LIMIT_SECONDS = 10.0
"""For connecting and answering together; a first page from a guest that has just started takes its time."""
_LONGEST_LINE = 256


class NoAnswer(Exception):
    """What happened instead, in words."""


class _Conversation:
    """A stream with one limit for all that is said on it."""

    def __init__(self, family: int, seconds: float) -> None:
        self.until = time.monotonic() + seconds
        self.stream = socket.socket(family, socket.SOCK_STREAM)

    def hurry(self) -> None:
        """Raises TimeoutError when the time is over, and lets the next step have no more than is left."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.stream.settimeout(left)

    def connect(self, address: str | tuple[int, int]) -> None:
        """Until somebody takes the connection."""
        self.hurry()
        self.stream.connect(address)

    def say(self, text: str) -> None:
        """Send it all."""
        self.hurry()
        self.stream.sendall(text.encode())

    def line(self) -> str:
        """The next line, or what came of it before the other side ended."""
        text = b""
        while not text.endswith(b"\n") and len(text) < _LONGEST_LINE:
            self.hurry()
            byte = self.stream.recv(1)
            if not byte:
                break
            text += byte
        return text.decode("latin-1").strip()


def knock(dial: tuple[str, str], port: int, path: str | None, seconds: float = LIMIT_SECONDS) -> None:
    """Without a path a connection that is accepted is an answer; with it, an HTTP response below 500 is.

    `dial` is ("vsock", context id) or ("unix", the socket of vhost-device-vsock). Raises NoAnswer.
    """
    kind, place = dial
    talk = _Conversation(socket.AF_VSOCK if kind == "vsock" else socket.AF_UNIX, seconds)
    asked = ""
    with talk.stream:
        try:
            if kind == "vsock":
                talk.connect((int(place), port))
            else:
                _greet(talk, place, port)
            if path is not None:
                asked = f"GET {path}: "
                _get(talk, path)
        except TimeoutError:
            what = "nothing came" if asked else "the guest did not take the connection"
            raise NoAnswer(f"port {port}: {asked}{what} within {seconds:g} s") from None
        except OSError as problem:
            raise NoAnswer(f"port {port}: {asked}{problem.strerror or problem}") from None


def _greet(talk: _Conversation, place: str, port: int) -> None:
    """vhost-device-vsock takes a line and answers with one; what comes behind it is the guest's."""
    talk.connect(place)
    talk.say(f"CONNECT {port}\n")
    if not talk.line().startswith("OK "):
        raise NoAnswer(f"port {port}: nobody listens on the guest's port {port} yet")


def _get(talk: _Conversation, path: str) -> None:
    talk.say(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n")
    status = talk.line()
    if not status:
        raise NoAnswer(f"GET {path}: the guest closed the connection without an answer")
    words = status.split()
    if not status.startswith("HTTP/") or len(words) < 2 or not words[1].isdigit() or int(words[1]) >= 500:
        raise NoAnswer(f"GET {path} was answered by: {status}")
