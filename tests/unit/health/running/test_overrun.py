"""A check that holds the interpreter itself cannot be stopped, and is never called good for that."""

from __future__ import annotations

import re

import pytest

from allgreen.domain.report import Ending
from allgreen.domain.status import CheckVerdict
from allgreen.health.registry import CheckRegistry
from allgreen.health.running.runner import CheckRunner

EVIL = re.compile(r"(a+)+$")
TIMEOUT_S = 0.01


@pytest.mark.semantics("L4", "L7")
@pytest.mark.parametrize("is_async", [False, True], ids=["in a thread", "on a loop"])
def test_a_check_that_could_not_be_stopped_is_late_also_when_it_passes(*, is_async: bool) -> None:
    registry = CheckRegistry()

    def search() -> bool:
        # In one step of the interpreter: no other thread runs meanwhile, whatever the deadline.
        return EVIL.match("a" * 22 + "b") is None

    async def search_on_a_loop() -> bool:
        return search()

    registry.check("Looks for a word", timeout=TIMEOUT_S)(search_on_a_loop if is_async else search)

    (result,) = CheckRunner(registry, environment="test").run().results

    assert (result.verdict, result.ending) == (CheckVerdict.FAILED, Ending.TIMED_OUT)
    assert result.message == "Took longer than its timeout of 0.01 s"
    assert result.duration_ms > TIMEOUT_S * 1000
