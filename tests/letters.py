"""Notices with defaults, for tests of what they say."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from allgreen.domain.facts import Facts
from allgreen.domain.identity import IncidentId, OutboxId, RecipientId, ServiceId, WorkspaceId
from allgreen.domain.mailing import compose
from allgreen.domain.notice import UNPACED, Channel, Notice, NoticeKind
from allgreen.notifiers.letters import write_letter
from allgreen.notifiers.stationery import Letter, LetterLinks

AT = datetime(2026, 4, 17, 23, 18, 30, tzinfo=UTC)
FACTS = Facts(
    service_name="Payments webhook",
    workspace_name="Nordlys Commerce",
    reason="503 instead of 202",
    message="It answered 503 instead of 202.",
    expected="202, $.accepted = true, within 800 ms",
    got="503 Service Unavailable, after 1,204 ms",
    request="POST https://hooks.nordlys.example/stripe",
    attempts=3,
    health="up",
    began_at=AT - timedelta(seconds=26),
    confirmed_at=AT,
    ended_at=AT + timedelta(minutes=12),
    duration_s=746.0,
    period="every minute",
    told_others=2,
    strip14="uuuuuuuupuuuud",
)
LINKS = LetterLinks(
    open="https://allgreen.example/workspaces/1?open=2",
    act="https://allgreen.example/verify/token",
    leave="https://allgreen.example/leave/token",
)


def a_notice(kind: NoticeKind = NoticeKind.DOWN, **facts: Any) -> Notice:
    """Return a notice about the payments webhook, with some facts changed."""
    return Notice(
        id=OutboxId("outbox-1"),
        key=f"incident-1/{kind}/1/recipient-1/email",
        kind=kind,
        channel=Channel.EMAIL,
        address="sofia@nordlys.example",
        workspace_id=WorkspaceId("workspace-1"),
        service_id=ServiceId("service-1"),
        incident_id=IncidentId("incident-1"),
        recipient_id=RecipientId("recipient-1"),
        facts=replace(FACTS, **facts).to_json(),
        created_at=AT,
        due_at=AT,
    )


def a_message(kind: NoticeKind = NoticeKind.DOWN, **facts: Any) -> Notice:
    """Return what goes out for a kind: itself, or for a digest one of everything."""
    if kind is not NoticeKind.DIGEST:
        return a_notice(kind, **facts)
    return a_digest(
        a_notice(part, service_name=f"Service {number}", **facts)
        for number, part in enumerate(NoticeKind)
        if part not in UNPACED | {NoticeKind.DIGEST}
    )


def a_digest(parts: Iterable[Notice]) -> Notice:
    """Return a digest of notices, each about an incident of its own."""
    return compose(
        [
            replace(
                part,
                id=OutboxId(f"outbox-{number}"),
                batch="digest/outbox-0/0",
                incident_id=IncidentId(f"incident-{number}"),
            )
            for number, part in enumerate(parts)
        ]
    )


def a_letter(kind: NoticeKind = NoticeKind.DOWN, *, sent: datetime = AT, **facts: Any) -> Letter:
    """Return what a notice says when it is sent at `sent`."""
    return a_letter_of(a_message(kind, **facts), sent=sent)


def a_letter_of(notice: Notice, *, sent: datetime = AT) -> Letter:
    """Return what a message says when it is sent at `sent`."""
    links = replace(LINKS, parts=tuple(LINKS for _ in notice.parts))
    return write_letter(notice, links, host="allgreen.example", now=sent)


class StoppedClock:
    """A second after the notice came to be, for ever."""

    def now(self) -> datetime:
        return AT + timedelta(seconds=1)

    def monotonic(self) -> float:
        return 0.0
