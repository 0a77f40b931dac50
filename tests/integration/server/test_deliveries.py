"""The list of deliveries: what was owed to whom, what became of it, and what it said."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update

from allgreen.domain.facts import Facts
from allgreen.domain.identity import OutboxId, RecipientId, ServiceId, WorkspaceId
from allgreen.domain.notice import Channel, Notice, NoticeKind
from allgreen.domain.policy import Role
from allgreen.monitoring.undelivered import DeadLetterWriter
from allgreen.notifiers.log import KEPT
from allgreen.ports import OutboxRepository
from allgreen.server.platform import Platform
from allgreen.storage.sql.tables import memberships, outbox
from tests.api import ADDRESS, Person

ANA, BO = "ana@example.org", "bo@example.net"

End = Callable[[OutboxRepository, Notice, datetime], Awaitable[bool]]


@pytest.fixture
async def service(owner: Person, silent_port: int) -> dict[str, Any]:
    """A service about which its owner is told."""
    told = [{"account_id": owner.me["id"]}]
    return await owner.watch(f"http://127.0.0.1:{silent_port}/", recipients=told)


async def owe(
    platform: Platform,
    owner: Person,
    service: dict[str, Any],
    to: str = ANA,
    *,
    was_member: bool = False,
) -> None:
    """Owe a message about the service."""
    now = platform.clock.now()
    (recipient,) = service["recipients"]
    notice = Notice(
        id=OutboxId(platform.new_id()),
        key=platform.new_id(),
        kind=NoticeKind.DOWN,
        channel=Channel.EMAIL,
        address=to,
        workspace_id=WorkspaceId(owner.me["workspaces"][0]["id"]),
        service_id=ServiceId(service["id"]),
        recipient_id=RecipientId(recipient["id"]) if to == ANA else None,
        facts=Facts(
            service_name="Checkout", got="503, after 12 ms", began_at=now, to_member=was_member
        ).to_json(),
        created_at=now,
        due_at=now,
    )
    async with platform.database.unit_of_work() as uow:
        await uow.outbox.add([notice])
        await uow.commit()


async def attempt(platform: Platform, end: End) -> None:
    """Make one attempt at what is owed, which ends in some way."""
    now, minute = platform.clock.now(), timedelta(minutes=1)
    async with platform.database.unit_of_work() as uow:
        (notice,) = await uow.outbox.lease(now=now, limit=1, lease_for=minute)
        assert await uow.outbox.begin_attempt(notice, at=now)
        assert await end(uow.outbox, notice, now)
        await uow.commit()


async def list_deliveries(person: Person, workspace: str) -> list[dict[str, Any]]:
    answer = await person.client.get(f"{workspace}/deliveries")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_a_message_is_listed_with_its_text_and_without_links_that_act(
    owner: Person, platform: Platform, service: dict[str, Any]
) -> None:
    await owe(platform, owner, service)

    (message,) = await list_deliveries(owner, owner.workspace)

    assert (message["kind"], message["state"], message["attempts"]) == ("down", "waiting", 0)
    assert (message["to"], message["to_name"]) == (ANA, "Ana Petrov")
    assert message["subject"] == "Checkout is down"
    assert "503, after 12 ms" in message["body_text"]
    assert f"{ADDRESS}/leave" not in message["body_text"]


ENDS: dict[str, tuple[End, str | None]] = {
    "sent": (lambda outbox, notice, at: outbox.mark_sent(notice, at=at, answer="250 ok"), None),
    "kept": (lambda outbox, notice, at: outbox.mark_sent(notice, at=at, answer=KEPT), None),
    "given_up": (lambda outbox, notice, at: outbox.mark_dead(notice, at=at, error="550"), "550"),
    "waiting": (lambda outbox, notice, at: outbox.mark_delayed(notice, until=at, error="4"), "4"),
}


@pytest.mark.parametrize("state", ENDS)
async def test_an_attempt_ends_in_a_word(
    owner: Person, platform: Platform, service: dict[str, Any], state: str
) -> None:
    end, error = ENDS[state]
    await owe(platform, owner, service)

    await attempt(platform, end)

    (message,) = await list_deliveries(owner, owner.workspace)
    assert (message["state"], message["attempts"]) == (state, 1)
    assert message["last_error"] == error


@pytest.mark.parametrize(
    ("batch", "form"),
    [(None, "alone"), ("key of the end", "merged"), ("digest/1/0", "digest")],
    ids=["alone", "merged", "digest"],
)
async def test_it_is_said_with_what_a_message_goes(
    owner: Person, platform: Platform, service: dict[str, Any], batch: str | None, form: str
) -> None:
    await owe(platform, owner, service)
    async with platform.database.unit_of_work() as uow:
        await uow.connection.execute(update(outbox).values(batch=batch))
        await uow.commit()

    (message,) = await list_deliveries(owner, owner.workspace)

    assert message["form"] == form


async def test_what_is_never_taken_is_given_up_and_admins_are_owed_the_news(
    owner: Person, stranger: Person, platform: Platform, service: dict[str, Any]
) -> None:
    await join(platform, stranger, owner, Role.ADMIN)
    await owe(platform, owner, service, to=BO)
    now = platform.clock.now()
    async with platform.database.unit_of_work() as uow:
        (dead,) = await uow.outbox.lease(now=now, limit=1, lease_for=timedelta(minutes=1))
        await uow.outbox.begin_attempt(dead, at=now)
        await uow.outbox.mark_dead(dead, at=now, error="550 no such mailbox")
        await DeadLetterWriter(ids=platform.new_id).tell(dead.rows, "550 no", now, uow)
        await uow.commit()

    *news, message = await list_deliveries(owner, owner.workspace)

    assert (message["state"], message["last_error"]) == ("given_up", "550 no such mailbox")
    assert {one["kind"] for one in news} == {"undelivered"}
    assert {one["to"] for one in news} == {ANA, "eve@example.net"}
    assert all(BO not in one["body_text"] for one in news)


async def test_an_admin_sees_names_of_members_and_not_their_addresses(
    owner: Person, stranger: Person, platform: Platform, service: dict[str, Any]
) -> None:
    for address in (ANA, BO, "eve@example.net"):
        await owe(platform, owner, service, to=address)
    await join(platform, stranger, owner, Role.ADMIN)

    listed = await list_deliveries(stranger, owner.workspace)

    assert [(message["to_name"], message["to"]) for message in listed] == [
        ("Eve Stranger", "eve@example.net"),
        (None, BO),
        ("Ana Petrov", None),
    ]


async def test_an_admin_never_sees_the_address_of_somebody_who_was_a_member(
    owner: Person, stranger: Person, platform: Platform, service: dict[str, Any]
) -> None:
    await owe(platform, owner, service, to="gone@example.net", was_member=True)
    await join(platform, stranger, owner, Role.ADMIN)

    (for_admin,) = await list_deliveries(stranger, owner.workspace)
    (for_owner,) = await list_deliveries(owner, owner.workspace)

    assert (for_admin["to_name"], for_admin["to"]) == (None, None)
    assert "gone@example.net" not in str(for_admin)
    assert for_owner["to"] == "gone@example.net"


async def test_observers_and_strangers_read_no_messages(
    owner: Person, stranger: Person, platform: Platform
) -> None:
    path = f"{owner.workspace}/deliveries"

    before = await stranger.client.get(path)
    await join(platform, stranger, owner, Role.OBSERVER)
    after = await stranger.client.get(path)

    assert (before.status_code, after.status_code) == (404, 403)


async def join(platform: Platform, person: Person, owner: Person, role: Role) -> None:
    async with platform.database.unit_of_work() as uow:
        await uow.connection.execute(
            insert(memberships).values(
                account_id=person.me["id"],
                workspace_id=owner.me["workspaces"][0]["id"],
                role=role,
                created_at=platform.clock.now(),
            )
        )
        await uow.commit()
