"""Handlers within: incidents, spans of time and the history, in the transaction of the change."""

from allgreen.domain.events import (
    CheckAccountChanged,
    CheckParked,
    IncidentOpened,
    IncidentReleased,
    IncidentReminded,
    IncidentResolved,
    ServiceBlocked,
    ServiceChanged,
    ServiceFlapping,
    ServiceStatusChanged,
    ServiceSteady,
)
from allgreen.monitoring.bus import Turn
from allgreen.ports import AuditRow


async def keep_incident(
    event: IncidentOpened | IncidentReleased | IncidentReminded | IncidentResolved, turn: Turn
) -> None:
    """Store the incident as it is now."""
    await turn.uow.incidents.save(event.incident)


async def turn_time(event: CheckAccountChanged, turn: Turn) -> None:
    """Count the time of a check differently, from an instant that may lie in the past."""
    turn.count(event.check_id, event.at, event.kind)


async def note_health(event: ServiceStatusChanged, turn: Turn) -> None:
    """Add the one row of a transition to the history."""
    reason = f": {event.reason}" if event.reason else ""
    row = AuditRow(
        workspace_id=event.workspace_id,
        service_id=event.service_id,
        at=event.at,
        action="service.health",
        summary=f"went from {event.before} to {event.after}{reason}",
        before={"health": event.before.value},
        after={"health": event.after.value},
    )
    turn.note(row)


async def note_change(event: ServiceChanged, turn: Turn) -> None:
    """Add what people did to the history."""
    row = AuditRow(
        workspace_id=event.workspace_id,
        service_id=event.service_id,
        at=event.at,
        action=event.action,
        summary=event.change,
        by=event.by,
        before=event.before,
        after=event.after,
    )
    turn.note(row)


async def note_released(event: IncidentReleased, turn: Turn) -> None:
    """Say in the history that an outage is told now that was quiet before."""
    incident = event.incident
    row = AuditRow(
        workspace_id=incident.workspace_id,
        service_id=incident.service_id,
        at=incident.confirmed_at,
        action="incident.released",
        summary="is still down, and people are told now",
        after={"incident_id": incident.id},
    )
    turn.note(row)


async def note_flapping(event: ServiceFlapping | ServiceSteady, turn: Turn) -> None:
    """Say in the history that single turns are not told for a while, or are told again."""
    match event:
        case ServiceFlapping(summaries=0):
            action, summary = "service.flapping", "turns too often to be told each time"
        case ServiceSteady():
            action, summary = "service.steady", "is steady again"
        case _:
            return
    row = AuditRow(
        workspace_id=event.workspace_id,
        service_id=event.service_id,
        at=event.at,
        action=action,
        summary=summary,
    )
    turn.note(row)


async def note_blocked(event: ServiceBlocked, turn: Turn) -> None:
    """Say in the history that our own guard refuses the target."""
    row = AuditRow(
        workspace_id=event.workspace_id,
        service_id=event.service_id,
        at=event.at,
        action="service.blocked",
        summary=f"is not checked: {event.reason}",
    )
    turn.note(row)


async def note_parked(event: CheckParked, turn: Turn) -> None:
    """Say in the history that nothing is known of a check, by a fault of our own."""
    row = AuditRow(
        workspace_id=event.workspace_id,
        service_id=event.service_id,
        at=event.at,
        action="check.parked",
        summary=f"is unknown, because a check {event.reason}; the log says why",
        after={"check_id": event.check_id},
    )
    turn.note(row)
