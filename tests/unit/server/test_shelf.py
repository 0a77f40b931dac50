"""What is kept for everybody: read once at a time, and shown on while it cannot be read."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from allgreen.domain.identity import WorkspaceId
from allgreen.errors import StorageUnavailableError
from allgreen.ports import Change
from allgreen.server.shelf import PUBLISHED, PublicShelf, Shelf
from allgreen.testing import FakeClock


class Source:
    """Something that can be read, slowly, or not at all."""

    def __init__(self) -> None:
        self.readings = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.is_away = False

    async def read(self) -> int:
        self.readings += 1
        number = self.readings
        await self.gate.wait()
        if self.is_away:
            raise StorageUnavailableError("away")
        return number

    async def read_names(self) -> dict[str, WorkspaceId]:
        return {"mine": WorkspaceId("w")}


async def test_many_who_ask_at_once_cause_one_reading() -> None:
    shelf, source = Shelf[int](FakeClock()), Source()
    source.gate.clear()

    asking = [asyncio.create_task(shelf.get("a", source.read)) for _ in range(50)]
    await asyncio.sleep(0)
    source.gate.set()
    copies = await asyncio.gather(*asking)

    assert [copy.thing for copy in copies] == [1] * 50


async def test_one_who_goes_away_takes_the_reading_from_nobody() -> None:
    shelf, source = Shelf[int](FakeClock()), Source()
    source.gate.clear()
    leaves = asyncio.create_task(shelf.get("a", source.read))
    stays = asyncio.create_task(shelf.get("a", source.read))
    await asyncio.sleep(0)

    leaves.cancel()
    await asyncio.gather(leaves, return_exceptions=True)
    source.gate.set()

    assert (await stays).thing == 1


async def test_it_is_read_anew_after_ten_seconds() -> None:
    clock, source = FakeClock(), Source()
    shelf = Shelf[int](clock)

    found = [(await shelf.get("a", source.read)).thing]
    clock.advance(timedelta(seconds=10))
    found.append((await shelf.get("a", source.read)).thing)
    clock.advance(timedelta(milliseconds=1))
    found.append((await shelf.get("a", source.read)).thing)

    assert found == [1, 1, 2]


async def test_what_cannot_be_read_anew_is_shown_as_old_and_left_alone_for_a_while() -> None:
    clock, source = FakeClock(), Source()
    shelf = Shelf[int](clock)
    await shelf.get("a", source.read)
    source.is_away = True
    clock.advance(timedelta(seconds=11))

    copies = [await shelf.get("a", source.read) for _ in range(5)]
    clock.advance(timedelta(seconds=3))
    source.is_away = False
    again = await shelf.get("a", source.read)

    assert [(copy.thing, copy.is_old) for copy in copies] == [(1, True)] * 5
    assert (again.thing, again.is_old) == (3, False)


async def test_what_never_could_be_read_is_not_tried_for_every_visitor() -> None:
    shelf, source = Shelf[int](FakeClock()), Source()
    source.is_away = True

    for _ in range(20):
        with pytest.raises(StorageUnavailableError):
            await shelf.get("a", source.read)

    assert source.readings == 1


async def test_what_was_dropped_while_it_was_read_does_not_come_back() -> None:
    shelf, source = Shelf[int](FakeClock()), Source()
    source.gate.clear()
    asking = asyncio.create_task(shelf.get("a", source.read))
    await asyncio.sleep(0)

    shelf.clear()
    source.gate.set()
    await asking

    assert shelf.peek("a") is None
    assert (await shelf.get("a", source.read)).thing == 2


MINE, THEIRS = WorkspaceId("w"), WorkspaceId("v")


@pytest.mark.parametrize("is_public", [True, False], ids=["of the page", "of a profile"])
async def test_only_what_everybody_sees_drops_what_is_kept(is_public: bool) -> None:
    public, source = PublicShelf(FakeClock()), Source()
    await public.published.get(PUBLISHED, source.read_names)
    await public.get_page("mine", MINE, source.read)
    mark = public.mark(MINE)

    public.forget([Change(workspace_id=MINE, kind="workspace", id="x", is_public=is_public)])

    assert (public.pages.peek("mine") is None) is is_public
    assert (public.published.peek(PUBLISHED) is None) is is_public
    assert (public.mark(MINE) != mark) is is_public


async def test_a_change_in_one_workspace_drops_no_page_of_another() -> None:
    public = PublicShelf(FakeClock())
    for name, whose in (("mine", MINE), ("theirs", THEIRS)):
        await public.get_page(name, whose, Source().read)
    mark = public.mark(THEIRS)

    # Whether or not it is known at this moment which pages there are.
    public.forget([Change(workspace_id=MINE, kind="workspace", id="x", is_public=True)])

    assert [public.pages.peek(name) is None for name in ("mine", "theirs")] == [True, False]
    assert public.mark(THEIRS) == mark


async def test_a_page_that_is_not_published_any_more_is_forgotten_for_good() -> None:
    public = PublicShelf(FakeClock())
    for name, whose in (("mine", MINE), ("theirs", THEIRS)):
        await public.get_page(name, whose, Source().read)

    public.keep_only(["theirs"])

    assert [public.pages.peek(name) is None for name in ("mine", "theirs")] == [True, False]
