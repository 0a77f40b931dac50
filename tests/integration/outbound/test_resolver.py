"""Look-ups through a real DNS server that says what it is told."""

import asyncio

import pytest

from allgreen.domain.status import FailureClass, Outcome
from allgreen.errors import SettingsError
from allgreen.outbound.fault import Fault
from allgreen.outbound.resolver import Resolver
from tests.integration.outbound.descriptors import open_descriptors, settled_descriptors
from tests.integration.outbound.dns_stub import (
    NO_SUCH_NAME,
    SERVER_FAILURE,
    Answer,
    Script,
    start_dns,
)


async def resolve(script: Script, name: str, limit_s: float = 2.0) -> tuple[str, ...] | Fault:
    stub = await start_dns(script)
    resolver = Resolver(stub.address)
    try:
        return await resolver.resolve(name, limit_s)
    finally:
        await resolver.aclose()
        assert stub.transport is not None
        stub.transport.close()


async def test_all_addresses_come_back_ipv4_first() -> None:
    both = {"A": Answer(("192.0.2.1", "192.0.2.2")), "AAAA": Answer(("2001:db8::1",))}

    addresses = await resolve(lambda _, kind: both[kind], "name.example")

    assert isinstance(addresses, tuple)
    assert set(addresses[:2]) == {"192.0.2.1", "192.0.2.2"}
    assert addresses[2:] == ("2001:db8::1",)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (NO_SUCH_NAME, "no such name"),
        (SERVER_FAILURE, "DNS server failure"),
        (Answer(), "no address in DNS"),
    ],
)
async def test_a_name_without_address_is_the_fault_of_the_target(
    answer: Answer, reason: str
) -> None:
    fault = await resolve(lambda *_: answer, "name.example")

    assert isinstance(fault, Fault)
    assert (fault.failure, fault.reason) == (FailureClass.DNS, reason)
    assert "name.example" in fault.message


async def test_a_silent_server_of_the_target_is_told_from_a_silent_server_of_ours() -> None:
    def dead(name: str, _: str) -> Answer | None:
        return NO_SUCH_NAME if name.endswith(".invalid") else None

    theirs = await resolve(dead, "name.example", 0.6)
    ours = await resolve(lambda *_: None, "name.example", 0.6)

    assert isinstance(theirs, Fault)
    assert isinstance(ours, Fault)
    assert (theirs.outcome, theirs.failure) == (Outcome.FAIL, FailureClass.DNS)
    assert (ours.outcome, ours.failure) == (Outcome.PROBE_ERROR, None)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Answer(("192.0.2.1",), ttl=3600), Answer(("192.0.2.2",), ttl=3600)),
        (Answer(), Answer(("192.0.2.2",))),
        (NO_SUCH_NAME, Answer(("192.0.2.2",))),
        (SERVER_FAILURE, Answer(("192.0.2.2",))),
    ],
    ids=["other number", "no number", "no name", "no answer"],
)
async def test_a_changed_answer_is_seen_at_the_next_look_up(before: Answer, after: Answer) -> None:
    stub = await start_dns(lambda _, kind: before if kind == "A" else Answer(ttl=3600))
    resolver = Resolver(stub.address)
    await resolver.resolve("name.example")

    stub.script = lambda _, kind: after if kind == "A" else Answer(ttl=3600)
    addresses = await resolver.resolve("name.example")
    await resolver.aclose()
    assert stub.transport is not None
    stub.transport.close()

    assert addresses == ("192.0.2.2",)


async def test_every_question_comes_from_another_port() -> None:
    stub = await start_dns(lambda _, kind: Answer(("192.0.2.1",) if kind == "A" else ()))
    resolver = Resolver(stub.address)
    for _ in range(20):
        await resolver.resolve("name.example")
    await resolver.aclose()
    assert stub.transport is not None
    stub.transport.close()

    assert len(stub.ports) >= 15


async def test_a_resolver_that_is_closed_ends_its_look_ups_as_our_fault() -> None:
    stub = await start_dns(lambda *_: None)
    resolver = Resolver(stub.address)
    looking = asyncio.create_task(resolver.resolve("name.example"))
    await asyncio.sleep(0)

    await resolver.aclose()
    fault = await looking
    assert stub.transport is not None
    stub.transport.close()

    assert isinstance(fault, Fault)
    assert fault.outcome is Outcome.PROBE_ERROR


async def test_look_ups_leave_no_descriptor_behind() -> None:
    found_at_once = {"A": Answer(("192.0.2.1",)), "AAAA": Answer()}
    stub = await start_dns(lambda name, kind: None if "dead" in name else found_at_once[kind])
    resolver = Resolver(stub.address)
    await resolver.resolve("name.example")
    before = open_descriptors()

    found = await asyncio.gather(
        *(resolver.resolve(f"up{at}.example") for at in range(100)),
        *(resolver.resolve(f"dead{at}.example", 0.3) for at in range(50)),
    )
    cancelled = [asyncio.create_task(resolver.resolve("dead.example")) for _ in range(20)]
    await asyncio.sleep(0)
    for task in cancelled:
        task.cancel()
    await asyncio.wait(cancelled)
    await resolver.aclose()
    after = await settled_descriptors(before)
    assert stub.transport is not None
    stub.transport.close()

    assert sum(isinstance(each, tuple) for each in found) == 100
    assert after <= before


async def test_a_server_that_is_not_there_is_our_fault() -> None:
    stub = await start_dns(lambda *_: None)
    assert stub.transport is not None
    stub.transport.close()
    await asyncio.sleep(0)
    resolver = Resolver(f"127.0.0.1:{stub.port}")

    fault = await resolver.resolve("name.example", 1.0)
    await resolver.aclose()

    assert isinstance(fault, Fault)
    assert fault.outcome is Outcome.PROBE_ERROR


async def test_failures_are_asked_again_each_time() -> None:
    stub = await start_dns(lambda *_: NO_SUCH_NAME)
    resolver = Resolver(stub.address)
    for _ in range(2):
        await resolver.resolve("name.example")
    await resolver.aclose()
    assert stub.transport is not None
    stub.transport.close()

    assert stub.questions.count(("name.example", "A")) == 2


@pytest.mark.parametrize("server", ["localhost", "127.0.0.1:0", "127.0.0.1:x", "::1:53:", "[::1"])
def test_a_server_that_is_no_address_is_refused_with_advice(server: str) -> None:
    with pytest.raises(SettingsError, match=r"^ALLGREEN_RESOLVER: .+such as 127\.0\.0\.1:5353"):
        Resolver(server)


@pytest.mark.parametrize("server", ["127.0.0.1", "127.0.0.1:5353", "::1", "[::1]:5353", "", None])
def test_addresses_and_nothing_are_taken(server: str | None) -> None:
    Resolver(server)
