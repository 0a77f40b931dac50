"""Public pages: the truth about services, for everybody, and not one word more."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import httpx2
import pytest
from sqlalchemy import event, update

from allgreen.domain.commands import NoteOffline
from allgreen.domain.incident import Quiet
from allgreen.domain.status import ServiceHealth
from allgreen.server.platform import Platform
from allgreen.server.status_pages import facts
from allgreen.storage.sql.tables import status_pages, workspaces
from allgreen.testing import FakeClock
from tests.api import Person
from tests.public import SLUG, add_outage, publish, store_strip, turn

PAGE = f"/status/{SLUG}"
JSON = f"/api/v1/public/status/{SLUG}"
PUBLIC = (
    PAGE,
    f"{PAGE}?month=2026-03",
    f"{PAGE}/feed.rss",
    f"{PAGE}/feed.atom",
    f"{PAGE}/maintenance.ics",
    f"{PAGE}/badge.svg",
    f"/embed/{SLUG}",
    JSON,
)
DAY = timedelta(days=1)
UP, DOWN = ServiceHealth.UP, ServiceHealth.DOWN


@pytest.fixture
def clock() -> FakeClock:
    """A Tuesday noon in spring."""
    return FakeClock(datetime(2026, 4, 14, 12, tzinfo=UTC))


@pytest.fixture
async def service(owner: Person, platform: Platform, silent_port: int) -> dict[str, Any]:
    """A service that holds."""
    watched = await owner.watch(f"http://127.0.0.1:{silent_port}/health")
    await turn(platform, watched, UP)
    return watched


@pytest.fixture
async def published(owner: Person, service: dict[str, Any]) -> dict[str, Any]:
    await publish(owner)
    return service


async def headline(client: httpx2.AsyncClient) -> str:
    found = re.search(r'<h1 id="now">(.*?)</h1>', (await client.get(PAGE)).text)
    assert found is not None
    return found.group(1)


async def read(client: httpx2.AsyncClient) -> dict[str, Any]:
    answer = await client.get(JSON)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


def later(clock: FakeClock) -> None:
    """Let what is kept be read anew."""
    clock.advance(timedelta(seconds=11))


@contextmanager
def counted_reads(platform: Platform) -> Iterator[list[str]]:
    """Count the transactions that read from the database."""
    begun: list[str] = []
    engine = platform.database._reader.sync_engine  # type: ignore[union-attr]  # it is open

    def note(_connection: object) -> None:
        begun.append("begun")

    event.listen(engine, "begin", note)
    yield begun
    event.remove(engine, "begin", note)


# What it says


async def test_all_is_green_when_everything_holds(
    anonymous: httpx2.AsyncClient, published: dict[str, Any]
) -> None:
    assert await headline(anonymous) == "Everything holds."
    page = await read(anonymous)
    assert (page["title"], page["zone"]) == ("Nordlys", "UTC")
    assert [each["state"] for each in page["services"]] == ["up"]


async def test_one_that_is_down_is_said_first_with_its_begin(
    anonymous: httpx2.AsyncClient,
    owner: Person,
    platform: Platform,
    published: dict[str, Any],
    silent_port: int,
    clock: FakeClock,
) -> None:
    other = await owner.watch(f"http://127.0.0.1:{silent_port}/pay", name="Payments")
    await turn(platform, other, DOWN)
    await add_outage(platform, owner, other, clock.now() - timedelta(minutes=42))

    text = (await anonymous.get(PAGE)).text

    assert await headline(anonymous) == "One service is down."
    assert "Down for 42\u00a0minutes" in text
    assert "Payments stopped answering correctly at 11:18. Everything else holds." in text
    assert "<title>One service is down · Nordlys status</title>" in text


@pytest.mark.parametrize(
    ("healths", "sentence"),
    [
        ((DOWN, DOWN), "Both services are down."),
        ((DOWN, DOWN, DOWN), "All services are down."),
        ((DOWN, DOWN, UP), "Two services are down."),
        ((ServiceHealth.DEGRADED, UP), "One service is slow."),
        ((ServiceHealth.UNKNOWN, UP), "We cannot tell for one service."),
        ((ServiceHealth.UNKNOWN, ServiceHealth.UNKNOWN), "We cannot tell at the moment."),
        ((ServiceHealth.DEGRADED, ServiceHealth.UNKNOWN, DOWN), "One service is down."),
    ],
)
async def test_the_sentence_is_about_the_worst(
    anonymous: httpx2.AsyncClient,
    owner: Person,
    platform: Platform,
    silent_port: int,
    healths: tuple[ServiceHealth, ...],
    sentence: str,
) -> None:
    for number, health in enumerate(healths):
        watched = await owner.watch(f"http://127.0.0.1:{silent_port}/", name=f"No. {number}")
        await turn(platform, watched, health)
    await publish(owner)

    assert await headline(anonymous) == sentence


async def test_a_new_service_is_never_green(
    anonymous: httpx2.AsyncClient, owner: Person, silent_port: int
) -> None:
    await owner.watch(f"http://127.0.0.1:{silent_port}/")
    await publish(owner)

    assert await headline(anonymous) == "We cannot tell at the moment."
    assert "all green" not in (await anonymous.get(f"{PAGE}/badge.svg")).text


async def test_a_service_of_which_nothing_is_heard_is_never_green(
    anonymous: httpx2.AsyncClient, published: dict[str, Any], clock: FakeClock
) -> None:
    before = await headline(anonymous)

    clock.advance(timedelta(hours=2))

    assert before == "Everything holds."
    assert await headline(anonymous) == "We cannot tell at the moment."


async def test_while_our_own_network_is_down_nothing_is_known(
    anonymous: httpx2.AsyncClient, platform: Platform, published: dict[str, Any]
) -> None:
    command = NoteOffline(watcher="local", at=platform.clock.now())
    platform.bus.announce(await platform.bus.execute(command, platform.database.unit_of_work))

    assert await headline(anonymous) == "We cannot tell at the moment."
    assert "not known" in (await anonymous.get(f"{PAGE}/badge.svg")).text
    assert [each["state"] for each in (await read(anonymous))["services"]] == ["unknown"]
    assert "Our own network has been down since 12:00" in (await anonymous.get(PAGE)).text


async def test_paused_services_are_said_to_be_paused(
    anonymous: httpx2.AsyncClient, owner: Person, published: dict[str, Any]
) -> None:
    await owner.client.post(f"/api/v1/services/{published['id']}/pause")

    assert await headline(anonymous) == "Nothing is watched at the moment."
    assert "all green" not in (await anonymous.get(f"{PAGE}/badge.svg")).text


async def test_maintenance_is_told_as_planned_and_its_outage_is_none(
    anonymous: httpx2.AsyncClient,
    owner: Person,
    platform: Platform,
    published: dict[str, Any],
    clock: FakeClock,
) -> None:
    window = {"name": "Secret move", "first": "2026-04-14", "at": "12:00", "duration_minutes": 90}
    await owner.client.post(f"{owner.workspace}/maintenance-windows", json=window)
    clock.advance(timedelta(minutes=5))
    await turn(platform, published, DOWN)
    await add_outage(platform, owner, published, clock.now(), quiet=Quiet.MAINTENANCE)
    later(clock)

    page, text = await read(anonymous), (await anonymous.get(PAGE)).text

    assert await headline(anonymous) == "One service is in maintenance."
    assert "Planned maintenance until 13:30" in text
    assert page["incidents"] == []
    assert page["maintenance"] == [
        {
            "services": ["Checkout"],
            "begin": "2026-04-14T12:00:00Z",
            "end": "2026-04-14T13:30:00Z",
        }
    ]
    assert "Secret move" not in text


async def test_work_that_lies_ahead_is_announced(
    anonymous: httpx2.AsyncClient, owner: Person, published: dict[str, Any]
) -> None:
    window = {"name": "Move", "first": "2026-04-16", "at": "23:30", "duration_minutes": 60}
    await owner.client.post(f"{owner.workspace}/maintenance-windows", json=window)

    text = (await anonymous.get(PAGE)).text

    planned = text[text.index('id="planned"') : text.index('id="past"')]
    assert "<h3>Thu 16 April</h3>" in planned
    assert "23:30 to Fri 17 April, 00:30. Not counted." in planned


async def test_without_services_it_says_so(anonymous: httpx2.AsyncClient, owner: Person) -> None:
    await publish(owner)

    assert await headline(anonymous) == "No service is shown here yet."


async def test_latency_is_shown_only_where_the_owners_want_it(
    anonymous: httpx2.AsyncClient, owner: Person, platform: Platform, published: dict[str, Any]
) -> None:
    await store_strip(platform, published, "u" * 90, known=10, good=10)
    hidden = await read(anonymous), (await anonymous.get(PAGE)).text

    await publish(owner, shows_latency=True)
    shown = await read(anonymous), (await anonymous.get(PAGE)).text

    assert hidden[0]["services"][0]["median_ms"] is None
    assert "184\u00a0ms" not in hidden[1]
    assert shown[0]["services"][0]["median_ms"] == 184
    assert "184\u00a0ms" in shown[1]


@pytest.mark.parametrize("is_hidden", [False, True])
async def test_a_service_off_the_page_counts_no_more(
    anonymous: httpx2.AsyncClient,
    owner: Person,
    platform: Platform,
    published: dict[str, Any],
    silent_port: int,
    clock: FakeClock,
    is_hidden: bool,
) -> None:
    bad = await owner.watch(f"http://127.0.0.1:{silent_port}/bad", name="Bad one")
    await turn(platform, bad, DOWN)
    await add_outage(platform, owner, bad, clock.now() - DAY)
    await store_strip(platform, published, "u" * 90, known=1000, good=1000)
    await store_strip(platform, bad, "x" * 90, known=1000, good=0)
    await publish(owner, service_ids=[published["id"]] if is_hidden else None)

    page = await read(anonymous)

    assert page["uptime_pct"] == (100.0 if is_hidden else 50.0)
    assert (page["incidents"] == []) is is_hidden
    told = {path for path in PUBLIC if "Bad one" in (await anonymous.get(path)).text}
    summaries = {f"{PAGE}/badge.svg", f"{PAGE}/maintenance.ics", f"/embed/{SLUG}"}
    assert told == (set() if is_hidden else set(PUBLIC) - summaries)


async def test_services_stand_in_the_order_that_was_chosen(
    anonymous: httpx2.AsyncClient, owner: Person, published: dict[str, Any], silent_port: int
) -> None:
    other = await owner.watch(f"http://127.0.0.1:{silent_port}/a", name="Another")

    by_name = [each["name"] for each in (await read(anonymous))["services"]]
    await publish(owner, service_ids=[published["id"], other["id"]])
    chosen = [each["name"] for each in (await read(anonymous))["services"]]

    assert (by_name, chosen) == (["Another", "Checkout"], ["Checkout", "Another"])


async def test_the_past_is_told_by_days_of_the_zone_of_the_workspace(
    anonymous: httpx2.AsyncClient,
    owner: Person,
    platform: Platform,
    published: dict[str, Any],
) -> None:
    await owner.client.patch(owner.workspace, json={"time_zone": "Asia/Tokyo"})
    await store_strip(platform, published, "u" * 90)
    began_at = datetime(2026, 4, 9, 20, 30, tzinfo=UTC)
    await add_outage(platform, owner, published, began_at, timedelta(hours=7, minutes=51))

    text = (await anonymous.get(PAGE)).text

    assert "Times in <b>Asia/Tokyo</b>" in text
    past = text[text.index('id="past"') :]
    assert "<h3>Fri 10 April</h3>" in past
    assert ">05:30</time><span>Stopped answering correctly.</span>" in past
    assert ">13:21</time><span>Holds again, after 7\u00a0h 51\u00a0min.</span>" in past
    assert "<h3>Sat 11 to Tue 14 Apr</h3>" in past
    assert "Quiet." in past


async def test_days_without_a_check_are_not_called_quiet(
    anonymous: httpx2.AsyncClient, platform: Platform, published: dict[str, Any]
) -> None:
    await store_strip(platform, published, "n" * 88 + "uu")

    text = (await anonymous.get(PAGE)).text

    assert "<h3>Mon 13 to Tue 14 Apr</h3>" in text
    assert "<h3>Wed 1 to Sun 12 Apr</h3>" in text
    assert "Nothing was checked." in text


async def test_no_day_of_an_outage_is_called_quiet(
    anonymous: httpx2.AsyncClient,
    owner: Person,
    platform: Platform,
    published: dict[str, Any],
) -> None:
    await store_strip(platform, published, "u" * 84 + "xxxpuu")
    began_at = datetime(2026, 4, 9, 20, tzinfo=UTC)
    await add_outage(platform, owner, published, began_at, timedelta(days=2))

    text = (await anonymous.get(PAGE)).text

    days = re.findall(r"<h3>(.*?)</h3>\s*<p class=\"ok\">(.*?)</p>", text)
    assert days == [
        ("Mon 13 to Tue 14 Apr", "Quiet."),
        ("Sun 12 April", "Not all of it held."),
        ("Fri 10 to Sat 11 Apr", "Still down: Checkout."),
        ("Wed 1 to Wed 8 Apr", "Quiet."),
    ]
    assert "That was on Sat 11 April, 20:00." in text


async def test_a_month_is_shown_and_leads_to_the_one_before(
    anonymous: httpx2.AsyncClient,
    owner: Person,
    platform: Platform,
    published: dict[str, Any],
) -> None:
    began_at = datetime(2026, 3, 3, 8, tzinfo=UTC)
    await add_outage(platform, owner, published, began_at, timedelta(minutes=5))

    latest = (await anonymous.get(PAGE)).text
    march = (await anonymous.get(PAGE, params={"month": "2026-03"})).text
    oldest = (await anonymous.get(PAGE, params={"month": "2026-01"})).text

    assert "Tue 3 March" not in latest
    assert 'href="?month=2026-03#past">Show March</a>' in latest
    assert "March 2026" in march
    assert "Tue 3 March" in march
    assert 'href="?month=2026-02#past">Show February</a>' in march
    assert "Show December" not in oldest


@pytest.mark.parametrize("month", ["2025-01", "2026-13", "2026-4", "x" * 500, "\0", "2026-05"])
async def test_a_month_that_cannot_be_shown_is_as_none(
    anonymous: httpx2.AsyncClient, published: dict[str, Any], month: str
) -> None:
    answer = await anonymous.get(PAGE, params={"month": month})

    assert answer.status_code == 200
    assert "The last days" in answer.text


async def test_the_days_of_a_strip_are_there_in_words(
    anonymous: httpx2.AsyncClient, platform: Platform, published: dict[str, Any]
) -> None:
    await store_strip(
        platform,
        published,
        "n" * 60 + "u" * 28 + "pu",
        known=10**12,
        good=10**12 - 1,
        details=((88, 67.299, 28_000, 96, 31),),
    )

    text = (await anonymous.get(PAGE)).text

    assert "Checkout, the last 90 days, 99.99\u00a0percent." in text
    assert "29\u00a0healthy, 1\u00a0partly down, 60\u00a0without data" in text
    assert "Partly down, 67.29\u00a0%, down for 7\u00a0h 46\u00a0min" in text


# What it does not say


async def test_what_is_not_published_is_not_there_and_all_such_answers_are_one(
    anonymous: httpx2.AsyncClient, owner: Person, service: dict[str, Any], platform: Platform
) -> None:
    await publish(owner, slug=SLUG)
    hidden = [await anonymous.get(path) for path in PUBLIC]
    nowhere = [await anonymous.get(path.replace(SLUG, "not-there")) for path in PUBLIC]
    await publish(owner, is_published=True)
    shown = [await anonymous.get(path) for path in PUBLIC]
    async with platform.database.unit_of_work() as uow:
        await uow.connection.execute(update(workspaces).values(deleted_at=platform.clock.now()))
        await uow.commit()
    platform.public.published.clear()
    gone = [await anonymous.get(path) for path in PUBLIC]

    def seen(answer: httpx2.Response) -> tuple[int, bytes, list[tuple[str, str]]]:
        return answer.status_code, answer.content, sorted(answer.headers.items())

    assert {answer.status_code for answer in shown} == {200}
    for one, two, three in zip(hidden, nowhere, gone, strict=True):
        assert one.status_code == 404
        assert seen(one) == seen(two) == seen(three)


async def test_a_page_that_is_taken_back_is_gone_at_once_everywhere(
    anonymous: httpx2.AsyncClient, owner: Person, published: dict[str, Any]
) -> None:
    before = {path: (await anonymous.get(path)).status_code for path in PUBLIC}
    listed = (await anonymous.get("/sitemap.xml")).text

    await publish(owner, is_published=False)

    after = {path: (await anonymous.get(path)).status_code for path in PUBLIC}
    assert set(before.values()) == {200}
    assert after == dict.fromkeys(PUBLIC, 404)
    assert PAGE in listed
    assert PAGE not in (await anonymous.get("/sitemap.xml")).text


async def test_a_page_that_another_process_took_back_is_gone_within_ten_seconds(
    anonymous: httpx2.AsyncClient, platform: Platform, published: dict[str, Any], clock: FakeClock
) -> None:
    await anonymous.get(PAGE)
    async with platform.database.unit_of_work() as uow:
        await uow.connection.execute(update(status_pages).values(is_published=False))
        await uow.commit()

    clock.advance(timedelta(seconds=10, milliseconds=1))

    assert {(await anonymous.get(path)).status_code for path in PUBLIC} == {404}
    assert list((platform.settings.data_dir / "pages").iterdir()) == []


async def test_an_earlier_name_leads_nowhere(
    anonymous: httpx2.AsyncClient, owner: Person, published: dict[str, Any]
) -> None:
    await publish(owner, slug="other-name")

    old, new = await anonymous.get(PAGE), await anonymous.get("/status/other-name")

    assert (old.status_code, new.status_code) == (404, 200)
    assert "location" not in old.headers


async def test_badges_are_of_the_services_on_the_page_alone(
    anonymous: httpx2.AsyncClient, owner: Person, published: dict[str, Any], silent_port: int
) -> None:
    other = await owner.watch(f"http://127.0.0.1:{silent_port}/other", name="Hidden")
    keys = {each["name"]: each["key"] for each in (await read(anonymous))["services"]}
    await publish(owner, service_ids=[published["id"]])

    shown = await anonymous.get(f"{PAGE}/badge/{keys['Checkout']}.svg")
    hidden = await anonymous.get(f"{PAGE}/badge/{keys['Hidden']}.svg")
    by_id = await anonymous.get(f"{PAGE}/badge/{other['id']}.svg")

    assert shown.status_code == 200
    assert "Checkout: all green" in shown.text
    assert (hidden.status_code, by_id.status_code) == (404, 404)


async def test_of_a_service_that_was_deleted_nothing_is_left(
    anonymous: httpx2.AsyncClient,
    owner: Person,
    platform: Platform,
    published: dict[str, Any],
    clock: FakeClock,
) -> None:
    await add_outage(platform, owner, published, clock.now() - DAY, timedelta(minutes=5))
    (shown,) = (await read(anonymous))["services"]
    await owner.client.delete(f"/api/v1/services/{published['id']}")
    later(clock)

    page = await read(anonymous)

    assert (page["services"], page["incidents"], page["uptime_pct"]) == ([], [], None)
    assert (await anonymous.get(f"{PAGE}/badge/{shown['key']}.svg")).status_code == 404
    assert "Checkout" not in (await anonymous.get(f"{PAGE}/feed.rss")).text


async def test_members_see_a_page_before_it_is_published(
    anonymous: httpx2.AsyncClient, owner: Person, stranger: Person, service: dict[str, Any]
) -> None:
    path = f"{owner.workspace}/status-page/preview"

    answer = await owner.client.get(path)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "no-store" in answer.headers["cache-control"]
    assert "Preview." in answer.text
    assert "Everything holds." in answer.text
    assert (await stranger.client.get(path)).status_code == 404
    assert (await anonymous.get(path)).status_code == 401


# How it is served


async def test_a_thousand_visitors_cost_one_reading(
    anonymous: httpx2.AsyncClient, platform: Platform, published: dict[str, Any]
) -> None:
    with counted_reads(platform) as begun:
        answers = await asyncio.gather(
            *(anonymous.get(PAGE, params={"x": number}) for number in range(200))
        )
        for number in range(100):
            answers += [
                await anonymous.get(f"{path}{'&' if '?' in path else '?'}x={number}")
                for path in PUBLIC
            ]

    assert {answer.status_code for answer in answers} == {200}
    # One for which pages there are, one for this one.
    assert len(begun) == 2


async def test_names_that_no_page_has_cost_no_reading(
    anonymous: httpx2.AsyncClient, platform: Platform, published: dict[str, Any]
) -> None:
    await anonymous.get(PAGE)

    with counted_reads(platform) as begun:
        answers = [await anonymous.get(f"/status/no-{number}") for number in range(200)]

    assert {answer.status_code for answer in answers} == {404}
    assert begun == []


async def test_a_change_of_a_service_is_seen_within_ten_seconds(
    anonymous: httpx2.AsyncClient,
    owner: Person,
    platform: Platform,
    published: dict[str, Any],
    clock: FakeClock,
) -> None:
    before = await headline(anonymous)
    await turn(platform, published, DOWN)

    clock.advance(timedelta(seconds=10, milliseconds=1))

    assert (before, await headline(anonymous)) == ("Everything holds.", "One service is down.")


@pytest.mark.parametrize("path", PUBLIC)
async def test_what_a_visitor_has_is_not_sent_again(
    anonymous: httpx2.AsyncClient, published: dict[str, Any], path: str
) -> None:
    first = await anonymous.get(path)

    again = await anonymous.get(path, headers={"if-none-match": first.headers["etag"]})

    assert first.headers["cache-control"] == "public, max-age=0, s-maxage=10, must-revalidate"
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", [path for path in PUBLIC if path != JSON])
async def test_heads_are_answered(
    anonymous: httpx2.AsyncClient, published: dict[str, Any], path: str
) -> None:
    answer = await anonymous.head(path)

    assert (answer.status_code, answer.content) == (200, b"")


async def test_only_the_summary_may_be_framed_and_only_badges_shown_elsewhere(
    anonymous: httpx2.AsyncClient, published: dict[str, Any]
) -> None:
    answers = {path: await anonymous.get(path) for path in (*PUBLIC, "/", "/embed/nothing")}

    framed = {
        path
        for path, answer in answers.items()
        if "frame-ancestors 'none'" not in answer.headers["content-security-policy"]
    }
    shown = {
        path
        for path, answer in answers.items()
        if answer.headers["cross-origin-resource-policy"] != "same-origin"
    }
    assert framed == {f"/embed/{SLUG}", "/embed/nothing"}
    assert shown == framed | {f"{PAGE}/badge.svg"}
    embed = answers[f"/embed/{SLUG}"].headers["content-security-policy"]
    assert "frame-ancestors *" in embed
    assert "script-src" not in embed
    assert not any("set-cookie" in answer.headers for answer in answers.values())


async def test_feeds_tell_of_an_outage_once_and_in_two_dialects(
    anonymous: httpx2.AsyncClient,
    owner: Person,
    platform: Platform,
    published: dict[str, Any],
    clock: FakeClock,
) -> None:
    await add_outage(platform, owner, published, clock.now() - DAY, timedelta(minutes=90))
    await add_outage(platform, owner, published, clock.now() - timedelta(hours=1))

    rss = await anonymous.get(f"{PAGE}/feed.rss")
    atom = await anonymous.get(f"{PAGE}/feed.atom")

    assert rss.headers["content-type"].startswith("application/rss+xml")
    assert atom.headers["content-type"].startswith("application/atom+xml")
    items = ElementTree.fromstring(rss.content).findall("channel/item")
    entries = ElementTree.fromstring(atom.content).findall("{http://www.w3.org/2005/Atom}entry")
    assert [item.findtext("title") for item in items] == ["Checkout is down", "Checkout was down"]
    assert len(entries) == 2
    assert "after 1\u00a0h 30\u00a0min" in str(items[1].findtext("description"))
    assert len({item.findtext("guid") for item in items}) == 2


async def test_planned_work_is_a_calendar_too(
    anonymous: httpx2.AsyncClient, owner: Person, published: dict[str, Any], clock: FakeClock
) -> None:
    window = {"name": "Secret move", "first": "2026-04-16", "at": "23:30", "duration_minutes": 60}
    await owner.client.post(f"{owner.workspace}/maintenance-windows", json=window)

    first = await anonymous.get(f"{PAGE}/maintenance.ics")
    later(clock)
    again = await anonymous.get(f"{PAGE}/maintenance.ics")

    assert first.headers["content-type"].startswith("text/calendar")
    assert first.headers["x-content-type-options"] == "nosniff"
    assert again.headers["etag"] == first.headers["etag"]
    lines = first.text.split("\r\n")
    assert [line for line in lines if line.startswith(("DTSTART", "DTEND", "SUMMARY"))] == [
        "DTSTART:20260416T233000Z",
        "DTEND:20260417T003000Z",
        "SUMMARY:Planned maintenance: Checkout",
    ]
    assert "Secret move" not in first.text
    assert f'href="{PAGE}/maintenance.ics"' in (await anonymous.get(PAGE)).text


async def test_crawlers_are_shown_published_pages(
    anonymous: httpx2.AsyncClient, published: dict[str, Any]
) -> None:
    robots, sitemap = await anonymous.get("/robots.txt"), await anonymous.get("/sitemap.xml")

    assert "Sitemap: http://127.0.0.1:8000/sitemap.xml" in robots.text
    assert [each.text for each in ElementTree.fromstring(sitemap.content).iter() if each.text] == [
        "http://127.0.0.1:8000/",
        "http://127.0.0.1:8000/status/nordlys",
    ]


# While the database is away


async def test_without_its_database_the_last_page_is_shown_with_its_time(
    anonymous: httpx2.AsyncClient,
    platform: Platform,
    published: dict[str, Any],
    clock: FakeClock,
) -> None:
    await anonymous.get(PAGE)
    await platform.database.close()

    clock.advance(timedelta(minutes=3))
    answer = await anonymous.get(PAGE)

    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert await headline(anonymous) == "This is how it was at 12:00 UTC."
    assert "We cannot reach our own data" in answer.text
    assert "not reach" in answer.text
    assert "all green at 12:00 UTC" in (await anonymous.get(f"{PAGE}/badge.svg")).text
    assert {(await anonymous.get(path)).status_code for path in PUBLIC} == {200}
    assert (await anonymous.get("/status/not-there")).status_code == 404
    told = await read(anonymous)
    assert (told["is_current"], told["as_of"]) == (False, "2026-04-14T12:00:00Z")
    assert [each["state"] for each in told["services"]] == ["unknown"]


async def test_after_a_restart_without_a_database_the_copy_on_disk_is_shown(
    anonymous: httpx2.AsyncClient,
    platform: Platform,
    published: dict[str, Any],
) -> None:
    await anonymous.get(PAGE)
    (copy,) = (platform.settings.data_dir / "pages").iterdir()
    platform.public.published.clear()
    platform.public.pages.clear()
    await platform.database.close()

    shown, unknown = await anonymous.get(PAGE), await anonymous.get("/status/not-there")

    assert copy.stat().st_mode & 0o777 == 0o600
    assert "This is how it was at 12:00 UTC." in shown.text
    assert (unknown.status_code, int(unknown.headers["retry-after"])) == (503, 5)


async def test_a_page_that_was_taken_back_is_shown_from_no_copy(
    anonymous: httpx2.AsyncClient, owner: Person, platform: Platform, published: dict[str, Any]
) -> None:
    await anonymous.get(PAGE)

    await publish(owner, is_published=False)
    await platform.database.close()

    assert list((platform.settings.data_dir / "pages").iterdir()) == []
    assert {(await anonymous.get(path)).status_code for path in PUBLIC} == {503}


async def test_of_a_workspace_that_was_deleted_no_copy_is_left(
    anonymous: httpx2.AsyncClient, owner: Person, platform: Platform, published: dict[str, Any]
) -> None:
    await anonymous.get(PAGE)

    gone = await owner.client.request("DELETE", owner.workspace, json={"name": "Nordlys"})
    await platform.database.close()

    assert gone.status_code == 204
    assert list((platform.settings.data_dir / "pages").iterdir()) == []
    assert {(await anonymous.get(path)).status_code for path in PUBLIC} == {503}


async def test_a_page_that_is_taken_back_while_it_is_read_leaves_no_copy(
    anonymous: httpx2.AsyncClient, owner: Person, platform: Platform, published: dict[str, Any]
) -> None:
    load = facts.load_page

    async def load_slowly(*asked: Any) -> Any:
        page = await load(*asked)
        await publish(owner, is_published=False)
        return page

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(facts, "load_page", load_slowly)
        await anonymous.get(PAGE)

    assert list((platform.settings.data_dir / "pages").iterdir()) == []


async def test_what_a_member_does_to_their_account_drops_no_page(
    anonymous: httpx2.AsyncClient, owner: Person, platform: Platform, published: dict[str, Any]
) -> None:
    await anonymous.get(PAGE)
    before = platform.public.pages.peek(SLUG)

    form = {"name": "Ana P.", "visibility": "public"}
    edited = await owner.client.put("/api/v1/account/profile", json=form)

    assert edited.is_success, edited.text
    assert before is not None
    assert platform.public.pages.peek(SLUG) is before


async def test_a_copy_that_was_damaged_is_none(
    anonymous: httpx2.AsyncClient, platform: Platform, published: dict[str, Any]
) -> None:
    await anonymous.get(PAGE)
    (copy,) = (platform.settings.data_dir / "pages").iterdir()
    copy.write_bytes(copy.read_bytes()[:100])
    platform.public.published.clear()
    platform.public.pages.clear()
    await platform.database.close()

    assert (await anonymous.get(PAGE)).status_code == 503


async def test_where_no_copy_can_be_written_the_page_is_shown_all_the_same(
    anonymous: httpx2.AsyncClient,
    platform: Platform,
    published: dict[str, Any],
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (platform.settings.data_dir / "pages").write_text("in the way")

    for _ in range(3):
        assert await headline(anonymous) == "Everything holds."
        later(clock)

    assert len([line for line in caplog.messages if "could not be written" in line]) == 1
