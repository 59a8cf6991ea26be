"""Doubles for what a request offers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from torocloud_host.work import Completed, Failed, State

Reply = tuple[int, str, str] | Callable[[Sequence[str], bytes | None], tuple[int, str, str]]


class FakeWork:
    """Answers commands from a table: the longest prefix of argv that is known, as words separated by blanks."""

    def __init__(self, replies: Mapping[str, Reply] | None = None) -> None:
        self.replies = dict(replies or {})
        self.calls: list[list[str]] = []
        self.inputs: list[bytes | None] = []
        self.said: list[str] = []
        self.slept: list[float] = []

    def say(self, text: str) -> None:
        self.said.append(text)

    def run(
        self,
        argv: Sequence[str],
        *,
        input: bytes | None = None,
        seconds: float | None = None,
        check: bool = True,
        environment: Mapping[str, str] | None = None,
    ) -> Completed:
        self.calls.append(list(argv))
        self.inputs.append(input)
        line = " ".join(argv)
        known = [prefix for prefix in self.replies if line == prefix or line.startswith(prefix + " ")]
        if not known:
            raise AssertionError(f"nobody expected the command {line}")
        reply = self.replies[max(known, key=len)]
        code, stdout, stderr = reply(argv, input) if callable(reply) else reply
        if check and code != 0:
            raise Failed(f"{argv[0]} failed with exit code {code}: {stderr}")
        return Completed(code, stdout.encode(), stderr)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


class FakeChange(FakeWork):
    """A step that applies."""

    def __init__(
        self,
        replies: Mapping[str, Reply] | None = None,
        *,
        found: State = None,
        disturb: bool = True,
        payload: Sequence[bytes] = (),
    ) -> None:
        super().__init__(replies)
        self.found = found
        self.disturb = disturb
        self._payload = payload

    def payload(self) -> Iterator[bytes]:
        yield from self._payload
