"""One message at a time is between its hand-over and its mark, while the channel is quick."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from allgreen.monitoring.turnstile import Passage, Turnstile

NEVER, AT_ONCE = timedelta(hours=1), timedelta(0)


async def settle() -> None:
    """Let everybody go on who can."""
    for _ in range(10):
        await asyncio.sleep(0)


def keep_busy(seconds: float) -> None:
    """Come to no timer for a while, as when a thousand results are taken in."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while loop.time() < until:
        pass


async def test_the_next_one_waits_until_the_first_has_left() -> None:
    turnstile = Turnstile(answer_within=NEVER, mark_within=NEVER)
    with turnstile.passage() as first, turnstile.passage() as second:
        await first.enter()
        entering = asyncio.create_task(second.enter())
        await settle()
        waited = not second.was_entered

        first.leave()
        await entering

    assert waited
    assert second.was_entered


async def test_who_waits_for_an_answer_too_long_holds_nobody_up() -> None:
    turnstile = Turnstile(answer_within=AT_ONCE, patience=AT_ONCE, mark_within=NEVER)
    with turnstile.passage() as hangs, turnstile.passage() as second:
        await hangs.enter()
        await second.enter()

        assert second.was_entered


async def test_who_was_answered_stays_until_the_mark() -> None:
    turnstile = Turnstile(answer_within=timedelta(milliseconds=1), mark_within=NEVER)
    with turnstile.passage() as first, turnstile.passage() as second:
        await first.enter()
        first.was_answered()
        entering = asyncio.create_task(second.enter())
        await asyncio.wait([entering], timeout=0.02)
        waited = not second.was_entered

        first.leave()
        await entering

    assert waited


async def test_a_mark_that_takes_too_long_holds_nobody_up() -> None:
    turnstile = Turnstile(answer_within=NEVER, mark_within=AT_ONCE)
    with turnstile.passage() as first, turnstile.passage() as second:
        await first.enter()
        first.was_answered()
        await second.enter()

        assert second.was_entered


async def test_a_hiccup_of_the_channel_is_waited_for() -> None:
    turnstile = Turnstile(answer_within=AT_ONCE, patience=NEVER, mark_within=NEVER)
    with turnstile.passage() as first, turnstile.passage() as second:
        await first.enter()
        entering = asyncio.create_task(second.enter())
        await asyncio.wait([entering], timeout=0.02)
        waited = not second.was_entered

        first.was_answered()
        first.leave()
        await entering

    assert waited
    assert 0 < turnstile.patience_s < NEVER.total_seconds()


async def test_patience_is_lost_only_once() -> None:
    moment = timedelta(milliseconds=20)
    turnstile = Turnstile(answer_within=AT_ONCE, patience=moment, mark_within=NEVER)
    with turnstile.passage() as hangs, turnstile.passage() as second:
        await hangs.enter()
        await second.enter()

    assert second.was_entered
    assert turnstile.patience_s == 0


async def test_a_quick_answer_brings_patience_back() -> None:
    moment = timedelta(milliseconds=20)
    turnstile = Turnstile(answer_within=NEVER, patience=moment, mark_within=NEVER)
    turnstile.patience_s = 0
    with turnstile.passage() as passage:
        await passage.enter()
        passage.was_answered()

    assert turnstile.patience_s == moment.total_seconds()


async def test_an_answer_after_its_time_keeps_no_writer_waiting() -> None:
    turnstile = Turnstile(answer_within=AT_ONCE, patience=NEVER, mark_within=NEVER)
    ready, second = Prepared(), Prepared()
    with turnstile.passage(ready) as slow:
        await slow.enter()
        await ready.given_back.wait()
        slow.was_answered()
    with turnstile.passage(second) as passage:
        await passage.enter()

    assert not turnstile.is_quick
    assert not second.is_ready


async def test_a_program_that_was_busy_gives_the_answer_its_time() -> None:
    turnstile = Turnstile(
        answer_within=timedelta(milliseconds=20), patience=AT_ONCE, mark_within=NEVER
    )
    with turnstile.passage() as first, turnstile.passage() as second:
        await first.enter()
        entering = asyncio.create_task(second.enter())
        await settle()

        keep_busy(seconds=0.05)
        await settle()
        waited = not second.was_entered
        await entering  # for a hang is not waited for twice

    assert waited


async def test_a_program_that_stays_busy_gives_it_again_and_again() -> None:
    turnstile = Turnstile(
        answer_within=timedelta(milliseconds=20), patience=AT_ONCE, mark_within=NEVER
    )
    with turnstile.passage() as first, turnstile.passage() as second:
        await first.enter()
        entering = asyncio.create_task(second.enter())
        waited = []
        for _ in range(4):
            await settle()
            keep_busy(seconds=0.05)
            await settle()
            waited.append(not second.was_entered)
        await entering

    assert waited == [True] * 4


async def test_a_program_that_is_busy_for_ever_holds_nobody_up_for_ever() -> None:
    moment = timedelta(milliseconds=20)
    turnstile = Turnstile(
        answer_within=moment, mark_within=NEVER, patience=AT_ONCE, busy_for=moment
    )
    with turnstile.passage() as hangs, turnstile.passage() as second:
        await hangs.enter()
        entering = asyncio.create_task(second.enter())
        while not second.was_entered:
            await settle()
            keep_busy(seconds=0.05)
        await entering

    assert second.was_entered


@pytest.mark.parametrize("enters", [True, False], ids=["inside", "outside"])
async def test_whoever_fails_has_left(enters: bool) -> None:
    turnstile = Turnstile(answer_within=NEVER, mark_within=NEVER)

    async def fail(passage: Passage) -> None:
        if enters:
            await passage.enter()
        passage.was_answered()
        raise ValueError

    with pytest.raises(ValueError), turnstile.passage() as failing:  # noqa: PT011 - ours
        await fail(failing)

    with turnstile.passage() as other:
        await other.enter()
        assert other.was_entered


async def test_who_is_cancelled_while_waiting_takes_no_place() -> None:
    turnstile = Turnstile(answer_within=NEVER, mark_within=NEVER)
    with turnstile.passage() as first, turnstile.passage() as gone, turnstile.passage() as third:
        await first.enter()
        entering = asyncio.create_task(gone.enter())
        await settle()
        entering.cancel()
        await settle()
        gone.leave()
        first.leave()

        await third.enter()

    assert third.was_entered
    assert not gone.was_entered


# What is prepared for the mark -----------------------------------------------------------------


class Prepared:
    """What is got ready, and given back."""

    def __init__(self, *, never: bool = False) -> None:
        self.is_ready = False
        self.given_back = asyncio.Event()
        self._never = never

    async def prepare(self) -> None:
        if self._never:
            await asyncio.Event().wait()
        self.is_ready = True

    def give_back(self) -> None:
        self.given_back.set()


async def test_all_is_ready_for_the_mark_before_the_hand_over() -> None:
    turnstile, ready = Turnstile(answer_within=NEVER, mark_within=NEVER), Prepared()
    with turnstile.passage(ready) as passage:
        await passage.enter()
        was_ready = ready.is_ready
        passage.was_answered()

    assert was_ready
    assert not ready.given_back.is_set()


async def test_a_slow_channel_keeps_nobody_waiting_for_its_mark() -> None:
    turnstile, ready = (
        Turnstile(answer_within=AT_ONCE, patience=AT_ONCE, mark_within=NEVER),
        Prepared(),
    )
    with turnstile.passage(ready) as slow, turnstile.passage() as second:
        await slow.enter()
        await second.enter()

    assert ready.given_back.is_set()
    assert not turnstile.is_quick


async def test_nothing_is_prepared_until_answers_come_quickly_again() -> None:
    turnstile = Turnstile(answer_within=NEVER, mark_within=NEVER)
    turnstile.is_quick = False
    first, second = Prepared(), Prepared()
    for ready in (first, second):
        with turnstile.passage(ready) as passage:
            await passage.enter()
            passage.was_answered()

    assert not first.is_ready
    assert second.is_ready


async def test_a_mark_that_takes_long_keeps_what_it_works_with() -> None:
    turnstile, ready = Turnstile(answer_within=NEVER, mark_within=AT_ONCE), Prepared()
    with turnstile.passage(ready) as first, turnstile.passage() as second:
        await first.enter()
        first.was_answered()
        await second.enter()

    assert not ready.given_back.is_set()
    assert turnstile.is_quick


async def test_who_is_cancelled_while_preparing_takes_no_place() -> None:
    turnstile = Turnstile(answer_within=NEVER, mark_within=NEVER)
    with turnstile.passage(Prepared(never=True)) as first, turnstile.passage() as second:
        entering = asyncio.create_task(first.enter())
        await settle()
        entering.cancel()
        await second.enter()

        assert second.was_entered
        assert not first.was_entered
