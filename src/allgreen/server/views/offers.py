"""Offers to own a workspace: both sides may still do their part."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import RowMapping, and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import AccountId, WorkspaceId
from allgreen.domain.policy import Role
from allgreen.server.auth.names import full_name
from allgreen.storage.sql.tables import accounts, memberships, workspaces

OFFER_LASTS: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """The offer to own the workspace, for its owners and for who may accept it.

    Attributes:
        by: Name of the owner who offers it.
        to: Name of the member who may accept it until `until`.
        you: The one who asks may accept it.
    """

    by: str
    to: str
    until: datetime
    you: bool


async def list_offers(
    connection: AsyncConnection, workspace_ids: Iterable[WorkspaceId], now: datetime
) -> dict[WorkspaceId, RowMapping]:
    """Return the offers to own some workspaces that hold, at most one for each."""
    giver, taker = memberships.alias("giver"), memberships.alias("taker")
    by, to = accounts.alias("by"), accounts.alias("to")
    here = workspaces.c.id
    query = (
        select(
            here,
            workspaces.c.offered_to,
            workspaces.c.offered_by,
            workspaces.c.offered_at,
            full_name(by).label("by_name"),
            by.c.email.label("by_email"),
            full_name(to).label("to_name"),
        )
        .join(giver, and_(giver.c.workspace_id == here, giver.c.role == Role.OWNER))
        .join(taker, taker.c.workspace_id == here)
        .join(by, and_(by.c.id == giver.c.account_id, by.c.disabled_at.is_(None)))
        .join(to, and_(to.c.id == taker.c.account_id, to.c.disabled_at.is_(None)))
        .where(here.in_(list(workspace_ids)), workspaces.c.offered_at > now - OFFER_LASTS)
        .where(by.c.id == workspaces.c.offered_by, to.c.id == workspaces.c.offered_to)
    )
    return {row["id"]: row for row in (await connection.execute(query)).mappings()}


def show_offer(offer: RowMapping | None, account_id: AccountId, role: Role) -> Offer | None:
    """Return an offer as a member sees it; `None` for whom it does not concern."""
    is_to = offer is not None and offer["offered_to"] == account_id
    if offer is None or not (is_to or role is Role.OWNER):
        return None
    return Offer(
        by=offer["by_name"],
        to=offer["to_name"],
        until=offer["offered_at"] + OFFER_LASTS,
        you=is_to,
    )
