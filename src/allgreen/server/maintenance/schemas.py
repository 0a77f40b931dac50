"""Maintenance windows, as they are sent and shown."""

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from allgreen.domain.maintenance import LONGEST, Repeat, Weekday
from allgreen.server.auth.schemas import NameText
from allgreen.server.wire import Input

LONGEST_MINUTES = int(LONGEST.total_seconds()) // 60
MOST_SERVICES = 500
_YEARS = range(2000, 2200)


class WindowState(StrEnum):
    """What a window does now."""

    PLANNED = "planned"
    RUNNING = "running"
    OVER = "over"
    """It never runs again."""


def _read_date(given: Any) -> Any:
    if given is None:
        return None
    try:
        local_date = date.fromisoformat(given) if len(given) == 10 else None
    except (TypeError, ValueError):
        local_date = None
    if local_date is None or local_date.year not in _YEARS:
        raise ValueError("Write a date such as 2026-03-29.")
    return local_date


def _read_time(given: Any) -> Any:
    try:
        at = time.fromisoformat(given) if len(given) == 5 else None
    except (TypeError, ValueError):
        at = None
    if at is None or at.tzinfo is not None:
        raise ValueError("Write a time of day such as 02:30.")
    return at


LocalDate = Annotated[date, BeforeValidator(_read_date)]
LocalTime = Annotated[
    time,
    BeforeValidator(_read_time),
    Field(json_schema_extra={"format": "", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}),
]
Minutes = Annotated[int, Field(ge=1, le=LONGEST_MINUTES)]
Zone = Annotated[str, Field(max_length=64)]
ServiceIds = Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=MOST_SERVICES)]


class RecurrenceInput(Input):
    """How a window comes back; days on which its time of day is left out begin after the gap."""

    repeat: Repeat = Repeat.NONE
    weekdays: Annotated[list[Weekday], Field(max_length=7)] = Field(default_factory=list)
    day: Annotated[int, Field(ge=1, le=31)] | None = None
    until: Annotated[date | None, BeforeValidator(_read_date)] = None


class WindowInput(Input):
    """A window to plan. Without a zone it is that of the workspace; without services it is all."""

    name: NameText
    service_ids: ServiceIds = Field(default_factory=list)
    zone: Zone | None = None
    first: LocalDate
    at: LocalTime
    duration_minutes: Minutes
    recurrence: RecurrenceInput = RecurrenceInput()


class WindowEdit(Input):
    """What to change; parts that are absent stay as they are. The past is never changed."""

    name: NameText | None = None
    service_ids: ServiceIds | None = None
    zone: Zone | None = None
    first: LocalDate | None = None
    at: LocalTime | None = None
    duration_minutes: Minutes | None = None
    recurrence: RecurrenceInput | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """How a window comes back."""

    repeat: Repeat
    weekdays: list[Weekday]
    day: int | None
    until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One time that a window runs."""

    begin: Annotated[datetime, Field(serialization_alias="from")]
    end: Annotated[datetime, Field(serialization_alias="to")]


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceWindow:
    """A maintenance window.

    Attributes:
        service_ids: What it covers; none for all of the workspace, also later ones.
        first: The first local date on which it begins.
        at: When it begins, by the clocks of its zone: ``02:30``.
        next: The next three times, of which the first may be running.
    """

    id: str
    version: int
    name: str
    service_ids: list[str]
    zone: str
    first: date
    at: str
    duration_minutes: int
    recurrence: Recurrence
    state: WindowState
    next: list[Occurrence]


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowPage:
    """Windows that were not cancelled, the latest planned first."""

    items: list[MaintenanceWindow]
    next_cursor: str | None
