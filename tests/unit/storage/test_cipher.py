"""Secrets can be read with the key they were written with, and with no other."""

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
