"""Lists of outages, and one in full."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from allgreen.domain.notice import NoticeKind
from allgreen.domain.status import ServiceHealth
from allgreen.server.views.schemas import Explanation, Incident, Strip


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentPage:
    """Outages, newest first."""

    items: list[Incident]
    next_cursor: str | None


class MomentKind(StrEnum):
    """What happened at a moment of an outage."""

    FAILED = "failed"
    """A run failed, before there was enough evidence."""
    CONFIRMED = "confirmed"
    """There was enough evidence: the service is down."""
    TURNED = "turned"
    """The health of the service turned: slow before, or up and down again within minutes."""
    NOTED = "noted"
    """Somebody changed the service, or Allgreen noted something about it."""
    TOLD = "told"
    """Messages were owed."""
    ENDED = "ended"
    """The outage is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Messages about one fact, counted; who they are for is in the list of messages.

    Attributes:
        owed_at: When they were owed, which is the same for all of them.
        sent: How many the mail server took.
        kept: How many reached nobody, because no mail server is set.
        waiting: How many go out at once, or are tried again.
        given_up: How many were refused for good, or for too long.
        cancelled: How many were no longer true before they could go out.
        you: Whether one is for whoever asks.
    """

    kind: NoticeKind
    owed_at: datetime
    sent: int
    kept: int
    waiting: int
    given_up: int
    cancelled: int
    you: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One line of the story of an outage.

    Attributes:
        text: What was found, done or noted, in words.
        attempt: Of a run: 1 for the planned one, 2 and 3 for those that confirm it.
        health: To what the service turned.
        told: Only for `MomentKind.TOLD`.
    """

    at: datetime
    what: MomentKind
    text: str | None = None
    attempt: int | None = None
    health: ServiceHealth | None = None
    told: Told | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """The run that confirmed an outage.

    Attributes:
        explanations: Why each expectation held or not.
    """

    at: datetime
    message: str | None
    http_status: int | None
    latency_ms: float | None
    explanations: list[Explanation]


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentInFull(Incident):
    """One outage with its story.

    Attributes:
        workspace_id: Of the workspace that it happened in.
        service_is_deleted: The service is no longer watched, so there is nothing to open.
        cause: `None` when the results of that time are not kept any more.
        moments: What happened, oldest first.
        strip: The latest ninety days of the service.
    """

    workspace_id: str
    service_is_deleted: bool
    cause: Cause | None
    moments: list[Moment]
    strip: Strip
