"""Public pages in tests: how one is published, and how its services are made to look."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx2
from sqlalchemy import update

from allgreen.domain.identity import IncidentId, ServiceId, WorkspaceId
from allgreen.domain.incident import Incident, IncidentState, Resolution
from allgreen.domain.status import ServiceHealth
from allgreen.ports import Strip
from allgreen.server.platform import Platform
from allgreen.storage.sql.tables import checks, services
from tests.api import Person

SLUG = "nordlys"


async def publish(person: Person, **changes: object) -> httpx2.Response:
    """Change the page of a workspace; without a word on it, publish it as `SLUG`."""
    path = f"{person.workspace}/status-page"
    version = (await person.client.get(path)).json()["version"]
    form = changes or {"slug": SLUG, "is_published": True}
    answer = await person.client.patch(path, json=form, headers={"If-Match": f'"{version}"'})
    assert answer.status_code == 200, answer.text
    return answer


async def turn(platform: Platform, service: dict[str, Any], health: ServiceHealth) -> None:
    """Let a service be so, as found out this moment."""
    async with platform.database.unit_of_work() as uow:
        of_service = services.c.id == service["id"]
        await uow.connection.execute(update(services).where(of_service).values(health=health))
        seen = update(checks).where(checks.c.service_id == service["id"])
        now = platform.clock.now()
        await uow.connection.execute(seen.values(last_evidence_at=now, health=health))
        await uow.commit()


async def add_outage(
    platform: Platform,
    person: Person,
    service: dict[str, Any],
    began_at: datetime,
    lasted: timedelta | None = None,
    **changes: Any,
) -> Incident:
    """Write an outage; one without a length lasts."""
    ended_at = None if lasted is None else began_at + lasted
    fields: dict[str, Any] = {
        "id": IncidentId(platform.new_id()),
        "workspace_id": WorkspaceId(person.me["workspaces"][0]["id"]),
        "service_id": ServiceId(service["id"]),
        "state": IncidentState.OPEN if lasted is None else IncidentState.RESOLVED,
        "began_at": began_at,
        "confirmed_at": began_at,
        "ended_at": ended_at,
        "reason": "503 instead of 200",
        "resolution": None if lasted is None else Resolution.HOLDS_AGAIN,
    }
    incident = Incident(**fields | changes)
    async with platform.database.unit_of_work() as uow:
        await uow.incidents.save(incident)
        await uow.commit()
    return incident


async def store_strip(
    platform: Platform,
    service: dict[str, Any],
    grades: str,
    *,
    known: int = 0,
    good: int = 0,
    details: tuple[tuple[int, float, int, int, int], ...] = (),
) -> None:
    """Write the packed ninety days of a service."""
    strip = Strip(
        first=platform.clock.now().date() - timedelta(days=89),
        zone="UTC",
        grades=grades,
        details=details,
        known_us=known,
        good_us=good,
        median_ms=184.4,
        as_of=platform.clock.now(),
    )
    async with platform.database.unit_of_work() as uow:
        await uow.roll_ups.save_strips({ServiceId(service["id"]): strip})
        await uow.commit()
