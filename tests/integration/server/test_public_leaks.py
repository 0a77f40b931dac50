"""What must never leave for a public page: canaries in every field that can be written."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import httpx2
import pytest
from sqlalchemy import select, update

from allgreen.domain.check import CheckKind
from allgreen.domain.expectation import Explanation
from allgreen.domain.identity import CheckId
from allgreen.domain.status import Outcome, ServiceHealth
from allgreen.server.platform import Platform
from allgreen.storage.sql.tables import checks, incidents, services
from allgreen.testing import FakeClock, a_result
from tests.api import Person
from tests.public import SLUG, add_outage, publish, turn

PAGE = f"/status/{SLUG}"
SAFE = ("/", "?", "#", "https:", "mailto:", "data:image/svg+xml,", "http://127.0.0.1:8000/")
PAYLOADS = (
    "<script>alert(1)</script>",
    '"><svg onload=alert(1)>',
    "' autofocus onfocus=alert(1) x='",
    "javascript:alert(1)",
    "{{7*7}}{% raw %}${7*7}",
    "]]><x>",
    "&lt;b&gt;",
    "--><img src=x>",
    "%(x)s {m.__init__} $JSON",
    "\u2028\uffff\ufffe",
)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime(2026, 4, 14, 12, tzinfo=UTC))


class Reader(HTMLParser):
    """Reads what a browser would act upon."""

    def __init__(self) -> None:
        super().__init__()
        self.dangers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "img", "iframe", "object", "style", "x"):
            self.dangers.append(tag)
        for name, value in attrs:
            if name.startswith("on") or name in ("style", "srcdoc", "autofocus"):
                self.dangers.append(name)
            if name in ("href", "src") and not (value or "").startswith(SAFE):
                self.dangers.append(f"{name}={value}")


def dangers_in(text: str) -> list[str]:
    reader = Reader()
    reader.feed(text)
    return reader.dangers


async def public_bytes(client: httpx2.AsyncClient) -> dict[str, str]:
    """Return every public answer about the page, headers included, by its address."""
    page = (await client.get(f"/api/v1/public/status/{SLUG}")).json()
    paths = [
        PAGE,
        f"{PAGE}?month=2026-04",
        f"{PAGE}?month=2026-03",
        f"{PAGE}/feed.rss",
        f"{PAGE}/feed.atom",
        f"{PAGE}/maintenance.ics",
        f"{PAGE}/badge.svg",
        *(f"{PAGE}/badge/{service['key']}.svg" for service in page["services"]),
        f"/embed/{SLUG}",
        f"/api/v1/public/status/{SLUG}",
        "/sitemap.xml",
        "/robots.txt",
        "/",
        "/healthz",
    ]
    answers = {path: await client.get(path) for path in paths}
    return {
        path: "\n".join(f"{name}: {value}" for name, value in answer.headers.items()) + answer.text
        for path, answer in answers.items()
        if answer.status_code == 200
    }


async def test_no_canary_of_a_service_is_in_any_public_byte(
    owner: Person,
    anonymous: httpx2.AsyncClient,
    platform: Platform,
    clock: FakeClock,
    silent_port: int,
) -> None:
    url = f"http://user:canary-pass@127.0.0.1:{silent_port}/canary-path?canary-query=canary-value"
    service = await owner.watch(
        url.replace("user:canary-pass@", ""),
        name="Public name",
        check={
            "method": "POST",
            "headers": [
                {"name": "X-Canary-Header", "value": "canary-header"},
                {"name": "Authorization", "value": "Bearer canary-bearer"},
            ],
            "body": "canary-body",
            "expectations": {
                "status": "200",
                "body_contains": "canary-expected",
                "json_values": [{"path": "$.canary", "operator": "equals", "value": "canary-json"}],
            },
        },
        recipients=[{"email": "canary-recipient@example.net"}],
    )
    window = {
        "name": "canary-window",
        "first": "2026-04-14",
        "at": "18:00",
        "duration_minutes": 30,
    }
    await owner.client.post(f"{owner.workspace}/maintenance-windows", json=window)
    await owner.client.patch(owner.workspace, json={"name": "canary-workspace"})
    await publish(owner, slug=SLUG, is_published=True, title="Public title", about="Public about")
    await turn(platform, service, ServiceHealth.DOWN)
    incident = await add_outage(
        platform, owner, service, clock.now() - timedelta(hours=1), reason="canary-reason"
    )
    await write_results(platform, service)

    said = await public_bytes(anonymous)

    assert len(said) == 14
    assert "Public name" in said[PAGE]
    assert "Public about" in said[PAGE]
    secrets = {"canary", str(silent_port), "127.0.0.1:" + str(silent_port), owner.me["email"]}
    secrets |= {service["id"], incident.id, service["checks"][0]["id"], owner.me["id"]}
    secrets |= {owner.me["workspaces"][0]["id"], "Ana Petrov"}
    found = {
        (path, secret)
        for path, text in said.items()
        for secret in secrets
        if secret.lower() in text.lower()
    }
    assert found == set()


async def write_results(platform: Platform, service: dict[str, Any]) -> None:
    """Let the target have answered with canaries, and let states and outages quote them."""
    async with platform.database.unit_of_work() as uow:
        said = Explanation(
            operand="Body", actual="canary-actual", expected="canary-expected", holds=False
        )
        result = a_result(
            Outcome.FAIL,
            check_id=CheckId(service["checks"][0]["id"]),
            reason="canary-result",
            message="canary-message at 10.0.0.7",
        )
        result = replace(result, explanations=(said,))
        await uow.results.add([result])
        reason = {"reason": "canary-state"}
        await uow.connection.execute(update(checks).values(**reason))
        await uow.connection.execute(update(incidents).values(reason="canary-reason"))
        await uow.commit()


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_what_people_write_is_shown_as_they_wrote_it(
    owner: Person,
    anonymous: httpx2.AsyncClient,
    platform: Platform,
    clock: FakeClock,
    silent_port: int,
    payload: str,
) -> None:
    service = await owner.watch(f"http://127.0.0.1:{silent_port}/", name=payload)
    await publish(owner, slug=SLUG, is_published=True, title=payload, about=payload)
    await turn(platform, service, ServiceHealth.DOWN)
    await add_outage(platform, owner, service, clock.now() - timedelta(hours=1))

    said = await public_bytes(anonymous)

    for path, text in said.items():
        # A calendar is text, and sent as nothing else.
        if path.startswith((PAGE, "/embed")) and not path.endswith(".ics"):
            assert dangers_in(text) == [], path
    page = json.loads(said[f"/api/v1/public/status/{SLUG}"].partition("{")[2].join(["{", ""]))
    assert page["services"][0]["name"] == service["name"]


async def test_the_canaries_are_where_they_were_put(
    owner: Person, platform: Platform, silent_port: int
) -> None:
    service = await owner.watch(f"http://127.0.0.1:{silent_port}/canary-path")

    async with platform.database.read() as connection:
        kind = await connection.scalar(select(checks.c.kind))
        name = await connection.scalar(select(services.c.name))

    assert kind is CheckKind.HTTP
    assert name == service["name"]
    seen = await owner.client.get(f"/api/v1/services/{service['id']}")
    assert "canary-path" in seen.text
