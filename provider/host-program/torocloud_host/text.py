"""Text of others, in sentences of ours."""

from __future__ import annotations

import unicodedata

_INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp", "Cn"}


def visible(text: str) -> str:
    """On its lines, with nothing in it that a terminal would obey or not show."""
    return "".join(
        character
        if character in "\n\t" or unicodedata.category(character) not in _INVISIBLE
        else f"\\u{{{ord(character):x}}}"
        for character in text
    )
