"""How requests arrive: each within a time and a size, or its connection ends."""

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LARGEST_HEAD: Final = 64 * 1024
LARGEST_MESSAGE: Final = 4 * 1024 * 1024
"""Bytes on the wire; the body itself is limited to 1 MiB by the application."""


class TimelyHttp(HttpToolsProtocol):
    """Ends connections on which a request does not arrive.

    Uvicorn waits for a request as long as the client likes, and keeps headers of any length. A
    few hundred silent sockets would take all files of this process, and with them the checks.
    """

    within_s = 30.0
    """Seconds for a whole request, from its connection or its first byte to its last one."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._deadline: asyncio.TimerHandle | None = None
        self._is_head = self._is_arriving = False
        self._received = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._begin_to_wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._end_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came, unless the request has grown too large."""
        if self._deadline is None and self._is_idle:
            self._begin_to_wait()
        self._received += len(data)
        super().data_received(data)
        if self._received > (LARGEST_HEAD if self._is_head else LARGEST_MESSAGE):
            self._refuse()

    def on_message_begin(self) -> None:
        """Count from here."""
        super().on_message_begin()
        self._received = 0
        self._is_head = self._is_arriving = True
        # One that comes while an earlier one is answered has to wait for us.
        if self._deadline is None and self._is_idle:
            self._begin_to_wait()

    def on_headers_complete(self) -> None:
        """Begin to answer."""
        self._is_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Wait no more: now it is our turn."""
        self._end_waiting()
        self._received, self._is_arriving = 0, False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the rest of the next request, if it has begun to arrive."""
        super().on_response_complete()
        is_next = self._is_arriving and not self.pipeline
        if is_next and self._deadline is None and not self.transport.is_closing():
            self._begin_to_wait()

    @property
    def _is_idle(self) -> bool:
        # Uvicorn says that there always is one, and begins with none.
        return self.cycle is None or self.cycle.response_complete  # type: ignore[redundant-expr]

    def _begin_to_wait(self) -> None:
        self._end_waiting()
        self._deadline = self.loop.call_later(self.within_s, self.transport.abort)

    def _end_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _refuse(self) -> None:
        if self.transport.is_closing():
            return
        if self._is_idle:
            self.send_400_response("This request is too large.")
        else:
            self.transport.abort()  # an answer to an earlier one is on its way
