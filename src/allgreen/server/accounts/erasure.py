"""What histories of workspaces say of somebody whose account is deleted: that it was somebody.

Who did what keeps its id, which leads to nobody any more. Names and addresses, which other people's
lines tell, go with the account.
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import RowMapping, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import AccountId
from allgreen.storage.sql.tables import audit, invitations, memberships

SOMEBODY: Final = "somebody whose account is deleted"
_OF_PEOPLE: Final = or_(
    audit.c.action.startswith("invitation."),
    audit.c.action.startswith("member."),
    audit.c.action.in_(["workspace.offered", "workspace.transferred"]),
)


async def erase(connection: AsyncConnection, account_id: AccountId, address: str) -> None:
    """Take name and address of an account from what others have left behind of it.

    Call it before the account and its memberships are deleted. An invitation that still waits for
    the address stays: whoever reads its mails may register anew.
    """
    is_waiting = and_(invitations.c.accepted_at.is_(None), invitations.c.revoked_at.is_(None))
    is_theirs = or_(
        invitations.c.accepted_by == account_id, and_(invitations.c.email == address, ~is_waiting)
    )
    query = select(invitations.c.id, invitations.c.workspace_id, invitations.c.email)
    invited = (await connection.execute(query.where(is_theirs))).all()
    # The row stays, so that its sender has no more letters to send for it.
    await connection.execute(
        update(invitations).where(is_theirs).values(email=f"{account_id}@deleted.invalid")
    )
    joined = select(memberships.c.workspace_id).where(memberships.c.account_id == account_id)
    here = {row.workspace_id for row in invited} | set(await connection.scalars(joined))
    lines = select(audit).where(audit.c.workspace_id.in_(here), _OF_PEOPLE)
    addresses = {row.id: row.email for row in invited}
    for line in (await connection.execute(lines)).mappings().all():
        summary = _without_them(line, account_id, addresses)
        if summary != line["summary"]:
            await connection.execute(
                update(audit).where(audit.c.id == line["id"]).values(summary=summary)
            )


def _without_them(line: RowMapping, account_id: AccountId, addresses: Mapping[str, str]) -> str:
    before, after, summary = line["before"], line["after"], str(line["summary"])
    address = addresses.get(after.get("invitation_id", ""))
    if address is not None:
        return summary.replace(address, SOMEBODY)
    told = _TOLD.get(line["action"])
    is_about_them = account_id in (before.get("account_id"), after.get("account_id"))
    if told is not None and (is_about_them or before.get("owner") == account_id):
        return told.format(somebody=SOMEBODY, **_role(after))
    return summary


def _role(after: Mapping[str, Any]) -> dict[str, str]:
    return {"role": str(after.get("role", ""))}


# Written anew, because the name may have been another one at that time.
_TOLD: Final = {
    "member.role_changed": "made {somebody} an {role}",
    "member.removed": "removed {somebody}",
    "workspace.offered": "offered it to {somebody}",
    "workspace.transferred": "took it over from {somebody}, who is an admin now",
}
