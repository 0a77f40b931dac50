"""Whole runs of TLS checks against certificates that are good, bad and ugly."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from allgreen.domain.check import HttpOptions, TlsOptions
from allgreen.domain.expectation import AllOf, BodyContains, CertificateLasts, Expectation
from allgreen.domain.result import Result
from allgreen.domain.status import FailureClass, Outcome
from allgreen.outbound.tls import TlsPolicies
from allgreen.testing import FakeClock
from tests.integration.outbound.descriptors import open_descriptors, settled_descriptors
from tests.integration.outbound.dns_stub import Answer, scripted_dns
from tests.integration.outbound.kinds import NOTHING, asking, open_house
from tests.integration.outbound.targets import LOOPBACK, Target, Visit, listen, saying

AUTHORITY = trustme.CA()
NOW = datetime.now(UTC)  # noqa: TID251 - OpenSSL reads the real clock
CLOCK = FakeClock(NOW)


def context_of(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


@pytest.fixture
def trusting(tmp_path: Path) -> TlsPolicies:
    """Policies that know the authority of these tests."""
    file = tmp_path / "authority.pem"
    AUTHORITY.cert_pem.write_to_path(str(file))
    return TlsPolicies(extra_authorities=str(file))


async def waits(visit: Visit) -> None:
    await visit.reader.read()


def at(target: Target, *, server_name: str | None = None, verify: bool = True) -> TlsOptions:
    return TlsOptions(
        hostname=target.host, port=target.port, server_name=server_name, verify=verify
    )


async def run(
    context: ssl.SSLContext,
    policies: TlsPolicies,
    expectation: Expectation = NOTHING,
    *,
    server_name: str | None = None,
    verify: bool = True,
) -> Result:
    async with (
        listen(waits, tls=context, reads_head=False) as target,
        open_house(tls=policies, clock=CLOCK) as house,
    ):
        options = at(target, server_name=server_name, verify=verify)
        return await house.run(asking(options, expectation))


async def test_a_good_certificate_is_verified_and_its_days_are_counted(
    trusting: TlsPolicies,
) -> None:
    certificate = AUTHORITY.issue_cert("127.0.0.1", not_after=NOW + timedelta(days=20))

    result = await run(context_of(certificate), trusting, CertificateLasts(days=14))

    assert (result.outcome, result.reason) == (Outcome.OK, "")
    assert result.certificate_days == pytest.approx(20, abs=0.1)
    assert result.phases.tls_ms is not None


async def test_a_certificate_that_ends_soon_fails_and_says_so(trusting: TlsPolicies) -> None:
    certificate = AUTHORITY.issue_cert("127.0.0.1", not_after=NOW + timedelta(days=8, hours=12))

    result = await run(context_of(certificate), trusting, CertificateLasts(days=14))

    assert (result.outcome, result.failure) == (Outcome.FAIL, FailureClass.TLS)
    assert result.message == "The certificate has 8 days left; at least 14 days are wanted."


@pytest.mark.parametrize(
    ("certificate", "reason", "days"),
    [
        (AUTHORITY.issue_cert("name.example"), "wrong certificate name", None),
        (trustme.CA().issue_cert("127.0.0.1", "b.example"), "unknown authority", None),
        (
            AUTHORITY.issue_cert("127.0.0.1", not_after=NOW - timedelta(days=3)),
            "certificate expired",
            -3,
        ),
    ],
    ids=["other name", "unknown authority", "expired"],
)
async def test_a_certificate_that_does_not_pass_is_described(
    certificate: trustme.LeafCert, reason: str, days: float | None, trusting: TlsPolicies
) -> None:
    refused = await run(context_of(certificate), trusting)
    believed = await run(context_of(certificate), trusting, verify=False)

    assert (refused.outcome, refused.failure) == (Outcome.FAIL, FailureClass.TLS)
    assert refused.reason == reason
    assert "It is for " in refused.message
    assert "issued by " in refused.message
    assert refused.certificate_days is not None
    if days is not None:
        assert refused.certificate_days == pytest.approx(days, abs=0.1)
    assert believed.outcome is Outcome.OK


async def test_the_name_that_is_asked_for_is_the_one_that_must_be_there(
    trusting: TlsPolicies,
) -> None:
    named: list[str | None] = []
    context = context_of(AUTHORITY.issue_cert("name.example"))
    context.sni_callback = lambda _socket, name, _context: named.append(name)

    result = await run(context, trusting, server_name="Name.Example")

    assert result.outcome is Outcome.OK
    assert named == ["name.example"]


async def test_a_host_name_is_looked_up_and_verified(trusting: TlsPolicies) -> None:
    context = context_of(AUTHORITY.issue_cert("name.example"))
    async with (
        scripted_dns(lambda _, kind: Answer(("127.0.0.1",) if kind == "A" else ())) as dns,
        listen(waits, tls=context, reads_head=False) as target,
        open_house(tls=trusting, dns=dns.address) as house,
    ):
        result = await house.run(asking(TlsOptions(hostname="name.example", port=target.port)))

    assert result.outcome is Outcome.OK
    assert result.phases.dns_ms is not None


async def test_a_server_that_does_not_speak_http_is_shaken_hands_with(
    trusting: TlsPolicies,
) -> None:
    context = context_of(AUTHORITY.issue_cert("127.0.0.1"))
    context.set_alpn_protocols(["imap"])

    result = await run(context, trusting)

    assert result.outcome is Outcome.OK


async def test_a_server_that_asks_for_a_certificate_of_ours_gets_none(
    trusting: TlsPolicies,
) -> None:
    context = context_of(AUTHORITY.issue_cert("127.0.0.1"))
    context.verify_mode = ssl.CERT_OPTIONAL
    AUTHORITY.configure_trust(context)

    result = await run(context, trusting)

    assert result.outcome is Outcome.OK


def chain_of(tmp_path: Path, names: list[str], length: int, common_name: str) -> ssl.SSLContext:
    """A certificate that signs itself, with what one likes in it, and copies of it behind."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=30))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    (tmp_path / "chain.pem").write_bytes(pem * length)
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "chain.pem", tmp_path / "key.pem")
    return context


async def test_a_chain_of_500_certificates_is_refused(
    tmp_path: Path, trusting: TlsPolicies
) -> None:
    context = chain_of(tmp_path, ["name.example"], 500, "long")

    verified = await run(context, trusting)
    believed = await run(context, trusting, verify=False)

    assert [each.outcome for each in (verified, believed)] == [Outcome.FAIL] * 2
    assert [each.failure for each in (verified, believed)] == [FailureClass.TLS] * 2


async def test_text_of_a_certificate_is_plain_and_cut(
    tmp_path: Path, trusting: TlsPolicies
) -> None:
    names = [f"<script>alert({at})</script>.example" for at in range(800)]
    context = chain_of(tmp_path, names, 1, "\u202e<img src=x onerror=alert(1)>\n")

    refused = await run(context, trusting)
    async with (
        listen(waits, tls=context, reads_head=False) as target,
        open_house(tls=trusting, clock=CLOCK) as house,
    ):
        expected = AllOf(parts=(BodyContains(text="Issuer: CN="), CertificateLasts(days=29)))
        preview = await house.previews.run(asking(at(target, verify=False), expected))

    assert refused.reason == "self-signed certificate"
    assert refused.message.isprintable()
    assert len(refused.message) <= 300
    assert preview.result.outcome is Outcome.OK
    assert "\u202e" not in preview.body_excerpt
    assert len(preview.body_excerpt.encode()) <= 1024


async def test_of_a_very_large_certificate_only_the_time_is_read(
    tmp_path: Path, trusting: TlsPolicies
) -> None:
    names = [f"name{at}.example" for at in range(2500)]
    context = chain_of(tmp_path, names, 1, "large")

    refused = await run(context, trusting)
    lasts = await run(context, trusting, CertificateLasts(days=29), verify=False)
    names_it = BodyContains(text="name0.example")
    named = await run(context, trusting, names_it, verify=False)

    assert refused.reason == "self-signed certificate"
    assert refused.message.endswith("too large to say more about it.")
    assert "name0.example" not in refused.message
    assert (lasts.outcome, named.outcome) == (Outcome.OK, Outcome.FAIL)


async def test_a_certificate_of_no_known_version_is_the_fault_of_the_target(
    tmp_path: Path, trusting: TlsPolicies
) -> None:
    chain_of(tmp_path, ["name.example"], 1, "odd")
    encoded = ssl.PEM_cert_to_DER_cert((tmp_path / "chain.pem").read_text())
    odd = encoded.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x07", 1)
    (tmp_path / "chain.pem").write_text(ssl.DER_cert_to_PEM_cert(odd))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "chain.pem", tmp_path / "key.pem")

    verified = await run(context, trusting)
    believed = await run(context, trusting, verify=False)
    async with (
        listen(saying(b"HTTP/1.1 204 No Content\r\n\r\n"), tls=context) as target,
        open_house(tls=trusting, clock=CLOCK) as house,
    ):
        url = target.url.replace("http:", "https:", 1)
        asked = await house.run(asking(HttpOptions(method="GET", url=url, verify_tls=False)))

    assert (verified.outcome, verified.failure) == (Outcome.FAIL, FailureClass.TLS)
    assert [each.outcome for each in (believed, asked)] == [Outcome.OK] * 2
    assert [each.certificate_days for each in (believed, asked)] == [None] * 2


@pytest.mark.parametrize(
    "said",
    [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x16\x03\x03\x00\x05hello", b"\x00" * 70_000],
    ids=["nothing", "http", "half a record", "zeros"],
)
async def test_what_is_no_handshake_fails(said: bytes, trusting: TlsPolicies) -> None:
    async with listen(saying(said), reads_head=False) as target, open_house(tls=trusting) as house:
        result = await house.run(asking(at(target)))

    assert result.outcome is Outcome.FAIL
    assert result.failure in {FailureClass.TLS, FailureClass.CONNECT}


async def test_a_handshake_that_never_ends_is_cut_off_by_its_size(trusting: TlsPolicies) -> None:
    async def pour(visit: Visit) -> None:
        while True:
            # Records of a message of 16 MiB, of which each says that there is more to come.
            await visit.say(b"\x16\x03\x03\x40\x00" + b"\x02\xff\xff\xff" + b"\x00" * 16380)

    async with listen(pour, reads_head=False) as target, open_house(tls=trusting) as house:
        result = await house.run(asking(at(target), timeout_s=30))

    assert (result.outcome, result.failure) == (Outcome.FAIL, FailureClass.TLS)


async def test_a_silent_server_ends_by_the_timeout(trusting: TlsPolicies) -> None:
    async with listen(waits, reads_head=False) as target, open_house(tls=trusting) as house:
        result = await house.run(asking(at(target), timeout_s=0.5))

    assert (result.outcome, result.failure) == (Outcome.FAIL, FailureClass.TIMEOUT)


async def test_no_session_keys_are_written(
    trusting: TlsPolicies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))

    result = await run(context_of(AUTHORITY.issue_cert("127.0.0.1")), trusting)

    assert result.outcome is Outcome.OK
    assert not (tmp_path / "keys").exists()


async def test_nothing_is_left_open_after_runs_and_cancelled_runs(trusting: TlsPolicies) -> None:
    context = context_of(AUTHORITY.issue_cert("127.0.0.1"))
    async with (
        listen(waits, tls=context, reads_head=False) as target,
        listen(waits, reads_head=False) as silent,
        open_house(allow=LOOPBACK, tls=trusting) as house,
    ):
        check, waiting = asking(at(target)), asking(at(silent), timeout_s=30)
        await house.run(check)
        before, tasks_before = open_descriptors(), len(asyncio.all_tasks())

        await asyncio.gather(*(house.run(check) for _ in range(30)))
        cancelled = [asyncio.create_task(house.run(waiting)) for _ in range(20)]
        await house.run(check)
        for task in cancelled:
            task.cancel()
        await asyncio.wait(cancelled)

        assert await settled_descriptors(before) <= before
        assert len(asyncio.all_tasks()) <= tasks_before + 1
