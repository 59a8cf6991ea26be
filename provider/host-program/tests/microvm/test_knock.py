"""Whether a guest answers, against a guest behind vhost-device-vsock that says what it is told to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from torocloud_host.microvm.knock import NoAnswer, knock

Serve = Callable[[socket.socket], None]


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short: the path of a socket has 107 characters at most."""
    with TemporaryDirectory(prefix="knock-") as path:
        yield Path(path)


class Guest:
    """Answers the handshake, then the request, and keeps what it heard."""

    def __init__(self, place: Path, greeting: bytes, response: bytes | None = None) -> None:
        self.place, self.greeting, self.response = place, greeting, response
        self.heard = b""
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(place))
        self.listener.listen()
        self.over = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        stream, _ = self.listener.accept()
        with stream:
            self.heard += stream.recv(100)
            stream.sendall(self.greeting)
            if self.response is None:
                self.over.wait(10)
                return
            while b"\r\n\r\n" not in self.heard:
                more = stream.recv(1000)
                if not more:
                    return
                self.heard += more
            stream.sendall(self.response)


@pytest.fixture
def ask(folder: Path) -> Iterator[Callable[..., tuple[str, Guest]]]:
    """Knock at a guest; gives what was said, empty for an answer."""
    guests: list[Guest] = []

    def asked(
        greeting: bytes, response: bytes | None = b"", path: str | None = "/", seconds: float = 5
    ) -> tuple[str, Guest]:
        guest = Guest(folder / "dial.sock", greeting, response)
        guests.append(guest)
        try:
            knock(("unix", str(guest.place)), 80, path, seconds)
        except NoAnswer as problem:
            return str(problem), guest
        return "", guest

    yield asked
    for guest in guests:
        guest.over.set()
        guest.listener.close()


def test_an_accepted_connection_is_an_answer_without_a_path(ask) -> None:
    said, guest = ask(b"OK 1024\n", path=None)
    assert said == ""
    assert guest.heard == b"CONNECT 80\n"


@pytest.mark.parametrize("status", ["200 OK", "302 Found", "404 Not Found"])
def test_a_status_below_500_is_an_answer(ask, status: str) -> None:
    said, guest = ask(b"OK 1024\n", f"HTTP/1.0 {status}\r\n\r\n".encode(), "/health?x=1")
    assert said == ""
    assert guest.heard == b"CONNECT 80\nGET /health?x=1 HTTP/1.0\r\nHost: localhost\r\n\r\n"


@pytest.mark.parametrize(
    ("response", "said"),
    [
        ("HTTP/1.0 503 Service Unavailable\r\n\r\n", "GET / was answered by: HTTP/1.0 503 Service Unavailable"),
        ("nonsense\r\n", "GET / was answered by: nonsense"),
        ("HTTP/1.0\r\n", "GET / was answered by: HTTP/1.0"),
        ("HTTP/1.0 what\r\n", "GET / was answered by: HTTP/1.0 what"),
        ("x" * 300, f"GET / was answered by: {'x' * 256}"),
        ("", "GET /: the guest closed the connection without an answer"),
    ],
)
def test_anything_else_is_none_and_it_says_what_came(ask, response: str, said: str) -> None:
    assert ask(b"OK 1024\n", response.encode())[0] == said


def test_it_says_that_nothing_came(ask) -> None:
    assert ask(b"OK 1024\n", None, seconds=0.2)[0] == "port 80: GET /: nothing came within 0.2 s"


def test_it_says_that_the_guest_does_not_take_the_connection(ask) -> None:
    assert ask(b"", None, seconds=0.2)[0] == "port 80: the guest did not take the connection within 0.2 s"


def test_it_says_that_nobody_listens_yet_when_the_device_refuses(ask) -> None:
    assert ask(b"ERR\n")[0] == "port 80: nobody listens on the guest's port 80 yet"


def test_one_limit_holds_for_an_answer_that_comes_byte_by_byte(folder: Path) -> None:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder / "s"))
    listener.listen()
    over = threading.Event()

    def drip() -> None:
        stream, _ = listener.accept()
        stream.recv(100)
        stream.sendall(b"OK 1\n")
        while not over.wait(0.05):
            stream.sendall(b"x")

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    with pytest.raises(NoAnswer, match=r"^port 80: GET /: nothing came within 0\.3 s$"):
        knock(("unix", str(folder / "s")), 80, "/", 0.3)
    over.set()
    listener.close()


def test_it_says_so_when_there_is_no_device_at_all(folder: Path) -> None:
    with pytest.raises(NoAnswer, match=r"^port 80: No such file or directory$"):
        knock(("unix", str(folder / "none")), 80, None)
