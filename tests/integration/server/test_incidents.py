"""One outage in full: why, what happened in it, who was told when, and for whose eyes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import delete

from allgreen.domain.commands import RecordResults
from allgreen.domain.expectation import Explanation
from allgreen.domain.identity import CheckId, ServiceId, WorkspaceId
from allgreen.domain.notice import Notice
from allgreen.domain.policy import Role
from allgreen.domain.result import Result
from allgreen.domain.status import Outcome
from allgreen.notifiers.log import KEPT
from allgreen.server.platform import Platform
from allgreen.server.settings import Settings
from allgreen.server.views.explanations import HIDDEN
from allgreen.storage.sql.tables import results
from allgreen.testing import FakeClock, a_result
from tests.api import ADDRESS, Person
from tests.databases import BOTH, settings_of
from tests.people import enrol

SECOND = timedelta(seconds=1)
OUTSIDE = "on-call@pager.example"
SECRET = "S3CRET-in-the-body"
EXPLANATIONS = (
    Explanation(operand="Status", actual="503", expected="200", holds=False),
    Explanation(operand="Body", actual=SECRET, expected=SECRET, holds=False, quotes=True),
)


@pytest.fixture(params=BOTH)
def settings(request: pytest.FixtureRequest) -> Settings:
    return settings_of(request)


@pytest.fixture
async def people(
    app: FastAPI, platform: Platform, owner: Person
) -> AsyncIterator[dict[Role, Person]]:
    """One of each role, in the owner's workspace."""
    workspace_id = owner.me["workspaces"][0]["id"]
    async with AsyncExitStack() as stack:
        entered = {
            role: await enrol(
                stack, app, platform, f"The {role}", in_workspace=workspace_id, role=role
            )
            for role in (Role.ADMIN, Role.OBSERVER)
        }
        yield {Role.OWNER: owner, **entered}


@pytest.fixture
async def service(owner: Person, people: dict[Role, Person], silent_port: int) -> dict[str, Any]:
    """A service of which its owner and the observer are told."""
    told = [{"account_id": people[role].me["id"]} for role in (Role.OWNER, Role.OBSERVER)]
    return await owner.watch(f"http://127.0.0.1:{silent_port}/", recipients=told)


@pytest.fixture
async def incident_id(
    owner: Person, platform: Platform, clock: FakeClock, service: dict[str, Any]
) -> str:
    """An outage of that service, confirmed by its third failure and not over yet."""
    await find(platform, clock, owner, service, [Outcome.OK])
    await find(platform, clock, owner, service, [Outcome.FAIL] * 3)
    listed = await owner.client.get(f"{owner.workspace}/incidents")
    (incident,) = listed.json()["items"]
    return str(incident["id"])


async def find(
    platform: Platform,
    clock: FakeClock,
    owner: Person,
    service: dict[str, Any],
    outcomes: Sequence[Outcome],
) -> None:
    """Let runs find something: attempts of one slot, five seconds apart."""
    slot = clock.advance(timedelta(minutes=1))
    for attempt, outcome in enumerate(outcomes, 1):
        clock.advance(5 * SECOND)
        result = a_result_of_service(owner, service, outcome, slot, attempt, clock.now())
        async with platform.database.unit_of_work() as uow:
            await platform.bus.handle(RecordResults(results=(result,), at=clock.now()), uow)
            await uow.commit()


def a_result_of_service(
    owner: Person,
    service: dict[str, Any],
    outcome: Outcome,
    slot: datetime,
    attempt: int,
    at: datetime,
) -> Result:
    (check,) = service["checks"]
    result = a_result(
        outcome,
        slot=slot,
        attempt=attempt,
        check_id=CheckId(check["id"]),
        service_id=ServiceId(service["id"]),
        workspace_id=WorkspaceId(owner.me["workspaces"][0]["id"]),
        started_at=at - SECOND,
        fence=99,
    )
    return replace(result, explanations=EXPLANATIONS) if outcome is Outcome.FAIL else result


async def deliver(platform: Platform, *answers: str) -> None:
    """Hand over what is owed, one attempt each; without an answer it is given up."""
    now = platform.clock.now()
    async with platform.database.unit_of_work() as uow:
        leased = await uow.outbox.lease(now=now, limit=10, lease_for=timedelta(minutes=1))
        for notice, answer in zip(sorted(leased, key=_by_address), answers, strict=True):
            assert await uow.outbox.begin_attempt(notice, at=now)
            if answer:
                assert await uow.outbox.mark_sent(notice, at=now, answer=answer)
            else:
                assert await uow.outbox.mark_dead(notice, at=now, error="550 no such mailbox")
        await uow.commit()


def _by_address(notice: Notice) -> str:
    return notice.address


async def read(person: Person, incident_id: str) -> dict[str, Any]:
    answer = await person.client.get(f"/api/v1/incidents/{incident_id}")
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def story(shown: dict[str, Any]) -> list[str]:
    return [moment["what"] for moment in shown["moments"]]


async def test_an_outage_tells_its_cause_and_its_failures_one_by_one(
    owner: Person, incident_id: str
) -> None:
    shown = await read(owner, incident_id)

    assert story(shown) == ["failed", "failed", "failed", "confirmed", "told"]
    failures = shown["moments"][:3]
    assert [each["attempt"] for each in failures] == [1, 2, 3]
    assert {each["text"] for each in failures} == {"It answered 503."}
    assert shown["moments"][3]["text"] == "503 instead of 200"
    assert (shown["cause"]["http_status"], shown["cause"]["at"]) == (503, failures[2]["at"])
    status, body = shown["cause"]["explanations"]
    assert (status["operand"], status["actual"], status["expected"]) == ("Status", "503", "200")
    assert (body["actual"], body["expected"]) == (SECRET, SECRET)
    assert len(shown["strip"]["grades"]) == 90
    assert shown["service_is_deleted"] is False


async def test_who_may_not_edit_a_check_reads_nothing_of_a_body(
    people: dict[Role, Person], incident_id: str
) -> None:
    answer = await people[Role.OBSERVER].client.get(f"/api/v1/incidents/{incident_id}")

    assert SECRET not in answer.text
    assert answer.json()["cause"]["explanations"][1]["expected"] == HIDDEN


async def test_the_end_is_part_of_the_story_and_so_is_how_it_ended(
    owner: Person,
    platform: Platform,
    clock: FakeClock,
    service: dict[str, Any],
    incident_id: str,
) -> None:
    await deliver(platform, "250 ok", "250 ok")
    await find(platform, clock, owner, service, [Outcome.OK])

    shown = await read(owner, incident_id)

    assert story(shown) == ["failed", "failed", "failed", "confirmed", "told", "ended", "told"]
    end = shown["moments"][5]
    assert (end["text"], end["health"], end["at"]) == ("holds again", "up", shown["ended_at"])
    down, up = (each["told"] for each in shown["moments"] if each["told"])
    assert (down["kind"], down["sent"], down["waiting"]) == ("down", 2, 0)
    assert (up["kind"], up["sent"], up["waiting"]) == ("up", 0, 2)


async def test_a_message_that_was_kept_or_given_up_counts_as_nobody_told(
    owner: Person, platform: Platform, incident_id: str
) -> None:
    await deliver(platform, KEPT, "")

    shown = await read(owner, incident_id)

    (told,) = (each["told"] for each in shown["moments"] if each["told"])
    assert (told["sent"], told["kept"], told["given_up"], shown["told"]) == (0, 1, 1, 0)


async def test_everybody_is_told_whether_they_were_told_and_only_admins_who_else(
    owner: Person, people: dict[Role, Person], incident_id: str
) -> None:
    shown = {role: await read(person, incident_id) for role, person in people.items()}
    log = f"{owner.workspace}/deliveries?incident={incident_id}"
    logs = {role: await person.client.get(log) for role, person in people.items()}

    you = {
        role: next(each["told"]["you"] for each in one["moments"] if each["told"])
        for role, one in shown.items()
    }
    assert you == {Role.OWNER: True, Role.ADMIN: False, Role.OBSERVER: True}
    assert logs[Role.OBSERVER].status_code == 403
    names = {each["to_name"] for each in logs[Role.ADMIN].json()["items"]}
    assert names == {"Ana Petrov", "The observer"}
    assert {each["to"] for each in logs[Role.ADMIN].json()["items"]} == {None}
    assert "@" not in str(shown[Role.OBSERVER]["moments"])


async def test_the_log_of_one_outage_holds_nothing_of_another(
    owner: Person, incident_id: str, platform: Platform
) -> None:
    log = f"{owner.workspace}/deliveries"
    odd = ["x", platform.new_id(), "ä" * 36]

    listed = (await owner.client.get(log, params={"incident": incident_id})).json()["items"]
    others = [(await owner.client.get(log, params={"incident": one})).json() for one in odd]

    assert {each["incident_id"] for each in listed} == {incident_id}
    assert len(listed) == 2
    assert [page["items"] for page in others] == [[]] * 3


async def test_strangers_find_nothing_also_not_through_their_own_workspace(
    stranger: Person, anonymous: httpx2.AsyncClient, incident_id: str
) -> None:
    path = f"/api/v1/incidents/{incident_id}"

    log = f"{stranger.workspace}/deliveries?incident={incident_id}"

    assert (await stranger.client.get(path)).status_code == 404
    assert (await stranger.client.get(log)).json()["items"] == []
    assert (await anonymous.get(path)).status_code == 401


async def test_an_outage_that_goes_on_tells_of_its_first_part_too(
    owner: Person,
    platform: Platform,
    clock: FakeClock,
    service: dict[str, Any],
    incident_id: str,
) -> None:
    await find(platform, clock, owner, service, [Outcome.OK])
    await find(platform, clock, owner, service, [Outcome.FAIL] * 3)

    shown = await read(owner, incident_id)

    turned = [each["health"] for each in shown["moments"] if each["what"] == "turned"]
    assert (shown["reopened"], turned) == (1, ["down", "up"])
    assert story(shown)[-5:-1].count("failed") == 3


async def test_what_people_do_meanwhile_is_told_and_who_joined_the_list_is_not(
    owner: Person, people: dict[Role, Person], service: dict[str, Any], incident_id: str
) -> None:
    await people[Role.ADMIN].client.put(f"/api/v1/services/{service['id']}/subscription")
    await people[Role.ADMIN].client.delete(f"/api/v1/services/{service['id']}/subscription")
    await owner.client.post(f"/api/v1/services/{service['id']}/pause")

    shown = await read(people[Role.OBSERVER], incident_id)

    noted = [each["text"] for each in shown["moments"] if each["what"] == "noted"]
    assert noted == ["The admin changed who is told", "Ana Petrov paused it"]
    assert [each["text"] for each in shown["moments"] if each["what"] == "ended"] == ["paused"]


async def test_without_results_of_that_time_the_short_reason_is_left(
    owner: Person, platform: Platform, incident_id: str
) -> None:
    async with platform.database.unit_of_work() as uow:
        await uow.connection.execute(delete(results))
        await uow.commit()

    shown = await read(owner, incident_id)

    assert (shown["cause"], shown["reason"]) == (None, "503 instead of 200")
    assert story(shown) == ["confirmed", "told"]


async def test_of_a_deleted_service_the_outage_is_left_without_a_link(
    owner: Person, service: dict[str, Any], incident_id: str
) -> None:
    await owner.client.delete(f"/api/v1/services/{service['id']}")

    shown = await read(owner, incident_id)

    assert (shown["service_is_deleted"], shown["resolution"]) == (True, "deleted")


async def test_mails_about_an_outage_lead_to_it(
    owner: Person, platform: Platform, incident_id: str
) -> None:
    listed = await owner.client.get(f"{owner.workspace}/deliveries")

    page = f"{ADDRESS}{owner.workspace.removeprefix('/api/v1')}/incidents/{incident_id}"
    assert all(page in each["body_text"] for each in listed.json()["items"])
