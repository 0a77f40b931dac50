"""Identities of stored things: UUIDv7 strings, told apart by type."""

from typing import NewType

AccountId = NewType("AccountId", str)
WorkspaceId = NewType("WorkspaceId", str)
ServiceId = NewType("ServiceId", str)
CheckId = NewType("CheckId", str)
IncidentId = NewType("IncidentId", str)
RecipientId = NewType("RecipientId", str)
OutboxId = NewType("OutboxId", str)
WindowId = NewType("WindowId", str)
