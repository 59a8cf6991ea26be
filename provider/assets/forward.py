"""Forward TCP connections to a port of a guest, over vsock.

  forward.py vsock CID PORT          through the kernel's vhost-vsock
  forward.py unix SOCKET PORT        through vhost-device-vsock ("CONNECT <port>" on its unix socket)

The listening socket comes from systemd (LISTEN_FDS), so that it outlives this process. One thread; bytes go from
socket to socket through a pipe (splice), a side that has finished sending is closed for writing on the other.
"""

import collections
import errno
import os
import selectors
import socket
import sys
import time

PIPE_SIZE = 1 << 18
HANDSHAKE_LIMIT = 64
# How long a client waits for a guest that does not take its connection, as one that is starting does not.
HOLD_SECONDS = 10
RETRY_SECONDS = 0.1


class Direction:
    """Bytes on their way from one socket to another."""

    def __init__(self, source, target):
        self.source, self.target = source, target
        self.out, self.into = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.held = 0
        self.ended = False
        self.closed = False

    def pump(self):
        """Move what can be moved; False when the connection is broken."""
        try:
            while True:
                moved = self._fill() + self._drain()
                if moved == 0:
                    return True
        except OSError as error:
            return error.errno == errno.EAGAIN

    def _fill(self):
        if self.ended or self.held >= PIPE_SIZE // 2:
            return 0
        try:
            count = os.splice(self.source.fileno(), self.into, PIPE_SIZE, flags=os.SPLICE_F_NONBLOCK | os.SPLICE_F_MOVE)
        except BlockingIOError:
            return 0
        if count == 0:
            self.ended = True
        self.held += count
        return count

    def _drain(self):
        count = 0
        if self.held:
            try:
                count = os.splice(self.out, self.target.fileno(), self.held, flags=os.SPLICE_F_NONBLOCK | os.SPLICE_F_MOVE)
            except BlockingIOError:
                return 0
            self.held -= count
        if self.ended and not self.held and not self.closed:
            self.closed = True
            try:
                self.target.shutdown(socket.SHUT_WR)
            except OSError:
                pass
        return count

    def close(self):
        os.close(self.out)
        os.close(self.into)


class Connection:
    """A client, the guest, and the bytes between them."""

    def __init__(self, loop, client, guest, greeting, hold):
        self.loop, self.client, self.guest, self.greeting, self.hold = loop, client, guest, greeting, hold
        self.answer = b""
        self.there, self.back = Direction(client, guest), Direction(guest, client)
        self.connecting = True
        loop.register(guest, selectors.EVENT_READ | selectors.EVENT_WRITE, self.connected)

    def connected(self, _mask):
        problem = self.guest.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if problem:
            return self.refused()
        if self.greeting:
            try:
                self.guest.send(self.greeting)
            except OSError:
                return self.refused()
            self.loop.modify(self.guest, selectors.EVENT_READ, self.answered)
        else:
            self.begin()

    def answered(self, _mask):
        """The answer is one line; what follows it belongs to the client, so it is read byte by byte."""
        try:
            while not self.answer.endswith(b"\n"):
                byte = self.guest.recv(1)
                if not byte or len(self.answer) > HANDSHAKE_LIMIT:
                    return self.refused()
                self.answer += byte
        except BlockingIOError:
            return
        except OSError:
            return self.refused()
        if not self.answer.startswith(b"OK "):
            return self.refused()
        self.begin()

    def begin(self):
        self.connecting = False
        self.loop.modify(self.guest, selectors.EVENT_READ, self.moved)
        self.loop.register(self.client, selectors.EVENT_READ, self.moved)
        self.moved(0)

    def moved(self, _mask):
        if not (self.there.pump() and self.back.pump()) or (self.there.closed and self.back.closed):
            return self.close()
        self.watch(self.client, reads=self.there, writes=self.back)
        self.watch(self.guest, reads=self.back, writes=self.there)

    def watch(self, end, reads, writes):
        # What is held must go first: a pipe can be full of a few small pieces.
        mask = selectors.EVENT_READ if not reads.ended and not reads.held else 0
        mask |= selectors.EVENT_WRITE if writes.held else 0
        known = end in self.loop.get_map()
        if mask and known:
            self.loop.modify(end, mask, self.moved)
        elif mask:
            self.loop.register(end, mask, self.moved)
        elif known:
            self.loop.unregister(end)

    def refused(self):
        self.loop.unregister(self.guest)
        self.guest.close()
        self.there.close()
        self.back.close()
        self.hold()

    def close(self):
        for end in (self.client, self.guest):
            if end in self.loop.get_map():
                self.loop.unregister(end)
            end.close()
        self.there.close()
        self.back.close()


def dialler(arguments):
    """How the guest is reached: a function that makes a socket, its address, and what to say first."""
    kind, place, port = arguments
    if kind == "vsock":
        return (lambda: socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)), (int(place), int(port)), b""
    return (lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)), place, f"CONNECT {port}\n".encode()


def main(arguments):
    make, address, greeting = dialler(arguments)
    listener = socket.socket(fileno=3)
    listener.setblocking(False)
    loop = selectors.EpollSelector()

    held = collections.deque()

    def accept(_mask):
        try:
            client, _ = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        dial(client, time.monotonic() + HOLD_SECONDS)

    def dial(client, limit):
        def hold():
            now = time.monotonic()
            if now >= limit:
                client.close()
            else:
                held.append((now + RETRY_SECONDS, client, limit))

        guest = make()
        guest.setblocking(False)
        problem = guest.connect_ex(address)
        if problem not in (0, errno.EINPROGRESS):
            guest.close()
            return hold()
        Connection(loop, client, guest, greeting, hold)

    loop.register(listener, selectors.EVENT_READ, accept)
    while True:
        for key, mask in loop.select(RETRY_SECONDS if held else None):
            if key.fileobj.fileno() >= 0 and key.fileobj in loop.get_map():
                key.data(mask)
        while held and held[0][0] <= time.monotonic():
            _, client, limit = held.popleft()
            dial(client, limit)


main(sys.argv[1:])
