from __future__ import annotations

import pytest

from torocloud_host.text import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, ünïcode\n\tand so on", "plain, ünïcode\n\tand so on"),
        ("\x1b[2Jgone\x07", "\\x1b[2Jgone\\x07"),
        ("a\rb\x9bc\x00", "a\\rb\\x9bc\\x00"),
        ("\u202eevil\u2066", "\\u202eevil\\u2066"),
        ("\u2028line\udc80", "\\u2028line\\udc80"),
    ],
)
def test_nothing_in_it_reaches_a_terminal(text: str, shown: str) -> None:
    assert visible(text) == shown
