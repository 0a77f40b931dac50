"""No packet goes where the guard does not let it, whatever the URL, the name or the redirect."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from allgreen.domain.status import FailureClass, Outcome
from allgreen.outbound.url import parse_target
from tests.integration.outbound.dns_stub import Answer, Script, scripted_dns
from tests.integration.outbound.targets import (
    OK,
    Target,
    ask,
    listen,
    open_client,
    redirecting,
    saying,
)
from tests.unit.outbound.hostile_urls import HOSTILE_URLS


def addresses(*numbers: str) -> Script:
    v4 = tuple(number for number in numbers if ":" not in number)
    v6 = tuple(number for number in numbers if ":" in number)
    return lambda _, kind: Answer({"A": v4, "AAAA": v6}.get(kind, ()))


def has_loopback_v6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@contextlib.asynccontextmanager
async def inside() -> AsyncIterator[list[Target]]:
    """Listeners that nobody may reach, on one port of every loopback address there is."""
    hosts = ["127.0.0.2", "127.255.255.254", *(["::1"] if has_loopback_v6() else [])]
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(listen(saying(OK), reads_head=False))
        others = [
            await stack.enter_async_context(
                listen(saying(OK), host=host, port=first.port, reads_head=False)
            )
            for host in hosts
        ]
        yield [first, *others]


async def test_no_hostile_url_reaches_a_listener() -> None:
    outcomes: dict[str, str] = {}
    async with inside() as listeners, open_client() as client:
        for template in HOSTILE_URLS:
            url = template.format(port=listeners[0].port)
            try:
                parse_target(url)
            except ValueError:
                outcomes[url] = "refused"
                continue
            exchange = await client.fetch(ask(url), 2)
            assert exchange.connections == [], url
            outcomes[url] = exchange.fault.outcome if exchange.fault else "reached"

    assert [listener.visits for listener in listeners] == [0] * len(listeners)
    assert set(outcomes.values()) == {"refused", Outcome.BLOCKED}
    assert len(outcomes) >= 140


async def test_a_name_or_redirect_to_127_0_0_2_reaches_no_listener_and_allow_listed_it_works() -> (
    None
):
    async with (
        listen(saying(OK), host="127.0.0.2") as inner,
        listen(redirecting(inner.url)) as outer,
        scripted_dns(addresses("127.0.0.2")) as dns,
    ):
        by_name = ask(f"http://name.example:{inner.port}/")
        by_redirect = ask(outer.url)
        only_outer = f"127.0.0.1:{outer.port}"

        async with open_client(allow=only_outer, dns=dns.address) as client:
            refused = [await client.fetch(by_name, 3), await client.fetch(by_redirect, 3)]
        visits_when_refused = inner.visits
        both = f"{only_outer},127.0.0.2:{inner.port}"
        async with open_client(allow=both, dns=dns.address) as client:
            allowed = [await client.fetch(by_name, 3), await client.fetch(by_redirect, 3)]

    assert [exchange.fault.outcome for exchange in refused if exchange.fault] == [
        Outcome.BLOCKED,
        Outcome.BLOCKED,
    ]
    assert visits_when_refused == 0
    assert [exchange.answer.status for exchange in allowed if exchange.answer] == [200, 200]
    assert inner.visits == 2


async def test_the_host_header_keeps_the_name() -> None:
    async with (
        listen(saying(OK)) as target,
        scripted_dns(addresses("127.0.0.1")) as dns,
        open_client(allow="127.0.0.1:*", dns=dns.address) as client,
    ):
        exchange = await client.fetch(ask(f"http://name.example:{target.port}/"), 3)

    assert exchange.phases.dns_ms is not None
    assert f"Host: name.example:{target.port}\r\n".encode() in target.heads[0]


async def test_localhost_needs_no_dns_server() -> None:
    async with (
        listen(saying(OK)) as target,
        scripted_dns(lambda *_: None) as dns,
        open_client(allow="127.0.0.1:*", dns=dns.address) as client,
    ):
        exchange = await client.fetch(ask(f"http://localhost:{target.port}/"), 3)

    assert exchange.answer is not None
    assert dns.questions == []


async def test_a_dead_address_leaves_the_others_their_chance() -> None:
    async with (
        listen(saying(OK)) as target,
        scripted_dns(addresses("127.0.5.1", "127.0.5.2", "127.0.0.1")) as dns,
        open_client(allow="127.0.0.0/16:*", dns=dns.address) as client,
    ):
        exchanges = [
            await client.fetch(ask(f"http://name.example:{target.port}/"), 3) for _ in range(5)
        ]

    assert [exchange.answer.status for exchange in exchanges if exchange.answer] == [200] * 5


async def test_at_most_sixteen_addresses_are_tried() -> None:
    async with (
        listen(saying(OK)) as target,
        scripted_dns(addresses(*(f"127.0.5.{at}" for at in range(1, 61)))) as dns,
        open_client(allow="127.0.0.0/16:*", dns=dns.address) as client,
    ):
        exchange = await client.fetch(ask(f"http://name.example:{target.port}/"), 3)

    assert exchange.fault is not None
    assert exchange.fault.failure is FailureClass.CONNECT
    assert len(exchange.connections) == 16


async def test_dead_dns_of_some_names_does_not_touch_healthy_ones() -> None:
    def script(name: str, kind: str) -> Answer | None:
        if name.startswith("dead"):
            return None
        return Answer(("127.0.0.1",) if kind == "A" else ())

    async with (
        listen(saying(OK)) as target,
        scripted_dns(script) as dns,
        open_client(allow="127.0.0.1:*", dns=dns.address) as client,
    ):
        dead = [
            asyncio.create_task(client.fetch(ask(f"http://dead{at}.example/"), 5))
            for at in range(50)
        ]
        await asyncio.sleep(0)
        healthy = await asyncio.gather(
            *(client.fetch(ask(f"http://up{at}.example:{target.port}/"), 5) for at in range(100))
        )
        ended = await asyncio.gather(*dead)

    assert all(exchange.answer is not None for exchange in healthy)
    assert {exchange.fault.failure for exchange in ended if exchange.fault} == {FailureClass.DNS}


@pytest.mark.parametrize(
    ("hop", "sent_on"),
    [("same", True), ("port", False), ("host", False)],
)
async def test_typed_headers_go_to_the_first_origin_only(hop: str, sent_on: bool) -> None:
    async with (
        listen(saying(OK)) as other,
        listen(redirecting("/next")) as same,
        listen(redirecting(f"http://127.0.0.1:{other.port}/next")) as port,
        scripted_dns(addresses("127.0.0.1")) as dns,
        open_client(allow="127.0.0.1:*", dns=dns.address) as client,
    ):
        host = f"http://name.example:{port.port}/"
        url = {"same": same.url, "port": port.url, "host": host}[hop]
        secrets = (("Authorization", "canary"), ("X-Api-Key", "canary"), ("Cookie", "canary"))
        await client.fetch(ask(url, headers=secrets), 5, "check/slot")

    later = [*same.heads[1:], *other.heads]
    assert later
    assert all((b"canary" in head) is sent_on for head in later)
    assert all(b"X-Allgreen-Check: check/slot" in head for head in later)


async def test_a_secret_dropped_once_is_not_sent_again_on_the_way_back() -> None:
    async with (
        listen(saying(OK)) as away,
        listen(redirecting(away.url)) as home,
        open_client(allow="127.0.0.1:*") as client,
    ):
        await client.fetch(ask(home.url, headers=(("X-Key", "canary"),)), 5)

    assert [b"canary" in head for head in (*home.heads, *away.heads)] == [True, False]


async def test_phases_are_summed_over_redirects() -> None:
    async with (
        listen(saying(OK)) as last,
        listen(redirecting(last.url)) as first,
        open_client(allow="127.0.0.1:*") as client,
    ):
        exchange = await client.fetch(ask(first.url), 5)

    spans = [connection.spans() for connection in exchange.connections]
    assert len(spans) == 2
    assert exchange.phases.connect_ms == pytest.approx(
        sum(span[0] or 0.0 for span in spans) * 1000, abs=0.01
    )
    assert exchange.phases.tls_ms is None
    assert exchange.redirects == 1


async def test_a_redirect_loop_ends_after_five() -> None:
    async with (
        listen(redirecting("/again")) as target,
        open_client(allow="127.0.0.1:*") as client,
    ):
        exchange = await client.fetch(ask(target.url), 5)

    assert exchange.fault is not None
    assert exchange.fault.failure is FailureClass.REDIRECT
    assert target.visits == 6


async def test_redirects_are_answers_when_they_are_not_followed() -> None:
    async with (
        listen(redirecting("http://127.0.0.2/")) as target,
        open_client(allow="127.0.0.1:*") as client,
    ):
        exchange = await client.fetch(ask(target.url, follow_redirects=False), 5)

    assert exchange.answer is not None
    assert exchange.answer.status == 302


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.2:{port}/",
        "//127.0.0.2:{port}/",
        "http://0x7f000002:{port}/",
        "http://2130706434:{port}/",
        "http://[::1]:{port}/",
        "http://[::ffff:127.0.0.2]:{port}/",
        "http://169.254.169.254/",
        "http://user@127.0.0.2:{port}/",
        "gopher://127.0.0.2:{port}/",
        "file:///etc/passwd",
        "http:\\\\127.0.0.2:{port}\\",
        "http://127.0.0.1:6379/",
        "/" + "a" * 9000,
        "http://127.0.0.2:{port}/" + "a" * 40_000,
    ],
    ids=lambda location: location[:30],
)
async def test_a_redirect_inside_is_never_followed(location: str) -> None:
    async with inside() as listeners:
        port = listeners[0].port
        async with listen(redirecting(location.format(port=port))) as target:
            allow = f"127.0.0.1:{target.port}"
            async with open_client(allow=allow) as client:
                exchange = await client.fetch(ask(target.url), 3)

    assert exchange.answer is None
    assert target.visits == 1
    assert [listener.visits for listener in listeners] == [0] * len(listeners)
