"""A hundred uploads of a gibibyte at once: each is refused soon, and none of them is kept."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.platform import Platform

MANY = 100
GIBIBYTE = 1 << 30
PIECE = b"x" * (64 << 10)
MOST_GROWTH_KIB = 64 << 10
MOST_SENT = 16 << 20
"""What lies in the buffers of two kernels and of the connection, and far less than was announced."""
FORMS = {
    "register, chunked": ("POST /api/v1/accounts", "application/json", None),
    "register, announced": ("POST /api/v1/accounts", "application/json", GIBIBYTE),
    "register, lying": ("POST /api/v1/accounts", "application/json", 100),
    "photo, chunked": ("PUT /api/v1/account/photo", "image/png", None),
    "photo, announced": ("PUT /api/v1/account/photo", "image/png", GIBIBYTE),
    "photo, form": ("PUT /api/v1/account/photo", "multipart/form-data; boundary=b", None),
}


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    platform = Platform(data_dir=tmp_path_factory.mktemp("uploads") / "data").start()
    yield platform
    platform.stop()


def peak_kib(platform: Platform) -> int:
    """Return the most memory that the process ever held."""
    assert platform.process is not None
    status = Path(f"/proc/{platform.process.pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found.group(1))


async def upload(platform: Platform, what: str) -> tuple[int | None, int]:
    """Send as much as is taken; return the status, and how much that was.

    There is no status when the kernel dropped the answer: that happens to answers that nobody has
    read yet when more comes for a socket that was closed.
    """
    line, media_type, length = FORMS[what]
    reader, writer = await asyncio.open_connection("127.0.0.1", platform.port)
    size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    head = f"{line} HTTP/1.1\r\nHost: 127.0.0.1:{platform.port}\r\nContent-Type: {media_type}\r\n"
    writer.write(f"{head}{size}\r\n\r\n".encode())
    framed = PIECE if length is not None else b"%x\r\n%b\r\n" % (len(PIECE), PIECE)
    answer, sent = asyncio.create_task(reader.readline()), 0
    with contextlib.suppress(OSError):  # it closed the connection, as it may once it has answered
        while not answer.done() and sent < GIBIBYTE:
            writer.write(framed)
            sent += len(PIECE)
            await writer.drain()
            await asyncio.sleep(0)
    try:
        status = await asyncio.wait_for(answer, 20)
    except ConnectionResetError:
        return None, sent
    finally:
        writer.close()
    return int(status.split()[1]), sent


@pytest.mark.parametrize("what", FORMS)
async def test_no_upload_is_held_in_memory_before_it_is_known_to_be_wanted(
    platform: Platform, what: str
) -> None:
    await upload(platform, what)  # what is loaded once is no growth
    before_kib, began = peak_kib(platform), time.monotonic()

    ended = await asyncio.gather(*(upload(platform, what) for _ in range(MANY)))

    statuses = {status for status, _ in ended if status is not None}
    assert statuses
    assert statuses <= {400, 401, 403, 413, 415, 422, 503}
    assert max(sent for _, sent in ended) <= MOST_SENT
    assert peak_kib(platform) - before_kib <= MOST_GROWTH_KIB
    assert time.monotonic() - began < 20
