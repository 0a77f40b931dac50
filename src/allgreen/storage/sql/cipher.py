"""Encryption of what people entrust to a check: header values and bodies."""

from __future__ import annotations

import base64
from typing import final

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from allgreen.errors import SecretUnreadableError


@final
class Cipher:
    """Turn secrets into text that can lie in the database, and back.

    Args:
        secret_key: The secret of the instance, which never lies in the database. The key is
            derived from it for this purpose alone (HKDF, RFC 5869), so that the same secret may
            serve others.
    """

    def __init__(self, secret_key: str) -> None:
        derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"allgreen checks 1")
        key = derivation.derive(secret_key.encode())
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

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
