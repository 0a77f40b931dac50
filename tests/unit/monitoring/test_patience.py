"""Loops that do not end."""

import asyncio
import logging
from datetime import timedelta

import pytest

from allgreen.errors import StorageFullError
from allgreen.monitoring.patience import Patience, wait_for

SOON = timedelta(microseconds=1)


class Step:
    """A step that fails as a script says and then stops the loop."""

    def __init__(self, *failures: Exception | None) -> None:
        self.failures = list(failures)
        self.stop = asyncio.Event()

    async def __call__(self) -> None:
        """Fail, or not; at the end of the script, stop."""
        failure = self.failures.pop(0)
        if not self.failures:
            self.stop.set()
        if failure:
            raise failure


async def test_a_failing_storage_ends_no_loop_and_is_told_twice(
    caplog: pytest.LogCaptureFixture,
) -> None:
    full = StorageFullError("The disk is full.")
    step = Step(None, full, full, full, None, None)

    with caplog.at_level(logging.INFO):
        await Patience("The test", shortest=SOON, longest=SOON).repeat(step, step.stop)

    assert [record.getMessage() for record in caplog.records] == [
        "The test waits for the storage: The disk is full.",
        "The test works again",
    ]


async def test_a_bug_ends_no_loop_and_is_told_with_its_trace(
    caplog: pytest.LogCaptureFixture,
) -> None:
    step = Step(ValueError("a bug"), None)

    with caplog.at_level(logging.ERROR):
        await Patience("The test", shortest=SOON, longest=SOON).repeat(step, step.stop)

    assert "a bug" in caplog.text


async def test_waits_grow_up_to_a_limit() -> None:
    patience = Patience("The test", shortest=timedelta(seconds=1), longest=timedelta(seconds=5))
    step = Step(*[StorageFullError("The disk is full.")] * 20)

    waits = []
    for _ in range(20):
        await patience.attempt(step)
        waits.append(patience.delay.total_seconds())

    assert waits[:4] == [1, 2, 4, 5]
    assert waits[-1] == 5


async def test_cancellation_ends_a_loop() -> None:
    async def wait_for_ever() -> None:
        await asyncio.Event().wait()

    loop = asyncio.create_task(Patience("The test").repeat(wait_for_ever, asyncio.Event()))
    await asyncio.sleep(0)
    loop.cancel()

    with pytest.raises(asyncio.CancelledError):
        await loop


async def test_waiting_for_an_event_ends_with_it_or_with_the_time() -> None:
    rung, silent = asyncio.Event(), asyncio.Event()
    rung.set()

    assert await wait_for(rung, timedelta(seconds=9))
    assert not await wait_for(silent, SOON)
