"""The dashboard: all workspaces of one account, in one answer of a few statements."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import Engine, event

from allgreen.domain.commands import NoteOffline, RecordResults
from allgreen.domain.identity import CheckId, ServiceId
from allgreen.domain.policy import Role
from allgreen.domain.result import Result
from allgreen.domain.status import Outcome
from allgreen.ports import Strip
from allgreen.server.platform import Platform
from allgreen.server.settings import Settings
from allgreen.testing import FakeClock
from tests.api import Person
from tests.databases import BOTH, settings_of
from tests.people import enrol, set_role

DASHBOARD = "/api/v1/account/dashboard"

Enrol = Callable[..., Awaitable[Person]]


@pytest.fixture(params=BOTH)
def settings(request: pytest.FixtureRequest) -> Settings:
    """With a mail server, which nobody asks here: only with one is an address proven."""
    return settings_of(request, smtp_url=SecretStr("smtp://127.0.0.1:25"))


@pytest.fixture
async def join(app: FastAPI, platform: Platform, owner: Person) -> AsyncIterator[Enrol]:
    """Let somebody into the owner's workspace; without a role, they have one of their own."""
    async with AsyncExitStack() as stack:

        async def enter(name: str, role: Role | None = None) -> Person:
            workspace_id = owner.me["workspaces"][0]["id"] if role else None
            return await enrol(stack, app, platform, name, in_workspace=workspace_id, role=role)

        yield enter


@pytest.fixture
def url(silent_port: int) -> str:
    return f"http://127.0.0.1:{silent_port}/health"


async def see(person: Person) -> dict[str, Any]:
    answer = await person.client.get(DASHBOARD)
    assert answer.status_code == 200, answer.text
    seen: dict[str, Any] = answer.json()
    return seen


async def report(
    platform: Platform, clock: FakeClock, service: dict[str, Any], outcome: Outcome
) -> None:
    """Let the first check of a service be found so, a second later."""
    clock.advance(timedelta(seconds=1))
    now = clock.now()
    async with platform.database.unit_of_work() as uow:
        stored = await uow.services.get(ServiceId(service["id"]))
        result = Result(
            check_id=CheckId(service["checks"][0]["id"]),
            service_id=stored.id,
            workspace_id=stored.workspace_id,
            slot=now,
            attempt=1,
            started_at=now,
            finished_at=now,
            outcome=outcome,
            version=1,
            fence=99,
        )
        await platform.bus.handle(RecordResults(results=(result,), at=now), uow)
        await uow.commit()


async def turn(
    platform: Platform, clock: FakeClock, service: dict[str, Any], outcome: Outcome
) -> None:
    """Let three runs end so, a second apart: enough evidence for any state."""
    for _ in range(3):
        await report(platform, clock, service, outcome)


async def store_strip(platform: Platform, service_id: str, *, known: int, good: int) -> None:
    now = platform.clock.now()
    strip = Strip(
        first=now.date() - timedelta(days=89),
        zone="UTC",
        grades="n" * 89 + "u",
        known_us=known,
        good_us=good,
        median_ms=100.0,
        as_of=now,
    )
    async with platform.database.unit_of_work() as uow:
        await uow.roll_ups.save_strips({ServiceId(service_id): strip})
        await uow.commit()


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    counted: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        counted.append(statement)

    event.listen(Engine, "before_cursor_execute", count)
    try:
        yield counted
    finally:
        event.remove(Engine, "before_cursor_execute", count)


async def test_each_workspace_is_summed_up_as_its_own_page_does(
    owner: Person, platform: Platform, clock: FakeClock, join: Enrol, url: str
) -> None:
    up, down, slow, _, paused = [
        await owner.watch(url, name=name) for name in ("Up", "Down", "Slow", "New", "Paused")
    ]
    await owner.client.post(f"/api/v1/services/{paused['id']}/pause")
    await turn(platform, clock, up, Outcome.OK)
    await turn(platform, clock, slow, Outcome.SLOW)
    await turn(platform, clock, down, Outcome.FAIL)
    await store_strip(platform, up["id"], known=10**12, good=10**12 - 1)
    await join("Lisa Lien", Role.OBSERVER)
    page = (await owner.client.get(owner.workspace)).json()

    (card,) = (await see(owner))["workspaces"]

    shared = ("id", "name", "role", "time_zone", "may", "counts", "uptime_pct", "strip", "offer")
    assert {name: card[name] for name in shared} == {name: page[name] for name in shared}
    assert card["counts"] == {
        "up": 1,
        "degraded": 1,
        "down": 1,
        "unknown": 1,
        "paused": 1,
        "maintenance": 0,
    }
    assert card["uptime_pct"] == 99.99
    assert card["worst"] == {
        "service_id": down["id"],
        "name": "Down",
        "health": "down",
        "since": page["down_since"],
    }
    assert card["members"] == 2
    assert [(face["name"], face["you"]) for face in card["faces"]] == [
        ("Ana Petrov", True),
        ("Lisa Lien", False),
    ]
    assert card["is_published"] is False


async def test_of_services_as_bad_the_one_that_is_so_for_longest_is_told(
    owner: Person, platform: Platform, clock: FakeClock, url: str
) -> None:
    later, first, slow = [await owner.watch(url, name=name) for name in ("A", "B", "C")]
    await turn(platform, clock, slow, Outcome.SLOW)
    (card,) = (await see(owner))["workspaces"]
    assert (card["worst"]["name"], card["worst"]["health"]) == ("C", "degraded")
    assert card["worst"]["since"] is not None

    await turn(platform, clock, first, Outcome.FAIL)
    await turn(platform, clock, later, Outcome.FAIL)

    (card,) = (await see(owner))["workspaces"]
    assert (card["worst"]["name"], card["worst"]["health"]) == ("B", "down")


async def test_what_is_planned_is_not_the_worst(
    owner: Person, platform: Platform, clock: FakeClock, url: str
) -> None:
    service = await owner.watch(url)
    await turn(platform, clock, service, Outcome.FAIL)
    begin = clock.now() + timedelta(minutes=2)
    window = {
        "name": "Move",
        "service_ids": [service["id"]],
        "first": f"{begin:%Y-%m-%d}",
        "at": f"{begin:%H:%M}",
        "duration_minutes": 5,
    }
    planned = await owner.client.post(f"{owner.workspace}/maintenance-windows", json=window)
    assert planned.status_code == 201, planned.text

    clock.advance(timedelta(minutes=3))

    (card,) = (await see(owner))["workspaces"]

    assert (card["counts"]["maintenance"], card["counts"]["down"]) == (1, 0)
    assert card["worst"] is None


async def test_while_nobody_looks_nothing_is_known(
    owner: Person, platform: Platform, clock: FakeClock, url: str
) -> None:
    service = await owner.watch(url)
    await turn(platform, clock, service, Outcome.FAIL)

    command = NoteOffline(watcher="local", at=clock.now())
    await platform.bus.execute(command, platform.database.unit_of_work)

    seen = await see(owner)
    (card,) = seen["workspaces"]
    assert (card["counts"]["down"], card["counts"]["unknown"]) == (0, 1)
    assert card["worst"] is None
    assert seen["prober"]["state"] == "offline"


async def test_more_workspaces_cost_no_more_statements(
    owner: Person, platform: Platform, clock: FakeClock, url: str
) -> None:
    service = await owner.watch(url)
    await turn(platform, clock, service, Outcome.FAIL)
    await see(owner)
    with counted_statements() as of_one:
        await see(owner)

    for number in range(4):
        made = await owner.client.post("/api/v1/workspaces", json={"name": f"Fjord {number}"})
        there = Person(client=owner.client, me={"workspaces": [made.json()]})
        for name in ("First", "Second"):
            await turn(platform, clock, await there.watch(url, name=name), Outcome.FAIL)
    with counted_statements() as of_five:
        seen = await see(owner)

    assert [card["counts"]["down"] for card in seen["workspaces"]] == [1, 2, 2, 2, 2]
    assert len(of_five) == len(of_one)


async def test_events_of_all_workspaces_are_told_the_newest_first(
    owner: Person, platform: Platform, clock: FakeClock, url: str
) -> None:
    first = await owner.watch(url, name="First")
    made = await owner.client.post("/api/v1/workspaces", json={"name": "Fjord"})
    fjord = Person(client=owner.client, me={"workspaces": [made.json()]})
    second = await fjord.watch(url, name="Second")

    await turn(platform, clock, first, Outcome.FAIL)
    began_at = clock.now() - timedelta(seconds=2)
    clock.advance(timedelta(minutes=10))
    await turn(platform, clock, second, Outcome.FAIL)
    await report(platform, clock, first, Outcome.OK)

    events = (await see(owner))["events"]
    assert [(each["kind"], each["service_name"]) for each in events] == [
        ("up", "First"),
        ("down", "Second"),
        ("down", "First"),
    ]
    up, _, down = events
    assert (up["lasted_s"], down["lasted_s"]) == (606, None)
    assert up["workspace_id"] == owner.me["workspaces"][0]["id"]
    assert down["at"].startswith(f"{began_at:%Y-%m-%dT%H:%M:%S}")


async def test_only_the_latest_events_are_told(
    owner: Person, platform: Platform, clock: FakeClock, url: str
) -> None:
    service = await owner.watch(url)
    for _ in range(6):
        await turn(platform, clock, service, Outcome.FAIL)
        await report(platform, clock, service, Outcome.OK)
        clock.advance(timedelta(minutes=30))

    events = (await see(owner))["events"]

    assert [each["kind"] for each in events] == ["up", "down"] * 5


async def test_nothing_of_a_deleted_service_is_told(
    owner: Person, platform: Platform, clock: FakeClock, url: str
) -> None:
    service = await owner.watch(url)
    await turn(platform, clock, service, Outcome.FAIL)
    assert (await see(owner))["events"] != []

    await owner.client.delete(f"/api/v1/services/{service['id']}")

    seen = await see(owner)
    assert seen["events"] == []
    assert seen["workspaces"][0]["worst"] is None
    assert sum(seen["workspaces"][0]["counts"].values()) == 0


async def test_nothing_of_workspaces_of_others_is_told(
    owner: Person, platform: Platform, clock: FakeClock, join: Enrol, url: str
) -> None:
    service = await owner.watch(url)
    await turn(platform, clock, service, Outcome.FAIL)
    stranger = await join("Eve Stranger")
    member = await join("Lisa Lien", Role.OBSERVER)
    own_id = owner.me["workspaces"][0]["id"]
    assert [card["id"] for card in (await see(member))["workspaces"]] == [own_id]
    assert [each["kind"] for each in (await see(member))["events"]] == ["down"]

    await set_role(platform, member.me["id"], None)

    seen = await see(stranger)
    assert [card["name"] for card in seen["workspaces"]] == ["Eve Stranger's workspace"]
    assert (seen["events"], seen["workspaces"][0]["worst"]) == ([], None)
    of_former = await see(member)
    assert {name: of_former[name] for name in ("workspaces", "events")} == {
        "workspaces": [],
        "events": [],
    }


async def test_a_deleted_workspace_is_for_its_owners_to_have_back(
    owner: Person, platform: Platform, clock: FakeClock, join: Enrol, url: str
) -> None:
    await turn(platform, clock, await owner.watch(url), Outcome.FAIL)
    member = await join("Lisa Lien", Role.ADMIN)

    await owner.client.request("DELETE", owner.workspace, json={"name": "Nordlys"})

    seen, of_admin = await see(owner), await see(member)
    assert (seen["workspaces"], seen["events"]) == ([], [])
    assert [each["name"] for each in seen["deleted"]] == ["Nordlys"]
    assert (of_admin["workspaces"], of_admin["deleted"], of_admin["events"]) == ([], [], [])


async def test_an_offer_is_told_to_owners_and_to_whom_it_was_made(
    owner: Person, join: Enrol
) -> None:
    taker, other = await join("Lisa Lien", Role.ADMIN), await join("Odd Berg", Role.OBSERVER)
    await owner.client.post(f"{owner.workspace}/transfer", json={"account_id": taker.me["id"]})

    offers = [(await see(each))["workspaces"][0]["offer"] for each in (owner, taker, other)]

    assert [offer and (offer["to"], offer["you"]) for offer in offers] == [
        ("Lisa Lien", False),
        ("Lisa Lien", True),
        None,
    ]


async def test_invitations_wait_there_for_whom_they_are_for(owner: Person, join: Enrol) -> None:
    invited, stranger = await join("Lisa Lien"), await join("Eve Stranger")
    form = {"email": "lisa.lien@example.com", "role": "observer"}
    sent = await owner.client.post(f"{owner.workspace}/invitations", json=form)
    assert sent.status_code == 201, sent.text

    (invitation,) = (await see(invited))["invitations"]

    assert invitation["id"] == sent.json()["invitation"]["id"]
    assert (invitation["workspace_name"], invitation["role"]) == ("Nordlys", "observer")
    assert (await see(stranger))["invitations"] == []


async def test_a_page_that_everybody_sees_is_told(owner: Person) -> None:
    path = f"{owner.workspace}/status-page"
    tag = (await owner.client.get(path)).headers["etag"]
    form = {"slug": "nordlys", "is_published": True}
    done = await owner.client.patch(path, json=form, headers={"if-match": tag})
    assert done.status_code == 200, done.text

    (card,) = (await see(owner))["workspaces"]

    assert card["is_published"] is True
