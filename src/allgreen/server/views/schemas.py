"""Shapes that more than one capability shows."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from allgreen.domain.incident import IncidentState, Quiet
from allgreen.ports import Strip as StoredStrip


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """Ninety local days: one letter for each, oldest first, and figures of the odd ones.

    Attributes:
        grades: u full, d minor, p partial, x major, m maintenance, n none.
        details: index, uptime %, seconds down, checks, failed checks.
    """

    first: Annotated[date, Field(serialization_alias="from")]
    zone: str
    grades: str
    details: list[tuple[int, float, int, int, int]]

    @classmethod
    def of(cls, strip: StoredStrip) -> "Strip":
        """Show a stored strip."""
        return cls(
            first=strip.first,
            zone=strip.zone,
            grades=strip.grades,
            details=list(strip.details),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why one expectation held or not."""

    operand: str
    actual: str
    expected: str
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One outage of one service.

    Attributes:
        duration_s: Seconds that the outage lasted, or has lasted by now; the latest one of those
            that make up this incident.
        told: How many recipients got the message that it began.
        reopened: How often the service went down again within five minutes of its end.
        reopened_at: Begin of the latest of these outages.
        quiet: Why nobody is told: ``maintenance`` or ``blocked by``; null when people are.
        blocked_by: The service at the root of an outage that is quiet for it.
    """

    id: str
    service_id: str
    service_name: str
    state: IncidentState
    began_at: datetime
    confirmed_at: datetime
    ended_at: datetime | None
    reason: str
    resolution: str | None
    duration_s: int | None
    told: int
    reopened: int
    reopened_at: datetime | None
    quiet: Quiet | None
    blocked_by: str | None
