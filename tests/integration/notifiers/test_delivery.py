"""Outbox, dispatcher, mail and a mail server that misbehaves, together."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

from allgreen.domain.identity import IncidentId, OutboxId, RecipientId, ServiceId
from allgreen.domain.mailing import PACE
from allgreen.domain.notice import Channel, Notice, NoticeKind, NoticeState
from allgreen.monitoring.dispatch import Dispatcher, DispatchOptions
from allgreen.notifiers.email import EmailNotifier
from allgreen.storage.memory import MemoryStorage
from allgreen.testing import FakeClock
from allgreen.transports.local import LocalEventBroker
from tests import mail
from tests.letters import AT, LINKS, a_notice
from tests.mail import ReceivedMail, SmtpServer, SmtpSink
from tests.services import free_port

WITHIN_S = 5.0


class Outbox:
    """Messages owed, and the dispatcher that sends them to one mail server."""

    def __init__(self, port: int) -> None:
        self.clock = FakeClock(AT)
        self._storage = MemoryStorage()
        self._broker = LocalEventBroker()
        notifier = EmailNotifier(
            f"smtp://127.0.0.1:{port}",
            public_url="https://allgreen.example",
            links=lambda notice: LINKS,
            clock=self.clock,
        )
        self._dispatcher = Dispatcher(
            unit_of_work=self._storage.unit_of_work,
            notifiers={Channel.EMAIL: notifier},
            clock=self.clock,
            broker=self._broker,
            jitter=lambda: 0.0,
        )

    async def owe(self, notices: Iterable[Notice]) -> None:
        async with self._storage.unit_of_work() as uow:
            await uow.outbox.add(notices)
            await uow.commit()
        self._dispatcher.wake()

    def advance(self, by: timedelta) -> None:
        self.clock.advance(by)
        self._dispatcher.wake()

    async def wait_for_ends(self, end: NoticeState, count: int) -> None:
        async with asyncio.timeout(WITHIN_S), self._broker.subscribe() as doorbell:
            while self._dispatcher.ends[end] < count:
                await doorbell.next()

    @asynccontextmanager
    async def sending(self) -> AsyncIterator[None]:
        stop = asyncio.Event()
        running = asyncio.create_task(self._dispatcher.run(stop))
        yield
        stop.set()
        running.cancel()
        await asyncio.wait([running])


def to(person: int, kind: NoticeKind = NoticeKind.DOWN) -> Notice:
    """Return a notice to one of many people."""
    return replace(
        a_notice(kind),
        id=OutboxId(f"{person:03}-{kind}"),
        key=f"incident-1/{kind}/1/{person}/email",
        service_id=ServiceId("service-1"),
        recipient_id=RecipientId(f"recipient-{person}"),
        address=f"person{person}@nordlys.example",
    )


def of_service(number: int) -> Notice:
    """Return a notice about one of many services to the same person."""
    return replace(
        a_notice(service_name=f"Service {number}"),
        id=OutboxId(f"outbox-{number}"),
        key=f"incident-{number}/down/1/recipient-{number}/email",
        service_id=ServiceId(f"service-{number}"),
        incident_id=IncidentId(f"incident-{number}"),
        recipient_id=RecipientId(f"recipient-{number}"),
    )


async def received(sink: SmtpSink, count: int) -> list[ReceivedMail]:
    return await asyncio.to_thread(sink.wait_for_mails, count, within_s=WITHIN_S)


async def test_a_recipient_that_hangs_delays_nobody_else(smtp_sink: SmtpSink) -> None:
    smtp_sink.script(mail.HANG)
    outbox = Outbox(smtp_sink.port)

    async with outbox.sending():
        await outbox.owe([to(0)])
        await asyncio.to_thread(smtp_sink.wait_for_attempts, 1, within_s=WITHIN_S)
        await outbox.owe(to(person) for person in range(1, 31))
        mails = await received(smtp_sink, 30)

    assert {one.recipients for one in mails} == {
        (f"person{n}@nordlys.example",) for n in range(1, 31)
    }


async def test_outages_that_waited_for_the_server_are_told_late_and_whole() -> None:
    server = SmtpServer()
    outbox = Outbox(port := free_port())

    async with outbox.sending():
        await outbox.owe(
            to(n, kind) for n in range(25) for kind in (NoticeKind.DOWN, NoticeKind.UP)
        )
        await outbox.wait_for_ends(NoticeState.PENDING, 25)
        sink = server.start(port)
        outbox.advance(timedelta(hours=6))
        mails = await received(sink, 25)
        await outbox.wait_for_ends(NoticeState.SENT, 25)
    server.stop()

    assert {one.recipients for one in mails} == {(f"person{n}@nordlys.example",) for n in range(25)}
    for one in mails:
        assert one.message["Subject"] == (
            "Late: Payments webhook was down from 23:18 to 23:30 UTC on 17 April"
        )
        assert one.message["X-Allgreen-Tells"] == "incident-1/down incident-1/up"
        assert "The mail server did not take it from 23:18 UTC on 17 April to 05:18" in one.text


async def test_a_domain_that_hangs_delays_nobody_else(smtp_sink: SmtpSink) -> None:
    for person in range(40):
        smtp_sink.treat(to(person).address, mail.HANG)
    outbox = Outbox(smtp_sink.port)
    others = [replace(to(n), address=f"ola{n}@fjord.example") for n in range(100, 110)]

    async with outbox.sending():
        await outbox.owe(to(person) for person in range(40))
        await asyncio.to_thread(smtp_sink.wait_for_attempts, 20, within_s=WITHIN_S)
        outbox.advance(DispatchOptions().slow_after)
        await outbox.owe(others)
        mails = await received(smtp_sink, 10)

    assert {one.recipients[0].partition("@")[2] for one in mails} == {"fjord.example"}


async def test_a_storm_is_told_in_five_mails_and_a_digest(smtp_sink: SmtpSink) -> None:
    outbox = Outbox(smtp_sink.port)

    async with outbox.sending():
        await outbox.owe(of_service(n) for n in range(200))
        await outbox.wait_for_ends(NoticeState.SENT, 5)
        outbox.advance(PACE.gather)
        *singles, digest = await received(smtp_sink, 6)

    assert len(singles) == 5
    assert digest.message["X-Allgreen-Event"] == "incident-5/digest"
    assert digest.message["Subject"] == (
        "195 services are down: Service 5, Service 6, Service 7 and 192 more"
    )
    names = [f"Service {n}" for n in range(5, 200)]
    assert [name for name in names if name not in digest.text] == []
    assert [name for name in names if name not in digest.html] == []
    tells = str(digest.message["X-Allgreen-Tells"]).split()
    assert tells == [f"incident-{n}/down" for n in range(5, 200)]


async def test_a_lost_answer_sends_the_same_mail_again(smtp_sink: SmtpSink) -> None:
    smtp_sink.script(mail.DROP)
    outbox = Outbox(smtp_sink.port)

    async with outbox.sending():
        await outbox.owe([to(0)])
        await outbox.wait_for_ends(NoticeState.PENDING, 1)
        outbox.advance(timedelta(seconds=10))
        first, second = await received(smtp_sink, 2)

    assert first.message["Message-ID"] == second.message["Message-ID"]
    assert second.message["X-Allgreen-Attempt"] == "2"


async def test_not_now_is_asked_again_and_never_is_not(smtp_sink: SmtpSink) -> None:
    smtp_sink.script(mail.BUSY, mail.REFUSE)
    outbox = Outbox(smtp_sink.port)

    async with outbox.sending():
        await outbox.owe([to(0)])
        await outbox.wait_for_ends(NoticeState.PENDING, 1)
        await outbox.owe([to(1)])
        await outbox.wait_for_ends(NoticeState.DEAD, 1)
        outbox.advance(timedelta(hours=1))
        await outbox.wait_for_ends(NoticeState.SENT, 1)

    assert [one.recipients for one in smtp_sink.mails] == [("person0@nordlys.example",)]
    assert len(smtp_sink.attempts) == 3
