"""What is asked for: imperatives that the bus hands to exactly one handler."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from allgreen.domain.check import Check
from allgreen.domain.identity import AccountId, CheckId, RecipientId, ServiceId, WorkspaceId
from allgreen.domain.result import Result
from allgreen.domain.service import Recipient
from allgreen.domain.watcher import Absence


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterService:
    """Begin to watch a service. Its checks follow with `RegisterCheck`."""

    service_id: ServiceId
    workspace_id: WorkspaceId
    name: str
    recipients: tuple[Recipient, ...]
    depends_on: tuple[ServiceId, ...] = ()
    remind_every: timedelta | None = None
    by: AccountId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterCheck:
    """Add a check to a service; its first slot is due at once."""

    check: Check
    by: AccountId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EditService:
    """Change a service; `None` leaves a part as it is.

    Attributes:
        expected_version: Version that the editor saw.
        checks: The whole new list: known ids are edited, unknown added, missing deleted.
        every: New period of all checks; the schedule is re-anchored at `at`.
        depends_on: The whole new list of services without which it cannot hold.
        remind_every: How often to remind of an outage; zero for never.
    """

    service_id: ServiceId
    expected_version: int
    name: str | None = None
    checks: tuple[Check, ...] | None = None
    every: timedelta | None = None
    recipients: tuple[Recipient, ...] | None = None
    depends_on: tuple[ServiceId, ...] | None = None
    remind_every: timedelta | None = None
    by: AccountId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseService:
    """Stop to check a service until it is resumed."""

    service_id: ServiceId
    by: AccountId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeService:
    """Check a paused service again, at once."""

    service_id: ServiceId
    by: AccountId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteService:
    """Stop to watch a service for ever."""

    service_id: ServiceId
    by: AccountId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteCheck:
    """Remove one check of a service that has others."""

    check_id: CheckId
    service_id: ServiceId
    by: AccountId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecuteChecks:
    """Run all checks of a service now, outside of their grid."""

    service_id: ServiceId
    by: AccountId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordResults:
    """Take in what was found; at most 500 results at once."""

    results: tuple[Result, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkChecks:
    """Know nothing of some checks that cannot be run, and try them again later."""

    check_ids: tuple[CheckId, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmRecipient:
    """Note that an address wants to be told."""

    recipient_id: RecipientId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveRecipient:
    """Stop telling an address, asked for by the address itself."""

    recipient_id: RecipientId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteOffline:
    """Note that the network of a watcher is down, so that it checks nothing."""

    watcher: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportOffline:
    """Tell those who run Allgreen that the network of a watcher is down since a while."""

    watcher: str
    since: datetime
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAbsence:
    """Keep a time in which a watcher checked nothing, now that it is back."""

    absence: Absence


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetSuspicions:
    """Count failures of some checks from nothing again, and run them soon."""

    check_ids: tuple[CheckId, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CatchUp:
    """Run some checks that waited, once each and spread over a minute at most."""

    check_ids: tuple[CheckId, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SetClockBack:
    """Bring what is known of some checks into the present: the clock was set back to `at`."""

    check_ids: tuple[CheckId, ...]
    at: datetime


Command = (
    RegisterService
    | RegisterCheck
    | EditService
    | PauseService
    | ResumeService
    | DeleteService
    | DeleteCheck
    | ExecuteChecks
    | RecordResults
    | ParkChecks
    | ConfirmRecipient
    | RemoveRecipient
    | NoteOffline
    | ReportOffline
    | NoteAbsence
    | ForgetSuspicions
    | CatchUp
    | SetClockBack
)
