"""Certificates that are good, bad and ugly."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from allgreen.domain.status import FailureClass
from allgreen.outbound.http import Exchange
from allgreen.outbound.tls import TlsPolicies
from tests.integration.outbound.dns_stub import Answer, start_dns
from tests.integration.outbound.targets import LOOPBACK, OK, ask, listen, open_client, saying

AUTHORITY = trustme.CA()
TOMORROW = datetime.now(UTC) + timedelta(days=1)  # noqa: TID251 - OpenSSL reads the real clock


def context_of(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


@pytest.fixture
def trusting_the_authority(tmp_path: Path) -> TlsPolicies:
    """Policies that know the authority of these tests."""
    file = tmp_path / "authority.pem"
    AUTHORITY.cert_pem.write_to_path(str(file))
    return TlsPolicies(extra_authorities=str(file))


async def probe(
    certificate: trustme.LeafCert, policies: TlsPolicies, *, verify_tls: bool = True
) -> Exchange:
    async with (
        listen(saying(OK), tls=context_of(certificate)) as target,
        open_client(allow=LOOPBACK, tls=policies) as client,
    ):
        url = target.url.replace("http:", "https:")
        return await client.fetch(ask(url, verify_tls=verify_tls), 5)


async def test_a_good_certificate_is_verified_and_its_end_is_read(
    trusting_the_authority: TlsPolicies,
) -> None:
    certificate = AUTHORITY.issue_cert("127.0.0.1", not_after=TOMORROW)

    exchange = await probe(certificate, trusting_the_authority)

    assert exchange.answer is not None
    assert exchange.answer.body == b"ok"
    assert exchange.phases.tls_ms is not None
    assert exchange.certificate_not_after == pytest.approx(TOMORROW.timestamp(), abs=1)


@pytest.mark.parametrize(
    ("certificate", "reason"),
    [
        (AUTHORITY.issue_cert("name.example"), "wrong certificate name"),
        (AUTHORITY.issue_cert("127.0.0.2"), "wrong certificate name"),
        (trustme.CA().issue_cert("127.0.0.1"), "unknown authority"),
        (
            AUTHORITY.issue_cert("127.0.0.1", not_after=TOMORROW - timedelta(days=2)),
            "certificate expired",
        ),
        (
            AUTHORITY.issue_cert("127.0.0.1", not_before=TOMORROW),
            "certificate not yet valid",
        ),
    ],
    ids=["other name", "other address", "unknown authority", "expired", "not yet valid"],
)
async def test_a_bad_certificate_fails_and_passes_only_when_told_to_ignore_it(
    certificate: trustme.LeafCert, reason: str, trusting_the_authority: TlsPolicies
) -> None:
    refused = await probe(certificate, trusting_the_authority)
    ignored = await probe(certificate, trusting_the_authority, verify_tls=False)

    assert refused.fault is not None
    assert (refused.fault.failure, refused.fault.reason) == (FailureClass.TLS, reason)
    assert ignored.answer is not None
    assert ignored.certificate_not_after is not None


async def test_the_name_goes_into_the_handshake(trusting_the_authority: TlsPolicies) -> None:
    named: list[str | None] = []
    context = context_of(AUTHORITY.issue_cert("name.example"))
    context.sni_callback = lambda _socket, name, _context: named.append(name)
    dns = await start_dns(lambda _, kind: Answer(("127.0.0.1",) if kind == "A" else ()))
    async with (
        listen(saying(OK), tls=context) as target,
        open_client(allow=LOOPBACK, tls=trusting_the_authority, dns=dns.address) as client,
    ):
        exchange = await client.fetch(ask(f"https://name.example:{target.port}/"), 5)
    assert dns.transport is not None
    dns.transport.close()

    assert exchange.answer is not None
    assert named == ["name.example"]


async def test_what_does_not_speak_tls_is_told_apart() -> None:
    answer = saying(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    async with (
        listen(answer, reads_head=False) as target,
        open_client(allow=LOOPBACK) as client,
    ):
        exchange = await client.fetch(ask(target.url.replace("http:", "https:")), 5)

    assert exchange.fault is not None
    assert (exchange.fault.failure, exchange.fault.reason) == (FailureClass.TLS, "not TLS")


async def test_a_handshake_that_breaks_off_is_a_failure_of_tls_or_connection() -> None:
    async with (
        listen(saying(b""), reads_head=False) as target,
        open_client(allow=LOOPBACK) as client,
    ):
        exchange = await client.fetch(ask(target.url.replace("http:", "https:")), 5)

    assert exchange.fault is not None
    assert exchange.fault.failure in {FailureClass.TLS, FailureClass.CONNECT}


async def test_no_session_keys_are_written(
    trusting_the_authority: TlsPolicies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))

    exchange = await probe(AUTHORITY.issue_cert("127.0.0.1"), trusting_the_authority)

    assert exchange.answer is not None
    assert not (tmp_path / "keys").exists()
