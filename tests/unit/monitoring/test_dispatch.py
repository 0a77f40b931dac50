"""Messages owed are handed over at least once, and marked after they were accepted."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from allgreen.domain.commands import RemoveRecipient
from allgreen.domain.identity import OutboxId, RecipientId
from allgreen.domain.notice import Channel, Notice, NoticeKind, NoticeState
from allgreen.errors import (
    DeliveryDelayedError,
    DeliveryRefusedError,
    StorageUnavailableError,
)
from allgreen.monitoring.dispatch import Dispatcher, DispatchOptions
from allgreen.ports import Accepted, Gate, Notifier, open_gate
from allgreen.storage.memory import MemoryUnitOfWork
from allgreen.testing import RECIPIENT, RecordingNotifier, a_notice, a_recipient, outcomes
from tests.unit.monitoring.scene import Scene, hints, until

ELSA = RecipientId("0198c000-0000-7000-8000-0000000000bb")
QUICK = DispatchOptions(
    lease_for=timedelta(seconds=120),
    poll=timedelta(milliseconds=1),
    drain_for=timedelta(milliseconds=50),
)


class HangingNotifier(Notifier):
    """Hangs for one recipient until it is let go."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.gate = asyncio.Event()
        self.sent: list[str] = []

    async def send(self, notice: Notice, gate: Gate = open_gate) -> Accepted:
        """Hang, or accept."""
        if notice.address == self.address:
            await self.gate.wait()
        self.sent.append(notice.address)
        return Accepted()


class HangingDomain(Notifier):
    """Hangs for everybody at one mail domain."""

    def __init__(self, domain: str) -> None:
        self._domain = domain
        self.sent: list[str] = []

    async def send(self, notice: Notice, gate: Gate = open_gate) -> Accepted:
        """Hang, or accept."""
        if notice.address.endswith(self._domain):
            await asyncio.Event().wait()
        self.sent.append(notice.address)
        return Accepted()


class KilledError(BaseException):
    """The process ends here: nothing after it runs."""


def _dispatcher(
    scene: Scene,
    notifier: Notifier | None = None,
    *,
    notifiers: Mapping[Channel, Notifier] | None = None,
    options: DispatchOptions = QUICK,
) -> Dispatcher:
    chosen = {Channel.EMAIL: notifier} if notifier else (notifiers or {})
    return Dispatcher(
        unit_of_work=scene.storage.unit_of_work,
        notifiers=chosen,
        clock=scene.clock,
        broker=scene.broker,
        jitter=lambda: 0.0,
        options=options,
    )


async def _deliver_all(dispatcher: Dispatcher) -> None:
    for notice in await dispatcher.lease():
        await dispatcher.deliver(notice)


async def _state(scene: Scene) -> tuple[NoticeState, int, str]:
    (notice,) = await scene.owed()
    return notice.state, notice.attempt, notice.last_error


@pytest.fixture
async def scene() -> Scene:
    """A service that is down, and one recipient who is to be told."""
    scene = Scene()
    await scene.watch()
    await scene.runs(outcomes("offf"))
    return scene


async def test_an_accepted_message_is_marked_as_sent(scene: Scene) -> None:
    notifier = RecordingNotifier()

    await _deliver_all(_dispatcher(scene, notifier))

    assert [notice.kind for notice in notifier.sent] == [NoticeKind.DOWN]
    assert (await _state(scene))[0] is NoticeState.SENT


async def test_a_delayed_message_is_tried_again_after_ten_seconds(scene: Scene) -> None:
    notifier = RecordingNotifier(DeliveryDelayedError("421 try later"))
    dispatcher = _dispatcher(scene, notifier)

    await _deliver_all(dispatcher)
    state = await _state(scene)
    at_once = await dispatcher.lease()
    scene.clock.advance(timedelta(seconds=10))
    await _deliver_all(dispatcher)

    assert state == (NoticeState.PENDING, 2, "421 try later")
    assert at_once == []
    assert [notice.attempt for notice in notifier.tried] == [1, 2]
    assert (await _state(scene))[0] is NoticeState.SENT


async def test_a_refused_message_is_dead_and_says_why(scene: Scene) -> None:
    notifier = RecordingNotifier(DeliveryRefusedError("550 no such mailbox"))

    await _deliver_all(_dispatcher(scene, notifier))

    state, _, error = await _state(scene)
    assert (state, error) == (NoticeState.DEAD, "550 no such mailbox")


async def test_after_three_days_a_message_is_given_up(scene: Scene) -> None:
    scene.clock.advance(timedelta(hours=72))

    await _deliver_all(_dispatcher(scene, RecordingNotifier(DeliveryDelayedError("421"))))

    assert (await _state(scene))[0] is NoticeState.DEAD


async def test_a_message_that_cannot_be_made_waits_and_is_logged(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    await _deliver_all(_dispatcher(scene, RecordingNotifier(KeyError("service_name"))))

    state, _, error = await _state(scene)
    assert state is NoticeState.PENDING
    assert "service_name" not in error
    assert "service_name" in caplog.text


async def test_a_channel_that_is_not_set_up_keeps_its_messages(scene: Scene) -> None:
    await _deliver_all(_dispatcher(scene, notifiers={}))

    state, _, error = await _state(scene)
    assert (state, error) == (NoticeState.PENDING, "The channel email is not set up.")


async def test_an_attempt_that_hangs_is_ended_and_made_again(scene: Scene) -> None:
    options = DispatchOptions(send_for=timedelta(milliseconds=1))
    dispatcher = _dispatcher(scene, HangingNotifier("mara@example.org"), options=options)

    await _deliver_all(dispatcher)

    state, _, error = await _state(scene)
    assert (state, error) == (NoticeState.PENDING, "The channel did not answer in time.")


async def test_after_a_crash_the_same_message_is_sent_again_with_the_next_attempt(
    scene: Scene,
) -> None:
    class KilledAfterAcceptance(Notifier):
        async def send(self, notice: Notice, gate: Gate = open_gate) -> Accepted:
            before.append(notice)
            raise KilledError

    before: list[Notice] = []
    killed = _dispatcher(scene, KilledAfterAcceptance())
    (leased,) = await killed.lease()
    with pytest.raises(KilledError):
        await killed.deliver(leased)

    await scene.ask(lambda uow: uow.outbox.void_leases())
    notifier = RecordingNotifier()
    await _deliver_all(_dispatcher(scene, notifier))

    (first,), (again,) = before, notifier.sent
    assert (first.attempt, again.attempt) == (1, 2)
    assert first.message_id("example.org") == again.message_id("example.org")
    assert first.event == again.event


async def test_the_attempt_is_committed_before_the_message_goes(scene: Scene) -> None:
    class Looking(Notifier):
        async def send(self, notice: Notice, gate: Gate = open_gate) -> Accepted:
            seen.append(await _state(scene))
            return Accepted()

    seen: list[tuple[NoticeState, int, str]] = []

    await _deliver_all(_dispatcher(scene, Looking()))

    assert seen == [(NoticeState.LEASED, 2, "")]


async def test_a_message_that_somebody_else_took_over_is_marked_by_them_only(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    slow, quick = RecordingNotifier(DeliveryDelayedError("421")), RecordingNotifier()
    (lost,) = await _dispatcher(scene, slow).lease()
    scene.clock.advance(timedelta(minutes=3))
    await _deliver_all(_dispatcher(scene, quick))

    await _dispatcher(scene, slow).deliver(lost)

    assert (await _state(scene))[0] is NoticeState.SENT
    assert [notice.attempt for notice in quick.sent] == [2]
    assert "marked by somebody else" in caplog.text


async def test_a_late_mark_does_not_overwrite_a_newer_one(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    class LosingItsLease(Notifier):
        async def send(self, notice: Notice, gate: Gate = open_gate) -> Accepted:
            scene.clock.advance(timedelta(minutes=3))
            await _deliver_all(_dispatcher(scene, RecordingNotifier()))
            raise DeliveryRefusedError("550")

    await _deliver_all(_dispatcher(scene, LosingItsLease()))

    assert (await _state(scene))[0] is NoticeState.SENT
    assert "marked by somebody else" in caplog.text


async def test_one_who_left_before_the_lease_gets_nothing(scene: Scene) -> None:
    notifier = RecordingNotifier()
    await scene.handle(RemoveRecipient(recipient_id=RECIPIENT, at=scene.now))

    await _deliver_all(_dispatcher(scene, notifier))

    assert notifier.tried == []


async def test_screens_hear_of_a_delivery(scene: Scene) -> None:
    dispatcher = _dispatcher(scene, RecordingNotifier())

    heard = await hints(scene.broker, lambda: _deliver_all(dispatcher))

    assert [hint.kind for hint in heard] == ["delivery"]


async def test_a_message_without_a_workspace_is_sent_as_well(scene: Scene) -> None:
    notice = replace(
        a_notice(NoticeKind.VERIFY_EMAIL, key="verify/1", created_at=scene.now), workspace_id=None
    )
    await scene.ask(lambda uow: uow.outbox.add([notice]))
    notifier = RecordingNotifier()

    await _deliver_all(_dispatcher(scene, notifier))
    await _deliver_all(_dispatcher(scene, notifier))

    assert NoticeKind.VERIFY_EMAIL in [sent.kind for sent in notifier.sent]


async def test_a_storage_that_fails_after_acceptance_is_waited_for(scene: Scene) -> None:
    failures = [StorageUnavailableError("gone")]

    class Unlucky(Notifier):
        async def send(self, notice: Notice, gate: Gate = open_gate) -> Accepted:
            broken.append(notice)
            return Accepted()

    broken: list[Notice] = []

    def unit_of_work() -> MemoryUnitOfWork:
        if broken and failures:
            raise failures.pop()
        return scene.storage.unit_of_work()

    dispatcher = Dispatcher(
        unit_of_work=unit_of_work,
        notifiers={Channel.EMAIL: Unlucky()},
        clock=scene.clock,
        broker=scene.broker,
        jitter=lambda: 0.0,
        options=DispatchOptions(
            send_for=timedelta(seconds=1), mark_again_after=timedelta(milliseconds=1)
        ),
    )

    await _deliver_all(dispatcher)

    assert (await _state(scene))[0] is NoticeState.SENT
    assert len(broken) == 1


# The loop -----------------------------------------------------------------------------------------


async def test_one_recipient_that_hangs_delays_nobody_else() -> None:
    scene = Scene()
    elsa = a_recipient("elsa@example.org", id=ELSA)
    await scene.watch(recipients=[a_recipient(), elsa])
    await scene.runs(outcomes("offf"))
    notifier, stop = HangingNotifier("mara@example.org"), asyncio.Event()
    running = asyncio.create_task(_dispatcher(scene, notifier).run(stop))

    async def others_are_told() -> bool:
        return notifier.sent == ["elsa@example.org"]

    await until(others_are_told)
    notifier.gate.set()
    stop.set()
    await running

    assert notifier.sent == ["elsa@example.org", "mara@example.org"]


async def test_down_and_up_go_one_after_the_other(scene: Scene) -> None:
    notifier, stop = RecordingNotifier(), asyncio.Event()
    dispatcher = _dispatcher(scene, notifier)
    (down,) = await dispatcher.lease()
    await scene.runs(outcomes("o"))
    running = asyncio.create_task(dispatcher.run(stop))
    await dispatcher.deliver(down)

    async def both_are_sent() -> bool:
        return len(notifier.sent) == 2

    await until(both_are_sent)
    stop.set()
    await running

    assert [notice.kind for notice in notifier.sent] == [NoticeKind.DOWN, NoticeKind.UP]


async def test_the_doorbell_wakes_a_dispatcher_that_waits() -> None:
    scene = Scene()
    await scene.watch()
    notifier, stop = RecordingNotifier(), asyncio.Event()
    options = DispatchOptions(poll=timedelta(hours=1), drain_for=timedelta(seconds=1))
    dispatcher = _dispatcher(scene, notifier, options=options)
    running = asyncio.create_task(dispatcher.run(stop))
    for _ in range(50):  # it looks, finds nothing and waits
        await asyncio.sleep(0)
    await scene.runs(outcomes("offf"))

    dispatcher.wake()

    async def is_sent() -> bool:
        return len(notifier.sent) == 1

    await until(is_sent)
    stop.set()
    await running


async def test_no_more_messages_go_at_once_than_are_allowed() -> None:
    scene = Scene()
    ids = [RecipientId(f"0198c000-0000-7000-8000-0000000001{n:02}") for n in range(9)]
    await scene.watch(recipients=[a_recipient("mara@example.org", id=one) for one in ids])
    await scene.runs(outcomes("offf"))
    notifier, stop = HangingNotifier("mara@example.org"), asyncio.Event()
    options = DispatchOptions(
        concurrency=2, poll=timedelta(milliseconds=1), drain_for=timedelta(milliseconds=50)
    )
    dispatcher = _dispatcher(scene, notifier, options=options)
    running = asyncio.create_task(dispatcher.run(stop))

    async def two_are_leased() -> bool:
        states = [notice.state for notice in await scene.owed()]
        return states.count(NoticeState.LEASED) == 2

    await until(two_are_leased)
    assert await dispatcher.lease() == []
    notifier.gate.set()
    stop.set()
    await running


async def test_what_still_hangs_at_the_end_is_left_for_the_next_start(scene: Scene) -> None:
    notifier, stop = HangingNotifier("mara@example.org"), asyncio.Event()
    running = asyncio.create_task(_dispatcher(scene, notifier).run(stop))

    async def is_leased() -> bool:
        return (await _state(scene))[:2] == (NoticeState.LEASED, 2)

    await until(is_leased)
    stop.set()
    await running

    assert notifier.sent == []
    assert (await _state(scene))[0] is NoticeState.LEASED


# What may have arrived ------------------------------------------------------------------------------


class Losing(Notifier):
    """Takes a message behind the gate, and then fails."""

    def __init__(self, failure: Exception | None = None, *, enters: bool = True) -> None:
        self._failure = failure
        self._enters = enters

    async def send(self, notice: Notice, gate: Gate = open_gate) -> Accepted:
        if self._enters:
            await gate()
        if self._failure is not None:
            raise self._failure
        await asyncio.Event().wait()
        raise AssertionError("nobody sets this event")


@pytest.mark.parametrize("failure", [None, KeyError("x")], ids=["hangs", "breaks"])
@pytest.mark.parametrize("enters", [True, False], ids=["handed over", "not handed over"])
async def test_what_was_handed_over_without_an_answer_may_have_arrived(
    scene: Scene, failure: Exception | None, enters: bool
) -> None:
    options = DispatchOptions(send_for=timedelta(milliseconds=1))
    dispatcher = _dispatcher(scene, Losing(failure, enters=enters), options=options)

    await _deliver_all(dispatcher)

    (notice,) = await scene.owed()
    assert (notice.state, notice.is_unsure) == (NoticeState.PENDING, enters)


async def test_an_outage_that_is_over_goes_with_its_end(scene: Scene) -> None:
    await scene.runs(outcomes("o"))
    notifier = RecordingNotifier()

    heard = await hints(scene.broker, lambda: _deliver_all(_dispatcher(scene, notifier)))

    (message,) = notifier.sent
    assert [row.kind for row in message.rows] == [NoticeKind.DOWN, NoticeKind.UP]
    assert {notice.state for notice in await scene.owed()} == {NoticeState.SENT}
    assert len(heard) == 1


async def test_only_what_is_too_old_of_a_message_is_given_up(scene: Scene) -> None:
    scene.clock.advance(timedelta(hours=72))
    await scene.runs(outcomes("o"))
    notifier = RecordingNotifier(DeliveryDelayedError("421"))

    await _deliver_all(_dispatcher(scene, notifier))

    assert [(one.kind, one.state) for one in await scene.owed()] == [
        (NoticeKind.DOWN, NoticeState.DEAD)
    ]


# Who hangs ------------------------------------------------------------------------------------------


async def _begin(dispatcher: Dispatcher, stop: asyncio.Event) -> asyncio.Task[None]:
    running = asyncio.create_task(dispatcher.run(stop))
    await asyncio.sleep(0)
    return running


def _to(*addresses: str) -> list[Notice]:
    return [
        replace(
            a_notice(NoticeKind.VERIFY_EMAIL, key=f"key {at}", address=address),
            id=OutboxId(f"notice-{at:03}"),
            recipient_id=None,
        )
        for at, address in enumerate(addresses)
    ]


async def test_one_who_hangs_gets_nothing_more_and_takes_no_place() -> None:
    scene = Scene()
    notifier, stop = HangingNotifier("hangs@a.example"), asyncio.Event()
    options = replace(QUICK, concurrency=1)
    dispatcher = _dispatcher(scene, notifier, options=options)
    due = _to("hangs@a.example", "hangs@a.example", "ola@a.example")
    await scene.ask(lambda uow: uow.outbox.add(due))
    running = await _begin(dispatcher, stop)

    async def one_hangs() -> bool:
        return len(dispatcher.in_flight) == 1

    async def the_other_is_told() -> bool:
        return dispatcher.in_flight == ["hangs@a.example"] and bool(notifier.sent)

    await until(one_hangs)
    scene.clock.advance(options.slow_after)
    await until(the_other_is_told)

    assert notifier.sent == ["ola@a.example"]
    notifier.gate.set()
    stop.set()
    await running


async def test_a_domain_of_which_many_hang_gets_nothing_more() -> None:
    scene = Scene()
    notifier, stop = HangingDomain("a.example"), asyncio.Event()
    options = replace(QUICK, concurrency=2, most_of_domain=2, most=9)
    dispatcher = _dispatcher(scene, notifier, options=options)
    due = _to("1@a.example", "2@a.example", "3@a.example", "ola@b.example")
    await scene.ask(lambda uow: uow.outbox.add(due))
    running = await _begin(dispatcher, stop)

    async def two_hang() -> bool:
        return len(dispatcher.in_flight) == 2

    async def the_other_is_told() -> bool:
        return len(dispatcher.in_flight) == 2 and bool(notifier.sent)

    await until(two_hang)
    scene.clock.advance(options.slow_after)
    await until(the_other_is_told)

    assert notifier.sent == ["ola@b.example"]
    assert sorted(dispatcher.in_flight) == ["1@a.example", "2@a.example"]
    stop.set()
    await running


async def test_no_more_hang_at_once_than_are_allowed() -> None:
    scene = Scene()
    notifier, stop = HangingDomain("a.example"), asyncio.Event()
    options = replace(QUICK, concurrency=2, most_of_domain=9, most=3)
    dispatcher = _dispatcher(scene, notifier, options=options)
    await scene.ask(lambda uow: uow.outbox.add(_to(*(f"{n}@a.example" for n in range(9)))))
    running = await _begin(dispatcher, stop)

    async def three_hang() -> bool:
        scene.clock.advance(options.slow_after)
        return len(dispatcher.in_flight) == 3

    await until(three_hang)
    assert await dispatcher.lease() == []
    stop.set()
    await running
