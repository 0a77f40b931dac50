"""One request with the standard library: bounded in time and size, and nothing is followed."""

from __future__ import annotations

import http.client
import ssl
import threading

import pytest
import trustme

from allgreen.errors import SettingsError
from allgreen.health import fetching
from allgreen.health.fetching import MOST_BYTES, Address, Fetched, fetch
from tests.integration.health.peers import Reply, Seen, dripping, serving, silent
from tests.services import free_port

SOON_S = 10.0


def get(url: str, timeout_s: float = SOON_S, **headers: str) -> Fetched:
    return fetch(Address.parse(url), headers=headers, timeout_s=timeout_s)


def test_a_request_and_its_answer() -> None:
    with serving(lambda _: Reply(201, b"made", {"X-Kind": "test"})) as peer:
        answer = fetch(
            Address.parse(f"{peer.url}/hooks?a=1"),
            method="POST",
            headers={"X-Mine": "yes"},
            body=b"hello",
            timeout_s=SOON_S,
        )
        seen = peer.next()

    assert (answer.status, answer.body, answer.is_whole) == (201, b"made", True)
    assert answer.headers["x-kind"] == "test"
    assert (seen.method, seen.target, seen.body) == ("POST", "/hooks?a=1", b"hello")
    assert seen.headers["x-mine"] == "yes"


def test_an_address_without_a_path_asks_for_the_root() -> None:
    with serving() as peer:
        get(peer.url)

        assert peer.next().target == "/"


@pytest.mark.parametrize(("size", "is_whole"), [(MOST_BYTES, True), (MOST_BYTES + 1, False)])
def test_no_more_than_64_kib_are_read(size: int, is_whole: bool) -> None:
    with serving(lambda _: Reply(200, b"x" * size)) as peer:
        answer = get(peer.url)

    assert (len(answer.body), answer.is_whole) == (MOST_BYTES, is_whole)


def test_a_redirect_is_not_followed() -> None:
    with serving(lambda _: Reply(302, b"", {"Location": "/elsewhere"})) as peer:
        assert get(peer.url).status == 302
        peer.next()
        assert peer.seen.empty()


def test_nobody_there_is_an_error_of_the_system() -> None:
    with pytest.raises(ConnectionRefusedError):
        get(f"http://127.0.0.1:{free_port()}")


def test_who_says_nothing_is_left_in_time() -> None:
    with silent() as url, pytest.raises(TimeoutError):
        get(url, timeout_s=0.05)


@pytest.mark.parametrize(
    "parts",
    [
        [b"HTTP/1.1 200 OK\r\n", b"X-Drip: 1\r\n"],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x"],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"],
    ],
    ids=["headers", "body", "chunks"],
)
def test_who_says_a_little_for_ever_is_left_in_time(parts: list[bytes]) -> None:
    with dripping(*parts) as url, pytest.raises((TimeoutError, http.client.HTTPException)):
        get(url, timeout_s=0.3)


def test_what_does_not_speak_http_is_an_error_of_http() -> None:
    with dripping(b"SSH-2.0-OpenSSH_9.6\r\n") as url, pytest.raises(http.client.HTTPException):
        get(url)


def test_a_certificate_that_nobody_trusts_is_refused() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)

    with serving(context=context) as peer, pytest.raises(ssl.SSLCertVerificationError):
        get(peer.url)


def test_an_answer_over_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server_side)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    monkeypatch.setattr(fetching, "_trust", lambda: trust)

    with serving(lambda _: Reply(200, b"secure"), context=server_side) as peer:
        assert get(peer.url).body == b"secure"


def test_no_connection_is_left_open() -> None:
    before = threading.active_count()
    with serving() as peer:
        for _ in range(20):
            get(peer.url)
            assert peer.next().headers["connection"] == "close"

    assert threading.active_count() <= before + 1


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "example.com",
        "http://",
        "http:///path",
        "http://user:hunter2@example.com/",
        "http://example.com:port/",
        "http://example.com:99999/",
        "http://[::1/",
        "http://example.com/a b",
        "http://example.com/ü",
        "http://example.com/\r\nX-Evil: 1",
    ],
)
def test_an_address_that_cannot_be_used_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Address.parse(url)

    assert "hunter2" not in str(caught.value)
    assert caught.value.setting == "url"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://example.com", Address(False, "example.com", 80, "/")),
        ("https://example.com/a?b=1#c", Address(True, "example.com", 443, "/a?b=1")),
        ("https://[::1]:8443/", Address(True, "::1", 8443, "/")),
    ],
)
def test_an_address_is_read(url: str, address: Address) -> None:
    assert Address.parse(url) == address


def test_the_trust_of_the_machine_is_read_once() -> None:
    assert fetching._trust() is fetching._trust()


def test_a_request_that_was_seen_can_be_told_by_its_method() -> None:
    def answer(seen: Seen) -> Reply:
        return Reply(405 if seen.method != "GET" else 200)

    with serving(answer) as peer:
        assert get(peer.url).status == 200
