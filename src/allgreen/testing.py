"""What tests of Allgreen, and of what is built on it, are written with: fakes and builders.

The fakes stand in for our own ports only; what a test does not care about has a default.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import final

from allgreen.domain.check import (
    Check,
    CheckKind,
    CheckState,
    Confirmation,
    HttpOptions,
    LeasedCheck,
    Slot,
)
from allgreen.domain.expectation import Expectation, StatusIs
from allgreen.domain.identity import (
    AccountId,
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
from allgreen.domain.status import FailureClass, Outcome
from allgreen.ports import Accepted, CheckExecutor, Clock, Gate, IdFactory, Notifier, open_gate

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
"""When a `FakeClock` begins and the first slot of `a_check` lies."""

MINUTE = timedelta(minutes=1)
WORKSPACE = WorkspaceId("0198c000-0000-7000-8000-000000000001")
SERVICE = ServiceId("0198c000-0000-7000-8000-000000000002")
CHECK = CheckId("0198c000-0000-7000-8000-000000000003")
ACCOUNT = AccountId("0198c000-0000-7000-8000-000000000004")
RECIPIENT = RecipientId("0198c000-0000-7000-8000-000000000005")
INCIDENT = IncidentId("0198c000-0000-7000-8000-000000000006")
NOTICE = OutboxId("0198c000-0000-7000-8000-000000000007")


@final
class FakeClock(Clock):
    """Time that passes only when a test says so."""

    def __init__(self, now: datetime = NOON) -> None:
        self._now = now
        self._monotonic = 0.0

    def now(self) -> datetime:
        """Return the time as it was set."""
        return self._now

    def monotonic(self) -> float:
        """Return the seconds that were advanced."""
        return self._monotonic

    def advance(self, by: timedelta) -> datetime:
        """Let time pass and return the new time."""
        self._now += by
        self._monotonic += by.total_seconds()
        return self._now

    def jump(self, to: datetime) -> None:
        """Set the wall clock, as an operator does; no time passes."""
        self._now = to


@final
class SequentialIds(IdFactory):
    """Identities in order, the same in each run, in the form of UUIDv7."""

    def __init__(self, prefix: int = 0xF) -> None:
        self._prefix = prefix
        self._numbers = count(1)

    def __call__(self) -> str:
        """Return the next one."""
        return f"0198c000-000{self._prefix:x}-7000-8000-{next(self._numbers):012x}"


@final
class ScriptedExecutor(CheckExecutor):
    """Runs no check: it answers what a script says, in turn, and then its last answer for ever.

    Attributes:
        runs: What was to be run, in order.
    """

    def __init__(
        self,
        *script: Outcome | Exception | Callable[[LeasedCheck], Result],
        kind: CheckKind = CheckKind.HTTP,
        clock: Clock | None = None,
    ) -> None:
        self._script = list(script) or [Outcome.OK]
        self._kind = kind
        self._clock = clock
        self.runs: list[LeasedCheck] = []

    @property
    def kind(self) -> CheckKind:
        """Return the kind that it claims to run."""
        return self._kind

    async def run(self, leased: LeasedCheck) -> Result:
        """Return the next answer of the script, or raise it."""
        step = self._script[min(len(self.runs), len(self._script) - 1)]
        self.runs.append(leased)
        if isinstance(step, Exception):
            raise step
        if isinstance(step, Outcome):
            now = self._clock.now() if self._clock else leased.slot.due_at
            return a_result_of(leased, step, at=now)
        return step(leased)


@final
class RecordingNotifier(Notifier):
    """Sends nothing: it keeps what it was given, and fails as a script says.

    Attributes:
        sent: What was accepted, in order.
        tried: What was handed over, accepted or not.
    """

    def __init__(self, *failures: Exception) -> None:
        self._failures = list(failures)
        self.sent: list[Notice] = []
        self.tried: list[Notice] = []

    async def send(self, notice: Notice, gate: Gate = open_gate) -> Accepted:
        """Accept a message, unless the script has a failure left."""
        await gate()
        self.tried.append(notice)
        if self._failures:
            raise self._failures.pop(0)
        self.sent.append(notice)
        return Accepted(answer="250 kept by the test")


def a_schedule(*, every: timedelta = MINUTE, anchor: datetime = NOON) -> Schedule:
    """Return a grid of one minute that begins at noon."""
    return Schedule(every=every, anchor=anchor)


def a_check(
    *,
    id: CheckId = CHECK,
    service_id: ServiceId = SERVICE,
    workspace_id: WorkspaceId = WORKSPACE,
    url: str = "http://127.0.0.1:9000/health",
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    expectation: Expectation | None = None,
    every: timedelta = MINUTE,
    anchor: datetime = NOON,
    timeout: timedelta = timedelta(seconds=10),
    answers_within: timedelta | None = None,
    confirmation: Confirmation | None = None,
    version: int = 1,
    state: CheckState | None = None,
) -> Check:
    """Return an HTTP check that expects 200 each minute from noon on."""
    return Check(
        id=id,
        workspace_id=workspace_id,
        service_id=service_id,
        kind=CheckKind.HTTP,
        options=HttpOptions(method=method, url=url, headers=headers or {}),
        expectation=expectation or StatusIs(codes=(200,)),
        schedule=Schedule(every=every, anchor=anchor),
        timeout=timeout,
        answers_within=answers_within,
        confirmation=confirmation or Confirmation(),
        version=version,
        state=state or CheckState(),
    )


def a_service(
    *checks: Check,
    id: ServiceId = SERVICE,
    workspace_id: WorkspaceId = WORKSPACE,
    name: str = "Payments webhook",
) -> Service:
    """Return an active service, with one check when none is given."""
    listed = checks or (a_check(service_id=id, workspace_id=workspace_id),)
    return Service(id=id, workspace_id=workspace_id, name=name, checks=listed)


def a_result(
    outcome: Outcome = Outcome.OK,
    *,
    slot: datetime = NOON,
    attempt: int = 1,
    check_id: CheckId = CHECK,
    service_id: ServiceId = SERVICE,
    workspace_id: WorkspaceId = WORKSPACE,
    started_at: datetime | None = None,
    latency_ms: float | None = 12.0,
    version: int = 1,
    fence: int = 1,
    reason: str | None = None,
    message: str | None = None,
    http_status: int | None = None,
) -> Result:
    """Return a result of the first slot; a failing one answered 503."""
    began = started_at or slot
    fails = outcome is Outcome.FAIL
    default_reason = "503 instead of 200" if fails else ""
    return Result(
        check_id=check_id,
        service_id=service_id,
        workspace_id=workspace_id,
        slot=slot,
        attempt=attempt,
        started_at=began,
        finished_at=began + timedelta(milliseconds=latency_ms or 0),
        outcome=outcome,
        version=version,
        fence=fence,
        failure=FailureClass.STATUS if fails else None,
        reason=default_reason if reason is None else reason,
        message=("It answered 503." if fails else "") if message is None else message,
        http_status=http_status or (503 if fails else 200),
        latency_ms=latency_ms,
    )


def a_result_of(leased: LeasedCheck, outcome: Outcome, *, at: datetime) -> Result:
    """Return what a run of a leased check found at an instant."""
    return a_result(
        outcome,
        slot=leased.slot.at,
        attempt=leased.slot.attempt,
        check_id=leased.check.id,
        service_id=leased.check.service_id,
        workspace_id=leased.check.workspace_id,
        started_at=at,
        version=leased.check.version,
        fence=leased.fence,
    )


def a_leased_check(
    check: Check | None = None,
    *,
    at: datetime = NOON,
    attempt: int = 1,
    due_at: datetime | None = None,
    fence: int = 1,
) -> LeasedCheck:
    """Return a check that was leased for one run."""
    return LeasedCheck(
        check=check or a_check(),
        slot=Slot(at=at, attempt=attempt, due_at=due_at or at),
        fence=fence,
        leased_until=at + timedelta(minutes=2),
    )


def a_recipient(
    address: str = "mara@example.org",
    *,
    id: RecipientId = RECIPIENT,
    service_id: ServiceId = SERVICE,
    workspace_id: WorkspaceId = WORKSPACE,
    account_id: AccountId | None = None,
    confirmed_at: datetime | None = NOON,
) -> Recipient:
    """Return an address that is told; unconfirmed with ``confirmed_at=None``."""
    return Recipient(
        id=id,
        service_id=service_id,
        workspace_id=workspace_id,
        address=address,
        account_id=account_id,
        confirmed_at=confirmed_at,
    )


def an_incident(
    *,
    id: IncidentId = INCIDENT,
    service_id: ServiceId = SERVICE,
    workspace_id: WorkspaceId = WORKSPACE,
    began_at: datetime = NOON,
    confirmed_at: datetime | None = None,
    reason: str = "503 instead of 200",
) -> Incident:
    """Return an open incident that began at noon."""
    return Incident(
        id=id,
        workspace_id=workspace_id,
        service_id=service_id,
        began_at=began_at,
        confirmed_at=confirmed_at or began_at + timedelta(seconds=15),
        reason=reason,
    )


def a_notice(
    kind: NoticeKind = NoticeKind.DOWN,
    *,
    id: OutboxId = NOTICE,
    key: str | None = None,
    channel: Channel = Channel.EMAIL,
    address: str = "mara@example.org",
    facts: Mapping[str, object] | None = None,
    attempt: int = 1,
    fence: int = 1,
    created_at: datetime = NOON,
    due_at: datetime | None = None,
) -> Notice:
    """Return a message about an incident, created at noon and due at once."""
    return Notice(
        id=id,
        key=key or f"{INCIDENT}/{kind}/1/{RECIPIENT}/{channel}",
        kind=kind,
        channel=channel,
        address=address,
        workspace_id=WORKSPACE,
        service_id=SERVICE,
        incident_id=INCIDENT,
        recipient_id=RECIPIENT,
        facts=facts or {},
        attempt=attempt,
        fence=fence,
        created_at=created_at,
        due_at=due_at or created_at,
    )


def outcomes(letters: Iterable[str]) -> list[Outcome]:
    """Read outcomes from letters: ok, slow, fail, blocked, probe error, missed by o s f b p m."""
    return [_OUTCOMES[letter] for letter in letters]


_OUTCOMES = {
    "o": Outcome.OK,
    "s": Outcome.SLOW,
    "f": Outcome.FAIL,
    "b": Outcome.BLOCKED,
    "p": Outcome.PROBE_ERROR,
    "m": Outcome.MISSED,
}
