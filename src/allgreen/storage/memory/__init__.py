"""Everything in memory: the ports without a database, for one process and for tests.

A unit of work takes a shallow copy of all tables, changes the copy, and puts it in the place of
the original when it commits. Values are frozen, so a shallow copy is enough. As on SQLite there is
one unit of work at a time: never open one inside another.
"""

from allgreen.storage.memory.checks import MemoryCheckRepository
from allgreen.storage.memory.outbox import MemoryOutboxRepository
from allgreen.storage.memory.recipients import MemoryRecipientRepository
from allgreen.storage.memory.services import MemoryServiceRepository
from allgreen.storage.memory.unit_of_work import MemoryStorage, MemoryUnitOfWork

__all__ = [
    "MemoryCheckRepository",
    "MemoryOutboxRepository",
    "MemoryRecipientRepository",
    "MemoryServiceRepository",
    "MemoryStorage",
    "MemoryUnitOfWork",
]
