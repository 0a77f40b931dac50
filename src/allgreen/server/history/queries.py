"""Reads of the history."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import RowMapping, false, select
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.policy import Role
from allgreen.server.auth.access import Member
from allgreen.server.auth.names import full_name
from allgreen.server.auth.queries import is_id
from allgreen.server.history.schemas import Actor, AuditEntry
from allgreen.server.wire import Cut, foreign_cursor
from allgreen.storage.sql.cipher import Cipher
from allgreen.storage.sql.tables import accounts, audit, services

MASK: Final = "•••"
_SECRETS: Final = ("secret", "password", "token", "authorization", "header", "body", "key", "hash")
"""Parts of names under which nobody keeps what everybody may read."""


async def list_entries(
    connection: AsyncConnection,
    member: Member,
    cut: Cut,
    cipher: Cipher,
    *,
    service_id: str | None,
    person_id: str | None,
) -> list[AuditEntry]:
    """Return lines of the history, and one more than asked for when there are more.

    Admins see those about services, owners all of them. Lines are numbered over all workspaces, so
    their numbers leave only under seal.

    Raises:
        InvalidInputError: The cursor is not one of this list.
    """
    query = (
        select(audit, services.c.name.label("service_name"), full_name().label("who"))
        .outerjoin(services, services.c.id == audit.c.service_id)
        .outerjoin(accounts, accounts.c.id == audit.c.by_account_id)
        .where(audit.c.workspace_id == member.workspace_id)
        .order_by(audit.c.id.desc())
        .limit(cut.limit + 1)
    )
    if member.role is not Role.OWNER:
        query = query.where(audit.c.service_id.is_not(None))
    for column, wanted in ((audit.c.service_id, service_id), (audit.c.by_account_id, person_id)):
        if wanted is not None:
            # What can be no id of ours is in no line.
            query = query.where(column == wanted if is_id(wanted) else false())
    if cut.after is not None:
        number = cipher.open_number(member.workspace_id, cut.after[0])
        if number is None:
            raise foreign_cursor()
        query = query.where(audit.c.id < number)
    return [_show(row, cipher) for row in (await connection.execute(query)).mappings()]


def _show(row: RowMapping, cipher: Cipher) -> AuditEntry:
    by = row["by_account_id"]
    return AuditEntry(
        id=cipher.seal_number(row["workspace_id"], row["id"]),
        at=row["at"],
        who=None if by is None else Actor(account_id=by, name=row["who"]),
        action=row["action"],
        summary=row["summary"],
        service_id=row["service_id"],
        service_name=row["service_name"],
        before=mask_secrets(row["before"]),
        after=mask_secrets(row["after"]),
    )


def mask_secrets(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was noted, without what names say to be secret."""
    return {name: MASK if _is_secret(name) else _masked(each) for name, each in values.items()}


def _masked(value: Any) -> Any:
    if isinstance(value, Mapping):
        return mask_secrets(value)
    return [_masked(each) for each in value] if isinstance(value, list) else value


def _is_secret(name: str) -> bool:
    return any(part in name.lower() for part in _SECRETS)
