"""What a running request offers to the kinds: commands, progress, an end when it is cancelled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, Union

Json: TypeAlias = Union[bool, int, float, str, "list[Json]", "dict[str, Json]", None]
Spec: TypeAlias = "dict[str, Json]"
State: TypeAlias = Json


class Failed(Exception):
    """A step failed; the message is for a person, names the thing, and holds no secret."""


class Unknown(Exception):
    """It could not be found out what is there: a monitor does not answer. Never means that it is absent."""


class Busy(Exception):
    """An earlier run is still at work on it."""


@dataclass(frozen=True)
class Completed:
    """A command that has ended."""

    code: int
    stdout: bytes
    stderr: str

    @property
    def text(self) -> str:
        """Its standard output, without white space around it."""
        return self.stdout.decode("utf-8", "replace").strip()


class Work(Protocol):
    """What a running request offers."""

    def say(self, text: str) -> None:
        """Tell whoever waits."""

    def run(
        self,
        argv: Sequence[str],
        *,
        input: bytes | None = None,
        seconds: float | None = None,
        check: bool = True,
        environment: Mapping[str, str] | None = None,
    ) -> Completed:
        """Run a command; it ends with the request. Its lines on standard error are progress.

        Raises Failed with its last words when it fails and `check` is set. After `seconds` it is
        killed and gives code 124.
        """

    def sleep(self, seconds: float) -> None:
        """Raises when the request was cancelled or its time is over."""


class Change(Work, Protocol):
    """A step that applies."""

    found: State
    """What was observed before, None where it was absent."""
    disturb: bool
    """Whether what it serves is to be interrupted: a unit restarted, not only enabled."""

    def payload(self) -> Iterator[bytes]:
        """The request's payload, in chunks as they come."""


@dataclass(frozen=True)
class Seen:
    """What a condition found."""

    done: bool
    seen: str
    hopeless: str | None = None
    """Why waiting longer is of no use."""
    details: Callable[[], str] | None = None
    """More for the error, found out when it comes to that."""

    def json(self) -> Json:
        """As it is sent."""
        seen: dict[str, Json] = {"done": self.done, "seen": self.seen}
        if self.hopeless is not None:
            seen["hopeless"] = self.hopeless
        if self.details is not None and not self.done:
            seen["details"] = self.details()
        return seen


class Kind(Protocol):
    """The host's half of an artifact's kind; a module has these functions. Each step may be repeated."""

    def observe(self, work: Work, key: str, spec: Spec) -> State:
        """What is there, None when it is absent. Changes nothing. Raises Unknown when that cannot be found out."""

    def apply(self, work: Change, key: str, spec: Spec) -> None:
        """Make it so, from whatever is there."""

    def remove(self, work: Work, key: str, spec: Spec) -> None:
        """Gone already is gone."""


class ConditionHalf(Protocol):
    """Asked once; the waiting is done elsewhere."""

    def __call__(self, work: Work, spec: Spec) -> Seen: ...


class QueryHalf(Protocol):
    """Changes nothing."""

    def __call__(self, work: Work, spec: Spec) -> Json: ...
