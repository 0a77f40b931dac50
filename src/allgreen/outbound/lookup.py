"""One question to c-ares, over a channel of its own.

A channel keeps every answer for as long as the answer's own TTL says, an empty one for an hour,
and its Python face cannot switch that off. A channel that lives for one question has nothing to
remember: what a probe sees is what DNS says now. It also gives each question a port of its own,
which whoever forges answers would have to guess.
"""

import asyncio
from collections.abc import Sequence
from typing import Final, final

import pycares
from pycares import errno as ares

_FIRST_WAIT_S: Final = 0.5
# c-ares waits longer with each try and may start lower than asked; four fill the whole limit.
_TRIES: Final = 4
# ARES_AI_NOSORT of c-ares: its sorting opens a socket for every address that was found.
_UNSORTED: Final = 1 << 7


@final
class Lookup:
    """A question under way; close it, come what may.

    Attributes:
        answer: Ends with the numbers that were found and `None`, or with no numbers and an error
            code of c-ares. It raises nothing.
    """

    def __init__(self, servers: Sequence[str]) -> None:
        """Open a channel.

        Args:
            servers: Addresses of DNS servers with ports; the system's when empty.

        Raises:
            pycares.AresError: There is no memory, or no descriptor.
        """
        self._loop = asyncio.get_running_loop()
        self.answer: asyncio.Future[tuple[tuple[str, ...], int | None]]
        self.answer = self._loop.create_future()
        self._readers: set[int] = set()
        self._writers: set[int] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._is_closed = False
        self._channel = pycares.Channel(
            servers=servers or None,
            timeout=_FIRST_WAIT_S,
            tries=_TRIES,
            sock_state_cb=self._on_socket,
        )

    @property
    def servers(self) -> list[str]:
        """Return whom the channel asks, each with its port."""
        return self._channel.servers

    def ask_for_addresses(self, name: str) -> None:
        """Ask for every IPv4 and IPv6 number of a name."""
        self._channel.getaddrinfo(name, None, flags=_UNSORTED, callback=self._on_addresses)
        self._wait()

    def ask_for_existence(self, name: str) -> None:
        """Ask for a name whose numbers are of no interest."""
        self._channel.query(name, pycares.QUERY_TYPE_A, callback=self._on_existence)
        self._wait()

    def close(self) -> None:
        """Give up what is under way, and close the sockets; does nothing the second time."""
        if self._is_closed:
            return
        self._is_closed = True
        self._forget_timer()
        for fd in self._readers:
            self._loop.remove_reader(fd)
        for fd in self._writers:
            self._loop.remove_writer(fd)
        # Cancelled here, in the thread of the loop: the channel is destroyed in another one.
        self._channel.cancel()
        self._channel.close()
        self._end((), ares.ARES_ECANCELLED)

    def _on_addresses(self, found: pycares.AddrInfoResult | None, code: int | None) -> None:
        nodes = [] if found is None else found.nodes
        self._end(tuple(node.addr[0].decode("ascii", "replace") for node in nodes), code)

    def _on_existence(self, _found: object, code: int | None) -> None:
        self._end((), code)

    def _end(self, numbers: tuple[str, ...], code: int | None) -> None:
        if not self.answer.done():
            self.answer.set_result((numbers, code))

    def _on_socket(self, fd: int, readable: bool, writable: bool) -> None:
        if self._is_closed:
            return  # Called once more from the thread that destroys the channel.
        if readable and fd not in self._readers:
            self._readers.add(fd)
            self._loop.add_reader(fd, self._process, fd, pycares.ARES_SOCKET_BAD)
        elif not readable and fd in self._readers:
            self._readers.remove(fd)
            self._loop.remove_reader(fd)
        if writable and fd not in self._writers:
            self._writers.add(fd)
            self._loop.add_writer(fd, self._process, pycares.ARES_SOCKET_BAD, fd)
        elif not writable and fd in self._writers:
            self._writers.remove(fd)
            self._loop.remove_writer(fd)

    def _process(self, readable_fd: int, writable_fd: int) -> None:
        if not self._is_closed:
            self._channel.process_fd(readable_fd, writable_fd)
            self._wait()

    def _wait(self) -> None:
        """Come back when c-ares wants to ask again or to give up."""
        self._forget_timer()
        if not self.answer.done():
            due_s: float = self._channel.timeout(_FIRST_WAIT_S)  # type: ignore[no-untyped-call]  # theirs
            pause_s = max(due_s, 0.001)
            self._timer = self._loop.call_later(
                pause_s, self._process, pycares.ARES_SOCKET_BAD, pycares.ARES_SOCKET_BAD
            )

    def _forget_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
