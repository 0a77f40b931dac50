"""Exchange: what somebody asks of the endpoint and what is answered, without any framework."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Final, NamedTuple
from urllib.parse import parse_qsl

NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})


class Request(NamedTuple):
    """A request as far as the endpoint looks at it. Nobody reads its body.

    Attributes:
        method: In capitals, as it was sent.
        path: Below the mount, with a slash in front.
        query: As it was sent, without its question mark.
        headers: By name in lower case; repeated ones joined by commas.
        peer: Address of the other end of the socket, as a number; `None` when there is none, as
            on a Unix socket.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = NO_HEADERS
    peer: str | None = None

    def parameters(self) -> dict[str, str]:
        """Return what the query says: the first value of each name, nothing when it is absurd."""
        if not self.query:
            return {}
        try:
            pairs = parse_qsl(
                self.query, keep_blank_values=True, errors="replace", max_num_fields=_MOST_FIELDS
            )
        except ValueError:  # more fields than that
            return {}
        return dict(reversed(pairs))


class Response(NamedTuple):
    """An answer, complete.

    Attributes:
        headers: In the order in which they are sent, ``Content-Length`` among them.
        body: Empty when the method was HEAD.
    """

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def reason(self) -> str:
        """Return the phrase of the status line, such as ``Service Unavailable``."""
        try:
            return HTTPStatus(self.status).phrase
        except ValueError:  # a code of the program's own
            return "Health"


_MOST_FIELDS: Final = 50
