"""Looks at paths of which nobody knows whether they answer: where a file system without servers is mounted, or may be.

A look never touches such a path in the program itself: a thread that waits for a dead file system never comes back.
What is changed there is touched by it, once a look was answered.
"""

from __future__ import annotations

import errno
import json
import sys
from dataclasses import dataclass

from .. import shapes, where
from ..work import Json, Unknown, Work
from .bounded_child import SOURCE

ANSWER_SECONDS = 10
"""How long a file system may take to answer: one whose servers change hands needs some of it."""

PATIENT_SECONDS = 30
"""How long is waited where an answer decides what is done: by then servers have changed hands."""

PYTHON = sys.executable or "/usr/bin/python3"


@dataclass(frozen=True)
class Answer:
    """How a mounted file system answered: not in time, with an error, or well, where there is neither."""

    late: bool
    problem: str = ""


def answer_of(work: Work, path: str, seconds: float = ANSWER_SECONDS) -> Answer:
    """Read a directory as a client would. An error that goes away within some seconds is none."""
    seen = _look(work, "answer", path, seconds)
    problem = shapes.text(seen.get("problem") or "")
    # A client's own limit says no more than ours.
    late = seen.get("late") is True or seen.get("errno") in (errno.ETIMEDOUT, errno.EINTR)
    return Answer(late, "" if late else problem)


@dataclass(frozen=True)
class Place:
    """Where a path leads, and what is there: "directory" (an empty one), "full", "other", None for nothing."""

    path: str
    type: str | None


def place_of(work: Work, path: str) -> Place:
    """Raises Unknown where that cannot be found out."""
    seen = _look(work, "place", path, ANSWER_SECONDS)
    if seen.get("late") is True:
        raise Unknown(f"directory {path} could not be looked at: no answer within {ANSWER_SECONDS} s")
    if seen.get("problem") is not None:
        raise Unknown(f"directory {path} could not be looked at: {shapes.text(seen['problem'])}")
    kind = seen["type"]
    return Place(shapes.text(seen["real"]).removeprefix(where.root), None if kind is None else shapes.text(kind))


def read(work: Work, path: str) -> Json:
    """The text of a file, None where there is none; `unanswered` with the reason where it cannot be read."""
    seen = _answered(_look(work, "read", path, PATIENT_SECONDS), PATIENT_SECONDS)
    return seen if "unanswered" in seen else seen["text"]


def policy_of(work: Work, path: str) -> dict[str, Json]:
    """`there`: type and owner by number, None where nothing is; `bytes`: CephFS's quota; or `unanswered`."""
    return _answered(_look(work, "policy", path, PATIENT_SECONDS), PATIENT_SECONDS)


def _answered(seen: dict[str, Json], seconds: float) -> dict[str, Json]:
    if seen.get("late") is True:
        return {"unanswered": f"no answer within {seconds} s"}
    return {"unanswered": seen["problem"]} if "problem" in seen else seen


def _look(work: Work, action: str, path: str, seconds: float) -> dict[str, Json]:
    argv = [PYTHON, "-ISE", "-c", SOURCE, action, where.real(path), str(seconds)]
    done = work.run(argv, seconds=seconds + 5, check=False)
    if done.code != 0:
        said = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.code}"]
        raise Unknown(f"{path} could not be looked at: {said[0]}")
    return shapes.fields(json.loads(done.text))
