"""The two messages of ``grpc.health.v1``, byte by byte."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allgreen.health.serving.grpc_health import ServingStatus
from allgreen.integrations.grpc import read_request, write_response


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (ServingStatus.UNKNOWN, b""),
        (ServingStatus.SERVING, b"\x08\x01"),
        (ServingStatus.NOT_SERVING, b"\x08\x02"),
        (ServingStatus.SERVICE_UNKNOWN, b"\x08\x03"),
    ],
    ids=str,
)
def test_a_response_is_one_number(status: ServingStatus, message: bytes) -> None:
    assert write_response(status) == message


@pytest.mark.parametrize(
    ("message", "name"),
    [
        (b"", ""),
        (b"\x0a\x00", ""),
        (b"\x0a\x06readyz", "readyz"),
        (b"\x0a\x01a\x0a\x01b", "b"),
        (b"\x10\x96\x01\x0a\x01a", "a"),
        (b"\x11\0\0\0\0\0\0\0\0\x0a\x01a", "a"),
        (b"\x12\x02xx\x0a\x01a", "a"),
        (b"\x15\0\0\0\0\x0a\x01a", "a"),
        (b"\x08\x01\x0a\x01a", "a"),
        (b"\xfa\x01\x01x\x0a\x01a", "a"),
    ],
    ids=repr,
)
def test_a_name_is_read_whatever_else_there_is(message: bytes, name: str) -> None:
    assert read_request(message) == name


@given(st.text(max_size=400))
def test_every_name_is_read(name: str) -> None:
    text = name.encode()
    length, left = b"", len(text)
    while left >= 0x80:
        length, left = length + bytes((left & 0x7F | 0x80,)), left >> 7

    assert read_request(b"\x0a" + length + bytes((left,)) + text) == name


@pytest.mark.parametrize(
    "message",
    [
        *(b"\x0a", b"\x0a\x05abc", b"\x0a\x01\xff", b"\x80", b"\x09\0", b"\x0d\0"),
        *(b"\x0b", b"\x0c", b"\x0e\x00", b"\x08" + b"\xff" * 11),
    ],
    ids=repr,
)
def test_what_is_no_message_is_refused(message: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - gRPC wants no more
        read_request(message)


@given(st.binary(max_size=40))
def test_nothing_else_is_ever_raised(message: bytes) -> None:
    try:
        read_request(message)
    except ValueError:
        return


def test_without_grpcio_the_extra_is_named() -> None:
    code = "import sys; sys.modules['grpc'] = None; import allgreen.integrations.grpc"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert "pip install 'allgreen[grpc]'" in done.stderr
