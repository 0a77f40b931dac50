"""Who is told about a service, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import final

from allgreen.domain.identity import RecipientId, ServiceId, WorkspaceId
from allgreen.domain.service import Recipient
from allgreen.errors import NotFoundError
from allgreen.ports import RecipientRepository
from allgreen.storage.memory.outbox import cancel_owed
from allgreen.storage.memory.tables import OPEN, Tables


@final
class MemoryRecipientRepository(RecipientRepository):
    """Recipients; what is still owed to one that goes is cancelled with it."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def of_service(self, service_id: ServiceId) -> list[Recipient]:
        return list(self._tables.recipients.get(service_id, ()))

    async def get(self, recipient_id: RecipientId) -> Recipient:
        for recipients in self._tables.recipients.values():
            for recipient in recipients:
                if recipient.id == recipient_id:
                    return recipient
        raise NotFoundError("recipient")

    async def replace(self, service_id: ServiceId, recipients: Sequence[Recipient]) -> None:
        known = {recipient.id: recipient for recipient in await self.of_service(service_id)}
        for gone in known.keys() - {recipient.id for recipient in recipients}:
            self._cancel(gone)
        self._tables.recipients[service_id] = tuple(
            _confirmed_as(known.get(recipient.id), recipient) for recipient in recipients
        )

    async def save(self, recipient: Recipient) -> None:
        of_service = await self.of_service(recipient.service_id)
        if all(other.id != recipient.id for other in of_service):
            of_service.append(recipient)
        self._tables.recipients[recipient.service_id] = tuple(
            recipient if other.id == recipient.id else other for other in of_service
        )

    async def remove(self, recipient_id: RecipientId) -> None:
        self._cancel(recipient_id)
        for service_id, recipients in self._tables.recipients.items():
            left = tuple(other for other in recipients if other.id != recipient_id)
            self._tables.recipients[service_id] = left

    async def admins_of(self, workspace_id: WorkspaceId) -> list[str]:
        workspace = self._tables.workspaces.get(workspace_id)
        return [] if workspace is None else list(workspace.admins)

    async def operators(self) -> list[str]:
        return sorted(self._tables.operators)

    def _cancel(self, recipient_id: RecipientId) -> None:
        for owed in list(self._tables.owed.values()):
            # Also what is being sent now: should it fail, it is not tried again.
            if owed.notice.recipient_id == recipient_id and owed.notice.state in OPEN:
                cancel_owed(self._tables, owed)


def _confirmed_as(known: Recipient | None, recipient: Recipient) -> Recipient:
    if known is None or known.confirmed_at is None:
        return recipient
    return replace(recipient, confirmed_at=known.confirmed_at)
