"""Handlers within: what is owed to whom becomes outbox rows, with the facts frozen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from allgreen.domain.check import Check
from allgreen.domain.events import (
    IncidentOpened,
    IncidentResolved,
    RecipientAdded,
    ServiceBlocked,
)
from allgreen.domain.facts import Facts
from allgreen.domain.identity import OutboxId
from allgreen.domain.incident import Incident, Resolution
from allgreen.domain.notice import Channel, Notice, NoticeKind, NoticeState, incident_key
from allgreen.domain.result import Result
from allgreen.domain.service import Recipient, Service
from allgreen.domain.status import Outcome, ServiceHealth
from allgreen.domain.uptime import zone_named
from allgreen.monitoring import rollup, wording
from allgreen.monitoring.bus import Turn
from allgreen.ports import IdFactory, UnitOfWork

_KINDS = {
    Resolution.HOLDS_AGAIN: NoticeKind.UP,
    Resolution.PAUSED: NoticeKind.PAUSED,
    Resolution.RECONFIGURED: NoticeKind.RECONFIGURED,
    Resolution.DELETED: NoticeKind.DELETED,
}
_NOT_TOLD = {NoticeState.CANCELLED, NoticeState.DEAD}
STRIP_DAYS_IN_MAILS = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeWriter:
    """Writes outbox rows; the dispatcher sends them once they are committed.

    Attributes:
        ids: Where the identities of rows come from.
        channel: By which way recipients are told.
    """

    ids: IdFactory
    channel: Channel = Channel.EMAIL

    async def tell_down(self, event: IncidentOpened, turn: Turn) -> None:
        """Owe everyone on the list the news of an outage."""
        uow, incident = turn.uow, event.incident
        recipients = await _confirmed(uow, incident)
        if not recipients:
            return
        service = await uow.services.get(incident.service_id)
        facts = await _facts_of(service, incident, uow)
        facts = replace(facts, told_others=len(recipients) - 1)
        await uow.outbox.add(
            self._about(incident, NoticeKind.DOWN, recipient, facts, incident.confirmed_at)
            for recipient in recipients
        )

    async def tell_late(self, event: RecipientAdded, turn: Turn) -> None:
        """Owe somebody who joins during an outage the news that the others have already."""
        uow = turn.uow
        service = await uow.services.get(event.service_id)
        if service.incident is None:
            return
        recipients = await _confirmed(uow, service.incident)
        facts = await _facts_of(service, service.incident, uow)
        facts = replace(facts, told_others=len(recipients) - 1, late=True)
        await uow.outbox.add(
            self._about(service.incident, NoticeKind.DOWN, recipient, facts, event.at)
            for recipient in recipients
            if recipient.id == event.recipient_id
        )

    async def tell_end(self, event: IncidentResolved, turn: Turn) -> None:
        """Owe the end of an outage to those, and only those, who are told of its begin."""
        uow, incident = turn.uow, event.incident
        assert incident.resolution is not None
        assert incident.ended_at is not None
        told = await uow.outbox.told(incident.id, NoticeKind.DOWN)
        notices = {notice.recipient_id: notice for notice in told if notice.state not in _NOT_TOLD}
        recipients = [each for each in await _confirmed(uow, incident) if each.id in notices]
        if not recipients:
            return
        facts = await self._facts_of_end(incident, next(iter(notices.values())), uow)
        facts = replace(facts, told_others=len(recipients) - 1)
        await uow.outbox.add(
            self._about(incident, _KINDS[incident.resolution], recipient, facts, incident.ended_at)
            for recipient in recipients
        )

    async def tell_admins(self, event: ServiceBlocked, turn: Turn) -> None:
        """Owe the admins the news that our guard keeps us from checking a service."""
        uow = turn.uow
        service = await uow.services.get(event.service_id)
        check = max(service.checks, key=lambda check: check.state.blind)
        facts = Facts(
            service_name=service.name,
            workspace_name=await uow.workspaces.name(event.workspace_id),
            reason=service.reason,
            message=event.reason,
            request=wording.request_in_words(check),
            period=wording.period_in_words(check.schedule.every),
            began_at=event.at,
            zone=await uow.workspaces.zone(event.workspace_id),
        )
        addresses = await uow.recipients.admins_of(event.workspace_id)
        await uow.outbox.add(
            Notice(
                id=OutboxId(self.ids()),
                key=f"{event.service_id}/blocked/{event.at.isoformat()}/{address}/{self.channel}",
                kind=NoticeKind.BLOCKED,
                channel=self.channel,
                address=address,
                workspace_id=event.workspace_id,
                service_id=event.service_id,
                facts=facts.to_json(),
                created_at=event.at,
                due_at=event.at,
            )
            for address in addresses
        )

    async def _facts_of_end(self, incident: Incident, down: Notice, uow: UnitOfWork) -> Facts:
        """Build on what was said before, so that both messages tell one story."""
        assert incident.ended_at is not None
        facts = replace(
            Facts.from_json(down.facts),
            ended_at=incident.ended_at,
            duration_s=incident.duration(incident.ended_at).total_seconds(),
            late=False,
        )
        if incident.resolution is Resolution.DELETED:
            return facts
        service = await uow.services.get(incident.service_id)
        zone = zone_named(facts.zone)
        grades = await rollup.latest_grades(
            service, zone, incident.ended_at, STRIP_DAYS_IN_MAILS, uow
        )
        return replace(facts, strip14=grades, health=service.health.value)

    def _about(
        self,
        incident: Incident,
        kind: NoticeKind,
        recipient: Recipient,
        facts: Facts,
        at: datetime,
    ) -> Notice:
        return Notice(
            id=OutboxId(self.ids()),
            key=incident_key(incident.id, kind, 1, recipient.id, self.channel),
            kind=kind,
            channel=self.channel,
            address=recipient.address,
            workspace_id=incident.workspace_id,
            service_id=incident.service_id,
            incident_id=incident.id,
            recipient_id=recipient.id,
            facts=facts.to_json(),
            created_at=at,
            due_at=at,
        )


async def _confirmed(uow: UnitOfWork, incident: Incident) -> list[Recipient]:
    recipients = await uow.recipients.of_service(incident.service_id)
    return [recipient for recipient in recipients if recipient.confirmed_at is not None]


async def _facts_of(service: Service, incident: Incident, uow: UnitOfWork) -> Facts:
    check = _failing(service.checks)
    result = _latest_failure(await uow.results.latest([check.id], limit=10))
    zone = await uow.workspaces.zone(service.workspace_id)
    return Facts(
        service_name=service.name,
        workspace_name=await uow.workspaces.name(service.workspace_id),
        reason=incident.reason,
        message=result.message if result else incident.reason,
        expected=wording.expected_in_words(check),
        got=wording.got_in_words(result) if result else incident.reason,
        request=wording.request_in_words(check),
        attempts=check.state.bad,
        health=service.health.value,
        began_at=incident.began_at,
        confirmed_at=incident.confirmed_at,
        period=wording.period_in_words(check.schedule.every),
        strip14=await rollup.latest_grades(
            service, zone_named(zone), incident.confirmed_at, STRIP_DAYS_IN_MAILS, uow
        ),
        zone=zone,
    )


def _failing(checks: Sequence[Check]) -> Check:
    down = (check for check in checks if check.state.health is ServiceHealth.DOWN)
    return next(down, checks[0])


def _latest_failure(results: Iterable[Result]) -> Result | None:
    return next((result for result in results if result.outcome is Outcome.FAIL), None)
