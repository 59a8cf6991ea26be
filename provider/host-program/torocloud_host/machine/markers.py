"""Ownership markers: /etc/torocloud/<kind>/<name>.json. What stands in them is the provider's."""

from __future__ import annotations

import json
import os
from contextlib import suppress

from ..where import real
from ..work import Json
from .atomic import sync_folder, temporary_of, write_atomically


def read(path: str) -> str | None:
    """Its text; None where there is none."""
    try:
        with open(real(path), encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except (FileNotFoundError, NotADirectoryError):
        return None


def write(path: str, marker: Json) -> None:
    """Whole, and on disk; raises Failed, and leaves the old one, where there is no room."""
    content = json.dumps(marker, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"
    for attempt in range(5):
        os.makedirs(os.path.dirname(real(path)), mode=0o755, exist_ok=True)
        try:
            write_atomically(path, content, 0o644, os.geteuid(), os.getegid())
            return
        except FileNotFoundError:
            # Another resource of this kind may be taking the empty directory away at this moment.
            if attempt == 4:
                raise


def drop(path: str) -> None:
    """Takes the folders with it when they are empty. Gone already is gone."""
    for gone in (path, temporary_of(path)):
        with suppress(FileNotFoundError, NotADirectoryError):
            os.unlink(real(gone))
    with suppress(OSError):
        sync_folder(path)
    for folder in (os.path.dirname(path), os.path.dirname(os.path.dirname(path))):
        with suppress(OSError):
            os.rmdir(real(folder))
