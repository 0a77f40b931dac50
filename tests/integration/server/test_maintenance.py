"""Maintenance windows over the API: planned by wall clocks, never rewriting what has passed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import select, update

from allgreen.domain.identity import CheckId, WorkspaceId
from allgreen.domain.status import ServiceHealth, TimeKind
from allgreen.server.maintenance.actions import MOST_WINDOWS
from allgreen.server.platform import Platform
from allgreen.storage.sql.tables import audit, services
from allgreen.testing import FakeClock
from tests.api import Person, fields

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def clock() -> FakeClock:
    """Noon of a day before clocks go forward in Rome."""
    return FakeClock(datetime(2026, 3, 28, 12, tzinfo=UTC))


@pytest.fixture
async def service(owner: Person, silent_port: int) -> dict[str, Any]:
    return await owner.watch(f"http://127.0.0.1:{silent_port}/health")


def form(**changes: object) -> dict[str, Any]:
    """Return a window of an hour that begins at noon."""
    return {
        "name": "Move of the database",
        "first": "2026-03-28",
        "at": "12:00",
        "duration_minutes": 60,
    } | changes


async def send(person: Person, **changes: object) -> httpx2.Response:
    return await person.client.post(f"{person.workspace}/maintenance-windows", json=form(**changes))


async def plan(person: Person, **changes: object) -> dict[str, Any]:
    answer = await send(person, **changes)
    assert answer.status_code == 201, answer.text
    window: dict[str, Any] = answer.json()
    return window


def path_of(person: Person, window: dict[str, Any]) -> str:
    return f"{person.workspace}/maintenance-windows/{window['id']}"


async def edit(person: Person, window: dict[str, Any], **changes: object) -> httpx2.Response:
    tag = {"If-Match": f'"{window["version"]}"'}
    return await person.client.patch(path_of(person, window), json=changes, headers=tag)


async def listed(person: Person) -> list[dict[str, Any]]:
    answer = await person.client.get(f"{person.workspace}/maintenance-windows")
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def shown(person: Person, service: dict[str, Any]) -> str:
    answer = await person.client.get(f"/api/v1/services/{service['id']}")
    return str(answer.json()["shown"])


async def ends_at(person: Person, service: dict[str, Any]) -> str | None:
    """Return when the planned work ends that a service is in."""
    answer = await person.client.get(f"/api/v1/services/{service['id']}")
    until: str | None = answer.json()["maintenance_until"]
    return until


async def health_of(person: Person) -> str:
    """Return the health that the list of workspaces shows."""
    me = (await person.client.get("/api/v1/me")).json()
    return str(me["workspaces"][0]["health"])


async def test_window_comes_back_as_it_was_planned(owner: Person, service: dict[str, Any]) -> None:
    weekly = {"repeat": "weekly", "weekdays": ["sunday", "monday"], "until": "2026-04-12"}
    answer = await send(
        owner,
        zone="Europe/Rome",
        first="2026-03-29",
        at="02:30",
        service_ids=[service["id"], service["id"]],
        recurrence=weekly,
    )

    window = answer.json()
    assert answer.headers["etag"] == '"1"'
    assert window == {
        "id": window["id"],
        "version": 1,
        "name": "Move of the database",
        "service_ids": [service["id"]],
        "zone": "Europe/Rome",
        "first": "2026-03-29",
        "at": "02:30",
        "duration_minutes": 60,
        "recurrence": {
            "repeat": "weekly",
            "weekdays": ["monday", "sunday"],
            "day": None,
            "until": "2026-04-12",
        },
        "state": "planned",
        "next": [
            {"from": "2026-03-29T01:00:00Z", "to": "2026-03-29T02:00:00Z"},
            {"from": "2026-03-30T00:30:00Z", "to": "2026-03-30T01:30:00Z"},
            {"from": "2026-04-05T00:30:00Z", "to": "2026-04-05T01:30:00Z"},
        ],
    }
    assert await listed(owner) == [window]


async def test_window_without_a_zone_is_on_the_clocks_of_the_workspace(owner: Person) -> None:
    await owner.client.patch(owner.workspace, json={"time_zone": "Asia/Tokyo"})

    window = await plan(owner, first="2026-03-29", at="09:00")

    assert window["zone"] == "Asia/Tokyo"
    assert window["next"][0]["from"] == "2026-03-29T00:00:00Z"


async def test_service_in_a_window_is_shown_so(
    owner: Person, service: dict[str, Any], platform: Platform, clock: FakeClock
) -> None:
    async with platform.database.unit_of_work() as uow:
        await uow.connection.execute(update(services).values(health=ServiceHealth.DOWN))
        await uow.commit()
    before = await shown(owner, service)
    await plan(owner, service_ids=[service["id"]])

    counts = (await owner.client.get(owner.workspace)).json()["counts"]
    inside, summary = await shown(owner, service), await health_of(owner)
    until = await ends_at(owner, service)
    clock.advance(HOUR)

    assert (before, inside, await shown(owner, service)) == ("down", "maintenance", "down")
    assert (until, await ends_at(owner, service)) == ("2026-03-28T13:00:00Z", None)
    assert (summary, await health_of(owner)) == ("unknown", "down")
    assert (counts["maintenance"], counts["down"]) == (1, 0)


async def test_window_of_all_covers_all_but_what_is_paused(
    owner: Person, service: dict[str, Any], silent_port: int
) -> None:
    paused = await owner.watch(f"http://127.0.0.1:{silent_port}/", name="Paused")
    await owner.client.post(f"/api/v1/services/{paused['id']}/pause", json={})

    window = await plan(owner)

    counts = (await owner.client.get(owner.workspace)).json()["counts"]
    assert window["state"] == "running"
    assert await shown(owner, service) == "maintenance"
    assert await shown(owner, paused) == "paused"
    assert (counts["maintenance"], counts["paused"], counts["unknown"]) == (1, 1, 0)


async def test_outage_in_a_window_counts_neither_way(
    owner: Person, service: dict[str, Any], platform: Platform, clock: FakeClock
) -> None:
    check_id = CheckId(service["checks"][0]["id"])
    await plan(owner, at="12:10", duration_minutes=10)
    async with platform.database.unit_of_work() as uow:
        for minute, kind in ((0, TimeKind.UP), (10, TimeKind.DOWN), (20, TimeKind.UP)):
            await uow.spans.turn(check_id, clock.now() + minute * MINUTE, kind)
        await uow.commit()
    clock.advance(30 * MINUTE)

    answer = await owner.client.get(f"/api/v1/services/{service['id']}")
    figures = await owner.client.get(f"/api/v1/services/{service['id']}/figures")

    assert answer.json()["uptime"] == {"h24": 100, "d7": 100, "d30": 100, "d90": 100}
    assert (figures.json()["uptime_pct"], figures.json()["outages"]) == (100, [])


async def test_edit_holds_from_now_on(owner: Person, clock: FakeClock) -> None:
    window = await plan(owner, recurrence={"repeat": "daily"})
    clock.advance(30 * MINUTE)

    edited = (await edit(owner, window, at="20:00", name="Later")).json()

    assert (edited["version"], edited["name"], edited["state"]) == (2, "Later", "planned")
    assert edited["next"][0]["from"] == "2026-03-28T20:00:00Z"
    assert edited["recurrence"]["repeat"] == "daily"
    assert await listed(owner) == [edited]


async def test_second_of_two_edits_is_refused(owner: Person) -> None:
    window = await plan(owner)
    await edit(owner, window, name="First")

    second = await edit(owner, window, name="Second")
    garbage = await owner.client.patch(
        path_of(owner, window), json={"name": "x"}, headers={"If-Match": "*"}
    )

    assert (second.status_code, garbage.status_code) == (412, 412)
    assert [each["name"] for each in await listed(owner)] == ["First"]


async def test_window_of_a_deleted_service_can_still_be_named(
    owner: Person, service: dict[str, Any]
) -> None:
    window = await plan(owner, service_ids=[service["id"]])
    await owner.client.delete(f"/api/v1/services/{service['id']}")

    assert (await edit(owner, window, name="Other")).status_code == 200


async def test_window_that_runs_is_ended_and_comes_back(
    owner: Person, service: dict[str, Any], clock: FakeClock
) -> None:
    window = await plan(owner, recurrence={"repeat": "daily"})
    clock.advance(10 * MINUTE)
    inside = await shown(owner, service)

    answer = await owner.client.post(f"{path_of(owner, window)}/end")

    assert (inside, await shown(owner, service)) == ("maintenance", "unknown")
    assert answer.json()["state"] == "planned"
    assert answer.json()["next"][0]["from"] == "2026-03-29T12:00:00Z"


async def test_window_that_does_not_run_cannot_be_ended(owner: Person) -> None:
    window = await plan(owner, at="18:00")

    answer = await owner.client.post(f"{path_of(owner, window)}/end")

    assert (answer.status_code, fields(answer)) == (422, {"": "not_running"})


@pytest.mark.parametrize("method", ["DELETE", "POST"])
async def test_old_version_is_refused_where_one_is_named(owner: Person, method: str) -> None:
    window = await plan(owner)
    path = path_of(owner, window) + ("/end" if method == "POST" else "")

    answer = await owner.client.request(method, path, headers={"If-Match": '"7"'})

    assert answer.status_code == 412
    assert [each["version"] for each in await listed(owner)] == [1]


async def test_cancelled_window_is_gone(owner: Person, service: dict[str, Any]) -> None:
    window = await plan(owner)

    gone = await owner.client.delete(path_of(owner, window))
    again = await owner.client.delete(path_of(owner, window))

    assert (gone.status_code, again.status_code) == (204, 404)
    assert await listed(owner) == []
    assert await shown(owner, service) == "unknown"


async def test_window_of_others_is_not_found_in_ones_own_workspace(
    owner: Person, stranger: Person
) -> None:
    window = await plan(owner)

    path = f"{stranger.workspace}/maintenance-windows/{window['id']}"
    answers = [
        await stranger.client.patch(path, json={"name": "x"}, headers={"If-Match": '"1"'}),
        await stranger.client.post(f"{path}/end"),
        await stranger.client.delete(path),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert await listed(owner) == [window]


REFUSED: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "a zone that is not known": ({"zone": "Nowhere/Atlantis"}, {"zone": "unknown"}),
    "a zone of this machine": ({"zone": "localtime"}, {"zone": "unknown"}),
    "a service of others": ({"service_ids": ["x"]}, {"service_ids.0": "unknown"}),
    "a service that cannot be": ({"service_ids": ["\0"]}, {"service_ids.0": "unknown"}),
    "a time that has passed": ({"first": "2026-03-27"}, {"first": "passed"}),
    "no such date": ({"first": "2026-02-30"}, {"first": "invalid"}),
    "no such year": ({"first": "9999-12-31"}, {"first": "invalid"}),
    "a date that is a number": ({"first": 1774656000}, {"first": "invalid"}),
    "no such time": ({"at": "24:00"}, {"at": "invalid"}),
    "a time with seconds": ({"at": "12:00:30"}, {"at": "invalid"}),
    "a leap second": ({"at": "23:59:60"}, {"at": "invalid"}),
    "no time": ({"at": None}, {"at": "invalid"}),
    "too long": ({"duration_minutes": 10_081}, {"duration_minutes": "less_than_equal"}),
    "no duration": ({"duration_minutes": 0}, {"duration_minutes": "greater_than_equal"}),
    "weekly on no day": (
        {"recurrence": {"repeat": "weekly"}},
        {"recurrence.weekdays": "missing"},
    ),
    "monthly on no day": ({"recurrence": {"repeat": "monthly"}}, {"recurrence.day": "missing"}),
    "for ever": (
        {"recurrence": {"repeat": "daily"}, "duration_minutes": 1440},
        {"duration_minutes": "too_long"},
    ),
    "over before it began": (
        {"recurrence": {"repeat": "daily", "until": "2026-03-01"}},
        {"first": "passed"},
    ),
    "a name of nothing": ({"name": " \u202e "}, {"name": "invalid"}),
}


@pytest.mark.parametrize(("changes", "problems"), REFUSED.values(), ids=REFUSED)
async def test_window_that_cannot_be_is_refused_in_words(
    owner: Person, changes: dict[str, Any], problems: dict[str, str]
) -> None:
    answer = await send(owner, **changes)

    assert (answer.status_code, fields(answer)) == (422, problems)
    assert await listed(owner) == []


async def test_too_many_windows_are_refused(owner: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("allgreen.server.maintenance.actions.MOST_WINDOWS", 2)
    await plan(owner)
    await plan(owner)

    answer = await send(owner)

    assert (answer.status_code, fields(answer)) == (422, {"": "limit"})
    assert MOST_WINDOWS == 200


async def test_windows_are_listed_in_pages(owner: Person) -> None:
    names = [(await plan(owner, name=f"Window {n}"))["name"] for n in range(3)]

    path = f"{owner.workspace}/maintenance-windows"
    first = (await owner.client.get(path, params={"limit": 2})).json()
    second = (await owner.client.get(path, params={"cursor": first["next_cursor"]})).json()

    assert [each["name"] for each in (*first["items"], *second["items"])] == names[::-1]
    assert second["next_cursor"] is None


async def test_history_says_who_did_what(
    owner: Person, platform: Platform, clock: FakeClock
) -> None:
    window = await plan(owner, recurrence={"repeat": "daily"})
    clock.advance(MINUTE)
    edited = (await edit(owner, window, name="Other")).json()
    await owner.client.post(f"{path_of(owner, edited)}/end")
    await owner.client.delete(path_of(owner, window))

    async with platform.database.read() as connection:
        query = select(audit.c.action, audit.c.summary).order_by(audit.c.id)
        rows = [tuple(row) for row in await connection.execute(query)]

    assert [row for row in rows if row[0].startswith("window.")] == [
        ("window.planned", "planned the maintenance window Move of the database"),
        ("window.edited", "edited the maintenance window Other"),
        ("window.ended", "ended the maintenance window Other"),
        ("window.cancelled", "cancelled the maintenance window Other"),
    ]


# The zone of a workspace --------------------------------------------------------------------------


async def test_zone_of_a_workspace_holds_from_its_next_midnight(
    owner: Person, platform: Platform
) -> None:
    answer = await owner.client.patch(
        owner.workspace, json={"time_zone": "America/New_York", "name": "Fjord"}
    )

    page = answer.json()
    assert (page["time_zone"], page["name"]) == ("America/New_York", "Fjord")
    async with platform.database.unit_of_work() as uow:
        workspace_id = WorkspaceId(owner.me["workspaces"][0]["id"])
        calendar = await uow.workspaces.calendar(workspace_id)
    today = calendar.day_at(platform.clock.now())
    assert (today.begin, today.end) == (
        datetime(2026, 3, 28, tzinfo=UTC),
        datetime(2026, 3, 29, 4, tzinfo=UTC),
    )


async def test_zone_that_is_not_known_is_refused(owner: Person) -> None:
    answer = await owner.client.patch(owner.workspace, json={"time_zone": "Nowhere/Atlantis"})

    assert (answer.status_code, fields(answer)) == (422, {"time_zone": "unknown"})
    assert (await owner.client.get(owner.workspace)).json()["time_zone"] == "UTC"


async def test_saving_a_workspace_without_a_change_changes_nothing(owner: Person) -> None:
    before = (await owner.client.get(owner.workspace)).json()

    after = (await owner.client.patch(owner.workspace, json={})).json()

    assert after == before
