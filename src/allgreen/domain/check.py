"""Check: the definition of something to verify, and what its results add up to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from allgreen.domain.expectation import Expectation
from allgreen.domain.identity import CheckId, ServiceId, WorkspaceId
from allgreen.domain.result import SlotKey
from allgreen.domain.schedule import Schedule
from allgreen.domain.status import ServiceHealth, TimeKind

MOST_LATE = timedelta(minutes=1)
"""How long after its slot a run may begin and still speak of its slot."""


class CheckKind(StrEnum):
    """Which executor runs a check."""

    HTTP = "http"
    DNS = "dns"
    TCP = "tcp"
    TLS = "tls"


class RecordType(StrEnum):
    """What a DNS check asks for (RFC 1035 and its successors)."""

    A = "A"
    AAAA = "AAAA"
    CAA = "CAA"
    CNAME = "CNAME"
    MX = "MX"
    NS = "NS"
    PTR = "PTR"
    SOA = "SOA"
    SRV = "SRV"
    TXT = "TXT"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpOptions:
    """What an HTTP check asks.

    Attributes:
        url: Absolute URL with scheme http or https.
        headers: Additional headers; their values are secrets and never shown again.
        body: Text sent as UTF-8; a secret like the headers.
        announce: Send ``X-Allgreen-Check`` with the check and its slot.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: str | None = field(default=None, repr=False)
    follow_redirects: bool = True
    verify_tls: bool = True
    announce: bool = True

    @property
    def host(self) -> str:
        """Return the host that is asked, in lower case; empty for a URL without one."""
        try:
            return urlsplit(self.url).hostname or ""
        except ValueError:
            return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsOptions:
    """What a DNS check asks.

    Attributes:
        name: The domain name to look up, in ASCII, without a trailing dot.
        server: Address of the DNS server to ask, with an optional port: ``192.0.2.53`` or
            ``[2001:db8::53]:5353``. `None` asks the resolver that Allgreen itself uses.
    """

    name: str
    record_type: RecordType = RecordType.A
    server: str | None = None

    @property
    def host(self) -> str:
        """Return the name that is asked for."""
        return self.name.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpOptions:
    """Where a TCP check connects to, and what it says there.

    Attributes:
        send: Text sent as UTF-8 once connected; a secret. What comes back can be expected.
    """

    hostname: str
    port: int
    send: str | None = field(default=None, repr=False)

    @property
    def host(self) -> str:
        """Return the host that is connected to."""
        return self.hostname.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsOptions:
    """Where a TLS check shakes hands.

    Attributes:
        server_name: Name sent (SNI) and verified; the host name when absent.
        verify: Refuse a certificate that a browser would refuse.
    """

    hostname: str
    port: int = 443
    server_name: str | None = None
    verify: bool = True

    @property
    def host(self) -> str:
        """Return the host that is connected to."""
        return self.hostname.lower()


Options = HttpOptions | DnsOptions | TcpOptions | TlsOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """How much evidence turns a state.

    Attributes:
        down: Failures in a row that make a check down, 1 to 10.
        up: Good results in a row that make it up again.
        slow: Slow results in a row that make it degraded.
        blind: Results in a row without evidence, or missed slots, that make it unknown.
    """

    down: int = 3
    up: int = 1
    slow: int = 3
    blind: int = 3

    def retry_delays(self) -> tuple[timedelta, ...]:
        """Return the waits before the quick attempts that follow the first failure of a slot.

        Two attempts follow, 5 s and 15 s after the first; where two failures are enough, the
        only one comes after 10 s, because first and last evidence lie at least 10 s apart.
        """
        if self.down <= 1:
            return ()
        if self.down == 2:
            return (timedelta(seconds=10),)
        return (timedelta(seconds=5), timedelta(seconds=10))


class ParkedReason(StrEnum):
    """Why nothing is known of a check although nobody paused it: a fault of our own."""

    NOT_EVALUATED = "could not be evaluated"
    """What it found; evaluating that raised."""
    DAMAGED = "could not be run: what is stored of it is damaged"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckState:
    """What the results of a check add up to.

    *Suspect* and *recovering* are the counters `bad` and `good`, not states of their own.

    Attributes:
        counts_as: Kind of the time that passes now. It is `health`, but for a check that is down
            and without data: that time counts as unknown.
        bad: Failures in a row.
        good: Good results in a row since the check is down.
        slow: Slow results in a row.
        blind: Results in a row that say nothing about the target; of a check that is parked, how
            often in a row it was.
        first_bad_slot: Slot of the first failure of the row; begin of an incident to come.
        first_good_at: Begin of the first good run of the row that may end an outage.
        last: Latest slot and attempt that were evaluated.
        last_evidence_at: End of the latest run that said something about the target. Slots that
            passed while it lasted, or while failures were being confirmed, are not missed.
        reason: Short text of the latest failure or slowness, or why it is parked; empty when
            there is none.
        since: Instant from which `health` holds.
        blocked_told: The admins were told that our guard refuses the target; once is enough until
            there is evidence again.
    """

    health: ServiceHealth = ServiceHealth.UNKNOWN
    counts_as: TimeKind = TimeKind.UNKNOWN
    bad: int = 0
    good: int = 0
    slow: int = 0
    blind: int = 0
    first_bad_slot: datetime | None = None
    first_good_at: datetime | None = None
    last: SlotKey | None = None
    last_evidence_at: datetime | None = None
    reason: str = ""
    since: datetime | None = None
    blocked_told: bool = False

    @property
    def is_suspect(self) -> bool:
        """Tell whether failures are being confirmed right now."""
        return self.bad > 0 and self.health is not ServiceHealth.DOWN

    @property
    def is_parked(self) -> bool:
        """Tell whether nothing is known of it by a fault of our own."""
        return self.reason in tuple(ParkedReason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One run that is planned: the slot, which attempt of it, and when it may begin."""

    at: datetime
    attempt: int = 1
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One definition of something to verify, together with its state.

    Attributes:
        version: Grows with every edit that changes what is asked; results of an older version
            go to the history only.
        answers_within: Longest time of an answer that is not *slow*.
        timeout: Longest time of a whole run, from name resolution to close.
        upside_down: The target is expected to fail: then a failure is good and an answer is not.
    """

    id: CheckId
    workspace_id: WorkspaceId
    service_id: ServiceId
    kind: CheckKind
    options: Options
    expectation: Expectation
    schedule: Schedule
    timeout: timedelta = timedelta(seconds=10)
    answers_within: timedelta | None = None
    upside_down: bool = False
    confirmation: Confirmation = field(default_factory=Confirmation)
    version: int = 1
    state: CheckState = field(default_factory=CheckState)

    def run_of(self, planned: Slot, now: datetime) -> Slot:
        """Return the run to hand out for a planned one, which may be late.

        One run stands for all slots that passed: it is the latest of the grid, or a run of this
        very moment when that one is long past too, because what is found now says nothing about
        a time in which nobody looked. Quick attempts confirm what was found before them, until so
        many slots passed that the check is unknown.
        """
        if now - planned.due_at <= self._patience_with(planned):
            return planned
        latest = self.schedule.slot_at(now)
        if latest is None or latest <= planned.at or now - latest > MOST_LATE:
            latest = now
        return Slot(at=latest, due_at=latest)

    def _patience_with(self, planned: Slot) -> timedelta:
        if planned.attempt == 1:
            return min(self.schedule.every, MOST_LATE)
        return max(self.schedule.every * (self.confirmation.blind + 1), MOST_LATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeasedCheck:
    """A check that was handed out to be run once.

    Attributes:
        slot: Which slot and attempt to run.
        fence: Grows with every lease of this check; a result with an older fence is refused.
        leased_until: Instant after which somebody else may lease the check.
        planned_for: When the run was to begin, also when it now stands for slots that passed;
            `None` when that is when its slot is due.
    """

    check: Check
    slot: Slot
    fence: int
    leased_until: datetime
    planned_for: datetime | None = None

    @property
    def due_at(self) -> datetime:
        """Return when the run was to begin."""
        return self.planned_for or self.slot.due_at
