"""Requests, as the session runs them."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from torocloud_host import registry
from torocloud_host.jobs import TELL_SECONDS
from torocloud_host.main import Session
from torocloud_host.work import Spec, Work


class Orders(io.RawIOBase):
    """Orders as lines; the input stays open until all are answered."""

    def __init__(self, *orders: dict[str, Any], open_seconds: float) -> None:
        self._lines = [json.dumps(order).encode() + b"\n" for order in orders]
        self._until = time.monotonic() + open_seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if not self._lines:
            time.sleep(max(0.0, self._until - time.monotonic()))
            return 0
        line = self._lines.pop(0)
        buffer[: len(line)] = line
        return len(line)


@pytest.fixture
def lasting(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def last(work: Work, spec: Spec) -> float:
        time.sleep(float(str(spec["seconds"])))
        if spec.get("says"):
            work.say("word")
        return float(str(spec["seconds"]))

    monkeypatch.setitem(registry.queries, "test.last", last)
    yield


def answers(*steps: dict[str, Any], seconds: float) -> list[dict[str, Any]]:
    sink = io.BytesIO()
    asked = {"id": 1, "limit": 60, "steps": [{"do": "query", "kind": "test.last", "spec": step} for step in steps]}
    Session(io.BufferedReader(Orders(asked, open_seconds=seconds)), sink, heartbeat_seconds=60).run()
    return [json.loads(line) for line in sink.getvalue().splitlines()]


@pytest.mark.usefixtures("lasting")
class TestProgress:
    def test_steps_that_are_soon_over_are_not_told_of(self) -> None:
        assert answers({"seconds": 0}, {"seconds": 0}, seconds=0.3) == [{"id": 1, "results": [0, 0]}]

    def test_a_step_that_lasts_is_told_of_once(self) -> None:
        lasts = 4 * TELL_SECONDS
        told = answers({"seconds": 0}, {"seconds": lasts}, seconds=2 * lasts)
        assert told == [{"id": 1, "step": 1}, {"id": 1, "results": [0, lasts]}]

    def test_who_says_something_says_at_which_step(self) -> None:
        told = answers({"seconds": 0}, {"seconds": 0, "says": True}, seconds=0.3)
        assert told[:2] == [{"id": 1, "step": 1}, {"id": 1, "say": "word"}]
