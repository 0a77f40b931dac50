"""One's own account: what is shown, taken along and deleted, and what nobody may write."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import Table, insert, select, update

from allgreen.domain.facts import Facts
from allgreen.domain.identity import WorkspaceId
from allgreen.domain.notice import NoticeKind
from allgreen.domain.policy import Role
from allgreen.domain.profile import Visibility
from allgreen.ports import Change
from allgreen.server.platform import Platform
from allgreen.server.settings import Settings
from allgreen.storage.sql.tables import (
    account_events,
    accounts,
    api_keys,
    audit,
    invitations,
    memberships,
    photos,
    profiles,
    recipients,
    recovery_codes,
    sessions,
    workspaces,
)
from allgreen.testing import FakeClock
from tests.api import PASSWORD, Person, fields, person_of
from tests.mailbox import changes_told_to, letters, link_in
from tests.people import enrol, make_key

ANA = "ana@example.org"
BO = "bo.berg@example.com"
ACCOUNT = "/api/v1/account"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """With a mail server, which nobody asks here: the outbox is looked at instead."""
    return settings.model_copy(update={"smtp_url": SecretStr("smtp://127.0.0.1:25")})


@pytest.fixture
async def bo(owner: Person, app: FastAPI, platform: Platform) -> AsyncIterator[Person]:
    """An admin of the owner's workspace, and owner of none."""
    async with AsyncExitStack() as stack:
        workspace_id = owner.me["workspaces"][0]["id"]
        yield await enrol(
            stack, app, platform, "Bo Berg", in_workspace=workspace_id, role=Role.ADMIN
        )


async def delete(person: Person, password: str | None = PASSWORD) -> httpx2.Response:
    form = None if password is None else {"password": password}
    return await person.client.request("DELETE", ACCOUNT, json=form)


async def rows_of(platform: Platform, *tables: Table) -> dict[str, list[Any]]:
    async with platform.database.read() as connection:
        return {
            table.name: list((await connection.execute(select(table))).mappings())
            for table in tables
        }


async def test_an_account_shows_what_settings_need(owner: Person) -> None:
    account = (await owner.client.get(ACCOUNT)).json()

    assert account.pop("id") == owner.me["id"]
    assert account.pop("created_at").endswith("Z")
    assert account == {
        "name": "Ana Petrov",
        "email": ANA,
        "email_verified": True,
        "pending_email": None,
        "has_password": True,
        "two_factor_since": None,
        "recovery_codes_left": 0,
        "theme": "system",
        "identities": [],
        "instance_admin": True,
    }


async def test_name_and_theme_are_changed_apart(owner: Person) -> None:
    dark = await owner.client.patch(ACCOUNT, json={"theme": "dark"})
    named = await owner.client.patch(ACCOUNT, json={"name": " Ana \u202e Petrova "})
    nothing = await owner.client.patch(ACCOUNT, json={})

    me = (await owner.client.get("/api/v1/me")).json()
    assert [answer.status_code for answer in (dark, named, nothing)] == [200, 200, 200]
    assert (me["name"], me["theme"], me["photo"]) == ("Ana Petrova", "dark", None)


@pytest.mark.parametrize(
    "field",
    [
        *("id", "email", "email_verified", "email_verified_at", "instance_admin", "is_admin"),
        *("role", "password_hash", "created_at", "disabled_at", "totp_secret", "workspace_id"),
    ],
)
async def test_what_is_not_ones_own_to_say_is_refused(owner: Person, field: str) -> None:
    before = (await owner.client.get(ACCOUNT)).json()

    answer = await owner.client.patch(ACCOUNT, json={"name": "Eve", field: True})

    assert (answer.status_code, fields(answer)) == (422, {field: "extra_forbidden"})
    assert (await owner.client.get(ACCOUNT)).json() == before


@pytest.mark.parametrize("theme", ["pink", "", 1, ["dark"], {}, 2**70])
async def test_an_odd_theme_is_refused_at_its_field(owner: Person, theme: object) -> None:
    answer = await owner.client.patch(ACCOUNT, json={"theme": theme})

    assert (answer.status_code, list(fields(answer))) == (422, ["theme"])


async def test_a_photo_is_shown_by_its_path(owner: Person, platform: Platform) -> None:
    await add_profile(platform, owner.me["id"])

    me = (await owner.client.get("/api/v1/me")).json()

    assert me["photo"] == "/api/v1/photos/" + "f" * 64


async def add_profile(platform: Platform, account_id: str) -> None:
    words = dict.fromkeys(("pronouns", "city", "bio", "github", "linkedin", "website"), "")
    now = platform.clock.now()
    async with platform.database.unit_of_work() as uow:
        await uow.connection.execute(
            insert(profiles).values(
                account_id=account_id,
                surname="Berg",
                visibility=Visibility.WORKSPACE,
                photo_id="f" * 64,
                **words,
            )
        )
        await uow.connection.execute(
            insert(photos).values(
                id="f" * 64, account_id=account_id, large=b"large", small=b"small", created_at=now
            )
        )
        await uow.commit()


# Sessions


async def test_sessions_are_listed_and_ended_one_by_one(
    owner: Person, anonymous: httpx2.AsyncClient, clock: FakeClock
) -> None:
    clock.advance(timedelta(minutes=5))
    await anonymous.post("/api/v1/session", json={"email": ANA, "password": PASSWORD})
    listed = (await owner.client.get(f"{ACCOUNT}/sessions")).json()["items"]
    other = next(each["id"] for each in listed if not each["current"])

    ended = await owner.client.delete(f"{ACCOUNT}/sessions/{other}")
    again = await owner.client.delete(f"{ACCOUNT}/sessions/{other}")

    assert [each["current"] for each in listed] == [False, True]
    assert (ended.status_code, again.status_code) == (204, 404)
    assert (await anonymous.get("/api/v1/me")).status_code == 401
    assert (await owner.client.get("/api/v1/me")).status_code == 200


async def test_nobody_ends_or_sees_sessions_of_others(owner: Person, bo: Person) -> None:
    (theirs,) = (await bo.client.get(f"{ACCOUNT}/sessions")).json()["items"]

    answers = [
        await owner.client.delete(f"{ACCOUNT}/sessions/{each}")
        for each in (theirs["id"], "x", "%00", "%ff", "0" * 36)
    ]

    assert [answer.status_code for answer in answers] == [404] * 5
    assert (await bo.client.get("/api/v1/me")).status_code == 200


async def test_all_other_sessions_end_at_once(owner: Person, app: FastAPI) -> None:
    others = [person_of(app) for _ in range(3)]
    for each in others:
        await each.post("/api/v1/session", json={"email": ANA, "password": PASSWORD})

    await owner.client.post(f"{ACCOUNT}/sessions/end-others")

    assert [(await each.get("/api/v1/me")).status_code for each in others] == [401] * 3
    assert (await owner.client.get("/api/v1/me")).status_code == 200


async def test_a_session_that_ended_sees_no_page_that_was_just_read(
    owner: Person, anonymous: httpx2.AsyncClient
) -> None:
    await anonymous.post("/api/v1/session", json={"email": ANA, "password": PASSWORD})
    assert (await anonymous.get(owner.workspace)).status_code == 200

    await owner.client.post(f"{ACCOUNT}/sessions/end-others")

    assert (await anonymous.get(owner.workspace)).status_code == 401


async def change_password(person: Person, _platform: Platform) -> None:
    form = {"current_password": PASSWORD, "new_password": "seven loud herons dance"}
    await person.client.put(f"{ACCOUNT}/password", json=form)


async def reset_password(person: Person, platform: Platform) -> None:
    await person.client.post("/api/v1/password/forgot", json={"email": ANA})
    token = (await link_in(platform, NoticeKind.RESET_PASSWORD, ANA)).removeprefix("/reset/")
    form = {"token": token, "password": "seven loud herons dance"}
    await person.client.post("/api/v1/password/reset", json=form)


async def end_others(person: Person, _platform: Platform) -> None:
    await person.client.post(f"{ACCOUNT}/sessions/end-others")


async def remove_second_factor(person: Person, _platform: Platform) -> None:
    await person.client.delete(f"{ACCOUNT}/two-factor")


async def change_email(person: Person, platform: Platform) -> None:
    new = "ana@example.net"
    await person.client.post(f"{ACCOUNT}/email", json={"email": new})
    await person.client.post(await link_in(platform, NoticeKind.CHANGE_EMAIL, new))


@pytest.mark.parametrize(
    "change", [change_password, reset_password, end_others, remove_second_factor, change_email]
)
async def test_open_streams_are_rung_so_that_they_look_whether_their_session_lasts(
    owner: Person, platform: Platform, change: Callable[[Person, Platform], Awaitable[None]]
) -> None:
    workspace_id = WorkspaceId(owner.me["workspaces"][0]["id"])
    async with platform.broker.subscribe() as subscription:
        await change(owner, platform)

        rung = await asyncio.wait_for(subscription.next(), 5)

    assert rung == Change(workspace_id=workspace_id, kind="workspace", id=workspace_id)


# Events


async def test_events_come_in_pages_newest_first(
    owner: Person, anonymous: httpx2.AsyncClient
) -> None:
    for _ in range(3):
        await anonymous.post("/api/v1/session", json={"email": ANA, "password": PASSWORD})
    await owner.client.post(f"{ACCOUNT}/sessions/end-others")

    first = (await owner.client.get(f"{ACCOUNT}/events", params={"limit": 2})).json()
    second = await owner.client.get(
        f"{ACCOUNT}/events", params={"limit": 2, "cursor": first["next_cursor"]}
    )

    assert [each["action"] for each in first["items"]] == ["session.others_ended", "session.opened"]
    assert [each["action"] for each in second.json()["items"]] == ["session.opened"] * 2
    assert second.json()["next_cursor"] is None


async def test_the_events_of_one_account_tell_nothing_of_how_much_happens_in_others(
    owner: Person, bo: Person, anonymous: httpx2.AsyncClient
) -> None:
    for _ in range(3):
        await anonymous.post("/api/v1/session", json={"email": ANA, "password": PASSWORD})

    page = (await owner.client.get(f"{ACCOUNT}/events", params={"limit": 2})).json()
    theirs = {"cursor": page["next_cursor"]}
    foreign = await bo.client.get(f"{ACCOUNT}/events", params=theirs)

    assert all(re.fullmatch("[0-9a-f]{32}", each["id"]) for each in page["items"])
    assert foreign.status_code == 422


@pytest.mark.parametrize("cursor", ["WyJ4Il0", "WyIxMjM0NTY3ODkwMTIzNDU2Nzg5MCJd", "WyLCsiJd", "?"])
async def test_a_cursor_of_something_else_is_refused(owner: Person, cursor: str) -> None:
    answer = await owner.client.get(f"{ACCOUNT}/events", params={"cursor": cursor})

    assert (answer.status_code, fields(answer)) == (422, {"cursor": "cursor"})


async def test_events_of_others_are_not_shown(owner: Person, bo: Person) -> None:
    await bo.client.post(f"{ACCOUNT}/sessions/end-others")

    assert (await owner.client.get(f"{ACCOUNT}/events")).json()["items"] == []


# Export


async def test_an_export_holds_all_of_ones_own_and_no_secret(
    owner: Person, bo: Person, platform: Platform, silent_port: int
) -> None:
    await owner.watch(f"http://127.0.0.1:{silent_port}/", recipients=[{"email": BO}])
    key = (await make_key(bo, "read"))["key"]
    await add_profile(platform, bo.me["id"])
    await bo.client.post(f"{ACCOUNT}/two-factor")

    answer = await bo.client.get(f"{ACCOUNT}/export")

    export = answer.json()
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    assert export["account"]["email"] == BO
    assert [each["name"] for each in export["memberships"]] == ["Nordlys"]
    assert [each["service_name"] for each in export["recipients"]] == ["Checkout"]
    assert [each["name"] for each in export["keys"]] == ["Deploys"]
    assert (export["profile"]["surname"], export["photo"]) == ("Berg", "bGFyZ2U=")
    assert len(export["sessions"]) == 1
    stored = await rows_of(platform, accounts, sessions, api_keys)
    secrets = [key, bo.client.cookies["allgreen"]]
    secrets += [
        row[name] for row in stored["accounts"] for name in ("password_hash", "totp_secret")
    ]
    secrets += [row["id_hash"] for row in stored["sessions"]]
    secrets += [row["key_hash"] for row in stored["api_keys"]]
    assert [each for each in secrets if each and each in answer.text] == []
    assert ANA not in answer.text


async def test_an_export_is_made_ten_times_an_hour(owner: Person) -> None:
    answers = [await owner.client.get(f"{ACCOUNT}/export") for _ in range(11)]

    assert [answer.status_code for answer in answers] == [200] * 10 + [429]


# Deletion


async def test_the_only_owner_of_a_workspace_cannot_delete_the_account(
    owner: Person, app: FastAPI, platform: Platform
) -> None:
    async with AsyncExitStack() as stack:
        alone = await enrol(stack, app, platform, "Cy Alone")

        answer = await delete(alone)

        workspace_id = alone.me["workspaces"][0]["id"]
        assert (answer.status_code, fields(answer)) == (
            422,
            {f"workspaces.{workspace_id}": "last_owner"},
        )
        assert "Cy Alone's workspace" in answer.text
        assert (await alone.client.get("/api/v1/me")).status_code == 200


async def test_an_owner_beside_who_is_disabled_counts_as_the_only_one(
    owner: Person, bo: Person, platform: Platform
) -> None:
    async with platform.database.unit_of_work() as uow:
        await uow.connection.execute(update(memberships).values(role=Role.OWNER))
        ana = accounts.c.id == owner.me["id"]
        await uow.connection.execute(
            update(accounts).where(ana).values(disabled_at=platform.clock.now())
        )
        await uow.commit()

    assert (await delete(bo)).status_code == 422


async def test_a_workspace_that_was_deleted_keeps_nobody(
    owner: Person, app: FastAPI, platform: Platform
) -> None:
    async with AsyncExitStack() as stack:
        alone = await enrol(stack, app, platform, "Cy Alone")
        async with platform.database.unit_of_work() as uow:
            here = workspaces.c.id == alone.me["workspaces"][0]["id"]
            gone = update(workspaces).where(here).values(deleted_at=platform.clock.now())
            await uow.connection.execute(gone)
            await uow.commit()

        assert (await delete(alone)).status_code == 204


async def test_with_an_account_goes_all_that_hangs_on_it(
    owner: Person, bo: Person, platform: Platform, silent_port: int
) -> None:
    await owner.watch(
        f"http://127.0.0.1:{silent_port}/", recipients=[{"email": BO}, {"email": ANA}]
    )
    await make_key(bo, "read")
    await add_profile(platform, bo.me["id"])
    await bo.client.post(f"{ACCOUNT}/sessions/end-others")

    answer = await delete(bo)

    assert answer.status_code == 204
    assert answer.headers["set-cookie"].startswith('allgreen="";')
    left = await rows_of(
        platform,
        *(accounts, sessions, memberships, recipients, api_keys),
        *(profiles, photos, account_events, recovery_codes),
    )
    assert {name: len(rows) for name, rows in left.items()} == {
        "accounts": 1,
        "sessions": 1,
        "memberships": 1,
        "recipients": 1,
        "api_keys": 0,
        "profiles": 0,
        "photos": 0,
        "account_events": 0,
        "recovery_codes": 0,
    }


async def test_the_owners_are_told_who_is_not_told_any_more(
    owner: Person, bo: Person, platform: Platform, silent_port: int
) -> None:
    for name in ("Checkout", "Search", "Billing"):
        await owner.watch(f"http://127.0.0.1:{silent_port}/", name=name, recipients=[{"email": BO}])

    await delete(bo)

    (told,) = await letters(platform, NoticeKind.RECIPIENT_LOST)
    facts = Facts.from_json(told.facts)
    assert (told.address, facts.address) == (ANA, "Bo Berg")
    assert facts.service_name == "Billing and 2 other services"
    assert facts.reason == "Their account was deleted."
    assert await changes_told_to(platform, BO) == ["your account was deleted"]


async def test_the_history_keeps_the_id_and_not_the_person(
    owner: Person, bo: Person, platform: Platform, silent_port: int
) -> None:
    before = len((await rows_of(platform, audit))["audit"])
    url = f"http://127.0.0.1:{silent_port}/"
    await owner.watch(url, recipients=[{"email": ANA}])
    async with platform.database.unit_of_work() as uow:
        await uow.connection.execute(update(recipients).values(account_id=bo.me["id"], address=BO))
        await uow.commit()

    await delete(bo)

    rows = (await rows_of(platform, audit))["audit"][before:]
    texts = [str(dict(row)) for row in rows]
    assert "member.left" in {row["action"] for row in rows}
    assert any(bo.me["id"] in text for text in texts)
    assert [text for text in texts if BO in text or "Bo Berg" in text] == []


async def test_what_others_did_with_somebody_tells_neither_name_nor_address_once_they_are_gone(
    owner: Person, app: FastAPI, platform: Platform
) -> None:
    async with AsyncExitStack() as stack:
        lisa = await enrol(stack, app, platform, "Lisa Lien", in_workspace="", role=None)
        form = {"email": "lisa.lien@example.com", "role": "observer"}
        sent = await owner.client.post(f"{owner.workspace}/invitations", json=form)
        own = f"{ACCOUNT}/invitations/{sent.json()['invitation']['id']}"
        await lisa.client.post(f"{own}/accept")
        member = f"{owner.workspace}/members/{lisa.me['id']}"
        await owner.client.patch(member, json={"role": "admin"})
        await owner.client.post(f"{owner.workspace}/transfer", json={"account_id": lisa.me["id"]})
        await lisa.client.post(f"{owner.workspace}/transfer/accept")
        back = {"account_id": owner.me["id"]}
        await lisa.client.post(f"{owner.workspace}/transfer", json=back)
        await owner.client.post(f"{owner.workspace}/transfer/accept")
        await lisa.client.patch(ACCOUNT, json={"name": "Lisa Holm"})
        await owner.client.delete(member)
        told = {row["action"]: row for row in (await rows_of(platform, audit))["audit"]}
        assert {"invitation.accepted", "member.role_changed", "member.removed"} <= set(told)
        assert "Lisa" in str([dict(row) for row in told.values()])

        assert (await delete(lisa)).status_code == 204

    kept = await rows_of(platform, audit, invitations)
    texts = [str(dict(row)) for rows in kept.values() for row in rows]
    assert len(kept["audit"]) >= len(told)
    assert [text for text in texts if "Lisa" in text or "lisa.lien" in text] == []
    assert any(lisa.me["id"] in text for text in texts)
    summaries = [row["summary"] for row in kept["audit"]]
    assert "made somebody whose account is deleted an admin" in summaries
    assert "invited somebody whose account is deleted as an observer" in summaries


async def test_invitations_and_offers_of_a_deleted_account_are_void(
    owner: Person, bo: Person, platform: Platform
) -> None:
    now, workspace_id = platform.clock.now(), owner.me["workspaces"][0]["id"]
    async with platform.database.unit_of_work() as uow:
        await uow.connection.execute(
            insert(invitations).values(
                id=platform.new_id(),
                workspace_id=workspace_id,
                email="new@example.net",
                role=Role.OBSERVER,
                invited_by=bo.me["id"],
                sendings=1,
                created_at=now,
                sent_at=now,
                expires_at=now + timedelta(days=7),
            )
        )
        await uow.connection.execute(
            update(workspaces).values(offered_to=bo.me["id"], offered_by="x", offered_at=now)
        )
        await uow.commit()

    await delete(bo)

    left = await rows_of(platform, invitations, workspaces)
    assert [row["revoked_at"] is not None for row in left["invitations"]] == [True]
    assert {row["offered_to"] for row in left["workspaces"]} == {None}


async def test_the_address_registers_anew_and_inherits_nothing(
    owner: Person, bo: Person, anonymous: httpx2.AsyncClient
) -> None:
    await delete(bo)
    form = {"name": "Bo", "email": BO, "password": PASSWORD}

    assert (await anonymous.post("/api/v1/accounts", json=form)).status_code == 202
    await anonymous.post("/api/v1/session", json=form | {"name": "Bo"})
    log_in = {"email": BO, "password": PASSWORD}
    me = (await anonymous.post("/api/v1/session", json=log_in)).json()

    assert me["id"] != bo.me["id"]
    assert [each["name"] for each in me["workspaces"]] == ["Bo's workspace"]
    assert (await anonymous.get(owner.workspace)).status_code == 404


async def test_an_account_is_deleted_only_by_who_shows_that_it_is_theirs(
    owner: Person, bo: Person, clock: FakeClock
) -> None:
    clock.advance(timedelta(minutes=31))

    nothing = await delete(bo, password=None)
    wrong = await delete(bo, password="guess")
    await bo.client.post("/api/v1/session/proof", json={"password": PASSWORD})
    proven = await delete(bo, password=None)

    assert (nothing.status_code, nothing.json()["code"]) == (403, "proof_needed")
    assert (wrong.status_code, fields(wrong)) == (422, {"password": "credentials"})
    assert proven.status_code == 204


async def test_the_last_who_runs_this_allgreen_stays(
    owner: Person, bo: Person, platform: Platform
) -> None:
    async with platform.database.unit_of_work() as uow:
        await uow.connection.execute(update(memberships).values(role=Role.OWNER))
        await uow.commit()

    answer = await delete(owner)

    assert (answer.status_code, fields(answer)) == (422, {"": "last_admin"})
