"""Darkroom: pictures that people send become photos, in processes that can hurt nobody."""

import asyncio
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from allgreen.errors import BusyError, InvalidInputError

MOST_BYTES: Final = 2 * 1024 * 1024
WORKERS: Final = 2
MOST_WAITING: Final = 8
TIMEOUT_S: Final = 15.0
"""Of the clock on the wall; the process may use five seconds of a processor."""
_PROGRAM: Final = Path(__file__).with_name("developing.py")
# As that program has them. It is not imported: no decoder is loaded where secrets are.
_LENGTH_BYTES: Final = 4
_TOO_MANY_PIXELS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """One photo as WebP: `large` is 256 px wide, `small` 64."""

    large: bytes
    small: bytes


@final
class Darkroom:
    """Develops a few pictures at a time; who comes when too many wait is told to come back."""

    def __init__(self, *, workers: int = WORKERS, most_waiting: int = MOST_WAITING) -> None:
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="photos")
        self._most = workers + most_waiting
        self._under_way = 0

    async def develop(self, picture: bytes) -> Photo:
        """Make a photo of a picture.

        Raises:
            InvalidInputError: It is no PNG, JPEG or WebP, has too many pixels, or is broken.
            BusyError: Too many wait already.
        """
        if not is_picture(picture):
            raise _refuse("type", "This is no PNG, JPEG or WebP. Save it as one of them.")
        if self._under_way >= self._most:
            raise BusyError(retry_after_s=5)
        self._under_way += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, _run, picture)
        finally:
            self._under_way -= 1

    def close(self) -> None:
        """End the threads; a process that is under way ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def is_picture(content: bytes) -> bool:
    """Tell whether something begins as PNG, JPEG or WebP do, whatever its name says."""
    is_webp = content[:4] == b"RIFF" and content[8:12] == b"WEBP"
    return is_webp or content.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"))


def _run(picture: bytes) -> Photo:
    try:
        ended = subprocess.run(  # noqa: S603 - our own program, by our own interpreter
            # Isolated, and without an environment: the secrets of the platform lie in ours.
            [sys.executable, "-I", str(_PROGRAM)],
            input=picture,
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
            env={},
            cwd="/",
        )
    except subprocess.TimeoutExpired:
        raise _refuse("broken", _BROKEN) from None
    if ended.returncode == _TOO_MANY_PIXELS:
        raise _refuse("pixels", "This picture has more than 24 million pixels. Make it smaller.")
    if ended.returncode != 0:
        raise _refuse("broken", _BROKEN)
    length = int.from_bytes(ended.stdout[:_LENGTH_BYTES])
    whole = ended.stdout[_LENGTH_BYTES:]
    return Photo(large=whole[:length], small=whole[length:])


def _refuse(code: str, message: str) -> InvalidInputError:
    return InvalidInputError.at("photo", code, message)


_BROKEN: Final = "This picture cannot be read: it is cut off or damaged. Try to save it anew."
