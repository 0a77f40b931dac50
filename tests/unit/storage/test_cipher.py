"""Secrets can be read with the key they were written with, and with no other."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allgreen.errors import StorageUnavailableError
from allgreen.storage.sql.cipher import Cipher

CIPHER = Cipher("one key")


@given(text=st.text(st.characters(codec="utf-8")))
def test_text_comes_back(text: str) -> None:
    assert CIPHER.decrypt(CIPHER.encrypt(text)) == text


def test_encrypted_text_does_not_show_the_text() -> None:
    assert "hidden" not in CIPHER.encrypt("hidden")


def test_same_text_is_never_encrypted_the_same_way() -> None:
    assert CIPHER.encrypt("hidden") != CIPHER.encrypt("hidden")


def test_another_key_reads_nothing_and_says_why() -> None:
    with pytest.raises(StorageUnavailableError, match="secret key does not fit"):
        Cipher("another key").decrypt(CIPHER.encrypt("hidden"))


def test_changed_text_is_refused() -> None:
    token = CIPHER.encrypt("hidden")
    changed = token[:-5] + ("A" if token[-5] != "A" else "B") + token[-4:]

    with pytest.raises(StorageUnavailableError):
        CIPHER.decrypt(changed)


@given(owner=st.uuids().map(str), number=st.integers(0, 2**63 - 1))
def test_a_number_comes_back_to_its_owner_alone(owner: str, number: int) -> None:
    name = CIPHER.seal_number(owner, number)

    assert len(name) == 32
    assert CIPHER.seal_number(owner, number) == name
    assert CIPHER.open_number(owner, name) == number
    assert CIPHER.open_number("another owner", name) is None
    assert Cipher("another key").open_number(owner, name) is None


def test_sealed_numbers_tell_neither_how_many_nor_in_which_order() -> None:
    names = [CIPHER.seal_number("owner", number) for number in range(200)]

    rises = sum(one < other for one, other in pairwise(names))
    assert 60 < rises < 140
    assert len({name[:8] for name in names}) > 190
    assert len({name[-8:] for name in names}) > 190


@pytest.mark.parametrize("name", ["", "7", "x" * 32, "0" * 32, "0" * 30, "٣" * 32, "\0"])
def test_what_was_never_sealed_is_no_number(name: str) -> None:
    assert CIPHER.open_number("owner", name) is None
