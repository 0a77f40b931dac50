"""Passwords: hashed with the decided strength, in a pool that never grows."""

from __future__ import annotations

import asyncio
from importlib.resources import files

import pytest

from allgreen.errors import BusyError
from allgreen.server.passwords import PasswordPool, find_weakness


async def test_a_password_fits_its_own_hash_only() -> None:
    pool = PasswordPool()

    hashed = await pool.hash("nine quiet otters")

    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await pool.verify("nine quiet otters", hashed)
    assert not await pool.verify("nine quiet otter", hashed)
    assert not await pool.verify("nine quiet otters", None)
    assert not await pool.verify("nine quiet otters", "not a hash")
    pool.close()


async def test_who_comes_when_too_many_wait_is_told_to_come_back() -> None:
    pool = PasswordPool(workers=1, most_waiting=1)

    answers = await asyncio.gather(
        *(pool.hash("nine quiet otters") for _ in range(4)), return_exceptions=True
    )

    refused = [answer for answer in answers if isinstance(answer, BusyError)]
    assert [error.retry_after_s for error in refused] == [5, 5]
    assert await pool.hash("nine quiet otters")
    pool.close()


@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword",
        "P4ssw0rd-P4ssw0rd",
        "password12345",
        "letmeinletmein",
        "aaaaaaaaaaaa",
        "121212121212",
        "qwertyuiopqw",
        "zyxwvutsrqpo",
        "anapetrov123",
        "Ana Petrov!!",
        "ana@example.org",
        "dragon1234567",
        "2024summer2024",
        "Charlotte1987!",
        "monkeymonkeymonkey",
        "M0nk3y-M0nk3y",
        "ich liebe dich",
        "correct horse battery staple",
        "123456789012",
    ],
)
def test_a_password_that_is_easy_to_guess_is_refused(password: str) -> None:
    assert find_weakness(password, name="Ana Petrov", email="ana@example.org")


def test_three_thousand_common_passwords_are_known_and_each_is_refused() -> None:
    text = files("allgreen.server").joinpath("common_passwords.txt").read_text(encoding="utf-8")
    common = [line for line in text.splitlines() if not line.startswith("#")]

    taken = [word for word in common if not find_weakness(word, name="Bo", email="bo@x.example")]

    assert len(set(common)) == len(common) >= 2900
    assert taken == []


@pytest.mark.parametrize(
    "password",
    ["nine quiet otters", "correct-horse-battery-9", "пароль из четырёх слов", "Xk7#pQ9!mZ2v"],
)
def test_a_password_of_ones_own_is_taken(password: str) -> None:
    assert find_weakness(password, name="Ana Petrov", email="ana@example.org") is None
