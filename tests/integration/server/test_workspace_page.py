"""The workspace page: sums of its services, and nothing sent twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from allgreen.domain.identity import ServiceId
from allgreen.domain.status import TimeKind
from allgreen.monitoring.rollup import Folding
from allgreen.ports import Change, Strip
from allgreen.server.platform import Platform
from allgreen.testing import FakeClock
from tests.api import Person


@pytest.fixture
def url(silent_port: int) -> str:
    return f"http://127.0.0.1:{silent_port}/health"


async def store_strip(platform: Platform, service_id: str, grades: str, **sums: int) -> None:
    today = platform.clock.now().date()
    strip = Strip(
        first=today - timedelta(days=89),
        zone="UTC",
        grades=grades,
        known_us=sums.get("known", 0),
        good_us=sums.get("good", 0),
        median_ms=100.0,
        as_of=platform.clock.now(),
    )
    async with platform.database.unit_of_work() as uow:
        await uow.roll_ups.save_strips({ServiceId(service_id): strip})
        await uow.commit()


async def test_it_pools_time_and_floors_the_percentage(
    owner: Person, platform: Platform, url: str
) -> None:
    first, second = await owner.watch(url), await owner.watch(url, name="Other")
    await store_strip(platform, first["id"], "n" * 89 + "u", known=10**12, good=10**12)
    await store_strip(platform, second["id"], "n" * 89 + "u", known=10**12, good=10**12 - 1)

    page = (await owner.client.get(owner.workspace)).json()

    assert page["uptime_pct"] == 99.99
    assert page["strip"]["grades"] == "n" * 89 + "u"
    assert (page["checks_total"], page["median_ms"]) == (2, 100)
    assert page["counts"] == {
        "up": 0,
        "degraded": 0,
        "down": 0,
        "unknown": 2,
        "paused": 0,
        "maintenance": 0,
    }


async def test_of_a_day_it_says_what_its_service_says(
    owner: Person, platform: Platform, url: str, clock: FakeClock
) -> None:
    service = await owner.watch(url, checks=[{"url": url}, {"url": f"{url}/other"}])
    async with platform.database.unit_of_work() as uow:
        stored = await uow.services.get(ServiceId(service["id"]))
        for check, kind in zip(stored.checks, (TimeKind.DOWN, TimeKind.UP), strict=True):
            await uow.spans.turn(check.id, clock.now(), kind)
        clock.advance(timedelta(minutes=20))
        folding = Folding(uow=uow, now=clock.now(), raw_since=clock.now() - timedelta(days=7))
        await folding.turn_day(stored)
        await uow.commit()

    page = (await owner.client.get(owner.workspace)).json()
    (row,) = (await owner.client.get(f"{owner.workspace}/services")).json()["items"]

    assert page["uptime_pct"] == row["uptime_pct"] == 0.0
    assert page["strip"]["details"] == row["strip"]["details"] != []
    assert page["strip"]["grades"] == row["strip"]["grades"]
    assert {uptime_pct for _, uptime_pct, *_ in page["strip"]["details"]} == {0.0}


async def test_a_strip_of_yesterday_ends_without_data_today(
    owner: Person, platform: Platform, url: str, clock: FakeClock
) -> None:
    service = await owner.watch(url)
    await store_strip(platform, service["id"], "n" * 88 + "xu")

    clock.advance(timedelta(days=1))
    row = (await owner.client.get(f"/api/v1/services/{service['id']}")).json()

    assert row["strip"]["grades"] == "n" * 87 + "xun"


async def test_an_unchanged_page_is_not_sent_again(owner: Person, url: str) -> None:
    await owner.watch(url)
    for path in (owner.workspace, f"{owner.workspace}/services"):
        first = await owner.client.get(path)

        again = await owner.client.get(path, headers={"if-none-match": first.headers["etag"]})

        assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
        assert "content-security-policy" in again.headers


async def test_the_tag_holds_when_the_answer_is_made_anew(
    owner: Person, url: str, clock: FakeClock
) -> None:
    await owner.watch(url)
    first = await owner.client.get(owner.workspace)

    clock.advance(timedelta(seconds=30))
    again = await owner.client.get(
        owner.workspace, headers={"if-none-match": first.headers["etag"]}
    )

    assert again.status_code == 304


async def test_a_change_is_seen_by_the_very_next_read(owner: Person, url: str) -> None:
    service = await owner.watch(url)
    path = f"{owner.workspace}/services"
    first = await owner.client.get(path)

    await owner.client.post(f"/api/v1/services/{service['id']}/pause")
    second = await owner.client.get(path, headers={"if-none-match": first.headers["etag"]})

    assert second.status_code == 200
    assert second.json()["items"][0]["shown"] == "paused"


async def test_a_hint_makes_what_was_read_before_it_old(
    owner: Person, platform: Platform, url: str
) -> None:
    service = await owner.watch(url)
    await owner.client.get(f"{owner.workspace}/services")
    await store_strip(platform, service["id"], "n" * 89 + "x")

    hint = Change(workspace_id=owner.me["workspaces"][0]["id"], kind="service", id=service["id"])
    platform.broker.publish([hint])
    (row,) = (await owner.client.get(f"{owner.workspace}/services")).json()["items"]

    assert row["strip"]["grades"].endswith("x")


async def test_only_owners_read_addresses_of_others(owner: Person) -> None:
    people = (await owner.client.get(f"{owner.workspace}/people")).json()["items"]

    assert people == [
        {
            "account_id": owner.me["id"],
            "name": "Ana Petrov",
            "email": "ana@example.org",
            "you": True,
        }
    ]
