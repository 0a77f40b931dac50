"""Reads of services: the list from packed strips and states, one service in full."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.calendar import Calendar, Day
from allgreen.domain.identity import AccountId, ServiceId, WorkspaceId
from allgreen.domain.incident import IncidentState
from allgreen.domain.maintenance import Interval, account
from allgreen.domain.policy import Permission, Role
from allgreen.domain.result import Result, SlotKey
from allgreen.domain.service import Recipient, Service
from allgreen.domain.status import Mode, ServiceHealth, Shown
from allgreen.domain.uptime import Span, Tally, tally, worst_spans
from allgreen.errors import InvalidInputError
from allgreen.server.auth.access import Member
from allgreen.server.auth.names import full_name
from allgreen.server.catalog import schemas
from allgreen.server.catalog.history import Window, draw_buckets, list_outages
from allgreen.server.catalog.options import show_place
from allgreen.server.catalog.schemas import Range
from allgreen.server.catalog.translation import show_check, show_period
from allgreen.server.views.explanations import show_explanation
from allgreen.server.views.queries import list_incidents
from allgreen.server.views.schemas import Strip
from allgreen.server.views.strips import align_strip
from allgreen.server.wire import Cut
from allgreen.storage.sql.cipher import Cipher
from allgreen.storage.sql.recipients import SqlRecipientRepository
from allgreen.storage.sql.results import SqlResultRepository
from allgreen.storage.sql.roll_ups import SqlRollUpRepository
from allgreen.storage.sql.services import SqlServiceRepository
from allgreen.storage.sql.spans import SqlSpanRepository
from allgreen.storage.sql.tables import (
    accounts,
    audit,
    checks,
    incidents,
    leases,
    memberships,
    services,
    strips,
    workspaces,
)
from allgreen.storage.sql.watchers import find_offline_since
from allgreen.storage.sql.windows import SqlWindowRepository
from allgreen.storage.sql.workspaces import SqlWorkspaceRepository

_MOST_ATTEMPTS = 1000
_RANK = (ServiceHealth.UNKNOWN, ServiceHealth.UP, ServiceHealth.DEGRADED, ServiceHealth.DOWN)


async def list_rows(
    connection: AsyncConnection,
    member: Member,
    cut: Cut,
    now: datetime,
    *,
    only: Sequence[str] | None = None,
) -> list[tuple[str, schemas.ServiceRow]]:
    """Return services by name with their sort keys, and one more than asked for.

    Args:
        connection: Where they are.
        member: Whose services.
        cut: Which part of the list.
        now: What the strips end at.
        only: Services by id, when not all are asked for; those of others are not found.
    """
    sort_key = func.lower(services.c.name)
    behind: list[ColumnElement[bool]] = []
    if cut.after is not None:
        name, service_id = (*cut.after, "")[:2]
        behind = [or_(sort_key > name, and_(sort_key == name, services.c.id > service_id))]
    if only is not None:
        behind.append(services.c.id.in_(only))
    query = (
        select(services, sort_key.label("sort_key"))
        .where(
            services.c.workspace_id == member.workspace_id,
            services.c.mode != Mode.DELETED,
            *behind,
        )
        .order_by(sort_key, services.c.id)
        .limit(cut.limit + 1)
    )
    found = (await connection.execute(query)).mappings().all()
    rows = await _show_rows(connection, member, found, now)
    return [(row["sort_key"], shown) for row, shown in zip(found, rows, strict=True)]


async def load_service(
    connection: AsyncConnection, cipher: Cipher, member: Member, service_id: str, now: datetime
) -> schemas.Service:
    """Return one service in full.

    Raises:
        NotFoundError: There is none.
    """
    service = await get_service(connection, cipher, service_id)
    query = select(services).where(services.c.id == service.id)
    found = (await connection.execute(query)).mappings().all()
    (row,) = await _show_rows(connection, member, found, now)
    open_incident = await list_incidents(
        connection,
        member,
        now,
        incidents.c.service_id == service.id,
        incidents.c.state != IncidentState.RESOLVED,
        limit=1,
    )
    latest = await list_results(connection, service, limit=1)
    calendar = await load_calendar(connection, member.workspace_id)
    is_whole = member.has(Permission.SERVICE_WRITE)
    every = min((check.schedule.every for check in service.checks), default=timedelta(minutes=15))
    return schemas.Service(
        **{name: getattr(row, name) for name in schemas.ServiceRow.__dataclass_fields__},
        checks=[show_check(check, is_whole=is_whole) for check in service.checks],
        period=show_period(every),
        recipients=await _list_recipients(connection, member, service.id),
        depends_on=list(service.depends_on),
        remind_every=None if service.remind_every is None else show_period(service.remind_every),
        may=member.may,
        created_at=_made_at(service.id),
        last_result=show_result(latest[0], is_whole=is_whole) if latest else None,
        uptime=await _load_uptime(connection, service, calendar, now),
        incident=open_incident[0] if open_incident else None,
    )


async def get_service(connection: AsyncConnection, cipher: Cipher, service_id: str) -> Service:
    """Return the aggregate; the caller's membership was looked up before.

    Raises:
        NotFoundError: There is none.
    """
    return await SqlServiceRepository(connection, cipher).get(ServiceId(service_id))


async def find_service_of_check(
    connection: AsyncConnection, cipher: Cipher, member: Member, check_id: str
) -> Service | None:
    """Return the service of a check in the workspace of a member."""
    query = (
        select(checks.c.service_id)
        .join(services, services.c.id == checks.c.service_id)
        .where(
            checks.c.id == check_id,
            checks.c.is_deleted.is_(False),
            services.c.workspace_id == member.workspace_id,
            services.c.mode != Mode.DELETED,
        )
    )
    service_id = await connection.scalar(query)
    return None if service_id is None else await get_service(connection, cipher, service_id)


async def list_results(
    connection: AsyncConnection, service: Service, *, limit: int, before: SlotKey | None = None
) -> list[Result]:
    """Return the newest results of a service, newest first."""
    ids = [check.id for check in service.checks]
    return await SqlResultRepository(connection).latest(ids, limit=limit, before=before)


def read_slot_key(cut: Cut) -> SlotKey | None:
    """Return the result behind which a page begins.

    Raises:
        InvalidInputError: The cursor belongs to another list.
    """
    if cut.after is None:
        return None
    try:
        slot, attempt = cut.after
        key = SlotKey(datetime.fromisoformat(slot), int(attempt))
    except ValueError:
        key = None
    # Whoever makes a cursor up may name what no database can compare with.
    if key is None or key.slot.utcoffset() != timedelta() or not 0 < key.attempt <= _MOST_ATTEMPTS:
        raise InvalidInputError.at("cursor", "cursor", "This cursor is of another list.")
    return key


async def load_figures(
    connection: AsyncConnection, member: Member, service: Service, range_: Range, now: datetime
) -> schemas.Figures:
    """Return the numbers behind the graph of a service."""
    calendar = await load_calendar(connection, member.workspace_id)
    window = Window.of(range_, now, calendar)
    spans = await list_spans(connection, service, window.begin, now)
    roll_ups = await SqlRollUpRepository(connection).load(
        [check.id for check in service.checks], window.grain, window.first, now
    )
    limits = [check.answers_within for check in service.checks if check.answers_within]
    in_range = or_(incidents.c.ended_at.is_(None), incidents.c.ended_at >= window.begin)
    return schemas.Figures(
        range=range_,
        begin=window.begin,
        end=window.end,
        zone=calendar.zone,
        bucket_s=round(window.width.total_seconds()),
        limit_ms=round(limits[0] / timedelta(milliseconds=1)) if limits else None,
        uptime_pct=tally(spans, window.begin, now).uptime_pct(),
        buckets=draw_buckets(window, list(roll_ups.values()), spans),
        outages=list_outages(spans, service, window),
        incidents=await list_incidents(
            connection, member, now, incidents.c.service_id == service.id, in_range, limit=5
        ),
        changes=await _list_changes(connection, service.id, since=window.begin),
    )


async def _list_changes(
    connection: AsyncConnection, service_id: ServiceId, *, since: datetime
) -> list[schemas.Change]:
    """Return what people changed, newest first; the history of health is told by incidents."""
    query = (
        select(audit.c.at, audit.c.summary, full_name().label("name"))
        .join(accounts, accounts.c.id == audit.c.by_account_id)
        .where(audit.c.service_id == service_id, audit.c.at >= since)
        .order_by(audit.c.id.desc())
        .limit(5)
    )
    return [
        schemas.Change(at=row.at, text=f"{row.name} {row.summary}")
        for row in await connection.execute(query)
    ]


async def list_members(
    connection: AsyncConnection, workspace_id: WorkspaceId
) -> dict[AccountId, tuple[str, str]]:
    """Return name and address of the members, who are told without being asked first.

    Those whose account is disabled are not among them: nobody has them told of anything.
    """
    query = (
        select(accounts.c.id, full_name().label("name"), accounts.c.email)
        .join(memberships, memberships.c.account_id == accounts.c.id)
        .where(memberships.c.workspace_id == workspace_id, accounts.c.disabled_at.is_(None))
    )
    return {AccountId(row[0]): (row[1], row[2]) for row in await connection.execute(query)}


async def load_calendar(connection: AsyncConnection, workspace_id: WorkspaceId) -> Calendar:
    """Return where the days of a workspace are cut."""
    return await SqlWorkspaceRepository(connection).calendar(workspace_id)


async def is_held(connection: AsyncConnection, workspace_id: WorkspaceId) -> bool:
    """Tell whether nothing is probed for a workspace until an address in it is verified."""
    query = select(workspaces.c.is_held).where(workspaces.c.id == workspace_id)
    return bool(await connection.scalar(query))


async def list_spans(
    connection: AsyncConnection, service: Service, begin: datetime, now: datetime
) -> list[Span]:
    """Return the spans of a service since `begin`; of several checks the worst one counts."""
    check_ids = [check.id for check in service.checks]
    stored = SqlSpanRepository(connection)
    spans = await stored.overlapping(check_ids, begin, now)
    removed = await stored.of_removed([service.id], begin, now)
    windows = await SqlWindowRepository(connection).of_services([service.id], begin, now)
    counted = account(
        service.checks,
        spans,
        removed.get(service.id, {}),
        windows.get(service.id, ()),
        now,
    )
    return worst_spans(counted.values(), begin, now)


def show_result(result: Result, *, is_whole: bool) -> schemas.Result:
    """Return a result as it is shown.

    Args:
        result: What is stored.
        is_whole: Show what was copied from a body, and the text that was looked for in it, too;
            for those who may edit the check.
    """
    return schemas.Result(
        slot=result.slot,
        attempt=result.attempt,
        started_at=result.started_at,
        finished_at=result.finished_at,
        outcome=result.outcome,
        failure_class=result.failure,
        message=result.message or None,
        http_status=result.http_status,
        latency_ms=result.latency_ms,
        phases=schemas.Phases(**asdict(result.phases)),
        explanations=[show_explanation(line, is_whole=is_whole) for line in result.explanations],
        certificate_days=result.certificate_days,
    )


async def _show_rows(
    connection: AsyncConnection, member: Member, found: Sequence[RowMapping], now: datetime
) -> list[schemas.ServiceRow]:
    ids = [row["id"] for row in found]
    if not ids:
        return []
    calendar = await load_calendar(connection, member.workspace_id)
    days = calendar.last_days(now)
    stored = await _load_strips(connection, ids)
    states = await _load_checks(connection, ids)
    begins = await _load_outages(connection, ids)
    windows = await SqlWindowRepository(connection).of_services(ids, now, now)
    is_offline = await find_offline_since(connection) is not None
    pauses = await _load_pauses(connection, [r["id"] for r in found if r["mode"] is Mode.PAUSED])
    return [
        _show_row(
            row,
            states[row["id"]],
            stored.get(row["id"]),
            _Days(calendar.zone, days),
            outage_since=begins.get(row["id"]),
            pause=pauses.get(row["id"]),
            windows=windows.get(row["id"], ()),
            is_offline=is_offline,
        )
        for row in found
    ]


class _Days:
    """The local days that a strip shows."""

    def __init__(self, zone: str, days: Sequence[Day]) -> None:
        self._zone = zone
        self._days = days

    def align(self, row: RowMapping | None) -> Strip:
        """Return the stored strip moved to these days; one that is old ends without data."""
        return align_strip(None if row is None else dict(row), self._days, self._zone)


def _show_row(
    row: RowMapping,
    states: Sequence[RowMapping],
    strip: RowMapping | None,
    days: _Days,
    *,
    outage_since: datetime | None,
    pause: tuple[str | None, datetime] | None,
    windows: Sequence[Interval],
    is_offline: bool,
) -> schemas.ServiceRow:
    is_active = row["mode"] is Mode.ACTIVE
    is_suspect = any(c["bad"] > 0 and c["health"] is not ServiceHealth.DOWN for c in states)
    worst = max(states, key=lambda check: _RANK.index(check["health"]), default=None)
    slots = [check["slot"] for check in states if check["slot"] is not None]
    ran = [check["last_slot"] for check in states if check["last_slot"] is not None]
    return schemas.ServiceRow(
        id=row["id"],
        name=row["name"],
        version=row["version"],
        mode="active" if is_active else "paused",
        health=row["health"],
        shown=Shown.of(
            row["mode"],
            row["health"],
            is_suspect=is_suspect,
            in_window=bool(windows),
            is_offline=is_offline,
        ),
        reason=(worst["reason"] or None) if worst is not None else None,
        since=outage_since or row["since"],
        address=show_place(states[0]["kind"], states[0]["options"]) if states else "",
        period_s=round(min((c["every"] for c in states), default=timedelta()).total_seconds()),
        uptime_pct=_pct(strip),
        median_ms=None
        if strip is None or strip["median_ms"] is None
        else round(strip["median_ms"]),
        last_result_at=max(ran, default=None),
        next_slot_at=min(slots, default=None) if is_active else None,
        strip=days.align(strip),
        paused_by=pause[0] if pause else None,
        paused_at=pause[1] if pause else None,
        maintenance_until=windows[-1][1] if windows else None,
    )


def _pct(strip: RowMapping | None) -> float | None:
    if strip is None:
        return None
    good, known = (timedelta(microseconds=strip[name]) for name in ("good_us", "known_us"))
    return Tally(up=good, down=known - good).uptime_pct()


async def _load_strips(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, RowMapping]:
    query = select(strips).where(strips.c.service_id.in_(ids))
    return {row["service_id"]: row for row in (await connection.execute(query)).mappings()}


async def _load_checks(
    connection: AsyncConnection, ids: Sequence[str]
) -> dict[str, list[RowMapping]]:
    query = (
        select(
            checks.c.service_id,
            checks.c.kind,
            checks.c.options,
            checks.c.every,
            checks.c.health,
            checks.c.bad,
            checks.c.reason,
            checks.c.last_slot,
            leases.c.slot,
        )
        .outerjoin(leases, leases.c.check_id == checks.c.id)
        .where(checks.c.service_id.in_(ids), checks.c.is_deleted.is_(False))
        .order_by(checks.c.position)
    )
    found: dict[str, list[RowMapping]] = defaultdict(list)
    for row in (await connection.execute(query)).mappings():
        found[row["service_id"]].append(row)
    return found


async def _load_outages(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, datetime]:
    query = select(incidents.c.service_id, incidents.c.began_at).where(
        incidents.c.service_id.in_(ids), incidents.c.state != IncidentState.RESOLVED
    )
    return {row[0]: row[1] for row in await connection.execute(query)}


async def _load_pauses(
    connection: AsyncConnection, ids: Sequence[str]
) -> dict[str, tuple[str | None, datetime]]:
    if not ids:
        return {}
    latest = (
        select(func.max(audit.c.id))
        .where(audit.c.service_id.in_(ids), audit.c.action == "service.paused")
        .group_by(audit.c.service_id)
    )
    query = (
        select(audit.c.service_id, full_name().label("name"), audit.c.at)
        .outerjoin(accounts, accounts.c.id == audit.c.by_account_id)
        .where(audit.c.id.in_(latest))
    )
    return {row[0]: (row[1], row[2]) for row in await connection.execute(query)}


async def _list_recipients(
    connection: AsyncConnection, member: Member, service_id: ServiceId
) -> list[schemas.Recipient]:
    """Return who is told; an observer sees their own line only."""
    listed = await SqlRecipientRepository(connection).of_service(service_id)
    names = await list_members(connection, member.workspace_id)
    sees_all = member.has(Permission.RECIPIENT_READ)
    return [
        _show_recipient(recipient, member, names)
        for recipient in listed
        if sees_all or recipient.account_id == member.account_id
    ]


def _show_recipient(
    recipient: Recipient, member: Member, names: Mapping[AccountId, tuple[str, str]]
) -> schemas.Recipient:
    account_id = recipient.account_id
    is_you = account_id == member.account_id
    name = names.get(account_id, (recipient.name, ""))[0] if account_id else recipient.name
    sees_address = account_id is None or is_you or member.role is Role.OWNER
    return schemas.Recipient(
        id=recipient.id,
        account_id=account_id,
        name=name or None,
        email=recipient.address if sees_address else None,
        state="confirmed" if recipient.confirmed_at else "pending",
        you=is_you,
    )


async def _load_uptime(
    connection: AsyncConnection, service: Service, calendar: Calendar, now: datetime
) -> schemas.UptimeFigures:
    """Return uptime of rolling 24 hours, and of as many local days as the strip shows."""
    days = calendar.last_days(now)
    begin = min(days[0].begin, now - timedelta(hours=24))
    spans = await list_spans(connection, service, begin, now)
    since = {
        "h24": now - timedelta(hours=24),
        "d7": days[-7].begin,
        "d30": days[-30].begin,
        "d90": days[0].begin,
    }
    return schemas.UptimeFigures(
        **{name: tally(spans, first, now).uptime_pct() for name, first in since.items()}
    )


def _made_at(service_id: ServiceId) -> datetime:
    """Read the moment of making from a UUIDv7: milliseconds in its first 48 bits (RFC 9562)."""
    milliseconds = UUID(service_id).int >> 80
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
