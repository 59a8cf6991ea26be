"""Reading JSON of a known shape: specs, and what Ceph answers."""

from __future__ import annotations

from .work import Json


def text(value: Json) -> str:
    """The value, which is a text."""
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} where a text was expected")
    return value


def number(value: Json) -> int:
    """The value, which is a whole number."""
    if not isinstance(value, int):
        raise TypeError(f"{type(value).__name__} where a number was expected")
    return value


def fields(value: Json) -> dict[str, Json]:
    """The value, which has fields; none where there is nothing."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise TypeError(f"{type(value).__name__} where fields were expected")
    return value


def items(value: Json) -> list[Json]:
    """The value, which is a list; an empty one where there is nothing."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise TypeError(f"{type(value).__name__} where a list was expected")
    return value


def texts(value: Json) -> list[str]:
    """The value, which is a list of texts."""
    return [text(item) for item in items(value)]


def records(value: Json) -> list[dict[str, Json]]:
    """The value, which is a list of things with fields."""
    return [fields(item) for item in items(value)]
