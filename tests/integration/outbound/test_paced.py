"""Every connection counts, whoever makes it and whatever it is for."""

import ssl
from itertools import count

import pytest
import trustme

from allgreen.domain.check import HttpOptions, Options, TcpOptions, TlsOptions
from allgreen.domain.expectation import StatusIs
from allgreen.domain.status import FailureClass, Outcome
from allgreen.outbound.guard import TargetGuard
from allgreen.outbound.pace import BURST, OWN_CONNECTIONS, HostPace
from allgreen.testing import WORKSPACE
from tests.integration.outbound.dns_stub import Answer, scripted_dns
from tests.integration.outbound.kinds import asking, open_house
from tests.integration.outbound.targets import OK, listen, redirecting, saying

CLOSED, OPEN = "127.0.0.9", "127.0.0.1"
NAME = "name.example"
INSIDE = "127.0.0.0/8:*"


@pytest.fixture
def pace(monkeypatch: pytest.MonkeyPatch) -> HostPace:
    """Full buckets, and nothing is the operator's, not even this machine. No time passes."""
    monkeypatch.setattr(TargetGuard, "is_inside", lambda _guard, _number: False)
    return HostPace(TargetGuard(), monotonic=lambda: 1000.0)


def use_up_number(pace: HostPace, number: str) -> None:
    """Take all turns of a number, and what the workspace of these tests has of its own."""
    names = (f"name{at}.example" for at in count())
    while pace.admit(next(names), number, is_extra=False, asker=WORKSPACE) is None:
        pass


def use_up_host(pace: HostPace, host: str) -> None:
    """Take all turns of a host, and what the workspace of these tests has of its own."""
    for at in count():
        if pace.admit(host, f"203.0.114.{at % 250}", is_extra=True, asker=WORKSPACE) is not None:
            return


def turns_left(pace: HostPace, host: str) -> int:
    """Count the turns of a host that need no waiting."""
    return next(at for at in count() if pace.reserve(host, 0.0) is None)


@pytest.mark.parametrize("kind", [HttpOptions, TcpOptions])
async def test_each_number_of_a_name_is_counted(
    kind: type[HttpOptions | TcpOptions], pace: HostPace
) -> None:
    use_up_number(pace, OPEN)
    async with (
        listen(saying(OK)) as target,
        scripted_dns(lambda _, kind: Answer((CLOSED, OPEN) if kind == "A" else ())) as dns,
        open_house(allow=INSIDE, dns=dns.address, pace=pace) as house,
    ):
        options: Options = (
            HttpOptions(method="GET", url=f"http://{NAME}:{target.port}/")
            if kind is HttpOptions
            else TcpOptions(hostname=NAME, port=target.port)
        )
        result = await house.run(asking(options))

    assert (result.outcome, result.failure) == (Outcome.MISSED, None)
    assert target.visits == 0


async def test_a_workspace_follows_redirects_whatever_others_do(pace: HostPace) -> None:
    async with (
        listen(saying(OK)) as target,
        listen(redirecting(target.url)) as hop,
        open_house(pace=pace) as house,
    ):
        while pace.admit(OPEN, OPEN, is_extra=True, asker="loud") is None:
            pass
        check = asking(HttpOptions(method="GET", url=hop.url), StatusIs(codes=(200,)))
        results = [await house.run(check) for _ in range(OWN_CONNECTIONS + 1)]

    outcomes = [result.outcome for result in results]
    assert outcomes == [Outcome.OK] * OWN_CONNECTIONS + [Outcome.MISSED]


def _strange() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert(OPEN).configure_cert(context)
    return context


async def test_a_second_handshake_takes_a_turn_too(pace: HostPace) -> None:
    async with (
        listen(saying(b""), tls=_strange(), reads_head=False) as target,
        open_house(pace=pace) as house,
    ):
        options = TlsOptions(hostname=OPEN, port=target.port)
        result = await house.run(asking(options))

    assert result.failure is FailureClass.TLS
    assert "It is for " in result.message
    assert turns_left(pace, OPEN) == BURST - 1


async def test_without_a_turn_a_bad_certificate_is_not_looked_at(pace: HostPace) -> None:
    use_up_host(pace, OPEN)
    async with (
        listen(saying(b""), tls=_strange(), reads_head=False) as target,
        open_house(pace=pace) as house,
    ):
        options = TlsOptions(hostname=OPEN, port=target.port)
        result = await house.run(asking(options))

    assert (result.outcome, result.failure) == (Outcome.FAIL, FailureClass.TLS)
    assert "It is for " not in result.message
    assert result.certificate_days is None
