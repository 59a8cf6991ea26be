"""The kind `tree`: files from elsewhere in a directory; see trees.py."""

from __future__ import annotations

import json
import os
import sys

from ..where import real
from ..work import Change, Failed, Spec, State, Unknown, Work
from . import trees
from .directories import remove_all
from .files import in_words

LOOK_SECONDS = 45.0


class TreeKind:
    """Each file is replaced atomically; files that did not come from there are left alone."""

    def observe(self, work: Work, key: str, spec: Spec) -> State:
        """The digest of the files that came from there as they are now, and which were changed."""
        interpreter = sys.executable or "/usr/bin/python3"
        look = work.run([interpreter, "-ISE", "-c", source(), real(key)], seconds=LOOK_SECONDS, check=False)
        if look.code == 124:
            return {"unanswered": True}
        if look.code != 0:
            raise Unknown(f"{key} could not be looked at: {look.stderr.strip().splitlines()[-1:]}")
        state: State = json.loads(look.text)
        return state

    def apply(self, change: Change, key: str, spec: Spec) -> None:
        """Write what differs of what is sent, and take away what no longer comes."""
        with in_words(key):
            try:
                trees.Sync(os.path.normpath(real(key))).run(trees.Frames(change.payload()))
            except trees.Wrong as problem:
                raise Failed(str(problem)) from None

    def remove(self, work: Work, key: str, spec: Spec) -> None:
        """All of it, and the list of what came from elsewhere."""
        remove_all(work, key)
        trees.Manifest(os.path.normpath(real(key))).remove()


def source() -> str:
    """This room's own source, for a process of its own."""
    loader = getattr(trees.__spec__, "loader", None)
    text = loader.get_source(trees.__name__) if loader is not None else None
    if not isinstance(text, str):
        raise Failed("the program does not know its own source")
    return text


tree = TreeKind()
