"""Me: the account that is signed in, with the workspaces that are its to see."""

from collections import defaultdict
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import AccountId
from allgreen.domain.policy import permissions_of
from allgreen.domain.profile import Theme
from allgreen.domain.status import ServiceHealth
from allgreen.errors import NotSignedInError
from allgreen.server.auth import queries
from allgreen.server.auth.photos import photo_path
from allgreen.server.auth.schemas import Me, WorkspaceSummary
from allgreen.storage.sql.watchers import find_offline_since


async def load_me(connection: AsyncConnection, account_id: AccountId, now: datetime) -> Me:
    """Return what an account sees of itself.

    Raises:
        NotSignedInError: The account is gone.
    """
    account = await queries.find_account(connection, account_id)
    if account is None:
        raise NotSignedInError
    healths: dict[str, list[ServiceHealth]] = defaultdict(list)
    is_offline = await find_offline_since(connection) is not None
    for workspace_id, health in await queries.list_healths(connection, account_id, now):
        healths[workspace_id].append(ServiceHealth.UNKNOWN if is_offline else health)
    return Me(
        id=account["id"],
        name=account["name"],
        email=account["email"],
        email_verified=account["email_verified_at"] is not None,
        instance_admin=account["instance_admin"],
        theme=account["theme"] or Theme.SYSTEM,
        two_factor=account["totp_since"] is not None,
        photo=photo_path(account["photo_id"]),
        workspaces=[
            WorkspaceSummary(
                id=row["workspace_id"],
                name=row["name"],
                role=row["role"],
                time_zone=row["zone"],
                health=ServiceHealth.worst_of(healths[row["workspace_id"]]),
                may=sorted(permissions_of(row["role"], admins_may_invite=row["admins_may_invite"])),
            )
            for row in await queries.list_workspaces(connection, account_id)
        ],
    )
