"""The house: people, what is watched, what was found, who is told.

Revision: 0001, after nothing.
"""

import sqlalchemy as sa
from alembic import op

from allgreen.storage.sql import types

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:  # noqa: PLR0915 - a statement for each table and index
    op.create_table(
        "accounts",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", types.Line(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("email_verified_at", types.Instant(), nullable=True),
        sa.Column("instance_admin", sa.Boolean(), nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.UniqueConstraint("email", name="uq_accounts_email"),
    )
    op.create_table(
        "audit",
        sa.Column("id", types.Count, nullable=False),
        sa.Column("workspace_id", sa.String(length=36), nullable=False),
        sa.Column("service_id", sa.String(length=36), nullable=True),
        sa.Column("at", types.Instant(), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("summary", types.Line(), nullable=False),
        sa.Column("by_account_id", sa.String(length=36), nullable=True),
        sa.Column("before", types.Json(), nullable=False),
        sa.Column("after", types.Json(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_index("ix_audit_service_id", "audit", ["service_id", "id"])
    op.create_index("ix_audit_workspace_id", "audit", ["workspace_id", "id"])
    op.create_table(
        "dirty_buckets",
        sa.Column("check_id", sa.String(length=36), nullable=False),
        sa.Column("hour", types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("check_id", "hour", name="pk_dirty_buckets"),
    )
    op.create_index("ix_dirty_buckets_hour", "dirty_buckets", ["hour"])
    op.create_table(
        "health_spans",
        sa.Column("check_id", sa.String(length=36), nullable=False),
        sa.Column("began_at", types.Instant(), nullable=False),
        sa.Column("ended_at", types.Instant(), nullable=True),
        sa.Column("workspace_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("check_id", "began_at", name="pk_health_spans"),
    )
    op.create_table(
        "outbox",
        sa.Column("seq", types.Count, nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("workspace_id", sa.String(length=36), nullable=True),
        sa.Column("service_id", sa.String(length=36), nullable=True),
        sa.Column("incident_id", sa.String(length=36), nullable=True),
        sa.Column("recipient_id", sa.String(length=36), nullable=True),
        sa.Column("facts", types.Json(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("due_at", types.Instant(), nullable=False),
        sa.Column("handed_at", types.Instant(), nullable=True),
        sa.Column("failed_at", types.Instant(), nullable=True),
        sa.Column("sent_at", types.Instant(), nullable=True),
        sa.Column("last_error", types.Line(), nullable=False),
        sa.Column("batch", sa.Text(), nullable=True),
        sa.Column("is_unsure", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_outbox"),
        sa.UniqueConstraint("id", name="uq_outbox_id"),
        sa.UniqueConstraint("key", name="uq_outbox_key"),
    )
    op.create_index(
        "ix_outbox_batch",
        "outbox",
        ["address", "batch"],
        sqlite_where=sa.text("state IN ('pending', 'leased')"),
        postgresql_where=sa.text("state IN ('pending', 'leased')"),
    )
    op.create_index("ix_outbox_created_at", "outbox", ["created_at"])
    op.create_index("ix_outbox_handed_at", "outbox", ["address", "handed_at"])
    op.create_index("ix_outbox_incident_id", "outbox", ["incident_id"])
    op.create_index(
        "ix_outbox_due_at",
        "outbox",
        ["due_at"],
        sqlite_where=sa.text("state IN ('pending', 'leased')"),
        postgresql_where=sa.text("state IN ('pending', 'leased')"),
    )
    op.create_index(
        "ix_outbox_order",
        "outbox",
        ["service_id", "recipient_id", "channel", "seq"],
        sqlite_where=sa.text("state IN ('pending', 'leased')"),
        postgresql_where=sa.text("state IN ('pending', 'leased')"),
    )
    op.create_index("ix_outbox_workspace_id", "outbox", ["workspace_id", "seq"])
    op.create_table(
        "results",
        sa.Column("check_id", sa.String(length=36), nullable=False),
        sa.Column("slot", types.Instant(), nullable=False),
        sa.Column("attempt", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("service_id", sa.String(length=36), nullable=False),
        sa.Column("workspace_id", sa.String(length=36), nullable=False),
        sa.Column("started_at", types.Instant(), nullable=False),
        sa.Column("finished_at", types.Instant(), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("failure", sa.String(length=32), nullable=True),
        sa.Column("reason", types.Line(), nullable=False),
        sa.Column("message", types.Line(), nullable=False),
        sa.Column("http_status", sa.Integer(), nullable=True),
        sa.Column("latency_ms", sa.Float(), nullable=True),
        sa.Column("dns_ms", sa.Float(), nullable=True),
        sa.Column("connect_ms", sa.Float(), nullable=True),
        sa.Column("tls_ms", sa.Float(), nullable=True),
        sa.Column("first_byte_ms", sa.Float(), nullable=True),
        sa.Column("body_ms", sa.Float(), nullable=True),
        sa.Column("explanations", types.Json(), nullable=True),
        sa.Column("certificate_days", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("check_id", "slot", "attempt", name="pk_results"),
        postgresql_partition_by="RANGE (slot)",
    )
    if op.get_bind().dialect.name == "sqlite":
        op.create_index("ix_results_slot", "results", ["slot"])
    op.create_table(
        "rollup_day",
        sa.Column("check_id", sa.String(length=36), nullable=False),
        sa.Column("bucket", types.Instant(), nullable=False),
        sa.Column("workspace_id", sa.String(length=36), nullable=False),
        sa.Column("up_us", sa.BigInteger(), nullable=False),
        sa.Column("degraded_us", sa.BigInteger(), nullable=False),
        sa.Column("down_us", sa.BigInteger(), nullable=False),
        sa.Column("unknown_us", sa.BigInteger(), nullable=False),
        sa.Column("paused_us", sa.BigInteger(), nullable=False),
        sa.Column("maintenance_us", sa.BigInteger(), nullable=False),
        sa.Column("ok_count", sa.Integer(), nullable=False),
        sa.Column("slow_count", sa.Integer(), nullable=False),
        sa.Column("fail_count", sa.Integer(), nullable=False),
        sa.Column("blocked_count", sa.Integer(), nullable=False),
        sa.Column("probe_error_count", sa.Integer(), nullable=False),
        sa.Column("missed_count", sa.Integer(), nullable=False),
        sa.Column("latencies", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("check_id", "bucket", name="pk_rollup_day"),
    )
    op.create_index("ix_rollup_day_bucket", "rollup_day", ["bucket"])
    op.create_table(
        "rollup_hour",
        sa.Column("check_id", sa.String(length=36), nullable=False),
        sa.Column("bucket", types.Instant(), nullable=False),
        sa.Column("workspace_id", sa.String(length=36), nullable=False),
        sa.Column("up_us", sa.BigInteger(), nullable=False),
        sa.Column("degraded_us", sa.BigInteger(), nullable=False),
        sa.Column("down_us", sa.BigInteger(), nullable=False),
        sa.Column("unknown_us", sa.BigInteger(), nullable=False),
        sa.Column("paused_us", sa.BigInteger(), nullable=False),
        sa.Column("maintenance_us", sa.BigInteger(), nullable=False),
        sa.Column("ok_count", sa.Integer(), nullable=False),
        sa.Column("slow_count", sa.Integer(), nullable=False),
        sa.Column("fail_count", sa.Integer(), nullable=False),
        sa.Column("blocked_count", sa.Integer(), nullable=False),
        sa.Column("probe_error_count", sa.Integer(), nullable=False),
        sa.Column("missed_count", sa.Integer(), nullable=False),
        sa.Column("latencies", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("check_id", "bucket", name="pk_rollup_hour"),
    )
    op.create_index("ix_rollup_hour_bucket", "rollup_hour", ["bucket"])
    op.create_table(
        "rollup_minute",
        sa.Column("check_id", sa.String(length=36), nullable=False),
        sa.Column("bucket", types.Instant(), nullable=False),
        sa.Column("workspace_id", sa.String(length=36), nullable=False),
        sa.Column("up_us", sa.BigInteger(), nullable=False),
        sa.Column("degraded_us", sa.BigInteger(), nullable=False),
        sa.Column("down_us", sa.BigInteger(), nullable=False),
        sa.Column("unknown_us", sa.BigInteger(), nullable=False),
        sa.Column("paused_us", sa.BigInteger(), nullable=False),
        sa.Column("maintenance_us", sa.BigInteger(), nullable=False),
        sa.Column("ok_count", sa.Integer(), nullable=False),
        sa.Column("slow_count", sa.Integer(), nullable=False),
        sa.Column("fail_count", sa.Integer(), nullable=False),
        sa.Column("blocked_count", sa.Integer(), nullable=False),
        sa.Column("probe_error_count", sa.Integer(), nullable=False),
        sa.Column("missed_count", sa.Integer(), nullable=False),
        sa.Column("latencies", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("check_id", "bucket", name="pk_rollup_minute"),
    )
    op.create_index("ix_rollup_minute_bucket", "rollup_minute", ["bucket"])
    op.create_table(
        "workspaces",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", types.Line(), nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=True),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("earlier_zones", types.Json(), nullable=True),
        sa.Column("is_held", sa.Boolean(), nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_workspaces"),
        sa.UniqueConstraint("slug", name="uq_workspaces_slug"),
    )
    op.create_table(
        "deliveries",
        sa.Column("outbox_id", sa.String(length=36), nullable=False),
        sa.Column("attempt", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("begun_at", types.Instant(), nullable=False),
        sa.Column("ended_at", types.Instant(), nullable=True),
        sa.Column("answer", types.Line(), nullable=False),
        sa.Column("error", types.Line(), nullable=False),
        sa.ForeignKeyConstraint(
            ["outbox_id"], ["outbox.id"], name="fk_deliveries_outbox_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("outbox_id", "attempt", name="pk_deliveries"),
    )
    op.create_table(
        "memberships",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("workspace_id", sa.String(length=36), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_memberships_account_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name="fk_memberships_workspace_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "workspace_id", name="pk_memberships"),
    )
    op.create_index("ix_memberships_workspace_id", "memberships", ["workspace_id"])
    op.create_table(
        "services",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("workspace_id", sa.String(length=36), nullable=False),
        sa.Column("name", types.Line(), nullable=False),
        sa.Column("mode", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("health", sa.String(length=32), nullable=False),
        sa.Column("since", types.Instant(), nullable=True),
        sa.Column("remind_every", types.Duration(), nullable=True),
        sa.Column("turns", types.Json(), nullable=False),
        sa.Column("flapping_since", types.Instant(), nullable=True),
        sa.Column("summaries", sa.Integer(), nullable=False),
        sa.Column("restless_at", types.Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name="fk_services_workspace_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_services"),
    )
    op.create_index("ix_services_workspace_id", "services", ["workspace_id"])
    op.create_table(
        "dependencies",
        sa.Column("service_id", sa.String(length=36), nullable=False),
        sa.Column("depends_on_id", sa.String(length=36), nullable=False),
        sa.Column("workspace_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name="fk_dependencies_service_id"),
        sa.ForeignKeyConstraint(
            ["depends_on_id"], ["services.id"], name="fk_dependencies_depends_on_id"
        ),
        sa.PrimaryKeyConstraint("service_id", "depends_on_id", name="pk_dependencies"),
    )
    op.create_index("ix_dependencies_depends_on_id", "dependencies", ["depends_on_id"])
    op.create_table(
        "sessions",
        sa.Column("id_hash", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("keep", sa.Boolean(), nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("last_seen_at", types.Instant(), nullable=False),
        sa.Column("expires_at", types.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_sessions_account_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id_hash", name="pk_sessions"),
    )
    op.create_index("ix_sessions_account_id", "sessions", ["account_id"])
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])
    op.create_table(
        "tokens",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=True),
        sa.Column("recipient_id", sa.String(length=36), nullable=True),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("expires_at", types.Instant(), nullable=True),
        sa.Column("used_at", types.Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_tokens_account_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name="pk_tokens"),
    )
    op.create_index("ix_tokens_account_id", "tokens", ["account_id"])
    op.create_index("ix_tokens_expires_at", "tokens", ["expires_at"])
    op.create_index("ix_tokens_recipient_id", "tokens", ["recipient_id"])
    op.create_table(
        "checks",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("workspace_id", sa.String(length=36), nullable=False),
        sa.Column("service_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_deleted", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("options", types.Json(), nullable=False),
        sa.Column("secrets", sa.Text(), nullable=True),
        sa.Column("expectation", types.Json(), nullable=False),
        sa.Column("every", types.Duration(), nullable=False),
        sa.Column("anchor", types.Instant(), nullable=False),
        sa.Column("timeout", types.Duration(), nullable=False),
        sa.Column("answers_within", types.Duration(), nullable=True),
        sa.Column("upside_down", sa.Boolean(), nullable=False),
        sa.Column("confirm_down", sa.Integer(), nullable=False),
        sa.Column("confirm_up", sa.Integer(), nullable=False),
        sa.Column("confirm_slow", sa.Integer(), nullable=False),
        sa.Column("confirm_blind", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("health", sa.String(length=32), nullable=False),
        sa.Column("counts_as", sa.String(length=32), nullable=False),
        sa.Column("bad", sa.Integer(), nullable=False),
        sa.Column("good", sa.Integer(), nullable=False),
        sa.Column("slow", sa.Integer(), nullable=False),
        sa.Column("blind", sa.Integer(), nullable=False),
        sa.Column("first_bad_slot", types.Instant(), nullable=True),
        sa.Column("first_good_at", types.Instant(), nullable=True),
        sa.Column("last_slot", types.Instant(), nullable=True),
        sa.Column("last_attempt", sa.Integer(), nullable=True),
        sa.Column("last_evidence_at", types.Instant(), nullable=True),
        sa.Column("reason", types.Line(), nullable=False),
        sa.Column("since", types.Instant(), nullable=True),
        sa.Column("blocked_told", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name="fk_checks_service_id"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_checks_workspace_id"),
        sa.PrimaryKeyConstraint("id", name="pk_checks"),
    )
    op.create_index("ix_checks_service_id", "checks", ["service_id"])
    op.create_table(
        "incidents",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("workspace_id", sa.String(length=36), nullable=False),
        sa.Column("service_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("began_at", types.Instant(), nullable=False),
        sa.Column("confirmed_at", types.Instant(), nullable=False),
        sa.Column("ended_at", types.Instant(), nullable=True),
        sa.Column("reason", types.Line(), nullable=False),
        sa.Column("resolution", sa.String(length=32), nullable=True),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.Column("reopened_at", types.Instant(), nullable=True),
        sa.Column("quiet", sa.String(length=32), nullable=True),
        sa.Column("blocked_by", sa.String(length=36), nullable=True),
        sa.Column("reminded", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name="fk_incidents_service_id"),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name="fk_incidents_workspace_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_incidents"),
    )
    op.create_index("ix_incidents_service_id", "incidents", ["service_id", "began_at"])
    op.create_index("ix_incidents_workspace_id", "incidents", ["workspace_id", "began_at"])
    op.create_index(
        "uq_incidents_not_resolved",
        "incidents",
        ["service_id"],
        unique=True,
        sqlite_where=sa.text("state <> 'resolved'"),
        postgresql_where=sa.text("state <> 'resolved'"),
    )
    op.create_table(
        "recipients",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("workspace_id", sa.String(length=36), nullable=False),
        sa.Column("service_id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=True),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("name", types.Line(), nullable=False),
        sa.Column("confirmed_at", types.Instant(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_recipients_account_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name="fk_recipients_service_id"),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name="fk_recipients_workspace_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_recipients"),
        sa.UniqueConstraint("service_id", "address", name="uq_recipients_service_id"),
    )
    op.create_index("ix_recipients_account_id", "recipients", ["account_id"])
    op.create_index("ix_recipients_workspace_id", "recipients", ["workspace_id"])
    op.create_table(
        "maintenance_windows",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("workspace_id", sa.String(length=36), nullable=False),
        sa.Column("name", types.Line(), nullable=False),
        sa.Column("service_ids", types.Json(), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("at", sa.Time(), nullable=False),
        sa.Column("duration", types.Duration(), nullable=False),
        sa.Column("repeat", sa.String(length=32), nullable=False),
        sa.Column("weekdays", types.Json(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("holds_from", types.Instant(), nullable=False),
        sa.Column("cancelled_at", types.Instant(), nullable=True),
        sa.Column("over_by", types.Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name="fk_maintenance_windows_workspace_id"
        ),
        sa.PrimaryKeyConstraint("id", "version", name="pk_maintenance_windows"),
    )
    op.create_index("ix_maintenance_windows_workspace_id", "maintenance_windows", ["workspace_id"])
    op.create_table(
        "service_days",
        sa.Column("service_id", sa.String(length=36), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("workspace_id", sa.String(length=36), nullable=False),
        sa.Column("up_us", sa.BigInteger(), nullable=False),
        sa.Column("degraded_us", sa.BigInteger(), nullable=False),
        sa.Column("down_us", sa.BigInteger(), nullable=False),
        sa.Column("unknown_us", sa.BigInteger(), nullable=False),
        sa.Column("paused_us", sa.BigInteger(), nullable=False),
        sa.Column("maintenance_us", sa.BigInteger(), nullable=False),
        sa.Column("ok_count", sa.Integer(), nullable=False),
        sa.Column("slow_count", sa.Integer(), nullable=False),
        sa.Column("fail_count", sa.Integer(), nullable=False),
        sa.Column("blocked_count", sa.Integer(), nullable=False),
        sa.Column("probe_error_count", sa.Integer(), nullable=False),
        sa.Column("missed_count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name="fk_service_days_service_id"),
        sa.PrimaryKeyConstraint("service_id", "day", name="pk_service_days"),
    )
    op.create_table(
        "strips",
        sa.Column("service_id", sa.String(length=36), nullable=False),
        sa.Column("workspace_id", sa.String(length=36), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("grades", sa.String(length=90), nullable=False),
        sa.Column("details", types.Json(), nullable=False),
        sa.Column("known_us", sa.BigInteger(), nullable=False),
        sa.Column("good_us", sa.BigInteger(), nullable=False),
        sa.Column("median_ms", sa.Float(), nullable=True),
        sa.Column("as_of", types.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name="fk_strips_service_id"),
        sa.PrimaryKeyConstraint("service_id", name="pk_strips"),
    )
    op.create_index("ix_strips_workspace_id", "strips", ["workspace_id"])
    op.create_table(
        "leases",
        sa.Column("check_id", sa.String(length=36), nullable=False),
        sa.Column("workspace_id", sa.String(length=36), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("slot", types.Instant(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("due_at", types.Instant(), nullable=True),
        sa.Column("fence", types.Count, nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("leased_until", types.Instant(), nullable=True),
        sa.ForeignKeyConstraint(["check_id"], ["checks.id"], name="fk_leases_check_id"),
        sa.PrimaryKeyConstraint("check_id", name="pk_leases"),
    )
    op.create_index(
        "ix_leases_due_at",
        "leases",
        ["due_at"],
        sqlite_where=sa.text("is_active"),
        postgresql_where=sa.text("is_active"),
    )
    op.create_index(
        "ix_leases_leased_until",
        "leases",
        ["leased_until"],
        sqlite_where=sa.text("leased_until IS NOT NULL"),
        postgresql_where=sa.text("leased_until IS NOT NULL"),
    )
    op.create_table(
        "watchers",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("since", types.Instant(), nullable=False),
        sa.Column("seen_at", types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_watchers"),
    )
    op.create_table(
        "absences",
        sa.Column("id", types.Count, nullable=False),
        sa.Column("watcher", sa.String(length=64), nullable=False),
        sa.Column("began_at", types.Instant(), nullable=False),
        sa.Column("ended_at", types.Instant(), nullable=False),
        sa.Column("why", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_absences"),
    )
    op.create_index("ix_absences_ended_at", "absences", ["ended_at"])
