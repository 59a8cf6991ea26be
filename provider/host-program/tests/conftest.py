"""Every test has a root of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent.parent), str(Path(__file__).parent)]

from torocloud_host import where  # noqa: E402


@pytest.fixture(autouse=True)
def root(tmp_path: Path) -> Iterator[Path]:
    """The folder that stands for the host's root."""
    where.root = str(tmp_path)
    yield tmp_path
    where.root = ""
