"""What letterboxes were sent lately, in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime

from allgreen.domain.mailing import Lately, Letterbox, Waiting, is_digest, is_single, letterbox_of
from allgreen.domain.notice import UNPACED, NoticeState
from allgreen.storage.memory.tables import Tables


def look_back(
    tables: Tables, letterboxes: Collection[Letterbox], since: datetime
) -> dict[Letterbox, Lately]:
    """Return what each of these letterboxes got after an instant, and which digest it waits for."""
    singles: Counter[Letterbox] = Counter()
    digests: dict[Letterbox, datetime] = {}
    waiting: dict[Letterbox, dict[str, tuple[datetime, int]]] = {one: {} for one in letterboxes}
    for owed in tables.owed.values():
        row, at, letterbox = owed.notice, owed.handed_at, letterbox_of(owed.notice)
        if letterbox not in waiting or row.kind in UNPACED:
            continue
        if at is not None and at > since and is_single(row):
            singles[letterbox] += 1
        elif at is not None and at > since and is_digest(row.batch):
            digests[letterbox] = max(at, digests.get(letterbox, at))
        if is_digest(row.batch) and row.state is NoticeState.PENDING and not row.is_unsure:
            waits = waiting[letterbox]
            _, size = waits.get(row.message_key, (row.due_at, 0))
            waits[row.message_key] = (row.due_at, size + 1)
    return {
        letterbox: Lately(
            singles=singles[letterbox],
            digest_at=digests.get(letterbox),
            waiting=_latest_digest(waiting[letterbox]),
        )
        for letterbox in letterboxes
    }


def _latest_digest(waiting: Mapping[str, tuple[datetime, int]]) -> Waiting | None:
    """Return the digest that is due last, which can take more."""
    found = [Waiting(key=key, due_at=due_at, size=size) for key, (due_at, size) in waiting.items()]
    return max(found, key=lambda digest: digest.due_at, default=None)
