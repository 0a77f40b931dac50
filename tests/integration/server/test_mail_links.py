"""Links in mails: pages that ask, tokens that work once, and addresses that must be proved."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import Row, select, update

from allgreen.domain.identity import RecipientId
from allgreen.domain.notice import NoticeKind, NoticeState
from allgreen.server.accounts.fixed_time import REGISTERED_AFTER_S
from allgreen.server.platform import Platform
from allgreen.server.settings import Settings
from allgreen.storage.sql.rows import notice_from_row
from allgreen.storage.sql.tables import accounts, outbox, recipients, workspaces
from allgreen.testing import FakeClock
from tests.api import PASSWORD, Person, fields, person_of, service_form

EVE = {"name": "Eve Stranger", "email": "eve@example.net", "password": PASSWORD}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """With a mail server, which nobody asks here: the outbox is looked at instead."""
    return settings.model_copy(update={"smtp_url": SecretStr("smtp://127.0.0.1:25")})


@pytest.fixture
async def eve(app: FastAPI, owner: Person) -> AsyncIterator[httpx2.AsyncClient]:
    """Registered and signed in, with an address that is not proved."""
    async with person_of(app) as client:
        await client.post("/api/v1/accounts", json=EVE)
        form = {"email": EVE["email"], "password": PASSWORD}
        assert (await client.post("/api/v1/session", json=form)).status_code == 200
        yield client


async def links_to(platform: Platform, kind: NoticeKind) -> list[str]:
    """Return the paths of the buttons in the mails of one kind, newest first."""
    query = select(outbox).where(outbox.c.kind == kind).order_by(outbox.c.seq.desc())
    async with platform.database.read() as connection:
        rows = (await connection.execute(query)).mappings().all()
    urls = [platform.links.of_notice(notice_from_row(row)).act for row in rows]
    return [url.removeprefix(platform.settings.base_url) for url in urls]


async def ask_stranger(owner: Person, platform: Platform, port: int) -> str:
    """Add a stranger to the list of a service and return the path of the question."""
    await owner.watch(f"http://127.0.0.1:{port}/", recipients=[{"email": "bo@example.net"}])
    (path,) = await links_to(platform, NoticeKind.CONFIRM_RECIPIENT)
    return path


async def confirmed(platform: Platform) -> list[bool]:
    async with platform.database.read() as connection:
        return [
            row[0] is not None
            for row in await connection.execute(select(recipients.c.confirmed_at))
        ]


async def test_registering_answers_the_same_for_a_known_address(
    owner: Person, anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    new = await anonymous.post("/api/v1/accounts", json=EVE)
    known = await anonymous.post("/api/v1/accounts", json=EVE | {"email": "ana@example.org"})

    assert (new.status_code, known.status_code) == (202, 202)
    assert new.content == known.content
    assert "set-cookie" not in new.headers
    assert len(await links_to(platform, NoticeKind.VERIFY_EMAIL)) == 1


@pytest.mark.parametrize("email", ["eve@example.net", "ana@example.org"], ids=["new", "known"])
async def test_the_time_of_the_answer_does_not_tell_whether_an_address_is_known(
    owner: Person, anonymous: httpx2.AsyncClient, email: str
) -> None:
    began = time.monotonic()

    await anonymous.post("/api/v1/accounts", json=EVE | {"email": email})

    assert time.monotonic() - began >= REGISTERED_AFTER_S


async def test_until_its_address_is_proved_nothing_is_probed_for_an_account(
    eve: httpx2.AsyncClient, platform: Platform, silent_port: int
) -> None:
    me = (await eve.get("/api/v1/me")).json()
    workspace = f"/api/v1/workspaces/{me['workspaces'][0]['id']}"

    preview = await eve.post(
        f"{workspace}/preview", json={"url": f"http://127.0.0.1:{silent_port}"}
    )

    assert me["email_verified"] is False
    assert preview.status_code == 422
    assert "Verify your address" in preview.json()["detail"]
    assert await held(platform) == {"Nordlys": False, "Eve's workspace": True}


async def test_until_its_address_is_proved_nobody_is_written_to_for_an_account(
    eve: httpx2.AsyncClient, platform: Platform, silent_port: int
) -> None:
    me = (await eve.get("/api/v1/me")).json()
    listed = [{"account_id": me["id"]}, {"email": "bo@example.net"}]
    form = service_form(f"http://127.0.0.1:{silent_port}/", recipients=listed)

    answer = await eve.post(f"/api/v1/workspaces/{me['workspaces'][0]['id']}/services", json=form)

    assert (answer.status_code, fields(answer)) == (422, {"recipients.1.email": "unverified"})
    assert await links_to(platform, NoticeKind.CONFIRM_RECIPIENT) == []


async def test_until_its_address_is_proved_an_account_has_room_for_few_services(
    eve: httpx2.AsyncClient, silent_port: int
) -> None:
    me = (await eve.get("/api/v1/me")).json()
    path = f"/api/v1/workspaces/{me['workspaces'][0]['id']}/services"
    form = service_form(f"http://127.0.0.1:{silent_port}/")

    answers = [await eve.post(path, json=form) for _ in range(21)]

    assert [answer.status_code for answer in answers] == [201] * 20 + [422]
    assert fields(answers[-1]) == {"": "unverified"}


async def test_an_address_is_asked_by_each_workspace_and_by_one_a_day(
    owner: Person, platform: Platform, clock: FakeClock, silent_port: int
) -> None:
    url, listed = f"http://127.0.0.1:{silent_port}/", [{"email": "bo@example.net"}]
    made = await owner.client.post("/api/v1/workspaces", json={"name": "Fjord"})
    fjord = Person(client=owner.client, me={"workspaces": [made.json()]})

    await owner.watch(url, recipients=listed)
    clock.advance(timedelta(hours=1))
    await fjord.watch(url, recipients=listed)
    await fjord.watch(url, name="Search", recipients=listed)

    first, second = await questions(platform)
    assert (first.workspace_id, second.workspace_id) == (
        owner.me["workspaces"][0]["id"],
        made.json()["id"],
    )
    assert second.due_at - first.due_at == timedelta(days=1)


async def test_who_says_yes_is_not_asked_again_and_hears_at_once(
    owner: Person,
    anonymous: httpx2.AsyncClient,
    platform: Platform,
    clock: FakeClock,
    silent_port: int,
) -> None:
    path = await ask_stranger(owner, platform, silent_port)
    clock.advance(timedelta(days=1))
    await owner.watch(f"http://127.0.0.1:{silent_port}/", recipients=[{"email": "bo@example.net"}])

    await anonymous.post(path)

    asked = await questions(platform)
    assert [each.state for each in asked] == [NoticeState.CANCELLED] * 2
    assert await confirmed(platform) == [True, True]


async def questions(platform: Platform) -> list[Row[Any]]:
    """Return what strangers were asked, oldest first."""
    query = select(outbox).where(outbox.c.kind == NoticeKind.CONFIRM_RECIPIENT)
    async with platform.database.read() as connection:
        return list(await connection.execute(query.order_by(outbox.c.seq)))


async def test_nobody_has_hundreds_of_strangers_written_to(
    owner: Person, platform: Platform, silent_port: int
) -> None:
    url = f"http://127.0.0.1:{silent_port}/"
    crowds = [
        [{"email": f"{crowd}.{number}@example.net"} for number in range(50)] for crowd in "abc"
    ]
    await run_machine(platform, is_admin=False)
    first = await owner.watch(url, recipients=crowds[0])
    await owner.watch(url, recipients=crowds[1])

    answer = await owner.client.post(
        f"{owner.workspace}/services", json=service_form(url, recipients=crowds[2])
    )

    assert answer.status_code == 429
    assert len(await links_to(platform, NoticeKind.CONFIRM_RECIPIENT)) == 100
    # Who was asked already may stand on more lists.
    await owner.watch(url, recipients=crowds[0])
    kept = await owner.client.patch(
        f"/api/v1/services/{first['id']}",
        json={"recipients": crowds[0]},
        headers={"if-match": f'"{first["version"]}"'},
    )
    assert kept.status_code == 200


async def test_who_runs_the_machine_may_name_whom_they_like(
    owner: Person, platform: Platform, silent_port: int
) -> None:
    for crowd in "abc":
        people = [{"email": f"{crowd}.{number}@example.net"} for number in range(50)]
        await owner.watch(f"http://127.0.0.1:{silent_port}/", recipients=people)

    assert len(await links_to(platform, NoticeKind.CONFIRM_RECIPIENT)) == 150


async def run_machine(platform: Platform, *, is_admin: bool) -> None:
    async with platform.database.unit_of_work() as uow:
        await uow.connection.execute(update(accounts).values(instance_admin=is_admin))
        await uow.commit()


async def held(platform: Platform) -> dict[str, bool]:
    async with platform.database.read() as connection:
        rows = await connection.execute(select(workspaces.c.name, workspaces.c.is_held))
        return {row[0]: row[1] for row in rows}


async def test_an_address_is_verified_by_the_button_and_not_by_looking(
    eve: httpx2.AsyncClient, anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    (path,) = await links_to(platform, NoticeKind.VERIFY_EMAIL)

    looks = [await anonymous.get(path) for _ in range(10)]
    looked = (await eve.get("/api/v1/me")).json()["email_verified"]
    typed = {"password": PASSWORD}
    first, second = [await anonymous.post(path, data=typed) for _ in range(2)]

    assert {look.status_code for look in looks} == {200}
    assert looked is False
    assert (first.status_code, second.status_code) == (200, 404)
    assert await held(platform) == {"Nordlys": False, "Eve's workspace": False}


async def test_the_same_token_works_through_the_api(
    eve: httpx2.AsyncClient, platform: Platform
) -> None:
    (path,) = await links_to(platform, NoticeKind.VERIFY_EMAIL)
    token = path.rpartition("/")[2]

    first = await eve.post("/api/v1/email/verify", json={"token": token})
    second = await eve.post("/api/v1/email/verify", json={"token": token})

    assert (first.status_code, second.status_code) == (204, 404)


async def test_a_link_to_verify_lives_a_day(
    eve: httpx2.AsyncClient, platform: Platform, clock: FakeClock
) -> None:
    (path,) = await links_to(platform, NoticeKind.VERIFY_EMAIL)

    clock.advance(timedelta(hours=24, minutes=1))

    assert (await eve.post(path)).status_code == 404


async def test_the_mail_can_be_asked_for_again_five_times_an_hour(
    eve: httpx2.AsyncClient, platform: Platform
) -> None:
    answers = [await eve.post("/api/v1/email/verify/resend") for _ in range(6)]

    assert [answer.status_code for answer in answers] == [202] * 5 + [429]
    assert len(await links_to(platform, NoticeKind.VERIFY_EMAIL)) == 6


async def test_a_stranger_is_told_after_the_button_and_not_after_looking(
    owner: Person, anonymous: httpx2.AsyncClient, platform: Platform, silent_port: int
) -> None:
    path = await ask_stranger(owner, platform, silent_port)

    look = await anonymous.get(path)
    looked = await confirmed(platform)
    first, second = await anonymous.post(path), await anonymous.post(path)

    assert "Be told about Checkout?" in look.text
    assert looked == [False]
    assert (first.status_code, second.status_code) == (200, 404)
    assert await confirmed(platform) == [True]


async def test_one_yes_counts_for_every_list_of_the_workspace_that_waits(
    owner: Person, anonymous: httpx2.AsyncClient, platform: Platform, silent_port: int
) -> None:
    path = await ask_stranger(owner, platform, silent_port)
    await owner.watch(f"http://127.0.0.1:{silent_port}/", recipients=[{"email": "bo@example.net"}])

    await anonymous.post(path)

    assert await confirmed(platform) == [True, True]


async def test_a_recipient_leaves_by_one_click_of_the_mail_program(
    owner: Person, anonymous: httpx2.AsyncClient, platform: Platform, silent_port: int
) -> None:
    await ask_stranger(owner, platform, silent_port)
    path = await leave_path(platform)

    look = await anonymous.get(path)
    looked = await confirmed(platform)
    left = await anonymous.post(
        path,
        content=b"List-Unsubscribe=One-Click",
        headers={"content-type": "application/x-www-form-urlencoded"},
    )

    assert "Leave the list of Checkout?" in look.text
    assert looked == [False]
    assert left.status_code == 200
    assert await confirmed(platform) == []


async def leave_path(platform: Platform) -> str:
    async with platform.database.read() as connection:
        recipient_id = str(await connection.scalar(select(recipients.c.id)))
    return f"/leave/{platform.links.leave_token(recipient_id, 'bo@example.net')}"


async def test_a_token_for_one_thing_does_nothing_else(
    owner: Person, anonymous: httpx2.AsyncClient, platform: Platform, silent_port: int
) -> None:
    confirm = await ask_stranger(owner, platform, silent_port)
    leave = await leave_path(platform)

    crossed = [
        await anonymous.post(confirm.replace("/confirm/", "/leave/")),
        await anonymous.post(leave.replace("/leave/", "/confirm/")),
        await anonymous.post(leave.replace("/leave/", "/verify/")),
    ]

    assert [answer.status_code for answer in crossed] == [404, 404, 404]
    assert await confirmed(platform) == [False]


async def test_a_changed_token_is_not_found(
    owner: Person, anonymous: httpx2.AsyncClient, platform: Platform, silent_port: int
) -> None:
    await ask_stranger(owner, platform, silent_port)
    path = await leave_path(platform)
    start = len("/leave/")

    changed = [
        path[:at] + ("A" if path[at] != "A" else "B") + path[at + 1 :]
        for at in range(start, len(path) - 1)
    ]
    answers = [await anonymous.post(each) for each in [*changed, "/leave/ä", "/leave/x", path[:-4]]]

    assert {answer.status_code for answer in answers} == {404}


async def test_a_link_that_does_not_work_tells_people_so_in_words(
    owner: Person, anonymous: httpx2.AsyncClient
) -> None:
    for_people = await anonymous.get("/leave/used", headers={"accept": "text/html,*/*;q=0.8"})
    for_programs = await anonymous.post("/leave/used")

    assert for_people.status_code == 404
    assert "<h1>This link does not work any more</h1>" in for_people.text
    assert for_programs.headers["content-type"] == "application/problem+json"


async def test_a_name_of_a_service_is_text_on_these_pages(
    owner: Person, anonymous: httpx2.AsyncClient, platform: Platform, silent_port: int
) -> None:
    await owner.watch(
        f"http://127.0.0.1:{silent_port}/",
        name="<script>alert(1)</script>{{7*7}}",
        recipients=[{"email": "bo@example.net"}],
    )
    (path,) = await links_to(platform, NoticeKind.CONFIRM_RECIPIENT)

    page = (await anonymous.get(path)).text

    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{7*7}}" in page


async def test_a_recipient_that_was_removed_has_no_link(
    owner: Person, anonymous: httpx2.AsyncClient, platform: Platform, clock: FakeClock
) -> None:
    gone = RecipientId(platform.new_id())
    token = platform.links.confirm_token(gone, "bo@example.net", at=clock.now())

    answer = await anonymous.post(f"/confirm/{token}")

    assert answer.status_code == 404
