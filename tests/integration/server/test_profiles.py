"""Profiles: what people tell of themselves is seen by those they chose, and by nobody else."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import delete, insert, update

from allgreen.domain.policy import Role
from allgreen.server.platform import Platform
from allgreen.server.profiles.limits import PROFILES_PER_ACCOUNT
from allgreen.storage.sql.tables import account_events, accounts, memberships, workspaces
from tests.api import Person, fields

PROFILE = "/api/v1/account/profile"


def form(**changes: object) -> dict[str, object]:
    filled = {
        "name": "Ana",
        "surname": "Petrov",
        "pronouns": "she/her",
        "city": "Göteborg",
        "bio": "Keeps payments boring.",
        "github": "anapetrov",
        "linkedin": "ana-petrov",
        "website": "https://ana.example",
        "visibility": "workspace",
    }
    return filled | changes


async def save(person: Person, **changes: object) -> dict[str, Any]:
    answer = await person.client.put(PROFILE, json=form(**changes))
    assert answer.status_code == 200, answer.text
    saved: dict[str, Any] = answer.json()
    return saved


def address_of(person: Person) -> str:
    return f"/api/v1/profiles/{person.me['id']}"


async def join(platform: Platform, person: Person, other: Person) -> None:
    """Let `person` observe the workspace of `other`."""
    async with platform.database.unit_of_work() as uow:
        await uow.connection.execute(
            insert(memberships).values(
                account_id=person.me["id"],
                workspace_id=other.me["workspaces"][0]["id"],
                role=Role.OBSERVER,
                created_at=platform.clock.now(),
            )
        )
        await uow.commit()


async def part(platform: Platform, person: Person, other: Person) -> None:
    """Let `person` be no member of the workspace of `other` any more."""
    async with platform.database.unit_of_work() as uow:
        await uow.connection.execute(
            delete(memberships).where(
                memberships.c.account_id == person.me["id"],
                memberships.c.workspace_id == other.me["workspaces"][0]["id"],
            )
        )
        await uow.commit()


async def test_a_new_account_shows_its_name_to_people_in_its_workspaces(owner: Person) -> None:
    answer = await owner.client.get(PROFILE)

    assert answer.json() == {
        "id": owner.me["id"],
        "name": "Ana Petrov",
        **dict.fromkeys(("surname", "pronouns", "city", "bio", "github", "linkedin"), ""),
        "website": "",
        "photo": None,
        "visibility": "workspace",
        "page": f"/u/{owner.me['id']}",
    }


async def test_what_is_saved_is_shown_again(owner: Person) -> None:
    saved = await save(owner, github="https://github.com/anapetrov", website="ana.example")

    shown = (await owner.client.get(PROFILE)).json()
    me = (await owner.client.get("/api/v1/me")).json()

    assert shown == saved
    assert (shown["github"], shown["website"]) == ("anapetrov", "https://ana.example")
    assert me["name"] == "Ana Petrov"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "\u202e"),
        ("name", "x" * 81),
        ("surname", "x" * 81),
        ("bio", "x" * 281),
        ("bio", 2**70),
        ("bio", None),
        ("github", "https://evil.example/ana"),
        ("linkedin", "https://github.com/ana"),
        ("website", "javascript:alert(1)"),
        ("website", "a b.example"),
        ("visibility", "nobody"),
        ("visibility", {"$ne": ""}),
        ("email", "eve@example.net"),
        ("id", "another"),
    ],
)
async def test_a_field_that_cannot_be_saved_says_so(
    owner: Person, field: str, value: object
) -> None:
    before = (await owner.client.get(PROFILE)).json()

    answer = await owner.client.put(
        PROFILE,
        content=json.dumps(form(**{field: value})).encode(),
        headers={"content-type": "application/json"},
    )

    assert answer.status_code == 422
    assert list(fields(answer)) == [field]
    assert (await owner.client.get(PROFILE)).json() == before


async def test_what_no_text_can_hold_is_left_out(owner: Person) -> None:
    odd = form(name="A\0na", city="Göte\ud800borg", bio="one\0\ntwo\udfff")

    answer = await owner.client.put(
        PROFILE, content=json.dumps(odd).encode(), headers={"content-type": "application/json"}
    )

    saved = answer.json()
    assert (saved["name"], saved["city"], saved["bio"]) == ("Ana", "Göteborg", "one\ntwo")


async def test_who_sees_a_profile_is_noted_for_its_owner(owner: Person, platform: Platform) -> None:
    await save(owner, visibility="public")
    await save(owner, visibility="public", city="Oslo")

    async with platform.database.read() as connection:
        query = account_events.select().where(account_events.c.action == "profile.visibility")
        noted = (await connection.execute(query)).all()
    assert [row.summary for row in noted] == ["showed the profile to everybody"]


SEEN = {
    "public": {"anonymous", "stranger", "member", "self"},
    "signed_in": {"stranger", "member", "self"},
    "workspace": {"member", "self"},
}


@pytest.mark.parametrize("visibility", SEEN)
@pytest.mark.parametrize("viewer", ["anonymous", "stranger", "member", "self"])
async def test_a_profile_is_seen_by_those_it_is_for(
    owner: Person,
    stranger: Person,
    anonymous: httpx2.AsyncClient,
    platform: Platform,
    visibility: str,
    viewer: str,
) -> None:
    await save(owner, visibility=visibility)
    if viewer == "member":
        await join(platform, stranger, owner)
    client = {"anonymous": anonymous, "self": owner.client}.get(viewer, stranger.client)

    answer = await client.get(address_of(owner))
    page = await client.get(f"/u/{owner.me['id']}")

    expected = 200 if viewer in SEEN[visibility] else 404
    assert (answer.status_code, page.status_code) == (expected, expected)


@pytest.mark.parametrize("path", ["/api/v1/profiles/{}", "/u/{}"])
async def test_a_profile_that_is_not_for_you_is_like_one_that_is_not_there(
    owner: Person, stranger: Person, path: str
) -> None:
    await save(owner, visibility="workspace")

    hidden = await stranger.client.get(path.format(owner.me["id"]))
    absent = await stranger.client.get(path.format(uuid4()))
    odd = await stranger.client.get(path.format("%00" * 36))

    assert hidden.status_code == 404
    assert hidden.content == absent.content == odd.content
    assert dict(hidden.headers) == dict(absent.headers)


async def test_who_shares_no_workspace_any_more_sees_nothing(
    owner: Person, stranger: Person, platform: Platform
) -> None:
    await save(owner)
    await join(platform, stranger, owner)
    assert (await stranger.client.get(address_of(owner))).status_code == 200

    await part(platform, stranger, owner)

    assert (await stranger.client.get(address_of(owner))).status_code == 404
    assert (await stranger.client.get(f"/u/{owner.me['id']}")).status_code == 404


async def test_a_deleted_workspace_shares_nothing(
    owner: Person, stranger: Person, platform: Platform
) -> None:
    await save(owner)
    await join(platform, stranger, owner)

    async with platform.database.unit_of_work() as uow:
        deleted = update(workspaces).where(workspaces.c.id == owner.me["workspaces"][0]["id"])
        await uow.connection.execute(deleted.values(deleted_at=datetime.now(UTC)))  # noqa: TID251
        await uow.commit()

    assert (await stranger.client.get(address_of(owner))).status_code == 404


async def test_an_account_that_is_switched_off_shows_no_profile(
    owner: Person, stranger: Person, platform: Platform
) -> None:
    await save(owner, visibility="public")

    async with platform.database.unit_of_work() as uow:
        off = update(accounts).where(accounts.c.id == owner.me["id"])
        await uow.connection.execute(off.values(disabled_at=platform.clock.now()))
        await uow.commit()

    assert (await stranger.client.get(address_of(owner))).status_code == 404


async def test_a_profile_never_holds_an_address(
    owner: Person, stranger: Person, anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    await save(owner, visibility="public")
    await join(platform, stranger, owner)

    answers = [
        await client.get(path)
        for client in (anonymous, stranger.client)
        for path in (address_of(owner), f"/u/{owner.me['id']}")
    ]

    assert [answer.status_code for answer in answers] == [200] * 4
    assert not any("ana@example.org" in answer.text for answer in answers)


async def test_somebody_who_reads_one_profile_after_the_other_has_to_wait(
    owner: Person, stranger: Person, platform: Platform
) -> None:
    await save(owner, visibility="signed_in")

    seen = [
        await stranger.client.get(address_of(owner)) for _ in range(PROFILES_PER_ACCOUNT.amount)
    ]
    refused = await stranger.client.get(address_of(owner))
    page = await stranger.client.get(f"/u/{owner.me['id']}")
    await join(platform, stranger, owner)
    together = await stranger.client.get(address_of(owner))

    assert {answer.status_code for answer in seen} == {200}
    assert (refused.status_code, page.status_code) == (429, 429)
    assert together.status_code == 200


async def test_the_page_escapes_everything_and_trusts_no_link(
    owner: Person, anonymous: httpx2.AsyncClient
) -> None:
    nasty = "<script>alert(1)</script>"
    await save(
        owner,
        name=nasty,
        city=nasty,
        bio=f"one\n{nasty}",
        website="https://ana.example/?a=\"><script>&b='",
        visibility="public",
    )

    page = await anonymous.get(f"/u/{owner.me['id']}")

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<script" not in page.text
    links = [part.partition(">")[0] for part in page.text.split("<a ")[1:]]
    assert len(links) == 3
    assert all('rel="noopener nofollow ugc me"' in link for link in links)
    assert all(link.startswith('href="https://') for link in links)


@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_nobody_edits_without_a_session(anonymous: httpx2.AsyncClient, method: str) -> None:
    answer = await anonymous.request(method, PROFILE, json=form() if method == "PUT" else None)

    assert answer.status_code == 401


async def test_saving_tells_the_pages_that_show_the_name(owner: Person, platform: Platform) -> None:
    async with platform.broker.subscribe() as subscription:
        await save(owner)
        change = await subscription.next()

    assert change.workspace_id == owner.me["workspaces"][0]["id"]


async def test_people_are_called_by_name_and_surname_wherever_others_meet_them(
    owner: Person, anonymous: httpx2.AsyncClient
) -> None:
    form = {"name": "Ana", "surname": "Petrov", "visibility": "workspace"}
    assert (await owner.client.put("/api/v1/account/profile", json=form)).is_success
    sent = await owner.client.post(
        f"{owner.workspace}/invitations", json={"email": "lisa@example.com", "role": "observer"}
    )
    token = sent.json()["link"].rpartition("/")[2]

    me = (await owner.client.get("/api/v1/me")).json()
    invited = (await anonymous.post("/api/v1/invitations/look", json={"token": token})).json()
    members = (await owner.client.get(f"{owner.workspace}/members")).json()["items"]
    lines = (await owner.client.get(f"{owner.workspace}/audit")).json()["items"]
    await owner.client.put("/api/v1/account/profile", json=form | {"surname": ""})
    without = (await owner.client.get("/api/v1/me")).json()

    called = {me["name"], invited["invited_by"], members[0]["name"], lines[0]["who"]["name"]}
    assert called == {"Ana Petrov"}
    assert without["name"] == "Ana"
