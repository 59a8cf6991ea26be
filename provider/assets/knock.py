"""Ask whether a guest's service answers: exit code 0 when it does, otherwise a line that says what happened.

  knock.py vsock CID PORT [PATH]
  knock.py unix SOCKET PORT [PATH]

Without PATH a connection that is accepted is an answer; with it, an HTTP response below 500 is.
"""

import socket
import sys

LIMIT_SECONDS = 5


def line(stream):
    text = b""
    while not text.endswith(b"\n") and len(text) < 256:
        byte = stream.recv(1)
        if not byte:
            break
        text += byte
    return text.decode("latin-1").strip()


def dial(kind, place, port):
    family, address = (socket.AF_VSOCK, (int(place), int(port))) if kind == "vsock" else (socket.AF_UNIX, place)
    stream = socket.socket(family, socket.SOCK_STREAM)
    stream.settimeout(LIMIT_SECONDS)
    stream.connect(address)
    if kind == "unix":
        stream.sendall(f"CONNECT {port}\n".encode())
        answer = line(stream)
        if not answer.startswith("OK "):
            raise OSError(f"nobody listens on the guest's port {port} yet")
    return stream


def main(kind, place, port, path=None):
    stream = dial(kind, place, port)
    if path is None:
        return
    stream.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
    status = line(stream)
    if not status.startswith("HTTP/") or int(status.split()[1]) >= 500:
        raise OSError(f"GET {path} was answered by: {status}")


try:
    main(*sys.argv[1:])
except (OSError, ValueError, IndexError) as problem:
    sys.exit(f"port {sys.argv[3]}: {problem}")
