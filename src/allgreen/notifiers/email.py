"""Mail: one message to one recipient, accepted by a mail server or not.

The address of the mail server comes from the operator, like that of the database, so it is not
reached through `outbound`: it may well lie in a private network or on this very machine.
"""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from functools import cached_property
from ipaddress import ip_address
from typing import Final, Never, final
from urllib.parse import urlsplit

import aiosmtplib

from allgreen.domain.notice import Notice
from allgreen.errors import DeliveryDelayedError, DeliveryRefusedError
from allgreen.notifiers.letters import write_letter
from allgreen.notifiers.rendering import render_html, render_text
from allgreen.notifiers.smtp_url import SmtpUrl, default_sender, parse_address
from allgreen.notifiers.stationery import Letter, LetterLinks
from allgreen.notifiers.wording import plain
from allgreen.ports import Accepted, Clock, Gate, Notifier, open_gate


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpTimeouts:
    """Seconds that a mail server may take.

    The whole ends before the dispatcher gives up on any channel (90 s), so that the error can name
    the mail server; and that is before the lease ends, or a second sender would begin.
    """

    connect_s: float = 15
    command_s: float = 20
    accept_s: float = 60
    whole_s: float = 80


@final
class EmailNotifier(Notifier):
    """Hand each notice to a mail server as a mail of its own.

    Args:
        smtp_url: Value of ``ALLGREEN_SMTP_URL``; see `SmtpUrl`.
        public_url: Base of the links; its host names this Allgreen and, unless the SMTP URL says
            otherwise, the sender.
        links: Where the links of a notice lead.
        clock: Tells whether a message is late.
        tls: Trust for the mail server's certificate; the system's by default.
    """

    def __init__(
        self,
        smtp_url: str,
        *,
        public_url: str,
        links: Callable[[Notice], LetterLinks],
        clock: Clock,
        timeouts: SmtpTimeouts | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._server = SmtpUrl.parse(smtp_url)
        self._sender = self._server.sender or default_sender(public_url)
        self._host = urlsplit(public_url).hostname or "localhost"
        self._links = links
        self._clock = clock
        self._timeouts = timeouts or SmtpTimeouts()
        self._given_tls = tls

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        # With the first letter: to read what the system trusts takes 20 ms of every start.
        return self._given_tls or _trust(self._server)

    async def send(self, notice: Notice, gate: Gate = open_gate) -> Accepted:
        recipient = _recipient(notice)
        message = await self._write(notice)
        is_unsure = False

        async def pass_gate() -> None:
            nonlocal is_unsure
            await gate()
            is_unsure = True

        try:
            async with asyncio.timeout(self._timeouts.whole_s):
                return await self._hand_over(message, recipient, pass_gate)
        except TimeoutError:
            raise DeliveryDelayedError(
                f"{self._name} did not answer in time.", is_unsure=is_unsure
            ) from None
        except (OSError, aiosmtplib.SMTPException) as error:
            raise DeliveryDelayedError(
                f"The connection to {self._name} broke off: {_said(error)}", is_unsure=is_unsure
            ) from None

    def compose(self, notice: Notice) -> EmailMessage:
        """Write the whole mail.

        Raises:
            DeliveryRefusedError: The address of the recipient is not one mail address.
        """
        now = self._clock.now()
        links = self._links(notice)
        if notice.parts:
            links = replace(links, parts=tuple(map(self._links, notice.parts)))
        letter = write_letter(notice, links, host=self._host, now=now)
        message = EmailMessage(policy=SMTP_POLICY)
        message["From"] = Address("Allgreen", self._sender.username, self._sender.domain)
        message["To"] = _recipient(notice)
        # What looks like an encoded word would be decoded here, line breaks and all.
        message["Subject"] = letter.subject.replace("=?", "= ?")
        message["Date"] = now
        message["Message-ID"] = notice.message_id(self._sender.domain)
        # RFC 3834: nobody's holiday notice should answer this.
        message["Auto-Submitted"] = "auto-generated"
        message["X-Allgreen-Event"] = plain(notice.event)
        message["X-Allgreen-Attempt"] = str(notice.attempt)
        if notice.parts:
            message["X-Allgreen-Tells"] = " ".join(plain(part.event) for part in notice.parts)
        if unsubscribe_url := letter.leave_url or letter.unsubscribe_url:
            # RFC 8058: the mail program posts to it when its own button is pressed.
            message["List-Unsubscribe"] = f"<{unsubscribe_url}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        _add_body(message, letter)
        return message

    async def _write(self, notice: Notice) -> bytes:
        if len(notice.parts) <= _MOST_IN_LOOP:
            return self._compose_bytes(notice)
        # A digest of thousands takes long enough for others to notice.
        return await asyncio.to_thread(self._compose_bytes, notice)

    def _compose_bytes(self, notice: Notice) -> bytes:
        return self.compose(notice).as_bytes(policy=_ON_THE_WIRE)

    async def _hand_over(self, message: bytes, recipient: Address, gate: Gate) -> Accepted:
        async with self._connected() as client:
            await self._name_sender(client)
            await self._name_recipient(client, recipient)
            await gate()
            return await self._give(client, message)

    @contextlib.asynccontextmanager
    async def _connected(self) -> AsyncIterator[aiosmtplib.SMTP]:
        client = self._client()
        try:
            await self._connect(client)
            yield client
            # Only politeness: the mail was accepted, whatever happens from here on.
            with contextlib.suppress(OSError, aiosmtplib.SMTPException):
                await client.quit(timeout=_GOODBYE_S)
        finally:
            client.close()

    async def _connect(self, client: aiosmtplib.SMTP) -> None:
        try:
            await client.connect(timeout=self._timeouts.connect_s)
        except aiosmtplib.SMTPAuthenticationError as error:
            self._delay(f"{self._name} refuses the user or password of ALLGREEN_SMTP_URL", error)
        except (OSError, aiosmtplib.SMTPException) as error:
            self._delay(f"{self._name} cannot be used", error)

    async def _name_sender(self, client: aiosmtplib.SMTP) -> None:
        try:
            await client.mail(self._sender.addr_spec)
        except aiosmtplib.SMTPResponseException as error:
            # Never the recipient's fault, so no message may die of it.
            self._delay(f"{self._name} takes no mail from {self._sender.addr_spec}", error)

    async def _name_recipient(self, client: aiosmtplib.SMTP, recipient: Address) -> None:
        try:
            await client.rcpt(recipient.addr_spec)
        except aiosmtplib.SMTPResponseException as error:
            if error.code in _SIGN_IN_FIRST:
                self._delay(f"{self._name} wants a user and password", error)
            self._refuse_or_delay(error)

    async def _give(self, client: aiosmtplib.SMTP, message: bytes) -> Accepted:
        try:
            response = await client.data(message, timeout=self._timeouts.accept_s)
        except aiosmtplib.SMTPResponseException as error:
            self._refuse_or_delay(error)
        return Accepted(answer=plain(f"{response.code} {response.message}"))

    def _client(self) -> aiosmtplib.SMTP:
        server = self._server
        must_encrypt = bool(server.password) and not _is_loopback(server.host)
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user or None,
            password=server.password or None,
            # Its default is a look-up in DNS, on this thread.
            local_hostname=self._sender.domain,
            timeout=self._timeouts.command_s,
            use_tls=server.is_implicit_tls,
            start_tls=None if server.is_implicit_tls else (must_encrypt or None),
            tls_context=self._tls,
        )

    @property
    def _name(self) -> str:
        return f"The mail server at {self._server.host}:{self._server.port}"

    def _refuse_or_delay(self, error: aiosmtplib.SMTPResponseException) -> Never:
        if error.code >= 500:
            raise DeliveryRefusedError(f"{self._name} refuses this mail: {_said(error)}") from None
        self._delay(f"{self._name} cannot take this mail now", error)

    def _delay(self, what: str, error: Exception) -> Never:
        raise DeliveryDelayedError(f"{what}: {_said(error)}") from None


_GOODBYE_S: Final = 1.0
_MOST_IN_LOOP: Final = 50
_SIGN_IN_FIRST: Final = frozenset({530, 534, 538})
# Long lines are allowed (RFC 5322: 998) and a folded URL in a header is none any more.
_ON_THE_WIRE: Final = SMTP_POLICY.clone(max_line_length=998)


def _recipient(notice: Notice) -> Address:
    try:
        return parse_address(notice.address)
    except ValueError:
        raise DeliveryRefusedError(
            f"{plain(notice.address)} is not one mail address. Correct it in the list of the service."
        ) from None


def _add_body(message: EmailMessage, letter: Letter) -> None:
    message.set_content(render_text(letter), cte="quoted-printable")
    message.add_alternative(render_html(letter), subtype="html", cte="quoted-printable")


def _trust(server: SmtpUrl) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not server.is_implicit_tls and (not server.password or _is_loopback(server.host)):
        # Encryption that is only taken when offered protects against listening, not against a
        # liar in between; refusing an unknown certificate would mean to send in the clear.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _said(error: Exception) -> str:
    """Return what a mail server said, as text; a library's own words when it said nothing."""
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return plain(f"{error.code} {error.message}")
    return plain(str(error)) or type(error).__name__
