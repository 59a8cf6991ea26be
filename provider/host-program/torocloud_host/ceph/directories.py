"""Directories of a file system itself, through libcephfs: the kind `ceph.directory`. What is in one is not ours."""

from __future__ import annotations

import json

from ..machine.bounded import PYTHON
from ..shapes import fields, text
from ..where import real
from ..work import Change, Failed, Json, Spec, State, Work
from .directory_child import SOURCE

SECONDS = 60


def observe(work: Work, key: str, spec: Spec) -> State:
    """Whether it is there, and a directory; or, as `problem`, why nobody can tell: clients may be refused."""
    return _child(work, "look", spec)


def apply(work: Change, key: str, spec: Spec) -> None:
    """Make it, with its parents."""
    made = fields(_child(work, "make", spec))
    where = f"directory {text(spec['path'])} of file system {text(spec['fileSystem'])}"
    if "problem" in made:
        raise Failed(f"{where} cannot be made: {text(made['problem'])}")
    if made.get("type") != "directory":
        raise Failed(f"{where} cannot be made: something else is there")


def remove(work: Work, key: str, spec: Spec) -> None:
    """It stays, with what is in it."""


def _child(work: Work, action: str, spec: Spec) -> Json:
    named = [text(spec["fileSystem"]), text(spec["path"])]
    places = [real("/etc/ceph/ceph.conf"), real("/usr/lib/python3/dist-packages")]
    done = work.run([PYTHON, "-ISE", "-c", SOURCE, action, *named, *places], seconds=SECONDS, check=False)
    if done.text:
        state: Json = json.loads(done.text)
        return state
    if done.code == 124:
        return {"problem": f"no answer within {SECONDS} s"}
    return {"problem": (done.stderr.strip().splitlines() or [f"exit code {done.code}"])[-1]}
