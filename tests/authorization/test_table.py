"""Every operation of the API, asked by everybody: each is answered as the table says."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2
import pytest

from tests.authorization.requests import REQUESTS, Ask
from tests.authorization.stage import ELSEWHERE, Stage, open_stage
from tests.authorization_table import Cell, Operation, Who, cell, list_operations

OPERATIONS = list_operations()
STAND_FOR = {
    "public": Who.PUBLIC,
    "stranger": Who.SIGNED_IN,
    "observer": Who.OBSERVER,
    "admin": Who.ADMIN,
    "owner": Who.OWNER,
    "instance": Who.INSTANCE,
    "read key": Who.READ_KEY,
    "write key": Who.WRITE_KEY,
    "removed": Who.SIGNED_IN,
    "disabled": Who.PUBLIC,
    "expired": Who.PUBLIC,
    "key of the removed": Who.PUBLIC,
}
"""Who asks, and in which column of the table they stand."""
DEMOTED = "key of the demoted"
EVERYBODY = (*STAND_FOR, DEMOTED)
LET_IN = {Cell.YES, Cell.OWN}
REFUSED = {
    Cell.NOT_SIGNED_IN: (401, "not_signed_in"),
    Cell.NOT_ALLOWED: (403, "not_allowed"),
    Cell.HIDDEN: (404, "not_found"),
}


@pytest.fixture(scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path_factory.mktemp("table")) as stage:
        yield stage


def expected(operation: Operation, who: str) -> Cell:
    """Return what the table says; a key of somebody who was demoted is less than both."""
    if who != DEMOTED:
        return cell(operation, STAND_FOR[who])
    return max(cell(operation, Who.WRITE_KEY), cell(operation, Who.OBSERVER), key=_strictness)


def _strictness(one: Cell) -> int:
    return (Cell.YES, Cell.OWN, Cell.HIDDEN, Cell.NOT_ALLOWED, Cell.NOT_SIGNED_IN).index(one)


def test_every_operation_is_asked() -> None:
    unknown = {operation.id for operation in OPERATIONS} - REQUESTS.keys()
    gone = REQUESTS.keys() - {operation.id for operation in OPERATIONS}

    assert sorted(unknown) == [], "Say in tests/authorization/requests.py how they are asked."
    assert sorted(gone) == [], "These are no operations (any more)."


@pytest.mark.parametrize(
    "operation", [each for each in OPERATIONS if each.id in REQUESTS], ids=lambda each: each.id
)
async def test_everybody_is_answered_as_the_table_says(stage: Stage, operation: Operation) -> None:
    ask = REQUESTS[operation.id]
    await prepare(stage, ask)

    seen = {}
    for who in sorted(EVERYBODY, key=lambda who: expected(operation, who) in LET_IN):
        before = stage.state()
        answer = await send(stage, operation, ask, who)
        is_changed = stage.state() != before
        seen[who] = word_of(answer, ask, is_changed=is_changed)
        if is_changed:
            await prepare(stage, ask)
        stage.forget()
    stage.platform.stopping.clear()

    assert seen == {who: _word(expected(operation, who)) for who in seen}
    assert len(seen) == 13


async def prepare(stage: Stage, ask: Ask) -> None:
    stage.restore()
    if ask.given is not None:
        await ask.given(stage)


async def send(stage: Stage, operation: Operation, ask: Ask, who: str) -> httpx2.Response:
    ids = stage.ids_for(who)
    path = operation.path.format(**ids)
    return await stage.ask(operation.method, path, who=who, **ask.parts(ids))


def word_of(answer: httpx2.Response, ask: Ask, *, is_changed: bool) -> str:
    """Return in a word how somebody was answered."""
    if answer.is_success:
        return "let in"
    told = answer.json()
    status, code = answer.status_code, told["code"]
    if status < 500 and (code in ask.refusals or _is_absent(told["detail"], ask)):
        return "let in"
    return f"{status} {code}" + (", and something was changed" if is_changed else "")


def _is_absent(detail: str, ask: Ask) -> bool:
    words = (f"There is no such {ask.absent}.", f"This {ask.absent} does not work any more.")
    return bool(ask.absent) and detail.startswith(words)


def _word(one: Cell) -> str:
    return "let in" if one in LET_IN else "{} {}".format(*REFUSED[one])


HIDDEN = [each for each in OPERATIONS if cell(each, Who.SIGNED_IN) is Cell.HIDDEN]


@pytest.mark.parametrize("who", ["stranger", "removed", "instance"])
async def test_what_is_hidden_is_like_what_never_was(stage: Stage, who: str) -> None:
    stage.restore()
    nowhere = dict.fromkeys(stage.ids, ELSEWHERE)

    different = []
    for operation in (each for each in HIDDEN if each.id in REQUESTS):
        parts = REQUESTS[operation.id].parts
        here, there = [
            await stage.ask(operation.method, operation.path.format(**ids), who=who, **parts(ids))
            for ids in (stage.ids, nowhere)
        ]
        if (here.status_code, here.content, here.headers) != (404, there.content, there.headers):
            different.append(operation.id)

    assert different == []
    assert len(HIDDEN) > 30
