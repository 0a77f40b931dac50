"""The page of a workspace, as its members set it up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import select, update

from allgreen.domain.policy import Role
from allgreen.server.platform import Platform
from allgreen.storage.sql.tables import audit, memberships
from allgreen.testing import FakeClock
from tests.api import PASSWORD, Person, fields


@pytest.fixture
async def service(owner: Person, silent_port: int) -> dict[str, Any]:
    return await owner.watch(f"http://127.0.0.1:{silent_port}/health")


async def settings_of(person: Person) -> dict[str, Any]:
    answer = await person.client.get(f"{person.workspace}/status-page")
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


async def edit(person: Person, *, version: int | None = None, **changes: object) -> httpx2.Response:
    known = (await settings_of(person))["version"] if version is None else version
    return await person.client.patch(
        f"{person.workspace}/status-page", json=changes, headers={"If-Match": f'"{known}"'}
    )


async def change_role(platform: Platform, role: Role) -> None:
    async with platform.database.unit_of_work() as uow:
        await uow.connection.execute(update(memberships).values(role=role))
        await uow.commit()


async def sign_in(person: Person) -> None:
    form = {"email": person.me["email"], "password": PASSWORD, "keep": False}
    answer = await person.client.post("/api/v1/session", json=form)
    assert answer.is_success, answer.text


async def test_a_page_that_nobody_wrote_is_unpublished_and_has_a_free_name_to_offer(
    owner: Person,
) -> None:
    page = await settings_of(owner)

    assert page == {
        "slug": None,
        "suggested_slug": "nordlys",
        "address": None,
        "is_published": False,
        "title": "Nordlys",
        "about": "",
        "website": "",
        "shows_latency": False,
        "service_ids": None,
        "version": 1,
        "published_at": None,
    }


async def test_what_is_saved_is_read_again(
    owner: Person, service: dict[str, Any], clock: FakeClock
) -> None:
    changes: dict[str, Any] = {
        "slug": "nordlys-shop",
        "is_published": True,
        "title": "Nordlys shop",
        "about": "We *write* here.\r\nAnd here.",
        "website": "https://nordlys.example/shop",
        "shows_latency": True,
        "service_ids": [service["id"]],
    }

    answer = await edit(owner, **changes)

    page = await settings_of(owner)
    assert answer.json() == page
    assert answer.headers["etag"] == '"2"'
    assert page == {
        **changes,
        "about": "We *write* here.\nAnd here.",
        "suggested_slug": None,
        "address": "http://127.0.0.1:8000/status/nordlys-shop",
        "version": 2,
        "published_at": f"{clock.now():%Y-%m-%dT%H:%M:%S.%fZ}",
    }


async def test_the_workspace_tells_of_its_page_while_that_is_public(owner: Person) -> None:
    async def slug() -> str | None:
        told: str | None = (await owner.client.get(owner.workspace)).json()["slug"]
        return told

    before = await slug()
    await edit(owner, slug="nordlys", is_published=True)
    public = await slug()
    await edit(owner, is_published=False)

    assert (before, public, await slug()) == (None, "nordlys", None)


async def test_null_shows_all_services_again(owner: Person, service: dict[str, Any]) -> None:
    await edit(owner, service_ids=[service["id"]])

    answer = await edit(owner, service_ids=None)

    assert answer.json()["service_ids"] is None


async def test_every_change_is_in_the_history_with_who_made_it(
    owner: Person, platform: Platform
) -> None:
    await edit(owner, slug="nordlys", is_published=True)
    await edit(owner, about="Hello.")
    await edit(owner, is_published=False)

    async with platform.database.read() as connection:
        query = select(audit.c.action, audit.c.summary, audit.c.by_account_id).where(
            audit.c.action.startswith("status_page.")
        )
        rows = [tuple(row) for row in await connection.execute(query.order_by(audit.c.id))]
    assert rows == [
        (
            "status_page.published",
            "status page: published it; named its address nordlys",
            owner.me["id"],
        ),
        ("status_page.edited", "status page: changed what it says", owner.me["id"]),
        (
            "status_page.unpublished",
            "status page: took it back from the public",
            owner.me["id"],
        ),
    ]


async def test_whoever_read_an_older_version_is_told(owner: Person) -> None:
    await edit(owner, title="Mine", version=1)

    answer = await edit(owner, title="Also mine", version=1)

    assert (answer.status_code, answer.json()["code"]) == (412, "version_conflict")
    assert (await settings_of(owner))["title"] == "Mine"


@pytest.mark.parametrize(
    "change",
    [{"slug": "mine"}, {"is_published": True}, {"is_published": False}, {"service_ids": None}],
    ids="".join,
)
async def test_admins_change_what_it_says_and_only_owners_the_rest(
    owner: Person, platform: Platform, change: dict[str, Any]
) -> None:
    await change_role(platform, Role.ADMIN)

    said = await edit(owner, title="Said by an admin", shows_latency=True)
    refused = await edit(owner, title="Never", **change)

    assert said.status_code == 200
    assert refused.status_code == 403
    assert (await settings_of(owner))["title"] == "Said by an admin"


async def test_observers_read_it_and_change_nothing(owner: Person, platform: Platform) -> None:
    await change_role(platform, Role.OBSERVER)

    answer = await edit(owner, title="Mine")

    assert answer.status_code == 403
    assert (await settings_of(owner))["title"] == "Nordlys"


async def test_a_page_needs_a_name_before_it_is_published(owner: Person) -> None:
    answer = await edit(owner, is_published=True)

    assert (answer.status_code, fields(answer)) == (422, {"slug": "missing"})


async def test_a_name_belongs_to_one_workspace(owner: Person, stranger: Person) -> None:
    await edit(owner, slug="nordlys")

    answer = await edit(stranger, slug="nordlys")

    assert fields(answer) == {"slug": "taken"}


async def test_a_name_that_was_given_up_is_kept_for_ninety_days(
    owner: Person, stranger: Person, clock: FakeClock
) -> None:
    await edit(owner, slug="old-name")
    await edit(owner, slug="new-name")

    clock.advance(timedelta(days=90) - timedelta(seconds=1))
    await sign_in(stranger)
    early = await edit(stranger, slug="old-name")
    clock.advance(timedelta(seconds=2))
    late = await edit(stranger, slug="old-name")

    assert fields(early) == {"slug": "taken"}
    assert late.json()["slug"] == "old-name"


async def test_its_own_earlier_name_is_free_for_a_workspace(owner: Person) -> None:
    await edit(owner, slug="old-name")
    await edit(owner, slug="new-name")

    answer = await edit(owner, slug="old-name")

    assert answer.json()["slug"] == "old-name"


async def test_nobody_takes_many_names_by_renaming(owner: Person, clock: FakeClock) -> None:
    for number in range(6):
        assert (await edit(owner, slug=f"brand-{number}")).status_code == 200

    seventh = await edit(owner, slug="brand-6")
    again = await edit(owner, slug="brand-2")
    title = await edit(owner, title="Still its own")
    clock.advance(timedelta(days=90, seconds=1))
    await sign_in(owner)
    later = await edit(owner, slug="brand-6")

    assert fields(seventh) == {"slug": "too_many"}
    assert (again.json()["slug"], title.status_code) == ("brand-2", 200)
    assert later.json()["slug"] == "brand-6"


async def test_a_proposed_name_is_free(owner: Person, stranger: Person) -> None:
    await edit(owner, slug="eve-stranger")
    name = (await stranger.client.get(stranger.workspace)).json()["name"]
    await stranger.client.patch(stranger.workspace, json={"name": "Éve Stránger"})

    page = await settings_of(stranger)

    assert name != "Éve Stránger"
    assert page["suggested_slug"] == "eve-stranger-2"


@pytest.mark.parametrize(
    "slug",
    [
        "ab",
        "a" * 64,
        "-abc",
        "abc-",
        "a--b",
        "a_b",
        "a.b",
        "a/b",
        "",
        " ",
        "n\u043erdlys",
        "ñandu",
        "a\0b",
        "xn--nordlys",
        "nord\u200blys",
        "%2e%2e",
        "x" * 100_000,
    ],
    ids=lambda slug: repr(slug[:20]),
)
async def test_a_name_that_cannot_stand_in_an_address_is_refused(owner: Person, slug: str) -> None:
    answer = await edit(owner, slug=slug)

    assert (answer.status_code, fields(answer)) == (422, {"slug": "invalid"})


@pytest.mark.parametrize("slug", ["admin", "adm1n", "ad-min", "l0gin", "api", "status", "a11green"])
async def test_names_that_look_like_ours_are_kept(owner: Person, slug: str) -> None:
    answer = await edit(owner, slug=slug)

    assert (answer.status_code, fields(answer)) == (422, {"slug": "invalid"})


async def test_full_width_letters_become_plain_ones(owner: Person) -> None:
    answer = await edit(owner, slug="Ｎordlys１")

    assert answer.json()["slug"] == "nordlys1"


async def test_a_service_of_another_workspace_cannot_be_shown(
    owner: Person, stranger: Person, silent_port: int, service: dict[str, Any]
) -> None:
    foreign = await stranger.watch(f"http://127.0.0.1:{silent_port}/theirs")

    answer = await edit(owner, service_ids=[service["id"], foreign["id"], "nothing", "\0"])

    assert fields(answer) == {f"service_ids.{place}": "unknown" for place in (1, 2, 3)}


@pytest.mark.parametrize(
    "website",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "http://nordlys.example",
        "//evil.example",
        "/\\evil.example",
        "https:evil.example",
        "https://",
        "https://a@evil.example",
        "https://a b.example",
        "https://[::1",
        "https://x.example:99999999",
        'https://x.example/" onload=alert(1)',
        "https://x.example/\u202egpj",
        "data:text/html,x",
        "https://x.example/" + "a" * 400,
    ],
)
async def test_a_website_is_an_https_address(owner: Person, website: str) -> None:
    answer = await edit(owner, website=website)

    assert (answer.status_code, fields(answer)) == (422, {"website": "invalid"})


@pytest.mark.parametrize(
    "body",
    [
        b'{"title": "\\ud800"}',
        b'{"about": "\\ud800"}',
        b'{"slug": 1e999}',
        b'{"service_ids": [NaN]}',
        b'{"is_published": 1180591620717411303424}',
        b'{"about": null, "title": null, "slug": null}',
        b'{"about": "\\u0000\\u0007"}',
        b'{"service_ids": "all"}',
        b"[]",
        b"",
    ],
)
async def test_odd_json_is_no_fault(owner: Person, body: bytes) -> None:
    headers = {"If-Match": '"1"', "Content-Type": "application/json"}

    answer = await owner.client.patch(
        f"{owner.workspace}/status-page", content=body, headers=headers
    )

    assert answer.status_code in (200, 422)
