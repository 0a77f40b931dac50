"""An outage as people follow it: from the mail to its page, live to the end, and into the history."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.faults.stage import wait_until
from tests.looks import Look
from tests.mail import REFUSE, SmtpServer, SmtpSink
from tests.platform import PASSWORD, Person, Platform
from tests.target import Target

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

SOFIA, PAGER = "sofia@nordlys.example", "on-call@pager.example"
SOON_S = 60.0
SOON_MS = 30_000


@dataclass
class Stage:
    """A service that can be let down, its owner, and their mail server."""

    platform: Platform
    sofia: Person
    service_id: str
    target: Target
    smtp: SmtpSink


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    server, target = SmtpServer(), Target().start()
    smtp = server.start()
    settings = {
        "ALLGREEN_SMTP_URL": f"smtp://{smtp.host}:{smtp.port}",
        "ALLGREEN_ALLOW_TARGETS": f"127.0.0.1:{target.port}",
        "ALLGREEN_MIN_INTERVAL_S": "1",
        "ALLGREEN_BACKOFF_SCALE": "0.05",
    }
    running = Platform(tmp_path_factory.mktemp("incidents") / "data", settings).start()
    sofia = Person(running).set_up(workspace="Nordlys Commerce")
    holds = {"json_values": [{"path": "$.state", "operator": "equals", "value": "ready"}]}
    service = sofia.watch("Payments webhook", target.url, every_s=2, expectations=holds)
    path = f"/services/{service['id']}"
    assert wait_until(lambda: sofia.get(path)["health"] == "up", within_s=SOON_S)
    yield Stage(running, sofia, service["id"], target, smtp)
    assert running.stop() == 0
    target.stop()
    server.stop()


@pytest.fixture
def reader(chromium: Browser, stage: Stage) -> Iterator[Page]:
    """A browser in which nobody is signed in."""
    context = chromium.new_context(locale="en-US", timezone_id="UTC")
    yield context.new_page()
    context.close()


def add_pager(stage: Stage) -> None:
    """Put an address outside on the list, which agrees and then takes nothing more."""
    path = f"/services/{stage.service_id}"
    version = stage.sofia.get(path)["version"]
    told = [{"email": SOFIA}, {"email": PAGER}]
    stage.sofia.http.patch(
        path, json={"recipients": told}, headers={"If-Match": f'"{version}"'}
    ).raise_for_status()
    question = stage.smtp.wait_for_mail_to(PAGER, "", within_s=SOON_S)
    found = re.search(r"/confirm/\S+", question.text)
    assert found is not None
    answer = stage.sofia.http.post(f"{stage.platform.address}{found.group()}")
    assert answer.is_success
    stage.smtp.treat(PAGER, REFUSE)


def log_in(page: Page) -> None:
    page.get_by_role("textbox", name="Email").fill(SOFIA)
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").last.click()


def test_an_outage_is_followed_from_its_mail_to_its_end(
    reader: Page, stage: Stage, look: Look
) -> None:
    page = reader
    add_pager(stage)
    stage.target.document["state"] = "broken"
    down = stage.smtp.wait_for_mail_to(SOFIA, "is down", within_s=SOON_S)
    link = re.search(r"http\S+/incidents/\S+", down.text)
    assert link is not None

    page.goto(link.group())
    log_in(page)
    expect(page.get_by_role("heading", name="Payments webhook is down.")).to_be_visible()
    expect(page).to_have_url(link.group())
    expect(page.get_by_text("It still lasts. This page follows it by itself.")).to_be_visible()
    why = page.get_by_role("region", name="Why")
    expect(why.get_by_role("listitem").filter(has_text="$.state")).to_contain_text("broken")
    story = page.get_by_role("region", name="What happened")
    expect(story.get_by_text("First failure seen")).to_be_visible()
    expect(story.get_by_text("Sofia Lindqvist was told that it is down")).to_be_visible()
    expect(page.get_by_role("note")).to_contain_text("1 message was given up", timeout=SOON_MS)
    look(page, "incident-open")

    page.get_by_role("button", name=re.compile(f"^Text for {PAGER}: Down")).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("550 5.1.1 No such mailbox")).to_be_visible()

    stage.target.document["state"] = "ready"
    expect(page.get_by_role("heading", name=re.compile("was down for"))).to_be_visible(
        timeout=SOON_MS
    )
    expect(page.get_by_text("It is over.")).to_be_visible()
    expect(story.get_by_text("told that it holds again")).to_be_visible(timeout=SOON_MS)
    look(page, "incident-over")

    leads_back_to(page, link.group())


def leads_back_to(page: Page, incident: str) -> None:
    """Go to the same page from each place that tells of it."""
    page.get_by_role("link", name="Open Payments webhook").click()
    events = page.get_by_role("list", name="What happened")
    events.get_by_role("link").click()
    expect(page).to_have_url(incident)

    page.get_by_role("link", name="All workspaces").first.click()
    page.get_by_role("list", name="Latest events").get_by_role(
        "link", name=re.compile("Holds")
    ).click()
    expect(page).to_have_url(incident)

    page.get_by_role("link", name="Messages").first.click()
    expect(page.get_by_role("heading", name="Messages", level=1)).to_be_visible()
    page.get_by_role("button", name=re.compile("Holds again, Payments webhook")).first.click()
    page.get_by_role("link", name="The incident").click()
    expect(page).to_have_url(incident)


def test_an_incident_that_is_not_there_says_so(reader: Page, stage: Stage, look: Look) -> None:
    page = reader
    page.context.add_cookies(stage.sofia.browser_cookies())
    nowhere = "0198c000-0000-7000-8000-000000000000"
    page.goto(f"{stage.platform.address}/workspaces/{stage.sofia.workspace_id}/incidents/{nowhere}")

    expect(page.get_by_text("There is no such incident, or it is not yours.")).to_be_visible()
    look(page, "incident-none")
    page.get_by_role("link", name="Go to the services").click()
    expect(page.get_by_role("article", name="Payments webhook")).to_be_visible()


def test_the_history_shows_what_became_of_what(reader: Page, stage: Stage, look: Look) -> None:
    page = reader
    page.context.add_cookies(stage.sofia.browser_cookies())
    # Paused, so that no outage of the other test is one of it too.
    path = f"/services/{stage.sofia.watch('Invoices', stage.target.url)['id']}"
    stage.sofia.post(f"{path}/pause")
    stage.sofia.http.patch(
        path,
        json={"name": "Invoice worker", "period": {"every": 15, "unit": "minutes"}},
        headers={"If-Match": f'"{stage.sofia.get(path)["version"]}"'},
    ).raise_for_status()
    page.goto(f"{stage.platform.address}/workspaces/{stage.sofia.workspace_id}/audit")

    line = page.get_by_role("listitem").filter(has_text="changed the name")
    line.get_by_role("button", name=re.compile("^What became of what")).focus()
    page.keyboard.press("Enter")

    expect(line.get_by_role("definition").nth(0)).to_contain_text("Invoices")
    expect(line.get_by_role("definition").nth(1)).to_contain_text("every 15 minutes")
    look(page, "audit-changes")
