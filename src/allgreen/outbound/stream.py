"""One connection to a vetted number for whatever is not HTTP: plain bytes, as coroutines.

Probes of HTTP are many and have a state machine of their own; these are few, and easier to read.
Every wait here is within a time that the caller gives, and a stream is closed by whoever opened it.
"""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final, final

from allgreen.domain.status import FailureClass
from allgreen.outbound.connection import explain_os_error
from allgreen.outbound.endpoint import Endpoint, written_place
from allgreen.outbound.fault import Fault
from allgreen.outbound.route import Stopwatch, most_telling

READ_BYTES: Final = 16384

Admit = Callable[[str], Fault | None]
"""Counts a connection to a number, or says why it must not be made."""


@final
class Stream:
    """A connected socket.

    Attributes:
        place: Host and number as people write them.
    """

    __slots__ = ("_loop", "_socket", "place")

    def __init__(self, connected: socket.socket, place: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._socket = connected
        self.place = place

    async def send(self, data: bytes, deadline: float) -> Fault | None:
        """Send everything; a fault says why that was not possible."""
        try:
            async with asyncio.timeout(_left(deadline)):
                await self._loop.sock_sendall(self._socket, data)
        except TimeoutError as error:
            return self._explain(error, "{place} did not take what was sent in time.")
        except OSError as error:
            return explain_os_error(error.errno, self.place)
        return None

    async def receive(self, deadline: float) -> bytes | Fault:
        """Return what comes next, at most 16 KiB; nothing once the peer has closed."""
        try:
            async with asyncio.timeout(_left(deadline)):
                return await self._loop.sock_recv(self._socket, READ_BYTES)
        except TimeoutError as error:
            return self._explain(error, "{place} did not answer in time.")
        except OSError as error:
            return explain_os_error(error.errno, self.place)

    def _explain(self, error: TimeoutError, message: str) -> Fault:
        if error.errno is not None:  # The system's own limit, not ours.
            return explain_os_error(error.errno, self.place)
        return timed_out(message.format(place=self.place))


@asynccontextmanager
async def open_stream(
    endpoint: Endpoint,
    numbers: Sequence[str],
    watch: Stopwatch,
    deadline: float,
    admit: Admit | None = None,
) -> AsyncIterator[Stream | Fault]:
    """Connect to the first number that takes the connection, and close it at the end.

    Args:
        endpoint: Whose numbers they are; its port is used.
        numbers: Vetted. Each gets an equal share of the time, so that a dead one leaves some for
            the others.
        watch: Takes the time of connecting.
        deadline: Monotonic seconds at which everything must have ended.
        admit: Asked before each connection; a fault of its ends the search, because whether the
            target can be reached is not known then.
    """
    began = time.monotonic()
    faults: list[Fault] = []
    for at, number in enumerate(numbers):
        refusal = None if admit is None else admit(number)
        if refusal is not None:
            yield refusal
            return
        share_s = _left(deadline) / (len(numbers) - at)
        place = _written(endpoint, number)
        opened = await _connect(number, endpoint.port, place, share_s)
        watch.stop()
        if isinstance(opened, Fault):
            faults.append(opened)
            continue
        watch.connect_s = watch.finished - began
        with opened:
            yield Stream(opened, place)
            return
    yield most_telling(faults)


def timed_out(message: str) -> Fault:
    """Return the fault of a target that took too long."""
    return Fault.of_target(FailureClass.TIMEOUT, "timed out", message)


async def _connect(number: str, port: int, place: str, limit_s: float) -> socket.socket | Fault:
    family = socket.AF_INET6 if ":" in number else socket.AF_INET
    try:
        opened = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        return explain_os_error(error.errno, place)
    try:
        opened.setblocking(False)
        async with asyncio.timeout(limit_s):
            await asyncio.get_running_loop().sock_connect(opened, (number, port))
    except TimeoutError as error:
        opened.close()
        if error.errno is not None:
            return explain_os_error(error.errno, place)
        return timed_out(f"{place} did not take the connection within {limit_s:.1f} s.")
    except OSError as error:
        opened.close()
        return explain_os_error(error.errno, place)
    except BaseException:
        opened.close()
        raise
    return opened


def _written(endpoint: Endpoint, number: str) -> str:
    place = written_place(number, endpoint.port)
    return place if endpoint.address is not None else f"{endpoint.host} ({place})"


def _left(deadline: float) -> float:
    return max(deadline - time.monotonic(), 0.0)
