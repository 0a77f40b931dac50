"""HostThrottle: lets a run begin when its host may be asked again, before its time starts."""

from contextlib import AbstractAsyncContextManager, nullcontext
from functools import lru_cache
from typing import final

from allgreen.domain.check import Check, DnsOptions, HttpOptions, LeasedCheck
from allgreen.outbound.endpoint import Endpoint, parse_dns_server, parse_endpoint
from allgreen.outbound.fault import Fault
from allgreen.outbound.pace import LONGEST_DEBT_S, LONGEST_WAIT_S, HostPace, too_many
from allgreen.outbound.url import Target, parse_target


@final
class HostThrottle:
    """Waits for the turn of a host, over all workspaces."""

    def __init__(self, pace: HostPace) -> None:
        self._pace = pace

    def turn(self, leased: LeasedCheck) -> AbstractAsyncContextManager[str]:
        """Wait for the turn of a run, which ends with the block.

        Gives an empty text when the check may be run. Else it must not be, and the text is a
        sentence that says why: it would wait for longer than half its period, or 30 s.
        """
        # A quick re-probe decides whether people are told of an outage: it does not wait.
        place = _destination(leased.check) if leased.slot.attempt == 1 else None
        if place is None or self._pace.is_exempt(place.host, place.known_address):
            return nullcontext("")
        check = leased.check
        at_most_s = min(check.schedule.every.total_seconds() / 2, LONGEST_WAIT_S)
        return _Turn(self._pace, place.host, at_most_s, check.workspace_id)

    def count(self, check: Check) -> Fault | None:
        """Count a run for which somebody sits and waits; a fault says that it must not be."""
        place = _destination(check)
        if place is None or self._pace.is_exempt(place.host, place.known_address):
            return None
        wait_s = self._pace.reserve(place.host, LONGEST_DEBT_S)
        return too_many(place.host) if wait_s is None else None


@final
class _Turn(AbstractAsyncContextManager[str]):
    """A class, because a generator for each run would cost as much as half the probe."""

    __slots__ = ("_asker", "_at_most_s", "_host", "_is_in", "_pace")

    def __init__(self, pace: HostPace, host: str, at_most_s: float, asker: str) -> None:
        self._pace = pace
        self._host = host
        self._at_most_s = at_most_s
        self._asker = asker
        self._is_in = False

    async def __aenter__(self) -> str:
        self._is_in = await self._pace.enter(self._host, self._at_most_s, self._asker)
        return "" if self._is_in else too_many(self._host).message

    async def __aexit__(self, *_: object) -> None:
        if self._is_in:
            self._pace.leave(self._host)


def _destination(check: Check) -> Target | Endpoint | None:
    """Return whom a check asks; `None` for what cannot be read, which asks nobody."""
    options = check.options
    try:
        if isinstance(options, HttpOptions):
            return _read_url(options.url)
        if not isinstance(options, DnsOptions):
            return parse_endpoint(options.hostname, options.port)
        if options.server is not None:
            return parse_dns_server(options.server)
    except ValueError:
        return None
    # Our own DNS servers pass the question on to those of the name.
    return Endpoint(host=options.host, port=53, address=None)


@lru_cache(maxsize=20_000)  # the same few thousand, each minute
def _read_url(url: str) -> Target:
    return parse_target(url)
