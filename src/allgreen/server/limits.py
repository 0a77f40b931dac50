"""How often things may be tried: counted in memory, in sliding windows."""

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, final

from limits import (
    RateLimitItem,
    RateLimitItemPerDay,
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
LOG_INS_PER_DEVICE: Final = RateLimitItemPerHour(20, namespace="log-ins/device")
LOG_INS_PER_ADDRESS: Final = RateLimitItemPerHour(200, namespace="log-ins/address")
# Not per account: a stolen session must not use up the tries of its owner.
PROOFS_PER_SESSION: Final = RateLimitItemPerHour(20, namespace="proofs")
LINK_PASSWORDS_PER_ACCOUNT: Final = RateLimitItemPerHour(20, namespace="link-passwords")
REGISTRATIONS_PER_ADDRESS: Final = RateLimitItemPerHour(20, namespace="registrations")
RESENDS_PER_ACCOUNT: Final = RateLimitItemPerHour(5, namespace="resends")
FORGOTTEN_PER_ADDRESS: Final = RateLimitItemPerHour(20, namespace="forgotten")
ADDRESS_CHANGES_PER_ACCOUNT: Final = RateLimitItemPerHour(5, namespace="address-changes")
LETTERS_PER_MAILBOX: Final = RateLimitItemPerHour(5, namespace="letters")
EXPORTS_PER_ACCOUNT: Final = RateLimitItemPerHour(10, namespace="exports")
WORKSPACES_PER_ACCOUNT: Final = RateLimitItemPerDay(20, namespace="workspaces")
# Each is a mail to somebody who did not ask for it.
QUESTIONS_PER_ACCOUNT: Final = RateLimitItemPerDay(100, namespace="questions")
PREVIEWS_PER_ACCOUNT: Final = RateLimitItemPerMinute(60, namespace="previews")
CHECKS_PER_SERVICE: Final = RateLimitItemPerSecond(1, 10, namespace="checks")

FREE_TRIES: Final = 10
"""So many tries may follow at once: people who mistype are not guessing."""
_MOST_DELAYED: Final = 10_000
_CALM_AFTER_S: Final = 3600


@dataclass(slots=True)
class _Tries:
    """Tries of one who may be guessing, on the monotonic clock."""

    count: int
    last_s: float
    next_s: float


@final
class Limits:
    """Counters of this process. A restart forgets them: they slow guessing down, no more.

    Args:
        monotonic: The clock of delays, in seconds.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._monotonic = monotonic
        self._tries: OrderedDict[str, _Tries] = OrderedDict()

    def count(self, limit: RateLimitItem, *who: str, message: str) -> None:
        """Count one more.

        Raises:
            TooManyError: The limit is reached; this one was not counted.
        """
        if not self._limiter.hit(limit, *who):
            reset_at = self._limiter.get_window_stats(limit, *who).reset_time
            wait_s = math.ceil(reset_at - time.time())  # noqa: TID251 - the clock of the counters
            raise TooManyError(message, max(1, wait_s))

    def count_slowly(self, limit: RateLimitItem, *who: str, message: str) -> None:
        """Count one more try at a secret; after the tenth each is to wait twice as long.

        Raises:
            TooManyError: The limit is reached, or it is too soon; this one was not counted.
        """
        now_s, key = self._monotonic(), limit.key_for(*who)
        tries = self._tries.get(key)
        if tries is None or now_s - tries.last_s > _CALM_AFTER_S:
            tries = _Tries(0, now_s, now_s)
        if now_s < tries.next_s:
            raise TooManyError(message, math.ceil(tries.next_s - now_s))
        self.count(limit, *who, message=message)
        tries.count, tries.last_s = tries.count + 1, now_s
        if tries.count >= FREE_TRIES:
            tries.next_s = now_s + 2.0 ** (tries.count - FREE_TRIES)
        self._keep(key, tries)

    def admits(self, limit: RateLimitItem, *who: str) -> bool:
        """Count one more; tell whether it is within the limit.

        For what is left undone without a word, because a word would tell too much.
        """
        return self._limiter.hit(limit, *who)

    def forget(self, limit: RateLimitItem, *who: str) -> None:
        """Begin to count anew, after it went well."""
        self._limiter.clear(limit, *who)
        self._tries.pop(limit.key_for(*who), None)

    def _keep(self, key: str, tries: _Tries) -> None:
        self._tries[key] = tries
        self._tries.move_to_end(key)
        # Whoever makes up names to push others out wins nothing: the limit itself stays.
        if len(self._tries) > _MOST_DELAYED:
            self._tries.popitem(last=False)


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
