"""The fakes that others test with."""

from datetime import timedelta

import pytest

from allgreen.domain.check import LeasedCheck
from allgreen.domain.result import Result
from allgreen.domain.status import Outcome
from allgreen.errors import DeliveryRefusedError
from allgreen.testing import (
    NOON,
    FakeClock,
    RecordingNotifier,
    ScriptedExecutor,
    SequentialIds,
    a_leased_check,
    a_notice,
    a_result,
)


def test_time_passes_only_when_it_is_told_to() -> None:
    clock = FakeClock()

    clock.advance(timedelta(seconds=90))
    clock.jump(NOON)

    assert (clock.now(), clock.monotonic()) == (NOON, 90.0)


def test_identities_are_the_same_in_each_run_and_in_order() -> None:
    one, other = SequentialIds(), SequentialIds()

    assert [one() for _ in range(20)] == sorted(other() for _ in range(20))


async def test_a_script_ends_with_its_last_answer_for_ever() -> None:
    executor = ScriptedExecutor(Outcome.FAIL, Outcome.OK)

    found = [(await executor.run(a_leased_check())).outcome for _ in range(4)]

    assert found == [Outcome.FAIL, *[Outcome.OK] * 3]


async def test_a_script_may_say_everything() -> None:
    def slowly(leased: LeasedCheck) -> Result:
        return a_result(Outcome.SLOW, fence=leased.fence, latency_ms=5000.0)

    result = await ScriptedExecutor(slowly).run(a_leased_check(fence=4))

    assert (result.fence, result.latency_ms) == (4, 5000.0)


async def test_a_notifier_keeps_what_was_tried_and_what_was_sent() -> None:
    notifier = RecordingNotifier(DeliveryRefusedError("550"))

    with pytest.raises(DeliveryRefusedError):
        await notifier.send(a_notice())
    await notifier.send(a_notice())

    assert (len(notifier.tried), len(notifier.sent)) == (2, 1)
