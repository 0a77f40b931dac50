"""What all repositories in memory read and change."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import date, datetime

from allgreen.domain.calendar import Calendar
from allgreen.domain.check import Slot
from allgreen.domain.identity import CheckId, IncidentId, OutboxId, ServiceId, WindowId, WorkspaceId
from allgreen.domain.incident import Incident
from allgreen.domain.maintenance import Window
from allgreen.domain.notice import Notice, NoticeState
from allgreen.domain.result import Result, SlotKey
from allgreen.domain.service import Recipient, Service
from allgreen.domain.uptime import RollUp, Span
from allgreen.domain.watcher import Absence, Watcher
from allgreen.ports import AuditRow, DirtyBucket, Grain, Strip

OPEN = (NoticeState.PENDING, NoticeState.LEASED)
"""In which states a message is still owed."""


@dataclass(slots=True)
class Tables:
    """Everything that is kept, each table by its key."""

    services: dict[ServiceId, Service] = field(default_factory=dict)
    runs: dict[CheckId, Run] = field(default_factory=dict)
    owners: dict[CheckId, ServiceId] = field(default_factory=dict)  # also of removed checks
    results: dict[tuple[CheckId, SlotKey], Result] = field(default_factory=dict)
    spans: dict[CheckId, tuple[Span, ...]] = field(default_factory=dict)
    incidents: dict[IncidentId, Incident] = field(default_factory=dict)
    recipients: dict[ServiceId, tuple[Recipient, ...]] = field(default_factory=dict)
    owed: dict[OutboxId, Owed] = field(default_factory=dict)
    audit: dict[int, AuditRow] = field(default_factory=dict)
    dirty: dict[DirtyBucket, None] = field(default_factory=dict)
    roll_ups: dict[tuple[CheckId, Grain, datetime], RollUp] = field(default_factory=dict)
    service_days: dict[tuple[ServiceId, date], RollUp] = field(default_factory=dict)
    strips: dict[ServiceId, Strip] = field(default_factory=dict)
    windows: dict[tuple[WindowId, int], Window] = field(default_factory=dict)
    workspaces: dict[WorkspaceId, Workspace] = field(default_factory=dict)
    operators: dict[str, None] = field(default_factory=dict)
    watchers: dict[str, Watcher] = field(default_factory=dict)
    absences: dict[int, Absence] = field(default_factory=dict)

    def copy(self) -> Tables:
        """Return tables of their own that hold the same values."""
        return Tables(**{table.name: dict(getattr(self, table.name)) for table in fields(self)})

    def become(self, other: Tables) -> None:
        """Take over the tables of another."""
        for table in fields(self):
            setattr(self, table.name, getattr(other, table.name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A workspace, as far as the monitoring must know it."""

    name: str
    calendar: Calendar
    admins: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The schedule of one check; it outlives the check, so that its fence does."""

    slot: Slot | None = None
    fence: int = 0
    leased_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """A message that is owed, and when it was last handed out."""

    notice: Notice
    handed_at: datetime | None = None
