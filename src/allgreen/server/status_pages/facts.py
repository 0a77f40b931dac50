"""Reads of public pages: which there are, and what everybody may see of one."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import RowMapping, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.calendar import Calendar
from allgreen.domain.identity import ServiceId, WorkspaceId
from allgreen.domain.incident import IncidentState, Quiet, Resolution
from allgreen.domain.maintenance import Interval
from allgreen.domain.status import Mode, ServiceHealth
from allgreen.domain.uptime import Tally
from allgreen.server.status_pages import queries
from allgreen.server.status_pages.public import (
    Ending,
    PublicIncident,
    PublicMaintenance,
    PublicPage,
    PublicService,
    State,
)
from allgreen.server.views.strips import align_strip
from allgreen.storage.sql.tables import (
    checks,
    incidents,
    services,
    status_pages,
    strips,
    workspaces,
)
from allgreen.storage.sql.watchers import find_offline_since
from allgreen.storage.sql.windows import SqlWindowRepository
from allgreen.storage.sql.workspaces import SqlWorkspaceRepository

AHEAD: Final = timedelta(days=14)
MOST_INCIDENTS: Final = 500
MOST_WINDOWS: Final = 300

_ENDINGS: Final = {
    Resolution.HOLDS_AGAIN: Ending.HOLDS_AGAIN,
    Resolution.PAUSED: Ending.PAUSED,
    Resolution.RECONFIGURED: Ending.RECONFIGURED,
}


async def list_published(connection: AsyncConnection) -> dict[str, WorkspaceId]:
    """Return the pages that everybody may see, by their names in addresses."""
    query = (
        select(status_pages.c.slug, status_pages.c.workspace_id)
        .join(workspaces, workspaces.c.id == status_pages.c.workspace_id)
        .where(
            status_pages.c.is_published,
            status_pages.c.slug.is_not(None),
            workspaces.c.deleted_at.is_(None),
        )
    )
    return {row[0]: WorkspaceId(row[1]) for row in await connection.execute(query)}


async def load_page(
    connection: AsyncConnection, workspace_id: WorkspaceId, now: datetime
) -> PublicPage:
    """Return what everybody may see of a workspace, published or not."""
    settings = await queries.load_settings(connection, workspace_id)
    calendar = await SqlWorkspaceRepository(connection).calendar(workspace_id)
    shown = await _list_shown(connection, workspace_id, settings["service_ids"])
    names = {ServiceId(row["id"]): str(row["name"]) for row in shown}
    begin = calendar.last_days(now)[0].begin
    windows = await SqlWindowRepository(connection).of_services(list(names), begin, now + AHEAD)
    outages = await _list_incidents(connection, list(names), begin)
    seen = await _list_checks(connection, list(names))
    offline_since = await find_offline_since(connection)
    draw = _Drawing(
        calendar,
        now,
        strips=await _list_strips(connection, list(names)),
        seen=seen,
        windows=windows,
        begins={row["service_id"]: row["began_at"] for row in outages if _lasts(row)},
        is_offline=offline_since is not None,
        shows_latency=settings["shows_latency"],
    )
    found = [check["last_evidence_at"] for rows in seen.values() for check in rows]
    return PublicPage(
        slug=settings["slug"] or "",
        title=settings["title"],
        about=settings["about"],
        website=settings["website"],
        zone=calendar.zone,
        offline_since=offline_since,
        uptime_pct=draw.pooled_pct(),
        checked_at=max((each for each in found if each is not None), default=None),
        services=[draw.service(row) for row in shown],
        incidents=[_show_incident(row, names, now) for row in outages],
        maintenance=_show_windows(windows, names),
        as_of=now,
    )


def key_of(kind: str, id_: str) -> str:
    """Return what stands for an id in public: the same each time, and nobody can turn it back."""
    # Ids hold 62 bits of chance and more, so they cannot be found by trying.
    return hashlib.sha256(f"{kind}/{id_}".encode()).hexdigest()[:16]


class _Drawing:
    """Puts together what was read of the services of one page."""

    def __init__(
        self,
        calendar: Calendar,
        now: datetime,
        *,
        strips: Mapping[str, RowMapping],
        seen: Mapping[str, Sequence[RowMapping]],
        windows: Mapping[ServiceId, Sequence[Interval]],
        begins: Mapping[str, datetime],
        is_offline: bool,
        shows_latency: bool,
    ) -> None:
        self._days = calendar.last_days(now)
        self._zone = calendar.zone
        self._now = now
        self._strips = strips
        self._seen = seen
        self._windows = windows
        self._begins = begins
        self._is_offline = is_offline
        self._shows_latency = shows_latency

    def service(self, row: RowMapping) -> PublicService:
        id_, strip = row["id"], self._strips.get(row["id"])
        until = self._maintenance_ends_at(id_)
        state = self._state(row, in_window=until is not None)
        median = strip["median_ms"] if strip is not None and self._shows_latency else None
        return PublicService(
            key=key_of("service", id_),
            name=row["name"],
            state=state,
            since=self._begins.get(id_) if state is State.DOWN else None,
            until=until if state is State.MAINTENANCE else None,
            uptime_pct=_pct([strip] if strip is not None else []),
            median_ms=None if median is None else round(median),
            strip=align_strip(None if strip is None else dict(strip), self._days, self._zone),
        )

    def pooled_pct(self) -> float | None:
        """Return the uptime over all services that are shown, and no others."""
        return _pct(list(self._strips.values()))

    def _state(self, row: RowMapping, *, in_window: bool) -> State:
        if row["mode"] is not Mode.ACTIVE:
            return State.PAUSED
        if in_window:
            return State.MAINTENANCE
        health = ServiceHealth(row["health"])
        is_silent = any(_is_silent(check, self._now) for check in self._seen.get(row["id"], ()))
        if self._is_offline or (is_silent and health is not ServiceHealth.DOWN):
            return State.UNKNOWN
        return State(health.value)

    def _maintenance_ends_at(self, service_id: str) -> datetime | None:
        running = (
            end
            for begin, end in self._windows.get(ServiceId(service_id), ())
            if begin <= self._now < end
        )
        return next(running, None)


def _is_silent(check: RowMapping, now: datetime) -> bool:
    """Tell whether a check has said nothing for so long that nothing is known: never green then.

    The same patience as `allgreen.domain.uptime.silent_since`.
    """
    last = check["last_evidence_at"]
    patience = check["every"] * check["confirm_blind"] + check["timeout"]
    return last is None or now > last + patience


def _lasts(row: RowMapping) -> bool:
    return row["state"] is not IncidentState.RESOLVED


def _pct(stored: Sequence[RowMapping]) -> float | None:
    known, good = (
        timedelta(microseconds=sum(row[name] for row in stored)) for name in ("known_us", "good_us")
    )
    return Tally(up=good, down=known - good).uptime_pct()


def _show_incident(
    row: RowMapping, names: Mapping[ServiceId, str], now: datetime
) -> PublicIncident:
    ended_at = row["ended_at"] if not _lasts(row) else None
    began_at = row["reopened_at"] or row["began_at"]
    return PublicIncident(
        key=key_of("incident", row["id"]),
        service=names[ServiceId(row["service_id"])],
        began_at=row["began_at"],
        ended_at=ended_at,
        duration_s=max(int(((ended_at or now) - began_at).total_seconds()), 0),
        ending=_ENDINGS.get(row["resolution"]) if ended_at else None,
    )


def _show_windows(
    windows: Mapping[ServiceId, Sequence[Interval]], names: Mapping[ServiceId, str]
) -> list[PublicMaintenance]:
    covered: dict[Interval, list[str]] = defaultdict(list)
    for service_id, name in names.items():
        for interval in windows.get(service_id, ()):
            covered[interval].append(name)
    return [
        PublicMaintenance(services=listed, begin=begin, end=end)
        for (begin, end), listed in sorted(covered.items())
    ][-MOST_WINDOWS:]


async def _list_shown(
    connection: AsyncConnection, workspace_id: WorkspaceId, chosen: Sequence[str] | None
) -> list[RowMapping]:
    """Return the services of a page: in the order that was chosen, else by name."""
    query = select(services.c.id, services.c.name, services.c.mode, services.c.health).where(
        services.c.workspace_id == workspace_id, services.c.mode != Mode.DELETED
    )
    rows = (await connection.execute(query)).mappings().all()
    if chosen is None:
        return sorted(rows, key=lambda row: (row["name"].lower(), row["id"]))
    places = {service_id: place for place, service_id in enumerate(chosen)}
    return sorted((r for r in rows if r["id"] in places), key=lambda row: places[row["id"]])


async def _list_strips(
    connection: AsyncConnection, ids: Sequence[ServiceId]
) -> dict[str, RowMapping]:
    query = select(strips).where(strips.c.service_id.in_(ids))
    return {row["service_id"]: row for row in (await connection.execute(query)).mappings()}


async def _list_checks(
    connection: AsyncConnection, ids: Sequence[ServiceId]
) -> dict[str, list[RowMapping]]:
    query = select(
        checks.c.service_id,
        checks.c.every,
        checks.c.timeout,
        checks.c.confirm_blind,
        checks.c.last_evidence_at,
    ).where(checks.c.service_id.in_(ids), checks.c.is_deleted.is_(False))
    found: dict[str, list[RowMapping]] = defaultdict(list)
    for row in (await connection.execute(query)).mappings():
        found[row["service_id"]].append(row)
    return found


async def _list_incidents(
    connection: AsyncConnection, ids: Sequence[ServiceId], begin: datetime
) -> list[Any]:
    """Return outages, newest first; those within maintenance were planned, and are left out."""
    query = (
        select(
            incidents.c.id,
            incidents.c.service_id,
            incidents.c.state,
            incidents.c.began_at,
            incidents.c.ended_at,
            incidents.c.resolution,
            incidents.c.reopened_at,
        )
        .where(
            incidents.c.service_id.in_(ids),
            or_(incidents.c.ended_at.is_(None), incidents.c.ended_at >= begin),
            or_(incidents.c.quiet.is_(None), incidents.c.quiet != Quiet.MAINTENANCE),
        )
        .order_by(incidents.c.began_at.desc(), incidents.c.id.desc())
        .limit(MOST_INCIDENTS)
    )
    return list((await connection.execute(query)).mappings())
