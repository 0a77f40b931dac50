"""What was sent to whom."""

from dataclasses import dataclass
from datetime import datetime

from allgreen.domain.notice import NoticeKind, NoticeState


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message owed to one address.

    Attributes:
        attempts: How often it was tried so far.
        body_text: The message itself, while no mail server is set and it is kept here.
    """

    id: str
    kind: NoticeKind
    service_id: str | None
    service_name: str | None
    to: str
    state: NoticeState
    attempts: int
    created_at: datetime
    sent_at: datetime | None
    last_error: str | None
    body_text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPage:
    """Messages, newest first."""

    items: list[Delivery]
    next_cursor: str | None
