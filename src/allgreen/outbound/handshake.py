"""Shake hands over TLS and read the certificate, also one that does not pass."""

import ssl
import time
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Final, final

from allgreen.domain.status import FailureClass
from allgreen.outbound.certificate import Certificate, read_certificate
from allgreen.outbound.endpoint import Endpoint
from allgreen.outbound.fault import Fault
from allgreen.outbound.route import Router, Stopwatch
from allgreen.outbound.stream import Stream, open_stream
from allgreen.outbound.tls import TlsPolicies, explain_tls_error

MAX_HANDSHAKE_BYTES: Final = 128 * 1024
"""OpenSSL refuses chains of more than 100 KB; this is for all that may come around them."""


@final
class Handshake:
    """What came of a handshake.

    Attributes:
        watch: How long everything took; a second handshake does not count.
        fault: Why it failed; `None` when it was done.
        certificate: What the peer showed, also when that is why it failed; `None` when it showed
            none that can be read.
    """

    __slots__ = ("certificate", "fault", "watch")

    def __init__(self, watch: Stopwatch) -> None:
        self.watch = watch
        self.fault: Fault | None = None
        self.certificate: Certificate | None = None


@final
class TlsClient:
    """Shakes hands over one new connection each time; nothing is kept."""

    def __init__(self, router: Router, policies: TlsPolicies) -> None:
        self._router = router
        self._policies = policies

    async def shake_hands(
        self,
        endpoint: Endpoint,
        timeout_s: float,
        *,
        server_name: str,
        verify: bool,
        asker: str = "",
    ) -> Handshake:
        """Connect, shake hands and hang up.

        A certificate that does not pass is shown in a second handshake, which believes everything,
        so that people can be told what is wrong with it. It ends by the same deadline, and is left
        out where the host is asked too often.

        Args:
            endpoint: Where to.
            timeout_s: Limit for everything together, from the look-up to the close.
            server_name: Whom to ask for (SNI), and whose name the certificate must have.
            verify: Refuse a certificate that nobody vouches for.
            asker: The workspace it is done for.
        """
        done = Handshake(Stopwatch.start())
        deadline = done.watch.started + timeout_s
        numbers = await self._router.find(endpoint, done.watch, deadline)
        if isinstance(numbers, Fault):
            done.fault = numbers
            return done
        admit = partial(self._router.admit, endpoint, asker)
        async with open_stream(endpoint, numbers, done.watch, deadline, admit) as stream:
            if isinstance(stream, Fault):
                done.fault = stream
                return done
            began = time.monotonic()
            shown = await self._shake(stream, server_name, deadline, verify=verify)
            done.watch.stop()
        if isinstance(shown, Fault):
            done.fault = shown
            if verify and shown.failure is FailureClass.TLS:
                admit = partial(admit, is_extra=True)
                again = open_stream(endpoint, numbers, Stopwatch.start(), deadline, admit)
                done.certificate = await self._look(again, server_name, deadline)
        else:
            done.watch.tls_s = done.watch.finished - began
            done.certificate = read_certificate(shown)
        return done

    async def _look(
        self,
        opening: AbstractAsyncContextManager[Stream | Fault],
        server_name: str,
        deadline: float,
    ) -> Certificate | None:
        """Read the certificate of somebody who is not believed."""
        async with opening as stream:
            if isinstance(stream, Fault):
                return None
            shown = await self._shake(stream, server_name, deadline, verify=False)
        return None if isinstance(shown, Fault) else read_certificate(shown)

    async def _shake(
        self, stream: Stream, server_name: str, deadline: float, *, verify: bool
    ) -> bytes | Fault:
        """Shake hands; return the certificate, or nothing when none was shown."""
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        # Without a word about HTTP: what listens there may speak anything.
        context = self._policies.get_context(verify=verify, speaks_http=False)
        secure = context.wrap_bio(incoming, outgoing, server_hostname=server_name)
        received = 0
        while True:
            try:
                secure.do_handshake()
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError as error:
                reason, message = explain_tls_error(error, server_name)
                return Fault.of_target(FailureClass.TLS, reason, message)
            else:
                await stream.send(outgoing.read(), deadline)
                return secure.getpeercert(binary_form=True) or b""
            piece = await _exchange(stream, outgoing.read(), deadline)
            if isinstance(piece, Fault):
                return piece
            received += len(piece)
            if received > MAX_HANDSHAKE_BYTES:
                return Fault.of_target(
                    FailureClass.TLS,
                    "handshake too large",
                    f"{stream.place} sends more than 128 KiB before the handshake is done.",
                )
            if piece:
                incoming.write(piece)
            else:
                incoming.write_eof()


async def _exchange(stream: Stream, said: bytes, deadline: float) -> bytes | Fault:
    if said:
        fault = await stream.send(said, deadline)
        if fault is not None:
            return fault
    return await stream.receive(deadline)
