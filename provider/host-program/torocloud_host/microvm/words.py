"""What units and guests said, for errors: bounded, and with nothing in it that a terminal would obey."""

from __future__ import annotations

import os

from ..machine import systemd
from ..text import visible
from ..where import real
from ..work import Failed, Work

_LINES = 8
_LONGEST = 1000
_MARGIN_SECONDS = 60
"""Also what its former processes said, where it ends and is started again."""


def last_words(work: Work, unit: str) -> str:
    """The end of what a unit wrote since shortly before it was last started, under a heading; empty for nothing."""
    asked = ["journalctl", "--no-pager", "--quiet", "--lines", str(_LINES), "--output", "cat", "--unit", unit]
    said = work.run([*asked, *_since(unit)], check=False, seconds=10).text
    return _quoted(f"the last words of {unit}:", said)


def end_of_console(path: str) -> str:
    """The end of what a guest wrote to its console, under a heading; empty when that is nothing."""
    try:
        with open(real(path), "rb") as stream:
            stream.seek(max(0, os.fstat(stream.fileno()).st_size - 8192))
            text = stream.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return _quoted(f"the end of {path}:", text)


def _since(unit: str) -> list[str]:
    try:
        started = systemd.properties(unit, "ExecMainStartTimestamp").get("ExecMainStartTimestamp", "")
    except Failed:
        return []
    microseconds = int(started) if started.isdigit() else 0
    return [f"--since=@{microseconds // 1_000_000 - _MARGIN_SECONDS}"] if microseconds else []


def _quoted(heading: str, text: str) -> str:
    # A console ends its lines with both, and a carriage return alone is no line's end.
    lines = [line for line in text.replace("\r\n", "\n").split("\n") if line.strip()][-_LINES:]
    return "\n".join([heading, *(visible(line)[:_LONGEST] for line in lines)]) if lines else ""
