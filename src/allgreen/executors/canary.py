"""Canaries: places that an operator knows to be up, asked over the guarded client."""

from collections.abc import Sequence
from typing import Final, final
from urllib.parse import urlsplit

from allgreen.errors import SettingsError, TargetBlockedError
from allgreen.outbound.endpoint import Endpoint, parse_endpoint
from allgreen.outbound.fault import Fault
from allgreen.outbound.http import HttpClient
from allgreen.outbound.request import Request
from allgreen.outbound.route import Router, Stopwatch
from allgreen.outbound.stream import open_stream
from allgreen.outbound.url import Target, parse_target
from allgreen.ports import Canary

SETTING: Final = "ALLGREEN_CANARIES"
FEWEST: Final = 3
MOST: Final = 20
TIMEOUT_S: Final = 3.0


@final
class HttpCanary(Canary):
    """A URL. Any answer will do; one with a certificate for another name is none."""

    def __init__(self, target: Target, *, client: HttpClient, user_agent: str) -> None:
        self._target = target
        self._client = client
        self._request = Request(
            target=target,
            method="HEAD",
            own_headers=(("User-Agent", user_agent),),
            headers=(),
            body=None,
            verify_tls=True,
            follow_redirects=False,
        )

    @property
    def name(self) -> str:
        return f"{self._target.scheme}://{self._target.authority}"

    async def answers(self) -> bool:
        exchange = await self._client.fetch(self._request, TIMEOUT_S)
        return exchange.answer is not None


@final
class TcpCanary(Canary):
    """A host and a port. It is enough that it takes a connection."""

    def __init__(self, endpoint: Endpoint, *, router: Router) -> None:
        self._endpoint = endpoint
        self._router = router

    @property
    def name(self) -> str:
        return str(self._endpoint)

    async def answers(self) -> bool:
        watch = Stopwatch.start()
        deadline = watch.started + TIMEOUT_S
        numbers = await self._router.find(self._endpoint, watch, deadline)
        if isinstance(numbers, Fault):
            return False
        async with open_stream(self._endpoint, numbers, watch, deadline) as opened:
            return not isinstance(opened, Fault)


def parse_canaries(text: str) -> tuple[Target | Endpoint, ...]:
    """Read a list of URLs and of hosts with ports, separated by commas.

    Raises:
        ValueError: With a sentence that says what to write instead.
    """
    entries = [entry.strip() for entry in text.split(",") if entry.strip()]
    places = tuple(_parse(entry) for entry in entries)
    hosts = {place.host for place in places}
    if places and len(hosts) < FEWEST:
        raise ValueError(
            f"name at least {FEWEST} places on different hosts, or none: of fewer nobody can tell "
            "whether one of them is down or your own network"
        )
    if len(places) > MOST:
        raise ValueError(f"name at most {MOST} places")
    return places


def build_canaries(
    text: str, *, router: Router, client: HttpClient, user_agent: str
) -> Sequence[Canary]:
    """Return the canaries of a setting that was read already.

    Raises:
        SettingsError: The guard would never let one of them be reached.
    """
    canaries: list[Canary] = []
    for place in parse_canaries(text):
        try:
            if isinstance(place, Endpoint):
                router.guard.vet_endpoint(place)
                canaries.append(TcpCanary(place, router=router))
            else:
                router.guard.vet_target(place)
                canaries.append(HttpCanary(place, client=client, user_agent=user_agent))
        except TargetBlockedError as error:
            raise SettingsError(
                SETTING, f"{error} Choose a public place, or allow it in ALLGREEN_ALLOW_TARGETS."
            ) from None
    return canaries


def _parse(entry: str) -> Target | Endpoint:
    try:
        if "://" in entry:
            return parse_target(entry)
        parts = urlsplit(f"//{entry}")
        if parts.port is None:
            raise ValueError("Write a port behind the host, such as 1.1.1.1:443.")
        return parse_endpoint(entry.rpartition(":")[0], parts.port)
    except ValueError as error:
        raise ValueError(f"{entry[:80]!r} cannot be asked. {error}") from None
