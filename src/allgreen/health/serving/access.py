"""Access: how much of a report somebody may see."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final, final

from allgreen.domain.report import Detail
from allgreen.errors import SettingsError
from allgreen.health.serving.addresses import find_client, is_within, read_networks
from allgreen.health.serving.exchange import Request

logger = logging.getLogger(__name__)

Decide = Callable[[Request], Detail]
NOBODY: Final[Mapping[str, Detail]] = MappingProxyType({})


@final
class Access:
    """Who may see how much. The status of the whole is for everybody: probes cannot sign in.

    What a token or a network allows counts, and the most of it. Only when that is nothing is
    `decide` asked, and only without one does `anonymous` hold.

    Args:
        anonymous: What everybody sees; `None` for everything in development, and the status
            alone elsewhere. Everything is shown to everybody in development only, whatever this
            says: elsewhere that counts as names and verdicts. Name networks instead.
        tokens: What somebody sees who knows a token, as ``Authorization: Bearer …`` or ``?token=…``.
        networks: What somebody sees from an address, by network, such as ``10.0.0.0/8``.
        trusted_proxies: Networks of proxies whose ``X-Forwarded-For`` is believed.
        decide: A plain function, asked about a request; when it raises, the status alone is
            shown.

    Raises:
        SettingsError: A token is blank, or a network is none.
    """

    def __init__(
        self,
        *,
        anonymous: Detail | None = None,
        tokens: Mapping[str, Detail] = NOBODY,
        networks: Mapping[str, Detail] = NOBODY,
        trusted_proxies: Iterable[str] = (),
        decide: Decide | None = None,
    ) -> None:
        if any(not token.strip() for token in tokens):
            raise SettingsError("tokens", "A token cannot be blank: everybody would know it.")
        self.anonymous = anonymous
        self.decide = decide
        self._tokens = tuple((token.encode(), Detail(detail)) for token, detail in tokens.items())
        self._networks = tuple(
            (network, Detail(detail))
            for text, detail in networks.items()
            for network in read_networks("networks", [text])
        )
        self._proxies = read_networks("trusted_proxies", trusted_proxies)

    def detail_for(self, request: Request, *, environment: Callable[[], str]) -> Detail:
        """Return how much whoever sent a request may see.

        Args:
            request: The request.
            environment: Says where the program runs, such as ``development``.
        """
        if self._tokens or self._networks:
            known = _most((self._by_token(request), self._by_network(request)))
            if known is not Detail.NONE:
                return known
        if self.decide is not None:
            return _ask(self.decide, request)
        return self._for_everybody(environment())

    def _for_everybody(self, environment: str) -> Detail:
        if environment == "development":
            return Detail.FULL if self.anonymous is None else self.anonymous
        if self.anonymous is None:
            return Detail.NONE
        return min(self.anonymous, Detail.SUMMARY, key=_ORDER.index)

    def _by_token(self, request: Request) -> Detail:
        if not self._tokens:
            return Detail.NONE
        shown = [_bearer(request.headers.get("authorization", ""))]
        if "token=" in request.query:
            shown.append(request.parameters().get("token", ""))
        return _most(
            detail
            # All are compared, each in constant time: how long it takes tells nothing.
            for text in shown
            for token, detail in self._tokens
            if hmac.compare_digest(text.encode("utf-8", "replace"), token)
        )

    def _by_network(self, request: Request) -> Detail:
        if not self._networks:
            return Detail.NONE
        client = find_client(request.peer, request.headers, self._proxies)
        if client is None:
            return Detail.NONE
        return _most(detail for network, detail in self._networks if is_within(client, [network]))


_ORDER: Final = (Detail.NONE, Detail.SUMMARY, Detail.FULL)


def _most(details: Iterable[Detail]) -> Detail:
    return max(details, key=_ORDER.index, default=Detail.NONE)


def _bearer(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _ask(decide: Decide, request: Request) -> Detail:
    try:
        return Detail(decide(request))
    except Exception as error:  # noqa: BLE001 - code of the program; it has allowed nothing
        # Its kind alone: its text may hold what the request said.
        logger.warning(
            "Who may see details was not decided (%s), so they stay hidden.", type(error).__name__
        )
        return Detail.NONE
