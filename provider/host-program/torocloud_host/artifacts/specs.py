"""Fields of a spec, by type."""

from __future__ import annotations

from ..work import Failed, Spec


def text(spec: Spec, field: str, default: str | None = None) -> str:
    """A field that holds text; without a default it must be there."""
    value = spec.get(field, default)
    if not isinstance(value, str):
        raise Failed(f"the field {field} of a request is not text")
    return value


def texts(spec: Spec, field: str) -> list[str]:
    """A field that holds a list of texts."""
    value = spec.get(field)
    if not isinstance(value, list):
        raise Failed(f"the field {field} of a request is not a list")
    return [one for one in value if isinstance(one, str)]
