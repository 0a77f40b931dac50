"""The shelf: what everybody may see, kept for a moment, and shown on while the database is away.

However many ask, a thing is read once at a time and once in `KEPT_FOR_S`: others wait for the same
reading. What could not be read anew is given out as it was, marked as old.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar, final

from allgreen.domain.identity import WorkspaceId
from allgreen.errors import BusyError, StorageError
from allgreen.ports import Change, Clock

KEPT_FOR_S: Final = 10.0
PUBLISHED: Final = "published"
"""Name of the one thing on the shelf of which pages there are."""
TRIED_AGAIN_AFTER_S: Final = 2.0
"""So long the database is left alone after it did not answer."""

Thing = TypeVar("Thing")


@dataclass(slots=True, kw_only=True)
class Copy(Generic[Thing]):
    """Something that was read.

    Attributes:
        until: Reading of the monotonic clock up to which it is fresh.
        is_old: The database could not be read since.
        drawn: What was made of it, by name, so that it is made once.
    """

    thing: Thing
    until: float
    is_old: bool = False
    drawn: dict[str, bytes] = field(default_factory=dict)


@final
class Shelf(Generic[Thing]):
    """Things by name; whoever uses it bounds which names there are."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._copies: dict[str, Copy[Thing]] = {}
        self._flights: dict[str, asyncio.Task[Copy[Thing]]] = {}
        self._failures: dict[str, tuple[float, StorageError | BusyError]] = {}

    async def get(self, name: str, read: Callable[[], Awaitable[Thing]]) -> Copy[Thing]:
        """Return a thing that is fresh, or the last one there was, marked as old.

        Raises:
            StorageError: It cannot be read, and never was.
            BusyError: The same, for too much else is being done.
        """
        copy = self._copies.get(name)
        if copy is not None and self._clock.monotonic() <= copy.until:
            return copy
        until, failure = self._failures.get(name, (0.0, None))
        if failure is not None and self._clock.monotonic() <= until:
            raise failure
        flight = self._flights.get(name)
        if flight is None:
            flight = asyncio.create_task(self._fly(name, read))
            self._flights[name] = flight
            flight.add_done_callback(lambda done: self._land(name, done))
        # One who goes away takes the reading from nobody else.
        return await asyncio.shield(flight)

    def peek(self, name: str) -> Copy[Thing] | None:
        """Return what was read last, however long ago; nothing is read for it."""
        return self._copies.get(name)

    def put_old(self, name: str, thing: Thing) -> Copy[Thing]:
        """Keep something that was read long ago, until it can be read anew."""
        copy = Copy(thing=thing, until=self._until(TRIED_AGAIN_AFTER_S), is_old=True)
        self._copies[name] = copy
        return copy

    def keep_only(self, names: Iterable[str]) -> None:
        """Forget all else for good."""
        kept = set(names)
        self._copies = {name: copy for name, copy in self._copies.items() if name in kept}

    def drop(self, names: Iterable[str]) -> None:
        """Forget some things; what is being read of them now is not kept."""
        for name in names:
            self._copies.pop(name, None)
            self._flights.pop(name, None)
            self._failures.pop(name, None)

    def clear(self) -> None:
        """Forget everything; what is being read now is not kept."""
        self._copies.clear()
        self._flights.clear()
        self._failures.clear()

    async def _fly(self, name: str, read: Callable[[], Awaitable[Thing]]) -> Copy[Thing]:
        flight = asyncio.current_task()
        try:
            copy = Copy(thing=await read(), until=self._until(KEPT_FOR_S))
        except (StorageError, BusyError) as error:
            last = self._copies.get(name)
            if last is None:
                self._failures[name] = (self._until(TRIED_AGAIN_AFTER_S), error)
                raise
            return self.put_old(name, last.thing)
        self._failures.pop(name, None)
        # Of what was dropped meanwhile, nothing that was read before may come back.
        if self._flights.get(name) is flight:
            self._copies[name] = copy
        return copy

    def _land(self, name: str, flight: asyncio.Task[Copy[Thing]]) -> None:
        if self._flights.get(name) is flight:
            del self._flights[name]
        if not flight.cancelled():
            flight.exception()  # it was told to all who waited

    def _until(self, seconds: float) -> float:
        return self._clock.monotonic() + seconds


@final
class PublicShelf:
    """What is kept of public pages: which there are, and what stands on each."""

    def __init__(self, clock: Clock) -> None:
        self.published: Shelf[Mapping[str, WorkspaceId]] = Shelf(clock)
        self.pages: Shelf[Any] = Shelf(clock)  # the capability knows what a page is
        self.is_set_up = False  # once there was an account, there is no first run any more
        self._whose: dict[str, WorkspaceId] = {}
        self._changes: Counter[WorkspaceId] = Counter()

    async def get_page(
        self, name: str, workspace_id: WorkspaceId, read: Callable[[], Awaitable[Any]]
    ) -> Copy[Any]:
        """Return the page of a workspace, as `Shelf.get` does."""
        self._whose[name] = workspace_id
        return await self.pages.get(name, read)

    def keep_only(self, names: Iterable[str]) -> None:
        """Forget all other pages for good."""
        kept = set(names)
        self.pages.keep_only(kept)
        self._whose = {name: whose for name, whose in self._whose.items() if name in kept}

    def mark(self, workspace_id: WorkspaceId) -> int:
        """Return a mark to take before reading: another one later tells of a change meanwhile."""
        return self._changes[workspace_id]

    def forget(self, changes: Iterable[Change]) -> None:
        """Drop what is said of workspaces of which everybody is to see something else at once.

        Other hints come with every check, and with whatever a member does to their account: those
        pages show a moment later, so that nobody makes the database work harder than one reading
        in `KEPT_FOR_S`. What others show is never read anew for it: nothing tells of their doing.
        """
        changed = {change.workspace_id for change in changes if change.is_public}
        if not changed:
            return
        self._changes.update(changed)
        self.published.clear()
        self.pages.drop([name for name, whose in self._whose.items() if whose in changed])
