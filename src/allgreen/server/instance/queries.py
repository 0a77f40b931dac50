"""Reads: the accounts on this installation."""

from typing import Any

from sqlalchemy import RowMapping, Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import AccountId
from allgreen.errors import NotFoundError
from allgreen.server.auth.names import full_name
from allgreen.server.auth.queries import is_id
from allgreen.server.instance.schemas import ListedAccount
from allgreen.server.wire import Cut
from allgreen.storage.sql.tables import accounts, sessions
from allgreen.storage.sql.types import storable


async def list_accounts(connection: AsyncConnection, search: str, cut: Cut) -> list[ListedAccount]:
    """Return the accounts whose name or address holds a text, and one more than asked for."""
    query = _accounts().order_by(accounts.c.id.desc()).limit(cut.limit + 1)
    if search.strip():
        text = storable(search.strip().lower())
        query = query.where(
            or_(
                func.lower(full_name()).contains(text, autoescape=True),
                accounts.c.email.contains(text, autoescape=True),
            )
        )
    if cut.after is not None:
        query = query.where(accounts.c.id < storable(cut.after[0]))
    return [_show(row) for row in (await connection.execute(query)).mappings()]


async def get_account(connection: AsyncConnection, account_id: str) -> ListedAccount:
    """Return one account.

    Raises:
        NotFoundError: There is none with this id.
    """
    if not is_id(account_id):
        raise NotFoundError("account")
    query = _accounts().where(accounts.c.id == AccountId(account_id))
    row = (await connection.execute(query)).mappings().one_or_none()
    if row is None:
        raise NotFoundError("account")
    return _show(row)


def _accounts() -> Select[Any]:
    return select(
        accounts.c.id,
        full_name().label("name"),
        accounts.c.email,
        accounts.c.email_verified_at,
        accounts.c.instance_admin,
        accounts.c.totp_since,
        accounts.c.disabled_at,
        accounts.c.created_at,
        _LAST_SEEN.label("last_seen_at"),
    )


_LAST_SEEN = (
    select(func.max(sessions.c.last_seen_at))
    .where(sessions.c.account_id == accounts.c.id)
    .correlate(accounts)
).scalar_subquery()


def _show(row: RowMapping) -> ListedAccount:
    return ListedAccount(
        id=row["id"],
        name=row["name"],
        email=row["email"],
        email_verified=row["email_verified_at"] is not None,
        instance_admin=row["instance_admin"],
        two_factor=row["totp_since"] is not None,
        disabled_at=row["disabled_at"],
        created_at=row["created_at"],
        last_seen_at=row["last_seen_at"],
    )
