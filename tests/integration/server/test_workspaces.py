"""Workspaces: made, handed over, deleted, had back, and gone for good."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import Table, func, select, update

from allgreen.domain.identity import AccountId, CheckId
from allgreen.domain.notice import NoticeKind, NoticeState
from allgreen.domain.policy import Role
from allgreen.domain.status import Outcome
from allgreen.monitoring.keeper import Keeper
from allgreen.server.platform import Platform
from allgreen.server.settings import Settings
from allgreen.server.workspaces.unsaid import LOOK_FIRST
from allgreen.storage.sql.checks import next_due_at
from allgreen.storage.sql.tables import (
    accounts,
    audit,
    checks,
    incidents,
    leases,
    memberships,
    metadata,
    outbox,
    service_days,
    slugs,
    status_pages,
    workspaces,
)
from allgreen.testing import FakeClock
from tests.api import Person, fields
from tests.databases import BOTH, read_all, settings_of
from tests.outages import due, fail, leave_now, report, send_all
from tests.people import enrol, set_role

DAY = timedelta(days=1)
LEASE = timedelta(minutes=1)
NAME = {"name": "Nordlys"}

Enrol = Callable[..., Awaitable[Person]]


@pytest.fixture(params=BOTH)
def settings(request: pytest.FixtureRequest) -> Settings:
    return settings_of(request)


@pytest.fixture
async def join(app: FastAPI, platform: Platform, owner: Person) -> AsyncIterator[Enrol]:
    """Let somebody into the owner's workspace; without a role, only make their account."""
    async with AsyncExitStack() as stack:

        async def enter(name: str, role: Role | None = None) -> Person:
            workspace_id = owner.me["workspaces"][0]["id"] if role else None
            return await enrol(stack, app, platform, name, in_workspace=workspace_id, role=role)

        yield enter


async def make(person: Person, **changes: object) -> httpx2.Response:
    return await person.client.post("/api/v1/workspaces", json={"name": "Fjord"} | changes)


async def delete(person: Person, workspace: Person, name: str = "Nordlys") -> httpx2.Response:
    return await person.client.request("DELETE", workspace.workspace, json={"name": name})


async def restore(person: Person, workspace: Person) -> httpx2.Response:
    return await person.client.post(f"{workspace.workspace}/restore")


async def deleted_of(person: Person) -> list[dict[str, Any]]:
    answer = await person.client.get("/api/v1/account/deleted-workspaces")
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def roles(platform: Platform, workspace: Person) -> dict[str, Role]:
    query = (
        select(accounts.c.name, memberships.c.role)
        .join(memberships)
        .where(memberships.c.workspace_id == workspace.me["workspaces"][0]["id"])
    )
    return {row.name: row.role for row in await read_all(platform, query)}


async def lease(platform: Platform) -> list[CheckId]:
    """Hand out what is due, as a watcher asks for it."""
    async with platform.database.unit_of_work() as uow:
        leased = await uow.checks.lease(
            now=platform.clock.now(), limit=99, owner="test", lease_for=LEASE
        )
        await uow.commit()
    return [each.check.id for each in leased]


async def messages(platform: Platform) -> list[tuple[NoticeKind, NoticeState]]:
    query = select(outbox.c.kind, outbox.c.state).order_by(outbox.c.seq)
    return [tuple(row) for row in await read_all(platform, query)]


def keeper_of(platform: Platform) -> Keeper:
    return Keeper(
        unit_of_work=platform.database.light_unit_of_work,
        clock=platform.clock,
        broker=platform.broker,
    )


# Making ---------------------------------------------------------------------------------------


async def test_a_new_workspace_is_owned_by_who_made_it(owner: Person, platform: Platform) -> None:
    answer = await make(owner, name="  Fjord \u202elabs ", time_zone="Europe/Oslo")
    refused = await make(owner, time_zone="Europe/Atlantis")

    made = answer.json()
    assert answer.status_code == 201, answer.text
    assert (made["name"], made["time_zone"], made["role"]) == ("Fjord labs", "Europe/Oslo", "owner")
    listed = (await owner.client.get("/api/v1/me")).json()["workspaces"]
    assert [each["name"] for each in listed] == ["Nordlys", "Fjord labs"]
    assert fields(refused) == {"time_zone": "unknown"}
    rows = await read_all(platform, select(audit.c.action, audit.c.by_account_id))
    assert [tuple(row) for row in rows] == [("workspace.created", owner.me["id"])]


async def test_nobody_owns_more_than_five_however_fast_they_are(
    join: Enrol, platform: Platform
) -> None:
    person = await join("Bo Berg")  # with a workspace of their own

    answers = await asyncio.gather(*(make(person) for _ in range(8)))

    assert sorted(answer.status_code for answer in answers) == [201] * 4 + [422] * 4
    refused = next(answer for answer in answers if answer.status_code == 422)
    assert fields(refused) == {"": "too_many"}
    assert "5" in refused.json()["detail"]


async def test_who_runs_this_allgreen_owns_as_many_as_they_like(owner: Person) -> None:
    answers = [await make(owner) for _ in range(6)]

    assert {answer.status_code for answer in answers} == {201}


async def test_workspaces_are_not_made_by_the_hundred(join: Enrol, platform: Platform) -> None:
    person = await join("Bo Berg")
    codes = []
    for _ in range(21):
        made = await make(person)
        codes.append(made.status_code)
        if made.status_code == 201:
            path = f"/api/v1/workspaces/{made.json()['id']}"
            await person.client.request("DELETE", path, json={"name": "Fjord"})

    assert codes == [201] * 20 + [429]


async def test_with_a_mail_server_a_workspace_needs_a_proved_address(
    owner: Person, platform: Platform
) -> None:
    mailing = platform.settings.model_copy(update={"smtp_url": SecretStr("smtp://127.0.0.1:25")})
    object.__setattr__(platform, "settings", mailing)
    async with platform.database.unit_of_work() as uow:
        await uow.connection.execute(update(accounts).values(email_verified_at=None))
        await uow.commit()

    answer = await make(owner)

    assert (answer.status_code, fields(answer)) == (422, {"": "unverified"})


@pytest.mark.parametrize(
    "body",
    [{}, {"name": ""}, {"name": "\0"}, {"name": 2**70}, {"name": "x", "slug": "y"}, [], None],
)
async def test_odd_bodies_are_refused(owner: Person, body: object) -> None:
    made = await owner.client.post("/api/v1/workspaces", json=body)
    deleted = await owner.client.request("DELETE", owner.workspace, json=body)

    assert (made.status_code, deleted.status_code) == (422, 422)
    assert (await owner.client.get(owner.workspace)).status_code == 200


async def test_owners_let_admins_invite_and_the_history_says_so(
    owner: Person, platform: Platform
) -> None:
    before = (await owner.client.get(owner.workspace)).json()

    answer = await owner.client.patch(owner.workspace, json={"admins_may_invite": True})

    assert before["admins_may_invite"] is False
    assert (answer.json()["admins_may_invite"], answer.json()["name"]) == (True, "Nordlys")
    (row,) = await read_all(platform, select(audit.c.summary, audit.c.before, audit.c.after))
    assert tuple(row) == (
        "let admins invite",
        {"admins_may_invite": False},
        {"admins_may_invite": True},
    )


# Handing over ---------------------------------------------------------------------------------


async def offer(owner: Person, to: Person) -> httpx2.Response:
    form = {"account_id": to.me["id"]}
    return await owner.client.post(f"{owner.workspace}/transfer", json=form)


async def accept(person: Person, workspace: Person) -> httpx2.Response:
    return await person.client.post(f"{workspace.workspace}/transfer/accept")


async def test_who_accepts_an_offer_becomes_the_owner_and_the_other_an_admin(
    owner: Person, join: Enrol, platform: Platform
) -> None:
    bo, cy = await join("Bo Berg", Role.OBSERVER), await join("Cy Dahl", Role.ADMIN)

    offered = await offer(owner, bo)
    seen = [(await each.client.get(owner.workspace)).json()["offer"] for each in (bo, cy)]
    refused, accepted = await accept(cy, owner), await accept(bo, owner)

    assert offered.status_code == 200, offered.text
    assert (offered.json()["offer"]["to"], offered.json()["offer"]["you"]) == ("Bo Berg", False)
    assert (seen[0]["by"], seen[0]["you"], seen[1]) == ("Ana Petrov", True, None)
    assert (refused.status_code, accepted.status_code) == (404, 200)
    assert (accepted.json()["role"], accepted.json()["offer"]) == ("owner", None)
    assert await roles(platform, owner) == {
        "Ana Petrov": Role.ADMIN,
        "Bo Berg": Role.OWNER,
        "Cy Dahl": Role.ADMIN,
    }
    kinds = [kind for kind, _ in await messages(platform)]
    assert kinds == [NoticeKind.OFFERED, NoticeKind.ROLE_CHANGED]
    rows = await read_all(platform, select(audit.c.action).order_by(audit.c.id))
    assert [row.action for row in rows] == ["workspace.offered", "workspace.transferred"]
    assert (await accept(bo, owner)).status_code == 404


async def test_both_sides_of_a_transfer_type_their_password(
    owner: Person, join: Enrol, clock: FakeClock, platform: Platform
) -> None:
    bo = await join("Bo Berg", Role.ADMIN)
    await offer(owner, bo)
    clock.advance(timedelta(minutes=31))

    answers = [await offer(owner, bo), await accept(bo, owner)]

    assert [(each.status_code, each.json()["code"]) for each in answers] == [
        (403, "proof_needed")
    ] * 2
    assert (await roles(platform, owner))["Ana Petrov"] is Role.OWNER


@pytest.mark.parametrize(
    "why",
    ["offerer demoted", "offerer removed", "taker left", "taker disabled", "late", "withdrawn"],
)
async def test_an_offer_is_void_when_either_side_cannot_do_their_part(
    owner: Person, join: Enrol, clock: FakeClock, platform: Platform, why: str
) -> None:
    bo, other = await join("Bo Berg", Role.ADMIN), await join("Cy Dahl", Role.OWNER)
    assert (await offer(owner, bo)).status_code == 200
    match why:
        case "offerer demoted":
            await set_role(platform, owner.me["id"], Role.ADMIN)
        case "offerer removed":
            await other.client.delete(f"{owner.workspace}/members/{owner.me['id']}")
        case "taker left":
            await bo.client.post(f"{owner.workspace}/leave")
            await set_back(platform, owner, bo)
        case "taker disabled":
            async with platform.database.unit_of_work() as uow:
                theirs = update(accounts).where(accounts.c.id == bo.me["id"])
                await uow.connection.execute(theirs.values(disabled_at=clock.now()))
                await uow.commit()
        case "late":
            clock.advance(7 * DAY)
            await prove(platform, clock)
        case "withdrawn":
            answer = await owner.client.delete(f"{owner.workspace}/transfer")
            assert answer.status_code == 204
    before = await roles(platform, owner)

    answer = await accept(bo, owner)
    page = await other.client.get(owner.workspace)

    assert answer.status_code == (401 if why == "taker disabled" else 404)
    assert page.json()["offer"] is None
    assert await roles(platform, owner) == before


async def set_back(platform: Platform, workspace: Person, person: Person) -> None:
    """Make somebody a member who was one before."""
    async with platform.database.unit_of_work() as uow:
        await uow.connection.execute(
            memberships.insert().values(
                account_id=person.me["id"],
                workspace_id=workspace.me["workspaces"][0]["id"],
                role=Role.ADMIN,
                created_at=platform.clock.now(),
            )
        )
        await uow.commit()


async def prove(platform: Platform, clock: FakeClock) -> None:
    """Let everybody have typed their password just now."""
    sessions = metadata.tables["sessions"]
    async with platform.database.unit_of_work() as uow:
        await uow.connection.execute(update(sessions).values(proved_at=clock.now()))
        await uow.commit()


async def test_who_is_offered_it_no_more_gets_no_mail_of_it(
    owner: Person, join: Enrol, platform: Platform
) -> None:
    bo, cy = await join("Bo Berg", Role.ADMIN), await join("Cy Dahl", Role.OBSERVER)

    await offer(owner, bo)
    await offer(owner, cy)
    owed = await messages(platform)
    await owner.client.delete(f"{owner.workspace}/transfer")

    assert [state for _, state in owed] == [NoticeState.CANCELLED, NoticeState.PENDING]
    assert [state for _, state in await messages(platform)] == [NoticeState.CANCELLED] * 2


async def test_an_offer_can_be_declined_by_whom_it_was_made_to(owner: Person, join: Enrol) -> None:
    bo, cy = await join("Bo Berg", Role.ADMIN), await join("Cy Dahl", Role.OBSERVER)
    await offer(owner, bo)
    path = f"{owner.workspace}/transfer/decline"

    answers = [await each.client.post(path) for each in (cy, bo, bo)]

    assert [answer.status_code for answer in answers] == [404, 204, 404]
    assert (await owner.client.get(owner.workspace)).json()["offer"] is None


async def test_only_owners_offer_and_only_to_members(
    owner: Person, join: Enrol, stranger: Person
) -> None:
    bo, cy = await join("Bo Berg", Role.ADMIN), await join("Cy Dahl", Role.OWNER)
    path = f"{owner.workspace}/transfer"

    by_admin = await bo.client.post(path, json={"account_id": bo.me["id"]})
    foreign = await offer(owner, stranger)
    odd = await owner.client.post(path, json={"account_id": "\0"})
    to_owner = await offer(owner, cy)
    by_stranger = await stranger.client.post(path, json={"account_id": stranger.me["id"]})

    assert by_admin.status_code == 403
    assert [fields(each) for each in (foreign, odd)] == [{"account_id": "unknown"}] * 2
    assert fields(to_owner) == {"account_id": "owner"}
    assert by_stranger.status_code == 404


async def test_of_accepting_and_withdrawing_at_once_only_one_happens(
    owner: Person, join: Enrol, platform: Platform
) -> None:
    bo = await join("Bo Berg", Role.ADMIN)
    await offer(owner, bo)

    accepted, withdrawn = await asyncio.gather(
        accept(bo, owner), owner.client.delete(f"{owner.workspace}/transfer")
    )

    owners = [name for name, role in (await roles(platform, owner)).items() if role is Role.OWNER]
    assert (accepted.status_code, withdrawn.status_code, owners) in [
        (200, 403, ["Bo Berg"]),
        (404, 204, ["Ana Petrov"]),
    ]


# Deleting and having back -----------------------------------------------------------------------


async def test_a_workspace_is_deleted_by_its_owner_who_types_name_and_password(
    owner: Person, join: Enrol, stranger: Person, clock: FakeClock
) -> None:
    admin = await join("Bo Berg", Role.ADMIN)

    refused = [await delete(admin, owner), await delete(stranger, owner)]
    other_name = await delete(owner, owner, "Nordlyst")
    clock.advance(timedelta(minutes=31))
    unproved = await delete(owner, owner)

    assert [answer.status_code for answer in refused] == [403, 404]
    assert (other_name.status_code, fields(other_name)) == (422, {"name": "other"})
    assert (unproved.status_code, unproved.json()["code"]) == (403, "proof_needed")
    assert (await owner.client.get(owner.workspace)).status_code == 200


async def test_a_name_is_typed_as_people_type(owner: Person, platform: Platform) -> None:
    name = "Café " + "x" * 90  # longer than a name may be today
    async with platform.database.unit_of_work() as uow:
        await uow.connection.execute(update(workspaces).values(name=name))
        await uow.commit()

    answer = await delete(owner, owner, f" Cafe\u0301  {'x' * 90} ")

    assert answer.status_code == 204


async def test_a_deleted_workspace_is_not_there_for_anybody(
    owner: Person, join: Enrol, platform: Platform, silent_port: int, clock: FakeClock
) -> None:
    admin, second = await join("Bo Berg", Role.ADMIN), await join("Cy Dahl", Role.OWNER)
    service = await owner.watch(f"http://127.0.0.1:{silent_port}/")
    await owner.client.get(owner.workspace)

    answer = await delete(owner, owner)

    assert answer.status_code == 204
    for person in (owner, admin, second):
        for path in (owner.workspace, f"/api/v1/services/{service['id']}"):
            assert (await person.client.get(path)).status_code == 404
    assert (await owner.client.get("/api/v1/me")).json()["workspaces"] == []
    (shown,) = await deleted_of(owner)
    assert (shown["name"], shown["id"]) == ("Nordlys", owner.me["workspaces"][0]["id"])
    assert [each["name"] for each in await deleted_of(second)] == ["Nordlys"]
    assert await deleted_of(admin) == []
    told = select(outbox.c.address).where(outbox.c.kind == NoticeKind.WORKSPACE_DELETED)
    assert sorted(row.address for row in await read_all(platform, told)) == [
        "ana@example.org",
        "cy.dahl@example.com",
    ]


async def test_nothing_of_a_deleted_workspace_is_probed(
    owner: Person, stranger: Person, platform: Platform, silent_port: int, clock: FakeClock
) -> None:
    service = await owner.watch(f"http://127.0.0.1:{silent_port}/")
    other = await stranger.watch(f"http://127.0.0.1:{silent_port}/")

    await delete(owner, owner)
    clock.advance(DAY)

    assert await lease(platform) == [other["checks"][0]["id"]]
    async with platform.database.read() as connection:
        ahead = await next_due_at(connection)
    assert ahead is not None
    assert ahead > clock.now()
    assert await restore_and_lease(owner, platform, clock) == [service["checks"][0]["id"]]


async def test_what_is_restored_is_not_probed_all_in_the_same_moment(
    owner: Person, platform: Platform, silent_port: int, clock: FakeClock
) -> None:
    for number in range(12):
        await owner.watch(f"http://127.0.0.1:{silent_port}/{number}")
    await delete(owner, owner)
    clock.advance(DAY)

    await restore(owner, owner)
    at_once = await lease(platform)
    clock.advance(timedelta(minutes=1))
    soon = await lease(platform)

    assert len(at_once) < 12
    assert len({*at_once, *soon}) == 12


async def restore_and_lease(
    owner: Person, platform: Platform, clock: FakeClock
) -> Sequence[CheckId]:
    assert (await restore(owner, owner)).status_code == 200
    clock.advance(timedelta(minutes=1))
    theirs = select(checks.c.id).where(checks.c.workspace_id == owner.me["workspaces"][0]["id"])
    known = {row.id for row in await read_all(platform, theirs)}
    return [each for each in await lease(platform) if each in known]


async def test_nobody_is_told_of_an_outage_whose_workspace_was_deleted(
    owner: Person, platform: Platform, silent_port: int, clock: FakeClock
) -> None:
    service = await owner.watch(
        f"http://127.0.0.1:{silent_port}/", recipients=[{"account_id": owner.me["id"]}]
    )
    await fail(platform, clock, service)
    assert await messages(platform) == [(NoticeKind.DOWN, NoticeState.PENDING)]
    fence = select(leases.c.fence).where(leases.c.check_id == service["checks"][0]["id"])
    ((handed_out,),) = await read_all(platform, fence)

    await delete(owner, owner)
    # Found by a run that had begun: it belongs to the history.
    clock.advance(timedelta(seconds=1))
    await report(platform, service, Outcome.OK, fence=handed_out)

    assert await read_all(platform, select(incidents.c.ended_at)) == [(None,)]
    assert await messages(platform) == [
        (NoticeKind.DOWN, NoticeState.CANCELLED),
        (NoticeKind.WORKSPACE_DELETED, NoticeState.PENDING),
    ]


async def test_what_is_restored_is_as_it_was_and_no_time_of_it_counts_as_down(
    owner: Person, platform: Platform, silent_port: int, clock: FakeClock
) -> None:
    service = await owner.watch(
        f"http://127.0.0.1:{silent_port}/", period={"every": 2, "unit": "hours"}
    )
    await fail(platform, clock, service)
    before = (await owner.client.get(f"/api/v1/services/{service['id']}")).json()
    keeper = keeper_of(platform)
    await keeper.keep()
    await delete(owner, owner)
    began = clock.now()

    clock.advance(3 * DAY)
    answer = await restore(owner, owner)
    again = await restore(owner, owner)
    await keeper.keep()
    clock.advance(timedelta(minutes=1))
    await report(platform, service, Outcome.FAIL)
    await keeper.keep()
    after = (await owner.client.get(f"/api/v1/services/{service['id']}")).json()

    assert (answer.status_code, again.status_code) == (200, 200)
    assert before["shown"] == after["shown"] == "down"
    assert after["period"] == before["period"]
    assert await deleted_of(owner) == []
    query = select(service_days.c.down_us, service_days.c.maintenance_us).where(
        service_days.c.day > began.date(), service_days.c.day < clock.now().date()
    )
    whole = DAY // timedelta(microseconds=1)
    assert [tuple(row) for row in await read_all(platform, query)] == [(0, whole)] * 2
    assert await read_all(platform, select(func.count()).select_from(incidents)) == [(1,)]
    actions = select(audit.c.action).where(audit.c.action.startswith("workspace."))
    assert [row.action for row in await read_all(platform, actions.order_by(audit.c.id))] == [
        "workspace.deleted",
        "workspace.restored",
    ]


async def test_an_outage_of_which_nobody_heard_is_told_once_it_is_had_back(
    owner: Person, platform: Platform, silent_port: int, clock: FakeClock
) -> None:
    service = await owner.watch(
        f"http://127.0.0.1:{silent_port}/", recipients=[{"account_id": owner.me["id"]}]
    )
    await fail(platform, clock, service)
    await delete(owner, owner)
    clock.advance(6 * DAY)

    await restore(owner, owner)
    at_first = await due(platform)
    clock.advance(timedelta(minutes=1))
    await report(platform, service, Outcome.FAIL)
    clock.advance(LOOK_FIRST)

    assert at_first == []
    assert await due(platform) == [NoticeKind.DOWN]
    # As long as any other message it is tried again, however long it was held back.
    ((created_at,),) = await read_all(
        platform, select(outbox.c.created_at).where(outbox.c.kind == NoticeKind.DOWN)
    )
    assert clock.now() - created_at < DAY


async def test_an_outage_that_ended_meanwhile_is_told_as_one_that_is_over(
    owner: Person, platform: Platform, silent_port: int, clock: FakeClock
) -> None:
    service = await owner.watch(
        f"http://127.0.0.1:{silent_port}/", recipients=[{"account_id": owner.me["id"]}]
    )
    await fail(platform, clock, service)
    await delete(owner, owner)
    clock.advance(DAY)

    await restore(owner, owner)
    clock.advance(timedelta(minutes=1))
    await report(platform, service, Outcome.OK)
    at_first = await leave_now(platform)
    clock.advance(LOOK_FIRST)

    assert [NoticeKind.DOWN] not in at_first
    assert [NoticeKind.UP] not in at_first
    assert [NoticeKind.DOWN, NoticeKind.UP] in await leave_now(platform)


async def test_the_end_of_an_outage_that_was_told_is_told_once_it_is_had_back(
    owner: Person, platform: Platform, silent_port: int, clock: FakeClock
) -> None:
    service = await owner.watch(
        f"http://127.0.0.1:{silent_port}/", recipients=[{"account_id": owner.me["id"]}]
    )
    await fail(platform, clock, service)
    await send_all(platform)
    clock.advance(timedelta(minutes=1))
    await report(platform, service, Outcome.OK)
    assert await due(platform) == [NoticeKind.UP]

    await delete(owner, owner)
    clock.advance(DAY)
    held_back = await due(platform)
    await restore(owner, owner)
    clock.advance(LOOK_FIRST)

    assert NoticeKind.UP not in held_back
    assert NoticeKind.UP in await due(platform)


async def test_who_may_hear_it_no_more_is_told_nothing_when_it_is_had_back(
    owner: Person, join: Enrol, platform: Platform, silent_port: int, clock: FakeClock
) -> None:
    bo = await join("Bo Berg", Role.ADMIN)
    members = [{"account_id": each.me["id"]} for each in (owner, bo)]
    service = await owner.watch(f"http://127.0.0.1:{silent_port}/", recipients=members)
    guest = {"email": "lisa@example.net", "role": "observer"}
    await owner.client.post(f"{owner.workspace}/invitations", json=guest)
    await fail(platform, clock, service)
    await delete(owner, owner)

    gone = await owner.client.post(f"/api/v1/instance/accounts/{bo.me['id']}/disable")
    clock.advance(DAY)
    await restore(owner, owner)
    clock.advance(LOOK_FIRST)

    assert gone.status_code == 200, gone.text
    assert await due(platform, NoticeKind.DOWN) == ["ana@example.org"]
    assert await due(platform, NoticeKind.INVITED) == ["lisa@example.net"]


async def test_what_was_cancelled_for_another_reason_stays_so(
    owner: Person, platform: Platform, silent_port: int, clock: FakeClock
) -> None:
    listed = {"recipients": [{"account_id": owner.me["id"]}]}
    service = await owner.watch(f"http://127.0.0.1:{silent_port}/", **listed)
    await fail(platform, clock, service)
    path = f"/api/v1/services/{service['id']}"
    assert (await owner.client.delete(f"{path}/subscription")).status_code == 204

    await delete(owner, owner)
    clock.advance(DAY)
    await restore(owner, owner)
    clock.advance(LOOK_FIRST)

    assert NoticeKind.DOWN not in await due(platform)


async def test_a_service_that_held_is_told_of_to_nobody_when_it_is_had_back(
    owner: Person, platform: Platform, silent_port: int, clock: FakeClock
) -> None:
    service = await owner.watch(
        f"http://127.0.0.1:{silent_port}/", recipients=[{"account_id": owner.me["id"]}]
    )
    keeper = keeper_of(platform)
    await report(platform, service, Outcome.OK)
    clock.advance(timedelta(minutes=15))
    await report(platform, service, Outcome.OK)
    assert (await delete(owner, owner)).status_code == 204
    clock.advance(2 * DAY)
    await restore(owner, owner)

    clock.advance(timedelta(minutes=1))
    await report(platform, service, Outcome.OK)
    await keeper.keep()
    after = (await owner.client.get(f"/api/v1/services/{service['id']}")).json()

    assert (after["shown"], after["uptime_pct"]) == ("up", 100.0)
    assert [kind for kind, _ in await messages(platform)] == [NoticeKind.WORKSPACE_DELETED]


async def test_only_owners_have_a_workspace_back_and_only_for_seven_days(
    owner: Person, join: Enrol, stranger: Person, clock: FakeClock, platform: Platform
) -> None:
    admin = await join("Bo Berg", Role.ADMIN)
    early = [await restore(each, owner) for each in (admin, stranger)]
    await delete(owner, owner)

    refused = [await restore(each, owner) for each in (admin, stranger)]
    odd = await owner.client.post("/api/v1/workspaces/%00/restore")
    clock.advance(7 * DAY)
    late = await restore(owner, owner)

    assert [answer.status_code for answer in early] == [403, 404]
    assert [answer.status_code for answer in (*refused, odd, late)] == [404] * 4
    assert await deleted_of(owner) == []


async def test_deleting_and_restoring_at_once_ends_in_one_of_both(
    owner: Person, platform: Platform
) -> None:
    await delete(owner, owner)

    answers = await asyncio.gather(
        *(restore(owner, owner) for _ in range(4)), *(delete(owner, owner) for _ in range(4))
    )

    is_there = (await owner.client.get(owner.workspace)).status_code == 200
    assert {answer.status_code for answer in answers} <= {200, 204, 404}
    assert is_there is (await deleted_of(owner) == [])


# Gone for good --------------------------------------------------------------------------------


async def test_after_seven_days_the_keeper_removes_all_of_it_and_nothing_else(
    owner: Person, stranger: Person, platform: Platform, silent_port: int, clock: FakeClock
) -> None:
    for person in (owner, stranger):
        service = await person.watch(
            f"http://127.0.0.1:{silent_port}/",
            recipients=[{"account_id": person.me["id"]}],
        )
        await person.watch(
            f"http://127.0.0.1:{silent_port}/", name="Shop", depends_on=[service["id"]]
        )
        await fail(platform, clock, service)
        form = {"email": "lisa@example.net", "role": "observer"}
        await person.client.post(f"{person.workspace}/invitations", json=form)
    keeper = keeper_of(platform)
    await keeper.keep()
    # History becomes older meanwhile, and is swept for its own reasons.
    was = {
        name: count
        for name, count in (await count_rows(platform, stranger)).items()
        if count and name not in ("results", "service_days") and "rollup" not in name
    }
    await delete(owner, owner)

    clock.advance(7 * DAY - timedelta(hours=1))
    await keeper.keep()
    assert (await count_rows(platform, owner))["workspaces"] == 1
    clock.advance(timedelta(hours=1, seconds=1))
    await keeper.keep()

    left = {name: count for name, count in (await count_rows(platform, owner)).items() if count}
    assert left == {}
    assert dict(was.items() & (await count_rows(platform, stranger)).items()) == was
    assert {"services", "checks", "leases", "incidents", "dependencies", "audit"} <= was.keys()
    assert (await owner.client.get("/api/v1/me")).json()["workspaces"] == []


async def count_rows(platform: Platform, person: Person) -> dict[str, int]:
    """Return how many rows of each table belong to the workspace of a person."""
    workspace_id = person.me["workspaces"][0]["id"]
    counts = {}
    for name, table in metadata.tables.items():
        query = select(func.count()).select_from(table)
        if (condition := _belongs(table, workspace_id)) is not None:
            ((counts[name],),) = await read_all(platform, query.where(condition))
    return counts


def _belongs(table: Table, workspace_id: str) -> Any:
    if table is workspaces:
        return table.c.id == workspace_id
    if "workspace_id" in table.c:
        return table.c.workspace_id == workspace_id
    if "check_id" in table.c:
        theirs = select(checks.c.id).where(checks.c.workspace_id == workspace_id)
        return table.c.check_id.in_(theirs)
    return None


async def test_nobody_gets_the_name_of_a_page_that_was_deleted(
    owner: Person, platform: Platform, clock: FakeClock
) -> None:
    page = {
        "workspace_id": owner.me["workspaces"][0]["id"],
        "slug": "nordlys",
        "is_published": True,
        "title": "",
        "about": "",
        "website": "",
        "shows_latency": False,
        "version": 1,
    }
    async with platform.database.unit_of_work() as uow:
        await uow.connection.execute(status_pages.insert().values(**page))
        await uow.commit()

    await delete(owner, owner)

    (kept,) = await read_all(platform, select(slugs.c.slug, slugs.c.until))
    assert (kept.slug, kept.until) == ("nordlys", clock.now() + 97 * DAY)


async def test_a_large_workspace_goes_in_slices(
    owner: Person, stranger: Person, platform: Platform, silent_port: int, clock: FakeClock
) -> None:
    service = await owner.watch(f"http://127.0.0.1:{silent_port}/")
    await fail(platform, clock, service)
    await delete(owner, owner)
    before = clock.advance(DAY)

    removed = []
    for _ in range(50):
        async with platform.database.unit_of_work() as uow:
            removed.append(await uow.workspaces.remove_before(before, limit=2))
            await uow.commit()

    assert max(removed) == 2
    assert removed[-1] == 0
    assert [row.id for row in await read_all(platform, select(workspaces.c.id))] == [
        stranger.me["workspaces"][0]["id"]
    ]
    assert AccountId(owner.me["id"]) in {
        row.id for row in await read_all(platform, select(accounts.c.id))
    }
