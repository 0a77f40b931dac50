"""Encryption: of what people entrust to a check, and of numbers that must not tell how many."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Final, final

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.ciphers import Cipher as BlockCipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from allgreen.errors import SecretUnreadableError

_HALF: Final = 8
"""Bytes of a block that say for whom a number is; the others are the number."""


@final
class Cipher:
    """Turn secrets into text that can lie in the database, and back.

    Args:
        secret_key: The secret of the instance, which never lies in the database. One key is
            derived from it for each purpose (HKDF, RFC 5869), so that the same secret may serve
            others.
    """

    def __init__(self, secret_key: str) -> None:
        key = _derive(secret_key, b"allgreen checks 1")
        self._fernet = Fernet(base64.urlsafe_b64encode(key))
        # Each block is another one, and is told apart from random bytes by nobody: that is all
        # that is asked of a permutation.
        mode = ECB()  # noqa: S305 - of a single block
        self._numbers = BlockCipher(AES256(_derive(secret_key, b"allgreen numbers 1")), mode)

    def encrypt(self, text: str) -> str:
        """Return an encrypted, authenticated form of `text`."""
        return self._fernet.encrypt(text.encode()).decode()

    def decrypt(self, token: str) -> str:
        """Return what was encrypted.

        Raises:
            SecretUnreadableError: It was encrypted with another secret key, or was changed.
        """
        try:
            return self._fernet.decrypt(token).decode()
        except InvalidToken:
            raise SecretUnreadableError from None

    def fits(self, token: str) -> bool:
        """Tell whether a text was encrypted with this key."""
        try:
            self.decrypt(token)
        except SecretUnreadableError:
            return False
        return True

    def seal_number(self, owner: str, number: int) -> str:
        """Return a name for a row that is numbered over the whole instance.

        From the number itself its reader could tell how much happens elsewhere. The name is the
        same each time, and tells neither number nor order.

        Args:
            owner: Id of who sees it, such as a workspace; others cannot use the name.
            number: Of the row; it is not negative.

        Returns:
            32 hexadecimal digits.
        """
        encryptor = self._numbers.encryptor()
        block = _stamp_of(owner) + number.to_bytes(_HALF)
        return (encryptor.update(block) + encryptor.finalize()).hex()

    def open_number(self, owner: str, name: str) -> int | None:
        """Return the number that was sealed for an owner; `None` for anything else."""
        try:
            block = bytes.fromhex(name)
        except ValueError:
            return None
        if len(block) != 2 * _HALF:
            return None
        decryptor = self._numbers.decryptor()
        plain = decryptor.update(block) + decryptor.finalize()
        if not hmac.compare_digest(plain[:_HALF], _stamp_of(owner)):
            return None
        return int.from_bytes(plain[_HALF:])


def _derive(secret_key: str, purpose: bytes) -> bytes:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose)
    return derivation.derive(secret_key.encode())


def _stamp_of(owner: str) -> bytes:
    return hashlib.sha256(owner.encode()).digest()[:_HALF]
