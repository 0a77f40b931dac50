"""Connect, perhaps say something, and listen to what comes back."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, final

from allgreen.domain.status import FailureClass
from allgreen.outbound.endpoint import Endpoint
from allgreen.outbound.fault import Fault
from allgreen.outbound.guard import MAIL_PORTS, NO_PORTS
from allgreen.outbound.route import Router, Stopwatch
from allgreen.outbound.stream import Stream, open_stream, timed_out

MAX_RECEIVED_BYTES: Final = 64 * 1024

SILENCE_S: Final = 1.0
"""Who has said something and is silent for so long has said it all."""

_LULL_S: Final = 0.05
"""How long to gather what comes before looking whether it is enough; not after every byte.

Each further lull is twice as long, up to a second, so that a target that drips is not looked at for
as long as it likes.
"""

IsEnough = Callable[[bytes], Awaitable[bool]]
"""Tells whether what was received holds all that is wanted."""


@final
class Talk:
    """What came of a connection.

    Attributes:
        watch: How long everything took.
        fault: Why there was no talk; `None` when there was one.
        received: At most 64 KiB.
        is_whole: Whether the peer closed after `received`, or fell silent.
    """

    __slots__ = ("fault", "is_whole", "received", "watch")

    def __init__(self, watch: Stopwatch) -> None:
        self.watch = watch
        self.fault: Fault | None = None
        self.received = b""
        self.is_whole = True


@final
class TcpClient:
    """Talks over one new connection each time; nothing is kept."""

    def __init__(self, router: Router) -> None:
        self._router = router

    async def talk(
        self,
        endpoint: Endpoint,
        timeout_s: float,
        *,
        send: bytes = b"",
        is_enough: IsEnough | None = None,
        asker: str = "",
    ) -> Talk:
        """Connect, send, and listen.

        Args:
            endpoint: Where to.
            timeout_s: Limit for everything together, from the look-up to the close.
            send: What a person typed; with it, ports that take mail are refused.
            is_enough: When to stop listening; nothing is listened to when absent.
            asker: The workspace it is done for.
        """
        talk = Talk(Stopwatch.start())
        deadline = talk.watch.started + timeout_s
        ports = MAIL_PORTS if send else NO_PORTS
        numbers = await self._router.find(endpoint, talk.watch, deadline, ports)
        if isinstance(numbers, Fault):
            talk.fault = numbers
            return talk
        admit = partial(self._router.admit, endpoint, asker)
        async with open_stream(endpoint, numbers, talk.watch, deadline, admit) as stream:
            if isinstance(stream, Fault):
                talk.fault = stream
                return talk
            if send:
                talk.fault = await stream.send(send, deadline)
                talk.watch.stop()
            if is_enough is not None and talk.fault is None:
                await _listen(stream, talk, deadline, is_enough)
        return talk


async def _listen(stream: Stream, talk: Talk, deadline: float, is_enough: IsEnough) -> None:
    """Listen until enough was said, or until silence, the close or a limit."""
    ear = _Ear(is_enough, deadline)
    await ear.ask()
    while not ear.is_done:
        piece = await stream.receive(ear.next_look_at)
        if isinstance(piece, bytes):
            ear.hear(piece)
        elif piece.failure is not FailureClass.TIMEOUT:
            # A reset after the last word is how some say goodbye.
            talk.fault = None if ear.received else piece
            break
        await ear.look()
    if ear.is_out_of_time and not ear.received and not ear.holds:
        talk.fault = timed_out(f"{stream.place} took the connection and said nothing.")
    talk.received = bytes(ear.received[:MAX_RECEIVED_BYTES])
    talk.is_whole = not ear.is_out_of_time and len(ear.received) < MAX_RECEIVED_BYTES
    talk.watch.finished = ear.heard_at
    if ear.first_heard_at is not None:
        talk.watch.first_byte_s = ear.first_heard_at - ear.began
        talk.watch.body_s = ear.heard_at - ear.first_heard_at


@final
class _Ear:
    """What was heard so far, and when to look whether it is enough."""

    def __init__(self, is_enough: IsEnough, deadline: float) -> None:
        self._is_enough = is_enough
        self._deadline = deadline
        self.began = self.heard_at = time.monotonic()
        self.first_heard_at: float | None = None
        self.received = bytearray()
        self.holds = False
        self.is_done = self.is_out_of_time = False
        self._look_at: float | None = None
        self._lull_s = _LULL_S

    @property
    def next_look_at(self) -> float:
        """Monotonic seconds at which to look, though nothing more was heard."""
        if self._look_at is not None:
            return min(self._look_at, self._deadline)
        # Whoever says nothing at all is waited for, unless it is all right to say nothing.
        if self.received or self.holds:
            return min(self.heard_at + SILENCE_S, self._deadline)
        return self._deadline

    def hear(self, piece: bytes) -> None:
        """Take a piece; an empty one is the end."""
        if not piece:
            self.is_done = True
            return
        self.heard_at = time.monotonic()
        if self.first_heard_at is None:
            self.first_heard_at = self.heard_at
        self.received += piece
        if self._look_at is None:
            self._look_at = self.heard_at + self._lull_s
            self._lull_s = min(2 * self._lull_s, SILENCE_S)

    async def ask(self) -> None:
        """Ask whether it is enough; who has no answer by the deadline has none."""
        try:
            async with asyncio.timeout(max(self._deadline - time.monotonic(), 0.0)):
                self.holds = await self._is_enough(bytes(self.received))
        except TimeoutError:
            self.is_done = self.is_out_of_time = True

    async def look(self) -> None:
        """Find out whether that was all."""
        now = time.monotonic()
        if len(self.received) >= MAX_RECEIVED_BYTES:
            self.is_done = True
        elif self._look_at is not None and now >= self._look_at:
            self._look_at = None
            await self.ask()
            self.is_done |= self.holds
        elif self._look_at is None and now >= self.next_look_at:
            self.is_done = True
        if now >= self._deadline:
            self.is_done = self.is_out_of_time = True
