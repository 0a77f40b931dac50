"""What is sent, to the byte."""

import pytest

from allgreen.outbound.request import Request, validate_body, validate_headers, validate_method
from allgreen.outbound.url import parse_target

TARGET = parse_target("http://example.com:8080/health?a=b")


def test_a_request_is_rendered_to_the_byte() -> None:
    request = Request(
        target=TARGET, own_headers=(("User-Agent", "Allgreen/1"),), headers=(("X-Key", "k"),)
    )

    assert request.render("check/slot") == (
        b"GET /health?a=b HTTP/1.1\r\n"
        b"Host: example.com:8080\r\n"
        b"Accept: */*\r\n"
        b"User-Agent: Allgreen/1\r\n"
        b"X-Key: k\r\n"
        b"Accept-Encoding: identity, gzip\r\n"
        b"Connection: close\r\n"
        b"X-Allgreen-Check: check/slot\r\n"
        b"\r\n"
    )


def test_a_typed_header_replaces_ours() -> None:
    request = Request(
        target=TARGET,
        own_headers=(("User-Agent", "Allgreen/1"),),
        headers=(("user-agent", "mine"), ("accept", "text/plain")),
    )

    sent = request.render()

    assert b"user-agent: mine\r\n" in sent
    assert b"Allgreen" not in sent
    assert b"*/*" not in sent


def test_a_body_travels_with_its_length() -> None:
    sent = Request(target=TARGET, method="POST", body="ä".encode()).render()

    assert sent.endswith(b"Content-Length: 2\r\n\r\n\xc3\xa4")


def test_secrets_stay_out_of_representations() -> None:
    request = Request(target=TARGET, headers=(("X-Key", "canary"),), body=b"canary")

    assert "canary" not in repr(request)


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "get", "GET / HTTP/1.1\r\nA: b", ""])
def test_a_method_off_the_list_is_refused(method: str) -> None:
    with pytest.raises(ValueError, match="Choose one of GET, HEAD"):
        validate_method(method)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X A", "b"),
        ("X:A", "b"),
        ("", "b"),
        ("X-Ä", "b"),
        ("X\r\nY", "b"),
        ("X", "a\r\nHost: b"),
        ("X", "a\nb"),
        ("X", "a\0b"),
        ("X", "ä"),
        ("X", "a" * 8193),
        ("Host", "other.example"),
        ("Content-Length", "5"),
        ("Transfer-Encoding", "chunked"),
        ("connection", "keep-alive"),
        ("TE", "trailers"),
        ("Upgrade", "h2c"),
        ("Accept-Encoding", "br"),
        ("Metadata-Flavor", "Google"),
        ("Metadata", "true"),
        ("X-aws-ec2-metadata-token", "t"),
        ("X-AWS-EC2-Metadata-Token-TTL-Seconds", "1"),
        ("X-Google-Metadata-Request", "True"),
    ],
)
def test_a_header_that_could_become_something_else_is_refused(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        validate_headers({name: value}, TARGET)
    with pytest.raises(ValueError, match=r"\.$"):
        Request(target=TARGET, headers=((name, value),))


def test_a_host_header_that_says_the_same_is_accepted() -> None:
    validate_headers({"Host": "example.com:8080"}, TARGET)


def test_fifty_headers_are_enough() -> None:
    validate_headers({f"X-{at}": "a" for at in range(50)})
    with pytest.raises(ValueError, match="At most 50"):
        validate_headers({f"X-{at}": "a" for at in range(51)})


def test_a_header_in_two_spellings_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        validate_headers({"X-Key": "a", "x-key": "b"})


@pytest.mark.parametrize("body", ["a" * 65537, "\ud800"])
def test_a_body_that_cannot_be_sent_is_refused(body: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        validate_body(body)


def test_typed_headers_stay_with_their_origin() -> None:
    request = Request(target=TARGET, headers=(("Authorization", "secret"),))

    same = request.redirected(parse_target("http://example.com:8080/b"), 302)
    other = request.redirected(parse_target("http://example.com/b"), 302)

    assert b"secret" in same.render()
    assert b"secret" not in other.render()


@pytest.mark.parametrize("url", ["https://example.com:8080/", "http://other.example:8080/"])
def test_a_body_is_not_taken_to_another_origin(url: str) -> None:
    request = Request(target=TARGET, method="POST", body=b"secret")

    with pytest.raises(ValueError, match="body"):
        request.redirected(parse_target(url), 307)


@pytest.mark.parametrize(
    ("method", "status", "expected"),
    [
        ("POST", 301, "GET"),
        ("POST", 302, "GET"),
        ("POST", 303, "GET"),
        ("PUT", 303, "GET"),
        ("POST", 307, "POST"),
        ("PUT", 301, "PUT"),
        ("HEAD", 303, "HEAD"),
    ],
)
def test_the_method_after_a_redirect_follows_the_standard(
    method: str, status: int, expected: str
) -> None:
    request = Request(target=TARGET, method=method)

    assert request.redirected(TARGET, status).method == expected
