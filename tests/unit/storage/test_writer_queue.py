"""One writes at a time; who must not wait goes first."""

from __future__ import annotations

import asyncio

import pytest

from allgreen.storage.sql.writer_queue import WriterQueue

PATIENT_S = 30.0


async def settle() -> None:
    """Let everybody go on who can."""
    for _ in range(10):
        await asyncio.sleep(0)


class Line:
    """Writers who note when their turn came."""

    def __init__(self) -> None:
        self.queue = WriterQueue()
        self.came: list[str] = []
        self.at_once = 0

    async def write(self, name: str, *, is_prompt: bool = False) -> None:
        async with self.queue.place(is_prompt=is_prompt, patience_s=PATIENT_S):
            self.at_once += 1
            assert self.at_once == 1
            self.came.append(name)
            await settle()
            self.at_once -= 1


async def test_writers_come_one_after_the_other_in_their_order() -> None:
    line = Line()

    await asyncio.gather(*(line.write(name) for name in "abc"))

    assert line.came == ["a", "b", "c"]


async def test_who_is_prompt_goes_before_those_who_wait_and_not_before_who_writes() -> None:
    line = Line()

    await asyncio.gather(
        line.write("a"), line.write("b"), line.write("mark", is_prompt=True), line.write("c")
    )

    assert line.came == ["a", "mark", "b", "c"]


async def test_a_free_place_is_taken_at_once() -> None:
    line = Line()

    await line.write("a")
    await line.write("b", is_prompt=True)

    assert line.came == ["a", "b"]


async def test_who_lost_patience_is_passed_over() -> None:
    line = Line()
    async with line.queue.place(is_prompt=False, patience_s=PATIENT_S):
        with pytest.raises(TimeoutError):
            async with line.queue.place(is_prompt=True, patience_s=0):
                pass
        waiting = asyncio.create_task(line.write("b"))
        await settle()

    await waiting
    assert line.came == ["b"]


async def test_a_turn_that_comes_to_somebody_who_was_cancelled_goes_on() -> None:
    line = Line()
    async with line.queue.place(is_prompt=False, patience_s=PATIENT_S):
        leaving, staying = (asyncio.create_task(line.write(name)) for name in ("gone", "b"))
        await settle()
    leaving.cancel()  # its turn has come, and it does not know of it yet

    await staying
    assert line.came == ["b"]
    assert leaving.cancelled() or leaving.done()


async def test_whoever_fails_lets_the_next_one_in() -> None:
    line = Line()

    with pytest.raises(ValueError, match="broken"):
        async with line.queue.place(is_prompt=False, patience_s=PATIENT_S):
            raise ValueError("broken")

    await line.write("b")
    assert line.came == ["b"]
