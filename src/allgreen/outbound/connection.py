"""One connection to one vetted number: connect, TLS, send, receive, close.

A small state machine that the reactor drives, because a coroutine for each step would cost more
than the steps.
"""

import asyncio
import errno
import os
import socket
import ssl
import time
from typing import Final, final

from allgreen.domain.status import FailureClass
from allgreen.outbound.answer import Answer, AnswerReader, UnreadableAnswerError, parse_plain
from allgreen.outbound.fault import Fault
from allgreen.outbound.reactor import Reactor
from allgreen.outbound.request import Request
from allgreen.outbound.tls import TlsPolicies, explain_tls_error

_READ_BYTES: Final = 16384
# Found once: an enum member costs a look-up in the hottest lines of the program.
_V4: Final = socket.AF_INET
_V6: Final = socket.AF_INET6
_STREAM: Final = socket.SOCK_STREAM | getattr(socket, "SOCK_NONBLOCK", 0)
_NEEDS_SETBLOCKING: Final = not hasattr(socket, "SOCK_NONBLOCK")

_OUR_ERRORS: Final = {
    errno.EMFILE: "This watcher has no file descriptors left.",
    errno.ENFILE: "This watcher's machine has no file descriptors left.",
    errno.ENOBUFS: "This watcher's machine has no network memory left.",
    errno.ENOMEM: "This watcher's machine has no memory left.",
    errno.EADDRNOTAVAIL: "This watcher has no free port or no address for the connection.",
    errno.ENOSPC: "This watcher's machine cannot watch more sockets.",
    errno.ENETUNREACH: "This watcher has no network route to the address.",
    errno.ENETDOWN: "This watcher's network is down.",
    errno.EAFNOSUPPORT: "This watcher's machine does not speak this kind of address.",
    errno.EACCES: "A firewall on this watcher's machine forbids the connection.",
    errno.EPERM: "A firewall on this watcher's machine forbids the connection.",
}
_TARGET_ERRORS: Final = {
    errno.ECONNREFUSED: ("connection refused", "Nothing listens at {place}."),
    errno.EHOSTUNREACH: ("host unreachable", "The network cannot reach {place}."),
    errno.ETIMEDOUT: ("no connection", "{place} does not take the connection."),
    errno.ECONNRESET: ("connection reset", "{place} reset the connection."),
    errno.EPIPE: ("connection closed", "{place} closed the connection."),
}


# Plain numbers, for the same reason.
_CONNECTING: Final = 0
_SHAKING_HANDS: Final = 1
_SENDING: Final = 2
_RECEIVING: Final = 3
_ENDED: Final = 4


@final
class Connection:
    """One question on one connection; its fields are final once it has ended.

    Attributes:
        answer: What came back; `None` with a fault.
        fault: Why nothing came back; `None` with an answer.
        started, connected, secured, first_byte, finished: Monotonic seconds; 0 when the phase
            was not reached.
        certificate_not_after: End of the peer's certificate, in seconds since 1970.
    """

    __slots__ = (
        "_deadline",
        "_ended",
        "_fd",
        "_payload",
        "_place",
        "_reactor",
        "_reader",
        "_request",
        "_socket",
        "_state",
        "_ticket",
        "_tls",
        "answer",
        "certificate_not_after",
        "connected",
        "fault",
        "finished",
        "first_byte",
        "secured",
        "started",
    )

    def __init__(
        self, reactor: Reactor, tls: TlsPolicies, request: Request, payload: bytes
    ) -> None:
        self._reactor = reactor
        self._tls = tls
        self._request = request
        self._payload = payload
        self._socket: socket.SocketType | None = None
        self._fd = -1
        self._reader: AnswerReader | None = None
        self._state = _CONNECTING
        self._ticket = 0
        self.answer: Answer | None = None
        self.fault: Fault | None = None
        self.certificate_not_after: float | None = None
        self.connected = self.secured = self.first_byte = self.finished = 0.0

    def start(self, address: str, deadline: float, addresses_left: int) -> asyncio.Future[None]:
        """Begin to ask `address`, which must have been vetted.

        Args:
            address: IPv4 or IPv6 number.
            deadline: Monotonic seconds at which everything must have ended.
            addresses_left: How many addresses are still to be tried, this one included. Each
                gets an equal share of the time, so that a dead one leaves some for the others.

        Returns:
            What to wait for; call `close` after it, come what may.
        """
        self.started = started = time.monotonic()
        self._deadline = deadline
        self._place = address
        self._ended = ended = self._reactor.loop.create_future()
        if self._open(address):
            if addresses_left > 1:
                deadline = started + (deadline - started) / addresses_left
            self._ticket = self._reactor.expire(self, deadline)
        return ended

    def close(self) -> None:
        """Close the socket and stop waiting for it; does nothing after the end."""
        if self._state == _ENDED:
            return
        self._state = _ENDED
        if self._ticket:
            self._reactor.forget(self, self._ticket)
        if self._fd >= 0:
            self._reactor.remove(self._fd)
        if self._socket is not None:
            self._socket.close()

    def spans(self) -> tuple[float | None, float | None, float | None, float | None]:
        """Return the seconds of connect, TLS, first byte and body; `None` where not reached."""
        ready = self.secured or self.connected
        return (
            self.connected - self.started if self.connected else None,
            self.secured - self.connected if self.secured else None,
            self.first_byte - ready if self.first_byte else None,
            self.finished - self.first_byte if self.first_byte else None,
        )

    def on_ready(self) -> None:
        """Go as far as the socket lets us."""
        state = self._state
        try:
            if state == _RECEIVING:
                self._receive()
            elif state == _CONNECTING:
                self._finish_connecting()
            elif state == _SHAKING_HANDS:
                self._shake_hands()
            elif state == _SENDING:
                self._send()
        except (BlockingIOError, ssl.SSLWantReadError):
            return
        except UnreadableAnswerError as error:
            self._fail(FailureClass.BODY, "broken answer", str(error))
        except ssl.SSLError as error:
            self._fail(FailureClass.TLS, *explain_tls_error(error, self._request.target.host))
        except OSError as error:
            self._end(explain_os_error(error.errno, self._written_place()))
        except Exception as error:  # noqa: BLE001 - handed to whoever waits, not swallowed
            # Raised in the reactor it would take the events of other connections with it.
            self._raise(error)

    def on_shutdown(self) -> None:
        """End because nobody will wake this connection any more."""
        self._end(Fault.of_ours("stopped", "Allgreen was stopped before there was an answer."))

    def on_deadline(self) -> None:
        """End because the time is up, and say what it was spent on."""
        if self._state == _ENDED:
            return
        if self._state != _CONNECTING and time.monotonic() < self._deadline:
            self._ticket = self._reactor.expire(self, self._deadline)
            return
        spent_s = time.monotonic() - self.started
        self._fail(
            FailureClass.TIMEOUT,
            "timed out",
            _TOO_LATE[self._state].format(place=self._written_place(), seconds=spent_s),
        )

    def _open(self, address: str) -> bool:
        """Begin to connect; tell whether there is something to wait for."""
        target = self._request.target
        try:
            # The bare type: the class around it adds nothing that plain HTTP needs.
            kind = socket.socket if target.is_secure else socket.SocketType
            self._socket = opened = kind(_V6 if ":" in address else _V4, _STREAM, 0)
            if _NEEDS_SETBLOCKING:
                opened.setblocking(False)
            code = opened.connect_ex((address, target.port))
            if code in _UNDER_WAY:
                self._fd = opened.fileno()
                self._reactor.add(self._fd, self)
                return True
        except OSError as error:
            code = error.errno or 0
        self._end(explain_os_error(code, self._written_place()))
        return False

    def _finish_connecting(self) -> None:
        assert self._socket is not None
        if self._request.target.is_secure:
            self._start_tls(self._socket)
            return
        # A send is a question too: it tells why the connection does not stand.
        sent = self._socket.send(self._payload)
        self.connected = time.monotonic()
        self._state = _RECEIVING
        if sent < len(self._payload):
            self._keep_sending(sent)
        elif self._reactor.is_level_triggered:
            self._reactor.watch_writing(self._fd, self, wanted=False)

    def _start_tls(self, plain: socket.SocketType) -> None:
        assert isinstance(plain, socket.socket)
        code = plain.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, os.strerror(code))
        try:
            plain.getpeername()
        except OSError:
            return  # Woken for nothing: not connected yet.
        self.connected = time.monotonic()
        context = self._tls.get_context(verify=self._request.verify_tls)
        self._socket = context.wrap_socket(
            plain,
            do_handshake_on_connect=False,
            server_hostname=self._request.target.host,
        )
        self._state = _SHAKING_HANDS
        self._reactor.watch_writing(self._fd, self, wanted=False)
        self._shake_hands()

    def _shake_hands(self) -> None:
        secure = self._socket
        assert isinstance(secure, ssl.SSLSocket)
        try:
            secure.do_handshake()
        except ssl.SSLWantWriteError:
            self._reactor.watch_writing(self._fd, self, wanted=True)
            return
        self.secured = time.monotonic()
        self.certificate_not_after = self._tls.find_expiry(secure)
        self._state = _SENDING
        self._send()

    def _send(self) -> None:
        assert self._socket is not None
        try:
            sent = self._socket.send(self._payload)
        except (ssl.SSLWantWriteError, BlockingIOError):
            sent = 0
        except (BrokenPipeError, ConnectionResetError):
            # Refused half-way, such as for its size. The answer may say so.
            sent = len(self._payload)
        if sent < len(self._payload):
            self._keep_sending(sent)
            return
        self._state = _RECEIVING
        self._reactor.watch_writing(self._fd, self, wanted=False)
        self._receive()

    def _keep_sending(self, sent: int) -> None:
        self._payload = self._payload[sent:]
        self._state = _SENDING
        self._reactor.watch_writing(self._fd, self, wanted=True)

    def _receive(self) -> None:
        assert self._socket is not None
        while True:
            received = self._socket.recv(_READ_BYTES)
            if not self.first_byte and received:
                self.first_byte = time.monotonic()
            if self._reader is None:
                has_body = self._request.method != "HEAD"
                self.answer = parse_plain(received, has_body=has_body)
                if self.answer is not None:
                    self._end(None)
                    return
            if self._read_on(received):
                return

    def _read_on(self, received: bytes) -> bool:
        """Take a piece of an answer that did not come all at once; tell whether it is done."""
        reader = self._reader
        if reader is None:
            if not received:
                self._fail(FailureClass.CONNECT, *_say_closed(self._written_place()))
                return True
            reader = self._reader = AnswerReader(
                has_body=self._request.method != "HEAD",
                follow_redirects=self._request.follow_redirects,
            )
        if received:
            reader.feed(received)
        else:
            reader.close()
        if not reader.is_done:
            return False
        self.answer = reader.answer()
        self._end(None)
        return True

    def _fail(self, failure: FailureClass, reason: str, message: str) -> None:
        self._end(Fault.of_target(failure, reason, message))

    def _raise(self, error: Exception) -> None:
        self.close()
        self.finished = time.monotonic()
        if not self._ended.done():
            self._ended.set_exception(error)

    def _end(self, fault: Fault | None) -> None:
        if self._state == _ENDED:
            return
        self.finished = time.monotonic()
        self.fault = fault
        if fault is not None:
            self.answer = None
        self.close()
        if not self._ended.done():
            self._ended.set_result(None)

    def _written_place(self) -> str:
        target, number = self._request.target, self._place
        place = f"[{number}]:{target.port}" if ":" in number else f"{number}:{target.port}"
        return place if target.address is not None else f"{target.host} ({place})"


_UNDER_WAY: Final = frozenset({0, errno.EINPROGRESS, errno.EWOULDBLOCK})
_TOO_LATE: Final = {
    _CONNECTING: "{place} did not take the connection within {seconds:.1f} s.",
    _SHAKING_HANDS: "The TLS handshake with {place} was not done after {seconds:.1f} s.",
    _SENDING: "{place} did not take the request within {seconds:.1f} s.",
    _RECEIVING: "{place} did not finish its answer within {seconds:.1f} s.",
}


def explain_os_error(code: int | None, place: str) -> Fault:
    """Tell by an error of the system whose fault it is that `place` was not reached."""
    ours = _OUR_ERRORS.get(code or 0)
    if ours is not None:
        return Fault.of_ours("fault of the watcher", f"{ours} This says nothing about {place}.")
    reason, message = _TARGET_ERRORS.get(
        code or 0, ("connection failed", "The connection to {place} failed.")
    )
    return Fault.of_target(FailureClass.CONNECT, reason, message.format(place=place))


def _say_closed(place: str) -> tuple[str, str]:
    return "no answer", f"{place} closed the connection without an answer."
