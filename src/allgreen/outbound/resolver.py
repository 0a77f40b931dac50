"""Turn names into numbers with c-ares, on sockets of its own.

Never through `getaddrinfo` and a thread pool: a few names whose DNS is dead would occupy every
thread, and healthy targets would look down while they wait.
"""

import asyncio
import secrets
import time
from typing import Final, final

import pycares
from pycares import errno as ares

from allgreen.domain.status import FailureClass
from allgreen.errors import SettingsError
from allgreen.outbound.endpoint import Endpoint, parse_dns_server
from allgreen.outbound.fault import Fault
from allgreen.outbound.lookup import Lookup
from allgreen.outbound.url import LOOPBACK, is_loopback_name

LOOKUP_LIMIT_S: Final = 2.0
RESOLVER_SETTING: Final = "ALLGREEN_RESOLVER"

_OURS: Final = frozenset(
    {
        ares.ARES_ECONNREFUSED,
        ares.ARES_EREFUSED,
        ares.ARES_ENOMEM,
        ares.ARES_ECANCELLED,
        ares.ARES_EDESTRUCTION,
        ares.ARES_EFILE,
        ares.ARES_ENOTINITIALIZED,
    }
)
_NO_SIGN: Final = _OURS - {ares.ARES_EREFUSED} | {ares.ARES_ETIMEOUT}
_REASONS: Final = {
    ares.ARES_ENOTFOUND: ("no such name", "The name {name} does not exist in DNS."),
    ares.ARES_ENODATA: ("no address in DNS", "The name {name} has no address in DNS."),
    ares.ARES_ESERVFAIL: (
        "DNS server failure",
        "The DNS servers of {name} gave no usable answer (SERVFAIL).",
    ),
}


@final
class Resolver:
    """Look addresses up; belongs to the event loop in which it is first used.

    Neither answers nor verdicts are kept: each look-up asks DNS anew, and whoever connects vets
    every number of every answer again.

    ``localhost`` and names below it are 127.0.0.1 without a question (RFC 6761, section 6.3).
    """

    def __init__(self, server: str | None = None) -> None:
        """Prepare a resolver; nothing is opened yet.

        Args:
            server: Address of a DNS server, such as ``127.0.0.1:5353``; the system's when absent.

        Raises:
            SettingsError: `server` is not an address.
        """
        self._servers = [_parse_server(server)] if server else []
        self._under_way: set[Lookup] = set()
        self._heard_at = 0.0
        self._sign_of_life: asyncio.Future[None] | None = None

    async def resolve(self, name: str, limit_s: float = LOOKUP_LIMIT_S) -> tuple[str, ...] | Fault:
        """Return every address of a name, IPv4 first, or why there is none.

        Args:
            name: Host name in ASCII, not a number.
            limit_s: Longest time to take; at most 2 seconds are used.
        """
        if is_loopback_name(name):
            return (LOOPBACK,)
        started = time.monotonic()
        ends_at = started + min(limit_s, LOOKUP_LIMIT_S)
        try:
            numbers, code = await self._look_up(name, ends_at)
        except TimeoutError:
            code = ares.ARES_ETIMEOUT
        except pycares.AresError:
            return self._explain(name, ares.ARES_ENOMEM)
        else:
            if code is None and numbers:
                return numbers
        if code == ares.ARES_ETIMEOUT:
            return await self.explain_silence(name, started, ends_at)
        code = ares.ARES_ENODATA if code is None else code
        return self._explain(name, code)

    async def aclose(self) -> None:
        """Give up what is still being looked up, and close the sockets."""
        under_way, self._under_way = self._under_way, set()
        for lookup in under_way:
            lookup.close()
        if self._sign_of_life is not None:
            self._sign_of_life.cancel()
            self._sign_of_life = None

    async def _look_up(self, name: str, ends_at: float) -> tuple[tuple[str, ...], int | None]:
        lookup = self._open()
        left_s = ends_at - time.monotonic()
        # At half-time find out whether our DNS server is silent or only that of the target.
        half_time = lookup.answer.get_loop().call_later(left_s / 2, self.ask_for_sign_of_life)
        try:
            async with asyncio.timeout(left_s):
                lookup.ask_for_addresses(name)
                numbers, code = await lookup.answer
        finally:
            half_time.cancel()
            self._close(lookup)
        if len(numbers) > 1:
            numbers = tuple(sorted(dict.fromkeys(numbers), key=_is_v6))
        return numbers, code

    def _open(self) -> Lookup:
        lookup = Lookup(self._servers)
        self._under_way.add(lookup)
        return lookup

    def _close(self, lookup: Lookup) -> None:
        self._under_way.discard(lookup)
        lookup.close()

    def _explain(self, name: str, code: int) -> Fault:
        meaning = str(ares.strerror(code))
        if code in _OURS:
            return Fault.of_ours(
                "our DNS server failed",
                f"Our DNS server does not work: {meaning}. This says nothing about {name}.",
            )
        reason, message = _REASONS.get(
            code, ("DNS error", f"The DNS answer for {{name}} cannot be used: {meaning}.")
        )
        return Fault.of_target(FailureClass.DNS, reason, message.format(name=name))

    def list_servers(self) -> list[Endpoint] | Fault:
        """Return the DNS servers that are asked here; a fault of ours when there is none."""
        try:
            lookup = self._open()
        except pycares.AresError:
            return self._explain("DNS", ares.ARES_ENOMEM)
        try:
            servers = lookup.servers
        finally:
            self._close(lookup)
        # A link-local one has a zone, and no meaning outside of c-ares.
        return [
            parse_dns_server(server) for server in servers if "%" not in server
        ] or Fault.of_ours("no DNS server", "This watcher has no DNS server that it could ask.")

    async def explain_silence(self, name: str, started: float, ends_at: float) -> Fault:
        """Tell whether our DNS server is silent, or only that of the target.

        Args:
            name: Who was asked for.
            started: Monotonic seconds at which it was asked for.
            ends_at: Monotonic seconds until which to wait for a sign of life.
        """
        if self._heard_at < started:
            sign = self.ask_for_sign_of_life()
            await asyncio.wait((sign,), timeout=max(0.0, ends_at - time.monotonic()))
        if self._heard_at < started:
            return Fault.of_ours(
                "our DNS server is silent",
                f"Our DNS server answers nothing at all. This says nothing about {name}.",
            )
        return Fault.of_target(
            FailureClass.DNS,
            "DNS timed out",
            f"The DNS servers of {name} did not answer within {ends_at - started:.1f} s.",
        )

    def ask_for_sign_of_life(self) -> asyncio.Future[None]:
        """Ask once for all who wait whether our DNS server lives; any answer to it is a sign.

        The name is a new one each time and cannot exist (RFC 6761, section 6.4), so that no cache
        answers in place of the server.
        """
        if self._sign_of_life is None or self._sign_of_life.done():
            sign: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._sign_of_life = sign
            try:
                lookup = self._open()
            except pycares.AresError:
                sign.set_result(None)  # No channel for the question: no sign either.
                return sign
            lookup.answer.add_done_callback(lambda _: self._take_sign(lookup, sign))
            lookup.ask_for_existence(f"{secrets.token_hex(8)}.invalid")
        return self._sign_of_life

    def _take_sign(self, lookup: Lookup, sign: asyncio.Future[None]) -> None:
        _, code = lookup.answer.result()
        self._close(lookup)
        if code not in _NO_SIGN:
            self._heard_at = time.monotonic()
        if not sign.done():
            sign.set_result(None)


def _is_v6(address: str) -> bool:
    return ":" in address


def _parse_server(server: str) -> str:
    try:
        return str(parse_dns_server(server))
    except ValueError as error:
        raise SettingsError(RESOLVER_SETTING, str(error)) from None
