"""Commands by which a watcher says how it is itself, and puts right what that spoiled."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from allgreen.domain.check import Slot
from allgreen.domain.commands import (
    CatchUp,
    ForgetSuspicions,
    NoteAbsence,
    NoteOffline,
    ReportOffline,
    SetClockBack,
)
from allgreen.domain.events import AbsenceEnded, WatcherWentOffline
from allgreen.domain.facts import Facts
from allgreen.domain.identity import CheckId, OutboxId
from allgreen.domain.notice import Channel, Notice, NoticeKind
from allgreen.domain.rewind import forget_suspicions, is_ahead, set_clock_back
from allgreen.domain.service import Service
from allgreen.domain.watcher import (
    LONGEST_SPREAD,
    Absence,
    AbsenceReason,
    Watcher,
    WatcherState,
    spread_of,
)
from allgreen.monitoring.bus import Turn
from allgreen.ports import AuditRow, IdFactory, Plan, UnitOfWork

WORTH_A_MESSAGE = {
    AbsenceReason.OFFLINE: timedelta(0),
    # An upgrade, or a laptop that was closed over lunch, is no news to who runs Allgreen.
    AbsenceReason.OFF: timedelta(minutes=5),
    AbsenceReason.CLOCK: timedelta(minutes=5),
}

LONGEST_AHEAD = timedelta(minutes=6)
"""Nothing is planned further ahead than its period, or than a parked check waits."""


async def note_offline(command: NoteOffline, turn: Turn) -> None:
    """Say that nothing is checked from now on."""
    watcher = Watcher(
        name=command.watcher,
        state=WatcherState.OFFLINE,
        since=command.at,
        seen_at=command.at,
    )
    await turn.uow.watchers.save(watcher)
    workspaces = tuple(await turn.uow.workspaces.ids())
    await turn.tell(WatcherWentOffline(watcher=watcher, workspaces=workspaces))


async def note_absence(command: NoteAbsence, turn: Turn) -> None:
    """Keep a time in which nobody looked; it is over."""
    absence = command.absence
    known = await turn.uow.watchers.find(absence.watcher)
    # A jump of the clock brings no network back; the canaries say when it is.
    if absence.why is not AbsenceReason.CLOCK or not known or known.state is WatcherState.ONLINE:
        watcher = Watcher(name=absence.watcher, since=absence.ended_at, seen_at=absence.ended_at)
        await turn.uow.watchers.save(watcher)
    await turn.uow.watchers.add_absence(absence)
    workspaces = tuple(await turn.uow.workspaces.ids())
    await turn.tell(AbsenceEnded(absence=absence, workspaces=workspaces))


async def forget_suspicions_of(command: ForgetSuspicions, turn: Turn) -> None:
    """Count failures anew and run the checks soon, because nobody knows whose fault those were."""
    services = await turn.uow.services.list_of_checks(command.check_ids)
    await turn.uow.services.save_states(
        [forget_suspicions(service, command.check_ids) for service in services]
    )
    await _run_soon(command.check_ids, command.at, turn.uow)


async def catch_up(command: CatchUp, turn: Turn) -> None:
    """Run checks that waited once each, not all in the same moment.

    The slots that passed are not run any more: what is found now says nothing about them.
    """
    await _run_soon(command.check_ids, command.at, turn.uow)


async def set_clocks_back(command: SetClockBack, turn: Turn) -> None:
    """Bring into the present what lies ahead because the clock was set back.

    What runs meanwhile was begun in a time that is void: its results belong to the history only.
    """
    uow, asked = turn.uow, set(command.check_ids)
    services = await uow.services.list_of_checks(asked)
    plans = await uow.checks.plans(check.id for service in services for check in service.checks)
    ahead = {each for each, plan in plans.items() if _is_ahead(plan, command.at)}
    ahead |= {c.id for each in services for c in each.checks if is_ahead(c, command.at)}
    ahead |= await uow.checks.running(plans, now=command.at)
    for service in services:
        await _rewind(service, command.at, turn)
    await uow.checks.revoke_lease(ahead)
    await uow.checks.plan_many(
        {
            each: _soon(each, plans[each], command.at)
            for each in ahead & plans.keys()
            if plans[each].slot.due_at > command.at
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceNotices:
    """Tells of absences: those who run Allgreen by a message, everybody by the history.

    Attributes:
        ids: Where the identities of rows come from.
        channel: By which way people are told.
    """

    ids: IdFactory
    channel: Channel = Channel.EMAIL

    async def note(self, event: AbsenceEnded, turn: Turn) -> None:
        """Add the absence to the history of every workspace."""
        absence = event.absence
        await turn.uow.audit.add(
            AuditRow(
                workspace_id=workspace_id,
                at=absence.ended_at,
                action="watcher.absent",
                summary=f"checked nothing {_in_words(absence)}",
                after={"from": absence.began_at.isoformat(), "why": absence.why.value},
            )
            for workspace_id in event.workspaces
        )

    async def tell(self, event: AbsenceEnded, turn: Turn) -> None:
        """Owe the operators a message, unless they heard of it, or of a longer one lately."""
        absence = event.absence
        if absence.duration >= await _least_told(absence, WORTH_A_MESSAGE[absence.why], turn.uow):
            await self._owe(absence, _facts_of(absence), turn.uow)

    async def report(self, command: ReportOffline, turn: Turn) -> None:
        """Owe the operators a message about an absence that lasts; its end then brings none."""
        absence = Absence(
            watcher=command.watcher,
            began_at=command.since,
            ended_at=command.at,
            why=AbsenceReason.OFFLINE,
        )
        if absence.duration >= await _least_told(absence, timedelta(0), turn.uow):
            await self._owe(absence, _facts_so_far(absence), turn.uow)

    async def _owe(self, absence: Absence, facts: Facts, uow: UnitOfWork) -> None:
        # The key names the begin alone, so that there is one message about each absence.
        await uow.outbox.add(
            Notice(
                id=OutboxId(self.ids()),
                key=f"{absence.watcher}/{absence.began_at.isoformat()}/{address}/{self.channel}",
                kind=NoticeKind.OFFLINE,
                channel=self.channel,
                address=address,
                facts=facts.to_json(),
                created_at=absence.ended_at,
                due_at=absence.ended_at,
            )
            for address in await uow.recipients.operators()
        )


_REASONS = {
    AbsenceReason.OFF: "it did not run",
    AbsenceReason.OFFLINE: "its own network was down",
    AbsenceReason.CLOCK: "its clock was set forward, or its machine slept",
}

_STILL_OFFLINE = "its own network is down"


def _in_words(absence: Absence) -> str:
    begin, end = absence.began_at, absence.ended_at
    day = "" if begin.date() == end.date() else f"{end:%-d %B} "
    return f"from {begin:%-d %B %H:%M} to {day}{end:%H:%M} UTC: {_REASONS[absence.why]}"


def _facts_of(absence: Absence) -> Facts:
    return Facts(
        reason=_REASONS[absence.why],
        message=f"Allgreen checked nothing {_in_words(absence)}.",
        began_at=absence.began_at,
        ended_at=absence.ended_at,
        duration_s=absence.duration.total_seconds(),
    )


def _facts_so_far(absence: Absence) -> Facts:
    begin = absence.began_at
    return Facts(
        reason=_STILL_OFFLINE,
        message=f"Allgreen checks nothing since {begin:%-d %B %H:%M} UTC: {_STILL_OFFLINE}.",
        began_at=begin,
    )


async def _least_told(absence: Absence, least: timedelta, uow: UnitOfWork) -> timedelta:
    """Return how long an absence must be to be told, after those that were told lately."""
    recent = await uow.watchers.absences_since(absence.ended_at - timedelta(hours=1))
    return max([least, *(each.duration for each in recent if each != absence)])


async def _run_soon(check_ids: Sequence[CheckId], at: datetime, uow: UnitOfWork) -> None:
    plans = await uow.checks.plans(check_ids)
    running = await uow.checks.running(check_ids, now=at)
    await uow.checks.plan_many(
        {each: _soon(each, plan, at) for each, plan in plans.items() if each not in running}
    )


def _soon(check_id: CheckId, plan: Plan, at: datetime) -> Slot:
    """Return the one run that stands for all that were missed: a slot of the grid if one is near."""
    slot = plan.schedule.next_after(at)
    if slot - at > LONGEST_SPREAD:
        slot = at + spread_of(check_id, plan.schedule.every)
    return Slot(at=slot, due_at=slot)


def _is_ahead(plan: Plan, at: datetime) -> bool:
    return plan.slot.due_at > at + max(plan.schedule.every, LONGEST_AHEAD)


async def _rewind(service: Service, at: datetime, turn: Turn) -> None:
    observed = set_clock_back(service, at)
    if observed.service == service:
        return
    await turn.uow.services.save([observed.service])
    if observed.service.incident is not None and observed.service.incident != service.incident:
        await turn.uow.incidents.save(observed.service.incident)
    await turn.tell(*observed.events)
