"""What the guard refuses no client reaches: every trick, through every way out there is.

A new way out is one line in `CLIENTS`. What proves it are the listeners: nobody came.
"""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field

import pytest

from allgreen.domain.check import DnsOptions, HttpOptions, Options, TcpOptions, TlsOptions
from allgreen.domain.expectation import BodyContains
from allgreen.domain.result import Result
from allgreen.domain.status import Outcome
from allgreen.executors.canary import HttpCanary, TcpCanary
from allgreen.outbound.endpoint import parse_endpoint
from allgreen.outbound.url import parse_target
from tests.integration.outbound.dns_stub import Answer, Script, scripted_dns
from tests.integration.outbound.kinds import House, asking, open_house
from tests.integration.outbound.targets import OK, Target, listen, redirecting, saying
from tests.unit.outbound.hostile_urls import HOSTILE_URLS

REFUSED = {Outcome.BLOCKED, Outcome.PROBE_ERROR}
"""How a run may end that reached nobody; the second when the address cannot even be read."""


@dataclass(frozen=True)
class Place:
    """Where somebody wants to get."""

    url: str

    @property
    def host(self) -> str:
        """What stands where the host is, as it was typed."""
        found = re.match(r"[^:/?#]*:?//([^/?#]*?)(?::\d+)?(?:[/?#]|$)", self.url, re.DOTALL)
        return found.group(1) if found else self.url

    @property
    def port(self) -> int:
        """The port, where there is one that can be read."""
        found = re.search(r":(\d{2,5})(?:[/?#]|$)", self.url)
        return min(int(found.group(1)), 65535) if found else 80


Ask = Callable[[House, Place], Awaitable[Outcome]]


def by_check(build: Callable[[Place], Options], *, previewed: bool = False) -> Ask:
    """Ask with a check of some kind."""

    async def ask(house: House, place: Place) -> Outcome:
        check = asking(build(place), BodyContains(text="o"), timeout_s=3)
        if previewed:
            return (await house.previews.run(check)).result.outcome
        return (await house.run(check)).outcome

    return ask


def by_http(place: Place) -> Options:
    return HttpOptions(method="GET", url=place.url)


def by_https(place: Place) -> Options:
    url = re.sub("^http:", "https:", place.url)
    return HttpOptions(method="GET", url=url, verify_tls=False)


def by_dns(place: Place) -> Options:
    host = place.host
    return DnsOptions(name="name.example", server=f"{host}:{place.port}")


def by_tcp(place: Place) -> Options:
    return TcpOptions(hostname=place.host, port=place.port)


def by_tcp_with_words(place: Place) -> Options:
    return TcpOptions(hostname=place.host, port=place.port, send="PING\r\n")


def by_tls(place: Place) -> Options:
    return TlsOptions(hostname=place.host, port=place.port, verify=False)


async def by_canary(house: House, place: Place) -> Outcome:
    """Ask as the operator's canaries do, which tell only whether there was an answer."""
    try:
        canary = HttpCanary(parse_target(place.url), client=house.client, user_agent="x")
    except ValueError:
        return Outcome.PROBE_ERROR
    return Outcome.OK if await canary.answers() else Outcome.BLOCKED


async def by_tcp_canary(house: House, place: Place) -> Outcome:
    """Ask as a canary that is a host and a port."""
    try:
        canary = TcpCanary(parse_endpoint(place.host, place.port), router=house.router)
    except ValueError:
        return Outcome.PROBE_ERROR
    return Outcome.OK if await canary.answers() else Outcome.BLOCKED


CLIENTS: dict[str, Ask] = {
    "http": by_check(by_http),
    "https": by_check(by_https),
    "http preview": by_check(by_http, previewed=True),
    "dns": by_check(by_dns),
    "dns preview": by_check(by_dns, previewed=True),
    "tcp": by_check(by_tcp),
    "tcp with words": by_check(by_tcp_with_words),
    "tcp preview": by_check(by_tcp, previewed=True),
    "tls": by_check(by_tls),
    "tls preview": by_check(by_tls, previewed=True),
    "canary": by_canary,
    "tcp canary": by_tcp_canary,
}
BY_NAME = {name: ask for name, ask in CLIENTS.items() if not name.startswith("dns")}
"""Those that take a name; a DNS server is always a number."""
FOLLOWING = {name: ask for name, ask in CLIENTS.items() if name in {"http", "http preview"}}

any_client = pytest.mark.parametrize("ask", CLIENTS.values(), ids=CLIENTS)
any_client_by_name = pytest.mark.parametrize("ask", BY_NAME.values(), ids=BY_NAME)


@dataclass
class Inside:
    """Listeners that nobody may reach, for streams and for packets, on one port."""

    listeners: list[Target]
    packets: list[bytes] = field(default_factory=list)

    @property
    def port(self) -> int:
        """Where all of them listen."""
        return self.listeners[0].port

    async def visits(self) -> int:
        """Count who came, once all had time to."""
        for _ in range(20):
            await asyncio.sleep(0)
        return sum(listener.visits for listener in self.listeners) + len(self.packets)


@asynccontextmanager
async def inside(*hosts: str) -> AsyncIterator[Inside]:
    """Listen on every loopback address there is, or on some."""
    wanted = list(hosts) or ["127.0.0.1", "127.0.0.2", "127.255.255.254"]
    if not hosts and has_loopback_v6():
        wanted.append("::1")
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        found: list[Target] = []
        for host in wanted:
            port = found[0].port if found else 0
            listening = listen(saying(OK), host=host, port=port, reads_head=False)
            found.append(await stack.enter_async_context(listening))
        house = Inside(found)

        class Packets(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, addr: object) -> None:
                house.packets.append(data)

        for host in wanted:
            transport, _ = await loop.create_datagram_endpoint(
                Packets, local_addr=(host, house.port)
            )
            stack.enter_context(closing(transport))
        yield house


def has_loopback_v6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@any_client
async def test_no_hostile_address_is_reached(ask: Ask) -> None:
    reached: dict[str, Outcome] = {}
    async with (
        inside() as listeners,
        scripted_dns(lambda *_: Answer()) as dns,
        open_house(allow="", dns=dns.address) as house,
    ):
        for template in HOSTILE_URLS:
            place = Place(template.format(port=listeners.port))
            if leads_outside(place):
                continue
            outcome = await ask(house, place)
            if outcome not in REFUSED:
                reached[place.url] = outcome

        assert await listeners.visits() == 0
    # What is no address is a name to a client without URLs, and then it is not known to DNS.
    assert set(reached.values()) <= {Outcome.FAIL}
    assert all(not place_is_a_number(url) for url in reached)


def leads_outside(place: Place) -> bool:
    """A public number may be reached by those who do not speak HTTP."""
    return "8.8.8.8:" in place.url or "2606:4700" in place.url


def place_is_a_number(url: str) -> bool:
    return re.fullmatch(r"\[?[0-9a-fx.:]+\]?", Place(url).host) is not None


def leading_to(*numbers: str) -> Script:
    v4 = tuple(number for number in numbers if ":" not in number)
    v6 = tuple(number for number in numbers if ":" in number)
    return lambda _, kind: Answer({"A": v4, "AAAA": v6}.get(kind, ()))


@any_client_by_name
@pytest.mark.parametrize(
    "script",
    [
        leading_to("127.0.0.2"),
        leading_to("127.0.0.1", "127.0.0.2"),
        leading_to("127.0.0.2", "127.0.0.1"),
        leading_to("::1"),
        leading_to("127.0.0.1", "::1"),
        leading_to("127.0.0.1", "::ffff:127.0.0.2"),
        leading_to("127.0.0.1", "169.254.169.254"),
        leading_to(*(f"127.0.3.{at}" for at in range(1, 61)), "127.0.0.2"),
        lambda _, kind: Answer(("127.0.0.2",) if kind == "A" else (), ("a.example", "b.example")),
    ],
    ids=[
        "inside only",
        "inside last",
        "inside first",
        "ipv6 only",
        "ipv6 beside",
        "mapped",
        "metadata",
        "behind sixty others",
        "alias chain",
    ],
)
async def test_one_bad_answer_among_good_ones_is_enough(ask: Ask, script: Script) -> None:
    async with inside() as listeners, scripted_dns(script) as dns:
        port = listeners.port
        allow = f"127.0.0.1:{port},127.0.3.0/24:{port}"
        async with open_house(allow=allow, dns=dns.address) as house:
            outcome = await ask(house, Place(f"http://name.example:{port}/"))

        assert outcome is Outcome.BLOCKED
        assert await listeners.visits() == 0


@any_client_by_name
async def test_rebinding_never_leads_inside(ask: Ask) -> None:
    asked = 0

    def rebinding(_: str, kind: str) -> Answer:
        nonlocal asked
        asked += 1
        number = ("127.0.0.1", "127.0.0.2")[(asked // 3) % 2]
        return Answer((number,) if kind == "A" else (), ttl=0)

    async with (
        listen(saying(OK), reads_head=False) as outer,
        inside("127.0.0.2") as probe,
        scripted_dns(rebinding) as dns,
    ):
        both = f"127.0.0.1:{outer.port}"
        async with open_house(allow=both, dns=dns.address) as house:
            place = Place(f"http://name.example:{outer.port}/")
            outcomes = [await ask(house, place) for _ in range(100)]
        only_inside = Place(f"http://name.example:{probe.port}/")
        async with open_house(allow=f"127.0.0.1:{probe.port}", dns=dns.address) as house:
            outcomes += [await ask(house, only_inside) for _ in range(100)]

        assert Outcome.BLOCKED in outcomes
        assert await probe.visits() == 0


@pytest.mark.parametrize("ask", FOLLOWING.values(), ids=FOLLOWING)
@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.2:{port}/",
        "//127.0.0.2:{port}/",
        "http://0x7f000002:{port}/",
        "http://[::ffff:127.0.0.2]:{port}/",
        "http://name.example:{port}/",
        "http://169.254.169.254/",
        "file:///etc/passwd",
    ],
)
async def test_a_redirect_does_not_lead_inside(ask: Ask, location: str) -> None:
    async with inside("127.0.0.2") as listeners, scripted_dns(leading_to("127.0.0.2")) as dns:
        async with listen(redirecting(location.format(port=listeners.port))) as target:
            allow = f"127.0.0.1:{target.port}"
            async with open_house(allow=allow, dns=dns.address) as house:
                outcome = await ask(house, Place(target.url))

        assert outcome in {Outcome.BLOCKED, Outcome.FAIL}
        assert target.visits == 1
        assert await listeners.visits() == 0


@any_client_by_name
async def test_what_the_operator_allows_is_reached(ask: Ask) -> None:
    async with inside("127.0.0.2") as allowed, scripted_dns(leading_to("127.0.0.2")) as dns:
        allow = f"127.0.0.2:{allowed.port}"
        async with open_house(allow=allow, dns=dns.address) as house:
            await ask(house, Place(f"http://name.example:{allowed.port}/"))

        assert await allowed.visits() >= 1


@pytest.mark.parametrize("build", [by_http, by_https, by_dns, by_tcp, by_tls])
async def test_blocked_ports_tell_nothing_whether_open_closed_or_silent(
    build: Callable[[Place], Options],
) -> None:
    async def told(house: House, host: str, port: int) -> tuple[object, ...]:
        result = await house.run(asking(build(Place(f"http://{host}:{port}/"))))
        return (*facts_of(result), result.message.replace(host, "HOST"))

    async with (
        listen(saying(OK), host="127.0.0.2", reads_head=False) as open_port,
        open_house(allow="") as house,
    ):
        with closing(socket.socket()) as free:
            free.bind(("127.0.0.2", 0))
            closed_port = free.getsockname()[1]
        stories = {
            await told(house, "127.0.0.2", open_port.port),
            await told(house, "127.0.0.2", closed_port),
            await told(house, "127.0.0.3", open_port.port),
        }

    assert len(stories) == 1


def facts_of(result: Result) -> tuple[object, ...]:
    """All that is told of a run; how long it took is told of answers only."""
    return result.outcome, result.failure, result.reason, result.latency_ms, result.phases


@any_client
async def test_proxies_of_the_environment_are_passed_by(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        inside("127.0.0.1") as proxy,
        inside("127.0.0.2") as target,
        open_house(allow="127.0.0.0/8:*") as house,
    ):
        for variable in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "netrc"):
            monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy.port}/")
            monkeypatch.setenv(variable.upper(), f"http://127.0.0.1:{proxy.port}/")
        await ask(house, Place(f"http://127.0.0.2:{target.port}/"))

        assert await proxy.visits() == 0
        assert await target.visits() >= 1
