"""Text that comes from elsewhere: a journal, a command's last words."""

from __future__ import annotations


def visible(text: str) -> str:
    """The text with all that a terminal would obey, or not show, written out: `\\x1b[2J`. Line breaks and tabs stay."""
    return "".join(one if one.isprintable() or one in "\n\t" else _escaped(one) for one in text)


def _escaped(one: str) -> str:
    return one.encode("unicode_escape", "surrogatepass").decode("ascii")
