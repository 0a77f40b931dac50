"""Invitations: who may send them, what a link is worth, and who becomes a member by it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import func, select, update

from allgreen.domain.identity import AccountId
from allgreen.domain.notice import NoticeKind, NoticeState
from allgreen.domain.policy import Role
from allgreen.errors import InvitationVoidError, OtherAddressError
from allgreen.server.app import create_app, open_platform
from allgreen.server.auth.invitations import accept_invitation, mask
from allgreen.server.links import link_fact, read_link_fact
from allgreen.server.platform import Platform
from allgreen.server.settings import Settings
from allgreen.storage.sql.rows import notice_from_row
from allgreen.storage.sql.tables import accounts, audit, invitations, memberships, outbox
from allgreen.testing import FakeClock
from tests.api import PASSWORD, Person, fields, person_of, set_up
from tests.databases import BOTH, read_all, settings_of
from tests.mail import SmtpSink
from tests.people import enrol, set_role

LISA = {"email": "lisa.lien@example.com", "role": "observer"}
"""Whom most tests invite: the address of `enrol(..., "Lisa Lien")`."""
VOID = "This invitation does not work any more. Ask who invited you to send a new one."

Enrol = Callable[..., Awaitable[Person]]


@pytest.fixture(params=BOTH)
def settings(request: pytest.FixtureRequest) -> Settings:
    """With a mail server, which nobody asks here: the outbox is looked at instead."""
    return settings_of(request, smtp_url=SecretStr("smtp://127.0.0.1:25"))


@pytest.fixture
async def join(app: FastAPI, platform: Platform, owner: Person) -> AsyncIterator[Enrol]:
    """Let somebody into the owner's workspace; without a role, only make their account."""
    async with AsyncExitStack() as stack:

        async def enter(name: str, role: Role | None = None) -> Person:
            workspace_id = owner.me["workspaces"][0]["id"] if role else None
            return await enrol(stack, app, platform, name, in_workspace=workspace_id, role=role)

        yield enter


async def invite(sender: Person, workspace: Person, **changes: object) -> dict[str, Any]:
    """Send an invitation and return it."""
    answer = await sender.client.post(f"{workspace.workspace}/invitations", json=LISA | changes)
    assert answer.status_code == 201, answer.text
    invitation: dict[str, Any] = answer.json()["invitation"]
    return invitation


async def tokens(platform: Platform) -> list[str]:
    """Return the tokens in the mails to the invited, oldest first."""
    query = select(outbox).where(outbox.c.kind == NoticeKind.INVITED).order_by(outbox.c.seq)
    async with platform.database.read() as connection:
        rows = (await connection.execute(query)).mappings().all()
    links = [platform.links.of_notice(notice_from_row(row)).act for row in rows]
    assert all("/invite/" in link for link in links)
    return [link.rpartition("/")[2] for link in links]


async def accept(person: Person, token: str) -> httpx2.Response:
    return await person.client.post("/api/v1/invitations/accept", json={"token": token})


async def look(person: Person | httpx2.AsyncClient, token: str) -> httpx2.Response:
    client = person.client if isinstance(person, Person) else person
    return await client.post("/api/v1/invitations/look", json={"token": token})


async def roles(platform: Platform, workspace: Person) -> dict[str, Role]:
    query = (
        select(accounts.c.name, memberships.c.role)
        .join(memberships)
        .where(memberships.c.workspace_id == workspace.me["workspaces"][0]["id"])
    )
    return {row.name: row.role for row in await read_all(platform, query)}


async def allow_admins(owner: Person) -> None:
    answer = await owner.client.patch(owner.workspace, json={"admins_may_invite": True})
    assert answer.json()["admins_may_invite"] is True


# Sending --------------------------------------------------------------------------------------


async def test_the_answer_is_the_same_whether_or_not_the_address_has_an_account(
    owner: Person, join: Enrol, platform: Platform
) -> None:
    await join("Lisa Lien")
    path = f"{owner.workspace}/invitations"

    known = await owner.client.post(path, json=LISA)
    unknown = await owner.client.post(path, json=LISA | {"email": "nobody@example.com"})

    assert (known.status_code, unknown.status_code) == (201, 201)
    blank = {"id": "", "email": ""}
    assert known.json()["invitation"] | blank == unknown.json()["invitation"] | blank
    assert known.json()["link"] is None


async def test_no_answer_and_no_line_of_the_history_holds_a_link(
    owner: Person, platform: Platform
) -> None:
    sent = await owner.client.post(f"{owner.workspace}/invitations", json=LISA)
    invitation = sent.json()["invitation"]
    again = await owner.client.post(f"{owner.workspace}/invitations/{invitation['id']}/resend")
    told = [sent, again] + [
        await owner.client.get(f"{owner.workspace}/{each}")
        for each in ("invitations", "audit", "deliveries")
    ]

    secrets = await tokens(platform)

    assert len(secrets) == 2
    assert not [token for token in secrets for answer in told if token[:40] in answer.text]
    assert "/invite/" not in "".join(answer.text for answer in told)


async def test_admins_and_observers_invite_nobody(owner: Person, join: Enrol) -> None:
    people = [await join("Bo Berg", Role.ADMIN), await join("Cy Dahl", Role.OBSERVER)]
    waiting = await invite(owner, owner)
    path = f"{owner.workspace}/invitations"

    answers = [
        answer
        for person in people
        for answer in (
            await person.client.post(path, json=LISA),
            await person.client.get(path),
            await person.client.post(f"{path}/{waiting['id']}/resend"),
            await person.client.delete(f"{path}/{waiting['id']}"),
        )
    ]

    assert {answer.status_code for answer in answers} == {403}


async def test_admins_invite_observers_where_owners_let_them_and_nobody_else(
    owner: Person, join: Enrol
) -> None:
    admin = await join("Bo Berg", Role.ADMIN)
    await allow_admins(owner)
    path = f"{owner.workspace}/invitations"
    own = await invite(owner, owner, email="admin@example.net", role="admin")

    observer = await admin.client.post(path, json=LISA)
    refused = [
        await admin.client.post(path, json=LISA | {"role": "admin"}),
        await admin.client.post(path, json=LISA | {"role": "owner"}),
        await admin.client.delete(f"{path}/{own['id']}"),
        await admin.client.post(f"{path}/{own['id']}/resend"),
    ]
    listed = await admin.client.get(path)
    page = (await admin.client.get(owner.workspace)).json()
    (listed_in_me,) = (await admin.client.get("/api/v1/me")).json()["workspaces"]

    assert observer.status_code == 201
    assert [answer.status_code for answer in refused] == [403] * 4
    assert [each["email"] for each in listed.json()["items"]] == [LISA["email"]]
    assert {"invitation.read", "invitation.write"} <= set(page["may"])
    assert page["may"] == listed_in_me["may"]


async def test_nobody_is_invited_as_an_owner(owner: Person) -> None:
    answer = await owner.client.post(
        f"{owner.workspace}/invitations", json=LISA | {"role": "owner"}
    )

    assert (answer.status_code, fields(answer)) == (422, {"role": "transfer"})


async def test_a_member_is_not_invited_again(owner: Person, join: Enrol) -> None:
    await join("Bo Berg", Role.OBSERVER)

    answer = await owner.client.post(
        f"{owner.workspace}/invitations", json=LISA | {"email": "Bo.Berg@Example.com"}
    )

    assert (answer.status_code, fields(answer)) == (422, {"email": "member"})


async def test_who_has_not_proved_their_address_invites_nobody(
    owner: Person, platform: Platform
) -> None:
    async with platform.database.unit_of_work() as uow:
        await uow.connection.execute(update(accounts).values(email_verified_at=None))
        await uow.commit()

    answer = await owner.client.post(f"{owner.workspace}/invitations", json=LISA)

    assert (answer.status_code, fields(answer)) == (422, {"": "unverified"})


async def test_a_new_invitation_replaces_the_one_that_waits(
    owner: Person, join: Enrol, platform: Platform
) -> None:
    lisa = await join("Lisa Lien")
    await invite(owner, owner)
    await invite(owner, owner, role="admin", email="LISA.LIEN@example.com")
    old, new = await tokens(platform)

    refused, accepted = await accept(lisa, old), await accept(lisa, new)

    assert (refused.status_code, refused.json()["detail"]) == (404, VOID)
    assert accepted.status_code == 200
    assert (await roles(platform, owner))["Lisa Lien"] is Role.ADMIN
    states = await read_all(
        platform, select(outbox.c.state).where(outbox.c.kind == NoticeKind.INVITED)
    )
    assert sorted(row.state for row in states) == [NoticeState.CANCELLED, NoticeState.PENDING]


async def test_the_link_of_each_sending_voids_the_one_before(
    owner: Person, join: Enrol, platform: Platform, clock: FakeClock
) -> None:
    lisa = await join("Lisa Lien")
    waiting = await invite(owner, owner)
    clock.advance(timedelta(days=6))
    path = f"{owner.workspace}/invitations/{waiting['id']}/resend"
    resent = await owner.client.post(path)
    old, new = await tokens(platform)

    refused = await look(lisa, old)
    clock.advance(timedelta(days=6))
    looked = await look(lisa, new)

    assert resent.status_code == 200, resent.text
    assert resent.json()["invitation"]["expires_at"] > waiting["expires_at"]
    assert (refused.status_code, looked.status_code) == (404, 200)


async def test_somebody_sends_twenty_a_day_however_they_send_them(
    owner: Person, platform: Platform, clock: FakeClock
) -> None:
    path = f"{owner.workspace}/invitations"
    made = [await invite(owner, owner, email=f"p{number}@example.net") for number in range(19)]
    twentieth = await owner.client.post(f"{path}/{made[0]['id']}/resend")

    refused = await owner.client.post(path, json=LISA)
    again = await owner.client.post(f"{path}/{made[1]['id']}/resend")
    clock.advance(timedelta(days=1, seconds=1))
    tomorrow = await owner.client.post(path, json=LISA)

    assert twentieth.status_code == 200
    assert (refused.status_code, again.status_code) == (429, 429)
    assert 0 < int(refused.headers["retry-after"]) <= 86_400
    assert tomorrow.status_code == 201


async def test_an_address_gets_five_mails_an_hour_over_all_workspaces(
    owner: Person, join: Enrol, clock: FakeClock
) -> None:
    senders = [await join(f"Sender {number}") for number in range(5)]
    for sender in senders:
        await invite(sender, sender)

    refused = await owner.client.post(f"{owner.workspace}/invitations", json=LISA)
    other = await owner.client.post(
        f"{owner.workspace}/invitations", json=LISA | {"email": "other@example.net"}
    )
    clock.advance(timedelta(hours=1, seconds=1))
    later = await owner.client.post(f"{owner.workspace}/invitations", json=LISA)

    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 3600
    assert (other.status_code, later.status_code) == (201, 201)


async def test_invitations_are_listed_in_pages_newest_first(
    owner: Person, clock: FakeClock
) -> None:
    for number in range(3):
        await invite(owner, owner, email=f"p{number}@example.net")
    clock.advance(timedelta(days=7))
    path = f"{owner.workspace}/invitations"

    first = (await owner.client.get(path, params={"limit": 2})).json()
    cursor = {"limit": 2, "cursor": first["next_cursor"]}
    second = (await owner.client.get(path, params=cursor)).json()

    listed = first["items"] + second["items"]
    assert [each["email"] for each in listed] == [f"p{n}@example.net" for n in (2, 1, 0)]
    assert [each["is_expired"] for each in listed] == [True] * 3
    assert second["next_cursor"] is None
    assert listed[0]["invited_by"] == "Ana Petrov"


@pytest.mark.parametrize(
    "body",
    [
        {},
        LISA | {"email": "a@b.example, victim@example.net"},
        LISA | {"email": "no address"},
        LISA | {"email": "\0"},
        LISA | {"role": "root"},
        LISA | {"role": 2**70},
        LISA | {"workspace_id": "x"},
        [],
    ],
)
async def test_odd_bodies_are_refused(owner: Person, body: object, platform: Platform) -> None:
    answer = await owner.client.post(f"{owner.workspace}/invitations", json=body)

    assert answer.status_code == 422
    assert await read_all(platform, select(invitations.c.id)) == []


# Looking --------------------------------------------------------------------------------------


async def test_a_link_shows_who_invites_to_what_and_no_more(
    owner: Person, join: Enrol, platform: Platform, anonymous: httpx2.AsyncClient
) -> None:
    lisa, other = await join("Lisa Lien"), await join("Cy Dahl")
    await invite(owner, owner)
    (token,) = await tokens(platform)

    answers = [await look(person, token) for person in (anonymous, lisa, other)]

    shown = {
        "workspace_name": "Nordlys",
        "invited_by": "Ana Petrov",
        "role": "observer",
        "email": LISA["email"],
        "expires_at": answers[0].json()["expires_at"],
    }
    assert [answer.json() for answer in answers] == [
        shown | {"is_yours": None},
        shown | {"is_yours": True},
        shown | {"is_yours": False},
    ]
    assert await roles(platform, owner) == {"Ana Petrov": Role.OWNER}


@pytest.mark.parametrize("why", ["expired", "revoked", "inviter removed", "deleted", "forged"])
async def test_what_does_not_work_any_more_says_the_same_whatever_the_reason(
    owner: Person, join: Enrol, platform: Platform, clock: FakeClock, why: str
) -> None:
    lisa, second = await join("Lisa Lien"), await join("Bo Berg", Role.OWNER)
    waiting = await invite(second, owner)
    (token,) = await tokens(platform)
    match why:
        case "expired":
            clock.advance(timedelta(days=7))
        case "revoked":
            await owner.client.delete(f"{owner.workspace}/invitations/{waiting['id']}")
        case "inviter removed":
            await owner.client.delete(f"{owner.workspace}/members/{second.me['id']}")
        case "deleted":
            deleted = await owner.client.request(
                "DELETE", owner.workspace, json={"name": "Nordlys"}
            )
            assert deleted.status_code == 204
        case "forged":
            token = token[:40] + ("A" if token[40] != "A" else "B") + token[41:]

    answers = [await look(lisa, token), await accept(lisa, token)]

    assert {answer.status_code for answer in answers} == {404}
    assert {answer.json()["detail"] for answer in answers} == {VOID}
    assert "Nordlys" not in "".join(answer.text for answer in answers)
    assert "Lisa Lien" not in await roles(platform, owner)
    own = (await lisa.client.get("/api/v1/account/invitations")).json()["items"]
    assert len(own) == (1 if why == "forged" else 0)


# Accepting ------------------------------------------------------------------------------------


async def test_who_accepts_is_a_member_with_the_role_of_the_invitation(
    owner: Person, join: Enrol, platform: Platform
) -> None:
    lisa = await join("Lisa Lien")
    await invite(owner, owner)
    (token,) = await tokens(platform)

    answer = await accept(lisa, token)

    assert answer.status_code == 200, answer.text
    assert answer.json() == {"workspace_id": owner.me["workspaces"][0]["id"]}
    assert (await lisa.client.get(owner.workspace)).json()["role"] == "observer"
    assert (await owner.client.get(f"{owner.workspace}/invitations")).json()["items"] == []
    query = select(audit.c.action, audit.c.by_account_id).order_by(audit.c.id)
    assert [tuple(row) for row in await read_all(platform, query)] == [
        ("invitation.sent", owner.me["id"]),
        ("invitation.accepted", lisa.me["id"]),
    ]


async def test_a_link_that_was_passed_on_gives_nothing(
    owner: Person, join: Enrol, platform: Platform
) -> None:
    other = await join("Cy Dahl")
    await invite(owner, owner)
    (token,) = await tokens(platform)

    answer = await accept(other, token)

    assert (answer.status_code, answer.json()["code"]) == (403, "other_address")
    assert "l•••@example.com" in answer.json()["detail"]
    assert LISA["email"] not in answer.text
    assert "Cy Dahl" not in await roles(platform, owner)


@pytest.mark.parametrize(
    "invited",
    [
        "lisalien@example.com",
        "lisa.lien+x@example.com",
        "lisa.lien@examp1e.com",
        "lisa.lien@exаmple.com",
    ],
    ids=["without a dot", "with a tag", "a look-alike", "a Cyrillic a"],
)
async def test_an_address_that_only_looks_the_same_is_another_one(
    owner: Person, join: Enrol, platform: Platform, invited: str
) -> None:
    lisa = await join("Lisa Lien")
    await invite(owner, owner, email=invited)
    (token,) = await tokens(platform)

    answer = await accept(lisa, token)

    assert answer.json()["code"] == "other_address"


async def test_an_address_that_is_not_proved_gives_nothing(
    owner: Person, join: Enrol, platform: Platform
) -> None:
    lisa = await join("Lisa Lien")
    waiting = await invite(owner, owner)
    (token,) = await tokens(platform)
    async with platform.database.unit_of_work() as uow:
        unproved = update(accounts).where(accounts.c.id == lisa.me["id"])
        await uow.connection.execute(unproved.values(email_verified_at=None))
        await uow.commit()

    by_link = await accept(lisa, token)
    by_id = await lisa.client.post(f"/api/v1/account/invitations/{waiting['id']}/accept")
    listed = await lisa.client.get("/api/v1/account/invitations")

    assert (by_link.status_code, by_link.json()["code"]) == (403, "other_address")
    assert by_id.status_code == 404
    assert listed.json() == {"items": []}
    assert "Lisa Lien" not in await roles(platform, owner)


async def test_to_accept_on_two_devices_at_once_is_to_accept_once(
    owner: Person, join: Enrol, platform: Platform
) -> None:
    lisa = await join("Lisa Lien")
    await invite(owner, owner)
    (token,) = await tokens(platform)
    await be_ready(lisa, token)

    answers = await asyncio.gather(*(accept(lisa, token) for _ in range(8)))

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    accepted = select(func.count()).where(audit.c.action == "invitation.accepted")
    assert [row[0] for row in await read_all(platform, accepted)] == [1]
    assert (await roles(platform, owner))["Lisa Lien"] is Role.OBSERVER


async def be_ready(person: Person, token: str) -> None:
    """Let connections to the database be open: else who comes first is done before the others."""
    await asyncio.gather(*(look(person, token) for _ in range(8)))


async def test_of_accepting_and_withdrawing_at_once_only_one_happens(
    owner: Person, join: Enrol, platform: Platform
) -> None:
    lisa = await join("Lisa Lien")
    waiting = await invite(owner, owner)
    (token,) = await tokens(platform)
    await be_ready(lisa, token)

    accepted, revoked = await asyncio.gather(
        accept(lisa, token),
        owner.client.delete(f"{owner.workspace}/invitations/{waiting['id']}"),
    )

    outcome = accepted.status_code, revoked.status_code
    assert outcome in [(200, 404), (404, 204)]
    assert ("Lisa Lien" in await roles(platform, owner)) is (outcome == (200, 404))


async def test_a_link_that_was_used_lets_nobody_in_again_after_they_were_removed(
    owner: Person, join: Enrol, platform: Platform
) -> None:
    lisa = await join("Lisa Lien")
    await invite(owner, owner)
    (token,) = await tokens(platform)
    await accept(lisa, token)
    await owner.client.delete(f"{owner.workspace}/members/{lisa.me['id']}")

    again = await accept(lisa, token)
    await invite(owner, owner, role="admin")
    anew = await accept(lisa, (await tokens(platform))[-1])

    assert (again.status_code, anew.status_code) == (404, 200)
    assert (await roles(platform, owner))["Lisa Lien"] is Role.ADMIN
    history = (await owner.client.get(f"{owner.workspace}/audit")).json()["items"]
    assert [each["action"] for each in history].count("invitation.accepted") == 2


@pytest.mark.parametrize("lost", ["the switch", "the role", "the account"])
async def test_an_invitation_is_worth_no_more_than_who_sent_it(
    owner: Person, join: Enrol, platform: Platform, lost: str
) -> None:
    lisa, admin = await join("Lisa Lien"), await join("Bo Berg", Role.ADMIN)
    await allow_admins(owner)
    await invite(admin, owner)
    (token,) = await tokens(platform)
    match lost:
        case "the switch":
            await owner.client.patch(owner.workspace, json={"admins_may_invite": False})
        case "the role":
            await set_role(platform, admin.me["id"], Role.OBSERVER)
        case "the account":
            async with platform.database.unit_of_work() as uow:
                disabled = update(accounts).where(accounts.c.id == admin.me["id"])
                await uow.connection.execute(disabled.values(disabled_at=platform.clock.now()))
                await uow.commit()

    answer = await accept(lisa, token)

    assert (answer.status_code, answer.json()["detail"]) == (404, VOID)


async def test_who_became_a_member_otherwise_keeps_their_role(
    owner: Person, join: Enrol, platform: Platform
) -> None:
    lisa = await join("Lisa Lien")
    await invite(owner, owner, role="admin")
    (token,) = await tokens(platform)
    async with platform.database.unit_of_work() as uow:
        await uow.connection.execute(
            memberships.insert().values(
                account_id=lisa.me["id"],
                workspace_id=owner.me["workspaces"][0]["id"],
                role=Role.OBSERVER,
                created_at=platform.clock.now(),
            )
        )
        await uow.commit()

    answer = await accept(lisa, token)

    assert answer.status_code == 200
    assert (await roles(platform, owner))["Lisa Lien"] is Role.OBSERVER
    # Nor does the history say that they became what they are not.
    history = await owner.client.get(f"{owner.workspace}/audit")
    assert "joined as an admin" not in history.text
    assert "stayed what they were" in history.text


@pytest.mark.parametrize("token", ["", "x", "\0", "ä" * 100, "A" * 500, "A" * 501])
async def test_odd_tokens_are_refused(owner: Person, token: str) -> None:
    answers = [await look(owner, token), await accept(owner, token)]

    assert {answer.status_code for answer in answers} <= {404, 422}


# One's own ------------------------------------------------------------------------------------


async def test_one_sees_and_accepts_what_waits_for_ones_own_address(
    owner: Person, join: Enrol, platform: Platform
) -> None:
    lisa, other = await join("Lisa Lien"), await join("Cy Dahl")
    waiting = await invite(owner, owner)

    listed = (await lisa.client.get("/api/v1/account/invitations")).json()["items"]
    path = f"/api/v1/account/invitations/{waiting['id']}/accept"
    foreign = await other.client.post(path)
    accepted = await lisa.client.post(path)

    assert [(each["id"], each["workspace_name"], each["invited_by"]) for each in listed] == [
        (waiting["id"], "Nordlys", "Ana Petrov")
    ]
    assert (await other.client.get("/api/v1/account/invitations")).json() == {"items": []}
    assert foreign.status_code == 404
    assert accepted.json() == {"workspace_id": owner.me["workspaces"][0]["id"]}
    assert (await roles(platform, owner))["Lisa Lien"] is Role.OBSERVER


async def test_who_declines_is_not_asked_again_and_the_owners_see_it(
    owner: Person, join: Enrol, platform: Platform
) -> None:
    lisa, other = await join("Lisa Lien"), await join("Cy Dahl")
    waiting = await invite(owner, owner)
    path = f"/api/v1/account/invitations/{waiting['id']}/decline"

    foreign, declined = await other.client.post(path), await lisa.client.post(path)

    assert (foreign.status_code, declined.status_code) == (404, 204)
    (token,) = await tokens(platform)
    assert (await accept(lisa, token)).status_code == 404
    newest = (await owner.client.get(f"{owner.workspace}/audit")).json()["items"][0]
    assert (newest["action"], newest["who"]) == ("invitation.declined", None)


@pytest.fixture
def smtp_settings(settings: Settings, smtp_sink: SmtpSink) -> Settings:
    url = SecretStr(f"smtp://{smtp_sink.host}:{smtp_sink.port}")
    return settings.model_copy(update={"smtp_url": url})


async def test_who_has_the_link_declines_without_an_account(
    owner: Person, platform: Platform, anonymous: httpx2.AsyncClient
) -> None:
    await invite(owner, owner)
    (token,) = await tokens(platform)

    answers = [
        await anonymous.post("/api/v1/invitations/decline", json={"token": token}) for _ in range(2)
    ]

    assert [answer.status_code for answer in answers] == [204, 404]
    assert (await look(anonymous, token)).status_code == 404
    assert (await owner.client.get(f"{owner.workspace}/invitations")).json()["items"] == []
    (told, *_) = (await owner.client.get(f"{owner.workspace}/audit")).json()["items"]
    assert (told["action"], told["who"]) == ("invitation.declined", None)
    assert told["summary"] == f"{LISA['email']} declined the invitation"


async def test_the_id_of_an_invitation_is_no_link(
    owner: Person, anonymous: httpx2.AsyncClient
) -> None:
    sent = await invite(owner, owner)

    answers = [
        await anonymous.post(f"/api/v1/invitations/{word}", json={"token": sent["id"]})
        for word in ("look", "decline")
    ]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert all(LISA["email"] not in answer.text for answer in answers)
    assert len((await owner.client.get(f"{owner.workspace}/invitations")).json()["items"]) == 1


async def test_the_mail_leads_to_the_invitation_and_to_nothing_else(
    smtp_settings: Settings, smtp_sink: SmtpSink, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        platform = await stack.enter_async_context(open_platform(smtp_settings))
        app = create_app(platform, bundle=tmp_path)
        owner = await set_up(await stack.enter_async_context(person_of(app)), platform)
        lisa = await enrol(stack, app, platform, "Lisa Lien")

        await invite(owner, owner)
        mail = await asyncio.to_thread(smtp_sink.wait_for_mail_to, LISA["email"], "invited you")
        (token,) = set(re.findall(r"/invite/([\w-]+)", mail.text))

        looked, accepted = await look(lisa, token), await accept(lisa, token)

    assert mail.recipients == (LISA["email"],)
    assert "Ana Petrov invited you to Nordlys" in str(mail.message["Subject"])
    assert (looked.status_code, accepted.status_code) == (200, 200)
    assert looked.json()["is_yours"] is True


# Two workspaces -------------------------------------------------------------------------------


async def test_ids_of_another_workspace_of_ones_own_are_not_found(
    owner: Person, join: Enrol, platform: Platform
) -> None:
    other = await join("Cy Dahl")
    async with platform.database.unit_of_work() as uow:
        await uow.connection.execute(
            memberships.insert().values(
                account_id=owner.me["id"],
                workspace_id=other.me["workspaces"][0]["id"],
                role=Role.OWNER,
                created_at=platform.clock.now(),
            )
        )
        await uow.commit()
    here = await invite(owner, owner)
    swapped = f"{other.workspace}/invitations/{here['id']}"

    answers = [await owner.client.post(f"{swapped}/resend"), await owner.client.delete(swapped)]
    listed = (await owner.client.get(f"{other.workspace}/invitations")).json()["items"]
    named = await owner.client.post(
        f"{other.workspace}/invitations",
        json=LISA | {"workspace_id": owner.me["workspaces"][0]["id"]},
    )

    assert [answer.status_code for answer in answers] == [404, 404]
    assert listed == []
    assert (named.status_code, fields(named)) == (422, {"workspace_id": "extra_forbidden"})
    left = (await owner.client.get(f"{owner.workspace}/invitations")).json()["items"]
    assert [each["id"] for each in left] == [here["id"]]


# Without a mail server ------------------------------------------------------------------------


@pytest.fixture
def no_mail(platform: Platform) -> None:
    settings = platform.settings.model_copy(update={"smtp_url": None})
    object.__setattr__(platform, "settings", settings)


async def test_without_a_mail_server_the_link_is_handed_over_by_who_invites(
    no_mail: None, owner: Person, stranger: Person, platform: Platform
) -> None:
    path = f"{owner.workspace}/invitations"
    form = {"email": "eve@example.net", "role": "observer"}
    sent = (await owner.client.post(path, json=form)).json()
    resent = await owner.client.post(f"{path}/{sent['invitation']['id']}/resend")
    old, new = (link.rpartition("/")[2] for link in (sent["link"], resent.json()["link"]))

    refused, accepted = await accept(stranger, old), await accept(stranger, new)

    assert (refused.status_code, accepted.status_code) == (404, 200)
    assert "/invite/" not in (await owner.client.get(path)).text
    assert (await roles(platform, owner))["Eve Stranger"] is Role.OBSERVER


async def test_without_a_mail_server_an_address_alone_opens_nothing(
    no_mail: None, owner: Person, join: Enrol
) -> None:
    lisa = await join("Lisa Lien")
    waiting = await invite(owner, owner)

    listed = await lisa.client.get("/api/v1/account/invitations")
    path = f"/api/v1/account/invitations/{waiting['id']}"
    answers = [await lisa.client.post(f"{path}/{act}") for act in ("accept", "decline")]

    assert listed.json() == {"items": []}
    assert [answer.status_code for answer in answers] == [404, 404]


async def test_a_link_that_came_by_hand_proves_no_mailbox(
    no_mail: None, owner: Person, anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    sent = await owner.client.post(f"{owner.workspace}/invitations", json=LISA)
    token = sent.json()["link"].rpartition("/")[2]
    form = {"name": "Lisa Lien", "email": LISA["email"], "password": PASSWORD}

    registered = await anonymous.post("/api/v1/accounts", json=form | {"invitation": token})

    assert registered.status_code == 201, registered.text
    assert registered.json()["email_verified"] is False
    assert (await roles(platform, owner))["Lisa Lien"] is Role.OBSERVER


async def test_the_address_of_who_is_invited_is_for_owners(owner: Person, join: Enrol) -> None:
    admin = await join("Bo Berg", Role.ADMIN)
    await invite(owner, owner)
    path = f"{owner.workspace}/deliveries"

    whole, masked = await owner.client.get(path), await admin.client.get(path)

    assert [each["to"] for each in whole.json()["items"]] == [LISA["email"]]
    assert [each["kind"] for each in masked.json()["items"]] == ["invited"]
    assert LISA["email"] not in masked.text


# The seam for registration --------------------------------------------------------------------


async def test_a_link_proves_the_address_that_was_typed_and_no_other(
    owner: Person, join: Enrol, platform: Platform
) -> None:
    newcomer = AccountId((await join("Cy Dahl")).me["id"])
    await invite(owner, owner)
    (token,) = await tokens(platform)

    async def try_as(email: str) -> str:
        async with platform.database.unit_of_work() as uow:
            joined = await accept_invitation(
                platform,
                uow,
                token,
                account_id=newcomer,
                email=email,
                now=platform.clock.now(),
            )
            await uow.commit()
        return joined

    with pytest.raises(OtherAddressError):
        await try_as("cy.dahl@example.com")
    assert await try_as(LISA["email"]) == owner.me["workspaces"][0]["id"]
    assert (await roles(platform, owner))["Cy Dahl"] is Role.OBSERVER
    with pytest.raises(InvitationVoidError):
        async with platform.database.unit_of_work() as uow:
            await accept_invitation(
                platform,
                uow,
                token,
                account_id=AccountId(owner.me["id"]),
                email=LISA["email"],
                now=platform.clock.now(),
            )


def test_the_link_hangs_on_the_address_and_the_number_of_the_sending() -> None:
    stamps = {
        read_link_fact(link_fact("i", *parts))[1]
        for parts in (("a@example.net", "1"), ("a@example.net", "2"), ("b@example.net", "1"))
    }

    assert len(stamps) == 3


@pytest.mark.parametrize(
    ("address", "masked"),
    [("lisa@fjordlabs.no", "l•••@fjordlabs.no"), ("x@a.example", "x•••@a.example")],
)
def test_a_masked_address_tells_one_letter(address: str, masked: str) -> None:
    assert mask(address) == masked
