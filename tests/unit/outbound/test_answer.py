"""How an answer is read, whatever the peer sends."""

import gzip
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allgreen.outbound.answer import (
    MAX_BODY_BYTES,
    Answer,
    AnswerReader,
    UnreadableAnswerError,
    parse_plain,
)

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"


def read(data: bytes, *, piece: int = 0, closes: bool = False, has_body: bool = True) -> Answer:
    reader = AnswerReader(has_body=has_body)
    for at in range(0, len(data), piece or len(data)):
        if not reader.is_done:
            reader.feed(data[at : at + (piece or len(data))])
    if closes and not reader.is_done:
        reader.close()
    assert reader.is_done
    return reader.answer()


def test_a_plain_answer_needs_no_parser() -> None:
    answer = parse_plain(PLAIN)

    assert answer is not None
    assert (answer.status, answer.body, answer.is_whole) == (200, b"hello", True)
    assert answer.find_header("content-type") == "text/plain"


@pytest.mark.parametrize(
    "data",
    [
        PLAIN[:-1],
        PLAIN[:20],
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/2 200\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Encoding: gzip\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nhello",
    ],
)
def test_anything_unusual_is_left_to_the_parser(data: bytes) -> None:
    assert parse_plain(data) is None


@settings(deadline=None)
@given(
    status=st.sampled_from([200, 204, 301, 404, 503]),
    body=st.binary(max_size=200),
    names=st.lists(st.sampled_from(["Server", "Date", "X-A", "Content-Type"]), max_size=6),
    piece=st.integers(1, 40),
)
def test_both_ways_of_reading_agree(status: int, body: bytes, names: list[str], piece: int) -> None:
    body = b"" if status == 204 else body
    lines = [f"HTTP/1.1 {status} Words", *(f"{name}: v" for name in names)]
    lines.append(f"Content-Length: {len(body)}")
    data = "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    quick, slow = parse_plain(data), read(data, piece=piece)

    assert quick is not None
    assert (quick.status, quick.body, quick.is_whole) == (slow.status, slow.body, slow.is_whole)
    for name in ("server", "x-a", "content-type", "content-length"):
        assert quick.find_header(name) == slow.find_header(name)


def test_chunks_are_put_together() -> None:
    data = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n"
    )

    assert [read(data, piece=piece).body for piece in (0, 1, 7)] == [b"hello"] * 3


def test_a_body_without_a_length_ends_with_the_connection() -> None:
    answer = read(b"HTTP/1.0 200 OK\r\n\r\nhello", closes=True)

    assert (answer.body, answer.is_whole) == (b"hello", True)


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhello",
        b"HTTP/1.1 200 OK\r\nX",
    ],
)
def test_an_answer_that_breaks_off_is_unreadable(data: bytes) -> None:
    with pytest.raises(UnreadableAnswerError, match="closed before the whole"):
        read(data, closes=True)


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"-ERR unknown command\r\n",
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
        b"HTTP/1.1 200 OK\r\nA B\r\n\r\n",
    ],
)
def test_what_is_not_http_is_told_apart(data: bytes) -> None:
    with pytest.raises(UnreadableAnswerError, match="does not speak HTTP"):
        read(data)


def test_interim_answers_are_skipped() -> None:
    data = b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + PLAIN

    answer = read(data, piece=10)

    assert (answer.status, answer.body) == (200, b"hello")
    assert answer.find_header("link") is None


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 10_000,
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 40_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 " + b"a" * 40_000 + b"\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 2_000,
    ],
    ids=["many headers", "long header", "long status line", "endless interim answers"],
)
@pytest.mark.parametrize("piece", [0, 1000, 16384])
def test_a_header_over_32_kib_is_refused(data: bytes, piece: int) -> None:
    with pytest.raises(UnreadableAnswerError, match="larger than 32 KiB"):
        read(data, piece=piece)


@pytest.mark.parametrize(
    "frame",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n" + b"a" * 200_000,
        b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * 200_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * 50_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"x=y;" * 50_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"X: y\r\n" * 50_000,
    ],
    ids=["length", "no length", "tiny chunks", "chunk extensions", "trailers"],
)
def test_an_endless_body_is_cut_at_64_kib_of_raw_bytes(frame: bytes) -> None:
    answer = read(frame, piece=16384)

    assert not answer.is_whole
    assert len(answer.body) <= MAX_BODY_BYTES


@pytest.mark.parametrize(("size", "is_whole"), [(65_536, True), (65_537, False), (80_000, False)])
@pytest.mark.parametrize("piece", [0, 16384])
def test_a_body_just_over_the_limit_is_not_whole(size: int, is_whole: bool, piece: int) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode()

    answer = read(head + b"a" * size, piece=piece)

    assert (len(answer.body), answer.is_whole) == (min(size, MAX_BODY_BYTES), is_whole)


def packed(body: bytes, coding: str) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def test_gzip_is_unpacked() -> None:
    answer = read(packed(gzip.compress(b"hello" * 100), "gzip"), piece=50)

    assert (answer.body, answer.is_whole) == (b"hello" * 100, True)


def test_a_gzip_bomb_unpacks_to_64_kib_and_no_further() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    answer = read(packed(bomb, "gzip"))

    assert (len(answer.body), answer.is_whole) == (MAX_BODY_BYTES, False)


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (b"not gzip", "gzip"),
        (gzip.compress(gzip.compress(b"a")), "gzip, gzip"),
        (zlib.compress(b"a"), "deflate"),
        (b"a", "br"),
        (b"a", "zstd"),
    ],
    # gzip writes the time into its header: without ids each worker would name the test otherwise.
    ids=["no gzip", "gzip twice", "deflate", "br", "zstd"],
)
def test_other_codings_are_unreadable(body: bytes, coding: str) -> None:
    with pytest.raises(UnreadableAnswerError, match="body"):
        read(packed(body, coding))


def test_head_and_bodiless_statuses_end_with_the_header() -> None:
    for status, has_body in ((200, False), (204, True), (304, True)):
        data = f"HTTP/1.1 {status} X\r\nContent-Length: 5\r\n\r\n".encode()

        assert read(data, has_body=has_body).body == b""


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        ("text/plain", "ä".encode(), "ä"),
        ("text/plain; charset=ISO-8859-1", b"\xe4", "ä"),
        ('text/plain; charset="utf-16le"', "ä".encode("utf-16-le"), "ä"),
        ("text/plain; charset=rot13", b"a", "a"),
        ("text/plain; charset=unicode_escape", b"\\x41", "\\x41"),
        ("text/plain", b"\xff", "\ufffd"),
    ],
)
def test_text_is_decoded_by_a_closed_list_of_charsets(
    content_type: str, body: bytes, text: str
) -> None:
    assert Answer(200, {"content-type": [content_type]}, body).decode() == text


@settings(deadline=None)
@given(st.binary(max_size=400), st.integers(1, 50))
def test_no_bytes_do_anything_but_end_or_be_refused(noise: bytes, piece: int) -> None:
    for data in (noise, b"HTTP/1.1 200 OK\r\n" + noise, PLAIN[:50] + noise):
        parse_plain(data)
        problem = "."
        try:
            reader = AnswerReader()
            for at in range(0, len(data), piece):
                if not reader.is_done:
                    reader.feed(data[at : at + piece])
            if not reader.is_done:
                reader.close()
            reader.answer().decode()
        except UnreadableAnswerError as error:
            problem = str(error)

        assert problem.endswith(".")


@pytest.mark.parametrize("framing", ["Content-Length: 0", "Transfer-Encoding: chunked"])
def test_values_of_a_repeated_header_stay_apart(framing: str) -> None:
    data = f"HTTP/1.1 200 OK\r\nVia: a\r\nvia: b\r\n{framing}\r\n\r\n0\r\n\r\n".encode()
    answer = parse_plain(data)
    if answer is None:
        reader = AnswerReader()
        reader.feed(data)
        answer = reader.answer()

    assert list(answer.find_values("via")) == ["a", "b"]
    assert answer.find_header("via") == "a, b"
    assert list(answer.find_values("x-none")) == []
