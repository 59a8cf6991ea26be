"""What tests ask of a host beside what the host program can do: any command, with any input."""

from __future__ import annotations

import os
from typing import Any

from .work import Change, Kind, QueryHalf, Spec, State, Work


def run(work: Work, spec: Spec) -> State:
    """A script, run by sh, with its code and its outputs."""
    text: Any = spec["script"]
    file: Any = spec["input"]
    argv = ["sh", "-c", text] if file is None else ["sh", "-c", f"exec <'{file}'\nrm '{file}'\n{text}"]
    done = work.run(argv, check=False)
    return {"exitCode": done.code, "stdout": done.stdout.decode("utf-8", "replace"), "stderr": done.stderr}


class Input:
    """A file from a payload."""

    @staticmethod
    def observe(work: Work, key: str, spec: Spec) -> State:
        """Never there."""
        return None

    @staticmethod
    def apply(work: Change, key: str, spec: Spec) -> None:
        """Write it as it comes; with `pieces`, no more than so many."""
        left: Any = spec["pieces"]
        with open(key, "wb") as file:
            for chunk in work.payload():
                file.write(chunk)
                left -= 1
                if left == 0:
                    return

    @staticmethod
    def remove(work: Work, key: str, spec: Spec) -> None:
        """Gone."""
        os.unlink(key)


def register(kinds: dict[str, Kind], queries: dict[str, QueryHalf]) -> None:
    """Makes them known to the host program."""
    queries["test.run"] = run
    kinds["test.input"] = Input
