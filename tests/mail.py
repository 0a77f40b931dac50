"""A real SMTP server on loopback that keeps what it receives and answers as a test wishes."""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

ACCEPT = "250 2.0.0 Taken"
REFUSE = "550 5.1.1 No such mailbox"
BUSY = "421 4.3.2 Try again later"
HANG = "hang"
"""Take the whole mail, then say nothing more."""
DROP = "drop"
"""Take the whole mail, then cut the connection: the sender cannot know that it arrived."""


@dataclass(frozen=True)
class ReceivedMail:
    """One mail as it came over the wire, and what the sender was told about it.

    Attributes:
        at: When it had come to its end, in seconds since 1970.
    """

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage
    answer: str
    at: float

    @property
    def text(self) -> str:
        """The plain-text part."""
        return self._part("plain")

    @property
    def html(self) -> str:
        """The HTML part."""
        return self._part("html")

    def _part(self, kind: str) -> str:
        part = self.message.get_body(preferencelist=(kind,))
        return "" if part is None else str(part.get_content())


@dataclass
class SmtpSink:
    """Keep every mail; `script` the answers to the next ones, `treat` those to an address."""

    host: str = "127.0.0.1"
    port: int = 0
    _received: list[ReceivedMail] = field(default_factory=list)
    _answers: deque[str] = field(default_factory=deque)
    _by_address: dict[str, str] = field(default_factory=dict)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    @property
    def mails(self) -> list[ReceivedMail]:
        """What lies in the mailboxes: accepted mails, and those whose answer was lost."""
        with self._changed:
            return [mail for mail in self._received if mail.answer[:3] in ("250", DROP[:3])]

    @property
    def attempts(self) -> list[ReceivedMail]:
        """Every mail that was sent to the end, whatever it was answered."""
        with self._changed:
            return list(self._received)

    def script(self, *answers: str) -> None:
        """Answer the next mails so, one answer each; then accept again."""
        self._answers.extend(answers)

    def treat(self, address: str, answer: str = ACCEPT) -> None:
        """Answer every mail to an address so from now on, unless `script` says otherwise.

        ``*`` stands for every address that has no answer of its own.
        """
        self._by_address[address] = answer

    def wait_for_mails(self, count: int, *, within_s: float = 10) -> list[ReceivedMail]:
        """Block until that many mails lie in the mailboxes, and return them.

        Raises:
            TimeoutError: when fewer have come in time.
        """
        self._wait_until(lambda: len(self.mails) >= count, within_s)
        if len(self.mails) < count:
            raise TimeoutError(f"{len(self.mails)} of {count} mails within {within_s} s")
        return self.mails

    def wait_for_attempts(self, count: int, *, within_s: float = 10) -> list[ReceivedMail]:
        """Block until that many mails were sent to the end, whatever they are answered.

        Raises:
            TimeoutError: when fewer have come in time.
        """
        self._wait_until(lambda: len(self.attempts) >= count, within_s)
        if len(self.attempts) < count:
            raise TimeoutError(f"{len(self.attempts)} of {count} attempts within {within_s} s")
        return self.attempts

    def wait_for_mail_to(self, address: str, subject: str, *, within_s: float = 10) -> ReceivedMail:
        """Block until a mail with these words in its subject lies in a mailbox, and return it.

        Raises:
            TimeoutError: when none has come in time.
        """

        def find() -> ReceivedMail | None:
            mine = (mail for mail in reversed(self.mails) if mail.recipients == (address,))
            return next((mail for mail in mine if subject in str(mail.message["Subject"])), None)

        self._wait_until(lambda: find() is not None, within_s)
        if (found := find()) is None:
            subjects = [(mail.recipients, str(mail.message["Subject"])) for mail in self.mails]
            raise TimeoutError(f"no {subject!r} to {address} within {within_s} s, but {subjects}")
        return found

    def wait_for_mails_of(
        self, event: str, count: int, *, within_s: float = 10
    ) -> list[ReceivedMail]:
        """Block until so many mails lie in the mailboxes whose event ends so, and return them.

        Raises:
            TimeoutError: when fewer have come in time.
        """

        def find() -> list[ReceivedMail]:
            return [
                mail for mail in self.mails if str(mail.message["X-Allgreen-Event"]).endswith(event)
            ]

        self._wait_until(lambda: len(find()) >= count, within_s)
        if len(found := find()) < count:
            raise TimeoutError(f"{len(found)} of {count} mails within {within_s} s")
        return found

    def _wait_until(self, is_so: Callable[[], bool], within_s: float) -> None:
        with self._changed:
            self._changed.wait_for(is_so, timeout=within_s)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd looks the method up by the SMTP verb
        answer = self._answers.popleft() if self._answers else self._answer_to(envelope)
        self._keep(envelope, answer)
        if answer == HANG:
            await asyncio.get_running_loop().create_future()
        if answer == DROP and isinstance(server.transport, asyncio.WriteTransport):
            server.transport.abort()
        return answer

    def _answer_to(self, envelope: Envelope) -> str:
        everybody = self._by_address.get("*", ACCEPT)
        return self._by_address.get(next(iter(envelope.rcpt_tos), ""), everybody)

    def _keep(self, envelope: Envelope, answer: str) -> None:
        content = envelope.original_content or b""
        mail = ReceivedMail(
            sender=envelope.mail_from or "",
            recipients=tuple(envelope.rcpt_tos),
            message=message_from_bytes(content, _class=EmailMessage, policy=policy.default),
            answer=answer,
            # Wall clock on purpose: it is compared with what the platform wrote down.
            at=time.time(),  # noqa: TID251 - see above
        )
        with self._changed:
            self._received.append(mail)
            self._changed.notify_all()


class SmtpServer:
    """Run a sink on a loop and a thread of its own, on a port that the system chooses.

    Args:
        tls: Certificate for encryption from the first byte.
        options: What else aiosmtpd's `SMTP` takes, such as ``tls_context`` for STARTTLS.
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None, **options: Any) -> None:
        self.sink = SmtpSink()
        self._tls = tls
        self._options = options
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def start(self, port: int = 0) -> SmtpSink:
        """Listen; the sink knows its port afterwards."""
        self.sink.port = port
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        self.sink.port = self._server.sockets[0].getsockname()[1]
        return self.sink

    def refuse(self) -> None:
        """Cut every connection and refuse new ones, until `take_again`."""
        asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result(10)

    def take_again(self) -> None:
        """Listen again on the same port."""
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)

    def stop(self) -> None:
        """Cut every connection and end the thread."""
        asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _listen(self) -> asyncio.Server:
        def conversation() -> SMTP:
            return SMTP(
                self.sink,
                hostname="sink.test",
                enable_SMTPUTF8=True,
                loop=self._loop,
                **self._options,
            )

        return await self._loop.create_server(
            conversation, self.sink.host, self.sink.port, ssl=self._tls
        )

    async def _cut(self) -> None:
        self._server.close()
        mine = asyncio.current_task()
        conversations = [task for task in asyncio.all_tasks() if task is not mine]
        for task in conversations:
            task.cancel()
        await asyncio.gather(*conversations, return_exceptions=True)
