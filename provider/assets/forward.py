"""Forward TCP connections to a port of a guest, over vsock.

  forward.py vsock CID PORT          through the kernel's vhost-vsock
  forward.py unix SOCKET PORT        through vhost-device-vsock ("CONNECT <port>" on its unix socket)

The listening socket comes from systemd (LISTEN_FDS), so that it outlives this process. One thread; bytes go from
socket to socket through a pipe (splice), a side that has finished sending is closed for writing on the other.
SIGUSR1 has it write what it counts to the journal.
"""

import errno
import os
import select
import signal
import socket
import sys
import time

PIPE_SIZE = 1 << 18
HANDSHAKE_LIMIT = 64
ACCEPTS_AT_ONCE = 16
# More wait in the listening socket's backlog.
MAX_CONNECTIONS = 4096
# How long a client waits for a guest that does not take its connection, as one that is starting does not.
HOLD_SECONDS = 10
RETRY_SECONDS = 0.1
# How long nothing may move once one side has said all: one that has closed its socket looks the same until it is written to.
HALF_CLOSED_SECONDS = 60
# How long nothing may move while bytes wait for a reader that is slow.
STALLED_SECONDS = 600
SWEEP_SECONDS = 1
# How often it is said that new connections wait.
SAID_SECONDS = 60
# A client whose machine is gone is noticed after two minutes.
KEEPALIVE = ((socket.TCP_KEEPIDLE, 60), (socket.TCP_KEEPINTVL, 15), (socket.TCP_KEEPCNT, 4))
OUT_OF = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)

# Errors are always told; edge-triggered, so that what cannot be acted on yet is told once.
ONLY_ERRORS = select.EPOLLET


class Direction:
    """Bytes on their way from one socket to another."""

    __slots__ = ("source", "target", "out", "into", "held", "ended", "closed", "broken")

    def __init__(self, source, target):
        self.source, self.target = source, target
        self.out, self.into = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.held = 0
        # The source has said all; the target was told so; the source said so with an error.
        self.ended = self.closed = self.broken = False

    def pump(self):
        """Move what can be moved, and give how much that was. Raises OSError when the target takes no more."""
        total = 0
        while True:
            moved = self._fill() + self._drain()
            if moved == 0:
                return total
            total += moved

    def _fill(self):
        if self.ended or self.held >= PIPE_SIZE // 2:
            return 0
        try:
            count = os.splice(self.source.fileno(), self.into, PIPE_SIZE, flags=os.SPLICE_F_NONBLOCK | os.SPLICE_F_MOVE)
        except BlockingIOError:
            return 0
        except OSError:
            self.ended = self.broken = True
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

    def give_up(self):
        """The target takes no more: what is held is lost."""
        self.ended = self.closed = True
        self.held = 0

    def close(self):
        os.close(self.out)
        os.close(self.into)


class Connection:
    """A client, the guest, and the bytes between them. The guest is dialled until it answers, or for HOLD_SECONDS."""

    __slots__ = ("forwarder", "client", "guest", "there", "back", "answer", "limit", "again_at", "moved_at")

    def __init__(self, forwarder, client):
        self.forwarder, self.client = forwarder, client
        self.guest = self.there = self.back = None
        self.answer = b""
        self.moved_at = time.monotonic()
        self.limit, self.again_at = self.moved_at + HOLD_SECONDS, None
        forwarder.watch(client, ONLY_ERRORS, self.gave_up)
        self.dial()

    def dial(self):
        self.again_at = None
        self.answer = b""
        try:
            guest = self.forwarder.make()
        except OSError:
            return self.hold()
        guest.setblocking(False)
        self.guest = guest
        if guest.connect_ex(self.forwarder.address) not in (0, errno.EINPROGRESS):
            return self.refused()
        self.forwarder.watch(guest, select.EPOLLIN | select.EPOLLOUT, self.connected)

    def gave_up(self, events):
        """The client, while it waits for the guest."""
        if events & select.EPOLLERR:
            self.close()

    def connected(self, _events):
        if self.guest.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            return self.refused()
        if not self.forwarder.greeting:
            return self.begin()
        try:
            self.guest.send(self.forwarder.greeting)
        except OSError:
            return self.refused()
        self.forwarder.watch(self.guest, select.EPOLLIN, self.answered)

    def answered(self, _events):
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

    def refused(self):
        """The guest does not take the connection now."""
        self.forwarder.drop(self.guest)
        self.guest = None
        self.hold()

    def hold(self):
        self.again_at = time.monotonic() + RETRY_SECONDS

    def begin(self):
        try:
            self.there = Direction(self.client, self.guest)
            self.back = Direction(self.guest, self.client)
        except OSError:
            return self.close()
        self.forwarder.opened(self)
        self.moved(self.client, 0)

    def client_moved(self, events):
        self.moved(self.client, events)

    def guest_moved(self, events):
        self.moved(self.guest, events)

    def moved(self, end, events):
        count = 0
        try:
            count += self.there.pump()
        except OSError:
            # What the guest has said is the client's all the same.
            self.there.give_up()
        try:
            count += self.back.pump()
        except OSError:
            return self.close()
        if self.there.broken or (end is self.client and self.client_is_gone(events)):
            return self.close()
        if self.back.broken or (end is self.guest and events & select.EPOLLHUP and self.back.ended):
            self.there.give_up()
        if self.there.closed and self.back.closed:
            return self.close()
        if count:
            self.moved_at = time.monotonic()
        among = self.forwarder.bounded
        (among.add if self.is_half_closed() or self.there.held or self.back.held else among.discard)(self)
        self.wait_for(self.client, self.client_moved, reads=self.there, writes=self.back)
        self.wait_for(self.guest, self.guest_moved, reads=self.back, writes=self.there)

    def client_is_gone(self, events):
        """It sent a reset, which nobody sees who neither reads nor writes."""
        return events & select.EPOLLERR and self.client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)

    def wait_for(self, end, handler, reads, writes):
        # What is held must go first: a pipe can be full of a few small pieces.
        events = select.EPOLLIN if not reads.ended and not reads.held else 0
        events |= select.EPOLLOUT if writes.held else 0
        self.forwarder.watch(end, events or ONLY_ERRORS, handler)

    def is_half_closed(self):
        return self.there is not None and (self.there.ended or self.back.ended)

    def is_overdue(self, now):
        """Half closed or stalled, and nothing has moved for too long."""
        waits = self.there.held or self.back.held
        return now - self.moved_at >= (STALLED_SECONDS if waits else HALF_CLOSED_SECONDS)

    def close(self):
        for end in (self.client, self.guest):
            if end is not None:
                self.forwarder.drop(end)
        for direction in (self.there, self.back):
            if direction is not None:
                direction.close()
        self.forwarder.closed(self)


class Forwarder:
    """The listening socket and all connections."""

    def __init__(self, listener, make, address, greeting):
        self.listener, self.make, self.address, self.greeting = listener, make, address, greeting
        self.epoll = select.epoll()
        # What each descriptor is watched for, since which round, and who hears of it.
        self.watched = {}
        self.round = 0
        self.connections, self.dialling, self.bounded = set(), set(), set()
        self.accepted = self.let_go = self.ended_idle = 0
        self.dials_at = self.sweeps_at = 0
        self.said_at = self.accepts_again_at = None
        self.is_listening = False

    def watch(self, end, events, handler):
        descriptor = end.fileno()
        known = self.watched.get(descriptor)
        if known is None:
            self.epoll.register(descriptor, events)
            self.watched[descriptor] = (events, self.round, handler)
        elif known[0] != events or known[2] != handler:
            self.epoll.modify(descriptor, events)
            self.watched[descriptor] = (events, known[1], handler)

    def drop(self, end):
        if self.watched.pop(end.fileno(), None) is not None:
            self.epoll.unregister(end.fileno())
        end.close()

    def opened(self, connection):
        self.dialling.discard(connection)

    def closed(self, connection):
        for among in (self.connections, self.dialling, self.bounded):
            among.discard(connection)

    def listen(self):
        """Take connections, as long as there is room for them."""
        wants = len(self.connections) < MAX_CONNECTIONS and self.accepts_again_at is None
        if wants and not self.is_listening:
            self.watch(self.listener, select.EPOLLIN, self.accept)
        elif self.is_listening and not wants:
            del self.watched[self.listener.fileno()]
            self.epoll.unregister(self.listener.fileno())
            if self.said_at is None or time.monotonic() - self.said_at >= SAID_SECONDS:
                self.said_at = time.monotonic()
                self.say("new connections wait")
        self.is_listening = wants

    def accept(self, _events):
        for _ in range(min(ACCEPTS_AT_ONCE, MAX_CONNECTIONS - len(self.connections))):
            try:
                client, _ = self.listener.accept()
            except OSError as error:
                # A client that has gone meanwhile is no reason to stop.
                if error.errno in OUT_OF:
                    self.accepts_again_at = time.monotonic() + 1
                return
            client.setblocking(False)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for option, value in KEEPALIVE:
                client.setsockopt(socket.IPPROTO_TCP, option, value)
            self.accepted += 1
            connection = Connection(self, client)
            self.connections.add(connection)
            self.dialling.add(connection)

    def tick(self):
        """What is due by the clock, not at every event: there may be thousands of them."""
        now = time.monotonic()
        if now >= self.dials_at:
            self.dials_at = now + RETRY_SECONDS / 2
            self.dial_again(now)
        if now >= self.sweeps_at:
            self.sweeps_at = now + SWEEP_SECONDS
            for connection in [one for one in self.bounded if one.is_overdue(now)]:
                self.ended_idle += 1
                connection.close()
        if self.accepts_again_at is not None and now >= self.accepts_again_at:
            self.accepts_again_at = None

    def dial_again(self, now):
        for connection in list(self.dialling):
            if now >= connection.limit:
                self.let_go += 1
                connection.close()
            elif connection.again_at is not None and now >= connection.again_at:
                connection.dial()

    def pause(self):
        """How long nothing is due; None is for ever."""
        if self.dialling:
            return RETRY_SECONDS
        return SWEEP_SECONDS if self.bounded or self.accepts_again_at is not None else None

    def run(self):
        while True:
            self.listen()
            events_of = self.epoll.poll(self.pause())
            self.round += 1
            for descriptor, events in events_of:
                _, since, handler = self.watched.get(descriptor, (0, self.round, None))
                # One that was opened in this round has the number of one that was closed in it; its own events come again.
                if since < self.round:
                    handler(events)
            self.tick()

    def say(self, also=""):
        """Write to the journal what is counted."""
        half_closed = sum(1 for connection in self.bounded if connection.is_half_closed())
        counts = (
            f"{len(self.connections)} connections, {half_closed} of them half closed, "
            f"{len(self.dialling)} waiting for the guest; {self.accepted} since the start, "
            f"{self.let_go} let go because the guest did not take them, {self.ended_idle} ended because nothing moved"
        )
        print(f"{counts}{'; ' if also else ''}{also}", file=sys.stderr, flush=True)


def dialler(arguments):
    """How the guest is reached: a function that makes a socket, its address, and what to say first."""
    kind, place, port = arguments
    if kind == "vsock":
        return (lambda: socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)), (int(place), int(port)), b""
    return (lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)), place, f"CONNECT {port}\n".encode()


def main(arguments):
    listener = socket.socket(fileno=3)
    listener.setblocking(False)
    forwarder = Forwarder(listener, *dialler(arguments))
    signal.signal(signal.SIGUSR1, lambda *_: forwarder.say())
    forwarder.run()


main(sys.argv[1:])
