"""How often things may be tried: counted in memory, in sliding windows."""

import ipaddress
import math
import time
from collections.abc import Sequence
from typing import Final, final

from limits import (
    RateLimitItem,
    RateLimitItemPerHour,
    RateLimitItemPerMinute,
    RateLimitItemPerSecond,
)
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from allgreen.errors import TooManyError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Each has a name of its own: of two limits of the same rate, one would count for the other.
LOG_INS_PER_ACCOUNT: Final = RateLimitItemPerHour(20, namespace="log-ins/account")
LOG_INS_PER_ADDRESS: Final = RateLimitItemPerHour(200, namespace="log-ins/address")
REGISTRATIONS_PER_ADDRESS: Final = RateLimitItemPerHour(20, namespace="registrations")
RESENDS_PER_ACCOUNT: Final = RateLimitItemPerHour(5, namespace="resends")
PREVIEWS_PER_ACCOUNT: Final = RateLimitItemPerMinute(60, namespace="previews")
CHECKS_PER_SERVICE: Final = RateLimitItemPerSecond(1, 10, namespace="checks")


@final
class Limits:
    """Counters of this process. A restart forgets them: they slow guessing down, no more."""

    def __init__(self) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def count(self, limit: RateLimitItem, *who: str, message: str) -> None:
        """Count one more.

        Raises:
            TooManyError: The limit is reached; this one was not counted.
        """
        if not self._limiter.hit(limit, *who):
            reset_at = self._limiter.get_window_stats(limit, *who).reset_time
            wait_s = math.ceil(reset_at - time.time())  # noqa: TID251 - the clock of the counters
            raise TooManyError(message, max(1, wait_s))

    def forget(self, limit: RateLimitItem, *who: str) -> None:
        """Begin to count anew, after it went well."""
        self._limiter.clear(limit, *who)


def group_of(address: str) -> str:
    """Return what counts as one client: an IPv4 address, or the /64 of an IPv6 one."""
    try:
        number = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(number, ipaddress.IPv6Address):
        if number.ipv4_mapped:
            return str(number.ipv4_mapped)
        return str(ipaddress.ip_network((number, 64), strict=False))
    return address


def client_of(peer: str, forwarded: Sequence[str], trusted: Sequence[Network]) -> str:
    """Return the address of the client, believing nobody but trusted proxies.

    Args:
        peer: The other end of the socket.
        forwarded: Entries of ``X-Forwarded-For``, left to right; each proxy adds one at the right.
        trusted: Where our own proxies are.
    """
    client = peer
    for entry in reversed(forwarded):
        if not _is_within(client, trusted):
            return client
        client = entry.strip()
    return client


def _is_within(address: str, networks: Sequence[Network]) -> bool:
    try:
        number = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(number in network for network in networks)
