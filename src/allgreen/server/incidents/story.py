"""The story of an outage: failures, the turn, who was told, what people did, the end."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from sqlalchemy import RowMapping, String, case, func, literal, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.incident import IncidentState
from allgreen.domain.notice import NoticeKind, NoticeState
from allgreen.domain.result import Result
from allgreen.domain.status import Outcome, ServiceHealth
from allgreen.server.auth.access import Member
from allgreen.server.auth.names import full_name
from allgreen.server.incidents.schemas import Moment, MomentKind, Told
from allgreen.server.views.queries import WAS_KEPT
from allgreen.server.views.schemas import Incident
from allgreen.storage.sql.rows import result_from_row
from allgreen.storage.sql.tables import accounts, audit, checks, outbox, results

MOST_FAILURES: Final = 20
MOST_NOTES: Final = 200
MOST_TOLD: Final = 400
SLOW_BEFORE: Final = timedelta(hours=1)
"""So long before an outage a turn to slow belongs to its story."""
_TURNED: Final = "service.health"
_KEPT: Final = "kept"
_OPEN: Final = (NoticeState.PENDING, NoticeState.LEASED, NoticeState.HELD)


async def list_failures(connection: AsyncConnection, incident: Incident) -> list[Result]:
    """Return the failures that confirmed an outage, in order; none once they are too old."""
    began_at = incident.reopened_at or incident.began_at
    check_ids = select(checks.c.id).where(checks.c.service_id == incident.service_id)
    query = (
        select(results)
        .where(
            results.c.check_id.in_(check_ids),
            results.c.slot >= began_at,
            results.c.slot <= incident.confirmed_at,
            results.c.outcome == Outcome.FAIL,
        )
        .order_by(results.c.finished_at, results.c.slot, results.c.attempt)
        .limit(MOST_FAILURES)
    )
    rows = (await connection.execute(query)).mappings()
    found = [result_from_row(row) for row in rows]
    return [one for one in found if one.finished_at <= incident.confirmed_at] or found[:1]


async def list_moments(
    connection: AsyncConnection,
    member: Member,
    incident: Incident,
    failures: Sequence[Result],
    now: datetime,
) -> list[Moment]:
    """Return what happened in an outage, oldest first."""
    notes = await _list_notes(connection, incident, now)
    moments = [
        *map(_of_failure, failures),
        Moment(at=incident.confirmed_at, what=MomentKind.CONFIRMED, text=incident.reason or None),
        *(moment for note in notes if (moment := _of_note(note, incident)) is not None),
        *await _list_told(connection, member, incident),
        *_end(incident, notes),
    ]
    return sorted(moments, key=lambda one: (one.at, _ORDER.index(one.what)))


_ORDER: Final = (
    *(MomentKind.TURNED, MomentKind.FAILED, MomentKind.CONFIRMED),
    *(MomentKind.NOTED, MomentKind.ENDED, MomentKind.TOLD),
)
"""Of what happened at the same instant."""


def _of_failure(result: Result) -> Moment:
    return Moment(
        at=result.finished_at,
        what=MomentKind.FAILED,
        text=result.message or result.reason or None,
        attempt=result.attempt,
    )


async def _list_notes(
    connection: AsyncConnection, incident: Incident, now: datetime
) -> list[RowMapping]:
    query = (
        select(audit, full_name().label("who"))
        .outerjoin(accounts, accounts.c.id == audit.c.by_account_id)
        .where(
            audit.c.service_id == incident.service_id,
            audit.c.at >= incident.began_at - SLOW_BEFORE,
            audit.c.at <= (incident.ended_at or now),
            # Who joined or left a list is known to those who look after it.
            audit.c.action.not_like("recipient.%"),
        )
        .order_by(audit.c.id)
        .limit(MOST_NOTES)
    )
    return list((await connection.execute(query)).mappings())


def _of_note(note: RowMapping, incident: Incident) -> Moment | None:
    """Return a line of the history as part of the story, unless that tells it anyhow."""
    is_before = note["at"] < incident.began_at
    if note["action"] != _TURNED:
        return None if is_before else _note(note)
    after = ServiceHealth(note["after"]["health"])
    if is_before and after is not ServiceHealth.DEGRADED:
        return None
    began_at = incident.reopened_at or incident.began_at
    is_told = note["at"] >= began_at and (after is ServiceHealth.DOWN or _ends(note, incident))
    if is_told:
        return None
    why = note["summary"].partition(": ")[2]
    return Moment(at=note["at"], what=MomentKind.TURNED, text=why or None, health=after)


def _note(note: RowMapping) -> Moment:
    who = "It" if note["by_account_id"] is None else note["who"] or "Somebody who is gone"
    return Moment(at=note["at"], what=MomentKind.NOTED, text=f"{who} {note['summary']}")


def _ends(note: RowMapping, incident: Incident) -> bool:
    """Tell whether this is the turn with which an outage ended."""
    return (
        incident.state is IncidentState.RESOLVED
        and note["action"] == _TURNED
        and note["before"]["health"] == ServiceHealth.DOWN
        and note["at"] >= (incident.reopened_at or incident.began_at)
    )


def _end(incident: Incident, notes: Sequence[RowMapping]) -> Iterator[Moment]:
    if incident.ended_at is None:
        return
    turned = [ServiceHealth(one["after"]["health"]) for one in notes if _ends(one, incident)]
    yield Moment(
        at=incident.ended_at,
        what=MomentKind.ENDED,
        text=incident.resolution,
        health=turned[-1] if turned else None,
    )


async def _list_told(
    connection: AsyncConnection, member: Member, incident: Incident
) -> list[Moment]:
    """Count the messages about an outage by what they say and when they were owed."""
    mine = select(accounts.c.email).where(accounts.c.id == member.account_id).scalar_subquery()
    query = (
        select(
            outbox.c.kind,
            outbox.c.created_at,
            case((WAS_KEPT, literal(_KEPT)), else_=type_coerce(outbox.c.state, String)).label(
                "became"
            ),
            func.count().label("count"),
            func.max(outbox.c.sent_at).label("sent_at"),
            func.max(case((outbox.c.address == mine, 1), else_=0)).label("mine"),
        )
        .where(
            outbox.c.incident_id == incident.id,
            outbox.c.workspace_id == member.workspace_id,
            # For those who look after the workspace; the outage is not what it tells of.
            outbox.c.kind != NoticeKind.UNDELIVERED,
        )
        .group_by(outbox.c.kind, outbox.c.created_at, "became")
        .order_by(outbox.c.created_at, outbox.c.kind)
        .limit(MOST_TOLD)
    )
    rows = list((await connection.execute(query)).mappings())
    alike = groupby(rows, key=lambda row: (row["created_at"], row["kind"]))
    return [_told(list(group)) for _, group in alike]


def _told(rows: Sequence[RowMapping]) -> Moment:
    """Return one moment for the messages about one fact, whatever became of each."""
    counts = {row["became"]: row["count"] for row in rows}
    sent = [row["sent_at"] for row in rows if row["sent_at"] is not None]
    owed_at = rows[0]["created_at"]
    told = Told(
        kind=rows[0]["kind"],
        owed_at=owed_at,
        sent=counts.get(NoticeState.SENT, 0),
        kept=counts.get(_KEPT, 0),
        waiting=sum(counts.get(state, 0) for state in _OPEN),
        given_up=counts.get(NoticeState.DEAD, 0),
        cancelled=counts.get(NoticeState.CANCELLED, 0),
        you=any(row["mine"] for row in rows),
    )
    return Moment(at=max(sent, default=owed_at), what=MomentKind.TOLD, told=told)
