"""The people: profiles, sign-in, invitations, keys of the API, status pages.

Everybody signs in once more: a session now knows when its password was typed.

Revision: 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op

from allgreen.storage.sql import types

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("disabled_at", types.Instant(), nullable=True),
        sa.Column("pending_email", sa.Text(), nullable=True),
        sa.Column("theme", sa.String(length=32), nullable=True),
        sa.Column("totp_secret", sa.Text(), nullable=True),
        sa.Column("totp_since", types.Instant(), nullable=True),
        sa.Column("totp_step", sa.BigInteger(), nullable=True),
    ):
        op.add_column("accounts", column)
    for column in (
        sa.Column("deleted_at", types.Instant(), nullable=True),
        sa.Column("admins_may_invite", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("offered_to", sa.String(length=36), nullable=True),
        sa.Column("offered_by", sa.String(length=36), nullable=True),
        sa.Column("offered_at", types.Instant(), nullable=True),
    ):
        op.add_column("workspaces", column)
    _make_sessions_anew()
    _add_profiles()
    _add_ways_to_sign_in()
    _add_what_workspaces_have()


def _make_sessions_anew() -> None:
    op.drop_table("sessions")
    op.create_table(
        "sessions",
        sa.Column("id_hash", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("keep", sa.Boolean(), nullable=False),
        sa.Column("device", types.Line(), nullable=False),
        sa.Column("network", sa.String(length=64), nullable=False),
        sa.Column("proved_at", types.Instant(), nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("last_seen_at", types.Instant(), nullable=False),
        sa.Column("expires_at", types.Instant(), nullable=False),
        _of_account("sessions"),
        sa.PrimaryKeyConstraint("id_hash", name="pk_sessions"),
        sa.UniqueConstraint("id", name="uq_sessions_id"),
    )
    op.create_index("ix_sessions_account_id", "sessions", ["account_id"])
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])


def _add_profiles() -> None:
    op.create_table(
        "profiles",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("surname", types.Line(), nullable=False),
        sa.Column("pronouns", types.Line(), nullable=False),
        sa.Column("city", types.Line(), nullable=False),
        sa.Column("bio", sa.Text(), nullable=False),
        sa.Column("github", sa.String(length=100), nullable=False),
        sa.Column("linkedin", sa.String(length=100), nullable=False),
        sa.Column("website", sa.Text(), nullable=False),
        sa.Column("visibility", sa.String(length=32), nullable=False),
        sa.Column("photo_id", sa.String(length=64), nullable=True),
        _of_account("profiles"),
        sa.PrimaryKeyConstraint("account_id", name="pk_profiles"),
    )
    op.create_table(
        "photos",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("large", sa.LargeBinary(), nullable=False),
        sa.Column("small", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        _of_account("photos"),
        sa.PrimaryKeyConstraint("id", name="pk_photos"),
    )
    op.create_index("ix_photos_account_id", "photos", ["account_id"])


def _add_ways_to_sign_in() -> None:
    op.create_table(
        "recovery_codes",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("used_at", types.Instant(), nullable=True),
        _of_account("recovery_codes"),
        sa.PrimaryKeyConstraint("account_id", "code_hash", name="pk_recovery_codes"),
    )
    op.create_table(
        "identities",
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("login", types.Line(), nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        _of_account("identities"),
        sa.PrimaryKeyConstraint("provider", "subject", name="pk_identities"),
    )
    op.create_index("ix_identities_account_id", "identities", ["account_id"])
    op.create_table(
        "sign_ins",
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("browser_hash", sa.String(length=64), nullable=False),
        sa.Column("verifier", sa.Text(), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=True),
        sa.Column("go_to", sa.Text(), nullable=False),
        sa.Column("expires_at", types.Instant(), nullable=False),
        _of_account("sign_ins"),
        sa.PrimaryKeyConstraint("state_hash", name="pk_sign_ins"),
    )
    op.create_index("ix_sign_ins_account_id", "sign_ins", ["account_id"])
    op.create_index("ix_sign_ins_expires_at", "sign_ins", ["expires_at"])
    op.create_table(
        "account_events",
        sa.Column("id", types.Count, nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("at", types.Instant(), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("summary", types.Line(), nullable=False),
        sa.Column("device", types.Line(), nullable=False),
        sa.Column("network", sa.String(length=64), nullable=False),
        _of_account("account_events"),
        sa.PrimaryKeyConstraint("id", name="pk_account_events"),
    )
    op.create_index("ix_account_events_account_id", "account_events", ["account_id", "id"])
    op.create_index("ix_account_events_at", "account_events", ["at"])


def _add_what_workspaces_have() -> None:
    op.create_table(
        "invitations",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("workspace_id", sa.String(length=36), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("invited_by", sa.String(length=36), nullable=False),
        sa.Column("sendings", sa.Integer(), nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("sent_at", types.Instant(), nullable=False),
        sa.Column("expires_at", types.Instant(), nullable=False),
        sa.Column("accepted_at", types.Instant(), nullable=True),
        sa.Column("accepted_by", sa.String(length=36), nullable=True),
        sa.Column("revoked_at", types.Instant(), nullable=True),
        _of_workspace("invitations"),
        sa.PrimaryKeyConstraint("id", name="pk_invitations"),
    )
    op.create_index("ix_invitations_workspace_id", "invitations", ["workspace_id"])
    op.create_index("ix_invitations_email", "invitations", ["email"])
    waiting = sa.text("accepted_at IS NULL AND revoked_at IS NULL")
    op.create_index(
        "uq_invitations_waiting",
        "invitations",
        ["workspace_id", "email"],
        unique=True,
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("workspace_id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("hint", sa.String(length=8), nullable=False),
        sa.Column("name", types.Line(), nullable=False),
        sa.Column("scope", sa.String(length=32), nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("expires_at", types.Instant(), nullable=True),
        sa.Column("last_used_at", types.Instant(), nullable=True),
        _of_account("api_keys"),
        _of_workspace("api_keys"),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.UniqueConstraint("key_hash", name="uq_api_keys_key_hash"),
    )
    op.create_index("ix_api_keys_account_id", "api_keys", ["account_id"])
    op.create_index("ix_api_keys_workspace_id", "api_keys", ["workspace_id"])
    op.create_table(
        "status_pages",
        sa.Column("workspace_id", sa.String(length=36), nullable=False),
        sa.Column("slug", sa.String(length=63), nullable=True),
        sa.Column("is_published", sa.Boolean(), nullable=False),
        sa.Column("title", types.Line(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("website", sa.Text(), nullable=False),
        sa.Column("shows_latency", sa.Boolean(), nullable=False),
        sa.Column("service_ids", types.Json(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("published_at", types.Instant(), nullable=True),
        _of_workspace("status_pages"),
        sa.PrimaryKeyConstraint("workspace_id", name="pk_status_pages"),
        sa.UniqueConstraint("slug", name="uq_status_pages_slug"),
    )
    op.create_table(
        "slugs",
        sa.Column("slug", sa.String(length=63), nullable=False),
        sa.Column("workspace_id", sa.String(length=36), nullable=False),
        sa.Column("until", types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("slug", name="pk_slugs"),
    )


def _of_account(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["account_id"], ["accounts.id"], name=f"fk_{table}_account_id", ondelete="CASCADE"
    )


def _of_workspace(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["workspace_id"], ["workspaces.id"], name=f"fk_{table}_workspace_id", ondelete="CASCADE"
    )
