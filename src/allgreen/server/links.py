"""Links in mails: signed, so that nothing that opens a door is stored anywhere."""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Final, final
from uuid import UUID

from allgreen.domain.notice import BEGINS, ENDS, Notice, NoticeKind
from allgreen.errors import NotFoundError
from allgreen.notifiers.stationery import LetterLinks

VERIFY_WITHIN: Final = timedelta(hours=24)
CONFIRM_WITHIN: Final = timedelta(days=7)
RESET_WITHIN: Final = timedelta(minutes=30)
INVITE_WITHIN: Final = timedelta(days=7)
ACCOUNT_FACT: Final = "account_id"
"""Name under which a notice to verify an address holds its account."""
LINK_FACT: Final = "link"
"""Name under which a notice holds the subject and the stamp of the link in it."""
_MAC_BYTES: Final = 32
_STAMP_BYTES: Final = 8


class Purpose(IntEnum):
    """What a link does."""

    VERIFY = 1
    CONFIRM = 2
    LEAVE = 3
    RESET = 4
    CHANGE_EMAIL = 5
    INVITE = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What a link in a mail asks for.

    Attributes:
        subject: Id of the account or of the recipient.
        stamp: Digest of what it hangs on, such as the address it was sent to; a link dies when
            that changes.
    """

    purpose: Purpose
    subject: str
    stamp: bytes

    def is_for(self, *parts: str) -> bool:
        """Tell whether the link was sent to this address, or hangs on these very words."""
        return hmac.compare_digest(self.stamp, stamp_of(*parts))


@final
class LinkSigner:
    """Makes and reads the tokens of links in mails.

    A token is purpose, id, expiry and stamp with an HMAC-SHA-256 under a key of this purpose. It
    is derived when a mail is sent: the outbox, the log and backups hold none.
    """

    def __init__(self, secret_key: str, base_url: str) -> None:
        self._key = hashlib.sha256(b"allgreen mail links\x00" + secret_key.encode()).digest()
        self._base_url = base_url

    def verify_token(self, account_id: str, address: str, *, at: datetime) -> str:
        """Return the token that proves an account's address; it lives 24 hours from `at`."""
        return self._write(Purpose.VERIFY, account_id, address, at + VERIFY_WITHIN)

    def confirm_token(self, recipient_id: str, address: str, *, at: datetime) -> str:
        """Return the token by which a recipient agrees; it lives 7 days from `at`."""
        return self._write(Purpose.CONFIRM, recipient_id, address, at + CONFIRM_WITHIN)

    def leave_token(self, recipient_id: str, address: str) -> str:
        """Return the token by which a recipient leaves; it lives as long as the recipient."""
        return self._write(Purpose.LEAVE, recipient_id, address, None)

    def reset_token(self, account_id: str, stamp: bytes, *, at: datetime) -> str:
        """Return the token by which a password is set anew; it lives 30 minutes from `at`."""
        return self._write_stamped(Purpose.RESET, account_id, stamp, at + RESET_WITHIN)

    def change_token(self, account_id: str, stamp: bytes, *, at: datetime) -> str:
        """Return the token that proves a new address; it lives 24 hours from `at`."""
        return self._write_stamped(Purpose.CHANGE_EMAIL, account_id, stamp, at + VERIFY_WITHIN)

    def invite_token(self, invitation_id: str, stamp: bytes, *, at: datetime) -> str:
        """Return the token of an invitation; it lives 7 days from `at`."""
        return self._write_stamped(Purpose.INVITE, invitation_id, stamp, at + INVITE_WITHIN)

    def url(self, path: str, token: str) -> str:
        """Return the address of a page that takes a token."""
        return f"{self._base_url}/{path}/{token}"

    def of_notice(self, notice: Notice) -> LetterLinks:
        """Return where the links of a mail lead."""
        recipient_id, address, at = notice.recipient_id, notice.address, notice.created_at
        act = leave = ""
        if notice.kind is NoticeKind.VERIFY_EMAIL:
            account_id = str(notice.facts[ACCOUNT_FACT])
            act = self.url("verify", self.verify_token(account_id, address, at=at))
        elif notice.kind in _STAMPED:
            path, write = _STAMPED[notice.kind]
            subject, stamp = read_link_fact(notice.facts)
            act = self.url(path, write(self, subject, stamp, at=at))
        if recipient_id is not None:
            leave = self.url("leave", self.leave_token(recipient_id, address))
            if notice.kind is NoticeKind.CONFIRM_RECIPIENT:
                act = self.url("confirm", self.confirm_token(recipient_id, address, at=at))
        return LetterLinks(open=self._page_url(notice), act=act, leave=leave)

    def read(self, token: str, purpose: Purpose, now: datetime) -> Link:
        """Return what a token asks for.

        Raises:
            NotFoundError: It is not one of ours, is for something else, or has run out.
        """
        payload = self._payload_of(token)
        kind, subject = payload[0], str(UUID(bytes=payload[1:17]))
        expires_s = int.from_bytes(payload[17:25])
        if kind != purpose or (expires_s and datetime.fromtimestamp(expires_s, UTC) <= now):
            raise NotFoundError("link")
        return Link(purpose=purpose, subject=subject, stamp=payload[25:])

    def _write(
        self, purpose: Purpose, subject: str, address: str, expires_at: datetime | None
    ) -> str:
        return self._write_stamped(purpose, subject, stamp_of(address), expires_at)

    def _write_stamped(
        self, purpose: Purpose, subject: str, stamp: bytes, expires_at: datetime | None
    ) -> str:
        expires_s = 0 if expires_at is None else int(expires_at.timestamp())
        payload = bytes([purpose]) + UUID(subject).bytes + expires_s.to_bytes(8) + stamp
        return urlsafe_b64encode(payload + self._mac(payload)).decode().rstrip("=")

    def _payload_of(self, token: str) -> bytes:
        try:
            whole = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
        except ValueError:
            whole = b""
        payload, mac = whole[:-_MAC_BYTES], whole[-_MAC_BYTES:]
        is_ours = len(payload) == 25 + _STAMP_BYTES
        if not is_ours or not hmac.compare_digest(mac, self._mac(payload)):
            raise NotFoundError("link")
        return payload

    def _mac(self, payload: bytes) -> bytes:
        return hmac.digest(self._key, payload, "sha256")

    def _page_url(self, notice: Notice) -> str:
        """Return the page of the outage that a mail tells of, else of the service."""
        if notice.workspace_id is None:
            return self._base_url
        workspace = f"{self._base_url}/workspaces/{notice.workspace_id}"
        if notice.incident_id is not None and notice.kind in _ABOUT_INCIDENTS:
            return f"{workspace}/incidents/{notice.incident_id}"
        return workspace if notice.service_id is None else f"{workspace}?open={notice.service_id}"


def stamp_of(*parts: str) -> bytes:
    """Return the digest of what a link hangs on; one of words that are secret tells nothing."""
    text = "\0".join(parts).lower()
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()[:_STAMP_BYTES]


def link_fact(subject: str, *parts: str) -> dict[str, object]:
    """Return the fact from which the link of a notice is made when it is sent."""
    return {LINK_FACT: [subject, stamp_of(*parts).hex()]}


def read_link_fact(facts: Mapping[str, object]) -> tuple[str, bytes]:
    """Return subject and stamp of the link in a notice."""
    stored = facts[LINK_FACT]
    assert isinstance(stored, list)
    subject, stamp = stored
    return str(subject), bytes.fromhex(str(stamp))


_ABOUT_INCIDENTS: Final = BEGINS | ENDS
_STAMPED: Final[Mapping[NoticeKind, tuple[str, Callable[..., str]]]] = {
    NoticeKind.RESET_PASSWORD: ("reset", LinkSigner.reset_token),
    NoticeKind.CHANGE_EMAIL: ("change-email", LinkSigner.change_token),
    NoticeKind.INVITED: ("invite", LinkSigner.invite_token),
}
