"""Passwords: hashed with argon2id in a small pool, and refused when too easy to guess."""

import asyncio
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.resources import files
from typing import Final, TypeVar, TypeVarTuple, Unpack, final

from pwdlib.exceptions import PwdlibError
from pwdlib.hashers.argon2 import Argon2Hasher

from allgreen.errors import BusyError

WORKERS: Final = 2
MOST_WAITING: Final = 50
Done = TypeVar("Done")
Given = TypeVarTuple("Given")


@final
class PasswordPool:
    """Hash and verify without ever blocking the event loop or filling the memory.

    Each hash takes 19 MiB for some tens of milliseconds. Two at a time keep a wave of log-ins from
    starving everything else; who comes when 50 wait is told to come back.
    """

    def __init__(self, *, workers: int = WORKERS, most_waiting: int = MOST_WAITING) -> None:
        self._hasher = _hasher()
        # Ready before anybody asks: the first unknown address must not take longer than others.
        self._dummy = _hash_of_nobody()
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="passwords")
        self._most = workers + most_waiting
        self._under_way = 0

    async def hash(self, password: str) -> str:
        """Return the argon2id hash.

        Raises:
            BusyError: Too many wait already.
        """
        return await self._run(self._hash, password)

    async def verify(self, password: str, hashed: str | None) -> bool:
        """Tell whether the password fits; without a hash it takes as long, and never does.

        Raises:
            BusyError: Too many wait already.
        """
        fits = await self._run(self._verify, password, hashed or self._dummy)
        return fits and hashed is not None

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[[Unpack[Given]], Done], *given: *Given) -> Done:
        if self._under_way >= self._most:
            raise BusyError(retry_after_s=5)
        self._under_way += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *given)
        finally:
            self._under_way -= 1

    def _hash(self, password: str) -> str:
        return self._hasher.hash(_bytes(password))

    def _verify(self, password: str, hashed: str) -> bool:
        try:
            return self._hasher.verify(_bytes(password), hashed)
        except PwdlibError:
            return False


@cache
def _hasher() -> Argon2Hasher:
    """Return what hashes; the minimum of the OWASP password storage cheat sheet for argon2id."""
    return Argon2Hasher(memory_cost=19 * 1024, time_cost=2, parallelism=1)


@cache
def _hash_of_nobody() -> str:
    return _hasher().hash("the password of nobody")


def find_weakness(password: str, *, name: str, email: str) -> str | None:
    """Return why a password is too easy to guess; `None` when nothing speaks against it."""
    plain = _letters(password)
    if any(_is_common(_letters(each)) for each in (password, password.strip(_TAIL))):
        return "This password is among the first that are tried. Use a few words of your own."
    if len(set(password)) < 5:
        return "This password repeats the same few characters. Use a few words."
    if _is_run(plain):
        return "This password is a row of neighbouring keys. Use a few words."
    own = {_letters(part) for part in (email, email.partition("@")[0], name)} - {""}
    if plain in own or any(len(part) >= 4 and _without(plain, part) < 6 for part in own):
        return "This password is made of your name or address. Use something only you know."
    return None


def _bytes(password: str) -> bytes:
    # A lone surrogate cannot be typed; whoever sends one gets a wrong password, not a fault.
    return password.encode("utf-8", "replace")


def _letters(text: str) -> str:
    return re.sub(r"[\s._\-@+!?*]", "", text.casefold()).translate(_LEET)


def _without(text: str, part: str) -> int:
    return len(text.replace(part, "")) if part in text else len(text)


def _is_common(plain: str) -> bool:
    """Tell whether a text is one that many people use, or the same one again and again."""
    common = _read_common()
    return (
        any(
            plain == plain[:length] * (len(plain) // length) and plain[:length] in common
            for length in range(1, len(plain) + 1)
            if len(plain) % length == 0
        )
        or not plain
    )


@cache
def _read_common() -> frozenset[str]:
    """Read them when a password is set for the first time."""
    text = files("allgreen.server").joinpath("common_passwords.txt").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return frozenset(map(_letters, lines))


def _is_run(text: str) -> bool:
    doubled = [row + row for row in _ROWS]
    return any(text in row or text[::-1] in row for row in doubled)


_LEET = str.maketrans({"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "$": "s"})
_TAIL = "0123456789!?.*"  # what people add when they are asked for more
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "abcdefghijklmnopqrstuvwxyz")
