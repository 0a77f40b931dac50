"""Services: kept as typed, edited by version, and nothing secret shown again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from allgreen.domain.identity import ServiceId
from allgreen.domain.notice import NoticeKind
from allgreen.server.platform import Platform
from allgreen.server.wire import write_cursor
from allgreen.storage.sql.tables import outbox
from tests.api import Person, fields

WHOLE_CHECK: dict[str, Any] = {
    "method": "POST",
    "headers": [{"name": "X-Key", "value": "canary-header"}],
    "body": "canary-body",
    "expectations": {
        "status": "2xx, 304",
        "body_contains": "ok",
        "json_values": [
            {"path": "$.db.state", "operator": "equals", "value": "ok"},
            {"path": "$.depth", "operator": "below", "value": "500"},
        ],
        "answers_within_ms": 800,
        "certificate_days": 14,
    },
    "timeout_ms": 5000,
    "confirm_down": 2,
    "follow_redirects": False,
    "verify_tls": False,
}


NOTHING: dict[str, Any] = {
    "body_contains": None,
    "body_lacks": None,
    "body_matches": None,
    "headers": [],
    "size": None,
    "json_values": [],
    "certificate_days": None,
    "records": None,
    "answers_within_ms": None,
    "expect": None,
}


@pytest.fixture
def url(silent_port: int) -> str:
    return f"http://127.0.0.1:{silent_port}/health"


async def edit(person: Person, service: dict[str, Any], **changes: object) -> Any:
    return await person.client.patch(
        f"/api/v1/services/{service['id']}",
        json=changes,
        headers={"If-Match": f'"{service["version"]}"'},
    )


async def test_a_check_comes_back_as_it_was_typed_but_for_its_secrets(
    owner: Person, url: str
) -> None:
    service = await owner.watch(url, check=WHOLE_CHECK)

    shown = (await owner.client.get(f"/api/v1/services/{service['id']}")).json()["checks"][0]

    expectations = NOTHING | WHOLE_CHECK["expectations"] | {"status": "304, 2xx"}
    assert shown == WHOLE_CHECK | {
        "id": shown["id"],
        "kind": "http",
        "url": url,
        "confirm_up": 1,
        "upside_down": False,
        "headers": [{"name": "X-Key", "value": None}],
        "body": None,
        "expectations": expectations,
    }


async def test_no_secret_is_in_an_answer_or_in_the_file(
    owner: Person, url: str, platform: Platform, tmp_path: Path
) -> None:
    service = await owner.watch(url, check=WHOLE_CHECK)
    paths = ["", "/figures", "/results", "/incidents"]

    answers = [await owner.client.get(f"/api/v1/services/{service['id']}{each}") for each in paths]
    await platform.database.close()
    files = read_all(tmp_path)

    assert not [answer.text for answer in answers if "canary" in answer.text]
    assert not [content for content in files if b"canary" in content]


async def test_a_masked_header_keeps_its_stored_value(
    owner: Person, url: str, platform: Platform
) -> None:
    service = await owner.watch(url, check=WHOLE_CHECK)
    check = service["checks"][0] | {"timeout_ms": 7000}

    answer = await edit(owner, service, checks=[check])

    stored = await load(platform, service["id"])
    assert answer.status_code == 200, answer.text
    assert dict(stored.checks[0].options.headers) == {"X-Key": "canary-header"}
    assert stored.checks[0].options.body == "canary-body"


async def test_stored_secrets_do_not_follow_the_check_to_another_host(
    owner: Person, url: str
) -> None:
    service = await owner.watch(url, check=WHOLE_CHECK)
    check = service["checks"][0] | {"url": "https://192.0.43.8/"}

    answer = await edit(owner, service, checks=[check])

    assert fields(answer) == {"checks.0.headers.0.value": "missing", "checks.0.body": "missing"}


async def test_an_empty_body_takes_the_stored_one_away(
    owner: Person, url: str, platform: Platform
) -> None:
    service = await owner.watch(url, check=WHOLE_CHECK)

    await edit(owner, service, checks=[service["checks"][0] | {"body": ""}])

    assert (await load(platform, service["id"])).checks[0].options.body is None


async def test_a_late_edit_is_refused_and_changes_nothing(owner: Person, url: str) -> None:
    service = await owner.watch(url)
    first = await edit(owner, service, name="First")

    late = await edit(owner, service, name="Late")

    assert (first.status_code, late.status_code) == (200, 412)
    assert first.headers["etag"] == '"2"'
    assert (await owner.client.get(f"/api/v1/services/{service['id']}")).json()["name"] == "First"


@pytest.mark.parametrize("if_match", ["*", '"x"', "", '"99999999999999999999"'])
async def test_a_version_that_is_none_is_a_conflict(owner: Person, url: str, if_match: str) -> None:
    service = await owner.watch(url)

    answer = await owner.client.patch(
        f"/api/v1/services/{service['id']}", json={"name": "X"}, headers={"If-Match": if_match}
    )

    assert answer.status_code == 412


async def test_the_period_alone_is_edited_and_its_check_stays(owner: Person, url: str) -> None:
    service = await owner.watch(url)

    answer = (await edit(owner, service, period={"every": 2, "unit": "hours"})).json()

    assert answer["period"] == {"every": 2, "unit": "hours"}
    assert answer["checks"] == service["checks"]
    assert answer["period_s"] == 7200


async def test_a_service_is_paused_by_somebody_and_resumed(owner: Person, url: str) -> None:
    service = await owner.watch(url)
    path = f"/api/v1/services/{service['id']}"

    paused = (await owner.client.post(f"{path}/pause")).json()
    resumed = (await owner.client.post(f"{path}/resume")).json()

    assert (paused["shown"], paused["paused_by"], paused["next_slot_at"]) == (
        "paused",
        "Ana Petrov",
        None,
    )
    assert (resumed["shown"], resumed["paused_by"]) == ("unknown", None)
    assert resumed["next_slot_at"] is not None


async def test_a_deleted_service_is_not_found(owner: Person, url: str) -> None:
    service = await owner.watch(url)
    path = f"/api/v1/services/{service['id']}"

    deleted = await owner.client.delete(path)

    assert deleted.status_code == 204
    assert (await owner.client.get(path)).status_code == 404
    assert (await owner.client.delete(path)).status_code == 404
    assert (await owner.client.get(f"{owner.workspace}/services")).json()["items"] == []


async def test_check_now_works_once_in_ten_seconds(owner: Person, url: str) -> None:
    service = await owner.watch(url)
    path = f"/api/v1/services/{service['id']}/check"

    first, second = await owner.client.post(path), await owner.client.post(path)

    assert (first.status_code, second.status_code) == (202, 429)
    assert 1 <= int(second.headers["retry-after"]) <= 10


async def test_a_paused_service_cannot_be_checked_now(owner: Person, url: str) -> None:
    service = await owner.watch(url)
    await owner.client.post(f"/api/v1/services/{service['id']}/pause")

    answer = await owner.client.post(f"/api/v1/services/{service['id']}/check")

    assert answer.status_code == 422
    assert "Resume it" in answer.json()["detail"]


async def test_members_are_told_at_once_and_strangers_are_asked_once_a_day(
    owner: Person, url: str, platform: Platform
) -> None:
    recipients = [{"account_id": owner.me["id"]}, {"email": "Bo@Example.net"}]

    first = await owner.watch(url, recipients=recipients)
    await owner.watch(url, recipients=recipients)

    states = [(each["email"], each["state"], each["you"]) for each in first["recipients"]]
    assert states == [
        ("ana@example.org", "confirmed", True),
        ("bo@example.net", "pending", False),
    ]
    async with platform.database.read() as connection:
        asked = (await connection.execute(select(outbox.c.kind, outbox.c.address))).all()
    assert [tuple(row) for row in asked] == [(NoticeKind.CONFIRM_RECIPIENT, "bo@example.net")]


async def test_an_address_of_a_member_is_that_member(owner: Person, url: str) -> None:
    service = await owner.watch(url, recipients=[{"email": "ANA@example.org"}])

    (recipient,) = service["recipients"]
    assert (recipient["account_id"], recipient["state"]) == (owner.me["id"], "confirmed")


async def test_people_of_another_workspace_cannot_be_told_by_account(
    owner: Person, stranger: Person, url: str
) -> None:
    form = {
        "name": "Checkout",
        "checks": [{"url": url}],
        "recipients": [{"account_id": stranger.me["id"]}],
    }

    answer = await owner.client.post(f"{owner.workspace}/services", json=form)

    assert fields(answer) == {"recipients.0.account_id": "unknown"}


async def test_some_services_are_listed_by_their_ids_and_none_of_others(
    owner: Person, stranger: Person, url: str
) -> None:
    made = [(await owner.watch(url, name=name))["id"] for name in ("Orders", "Search", "Zebra")]
    theirs = (await stranger.watch(url, name="Theirs"))["id"]

    path = f"{owner.workspace}/services"
    some = await owner.client.get(path, params={"only": [made[2], made[0], theirs, "nothing"]})
    many = await owner.client.get(path, params={"only": [made[0]] * 51})

    assert [row["id"] for row in some.json()["items"]] == [made[0], made[2]]
    assert many.status_code == 422


async def test_lists_go_on_behind_their_cursor(owner: Person, url: str) -> None:
    for name in ("delta", "Alpha", "charlie", "Bravo", "echo"):
        await owner.watch(url, name=name)
    path = f"{owner.workspace}/services"

    seen: list[str] = []
    cursor = None
    while cursor is not None or not seen:
        query = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await owner.client.get(path, params=query)).json()
        seen += [item["name"] for item in page["items"]]
        cursor = page["next_cursor"]

    assert seen == ["Alpha", "Bravo", "charlie", "delta", "echo"]


@pytest.mark.parametrize(
    "cursor",
    ["x", "!!", "eyJhIjoxfQ", "WzFd", "ä", "W10", write_cursor("\0")],
)
async def test_a_cursor_that_is_none_is_refused(owner: Person, cursor: str) -> None:
    answer = await owner.client.get(f"{owner.workspace}/services", params={"cursor": cursor})

    assert (answer.status_code, fields(answer)) == (422, {"cursor": "cursor"})


@pytest.mark.parametrize(
    "key",
    [
        ("2026-04-17T00:00:00+00:00", "9" * 30),
        ("2026-04-17T00:00:00+00:00", "-1"),
        ("2026-04-17", "1"),
        ("0001-01-01T00:00:00+14:00", "1"),
        ("2026-04-17T00:00:00+00:00",),
    ],
)
async def test_a_cursor_of_results_that_was_made_up_is_refused(
    owner: Person, url: str, key: tuple[str, ...]
) -> None:
    service = await owner.watch(url)

    answer = await owner.client.get(
        f"/api/v1/services/{service['id']}/results", params={"cursor": write_cursor(*key)}
    )

    assert (answer.status_code, fields(answer)) == (422, {"cursor": "cursor"})


async def test_the_history_tells_who_changed_what(owner: Person, url: str) -> None:
    service = await owner.watch(url)
    await edit(owner, service, period={"every": 1, "unit": "hours"})

    figures = (await owner.client.get(f"/api/v1/services/{service['id']}/figures")).json()

    assert figures["changes"][0]["text"] == (
        "Ana Petrov changed the period from every 15 minutes to every hour"
    )
    assert (figures["range"], figures["bucket_s"], figures["uptime_pct"]) == ("24h", 900, None)


def read_all(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


async def load(platform: Platform, service_id: str) -> Any:
    async with platform.database.unit_of_work() as uow:
        return await uow.services.get(ServiceId(service_id))
