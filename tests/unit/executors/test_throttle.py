"""Whose turn a run waits for, and which runs do not wait."""

from dataclasses import replace
from datetime import timedelta

import pytest

from allgreen.domain.check import Check, CheckKind, DnsOptions, HttpOptions, Options, TcpOptions
from allgreen.domain.check import TlsOptions as Tls
from allgreen.domain.identity import WorkspaceId
from allgreen.domain.status import Outcome
from allgreen.executors.throttle import HostThrottle
from allgreen.outbound.guard import TargetGuard
from allgreen.outbound.pace import BURST, LONGEST_DEBT_S, HostPace
from allgreen.testing import a_check, a_leased_check

VICTIM = "203.0.114.7"
MANY = BURST + int(LONGEST_DEBT_S)


def asking(options: Options, *, every: timedelta = timedelta(seconds=2)) -> Check:
    return replace(a_check(every=every), options=options)


@pytest.fixture
def throttle() -> HostThrottle:
    """Full buckets; the operator allows 10.0.0.0/8. No time passes."""
    return HostThrottle(HostPace(TargetGuard.parse("10.0.0.0/8:*"), monotonic=lambda: 1000.0))


async def admitted(throttle: HostThrottle, check: Check, *, attempt: int = 1) -> bool:
    async with throttle.turn(a_leased_check(check, attempt=attempt)) as refusal:
        return refusal == ""


async def use_up(throttle: HostThrottle, check: Check) -> None:
    while throttle.count(check) is None:
        pass
    assert await admitted(throttle, check), "once a minute a workspace need not wait"


@pytest.mark.parametrize(
    "options",
    [
        HttpOptions(method="GET", url=f"http://{VICTIM}:8080/path?x=1"),
        HttpOptions(method="GET", url=f"https://{VICTIM}/"),
        TcpOptions(hostname=VICTIM, port=22),
        Tls(hostname=VICTIM, port=443, server_name="name.example"),
        DnsOptions(name="name.example", server=f"{VICTIM}:5353"),
    ],
    ids=["http", "https", "tcp", "tls", "dns"],
)
async def test_all_kinds_of_checks_and_all_ports_of_a_host_share_its_turns(
    throttle: HostThrottle, options: Options
) -> None:
    await use_up(throttle, asking(HttpOptions(method="GET", url=f"http://{VICTIM}/")))

    assert not await admitted(throttle, asking(options))
    assert await admitted(throttle, asking(TcpOptions(hostname="203.0.114.8", port=22)))


async def test_spelling_makes_no_other_host(throttle: HostThrottle) -> None:
    await use_up(throttle, asking(HttpOptions(method="GET", url="http://bücher.example/")))

    for host in ("BÜCHER.example", "xn--bcher-kva.example", "xn--bcher-kva.example."):
        assert not await admitted(throttle, asking(TcpOptions(hostname=host, port=80)))


async def test_a_question_to_our_own_dns_counts_for_the_name(throttle: HostThrottle) -> None:
    await use_up(throttle, asking(DnsOptions(name="Name.Example")))

    assert not await admitted(throttle, asking(DnsOptions(name="name.example")))
    assert await admitted(throttle, asking(DnsOptions(name="other.example")))


async def test_a_quick_probe_after_a_failure_does_not_wait(throttle: HostThrottle) -> None:
    check = asking(TcpOptions(hostname=VICTIM, port=22))
    await use_up(throttle, check)

    assert await admitted(throttle, check, attempt=2)
    assert await admitted(throttle, check, attempt=3)


async def test_no_workspace_keeps_another_from_a_host(throttle: HostThrottle) -> None:
    check = asking(TcpOptions(hostname=VICTIM, port=22))
    await use_up(throttle, check)

    assert not await admitted(throttle, check)
    assert await admitted(throttle, replace(check, workspace_id=WorkspaceId("another")))


async def test_what_the_operator_allows_is_not_held_back(throttle: HostThrottle) -> None:
    check = asking(TcpOptions(hostname="10.1.2.3", port=22))

    assert all([await admitted(throttle, check) for _ in range(5 * MANY)])
    assert throttle.count(check) is None


async def test_a_run_waits_for_half_its_period_at_most() -> None:
    seconds = [1000.0]
    pace = HostPace(TargetGuard(), monotonic=lambda: seconds[0])
    throttle = HostThrottle(pace)
    check = asking(TcpOptions(hostname=VICTIM, port=22), every=timedelta(seconds=4))
    for _ in range(BURST + 1):
        throttle.count(check)
    await admitted(throttle, check)

    refused = await admitted(throttle, check)
    seconds[0] += 2.999
    patient = await admitted(throttle, check)

    assert (refused, patient) == (False, True)


async def test_the_refusal_says_why_and_what_to_do(throttle: HostThrottle) -> None:
    check = asking(TcpOptions(hostname=VICTIM, port=22))
    await use_up(throttle, check)

    async with throttle.turn(a_leased_check(check)) as refusal:
        said = refusal
    fault = throttle.count(check)

    assert said.startswith(f"Not run, because {VICTIM} is asked too often")
    assert fault is not None
    assert (fault.outcome, fault.failure) == (Outcome.MISSED, None)


@pytest.mark.parametrize(
    "options",
    [
        HttpOptions(method="GET", url="gopher://x"),
        TcpOptions(hostname="two words", port=22),
        DnsOptions(name="x.example", server="ns.example"),
    ],
)
async def test_a_check_that_cannot_be_read_asks_nobody(
    throttle: HostThrottle, options: Options
) -> None:
    check = replace(asking(options), kind=CheckKind.TCP)

    assert all([await admitted(throttle, check) for _ in range(5 * MANY)])
