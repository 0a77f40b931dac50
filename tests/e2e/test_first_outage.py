"""The main job, as a person lives it: set up, watch, break, be told, mend, be told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from math import floor
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import find_violations
from tests.mail import ReceivedMail, SmtpSink
from tests.platform import PASSWORD, Person, Platform
from tests.target import Target

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

EMAIL = "sofia@nordlys.example"
GREEN_WITHIN_MS = 5_000
# Attempts at 0, 5 and 15 s after a slot of a 2 s period, and a little for the screen.
CONFIRMED_WITHIN_MS = 22_000
RECOVERED_WITHIN_MS = 8_000


@pytest.fixture
def target() -> Iterator[Target]:
    server = Target().start()
    yield server
    server.stop()


@pytest.fixture
def platform(tmp_path: Path, smtp_sink: SmtpSink, target: Target) -> Iterator[Platform]:
    settings = {
        "ALLGREEN_SMTP_URL": f"smtp://{smtp_sink.host}:{smtp_sink.port}",
        "ALLGREEN_ALLOW_TARGETS": f"127.0.0.1:{target.port}",
        "ALLGREEN_MIN_INTERVAL_S": "1",
    }
    running = Platform(tmp_path / "data", settings).start()
    yield running
    assert running.stop() == 0


def test_an_outage_is_seen_told_and_told_to_be_over(
    page: Page, platform: Platform, target: Target, smtp_sink: SmtpSink
) -> None:
    set_up(page, platform)
    assert find_violations(page) == []

    watch(page, "Orders API", target.url)
    row = page.get_by_role("article", name="Orders API")
    expect(row.get_by_role("img", name="Up")).to_be_visible(timeout=GREEN_WITHIN_MS)
    open_row(page, "Orders API")
    expect(
        row.get_by_role("definition").filter(has_text=re.compile(r"\d.ms")).first
    ).to_be_visible()
    assert find_violations(page) == []

    target.stop()
    expect(row.get_by_role("img", name="Down").first).to_be_visible(timeout=CONFIRMED_WITHIN_MS)
    expect(page).to_have_title(re.compile("1 down"))
    (down,) = smtp_sink.wait_for_mails(1, within_s=5)
    assert "down" in str(down.message["Subject"])
    assert down.recipients == (EMAIL,)
    assert find_violations(page) == []

    target.start()
    expect(row.get_by_role("img", name="Up")).to_be_visible(timeout=RECOVERED_WITHIN_MS)
    _, up = smtp_sink.wait_for_mails(2, within_s=5)
    assert "holds again" in str(up.message["Subject"])
    assert re.search(r"was down for \d+ s", up.text)
    assert events_of(down, up) == ["down", "up"]

    watcher = sign_in(platform)
    assert_figures_agree_with_raw_results(watcher)


def set_up(page: Page, platform: Platform) -> None:
    page.goto(platform.setup_link)
    page.get_by_label("Name", exact=True).fill("Sofia Lindqvist")
    page.get_by_label("Email").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Workspace").fill("Nordlys")
    page.get_by_role("button", name="Set up Allgreen").click()
    expect(page.get_by_role("heading", name="Nordlys")).to_be_visible()


def watch(page: Page, name: str, url: str) -> None:
    page.get_by_role("link", name="Watch a service").first.click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Request").fill(url)
    page.get_by_label("Number").fill("2")
    page.get_by_label("Unit").select_option("seconds")
    page.get_by_role("button", name="Start watching").click()


def open_row(page: Page, name: str) -> None:
    details = page.get_by_role("button", name=f"Details for {name}")
    if details.get_attribute("aria-expanded") == "false":
        details.click()


def events_of(*mails: ReceivedMail) -> list[str]:
    return [str(mail.message["X-Allgreen-Event"]).rpartition("/")[2] for mail in mails]


def sign_in(platform: Platform) -> Person:
    person = Person(platform, email=EMAIL)
    me = person.post("/session", email=EMAIL, password=PASSWORD, keep=False)
    person.workspace_id = me["workspaces"][0]["id"]
    return person


def assert_figures_agree_with_raw_results(person: Person) -> None:
    """Pause, so that no more time counts, and compare with figures made from raw results alone."""
    (row,) = person.get(f"/workspaces/{person.workspace_id}/services")["items"]
    person.post(f"/services/{row['id']}/pause")
    service = wait_for_strip_after(person, row["id"])
    raw = [each for each in all_results(person, row["id"]) if each["outcome"] != "missed"]
    paused_at = parse(service["paused_at"])

    known, down = recompute(raw, paused_at)
    # Floored in whole steps of 0.01 %, never rounded up.
    expected_pct = floor((known - down) / known * 10_000) / 100
    _, uptime_pct, down_s, checks, failed = service["strip"]["details"][-1]

    assert uptime_pct == service["uptime_pct"] == expected_pct
    assert down_s == int(down.total_seconds())
    assert (checks, failed) == (len(raw), sum(result["outcome"] == "fail" for result in raw))
    (incident,) = person.get(f"/services/{row['id']}/incidents")["items"]
    assert incident["duration_s"] == down_s


def recompute(raw: list[dict[str, Any]], end: datetime) -> tuple[timedelta, timedelta]:
    """Return known time and down time: down lasts from the first of three failures in a row."""
    known_from: datetime | None = None
    down_from: datetime | None = None
    failures: list[datetime] = []
    down = timedelta(0)
    for result in raw:
        if result["outcome"] == "fail":
            failures.append(parse(result["slot"]))
            down_from = failures[0] if len(failures) >= 3 else None
        else:
            started_at = parse(result["started_at"])
            known_from = known_from or started_at
            down += started_at - down_from if down_from else timedelta(0)
            down_from, failures = None, []
    assert known_from is not None
    assert down_from is None
    return end - known_from, down


def all_results(person: Person, service_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        answer = person.get(f"/services/{service_id}/results", limit=200, **cursor)
        found += answer["items"]
        if not answer["next_cursor"]:
            return sorted(found, key=lambda result: (parse(result["slot"]), result["attempt"]))
        cursor = {"cursor": answer["next_cursor"]}


def wait_for_strip_after(person: Person, service_id: str) -> dict[str, Any]:
    """Return the service once the keeper has summed up everything before the pause."""
    with person.http.stream("GET", "/events", params={"workspace": person.workspace_id}) as hints:
        for _hint in hints.iter_lines():
            # Asked for first: a service that was read before the sums may tell of older ones.
            as_of = person.get(f"/workspaces/{person.workspace_id}")["as_of"]
            service: dict[str, Any] = person.get(f"/services/{service_id}")
            if parse(as_of) > parse(service["paused_at"]):
                return service
    raise AssertionError("the stream of events ended")


def parse(instant: str) -> datetime:
    return datetime.fromisoformat(instant)
