"""All tables, for SQLite and PostgreSQL alike.

The public face of the schema: repositories, ``server/*/queries.py`` and ``server/*/actions.py``
build their SQL from these objects. Services, checks, incidents and what hangs on them are written
by the repositories only.

Ids are UUIDv7 strings, so they sort by the moment at which they were made. Rows of tenants carry
their workspace. Where rows come by the thousand (results, spans, roll-ups, the outbox, the audit)
there are no foreign keys: services are marked deleted, never removed, and the look-ups cost more
than the results.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    Time,
    UniqueConstraint,
    false,
    text,
)

from allgreen.domain.check import CheckKind
from allgreen.domain.incident import IncidentState, Quiet, Resolution
from allgreen.domain.maintenance import Repeat
from allgreen.domain.notice import Channel, NoticeKind, NoticeState
from allgreen.domain.policy import Role, Scope
from allgreen.domain.profile import Theme, Visibility
from allgreen.domain.status import FailureClass, Mode, Outcome, ServiceHealth, TimeKind
from allgreen.domain.watcher import AbsenceReason, WatcherState
from allgreen.storage.sql.types import Count, Duration, Instant, Json, Line, Word

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

_Id = String(36)
_Hash = String(64)  # SHA-256 as hexadecimal digits


# People


accounts = Table(
    "accounts",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("email", Text, nullable=False, unique=True),  # in lower case
    Column("name", Line, nullable=False),
    Column("password_hash", Text),
    Column("email_verified_at", Instant),
    Column("instance_admin", Boolean, nullable=False, default=False),
    Column("created_at", Instant, nullable=False),
    Column("disabled_at", Instant),
    Column("pending_email", Text),  # to which its address changes, once that is proven
    Column("theme", Word(Theme)),  # none: as the system has it
    # The second factor (RFC 6238); the secret is encrypted.
    Column("totp_secret", Text),
    Column("totp_since", Instant),  # none: it was begun, and never confirmed
    Column("totp_step", BigInteger),  # the last one that was used: no code counts twice
)

profiles = Table(
    "profiles",
    metadata,
    Column("account_id", ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("surname", Line, nullable=False),
    Column("pronouns", Line, nullable=False),
    Column("city", Line, nullable=False),
    Column("bio", Text, nullable=False),
    Column("github", String(100), nullable=False),  # name there, not the address
    Column("linkedin", String(100), nullable=False),
    Column("website", Text, nullable=False),
    Column("visibility", Word(Visibility), nullable=False),
    Column("photo_id", String(64)),
)

# Named by chance, so that an address tells nothing; made anew from what was sent.
photos = Table(
    "photos",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("account_id", ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("large", LargeBinary, nullable=False),  # WebP, 256 px
    Column("small", LargeBinary, nullable=False),  # WebP, 64 px
    Column("created_at", Instant, nullable=False),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("account_id", ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("code_hash", _Hash, primary_key=True),
    Column("used_at", Instant),
)

# Accounts elsewhere by which people sign in: known by their number there, never by a name.
identities = Table(
    "identities",
    metadata,
    Column("provider", String(32), primary_key=True),
    Column("subject", String(64), primary_key=True),
    Column("account_id", ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("login", Line, nullable=False),
    Column("created_at", Instant, nullable=False),
)

# Sign-ins at a provider that are under way, each bound to one browser.
sign_ins = Table(
    "sign_ins",
    metadata,
    Column("state_hash", _Hash, primary_key=True),
    Column("browser_hash", _Hash, nullable=False),
    Column("verifier", Text, nullable=False),  # encrypted
    Column("account_id", ForeignKey("accounts.id", ondelete="CASCADE"), index=True),  # to link
    Column("go_to", Text, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id_hash", _Hash, primary_key=True),
    Column("id", _Id, nullable=False, unique=True),  # by which it is listed and ended
    Column("account_id", ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("keep", Boolean, nullable=False, default=False),
    Column("device", Line, nullable=False),  # what the browser said it is
    Column("network", String(64), nullable=False),
    Column("proved_at", Instant, nullable=False),  # when the password was typed last
    Column("created_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
)

# What happened to an account, for its owner: sign-ins, and what keeps it safe.
account_events = Table(
    "account_events",
    metadata,
    Column("id", Count, primary_key=True),
    Column("account_id", ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("action", String(64), nullable=False),
    Column("summary", Line, nullable=False),
    Column("device", Line, nullable=False),
    Column("network", String(64), nullable=False),
)
Index("ix_account_events_account_id", account_events.c.account_id, account_events.c.id)
Index("ix_account_events_at", account_events.c.at)

# One-time links: to set up, verify an address, confirm or leave as a recipient.
tokens = Table(
    "tokens",
    metadata,
    Column("token_hash", _Hash, primary_key=True),
    Column("purpose", String(32), nullable=False),
    Column("account_id", ForeignKey("accounts.id", ondelete="CASCADE"), index=True),
    Column("recipient_id", _Id, index=True),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, index=True),
    Column("used_at", Instant),
)

workspaces = Table(
    "workspaces",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("name", Line, nullable=False),
    Column("slug", String(80), unique=True),
    Column("zone", String(64), nullable=False, default="UTC"),
    Column("earlier_zones", Json),  # [date, zone]: days before the date are cut in the zone
    # Its checks are not handed out, as long as nobody in it has a verified address.
    Column("is_held", Boolean, nullable=False, default=False),
    Column("created_at", Instant, nullable=False),
    Column("deleted_at", Instant),  # it can be had back for some days
    # What owners allow admins beyond the table of roles.
    Column("admins_may_invite", Boolean, nullable=False, default=False, server_default=false()),
    # Somebody may become its owner, if both still want it.
    Column("offered_to", _Id),
    Column("offered_by", _Id),
    Column("offered_at", Instant),
)

memberships = Table(
    "memberships",
    metadata,
    Column("account_id", ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column(
        "workspace_id",
        ForeignKey("workspaces.id", ondelete="CASCADE"),
        primary_key=True,
        index=True,
    ),
    Column("role", Word(Role), nullable=False),
    Column("created_at", Instant, nullable=False),
)

invitations = Table(
    "invitations",
    metadata,
    Column("id", _Id, primary_key=True),
    Column(
        "workspace_id",
        ForeignKey("workspaces.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("email", Text, nullable=False),  # in lower case
    Column("role", Word(Role), nullable=False),
    Column("invited_by", _Id, nullable=False),
    Column("sendings", Integer, nullable=False),  # the link of each voids the one before
    Column("created_at", Instant, nullable=False),
    Column("sent_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("accepted_at", Instant),
    Column("accepted_by", _Id),
    Column("revoked_at", Instant),
)
_WHERE_WAITING = text("accepted_at IS NULL AND revoked_at IS NULL")
Index(
    "uq_invitations_waiting",
    invitations.c.workspace_id,
    invitations.c.email,
    unique=True,
    sqlite_where=_WHERE_WAITING,
    postgresql_where=_WHERE_WAITING,
)
Index("ix_invitations_email", invitations.c.email)

# Keys of the API; like sessions, they are known by their SHA-256 only.
api_keys = Table(
    "api_keys",
    metadata,
    Column("id", _Id, primary_key=True),
    Column(
        "workspace_id",
        ForeignKey("workspaces.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("account_id", ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("key_hash", _Hash, nullable=False, unique=True),
    Column("hint", String(8), nullable=False),  # its last letters, to tell keys apart
    Column("name", Line, nullable=False),
    Column("scope", Word(Scope), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("last_used_at", Instant),
)


# What everybody sees


status_pages = Table(
    "status_pages",
    metadata,
    Column("workspace_id", ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True),
    Column("slug", String(63), unique=True),
    Column("is_published", Boolean, nullable=False),
    Column("title", Line, nullable=False),
    Column("about", Text, nullable=False),  # Markdown
    Column("website", Text, nullable=False),
    Column("shows_latency", Boolean, nullable=False),
    Column("service_ids", Json),  # none: all of the workspace
    Column("version", Integer, nullable=False),
    Column("published_at", Instant),
)

# Names that a page had: nobody else gets them for a while.
slugs = Table(
    "slugs",
    metadata,
    Column("slug", String(63), primary_key=True),
    Column("workspace_id", _Id, nullable=False),
    Column("until", Instant, nullable=False),
)


# What is watched


services = Table(
    "services",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("workspace_id", ForeignKey("workspaces.id"), nullable=False, index=True),
    Column("name", Line, nullable=False),
    Column("mode", Word(Mode), nullable=False),
    Column("version", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("health", Word(ServiceHealth), nullable=False),
    Column("since", Instant),
    Column("remind_every", Duration),
    # How often it turned lately: see `Flaps`.
    Column("turns", Json, nullable=False),
    Column("flapping_since", Instant),
    Column("summaries", Integer, nullable=False, default=0),
    Column("restless_at", Instant),
)

# Without which others a service cannot hold.
dependencies = Table(
    "dependencies",
    metadata,
    Column("service_id", ForeignKey("services.id"), primary_key=True),
    Column("depends_on_id", ForeignKey("services.id"), primary_key=True, index=True),
    Column("workspace_id", _Id, nullable=False),
    Column("position", Integer, nullable=False),
)

checks = Table(
    "checks",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("workspace_id", ForeignKey("workspaces.id"), nullable=False),
    Column("service_id", ForeignKey("services.id"), nullable=False, index=True),
    Column("position", Integer, nullable=False),  # order within the service
    Column("is_deleted", Boolean, nullable=False, default=False),
    # The definition. Read options and expectation with `codec`; header values and body lie
    # encrypted in `secrets`.
    Column("kind", Word(CheckKind), nullable=False),
    Column("options", Json, nullable=False),
    Column("secrets", Text),
    Column("expectation", Json, nullable=False),
    Column("every", Duration, nullable=False),
    Column("anchor", Instant, nullable=False),
    Column("timeout", Duration, nullable=False),
    Column("answers_within", Duration),
    Column("upside_down", Boolean, nullable=False, default=False),
    Column("confirm_down", Integer, nullable=False),
    Column("confirm_up", Integer, nullable=False),
    Column("confirm_slow", Integer, nullable=False),
    Column("confirm_blind", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    # The state.
    Column("health", Word(ServiceHealth), nullable=False),
    Column("counts_as", Word(TimeKind), nullable=False),
    Column("bad", Integer, nullable=False),
    Column("good", Integer, nullable=False),
    Column("slow", Integer, nullable=False),
    Column("blind", Integer, nullable=False),
    Column("first_bad_slot", Instant),
    Column("first_good_at", Instant),
    Column("last_slot", Instant),
    Column("last_attempt", Integer),
    Column("last_evidence_at", Instant),
    Column("reason", Line, nullable=False),
    Column("since", Instant),
    Column("blocked_told", Boolean, nullable=False, default=False),
)

# The schedule, apart from the wide rows of checks: it changes with every run.
leases = Table(
    "leases",
    metadata,
    Column("check_id", ForeignKey("checks.id"), primary_key=True),
    Column("workspace_id", _Id, nullable=False),
    Column("is_active", Boolean, nullable=False),  # neither service paused nor check deleted
    Column("slot", Instant),
    Column("attempt", Integer, nullable=False, default=1),
    Column("due_at", Instant),
    Column("fence", Count, nullable=False, default=0),
    Column("owner", Text),
    Column("leased_until", Instant),
)
# A partial index serves only queries that repeat its condition word by word, without parameters:
# hence these texts, which the repositories use too.
IS_ACTIVE = text("leases.is_active")
_WHERE_ACTIVE = text("is_active")
Index(
    "ix_leases_due_at",
    leases.c.due_at,
    sqlite_where=_WHERE_ACTIVE,
    postgresql_where=_WHERE_ACTIVE,
)
_WHERE_LEASED = text("leased_until IS NOT NULL")
Index(
    "ix_leases_leased_until",
    leases.c.leased_until,
    sqlite_where=_WHERE_LEASED,
    postgresql_where=_WHERE_LEASED,
)

# Who watches, and the times in which nobody did.
watchers = Table(
    "watchers",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("state", Word(WatcherState), nullable=False),
    Column("since", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
)

absences = Table(
    "absences",
    metadata,
    Column("id", Count, primary_key=True),
    Column("watcher", String(64), nullable=False),
    Column("began_at", Instant, nullable=False),
    Column("ended_at", Instant, nullable=False, index=True),
    Column("why", Word(AbsenceReason), nullable=False),
)

recipients = Table(
    "recipients",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("workspace_id", ForeignKey("workspaces.id"), nullable=False, index=True),
    Column("service_id", ForeignKey("services.id"), nullable=False),
    Column("account_id", ForeignKey("accounts.id", ondelete="CASCADE"), index=True),
    Column("address", Text, nullable=False),
    Column("name", Line, nullable=False, default=""),
    Column("confirmed_at", Instant),
    Column("position", Integer, nullable=False),  # order in which they were added
    UniqueConstraint("service_id", "address"),
)


# Definitions are ended, never changed: an edit adds a version.
maintenance_windows = Table(
    "maintenance_windows",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("workspace_id", ForeignKey("workspaces.id"), nullable=False, index=True),
    Column("name", Line, nullable=False),
    Column("service_ids", Json, nullable=False),  # none: all of the workspace
    Column("zone", String(64), nullable=False),
    Column("first", Date, nullable=False),
    Column("at", Time, nullable=False),  # on the wall clock of the zone
    Column("duration", Duration, nullable=False),
    Column("repeat", Word(Repeat), nullable=False),
    Column("weekdays", Json, nullable=False),
    Column("day", Integer),
    Column("until", Date),
    Column("holds_from", Instant, nullable=False),
    Column("cancelled_at", Instant),
    Column("over_by", Instant),  # never again after this; none: there is no end
)


# What was found


results = Table(
    "results",
    metadata,
    Column("check_id", _Id, primary_key=True),
    Column("slot", Instant, primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("service_id", _Id, nullable=False),
    Column("workspace_id", _Id, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant, nullable=False),
    Column("outcome", Word(Outcome), nullable=False),
    Column("version", Integer, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("failure", Word(FailureClass)),
    Column("reason", Line, nullable=False),
    Column("message", Line, nullable=False),
    Column("http_status", Integer),
    Column("latency_ms", Float),
    Column("dns_ms", Float),
    Column("connect_ms", Float),
    Column("tls_ms", Float),
    Column("first_byte_ms", Float),
    Column("body_ms", Float),
    Column("explanations", Json),
    Column("certificate_days", Float),
    # One table for each UTC day; `partitions` makes and drops them.
    postgresql_partition_by="RANGE (slot)",
)
# For retention, which on PostgreSQL drops days: there nobody asks for slots of all checks.
Index("ix_results_slot", results.c.slot).ddl_if(dialect="sqlite")

health_spans = Table(
    "health_spans",
    metadata,
    Column("check_id", _Id, primary_key=True),
    Column("began_at", Instant, primary_key=True),
    Column("ended_at", Instant),  # none: it still lasts
    Column("workspace_id", _Id, nullable=False),
    Column("kind", Word(TimeKind), nullable=False),
)

incidents = Table(
    "incidents",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("workspace_id", ForeignKey("workspaces.id"), nullable=False),
    Column("service_id", ForeignKey("services.id"), nullable=False),
    Column("state", Word(IncidentState), nullable=False),
    Column("began_at", Instant, nullable=False),
    Column("confirmed_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("reason", Line, nullable=False),
    Column("resolution", Word(Resolution)),
    Column("reopened", Integer, nullable=False, default=0),
    Column("reopened_at", Instant),
    Column("quiet", Word(Quiet)),
    Column("blocked_by", _Id),
    Column("reminded", Integer, nullable=False, default=0),
)
Index("ix_incidents_service_id", incidents.c.service_id, incidents.c.began_at)
Index("ix_incidents_workspace_id", incidents.c.workspace_id, incidents.c.began_at)
Index(
    "uq_incidents_not_resolved",
    incidents.c.service_id,
    unique=True,
    sqlite_where=text("state <> 'resolved'"),
    postgresql_where=text("state <> 'resolved'"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Count, primary_key=True),
    Column("workspace_id", _Id, nullable=False),
    Column("service_id", _Id),
    Column("at", Instant, nullable=False),
    Column("action", String(64), nullable=False),
    Column("summary", Line, nullable=False),
    Column("by_account_id", _Id),  # none: Allgreen itself
    Column("before", Json, nullable=False),
    Column("after", Json, nullable=False),
)
Index("ix_audit_service_id", audit.c.service_id, audit.c.id)
Index("ix_audit_workspace_id", audit.c.workspace_id, audit.c.id)
Index("ix_audit_at", audit.c.at)


# Who is told


outbox = Table(
    "outbox",
    metadata,
    # Order of messages about one service: its writers wait for one another, so it is also the
    # order of their commits.
    Column("seq", Count, primary_key=True),
    Column("id", _Id, nullable=False, unique=True),
    Column("key", Text, nullable=False, unique=True),
    Column("kind", Word(NoticeKind), nullable=False),
    Column("channel", Word(Channel), nullable=False),
    Column("address", Text, nullable=False),
    Column("workspace_id", _Id),
    Column("service_id", _Id),
    Column("incident_id", _Id),
    Column("recipient_id", _Id),
    Column("facts", Json, nullable=False),
    Column("state", Word(NoticeState), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),  # of one that is leased: when that runs out
    Column("handed_at", Instant),  # when it was handed over last, unless it was turned away
    Column("failed_at", Instant),
    Column("sent_at", Instant),
    Column("last_error", Line, nullable=False),
    Column("batch", Text),  # key of the message that it goes with
    Column("is_unsure", Boolean, nullable=False),
)
IS_OPEN = text("outbox.state IN ('pending', 'leased')")
_WHERE_OPEN = text("state IN ('pending', 'leased')")
Index("ix_outbox_due_at", outbox.c.due_at, sqlite_where=_WHERE_OPEN, postgresql_where=_WHERE_OPEN)
Index(
    "ix_outbox_batch",
    outbox.c.address,
    outbox.c.batch,
    sqlite_where=_WHERE_OPEN,
    postgresql_where=_WHERE_OPEN,
)
Index("ix_outbox_handed_at", outbox.c.address, outbox.c.handed_at)
Index("ix_outbox_created_at", outbox.c.created_at)
Index(
    "ix_outbox_order",
    outbox.c.service_id,
    outbox.c.recipient_id,
    outbox.c.channel,
    outbox.c.seq,
    sqlite_where=_WHERE_OPEN,
    postgresql_where=_WHERE_OPEN,
)
Index("ix_outbox_incident_id", outbox.c.incident_id)
Index("ix_outbox_workspace_id", outbox.c.workspace_id, outbox.c.seq)

# One row per attempt to hand a message over. Without an end nobody knows whether it arrived.
deliveries = Table(
    "deliveries",
    metadata,
    Column("outbox_id", ForeignKey("outbox.id", ondelete="CASCADE"), primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("begun_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("answer", Line, nullable=False, default=""),
    Column("error", Line, nullable=False, default=""),
)


# Sums


def _rollup(name: str) -> Table:
    return Table(
        name,
        metadata,
        Column("check_id", _Id, primary_key=True),
        Column("bucket", Instant, primary_key=True),
        Column("workspace_id", _Id, nullable=False),
        *(Column(f"{kind.value}_us", BigInteger, nullable=False) for kind in TimeKind),
        *(Column(f"{outcome.value}_count", Integer, nullable=False) for outcome in Outcome),
        Column("latencies", Text, nullable=False),  # a `LatencySketch`
        Index(f"ix_{name}_bucket", "bucket"),
    )


rollup_minute = _rollup("rollup_minute")
rollup_hour = _rollup("rollup_hour")
rollup_day = _rollup("rollup_day")

# Days of whole services, at each moment as their worst check says: a workspace adds them up.
service_days = Table(
    "service_days",
    metadata,
    Column("service_id", ForeignKey("services.id"), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("workspace_id", _Id, nullable=False),
    *(Column(f"{kind.value}_us", BigInteger, nullable=False) for kind in TimeKind),
    *(Column(f"{outcome.value}_count", Integer, nullable=False) for outcome in Outcome),
)

dirty_buckets = Table(
    "dirty_buckets",
    metadata,
    Column("check_id", _Id, primary_key=True),
    Column("hour", Instant, primary_key=True),
    Index("ix_dirty_buckets_hour", "hour"),
)

strips = Table(
    "strips",
    metadata,
    Column("service_id", ForeignKey("services.id"), primary_key=True),
    Column("workspace_id", _Id, nullable=False, index=True),
    Column("first", Date, nullable=False),
    Column("last", Date, nullable=False),
    Column("zone", String(64), nullable=False),
    Column("grades", String(90), nullable=False),
    Column("details", Json, nullable=False),
    Column("known_us", BigInteger, nullable=False),
    Column("good_us", BigInteger, nullable=False),
    Column("median_ms", Float),
    Column("as_of", Instant, nullable=False),
)
