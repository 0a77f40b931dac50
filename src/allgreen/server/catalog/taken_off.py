"""Owners who are taken off the list of a service by somebody else hear of it."""

from collections.abc import Iterable

from sqlalchemy import select

from allgreen.domain.facts import Facts
from allgreen.domain.notice import NoticeKind
from allgreen.domain.policy import Role
from allgreen.domain.service import Recipient, Service
from allgreen.server.auth.access import Member
from allgreen.server.auth.errands import owe_errand
from allgreen.server.platform import Platform
from allgreen.storage.sql.tables import memberships
from allgreen.storage.sql.unit_of_work import SqlUnitOfWork


async def tell_taken_off(
    platform: Platform,
    uow: SqlUnitOfWork,
    member: Member,
    service: Service,
    recipients: Iterable[Recipient] | None,
) -> None:
    """Owe a mail to each owner who is about to be taken off; call it before that happens.

    Args:
        platform: What routes work with.
        uow: The transaction of the edit.
        member: Who edits the service.
        service: As it is before.
        recipients: Who is told from now on; `None` when that stays as it is.
    """
    if recipients is None:
        return
    kept = {recipient.id for recipient in recipients}
    query = select(memberships.c.account_id).where(
        memberships.c.workspace_id == service.workspace_id,
        memberships.c.role == Role.OWNER,
        memberships.c.account_id != member.account_id,
    )
    others = set((await uow.connection.execute(query)).scalars())
    for recipient in await uow.recipients.of_service(service.id):
        if recipient.id in kept or recipient.account_id not in others:
            continue
        facts = Facts(
            service_name=service.name,
            workspace_name=await uow.workspaces.name(service.workspace_id),
            zone=await uow.workspaces.zone(service.workspace_id),
            # The name, not the address: admins read the messages of the workspace.
            address=recipient.name,
            reason=f"{member.name} took you off the list.",
        )
        await owe_errand(
            platform,
            uow,
            NoticeKind.RECIPIENT_LOST,
            recipient.address,
            facts=facts,
            workspace_id=service.workspace_id,
        )
