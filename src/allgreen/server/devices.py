"""Known devices: browsers in which somebody has signed in to an account before.

Their tries at the password are counted apart, so that strangers who guess never lock the owner out.
The cookie opens nothing else.
"""

import hashlib
import hmac
import secrets
from datetime import timedelta
from typing import Final, final

COOKIE: Final = "allgreen-device"
KNOWN_FOR: Final = timedelta(days=400)
"""The longest that browsers keep a cookie."""


@final
class DeviceSigner:
    """Makes and recognises what a browser shows of an earlier sign-in.

    It is a name made by chance with an HMAC-SHA-256 over it and the account: of no use for any
    other account, and nothing of it is stored.
    """

    def __init__(self, secret_key: str) -> None:
        self._key = hashlib.sha256(b"allgreen known devices\x00" + secret_key.encode()).digest()

    def issue(self, account_id: str) -> str:
        """Return what a browser is given in which an account has signed in."""
        name = secrets.token_urlsafe(16)
        return f"{name}.{self._mac(name, account_id)}"

    def recognise(self, shown: str, account_id: str) -> str | None:
        """Return the name of a device that knows this account; `None` for any other."""
        name, _, mac = shown.partition(".")
        ours = self._mac(name, account_id).encode()
        return name if hmac.compare_digest(mac.encode("utf-8", "replace"), ours) else None

    def _mac(self, name: str, account_id: str) -> str:
        text = f"{account_id}\x00{name}".encode("utf-8", "replace")
        return hmac.digest(self._key, text, "sha256").hex()
