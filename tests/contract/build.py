"""Values with defaults, so that a test says only what matters to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from allgreen.domain.check import Check, CheckKind, HttpOptions, Slot
from allgreen.domain.expectation import StatusIs
from allgreen.domain.identity import (
    CheckId,
    IncidentId,
    OutboxId,
    RecipientId,
    ServiceId,
    WorkspaceId,
)
from allgreen.domain.incident import Incident
from allgreen.domain.notice import Channel, Notice, NoticeKind
from allgreen.domain.result import Result
from allgreen.domain.schedule import Schedule
from allgreen.domain.service import Recipient, Service
from allgreen.domain.status import Outcome

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WORKSPACE = WorkspaceId("workspace-1")
SERVICE = ServiceId("service-1")
CHECK = CheckId("check-1")


def a_check(
    check_id: str = CHECK,
    *,
    service_id: str = SERVICE,
    options: HttpOptions | None = None,
    every: timedelta = MINUTE,
) -> Check:
    """Return a check that asks for status 200 once a minute since noon."""
    return Check(
        id=CheckId(check_id),
        workspace_id=WORKSPACE,
        service_id=ServiceId(service_id),
        kind=CheckKind.HTTP,
        options=options or HttpOptions(method="GET", url="http://a.example/health"),
        expectation=StatusIs(codes=(200,)),
        schedule=Schedule(every=every, anchor=NOON),
    )


def a_service(service_id: str = SERVICE, *, checks: tuple[Check, ...] | None = None) -> Service:
    """Return an active service with one check."""
    checks = (a_check(service_id=service_id),) if checks is None else checks
    return Service(id=ServiceId(service_id), workspace_id=WORKSPACE, name="Checkout", checks=checks)


def a_slot(at: datetime = NOON, *, attempt: int = 1, due_at: datetime | None = None) -> Slot:
    """Return a run that is due at its slot."""
    return Slot(at=at, attempt=attempt, due_at=due_at or at)


def a_result(
    slot: datetime = NOON,
    attempt: int = 1,
    *,
    check_id: str = CHECK,
    outcome: Outcome = Outcome.OK,
) -> Result:
    """Return the result of a run that took a moment."""
    return Result(
        check_id=CheckId(check_id),
        service_id=SERVICE,
        workspace_id=WORKSPACE,
        slot=slot,
        attempt=attempt,
        started_at=slot + SECOND,
        finished_at=slot + 2 * SECOND,
        outcome=outcome,
    )


def an_incident(
    incident_id: str = "incident-1", *, began_at: datetime = NOON, service_id: str = SERVICE
) -> Incident:
    """Return an open incident."""
    return Incident(
        id=IncidentId(incident_id),
        workspace_id=WORKSPACE,
        service_id=ServiceId(service_id),
        began_at=began_at,
        confirmed_at=began_at + 15 * SECOND,
        reason="503 instead of 200",
    )


def a_recipient(recipient_id: str = "recipient-1", *, service_id: str = SERVICE) -> Recipient:
    """Return a recipient that has not confirmed."""
    return Recipient(
        id=RecipientId(recipient_id),
        service_id=ServiceId(service_id),
        workspace_id=WORKSPACE,
        address=f"{recipient_id}@a.example",
    )


def a_notice(
    notice_id: str = "notice-1",
    *,
    recipient_id: str | None = "recipient-1",
    service_id: str | None = SERVICE,
    kind: NoticeKind = NoticeKind.DOWN,
    incident_id: str | None = "incident-1",
) -> Notice:
    """Return a notice that is due since noon."""
    return Notice(
        id=OutboxId(notice_id),
        key=f"key of {notice_id}",
        kind=kind,
        channel=Channel.EMAIL,
        address=f"{recipient_id}@a.example",
        workspace_id=WORKSPACE,
        service_id=None if service_id is None else ServiceId(service_id),
        incident_id=None if incident_id is None else IncidentId(incident_id),
        recipient_id=None if recipient_id is None else RecipientId(recipient_id),
        facts={"service": "Checkout", "told_others": 2, "late": False},
        created_at=NOON,
        due_at=NOON,
    )


def due_at(notice: Notice, instant: datetime) -> Notice:
    """Return a notice that is due later."""
    return replace(notice, due_at=instant)
