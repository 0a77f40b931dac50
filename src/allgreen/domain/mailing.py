"""Mailing: which messages go now, which go as one, and which wait to be gathered.

Nobody reads forty mails of the same minute. So an address gets a few messages at once from each
workspace, and what comes beyond them waits a moment and goes as one digest. Workspaces are kept
apart: who is on lists of two has to know which one speaks, and the storm of one must not bury what
another says. What was never sent and is over goes with its end. Pure: storage says what is due, and writes down what is decided here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final

from allgreen.domain.identity import WorkspaceId
from allgreen.domain.notice import BEGINS, ENDS, UNPACED, Notice, NoticeKind

Letterbox = tuple[str, WorkspaceId | None]
"""An address, and the workspace whose messages it gets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How many messages a letterbox gets, but for those that somebody just asked for.

    Attributes:
        singles: How many of their own within `window`; it begins anew when no digest was sent for
            as long.
        window: Also the shortest time between two digests.
        gather: How long the first one that is too many waits for others.
        most: How many messages a digest may hold.
    """

    singles: int = 5
    window: timedelta = timedelta(minutes=5)
    gather: timedelta = timedelta(minutes=1)
    most: int = 2000

    def scaled(self, factor: float) -> Pace:
        """Return the same pace in another time."""
        return replace(self, window=self.window * factor, gather=self.gather * factor)


PACE: Final = Pace()


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A digest that was never handed over, so that it can take more.

    Attributes:
        size: How many messages wait in it.
    """

    key: str
    due_at: datetime
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lately:
    """What a letterbox was sent within the window of the pace.

    Attributes:
        singles: Messages of their own that were handed over and not turned away.
        digest_at: When a digest was handed over last.
        waiting: The digest that can take more.
    """

    singles: int = 0
    digest_at: datetime | None = None
    waiting: Waiting | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do with what is due.

    Attributes:
        go: The rows of each message that goes now, in fair order, bound to it by their batch. A
            digest takes all that are bound to it, also those that were not asked about.
        wait: Rows that are bound to a digest and wait for it.
    """

    go: tuple[tuple[Notice, ...], ...] = ()
    wait: tuple[Notice, ...] = ()

    @property
    def bound(self) -> tuple[Notice, ...]:
        """Return the rows that go with others from now on, to be written down before all else."""
        going = (row for rows in self.go for row in rows)
        merged = (row for row in going if row.batch is not None and not is_digest(row.batch))
        return (*merged, *self.wait)


def plan(
    due: Iterable[Notice],
    lately: Mapping[Letterbox, Lately],
    *,
    now: datetime,
    pace: Pace,
    limit: int,
) -> Plan:
    """Decide what becomes of rows that are due.

    They come in the order in which they were added, and none of them waits for an earlier one of
    the same service, recipient and channel that is not among them. Up to `limit` messages go, and
    the first to every letterbox goes before the second to any.
    """
    sorted_in: dict[Letterbox, list[Notice]] = defaultdict(list)
    for row in due:
        sorted_in[letterbox_of(row)].append(row)
    desks = [
        _Desk(rows, lately.get(letterbox, _NOTHING), now, pace)
        for letterbox, rows in sorted_in.items()
    ]
    turns = sorted(
        ((number, at, message) for at, desk in enumerate(desks) for number, message in desk.go()),
        key=lambda turn: turn[:2],
    )
    return Plan(
        go=tuple(message for _, _, message in turns[:limit]),
        wait=tuple(row for desk in desks for row in desk.wait),
    )


def compose(rows: Sequence[Notice]) -> Notice:
    """Return the message as which the rows of one message go."""
    first, key = rows[0], rows[0].message_key
    if not is_digest(key):
        # The end has the key, unless it was cancelled meanwhile.
        head = next((row for row in rows if row.key == key), rows[-1])
        return head if len(rows) == 1 else replace(head, parts=tuple(rows))
    return replace(
        first,
        key=key,
        kind=NoticeKind.DIGEST,
        service_id=None,
        incident_id=next((row.incident_id for row in rows if row.incident_id), None),
        recipient_id=None,
        attempt=max(row.attempt for row in rows),
        created_at=min(row.created_at for row in rows),
        parts=tuple(rows),
    )


def is_single(row: Notice) -> bool:
    """Tell whether a row goes alone, or is the one of several that has their key."""
    return row.message_key == row.key


def is_digest(batch: str | None) -> bool:
    """Tell whether a row is bound to a digest."""
    return batch is not None and batch.startswith(DIGEST)


def letterbox_of(row: Notice) -> Letterbox:
    """Return where a row goes, and for whom."""
    return row.address, row.workspace_id


def order_of(row: Notice) -> tuple[str, ...]:
    """Return what a row shares with those that it keeps in order with."""
    if row.service_id is None or row.recipient_id is None:
        return (row.id,)
    return (row.service_id, row.recipient_id, row.channel)


DIGEST: Final = "digest/"
_NOTHING: Final = Lately()


class _Desk:
    """Sorts what is due to one letterbox."""

    def __init__(self, rows: Sequence[Notice], lately: Lately, now: datetime, pace: Pace) -> None:
        self.wait: list[Notice] = []
        self._now = now
        self._pace = pace
        self._digest_at = lately.digest_at
        self._waiting = lately.waiting
        self._size = lately.waiting.size if lately.waiting else 0
        is_storm = self._digest_at is not None or self._goes_now(self._waiting)
        self._singles = 0 if is_storm else max(0, pace.singles - lately.singles)
        self._messages: dict[str, list[Notice]] = defaultdict(list)
        self._ahead: dict[tuple[str, ...], str] = {}
        chains: dict[tuple[str, ...], list[Notice]] = defaultdict(list)
        for row in rows:
            chains[order_of(row)].append(row)
        for row in rows:
            self._place(row, chains[order_of(row)])

    def go(self) -> Iterator[tuple[int, tuple[Notice, ...]]]:
        """Return the messages, numbered."""
        return enumerate(map(tuple, self._messages.values()))

    def _place(self, row: Notice, chain: Sequence[Notice]) -> None:
        """Put a row, and what goes with it, where it goes; nowhere when it has to stay."""
        ahead = self._ahead.get(order_of(row))
        is_bound = row.batch is not None or row.is_unsure
        if ahead is not None:
            self._follow(row, ahead, is_bound=is_bound)
        elif is_bound or row.kind in UNPACED:
            self._send(row)
        elif self._singles:
            self._singles -= 1
            for part in _with_end(row, chain):
                self._send(part)
        else:
            self._gather(row)

    def _follow(self, row: Notice, ahead: str, *, is_bound: bool) -> None:
        """Go with what is ahead in the same order, or wait until that has gone."""
        digest = self._waiting
        takes_more = digest is not None and digest.key == ahead and self._size < self._pace.most
        if is_bound and row.message_key == ahead:
            self._send(row)
        elif takes_more and not is_bound:
            self._gather(row)

    def _send(self, row: Notice) -> None:
        self._ahead[order_of(row)] = row.message_key
        self._messages[row.message_key].append(row)

    def _gather(self, row: Notice) -> None:
        digest = self._waiting
        if digest is None or self._size >= self._pace.most:
            self._waiting = digest = self._begin_digest(row)
            self._size = 0
        self._size += 1
        bound = replace(row, batch=digest.key, due_at=digest.due_at)
        self._ahead[order_of(row)] = digest.key
        self.wait.append(bound)
        if self._goes_now(digest):
            self._messages[digest.key].append(bound)

    def _begin_digest(self, first: Notice) -> Waiting:
        before = self._waiting.due_at if self._waiting else self._digest_at
        soonest = self._now + self._pace.gather
        due_at = soonest if before is None else max(soonest, before + self._pace.window)
        # The fence, so that a row which comes back never begins the same digest again.
        return Waiting(key=f"{DIGEST}{first.id}/{first.fence}", due_at=due_at, size=0)

    def _goes_now(self, digest: Waiting | None) -> bool:
        return digest is not None and digest.due_at <= self._now


def _with_end(row: Notice, chain: Sequence[Notice]) -> list[Notice]:
    """Return a row with all up to the end of its incident, when that can be told as well.

    One that may have arrived stays alone: merged, it would come again under another Message-ID,
    and the mail would say that nobody was told.
    """
    about = list(
        takewhile(
            lambda one: one.incident_id == row.incident_id and not (one.batch or one.is_unsure),
            chain[chain.index(row) :],
        )
    )
    end = next((at for at, one in enumerate(about) if one.kind in ENDS), 0)
    if row.kind not in BEGINS or not end:
        return [row]
    return [replace(one, batch=about[end].key) for one in about[: end + 1]]
