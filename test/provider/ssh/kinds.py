"""What tests ask of a host beside what the host program can do: any command, with any input."""

from __future__ import annotations

from typing import Any

from .work import Change, Kind, QueryHalf, Spec, State, Work

inputs: dict[str, bytes] = {}
"""What came for scripts that have not begun."""


def run(work: Work, spec: Spec) -> State:
    """A script, run by sh, with its code and its outputs."""
    script: Any = spec["script"]
    key: Any = spec["input"]
    content = None if key is None else inputs.pop(key)
    done = work.run(["sh", "-c", script], input=content, check=False)
    return {"exitCode": done.code, "stdout": done.stdout.decode("utf-8", "replace"), "stderr": done.stderr}


class Input:
    """What a script will read, from a payload."""

    @staticmethod
    def observe(work: Work, key: str, spec: Spec) -> State:
        """Never there."""
        return None

    @staticmethod
    def apply(work: Change, key: str, spec: Spec) -> None:
        """Take it as it comes; with `pieces`, no more than so many."""
        left: Any = spec["pieces"]
        content = bytearray()
        for chunk in work.payload():
            content += chunk
            left -= 1
            if left == 0:
                break
        inputs[key] = bytes(content)

    @staticmethod
    def remove(work: Work, key: str, spec: Spec) -> None:
        """Gone."""
        inputs.pop(key, None)


def register(kinds: dict[str, Kind], queries: dict[str, QueryHalf]) -> None:
    """Makes them known to the host program."""
    queries["test.run"] = run
    kinds["test.input"] = Input
