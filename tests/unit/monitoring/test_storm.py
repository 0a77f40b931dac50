"""Everything fails at once, and the channel does what it likes: nobody drowns, nothing is lost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allgreen.domain.identity import IncidentId, OutboxId, RecipientId, ServiceId
from allgreen.domain.notice import GIVE_UP_AFTER, Channel, Notice, NoticeKind, NoticeState
from allgreen.errors import DeliveryDelayedError, DeliveryRefusedError
from allgreen.monitoring.dispatch import Dispatcher, DispatchOptions
from allgreen.ports import Accepted, Gate, Notifier, open_gate
from allgreen.storage.memory import MemoryStorage
from allgreen.testing import MINUTE, NOON, FakeClock, a_notice
from allgreen.transports.local import LocalEventBroker

WINDOW = 5 * MINUTE
ENDED = {NoticeState.SENT, NoticeState.DEAD, NoticeState.CANCELLED}


class KilledError(BaseException):
    """The process ends here: nothing after it runs."""


@dataclass
class Whims(Notifier):
    """A channel that does what it likes, in turn, and then accepts for ever.

    Attributes:
        whims: ``ok``, ``later``, ``never``, ``lost`` (taken, and the answer lost), ``kill before``
            and ``kill after`` it was taken.
        taken: What lies in the mailboxes, with the moment.
    """

    clock: FakeClock
    whims: list[str] = field(default_factory=list)
    taken: list[tuple[datetime, Notice]] = field(default_factory=list)

    async def send(self, notice: Notice, gate: Gate = open_gate) -> Accepted:
        whim = self.whims.pop(0) if self.whims else "ok"
        await gate()
        if whim == "later":
            raise DeliveryDelayedError("421 later")
        if whim == "never":
            raise DeliveryRefusedError("550 never")
        if whim == "kill before":
            raise KilledError
        self.taken.append((self.clock.now(), notice))
        if whim == "lost":
            raise DeliveryDelayedError("cut off", is_unsure=True)
        if whim == "kill after":
            raise KilledError
        return Accepted()


class Town:
    """Messages owed to many people, and a dispatcher that lives as often as it must."""

    def __init__(self, whims: Iterable[str] = ()) -> None:
        self.clock = FakeClock()
        self.post = Whims(self.clock, list(whims))
        self._storage = MemoryStorage()
        self._dispatcher = Dispatcher(
            unit_of_work=self._storage.unit_of_work,
            notifiers={Channel.EMAIL: self.post},
            clock=self.clock,
            broker=LocalEventBroker(),
            jitter=lambda: 0.5,
            options=DispatchOptions(concurrency=50),
        )

    async def owe(self, notices: Iterable[Notice]) -> None:
        async with self._storage.unit_of_work() as uow:
            await uow.outbox.add(notices)
            await uow.commit()

    async def pass_time(self, length: timedelta, *, step: timedelta) -> None:
        """Send what is due, look again after each step, and start anew when killed."""
        end = self.clock.now() + length
        while self.clock.now() < end:
            try:
                await self._send_all()
            except KilledError:
                async with self._storage.unit_of_work() as uow:
                    await uow.outbox.void_leases()
                    await uow.commit()
            self.clock.advance(step)

    async def rows(self, incidents: Iterable[str]) -> list[Notice]:
        async with self._storage.unit_of_work() as uow:
            return [row for one in incidents for row in await uow.outbox.about(IncidentId(one))]

    async def _send_all(self) -> None:
        while leased := await self._dispatcher.lease():
            for notice in leased:
                await self._dispatcher.deliver(notice)


def about(service: int, to: str, kind: NoticeKind = NoticeKind.DOWN, *, seq: int = 1) -> Notice:
    """Return a message about the only incident of a service."""
    return replace(
        a_notice(kind, address=to, fence=0),
        id=OutboxId(f"{service:05}/{to}/{kind}/{seq}"),
        key=f"incident-{service}/{kind}/{seq}/{to}/email",
        service_id=ServiceId(f"service-{service}"),
        incident_id=IncidentId(f"incident-{service}"),
        recipient_id=RecipientId(f"{service}/{to}"),
    )


@pytest.mark.timeout(300)  # forty thousand rows, in memory that copies its tables
@pytest.mark.parametrize("workspaces", [50, 1], ids=["50 lists", "one list"])
async def test_ten_thousand_services_fail_in_the_same_second(workspaces: int) -> None:
    town = Town()
    lists = {n: [f"reader-{r}@w{n}.example" for r in range(4)] for n in range(workspaces)}
    services = 10_000 if workspaces > 1 else 1_000

    await town.owe(about(n, to) for n in range(services) for to in lists[n % workspaces])
    await town.pass_time(7 * MINUTE, step=timedelta(seconds=30))

    assert len(town.post.taken) <= 2_000
    told: dict[str, set[str | None]] = defaultdict(set)
    for _, message in town.post.taken:
        told[message.address] |= {row.incident_id for row in message.rows}
    for n, readers in lists.items():
        owed = {f"incident-{service}" for service in range(services) if service % workspaces == n}
        assert all(told[reader] == owed for reader in readers)
    _assert_pace(town.post.taken)
    at, first = town.post.taken[0]
    assert (at, first.parts) == (NOON, ())


WHIMS = st.sampled_from(["ok", "later", "later", "never", "lost", "kill before", "kill after"])
EVENTS = st.lists(
    st.tuples(
        st.integers(0, 12),
        st.sampled_from(["mara@example.org", "ola@example.org"]),
        st.integers(0, 20),
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(events=EVENTS, whims=st.lists(WHIMS, max_size=60))
async def test_whatever_the_channel_does_every_message_ends(
    events: list[tuple[int, str, int]], whims: list[str]
) -> None:
    town = Town(whims)
    owed: dict[tuple[int, str], int] = defaultdict(int)

    for service, to, minutes in events:
        turn = owed[service, to]
        kind = NoticeKind.UP if turn % 2 else NoticeKind.DOWN
        notice = about(service, to, kind, seq=turn // 2 + 1)
        now = town.clock.now()
        await town.owe([replace(notice, created_at=now, due_at=now)])
        owed[service, to] += 1
        await town.pass_time(minutes * MINUTE, step=MINUTE)
    await town.pass_time(timedelta(hours=3), step=MINUTE)

    rows = await town.rows({f"incident-{service}" for service, _ in owed})
    assert {row.state for row in rows} <= ENDED
    taken = {row.id for _, message in town.post.taken for row in message.rows}
    assert {row.id for row in rows if row.state is NoticeState.SENT} <= taken
    _assert_one_story(town.post.taken)


async def test_a_channel_that_never_accepts_loses_nothing_and_ends_after_three_days() -> None:
    town = Town(["later"] * 100_000)
    people = ["mara@example.org", "ola@example.org"]

    await town.owe(about(n, to) for n in range(9) for to in people)
    await town.pass_time(GIVE_UP_AFTER, step=5 * MINUTE)

    rows = await town.rows(f"incident-{n}" for n in range(9))
    assert len(rows) == 18
    assert {row.state for row in rows} == {NoticeState.DEAD}


def _assert_pace(taken: Sequence[tuple[datetime, Notice]]) -> None:
    """Hold each address to five messages of its own and one digest in five minutes."""
    mails: dict[str, list[tuple[datetime, Notice]]] = defaultdict(list)
    for at, message in taken:
        mails[message.address].append((at, message))
    for of_one in mails.values():
        singles = [at for at, message in of_one if message.kind is not NoticeKind.DIGEST]
        digests = [at for at, message in of_one if message.kind is NoticeKind.DIGEST]
        assert all(sum(at <= one < at + WINDOW for one in singles) <= 5 for at in singles)
        assert all(later - earlier >= WINDOW for earlier, later in pairwise(digests))


def _assert_one_story(taken: Sequence[tuple[datetime, Notice]]) -> None:
    """Hold what lies in the mailboxes to: each fact in one mail, copies alike, all in order."""
    mails: dict[str, Notice] = {}
    for _, message in taken:
        first = mails.setdefault(message.key, message)
        assert {row.id for row in message.rows} <= {row.id for row in first.rows}
    told = [row for message in mails.values() for row in message.rows]
    assert len({row.id for row in told}) == len(told)
    stories: dict[object, list[NoticeKind]] = defaultdict(list)
    for row in told:
        stories[row.recipient_id].append(row.kind)
    for story in stories.values():
        begins = [at for at, kind in enumerate(story) if kind is NoticeKind.DOWN]
        assert all(later - earlier >= 1 for earlier, later in pairwise(begins))
