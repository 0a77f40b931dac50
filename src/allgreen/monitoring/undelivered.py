"""Undelivered: who looks after a workspace hears of a message that was given up."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from allgreen.domain.facts import Facts
from allgreen.domain.identity import OutboxId, WorkspaceId
from allgreen.domain.notice import Notice, NoticeKind
from allgreen.errors import NotFoundError
from allgreen.ports import IdFactory, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterWriter:
    """Owes the owners and admins the news that somebody cannot be told.

    Attributes:
        ids: Where the identities of rows come from.
    """

    ids: IdFactory

    async def tell(self, dead: Sequence[Notice], error: str, at: datetime, uow: UnitOfWork) -> None:
        """Tell once per incident, or other occasion, and address; never of such news itself."""
        by_workspace: dict[WorkspaceId, list[Notice]] = defaultdict(list)
        for row in dead:
            if row.workspace_id is not None and row.kind is not NoticeKind.UNDELIVERED:
                by_workspace[row.workspace_id].append(row)
        for workspace_id, rows in by_workspace.items():
            admins = await uow.recipients.admins_of(workspace_id)
            await self._owe(rows, [one for one in admins if one != rows[0].address], error, at, uow)

    async def _owe(
        self,
        rows: Sequence[Notice],
        addresses: Sequence[str],
        error: str,
        at: datetime,
        uow: UnitOfWork,
    ) -> None:
        first = rows[0]
        facts = replace(
            Facts.from_json(first.facts),
            reason=error,
            message="",
            address=await _whom(first, uow),
            incidents=len({row.incident_id or row.id for row in rows}),
            told_others=0,
            late=False,
        )
        # Without an incident, the begin of what was told tells one occasion from the next.
        occasion = first.id if facts.began_at is None else facts.began_at.isoformat()
        about = first.incident_id or f"{first.service_id}/{occasion}"
        await uow.outbox.add(
            Notice(
                id=OutboxId(self.ids()),
                key=f"{about}/{NoticeKind.UNDELIVERED}/{first.address}/{address}/{first.channel}",
                kind=NoticeKind.UNDELIVERED,
                channel=first.channel,
                address=address,
                workspace_id=first.workspace_id,
                service_id=first.service_id,
                incident_id=first.incident_id,
                facts=facts.to_json(),
                created_at=at,
                due_at=at,
            )
            for address in addresses
        )


async def _whom(notice: Notice, uow: UnitOfWork) -> str:
    """Return the address of a stranger; of a member the name, for addresses are for owners only."""
    if notice.recipient_id is None:
        return _veiled(notice.address)
    try:
        recipient = await uow.recipients.get(notice.recipient_id)
    except NotFoundError:
        return _veiled(notice.address)
    if recipient.account_id is None:
        return notice.address
    return recipient.name or _veiled(notice.address)


def _veiled(address: str) -> str:
    """Return ``m…@example.org``: enough for those who know it, and for nobody else."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"
