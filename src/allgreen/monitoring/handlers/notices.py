"""Handlers within: what is owed to whom becomes outbox rows, with the facts frozen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from allgreen.domain.check import Check
from allgreen.domain.events import (
    CheckParked,
    IncidentOpened,
    IncidentReleased,
    IncidentReminded,
    IncidentResolved,
    RecipientAdded,
    ServiceBlocked,
    ServiceFlapping,
    ServiceSteady,
)
from allgreen.domain.facts import Facts
from allgreen.domain.identity import OutboxId, ServiceId
from allgreen.domain.incident import Incident, Resolution
from allgreen.domain.notice import Channel, Notice, NoticeKind, NoticeState, incident_key
from allgreen.domain.result import Result
from allgreen.domain.service import Recipient, Service
from allgreen.domain.status import Outcome, ServiceHealth
from allgreen.monitoring import rollup, wording
from allgreen.monitoring.bus import Turn
from allgreen.ports import IdFactory, UnitOfWork

_KINDS = {
    Resolution.HOLDS_AGAIN: NoticeKind.UP,
    Resolution.PAUSED: NoticeKind.PAUSED,
    Resolution.RECONFIGURED: NoticeKind.RECONFIGURED,
    Resolution.DELETED: NoticeKind.DELETED,
}
_BEGINS = {NoticeKind.DOWN, NoticeKind.STEADY}
_ENDS = frozenset(_KINDS.values())
STRIP_DAYS_IN_MAILS = 14
_MOST_REMINDERS = 1_000_000
_LATELY = timedelta(minutes=2)
"""Results that are kept together are rarely further apart, and what is older need not be read."""
_NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeWriter:
    """Writes outbox rows; the dispatcher sends them once they are committed.

    Attributes:
        ids: Where the identities of rows come from.
        channel: By which way recipients are told.
    """

    ids: IdFactory
    channel: Channel = Channel.EMAIL

    async def tell_down(self, event: IncidentOpened | IncidentReleased, turn: Turn) -> None:
        """Owe everyone on the list the news of an outage, unless it is quiet or no news any more.

        Who was not yet told that the outage before is over needs not hear that it goes on.
        """
        uow, incident = turn.uow, event.incident
        if incident.quiet is not None or event.is_flapping:
            return
        recipients = await _confirmed(uow, incident.service_id)
        if incident.reopened:
            unsent = await uow.outbox.withdraw(incident.id, NoticeKind.UP)
            still_down = {notice.address for notice in unsent}
            recipients = [each for each in recipients if each.address not in still_down]
        await self._owe_down(incident, recipients, incident.confirmed_at, turn)

    async def tell_late(self, event: RecipientAdded, turn: Turn) -> None:
        """Owe somebody who joins during an outage the news that the others have already."""
        uow = turn.uow
        service = await turn.service(event.service_id)
        incident = service.incident
        if incident is None or incident.quiet is not None or service.flaps.is_flapping:
            return
        told = await _told_of_begin(incident, uow)
        recipients = [
            recipient
            for recipient in await _confirmed(uow, service.id)
            # Who left and came back during the same outage knows of it.
            if recipient.id == event.recipient_id and recipient.address not in told
        ]
        await self._owe_down(incident, recipients, event.at, turn, late=True)

    async def tell_reminder(self, event: IncidentReminded, turn: Turn) -> None:
        """Owe those who know of an outage that it still lasts."""
        uow, incident = turn.uow, event.incident
        told = await _told_of_begin(incident, uow)
        recipients = await _confirmed(uow, incident.service_id)
        concerned = [each for each in recipients if each.address in told]
        if not concerned:
            return
        service = await turn.service(incident.service_id)
        at = incident.confirmed_at + (service.remind_every or _NOTHING) * incident.reminded
        facts = replace(
            await _facts_of(service, incident, turn),
            duration_s=incident.duration(at).total_seconds(),
            told_others=len(concerned) - 1,
        )
        seq = incident.reopened * _MOST_REMINDERS + incident.reminded
        await uow.outbox.add(
            self._about(incident, NoticeKind.REMINDER, recipient, facts, at, seq=seq)
            for recipient in concerned
        )

    async def tell_end(self, event: IncidentResolved, turn: Turn) -> None:
        """Owe the end of an outage to those, and only those, who are told of its begin."""
        uow, incident = turn.uow, event.incident
        assert incident.resolution is not None
        assert incident.ended_at is not None
        if event.is_flapping:
            return
        told = await _told_of_begin(incident, uow)
        recipients = await _confirmed(uow, incident.service_id)
        recipients = [each for each in recipients if each.address in told]
        if not recipients:
            return
        facts = await self._facts_of_end(incident, next(iter(told.values())), turn)
        facts = replace(facts, told_others=len(recipients) - 1)
        kind = _KINDS[incident.resolution]
        await uow.outbox.add(
            self._about(incident, kind, recipient, facts, incident.ended_at)
            for recipient in recipients
        )

    async def tell_flapping(self, event: ServiceFlapping | ServiceSteady, turn: Turn) -> None:
        """Owe everyone on the list that a service turns too often to be told, or no longer does."""
        uow = turn.uow
        recipients = await _confirmed(uow, event.service_id)
        if not recipients:
            return
        service = await turn.service(event.service_id)
        incident_id = None if service.incident is None else service.incident.id
        facts = await _facts_of_service(service, event.at, turn)
        if isinstance(event, ServiceFlapping):
            kind, seq = NoticeKind.FLAPPING, event.summaries
        else:
            # As it was then: what the same batch found later is told by itself, or quiet.
            kind, seq, incident_id = NoticeKind.STEADY, 0, event.incident_id
            facts = replace(facts, health=event.health.value)
        facts = replace(
            facts,
            began_at=event.since,
            confirmed_at=event.at,
            turns=len(service.flaps.turns),
            told_others=len(recipients) - 1,
        )
        await uow.outbox.add(
            Notice(
                id=OutboxId(self.ids()),
                key=f"{service.id}/{kind}/{event.since.isoformat()}/{seq}/{recipient.id}/{self.channel}",
                kind=kind,
                channel=self.channel,
                address=recipient.address,
                workspace_id=service.workspace_id,
                service_id=service.id,
                incident_id=incident_id,
                recipient_id=recipient.id,
                facts=_as_heard_by(recipient, facts).to_json(),
                created_at=event.at,
                due_at=event.at,
            )
            for recipient in recipients
        )

    async def tell_parked(self, event: CheckParked, turn: Turn) -> None:
        """Owe the admins the news that nothing is known of a check, by a fault of our own."""
        service = await turn.service(event.service_id)
        facts = replace(
            await _facts_of_service(service, event.at, turn),
            reason=event.reason.value,
            message=wording.parked_in_words(event.reason),
            began_at=event.at,
        )
        await self._owe_admins(service, NoticeKind.PARKED, facts, event.at, turn.uow)

    async def tell_admins(self, event: ServiceBlocked, turn: Turn) -> None:
        """Owe the admins the news that our guard keeps us from checking a service."""
        service = await turn.service(event.service_id)
        check = max(service.checks, key=lambda check: check.state.blind)
        facts = replace(
            await _facts_of_service(service, event.at, turn),
            message=event.reason,
            request=wording.request_in_words(check),
            period=wording.period_in_words(check.schedule.every),
            began_at=event.at,
        )
        await self._owe_admins(service, NoticeKind.BLOCKED, facts, event.at, turn.uow)

    async def _owe_down(
        self,
        incident: Incident,
        recipients: Sequence[Recipient],
        at: datetime,
        turn: Turn,
        *,
        late: bool = False,
    ) -> None:
        if not recipients:
            return
        uow, service = turn.uow, await turn.service(incident.service_id)
        facts = await _facts_of(service, incident, turn)
        others = len(await _confirmed(uow, service.id)) if late else len(recipients)
        facts = replace(facts, told_others=others - 1, late=late)
        await uow.outbox.add(
            self._about(incident, NoticeKind.DOWN, recipient, facts, at) for recipient in recipients
        )

    async def _owe_admins(
        self, service: Service, kind: NoticeKind, facts: Facts, at: datetime, uow: UnitOfWork
    ) -> None:
        addresses = await uow.recipients.admins_of(service.workspace_id)
        await uow.outbox.add(
            Notice(
                id=OutboxId(self.ids()),
                key=f"{service.id}/{kind}/{at.isoformat()}/{address}/{self.channel}",
                kind=kind,
                channel=self.channel,
                address=address,
                workspace_id=service.workspace_id,
                service_id=service.id,
                facts=facts.for_members().to_json(),
                created_at=at,
                due_at=at,
            )
            for address in addresses
        )

    async def _facts_of_end(self, incident: Incident, down: Notice, turn: Turn) -> Facts:
        """Build on what was said before, so that both messages tell one story."""
        assert incident.ended_at is not None
        facts = replace(
            Facts.from_json(down.facts),
            began_at=incident.outage_began_at,
            ended_at=incident.ended_at,
            duration_s=incident.duration(incident.ended_at).total_seconds(),
            late=False,
        )
        if incident.resolution is Resolution.DELETED:
            return facts
        service = await turn.service(incident.service_id)
        grades = await _latest_grades(service, incident.ended_at, turn)
        return replace(facts, strip14=grades, health=service.health.value)

    def _about(
        self,
        incident: Incident,
        kind: NoticeKind,
        recipient: Recipient,
        facts: Facts,
        at: datetime,
        *,
        seq: int | None = None,
    ) -> Notice:
        return Notice(
            id=OutboxId(self.ids()),
            key=incident_key(incident.id, kind, seq or incident.seq, recipient.id, self.channel),
            kind=kind,
            channel=self.channel,
            address=recipient.address,
            workspace_id=incident.workspace_id,
            service_id=incident.service_id,
            incident_id=incident.id,
            recipient_id=recipient.id,
            facts=_as_heard_by(recipient, facts).to_json(),
            created_at=at,
            due_at=at,
        )


def _as_heard_by(recipient: Recipient, facts: Facts) -> Facts:
    return facts.for_strangers() if recipient.account_id is None else facts.for_members()


async def _confirmed(uow: UnitOfWork, service_id: ServiceId) -> list[Recipient]:
    recipients = await uow.recipients.of_service(service_id)
    return [recipient for recipient in recipients if recipient.confirmed_at is not None]


async def _told_of_begin(incident: Incident, uow: UnitOfWork) -> dict[str, Notice]:
    """Return by address what those heard last who know that it is down, or will in a moment.

    By address and not by recipient, because somebody may leave the list and come back.
    """
    last: dict[str, Notice] = {}
    for notice in await uow.outbox.about(incident.id):
        if notice.state is not NoticeState.DEAD and notice.kind in _BEGINS | _ENDS:
            last[notice.address] = notice
    return {address: notice for address, notice in last.items() if _says_down(notice)}


def _says_down(notice: Notice) -> bool:
    if notice.kind is NoticeKind.STEADY:
        return notice.facts.get("health") == ServiceHealth.DOWN
    return notice.kind is NoticeKind.DOWN


async def _facts_of(service: Service, incident: Incident, turn: Turn) -> Facts:
    check, uow = _failing(service.checks), turn.uow
    result = _latest_failure(await uow.results.latest([check.id], limit=10))
    affected = await _affected(service, turn)
    return replace(
        await _facts_of_service(service, incident.confirmed_at, turn),
        reason=incident.reason,
        message=result.message if result else incident.reason,
        expected=wording.expected_in_words(check),
        got=wording.got_in_words(result) if result else incident.reason,
        request=wording.request_in_words(check),
        attempts=check.state.bad,
        began_at=incident.outage_began_at,
        confirmed_at=incident.confirmed_at,
        period=wording.period_in_words(check.schedule.every),
        affected=affected,
        affected_count=len(affected),
    )


async def _facts_of_service(service: Service, at: datetime, turn: Turn) -> Facts:
    uow = turn.uow
    zone = await uow.workspaces.zone(service.workspace_id)
    return Facts(
        service_name=service.name,
        workspace_name=await uow.workspaces.name(service.workspace_id),
        reason=service.reason,
        health=service.health.value,
        strip14=await _latest_grades(service, at, turn),
        zone=zone,
    )


async def _latest_grades(service: Service, at: datetime, turn: Turn) -> str:
    await turn.write()  # they are drawn from what was counted

    async def read() -> rollup.Grades:
        return await rollup.Grades.of(turn.known, at - _LATELY, at + rollup.DAY, turn.uow)

    grades = await turn.recall("grades", read)
    if not grades.covers(service, at):
        grades = await rollup.Grades.of([service], at - 2 * rollup.DAY, at, turn.uow)
    return grades.latest(service, at, STRIP_DAYS_IN_MAILS)


async def _affected(service: Service, turn: Turn) -> tuple[str, ...]:
    """Return the names of services that are down with this one, and of which nobody hears."""
    ids = [service.id, *(each.id for each in turn.known)]

    async def read() -> list[Service]:
        return await turn.uow.services.list_downstream(ids)

    downstream = await turn.recall("downstream", read)
    return tuple(
        other.name
        for other in downstream
        if other.incident is not None and other.incident.blocked_by == service.id
    )


def _failing(checks: Sequence[Check]) -> Check:
    down = (check for check in checks if check.state.health is ServiceHealth.DOWN)
    return next(down, checks[0])


def _latest_failure(results: Iterable[Result]) -> Result | None:
    return next((result for result in results if result.outcome is Outcome.FAIL), None)
