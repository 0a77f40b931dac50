"""Mail through a real SMTP server: what arrives, and what each answer of the server means."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
import trustme
from aiosmtpd.smtp import AuthResult
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allgreen.domain.mailing import PACE
from allgreen.domain.notice import NoticeKind
from allgreen.errors import DeliveryDelayedError, DeliveryRefusedError
from allgreen.notifiers.email import EmailNotifier, SmtpTimeouts
from allgreen.notifiers.stationery import LetterLinks
from allgreen.notifiers.wording import plain
from tests import mail
from tests.letters import AT, LINKS, StoppedClock, a_digest, a_message, a_notice
from tests.mail import SmtpServer, SmtpSink
from tests.services import free_port

HEADERS = [
    *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"),
    *("X-Allgreen-Event", "X-Allgreen-Attempt", "List-Unsubscribe", "List-Unsubscribe-Post"),
    *("MIME-Version", "Content-Type"),
]
SHORT = SmtpTimeouts(connect_s=0.5, command_s=0.5, accept_s=0.5, whole_s=2)


def a_notifier(
    address: str,
    *,
    links: LetterLinks = LINKS,
    timeouts: SmtpTimeouts | None = None,
    tls: ssl.SSLContext | None = None,
) -> EmailNotifier:
    return EmailNotifier(
        address,
        public_url="https://allgreen.example",
        links=lambda notice: links,
        clock=StoppedClock(),
        timeouts=timeouts,
        tls=tls,
    )


def to(
    sink: SmtpSink, *, links: LetterLinks = LINKS, timeouts: SmtpTimeouts | None = None
) -> EmailNotifier:
    return a_notifier(f"smtp://{sink.host}:{sink.port}", links=links, timeouts=timeouts)


async def test_mail_is_accepted_with_the_servers_own_answer(smtp_sink: SmtpSink) -> None:
    accepted = await to(smtp_sink).send(a_notice())

    assert accepted.answer == mail.ACCEPT
    assert len(smtp_sink.mails) == 1


async def test_mail_has_exactly_these_headers(smtp_sink: SmtpSink) -> None:
    notice = replace(a_notice(), attempt=3)

    await to(smtp_sink).send(notice)

    message = smtp_sink.mails[0].message
    assert _own_headers(message) == HEADERS
    assert message["From"] == "Allgreen <allgreen@allgreen.example>"
    assert message["To"] == "sofia@nordlys.example"
    assert message["Subject"] == "Payments webhook is down"
    assert message["Date"].datetime == AT + timedelta(seconds=1)
    assert message["Message-ID"] == notice.message_id("allgreen.example")
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Allgreen-Event"] == "incident-1/down"
    assert message["X-Allgreen-Attempt"] == "3"
    assert message["List-Unsubscribe"] == "<https://allgreen.example/leave/token>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message.get_content_type() == "multipart/alternative"


async def test_every_mail_has_one_recipient_and_names_no_other(smtp_sink: SmtpSink) -> None:
    notifier = to(smtp_sink)
    addresses = [f"person{number}@nordlys.example" for number in range(3)]

    for address in addresses:
        await notifier.send(replace(a_notice(), address=address))

    assert [received.recipients for received in smtp_sink.mails] == [(a,) for a in addresses]
    for received, address in zip(smtp_sink.mails, addresses, strict=True):
        whole = received.message.as_string()
        assert not any(other in whole for other in addresses if other != address)


async def test_every_attempt_has_the_same_message_id(smtp_sink: SmtpSink) -> None:
    notifier = to(smtp_sink)

    await notifier.send(a_notice())
    await notifier.send(replace(a_notice(), attempt=2))

    first, second = (received.message for received in smtp_sink.mails)
    assert first["Message-ID"] == second["Message-ID"]
    assert [first["X-Allgreen-Attempt"], second["X-Allgreen-Attempt"]] == ["1", "2"]


async def test_both_forms_arrive_whole(smtp_sink: SmtpSink) -> None:
    await to(smtp_sink).send(a_notice(service_name="Zahlung über Brücke 🚦"))

    received = smtp_sink.mails[0]
    assert received.message["Subject"] == "Zahlung über Brücke 🚦 is down"
    assert "Zahlung über Brücke 🚦 is down." in received.text
    assert "Zahlung über Brücke 🚦 is down." in received.html


async def test_a_mail_that_cannot_be_left_has_no_unsubscribe_header(smtp_sink: SmtpSink) -> None:
    await to(smtp_sink).send(a_notice(NoticeKind.VERIFY_EMAIL))

    message = smtp_sink.mails[0].message
    assert message["List-Unsubscribe"] is None
    assert message["List-Unsubscribe-Post"] is None


async def test_a_long_link_is_not_folded(smtp_sink: SmtpSink) -> None:
    leave = f"https://allgreen.example/leave/{'t' * 300}"

    await to(smtp_sink, links=LetterLinks(leave=leave)).send(a_notice())

    assert smtp_sink.mails[0].message["List-Unsubscribe"] == f"<{leave}>"


async def test_the_url_may_name_the_sender(smtp_sink: SmtpSink) -> None:
    address = f"smtp://{smtp_sink.host}:{smtp_sink.port}?from=watch@nordlys.example"

    await a_notifier(address).send(a_notice())

    received = smtp_sink.mails[0]
    assert received.sender == "watch@nordlys.example"
    assert received.message["Message-ID"].endswith("@nordlys.example>")


def test_no_name_changes_headers_or_recipients(smtp_sink: SmtpSink) -> None:
    notifier = to(smtp_sink)
    hostile = st.text(max_size=120) | st.sampled_from(
        [
            "a\r\nBcc: victim@x.example",
            "a\r\n\r\n<script>alert(1)</script>",
            "=?utf-8?q?=0D=0ABcc:_victim@x.example?=",
            "a@b.example, victim@x.example",
            "\u202egnp.exe",
            "\ud83d",
        ]
    )

    @settings(
        max_examples=300,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(service=hostile, workspace=hostile, message=hostile)
    def check(service: str, workspace: str, message: str) -> None:
        notice = a_notice(service_name=service, workspace_name=workspace, message=message)
        before = len(smtp_sink.attempts)

        asyncio.run(notifier.send(notice))

        received = smtp_sink.attempts[before:]
        assert [one.recipients for one in received] == [("sofia@nordlys.example",)]
        assert _own_headers(received[0].message) == HEADERS
        assert received[0].message["To"] == "sofia@nordlys.example"
        name = (plain(service, longest=80) or "A service").replace("=?", "= ?")
        assert received[0].message["Subject"] == f"{name} is down"

    check()


async def test_an_encoded_word_in_a_name_stays_text(smtp_sink: SmtpSink) -> None:
    await to(smtp_sink).send(a_notice(service_name="=?utf-8?q?=0D=0ABcc:_victim@x.example?="))

    message = smtp_sink.mails[0].message
    assert message["Subject"] == "= ?utf-8?q?=0D=0ABcc:_victim@x.example?= is down"
    assert message["Bcc"] is None


@pytest.mark.parametrize(
    "address",
    [
        "a@b.example, victim@x.example",
        "a@b.example\r\nRCPT TO:<victim@x.example>",
        "Sofia <a@b.example>",
        "a@b.example victim@x.example",
        '"a b"@b.example',
        "üser@b.example",
        "a@",
        "@b.example",
        "",
    ],
)
async def test_what_is_not_one_address_is_refused_before_it_is_sent(
    smtp_sink: SmtpSink, address: str
) -> None:
    with pytest.raises(DeliveryRefusedError, match="not one mail address"):
        await to(smtp_sink).send(replace(a_notice(), address=address))

    assert smtp_sink.attempts == []


async def test_a_domain_of_another_script_is_reached_by_its_dns_name(smtp_sink: SmtpSink) -> None:
    await to(smtp_sink).send(replace(a_notice(), address="sofia@brücke.example"))

    assert smtp_sink.mails[0].recipients == ("sofia@xn--brcke-lva.example",)


@pytest.mark.parametrize("answer", [mail.REFUSE, "554 5.7.1 Looks like spam", "552 Too large"])
async def test_a_final_no_is_final(smtp_sink: SmtpSink, answer: str) -> None:
    smtp_sink.script(answer)

    with pytest.raises(DeliveryRefusedError, match=f"refuses this mail: {answer}"):
        await to(smtp_sink).send(a_notice())


@pytest.mark.parametrize("answer", [mail.BUSY, "451 4.7.1 Greylisted", "452 Mailbox is full"])
async def test_not_now_is_tried_again(smtp_sink: SmtpSink, answer: str) -> None:
    smtp_sink.script(answer)

    with pytest.raises(DeliveryDelayedError, match=answer) as delayed:
        await to(smtp_sink).send(a_notice())

    assert not delayed.value.is_unsure


async def test_a_server_that_hangs_after_the_final_dot_delays(smtp_sink: SmtpSink) -> None:
    smtp_sink.script(mail.HANG)

    with pytest.raises(DeliveryDelayedError) as delayed:
        await to(smtp_sink, timeouts=SHORT).send(a_notice())

    assert delayed.value.is_unsure


async def test_the_gate_is_passed_right_before_the_mail_goes(smtp_sink: SmtpSink) -> None:
    class ClosedError(Exception):
        pass

    async def keep_closed() -> None:
        raise ClosedError

    with pytest.raises(ClosedError):
        await to(smtp_sink).send(a_notice(), keep_closed)

    assert smtp_sink.attempts == []


async def test_a_mail_that_stands_for_several_names_them(smtp_sink: SmtpSink) -> None:
    digest = a_message(NoticeKind.DIGEST)

    await to(smtp_sink).send(digest)

    message = smtp_sink.mails[0].message
    assert message["X-Allgreen-Event"] == "incident-0/digest"
    assert str(message["X-Allgreen-Tells"]).split() == [part.event for part in digest.parts]
    assert message["Message-ID"] == digest.message_id("allgreen.example")


async def test_a_digest_can_be_left_with_one_click(smtp_sink: SmtpSink) -> None:
    leave = "https://allgreen.example/leave/token"

    await to(smtp_sink, links=LetterLinks(leave=leave)).send(a_message(NoticeKind.DIGEST))

    message = smtp_sink.mails[0].message
    assert message["List-Unsubscribe"] == f"<{leave}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


async def test_the_largest_digest_is_written_and_taken(smtp_sink: SmtpSink) -> None:
    digest = a_digest(a_notice(service_name="S" * 80) for _ in range(PACE.most))

    await to(smtp_sink).send(digest)

    received = smtp_sink.mails[0]
    assert received.text.count("S" * 80) >= PACE.most
    assert len(str(received.message["X-Allgreen-Tells"]).split()) == PACE.most


async def test_an_answer_lost_after_the_final_dot_is_sent_again_with_the_same_id(
    smtp_sink: SmtpSink,
) -> None:
    smtp_sink.script(mail.DROP)
    notifier = to(smtp_sink)

    with pytest.raises(DeliveryDelayedError, match="broke off") as delayed:
        await notifier.send(a_notice())
    assert delayed.value.is_unsure
    await notifier.send(replace(a_notice(), attempt=2))

    ids = [received.message["Message-ID"] for received in smtp_sink.mails]
    assert len(ids) == 2
    assert len(set(ids)) == 1


async def test_an_absent_server_delays_and_is_named() -> None:
    port = free_port()

    with pytest.raises(
        DeliveryDelayedError, match=f"mail server at 127.0.0.1:{port} cannot be used"
    ):
        await a_notifier(f"smtp://127.0.0.1:{port}").send(a_notice())


@pytest.mark.parametrize("silent_after", [0, 1, 2, 3, 4])
async def test_a_server_that_falls_silent_delays(silent_after: int) -> None:
    async with _scripted("220 hi", "250 hi", "250 ok", "250 ok", silent_after=silent_after) as url:
        with pytest.raises(DeliveryDelayedError):
            await a_notifier(url, timeouts=SHORT).send(a_notice())


@pytest.mark.parametrize(
    ("answers", "error", "said"),
    [
        (["554 No service"], DeliveryDelayedError, "cannot be used: 554 No service"),
        (
            ["220 hi", "250 hi", "550 Not you"],
            DeliveryDelayedError,
            "takes no mail from allgreen@allgreen.example: 550 Not you",
        ),
        (["220 hi", "250 hi", "451 Later"], DeliveryDelayedError, "451 Later"),
        (
            ["220 hi", "250 hi", "250 ok", "550 No such user"],
            DeliveryRefusedError,
            "refuses this mail: 550 No such user",
        ),
        (["220 hi", "250 hi", "250 ok", "450 Greylisted"], DeliveryDelayedError, "450 Greylisted"),
        (
            ["220 hi", "250 hi", "250 ok", "530 Authentication required"],
            DeliveryDelayedError,
            "wants a user and password: 530",
        ),
        (
            ["220 hi", "250 hi", "250 ok", "250 ok", "354 go", "250-Taken\r\n250 \x07as 7"],
            None,
            "250 Taken as 7",
        ),
    ],
    ids=[
        *("greeting", "sender refused", "sender later", "recipient refused", "greylisted"),
        *("sign in first", "taken"),
    ],
)
async def test_blame_falls_on_who_has_earned_it(
    answers: list[str], error: type[Exception] | None, said: str
) -> None:
    async with _scripted(*answers) as url:
        if error is None:
            assert (await a_notifier(url).send(a_notice())).answer == said
        else:
            with pytest.raises(error, match=said):
                await a_notifier(url).send(a_notice())


async def test_an_accepted_mail_stays_accepted_when_the_farewell_fails() -> None:
    answers = ("220 hi", "250 hi", "250 ok", "250 ok", "354 go", "250 Taken", "500 What?")

    async with _scripted(*answers) as url:
        assert (await a_notifier(url).send(a_notice())).answer == "250 Taken"


# Encryption and login -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def certificate(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return context


@pytest.fixture(scope="module")
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


async def test_implicit_tls_is_spoken(
    certificate: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    with _sink(tls=certificate) as sink:
        await a_notifier(f"smtps://localhost:{sink.port}", tls=trusting).send(a_notice())

    assert len(sink.mails) == 1


async def test_a_server_with_a_certificate_of_nobody_gets_no_mail(
    certificate: ssl.SSLContext,
) -> None:
    with (
        _sink(tls=certificate) as sink,
        pytest.raises(DeliveryDelayedError, match=r"cannot be used.*certificate"),
    ):
        await a_notifier(f"smtps://localhost:{sink.port}").send(a_notice())

    assert sink.attempts == []


async def test_encryption_is_taken_when_offered(certificate: ssl.SSLContext) -> None:
    with _sink(tls_context=certificate, require_starttls=True) as sink:
        await a_notifier(f"smtp://127.0.0.1:{sink.port}").send(a_notice())

    assert len(sink.mails) == 1


async def test_user_and_password_are_shown(certificate: ssl.SSLContext) -> None:
    with _sink(tls_context=certificate, **_asking_for("p@ss:w/rd")) as sink:
        await a_notifier(f"smtp://sofia:p%40ss%3Aw%2Frd@127.0.0.1:{sink.port}").send(a_notice())

    assert len(sink.mails) == 1


async def test_a_wrong_password_delays_and_names_the_setting_but_not_the_password(
    certificate: ssl.SSLContext,
) -> None:
    with (
        _sink(tls_context=certificate, **_asking_for("right")) as sink,
        pytest.raises(DeliveryDelayedError, match="ALLGREEN_SMTP_URL") as caught,
    ):
        await a_notifier(f"smtp://sofia:wr0ng@127.0.0.1:{sink.port}").send(a_notice())

    assert "wr0ng" not in str(caught.value)
    assert sink.attempts == []


@contextmanager
def _sink(**options: Any) -> Iterator[SmtpSink]:
    server = SmtpServer(**options)
    try:
        yield server.start()
    finally:
        server.stop()


def _asking_for(password: str) -> dict[str, Any]:
    def check(server: object, session: object, envelope: object, mechanism: str, data: Any) -> Any:
        return AuthResult(success=data.password.decode() == password, handled=False)

    return {"authenticator": check, "auth_required": True}


@asynccontextmanager
async def _scripted(*answers: str, silent_after: int | None = None) -> AsyncIterator[str]:
    """Listen with a server that gives these answers, whatever it is told, then hangs up."""
    talks: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number, answer in enumerate(answers):
            if number == silent_after:
                await reader.read()
                break
            writer.write(f"{answer}\r\n".encode())
            until = b"\r\n.\r\n" if answer.startswith("354") else b"\r\n"
            with contextlib.suppress(asyncio.IncompleteReadError):
                await reader.readuntil(until)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.add(asyncio.ensure_future(talk(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    async with server:
        yield f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await asyncio.gather(*talks)


def _own_headers(message: EmailMessage) -> list[str]:
    return [name for name in message.keys() if name != "X-Peer"]  # noqa: SIM118 - a header may stand twice
