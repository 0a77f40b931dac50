"""The table of the state machine, drawn from what the machine does.

Each row brings a service into a state, lets one thing happen, and writes down what came of it.
`./dev docs` puts the table into docs/explanation/state-machine.md; a guard holds the two equal.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import time, timedelta
from pathlib import Path

from allgreen.domain.check import HttpOptions
from allgreen.domain.commands import (
    DeleteService,
    EditService,
    PauseService,
    ResumeService,
)
from allgreen.domain.identity import CheckId, ServiceId, WindowId
from allgreen.domain.incident import Incident, IncidentState
from allgreen.domain.maintenance import Window
from allgreen.domain.notice import NoticeKind
from allgreen.domain.status import Mode
from allgreen.errors import NotFoundError
from allgreen.testing import ACCOUNT, CHECK, MINUTE, NOON, SERVICE, WORKSPACE, a_check, outcomes
from tests.unit.monitoring.scene import Scene

DOCUMENT = Path(__file__).parents[1] / "docs/explanation/state-machine.md"
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
HEADINGS = ("from", "by", "to", "time counts as", "incident", "told")
ADMIN = "admin@example.org"
UPSTREAM = ServiceId("0198c000-0000-7000-8000-0000000000d0")
ITS_CHECK = CheckId("0198c000-0000-7000-8000-0000000000d1")

Act = Callable[[Scene], Awaitable[object]]


@dataclass(frozen=True)
class Happening:
    """One thing that may happen, and from which states it is shown."""

    name: str
    act: Act
    states: tuple[str, ...] = ("unknown", "up", "degraded", "down")


def results(letters: str) -> Act:
    """Return the act of running on with these outcomes."""

    async def act(scene: Scene) -> None:
        await scene.runs(outcomes(letters))

    return act


async def pause(scene: Scene) -> None:
    await scene.handle(PauseService(service_id=SERVICE, by=ACCOUNT, at=scene.now))


async def resume(scene: Scene) -> None:
    await scene.handle(ResumeService(service_id=SERVICE, by=ACCOUNT, at=scene.now))


async def delete(scene: Scene) -> None:
    await scene.handle(DeleteService(service_id=SERVICE, by=ACCOUNT, at=scene.now))


async def ask_something_else(scene: Scene) -> None:
    service = await scene.service()
    options = HttpOptions(method="GET", url="http://127.0.0.1:9000/other")
    check = replace(service.check(CHECK), options=options)
    await scene.handle(
        EditService(
            service_id=SERVICE,
            expected_version=service.version,
            checks=(check,),
            by=ACCOUNT,
            at=scene.now,
        )
    )


async def change_the_period(scene: Scene) -> None:
    service = await scene.service()
    await scene.handle(
        EditService(
            service_id=SERVICE,
            expected_version=service.version,
            name="Another name",
            every=5 * MINUTE,
            by=ACCOUNT,
            at=scene.now,
        )
    )


async def open_a_window(scene: Scene) -> None:
    window = Window(
        id=WindowId("0198c000-0000-7000-8000-0000000000e0"),
        workspace_id=WORKSPACE,
        name="Upgrade",
        first=scene.now.date(),
        at=time(scene.now.hour, scene.now.minute),
        duration=10 * MINUTE,
        holds_from=NOON - timedelta(days=1),
    )
    await scene.ask(lambda uow: uow.windows.save([window]))


async def fail_in_a_window(scene: Scene) -> None:
    await open_a_window(scene)
    await scene.runs(outcomes("fff"))


async def hold_again_in_a_window(scene: Scene) -> None:
    await fail_in_a_window(scene)
    await scene.runs(outcomes("o"))


async def outlast_a_window(scene: Scene) -> None:
    await fail_in_a_window(scene)
    await scene.runs(outcomes("f" * 11))


async def lose_what_it_depends_on(scene: Scene) -> None:
    await scene.also_watch(a_check(id=ITS_CHECK, service_id=UPSTREAM, anchor=scene.now))
    await scene.edit(depends_on=[UPSTREAM])
    for outcome in outcomes("offf"):
        await scene.run(outcome, ITS_CHECK)
    await scene.runs(outcomes("fff"))


async def outlast_what_it_depends_on(scene: Scene) -> None:
    await lose_what_it_depends_on(scene)
    await scene.run(outcomes("o")[0], ITS_CHECK)
    await scene.runs(outcomes("f"))


STATES = {"unknown": "", "up": "o", "degraded": "osss", "down": "offf"}
NOT_DOWN = ("unknown", "up", "degraded")
HAPPENINGS = (
    Happening("ok", results("o")),
    Happening("slow", results("s")),
    Happening("slow, three in a row", results("sss"), ("unknown", "up")),
    Happening("fail", results("f")),
    Happening("fail, three in a row", results("fff"), NOT_DOWN),
    Happening("fail, ok", results("fo"), ("up",)),
    Happening("ok, then down again within 5 minutes", results("offf"), ("down",)),
    Happening("blocked, three in a row", results("bbb")),
    Happening("probe error, three in a row", results("ppp")),
    Happening("missed, three in a row", results("mmm")),
    Happening("the same three, then fail", results("mmmf"), ("down",)),
    Happening("three fails in a maintenance window", fail_in_a_window, ("up",)),
    Happening("the same, then ok before its end", hold_again_in_a_window, ("up",)),
    Happening("the same, then fail after its end", outlast_a_window, ("up",)),
    Happening("a maintenance window opens", open_a_window, ("down",)),
    Happening("three fails while what it depends on is down", lose_what_it_depends_on, ("up",)),
    Happening("the same, then fail once that holds", outlast_what_it_depends_on, ("up",)),
    Happening("paused", pause, ("up", "down")),
    Happening("paused, then resumed", lambda scene: _both(scene, pause, resume), ("down",)),
    Happening("asked something else", ask_something_else, ("up", "down")),
    Happening("another name or period", change_the_period, ("up", "down")),
    Happening("deleted", delete, ("up", "down")),
    Happening("the fifth turn within an hour", results("oofffoofffoo"), ("down",)),
    Happening("the same, then half an hour of ok", results("oofffoofffoo" + "o" * 31), ("down",)),
)


def table() -> str:
    """Return the table as Markdown."""
    rows = asyncio.run(_rows())
    lines = [HEADINGS, tuple("---" for _ in HEADINGS), *rows]
    return "\n".join(f"| {' | '.join(cells)} |".replace("  ", " ") for cells in lines)


def document_with(table_: str, text: str) -> str:
    """Return the document with this table in the place of its own."""
    pattern = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    return pattern.sub(lambda _: f"{BEGIN}\n\n{table_}\n\n{END}", text)


async def _rows() -> list[tuple[str, ...]]:
    return [await _row(state, happening) for happening in HAPPENINGS for state in happening.states]


async def _row(state: str, happening: Happening) -> tuple[str, ...]:
    scene = Scene()
    await scene.watch()
    await scene.runs(outcomes(STATES[state]))
    await scene.send_all()
    before = len(scene.sent)
    await happening.act(scene)
    await scene.send_all()
    told = [_words(notice.kind, notice.address) for notice in scene.sent[before:]]
    incidents = await scene.incidents()
    incident = _incident(incidents[-1]) if incidents else ""
    return (state, happening.name, *await _health(scene), incident, ", ".join(told))


async def _health(scene: Scene) -> tuple[str, str]:
    try:
        service = await scene.service()
    except NotFoundError:
        return "deleted", ""
    (check,) = service.checks
    if service.mode is Mode.PAUSED:
        return "paused", check.state.counts_as.value
    suffix = " (checking)" if service.is_suspect else ""
    return f"{service.health.value}{suffix}", check.state.counts_as.value


def _incident(incident: Incident) -> str:
    if incident.state is IncidentState.RESOLVED:
        assert incident.resolution is not None
        return f"ended, *{incident.resolution}*"
    words = "open" if not incident.reopened else "open again"
    return words if incident.quiet is None else f"{words}, quiet: *{incident.quiet}*"


def _words(kind: NoticeKind, address: str) -> str:
    return f"{kind} (the admins)" if address == ADMIN else kind.value


async def _both(scene: Scene, first: Act, second: Act) -> None:
    await first(scene)
    await second(scene)


if __name__ == "__main__":
    DOCUMENT.write_text(
        document_with(table(), DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8"
    )
