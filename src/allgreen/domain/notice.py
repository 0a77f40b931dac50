"""Notice: one message owed to one recipient. Outbox rows are notices."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from allgreen.domain.identity import IncidentId, OutboxId, RecipientId, ServiceId, WorkspaceId


class NoticeKind(StrEnum):
    """What a message says."""

    DOWN = "down"
    UP = "up"
    PAUSED = "paused"
    RECONFIGURED = "reconfigured"
    DELETED = "deleted"
    REMINDER = "reminder"
    """Still down; `seq` counts the reminders of an incident."""
    FLAPPING = "flapping"
    """Turns too often to be told each time; with `seq` above 1 the hourly summary."""
    STEADY = "steady"
    """No longer flapping, with the health that lasts."""
    BLOCKED = "blocked"
    PARKED = "parked"
    """For admins: a check cannot be run, or its results not be evaluated."""
    UNDELIVERED = "undelivered"
    """For admins: a message to somebody else was given up."""
    OFFLINE = "offline"
    """For who runs Allgreen: its own network was down, or it was off."""
    DISK_FULL = "disk_full"
    """For who runs Allgreen: the disk of its database is full."""
    DIGEST = "digest"
    """Many messages about incidents in one; never owed itself, see `Notice.parts`."""
    CONFIRM_RECIPIENT = "confirm_recipient"
    VERIFY_EMAIL = "verify_email"
    RESET_PASSWORD = "reset_password"  # noqa: S105 - the word, not a secret
    CHANGE_EMAIL = "change_email"
    """To the new address of an account: is it theirs?"""
    ACCOUNT_CHANGED = "account_changed"
    """To the owner of an account: something changed by which it is kept safe."""
    INVITED = "invited"
    REMOVED = "removed"
    """To somebody who is no longer a member."""
    ROLE_CHANGED = "role_changed"
    OFFERED = "offered"
    """To a member who may become the owner of a workspace."""
    WORKSPACE_DELETED = "workspace_deleted"
    """To the owners: until when it can be had back."""
    KEY_MADE = "key_made"
    """To the owners: a key of the API opens their workspace from now on."""
    RECIPIENT_LOST = "recipient_lost"
    """To the owners: somebody is not told of a service any more."""


class NoticeState(StrEnum):
    """Life of an outbox row."""

    PENDING = "pending"
    LEASED = "leased"
    SENT = "sent"
    DEAD = "dead"
    CANCELLED = "cancelled"
    HELD = "held"


class Channel(StrEnum):
    """By which way a message goes."""

    EMAIL = "email"


BEGINS = frozenset({NoticeKind.DOWN, NoticeKind.REMINDER, NoticeKind.FLAPPING})
"""What need not be told on its own any more when the end can be told too."""
ENDS = frozenset(
    {
        *(NoticeKind.UP, NoticeKind.STEADY),
        *(NoticeKind.PAUSED, NoticeKind.RECONFIGURED, NoticeKind.DELETED),
    }
)
"""What tells an end, and the begin with it."""
SAYS_HOW_IT_IS = ENDS | {NoticeKind.DOWN}
"""What people know a service by: kept while its incident lasts, for who is told of the end."""
UNPACED = frozenset(
    {
        *(NoticeKind.VERIFY_EMAIL, NoticeKind.CONFIRM_RECIPIENT),
        *(NoticeKind.RESET_PASSWORD, NoticeKind.CHANGE_EMAIL, NoticeKind.ACCOUNT_CHANGED),
        *(NoticeKind.INVITED, NoticeKind.REMOVED, NoticeKind.ROLE_CHANGED, NoticeKind.OFFERED),
        *(NoticeKind.WORKSPACE_DELETED, NoticeKind.RECIPIENT_LOST, NoticeKind.KEY_MADE),
        *(NoticeKind.OFFLINE, NoticeKind.DISK_FULL),
    }
)
"""What somebody waits for, or comes once: never gathered, whatever else goes to the address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One message owed to one recipient by one channel.

    Several that go as one are such a message too: it has the key under which they go, and `parts`.

    Attributes:
        key: Unique over all time; the same fact is never owed twice.
        facts: What the text is made of when it is sent, frozen when the fact happened.
        address: Where it goes, as known when the fact happened.
        attempt: Which attempt the next one is, from 1.
        fence: Grows with every lease; a mark with an older fence is refused.
        due_at: When it may be handed out, again if it is leased.
        failed_at: When an attempt failed for the first time.
        batch: Key of the message that it goes with; its own key when `None`.
        is_unsure: An attempt may have arrived although nobody knows. It goes again as it went,
            under the same Message-ID, so that receivers can fold the two.
        parts: What it stands for when it is several: an outage with its end, or a digest.
    """

    id: OutboxId
    key: str
    kind: NoticeKind
    channel: Channel
    address: str
    workspace_id: WorkspaceId | None = None
    service_id: ServiceId | None = None
    incident_id: IncidentId | None = None
    recipient_id: RecipientId | None = None
    facts: Mapping[str, object] = field(default_factory=dict)
    state: NoticeState = NoticeState.PENDING
    attempt: int = 1
    fence: int = 0
    created_at: datetime
    due_at: datetime
    sent_at: datetime | None = None
    last_error: str = ""
    failed_at: datetime | None = None
    batch: str | None = None
    is_unsure: bool = False
    parts: tuple[Notice, ...] = ()

    @property
    def rows(self) -> tuple[Notice, ...]:
        """Return the outbox rows that it stands for: its parts, or itself."""
        return self.parts or (self,)

    @property
    def message_key(self) -> str:
        """Return the key of the message in which it goes."""
        return self.batch or self.key

    @property
    def event(self) -> str:
        """Return what ``X-Allgreen-Event`` says: ``<incident>/<kind>``."""
        return f"{self.incident_id or self.service_id or self.id}/{self.kind}"

    def message_id(self, domain: str) -> str:
        """Return the Message-ID: the same for every attempt, so that receivers can fold them."""
        return f"<{hashlib.sha256(self.key.encode()).hexdigest()[:40]}@{domain}>"


def incident_key(
    incident_id: IncidentId, kind: NoticeKind, seq: int, recipient_id: RecipientId, channel: Channel
) -> str:
    """Return the unique key of a message about an incident.

    `seq` counts repetitions of a kind, such as reminders, from 1.
    """
    return f"{incident_id}/{kind}/{seq}/{recipient_id}/{channel}"


RETRY_DELAYS = tuple(timedelta(seconds=seconds) for seconds in (10, 20, 40, 80, 160, 320, 640, 900))
GIVE_UP_AFTER = timedelta(hours=72)


def retry_at(
    notice: Notice, now: datetime, *, jitter: float, delay_scale: float
) -> datetime | None:
    """Return when to try again; `None` when the message would be older than 72 hours by then.

    `jitter`, a random number from 0 to 1, shortens a delay by up to a quarter, so that many
    messages do not come back in step. `delay_scale` is a factor on all delays.
    """
    delay = RETRY_DELAYS[min(notice.attempt, len(RETRY_DELAYS)) - 1]
    at = now + delay * delay_scale * (1 - jitter / 4)
    return at if at - notice.created_at < GIVE_UP_AFTER else None
