"""A play: what happens to two services, told to the product and to the reference alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from allgreen.domain.check import CheckState, Confirmation, LeasedCheck
from allgreen.domain.commands import (
    Command,
    ConfirmRecipient,
    DeleteService,
    EditService,
    ExecuteChecks,
    PauseService,
    RecordResults,
    RegisterCheck,
    RegisterService,
    RemoveRecipient,
    ResumeService,
)
from allgreen.domain.events import IncidentOpened
from allgreen.domain.identity import CheckId, RecipientId, ServiceId, WindowId
from allgreen.domain.maintenance import Interval, Window
from allgreen.domain.notice import Notice, NoticeState
from allgreen.domain.result import Result
from allgreen.domain.service import Recipient, Service
from allgreen.domain.status import Outcome
from allgreen.errors import DeliveryDelayedError, DeliveryRefusedError
from allgreen.monitoring.presence import Presence
from allgreen.testing import ACCOUNT, MINUTE, WORKSPACE, a_check, a_recipient, a_result_of
from tests.model.reference import Finding, Letter, Watched
from tests.model.stage import Keeping, Kept, KilledError, Stage

SECOND = timedelta(seconds=1)
GOOD = (Outcome.OK, Outcome.SLOW)
FIRST_CASE = ("api", "web")
"""The second depends on the first."""


class Trouble(StrEnum):
    """What a channel does with a message."""

    NONE = "none"
    DELAYED = "delayed"
    REFUSED = "refused"
    UNSURE = "unsure"
    """It takes the message, and its answer is lost."""
    KILLED = "killed"
    """It takes the message, and the process is killed before it can note that."""


@dataclass(frozen=True, slots=True)
class Ids:
    """What a service is called in the product."""

    service: ServiceId
    check: CheckId


@dataclass(frozen=True, slots=True)
class Run:
    """A lease that was given out, and the number that the reference gave it."""

    leased: LeasedCheck
    lease: int


@dataclass(slots=True)
class Mail:
    """A message that was handed out, with its letters as they were numbered then.

    Attributes:
        handed_s: When, by a clock that nobody sets.
    """

    notice: Notice
    letters: list[tuple[Letter, int]]
    handed_s: float


@dataclass(slots=True)
class Evidence:
    """What a bystander has counted of one service: no rule of the product is in it.

    Attributes:
        fails: When each failure of the row began that lasts.
        silent: Results in a row without evidence.
        openings: The failures in a row after which each outage was opened, or opened again.
        in_a_row: Failures without anything good in between, whatever they were worth.
        longest: The most there ever were of these.
    """

    fails: list[datetime]
    silent: int = 0
    openings: list[list[datetime]] = field(default_factory=list)
    in_a_row: int = 0
    longest: int = 0


class Play:
    """Two services on a stage and in the reference, and everything that may happen to them.

    Attributes:
        told: The reference of every service that ever was, by its id.
        strangers: Messages that were handed out to who is not on the list, or not confirmed.
        edits: How many changes by people each service has seen.
        lived: Which targets were truly down just now for how long, while all was well here.
        everywhere: Windows that cover services which are still to come, too.
        doom: At which call of the storage the process is killed in what comes next.
    """

    def __init__(self, keeping: Keeping | None = None, *, with_reference: bool = True) -> None:
        self.stage = Stage(keeping)
        self.with_reference = with_reference
        self.told: dict[ServiceId, Watched] = {}
        self.cast: dict[str, Ids] = {}
        self.runs: dict[str, list[Run]] = defaultdict(list)
        self.mails: list[Mail] = []
        self.sent: list[Mail] = []
        self.recorded: list[Result] = []
        self.evidence: dict[ServiceId, Evidence] = {}
        self.truth: dict[str, Outcome] = dict.fromkeys(FIRST_CASE, Outcome.OK)
        self.edits: dict[ServiceId, int] = {}
        self.windows: list[Window] = []
        self.everywhere: list[Interval] = []
        self.strangers: list[Notice] = []
        self.offline_since: datetime | None = None
        self.doom: int | None = None
        self.lived: dict[str, timedelta] = {}
        self.presence = Presence(
            name="local",
            unit_of_work=self.stage.unit_of_work,
            execute=self.stage.handle,
            flush=_nothing,
            clock=self.stage.clock,
        )

    # Asking ---------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """Return the time."""
        return self.stage.now

    def id_of(self, name: str) -> ServiceId:
        """Return the id of a service."""
        return self.cast[name].service

    def watched(self, name: str) -> Watched:
        """Return the reference of a service."""
        return self.told[self.id_of(name)]

    def is_running(self, name: str) -> bool:
        """Tell whether anything may be found out about a service now."""
        return self.watched(name).mode == "active" and self.offline_since is None

    async def service(self, name: str) -> Service:
        """Return a service as it is stored."""
        return await self.stage.ask(lambda uow: uow.services.get(self.id_of(name)))

    # The beginning --------------------------------------------------------------------------

    async def begin(self, confirmation: Confirmation, remind_every: timedelta | None) -> None:
        """Register both services, each with one recipient."""
        await self.presence.begin()
        for name in FIRST_CASE:
            await self.register(name, confirmation, remind_every)

    async def register(
        self, name: str, confirmation: Confirmation, remind_every: timedelta | None
    ) -> None:
        """Register a service, in the place of one that was deleted."""
        ids = self.cast[name] = Ids(ServiceId(self.stage.ids()), CheckId(self.stage.ids()))
        above = self.cast["api"].service if name == "web" else None
        self.told[ids.service] = Watched(
            every=MINUTE,
            anchor=self.now,
            down=confirmation.down,
            up=confirmation.up,
            slow=confirmation.slow,
            blind=confirmation.blind,
            remind_every=remind_every,
            needs=self.told[above] if above else None,
            time=[(self.now, "unknown")],
            people={_address("mara"): True},
            windows=list(self.everywhere),
        )
        await self.do(
            RegisterService(
                service_id=ids.service,
                workspace_id=WORKSPACE,
                name=name,
                recipients=(self._recipient(name, "mara", confirmed=True),),
                depends_on=(above,) if above else (),
                remind_every=remind_every,
                by=ACCOUNT,
                at=self.now,
            )
        )
        check = a_check(
            id=ids.check,
            service_id=ids.service,
            every=MINUTE,
            anchor=self.now,
            confirmation=confirmation,
            state=CheckState(),
        )
        await self.do(RegisterCheck(check=check, by=ACCOUNT, at=self.now))
        self.evidence[ids.service] = Evidence([])
        self.edits[ids.service] = 1
        self.runs[name].clear()
        self.truth[name] = Outcome.OK

    # What is found --------------------------------------------------------------------------

    async def run(self, name: str, outcome: Outcome, took: timedelta = SECOND) -> None:
        """Let time pass until a service is due, ask it, and record what was found."""
        if not self.is_running(name):
            return
        slot = await self.stage.ask(lambda uow: uow.checks.planned(self.cast[name].check))
        assert slot is not None
        self.wait(max(slot.due_at - self.now, timedelta(0)))
        await self.lease()
        if self.runs[name]:
            await self.find(name, outcome, took)

    async def lease(self) -> list[str]:
        """Begin everything that is due; return what was begun."""
        if self.offline_since is not None:
            return []
        leased: list[LeasedCheck] = []
        try:
            with self._doomed():
                leased = await self.stage.lease()
        except KilledError:
            await self.restart()
        names = {ids.check: name for name, ids in self.cast.items()}
        for each in leased:
            watched = self.watched(names[each.check.id])
            watched.lease += 1
            self.runs[names[each.check.id]].append(Run(each, watched.lease))
        return [names[each.check.id] for each in leased]

    async def find(
        self, name: str, outcome: Outcome, took: timedelta = SECOND, *, copies: int = 1
    ) -> None:
        """End the latest run of a service."""
        run = self.runs[name].pop()
        began = self.now
        self.wait(took)
        if self.offline_since is not None and outcome is Outcome.FAIL:
            outcome = Outcome.PROBE_ERROR
        result = a_result_of(run.leased, outcome, at=began)
        await self.record(name, replace(result, finished_at=self.now), run.lease, copies=copies)

    async def record(self, name: str, result: Result, lease: int, *, copies: int = 1) -> None:
        """Record a result, perhaps more than once in the same batch."""

        def note() -> None:
            self.recorded.append(result)
            self._count(name, result, lease)
            watched = self.watched(name)
            if watched.mode != "deleted":
                watched.take(_finding(result, lease))

        try:
            with self._doomed():
                await self.stage.handle(RecordResults(results=(result,) * copies, at=self.now))
        except KilledError:
            if self.stage.is_committed:
                note()
            await self.restart()
        else:
            note()

    async def record_again(self, results: Sequence[Result]) -> None:
        """Record results that are known, as after an answer that was lost."""
        await self.stage.handle(RecordResults(results=tuple(results), at=self.now))

    async def live(self, span: timedelta) -> None:
        """Let time pass in which everything is asked when it is due, and answers the truth."""
        end = self.now + span
        alive = [name for name in FIRST_CASE if self.is_running(name) and not self.runs[name]]
        for _ in range(60):
            due = await self.stage.ask(lambda uow: uow.checks.next_due_at())
            if due is None or due >= end or self.offline_since is not None:
                break
            self.wait(max(due - self.now, timedelta(0)))
            for name in await self.lease():
                if self.runs[name]:
                    await self.find(name, self.truth[name], timedelta(milliseconds=200))
        self.wait(max(end - self.now, timedelta(0)))
        self.lived = {name: span for name in alive if self.truth[name] is Outcome.FAIL}

    def turn(self, name: str, truth: Outcome) -> None:
        """Let the target break, or hold again."""
        self.truth[name] = truth

    def wait(self, span: timedelta) -> None:
        """Let time pass in which nobody does anything."""
        self.stage.clock.advance(span)

    def _count(self, name: str, result: Result, lease: int) -> None:
        watched, evidence = self.watched(name), self.evidence[self.id_of(name)]
        if result.outcome in GOOD:
            evidence.in_a_row = 0
        evidence.in_a_row += result.outcome is Outcome.FAIL
        evidence.longest = max(evidence.longest, evidence.in_a_row)
        key = (result.slot, result.attempt)
        is_stale = watched.last is not None and key <= watched.last
        if watched.mode != "active" or lease != watched.lease or is_stale:
            return
        if result.outcome is Outcome.FAIL:
            evidence.fails.append(result.started_at)
        elif result.outcome in GOOD:
            evidence.fails.clear()
        evidence.silent = 0 if result.outcome in (*GOOD, Outcome.FAIL) else evidence.silent + 1
        if evidence.silent >= watched.blind:
            evidence.fails.clear()
        if any(isinstance(event, IncidentOpened) for event in self.stage.events):
            evidence.openings.append(list(evidence.fails))

    # What people do -------------------------------------------------------------------------

    async def pause(self, name: str) -> None:
        """Pause a service."""
        if self.watched(name).mode == "active":
            await self._edit(
                name, PauseService(service_id=self.id_of(name), by=ACCOUNT, at=self.now)
            )
            self.watched(name).pause(self.now)
            self._doubt(name)

    async def resume(self, name: str) -> None:
        """Resume a service."""
        if self.watched(name).mode == "paused":
            await self._edit(
                name, ResumeService(service_id=self.id_of(name), by=ACCOUNT, at=self.now)
            )
            self.watched(name).resume(self.now)
            await self._note_grid(name)
            self._doubt(name)

    async def delete(self, name: str) -> None:
        """Delete a service."""
        if self.watched(name).mode != "deleted":
            await self._edit(
                name, DeleteService(service_id=self.id_of(name), by=ACCOUNT, at=self.now)
            )
            self.watched(name).delete(self.now)

    async def ask_something_else(self, name: str) -> None:
        """Let the check ask another URL."""
        if self.watched(name).mode == "deleted":
            return
        service = await self.service(name)
        (check,) = service.checks
        options = a_check(url=f"http://127.0.0.1:9000/{check.version + 1}").options
        checks = (replace(check, options=options),)
        await self._change(name, lambda edit: replace(edit, checks=checks))
        self.watched(name).ask_something_else(self.now)
        await self._note_grid(name)
        self._doubt(name)

    async def reschedule(self, name: str, every: timedelta) -> None:
        """Give a service another period."""
        if self.watched(name).mode != "deleted":
            await self._change(name, lambda edit: replace(edit, every=every))
            self.watched(name).reschedule(every, self.now)
            await self._note_grid(name)

    async def rename(self, name: str) -> None:
        """Change nothing that matters."""
        if self.watched(name).mode != "deleted":
            await self._change(name, lambda edit: replace(edit, name=f"{name}, renamed"))

    async def ask_now(self, name: str) -> None:
        """Run a check outside of its grid."""
        if self.watched(name).mode == "active":
            await self.do(ExecuteChecks(service_id=self.id_of(name), by=ACCOUNT, at=self.now))

    async def join(self, name: str, person: str, *, confirmed: bool) -> None:
        """Put somebody on the list."""
        watched, address = self.watched(name), _address(person)
        if watched.mode == "deleted" or address in watched.people:
            return
        stranger = self._recipient(name, person, confirmed=confirmed)
        listed = (*await self._listed(name), stranger)
        await self._change(name, lambda edit: replace(edit, recipients=listed))
        watched.join(address, confirmed=confirmed)

    async def confirm(self, name: str, person: str) -> None:
        """Let a stranger say yes."""
        watched, address = self.watched(name), _address(person)
        if watched.mode != "deleted" and address in watched.people:
            recipient_id = await self._id_of(name, person)
            await self.do(ConfirmRecipient(recipient_id=recipient_id, at=self.now))
            watched.confirm(address)

    async def leave(self, name: str, person: str, *, by_link: bool) -> None:
        """Take somebody off the list, by an edit or by the link in a mail."""
        watched, address = self.watched(name), _address(person)
        if watched.mode == "deleted" or address not in watched.people:
            return
        if by_link:
            await self.do(
                RemoveRecipient(recipient_id=await self._id_of(name, person), at=self.now)
            )
        else:
            left = tuple(each for each in await self._listed(name) if each.address != address)
            await self._change(name, lambda edit: replace(edit, recipients=left))
        watched.leave(address)

    async def plan_window(self, names: Sequence[str], ahead: timedelta, span: timedelta) -> None:
        """Plan a maintenance window; without names it covers everything."""
        begin = self.now + ahead
        window = Window(
            id=WindowId(self.stage.ids()),
            workspace_id=WORKSPACE,
            name="Upgrade",
            service_ids=tuple(self.id_of(name) for name in names),
            first=begin.date(),
            at=begin.time(),
            duration=span,
            holds_from=self.now,
        )
        await self.stage.ask(lambda uow: uow.windows.save([window]))
        self.windows.append(window)
        for name in names or FIRST_CASE:
            self.watched(name).windows.append((begin, begin + span))
        if not names:
            self.everywhere.append((begin, begin + span))

    async def end_windows(self) -> None:
        """Call off all windows: what runs ends, what is to come does not begin."""
        over = [window.cancelled(self.now) for window in self.windows]
        self.windows.clear()
        await self.stage.ask(lambda uow: uow.windows.save(over))
        self.everywhere = self._called_off(self.everywhere)
        for watched in self.told.values():
            watched.windows = self._called_off(watched.windows)

    def _called_off(self, windows: list[Interval]) -> list[Interval]:
        return [(begin, min(end, self.now)) for begin, end in windows if begin < self.now]

    def _recipient(self, name: str, person: str, *, confirmed: bool) -> Recipient:
        return a_recipient(
            _address(person),
            id=RecipientId(self.stage.ids()),
            service_id=self.id_of(name),
            confirmed_at=self.now if confirmed else None,
        )

    async def _listed(self, name: str) -> list[Recipient]:
        return await self.stage.ask(lambda uow: uow.recipients.of_service(self.id_of(name)))

    async def _id_of(self, name: str, person: str) -> RecipientId:
        listed = await self._listed(name)
        return next(each.id for each in listed if each.address == _address(person))

    async def _note_grid(self, name: str) -> None:
        """Take over where the slots lie: it is up to the product, within one period."""
        (check,) = (await self.service(name)).checks
        watched = self.watched(name)
        assert check.schedule.every == watched.every
        if self.with_reference:
            assert watched.anchor in (self.now, check.schedule.anchor)
            assert timedelta(0) <= check.schedule.anchor - watched.anchor < watched.every
        watched.anchor = check.schedule.anchor

    def _doubt(self, name: str) -> None:
        evidence = self.evidence[self.id_of(name)]
        evidence.fails.clear()
        evidence.silent = 0

    async def _change(self, name: str, change: Callable[[EditService], EditService]) -> None:
        edit = EditService(
            service_id=self.id_of(name),
            expected_version=(await self.service(name)).version,
            by=ACCOUNT,
            at=self.now,
        )
        await self._edit(name, change(edit))

    async def _edit(self, name: str, command: Command) -> None:
        await self.do(command)
        self.edits[self.id_of(name)] += 1

    # What happens to Allgreen ---------------------------------------------------------------

    async def lose_network(self) -> None:
        """Let the prober go offline."""
        if self.offline_since is None:
            await self.presence.go_offline(self.now)
            self.offline_since = self.now

    async def find_network(self) -> None:
        """Let it come back."""
        if self.offline_since is not None:
            await self.presence.come_back(self.offline_since)
            self._is_back()

    async def set_clock_back(self, by: timedelta) -> None:
        """Set the wall clock back; no time passes."""
        await self.presence.look()
        self.stage.clock.jump(self.now - by)
        await self.presence.look()

    def _is_back(self) -> None:
        self.offline_since = None
        for name in FIRST_CASE:
            if self.watched(name).mode == "active":
                self.watched(name).doubt()
                self._doubt(name)

    async def restart(self) -> None:
        """Stop at once and begin anew: what was under way is lost."""
        await self.presence.beat()
        await self.stage.restart()
        await self.presence.begin()
        self.mails.clear()
        for runs in self.runs.values():
            runs.clear()
        for watched in self.told.values():
            watched.lease += 1
            for letter in watched.letters:
                if letter.state == "leased":
                    letter.state = "pending"
        if self.offline_since is not None:
            self._is_back()

    @contextmanager
    def _doomed(self) -> Iterator[None]:
        """Let the process be killed in here, if it is to be killed."""
        self.stage.kill_at, self.doom = self.doom, None
        try:
            yield
        finally:
            self.stage.kill_at = None

    async def do(self, command: Command) -> None:
        """Carry out a command; who finds the process killed repeats what was not done."""
        try:
            with self._doomed():
                await self.stage.handle(command)
        except KilledError:
            is_done = self.stage.is_committed
            await self.restart()
            if not is_done:
                await self.stage.handle(command)

    # What is sent ---------------------------------------------------------------------------

    async def hand_out(self) -> int:
        """Hand out what may go now, and say how much that was."""
        self.stage.is_committed = False
        try:
            with self._doomed():
                notices = await self.stage.dispatcher.lease()
        except KilledError:
            kept = await self.stage.look()
            leased = [each for each in kept.outbox if each.state is NoticeState.LEASED]
            if self.stage.is_committed:
                self._handed(leased, letters_by_key(self, kept), kept)
            await self.restart()
            return 0
        kept = await self.stage.look()
        letters = letters_by_key(self, kept)
        for notice in notices:
            found = self._handed(notice.rows, letters, kept)
            self.mails.append(
                Mail(notice, [(each, each.lease) for each in found], self.stage.clock.monotonic())
            )
        return len(notices)

    async def deliver(self, number: int, trouble: Trouble) -> None:
        """Hand over a message that was handed out, and mark what came of it."""
        mail = self.mails.pop(number)
        self.stage.post.trouble = _TROUBLES[trouble]
        self.stage.is_committed = False
        count = len(self.stage.post.accepted)
        try:
            with self._doomed():
                await self.stage.dispatcher.deliver(mail.notice)
        except KilledError:
            self._note_accepted(mail, count)
            if self.stage.is_committed:
                await self._mark(mail, trouble)
            await self.restart()
            return
        self._note_accepted(mail, count)
        await self._mark(mail, trouble)

    async def send_all(self) -> None:
        """Hand everything over that may go now, to a channel that takes it."""
        while self.mails or await self.hand_out():
            while self.mails:
                await self.deliver(0, Trouble.NONE)

    async def drain(self) -> None:
        """Wait until nothing is left to be sent."""
        for _ in range(50):
            await self.send_all()
            kept = await self.stage.look()
            waiting = [each.due_at for each in kept.outbox if each.state in _OPEN]
            if not waiting:
                return
            # What waits behind a digest is due before it.
            ahead = [due_at for due_at in waiting if due_at > self.now]
            self.wait(min(ahead, default=self.now) - self.now)

    def _handed(
        self, rows: Iterable[Notice], letters: Mapping[str, Letter], kept: Kept
    ) -> list[Letter]:
        confirmed = {each.id for each in kept.recipients if each.confirmed_at is not None}
        found: list[Letter] = []
        for row in rows:
            if row.recipient_id is not None and row.recipient_id not in confirmed:
                self.strangers.append(row)
            if letter := letters.get(row.key):
                letter.state, letter.lease = "leased", letter.lease + 1
                found.append(letter)
        return found

    def _note_accepted(self, mail: Mail, count: int) -> None:
        if len(self.stage.post.accepted) > count:
            self.sent.append(mail)

    async def _mark(self, mail: Mail, trouble: Trouble) -> None:
        kept = {each.key: each.state for each in (await self.stage.look()).outbox}
        is_dead = any(kept[row.key] is NoticeState.DEAD for row in mail.notice.rows)
        if trouble in (Trouble.DELAYED, Trouble.UNSURE) and is_dead:
            assert self.now - mail.notice.created_at > timedelta(hours=71)
            trouble = Trouble.REFUSED
        for letter, lease in mail.letters:
            if letter.lease != lease or letter.state not in ("leased", "cancelled"):
                continue
            if trouble in (Trouble.NONE, Trouble.KILLED):
                letter.state = "sent"
            elif letter.state == "leased":
                letter.state = "dead" if trouble is Trouble.REFUSED else "pending"
        if trouble is Trouble.REFUSED:
            for letter, _ in mail.letters:
                self._cancel_end(letter)

    def _cancel_end(self, begin: Letter) -> None:
        """Who cannot be told of the begin of an outage is not told of its end either."""
        if begin.kind != "down" or begin.state != "dead":
            return
        for watched in self.told.values():
            for letter in watched.letters:
                is_about = (letter.outage, letter.to) == (begin.outage, begin.to)
                if is_about and letter.outage and letter.state == "pending":
                    letter.state = "pending" if letter.kind == "down" else "cancelled"


def letters_by_key(play: Play, kept: Kept) -> dict[str, Letter]:
    """Say which letter of the reference each row of the outbox is: the n-th is the n-th."""
    rows: dict[tuple[ServiceId | None, str], list[Notice]] = defaultdict(list)
    for row in kept.outbox:
        if row.recipient_id is not None:
            rows[row.service_id, row.address].append(row)
    found: dict[str, Letter] = {}
    for service_id, watched in play.told.items():
        letters: dict[str, list[Letter]] = defaultdict(list)
        for letter in watched.letters:
            letters[letter.to].append(letter)
        for address, listed in letters.items():
            for row, letter in zip(rows[service_id, address], listed, strict=False):
                found[row.key] = letter
    return found


def _finding(result: Result, lease: int) -> Finding:
    return Finding(
        slot=result.slot,
        attempt=result.attempt,
        began=result.started_at,
        ended=result.finished_at,
        outcome=result.outcome.value,
        version=result.version,
        lease=lease,
    )


async def _nothing() -> None:
    """Wait for nothing: what is found is recorded at once."""


def _address(person: str) -> str:
    return f"{person}@example.org"


_OPEN = (NoticeState.PENDING, NoticeState.LEASED)
_TROUBLES = {
    Trouble.NONE: None,
    Trouble.DELAYED: DeliveryDelayedError("421 try later"),
    Trouble.REFUSED: DeliveryRefusedError("550 no such mailbox"),
    Trouble.UNSURE: DeliveryDelayedError("the answer was lost", is_unsure=True),
    Trouble.KILLED: KilledError(),
}
