"""What was sent to whom, and whether one is told oneself."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from allgreen.domain.notice import NoticeKind


class DeliveryState(StrEnum):
    """What became of a message, as people ask for it."""

    WAITING = "waiting"
    """It goes out at once, or is tried again."""
    SENT = "sent"
    """The mail server has taken it."""
    KEPT = "kept"
    """It reached nobody, because no mail server was set; it is read here."""
    GIVEN_UP = "given_up"
    """The mail server refused it for good, or for too long."""
    CANCELLED = "cancelled"
    """It was no longer true before it could go out."""


class DeliveryForm(StrEnum):
    """As what a message goes, as far as that is decided."""

    ALONE = "alone"
    """As a mail of its own."""
    MERGED = "merged"
    """In one mail with the end of the same outage, because that came before it could be sent."""
    DIGEST = "digest"
    """In one mail with others, because so much happened at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message owed to one address.

    Attributes:
        to: The address; of other members it is shown to owners only.
        to_name: Of the member it is for.
        attempts: How often it was tried so far.
        sent_at: When the mail server took it, or when it was kept.
        body_text: The message as it is sent, without the links that act for its reader.
    """

    id: str
    kind: NoticeKind
    service_id: str | None
    service_name: str | None
    incident_id: str | None
    to: str | None
    to_name: str | None
    state: DeliveryState
    form: DeliveryForm
    attempts: int
    created_at: datetime
    sent_at: datetime | None
    last_error: str | None
    subject: str
    body_text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPage:
    """Messages, newest first."""

    items: list[Delivery]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """Whether the one who asks is told about a service, and how many are in all."""

    subscribed: bool
    recipients: int
