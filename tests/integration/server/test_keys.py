"""Keys of the API: what they open, and how they die."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Annotated, Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import func, insert, select, update

from allgreen.domain.facts import Facts
from allgreen.domain.notice import Notice, NoticeKind
from allgreen.domain.policy import Permission, Role
from allgreen.server import problems
from allgreen.server.auth.access import Access, guarded_router, permission
from allgreen.server.keys.actions import MOST_KEYS
from allgreen.server.platform import Platform
from allgreen.storage.sql.tables import accounts, api_keys, audit, memberships, services, workspaces
from allgreen.testing import FakeClock
from tests.api import Person, fields, service_form
from tests.mailbox import changes_told_to, letters
from tests.people import enrol, make_key, program_of, set_role, shown


@pytest.fixture
async def admin(owner: Person, app: FastAPI, platform: Platform) -> AsyncIterator[Person]:
    async with AsyncExitStack() as stack:
        workspace_id = owner.me["workspaces"][0]["id"]
        yield await enrol(
            stack, app, platform, "Ben Admin", in_workspace=workspace_id, role=Role.ADMIN
        )


async def test_a_key_that_writes_watches_a_service_without_a_session(
    owner: Person, app: FastAPI, silent_port: int
) -> None:
    made = await make_key(owner, "write")
    form = service_form(f"http://127.0.0.1:{silent_port}/")

    async with program_of(app, made["key"]) as program:
        created = await program.post(f"{owner.workspace}/services", json=form)
        listed = await program.get(f"{owner.workspace}/services")

    assert created.status_code == 201, created.text
    assert [row["name"] for row in listed.json()["items"]] == ["Checkout"]


async def test_a_key_that_reads_changes_nothing(
    owner: Person, app: FastAPI, platform: Platform, silent_port: int
) -> None:
    service = await owner.watch(f"http://127.0.0.1:{silent_port}/")
    made = await make_key(owner, "read")

    async with program_of(app, made["key"]) as program:
        looked = await program.get(f"/api/v1/services/{service['id']}")
        paused = await program.post(f"/api/v1/services/{service['id']}/pause")

    assert looked.status_code == 200
    assert (paused.status_code, paused.json()["code"]) == (403, "not_allowed")
    assert "Make one that may write" in paused.json()["detail"]
    assert await mode_of(platform, service["id"]) == "active"


async def test_a_key_that_reads_sees_no_secret_although_its_maker_does(
    owner: Person, app: FastAPI, silent_port: int
) -> None:
    check = {"headers": [{"name": "X-Key", "value": "canary"}]}
    service = await owner.watch(f"http://127.0.0.1:{silent_port}/?key=canary", check=check)
    path = f"/api/v1/services/{service['id']}"
    made = await make_key(owner, "read")

    answer = (await owner.client.get(path, headers=shown(made["key"]))).json()

    assert "canary" not in str(answer["checks"])
    assert "canary" in (await owner.client.get(path)).text
    assert "service.write" not in answer["may"]


async def test_no_key_reaches_what_is_of_the_account(owner: Person, app: FastAPI) -> None:
    made = await make_key(owner, "write")

    async with program_of(app, made["key"]) as program:
        answer = await program.get("/api/v1/me")

    assert answer.status_code == 403


async def test_a_key_that_writes_says_what_a_page_says_and_publishes_nothing(
    owner: Person, app: FastAPI
) -> None:
    made = await make_key(owner, "write")
    path = f"{owner.workspace}/status-page"

    async with program_of(app, made["key"]) as program:
        tag = (await program.get(path)).headers["etag"]
        published = await program.patch(
            path, json={"slug": "nordlys", "is_published": True}, headers={"If-Match": tag}
        )
        titled = await program.patch(path, json={"title": "Nordlys"}, headers={"If-Match": tag})

    assert [published.status_code, titled.status_code] == [403, 200]
    assert (await owner.client.get(path)).json()["is_published"] is False


async def test_what_any_reader_may_change_is_for_people_and_for_no_key(
    owner: Person, platform: Platform
) -> None:
    """Such as to accept an offer: a route may ask for no more than a right to read."""
    router = guarded_router("test")

    @router.api_route("/test/answer", methods=["GET", "POST"])
    async def answer(_access: Annotated[Access, permission(Permission.WORKSPACE_READ)]) -> None:
        """Answer something."""

    small = FastAPI()
    small.state.platform = platform
    small.include_router(router)
    problems.install(small)
    made = await make_key(owner, "write")

    async with program_of(small, made["key"]) as program:
        answers = [await program.get("/test/answer"), await program.post("/test/answer")]

    assert [each.status_code for each in answers] == [200, 403]


async def test_no_key_makes_lists_or_revokes_keys(owner: Person, app: FastAPI) -> None:
    made = await make_key(owner, "write")
    path = f"{owner.workspace}/keys"

    async with program_of(app, made["key"]) as program:
        answers = [
            await program.get(path),
            await program.post(path, json={"name": "More", "scope": "write"}),
            await program.delete(f"{path}/{made['id']}"),
        ]

    assert [answer.status_code for answer in answers] == [403, 403, 403]


async def test_a_key_opens_the_workspace_it_was_made_for_and_no_other_of_its_maker(
    owner: Person, stranger: Person, app: FastAPI, platform: Platform, silent_port: int
) -> None:
    service = await stranger.watch(f"http://127.0.0.1:{silent_port}/")
    elsewhere = stranger.me["workspaces"][0]["id"]
    await also_owns(platform, owner.me["id"], elsewhere)
    made = await make_key(owner, "write")
    paths = [f"workspaces/{elsewhere}/services", f"services/{service['id']}"]

    async with program_of(app, made["key"]) as program:
        answers = [await program.get(f"/api/v1/{path}") for path in paths]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert [(await owner.client.get(f"/api/v1/{path}")).status_code for path in paths] == [200, 200]


async def test_a_key_is_never_more_than_its_maker_is_at_that_moment(
    admin: Person, app: FastAPI, platform: Platform, silent_port: int
) -> None:
    made = await make_key(admin, "write")
    form = service_form(f"http://127.0.0.1:{silent_port}/")

    async with program_of(app, made["key"]) as program:
        before = await program.post(f"{admin.workspace}/services", json=form)
        await set_role(platform, admin.me["id"], Role.OBSERVER)
        after = await program.post(f"{admin.workspace}/services", json=form)
        looked = await program.get(f"{admin.workspace}/services")

    assert [before.status_code, after.status_code, looked.status_code] == [201, 403, 200]


async def test_a_key_dies_with_the_membership_of_its_maker(
    admin: Person, app: FastAPI, platform: Platform
) -> None:
    made = await make_key(admin, "read")
    path = f"{admin.workspace}/services"

    async with program_of(app, made["key"]) as program:
        before = await program.get(path)
        await set_role(platform, admin.me["id"], None)
        after = await program.get(path)

    assert [before.status_code, after.status_code] == [200, 401]


async def test_all_keys_that_open_nothing_get_one_answer(
    owner: Person, admin: Person, app: FastAPI, platform: Platform, clock: FakeClock
) -> None:
    path = f"{owner.workspace}/services"
    revoked, short = await make_key(owner, "read"), await make_key(owner, "read", expires_in_days=1)
    of_disabled = await make_key(admin, "read")
    await owner.client.delete(f"{owner.workspace}/keys/{revoked['id']}")
    await run(
        platform,
        update(accounts).where(accounts.c.id == admin.me["id"]).values(disabled_at=clock.now()),
    )
    clock.advance(timedelta(days=1))

    answers = {
        word: await ask(app, path, {"authorization": word.encode("latin-1")})
        for word in (
            f"Bearer {revoked['key']}",
            f"Bearer {short['key']}",
            f"Bearer {of_disabled['key']}",
            "Bearer alg_" + "A" * 43,
            "Bearer alg_",
            "bearer alg_\xe9",
        )
    }

    assert {answer.status_code for answer in answers.values()} == {401}
    assert len({answer.content for answer in answers.values()}) == 1


async def test_of_two_keys_none_counts(owner: Person, app: FastAPI) -> None:
    keys = [(await make_key(owner, "read"))["key"] for _ in range(2)]

    answer = await ask(
        app,
        f"{owner.workspace}/services",
        [("authorization", f"Bearer {key}") for key in keys],
    )

    assert answer.status_code == 401


async def test_a_key_of_a_deleted_workspace_opens_nothing(
    owner: Person, app: FastAPI, platform: Platform, clock: FakeClock
) -> None:
    made = await make_key(owner, "read")
    await run(platform, update(workspaces).values(deleted_at=clock.now()))

    answer = await ask(app, f"{owner.workspace}/services", shown(made["key"]))

    assert answer.status_code == 401


async def test_where_a_key_and_a_cookie_come_together_the_cookie_counts_for_nothing(
    owner: Person, silent_port: int
) -> None:
    service = await owner.watch(f"http://127.0.0.1:{silent_port}/")
    read = await make_key(owner, "read")
    path = f"/api/v1/services/{service['id']}/pause"

    with_key = await owner.client.post(path, headers=shown(read["key"]))
    with_bad_key = await owner.client.post(path, headers=shown("alg_nothing"))
    as_oneself = await owner.client.get("/api/v1/me", headers=shown(read["key"]))

    assert [with_key.status_code, with_bad_key.status_code] == [403, 401]
    assert as_oneself.status_code == 403
    assert (await owner.client.post(path)).status_code == 200


async def test_beside_a_key_no_cookie_opens_what_is_open_to_all_in_part(owner: Person) -> None:
    made = await make_key(owner, "write")
    path = f"/api/v1/profiles/{owner.me['id']}"

    as_oneself = await owner.client.get(path)
    with_key = await owner.client.get(path, headers=shown(made["key"]))

    assert [as_oneself.status_code, with_key.status_code] == [200, 404]


async def test_pages_of_others_are_let_in_by_no_cookie_beside_a_word_that_is_no_key(
    owner: Person,
) -> None:
    path = f"{owner.workspace}/keys"
    foreign = {"origin": "https://evil.example"}
    form = {"name": "Theirs", "scope": "write"}

    words = ("Bearer alg_guess", "Basic YWxnXw==", "Bearer eyJ0eXAi", "alg_x")
    answers = [
        await owner.client.post(path, json=form, headers=foreign | {"authorization": word})
        for word in words
    ]

    assert [answer.status_code for answer in answers] == [401, 403, 403, 403]
    assert (await owner.client.get(path)).json()["items"] == []


async def test_a_program_needs_no_origin_of_ours(
    owner: Person, app: FastAPI, silent_port: int
) -> None:
    made = await make_key(owner, "write")
    service = await owner.watch(f"http://127.0.0.1:{silent_port}/")
    headers = shown(made["key"]) | {
        "origin": "https://tool.example",
        "sec-fetch-site": "cross-site",
    }

    answer = await ask(app, f"/api/v1/services/{service['id']}/pause", headers, method="POST")

    assert answer.status_code == 200


async def test_no_answer_for_a_session_is_kept_for_a_key_nor_the_other_way_round(
    owner: Person, app: FastAPI, platform: Platform, silent_port: int
) -> None:
    await owner.watch(f"http://127.0.0.1:{silent_port}/")
    made = await make_key(owner, "read")
    path = owner.workspace

    async with program_of(app, made["key"]) as program:
        of_key = (await program.get(path)).json()
        without_anything = await ask(app, path, {})
        of_owner = (await owner.client.get(path)).json()
        again = (await program.get(path)).json()
    beside_the_cookie = (await owner.client.get(path, headers=shown(made["key"]))).json()
    after_revocation = await revoked_then_asked(owner, app, made, path)

    assert "service.write" not in of_key["may"]
    assert "service.write" in of_owner["may"]
    assert again["may"] == beside_the_cookie["may"] == of_key["may"]
    assert without_anything.status_code == after_revocation.status_code == 401


async def revoked_then_asked(
    owner: Person, app: FastAPI, made: dict[str, Any], path: str
) -> httpx2.Response:
    await owner.client.delete(f"{owner.workspace}/keys/{made['id']}")
    return await ask(app, path, shown(made["key"]))


async def test_a_key_is_told_once_and_stored_as_a_hash(owner: Person, platform: Platform) -> None:
    made = await make_key(owner, "read", name="Grafana", expires_in_days=30)

    listed = await owner.client.get(f"{owner.workspace}/keys")
    async with platform.database.read() as connection:
        stored = (await connection.execute(select(api_keys))).mappings().one()
        written = list(await connection.scalars(select(audit.c.summary)))

    assert made["key"].startswith("alg_")
    assert len(made["key"]) == len("alg_") + 43
    (item,) = listed.json()["items"]
    assert item["hint"] == made["key"][-4:]
    assert item["maker"] == {"account_id": owner.me["id"], "name": "Ana Petrov", "you": True}
    assert made["key"] not in listed.text + str(dict(stored)) + str(written)


async def test_making_a_key_asks_for_the_password_typed_lately(
    owner: Person, clock: FakeClock
) -> None:
    clock.advance(timedelta(minutes=31))

    answer = await owner.client.post(
        f"{owner.workspace}/keys", json={"name": "Late", "scope": "read"}
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "proof_needed")
    assert (await owner.client.get(f"{owner.workspace}/keys")).json()["items"] == []


async def test_only_owners_see_and_revoke_keys_of_others(owner: Person, admin: Person) -> None:
    of_owner, of_admin = await make_key(owner, "read"), await make_key(admin, "write")
    path = f"{owner.workspace}/keys"

    seen_by_admin = [key["id"] for key in (await admin.client.get(path)).json()["items"]]
    seen_by_owner = [key["maker"]["name"] for key in (await owner.client.get(path)).json()["items"]]
    by_admin = await admin.client.delete(f"{path}/{of_owner['id']}")
    by_owner = await owner.client.delete(f"{path}/{of_admin['id']}")

    assert seen_by_admin == [of_admin["id"]]
    assert seen_by_owner == ["Ben Admin", "Ana Petrov"]
    assert [by_admin.status_code, by_owner.status_code] == [403, 204]


async def test_a_key_is_revoked_in_its_own_workspace_only(owner: Person, stranger: Person) -> None:
    made = await make_key(owner, "read")

    answers = [
        await stranger.client.delete(f"{where}/keys/{made['id']}")
        for where in (owner.workspace, stranger.workspace)
    ]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert len((await owner.client.get(f"{owner.workspace}/keys")).json()["items"]) == 1


async def test_making_and_revoking_are_told_in_the_history(
    owner: Person, admin: Person, platform: Platform
) -> None:
    made = await make_key(admin, "write", name="Deploys")
    await owner.client.delete(f"{owner.workspace}/keys/{made['id']}")

    query = select(audit.c.action, audit.c.summary, audit.c.by_account_id).order_by(audit.c.id)
    async with platform.database.read() as connection:
        rows = [tuple(row) for row in await connection.execute(query)]

    hint = made["hint"]
    assert rows[-2:] == [
        ("key.made", f"made the key Deploys (…{hint}), which may write", admin.me["id"]),
        ("key.revoked", f"revoked the key Deploys (…{hint}) of Ben Admin", owner.me["id"]),
    ]


async def test_the_maker_and_the_owners_are_told_of_a_new_key(
    owner: Person, admin: Person, platform: Platform
) -> None:
    made = await make_key(admin, "write")

    (told,) = await letters(platform, NoticeKind.KEY_MADE)
    facts = Facts.from_json(told.facts)
    about = f"Deploys (…{made['hint']}), which may write"
    assert (told.address, facts.actor, facts.change) == ("ana@example.org", admin.me["name"], about)
    email = (await admin.client.get("/api/v1/me")).json()["email"]
    assert await changes_told_to(platform, email) == [
        f"a key of the API was made in your name, for Nordlys: {about}"
    ]
    (event, *_) = (await admin.client.get("/api/v1/account/events")).json()["items"]
    assert event["action"] == "key.made"


async def test_an_owner_is_told_once_of_a_key_of_their_own(
    owner: Person, platform: Platform
) -> None:
    made = await make_key(owner, "read")

    assert await letters(platform, NoticeKind.KEY_MADE) == []
    assert len(await changes_told_to(platform, "ana@example.org")) == 1
    assert all(made["key"] not in str(each.facts) for each in await all_letters(platform))


async def all_letters(platform: Platform) -> list[Notice]:
    return [each for kind in NoticeKind for each in await letters(platform, kind)]


async def test_the_use_of_a_key_is_noted_once_an_hour(
    owner: Person, app: FastAPI, clock: FakeClock
) -> None:
    made = await make_key(owner, "read")
    began, path = clock.now(), f"{owner.workspace}/services"

    times = []
    for minutes in (0, 59, 1):
        clock.advance(timedelta(minutes=minutes))
        await ask(app, path, shown(made["key"]))
        (item,) = (await owner.client.get(f"{owner.workspace}/keys")).json()["items"]
        times.append(item["last_used_at"])

    assert times[0] == times[1] == began.isoformat().replace("+00:00", "Z")
    assert times[2] > times[1]


async def test_nobody_keeps_more_keys_than_they_can_look_after(
    owner: Person, platform: Platform
) -> None:
    for _ in range(MOST_KEYS):
        await make_key(owner, "read")

    answer = await owner.client.post(
        f"{owner.workspace}/keys", json={"name": "One more", "scope": "read"}
    )

    assert fields(answer) == {"name": "too_many"}
    async with platform.database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(api_keys)) == MOST_KEYS


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"scope": "admin"}, "scope"),
        ({"name": " "}, "name"),
        ({"expires_in_days": 0}, "expires_in_days"),
        ({"expires_in_days": 2**70}, "expires_in_days"),
        ({"account_id": "somebody else"}, "account_id"),
        ({"workspace_id": "elsewhere"}, "workspace_id"),
    ],
    ids=["another scope", "no name", "no days", "too many days", "for another", "elsewhere"],
)
async def test_a_form_that_cannot_be_meant_is_refused(
    owner: Person, changes: dict[str, Any], field: str
) -> None:
    form = {"name": "Deploys", "scope": "read"} | changes

    answer = await owner.client.post(f"{owner.workspace}/keys", json=form)

    assert answer.status_code == 422
    assert list(fields(answer)) == [field]


async def ask(app: FastAPI, path: str, headers: Any, *, method: str = "GET") -> httpx2.Response:
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        return await client.request(method, path, headers=headers)


async def run(platform: Platform, statement: Any) -> None:
    async with platform.database.unit_of_work() as uow:
        await uow.connection.execute(statement)
        await uow.commit()


async def also_owns(platform: Platform, account_id: str, workspace_id: str) -> None:
    await run(
        platform,
        insert(memberships).values(
            account_id=account_id,
            workspace_id=workspace_id,
            role=Role.OWNER,
            created_at=platform.clock.now(),
        ),
    )


async def mode_of(platform: Platform, service_id: str) -> str:
    async with platform.database.read() as connection:
        query = select(services.c.mode).where(services.c.id == service_id)
        return str(await connection.scalar(query))
